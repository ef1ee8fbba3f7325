# SPDX-License-Identifier: GPL-2.0
"""
SCTP: associations that come up, restart and go, with the right tags or others,
and chunks at random.
"""
import struct

import headers as h
from net_model import COMMON, Flow, Maker

DATA, INIT, INIT_ACK, SACK, HB, HB_ACK, ABORT = range(7)
SHUTDOWN, SHUTDOWN_ACK, ERROR, COOKIE_ECHO, COOKIE_ACK, COMPLETE = 7, 8, 9, 10, 11, 14
CHUNKS = (DATA, INIT, INIT_ACK, SACK, HB, HB_ACK, ABORT, SHUTDOWN, SHUTDOWN_ACK, ERROR,
          COOKIE_ECHO, COOKIE_ACK, COMPLETE, 12, 13, 15, 0x80, 0xc1, 255)
SETTINGS = COMMON + [("sctp_timeout_closed", (5, 10)), ("sctp_timeout_established", (20, 210)),
                     ("sctp_timeout_heartbeat_sent", (5, 30))]


class Association(Flow):
    """The tags that packets of each direction carry, and how far it has come."""

    def __init__(self, rng):
        super().__init__(rng, h.SCTP)
        self.tag, self.phase = [0, 0], 0
        self.fresh(rng)

    def fresh(self, rng):
        """Other tags."""
        self.tag = [rng.choice((rng.randrange(1, 1 << 32), 1, 2)) for _ in "01"]


def chunk(rng, conn, d, kind):
    """One, with a body that fits it."""
    flags = 0
    if kind in (INIT, INIT_ACK):
        tag = conn.tag[1 - d] if rng.random() < 0.95 else 0
        body = struct.pack("!IIHHI", tag, 65536, 10, 10, 1)
    elif kind == DATA:
        flags, body = 3, bytes(12 + rng.choice((1, 4, 100)))
    elif kind in (ABORT, COMPLETE):
        flags, body = int(rng.random() < 0.2), b""
    elif kind == SHUTDOWN:
        body = bytes(4)
    elif kind == SACK:
        body = bytes(12)
    elif kind in (HB, HB_ACK):
        body = b"\0\1\0\4"
    else:
        body = bytes(rng.choice((0, 0, 4, 8)))
    length = None
    if rng.random() < 0.01:
        length = rng.choice((0, 3, 4, 5, 1000, 4 + len(body) - 1))
    return h.chunk(kind, flags, body, length)


def emit(maker, conn, d, kinds):
    """A packet of some chunks; sometimes with the wrong tag."""
    rng = maker.rng
    tag = conn.tag[d]
    if kinds and kinds[0] == INIT:
        tag = 0
    if rng.random() < 0.06:
        tag = rng.choice((0, conn.tag[1 - d], tag ^ 1, rng.randrange(1 << 32)))
    body = b"".join(chunk(rng, conn, d, kind) for kind in kinds)
    if rng.random() < 0.01:
        body += bytes(rng.randint(1, 7))
    maker.send(conn, d, h.sctp(*conn.ports(d), tag, body),
               "tag %x chunks %s" % (tag, kinds))


# What each end sends next in an association that goes as it should.
SCRIPT = ((0, [INIT]), (1, [INIT_ACK]), (0, [COOKIE_ECHO]), (1, [COOKIE_ACK]), None,
          (0, [SHUTDOWN]), (1, [SHUTDOWN_ACK]), (0, [COMPLETE]))


def behave(maker, conn):
    """The next packet."""
    rng = maker.rng
    if conn.phase >= len(SCRIPT):
        conn.phase = 0
        if rng.random() < 0.7:
            conn.fresh(rng)
    if SCRIPT[conn.phase] is None:
        d = rng.randrange(2)
        emit(maker, conn, d, rng.choice(([DATA], [SACK], [SACK, DATA], [HB], [HB_ACK], [DATA, DATA])))
        if rng.random() < 0.3:
            conn.phase += 1
            conn.closer = rng.randrange(2)
        elif rng.random() < 0.05:
            conn.phase = 0
            conn.fresh(rng)
        return
    d, kinds = SCRIPT[conn.phase]
    if conn.phase > 4:
        d ^= conn.closer
    if kinds[0] in (COOKIE_ECHO, COOKIE_ACK) and rng.random() < 0.2:
        kinds = kinds + [DATA]
    emit(maker, conn, d, kinds)
    if rng.random() < 0.95:
        conn.phase += 1


def sctp(rng):
    """One sequence."""
    maker = Maker(rng, SETTINGS, sums=0.05, waits=0.03)
    conns = [Association(rng) for _ in range(rng.choice((1, 1, 2)))]
    wild = rng.choice((0, 0.05, 0.3, 1))
    for _ in range(rng.randint(3, 35)):
        conn = rng.choice(conns)
        if rng.random() < wild:
            emit(maker, conn, rng.randrange(2),
                 [rng.choice(CHUNKS) for _ in range(rng.choice((1, 1, 1, 2, 3, 0)))])
        else:
            behave(maker, conn)
        maker.between()
    return maker.steps
