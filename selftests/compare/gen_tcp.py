# SPDX-License-Identifier: GPL-2.0
"""
TCP: connections that behave, with losses and repetitions, and random walks over
flags and sequence numbers in, at and beyond the edges of the windows.
"""
import struct

import headers as h
from net_model import COMMON, Flow, Maker

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
FLAG_SETS = [SYN, SYN | ACK, ACK, ACK, ACK, ACK | PSH, FIN | ACK, FIN | ACK, RST, RST | ACK,
             FIN, 0, SYN | FIN, SYN | RST, FIN | RST, SYN | ACK | RST, PSH, URG, ACK | URG,
             FIN | ACK | URG, SYN | URG, FIN | PSH | URG, SYN | ACK | PSH, 0xff, SYN | 0xc0]
MOD = 1 << 32

SETTINGS = COMMON + [
    ("tcp_loose", (0, 0, 1)), ("tcp_be_liberal", (0, 1, 1)), ("tcp_max_retrans", (0, 1, 2, 3)),
    ("tcp_ignore_invalid_rst", (0, 1, 1)), ("tcp_timeout_established", (20, 400, 432000)),
    ("tcp_timeout_syn_sent", (20, 120)), ("tcp_timeout_syn_recv", (20, 60)),
    ("tcp_timeout_fin_wait", (20, 120, 400)), ("tcp_timeout_close_wait", (20, 60)),
    ("tcp_timeout_last_ack", (20, 30)), ("tcp_timeout_time_wait", (20, 120, 400)),
    ("tcp_timeout_close", (20, 10)), ("tcp_timeout_max_retrans", (20, 300)),
    ("tcp_timeout_unacknowledged", (20, 300, 500))]


class Connection(Flow):
    """What the two ends of a connection know, and what both have sent."""

    def __init__(self, rng, **kind):
        super().__init__(rng, h.TCP, **kind)
        self.restart(rng)
        self.win, self.scale = [65535, 65535], [0, 0]

    def restart(self, rng):
        """The ends begin anew."""
        self.phase = 0
        self.isn = [rng.choice((0, 1000, rng.randrange(MOD), MOD - 5)) for _ in "01"]
        self.next = list(self.isn)      # to be sent next
        self.acked = list(self.isn)     # what the peer has acknowledged of it
        self.old = []                   # what to repeat

    def edge(self, rng, d):
        """A sequence number that direction @d might send."""
        window = self.win[1 - d] << self.scale[1 - d]
        mine = self.win[d] << self.scale[d]
        base = rng.choice((self.next[d], self.next[d], self.acked[d], self.acked[d] + window,
                           self.acked[d] + window, self.acked[d] - mine, self.next[d] - mine,
                           self.next[d] - window, self.isn[d], self.next[1 - d]))
        return (base + rng.choice((0, 0, 0, 1, -1, 2, -2, 100, -100, 1000, -1000, window,
                                   -window, 66000, -66000, 1 << 31, (1 << 31) - 1,
                                   -(1 << 20)))) % MOD


def syn_options(rng, conn, d):
    """Those of a SYN; keeps the scale."""
    opt = b""
    if rng.random() < 0.7:
        opt += struct.pack("!BBH", 2, 4, 1460)
    if rng.random() < 0.5:
        opt += b"\4\2"
    if rng.random() < 0.3:
        opt += b"\1" * rng.randint(0, 3) + struct.pack("!BBII", 8, 10, 1, 0)
    if rng.random() < 0.6:
        scale = rng.choice((0, 1, 2, 7, 8, 14, 15, 255))
        conn.scale[d] = min(scale, 14)
        opt += b"\1" + struct.pack("!BBB", 3, 3, scale)
    else:
        conn.scale[d] = 0
    if rng.random() < 0.03:
        opt += bytes(rng.randrange(256) for _ in range(rng.randint(1, 8)))
    return opt[:40]


def options(rng, conn, d):
    """Those of other segments."""
    pick = rng.random()
    if pick < 0.7:
        return b""
    if pick < 0.8:
        return b"\1\1" + struct.pack("!BBII", 8, 10, rng.randrange(99), 0)
    if pick < 0.97:
        blocks = b"".join(struct.pack("!II", conn.edge(rng, 1 - d), conn.edge(rng, 1 - d))
                          for _ in range(rng.randint(1, 4)))
        return (b"\1\1" + struct.pack("!BB", 5, 2 + len(blocks)) + blocks)[:40]
    return bytes(rng.randrange(256) for _ in range(rng.randint(1, 12)))


