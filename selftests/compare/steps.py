# SPDX-License-Identifier: GPL-2.0
"""
What is played: steps, in the two forms that they are written in.

Binary is what the player (selftests/modules/ct_play.c) takes; text is what a
person reads, and what regressions are kept in:

  packet 4 forward [checksum] [paged] [drop] [chosen] [mark=N] HEX  # what it is
  set NAME VALUE
  wait MILLISECONDS
  delete N            the entry that came into being as N-th

chosen: where the packet, or the one that it quotes, has a port that NAT has had to
replace by one that it chose, it is sent to that one.
"""
import struct

KINDS = {"start": 0, "packet": 1, "set": 2, "wait": 3, "delete": 4}
PATHS = ("forward", "input", "output")
FLAGS = {"checksum": 1, "paged": 2, "drop": 4, "chosen": 8}
FAMILY = {4: 2, 6: 10}      # NFPROTO_*


class Step:
    """One step; which fields mean something depends on its kind."""
    __slots__ = ("kind", "ip", "path", "flags", "data", "arg", "mark", "note")

    def __init__(self, kind, data=b"", arg=0, ip=0, path=0, flags=0, mark=0, note=""):
        self.kind, self.data, self.arg = kind, data, arg
        self.ip, self.path, self.flags, self.mark = ip, path, flags, mark
        self.note = note

    def pack(self):
        """For the player."""
        return struct.pack("=BBBBIII", KINDS[self.kind], FAMILY.get(self.ip, 0),
                           self.path, self.flags, len(self.data), self.arg,
                           self.mark) + self.data + b"\0" * (-len(self.data) % 4)

    def __str__(self):
        if self.kind == "packet":
            words = ["packet", str(self.ip), PATHS[self.path]]
            words += [name for name, bit in FLAGS.items() if self.flags & bit]
            words += ["mark=%d" % self.mark] if self.mark else []
            words += [self.data.hex()]
            words += ["# " + self.note] if self.note else []
            return " ".join(words)
        if self.kind == "set":
            return "set %s %d" % (self.data.decode(), self.arg)
        return "%s %d" % (self.kind, self.arg)


def parse(line):
    """A step from its text, None if the line has none."""
    line, _, note = line.partition("#")
    words = line.split()
    if not words:
        return None
    if words[0] == "packet":
        step = Step("packet", bytes.fromhex(words[-1]), ip=int(words[1]),
                    path=PATHS.index(words[2]), note=note.strip())
        for word in words[3:-1]:
            if word.startswith("mark="):
                step.mark = int(word[5:])
            else:
                step.flags |= FLAGS[word]
        return step
    if words[0] == "set":
        return Step("set", words[1].encode(), int(words[2]))
    return Step(words[0], arg=int(words[1]))


def load(path):
    """The steps of a file."""
    with open(path, encoding="ascii") as file:
        return [step for step in map(parse, file) if step]


def pack(sequences):
    """Sequences, one after the other, for the player."""
    start = Step("start").pack()
    return b"".join(start + b"".join(step.pack() for step in seq) for seq in sequences)


def packets(seq):
    """Number of packets in a sequence."""
    return sum(step.kind == "packet" for step in seq)
