#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module is unloaded and loaded again under traffic, ROUNDS times: it
# always goes, and no memory stays behind.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft
rounds=${ROUNDS:-12}
setup_topology
# Enough to be there at any moment, and not so much that nothing else runs.
bg in_ns "$client" ping -q -i 0.005 "$server_ip4"
bg in_ns "$client" ping -q -i 0.005 "$server_ip6"

# kB that can't be reclaimed: slab, per-CPU, and what is mapped.
memory() {
	awk '$1 == "SUnreclaim:" || $1 == "Percpu:" || $1 == "VmallocUsed:" { n += $2 } END { print n }' \
		/proc/meminfo
}

namespaces() {
	awk '$1 == "net_namespace" { print $2 }' /proc/slabinfo
}

tracked() {
	local file=/proc/net/nf_conntrack

	in_ns "$router" grep -q "icmp .*src=$client_ip4" "$file" &&
		in_ns "$router" grep -q "icmpv6 .* type=128 " "$file"
}

round() {
	in_ns "$router" nft -f - <<'RULES' || return
table inet t {
	chain c { type filter hook forward priority 0; ct state new,established counter; }
	chain n { type nat hook postrouting priority srcnat; oifname r1 masquerade; }
}
RULES
	in_ns "$client" "$net_tool" flood "$server_ip4" 9 20000 200
	busywait 20000 tracked || { echo "not tracked" && return 1; }
	in_ns "$router" nft flush ruleset
	ct_unload || { echo "not unloaded: $(ct_users nf_conntrack | xargs)" && return 1; }
}

check "the first round" round
check "the second" round
before=$(memory)
netns_before=$(namespaces)
comment "$before kB that can't be reclaimed"
failed=0
for ((i = 2; i < rounds; i++)); do
	round >/dev/null || failed=$((failed + 1))
	[ $((i % 10)) != 9 ] || comment "after $((i + 1)) rounds: $(memory) kB"
done
check_eq "rounds that failed, of $rounds" 0 "$failed"
check_eq "nothing of it is in the slab" "" "$(grep ^nf_conntrack /proc/slabinfo)"
check_eq "as many network namespaces as before" "$netns_before" "$(namespaces)"

# A page a round would be seen.
enough() {
	[ $(($(memory) - before)) -lt $((1024 + 4 * rounds)) ]
}
check "no memory stays behind" busywait 10000 enough
comment "that can't be reclaimed: $before kB before, $(memory) kB after $rounds rounds"
modprobe nf_conntrack
finish
