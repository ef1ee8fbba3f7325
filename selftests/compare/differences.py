# SPDX-License-Identifier: GPL-2.0
"""
Differences that are meant. Each has a name, under which
Documentation/differences.rst gives the reason why ours is better, and says of a
packet whether the difference that it shows is this one. What comes behind it in
the same sequence is not compared any more.

A difference may lie within the trackers at first, to be seen only later: all
packets up to the one that shows it are asked.
"""
import collections
import os
import struct

import headers as h
import record
from gen_dccp import CLOSE as DCCP_CLOSE, RESPONSE
from gen_sctp import ABORT, COMPLETE, HB, HB_ACK, INIT, SHUTDOWN_ACK
from steps import FLAGS

SYN_SENT, ESTABLISHED, CLOSE, SYN_SENT2 = 1, 3, 8, 9   # of nf_conntrack_tcp.h
FIN, SYN, RST, ACK = 1, 2, 4, 16
RUNNING = (4, 5, 6, 7)          # SCTP_CONNTRACK_ESTABLISHED to _SHUTDOWN_ACK_SENT
RESPOND, CLOSING = 2, 6         # CT_DCCP_*


class Packet:
    """A packet and what both trackers said of it. @fields: those that differ;
    @state: that of the entry before, as ours had it; @again: the ends, as (from, to),
    that have sent a SYN though the flow had an entry."""

    def __init__(self, step, stock, ours):
        self.step, self.raw, self.state, self.again = step, (stock, ours), 0, set()
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
    if flags & (SYN | RST) != RST:
        return False
    own_syn = transport(packet.step)[1:3] in packet.again
    opening = packet.ours["state"] in (SYN_SENT, SYN_SENT2)
    if (own_syn or opening) and only_first_invalid(packet.ours, packet.stock):
        return True
    if packet.stock["state"] != CLOSE:
        return False
    return opening or own_syn and packet.ours["state"] == ESTABLISHED or \
        packet.state == SYN_SENT2 and not flags & ACK and packet.fields == ["protocol info"]


def reset_challenged(packet):
    """A reset that does not close the connection does not shorten its life to that of
    a closed one; stock has that, too, on later kernels."""
    _, flags = packet.tcp()
    return os.uname().release.startswith("6.1.") and packet.fields == ["timeout"] and \
        flags & (SYN | RST) == RST and packet.stock["state"] == ESTABLISHED and \
        packet.stock["timeout"] < packet.ours["timeout"]


def transport(step):
    """(protocol, source, destination, what follows the IP header) of a packet
    without extension headers."""
    data = step.data
    if step.ip == 4:
        return data[9], data[12:16], data[16:20], data[(data[0] & 15) * 4:]
    return data[6], data[8:24], data[24:40], data[40:]


def udplite_checksum(packet):
    """One that is right by RFC 3828, or only with the protocol number of UDP."""
    step, stock, ours, fields = packet.step, packet.stock, packet.ours, packet.fields
    proto, src, dst, segment = transport(step)
    if proto != h.UDPLITE or not step.flags & FLAGS["checksum"] or len(segment) < 8:
        return False
    cover = int.from_bytes(segment[4:6], "big") or None
    refused = [rec["ctinfo"] == "INVALID" for rec in (stock, ours)]
    return "ctinfo" in fields and refused == [
        h.pseudo_sum(src, dst, number, segment, cover) != 0 for number in (h.UDP, h.UDPLITE)]


def icmp_quote_version(packet):
    """An error that quotes something of another IP version than its own. NAT
    drops it where it is RELATED."""
    step, stock, ours = packet.step, packet.stock, packet.ours
    proto, _, _, segment = transport(step)
    return proto == (h.ICMP if step.ip == 4 else h.ICMPV6) and len(segment) > 8 and \
        segment[8] >> 4 != step.ip and ours["ctinfo"] == "INVALID" and \
        ours["counter error"] == 1 and stock["counter error"] == 0 and \
        (str(stock["ctinfo"]).startswith("RELATED") or
         stock["verdict at the first hook"] == "drop")


def icmpv6_redirect_option(packet):
    """A redirect that has another option before the packet that it quotes."""
    step, stock, fields = packet.step, packet.stock, packet.fields
    proto, _, _, segment = transport(step)
    return step.ip == 6 and proto == h.ICMPV6 and segment[:2] == b"\x89\0" and \
        len(segment) > 41 and segment[40] != 4 and segment[41] and \
        "counter invalid" in fields and stock["ctinfo"] == "INVALID"


def icmpv6_router_discovery(packet):
    """Multicast router discovery is not tracked; on 6.1, stock calls it INVALID."""
    kind = segment(packet.step, h.ICMPV6)[:1]
    return os.uname().release.startswith("6.1.") and kind in (b"\x97", b"\x98") and \
        packet.stock["ctinfo"] == "INVALID" and packet.ours["ctinfo"] == "UNTRACKED"


