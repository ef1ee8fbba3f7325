# SPDX-License-Identifier: GPL-2.0
"""Malformed requests: what is truncated, overlong, nested too deep, unknown, doubled,
of a wrong type or family is answered as the stock module answers it, and changes
nothing; neither do thousands of messages with random damage, but for the entry that
they are about. The numbers in the table are those that stock was seen to give.
"""

import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from ctnl import Netns, Results         # noqa: E402
from nlraw import *                     # noqa: E402,F403

globals().update(CTA)                   # TUPLE_ORIG, STATUS, ...
globals().update({f"EXP_{k}": v for k, v in EXPECT.items()})

A4, B4 = "10.1.0.1", "10.2.0.1"
A6, B6 = "fd00:1::1", "fd00:2::1"
UDP = (A4, B4, 17, 1000, 53)
FRESH = (A4, B4, 17, 2000, 53)          # no entry has it
V6 = socket.AF_INET6
timeout = be32(TIMEOUT, 30000)
orig = tuple_(TUPLE_ORIG, *UDP)


def ip(src=None, dst=None, *rest):
    return nest(TUPLE_IP, *([src] if src else []), *([dst] if dst else []), *rest)


src4, dst4 = attr(IP_V4_SRC, socket.inet_aton(A4)), attr(IP_V4_DST, socket.inet_aton(B4))
proto = nest(TUPLE_PROTO, u8(PROTO_NUM, 17), be16(PROTO_SRC_PORT, 1000), be16(PROTO_DST_PORT, 53))


def raw_tuple(*parts, kind=TUPLE_ORIG):
    return nest(kind, *parts)


def new(payload, flags=CREATE | EXCL, **kw):
    return message(CT_NEW, flags | ACK, payload, **kw)


def update(payload, **kw):
    return message(CT_NEW, ACK, payload, **kw)


def get(payload, **kw):
    return message(CT_GET, ACK, payload, **kw)


def delete(payload, **kw):
    return message(CT_DELETE, ACK, payload, **kw)


def dump(payload, what=CT_GET, **kw):
    return message(what, DUMP | ACK, payload, **kw)


def deep(levels, inner=b""):
    for _ in range(levels):
        inner = nest(TUPLE_IP, inner)
    return inner


fresh = tuples(*FRESH)

