# SPDX-License-Identifier: GPL-2.0
"""
Differences that are meant. Each has a name, under which
Documentation/differences.rst gives the reason why ours is better, and says of a
packet whether the difference that it shows is this one. What comes behind it in
the same sequence is not compared any more.
"""

import headers as h
from steps import FLAGS

SYN_SENT = 1            # of nf_conntrack_tcp.h
CROSSED = 9             # TCP_CONNTRACK_SYN_SENT2
SYN, RST, ACK = 2, 4, 16


def tcp_flags(step):
    """Those of a packet, 0 if it is too short for them."""
    at = 13 + ((step.data[0] & 15) * 4 if step.ip == 4 else 40)
    return step.data[at] if len(step.data) > at else 0


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


def transport(step):
    """(protocol, source, destination, what follows the IP header) of a packet
    without extension headers."""
    data = step.data
    if step.ip == 4:
        return data[9], data[12:16], data[16:20], data[(data[0] & 15) * 4:]
    return data[6], data[8:24], data[24:40], data[40:]


def udplite_checksum(step, stock, ours, fields):
    """One that is right by RFC 3828, or only with the protocol number of UDP."""
    proto, src, dst, segment = transport(step)
    if proto != h.UDPLITE or not step.flags & FLAGS["checksum"] or len(segment) < 8:
        return False
    cover = int.from_bytes(segment[4:6], "big") or None
    refused = [rec["ctinfo"] == "INVALID" for rec in (stock, ours)]
    return "ctinfo" in fields and refused == [
        h.pseudo_sum(src, dst, number, segment, cover) != 0 for number in (h.UDP, h.UDPLITE)]


def icmp_quote_version(step, stock, ours, _):
    """An error that quotes something of another IP version than its own. NAT
    drops it where it is RELATED."""
    proto, _, _, segment = transport(step)
    return proto == (h.ICMP if step.ip == 4 else h.ICMPV6) and len(segment) > 8 and \
        segment[8] >> 4 != step.ip and ours["ctinfo"] == "INVALID" and \
        ours["counter error"] == 1 and stock["counter error"] == 0 and \
        (str(stock["ctinfo"]).startswith("RELATED") or
         stock["verdict at the first hook"] == "drop")


def icmpv6_redirect_option(step, stock, _, fields):
    """A redirect that has another option before the packet that it quotes."""
    proto, _, _, segment = transport(step)
    return step.ip == 6 and proto == h.ICMPV6 and segment[:2] == b"\x89\0" and \
        len(segment) > 41 and segment[40] != 4 and segment[41] and \
        "counter invalid" in fields and stock["ctinfo"] == "INVALID"


def ipv6_cut_header(step, _, ours, fields):
    """The extension headers go on beyond the end of the packet."""
    if step.ip != 6:
        return False
    kind, at = step.data[6], 40
    while kind in (0, 43, 51, 60) and at + 2 <= len(step.data):
        after, length = step.data[at:at + 2]
        at += (length + 2) * 4 if kind == 51 else (length + 1) * 8
        kind = after
    return at > len(step.data) and ours["ctinfo"] == "INVALID" and "counter invalid" in fields


DIFFERENCES = {
    "tcp-syn-crossing": syn_crossing,
    "tcp-reset-outside": reset_outside,
    "tcp-syn-again": syn_again,
    "udplite-checksum": udplite_checksum,
    "icmp-quote-version": icmp_quote_version,
    "icmpv6-redirect-option": icmpv6_redirect_option,
    "ipv6-cut-header": ipv6_cut_header,
}


def expected(step, stock, ours, fields):
    """The name of the difference that is meant to be seen here, or None.

    @step: the packet; @stock, @ours: decoded records; @fields: that differ."""
    for name, applies in DIFFERENCES.items():
        if applies(step, stock, ours, fields):
            return name
    return None
