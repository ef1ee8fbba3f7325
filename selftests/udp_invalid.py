# SPDX-License-Identifier: GPL-2.0
"""UDP packets that are no UDP packets."""

from ctlab import *

CASES = (
    # name, packet, state, reason in the log
    ("no header", ip(A4, B4, 17, b"\0\1\0"), "INVALID", None),
    ("six bytes of header", ip(A4, B4, 17, b"\0\1\0\2\0\x08"), "INVALID",
     "short packet"),
    ("length 0", udp(A4, B4, 1, 2, length=0), "INVALID",
     "truncated/malformed packet"),
    ("length 7", udp(A4, B4, 1, 2, length=7), "INVALID",
     "truncated/malformed packet"),
    ("length beyond the packet", udp(A4, B4, 1, 2, length=100), "INVALID",
     "truncated/malformed packet"),
    ("wrong checksum", udp(A4, B4, 1, 2, check=0x1234), "INVALID",
     "bad checksum"),
    ("no checksum", udp(A4, B4, 3, 2, check=0), "NEW", None),
    ("port 0", udp(A4, B4, 0, 0), "NEW", None),
    ("no data", udp(A4, B4, 4, 2, data=b""), "NEW", None),
    ("IPv6, wrong checksum", udp(A6, B6, 1, 2, check=1), "INVALID",
     "bad checksum"),
    ("IPv6, length beyond the packet", udp(A6, B6, 1, 2, length=100), "INVALID",
     "truncated/malformed packet"),
    ("IPv6, good", udp(A6, B6, 5, 2), "NEW", None),
)


def invalid(lab):
    """Each is INVALID, logged with the reason, and makes no entry."""
    lab.log_invalid(17)
    for name, packet, state, reason in CASES:
        check(f"{name}: {state}", lab.state("a", packet), state)
        log = lab.logged()
        if reason:
            check(f"{name}: logged",
                  [line.startswith(f"nf_ct_proto_17: {reason} IN=a ")
                   for line in log], [True])
        elif state == "NEW":
            check(f"{name}: not logged", log, [])
    check("invalid packets make no entries", lab.entries("sport=1 "), [])


def log_of_other_protocols(lab):
    """nf_conntrack_log_invalid is a protocol number, 255 for all, 0 for none."""
    bad = udp(A4, B4, 1, 2, check=0x1234)
    for value, count in ((6, 0), (17, 1), (255, 1), (0, 0)):
        lab.log_invalid(value)
        lab.send("a", bad)
        check(f"log_invalid {value}: {count} lines", len(lab.logged()), count)


def checksum_off(lab):
    """Nobody looks at checksums with nf_conntrack_checksum=0."""
    check("default of nf_conntrack_checksum",
          lab.sysctl("net.netfilter.nf_conntrack_checksum"), "1")
    lab.sysctl("net.netfilter.nf_conntrack_checksum", 0)
    check("IPv4", lab.state("a", udp(A4, B4, 1, 2, check=1)), "NEW")
    check("IPv6", lab.state("a", udp(A6, B6, 1, 2, check=1)), "NEW")


main(invalid, log_of_other_protocols, checksum_off)
