# SPDX-License-Identifier: GPL-2.0
"""
The shortest sequence that shows a difference: parts are left out as long as the
same fields still differ (Zeller, "Simplifying and Isolating Failure-Inducing
Input"). Trackers are loaded once a round, so a round tries all that can be
tried at a time, for all sequences.
"""
import steps
import trackers
from record import SIZE, differ, first_difference

ROUNDS = 16


def verdict(pair):
    """(number of the packet, fields) of the first difference, or None."""
    at = first_difference(*pair)
    if at is None:
        return None
    return at, differ(*(rec[at * SIZE:(at + 1) * SIZE] for rec in pair))


def until_packet(seq, number):
    """The sequence up to its packet of that number."""
    for i, step in enumerate(seq):
        if step.kind == "packet":
            if number == 0:
                return seq[:i + 1]
            number -= 1
    return seq


def plain(step):
    """The step without what is rarely needed."""
    if step.kind != "packet":
        return step
    return steps.Step("packet", step.data, ip=step.ip, flags=step.flags & 1, note=step.note)


class Case:
    """A sequence that is being shrunk."""

    def __init__(self, namespace, seq, found):
        self.namespace, self.fields = namespace, set(found[1])
        self.seq = until_packet(seq, found[0])
        self.size = max(1, len(self.seq) // 2)
        self.good = []          # parts that can be left out one by one
        self.done = False

    def without(self, parts):
        """The sequence without the parts (first, end)."""
        gone = {i for first, end in parts for i in range(first, end)}
        return [step for i, step in enumerate(self.seq) if i not in gone]

    def candidates(self):
        """What to try in this round, the boldest first."""
        if self.good:
            n = len(self.good)
            tries = [self.good, self.good[:n // 2], self.good[n // 2:], self.good[::2],
                     self.good[1::2], self.good[:1]]
            return [self.without(parts) for parts in tries if parts]
        self.parts = [(i, min(i + self.size, len(self.seq)))
                      for i in range(0, len(self.seq), self.size)]
        out = [self.without([part]) for part in self.parts]
        if self.size == 1:
            out.append([plain(step) for step in self.seq])
        return out

    def learn(self, tried, pairs):
        """Take what the round has shown."""
        works = []
        for seq, pair in zip(tried, pairs):
            found = verdict(pair)
            works.append(found if found and self.fields & set(found[1]) else None)
        if self.good:
            self.good = []
            best = [(len(until_packet(seq, w[0])), i)
                    for i, (seq, w) in enumerate(zip(tried, works)) if w]
            if best:
                i = min(best)[1]
                self.seq = until_packet(tried[i], works[i][0])
                self.size = min(self.size, max(1, len(self.seq) // 2))
            elif self.size == 1:
                self.done = True
            else:
                self.size //= 2
            return
        self.good = [part for part, w in zip(self.parts, works) if w]
        if len(works) > len(self.parts) and works[-1] and not self.good:
            self.seq = tried[-1]
        if not self.good:
            if self.size == 1:
                self.done = True
            self.size = max(1, self.size // 2)


def shrink(cases):
    """Shrinks a list of Case, together."""
    for _ in range(ROUNDS):
        active = [case for case in cases if not case.done]
        if not active:
            break
        tried = [case.candidates() for case in active]
        flat = [(case.namespace, seq) for case, seqs in zip(active, tried) for seq in seqs]
        pairs = trackers.play_sequences(flat)
        for case, seqs in zip(active, tried):
            case.learn(seqs, pairs[:len(seqs)])
            del pairs[:len(seqs)]
