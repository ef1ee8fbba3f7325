#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Samples by function: "COMMAND ADDRESS" a line of standard input, the symbols of the
kernel that was sampled in the file named, as "symbol ADDRESS TYPE NAME [MODULE]".
Prints the LINES functions of it that were met most, and their share of all that were.
"""
import bisect
import collections
import os
import sys

TEXT = "tTwW"


def main():
    symbols = []
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            word = line.split()
            if len(word) >= 4 and word[0] == "symbol" and word[2] in TEXT:
                symbols.append((int(word[1], 16), " ".join(word[3:])))
    symbols.sort()
    starts = [address for address, _ in symbols]
    met = collections.Counter()
    for line in sys.stdin:
        word = line.split()
        if len(word) < 2 or not word[0].startswith("linux-"):
            continue
        address = int(word[-1], 16)
        at = bisect.bisect(starts, address) - 1
        # Beyond all of it are the machine outside and its libraries.
        if at >= 0 and address - starts[at] < 0x10000:
            met[symbols[at][1]] += 1
    total = sum(met.values())
    for name, number in met.most_common(int(os.environ["LINES"])):
        print(f"{100 * number / total:5.1f} %  {name}")


main()
