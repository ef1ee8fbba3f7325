# SPDX-License-Identifier: GPL-2.0
"""UDP: short flows and streams, and the timeout of each."""

from ctlab import *

CT = "net.netfilter.nf_conntrack_"


def family(src, dst):
    """A function that makes a packet of flow @port, either way."""
    def make(side, port):
        if side == "a":
            return udp(src, dst, port, 2000)
        return udp(dst, src, 2000, port)
    return make


def stream(lab, name, make):
    """One flow becomes a stream when it is answered and goes on."""
    check(f"{name}: the first packet is NEW", lab.state("a", make("a", 1)), "NEW")
    check(f"{name}: unreplied for 30 s",
          lab.expect("sport=1 ", 25, 30, flags="UNREPLIED"))
    check(f"{name}: a second question is NEW too",
          lab.state("a", make("a", 1)), "NEW")
    check(f"{name}: an answer is ESTABLISHED",
          lab.state("b", make("b", 1)), "ESTABLISHED")
    check(f"{name}: answered, but not yet a stream",
          lab.expect("sport=1 ", 25, 30))
    time.sleep(2.5)
    check(f"{name}: it goes on", lab.state("a", make("a", 1)), "ESTABLISHED")
    check(f"{name}: a stream after more than 2 s",
          lab.expect("sport=1 ", 110, 120, flags="ASSURED"))

    lab.send("a", make("a", 2))
    time.sleep(2.5)
    lab.send("b", make("b", 2))
    check(f"{name}: a late first answer makes no stream",
          lab.expect("sport=2 ", 25, 30))
    lab.send("b", make("b", 2))
    check(f"{name}: the second one does",
          lab.expect("sport=2 ", 110, 120, flags="ASSURED"))

    lab.send("a", make("a", 3))
    time.sleep(2.5)
    lab.send("a", make("a", 3))
    check(f"{name}: without answer it is no stream however long",
          lab.expect("sport=3 ", 25, 30, flags="UNREPLIED"))


def streams_ipv6(lab):
    """IPv6."""
    stream(lab, "IPv6", family(A6, B6))


def streams_ipv4(lab):
    """IPv4."""
    stream(lab, "IPv4", family(A4, B4))


def timeouts(lab):
    """Each sysctl is obeyed, and an entry is gone when its time is over."""
    make = family(A4, B4)
    check("default of udp_timeout", lab.sysctl(CT + "udp_timeout"), "30")
    check("default of udp_timeout_stream",
          lab.sysctl(CT + "udp_timeout_stream"), "120")
    lab.sysctl(CT + "udp_timeout", 1000)
    lab.sysctl(CT + "udp_timeout_stream", 2000)
    lab.send("a", make("a", 10))
    check("udp_timeout is obeyed",
          lab.expect("sport=10 ", 990, 1000, flags="UNREPLIED"))
    lab.send("b", make("b", 10))
    check("udp_timeout holds for the answer", lab.expect("sport=10 ", 990, 1000))
    time.sleep(2.5)
    lab.send("b", make("b", 10))
    check("udp_timeout_stream is obeyed",
          lab.expect("sport=10 ", 1990, 2000, flags="ASSURED"))
    lab.sysctl(CT + "udp_timeout", 1)
    lab.send("a", make("a", 11))
    check("an entry that has expired is gone",
          bool(busywait(lambda: not lab.entries("sport=11 "))))
    check("and is not found again", lab.state("a", make("a", 11)), "NEW")
    check("a late answer starts a flow of its own",
          busywait(lambda: not lab.entries("sport=11 ")) and
          lab.state("b", make("b", 11)), "NEW")


main(streams_ipv4, streams_ipv6, timeouts)
