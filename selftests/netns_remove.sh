#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A namespace is removed under traffic, again and again: nothing is left.

. "$(dirname "$0")/lib.sh"

need_tools nft
objects() {
	awk '$1 ~ /^nf_conntrack(_ext)?$/ { n += $2 } $1 ~ /^nf_conntrack_[0-9]+$/ { n += $2 } END { print n + 0 }' \
		/proc/slabinfo
}

for i in $(seq 8); do
	setup_topology
	in_ns "$router" nft -f - <<'RULES'
table inet t {
	chain c { type filter hook forward priority 0; ct state new,established counter; }
	chain n { type nat hook postrouting priority srcnat; oifname r1 masquerade; }
}
RULES
	bg in_ns "$client" ping -f -q -c 2000 "$server_ip4"
	ping4=$!
	bg in_ns "$client" ping -f -q -c 2000 "$server_ip6"
	ping6=$!
	busywait 5000 in_ns "$router" grep -q icmpv6 /proc/net/nf_conntrack >/dev/null
	del_ns "$router"
	kill "$ping4" "$ping6" 2>/dev/null
	del_ns "$client" "$server"
	ok "round $i"
done
gone_all() {
	[ "$(objects)" -le 64 ]
}
check "the entries are freed" busywait 15000 gone_all
finish
