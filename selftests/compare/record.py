# SPDX-License-Identifier: GPL-2.0
"""
What the player says of each packet (struct play_record in
selftests/modules/ct_play.c), and how two of them differ.
"""
import array
import socket
import struct

VERDICT = ("drop", "accept", "stolen", "-")
CTINFO = {0: "ESTABLISHED", 1: "RELATED", 2: "NEW", 3: "ESTABLISHED REPLY",
          4: "RELATED REPLY", 7: "UNTRACKED", 255: "INVALID"}
STATUS = ("EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED", "SRC_NAT", "DST_NAT",
          "SEQ_ADJUST", "SRC_NAT_DONE", "DST_NAT_DONE", "DYING", "FIXED_TIMEOUT",
          "TEMPLATE", "NAT_CLASH", "HELPER", "OFFLOAD", "HW_OFFLOAD")
EVENT = ("NEW", "RELATED", "DESTROY", "REPLY", "ASSURED", "PROTOINFO", "HELPER", "MARK",
         "SEQADJ", "SECMARK", "LABEL", "SYNPROXY")
TUPLE = "16s16s2s2sHBB"
FORMAT = "=I4B" + "4I4I" + TUPLE * 2 + "4I" + "I6I" + "I" + "I12I" + "12I"
SIZE = struct.calcsize(FORMAT)
WORDS = SIZE // 4
INSIDE = 12             # words at the end that are not compared
EXPIRES = 2             # its word in the record
TOLERANCE = 1000        # ms


def address(raw, family):
    """For a person."""
    return socket.inet_ntop(socket.AF_INET6, raw) if family == 10 else socket.inet_ntop(
        socket.AF_INET, raw[:4])


def bits(value, names):
    """The names of the bits that are set."""
    return "|".join(name for i, name in enumerate(names) if value >> i & 1) or "0"


def decode(raw):
    """The fields by name, as a person reads them."""
    f = struct.unpack(FORMAT, raw)
    rec = {"verdict at the first hook": VERDICT[f[1]],
           "verdict at the last hook": VERDICT[f[2]],
           "ctinfo": CTINFO.get(f[3], f[3]),
           "entry": ("none", "of the packet", "of its flow")[f[4]],
           "timeout": f[5] / 1000, "status": bits(f[6], STATUS), "mark": f[7],
           "state": f[8], "protocol info": "%x %x %x %x" % f[9:13]}
    for name, at in (("original tuple", 13), ("reply tuple", 20)):
        src, dst, sport, dport, family, proto, direction = f[at:at + 7]
        rec[name] = "%s:%d > %s:%d proto %d dir %d" % (
            address(src, family), int.from_bytes(sport, "big"), address(dst, family),
            int.from_bytes(dport, "big"), proto, direction) if family else "none"
    rec["packets"], rec["bytes"] = f[27:29], f[29:31]
    rec["number of entries"] = f[31]
    for i, name in enumerate(("invalid", "insert_failed", "clash_resolve", "drop",
                              "early_drop", "error")):
        rec["counter " + name] = f[32 + i]
    rec["packet"] = "CRC %08x" % f[38]
    rec["events"] = ", ".join("%s of %08x" % (bits(f[40 + 2 * i], EVENT), f[41 + 2 * i])
                              for i in range(min(f[39], 6))) or "none"
    return rec


def ends(raw):
    """How far the two sides of a TCP connection have sent, as the tracker has it."""
    f = struct.unpack(FORMAT, raw)[-INSIDE:]
    return f[0], f[4]


def inside(raw):
    """What the tracker keeps for itself of a TCP connection."""
    f = struct.unpack(FORMAT, raw)[-INSIDE:]
    return "end %u maxend %u maxwin %u maxack %u | end %u maxend %u maxwin %u maxack %u" \
        " | last %08x end %u ack %u win %u" % f


def differ(stock, ours):
    """Names of the fields that differ between two records."""
    a, b = decode(stock), decode(ours)
    return [name for name in a if a[name] != b[name] and not (
        name == "timeout" and abs(a[name] - b[name]) * 1000 <= TOLERANCE)]


def first_difference(stock, ours):
    """Number of the first record that differs, None if there is none."""
    if stock == ours:
        return None
    a, b = array.array("I", stock), array.array("I", ours)
    when_a, when_b = a[EXPIRES::WORDS], b[EXPIRES::WORDS]
    a[EXPIRES::WORDS] = when_b
    for word in range(WORDS - INSIDE, WORDS):
        a[word::WORDS] = b[word::WORDS]
    if a == b and max(abs(x - y) for x, y in zip(when_a, when_b)) <= TOLERANCE:
        return None
    for i in range(0, min(len(stock), len(ours)), SIZE):
        if stock[i:i + SIZE] != ours[i:i + SIZE] and differ(stock[i:i + SIZE],
                                                            ours[i:i + SIZE]):
            return i // SIZE
    return None
