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

import gen_tcp
import steps

FAMILIES = {
    "tcp": gen_tcp.tcp,
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
