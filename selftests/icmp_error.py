# SPDX-License-Identifier: GPL-2.0
"""ICMP and ICMPv6 errors belong to the flow that they quote, or to none."""

from ctlab import *

MID4, MID6 = "10.0.9.9", "fd00:9::9"	# a router on the way


def error(src, dst, quote, typ=None, code=0, **kw):
    """An error of the family of @src that quotes @quote."""
    if typ is None:
        typ = 1 if ":" in src else 3
    return icmp(src, dst, typ, code, data=quote, **kw)


def from_anywhere(lab, name, src, dst, mid, types):
    """Each type, from the end or from the way, about either direction."""
    ask, answer = udp(src, dst, 1000, 2000), udp(dst, src, 2000, 1000)
    lab.send("a", ask)
    before = lab.entries("sport=1000")
    for typ in types:
        check(f"{name} {typ} of the end",
              lab.state("b", error(dst, src, ask, typ)), "RELATED")
        check(f"{name} {typ} of the way",
              lab.state("b", error(mid, src, ask, typ)), "RELATED")
        check(f"{name} {typ} about the answer",
              lab.state("a", error(src, dst, answer, typ)), "RELATED")
    check(f"{name}: the flow is as before, not answered",
          [line.split()[5:] for line in lab.entries("sport=1000")],
          [line.split()[5:] for line in before])
    check(f"{name}: nothing else is tracked", len(lab.entries()), 1)


def errors4(lab):
    """ICMP."""
    from_anywhere(lab, "ICMP", A4, B4, MID4, (3, 4, 5, 11, 12))


def errors6(lab):
    """ICMPv6: all types below 128."""
    from_anywhere(lab, "ICMPv6", A6, B6, MID6, (0, 1, 2, 3, 4, 100, 127))


def of_each_protocol(lab):
    """Errors about what is no UDP."""
    for name, packet in (("TCP", tcp(A4, B4, 1, 2, "S")),
                         ("ICMP", echo(A4, B4, 55)),
                         ("GRE", gre(A4, B4)),
                         ("unknown", ip(A4, B4, 99, b"abcdefgh")),
                         ("TCP/IPv6", tcp(A6, B6, 1, 2, "S")),
                         ("ICMPv6", echo(A6, B6, 55))):
        lab.send("a", packet)
        v6 = packet[0] >> 4 == 6
        mid, src = (MID6, A6) if v6 else (MID4, A4)
        check(f"about {name}", lab.state("b", error(mid, src, packet)), "RELATED")
        if not v6:
            check(f"about {name}, 8 bytes of it",
                  lab.state("b", error(mid, src, packet[:28])), "RELATED")


def quotes4(lab):
    """What is quoted must be the flow's packet, sent by whom the error goes to."""
    ask = udp(A4, B4, 1000, 2000)
    lab.send("a", ask)
    spoilt = bytearray(ask)
    spoilt[10] ^= 0xff
    for name, side, packet, state in (
            ("header and 8 bytes", "b", error(MID4, A4, ask[:28]), "RELATED"),
            ("header and ports", "b", error(MID4, A4, ask[:24]), "RELATED"),
            ("header and 3 bytes", "b", error(MID4, A4, ask[:23]), "INVALID"),
            ("a header", "b", error(MID4, A4, ask[:20]), "INVALID"),
            ("half a header", "b", error(MID4, A4, ask[:19]), "INVALID"),
            ("one byte", "b", error(MID4, A4, ask[:1]), "INVALID"),
            ("nothing", "b", error(MID4, A4, b""), "INVALID"),
            ("header of 16 bytes", "b", error(MID4, A4, b"\x44" + ask[1:]),
             "INVALID"),
            ("header beyond the packet", "b", error(MID4, A4, b"\x4f" + ask[1:]),
             "INVALID"),
            ("wrong IP checksum", "b", error(MID4, A4, bytes(spoilt)), "RELATED"),
            ("first fragment", "b",
             error(MID4, A4, ip(A4, B4, 17, ask[20:], frag=0x2000)), "RELATED"),
            ("later fragment", "b",
             error(MID4, A4, ip(A4, B4, 17, ask[20:], frag=100)), "INVALID"),
            ("unknown flow", "b", error(B4, A4, udp(A4, B4, 1, 1)), "INVALID"),
            ("another error", "b", error(B4, A4, error(A4, B4, ask)), "INVALID"),
            ("the wrong way", "a", error(A4, B4, ask), "INVALID"),
            ("wrong checksum", "b", error(B4, A4, ask, check=1), "INVALID")):
        check(f"ICMP, {name}", lab.state(side, packet), state)
    lab.log_invalid()
    before = lab.seen()["INVALID"]
    lab.inject("b", error(B4, "10.0.1.9", ask))
    check("ICMP, to another host: INVALID",
          bool(busywait(lambda: lab.seen()["INVALID"] == before + 1)))
    check("ICMP, to another host: logged",
          [line.split(" IN=")[0] for line in lab.logged()],
          ["nf_ct_proto_1: outer daddr 10.0.1.9 != inner 10.0.1.2"])


