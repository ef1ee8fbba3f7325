# SPDX-License-Identifier: GPL-2.0
"""Protocols that have no tracker: a flow is what two hosts say in one."""

from ctlab import *

TIMEOUT = "net.netfilter.nf_conntrack_generic_timeout"


def flows(lab):
    """Both families, any length."""
    for src, dst in ((A4, B4), (A6, B6)):
        for proto in (2, 99, 253):
            name = f"protocol {proto} to {dst}"
            check(f"{name}: first packet",
                  lab.state("a", ip(src, dst, proto, b"hello")), "NEW")
            check(f"{name}: no data",
                  lab.state("a", ip(src, dst, proto, b"")), "NEW")
            check(f"{name}: answer",
                  lab.state("b", ip(dst, src, proto, b"hello")), "ESTABLISHED")
        check(f"flows to {dst}", len(lab.entries("unknown")),
              3 if ":" not in src else 6)


def timeout(lab):
    """The sysctl is obeyed."""
    check("default", lab.sysctl(TIMEOUT), "600")
    lab.sysctl(TIMEOUT, 1000)
    lab.send("a", ip(A4, B4, 99, b"hello"))
    check("obeyed", lab.expect("unknown", 990, 1000, flags="UNREPLIED"))
    lab.sysctl(TIMEOUT, 1)
    lab.send("b", ip(B4, A4, 99, b"hello"))
    check("an entry that has expired is gone",
          bool(busywait(lambda: not lab.entries("unknown"))))


main(flows, timeout)
