# SPDX-License-Identifier: GPL-2.0
"""Requests to the connection tracker that may lie in any field, on top of ctnl.py."""

import errno
import socket
import struct

import ctnl
from ctnl import (CT_DELETE, CT_DYING, CT_GET, CT_GET_CTRZERO, CT_NEW, CTA, EXP_DELETE, EXP_GET,
                  EXP_NEW, EXPECT, NESTED, NLMSG_DONE, NLMSG_ERROR, SUBSYS_CT, SUBSYS_EXP,
                  F_ACK as ACK, F_CREATE as CREATE, F_DUMP as DUMP, F_EXCL as EXCL, F_REQUEST, nest)

TUPLE_IP, TUPLE_PROTO, TUPLE_ZONE = 1, 2, 3
IP_V4_SRC, IP_V4_DST, IP_V6_SRC, IP_V6_DST = 1, 2, 3, 4
(PROTO_NUM, PROTO_SRC_PORT, PROTO_DST_PORT, PROTO_ICMP_ID, PROTO_ICMP_TYPE, PROTO_ICMP_CODE,
 PROTO_ICMPV6_ID, PROTO_ICMPV6_TYPE, PROTO_ICMPV6_CODE) = range(1, 10)
PROTOINFO_TCP = 1
HELP_NAME = 1
NAT_V4_MINIP, NAT_PROTO = 1, 3
FILTER_ORIG_FLAGS, FILTER_REPLY_FLAGS = 1, 2


def attr(kind, data=b"", length=None):
    """One attribute, padded; @length lies about its length."""
    raw = struct.pack("=HH", 4 + len(data) if length is None else length, kind) + data
    return raw + bytes(-len(raw) % 4)


def u8(kind, value):
    return attr(kind, struct.pack("=B", value))


def be16(kind, value):
    return attr(kind, struct.pack("!H", value))


def be32(kind, value):
    return attr(kind, struct.pack("!I", value))


def tuple_(kind, src, dst, proto, sport=0, dport=0, zone=None):
    """A tuple; for ICMP, @sport is the id and @dport type and code (a pair)."""
    if ":" in src:
        ips = [attr(IP_V6_SRC, socket.inet_pton(socket.AF_INET6, src)),
               attr(IP_V6_DST, socket.inet_pton(socket.AF_INET6, dst))]
    else:
        ips = [attr(IP_V4_SRC, socket.inet_aton(src)), attr(IP_V4_DST, socket.inet_aton(dst))]
    parts = [u8(PROTO_NUM, proto)]
    if proto in (1, 58):
        off = 0 if proto == 1 else PROTO_ICMPV6_ID - PROTO_ICMP_ID
        parts += [be16(PROTO_ICMP_ID + off, sport), u8(PROTO_ICMP_TYPE + off, dport[0]),
                  u8(PROTO_ICMP_CODE + off, dport[1])]
    else:
        parts += [be16(PROTO_SRC_PORT, sport), be16(PROTO_DST_PORT, dport)]
    rest = [] if zone is None else [be16(TUPLE_ZONE, zone)]
    return nest(kind, nest(TUPLE_IP, *ips), nest(TUPLE_PROTO, *parts), *rest)


def tuples(src, dst, proto, sport, dport):
    """Both tuples of a flow without NAT."""
    back = (sport, (dport[0] ^ 8, 0)) if proto == 1 else (dport, sport)
    return (tuple_(CTA["TUPLE_ORIG"], src, dst, proto, sport, dport) +
            tuple_(CTA["TUPLE_REPLY"], dst, src, proto, *back))


def message(what, flags, payload=b"", subsys=SUBSYS_CT, family=socket.AF_INET, length=None, seq=1,
            version=0, res_id=0):
    """A request of nfnetlink; @length lies about its length."""
    body = struct.pack("=BBH", family, version, socket.htons(res_id)) + payload
    size = 16 + len(body) if length is None else length
    return struct.pack("=IHHII", size, subsys << 8 | what, F_REQUEST | flags, seq, 0) + body


def parse(data):
    """Attributes as {kind: bytes}; the last one of a kind counts."""
    out = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if not 4 <= size <= len(data):
            break
        out[kind & 0x3fff] = data[4:size]
        data = data[(size + 3) & ~3:]
    return out


class Netlink(ctnl.Netlink):
    """A socket that sends messages as they are."""

    def ask(self, data):
        """Sends a message and returns (error number, payloads) of its answer."""
        self.sock.send(data)
        found = []
        while True:
            m = self.recv()
            if m.type in (NLMSG_ERROR, NLMSG_DONE):
                return m.error, found
            found.append(m.data)

    def list(self):
        """The table's entries."""
        return self.ask(message(CT_GET, DUMP, family=0))[1]


def name(err):
    """EXXX of an error number, 0 for none."""
    return "EOPNOTSUPP" if err == errno.EOPNOTSUPP else ctnl.error_name(err)