def quotes6(lab):
    """The same, with extension headers."""
    ask = udp(A6, B6, 1000, 2000)
    lab.send("a", ask)
    hop = bytes([17, 0, 1, 4, 0, 0, 0, 0])
    first, later = (bytes([17, 0, off, 1, 0, 0, 0, 1]) for off in (0, 1))
    for name, side, packet, state in (
            ("header and 8 bytes", "b", error(MID6, A6, ask[:48]), "RELATED"),
            ("header and ports", "b", error(MID6, A6, ask[:44]), "RELATED"),
            ("header and 3 bytes", "b", error(MID6, A6, ask[:43]), "INVALID"),
            ("a header", "b", error(MID6, A6, ask[:40]), "INVALID"),
            ("half a header", "b", error(MID6, A6, ask[:39]), "INVALID"),
            ("nothing", "b", error(MID6, A6, b""), "INVALID"),
            ("hop-by-hop options", "b",
             error(MID6, A6, ip(A6, B6, 0, hop + ask[40:])), "RELATED"),
            ("half of the options", "b",
             error(MID6, A6, ip(A6, B6, 0, hop[:4])), "INVALID"),
            ("first fragment", "b",
             error(MID6, A6, ip(A6, B6, 44, first + ask[40:])), "RELATED"),
            ("later fragment", "b",
             error(MID6, A6, ip(A6, B6, 44, later + ask[40:])), "INVALID"),
            ("unknown flow", "b", error(B6, A6, udp(A6, B6, 1, 1)), "INVALID"),
            ("another error", "b", error(B6, A6, error(A6, B6, ask)), "INVALID"),
            ("neighbour discovery", "b",
             error(B6, A6, icmp(A6, B6, 135, data=b"\0" * 16)), "INVALID"),
            ("the wrong way", "a", error(A6, B6, ask), "INVALID"),
            ("wrong checksum", "b", error(B6, A6, ask, check=1), "INVALID")):
        check(f"ICMPv6, {name}", lab.state(side, packet), state)


def redirect(src, quote, before=b"", hops=255):
    """A neighbour's redirect with @quote in its option."""
    body = socket.inet_pton(socket.AF_INET6, "fe80::99") + \
        socket.inet_pton(socket.AF_INET6, B6) + before
    if quote is not None:
        quote += b"\0" * (-len(quote) % 8)
        body += struct.pack("!BBHI", 4, 1 + len(quote) // 8, 0, 0) + quote
    packet = icmp(src, A6, 137, data=body)
    return packet[:7] + bytes([hops]) + packet[8:]


def redirects6(lab):
    """They quote in an option, and come from a neighbour (RFC 4861 8.1)."""
    ask, near = udp(A6, B6, 7, 8), "fe80::1"
    lab.send("a", ask)
    for name, packet, state in (
            ("good", redirect(near, ask), "RELATED"),
            ("unknown flow", redirect(near, udp(A6, B6, 9, 9)), "INVALID"),
            ("no option", redirect(near, None), "INVALID"),
            ("option of length 0", redirect(near, ask, bytes([2, 0] + [0] * 6)),
             "INVALID"),
            ("option beyond the packet",
             redirect(near, ask, bytes([2, 200] + [0] * 6)), "INVALID"),
            ("half an option", redirect(near, None, b"\4"), "INVALID"),
            ("from afar", redirect(near, ask, hops=254), "INVALID"),
            ("no neighbour", redirect(B6, ask), "INVALID"),
            ("short", icmp(near, A6, 137), "INVALID")):
        before = lab.seen()
        lab.inject("b", packet)
        check(f"redirect, {name}: {state}", bool(busywait(
            lambda: lab.seen()[state] == before[state] + 1)))


main(errors4, errors6, of_each_protocol, quotes4, quotes6, redirects6)
