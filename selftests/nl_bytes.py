# SPDX-License-Identifier: GPL-2.0
"""What requests on entries are answered: see nl_bytes.sh.

Without an argument the answers are written as text, section by section; with the
name of a file that has such text, they are compared with it.
"""
import difflib
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from cttree import *

C4, S4, C6, S6 = "10.9.0.1", "10.9.0.2", "fd00::1", "fd00::2"
LABEL = b"\x08" + bytes(15)
SEQADJ = {"CORRECTION_POS": 1, "OFFSET_BEFORE": 2, "OFFSET_AFTER": 3}
SYNPROXY3 = {"ISN": 1, "ITS": 2, "TSOFF": 3}

nl = Ctnl()
sections = []


def section(name):
    sections.append((name, []))


def line(text):
    # Padding, where the kernel's build aligns numbers of 64 bits: as an attribute of its own, and as one (11)
    # within those that tell of a policy.
    if re.fullmatch(r" +PAD ", text):
        return
    text = re.sub(r"04000b00(?=0c000[45]00)", "", text)
    # What is another at every run, or goes on with the time.
    text = re.sub(r"\b(ID) [0-9a-f]{8}$", r"\1 ########", text)
    text = re.sub(r"\b(START|STOP) [1-9]\d{18}$", r"\1 now", text)
    text = re.sub(r"\bTIMEOUT (100|9\d|8\d)$", "TIMEOUT almost 100", text)
    sections[-1][1].append(text)


def lines(messages):
    for message in messages:
        if message.type != 2 and (message.seq, message.portid) != (nl.seq, nl.portid):
            line(f"seq {message.seq} portid {message.portid} are not the request's")
        for text in message.lines():
            line(text)


def outcome(what, messages):
    line(f"{what}: {messages[-1].head()}")


def pair(tree, reply=None, timeout=100):
    out = [a("TUPLE_ORIG", tree), a("TUPLE_REPLY", reply or flip(tree))]
    return out if timeout is None else out + [a("TIMEOUT", timeout)]


def more(attrs):
    return [a(name, value) for name, value in attrs.items()]


def family(tree):
    return 10 if "V6_SRC" in tree.get("IP", {}) else 2


def new(tree, reply=None, flags=CREATE | EXCL, timeout=100, **attrs):
    return nl.ask("NEW", pair(tree, reply, timeout) + more(attrs), flags=flags, family=family(tree))


def update(tree, flags=0, **attrs):
    return nl.ask("NEW", [a("TUPLE_ORIG", tree)] + more(attrs), flags=flags, family=family(tree))


def show_entry(tree, msg="GET", **attrs):
    lines(nl.ask(msg, [a("TUPLE_ORIG", tree)] + more(attrs), family=family(tree)))


def value(tree, path):
    return get(nl.ask("GET", a("TUPLE_ORIG", tree), family=family(tree))[0].tree, path)


def flush():
    nl.ask("DELETE", b"", family=0)


UDP = tup(C4, S4, 17, 1000, 53)
TCP = tup(C4, S4, 6, 1000, 21)


# --- entries as they are shown --------------------------------------------------------------------

