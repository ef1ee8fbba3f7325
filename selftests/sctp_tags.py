# SPDX-License-Identifier: GPL-2.0
"""SCTP: verification tags (RFC 9260 8.5), restarts, other paths, bad packets."""

from ctlab import *

TAG_A, TAG_B = 0x1111, 0x2222		# what packets to a, to b carry


def init(typ, tag, length=None):
    """INIT or INIT ACK."""
    return chunk(typ, 0, struct.pack("!IIHHI", tag, 65535, 1, 1, 1), length)


def one(typ, flags=0):
    """A chunk of another type."""
    return chunk(typ, flags, b"\0" * 8)


INIT = ("a", 0, init(1, TAG_A))
INIT_ACK = ("b", TAG_A, init(2, TAG_B))
ECHO, ACK = ("a", TAG_B, one(10)), ("b", TAG_A, one(11))
DATA_A, DATA_B = ("a", TAG_B, one(0)), ("b", TAG_A, one(0))
UP = (INIT, INIT_ACK, ECHO, ACK)
DOWN = UP + (("a", TAG_B, one(7)), ("b", TAG_A, one(8)))

# name, packets that pass, then packets each with its verdict
STORIES = (
    ("INIT has no tag", (), (("a", 5, init(1, TAG_A), "INVALID"),)),
    ("INIT ACK has the tag of INIT", (INIT,),
     (("b", TAG_A + 1, init(2, TAG_B), "INVALID"),
      ("b", TAG_A, init(2, TAG_B), "ESTABLISHED"))),
    ("COOKIE ECHO has the tag of INIT ACK", (INIT, INIT_ACK),
     (("a", TAG_B + 1, one(10), "INVALID"), ("a", 0, one(10), "INVALID"),
      ("a", TAG_B, one(10), "ESTABLISHED"))),
    ("COOKIE ACK has the tag of INIT", (INIT, INIT_ACK, ECHO),
     (("b", TAG_A + 1, one(11), "INVALID"),
      ("b", TAG_A, one(11), "ESTABLISHED"))),
    ("data has the tags of both", UP,
     (("a", TAG_B + 1, one(0), "INVALID"), ("b", TAG_A + 1, one(0), "INVALID"),
      ("a", 0, one(0), "INVALID"), ("a", TAG_A, one(0), "INVALID"),
      ("a", TAG_B, one(0), "ESTABLISHED"),
      ("b", TAG_A, one(0), "ESTABLISHED"))),
    ("unknown chunks, too", UP,
     (("a", TAG_B + 1, one(15), "INVALID"),
      ("a", TAG_B, one(0xc1), "ESTABLISHED"))),
    ("ABORT with the T bit returns the tag", UP,
     (("a", TAG_B + 1, one(6), "INVALID"), ("a", TAG_B, one(6, 1), "INVALID"),
      ("a", TAG_A, one(6), "INVALID"), ("a", TAG_A, one(6, 1), "ESTABLISHED"))),
    ("ABORT of an INIT", (INIT,),
     (("b", 0, one(6), "INVALID"), ("b", 5, one(6), "INVALID"),
      ("b", TAG_A, one(6), "ESTABLISHED"))),
    ("SHUTDOWN COMPLETE", DOWN,
     (("a", TAG_B + 1, one(14), "INVALID"), ("a", TAG_A, one(14), "INVALID"),
      ("a", TAG_B, one(14), "ESTABLISHED"))),
    ("SHUTDOWN COMPLETE with the T bit", DOWN,
     (("a", TAG_A, one(14, 1), "ESTABLISHED"),)),
    ("a repeated INIT with another tag", (INIT,),
     (("a", 0, init(1, 0x33), "NEW"), ("b", TAG_A, init(2, TAG_B), "INVALID"),
      ("b", 0x33, init(2, TAG_B), "ESTABLISHED"),
      ("a", TAG_B, one(10), "ESTABLISHED"), ("b", 0x33, one(11), "ESTABLISHED"))),
    ("both send INIT", (INIT,),
     (("b", 0, init(1, TAG_B), "ESTABLISHED"),
      ("b", TAG_A, init(2, TAG_B), "ESTABLISHED"),
      ("a", TAG_B, init(2, TAG_A), "ESTABLISHED"),
      ("a", TAG_B, one(10), "ESTABLISHED"), ("b", TAG_A, one(10), "ESTABLISHED"),
      ("b", TAG_A, one(11), "ESTABLISHED"), ("a", TAG_B, one(0), "ESTABLISHED"),
      ("b", TAG_A, one(0), "ESTABLISHED"))),
    ("a starts again", UP,
     (("a", 0, init(1, 0x33), "ESTABLISHED"),
      ("b", 0x33, init(2, 0x44), "ESTABLISHED"),
      ("a", 0x44, one(10), "ESTABLISHED"), ("b", 0x33, one(11), "ESTABLISHED"),
      ("a", 0x44, one(0), "ESTABLISHED"), ("b", 0x33, one(0), "ESTABLISHED"),
      ("a", TAG_B, one(0), "INVALID"), ("b", TAG_A, one(0), "INVALID"))),
    ("b starts again", UP,
     (("b", 0, init(1, 0x33), "ESTABLISHED"),
      ("a", 0x33, init(2, 0x44), "ESTABLISHED"),
      ("b", 0x44, one(10), "ESTABLISHED"), ("a", 0x33, one(11), "ESTABLISHED"),
      ("b", 0x44, one(0), "ESTABLISHED"), ("a", 0x33, one(0), "ESTABLISHED"),
      ("a", TAG_B, one(0), "INVALID"))),
    ("a starts again after the end", DOWN,
     (("a", TAG_B, one(14), "ESTABLISHED"),
      ("a", 0, init(1, 0x33), "ESTABLISHED"),
      ("b", 0x33, init(2, 0x44), "ESTABLISHED"),
      ("a", 0x44, one(10), "ESTABLISHED"), ("b", 0x33, one(11), "ESTABLISHED"),
      ("a", 0x44, one(0), "ESTABLISHED"))),
    ("heartbeats show the tags of another path", (),
     (("a", TAG_B, one(4), "NEW"), ("b", TAG_A, one(5), "ESTABLISHED"),
      ("a", TAG_B, one(0), "ESTABLISHED"), ("b", TAG_A, one(0), "ESTABLISHED"),
      ("a", TAG_B + 1, one(0), "INVALID"))),
    ("heartbeats from both sides", (),
     (("a", TAG_B, one(4), "NEW"), ("b", TAG_A, one(4), "ESTABLISHED"),
      ("b", TAG_A, one(5), "ESTABLISHED"), ("a", TAG_B, one(5), "ESTABLISHED"))),
    ("one heartbeat of another tag changes nothing", UP,
     (("a", TAG_B + 1, one(4), "ESTABLISHED"),
      ("a", TAG_B, one(0), "ESTABLISHED"), ("a", TAG_B + 1, one(0), "INVALID"))),
    ("data comes with COOKIE ECHO", (INIT, INIT_ACK),
     (("a", TAG_B, one(10) + one(0), "ESTABLISHED"),
      ("b", TAG_A, one(11) + one(3), "ESTABLISHED"))),
    ("but not before it", (INIT, INIT_ACK),
     (("a", TAG_B, one(0) + one(10), "INVALID"),)),
    ("INIT stands alone", (),
     (("a", 0, init(1, TAG_A) + one(0), "INVALID"),
      ("a", 0, one(0) + init(1, TAG_A), "INVALID"))),
    ("INIT has a body", (),
     (("a", 0, chunk(1), "INVALID"), ("a", 0, chunk(1, 0, b"\0" * 8), "INVALID"))),
    ("no chunk", UP, (("a", TAG_B, b"", "INVALID"),)),
    ("chunk of length 0", UP,
     (("a", TAG_B, b"\0\0\0\0" + b"\0" * 16, "INVALID"),)),
    ("chunk of length 3", UP,
     (("a", TAG_B, b"\0\0\0\3" + b"\0" * 16, "INVALID"),)),
    ("less than a chunk behind", UP,
     (("a", TAG_B, one(0) + b"\0\0", "ESTABLISHED"),)),
    ("COOKIE ACK comes first", (INIT, INIT_ACK, ECHO),
     (("b", TAG_A, one(3) + one(11), "INVALID"),
      ("b", TAG_A, one(11) + one(3), "ESTABLISHED"))),
    ("an INIT ACK that nobody has asked for", UP,
     (("b", TAG_A, init(2, 0x44), "INVALID"),
      ("b", TAG_A, init(2, TAG_B), "ESTABLISHED"))),
    ("b answers the second INIT of a", (INIT, ("b", 0, init(1, TAG_B))),
     (("a", 0, init(1, 0x33), "ESTABLISHED"),
      ("b", 0x33, init(2, 0x44), "ESTABLISHED"),
      ("a", 0x44, one(10), "ESTABLISHED"))),
    ("no data with a heartbeat of another tag", UP,
     (("a", TAG_B + 1, one(4) + one(0), "INVALID"),
      ("a", TAG_B, one(4) + one(0), "ESTABLISHED"))),
    ("a heartbeat of the known tag ends the search for another", UP,
     (("a", TAG_B + 1, one(4), "ESTABLISHED"),
      ("a", TAG_B, one(4), "ESTABLISHED"),
      ("b", TAG_A + 1, one(5), "INVALID"))),
    ("all chunks of the first packet must be such as begin a flow", (),
     (("a", TAG_B, one(4) + one(0), "INVALID"),
      ("a", TAG_B, one(4) + one(7), "NEW"))),
    ("INIT with tag 0", (), (("a", 0, init(1, 0), "NEW"),)),
    ("the last chunk is cut off", (),
     (("a", 0, init(1, 5, length=200), "NEW"),)),
    ("nothing known", (),
     tuple(("a", TAG_B, one(typ), "INVALID")
           for typ in (0, 2, 3, 6, 7, 9, 10, 11, 14, 15, 0xc1))),
)

