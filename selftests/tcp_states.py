#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
Each state of a TCP connection, each kind of segment from each side: the verdict
and the next state. Then whole connections: how they open, close, are refused,
begin anew on old ports, and how the tracker finds back when the ends know
better. Sequence numbers are in the window here; tcp_window.py has the others.
"""
from tcp_lib import Flow, Net, OPEN, Tap, step, stories

FIN_C = OPEN + "c FA 1 1\n"
FIN_S = OPEN + "s FA 1 1\n"

# Name: how to get there; then the next seq of client and server.
REACH = {
    "NONE": ("", 0, 0),
    "SYN_SENT": ("c S", 1, 0),
    "SYN_SENT2": ("c S\ns S", 1, 1),
    "SYN_RECV": ("c S\ns SA 0 1", 1, 1),
    "ESTABLISHED": (OPEN, 1, 1),
    "FIN_WAIT": (FIN_C, 2, 1),
    "FIN_WAIT by server": (FIN_S, 1, 2),
    "CLOSE_WAIT": (FIN_C + "s A 1 2", 2, 1),
    "CLOSE_WAIT by server": (FIN_S + "c A 1 2", 1, 2),
    "LAST_ACK": (FIN_C + "s FA 1 2", 2, 2),
    "LAST_ACK by server": (FIN_S + "c FA 1 2", 2, 2),
    "TIME_WAIT": (FIN_C + "s FA 1 2\nc A 2 2", 2, 2),
    "TIME_WAIT by server": (FIN_S + "c FA 1 2\ns A 2 2", 2, 2),
    "CLOSE": (OPEN + "c R 1", 1, 1),
    "CLOSE by server": (OPEN + "s R 1", 1, 1),
}

# n new, e established, i invalid; = the state stays, - no entry is left.
MATRIX = """
                          S              SA         A              FA          R