def shown():
    section("UDP")
    outcome("new", new(UDP))
    show_entry(UDP)
    section("UDP, by its reply")
    lines(nl.ask("GET", a("TUPLE_REPLY", flip(UDP))))
    section("UDP, counters read and set to zero")
    show_entry(UDP, "GET_CTRZERO")
    section("TCP with everything")
    new(tup("10.9.9.9", "10.9.9.8", 6, 1, 1))
    outcome("new", new(
        TCP, STATUS=0xe, MARK=9, HELP={"NAME": "ftp"}, LABELS=LABEL, SEQ_ADJ_ORIG=SEQADJ,
        SEQ_ADJ_REPLY={"CORRECTION_POS": 4, "OFFSET_BEFORE": 5, "OFFSET_AFTER": 0xfffffffa},
        SYNPROXY=SYNPROXY3, TUPLE_MASTER=tup("10.9.9.9", "10.9.9.8", 6, 1, 1),
        PROTOINFO={"TCP": {"STATE": 3, "FLAGS_ORIG": b"\x0b\x0b", "FLAGS_REPLY": b"\x0b\x0f",
                           "WSCALE_ORIG": 7, "WSCALE_REPLY": 6}}))
    show_entry(TCP)
    flush()
    for name, tree, attrs in (
            ("UDP over IPv6", tup(C6, S6, 17, 1, 2), {}),
            ("UDP-Lite", tup(C4, S4, 136, 1, 2), {}),
            ("SCTP", tup(C4, S4, 132, 1, 2),
             {"PROTOINFO": {"SCTP": {"STATE": 3, "VTAG_ORIG": 1, "VTAG_REPLY": 0xfffffffe}}}),
            ("DCCP", tup(C4, S4, 33, 1, 2),
             {"PROTOINFO": {"DCCP": {"STATE": 4, "ROLE": 1, "HANDSHAKE_SEQ": 99}}}),
            ("GRE", tup(C4, S4, 47, 0x1234, 0), {}),
            ("an unknown protocol", tup(C4, S4, 99, 1, 2), {}),
            ("TCP without a state", TCP, {}),
            ("TCP with another protocol's state", TCP, {"PROTOINFO": {"SCTP": {"STATE": 3}}})):
        section(name)
        outcome("new", new(tree, **attrs))
        show_entry(tree)
    for name, tree, reply in (
            ("ICMP", tup(C4, S4, 1, 77, 8, 0), tup(S4, C4, 1, 77, 0, 0)),
            ("ICMPv6", tup(C6, S6, 58, 77, 128, 0), tup(S6, C6, 58, 77, 129, 0))):
        section(name)
        outcome("new", new(tree, reply))
        show_entry(tree)
    flush()


def zones():
    for orig, reply, top in ((None, None, 7), (3, None, None), (None, 4, None), (0, 5, None), (5, 0, None),
                             (3, None, 0), (0, None, 3), (3, 3, None), (3, 4, None), (0, 0, 7), (None, None, 65535)):
        section(f"zones: original {orig}, reply {reply}, both {top}")
        to, tr = dict(UDP), flip(UDP)
        if orig is not None:
            to["ZONE"] = orig
        if reply is not None:
            tr["ZONE"] = reply
        attrs = {} if top is None else {"ZONE": top}
        outcome("new", new(to, tr, **attrs))
        for message in nl.dump(family=0)[:-1]:
            lines([message])
        outcome("get without a zone", nl.ask("GET", a("TUPLE_ORIG", UDP)))
        outcome("get in zone 7", nl.ask("GET", [a("TUPLE_ORIG", UDP), a("ZONE", 7)]))
        flush()


def nat():
    for name, attrs in (
            ("source", {"NAT_SRC": {"V4_MINIP": "10.8.0.1", "PROTO": {"PORT_MIN": 7777, "PORT_MAX": 7777}}}),
            ("destination", {"NAT_DST": {"V4_MINIP": "10.8.0.2"}}),
            ("both", {"NAT_SRC": {"V4_MINIP": "10.8.0.1"}, "NAT_DST": {"V4_MINIP": "10.8.0.2"}}),
            ("nothing", {"NAT_SRC": {}})):
        section(f"NAT of {name}")
        outcome("new", new(UDP, **attrs))
        show_entry(UDP)
        flush()
    section("NAT of what it can't be")
    outcome("short address", nl.ask("NEW", pair(UDP) + [attr(6, [attr(1, b"ab")])], flags=CREATE))
    flush()


# --- updates --------------------------------------------------------------------------------------