# What is said, what stock answers, the message. Where the kernels differ, {series: answer}.
CASES = [
    # Headers
    ("no payload at all: create", "EINVAL", new(b"")),
    ("no payload at all: get", "EINVAL", get(b"")),
    ("a message without its nfgenmsg", "0", struct.pack("=IHHII", 16, SUBSYS_CT << 8 | CT_GET, F_REQUEST | ACK, 1, 0)),
    ("half of its nfgenmsg", "0", struct.pack("=IHHIIH", 18, SUBSYS_CT << 8 | CT_GET, F_REQUEST | ACK, 1, 0, 0)),
    ("an unknown message of entries", "EINVAL", message(8, ACK, orig)),
    ("an unknown message of expectations", "EINVAL", message(4, ACK, b"", subsys=SUBSYS_EXP)),
    ("an unknown version", "0", get(orig, version=9)),
    # Families
    ("family none", "EOPNOTSUPP", get(orig, family=0)),
    ("family of another", "EINVAL", get(orig, family=V6)),
    ("an unknown family", "EOPNOTSUPP", get(orig, family=99)),
    ("create with an unknown family", "EOPNOTSUPP", new(fresh + timeout, family=99)),
    ("delete with an unknown family", "EOPNOTSUPP", delete(tuple_(TUPLE_ORIG, *FRESH), family=99)),
    ("IPv6 addresses in an IPv4 request", "EINVAL", get(tuple_(TUPLE_ORIG, A6, B6, 17, 1, 2))),
    ("dump with an unknown family", "0", dump(b"", family=99)),
    # Tuples
    ("create without a tuple", "EINVAL", new(timeout)),
    ("create without the reply", "EINVAL", new(tuple_(TUPLE_ORIG, *FRESH) + timeout)),
    ("create without the original", "EINVAL", new(tuple_(TUPLE_REPLY, *FRESH) + timeout)),
    ("create without a timeout", "EINVAL", new(fresh)),
    ("an empty tuple", "EINVAL", get(nest(TUPLE_ORIG))),
    ("a tuple without addresses", "EINVAL", get(raw_tuple(proto))),
    ("a tuple without a protocol", "EINVAL", get(raw_tuple(ip(src4, dst4)))),
    ("no source", "EINVAL", get(raw_tuple(ip(dst4), proto))),
    ("no destination", "EINVAL", get(raw_tuple(ip(src4), proto))),
    ("both families of addresses", "0", get(raw_tuple(ip(
        src4, dst4, attr(IP_V6_SRC, bytes(16)), attr(IP_V6_DST, bytes(16))), proto))),
    ("no protocol number", "EINVAL", get(raw_tuple(ip(src4, dst4), nest(
        TUPLE_PROTO, be16(PROTO_SRC_PORT, 1000), be16(PROTO_DST_PORT, 53))))),
    ("no source port", "EINVAL", get(raw_tuple(ip(src4, dst4), nest(
        TUPLE_PROTO, u8(PROTO_NUM, 17), be16(PROTO_DST_PORT, 53))))),
    ("ICMP fields of a UDP tuple", "EINVAL", get(raw_tuple(ip(src4, dst4), nest(
        TUPLE_PROTO, u8(PROTO_NUM, 17), be16(PROTO_ICMP_ID, 1), u8(PROTO_ICMP_TYPE, 8),
        u8(PROTO_ICMP_CODE, 0))))),
    ("ICMP without its id", "EINVAL", get(raw_tuple(ip(src4, dst4), nest(
        TUPLE_PROTO, u8(PROTO_NUM, 1), u8(PROTO_ICMP_TYPE, 8), u8(PROTO_ICMP_CODE, 0))))),
    ("an ICMP type that has no answer", "EINVAL", new(
        tuple_(TUPLE_ORIG, A4, B4, 1, 7, (3, 0)) + tuple_(TUPLE_REPLY, B4, A4, 1, 7, (3, 0)) +
        timeout)),
    ("an ICMP type out of range", "EINVAL", get(tuple_(TUPLE_ORIG, A4, B4, 1, 7, (200, 0)))),
    ("ICMPv6 in an IPv4 request", "ENOENT", get(raw_tuple(ip(src4, dst4), nest(
        TUPLE_PROTO, u8(PROTO_NUM, 58), be16(PROTO_ICMPV6_ID, 1), u8(PROTO_ICMPV6_TYPE, 128),
        u8(PROTO_ICMPV6_CODE, 0))))),
    ("two protocols of a flow", "EINVAL", new(
        tuple_(TUPLE_ORIG, *FRESH) + tuple_(TUPLE_REPLY, B4, A4, 6, 53, 2000) + timeout)),
    # Lengths
    ("an address too short", "ERANGE", get(raw_tuple(ip(attr(IP_V4_SRC, b"\1\2\3"), dst4), proto))),
    ("an address of no bytes", "ERANGE", get(raw_tuple(ip(attr(IP_V4_SRC), dst4), proto))),
    ("an address too long", "0", get(raw_tuple(ip(attr(IP_V4_SRC, socket.inet_aton(A4) + b"xyz!"), dst4), proto))),
    ("an IPv6 address too short", "ERANGE", get(raw_tuple(ip(
        attr(IP_V6_SRC, bytes(15)), attr(IP_V6_DST, bytes(16))), proto), family=V6)),
    ("a port too short", "ERANGE", get(raw_tuple(ip(src4, dst4), nest(
        TUPLE_PROTO, u8(PROTO_NUM, 17), attr(PROTO_SRC_PORT, b"\1"), be16(PROTO_DST_PORT, 53))))),
    ("a protocol number of no bytes", "ERANGE", get(raw_tuple(ip(src4, dst4), nest(
        TUPLE_PROTO, attr(PROTO_NUM), be16(PROTO_SRC_PORT, 1), be16(PROTO_DST_PORT, 53))))),
    ("a timeout too short", "ERANGE", new(fresh + attr(TIMEOUT, b"\1\2"))),
    ("a mark too short", "ERANGE", update(orig + attr(MARK, b"\1\2\3"))),
    ("a mark of no bytes", "ERANGE", update(orig + attr(MARK))),
    ("a status too short", "ERANGE", update(orig + attr(STATUS, b"\1"))),
    ("a zone too short", "ERANGE", get(orig + attr(ZONE, b"\1"))),
    ("labels of odd length", "EINVAL", update(orig + attr(LABELS, bytes(3)))),
    ("labels too long", "ERANGE", update(orig + attr(LABELS, bytes(20)))),
    ("a mask of another length than the labels", "EINVAL",
     update(orig + attr(LABELS, bytes(16)) + attr(LABELS_MASK, bytes(8)))),
    ("a helper's name that does not end", "EINVAL", update(orig + nest(HELP, attr(HELP_NAME, b"x" * 16)))),
    ("a helper's name too long", "EINVAL", update(orig + nest(HELP, attr(HELP_NAME, b"x" * 40 + b"\0")))),
    ("an attribute longer than the message", "EINVAL", get(attr(TUPLE_ORIG | NESTED, b"", 400) + orig)),
    ("an attribute of 3 bytes", "EINVAL", get(attr(TUPLE_ORIG, b"", 3))),
    ("an attribute of 0 bytes", "EINVAL", get(attr(TUPLE_ORIG, b"", 0) + orig)),
    ("an inner attribute longer than the outer", "EINVAL", get(nest(
        TUPLE_ORIG, attr(TUPLE_IP | NESTED, b"", 200), proto))),
    ("bytes behind the last attribute", "0", get(orig + b"\7\7")),
    # Nesting
    ("a tuple that isn't nested by its flag", "0", get(attr(
        TUPLE_ORIG, ip(src4, dst4) + proto))),
    ("a mark that is nested", "ERANGE", update(orig + nest(MARK))),
    ("a mark that is nested, with something in it", "0", update(orig + nest(MARK, b"\0\0\0\0"))),
    ("a hundred nests", "EINVAL", get(nest(TUPLE_ORIG, deep(100)))),
    ("a hundred nests in place of an address", "ENOENT", get(nest(TUPLE_ORIG, ip(src4, dst4, deep(100)), proto))),
    ("a tuple that is a number", "EINVAL", get(be32(TUPLE_ORIG, 1))),
    # Unknown and doubled
    ("an unknown attribute", "0", get(orig + be32(77, 1))),
    ("the attribute of number 0", "0", get(be32(0, 1) + orig)),
    ("an unknown attribute in the tuple", "0", get(nest(TUPLE_ORIG, ip(src4, dst4), proto, be32(50, 1)))),
    ("an unknown protocol info", "0", update(orig + nest(PROTOINFO, nest(9)))),
    ("a doubled tuple: the last counts", "0", get(tuple_(TUPLE_ORIG, *FRESH) + orig)),
    ("doubled, the other way round", "ENOENT", get(orig + tuple_(TUPLE_ORIG, *FRESH))),
    ("a doubled address", "ENOENT", get(raw_tuple(ip(src4, dst4, attr(IP_V4_SRC, bytes(4))), proto))),
    # What may not be changed, or not so
    ("create what exists", "EEXIST", new(tuples(*UDP) + timeout)),
    ("create without EXCL what exists: an update", "0", new(tuples(*UDP) + timeout, flags=CREATE)),
    ("update what isn't there", "ENOENT", update(tuple_(TUPLE_ORIG, *FRESH) + timeout)),
    ("a status that takes a bit away", "EBUSY", update(orig + be32(STATUS, 0))),
    ("a status that makes it dying", "EBUSY", update(orig + be32(STATUS, 0x20a))),
    ("a status with NAT", "0", update(orig + be32(STATUS, 0x1a))),
    ("a status with bits that nobody knows", "0", update(orig + be32(STATUS, 0x8000000a))),
    ("NAT of what is there", "EOPNOTSUPP", update(orig + nest(NAT_SRC, attr(NAT_V4_MINIP, bytes(4))))),
    ("a master of what is there", "EOPNOTSUPP", update(orig + tuple_(TUPLE_MASTER, *UDP))),
    ("create with a master that isn't there", "ENOENT", new(
        fresh + timeout + tuple_(TUPLE_MASTER, *FRESH))),
    ("create with NAT that is no NAT", "0", new(fresh + timeout + attr(NAT_SRC, b"\1\2\3\4"))),
    ("an unknown helper", "EOPNOTSUPP", update(orig + nest(HELP, attr(HELP_NAME, b"nobody\0")))),
    ("create with an unknown helper", "EOPNOTSUPP", new(fresh + timeout + nest(HELP, attr(HELP_NAME, b"nobody\0")))),
    ("a helper without a name", "EINVAL", update(orig + nest(HELP))),
    ("TCP's state for UDP", "0", update(orig + nest(PROTOINFO, nest(PROTOINFO_TCP, u8(1, 3))))),
    ("a TCP state that isn't one", "ERANGE", update(tuple_(TUPLE_ORIG, A4, B4, 6, 1001, 80) + nest(
        PROTOINFO, nest(PROTOINFO_TCP, u8(1, 99))))),
    ("sequence adjustment without its fields", "EINVAL", update(orig + nest(SEQ_ADJ_ORIG))),
    ("synproxy without its fields", "EINVAL", update(orig + nest(SYNPROXY))),
    ("an id that is another's", "ENOENT", delete(orig + be32(ID, 1))),
    ("delete without a tuple, with an id", "0", delete(be32(ID, 1) + be32(MARK, 0x77))),
    # Filters
    ("a filter without flags", "0", dump(nest(FILTER) + orig)),
    ("a filter with flags nobody knows", "EINVAL", dump(nest(
        FILTER, attr(FILTER_ORIG_FLAGS, struct.pack("=I", 1 << 20))) + orig, family=2)),
    ("a filter of addresses, without a family", "EOPNOTSUPP", dump(nest(
        FILTER, attr(FILTER_ORIG_FLAGS, struct.pack("=I", 1))) + orig, family=0)),
    ("a filter that names a field the tuple lacks", "EINVAL", dump(nest(
        FILTER, attr(FILTER_ORIG_FLAGS, struct.pack("=I", 1))) + nest(TUPLE_ORIG), family=2)),
    ("a mask without a mark", "EINVAL", dump(be32(MARK_MASK, 1))),
    ("a status mask without a status", "EINVAL", dump(be32(STATUS_MASK, 1))),
    ("a filter's mark too short", "ERANGE", dump(attr(MARK, b"\1"))),
    # Expectations
    ("expectation: nothing", "EINVAL", message(CT_NEW, CREATE | ACK, b"", SUBSYS_EXP)),
    ("expectation: no master", "EINVAL", message(CT_NEW, CREATE | ACK, tuple_(EXP_TUPLE, *FRESH) +
                                                 tuple_(EXP_MASK, *FRESH), SUBSYS_EXP)),
    ("expectation: a master that isn't there", "ENOENT", message(
        CT_NEW, CREATE | ACK, tuple_(EXP_TUPLE, *FRESH) + tuple_(EXP_MASK, *FRESH) +
        tuple_(EXP_MASTER, *FRESH) + be32(EXP_TIMEOUT, 9), SUBSYS_EXP)),
    ("expectation: a master without a helper", "EOPNOTSUPP", message(
        CT_NEW, CREATE | ACK, tuple_(EXP_TUPLE, *FRESH) + tuple_(EXP_MASK, *FRESH) +
        tuple_(EXP_MASTER, *UDP) + be32(EXP_TIMEOUT, 9), SUBSYS_EXP)),
    ("expectation: get nothing", "EINVAL", message(CT_GET, ACK, b"", SUBSYS_EXP)),
    ("expectation: get what isn't there", "ENOENT", message(CT_GET, ACK, tuple_(EXP_TUPLE, *FRESH), SUBSYS_EXP)),
    ("expectation: delete what isn't there", "ENOENT", message(CT_DELETE, ACK, tuple_(EXP_TUPLE, *FRESH), SUBSYS_EXP)),
    ("expectation: delete those of a helper nobody knows", "0", message(
        CT_DELETE, ACK, attr(EXP_HELP_NAME, b"nobody\0"), SUBSYS_EXP)),
    ("expectation: a tuple that is a number", "EINVAL", message(CT_GET, ACK, be32(EXP_TUPLE, 1), SUBSYS_EXP)),
    ("expectation: dump of a master that isn't there", "ENOENT", message(
        CT_GET, DUMP | ACK, tuple_(EXP_MASTER, *FRESH), SUBSYS_EXP)),
]