NONE                 c  n:SYN_SENT     i:-        n:ESTABLISHED  i:-         i:-
SYN_SENT             c  n:=            i:=        i:=            i:=         n:-
SYN_SENT             s  e:SYN_SENT2    e:SYN_RECV e:=            i:=         e:-
SYN_SENT2            c  e:=            e:SYN_RECV i:=            i:=         e:CLOSE
SYN_SENT2            s  e:=            e:SYN_RECV e:=            i:=         e:CLOSE
SYN_RECV             c  e:=            e:=        e:ESTABLISHED  e:FIN_WAIT  e:CLOSE
SYN_RECV             s  i:=            e:=        e:=            e:FIN_WAIT  e:CLOSE
ESTABLISHED          c  e:=            i:=        e:=            e:FIN_WAIT  e:CLOSE
ESTABLISHED          s  i:=            e:=        e:=            e:FIN_WAIT  e:CLOSE
FIN_WAIT             c  e:=            i:=        e:CLOSE_WAIT   e:LAST_ACK  e:CLOSE
FIN_WAIT             s  i:=            e:=        e:CLOSE_WAIT   e:LAST_ACK  e:CLOSE
FIN_WAIT by server   c  e:=            i:=        e:CLOSE_WAIT   e:LAST_ACK  e:CLOSE
FIN_WAIT by server   s  i:=            e:=        e:CLOSE_WAIT   e:LAST_ACK  e:CLOSE
CLOSE_WAIT           c  e:=            i:=        e:=            e:LAST_ACK  e:CLOSE
CLOSE_WAIT           s  i:=            e:=        e:=            e:LAST_ACK  e:CLOSE
CLOSE_WAIT by server c  e:=            i:=        e:=            e:LAST_ACK  e:CLOSE
CLOSE_WAIT by server s  i:=            e:=        e:=            e:LAST_ACK  e:CLOSE
LAST_ACK             c  e:=            i:=        e:TIME_WAIT    e:=         e:CLOSE
LAST_ACK             s  i:=            e:=        e:TIME_WAIT    e:=         e:CLOSE
LAST_ACK by server   c  e:=            i:=        e:TIME_WAIT    e:=         e:CLOSE
LAST_ACK by server   s  i:=            e:=        e:TIME_WAIT    e:=         e:CLOSE
TIME_WAIT            c  n:SYN_SENT     i:=        e:=            e:=         e:CLOSE
TIME_WAIT            s  n:SYN_SENT     e:=        e:=            e:=         e:CLOSE
TIME_WAIT by server  c  n:SYN_SENT     i:=        e:=            e:=         e:CLOSE
TIME_WAIT by server  s  n:SYN_SENT     e:=        e:=            e:=         e:CLOSE
CLOSE                c  n:SYN_SENT     i:=        e:=            e:=         e:=
CLOSE                s  i:=            e:=        e:=            e:=         e:=
CLOSE by server      c  e:=            i:=        e:=            e:=         e:=
CLOSE by server      s  i:=            e:=        e:=            e:=         e:=
"""

VERDICTS = {"n": "new", "e": "established", "i": "invalid"}


def cell(tap, net, version, where, side, flags, want):
    """One field of the matrix."""
    path, client, server = REACH[where]
    state = where.split()[0] if path else "-"
    verdict, after = want.split(":")
    flow = Flow(net, version=version)
    for line in path.split("\n"):
        if line:
            step(flow, line)
    reached = flow.state()
    seq, ack = (client, server) if side == "c" else (server, client)
    # RFC 9293 3.10.7.3: what resets a SYN acknowledges it.
    if (where, side, flags) == ("SYN_SENT", "s", "R"):
        flags = "RA"
    if "S" in flags:
        seq = 0
    got = flow.send(side, flags, seq=seq, ack=ack if "A" in flags else 0)
    tap.check("%s: %s from %s, IPv%d" % (where, flags, "client" if side == "c" else "server",
                                         version),
              (reached, got, flow.state()),
              (state, VERDICTS[verdict], state if after == "=" else after))


def matrix(tap, net):
    """All of it, over IPv4 and IPv6."""
    lines = MATRIX.strip("\n").split("\n")
    kinds = lines[0].split()
    for line in lines[1:]:
        where, side, fields = line[:21].strip(), line[21], line[22:].split()
        for version in (4, 6):
            for flags, want in zip(kinds, fields):
                cell(tap, net, version, where, side, flags, want)


STORIES = """
== handshake, data, close by the client
c S                   : new SYN_SENT unreplied !assured
s SA 0 1              : established SYN_RECV !unreplied !assured
c A 1 1               : established ESTABLISHED assured
c PA 1 1 data=100     : established ESTABLISHED
s A 1 101             : established ESTABLISHED
s PA 1 101 data=1000  : established ESTABLISHED
c FPA 101 1001 data=5 : established FIN_WAIT
s A 1001 107          : established CLOSE_WAIT
s PA 1001 107 data=50 : established CLOSE_WAIT
c A 107 1051          : established CLOSE_WAIT
s FA 1051 107         : established LAST_ACK
c A 107 1052          : established TIME_WAIT
s FA 1051 107         : established TIME_WAIT
c A 107 1052          : established TIME_WAIT assured

== both close at once
c S
s SA 0 1
c A 1 1
c FA 1 1              : established FIN_WAIT
s FA 1 1              : established LAST_ACK
c A 2 2               : established TIME_WAIT
s A 2 2               : established TIME_WAIT

== closed before it was used
c S
s SA 0 1
c FA 1 1              : established FIN_WAIT !assured
s A 1 2               : established CLOSE_WAIT
s FA 1 2              : established LAST_ACK
c A 2 2               : established TIME_WAIT !assured

== ECN is asked for
c SEC                 : new SYN_SENT
s SAE 0 1             : established SYN_RECV
c A 1 1               : established ESTABLISHED
c AC 1 1              : established ESTABLISHED

== data in the SYN, acknowledged (RFC 7413)
c S data=100          : new SYN_SENT
s SA 0 101            : established SYN_RECV
c A 101 1             : established ESTABLISHED assured

== data in the SYN, not taken
c S data=100
s SA 0 1              : established SYN_RECV
c PA 1 1 data=100     : established ESTABLISHED

== the numbers wrap
c S 2130706430
s SA 2130706431 2130706431
c PA 2130706431 2130706432 data=1000
s A 2130706432 2130707431    : established ESTABLISHED
s PA 2130706432 2130707431 data=1000
c A 2130707431 2130707432    : established ESTABLISHED assured

== refused
c S
s RA 0 1              : established -
c S                   : new SYN_SENT unreplied

== the client gives up
c S
c R 1                 : new -

== the SYN is tried again from another number
c S
c S 1000000           : new SYN_SENT unreplied
s SA 0 1000001        : established SYN_RECV
c A 1000001 1         : established ESTABLISHED assured