def updates():
    section("status: what can be set and cleared")
    new(UDP)
    for status in (0, 8, 0xa, 0xe, 0xf, 0xc, 0x208, 0x18e, 0x4e, 0x1000e, 0x40e, 0xe, 0x400e, 0x200e, 0x100e):
        outcome(f"{status:#x}", update(UDP, STATUS=status))
        line(f"  {value(UDP, 'STATUS'):#x}")
    outcome("timeout, which is fixed", update(UDP, TIMEOUT=5))
    flush()
    section("status of a new entry")
    for status in (0, 1, 2, 8, 9, 0xc, 0x48, 0x198, 0x208, 0x408, 0x808, 0x1008, 0x2008, 0x4008, 0x8008, 0xffff0008):
        outcome(f"{status:#x}", new(UDP, STATUS=status))
        line(f"  {value(UDP, 'STATUS') or 0:#x}")
        flush()
    section("mark and mask")
    new(UDP, MARK=7)
    for mark, mask in ((3, 0), (0xff00, 0xf000), (0xff, 0xf0), (0, 0xffffffff), (5, None)):
        outcome(f"{mark:#x}, {mask}", update(UDP, MARK=mark, **({} if mask is None else {"MARK_MASK": mask})))
        line(f"  {value(UDP, 'MARK'):#x}")
    section("labels and mask")
    word = b"\1\2\3\4"
    for labels, mask in ((LABEL, None), (word * 4, None), (b"\5\6\7\7", None), (word * 4, None),
                         (b"\xff\0\0\0" * 4, b"\x0f\0\0\0" * 4), (b"\xff\0\0\0", b"\x0f\0\0\0"), (b"", None),
                         (word, b""), (b"", b""), (word[:3], None), (bytes(20), None), (word * 4, word)):
        attrs = [a("LABELS", labels)] + ([] if mask is None else [a("LABELS_MASK", mask)])
        outcome(f"{labels.hex()}, {mask and mask.hex()}", nl.ask("NEW", [a("TUPLE_ORIG", UDP)] + attrs))
        line(f"  {value(UDP, 'LABELS')}")
    section("what an entry has once and for all")
    for name, attrs in (("source NAT", {"NAT_SRC": {"V4_MINIP": "1.2.3.4"}}), ("destination NAT", {"NAT_DST": {}}),
                        ("master", {"TUPLE_MASTER": UDP}), ("helper", {"HELP": {"NAME": "ftp"}}),
                        ("no helper", {"HELP": {"NAME": ""}}), ("another zone", {"ZONE": 2})):
        outcome(name, update(UDP, **attrs))
    section("the rest")
    for name, attrs in (("nothing", {}), ("timeout", {"TIMEOUT": 90}), ("seqadj", {"SEQ_ADJ_ORIG": SEQADJ}),
                        ("seqadj, a part", {"SEQ_ADJ_ORIG": {"CORRECTION_POS": 1}}),
                        ("synproxy", {"SYNPROXY": SYNPROXY3}), ("synproxy, a part", {"SYNPROXY": {"ISN": 9}}),
                        ("TCP's state", {"PROTOINFO": {"TCP": {"STATE": 3}}}),
                        ("counters", {"COUNTERS_ORIG": {"PACKETS": 5, "BYTES": 6}})):
        outcome(name, update(UDP, **attrs))
    show_entry(UDP)
    flush()


def helpers():
    section("helper: given, kept, taken away")
    outcome("new", new(TCP, HELP={"NAME": "ftp"}))
    for name in ("ftp", "no-such", "", "ftp"):
        outcome(f"'{name}'", update(TCP, HELP={"NAME": name}))
        line(f"  {value(TCP, 'HELP')} {value(TCP, 'STATUS'):#x}")
    flush()
    section("helper: of an entry without")
    new(TCP)
    for name in ("ftp", ""):
        outcome(f"'{name}'", update(TCP, HELP={"NAME": name}))
    flush()
    section("helper: of an entry with a master")
    new(tup(C4, S4, 6, 1, 1))
    new(TCP, HELP={"NAME": "ftp"}, TUPLE_MASTER=tup(C4, S4, 6, 1, 1))
    for name in ("ftp", "sane", ""):
        outcome(f"'{name}'", update(TCP, HELP={"NAME": name}))
    flush()
    section("helper: of a new entry")
    for name in ("no-such", "", "x" * 15, "x" * 16):
        outcome(f"'{name}'", new(TCP, HELP={"NAME": name}))
    outcome("without a name", nl.ask("NEW", pair(TCP) + [attr(5, b"", True)], flags=CREATE))
    outcome("name without an end", nl.ask("NEW", pair(TCP) + [attr(5, [attr(1, b"ftp")])], flags=CREATE))
    outcome("of another protocol", new(UDP, HELP={"NAME": "ftp"}))
    flush()


