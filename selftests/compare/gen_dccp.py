# SPDX-License-Identifier: GPL-2.0
"""
DCCP: connections that behave, and packets of any type with any number.
"""
import headers as h
from net_model import COMMON, Flow, Maker

REQUEST, RESPONSE, DATA, ACK, DATAACK, CLOSEREQ, CLOSE, RESET, SYNC, SYNCACK = range(10)
SETTINGS = COMMON + [("dccp_loose", (0, 1)), ("dccp_timeout_request", (20, 240)),
                     ("dccp_timeout_open", (20, 43200)), ("dccp_timeout_timewait", (20, 240))]
# What follows the acknowledgment: service code, or code and data of a Reset.
REST = {REQUEST: bytes(4), RESPONSE: bytes(4), RESET: bytes(4)}


class Connection(Flow):
    """Both ends' sequence numbers, and how far it has come."""

    def __init__(self, rng):
        super().__init__(rng, h.DCCP)
        self.phase = 0
        self.seq = [rng.choice((0, 100, rng.randrange(1 << 48))) for _ in "01"]


def emit(maker, conn, d, kind):
    """A packet, mostly with numbers that fit."""
    rng = maker.rng
    conn.seq[d] = (conn.seq[d] + 1) % (1 << 48)
    seq, ack = conn.seq[d], conn.seq[1 - d]
    if rng.random() < 0.08:
        seq = rng.choice((0, seq - 1, seq + 100, rng.randrange(1 << 48))) % (1 << 48)
    if rng.random() < 0.08:
        ack = rng.choice((0, ack - 1, ack + 1, rng.randrange(1 << 48))) % (1 << 48)
    x = 1
    if kind in (DATA, ACK, DATAACK) and rng.random() < 0.3 or rng.random() < 0.01:
        x = 0
    rest = REST.get(kind, b"")
    doff = rng.choice((0, 2, 3, 4, 5, 6, 7, 255)) if rng.random() < 0.02 else None
    cscov = rng.choice((1, 2, 15)) if rng.random() < 0.03 else 0
    segment = h.dccp(*conn.ports(d), kind, seq, None if kind in (REQUEST, DATA) else ack,
                     x, rest, doff, cscov)
    maker.send(conn, d, segment + bytes(rng.choice((0, 0, 8))),
               "type %d seq %d ack %d x %d" % (kind, seq, ack, x))


SCRIPT = ((0, REQUEST), (1, RESPONSE), (0, ACK), None, (1, CLOSEREQ), (0, CLOSE), (1, RESET))


def behave(maker, conn):
    """The next packet."""
    rng = maker.rng
    if conn.phase >= len(SCRIPT):
        conn.phase = 0
        if rng.random() < 0.3:
            conn.addr.reverse()
            conn.port.reverse()
    if SCRIPT[conn.phase] is None:
        emit(maker, conn, rng.randrange(2), rng.choice((DATA, ACK, DATAACK, SYNC, SYNCACK)))
        if rng.random() < 0.3:
            conn.phase += rng.choice((1, 2))
        return
    emit(maker, conn, *SCRIPT[conn.phase])
    if rng.random() < 0.92:
        conn.phase += 1


def dccp(rng):
    """One sequence."""
    maker = Maker(rng, SETTINGS, sums=0.1, waits=0.03)
    conns = [Connection(rng) for _ in range(rng.choice((1, 1, 2)))]
    wild = rng.choice((0, 0.05, 0.3, 1))
    for _ in range(rng.randint(3, 30)):
        conn = rng.choice(conns)
        if rng.random() < wild:
            emit(maker, conn, rng.randrange(2), rng.randint(0, 11))
        else:
            behave(maker, conn)
        maker.between()
    return maker.steps
