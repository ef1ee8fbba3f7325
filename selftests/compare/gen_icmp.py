# SPDX-License-Identifier: GPL-2.0
"""
ICMP and ICMPv6: queries, and errors that quote flows that live, that are gone,
and that never were.
"""
import headers as h
from gen_datagram import udp_segment
from net_model import COMMON, Flow, Maker
from steps import FLAGS

# Queries and their answers, and types that are neither or nothing.
QUERIES = {4: ((8, 0), (8, 0), (8, 0), (13, 14), (15, 16), (17, 18)),
           6: ((128, 129), (128, 129), (128, 129), (139, 140))}
OTHERS = {4: (9, 10, 1, 2, 7, 19, 40, 255),
          6: (130, 131, 132, 133, 134, 135, 136, 137, 143, 151, 152, 153, 0, 100, 127, 138, 200, 255)}
ERRORS = {4: ((3, 15), (3, 4), (4, 0), (5, 3), (11, 1), (12, 1)),
          6: ((1, 7), (2, 0), (3, 1), (4, 3))}
ROUTERS = {4: "198.18.0.9", 6: "fd00:ff::9"}


class Query:
    """An ICMP flow: two hosts, a query and its number."""

    def __init__(self, rng, ip, nat):
        self.flow = Flow(rng, h.ICMP if ip == 4 else h.ICMPV6, ip=ip, nat=nat)
        self.kinds = rng.choice(QUERIES[ip])
        self.id = rng.choice((0, 1, 77))

    def send(self, maker, d):
        """A query or an answer, from either side."""
        rng = maker.rng
        kind = self.kinds[d]
        if rng.random() < 0.1:
            kind = self.kinds[1 - d]
        if rng.random() < 0.06:
            kind = rng.choice(OTHERS[self.flow.ip])
        code = 0 if rng.random() < 0.95 else rng.choice((1, 5, 255))
        maker.send(self.flow, d, h.icmp(kind, code, self.id << 16 | rng.randrange(3),
                                        bytes(rng.choice((0, 8, 56)))),
                   "type %d code %d" % (kind, code))


class Other:
    """A flow of another protocol, to be quoted."""

    def __init__(self, rng, ip, nat):
        proto = rng.choice((h.UDP, h.UDP, h.TCP, h.SCTP, h.UDPLITE, h.GRE, h.DCCP, 50))
        if nat:
            proto = rng.choice((h.UDP, h.TCP))
        self.flow = Flow(rng, proto, ip=ip, nat=nat)
        self.seq = rng.randrange(1 << 32)

    def send(self, maker, d):
        """Something that begins a flow."""
        rng, flow = maker.rng, self.flow
        if flow.proto == h.TCP:
            flags, seq = (2, self.seq) if not d else (18, 500)
            segment = h.tcp(*flow.ports(d), seq, self.seq + 1 if d else 0, flags, 1000)
        elif flow.proto == h.SCTP:
            segment = h.sctp(*flow.ports(d), 0 if not d else 7,
                             h.chunk(1 + d, 0, b"\0\0\0\7" + bytes(12)))
        elif flow.proto == h.DCCP:
            segment = h.dccp(*flow.ports(d), d, 100, 100 if d else None, rest=bytes(4))
        elif flow.proto == h.GRE:
            segment = h.gre(0x2000, 0x800, bytes(8))
        elif flow.proto == 50:
            segment = bytes(16)
        else:
            segment = udp_segment(rng, flow.proto, flow, d)
        maker.send(flow, d, segment)


def redirect(maker, to, quoted):
    """RFC 4861 4.5: a neighbour says of a packet that it should go elsewhere."""
    rng = maker.rng
    carrier = Flow(rng, h.ICMPV6, ip=6)
    sender = h.addr("fe80::9") if rng.random() < 0.9 else h.addr(ROUTERS[6])
    carrier.addr = [[sender, to], [to, sender]]
    quoted += bytes(-len(quoted) % 8)
    option = bytes([4, (1 + len(quoted) // 8) & 255]) + bytes(6) + quoted
    if rng.random() < 0.1:
        option = rng.choice((b"", b"\4", b"\4\0" + option[2:], bytes(8) + option))
    if rng.random() < 0.02:
        option = b"\2\1" + bytes(6) + option
    code = 0 if rng.random() < 0.95 else 1
    maker.send(carrier, 0, h.icmp(137, code, 0, bytes(32) + option), "redirect code %d" % code,
               ttl=255 if rng.random() < 0.9 else 254)


def error(maker, ip, nat):
    """An error about a packet that was sent, or about one that was not."""
    rng = maker.rng
    known = [item for item in maker.sent if item[0].ip == ip]
    if known and rng.random() < 0.85:
        flow, d, quoted = rng.choice(known[-8:])
    else:
        flow, d = Flow(rng, rng.choice((h.UDP, h.TCP, h.ICMP)), ip=ip), rng.randrange(2)
        quoted = h.ip_packet(*flow.addr[d], flow.proto, h.udp(*flow.ports(d), bytes(20)))
    # Whom it goes to: the sender; through translation it quotes what the far
    # end has seen.
    to, sender = flow.addr[d][0], flow.addr[d][1]
    if nat:
        seen = flow.addr[1 - d]
        at = 12 if ip == 4 else 8
        size = len(to)
        if rng.random() < 0.8:
            quoted = quoted[:at] + seen[1] + seen[0] + quoted[at + 2 * size:]
            to, sender = seen[1], seen[0]
    if rng.random() < 0.3:
        sender = h.addr(ROUTERS[ip])
    if rng.random() < 0.04:
        to = h.addr(ROUTERS[ip])
    if rng.random() < 0.7:
        keep = rng.choice((28, 28, 28, 36, 60)) + (20 if ip == 6 else 0)
        quoted = quoted[:keep]
    elif rng.random() < 0.2:
        quoted = quoted[:rng.randrange(len(quoted) + 1)]
    if rng.random() < 0.05 and len(quoted) > 8:
        at = rng.randrange(min(len(quoted), 44))
        quoted = quoted[:at] + bytes([quoted[at] ^ 1 << rng.randrange(8)]) + quoted[at + 1:]
    if ip == 6 and rng.random() < 0.1:
        redirect(maker, to, quoted)
        return
    kind, codes = rng.choice(ERRORS[ip])
    code = rng.randint(0, codes)
    proto = h.ICMP if ip == 4 else h.ICMPV6
    carrier = Flow(rng, proto, ip=ip)
    carrier.addr = [[sender, to], [to, sender]]
    maker.send(carrier, 0, h.icmp(kind, code, 0, quoted),
               "error type %d code %d quotes %s" % (kind, code, quoted.hex()),
               flags=FLAGS["chosen"] if nat and rng.random() < 0.8 else 0)


def icmp(rng, ip=4, nat=False):
    """One sequence."""
    settings = COMMON + [("icmp_timeout" if ip == 4 else "icmpv6_timeout", (10, 30, 60))]
    maker = Maker(rng, settings, sums=0.25, waits=0.05)
    actors = [rng.choice((Query, Query, Other))(rng, ip, nat) for _ in range(rng.randint(1, 3))]
    errors = rng.choice((0, 0.2, 0.5))
    for _ in range(rng.randint(2, 25)):
        if rng.random() < errors:
            error(maker, ip, nat)
        else:
            rng.choice(actors).send(maker, rng.choice((0, 0, 1)))
        maker.between()
    return maker.steps


def icmpv6(rng):
    """The same for IPv6."""
    return icmp(rng, 6)