def masters():
    master = tup("10.9.9.9", "10.9.9.8", 6, 1, 1)
    section("masters")
    new(master)
    outcome("by its reply", new(UDP, TUPLE_MASTER=flip(master), STATUS=8))
    line(f"  {value(UDP, 'STATUS'):#x} {value(UDP, 'TUPLE_MASTER/IP/V4_SRC')}")
    line(f"  the master is used {value(master, 'USE')} times")
    outcome("it is deleted", nl.ask("DELETE", a("TUPLE_ORIG", master)))
    line(f"  {value(UDP, 'TUPLE_MASTER/IP/V4_SRC')}")
    flush()
    new(master, ZONE=5)
    outcome("in another zone", new(UDP, TUPLE_MASTER=master))
    outcome("in the same zone", new(UDP, TUPLE_MASTER=master, ZONE=5))
    outcome("in a zone of its tuple", new(UDP, TUPLE_MASTER={**master, "ZONE": 5}))
    outcome("that is none", new(UDP, TUPLE_MASTER=tup(C4, S4, 6, 9, 9)))
    flush()


# --- what a request needs, and what is wrong with it ----------------------------------------------

def rules():
    section("when an entry is new, and when it is not")
    one = tup("10.9.0.77", S4, 17, 1000, 53)
    for name, attrs, flags in (
            ("nothing", [], 0), ("nothing, to be created", [], CREATE),
            ("not there", pair(UDP), 0), ("original tuple alone", pair(UDP)[::2], CREATE),
            ("reply tuple alone", pair(UDP)[1:], CREATE), ("no timeout", pair(UDP, timeout=None), CREATE),
            ("timeout 0", pair(UDP, timeout=0), CREATE), ("create", pair(UDP), CREATE | EXCL),
            ("create again", pair(UDP), CREATE | EXCL), ("create or update", pair(UDP), CREATE),
            ("another reply", pair(UDP, tup(C4, S4, 17, 1, 1)), CREATE),
            ("the reply of another", pair(one, flip(UDP)), CREATE),
            ("update by its reply", [a("TUPLE_REPLY", flip(UDP)), a("MARK", 7)], 0),
            ("reply of another protocol", pair(one, tup(S4, C4, 6, 53, 1000)), CREATE)):
        outcome(name, nl.ask("NEW", attrs, flags=flags))
    line(f"mark {value(UDP, 'MARK')}")
    section("ids")
    outcome("get, another", nl.ask("GET", [a("TUPLE_ORIG", UDP), a("ID", b"1234")]))
    outcome("delete, another", nl.ask("DELETE", [a("TUPLE_ORIG", UDP), a("ID", b"1234")]))
    ident = a("ID", bytes.fromhex(value(UDP, "ID")))
    outcome("get, its own", nl.ask("GET", [a("TUPLE_ORIG", UDP), ident]))
    outcome("delete, its own", nl.ask("DELETE", [a("TUPLE_ORIG", UDP), ident]))
    outcome("delete again", nl.ask("DELETE", [a("TUPLE_ORIG", UDP), ident]))
    section("families")
    for number in (0, 2, 7, 10):
        outcome(f"create, {number}", nl.ask("NEW", pair(UDP), flags=CREATE, family=number))
        outcome(f"get, {number}", nl.ask("GET", a("TUPLE_ORIG", UDP), family=number))
    section("get: nothing asked for")
    outcome("get", nl.ask("GET"))
    outcome("get the dying, no dump", nl.ask("GET_DYING"))
    outcome("get the unconfirmed, no dump", nl.ask("GET_UNCONFIRMED"))
    flush()


