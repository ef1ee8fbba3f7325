# SPDX-License-Identifier: GPL-2.0
"""The netlink of connection tracking as text: requests attribute by attribute and
by name, answers as trees of names and values in the order of arrival, with
nothing left out. For tests that compare all of an answer.

    with Ctnl() as nl:
        for message in nl.ask("GET", a("TUPLE_ORIG", tup("10.0.0.1", "10.0.0.2", 17, 1, 2))):
            print("\n".join(message.lines()))
"""

import errno
import os
import socket
import struct

NETLINK_NETFILTER = 12
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 10, 11
NETLINK_NO_ENOBUFS, NETLINK_GET_STRICT_CHK = 5, 12
REQUEST, MULTI, ACK, ECHO = 1, 2, 4, 8
ROOT, MATCH, DUMP = 0x100, 0x200, 0x300
REPLACE, EXCL, CREATE, APPEND = 0x100, 0x200, 0x400, 0x800
NESTED, NET_BYTEORDER = 0x8000, 0x4000
CT, EXP = 1, 2

CT_MSG = ["NEW", "GET", "DELETE", "GET_CTRZERO", "GET_STATS_CPU", "GET_STATS",
          "GET_DYING", "GET_UNCONFIRMED"]
EXP_MSG = ["NEW", "GET", "DELETE", "GET_STATS_CPU"]


def _names(*names):
    return {i + 1: n if isinstance(n, tuple) else (n, None)
            for i, n in enumerate(names)}


def u8(b):
    return struct.unpack("B", b)[0]


def be16(b):
    return struct.unpack("!H", b)[0]


def be32(b):
    return struct.unpack("!I", b)[0]


def be64(b):
    return struct.unpack("!Q", b)[0]


def hexa(b):
    return b.hex()


def text(b):
    return b.decode("ascii", "replace").replace("\0", "\\0")


def ip4(b):
    return socket.inet_ntop(socket.AF_INET, b)


def ip6(b):
    return socket.inet_ntop(socket.AF_INET6, b)


IP = _names(("V4_SRC", ip4), ("V4_DST", ip4), ("V6_SRC", ip6), ("V6_DST", ip6))
PROTO = _names(("NUM", u8), ("SRC_PORT", be16), ("DST_PORT", be16),
               ("ICMP_ID", be16), ("ICMP_TYPE", u8), ("ICMP_CODE", u8),
               ("ICMPV6_ID", be16), ("ICMPV6_TYPE", u8), ("ICMPV6_CODE", u8))
TUPLE = _names(("IP", IP), ("PROTO", PROTO), ("ZONE", be16))
TCP = _names(("STATE", u8), ("WSCALE_ORIG", u8), ("WSCALE_REPLY", u8),
             ("FLAGS_ORIG", hexa), ("FLAGS_REPLY", hexa))
DCCP = _names(("STATE", u8), ("ROLE", u8), ("HANDSHAKE_SEQ", be64), ("PAD", hexa))
SCTP = _names(("STATE", u8), ("VTAG_ORIG", be32), ("VTAG_REPLY", be32))
PROTOINFO = _names(("TCP", TCP), ("DCCP", DCCP), ("SCTP", SCTP))
HELP = _names(("NAME", text), ("INFO", hexa))
PROTONAT = _names(("PORT_MIN", be16), ("PORT_MAX", be16))
NAT = _names(("V4_MINIP", ip4), ("V4_MAXIP", ip4), ("PROTO", PROTONAT),
             ("V6_MINIP", ip6), ("V6_MAXIP", ip6))
COUNTERS = _names(("PACKETS", be64), ("BYTES", be64), ("PACKETS32", be32),
                  ("BYTES32", be32), ("PAD", hexa))
SEQADJ = _names(("CORRECTION_POS", be32), ("OFFSET_BEFORE", be32),
                ("OFFSET_AFTER", be32))
