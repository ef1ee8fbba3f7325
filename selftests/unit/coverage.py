#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""How much of the tested code the unit tests have run.

	coverage.py LEAST SOURCES <gcov's JSON, a line an object

For each file and function listed below: of all its branches, how many were taken
at least once. It has to be more than LEAST per cent, or what was not taken is
listed, too. SOURCES is the directory of the sources.
"""
import json
import os
import re
import sys

# An object, and a file or functions in it. Of a header's functions an object has
# only those that it uses.
COVERED = [
    ("nf_ct_proto_tcp_state", "nf_ct_proto_tcp_state.c", None),
    ("tcp_state_test", "nf_ct_tcp.h", ("nf_ct_tcp_event", "nf_ct_tcp_outcome")),
    ("tcp_answer_test", "nf_ct_tcp.h", ("nf_ct_tcp_is_challenge",)),
    ("nf_ct_proto_tcp_window", "nf_ct_proto_tcp_window.c", None),
    ("nf_ct_proto_tcp_option", "nf_ct_proto_tcp_option.c", None),
    ("nf_ct_proto_tcp_segment", "nf_ct_proto_tcp_segment.c", None),
    ("nf_ct_ftp_parse", "nf_ct_ftp_parse.c", None),
    ("table_test", "nf_ct_table.h", None),
    ("nf_ct_table", "nf_ct_table.c", ("end_v4", "hash_v6", "nf_ct_tuple_hash")),
    ("nf_ct_core", "nf_ct_core.c", ("nf_ct_invert_tuple",)),
    ("nf_ct_proto_icmp", "nf_ct_proto_icmp.c",
     ("is_tracked", "nf_conntrack_invert_icmp_tuple")),
    ("nf_ct_proto_icmpv6", "nf_ct_proto_icmpv6.c",
     ("is_tracked", "kind_of", "nf_conntrack_invert_icmpv6_tuple")),
    ("nf_ct_entry", "nf_ct_entry.c", ("refresh", "__nf_ct_change_timeout")),
]

# Macros that branch on what is known when building, or on what can't happen:
# nobody can take the other way. The branches of their lines are left out.
BY_NATURE = re.compile(r"\b(test_bit|ntoh[ls]|WARN_ON_ONCE|READ_ONCE|"
                       r"smp_store_release|try_cmpxchg|kzalloc|rcu_dereference)\(")


def lines_of(objects, name, source, functions):
    for data in objects.get(name, {}).get("files", []):
        if os.path.basename(data["file"]) == source:
            return [line for line in data["lines"] if functions is None or
                    line.get("function_name") in functions]
    return []


def main():
    least = float(sys.argv[1])
    objects = {}
    for line in sys.stdin:
        if line.startswith("{"):
            data = json.loads(line)
            name = os.path.basename(data["data_file"])
            objects[name.removesuffix(".gcda")] = data

    for name, source, functions in COVERED:
        what = source if functions is None else \
            ", ".join(f + "()" for f in functions)
        with open(os.path.join(sys.argv[2], source)) as f:
            text = [""] + f.read().split("\n")
        lines = lines_of(objects, name, source, functions)
        if not lines:
            print(f"not ok unit: gcov says nothing of {what}")
            continue
        run = sum(line["count"] > 0 for line in lines)
        number = taken = left_out = 0
        missed = []
        for line in lines:
            n = line["line_number"]
            if line["branches"] and BY_NATURE.search(text[n]):
                left_out += 1
                continue
            number += len(line["branches"])
            took = sum(b["count"] > 0 for b in line["branches"])
            taken += took
            if took < len(line["branches"]):
                missed.append(f"#   {len(line['branches']) - took} not taken:"
                              f" {source}:{n}: {text[n].strip()}")
        percent = 100 * taken / number if number else 100 * run / len(lines)
        good = percent > least
        if not good:
            print("\n".join(missed))
        print(f"{'ok' if good else 'not ok'} unit: {what}: {percent:.1f} % of "
              f"{number} branches, {100 * run / len(lines):.1f} % of "
              f"{len(lines)} lines" +
              (f" (branches of {left_out} lines left out)" if left_out else ""))


main()