def plain(entry):
    """An entry without what changes by itself: its time, and who looks at it."""
    attrs = parse(entry[4:])
    attrs.pop(TIMEOUT, None)
    attrs.pop(USE, None)
    return entry[:1], tuple(sorted(attrs.items()))


def listing(nl):
    return sorted(plain(e) for e in nl.list())


def fill(nl):
    """The entries that nothing may happen to, one of each kind."""
    for payload, family in (
            (tuples(*UDP) + be32(MARK, 5), 2),
            (tuples(A4, B4, 6, 1001, 80) + nest(PROTOINFO, nest(PROTOINFO_TCP, u8(1, 3))), 2),
            (tuples(A4, B4, 1, 1002, (8, 0)), 2),
            (tuples(A4, B4, 17, 1003, 53) + be16(ZONE, 3), 2),
            (tuples(A6, B6, 17, 1004, 53), V6),
            (tuples(A6, B6, 6, 1005, 80) + nest(PROTOINFO, nest(PROTOINFO_TCP, u8(1, 3))), V6)):
        nl.ask(new(payload + timeout, family=family))


# Random damage ------------------------------------------------------------------

def damage(rng, data):
    """One to three changes anywhere behind the netlink header: bytes, lengths,
    attributes cut out, doubled or moved, the end cut off."""
    head, body = data[:16], bytearray(data[16:])
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(body))
        how = rng.randrange(7)
        if how == 0:
            body[at] = rng.randrange(256)
        elif how == 1:
            body[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            word = at & ~3
            body[word:word + 2] = struct.pack("=H", rng.choice((0, 1, 3, 4, 5, 8, 255, 65535)))
        elif how == 3 and len(body) > 8:
            del body[rng.randrange(4, len(body)):]
        elif how == 4:
            size = 4 * rng.randint(1, 8)
            start = at & ~3
            body[start:start] = body[start:start + size]
        elif how == 5 and len(body) > 12:
            start = rng.randrange(4, len(body)) & ~3
            del body[start:start + 4 * rng.randint(1, 4)]
            if len(body) < 4:
                body += bytes(4)
        else:
            word = (at & ~3) + 2
            body[word:word + 2] = struct.pack("=H", rng.randrange(64) | rng.choice((0, NESTED)))
    head = struct.pack("=I", 16 + len(body)) + head[4:]
    return head + bytes(body)


def valid(family):
    """Good messages about one entry, of addresses that no other has."""
    flow = ("10.9.0.1", "10.9.0.2", 17, 9, 9) if family == 2 else ("fd09::1", "fd09::2", 17, 9, 9)
    tcp = flow[:2] + (6, 9, 9)
    info = nest(PROTOINFO, nest(PROTOINFO_TCP, u8(1, 3), u8(2, 7), u8(3, 7), attr(4, b"\1\3"),
                                attr(5, b"\1\3")))
    icmp = flow[:2] + (1, 9, (8, 0))
    nat = nest(NAT_SRC, attr(NAT_V4_MINIP, socket.inet_aton("10.9.0.3")),
               nest(NAT_PROTO, be16(1, 1024), be16(2, 2048)))
    one, help_ = tuple_(TUPLE_ORIG, *flow), nest(HELP, attr(HELP_NAME, b"ftp\0"))
    kw = {"family": family}
    yield new(tuples(*flow) + timeout + be32(MARK, 1) + be32(STATUS, 6), **kw)
    yield new(tuples(*tcp) + timeout + info + help_, **kw)
    yield new(tuples(*flow) + timeout + nat, **kw)
    yield new(tuples(*flow) + timeout + be16(ZONE, 9) + be32(SECMARK, 1), **kw)
    if family == 2:
        yield new(tuples(*icmp) + timeout, **kw)
    yield update(one + be32(MARK, 2) + be32(MARK_MASK, 3) + be32(STATUS, 14) + timeout, **kw)
    yield update(one + attr(LABELS, bytes(16)) + attr(LABELS_MASK, b"\xff" * 16), **kw)
    yield update(tuple_(TUPLE_ORIG, *tcp) + info + nest(
        SEQ_ADJ_ORIG, be32(1, 1), be32(2, 2), be32(3, 3)), **kw)
    yield update(one + nest(SYNPROXY, be32(1, 1), be32(2, 2), be32(3, 3)), **kw)
    yield get(one, **kw)
    yield message(CT_GET_CTRZERO, ACK, one, **kw)
    yield dump(be32(MARK, 1) + be32(MARK_MASK, 1) + be32(STATUS, 2) + be32(STATUS_MASK, 2), **kw)
    yield dump(one + nest(FILTER, attr(FILTER_ORIG_FLAGS, struct.pack("=I", 0x7f)),
                          attr(FILTER_REPLY_FLAGS, struct.pack("=I", 0))), **kw)
    yield message(CT_DYING, DUMP | ACK, b"", **kw)
    yield message(CT_NEW, CREATE | ACK, tuple_(EXP_MASTER, *tcp) + tuple_(EXP_TUPLE, *flow) + tuple_(
        EXP_MASK, *(("255.255.255.255",) * 2 if family == 2 else ("ff::", "ff::")), 17, 65535, 65535)
        + be32(EXP_TIMEOUT, 9) + be32(EXP_CLASS, 0) + be32(EXP_FLAGS, 1), SUBSYS_EXP, **kw)
    yield message(CT_GET, ACK, tuple_(EXP_TUPLE, *flow), SUBSYS_EXP, **kw)
    yield message(CT_DELETE, ACK, tuple_(EXP_TUPLE, *flow), SUBSYS_EXP, **kw)
    yield message(CT_GET, DUMP | ACK, tuple_(EXP_MASTER, *tcp), SUBSYS_EXP, **kw)
    # Deleting last, and always with the flow: without it, it would be all there is.
    yield delete(one, **kw)
    yield delete(tuple_(TUPLE_ORIG, *tcp), **kw)


def fuzz(nl, t, count, keep):
    """@count messages with damage; the entries of fill() stay as they were."""
    answers = {}
    bad = []
    for seed in range(count):
        rng = random.Random(seed)
        family = rng.choice((2, 2, V6))
        good = list(valid(family))
        at = rng.randrange(len(good))
        data = damage(rng, good[at])
        kind = struct.unpack_from("=H", data, 4)[0]
        if kind == (SUBSYS_CT << 8 | CT_DELETE):
            # A flush, rightly so, where the damage left no tuple.
            if not {TUPLE_ORIG, TUPLE_REPLY} & set(parse(data[20:])):
                continue
        err, _ = nl.ask(data)
        answers[name(err)] = answers.get(name(err), 0) + 1
        if seed % 200 == 199:
            # What the messages made, whatever it is, is in nobody's way.
            now = [e for e in listing(nl) if e in keep]
            if now != keep:
                bad.append((seed, [e for e in keep if e not in now]))
                break
            if seed % 600 == 599:
                nl.ask(message(CT_DELETE, ACK))
                fill(nl)
                keep[:] = listing(nl)
    print("# answers:", ", ".join(f"{k} {v}" for k, v in sorted(answers.items())))
    t.eq(f"{count} damaged messages: every one is answered", True, sum(answers.values()) > count * 0.9)
    t.eq("some did no harm, some were refused", True,
         answers.get("0", 0) > 0 and answers.get("EINVAL", 0) > 0)
    t.eq("and what they are not about is as it was", [], bad)


def main():
    series = ".".join(os.uname().release.split(".")[:2])
    with Netns(sys.argv[1]):
        nl = Netlink()
    t = Results()
    fill(nl)
    before = listing(nl)
    t.eq("six entries to look after", 6, len(before))
    for what, want, data in CASES:
        if isinstance(want, dict):
            want = want[series]
        err, _ = nl.ask(data)
        got = name(err)
        now = listing(nl)
        t.eq(f"{what}: {want}", want, got)
        if now == before:
            continue
        # Who says that a change was made may have made it, but to one entry only.
        spoilt = [x for x in before if x not in now] if want == "0" else before
        t.eq(f"{what}: nothing else has changed", True, len(spoilt) <= 1)
        nl.ask(message(CT_DELETE, ACK))
        fill(nl)
        before = listing(nl)
    t.eq("truncated in its middle, at every byte: no answer, or an error", [], truncated(nl))
    t.eq("and the table is as it was", before, listing(nl))
    fuzz(nl, t, 2400, before)
    t.exit()


def truncated(nl):
    """The lengths at which a create message cut off there does not fail."""
    data = new(tuples("10.8.0.1", "10.8.0.2", 17, 1, 2) + timeout)
    good = []
    for size in range(20, len(data)):
        err, _ = nl.ask(struct.pack("=I", size) + data[4:size])
        if not err:
            good.append(size)
    return good


main()