def tuples():
    section("tuples that lack something")
    ip = {"V4_SRC": "1.1.1.1", "V4_DST": "1.1.1.2"}
    for name, tree in (
            ("all", {}), ("addresses", {"PROTO": {"NUM": 17, "SRC_PORT": 1, "DST_PORT": 2}}),
            ("protocol", {"IP": ip}), ("its number", {"IP": ip, "PROTO": {"SRC_PORT": 1, "DST_PORT": 2}}),
            ("source address", {"IP": {"V4_DST": "1.1.1.2"}, "PROTO": {"NUM": 17, "SRC_PORT": 1, "DST_PORT": 2}}),
            ("destination address", {"IP": {"V4_SRC": "1.1.1.2"}, "PROTO": {"NUM": 17, "SRC_PORT": 1, "DST_PORT": 2}}),
            ("source port", {"IP": ip, "PROTO": {"NUM": 17, "DST_PORT": 2}}),
            ("destination port", {"IP": ip, "PROTO": {"NUM": 17, "SRC_PORT": 2}}),
            ("family", {"IP": {"V6_SRC": "::1", "V6_DST": "::1"}, "PROTO": {"NUM": 17, "SRC_PORT": 1, "DST_PORT": 2}}),
            ("ICMP id", {"IP": ip, "PROTO": {"NUM": 1, "ICMP_TYPE": 8, "ICMP_CODE": 0}}),
            ("a known ICMP type", tup("1.1.1.1", "1.1.1.2", 1, 1, 200, 0)),
            ("ICMP of its family", {"IP": ip, "PROTO": {"NUM": 1, "ICMPV6_TYPE": 128, "ICMPV6_CODE": 0, "ICMPV6_ID": 1}}),
            ("GRE keys", {"IP": ip, "PROTO": {"NUM": 47}}),
            ("nothing: protocol 0", {"IP": ip, "PROTO": {"NUM": 0}}),
            ("nothing: protocol 255", {"IP": ip, "PROTO": {"NUM": 255}})):
        data = attr(1, [a(k, v, TUPLE) for k, v in tree.items()])
        outcome(name, nl.ask("GET", data))
        outcome("  in the reply", nl.ask("GET", attr(2, data[4:], True)))
    section("lengths within a tuple")
    ports = a("PROTO", UDP["PROTO"], TUPLE)
    for name, data, number in (("3 bytes of IPv4", b"\1\1\1", 2), ("5 bytes of IPv4", b"\1\1\1\1\1", 2)):
        outcome(name, nl.ask("GET", attr(1, [attr(1, [attr(1, data), attr(2, b"\1\1\1\2")]), ports]), family=number))
    outcome("4 bytes of IPv6", nl.ask("GET", attr(1, [attr(1, [attr(3, b"\1\1\1\1"), attr(4, bytes(16))]), ports]),
                                      family=10))
    for kind in range(12):
        data = attr(1, [a("IP", TCP["IP"], TUPLE), attr(2, [n8(1, 6), n16(2, 1), n16(3, 2), attr(kind, b"")])])
        outcome(f"empty attribute {kind} of the ports", nl.ask("GET", data))


