# SPDX-License-Identifier: GPL-2.0
"""What the benchmark measures: the figures' titles, and the file of values."""
import statistics

TITLES = {
    "hit_udp": "packet of an established UDP flow, ns",
    "hit_tcp": "packet of an established TCP flow, ns",
    "new_udp": "new UDP flow, ns",
    "second_udp": "its answer, ns",
    "handshake_tcp": "TCP handshake, ns",
    "close_tcp": "TCP from handshake to close, ns",
    "clash_udp": "two first packets at once, ns",
    "miss": "lookup of what is not there, ns",
    "invalid_flags": "INVALID: TCP flags, ns",
    "invalid_window": "INVALID: outside of the window, ns",
    "icmp_error": "ICMP error, ns",
    "flush_ms": "delete all, ms",
    "hit_udp_all": "established UDP: NAT, accounting, events, ns",
    "hit_tcp_all": "established TCP: NAT, accounting, events, ns",
    "new_udp_all": "new UDP flow: NAT, accounting, events, ns",
    "handshake_tcp_all": "TCP handshake: NAT, accounting, events, ns",
    "buckets_default": "buckets by default",
    "hit_udp_default": "established UDP, default buckets, max raised, ns",
    "hit_tcp_default": "established TCP, default buckets, max raised, ns",
    "new_udp_default": "new UDP flow, default buckets, max raised, ns",
    "handshake_tcp_default": "TCP handshake, default buckets, max raised, ns",
    "refused_default": "flows refused, default buckets, max raised",
    "bytes_udp": "bytes a UDP flow, bare",
    "bytes_tcp": "bytes a TCP flow, bare",
    "bytes_all": "bytes a UDP flow: NAT, accounting, events",
    "proc_ms": "cat /proc/net/nf_conntrack, ms",
    "list_ms": "conntrack -L, ms",
    "delete_by_address_ms": "conntrack -D by address, ms",
    "flush_netlink_ms": "conntrack -F, ms",
    "netns_remove_ms": "removal of the namespace, ms",
    "late_median_ms": "lateness of flows due at once: median, ms",
    "late_99_ms": "lateness of flows due at once: 99 %, ms",
    "late_last_ms": "lateness of flows due at once: last, ms",
    "idle_none_us": "CPU of an idle machine a second, µs",
    "idle_us": "CPU of an idle machine with idle flows a second, µs",
    "parallel_l_1": "lookups a second, one CPU (QEMU)",
    "parallel_l_2": "lookups a second, two CPUs (QEMU)",
    "parallel_l_ratio": "two CPUs against one: lookups",
    "parallel_i_1": "inserts and deletes a second, one CPU (QEMU)",
    "parallel_i_2": "inserts and deletes a second, two CPUs (QEMU)",
    "parallel_i_ratio": "two CPUs against one: inserts and deletes",
    "parallel_b_1": "lookups, inserts, deletes a second, one CPU (QEMU)",
    "parallel_b_2": "lookups, inserts, deletes a second, two CPUs (QEMU)",
    "parallel_b_ratio": "two CPUs against one: lookups, inserts, deletes",
    "flood_99": "honest handshakes through a flood, 99 % assured, %",
    "flood_95": "honest handshakes through a flood, 95 % assured, %",
    "flood_90": "honest handshakes through a flood, 90 % assured, %",
}

for kind in ("udp", "tcp"):
    for name, text in (("ipv6", "over IPv6"), ("nat", "with NAT"),
                       ("acct", "with accounting"), ("events", "with events"),
                       ("labels", "with labels"), ("tstamp", "with timestamps")):
        TITLES[f"hit_{kind}_{name}"] = f"established {kind.upper()} {text}, ns"

for kind in ("udp", "tcp"):
    for size in (8, 32, 64):
        for end, text in (("end", "dropped then"), ("forward", "forwarded")):
            name = f"batch_{kind}_{end}_{size}"
            TITLES[name] = f"{kind.upper()} in batches of {size}, tracked, {text}, ns"
            TITLES[name + "_ahead"] = TITLES[name] + ", lookahead=1"

for name, text in (("idle", "nothing else going on"), ("grow", "the table grows"),
                   ("shrink", "the table shrinks"), ("expiry", "all flows expire")):
    TITLES[f"stall_{name}_us"] = f"longest insert: {text}, µs"
    TITLES[f"stall_{name}_999_us"] = f"longest of 999 of 1000 inserts: {text}, µs"
    TITLES[f"stall_{name}_cpu_us"] = f"longest CPU time of an insert: {text}, µs"

TITLES["batch_rules"] = "UDP in batches of 32, forwarded, 50 filter rules, ns"
TITLES["batch_rules_skip"] = TITLES["batch_rules"] + ", skip_filter=1"
TITLES["veth_packets"] = "UDP packets a second from client by router to server"
TITLES["veth_packet"] = "UDP packet from client by router to server, ns"

# Settings that ours alone has: what is measured with them stands beside stock without.
OURS_ALONE = ("_ahead", "_skip")


def add_ratios(values):
    """What two CPUs do against one, of each tracker and round"""
    for (figure, flows), trackers in list(values.items()):
        if not (figure.startswith("parallel_") and figure.endswith("_1")):
            continue
        two = values.get((figure[:-1] + "2", flows), {})
        for tracker, rounds in trackers.items():
            both = {r: two[tracker][r] / one for r, one in rounds.items()
                    if one and r in two.get(tracker, {})}
            if both:
                key = (figure[:-1] + "ratio", flows)
                values.setdefault(key, {})[tracker] = both


def read(path):
    """{(figure, flows): {tracker: {round: value}}}; figures of ours with what stock
    has not have a name of their own, beside the plain one of stock"""
    values = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            word = line.split()
            if len(word) != 5 or word[1] not in ("stock", "ours", "ahead"):
                continue
            try:
                number = float(word[4])
            except ValueError:
                continue
            figure, tracker = word[2], word[1]
            if tracker == "ahead":
                figure, tracker = figure + "_ahead", "ours"
            key = (figure, int(word[3]))
            values.setdefault(key, {}).setdefault(tracker, {})[word[0]] = number
    add_ratios(values)
    for (figure, flows), trackers in values.items():
        for end in OURS_ALONE:
            if figure.endswith(end):
                plain = values.get((figure.removesuffix(end), flows), {})
                trackers["stock"] = plain.get("stock", {})
    return values


def typical(figure, rounds):
    """What stands for the rounds {round: value} of a figure: of times in ns the least,
    since what else a machine does only adds to them; else the median."""
    if ", ns" in TITLES.get(figure, ""):
        return min(rounds.values())
    return statistics.median(rounds.values())
