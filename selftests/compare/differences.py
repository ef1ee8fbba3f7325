# SPDX-License-Identifier: GPL-2.0
"""
Differences that are meant. Each has a name, under which
Documentation/differences.rst gives the reason why ours is better, and says of a
packet whether the difference that it shows is this one. What comes behind it in
the same sequence is not compared any more.
"""
import struct

import headers as h
from gen_dccp import CLOSE, RESPONSE
from gen_sctp import ABORT, COMPLETE, HB, HB_ACK, INIT, SHUTDOWN_ACK

SYN_SENT = 1            # of nf_conntrack_tcp.h
CROSSED = 9             # TCP_CONNTRACK_SYN_SENT2
SYN, RST, ACK = 2, 4, 16
RUNNING = (4, 5, 6, 7)  # SCTP_CONNTRACK_ESTABLISHED to _SHUTDOWN_ACK_SENT
RESPOND, CLOSING = 2, 6 # CT_DCCP_*


def segment(step, proto):
    """What is behind the IP header, nothing if it is not of that protocol."""
    if step.ip == 4:
        return step.data[(step.data[0] & 15) * 4:] if step.data[9] == proto else b""
    return step.data[40:] if step.data[6] == proto else b""


def tcp_flags(step):
    """Those of a packet, 0 if it is too short for them."""
    return segment(step, h.TCP)[13:14].ljust(1, b"\0")[0]


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


def only_first_invalid(first, second):
    """One says so, the other does not."""
    return first["ctinfo"] == "INVALID" != second["ctinfo"]


def init_again(step, _, ours, fields):
    """An INIT for an association that is up."""
    return chunks(step) == [INIT] and ours["state"] in RUNNING and fields == ["protocol info"]


def each_chunk(step, stock, ours, _):
    """A chunk that may have no other tag than its direction's, in company of one that
    may."""
    kinds = set(chunks(step))
    lax = kinds & {HB, HB_ACK, SHUTDOWN_ACK, ABORT}
    return only_first_invalid(ours, stock) and bool(lax and kinds - lax)


def invalid_changes(step, stock, ours, fields):
    """The first chunks of an INVALID packet are good, but count for nothing."""
    return len(chunks(step)) > 1 and stock["ctinfo"] == ours["ctinfo"] == "INVALID" and \
        set(fields) <= {"state", "protocol info", "status"}


def shutdown_complete(step, stock, ours, _):
    """It returns the tag of a SHUTDOWN ACK that was the first packet."""
    return chunks(step) == [COMPLETE] and tags(ours)[0] == "0" and \
        only_first_invalid(stock, ours)


def heartbeat_answered(step, stock, ours, fields):
    """Heartbeat and answer have shown new tags: of one the stock module says 0."""
    return HB_ACK in chunks(step) and fields == ["protocol info"] and any(
        tags(stock)[i] == "0" and tags(stock)[1 - i] == tags(ours)[1 - i] for i in (0, 1))


def dccp_type(step):
    """The type of a DCCP packet, None if it has none."""
    byte = segment(step, h.DCCP)[8:9]
    return byte[0] >> 1 & 15 if byte else None


def response_again(step, _, ours, fields):
    """The number of the last Response counts."""
    return dccp_type(step) == RESPONSE and ours["state"] == RESPOND and \
        fields == ["protocol info"]


def close_again(step, stock, ours, _):
    """A client repeats its Close."""
    return dccp_type(step) == CLOSE and ours["state"] == CLOSING and \
        only_first_invalid(stock, ours)


def coverage(step, _, __, fields):
    """A checksum that does not cover the whole packet: one says it can't be."""
    return bool(segment(step, h.DCCP)[5:6].ljust(1, b"\0")[0] & 15) and \
        ("ctinfo" in fields or fields[0] == "verdict at the first hook")


DIFFERENCES = {
    "tcp-syn-crossing": syn_crossing,
    "tcp-reset-outside": reset_outside,
    "tcp-syn-again": syn_again,
    "sctp-init-again": init_again,
    "sctp-tag-of-each-chunk": each_chunk,
    "sctp-invalid": invalid_changes,
    "sctp-shutdown-complete": shutdown_complete,
    "sctp-heartbeat-answered": heartbeat_answered,
    "dccp-response-again": response_again,
    "dccp-close-again": close_again,
    "dccp-checksum-coverage": coverage,
}


def expected(step, stock, ours, fields):
    """The name of the difference that is meant to be seen here, or None.

    @step: the packet; @stock, @ours: decoded records; @fields: that differ."""
    for name, applies in DIFFERENCES.items():
        if applies(step, stock, ours, fields):
            return name
    return None