def attributes():
    section("lengths of attributes")
    for kind in range(28):
        for name, data in (("empty", b""), ("a byte", b"a")):
            outcome(f"{kind} {name}", nl.ask("NEW", pair(UDP) + [attr(kind, data)], flags=CREATE | EXCL))
            flush()
    for kind in (3, 7, 8, 12, 18, 21, 26):
        outcome(f"{kind} too long", nl.ask("NEW", pair(UDP) + [attr(kind, b"\0\0\0\x08\0\0\0\0")], flags=CREATE | EXCL))
        flush()
    section("lengths of nested attributes")
    for kind in (4, 5, 6, 13, 14, 15, 16, 24):
        for sub in range(1, 6):
            outcome(f"{kind} with {sub} of a byte",
                    nl.ask("NEW", pair(TCP) + [attr(kind, [attr(sub, b"a")])], flags=CREATE | EXCL))
            flush()
        outcome(f"{kind} with what is no attribute",
                nl.ask("NEW", pair(TCP) + [attr(kind, b"abcdefgh", True)], flags=CREATE | EXCL))
        flush()
    section("oddities")
    unnested = [struct.pack("=HH", len(x), i) + x[4:] for i, x in enumerate(pair(UDP), 1) if i < 3]
    for name, attrs in (("twice, the last counts", pair(UDP) + [a("TIMEOUT", 50)]),
                        ("not marked as nested", unnested + [a("TIMEOUT", 100)]),
                        ("unknown attribute", pair(UDP) + [attr(100, b"a")]),
                        ("something behind", pair(UDP) + [b"\1\0\0"]),
                        ("an attribute that ends too late", pair(UDP) + [b"\x20\0\7\0aa"]),
                        ("an attribute of 2 bytes before", [b"\2\0\1\0"] + pair(UDP))):
        outcome(name, nl.ask("NEW", attrs, flags=CREATE | EXCL))
        line(f"  timeout {value(UDP, 'TIMEOUT') is not None}")
        flush()
    section("states out of range")
    sctp, dccp = tup(C4, S4, 132, 1, 2), tup(C4, S4, 33, 1, 2)
    for tree, info in (
            [(TCP, {"TCP": {"STATE": n}}) for n in (9, 10, 255)] +
            [(TCP, {"TCP": {"WSCALE_ORIG": n, "WSCALE_REPLY": 1}}) for n in (14, 15)] +
            [(TCP, {"TCP": {"FLAGS_ORIG": b"\1" * n}}) for n in (1, 2, 3)] +
            [(sctp, {"SCTP": {"STATE": n, "VTAG_ORIG": 1, "VTAG_REPLY": 2}}) for n in (0, 8, 9)] +
            [(sctp, {"SCTP": {"STATE": 3}})] +
            [(dccp, {"DCCP": {"STATE": n, "ROLE": m, "HANDSHAKE_SEQ": 1}}) for n, m in ((0, 0), (7, 1), (8, 0), (3, 2))] +
            [(dccp, {"DCCP": {"STATE": 3}})]):
        outcome(str(info), new(tree, PROTOINFO=info))
        flush()


# --- dumps and flushes ----------------------------------------------------------------------------

def populate():
    """Entries 1 to 8: by the bits of their number seen and assured, over IPv6, in zone 1."""
    flush()
    for i in range(1, 9):
        tree = tup(C6, S6, 17, i, i) if i & 4 else tup(C4, S4, 17, i, i)
        new(tree, MARK=i, STATUS=8 | (i & 1) << 1 | (i & 2) << 1, ZONE=i & 1)


def numbers(messages):
    return sorted(get(m.tree, "TUPLE_ORIG/PROTO/SRC_PORT") for m in messages if m.tree)


def dump_line(what, attrs, number=0, msg="GET", **kw):
    messages = nl.dump(msg, attrs, family=number, **kw)
    flags = sorted({m.flags for m in messages if m.tree})
    line(f"{what}: {numbers(messages)} flags {flags}, {messages[-1].head()}")


def wanted(orig=0, reply=None, host=True):
    order = "=I" if host else "!I"
    flags = {"ORIG_FLAGS": struct.pack(order, orig)}
    if reply is not None:
        flags["REPLY_FLAGS"] = struct.pack(order, reply)
    return a("FILTER", flags)


