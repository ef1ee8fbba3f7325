#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tracking on a bridge, without br_netfilter: nftables' bridge family with ct
# state lets one side begin and the other only answer; IPv4, IPv6, fragments;
# a VLAN's traffic. The entries are in the bridge's namespace.
#
#   $left 10.0.0.1 --- b0 [ br0 in $bridge ] b1 --- $right 10.0.0.2

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft
need_module bridge nf_conntrack_bridge nft_ct
setup_ns left right bridge
ip -n "$bridge" link add br0 type bridge forward_delay 0
i=0
for ns in "$left" "$right"; do
	ip link add e0 netns "$ns" type veth peer name "b$i" netns "$bridge"
	ip -n "$bridge" link set "b$i" master br0 up
	set_addr "$ns" e0 "10.0.0.$((i + 1))" "fd00::$((i + 1))"
	i=$((i + 1))
done
ip -n "$bridge" link set br0 up
serve "$left" 53
serve "$right" 53
check "the bridge bridges" busywait 5000 ping_ok "$left" 10.0.0.2
check_eq "without rules nothing is tracked" 0 "$(ct_count "$bridge")"

rules "$bridge" <<'RULES'
table bridge t {
	counter new { }
	counter established { }
	counter related { }
	counter invalid { }
	chain forward {
		type filter hook forward priority filter; policy drop;
		ether type arp accept
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		ct state invalid counter name invalid drop
		ct state established counter name established accept
		ct state related counter name related accept
		iifname b0 ct state new counter name new accept
	}
}
RULES
n() {
	counter "$bridge" "$1" bridge t
}
for proto in udp tcp; do
	for to in 10.0.0.2 fd00::2; do
		check "$proto to $to" ask "$left" $proto "$to" 53
	done
done
check "ping" ping_ok "$left" 10.0.0.2
check "IPv6 ping" ping_ok "$left" fd00::2
check_eq "six flows began" 6 "$(n new)"
check "the answers were ESTABLISHED" test "$(n established)" -ge 10
check "their entries are here" ct "$bridge" 'udp .*src=10.0.0.1 dst=10.0.0.2 .*dport=53'
check "for IPv6 too" ct "$bridge" '^ipv6 .*tcp .*dport=53'
check_eq "a closed port says so, RELATED" "Connection refused 1" \
	"$(ask "$left" udp 10.0.0.2 9 2>&1 | sed 's/.*\] //') $(n related)"
check_fails "the other side can't begin" ask "$right" tcp 10.0.0.1 53 -w 700
check "fragments, IPv4" ask "$left" udp 10.0.0.2 53 -s 4000
check "fragments, IPv6" ask "$left" udp fd00::2 53 -s 4000
check_eq "none was INVALID" 0 "$(n invalid)"

for ns in "$left" "$right"; do
	ip -n "$ns" link add link e0 name e0.7 type vlan id 7
	ip -n "$ns" link set e0.7 up
done
ip -n "$left" address add 10.7.0.1/24 dev e0.7
ip -n "$right" address add 10.7.0.2/24 dev e0.7
rules "$bridge" <<'RULES'
table bridge t {
	chain forward {
		type filter hook forward priority filter; policy drop;
		ether type { arp, vlan } accept
		ct state established,new accept
	}
}
RULES
check "a VLAN's frames pass the bridge" busywait 5000 ping_ok "$left" 10.7.0.2
in_ns "$bridge" nft flush ruleset
finish
