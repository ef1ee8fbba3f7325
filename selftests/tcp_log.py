# SPDX-License-Identifier: GPL-2.0
"""What the log says of TCP segments, with nf_conntrack_log_invalid: the reason
and the packet, for what is invalid and for what is passed but not heeded.
"""

import struct

from ctlab import *

C, S = 1000000, 5000000     # the initial sequence numbers
WIN = 65535


def raw(header, data=b""):
    """A segment as it is, with a right checksum."""
    seg = header + data
    if len(seg) >= 18:
        check = csum(pseudo(A4, B4, 6, len(seg)) + seg)
        seg = seg[:16] + struct.pack("!H", check) + seg[18:]
    return ip(A4, B4, 6, seg)


def head(doff=5, check=0):
    """A header of a SYN."""
    return struct.pack("!HHIIBBHHH", 9, 80, C, 0, doff << 4, 2, WIN, check, 0)


# Before there is a connection: name, packet, state, reason.
FIRST = (
    ("19 bytes", raw(head()[:19]), "INVALID", "short packet"),
    ("a header of 4 words", raw(head(doff=4)), "INVALID", "truncated packet"),
    ("a header longer than the packet", raw(head(doff=6)), "INVALID",
     "truncated packet"),
    ("a wrong checksum", ip(A4, B4, 6, head(check=0x1234)), "INVALID",
     "bad checksum"),
    ("SYN and FIN", tcp(A4, B4, 9, 80, "SF", C), "INVALID",
     "invalid tcp flag combination"),
    ("FIN", tcp(A4, B4, 9, 80, "FA", C, S), "INVALID", "invalid new"),
    ("reset", tcp(A4, B4, 9, 80, "R", C), "INVALID", "invalid new"),
    ("SYN/ACK", tcp(A4, B4, 9, 80, "SA", C, S), "INVALID", "invalid new"),
)

# In an open connection: name, side, flags, seq, ack, state, reason.
LATER = (
    ("what is right", "a", "A", C + 1, S + 1, "ESTABLISHED", None),
    ("a little beyond the window", "a", "A", C + WIN + 101, S + 1, "ESTABLISHED",
     "101 bytes more than expected"),
    ("far beyond the window", "a", "A", C + 1 + 3 * WIN, S + 1, "INVALID",
     f"SEQ is over upper bound {C + WIN + 2} (over the window of the receiver)"),
    ("far beyond the window, from the server", "b", "A", S + 1 + 3 * WIN, C + 1, "INVALID",
     f"SEQ is over upper bound {S + WIN + 2} (over the window of the receiver)"),
    ("old data", "a", "A", C + 1 - 2 * WIN, S + 1, "ESTABLISHED",
     f"SEQ is under lower bound {C - WIN} (already ACKed data retransmitted)"),
    ("an old ACK", "a", "A", C + 1, S + 1 - 2 * WIN, "ESTABLISHED",
     f"ignored ACK under lower bound {S - 66000} (possible overly delayed)"),
    ("an ACK of what was not sent", "a", "A", C + 1, S + 2, "INVALID",
     f"ACK is over upper bound {S + 2} (ACKed data not seen yet)"),
    ("a stale reset", "a", "R", C - 5, 0, "INVALID", "invalid rst"),
    ("SYN", "a", "S", C + 9999, 0, "ESTABLISHED",
     "packet (index 0) in dir 0 ignored, state ESTABLISHED"),
    ("SYN of the server", "b", "S", S + 9999, 0, "INVALID",
     "packet (index 0) in dir 1 invalid, state ESTABLISHED"),
)


def segment(side, flags, seq, ack, port):
    """A segment of the connection from either end."""
    if side == "a":
        return tcp(A4, B4, port, 80, flags, seq, ack)
    return tcp(B4, A4, 80, port, flags, seq, ack)


def reasons(lines):
    """What stands in front of the packet."""
    return [line.split(" IN=")[0].rstrip() for line in lines]


def first(lab):
    """No connection yet."""
    lab.log_invalid(6)
    for name, packet, state, reason in FIRST:
        check(f"first, {name}: {state}", lab.state("a", packet), state)
        lines = reasons(lab.logged())
        if reason == "short packet" and not is_ours():
            skip_one(f"first, {name}: logged", "stock says nothing of it")
        else:
            check(f"first, {name}: logged", lines, [f"nf_ct_proto_6: {reason}"])


def later(lab):
    """In a connection."""
    lab.log_invalid(6)
    for port, (name, side, flags, seq, ack, state, reason) in enumerate(LATER, 4000):
        for args in (("a", "S", C, 0), ("b", "SA", S, C + 1), ("a", "A", C + 1, S + 1)):
            lab.state(args[0], segment(*args, port))
        lab.logged()
        check(f"later, {name}: {state}",
              lab.state(side, segment(side, flags, seq, ack, port)), state)
        check(f"later, {name}: logged", reasons(lab.logged()),
              [f"nf_ct_proto_6: {reason}"] if reason else [])


def packet_in_the_log(lab):
    """The packet stands behind the reason."""
    lab.log_invalid(6)
    lab.state("a", tcp(A4, B4, 9, 80, "FA", C, S))
    line = " ".join(lab.logged())
    for word in ("IN=a ", "OUT= ", f"SRC={A4} ", f"DST={B4} ", "PROTO=TCP ", "SPT=9 ",
                 "DPT=80 ", "WINDOW=65535 ", " ACK ", " FIN "):
        check(f"the line has {word.strip()}", word in line + " ", True)
    lab.state("a", tcp(A6, B6, 9, 80, "FA", C, S))
    line = " ".join(lab.logged())
    check("IPv6: logged, too", "nf_ct_proto_6: invalid new" in line and "HOPLIMIT=" in line)


def only_if_asked(lab):
    """nf_conntrack_log_invalid says of which protocol."""
    for value, count in ((17, 0), (6, 1), (255, 1), (0, 0)):
        lab.log_invalid(value)
        lab.state("a", tcp(A4, B4, 9, 80, "FA", C, S))
        check(f"log_invalid {value}: {count} lines", len(lab.logged()), count)


main(first, later, packet_in_the_log, only_if_asked)