SECCTX = _names(("NAME", text))
TIMESTAMP = _names(("START", be64), ("STOP", be64), ("PAD", hexa))
SYNPROXY = _names(("ISN", be32), ("ITS", be32), ("TSOFF", be32))
FILTER = _names(("ORIG_FLAGS", hexa), ("REPLY_FLAGS", hexa))
ENTRY = _names(("TUPLE_ORIG", TUPLE), ("TUPLE_REPLY", TUPLE), ("STATUS", be32),
               ("PROTOINFO", PROTOINFO), ("HELP", HELP), ("NAT_SRC", NAT),
               ("TIMEOUT", be32), ("MARK", be32), ("COUNTERS_ORIG", COUNTERS),
               ("COUNTERS_REPLY", COUNTERS), ("USE", be32), ("ID", hexa),
               ("NAT_DST", NAT), ("TUPLE_MASTER", TUPLE),
               ("SEQ_ADJ_ORIG", SEQADJ), ("SEQ_ADJ_REPLY", SEQADJ),
               ("SECMARK", be32), ("ZONE", be16), ("SECCTX", SECCTX),
               ("TIMESTAMP", TIMESTAMP), ("MARK_MASK", be32), ("LABELS", hexa),
               ("LABELS_MASK", hexa), ("SYNPROXY", SYNPROXY), ("FILTER", FILTER),
               ("STATUS_MASK", be32))
EXP_NAT = _names(("DIR", be32), ("TUPLE", TUPLE))
EXPECT = _names(("MASTER", TUPLE), ("TUPLE", TUPLE), ("MASK", TUPLE),
                ("TIMEOUT", be32), ("ID", hexa), ("HELP_NAME", text),
                ("ZONE", be16), ("FLAGS", be32), ("CLASS", be32),
                ("NAT", EXP_NAT), ("FN", text))
STATS_CPU = _names(*[(n, be32) for n in (
    "SEARCHED", "FOUND", "NEW", "INVALID", "IGNORE", "DELETE", "DELETE_LIST",
    "INSERT", "INSERT_FAILED", "DROP", "EARLY_DROP", "ERROR", "SEARCH_RESTART",
    "CLASH_RESOLVE", "CHAIN_TOOLONG")])
STATS = _names(("ENTRIES", be32), ("MAX_ENTRIES", be32))
STATS_EXP = _names(("NEW", be32), ("CREATE", be32), ("DELETE", be32))

SCHEMA = {(CT, 4): STATS_CPU, (CT, 5): STATS, (EXP, 3): STATS_EXP}


def code(schema, name):
    """The number of the attribute @name."""
    for number, (known, _) in schema.items():
        if known == name:
            return number
    raise KeyError(name)


# --- requests -----------------------------------------------------------------

def attr(kind, data=b"", nested=False):
    """One attribute; @data is bytes, or a list of attributes."""
    if isinstance(data, (list, tuple)):
        data = b"".join(data)
        nested = True
    raw = struct.pack("=HH", 4 + len(data), kind | (NESTED if nested else 0)) + data
    return raw + bytes(-len(raw) % 4)


def n8(kind, v):
    return attr(kind, struct.pack("B", v))


def n16(kind, v):
    return attr(kind, struct.pack("!H", v))


def n32(kind, v):
    return attr(kind, struct.pack("!I", v))


def n64(kind, v):
    return attr(kind, struct.pack("!Q", v))


def a(name, data, schema=ENTRY):
    """Attribute by name: an integer is written as wide as the name says."""
    kind = code(schema, name)
    if isinstance(data, int):
        width = {u8: "B", be16: "!H", be32: "!I", be64: "!Q"}[schema[kind][1]]
        data = struct.pack(width, data)
    elif isinstance(data, dict):
        data = [a(k, v, schema[kind][1]) for k, v in data.items()]
    elif isinstance(data, str):
        reader = schema[kind][1]
        if reader is ip4:
            data = socket.inet_pton(socket.AF_INET, data)
        elif reader is ip6:
            data = socket.inet_pton(socket.AF_INET6, data)
        else:
            data = data.encode() + b"\0"
    return attr(kind, data)


