# SPDX-License-Identifier: GPL-2.0
"""ICMP errors about translated flows are RELATED, and arrive translated."""

from ctlab import *

MID4, MID6 = "10.0.9.9", "fd00:9::9"
NAT4, NAT6 = "10.0.2.77", "fd00:2::77"
RULES = """
table inet lab_nat {
	chain post {
		type nat hook postrouting priority srcnat;
		oifname "b" ip saddr 10.0.1.2 tcp dport 5000 snat ip to 10.0.2.77:7777
		oifname "b" ip saddr 10.0.1.2 snat ip to 10.0.2.77
		oifname "b" ip6 saddr fd00:1::2 snat ip6 to fd00:2::77
	}
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname "b" ip daddr 10.0.2.1 udp dport 6000 dnat ip to 10.0.1.2:6001
		iifname "b" ip6 daddr fd00:2::1 udp dport 6000 dnat ip6 to [fd00:1::2]:6001
	}
}
"""


def parts(packet):
    """(source, destination, protocol, payload) of an IP packet."""
    if packet[0] >> 4 == 6:
        return (socket.inet_ntop(socket.AF_INET6, packet[8:24]),
                socket.inet_ntop(socket.AF_INET6, packet[24:40]),
                packet[6], packet[40:])
    return (socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]),
            packet[9], packet[20:])


def sound(packet):
    """Whether the checksum of an ICMP packet is right."""
    src, dst, proto, body = parts(packet)
    head = pseudo(src, dst, proto, len(body)) if proto == 58 else b""
    return csum(head + body) == 0


def quoted(packet):
    """(source, destination, ports or ICMP id) of what an error quotes."""
    src, dst, proto, body = parts(parts(packet)[3][8:])
    if proto in (1, 58):
        return src, dst, struct.unpack("!H", body[4:6])[0]
    return (src, dst) + struct.unpack("!HH", body[:4])


def error(src, dst, quote):
    """An error of the family of @src."""
    return icmp(src, dst, 1 if ":" in src else 3, 3, data=quote)


def arrives(lab, name, side, packet, outer, inner):
    """The error goes to @outer (source, destination) and quotes @inner."""
    state, out = lab.send(side, packet)
    check(f"{name}: RELATED", state, "RELATED")
    if out:
        check(f"{name}: addresses", parts(out)[:2], outer)
        check(f"{name}: quote", quoted(out), inner)
        check(f"{name}: checksum", sound(out))


def snat(lab):
    """The client is hidden."""
    for src, dst, mid, nat in ((A4, B4, MID4, NAT4), (A6, B6, MID6, NAT6)):
        _, out = lab.send("a", udp(src, dst, 3000, 5001))
        check(f"{src}: the packet is translated", parts(out)[0], nat)
        arrives(lab, f"{src}: error of the way", "b",
                error(mid, nat, udp(nat, dst, 3000, 5001)),
                (mid, src), (src, dst, 3000, 5001))
        check(f"{src}: error to the hidden address",
              lab.state("b", error(mid, src, udp(nat, dst, 3000, 5001))),
              "INVALID")
        check(f"{src}: error about the hidden address",
              lab.state("b", error(mid, src, udp(src, dst, 3000, 5001))),
              "INVALID")
        lab.send("b", udp(dst, nat, 5001, 3000))
        arrives(lab, f"{src}: error of the client about the answer", "a",
                error(src, dst, udp(dst, src, 5001, 3000)),
                (nat, dst), (dst, nat, 5001, 3000))


def snat_of_ports(lab):
    """Ports and ids are translated in the quote too."""
    lab.send("a", tcp(A4, B4, 4000, 5000, "S"))
    arrives(lab, "TCP", "b",
            error(MID4, NAT4, tcp(NAT4, B4, 7777, 5000, "S")[:28]),
            (MID4, A4), (A4, B4, 4000, 5000))
    _, out = lab.send("a", echo(A4, B4, 999))
    arrives(lab, "ICMP", "b", error(MID4, NAT4, echo(NAT4, B4, 999)),
            (MID4, A4), (A4, B4, 999))


def dnat(lab):
    """The server is hidden."""
    for src, dst, nat, near in ((A4, B4, RB4, "10.0.1.50"),
                                (A6, B6, RB6, "fd00:1::50")):
        _, out = lab.send("b", udp(dst, nat, 3000, 6000))
        check(f"{src}: the packet is translated", parts(out)[1], src)
        arrives(lab, f"{src}: error of the server", "a",
                error(src, dst, udp(dst, src, 3000, 6001)),
                (nat, dst), (dst, nat, 3000, 6000))
        lab.send("a", udp(src, dst, 6001, 3000))
        arrives(lab, f"{src}: error of the client about the answer", "b",
                error(dst, nat, udp(nat, dst, 6000, 3000)),
                (dst, src), (src, dst, 6001, 3000))


main(snat, snat_of_ports, dnat, nft=RULES)
