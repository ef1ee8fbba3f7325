# SPDX-License-Identifier: GPL-2.0
"""DCCP: what each packet makes of a connection in each state (RFC 4340 8)."""

from ctlab import *

CT = "net.netfilter.nf_conntrack_dccp_"
TYPES = ("REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE",
         "RESET", "SYNC", "SYNCACK")
DEFAULTS = {"REQUEST": 240, "RESPOND": 480, "PARTOPEN": 480, "OPEN": 43200,
            "CLOSEREQ": 64, "CLOSING": 64, "TIMEWAIT": 240}
SECONDS = {name: 1000 * (i + 1) for i, name in enumerate(DEFAULTS)}
UP = "a REQUEST, b RESPONSE, a ACK"
PATHS = {
    "REQUEST": "a REQUEST",
    "RESPOND": "a REQUEST, b RESPONSE",
    "PARTOPEN": UP,
    "OPEN": UP + ", b ACK",
    "CLOSEREQ": UP + ", b ACK, b CLOSEREQ",
    "CLOSING": UP + ", b ACK, a CLOSE",
    "TIMEWAIT": UP + ", b ACK, a CLOSE, b RESET",
}
# By state and sender (a is the client): the state after each of TYPES.
# "=": passes and changes nothing, not the timeout either; "!": INVALID;
# "?": not tested; "x": the entry is gone.
RQ, RS, PO, OP, CR, CG, TW = DEFAULTS
TABLE = {
    ("REQUEST", "a"): (RQ, "=", "!", "!", "!", "!", "!", "x", "=", "="),
    ("REQUEST", "b"): ("=", RS, "!", "!", "!", "!", "!", "x", "=", "="),
    ("RESPOND", "a"): (RS, "=", "!", PO, PO, "!", "!", TW, "=", "="),
    ("RESPOND", "b"): ("=", RS, "!", "!", "!", "!", "!", TW, "=", "="),
    ("PARTOPEN", "a"): ("=", "=", "!", PO, PO, "!", CG, TW, "=", "="),
    ("PARTOPEN", "b"): ("=", "=", OP, OP, OP, CR, CG, TW, "=", "="),
    ("OPEN", "a"): ("=", "=", OP, OP, OP, "!", CG, TW, "=", "="),
    ("OPEN", "b"): ("=", "=", OP, OP, OP, CR, CG, TW, "=", "="),
    ("CLOSEREQ", "a"): ("=", "=", CR, CR, CR, "!", CG, TW, "=", "="),
    ("CLOSEREQ", "b"): ("=", "=", "!", "!", "!", CR, "!", TW, "=", "="),
    # A client may repeat its Close; the stock module calls that INVALID.
    ("CLOSING", "a"): ("=", "=", CG, CG, CG, "!", "?", TW, "=", "="),
    ("CLOSING", "b"): ("=", "=", CG, CG, CG, CR, CG, TW, "=", "="),
    ("TIMEWAIT", "a"): (RQ, "!", "!", "!", "!", "!", "!", "=", "=", "="),
    ("TIMEWAIT", "b"): (RQ, "!", "!", "!", "!", "!", "!", TW, "=", "="),
}


def packet(side, name, port, **kw):
    """Client a counts from 100, server b from 200."""
    seq, ack = (100, 200) if side == "a" else (200, 100)
    kw = {"seq": seq, "ack": ack, **kw}
    if side == "a":
        return dccp(A4, B4, port, 80, TYPES.index(name), **kw)
    return dccp(B4, A4, 80, port, TYPES.index(name), **kw)


def walk(lab, path, port):
    """Take the packets of @path, each of which must pass."""
    for step in path.split(", "):
        side, name = step.split()
        state = lab.state(side, packet(side, name, port))
        if state in (None, "INVALID"):
            raise RuntimeError(f"{step} of {path}: {state}")


def set_timeouts(lab, extra):
    """Each state has a time of its own."""
    for name, value in SECONDS.items():
        lab.sysctl(CT + "timeout_" + name.lower(), value + extra)


def states(lab):
    """Every packet in every state from either side."""
    port = 1000
    for (start, side), row in TABLE.items():
        for name, target in zip(TYPES, row):
            if target == "?":
                continue
            port += 1
            set_timeouts(lab, 0)
            walk(lab, PATHS[start], port)
            set_timeouts(lab, 500)
            verdict = lab.state(side, packet(side, name, port))
            entry = lab.entry(f"sport={port} ")
            what = f"{start}: {name} from {side}"
            if target == "!":
                check(f"{what} is INVALID", verdict, "INVALID")
            else:
                check(f"{what} is good", verdict in ("NEW", "ESTABLISHED"))
            if target == "x":
                check(f"{what}: no entry any more", entry, None)
                continue
            want = SECONDS[start if target in "=!" else target]
            want += 0 if target in "=!" else 500
            check(f"{what}: {target}", bool(entry) and
                  entry[1] == (start if target in "=!" else target) and
                  want - 60 <= entry[0] <= want)