def tup(src, dst, proto, *ports, zone=None):
    """The tree of a tuple; ports are source and destination, or id, type, code."""
    six = ":" in src
    tree = {"IP": {"V6_SRC" if six else "V4_SRC": src,
                   "V6_DST" if six else "V4_DST": dst},
            "PROTO": {"NUM": proto}}
    names = {1: ("ICMP_ID", "ICMP_TYPE", "ICMP_CODE"),
             58: ("ICMPV6_ID", "ICMPV6_TYPE", "ICMPV6_CODE")}.get(
                 proto, ("SRC_PORT", "DST_PORT"))
    tree["PROTO"].update(zip(names, ports))
    if zone is not None:
        tree["ZONE"] = zone
    return tree


def flip(tree):
    """The same tuple the other way round (of a protocol with ports)."""
    swap = {"SRC": "DST", "DST": "SRC"}

    def name(n):
        for old, new in swap.items():
            if old in n:
                return n.replace(old, new)
        return n

    def turn(sub):
        order = {k: v for k, v in sub.items()}
        return {k: order.get(name(k), v) for k, v in sub.items()}

    return {"IP": turn(tree["IP"]), "PROTO": turn(tree["PROTO"]),
            **{k: v for k, v in tree.items() if k not in ("IP", "PROTO")}}


# --- answers ------------------------------------------------------------------

def parse(data, schema):
    """Attributes as a list of (name, value or list), in the order of arrival."""
    out = []
    while data:
        if len(data) < 4:
            raise ValueError(f"attribute cut off: {data.hex()}")
        length, kind = struct.unpack_from("=HH", data)
        if length < 4 or length > len(data):
            raise ValueError(f"attribute of {length} bytes in {len(data)}")
        body, flags = data[4:length], kind & (NESTED | NET_BYTEORDER)
        data = data[(length + 3) & ~3:]
        name, reader = schema.get(kind & 0x3fff, (f"#{kind & 0x3fff}", hexa))
        if isinstance(reader, dict):
            value = parse(body, reader)
            if not flags & NESTED:
                name += "!"
        else:
            try:
                value = reader(body)
            except (struct.error, ValueError):
                value = f"?{body.hex()}"
            if flags & NESTED:
                name += "!"
        if flags & NET_BYTEORDER:
            name += "~"
        out.append((name, value))
    return out


def get(tree, path):
    """The value at a path as TUPLE_ORIG/IP/V4_SRC, or None."""
    for step in path.split("/"):
        for name, value in tree:
            if name == step:
                tree = value
                break
        else:
            return None
    return tree


def show(tree, indent=0, normal=None):
    """Lines of text of a tree; @normal maps a name to a text instead."""
    lines = []
    for name, value in tree:
        pad = "  " * indent
        if normal and name in normal:
            lines.append(f"{pad}{name} {normal[name]}")
        elif isinstance(value, list):
            lines.append(f"{pad}{name}")
            lines += show(value, indent + 1, normal)
        else:
            lines.append(f"{pad}{name} {value}")
    return lines