def emit(maker, conn, d, flags, seq, ack, size=0, opt=b"", win=None, doff=None):
    """One segment."""
    name = "".join(c for c, b in zip("FSRPAU", (1, 2, 4, 8, 16, 32)) if flags & b) or "none"
    segment = h.tcp(*conn.ports(d), seq, ack, flags, conn.win[d] if win is None else win,
                    opt, bytes(size), doff)
    note = "%s seq %d ack %d win %d len %d%s" % (name, seq % MOD, ack % MOD,
                                                 conn.win[d] if win is None else win, size,
                                                 " opt " + opt.hex() if opt else "")
    conn.old.append((d, flags, seq, ack, size, opt, win))
    maker.send(conn, d, segment, note)


def behave(maker, conn):
    """The next segment of a connection that goes as it should."""
    rng, phase = maker.rng, conn.phase
    if conn.old and rng.random() < 0.08:
        emit(maker, conn, *rng.choice(conn.old[-6:]))
        return
    if rng.random() < 0.15:
        conn.win[rng.randrange(2)] = rng.choice((0, 1, 10, 500, 5840, 29200, 65535))
    if phase == 0:
        emit(maker, conn, 0, SYN, conn.isn[0], 0, opt=syn_options(rng, conn, 0))
        conn.next[0] = (conn.isn[0] + 1) % MOD
        conn.phase = 1
        if rng.random() < 0.08:     # simultaneous open, RFC 9293 figure 7
            emit(maker, conn, 1, SYN, conn.isn[1], 0, opt=syn_options(rng, conn, 1))
            emit(maker, conn, 0, SYN | ACK, conn.isn[0], conn.isn[1] + 1)
    elif phase == 1:
        emit(maker, conn, 1, SYN | ACK, conn.isn[1], conn.next[0], opt=syn_options(rng, conn, 1))
        conn.next[1] = (conn.isn[1] + 1) % MOD
        conn.acked[0] = conn.next[0]
        if not (conn.scale[0] and conn.scale[1]) and rng.random() < 0.5:
            conn.scale = [0, 0]
        conn.phase = 2
    elif phase == 2:
        send_data(maker, conn, 0, rng.choice((0, 0, 10)))
        conn.phase = 3
    elif phase in (3, 4):
        d, pick = rng.randrange(2), rng.random()
        if phase == 4 and d == conn.closed and pick < 0.8:
            send_data(maker, conn, d, 0)
        elif pick < 0.12:
            emit(maker, conn, d, FIN | ACK, conn.next[d], conn.next[1 - d])
            conn.next[d] = (conn.next[d] + 1) % MOD
            conn.acked[1 - d] = conn.next[1 - d]
            conn.phase, conn.closed = phase + 1, d
        elif pick < 0.15:
            emit(maker, conn, d, RST | (ACK if rng.random() < 0.5 else 0),
                 conn.next[d], conn.next[1 - d])
            conn.phase = 5
        else:
            send_data(maker, conn, d, rng.choice((0, 0, 0, 1, 100, 1000)))
    else:
        if rng.random() < 0.3:
            conn.restart(rng)
        else:
            send_data(maker, conn, rng.randrange(2), 0)


def send_data(maker, conn, d, size):
    """An ACK, with or without data, sometimes more than the window takes."""
    rng = maker.rng
    emit(maker, conn, d, ACK, conn.next[d], conn.next[1 - d], size,
         options(rng, conn, d))
    conn.next[d] = (conn.next[d] + size) % MOD
    conn.acked[1 - d] = conn.next[1 - d]


def stray(maker, conn):
    """Anything: flags at random, numbers around what counts."""
    rng = maker.rng
    d = rng.randrange(2)
    flags = rng.choice(FLAG_SETS)
    seq = conn.edge(rng, d)
    ack = conn.edge(rng, 1 - d) if flags & ACK or rng.random() < 0.1 else 0
    size = rng.choice((0, 0, 0, 1, 100, 1000))
    opt = syn_options(rng, conn, d) if flags & SYN else options(rng, conn, d)
    win = rng.choice((None, None, None, 0, 1, 100, 65535))
    doff = rng.choice((0, 4, 6, 10, 15)) if rng.random() < 0.02 else None
    emit(maker, conn, d, flags, seq, ack, size, opt, win, doff)
    if rng.random() < 0.4:      # the ends believe it
        conn.next[d] = (seq + size + bool(flags & SYN) + bool(flags & FIN)) % MOD
        if flags & ACK:
            conn.acked[1 - d] = ack
        if win is not None:
            conn.win[d] = win


def tcp(rng, nat=False):
    """One sequence."""
    maker = Maker(rng, SETTINGS, sums=0.06)
    kind = {"nat": True} if nat else {}
    conns = [Connection(rng, **kind) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    wild = rng.choice((0, 0.05, 0.05, 0.2, 0.5, 1))
    for _ in range(rng.randint(3, 45)):
        conn = rng.choice(conns)
        if rng.random() < wild and (conn.phase or rng.random() < 0.3):
            stray(maker, conn)
        else:
            behave(maker, conn)
        maker.between()
    return maker.steps