def life(lab):
    """Defaults, first packets, IPv6."""
    for name, value in DEFAULTS.items():
        check(f"default of {name}", lab.sysctl(CT + "timeout_" + name.lower()),
              str(value))
    check("default of loose", lab.sysctl(CT + "loose"), "1")
    for name in TYPES[1:]:
        check(f"{name} starts nothing", lab.state("a", packet("a", name, 5)),
              "INVALID")
    check("no entries", lab.entries("dccp"), [])
    walk(lab, UP, 6)
    check("assured when the client has acknowledged the Response",
          lab.expect("sport=6 ", 470, 480, "PARTOPEN", "ASSURED"))
    walk(lab, "a REQUEST, b RESPONSE", 7)
    lab.send("a", packet("a", "ACK", 7, ack=5))
    check("not if it acknowledges something else",
          lab.expect("sport=7 ", 470, 480, "PARTOPEN"))
    walk(lab, "a REQUEST, b RESPONSE, a DATAACK", 9)
    check("not by data", lab.expect("sport=9 ", 470, 480, "PARTOPEN"))
    walk(lab, "a REQUEST, b RESPONSE", 10)
    lab.send("a", packet("a", "ACK", 10, ack=5))
    lab.send("a", packet("a", "ACK", 10))
    check("nor later", lab.expect("sport=10 ", 470, 480, "PARTOPEN"))
    check("short sequence numbers pass",
          lab.state("b", packet("b", "ACK", 6, ext=0)), "ESTABLISHED")
    check("they count as others", lab.entry("sport=6 ")[1], "OPEN")
    check("data offset within the header",
          lab.state("a", dccp(A4, B4, 11, 80, 0, doff=3)), "NEW")
    check("IPv6", lab.state("a", dccp(A6, B6, 1, 2, 0)), "NEW")
    lab.sysctl(CT + "timeout_request", 1)
    walk(lab, "a REQUEST", 8)
    check("the entry is gone when its time is over",
          bool(busywait(lambda: not lab.entries("sport=8 "))))


def again(lab):
    """A new connection where we still know the old one."""
    for port, side, other in ((20, "a", "b"), (21, "b", "a")):
        walk(lab, UP + ", b ACK", port)
        lab.send(side, packet(side, "REQUEST", port, seq=300))
        check(f"a Request of {side} is ignored",
              lab.entry(f"sport={port} ")[1], "OPEN")
        lab.send(other, packet(other, "RESPONSE", port, ack=300, seq=900))
        check("until it is answered", lab.entry(f"sport={port} ")[1], "RESPOND")
        lab.send(side, packet(side, "ACK", port, seq=301, ack=900))
        check(f"then {side} is the client",
              lab.entry(f"sport={port} ")[1], "PARTOPEN")


def invalid(lab):
    """Headers that can't be (RFC 4340 5.1)."""
    lab.log_invalid(33)
    good = dccp(A4, B4, 1, 2, 0)[20:]
    for name, pkt, reason in (
            ("data offset 2", dccp(A4, B4, 1, 2, 0, doff=2),
             "truncated/malformed packet"),
            ("data offset beyond the packet", dccp(A4, B4, 1, 2, 0, doff=100),
             "truncated/malformed packet"),
            ("cut off", ip(A4, B4, 33, good[:12]), "truncated/malformed packet"),
            ("short sequence numbers", dccp(A4, B4, 1, 2, 0, ext=0),
             "type lacks 48bit sequence numbers"),
            ("type 10", dccp(A4, B4, 1, 2, 10), "reserved packet type"),
            ("type 15", dccp(A4, B4, 1, 2, 15), "reserved packet type"),
            ("coverage beyond the packet", dccp(A4, B4, 1, 2, 0, cscov=15),
             "bad checksum coverage"),
            ("wrong checksum", dccp(A4, B4, 1, 2, 0, check=1), "bad checksum")):
        check(name, lab.state("a", pkt), "INVALID")
        check(f"{name}: logged", [reason in line for line in lab.logged()],
              [True])
    check("7 bytes do not pass as good",
          lab.state("a", ip(A4, B4, 33, good[:7])) in (None, "INVALID"))
    check("no entries", lab.entries("dccp"), [])
    check("a good one", lab.state("a", ip(A4, B4, 33, good)), "NEW")
    lab.sysctl("net.netfilter.nf_conntrack_checksum", 0)
    check("wrong checksum, but nobody looks",
          lab.state("a", dccp(A4, B4, 3, 2, 0, check=1)), "NEW")


def differs(lab):
    """Of Documentation/differences.rst."""
    response = "the last Response is to be acknowledged"
    cover = "a checksum of the header alone"
    if not is_ours():
        skip_one(response, "the stock module takes the first")
        skip_one(cover, "the stock module calls it bad")
        return
    walk(lab, "a REQUEST, b RESPONSE", 30)
    lab.send("b", packet("b", "RESPONSE", 30, seq=201))
    lab.send("a", packet("a", "ACK", 30, ack=201))
    check(response, lab.expect("sport=30 ", 470, 480, "PARTOPEN", "ASSURED"))
    kw = {"cscov": 1, "data": b"data"}
    pkt = dccp(A4, B4, 31, 80, 0, check=0, **kw)
    good = csum(pseudo(A4, B4, 33, len(pkt) - 20) + pkt[20:40])
    check(cover, lab.state("a", dccp(A4, B4, 31, 80, 0, check=good, **kw)),
          "NEW")
    check(f"{cover}, that is wrong",
          lab.state("a", dccp(A4, B4, 32, 80, 0, check=good, **kw)), "INVALID")


main(life, again, differs, invalid, states)