def dumps():
    populate()
    two = tup(C4, S4, 17, 2, 2)
    for msg in ("GET", "GET_CTRZERO"):
        section(f"dumps by {msg}")
        for what, attrs, number in (
                ("all", [], 0), ("IPv4", [], 2), ("IPv6", [], 10), ("another family", [], 7),
                ("mark", [a("MARK", 3)], 0), ("mark and mask", [a("MARK", 1), a("MARK_MASK", 1)], 0),
                ("mark beyond its mask", [a("MARK", 3), a("MARK_MASK", 1)], 0),
                ("mark, mask 0", [a("MARK", 0), a("MARK_MASK", 0)], 0), ("mask alone", [a("MARK_MASK", 1)], 0),
                ("status", [a("STATUS", 2)], 0), ("status 0", [a("STATUS", 0)], 0),
                ("status and mask", [a("STATUS", 2), a("STATUS_MASK", 6)], 0),
                ("status beyond its mask", [a("STATUS", 6), a("STATUS_MASK", 2)], 0),
                ("status, mask 0", [a("STATUS", 6), a("STATUS_MASK", 0)], 0),
                ("status mask alone", [a("STATUS_MASK", 6)], 0),
                ("status and mark", [a("STATUS", 2), a("MARK", 1)], 0),
                ("tuple without a filter", [a("TUPLE_ORIG", two)], 2),
                ("broken tuple without a filter", [attr(1, b"", True)], 2)):
            dump_line(what, attrs, number, msg)
    section("dumps by CTA_FILTER")
    src, num = {"IP": {"V4_SRC": C4}}, {"PROTO": {"NUM": 17}}
    for what, attrs, number in (
            ("no flags", [attr(25, b"", True)], 0), ("flags 0", [wanted(0)], 2),
            ("flags 0 and a broken tuple", [attr(1, [attr(2, b"ab")]), wanted(0)], 2),
            ("source", [a("TUPLE_ORIG", src), wanted(1)], 2),
            ("another source", [a("TUPLE_ORIG", {"IP": {"V4_SRC": S4}}), wanted(1)], 2),
            ("destination that is missing", [a("TUPLE_ORIG", src), wanted(2)], 2),
            ("address that is missing", [a("TUPLE_ORIG", num), wanted(1)], 2),
            ("tuple that is missing", [wanted(1)], 2),
            ("reply tuple that is missing", [a("TUPLE_ORIG", two), wanted(0, 1)], 2),
            ("protocol", [a("TUPLE_ORIG", num), wanted(8)], 2),
            ("another protocol", [a("TUPLE_ORIG", {"PROTO": {"NUM": 6}}), wanted(8)], 2),
            ("protocol of no family", [a("TUPLE_ORIG", num), wanted(8)], 0),
            ("source port", [a("TUPLE_ORIG", two), wanted(0x18)], 2),
            ("port of no protocol", [a("TUPLE_ORIG", two), wanted(0x10)], 2),
            ("destination port", [a("TUPLE_ORIG", {"PROTO": {"NUM": 17, "DST_PORT": 3}}), wanted(0x28)], 2),
            ("port that is missing", [a("TUPLE_ORIG", {"PROTO": {"NUM": 17, "SRC_PORT": 3}}), wanted(0x28)], 2),
            ("both ports, and an ICMP type", [a("TUPLE_ORIG", two), wanted(0x78)], 2),
            ("ICMP type", [a("TUPLE_ORIG", {"PROTO": {"NUM": 1, "ICMP_TYPE": 8}}), wanted(0x48)], 2),
            ("ICMP type that is none", [a("TUPLE_ORIG", {"PROTO": {"NUM": 1, "ICMP_TYPE": 200}}), wanted(0x48)], 2),
            ("all of the tuple", [a("TUPLE_ORIG", two), wanted(0x3b)], 2),
            ("reply", [a("TUPLE_REPLY", flip(two)), wanted(0, 0x18)], 2),
            ("both directions", [a("TUPLE_ORIG", two), a("TUPLE_REPLY", flip(two)), wanted(0x18, 0x3b)], 2),
            ("both, and a mark", [a("MARK", 3), a("TUPLE_ORIG", two), wanted(8)], 2),
            ("flags that are none", [a("TUPLE_ORIG", two), wanted(0x1000)], 2),
            ("flags of two bytes", [attr(25, [attr(1, b"ab")])], 2),
            ("an attribute that is none", [attr(25, [attr(9, b"ab")])], 2)):
        dump_line(what, attrs, number)
    section("dumps of lists that are empty")
    for msg in ("GET_DYING", "GET_UNCONFIRMED"):
        for number in (0, 2):
            dump_line(f"{msg}, family {number}", [], number, msg)
    section("one entry in a dump")
    flush()
    new(UDP, MARK=1)
    lines(nl.dump(family=0))
    section("one entry in a dump of its family")
    lines(nl.dump(family=2))


