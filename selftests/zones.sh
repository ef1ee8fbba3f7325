#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Zones. Two tenants behind one router have the same addresses: in zones of their
# own their flows are two entries, and each finds its own server. And a zone for
# one direction only: flows of one tuple, told apart by a mark or a zone of the
# original direction, which NAT makes different in the reply direction.
#
#   $a 10.0.1.2 --- ra \          / rc --- $c 10.0.2.2
#                       $router
#   $b 10.0.1.2 --- rb /          \ rd --- $d 10.0.2.2
#
# a and c are tenant 1, b and d are tenant 2; each pair has the same addresses.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables
need_module nft_ct
setup_ns a b c d router
for end in "$a ra 1" "$b rb 1" "$c rc 2" "$d rd 2"; do
	read -r ns dev net <<<"$end"
	ip link add e0 netns "$ns" type veth peer name "$dev" netns "$router"
	ip -n "$ns" address add "10.0.$net.2/24" dev e0
	ip -n "$ns" link set e0 up
	ip -n "$ns" route add default via "10.0.$net.1"
	ip -n "$router" address add "10.0.$net.1/32" dev "$dev"
	ip -n "$router" link set "$dev" up
done
in_ns "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0
# One routing table for each tenant.
i=1
for pair in "ra rc" "rb rd"; do
	read -r in out <<<"$pair"
	ip -n "$router" route add 10.0.1.0/24 dev "$in" table "10$i"
	ip -n "$router" route add 10.0.2.0/24 dev "$out" table "10$i"
	ip -n "$router" rule add iif "$in" table "10$i"
	ip -n "$router" rule add iif "$out" table "10$i"
	i=$((i + 1))
done
serve "$c" 53
serve "$d" 53

both() {
	local proto=$1 tenant

	for tenant in a b; do
		check "$2: $proto of tenant $tenant" \
			ask "${!tenant}" "$proto" 10.0.2.2 53 -p 4000
	done
}

entries() {
	ct_count "$router" "^ipv4 .*src=10.0.1.2 dst=10.0.2.2 sport=4000 dport=53 .*${1-}"
}

# Without zones the second tenant's packets belong to the first one's entry.
rules "$router" <<'RULES'
table ip t {
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state invalid drop
	}
}
RULES
both udp "no zone"
check_eq "no zone: one entry for both" 1 "$(entries)"
in_ns "$router" nft flush ruleset

rules "$router" <<'RULES'
table ip t {
	chain pre {
		type filter hook prerouting priority raw; policy accept;
		iifname { ra, rc } ct zone set 1
		iifname { rb, rd } ct zone set 2
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state established accept
		iifname { ra, rb } ct state new accept
	}
}
RULES
both udp "nft zones"
both tcp "nft zones"
for zone in 1 2; do
	check_eq "nft zones: UDP and TCP entry in zone $zone" 2 "$(entries "zone=$zone ")"
done
check_eq "nft zones: ping of both with one identifier" "0 0" \
	"$(for tenant in a b; do ping_ok "${!tenant}" 10.0.2.2 -e 99 >/dev/null; echo $?; done | xargs)"
check_eq "nft zones: two ping entries" 2 "$(ct_count "$router" 'icmp .*id=99 .*zone=[12] ')"
in_ns "$router" nft flush ruleset

# iptables, other numbers.
in_ns "$router" iptables -t raw -A PREROUTING -i ra -j CT --zone 11 &&
	in_ns "$router" iptables -t raw -A PREROUTING -i rc -j CT --zone 11 &&
	in_ns "$router" iptables -t raw -A PREROUTING -i rb -j CT --zone 12 &&
	in_ns "$router" iptables -t raw -A PREROUTING -i rd -j CT --zone 12 &&
	in_ns "$router" iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP
check_eq "iptables takes the zone rules" 0 $?
both udp "iptables zones"
for zone in 11 12; do
	check_eq "iptables zones: an entry in zone $zone" 1 "$(entries "zone=$zone ")"
done
in_ns "$router" iptables -t raw -F
in_ns "$router" iptables -F

# One direction only: the clients differ in the original direction's zone, the
# server c is shared, so the reply direction is in zone 0 and NAT must find a
# port that is free there. A mark of the flow brings the answer to its tenant.
directions() {
	ip -n "$router" rule flush
	ip -n "$router" rule add lookup main
	ip -n "$router" route replace 10.0.2.0/24 dev rc
	ip -n "$router" rule add pref 10 fwmark 1 iif rc table 101
	ip -n "$router" rule add pref 10 fwmark 2 iif rc table 102
	in_ns "$c" ip route replace 10.0.2.1 dev e0
}
directions

one_server() {
	local pa pb

	pa=$(ask "$a" udp 10.0.2.2 53 -p 4500 | cut -d ' ' -f 2,3)
	pb=$(ask "$b" udp 10.0.2.2 53 -p 4500 | cut -d ' ' -f 2,3)
	comment "the server saw ${pa:-nobody} and ${pb:-nobody}"
	check "$1: both tenants get an answer from one server" test -n "$pa" -a -n "$pb"
	check "$1: by different ports of one address" \
		test "${pa% *}" = 10.0.2.1 -a "${pb% *}" = 10.0.2.1 -a "${pa#* }" != "${pb#* }"
	check_eq "$1: two entries with a zone of the original direction" 2 \
		"$(ct_count "$router" 'sport=4500 dport=53 .*zone-orig=2[12] ')"
	check_eq "$1: none has a zone of the reply direction" 0 \
		"$(ct_count "$router" 'sport=4500 .*(zone|zone-reply)=[0-9]')"
}

rules "$router" <<'RULES'
table ip t {
	chain raw {
		type filter hook prerouting priority raw; policy accept;
		iifname ra ct original zone set 21
		iifname rb ct original zone set 22
	}
	chain mangle {
		type filter hook prerouting priority mangle; policy accept;
		iifname ra ct state new ct mark set 1
		iifname rb ct state new ct mark set 2
		meta mark set ct mark
	}
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname rc masquerade
	}
}
RULES
one_server "nft original zone"
in_ns "$router" nft flush ruleset

in_ns "$router" iptables -t raw -A PREROUTING -i ra -j CT --zone-orig 21 &&
	in_ns "$router" iptables -t raw -A PREROUTING -i rb -j CT --zone-orig 22 &&
	in_ns "$router" iptables -t mangle -A PREROUTING -i ra -j CONNMARK --set-mark 1 &&
	in_ns "$router" iptables -t mangle -A PREROUTING -i rb -j CONNMARK --set-mark 2 &&
	in_ns "$router" iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark &&
	in_ns "$router" iptables -t nat -A POSTROUTING -o rc -j MASQUERADE
check_eq "iptables takes --zone-orig" 0 $?
pa=$(ask "$a" udp 10.0.2.2 53 -p 4600 | cut -d ' ' -f 3)
pb=$(ask "$b" udp 10.0.2.2 53 -p 4600 | cut -d ' ' -f 3)
check "iptables --zone-orig: both get an answer, by different ports" \
	test -n "$pa" -a -n "$pb" -a "$pa" != "$pb"
check_eq "iptables --zone-orig: two entries" 2 \
	"$(ct_count "$router" 'sport=4600 dport=53 .*zone-orig=2[12] ')"
finish
