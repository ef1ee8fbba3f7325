# SPDX-License-Identifier: GPL-2.0
"""
What the generators share: flows between hosts, how a packet of theirs travels,
and what happens between packets (settings, time, deletion).
"""
import headers as h
from steps import Step, FLAGS

# Of hosts 1 to 9, and of those behind address translation, as the rules of
# compare.sh translate them: the source of near hosts, the destination of far ones.
NEAR = {4: "10.1.0.%d", 6: "fd00:1::%d"}
FAR = {4: "10.2.0.%d", 6: "fd00:2::%d"}
NAT_NEAR = {4: "10.3.0.%d", 6: "fd00:3::%d"}
NAT_NEAR_SEEN = {4: "192.0.2.%d", 6: "fd00:5::%d"}
NAT_FAR = {4: "10.4.0.%d", 6: "fd00:4::%d"}

PROTO_NAME = {h.TCP: "tcp", h.UDP: "udp", h.UDPLITE: "udplite", h.ICMP: "icmp",
              h.ICMPV6: "icmpv6", h.SCTP: "sctp", h.DCCP: "dccp", h.GRE: "gre"}


class Flow:
    """Two hosts, two ports. end(0) is the near one, which mostly begins."""

    def __init__(self, rng, proto, ip=None, nat=False, hosts=2):
        self.proto, self.ip, self.nat = proto, ip or rng.choice((4, 4, 6)), nat
        near, far = rng.randint(1, hosts), rng.randint(1, hosts)
        v = self.ip
        # addresses as the packets of each direction have them
        self.addr = [[h.addr(NEAR[v] % near), h.addr(FAR[v] % far)],
                     [h.addr(FAR[v] % far), h.addr(NEAR[v] % near)]]
        if nat:
            kind = rng.randint(0, 2)
            if kind != 1:
                self.addr[0][0] = h.addr(NAT_NEAR[v] % near)
                self.addr[1][1] = h.addr(NAT_NEAR_SEEN[v] % near)
            if kind != 0:
                self.addr[0][1] = h.addr(NAT_FAR[v] % far)
        self.port = [rng.choice((1024, 1025, 40000)), rng.choice((80, 80, 443))]

    def ports(self, d):
        """Source and destination port of direction @d."""
        return (self.port[d], self.port[1 - d])


class Maker:
    """Makes one sequence: generators call send() and between()."""

    def __init__(self, rng, settings=(), sums=0.1, waits=0.02):
        self.rng, self.settings = rng, settings
        self.steps, self.sums, self.waits = [], sums, waits
        self.n_waits = 0
        self.sent = []      # (flow, direction, packet) to be quoted
        self.lossy = rng.random() < 0.3

    def send(self, flow, d, segment, note="", proto=None, flags=0, **ip):
        """A transport segment of a flow, on its way; sometimes it is cut off,
        damaged, lost before confirmation, or its checksum looked at."""
        rng = self.rng
        proto = flow.proto if proto is None else proto
        src, dst = flow.addr[d]
        if flow.nat and d and rng.random() < 0.8:
            flags |= FLAGS["chosen"]
        if rng.random() < 0.01 and segment:
            segment = segment[:rng.randrange(len(segment))]
            note += " cut"
        # Where stock refuses them (udplite-checksum), the comparison ends.
        if rng.random() < (self.sums / 10 if proto == h.UDPLITE else self.sums):
            flags |= FLAGS["checksum"]
            segment = h.checksummed(src, dst, proto, segment)
            if rng.random() < 0.1 and segment:
                at = rng.randrange(len(segment))
                segment = segment[:at] + bytes([segment[at] ^ 1 << rng.randrange(8)]) + segment[at + 1:]
                note += " damaged"
        if flow.ip == 4 and rng.random() < 0.02:
            ip.setdefault("options", rng.choice((b"\1\1\1\0", b"\x44\4\5\0")))
        packet = h.ip_packet(src, dst, proto, segment, **ip)
        self.sent.append((flow, d, packet))
        return self.send_raw(flow.ip, packet, "%s %s %s" % (
            PROTO_NAME.get(proto, proto), "<" if d else ">", note), flags)

    def send_raw(self, ip, packet, note="", flags=0):
        """A whole packet."""
        rng = self.rng
        if rng.random() < 0.1:
            flags |= FLAGS["paged"]
        if rng.random() < 0.02:
            flags |= FLAGS["drop"]
            note += " dropped"
        path = rng.choice((0, 0, 0, 0, 1, 2)) if not note.startswith("nat") else 0
        mark = rng.choice((1, 2, 3)) if rng.random() < 0.03 else 0
        step = Step("packet", packet, ip=ip, path=path, flags=flags, mark=mark, note=note)
        self.steps.append(step)
        return step

    def between(self):
        """What may happen between packets."""
        rng = self.rng
        if rng.random() < self.waits and self.n_waits < 5:
            # The odd milliseconds add up to no timeout in seconds.
            self.n_waits += 1
            seconds = rng.choice((0, 1, 2, 5, 9, 10, 29, 30, 59, 60, 119, 120, 180, 299,
                                  300, 599, 600, 2000, 432000))
            self.steps.append(Step("wait", arg=seconds * 1000 + 150))
        if self.settings and rng.random() < 0.015:
            name, values = rng.choice(self.settings)
            self.steps.append(Step("set", name.encode(), rng.choice(values)))
        if rng.random() < 0.004:
            self.steps.append(Step("delete", arg=rng.randint(0, 3)))
        if rng.random() < 0.02 and self.steps:
            last = self.steps[-1]
            if last.kind == "packet":
                self.steps.append(last)
        if rng.random() < 0.01:
            old = rng.choice(self.steps) if self.steps else None
            if old is not None and old.kind == "packet":
                self.steps.append(old)
        if self.lossy and self.steps and rng.random() < 0.08:
            if self.steps[-1].kind == "packet":
                self.steps.pop()
        elif len(self.steps) > 1 and rng.random() < 0.03:
            self.steps[-1], self.steps[-2] = self.steps[-2], self.steps[-1]


COMMON = [("acct", (0, 1)), ("events", (0, 1)), ("checksum", (0, 1))]
