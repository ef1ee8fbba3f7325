# SPDX-License-Identifier: GPL-2.0
"""Expectations: see nl_expect_requests.sh. Arguments: another namespace, the one that tracks."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from ctnl import *

other, router = (Netns(name) for name in sys.argv[1:3])
t = Results()
ask = router.netlink()
ev = router.netlink(groups=range(1, 7))
E, NEW = EXPECT, F_CREATE | F_EXCL
SUBSYS_CTHELPER = 9
FTP = ("10.0.0.1", "10.0.0.2", 6, 1000, 21)		# the module's helper: one expectation, 300 s
USER = ("10.0.0.4", "10.0.0.2", 6, 1000, 21)		# one of user space: two classes, 8 for 77 s, 3 for 88 s
BARE = ("10.0.0.1", "10.0.0.2", 17, 1, 2)		# no helper
ZONED = ("10.0.0.5", "10.0.0.2", 6, 1000, 21)		# in zone 3
LO = ("127.0.0.1", "127.0.0.2", 17, 69, 69)


def entry(key, *more):
    src, dst, proto, sport, dport = key
    body = port_tuple(CTA["TUPLE_ORIG"], *key) + port_tuple(CTA["TUPLE_REPLY"], dst, src, proto, dport, sport)
    if proto == 6:
        body += nest(CTA["PROTOINFO"], nest(1, attr(1, u8(3))))
    body += attr(CTA["TIMEOUT"], be32(500)) + b"".join(more)
    return ask.request(SUBSYS_CT, CT_NEW, body, NEW)[0]


def helper(name):
    return nest(CTA["HELP"], attr(1, name + b"\0"))


def cthelper(op, name, l4, *policies):
    body = attr(1, name + b"\0") + nest(2, attr(1, be16(2)), attr(2, u8(l4)))
    if policies:
        sets = [nest(2 + i, attr(1, n + b"\0"), attr(2, be32(m)), attr(3, be32(s)))
                for i, (n, m, s) in enumerate(policies)]
        body += (attr(3, be32(7)) + nest(4, attr(1, be32(len(policies))), *sets) + attr(5, be32(0)) +
                 attr(6, be32(1)))
    return ask.request(SUBSYS_CTHELPER, op, body, NEW if policies else 0)[0]


def tup(dport, kind=E["TUPLE"], src="10.0.0.2", dst="10.0.0.1", proto=6):
    return port_tuple(kind, src, dst, proto, 0, dport)


def exp(dport, *more, master=FTP, smask="255.255.255.255", mport=0xffff, **args):
    return (port_tuple(E["MASTER"], *master) + tup(dport, **args) +
            port_tuple(E["MASK"], smask, "255.255.255.255", args.get("proto", 6), 0, mport) + b"".join(more))


def without(body, *kinds):
    return b"".join(attr(k | (NESTED if nested else 0), d) for k, nested, d in attrs(body) if k not in kinds)


def new(body, flags=NEW, **args):
    return ask.request(SUBSYS_EXP, EXP_NEW, body, flags, **args)


def get(body, flags=0, **args):
    return ask.request(SUBSYS_EXP, EXP_GET, body, flags, **args)


def delete(body=b"", flags=0, **args):
    return ask.request(SUBSYS_EXP, EXP_DELETE, body, flags, **args)


def ports(messages):
    return sorted(number(m[E["TUPLE"]][2][3]) for m in messages)


def err(answer):
    return error_name(answer[0])


def events():
    return ev.drain(0.1)


def flush():
    delete()
    events()


def make():
    t.eq("made: no error", "0", err(new(exp(2000, attr(E["TIMEOUT"], be32(60))))))
    m = events()[0]
    t.eq("made: told as NEW, by whom", (0, 0x600, 0, ask.portid, 2), (m.op, m.flags, m.seq, m.portid, m.family))
    t.eq("made: attributes", "TUPLE MASK MASTER TIMEOUT ID FLAGS CLASS HELP_NAME", names(m))
    t.eq("made: tuple", {1: {1: ip_bytes("10.0.0.2"), 2: ip_bytes("10.0.0.1")},
                         2: {1: b"\6", 2: be16(0), 3: be16(2000)}}, m[E["TUPLE"]])
    t.eq("made: mask", {1: {1: b"\xff" * 4, 2: b"\xff" * 4}, 2: {1: b"\6", 2: be16(0), 3: be16(0xffff)}},
         m[E["MASK"]])
    t.eq("made: master", {1: {1: ip_bytes("10.0.0.1"), 2: ip_bytes("10.0.0.2")},
                          2: {1: b"\6", 2: be16(1000), 3: be16(21)}}, m[E["MASTER"]])
    t.ok("made: the time that the helper grants, whatever was asked", 295 <= number(m[E["TIMEOUT"]]) <= 300, text(m))
    t.eq("made: flags, class, helper", (be32(0), be32(0), b"ftp\0"),
         (m[E["FLAGS"]], m[E["CLASS"]], m[E["HELP_NAME"]]))
    t.eq("again, NLM_F_EXCL: EEXIST", "EEXIST", err(new(exp(2000))))
    t.eq("again: no error", "0", err(new(exp(2000, attr(E["TIMEOUT"], be32(40)), attr(E["FLAGS"], be32(1)),
                                             attr(E["CLASS"], be32(9))), 0)))
    t.eq("again: no event", [], events())
    e, answers, _ = get(tup(2000))
    t.eq("again: only the timeout has changed", (True, be32(0), be32(0)),
         (35 <= number(answers[0][E["TIMEOUT"]]) <= 40, answers[0][E["FLAGS"]], answers[0][E["CLASS"]]))
    t.eq("for no time at all: gone", ("0", "ENOENT"), (err(new(exp(2000, attr(E["TIMEOUT"], be32(0))), 0)),
                                                       err(get(tup(2000)))))
    t.eq("not there, no NLM_F_CREATE: ENOENT", "ENOENT", err(new(exp(2001), 0)))
    flush()
    e, answers, _ = new(exp(2001), NEW | F_ECHO)
    t.eq("NLM_F_ECHO: the requester hears of it", [m.data for m in events()], [m.data for m in answers])
    e, answers, _ = new(exp(2002))
    t.eq("one too many for its class: the oldest goes", [(2, [2001]), (0, [2002])],
         [(m.op, ports([m])) for m in events()])
    t.eq("by the master's reply tuple", "0", err(new(exp(2003, master=("10.0.0.2", "10.0.0.1", 6, 21, 1000)))))
    m = events()[-1]
    t.eq("by the master's reply tuple: the original one is shown", be16(1000), m[E["MASTER"]][2][2])
    flush()


def details():
    cases = (
        ("flags permanent, inactive, user space", exp(2010, attr(E["FLAGS"], be32(7)), master=USER), "FLAGS", be32(3)),
        ("class 1", exp(2011, attr(E["CLASS"], be32(1)), master=USER), "CLASS", be32(1)),
        ("mask of the source", exp(2012, master=USER, smask="255.255.255.0"), "MASK",
         {1: {1: ip_bytes("255.255.255.0"), 2: b"\xff" * 4}, 2: {1: b"\6", 2: be16(0), 3: be16(0xffff)}}),
        ("any source", exp(2013, master=USER, smask="0.0.0.0", src="0.0.0.0"), "MASK",
         {1: {1: b"\0" * 4, 2: b"\xff" * 4}, 2: {1: b"\6", 2: be16(0), 3: be16(0xffff)}}),
        ("another protocol than its master", exp(2014, master=USER, proto=17), "TUPLE",
         {1: {1: ip_bytes("10.0.0.2"), 2: ip_bytes("10.0.0.1")}, 2: {1: b"\x11", 2: be16(0), 3: be16(2014)}}),
        ("NAT", exp(2015, nest(E["NAT"], attr(1, be32(1)), port_tuple(2, "1.2.3.4", "5.6.7.8", 6, 777, 888)),
                    master=USER), "NAT",
         {1: be32(1), 2: {1: {1: ip_bytes("1.2.3.4"), 2: b"\0" * 4}, 2: {1: b"\6", 2: be16(777), 3: be16(0)}}}),
        ("NAT to the same address", exp(2016, nest(E["NAT"], attr(1, be32(0)),
                                                   port_tuple(2, "0.0.0.0", "5.6.7.8", 6, 5, 888)), master=USER), "NAT",
         {1: be32(0), 2: {1: {1: b"\0" * 4, 2: b"\0" * 4}, 2: {1: b"\6", 2: be16(5), 3: be16(0)}}}),
        ("NAT to nothing", exp(2017, nest(E["NAT"], attr(1, be32(0)), port_tuple(2, "0.0.0.0", "5.6.7.8", 6, 0, 888)),
                               master=USER), "NAT", None),
        ("a helper's name is not looked at", exp(2018, attr(E["HELP_NAME"], b"nosuch\0"), master=USER), "HELP_NAME",
         b"ut\0"),
        ("attributes from the future", exp(2019, attr(12, b"abcd"), attr(0, b"abcd"), master=USER), "CLASS", be32(0)),
    )
    for what, body, kind, want in cases:
        e, _, _ = new(body)
        m = [m for m in events() if m.op == EXP_NEW]
        t.eq(what, ("0", want), (error_name(e), m[0].attrs.get(E[kind]) if m else "no event"))
        flush()
    new(exp(2011, attr(E["CLASS"], be32(1)), master=USER))
    new(exp(2012, master=USER))
    left = [number(m[E["TIMEOUT"]]) for m in events()]
    t.ok("each class has its time", len(left) == 2 and 80 < left[0] <= 88 and 69 < left[1] <= 77, left)
    flush()
    e, _, _ = new(exp(2020, master=ZONED))
    t.eq("master in another zone: ENOENT", "ENOENT", error_name(e))
    e, _, _ = new(exp(2020, attr(E["ZONE"], be16(3)), master=ZONED))
    m = events()
    t.eq("in a zone: made", "0", error_name(e))
    t.eq("in a zone: attributes", ["TUPLE MASK MASTER TIMEOUT ID FLAGS CLASS HELP_NAME"], [names(x) for x in m])
    t.eq("in a zone: found there alone", ("0", "ENOENT", "ENOENT"),
         (err(get(tup(2020) + attr(E["ZONE"], be16(3)))), err(get(tup(2020))),
          err(get(tup(2020) + attr(E["ZONE"], be16(4))))))
    t.eq("in a zone: deleted there alone", ("ENOENT", "0"),
         (err(delete(tup(2020))), err(delete(tup(2020) + attr(E["ZONE"], be16(3))))))
    flush()


def refused():
    cases = [
        ("without a tuple", without(exp(2030), E["TUPLE"]), "EINVAL"),
        ("without a mask", without(exp(2030), E["MASK"]), "EINVAL"),
        ("without a master", without(exp(2030), E["MASTER"]), "EINVAL"),
        ("unknown master", exp(2030, master=("10.0.0.9", "10.0.0.2", 6, 1000, 21)), "ENOENT"),
        ("master without a helper", exp(2030, master=BARE), "ENOTSUP"),
        ("class that the helper has not", exp(2030, attr(E["CLASS"], be32(1))), "EINVAL"),
        ("class that nobody has", exp(2030, attr(E["CLASS"], be32(4)), master=USER), "EINVAL"),
        ("unknown function", exp(2030, attr(E["FN"], b"nosuch\0")), "EINVAL"),
        ("flags of the kernel's own", exp(2030, attr(E["FLAGS"], be32(8))), "EINVAL"),
        ("NAT without direction and tuple", exp(2030, nest(E["NAT"])), "EINVAL"),
        ("NAT without a tuple", exp(2030, nest(E["NAT"], attr(1, be32(1)))), "EINVAL"),
        ("NAT without a direction",
         exp(2030, nest(E["NAT"], port_tuple(2, "1.2.3.4", "5.6.7.8", 6, 7, 8))), "EINVAL"),
        ("NAT with a third direction",
         exp(2030, nest(E["NAT"], attr(1, be32(2)), port_tuple(2, "1.2.3.4", "5.6.7.8", 6, 7, 8))), "ERANGE"),
        ("mask without a protocol", without(exp(2030), E["MASK"]) +
         nest(E["MASK"], nest(1, attr(1, b"\xff" * 4), attr(2, b"\xff" * 4))), "EINVAL"),
        ("empty mask", without(exp(2030), E["MASK"]) + nest(E["MASK"]), "EINVAL"),
        ("IPv6 tuple of an IPv4 master", without(exp(2030), E["TUPLE"]) +
         port_tuple(E["TUPLE"], "fd00::1", "fd00::2", 6, 0, 2030), "EINVAL"),
        ("zone of two bytes too few", exp(2030, attr(E["ZONE"], b"")), "ERANGE"),
        ("timeout of one byte too few", exp(2030, attr(E["TIMEOUT"], b"abc")), "ERANGE"),
        ("class of one byte too few", exp(2030, attr(E["CLASS"], b"abc")), "ERANGE"),
        ("flags of one byte too few", exp(2030, attr(E["FLAGS"], b"abc")), "ERANGE"),
        ("ID of one byte too few", exp(2030, attr(E["ID"], b"abc")), "ERANGE"),
        ("helper's name without an end", exp(2030, attr(E["HELP_NAME"], b"ftp")), "EINVAL"),
        ("helper's name too long", exp(2030, attr(E["HELP_NAME"], b"x" * 16 + b"\0")), "EINVAL"),
        ("function's name without an end", exp(2030, attr(E["FN"], b"nat-follow-master")), "EINVAL"),
        ("NAT of two bytes", exp(2030, nest(E["NAT"], b"ab")), "ERANGE"),
        ("tuple of two bytes", without(exp(2030), E["TUPLE"]) + nest(E["TUPLE"], b"ab"), "ERANGE"),
    ]
    for what, body, want in cases:
        t.eq("refused: %s: %s" % (what, want), want, err(new(body)))
    t.eq("refused: headers of other families", ["EINVAL", "ENOTSUP", "ENOTSUP"],
         [err(new(exp(2030), family=f)) for f in (10, 0, 7)])
    _, _, ack = new(exp(2030, attr(E["FLAGS"], be32(8))))
    t.eq("refused: it says why and where", ("reserved bit set", True), (ack.ack_text, 2 in ack.tlvs))
    t.eq("refused: nothing was made", (0, []), ask.dump(SUBSYS_EXP, EXP_GET))
    new(exp(2031, master=USER))
    t.eq("overlaps with another: EBUSY", "EBUSY", err(new(exp(2031, master=USER, src="0.0.0.0", smask="0.0.0.0"))))
    flush()


def show():
    new(exp(2040, master=USER))
    ident = get(tup(2040))[1][0][E["ID"]]
    e, answers, _ = get(tup(2040))
    t.eq("shown: an answer", [(EXP_NEW, F_MULTI, ask.seq, ask.portid)],
         [(m.op, m.flags, m.seq, m.portid) for m in answers])
    t.eq("shown: the same ID each time", ident, answers[0][E["ID"]])
    for what, body, want in (("by tuple and ID", tup(2040) + attr(E["ID"], ident), "0"),
                             ("by another ID", tup(2040) + attr(E["ID"], b"\1\2\3\4"), "ENOENT"),
                             ("not there", tup(2041), "ENOENT"),
                             ("by its tuple in the master's place", tup(2040, E["MASTER"]), "0"),
                             ("by its master", port_tuple(E["MASTER"], *USER), "ENOENT"),
                             ("by nothing", b"", "EINVAL"),
                             ("by ID alone", attr(E["ID"], ident), "EINVAL")):
        t.eq("shown %s: %s" % (what, want), want, err(get(body)))
    t.eq("shown to the namespace alone", "ENOENT", error_name(other.netlink().request(SUBSYS_EXP, EXP_GET,
                                                                                     tup(2040))[0]))
    flush()
    new(exp(2040, master=USER))
    t.ok("expected anew: there is an ID", get(tup(2040))[1][0][E["ID"]] != b"\0" * 4)
    flush()


def dump():
    for i in range(8):
        new(exp(2050 + i, master=USER))
    new(exp(2060))
    everybody = [2050 + i for i in range(8)] + [2060]
    e, out = ask.dump(SUBSYS_EXP, EXP_GET)
    t.eq("dumped: all of them, once", (0, everybody), (e, ports(out)))
    t.eq("dumped: messages", {(EXP_NEW, F_MULTI, ask.seq, ask.portid)},
         {(m.op, m.flags, m.seq, m.portid) for m in out})
    t.eq("dumped: IPv4, IPv6, any", [9, 0, 9], [len(ask.dump(SUBSYS_EXP, EXP_GET, family=f)[1]) for f in (2, 10, 0)])
    t.eq("dumped: of a master", [(0, everybody[:8]), (0, [2060])],
         [(e, ports(out)) for e, out in (ask.dump(SUBSYS_EXP, EXP_GET, port_tuple(E["MASTER"], *m))
                                         for m in (USER, FTP))])
    t.eq("dumped: of a master that there is not", "ENOENT", error_name(
        ask.dump(SUBSYS_EXP, EXP_GET, port_tuple(E["MASTER"], "10.0.0.9", "10.0.0.2", 6, 1000, 21))[0]))
    t.eq("dumped: of nonsense", "EINVAL", error_name(ask.dump(SUBSYS_EXP, EXP_GET, nest(E["MASTER"]))[0]))
    t.eq("dumped: of a master in another zone", "ENOENT", error_name(
        ask.dump(SUBSYS_EXP, EXP_GET, port_tuple(E["MASTER"], *USER) + attr(E["ZONE"], be16(3)))[0]))
    t.eq("dumped: another namespace has none", (0, []), other.netlink().dump(SUBSYS_EXP, EXP_GET))
    flush()


def many():
    """More than a message holds, with others coming and going."""
    global ev
    t.eq("a second helper of user space", 0, cthelper(0, b"many", 6, (b"many", 200, 600)))
    for i in range(3):
        entry(("10.0.1.%d" % i, "10.0.0.2", 6, 1000, 21), helper(b"many"))
    stay = []
    for i in range(3):
        for port in range(3000, 3150):
            new(exp(port, master=("10.0.1.%d" % i, "10.0.0.2", 6, 1000, 21), src="10.2.0.%d" % i))
            stay.append((ip_bytes("10.2.0.%d" % i), port))
    stop = threading.Event()
    coming = router.netlink()

    def come_and_go():
        master = port_tuple(E["MASTER"], "10.0.1.0", "10.0.0.2", 6, 1000, 21)
        while not stop.is_set():
            for port in range(4000, 4010):
                coming.request(SUBSYS_EXP, EXP_NEW, master + tup(port) + tup(0xffff, E["MASK"], "255.255.255.255",
                                                                             "255.255.255.255"), NEW)
            for port in range(4000, 4010):
                coming.request(SUBSYS_EXP, EXP_DELETE, tup(port))

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for what, body, want in (("all", b"", stay),
                                 ("one master's", port_tuple(E["MASTER"], "10.0.1.1", "10.0.0.2", 6, 1000, 21),
                                  [x for x in stay if x[0] == ip_bytes("10.2.0.1")])):
            got = []
            for _ in range(3):
                e, out = ask.dump(SUBSYS_EXP, EXP_GET, body)
                got.append(sorted((m[E["TUPLE"]][1][1], number(m[E["TUPLE"]][2][3])) for m in out
                                  if number(m[E["TUPLE"]][2][3]) < 4000))
            t.ok("dumped while others come and go: %s, each once" % what, got == [sorted(want)] * 3,
                 [len(x) for x in got])
    finally:
        stop.set()
        thread.join()
        coming.close()
    for i in range(3):
        ask.request(SUBSYS_CT, CT_DELETE, port_tuple(CTA["TUPLE_ORIG"], "10.0.1.%d" % i, "10.0.0.2", 6, 1000, 21))
    ev.close()		# it could not hold all of this
    ev = router.netlink(groups=range(1, 7))
    t.eq("the masters go, and take along what was expected of them", (0, []), ask.dump(SUBSYS_EXP, EXP_GET))


def remove():
    new(exp(2070, master=USER))
    new(exp(2071, master=USER))
    new(exp(2072))
    ident = get(tup(2070))[1][0][E["ID"]]
    events()
    t.eq("deleted by another ID: ENOENT", "ENOENT", err(delete(tup(2070) + attr(E["ID"], b"\1\2\3\4"))))
    t.eq("deleted by tuple and ID", "0", err(delete(tup(2070) + attr(E["ID"], ident))))
    m = events()
    t.eq("deleted: told as DESTROY, by whom", [(EXP_DELETE, 0, 0, ask.portid, [2070])],
         [(x.op, x.flags, x.seq, x.portid, ports([x])) for x in m])
    t.eq("deleted: attributes", ["TUPLE MASK MASTER TIMEOUT ID FLAGS CLASS HELP_NAME"], [names(x) for x in m])
    t.eq("deleted again: ENOENT", "ENOENT", err(delete(tup(2070))))
    e, answers, _ = delete(tup(2071), F_ECHO)
    t.eq("deleted with NLM_F_ECHO", ("0", [2071]), (error_name(e), ports(answers)))
    new(exp(2073, master=USER))
    t.eq("deleted by a helper that has none", ("0", [2072, 2073]),
         (err(delete(attr(E["HELP_NAME"], b"nosuch\0"))), ports(ask.dump(SUBSYS_EXP, EXP_GET)[1])))
    t.eq("deleted by their helper", ("0", [2073]),
         (err(delete(attr(E["HELP_NAME"], b"ftp\0"))), ports(ask.dump(SUBSYS_EXP, EXP_GET)[1])))
    events()
    t.eq("flushed", ("0", []), (err(delete()), ports(ask.dump(SUBSYS_EXP, EXP_GET)[1])))
    t.eq("flushed: told of each", [(EXP_DELETE, ask.portid, [2073])], [(m.op, m.portid, ports([m])) for m in events()])
    new(exp(2074))
    t.eq("another namespace can't flush it", (0, [2074]),
         (other.netlink().request(SUBSYS_EXP, EXP_DELETE)[0], ports(ask.dump(SUBSYS_EXP, EXP_GET)[1])))
    events()
    ask.request(SUBSYS_CT, CT_DELETE, port_tuple(CTA["TUPLE_ORIG"], *FTP))
    t.eq("its master goes, and it with it", [(2, [2074])], [(m.op, ports([m])) for m in events() if m.subsys == 2])
    entry(FTP, helper(b"ftp"))
    events()


def met():
    """A connection that was expected by netlink."""
    cthelper(0, b"lo", 17, (b"lo", 8, 60))
    entry(LO, helper(b"lo"))
    new(exp(5000, master=LO, src="127.0.0.2", dst="127.0.0.1", proto=17))
    new(exp(5001, attr(E["FLAGS"], be32(1)), master=LO, src="127.0.0.2", dst="127.0.0.1", proto=17))
    new(exp(5002, attr(E["FLAGS"], be32(2)), master=LO, src="127.0.0.2", dst="127.0.0.1", proto=17))
    events()
    for port in (5000, 5001, 5002):
        s = router.socket(at=("127.0.0.2", 333))
        s.sendto(b"x", ("127.0.0.1", port))
        s.close()
    new_flows = {number(m[CTA["TUPLE_ORIG"]][2][3]): (number(m[CTA["STATUS"]]) & 1, CTA["TUPLE_MASTER"] in m)
                 for m in events() if m.subsys == SUBSYS_CT and m.flags}
    t.eq("met: the connections are expected ones, but of the inactive one",
         {5000: (1, True), 5001: (1, True), 5002: (0, False)}, new_flows)
    t.eq("met: the permanent and the inactive one stay", [5001, 5002], ports(ask.dump(SUBSYS_EXP, EXP_GET)[1]))
    flush()


def stats():
    def proc():
        with router, open("/proc/net/stat/nf_conntrack") as f:
            head, *lines = (line.split() for line in f)
        return [dict(zip(head, (int(x, 16) for x in line))) for line in lines]
    exp_names = dict(zip((1, 2, 3), ("expect_new", "expect_create", "expect_delete")))
    ct_names = {2: "found", 4: "invalid", 8: "insert", 9: "insert_failed", 10: "drop", 11: "early_drop",
                12: "icmp_error", 13: "search_restart", 14: "clashres", 15: "chainlength"}
    want = proc()
    for what, subsys, op, known in (("entries", SUBSYS_CT, CT_STATS_CPU, ct_names),
                                    ("expectations", SUBSYS_EXP, EXP_STATS_CPU, exp_names)):
        e, out = ask.dump(subsys, op)
        t.eq("statistics of %s: a message for each CPU" % what,
             (0, [(SUBSYS_CT, op, F_MULTI, 0, cpu) for cpu in range(len(want))]),
             (e, [(m.subsys, m.op, m.flags, m.family, m.res_id) for m in out]))
        t.eq("statistics of %s: attributes" % what, [list(known)] * len(want), [list(m.attrs) for m in out])
        got = [{known[k]: number(v) for k, v in m.attrs.items()} for m in out]
        t.eq("statistics of %s: what /proc says" % what,
             [{k: cpu[k] for k in known.values() if k in cpu} for cpu in want],
             [{k: v for k, v in cpu.items() if k in want[0]} for cpu in got])
        t.ok("statistics of %s: something was counted" % what, any(sum(cpu.values()) for cpu in got), got)
        t.eq("statistics of %s: nothing without a dump" % what, (0, []), ask.request(subsys, op)[:2])
    e, out, _ = ask.request(SUBSYS_CT, CT_STATS)
    with router:
        count, top = (int(open("/proc/sys/net/netfilter/nf_conntrack_" + n).read()) for n in ("count", "max"))
    t.eq("statistics of the table", [(SUBSYS_CT, CT_STATS, F_MULTI, {1: be32(count), 2: be32(top)})],
         [(m.subsys, m.op, m.flags, m.attrs) for m in out])
    t.eq("statistics: nothing of an unknown request", ("EINVAL", "EINVAL"),
         (err(ask.request(SUBSYS_CT, 8)), err(ask.request(SUBSYS_EXP, 4))))


t.eq("a helper of user space", 0, cthelper(0, b"ut", 6, (b"alpha", 8, 77), (b"beta", 3, 88)))
t.eq("masters", [0] * 4, [entry(FTP, helper(b"ftp")), entry(USER, helper(b"ut")), entry(BARE),
                          entry(ZONED, helper(b"ut"), attr(CTA["ZONE"], be16(3)))])
events()
for test in (make, details, refused, show, dump, many, remove, met, stats):
    try:
        test()
    except Exception as e:
        import traceback
        t.ok("%s goes through" % test.__name__, False, traceback.format_exc())
ask.request(SUBSYS_CT, CT_DELETE)
for name, l4 in ((b"ut", 6), (b"many", 6), (b"lo", 17)):
    cthelper(2, name, l4)
t.exit()