def ipv6_cut_header(packet):
    """The extension headers go on beyond the end of the packet."""
    step, ours, fields = packet.step, packet.ours, packet.fields
    if step.ip != 6:
        return False
    kind, at = step.data[6], 40
    while kind in (0, 43, 51, 60) and at + 2 <= len(step.data):
        after, length = step.data[at:at + 2]
        at += (length + 2) * 4 if kind == 51 else (length + 1) * 8
        kind = after
    return at > len(step.data) and ours["ctinfo"] == "INVALID" and "counter invalid" in fields


def segment(step, proto):
    """What is behind the IP header, nothing if it is not of that protocol."""
    found = transport(step)
    return found[3] if found[0] == proto else b""


def chunks(step):
    """The types of an SCTP packet's chunks."""
    data, found = segment(step, h.SCTP)[12:], []
    while len(data) >= 4:
        kind, _, length = struct.unpack_from("!BBH", data)
        found.append(kind)
        data = data[max(4, length + 3 & ~3):]
    return found


def tags(rec):
    """The verification tags of an SCTP record."""
    return rec["protocol info"].split()[:2]


def only_first_invalid(first, second):
    """One says so, the other does not."""
    return first["ctinfo"] == "INVALID" != second["ctinfo"]


def init_again(packet):
    """An INIT for an association that is up."""
    step, ours, fields = packet.step, packet.ours, packet.fields
    return chunks(step) == [INIT] and ours["state"] in RUNNING and fields == ["protocol info"]


def each_chunk(packet):
    """A chunk that may have no other tag than its direction's, in company of one that
    may."""
    step, stock, ours = packet.step, packet.stock, packet.ours
    kinds = set(chunks(step))
    lax = kinds & {HB, HB_ACK, SHUTDOWN_ACK, ABORT}
    return only_first_invalid(ours, stock) and bool(lax and kinds - lax)


def invalid_changes(packet):
    """The first chunks of an INVALID packet are good, but count for nothing."""
    step, stock, ours, fields = packet.step, packet.stock, packet.ours, packet.fields
    return len(chunks(step)) > 1 and stock["ctinfo"] == ours["ctinfo"] == "INVALID" and \
        set(fields) <= {"state", "protocol info", "status"}


def shutdown_complete(packet):
    """It returns the tag of a SHUTDOWN ACK that was the first packet."""
    step, stock, ours = packet.step, packet.stock, packet.ours
    return chunks(step) == [COMPLETE] and tags(ours)[0] == "0" and \
        only_first_invalid(stock, ours)


def heartbeat_answered(packet):
    """Heartbeat and answer have shown new tags: of one the stock module says 0."""
    step, stock, ours, fields = packet.step, packet.stock, packet.ours, packet.fields
    return HB_ACK in chunks(step) and fields == ["protocol info"] and any(
        tags(stock)[i] == "0" and tags(stock)[1 - i] == tags(ours)[1 - i] for i in (0, 1))


def dccp_type(step):
    """The type of a DCCP packet, None if it has none."""
    byte = segment(step, h.DCCP)[8:9]
    return byte[0] >> 1 & 15 if byte else None


def response_again(packet):
    """The number of the last Response counts."""
    step, ours, fields = packet.step, packet.ours, packet.fields
    return dccp_type(step) == RESPONSE and ours["state"] == RESPOND and \
        fields == ["protocol info"]


def close_again(packet):
    """A client repeats its Close."""
    step, stock, ours = packet.step, packet.stock, packet.ours
    return dccp_type(step) == DCCP_CLOSE and ours["state"] == CLOSING and \
        only_first_invalid(stock, ours)


def coverage(packet):
    """A checksum that does not cover the whole packet: one says it can't be."""
    step, fields = packet.step, packet.fields
    return bool(segment(step, h.DCCP)[5:6].ljust(1, b"\0")[0] & 15) and \
        ("ctinfo" in fields or fields[:1] == ["verdict at the first hook"])


DIFFERENCES = {
    "tcp-syn-again": syn_again,
    "tcp-reset-outside": reset_outside,
    "tcp-reset-challenged": reset_challenged,
    "udplite-checksum": udplite_checksum,
    "icmp-quote-version": icmp_quote_version,
    "icmpv6-redirect-option": icmpv6_redirect_option,
    "icmpv6-router-discovery": icmpv6_router_discovery,
    "ipv6-cut-header": ipv6_cut_header,
    "sctp-init-again": init_again,
    "sctp-tag-of-each-chunk": each_chunk,
    "sctp-invalid": invalid_changes,
    "sctp-shutdown-complete": shutdown_complete,
    "sctp-heartbeat-answered": heartbeat_answered,
    "dccp-response-again": response_again,
    "dccp-close-again": close_again,
    "dccp-checksum-coverage": coverage,
}


def expected(packets):
    """The name of the difference that is meant to be seen, or None.

    @packets: Packet up to the one that shows it."""
    states, again = {}, collections.defaultdict(set)
    for packet in packets:
        flow = packet.ours["original tuple"]
        packet.state, packet.again = states.get(flow, 0), again[flow]
        states[flow] = packet.ours["state"]
        if packet.state and packet.tcp()[1] & (SYN | RST | FIN | ACK) == SYN:
            again[flow].add(transport(packet.step)[1:3])
        for name, applies in DIFFERENCES.items():
            if applies(packet):
                return name
    return None
