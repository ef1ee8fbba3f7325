# SPDX-License-Identifier: GPL-2.0
"""ICMP and ICMPv6 queries: which types are flows, and which are left alone."""

from ctlab import *

CT = "net.netfilter.nf_conntrack_"


def query(src, dst, typ, ident, code=0):
    """A query or answer with enough behind it for any type."""
    return icmp(src, dst, typ, code, struct.pack("!HH", ident, 1), b"\0" * 12)


def pairs(lab, name, src, dst, types):
    """@types: query, its answer."""
    for ask, answer in types:
        ident = 500 + ask
        match = f"id={ident} "
        check(f"{name} {ask} is NEW", lab.state("a", query(src, dst, ask, ident)),
              "NEW")
        check(f"{name} {ask}: entry",
              lab.expect(match, 25, 30, flags="UNREPLIED"))
        check(f"{name} {answer} of another id is INVALID",
              lab.state("b", query(dst, src, answer, ident + 1000)), "INVALID")
        check(f"{name} {answer} of another code is INVALID",
              lab.state("b", query(dst, src, answer, ident, 1)), "INVALID")
        check(f"{name} {answer} is ESTABLISHED",
              lab.state("b", query(dst, src, answer, ident)), "ESTABLISHED")
        check(f"{name} {answer} again, too",
              lab.state("b", query(dst, src, answer, ident)), "ESTABLISHED")
        check(f"{name} {ask}: entry, answered", lab.expect(match, 25, 30))
        check(f"{name} {ask} the other way is a flow of its own",
              lab.state("b", query(dst, src, ask, ident)), "NEW")
        check(f"{name} {ask}: two flows", len(lab.entries(match)), 2)


def icmp4(lab):
    """Echo, timestamp, information, address mask."""
    pairs(lab, "ICMP", A4, B4, ((8, 0), (13, 14), (15, 16), (17, 18)))


def icmp6(lab):
    """Echo, node information."""
    pairs(lab, "ICMPv6", A6, B6, ((128, 129), (139, 140)))


def other_types(lab):
    """No flows."""
    for typ in (0, 1, 2, 6, 7, 9, 10, 14, 16, 18, 19, 30, 42, 43, 255):
        check(f"ICMP {typ}", lab.state("a", query(A4, B4, typ, typ)), "INVALID")
    for typ in (129, 138, 140, 141, 142, 144, 150, 153, 154, 200, 255):
        check(f"ICMPv6 {typ}", lab.state("a", query(A6, B6, typ, typ)),
              "INVALID")
    check("ICMP in IPv6", lab.state("a", ip(A6, B6, 1, b"\x08" + b"\0" * 7)),
          "INVALID")
    check("ICMPv6 in IPv4", lab.state("a", ip(A4, B4, 58, b"\x80" + b"\0" * 7)),
          "INVALID")
    check("neighbour discovery in IPv4",
          lab.state("a", ip(A4, B4, 58, b"\x87" + b"\0" * 7)), "INVALID")
    check("no entries", lab.entries("icmp"), [])


def link_types(lab):
    """What keeps a link running is not tracked."""
    for typ in (130, 131, 132, 133, 134, 135, 136, 143):
        check(f"ICMPv6 {typ}", lab.state("a", query(A6, B6, typ, 0)),
              "UNTRACKED")
    check("but wrong checksums are INVALID",
          lab.state("a", icmp(A6, B6, 135, data=b"\0" * 16, check=1)), "INVALID")
    check("no entries", lab.entries("icmpv6"), [])


def invalid(lab):
    """Short packets, wrong checksums."""
    lab.log_invalid()
    for name, packet, reason in (
            ("ICMP, 4 bytes", ip(A4, B4, 1, b"\x08\0\0\0"),
             "nf_ct_proto_1: short packet IN"),
            ("ICMP, 7 bytes", ip(A4, B4, 1, b"\x08" + b"\0" * 6),
             "nf_ct_proto_1: short packet IN"),
            ("ICMP, wrong checksum", icmp(A4, B4, 8, check=1),
             "nf_ct_proto_1: bad hw icmp checksum IN"),
            ("ICMP, type 200", icmp(A4, B4, 200),
             "nf_ct_proto_1: invalid icmp type IN"),
            ("ICMPv6, 4 bytes", ip(A6, B6, 58, b"\x80\0\0\0"),
             "nf_ct_proto_58: short packet IN"),
            ("ICMPv6, wrong checksum", icmp(A6, B6, 128, check=1),
             "nf_ct_proto_58: ICMPv6 checksum failed IN")):
        check(name, lab.state("a", packet), "INVALID")
        check(f"{name}: logged",
              [line.startswith(reason) for line in lab.logged()], [True])


def timeouts(lab):
    """Each sysctl is obeyed."""
    for name, src, dst in (("icmp", A4, B4), ("icmpv6", A6, B6)):
        check(f"default of {name}_timeout", lab.sysctl(CT + name + "_timeout"),
              "30")
        lab.sysctl(CT + name + "_timeout", 1000)
        lab.send("a", echo(src, dst, 7))
        check(f"{name}_timeout is obeyed",
              lab.expect("id=7 ", 990, 1000, flags="UNREPLIED"))
        lab.sysctl(CT + name + "_timeout", 1)
        lab.send("b", echo(dst, src, 7, reply=True))
        check(f"{name} entry that has expired is gone",
              bool(busywait(lambda: not lab.entries("id=7 "))))


main(icmp4, icmp6, other_types, link_types, invalid, timeouts)
