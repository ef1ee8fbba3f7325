# SPDX-License-Identifier: GPL-2.0
"""
UDP, UDP-Lite, GRE, protocols without a tracker of their own, fragments.
"""
import struct

import headers as h
from net_model import COMMON, Flow, Maker

UDP_SETTINGS = COMMON + [("udp_timeout", (10, 30, 60)), ("udp_timeout_stream", (20, 120, 300))]


def udp_segment(rng, proto, flow, d):
    """A datagram; sometimes its length field is wrong."""
    payload = bytes(rng.choice((0, 1, 4, 12, 100, 500)))
    length = None
    if proto == h.UDPLITE:
        length = rng.choice((0, 8, 8, 9, 8 + len(payload), 8 + len(payload) // 2))
    if rng.random() < 0.05:
        length = rng.choice((0, 1, 7, 8, 9, 8 + len(payload) + 1, 8 + len(payload) - 1, 65535))
    return h.udp(*flow.ports(d), payload, length)


def udp(rng, proto=h.UDP, nat=False):
    """Queries, answers, streams."""
    maker = Maker(rng, UDP_SETTINGS, sums=0.25, waits=0.06)
    flows = [Flow(rng, proto, nat=nat) for _ in range(rng.choice((1, 1, 2, 3)))]
    for _ in range(rng.randint(2, 25)):
        flow = rng.choice(flows)
        d = rng.choice((0, 0, 1))
        maker.send(flow, d, udp_segment(rng, proto, flow, d))
        maker.between()
    return maker.steps


def udplite(rng):
    """The same with partial checksums."""
    return udp(rng, h.UDPLITE)


def gre_segment(rng, version, key, number):
    """GRE of RFC 2784 and 2890, or PPTP's of RFC 2637."""
    if version == 1:
        flags = 0x2001 | (0x1000 if rng.random() < 0.5 else 0) | (0x80 if rng.random() < 0.5 else 0)
        rest = struct.pack("!HH", rng.choice((0, 4, 100)), key)
        rest += struct.pack("!I", number) * (bool(flags & 0x1000) + bool(flags & 0x80))
        return h.gre(flags, 0x880b if rng.random() < 0.95 else 0x800, rest + bytes(4))
    flags = rng.choice((0, 0x2000, 0x1000, 0x8000, 0xb000))
    if rng.random() < 0.05:
        flags |= rng.choice((2, 3, 7))
    return h.gre(flags, rng.choice((0x800, 0x86dd, 0x6558)), struct.pack("!I", key) + bytes(8))


def gre(rng):
    """Tunnels in both directions."""
    maker = Maker(rng, COMMON + [("gre_timeout", (10, 30)), ("gre_timeout_stream", (20, 180))],
                  waits=0.06)
    flows = [(Flow(rng, h.GRE), rng.choice((0, 0, 1)), rng.choice((0, 1, 77)))
             for _ in range(rng.choice((1, 1, 2, 3)))]
    for number in range(rng.randint(2, 25)):
        flow, version, key = rng.choice(flows)
        maker.send(flow, rng.choice((0, 0, 1)), gre_segment(rng, version, key, number))
        maker.between()
    return maker.steps


def generic_body(rng, proto):
    """Anything, but AH (RFC 4302) mostly as long as it says that it is."""
    if proto == 51 and rng.random() < 0.95:
        after = rng.choice((4, 50, 50, 17, 59))
        return bytes([after, 4]) + bytes(22) + h.udp(1024, 80, bytes(rng.choice((0, 9))))
    return bytes(rng.randrange(256) for _ in range(rng.choice((0, 1, 3, 4, 8, 40))))


def generic(rng):
    """ESP, AH, OSPF, IGMP, IPIP and what is not assigned."""
    maker = Maker(rng, COMMON + [("generic_timeout", (10, 600))], waits=0.06)
    flows = [Flow(rng, rng.choice((50, 51, 89, 2, 4, 41, 253, 255)))
             for _ in range(rng.choice((1, 2, 3)))]
    for _ in range(rng.randint(2, 20)):
        flow = rng.choice(flows)
        maker.send(flow, rng.randrange(2), generic_body(rng, flow.proto))
        maker.between()
    return maker.steps


def cut_up(rng, size):
    """Where to cut a payload: (offset, end), both multiples of eight but the last."""
    cuts = sorted({rng.randrange(1, size // 8) * 8 for _ in range(rng.randint(1, 3))})
    return list(zip([0] + cuts, cuts + [size]))


def fragment(rng):
    """Datagrams in pieces: in order or not, some twice, some lost, some overlap."""
    maker = Maker(rng, UDP_SETTINGS, sums=0.2)
    flows = [Flow(rng, rng.choice((h.UDP, h.UDP, h.TCP, h.ICMP))) for _ in "12"]
    for number in range(rng.randint(2, 8)):
        flow, d = rng.choice(flows), rng.randrange(2)
        proto = flow.proto
        if proto == h.ICMP and flow.ip == 6:
            proto = h.ICMPV6
        body = bytes(rng.choice((64, 100, 600)))
        if proto == h.UDP:
            whole = h.udp(*flow.ports(d), body)
        elif proto == h.TCP:
            whole = h.tcp(*flow.ports(d), 1000 + number, 0, 2 if not d else 18, 1000, b"", body)
        else:
            whole = h.icmp((8, 0)[d] if proto == h.ICMP else 128 + d, 0, 77 << 16 | number, body)
        whole = h.checksummed(*flow.addr[d], proto, whole)
        pieces = cut_up(rng, len(whole))
        if rng.random() < 0.3:
            rng.shuffle(pieces)
        if rng.random() < 0.15:
            pieces.pop(rng.randrange(len(pieces)))
        if rng.random() < 0.1 and pieces:
            pieces.append(rng.choice(pieces))
        if rng.random() < 0.08:
            pieces.append((8, 24))
        for first, end in pieces:
            more = end < len(whole)
            frag = first // 8 | 0x2000 * more if flow.ip == 4 else first | more
            packet = h.ip_packet(*flow.addr[d], proto, whole[first:end], frag=frag,
                                 ident=1 + number)
            maker.send_raw(flow.ip, packet, "fragment %d to %d of %d" % (first, end, len(whole)))
    return maker.steps
