#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
What is outside of the window, broken or impossible is INVALID, is counted and
leaves the connection alone; what is a little old or early is let through. With
window scaling, SACK, keep-alives, window probes, resets (RFC 5961), and
be_liberal and ignore_invalid_rst.
"""
from ctlab import is_ours
from tcp_lib import FLAGS, Flow, Net, OPEN, Tap, step, stories

# Client: sent up to 1301, window 5000. Server: sent up to 701, window 7000.
# Each has acknowledged all but the last segment of the other.
TALK = """c S win=5000
s SA 0 1 win=7000
c A 1 1 win=5000
c A 1 1 data=1000 win=5000
s A 1 1001 win=7000
s A 1 1001 data=500 win=7000
c A 1001 501 win=5000
c A 1001 501 data=300 win=5000
s A 501 1001 data=200 win=7000
"""

# After TALK one segment: verdict and state.
EDGES = """
last of the client's window          | c A 8001 501             | established ESTABLISHED
one window on is far enough          | c A 15001 501            | invalid ESTABLISHED
... where it ends counts             | c A 14901 501 data=101   | invalid ESTABLISHED
... just not that far                | c A 15000 501            | established ESTABLISHED
far                                  | c A 1000000 501          | invalid ESTABLISHED
last of the server's window          | s A 5501 1001            | established ESTABLISHED
one window on, server                | s A 10501 1001           | invalid ESTABLISHED
... just not that far, server        | s A 10500 1001           | established ESTABLISHED
FIN in the window                    | c FA 8001 501            | established FIN_WAIT
FIN beyond the window is not heard   | c FA 9000 501            | established ESTABLISHED
FIN long before is not heard         | c FA -6000 501           | established ESTABLISHED
FIN of old, within a window          | c FA -5600 501           | established FIN_WAIT
old data                             | c A -20000 501 data=100  | established ESTABLISHED
old ACK                              | c A 1301 -70000          | established ESTABLISHED
FIN with an ACK too old is not heard | c FA 1301 -65400         | established ESTABLISHED
FIN with an ACK just not too old     | c FA 1301 -65200         | established FIN_WAIT
ACK of all that was sent             | c A 1301 701             | established ESTABLISHED
ACK of one more                      | c A 1301 702             | invalid ESTABLISHED
ACK of one more, server              | s A 701 1302             | invalid ESTABLISHED
ACK of far more                      | s A 701 1000000          | invalid ESTABLISHED
old data, ACK of more                | c A -20000 702           | invalid ESTABLISHED
a little beyond, ACK of more         | c A 12000 702            | invalid ESTABLISHED
reset at what was acknowledged       | c R 1001                 | established CLOSE
... by the server                    | s R 501                  | established CLOSE
reset before it                      | c R 1000                 | invalid ESTABLISHED
... by the server                    | s R 500                  | invalid ESTABLISHED
reset in the window, inexact         | c R 1002                 | established ESTABLISHED
... by the server                    | s R 3000                 | established ESTABLISHED
reset right behind the last segment  | s R 701                  | established CLOSE
reset out of the window              | c R 15001                | invalid ESTABLISHED
reset that acknowledges              | c RA 1001 501            | established CLOSE
reset that acknowledges too much     | c RA 1001 702            | invalid ESTABLISHED
reset with data                      | c R 1001 data=20         | established CLOSE
"""

LIBERAL = """
far                                  | c A 1000000 501          | established ESTABLISHED
far, server                          | s A 1000000 1001         | established ESTABLISHED
FIN beyond the window                | c FA 100000 501          | established FIN_WAIT
ACK of one more                      | c A 1301 702             | established ESTABLISHED
reset at what was acknowledged       | c R 1001                 | established CLOSE
reset before it                      | c R 1000                 | invalid ESTABLISHED
"""

IGNORE_RST = """
reset before it                      | c R 1000                 | established ESTABLISHED
reset at what was acknowledged       | c R 1001                 | established CLOSE
reset out of the window              | c R 15001                | invalid ESTABLISHED
"""


def edges(tap, net, what, table):
    """One segment after TALK, over IPv4 and IPv6."""
    for line in table.strip().split("\n"):
        name, text, want = (f.strip() for f in line.split("|"))
        for version in (4, 6):
            flow = Flow(net, version=version)
            for said in TALK.strip().split("\n"):
                step(flow, said)
            got, want_now = step(flow, text + " : " + want)
            tap.check("%s: %s, IPv%d" % (what, name, version), got, want_now)


STORIES = """
== scaling, both offer it
c S ws=7 sackok=1 win=1000
s SA 0 1 ws=8 sackok=1 win=1000
c A 1 1 win=10
s PA 1 1 data=1000 win=100     : established ESTABLISHED
s PA 1200 1 data=80            : established ESTABLISHED
s PA 3840 1 data=1             : invalid ESTABLISHED
c PA 25000 1 data=600 win=10   : established ESTABLISHED

