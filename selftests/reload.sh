#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module is unloaded and loaded again under traffic, ROUNDS times: it
# always goes, and no memory stays behind.

. "$(dirname "$0")/lib.sh"

need_tools nft
rounds=${ROUNDS:-25}
setup_topology
bg in_ns "$client" ping -q -i 0.002 "$server_ip4"
bg in_ns "$client" ping -q -i 0.002 "$server_ip6"

memory() {
	awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo
}

users() {
	local user

	for user in "/sys/module/$1/holders"/*; do
		[ ! -e "$user" ] || users "${user##*/}"
	done
	echo "$1"
}

unload() {
	local module

	for module in $(users nf_conntrack | awk '!seen[$0]++'); do
		rmmod "$module" 2>/dev/null
	done
	[ ! -d /sys/module/nf_conntrack ]
}

round() {
	in_ns "$router" nft -f - <<'RULES' || return
table inet t {
	chain c { type filter hook forward priority 0; ct state new,established counter; }
	chain n { type nat hook postrouting priority srcnat; oifname r1 masquerade; }
}
RULES
	busywait 5000 in_ns "$router" grep -q "icmp .*src=10.0.1.2" /proc/net/nf_conntrack || return
	in_ns "$router" nft flush ruleset
	busywait 10000 unload
}

check "the first round" round
before=$(memory)
failed=0
for ((i = 1; i < rounds; i++)); do
	round >/dev/null || failed=$((failed + 1))
done
check_eq "rounds that failed, of $rounds" 0 "$failed"
enough() {
	[ $(($(memory) - before)) -lt 3000 ]
}
check "no memory stays behind" busywait 10000 enough
comment "unreclaimable slab: $before kB before, $(memory) kB after"
modprobe nf_conntrack
finish