def flushes():
    section("what a flush leaves")
    two = tup(C4, S4, 17, 2, 2)
    for what, attrs, number, version in (
            ("all", [], 0, 0), ("a family, version 0", [], 10, 0), ("a family, version 1", [], 10, 1),
            ("another family, version 1", [], 7, 1), ("mark", [a("MARK", 3)], 0, 0),
            ("mark and mask", [a("MARK", 1), a("MARK_MASK", 1)], 0, 0),
            ("mark of a family, version 1", [a("MARK", 4)], 10, 1), ("mask alone", [a("MARK_MASK", 1)], 0, 0),
            ("status", [a("STATUS", 2)], 0, 0), ("status and mask", [a("STATUS", 2), a("STATUS_MASK", 6)], 0, 0),
            ("status 0", [a("STATUS", 0)], 0, 0), ("an id alone", [a("ID", b"1234")], 0, 0),
            ("a tuple", [a("TUPLE_ORIG", two)], 2, 0), ("a reply tuple", [a("TUPLE_REPLY", flip(two))], 2, 0),
            ("a tuple and another's mark", [a("TUPLE_ORIG", two), a("MARK", 5)], 2, 0),
            ("a tuple that is none", [a("TUPLE_ORIG", UDP)], 2, 0)):
        populate()
        answer = nl.ask("DELETE", attrs, family=number, version=version)
        line(f"{what}: {answer[-1].head()}, {numbers(nl.dump(family=0))}")
    flush()


def unprivileged():
    section("who may not")
    read, write = os.pipe()
    if not os.fork():
        os.setuid(65534)
        with Ctnl() as other, os.fdopen(write, "w") as out:
            for msg in ("GET", "NEW", "DELETE", "GET_CTRZERO", "GET_STATS"):
                print(f"{msg}: {other.ask(msg, a('TUPLE_ORIG', UDP))[-1].head()}", file=out)
            print(f"dump: {other.dump(family=0)[-1].head()}", file=out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answers:
        for text in answers:
            line(text.rstrip())
    os.wait()


# --- the comparison -------------------------------------------------------------------------------

def text_of(name, body):
    return [f"== {name}"] + body


def compare(wanted_file):
    known, name = {}, None
    with open(wanted_file) as f:
        for text in f.read().splitlines():
            if text.startswith("== "):
                name = text[3:]
                known[name] = []
            elif name:
                known[name].append(text)
    for name, body in sections:
        if known.get(name) == body:
            print(f"ok {name}")
            continue
        print("\n".join(difflib.unified_diff(known.get(name, []), body, "stock", "here", lineterm="", n=2)))
        print(f"not ok {name}")
    missing = set(known) - {name for name, _ in sections}
    print(f"{'not ok' if missing else 'ok'} all that is known has been asked{': ' + ' '.join(missing) if missing else ''}")


for part in (shown, zones, nat, updates, helpers, masters, rules, tuples, attributes, dumps, flushes, unprivileged):
    part()
if len(sys.argv) > 1:
    compare(sys.argv[1])
else:
    for name, body in sections:
        print("\n".join(text_of(name, body)))