== scaling, the server does not
c S ws=7 win=1000
s SA 0 1 win=1000
c A 1 1 win=10
s PA 1 1 data=10 win=100       : established ESTABLISHED
s PA 2100 1 data=10 win=100    : invalid ESTABLISHED

== scaling, only the server does
c S win=1000
s SA 0 1 ws=7 win=1000
c A 1 1 win=10
s A 1 1 win=10                 : established ESTABLISHED
c PA 3000 1 data=10            : invalid ESTABLISHED

== the window of a SYN is not scaled
c S ws=7 win=10
s SA 0 1 ws=7 win=10
c A 1 1 win=1
s PA 1000 1 data=10            : invalid ESTABLISHED

== a scale over 14 is 14
c S ws=15 win=10
s SA 0 1 ws=200 win=10
c A 1 1 win=1
s A 16385 1                    : established ESTABLISHED
s PA 33000 1 data=10           : invalid ESTABLISHED

== an ACK may be as old as the window is large
c S ws=10 win=60000
s SA 0 1 ws=10 win=60000
c A 1 1 win=1000
s A 1 1 win=1000
c PA 190001 1 data=1000 win=1000
s A 1 191001 win=1000          : established ESTABLISHED
s FA 1 1 win=1000              : established FIN_WAIT

== SACK of what was sent
c S sackok=1
s SA 0 1 sackok=1
c A 1 1
c PA 1 1 data=100
c PA 201 1 data=100
s A 1 101 sack=201-301         : established ESTABLISHED
s A 1 101 sack=201-302         : invalid ESTABLISHED
s A 1 101 sack=201-100000      : invalid ESTABLISHED

== SACK with time stamps in front
c S sackok=1 mss=1460
s SA 0 1 sackok=1
c A 1 1
c PA 1 1 data=100
s A 1 101 sack=1-101           : established ESTABLISHED
s A 1 101 sack=1-102           : invalid ESTABLISHED

== keep-alives
c S
s SA 0 1
c A 1 1
c PA 1 1 data=10
s A 1 11                       : established ESTABLISHED 432000
c A 10 1                       : established ESTABLISHED 432000
s A 1 11                       : established ESTABLISHED 432000
c A 10 1 data=1                : established ESTABLISHED 432000
s A 1 11                       : established ESTABLISHED 432000
s A 0 11                       : established ESTABLISHED

== the window is closed, and probed
c S
s SA 0 1
c A 1 1 win=0
s A 1 1 win=0                  : established ESTABLISHED
c PA 8193 1 data=1 win=0       : established ESTABLISHED
s A 1 1 win=0                  : established ESTABLISHED
s A 1 8194 win=100             : established ESTABLISHED

== a segment that is dropped moves nothing
c S
s SA 0 1
c A 1 1
c PA 100000 1 data=10          : invalid ESTABLISHED
s A 1 100010                   : invalid ESTABLISHED
c PA 1 1 data=10               : established ESTABLISHED
s A 1 11                       : established ESTABLISHED 432000

== SYN/ACK of something else
c S
s SA 0 77                      : invalid SYN_SENT unreplied
s SA 9000000 1                 : established SYN_RECV
c A 1 9000001                  : established ESTABLISHED

== reset to a SYN has to acknowledge it
c S
s RA 0 77                      : invalid SYN_SENT unreplied
s RA 0 1                       : established -

== reset by the client of a SYN, elsewhere
c S
c R 10                         : invalid SYN_SENT

== ACK in the handshake of what was not sent
c S
s SA 0 1
c A 1 99                       : invalid SYN_RECV
c A 1 1                        : established ESTABLISHED

== FINs out of the window from both sides: the end is near
c S
s SA 0 1
c A 1 1                        : established ESTABLISHED 432000
c FA 900000 1                  : invalid ESTABLISHED 432000
s FA 900000 1                  : invalid ESTABLISHED 300

== resets out of the window from one side only
c S
s SA 0 1
c A 1 1                        : established ESTABLISHED 432000
c R 900000                     : invalid ESTABLISHED 432000
c R 900000                     : invalid ESTABLISHED 432000
s A 1 1                        : established ESTABLISHED 432000
s R 900000                     : invalid ESTABLISHED 432000

== too short for its header
c S
s SA 0 1
c A 1 1
c A 1 1 doff=4                 : invalid ESTABLISHED
c A 1 1 doff=0                 : invalid ESTABLISHED
c A 1 1 doff=6                 : invalid ESTABLISHED
c A 1 1 doff=15 data=39        : invalid ESTABLISHED
c A 1 1 cut=19                 : invalid ESTABLISHED
c A 1 1 cut=8                  : invalid ESTABLISHED
c A 1 1 cut=0                  : invalid ESTABLISHED
c A 1 1 bad_csum=1             : invalid ESTABLISHED
c A 1 1                        : established ESTABLISHED

