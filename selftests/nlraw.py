# SPDX-License-Identifier: GPL-2.0
"""Raw netlink to the connection tracker: messages and attributes as bytes.

Nothing here checks what it is told to send: the tests lie in any field.
"""

import errno
import os
import socket
import struct

NETLINK_NETFILTER = 12
CT, EXP = 1, 2                          # subsystems of nfnetlink
REQUEST, ACK, DUMP, EXCL, CREATE, REPLACE = 1, 4, 0x300, 0x200, 0x400, 0x100
NEW, GET, DELETE, GET_CTRZERO, GET_STATS_CPU, GET_STATS, GET_DYING, GET_UNCONFIRMED = range(8)
ERROR, DONE = 2, 3
NESTED = 0x8000

# CTA_*
(TUPLE_ORIG, TUPLE_REPLY, STATUS, PROTOINFO, HELP, NAT_SRC, TIMEOUT, MARK, COUNTERS_ORIG,
 COUNTERS_REPLY, USE, ID, NAT_DST, TUPLE_MASTER, SEQ_ADJ_ORIG, SEQ_ADJ_REPLY, SECMARK, ZONE,
 SECCTX, TIMESTAMP, MARK_MASK, LABELS, LABELS_MASK, SYNPROXY, FILTER, STATUS_MASK) = range(1, 27)
TUPLE_IP, TUPLE_PROTO, TUPLE_ZONE = 1, 2, 3
IP_V4_SRC, IP_V4_DST, IP_V6_SRC, IP_V6_DST = 1, 2, 3, 4
(PROTO_NUM, PROTO_SRC_PORT, PROTO_DST_PORT, PROTO_ICMP_ID, PROTO_ICMP_TYPE, PROTO_ICMP_CODE,
 PROTO_ICMPV6_ID, PROTO_ICMPV6_TYPE, PROTO_ICMPV6_CODE) = range(1, 10)
PROTOINFO_TCP, PROTOINFO_DCCP, PROTOINFO_SCTP = 1, 2, 3
HELP_NAME, HELP_INFO = 1, 2
NAT_V4_MINIP, NAT_V4_MAXIP, NAT_PROTO, NAT_V6_MINIP, NAT_V6_MAXIP = 1, 2, 3, 4, 5
FILTER_ORIG_FLAGS, FILTER_REPLY_FLAGS = 1, 2
# CTA_EXPECT_*
(EXP_MASTER, EXP_TUPLE, EXP_MASK, EXP_TIMEOUT, EXP_ID, EXP_HELP_NAME, EXP_ZONE, EXP_FLAGS,
 EXP_CLASS, EXP_NAT, EXP_FN) = range(1, 12)


def attr(kind, data=b"", length=None):
    """One attribute, padded; @length lies about its length."""
    raw = struct.pack("=HH", 4 + len(data) if length is None else length, kind) + data
    return raw + bytes(-len(raw) % 4)


def nest(kind, *parts):
    """An attribute of attributes."""
    return attr(kind | NESTED, b"".join(parts))


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
    return (tuple_(TUPLE_ORIG, src, dst, proto, sport, dport) +
            tuple_(TUPLE_REPLY, dst, src, proto, *back))


def message(what, flags, payload=b"", subsys=CT, family=socket.AF_INET, length=None, seq=1,
            version=0, res_id=0):
    """A request of nfnetlink; @length lies about its length."""
    body = struct.pack("=BBH", family, version, socket.htons(res_id)) + payload
    size = 16 + len(body) if length is None else length
    return struct.pack("=IHHII", size, subsys << 8 | what, REQUEST | flags, seq, 0) + body


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


class Netlink:
    """A socket to nfnetlink in the namespace of the process."""

    def __init__(self, groups=()):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.bind((0, 0))
        for group in groups:
            self.sock.setsockopt(270, 1, group)
        self.sock.settimeout(10)

    def send(self, data):
        self.sock.send(data)

    def receive(self):
        """Messages of one datagram, as (type, flags, seq, payload)."""
        data = self.sock.recv(1 << 17)
        while len(data) >= 16:
            size, kind, flags, seq, _ = struct.unpack_from("=IHHII", data)
            if size < 16:
                break
            yield kind, flags, seq, data[16:size]
            data = data[(size + 3) & ~3:]

    def ask(self, data):
        """Sends a message and returns (error number, payloads) of its answer."""
        self.send(data)
        found = []
        while True:
            for kind, _, _, payload in self.receive():
                if kind == ERROR:
                    return -struct.unpack_from("=i", payload)[0], found
                if kind == DONE:
                    return -struct.unpack_from("=i", payload.ljust(4, b"\0"))[0], found
                found.append(payload)

    def dump(self, what=GET, payload=b"", subsys=CT, family=0):
        """(error number, entries) of a dump."""
        return self.ask(message(what, DUMP, payload, subsys, family))


def name(err):
    """EXXX of an error number, 0 for none."""
    if err == errno.EOPNOTSUPP:         # Python prefers another name.
        return "EOPNOTSUPP"
    return errno.errorcode.get(err, str(err)) if err else "0"


def enter(namespace):
    """The process goes into a network namespace."""
    import ctypes
    fd = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if ctypes.CDLL(None).setns(fd, 0x40000000):
        raise OSError("setns")
    os.close(fd)


class Ktap:
    """Lines of KTAP, and the exit status."""

    def __init__(self):
        self.n = self.failed = 0
        print("KTAP version 1")

    def eq(self, what, want, got):
        self.n += 1
        if want == got:
            print(f"ok {self.n} {what}")
            return
        self.failed += 1
        for line in f"wanted: {want}\ngot:    {got}".splitlines():
            print(f"# {line}")
        print(f"not ok {self.n} {what}")

    def end(self):
        print(f"1..{self.n}")
        raise SystemExit(1 if self.failed else 0)
