# SPDX-License-Identifier: GPL-2.0
"""
Packets from their fields: IP (RFC 791, 8200), TCP (9293), UDP (768), UDP-Lite
(3828), ICMP (792, 4443), SCTP (9260), DCCP (4340), GRE (2784, 2637).
"""
import socket
import struct

TCP, UDP, UDPLITE, ICMP, ICMPV6, SCTP, DCCP, GRE = 6, 17, 136, 1, 58, 132, 33, 47


def addr(text):
    """The bytes of an address."""
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def inet_sum(data):
    """Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip_packet(src, dst, proto, payload, frag=0, ident=0, options=b"", ttl=64):
    """@frag: flags and offset as they stand in the header (IPv4), or None
    or the word of the fragment header (IPv6)."""
    if len(src) == 4:
        head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0,
                           20 + len(options) + len(payload), ident & 0xffff,
                           frag, ttl, proto, 0) + src + dst + options
        return head[:10] + struct.pack("!H", inet_sum(head)) + head[12:] + payload
    if frag or ident:
        payload = struct.pack("!BBHI", proto, 0, frag, ident) + payload
        proto = 44
    if options:
        payload = bytes([proto]) + options[1:] + payload
        proto = options[0]
    return struct.pack("!IHBB", 6 << 28, len(payload), proto, ttl) + src + dst + payload


def pseudo_sum(src, dst, proto, segment, cover=None):
    """Checksum with the pseudo header; over @cover bytes only (RFC 3828)."""
    tail = struct.pack("!IHBB", len(segment), 0, 0, proto)
    return inet_sum(src + dst + tail + segment[:cover])


def put_sum(segment, at, value):
    """The segment with its checksum."""
    return segment[:at] + struct.pack("!H", value) + segment[at + 2:]


def checksummed(src, dst, proto, segment):
    """A segment with the checksum of its protocol, if it has room for one."""
    at = {TCP: 16, UDP: 6, UDPLITE: 6, DCCP: 6, ICMP: 2, ICMPV6: 2}.get(proto)
    if proto == SCTP and len(segment) >= 12:
        clean = segment[:8] + bytes(4) + segment[12:]
        return clean[:8] + struct.pack("<I", crc32c(clean)) + clean[12:]
    if at is None or len(segment) < at + 2:
        return segment
    clean = put_sum(segment, at, 0)
    if proto == ICMP:
        return put_sum(clean, at, inet_sum(clean))
    cover = None
    if proto == UDPLITE and len(clean) >= 6:
        cover = struct.unpack_from("!H", clean, 4)[0] or None
    if proto == DCCP and len(clean) > 9 and clean[9] & 15:
        cover = clean[8] * 4 + ((clean[9] & 15) - 1) * 4
    value = pseudo_sum(src, dst, proto, clean, cover)
    return put_sum(clean, at, value or 0xffff if proto in (UDP, UDPLITE) else value)


CRC_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (0x82f63b78 if _byte & 1 else 0)
    CRC_TABLE.append(_byte)


def crc32c(data):
    """RFC 9260 appendix A."""
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def tcp(sport, dport, seq, ack, flags, win, options=b"", payload=b"", doff=None):
    """Options are padded; @doff overrides the header's length in words."""
    options += b"\0" * (-len(options) % 4)
    if doff is None:
        doff = 5 + len(options) // 4
    return struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff,
                       (doff & 15) << 4, flags & 0xff, win & 0xffff, 0, 0) + options + payload


def udp(sport, dport, payload=b"", length=None):
    """@length overrides that of the header (UDP), or is the coverage (UDP-Lite)."""
    return struct.pack("!HHHH", sport, dport,
                       8 + len(payload) if length is None else length, 0) + payload


def icmp(kind, code, word=0, payload=b""):
    """@word: the four bytes behind the checksum, as identifier and number."""
    return struct.pack("!BBHI", kind, code, 0, word & 0xffffffff) + payload


def chunk(kind, flags=0, body=b"", length=None):
    """An SCTP chunk, padded."""
    return struct.pack("!BBH", kind, flags,
                       4 + len(body) if length is None else length) + body + b"\0" * (-len(body) % 4)


def sctp(sport, dport, tag, chunks):
    """@chunks: bytes."""
    return struct.pack("!HHII", sport, dport, tag & 0xffffffff, 0) + chunks


def dccp(sport, dport, kind, seq, ack=None, x=1, rest=b"", doff=None, cscov=0):
    """@x: 48-bit numbers; @rest: what follows the acknowledgment."""
    if x:
        tail = struct.pack("!BBHI", kind << 1 | 1, 0, seq >> 32 & 0xffff, seq & 0xffffffff)
        tail += struct.pack("!HHI", 0, ack >> 32 & 0xffff, ack & 0xffffffff) if ack is not None else b""
    else:
        tail = struct.pack("!I", kind << 25 | seq & 0xffffff)
        tail += struct.pack("!I", ack & 0xffffff) if ack is not None else b""
    words = (8 + len(tail) + len(rest)) // 4
    head = struct.pack("!HHBBH", sport, dport, (words if doff is None else doff) & 255,
                       cscov, 0)
    return head + tail + rest


def gre(flags, proto, rest=b""):
    """@flags: the first 16 bits, the version in the last three."""
    return struct.pack("!HH", flags, proto) + rest