== a first packet that is broken
c S doff=4                     : invalid -
c S doff=6                     : invalid -
c S cut=19                     : invalid -
c S bad_csum=1                 : invalid -
c S                            : new SYN_SENT

== checksums need not be looked at
sysctl checksum 0
c S bad_csum=1                 : new SYN_SENT
"""

# Options that make no sense: they are passed over, and nothing past them read.
RUBBISH = [b"\x03\x00\x00\x00", b"\x03\x01\x00\x00", b"\x03\x02\x01\x01",
           b"\x03\x04\x07\x07", b"\x02\x09\x00\x00", b"\x05\x0a\x00\x00",
           b"\x01\x01\x01\x05", b"\x01\x01\x01\x03", b"\xff\xff\xff\xff",
           b"\x05\x01\x05\x02", b"\x04\x03\x00\x00", b"\x00\x03\x03\x07"]


def rubbish(tap, net):
    """Each of RUBBISH on the SYN, on the SYN/ACK and later."""
    for options in RUBBISH:
        flow = Flow(net)
        got = [flow.send("c", "S", options=options),
               flow.send("s", "SA", ack=1, options=options),
               flow.send("c", "A", seq=1, ack=1, options=options), flow.state()]
        tap.check("options " + options.hex(), got,
                  ["new", "established", "established", "ESTABLISHED"])


# Without PSH, which may be on any. What a first packet may have; all.
OPENING = [set("S"), set("SU"), set("A"), set("AU")]
SENSIBLE = OPENING + [set("SA"), set("FA"), set("FAU"), set("R"), set("RA")]


def flags(tap, net):
    """All combinations of flags, to a new connection and to an open one."""
    wrong = []
    for bits in range(64):
        names = "".join(k for k, b in FLAGS.items() if bits & b and b < 64)
        kind = set(names) - {"P"}
        if (Flow(net).send("c", names) == "new") != (kind in OPENING):
            wrong.append("first " + names)
        # The server has no business sending a SYN: invalid, but for its flags.
        flow = Flow(net)
        for line in OPEN.strip().split("\n"):
            step(flow, line)
        good = kind in SENSIBLE and kind not in OPENING[:2]
        verdict = flow.send("s", names, seq=1, ack=1)
        if (verdict == "established") != good:
            wrong.append("later " + names)
        if not good and flow.state() != "ESTABLISHED":
            wrong.append("state " + names)
    tap.check("combinations of flags", wrong, [])


def invalid_count():
    """The column "invalid" of /proc/net/stat/nf_conntrack, all CPUs."""
    with open("/proc/net/stat/nf_conntrack") as f:
        head, *cpus = [line.split() for line in f]
    return sum(int(cpu[head.index("invalid")], 16) for cpu in cpus)


def counted(tap, net):
    """Each invalid packet is counted, by the statistics and by a rule."""
    flow = Flow(net)
    for line in OPEN.strip().split("\n"):
        step(flow, line)
    before = invalid_count()
    bad = ["c A 1000000 1", "c A 1 1000000", "s R -5", "c A 1 1 bad_csum=1",
           "c A 1 1 doff=4", "c SF 1 1", "s S 0"]
    got = [step(flow, line + " : invalid ESTABLISHED")[0] for line in bad]
    tap.check("what is wrong is invalid", got, [["invalid", "ESTABLISHED"]] * len(bad))
    tap.check("... and counted", invalid_count() - before, len(bad))


# Meant to differ from the stock module: Documentation/differences.rst, tcp-reset-outside.
OURS = """
== reset to a SYN, without ACK
c S
s R 123456                     : invalid SYN_SENT unreplied
s SA 0 1                       : established SYN_RECV

== reset that answers an ACK of its own side
c S
s A 777 5000                   : established SYN_SENT
s RA 777 4000                  : invalid SYN_SENT
s SA 0 1                       : established SYN_RECV

== reset behind a SYN of its own side
c S
s SA 0 1
c A 1 1
c S 500000
c R 200                        : established ESTABLISHED
c A 1 1                        : established ESTABLISHED
"""


if __name__ == "__main__":
    T = Tap()
    N = Net()
    edges(T, N, "window", EDGES)
    N.sysctl("tcp_be_liberal", 1)
    edges(T, N, "be_liberal", LIBERAL)
    N.sysctl("tcp_be_liberal", 0)
    N.sysctl("tcp_ignore_invalid_rst", 1)
    edges(T, N, "ignore_invalid_rst", IGNORE_RST)
    N.sysctl("tcp_ignore_invalid_rst", 0)
    stories(T, N, STORIES)
    if is_ours():
        stories(T, N, OURS)
    rubbish(T, N)
    flags(T, N)
    counted(T, N)
    T.exit()