# Of Documentation/differences.rst.
OURS = (
    ("an INIT that nobody answers changes nothing", UP,
     (("a", 0, init(1, 0x33), "ESTABLISHED"),
      ("b", TAG_A, one(0), "ESTABLISHED"), ("b", 0x33, one(0), "INVALID"),
      ("b", 0, init(1, 0x33), "ESTABLISHED"),
      ("a", TAG_B, one(0), "ESTABLISHED"), ("a", 0x33, one(0), "INVALID"))),
    ("each chunk of a packet needs the right tag", UP,
     (("a", TAG_B + 1, one(7) + one(8), "INVALID"),
      ("b", TAG_A + 1, one(0) + one(8), "INVALID"),
      ("b", TAG_A + 1, one(4) + one(7), "INVALID"))),
    ("SHUTDOWN ACK of an association from before our time", (),
     (("a", TAG_B, one(8), "NEW"), ("b", TAG_A, one(14, 1), "INVALID"),
      ("b", TAG_B, one(14, 1), "ESTABLISHED"))),
    ("the tags of a heartbeat and its answer", UP,
     (("a", TAG_B + 1, one(4), "ESTABLISHED"),
      ("b", TAG_A + 1, one(5), "ESTABLISHED"),
      ("a", TAG_B + 1, one(0), "ESTABLISHED"),
      ("b", TAG_A + 1, one(0), "ESTABLISHED"),
      ("a", TAG_B, one(0), "INVALID"))),
)


