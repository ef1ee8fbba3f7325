# SPDX-License-Identifier: GPL-2.0
"""
Differences that are meant. Each has a name, under which
Documentation/differences.rst gives the reason why ours is better, and says of a
packet whether the difference that it shows is this one. What comes behind it in
the same sequence is not compared any more.

A difference may lie within the trackers at first, to be seen only later: all
packets up to the one that shows it are asked.
"""
import os
import struct

import record

SYN_SENT, ESTABLISHED, CLOSE, SYN_SENT2 = 1, 3, 8, 9   # of nf_conntrack_tcp.h
FIN, SYN, RST, ACK = 1, 2, 4, 16


class Packet:
    """A packet and what both trackers said of it. @fields: those that differ;
    @state: that of the entry before, as ours had it."""

    def __init__(self, step, stock, ours):
        self.step, self.raw, self.state = step, (stock, ours), 0
        self.stock, self.ours = record.decode(stock), record.decode(ours)
        self.fields = record.differ(stock, ours)

    def tcp(self):
        """The number and the flags of its segment, zeroes if it is too short."""
        at = (self.step.data[0] & 15) * 4 if self.step.ip == 4 else 40
        if len(self.step.data) < at + 14:
            return 0, 0
        return struct.unpack_from("!I5xB", self.step.data, at + 4)


def syn_again(packet):
    """A SYN or SYN/ACK that takes the place of another, though its number is lower."""
    number, flags = packet.tcp()
    stock, ours = (record.ends(raw) for raw in packet.raw)
    return flags & (SYN | RST | FIN) == SYN and any(
        0 < end - number & 0xffffffff <= len(packet.step.data) and end != other
        for end, other in zip(ours, stock))


def reset_outside(packet):
    """A reset behind a SYN that does not go with it, but stock takes it; or that it
    takes without asking the windows."""
    _, flags = packet.tcp()
    if flags & (SYN | RST) != RST or packet.stock["state"] != CLOSE:
        return False
    return packet.state in (SYN_SENT, SYN_SENT2) and packet.ours["state"] != CLOSE or \
        packet.state == SYN_SENT2 and not flags & ACK and packet.fields == ["protocol info"]


def reset_challenged(packet):
    """A reset that does not close the connection does not shorten its life to that of
    a closed one; stock has that, too, on later kernels."""
    _, flags = packet.tcp()
    return os.uname().release.startswith("6.1.") and packet.fields == ["timeout"] and \
        flags & (SYN | RST) == RST and packet.stock["state"] == ESTABLISHED and \
        packet.stock["timeout"] < packet.ours["timeout"]


DIFFERENCES = {
    "tcp-syn-again": syn_again,
    "tcp-reset-outside": reset_outside,
    "tcp-reset-challenged": reset_challenged,
}


def expected(packets):
    """The name of the difference that is meant to be seen, or None.

    @packets: Packet up to the one that shows it."""
    states = {}
    for packet in packets:
        flow = packet.ours["original tuple"]
        packet.state = states.get(flow, 0)
        states[flow] = packet.ours["state"]
        for name, applies in DIFFERENCES.items():
            if applies(packet):
                return name
    return None
