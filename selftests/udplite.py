# SPDX-License-Identifier: GPL-2.0
"""UDP-Lite: flows as of UDP, and a checksum that covers a part."""

from ctlab import *


def lite(src, dst, port, **kw):
    """A packet from or to @port."""
    kw.setdefault("data", b"abcdefgh")
    return udp(src, dst, port, 2000, proto=136, **kw)


def flow(lab):
    """Timeouts are those of UDP."""
    lab.sysctl("net.netfilter.nf_conntrack_checksum", 0)
    check("first packet", lab.state("a", lite(A4, B4, 1)), "NEW")
    check("entry", lab.expect("udplite", 25, 30, flags="UNREPLIED"))
    answer = udp(B4, A4, 2000, 1, proto=136)
    check("answer", lab.state("b", answer), "ESTABLISHED")
    time.sleep(2.5)
    check("goes on", lab.state("b", answer), "ESTABLISHED")
    check("stream", lab.expect("udplite", 110, 120, flags="ASSURED"))
    check("IPv6", lab.state("a", lite(A6, B6, 1)), "NEW")


def coverage(lab):
    """Of the header at least, of the packet at most (RFC 3828 3.1)."""
    lab.log_invalid(136)
    for cover in (1, 7, 17, 65535):
        check(f"coverage {cover}", lab.state("a", lite(A4, B4, 1, cover=cover)),
              "INVALID")
        check(f"coverage {cover} is logged",
              ["invalid checksum coverage" in line for line in lab.logged()],
              [True])
    check("a checksum is a must",
          lab.state("a", lite(A4, B4, 1, cover=8, check=0)), "INVALID")
    check("short", lab.state("a", ip(A4, B4, 136, b"\0\1\0\2\0\x08")), "INVALID")
    check("nothing tracked", lab.entries("udplite"), [])


def checksum(lab):
    """What is covered is verified, the rest is not."""
    check("wrong", lab.state("a", lite(A4, B4, 1, cover=8, check=5)), "INVALID")
    for src, dst in ((A4, B4), (A6, B6)):
        for port, cover in ((2, 0), (3, 8), (4, 12)):
            name = f"right, coverage {cover}, to {dst}"
            if is_ours():
                check(name, lab.state("a", lite(src, dst, port, cover=cover)),
                      "NEW")
            else:
                skip_one(name, "the stock module finds it wrong")


main(flow, coverage, checksum)
