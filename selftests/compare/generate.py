#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Makes sequences, the same for the same seed on every machine.

  generate.py SEED COUNT DIRECTORY [FAMILY...]

writes for each family at least COUNT packets: FAMILY.play is what the player
takes, FAMILY.index the number of packets in each sequence.
"""
import array
import os
import random
import sys

import gen_datagram
import gen_dccp
import gen_icmp
import gen_sctp
import gen_tcp
import steps

FAMILIES = {
    "tcp": gen_tcp.tcp,
    "udp": gen_datagram.udp,
    "udplite": gen_datagram.udplite,
    "icmp": gen_icmp.icmp,
    "icmpv6": gen_icmp.icmpv6,
    "sctp": gen_sctp.sctp,
    "dccp": gen_dccp.dccp,
    "gre": gen_datagram.gre,
    "generic": gen_datagram.generic,
    "fragment": gen_datagram.fragment,
    "nat-tcp": lambda rng: gen_tcp.tcp(rng, nat=True),
    "nat-udp": lambda rng: gen_datagram.udp(rng, nat=True),
    "nat-icmp": lambda rng: gen_icmp.icmp(rng, rng.choice((4, 6)), nat=True),
}


def namespace(family):
    """Where a family is played."""
    return "compare-nat" if family.startswith("nat") else "compare"


def sequence(seed, family, number):
    """The steps of one sequence."""
    return FAMILIES[family](random.Random("%s/%s/%d" % (seed, family, number)))


def generate(seed, count, family):
    """The packed sequences, and the number of packets in each."""
    packed, index, total = [], array.array("I"), 0
    while total < count:
        seq = sequence(seed, family, len(index))
        packed.append(steps.pack([seq]))
        index.append(steps.packets(seq))
        total += index[-1]
    return b"".join(packed), index


def main(seed, count, directory, *families):
    """The command line."""
    os.makedirs(directory, exist_ok=True)
    for family in families or FAMILIES:
        packed, index = generate(seed, int(count), family)
        with open("%s/%s.play" % (directory, family), "wb") as file:
            file.write(packed)
        with open("%s/%s.index" % (directory, family), "wb") as file:
            file.write(index.tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