def make(port, side, vtag, *chunks, **kw):
    """A packet of flow @port."""
    if side == "a":
        return sctp(A4, B4, port, 80, vtag, *chunks, **kw)
    return sctp(B4, A4, 80, port, vtag, *chunks, **kw)


def stories(lab):
    """Packets that pass, and then each with its verdict."""
    lab.sysctl("net.netfilter.nf_conntrack_sctp_timeout_cookie_wait", 100)
    lab.sysctl("net.netfilter.nf_conntrack_sctp_timeout_cookie_echoed", 100)
    for name in ("sent", "recd", "ack_sent"):
        lab.sysctl("net.netfilter.nf_conntrack_sctp_timeout_shutdown_" + name,
                   100)
    ours = OURS if is_ours() else ()
    for name, _, _ in () if ours else OURS:
        skip_one(name, "the stock module differs")
    for port, (name, before, then) in enumerate(STORIES + ours, 1000):
        for side, vtag, body in before:
            lab.send(side, make(port, side, vtag, body))
        for number, (side, vtag, body, verdict) in enumerate(then, 1):
            check(f"{name}: packet {number} is {verdict}",
                  lab.state(side, make(port, side, vtag, body)), verdict)


def invalid(lab):
    """Short, or with a wrong checksum."""
    lab.log_invalid(132)
    check("wrong CRC", lab.state("a", make(1, *INIT, check=1)), "INVALID")
    check("wrong CRC: logged",
          ["bad CRC" in line for line in lab.logged()], [True])
    head = b"\0\1\0\2" + b"\0" * 8
    check("11 bytes", lab.state("a", ip(A4, B4, 132, head[:11])), "INVALID")
    check("11 bytes: logged",
          ["short packet" in line for line in lab.logged()], [True])
    check("header only", lab.state("a", ip(A4, B4, 132, head)), "INVALID")
    check("half a chunk", lab.state("a", ip(A4, B4, 132, head + b"\1\0")),
          "INVALID")
    lab.sysctl("net.netfilter.nf_conntrack_checksum", 0)
    check("wrong CRC, but nobody looks",
          lab.state("a", make(2, *INIT, check=1)), "NEW")


def unchanged(lab):
    """What an INVALID packet begins with has no effect."""
    name = "an INVALID packet changes nothing"
    if not is_ours():
        skip_one(name, "the stock module differs")
        return
    for side, vtag, body in UP:
        lab.send(side, make(900, side, vtag, body))
    check(f"{name}: it is INVALID",
          lab.state("a", make(900, "a", TAG_B, one(7), one(6, 1))), "INVALID")
    check(name, lab.expect("sport=900 ", 200, 210, "ESTABLISHED", "ASSURED"))


main(stories, invalid, unchanged)