class Message:
    """One message of an answer or event."""

    def __init__(self, raw):
        self.len, self.type, self.flags, self.seq, self.portid = \
            struct.unpack_from("=IHHII", raw)
        body = raw[16:self.len]
        self.raw = raw[:self.len]
        self.subsys, self.msg = self.type >> 8, self.type & 0xff
        self.error = self.extack = None
        self.tree = []
        if self.type == 2:
            self.error = -struct.unpack_from("=i", body)[0]
            if self.flags & 0x200:
                inner = struct.unpack_from("=I", body, 4)[0]
                tlvs = body[4 + (16 if self.flags & 0x100 else (inner + 3) & ~3):]
                self.extack = parse(tlvs, {1: ("MSG", text), 2: ("OFFS", hexa),
                                           3: ("COOKIE", hexa), 4: ("POLICY", hexa),
                                           5: ("MISS_TYPE", hexa),
                                           6: ("MISS_NEST", hexa)})
        elif self.type == 3:
            if len(body) >= 4:
                self.error = -struct.unpack_from("=i", body)[0]
        else:
            self.family, self.version, self.res_id = struct.unpack_from("!BBH", body)
            schema = SCHEMA.get((self.subsys, self.msg),
                                ENTRY if self.subsys == CT else EXPECT)
            self.tree = parse(body[4:], schema)

    @property
    def name(self):
        if self.type in (2, 3):
            return {2: "ERROR", 3: "DONE"}[self.type]
        if self.subsys == CT:
            return "CT_" + CT_MSG[self.msg]
        return "EXP_" + EXP_MSG[self.msg]

    def head(self):
        """The headers as text, but for what changes from run to run."""
        if self.type == 2:
            name = errno.errorcode.get(self.error, self.error) if self.error else "0"
            return f"ERROR {name}" + (f" {self.extack}" if self.extack else "")
        if self.type == 3:
            return f"DONE flags {self.flags:#x} error {self.error}"
        return (f"{self.name} flags {self.flags:#x} family {self.family} "
                f"version {self.version} res_id {self.res_id}")

    def lines(self, normal=None):
        return [self.head()] + show(self.tree, 1, normal)


class Ctnl:
    """A netlink socket of the namespace that the process is in."""

    def __init__(self, groups=(), timeout=10, strict=False, cap_ack=True):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_NETFILTER)
        self.sock.bind((0, 0))
        self.sock.settimeout(timeout)
        self.portid = self.sock.getsockname()[0]
        for option, on in ((NETLINK_EXT_ACK, True), (NETLINK_CAP_ACK, cap_ack),
                           (NETLINK_GET_STRICT_CHK, strict)):
            self.sock.setsockopt(SOL_NETLINK, option, int(on))
        for group in groups:
            self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
        self.seq = int.from_bytes(os.urandom(2), "big")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def send(self, msg, attrs=b"", flags=0, family=2, subsys=CT, version=0,
             res_id=0, raw=None):
        """Send a request; @msg is a number or a name of the subsystem's."""
        if isinstance(msg, str):
            msg = (CT_MSG if subsys == CT else EXP_MSG).index(msg)
        if isinstance(attrs, (list, tuple)):
            attrs = b"".join(attrs)
        self.seq += 1
        body = struct.pack("!BBH", family, version, res_id) + attrs
        if raw is not None:
            body = raw
        self.sock.send(struct.pack("=IHHII", 16 + len(body), subsys << 8 | msg,
                                   REQUEST | flags, self.seq, 0) + body)

    def recv(self, size=1 << 20):
        """The messages of one datagram."""
        data, out = self.sock.recv(size), []
        while data:
            length = struct.unpack_from("=I", data)[0]
            out.append(Message(data[:length]))
            data = data[(length + 3) & ~3:]
        return out

    def answer(self):
        """All messages up to the acknowledgement, the error or the end."""
        out = []
        while True:
            for message in self.recv():
                out.append(message)
                if message.type in (2, 3):
                    return out

    def ask(self, msg, attrs=b"", flags=0, **kw):
        """Send a request with an acknowledgement; the messages of the answer."""
        if not flags & (ROOT | MATCH) or msg in ("NEW", 0, "DELETE", 2):
            flags |= ACK
        self.send(msg, attrs, flags, **kw)
        return self.answer()

    def dump(self, msg="GET", attrs=b"", **kw):
        """The messages of a dump, without its end."""
        self.send(msg, attrs, DUMP, **kw)
        return self.answer()
