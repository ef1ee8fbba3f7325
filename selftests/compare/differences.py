# SPDX-License-Identifier: GPL-2.0
"""
Differences that are meant. Each has a name, under which
Documentation/differences.rst gives the reason why ours is better, and says of a
packet whether the difference that it shows is this one. What comes behind it in
the same sequence is not compared any more.
"""
import headers as h

SYN_SENT = 1            # of nf_conntrack_tcp.h
CROSSED = 9             # TCP_CONNTRACK_SYN_SENT2
SYN, RST, ACK = 2, 4, 16


def segment(step, proto):
    """What is behind the IP header, nothing if it is not of that protocol."""
    if step.ip == 4:
        return step.data[(step.data[0] & 15) * 4:] if step.data[9] == proto else b""
    return step.data[40:] if step.data[6] == proto else b""


def tcp_flags(step):
    """Those of a packet, 0 if it is too short for them."""
    return segment(step, h.TCP)[13:14].ljust(1, b"\0")[0]


def syn_crossing(_, stock, ours, fields):
    """The second SYN is counted as a packet of the reply."""
    return fields == ["packets", "bytes"] and ours["state"] == CROSSED and \
        stock["packets"][1] == 0 and ours["packets"][1] == 1


def reset_outside(step, _, ours, fields):
    """A reset from who has sent the SYN, that does not go with it."""
    return bool(tcp_flags(step) & RST) and ours["state"] == SYN_SENT and \
        ("ctinfo" in fields or "state" in fields)


def syn_again(step, _, ours, fields):
    """A SYN that takes the place of another, wherever its number lies."""
    return tcp_flags(step) & (SYN | ACK) == SYN and ours["state"] == SYN_SENT and \
        ours["ctinfo"] == "NEW" and "protocol info" in fields


DIFFERENCES = {
    "tcp-syn-crossing": syn_crossing,
    "tcp-reset-outside": reset_outside,
    "tcp-syn-again": syn_again,
}


def expected(step, stock, ours, fields):
    """The name of the difference that is meant to be seen here, or None.

    @step: the packet; @stock, @ours: decoded records; @fields: that differ."""
    for name, applies in DIFFERENCES.items():
        if applies(step, stock, ours, fields):
            return name
    return None