== simultaneous open, both SYN/ACKs
c S                   : new SYN_SENT
s S                   : established SYN_SENT2
c SA 0 1              : established SYN_RECV
s SA 0 1              : established SYN_RECV
c A 1 1               : established ESTABLISHED
s A 1 1               : established ESTABLISHED assured

== simultaneous open, ended by an ACK of the server
c S
s S
c SA 0 1              : established SYN_RECV
s A 1 1               : established ESTABLISHED assured
c PA 1 1 data=5       : established ESTABLISHED

== the server has an old connection: challenge ACK, reset, SYN
c S
s A 5000 77           : established SYN_SENT
c R 77                : established CLOSE
c S                   : new SYN_SENT unreplied
s SA 0 1              : established SYN_RECV

== SYN in a connection is answered by a challenge ACK, then reset
c S
s SA 0 1
c A 1 1
c S 900000            : established ESTABLISHED
s A 1 1               : established ESTABLISHED
c R 1                 : established CLOSE
c S 900000            : new SYN_SENT unreplied
s SA 5 900001         : established SYN_RECV

== SYN in a connection is answered by SYN/ACK: start over
c S
s SA 0 1
c A 1 1
c S 900000            : established ESTABLISHED
s SA 600000 900001    : established SYN_RECV assured
c A 900001 600001     : established ESTABLISHED assured
s PA 600001 900001 data=10 : established ESTABLISHED
c A 900001 600011     : established ESTABLISHED

== SYN in a connection is answered by a reset
c S
s SA 0 1
c A 1 1
c S 900000            : established ESTABLISHED
s RA 0 900001         : established CLOSE

== SYN/ACK that answers nothing
c S
s SA 0 1
c A 1 1
c S 900000            : established ESTABLISHED
c PA 1 1 data=10      : established ESTABLISHED
s SA 600000 900001    : established ESTABLISHED
s A 1 11              : established ESTABLISHED

== SYN and SYN/ACK are sent again
c S
s SA 0 1
c S                   : established SYN_RECV
s SA 0 1              : established SYN_RECV
s SA 0 1              : established SYN_RECV
c A 1 1               : established ESTABLISHED assured

== after a reset its sender may begin anew, not the other side
c S
s SA 0 1
c A 1 1
s R 1                 : established CLOSE
c S 50000             : established CLOSE
s SA 70000 50001      : established SYN_RECV
c A 50001 70001       : established ESTABLISHED

== after both resets
c S
s SA 0 1
c A 1 1
s R 1                 : established CLOSE
c R 1                 : established CLOSE
c S 50000             : new SYN_SENT unreplied

== after a FIN and a reset
c S
s SA 0 1
c A 1 1
s FA 1 1              : established FIN_WAIT
s R 2                 : established CLOSE
c S 50000             : new SYN_SENT unreplied

== ports of TIME_WAIT, from the other side, from a lower number
c S
s SA 0 1
c A 1 1
c FA 1 1
s FA 1 2
c A 2 2               : established TIME_WAIT
s S -5                : new SYN_SENT unreplied !assured
c SA 8 -4             : established SYN_RECV
s A -4 9              : established ESTABLISHED assured

== picked up in the middle
c PA 0 0 data=100     : new ESTABLISHED unreplied 300
s A 0 100             : established ESTABLISHED !assured 300
c PA 100 0 data=10    : established ESTABLISHED assured
s A 0 110             : established ESTABLISHED assured 432000

== picked up, nobody answers but a reset
c PA 0 0 data=100     : new ESTABLISHED unreplied
s R 0                 : established -

== picked up, the windows are scaled by who knows what
c A 100 100           : new ESTABLISHED
s A 100 100           : established ESTABLISHED
c PA 500000 100 data=10 : established ESTABLISHED assured
s PA 900000 500010 data=10 : established ESTABLISHED

== no pick-up by FIN
c FA 100 100          : invalid -

== no pick-up by reset
c R 100               : invalid -

== no pick-up by SYN/ACK
c SA 100 100          : invalid -
c S                   : new SYN_SENT

== no pick-up if it is not wanted
sysctl tcp_loose 0
c A 100 100           : invalid -
c S                   : new SYN_SENT
"""

if __name__ == "__main__":
    T = Tap()
    N = Net()
    matrix(T, N)
    stories(T, N, STORIES)
    T.exit()
