# SPDX-License-Identifier: GPL-2.0
"""
Differences that are meant. Each has a name, under which
Documentation/differences.rst gives the reason why ours is better, and says of a
packet whether the difference that it shows is this one. What comes behind it in
the same sequence is not compared any more.
"""


DIFFERENCES = {
}


def expected(step, stock, ours, fields):
    """The name of the difference that is meant to be seen here, or None.

    @step: the packet; @stock, @ours: decoded records; @fields: that differ."""
    for name, applies in DIFFERENCES.items():
        if applies(step, stock, ours, fields):
            return name
    return None
