# SPDX-License-Identifier: GPL-2.0
"""The netlink of connection tracking, down to the bytes: for tests that ask what no client asks.

Messages are built from attr() and read into trees: {number: bytes or tree}, nested where the protocol
nests. Nothing here knows what is right.
"""
import ctypes
import errno
import os
import socket
import struct
import subprocess

NETLINK_NETFILTER = 12
SUBSYS_CT, SUBSYS_EXP, SUBSYS_QUEUE, SUBSYS_LOG = 1, 2, 3, 4

CT_NEW, CT_GET, CT_DELETE, CT_GET_CTRZERO, CT_STATS_CPU, CT_STATS, CT_DYING, CT_UNCONFIRMED = range(8)
EXP_NEW, EXP_GET, EXP_DELETE, EXP_STATS_CPU = range(4)

# Multicast groups.
G_NEW, G_UPDATE, G_DESTROY, G_EXP_NEW, G_EXP_UPDATE, G_EXP_DESTROY = range(1, 7)

F_REQUEST, F_MULTI, F_ACK, F_ECHO, F_DUMP_INTR = 1, 2, 4, 8, 16
F_ROOT, F_MATCH, F_DUMP = 0x100, 0x200, 0x300
F_REPLACE, F_EXCL, F_CREATE = 0x100, 0x200, 0x400
F_CAPPED, F_ACK_TLVS = 0x100, 0x200

NLMSG_ERROR, NLMSG_DONE = 2, 3
SOL_NETLINK = 270
ADD_MEMBERSHIP, BROADCAST_ERROR, NO_ENOBUFS, CAP_ACK, EXT_ACK = 1, 4, 5, 10, 11
NESTED = 0x8000

CTA = dict(zip("""TUPLE_ORIG TUPLE_REPLY STATUS PROTOINFO HELP NAT_SRC TIMEOUT MARK COUNTERS_ORIG COUNTERS_REPLY
    USE ID NAT_DST TUPLE_MASTER SEQ_ADJ_ORIG SEQ_ADJ_REPLY SECMARK ZONE SECCTX TIMESTAMP MARK_MASK LABELS
    LABELS_MASK SYNPROXY FILTER STATUS_MASK""".split(), range(1, 99)))
CTA_NAME = {v: k for k, v in CTA.items()}
EXPECT = dict(zip("MASTER TUPLE MASK TIMEOUT ID HELP_NAME ZONE FLAGS CLASS NAT FN".split(), range(1, 99)))
EXPECT_NAME = {v: k for k, v in EXPECT.items()}

IPS = dict(zip("""EXPECTED SEEN_REPLY ASSURED CONFIRMED SRC_NAT DST_NAT SEQ_ADJUST SRC_NAT_DONE DST_NAT_DONE
    DYING FIXED_TIMEOUT TEMPLATE UNTRACKED HELPER OFFLOAD HW_OFFLOAD""".split(), (1 << i for i in range(16))))


def attr(kind, *data):
    """One attribute; several pieces of data are nested attributes or just bytes."""
    data = b"".join(data)
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def nest(kind, *data):
    return attr(kind | NESTED, *data)


def u8(value):
    return struct.pack("B", value)


def be16(value):
    return struct.pack("!H", value)


def be32(value):
    return struct.pack("!I", value)


def be64(value):
    return struct.pack("!Q", value)


