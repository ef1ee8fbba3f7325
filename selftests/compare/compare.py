#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Plays sequences on the stock tracker and on ours, and compares packet by packet.
Runs in the test machine.

  compare.py SEED COUNT [DIRECTORY]     generated sequences, COUNT packets a family;
                                        DIRECTORY holds them if generate.py was run
  compare.py FILE.seq...                sequences that were kept; ALL=1 in the
                                        environment shows every packet

FAMILY in the environment names the families, if not all are wanted.

For each family one line: "family: N packets in M sequences, N differ, N meant".
A difference is shown with the shortest sequence that shows it, ready to be kept.
"""
import array
import collections
import os
import sys

import differences
import generate
import record
import shrink
import steps
import trackers

SHOW = 6        # sequences that are shrunk and shown a family


class Family:
    """The sequences of one kind, and what came of them."""

    def __init__(self, name, namespace, index, sequence):
        self.name, self.namespace = name, namespace
        self.index, self.sequence = index, sequence
        self.meant = collections.Counter()
        self.cases = []         # (number, steps, difference)

    def compare(self, stock, ours):
        """Looks for sequences that differ."""
        at = 0
        if len(stock) != len(ours) or len(stock) != sum(self.index) * record.SIZE:
            raise RuntimeError("%s: records are missing" % self.name)
        if record.first_difference(stock, ours) is None:
            return
        for number, packets in enumerate(self.index):
            end = at + packets * record.SIZE
            pair = (stock[at:end], ours[at:end])
            at = end
            found = shrink.verdict(pair)
            if found:
                self.judge(number, pair, found)

    def judge(self, number, pair, found):
        """Meant, or a case?"""
        seq = self.sequence(number)
        name = meant(seq, pair, found)
        if name:
            self.meant[name] += 1
        else:
            self.cases.append((number, seq, found))

    def some_cases(self):
        """Cases to be shown, as different as possible."""
        kinds = collections.defaultdict(list)
        for case in self.cases:
            kinds[tuple(case[2][1])].append(case)
        picked = []
        while kinds and len(picked) < SHOW:
            for kind in list(kinds):
                picked.append(kinds[kind].pop(0))
                if not kinds[kind]:
                    del kinds[kind]
        return picked[:SHOW]


def meant(seq, pair, found):
    """The name of a meant difference, or None."""
    seen = [step for step in seq if step.kind == "packet"][:found[0] + 1]
    return differences.expected(
        differences.Packet(step, *(rec[i * record.SIZE:(i + 1) * record.SIZE] for rec in pair))
        for i, step in enumerate(seen))


def show(family, number, seq, pair):
    """A difference, for a person."""
    found = shrink.verdict(pair)
    print("# --- %s, %s" % (family.name, number))
    for step in seq:
        print("#   %s" % step)
    if not found:
        print("#   (did not differ when it was played again)")
        return
    at, fields = found
    stock, ours = (record.decode(rec[at * record.SIZE:(at + 1) * record.SIZE]) for rec in pair)
    print("#   at packet %d:" % at)
    for name in fields:
        print("#   %-26s stock %s" % (name, stock[name]))
        print("#   %-26s ours  %s" % ("", ours[name]))


def show_all(seq, pair):
    """All packets of a sequence, as ALL=1 asks for."""
    at = 0
    for step in seq:
        print("# %s" % step)
        if step.kind != "packet":
            continue
        raw = [rec[at:at + record.SIZE] for rec in pair]
        at += record.SIZE
        for name, one in zip(("stock", "ours "), raw):
            fields = {k: v for k, v in record.decode(one).items()
                      if v not in (0, "0", "none") and k not in ("packet", "reply tuple")}
            print("#     %s %s" % (name, fields))
            print("#           %s" % record.inside(one))


def report(families, label):
    """Shrinks and shows what differs; one line a family."""
    shown = [(family, number, shrink.Case(family.namespace, seq, found))
             for family in families for number, seq, found in family.some_cases()]
    if shown:
        shrink.shrink([case for _, _, case in shown])
        pairs = trackers.play_sequences([(case.namespace, case.seq) for _, _, case in shown])
        for (family, number, case), pair in zip(shown, pairs):
            show(family, label(number), case.seq, pair)
            # A second has ended between the two.
            if not shrink.verdict(pair):
                family.cases = [other for other in family.cases if other[0] != number]
    for family in families:
        print("%s: %d packets in %d sequences, %d differ, %d meant%s" % (
            family.name, sum(family.index), len(family.index), len(family.cases),
            sum(family.meant.values()),
            "".join(" (%s: %d)" % item for item in sorted(family.meant.items()))))
    return any(family.cases for family in families)


def generated(seed, count, directory=None):
    """Families of generated sequences."""
    families, lots = [], []
    for name in os.environ.get("FAMILY", "").split() or generate.FAMILIES:
        path = "%s/%s" % (directory, name)
        if directory and os.path.exists(path + ".index"):
            with open(path + ".play", "rb") as file:
                packed = file.read()
            with open(path + ".index", "rb") as file:
                index = array.array("I", file.read())
        else:
            packed, index = generate.generate(seed, int(count), name)
        space = generate.namespace(name)
        families.append(Family(name, space, index,
                               lambda i, name=name: generate.sequence(seed, name, i)))
        lots.append((space, packed))
    for family, pair in zip(families, trackers.play_both(lots)):
        family.compare(*pair)
    return report(families, lambda number: "SEED=%s sequence %d" % (seed, number))


def kept(paths):
    """Sequences from files; each is a family of its own."""
    seqs = [steps.load(path) for path in paths]
    families = [Family(os.path.basename(path)[:-4],
                       generate.namespace(os.path.basename(path)),
                       [steps.packets(seq)], lambda _, seq=seq: seq)
                for path, seq in zip(paths, seqs)]
    pairs = trackers.play_sequences([(f.namespace, seq) for f, seq in zip(families, seqs)])
    for family, seq, pair in zip(families, seqs, pairs):
        family.compare(*pair)
        if os.environ.get("ALL"):
            show_all(seq, pair)
    return report(families, lambda _: "kept")


def main(args):
    """The command line."""
    if args and args[0].endswith(".seq"):
        return kept(args)
    return generated(*args)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