def ip_bytes(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def ip_tuple(kind, src, dst, proto, *proto_attrs, zone=None):
    """A tuple attribute: CTA_TUPLE_*, CTA_EXPECT_TUPLE, ... proto_attrs follow CTA_PROTO_NUM."""
    at = 3 if ":" in src else 1
    parts = [nest(1, attr(at, ip_bytes(src)), attr(at + 1, ip_bytes(dst))),
             nest(2, attr(1, u8(proto)), *proto_attrs)]
    if zone is not None:
        parts.append(attr(3, be16(zone)))
    return nest(kind, *parts)


def port_tuple(kind, src, dst, proto, sport, dport, zone=None):
    return ip_tuple(kind, src, dst, proto, attr(2, be16(sport)), attr(3, be16(dport)), zone=zone)


def attrs(data):
    """(kind without flags, nested flag, payload) of each attribute, in order."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if size < 4 or size > len(data):
            raise ValueError("attribute of %d bytes in %d" % (size, len(data)))
        yield kind & 0x3fff, bool(kind & NESTED), data[4:size]
        data = data[(size + 3) & ~3:]


def tree(data):
    """{kind: bytes, or a tree where the sender said that it nests}; the order is the sender's."""
    return {kind: tree(payload) if nested else payload for kind, nested, payload in attrs(data)}


def unpadded(attributes):
    """Without the empty ones that align numbers of 64 bits where the kernel's build wants that."""
    return {kind: data for kind, data in attributes.items() if data}


class Message:
    """One netlink message as it came."""

    def __init__(self, data):
        self.size, self.type, self.flags, self.seq, self.portid = struct.unpack_from("=IHHII", data)
        self.data = data[16:self.size]
        self.subsys, self.op = self.type >> 8, self.type & 0xff
        self.error = self.ack_text = None
        if self.type == NLMSG_ERROR or self.type == NLMSG_DONE:
            self.error = -struct.unpack_from("=i", self.data)[0]
            self.tlvs = {}
            if self.flags & F_ACK_TLVS:
                skip = 4
                if self.type == NLMSG_ERROR:
                    skip += 16 if self.flags & F_CAPPED else (struct.unpack_from("=I", self.data, 4)[0] + 3) & ~3
                self.tlvs = {k: v for k, _, v in attrs(self.data[skip:])}
                if 1 in self.tlvs:
                    self.ack_text = self.tlvs[1].rstrip(b"\0").decode()
        elif len(self.data) >= 4:
            self.family, self.version, self.res_id = struct.unpack_from("!BBH", self.data)
            self.attrs = tree(self.data[4:])

    def __getitem__(self, kind):
        return self.attrs[kind]

    def __contains__(self, kind):
        return kind in self.attrs


def messages(data):
    while len(data) >= 16:
        size = struct.unpack_from("=I", data)[0]
        yield Message(data[:size])
        data = data[(size + 3) & ~3:]


class Netlink:
    """A socket of NETLINK_NETFILTER."""

    def __init__(self, groups=(), rcvbuf=None, timeout=10):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.bind((0, 0))
        self.portid = self.sock.getsockname()[0]
        for group in groups:
            self.sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, group)
        self.sock.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        self.sock.settimeout(timeout)
        self.seq = 0
        self.held = []

    def close(self):
        self.sock.close()

    def option(self, name, value=1):
        self.sock.setsockopt(SOL_NETLINK, name, value)

    def send(self, subsys, op, body=b"", flags=F_REQUEST | F_ACK, family=socket.AF_INET, res_id=0):
        self.seq += 1
        body = struct.pack("!BBH", family, 0, res_id) + body
        self.sock.send(struct.pack("=IHHII", 16 + len(body), subsys << 8 | op, flags, self.seq, 0) + body)
        return self.seq

    def recv(self):
        """The next message; TimeoutError when none comes, OSError(ENOBUFS) when some were lost."""
        while not self.held:
            self.held = list(messages(self.sock.recv(1 << 20)))
        return self.held.pop(0)

    def drain(self, quiet=0.3):
        """All that comes until it is quiet for a time."""
        out, old = [], self.sock.gettimeout()
        self.sock.settimeout(quiet)
        try:
            while True:
                out.append(self.recv())
        except (TimeoutError, BlockingIOError):
            return out
        finally:
            self.sock.settimeout(old)

    def until(self, test):
        """The messages up to the first that passes, that one included."""
        out = []
        while True:
            out.append(self.recv())
            if test(out[-1]):
                return out

    def request(self, subsys, op, body=b"", flags=0, **args):
        """Ask, and return (errno or 0, answers, the acknowledgement)."""
        seq = self.send(subsys, op, body, flags | F_REQUEST | F_ACK, **args)
        out = []
        while True:
            m = self.recv()
            if m.type == NLMSG_ERROR and m.seq == seq:
                return m.error, out, m
            out.append(m)

    def dump(self, subsys, op, body=b"", **args):
        """Dump, and return (errno or 0, the messages)."""
        self.send(subsys, op, body, F_REQUEST | F_DUMP, **args)
        out = []
        while True:
            m = self.recv()
            if m.type in (NLMSG_DONE, NLMSG_ERROR):
                return m.error, out
            out.append(m)


def error_name(number):
    return errno.errorcode.get(number, str(number)) if number else "0"


def names(m):
    """The names of a message's attributes, in its order."""
    table = CTA_NAME if m.subsys == SUBSYS_CT else EXPECT_NAME
    return " ".join(table.get(k, str(k)) for k in m.attrs)


def number(data):
    """A big-endian number of any size."""
    return int.from_bytes(data, "big")


def text(m):
    """A message for people to read."""
    names = CTA_NAME if m.subsys == SUBSYS_CT else EXPECT_NAME if m.subsys == SUBSYS_EXP else {}

    def show(t, names):
        return " ".join("%s%s" % (names.get(k, k), "={%s}" % show(v, {}) if isinstance(v, dict)
                                  else "=" + v.hex()) for k, v in t.items())

    if m.error is not None:
        return "%s %s %r" % ("DONE" if m.type == NLMSG_DONE else "ERROR", error_name(m.error), m.ack_text)
    return "subsys %d op %d flags %#x seq %d portid %d family %d version %d res_id %d: %s" % (
        m.subsys, m.op, m.flags, m.seq, m.portid, m.family, m.version, m.res_id, show(m.attrs, names))


class Netns:
    """A named network namespace: with Netns("x"): what is opened here belongs to it."""

    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open("/run/netns/" + self.name, os.O_RDONLY)
        self.go(there)
        os.close(there)
        return self

    def __exit__(self, *exc):
        self.go(self.home)
        os.close(self.home)

    def go(self, fd):
        if self.libc.setns(fd, 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")

    def netlink(self, *args, **kwargs):
        with self:
            return Netlink(*args, **kwargs)

    def socket(self, kind=socket.SOCK_DGRAM, at=("", 0), family=socket.AF_INET, proto=0):
        with self:
            s = socket.socket(family, kind, proto)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.settimeout(10)
            s.bind(at)
            return s

    def run(self, *cmd, stdin=None):
        """A command's output; it must succeed."""
        return subprocess.run(("ip", "netns", "exec", self.name) + cmd, input=stdin, check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def sysctl(self, **values):
        """net.netfilter.nf_conntrack_*"""
        with self:
            for name, value in values.items():
                with open("/proc/sys/net/netfilter/nf_conntrack_" + name, "w") as f:
                    f.write(str(value))


class Results:
    """One line for each check, for results (lib.sh) to number."""

    failed = 0

    def ok(self, what, good, why=""):
        print("ok" if good else "not ok", what, flush=True)
        if not good:
            self.failed += 1
            print("  %s" % (why,), flush=True)
        return good

    def eq(self, what, wanted, got):
        return self.ok(what, wanted == got, "wanted: %s\n  got:    %s" % (wanted, got))

    def exit(self):
        raise SystemExit(1 if self.failed else 0)
