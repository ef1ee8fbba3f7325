#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The hooks are in a namespace only while something there asks for the state of
# packets, for the family that it asks for; with enable_hooks=1 they are always
# there, in every namespace.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables
need_module nft_ct nf_nat
setup_topology

# tracked NS: the families of which a ping is tracked there now. Its identifier
# tells it from those before.
tracked() {
	local id=$((SRANDOM % 60000 + 1000))

	ping_ok "$client" "$server_ip4" -e $id >/dev/null || echo "no ping"
	ping_ok "$client" "$server_ip6" -e $id >/dev/null || echo "no ping"
	[ "$(ct_count "$1" "^ipv4 .*icmp .* id=$id ")" = 0 ] || echo 4
	[ "$(ct_count "$1" "^ipv6 .*icmpv6 .* id=$id ")" = 0 ] || echo 6
}

tracked_are() {
	local now

	now=$(tracked "$2" | xargs)
	echo "$now"
	[ "$now" = "$1" ]
}

# check_tracked DESCRIPTION WANTED: rules that are deleted let go in the background.
check_tracked() {
	check_eq "$1" "$2" "$(busywait 5000 tracked_are "$2" "$router")"
}

nft_router() {
	in_ns "$router" nft "$@"
}

check_tracked "no rules" ""
nft_router add table inet t
nft_router add chain inet t c '{ type filter hook forward priority 0; }'
nft_router add rule inet t c counter
check_tracked "rules that don't ask for the state" ""
nft_router add table ip t
nft_router add chain ip t c '{ type filter hook forward priority 0; }'
nft_router add rule ip t c ct state new counter
check_tracked "an IPv4 rule asks" 4
check_eq "not in other namespaces" "" "$(tracked_are "" "$server")"
nft_router add table ip6 t
nft_router add chain ip6 t c '{ type filter hook forward priority 0; }'
nft_router add rule ip6 t c ct state new counter
check_tracked "an IPv6 rule, too" "4 6"
nft_router delete table ip t
check_tracked "the IPv4 rule is gone" 6
nft_router add rule inet t c ct mark 7 counter
check_tracked "a rule of both families asks" "4 6"
nft_router delete table ip6 t
check_tracked "the other user is gone" "4 6"
nft_router flush chain inet t c
check_tracked "and that one" ""
nft_router add chain inet t n '{ type nat hook postrouting priority srcnat; }'
nft_router add rule inet t n oifname nowhere masquerade
check_tracked "NAT asks" "4 6"
nft_router flush ruleset
check_tracked "no NAT any more" ""
in_ns "$router" iptables -A FORWARD -m conntrack --ctstate NEW -j ACCEPT
check_tracked "iptables asks" 4
in_ns "$router" iptables -F
check_tracked "and no longer" ""

# Entries outlive their hooks, and are found again.
nft_router -f - <<'RULES'
table ip t {
	counter known { }
	chain c {
		type filter hook forward priority 0; policy accept;
		ct state established counter name known
	}
}
RULES
serve "$server" 53
ask "$client" udp "$server_ip4" 53 -p 4321 >/dev/null
nft_router flush table ip t
ask "$client" udp "$server_ip4" 53 -p 4321 >/dev/null
nft_router add rule ip t c ct state established counter name known
nft_router reset counters >/dev/null
ask "$client" udp "$server_ip4" 53 -p 4321 >/dev/null
check_eq "an entry outlives the hooks" 2 "$(counter "$router" known ip t)"
nft_router flush ruleset

# --- enable_hooks ---------------------------------------------------------------

check "nf_conntrack is unloaded" ct_unload
check "and loaded with enable_hooks=1" modprobe nf_conntrack enable_hooks=1
check_tracked "enable_hooks=1, a namespace that was there" "4 6"
setup_ns late
in_ns "$late" ping -c 1 -W 5 -q 127.0.0.1 >/dev/null
in_ns "$late" ping -c 1 -W 5 -q ::1 >/dev/null
check_eq "enable_hooks=1, a new namespace, IPv4" 1 "$(ct_count "$late" '^ipv4 .*icmp ')"
check_eq "enable_hooks=1, a new namespace, IPv6" 1 "$(ct_count "$late" '^ipv6 .*icmpv6 ')"
nft_router -f - <<'RULES'
table ip t {
	chain c {
		type filter hook forward priority 0; policy accept;
		ct state established counter
	}
}
RULES
nft_router flush ruleset
check_tracked "a user that comes and goes does not take them along" "4 6"
del_ns "$late"
check "it is unloaded" ct_unload
check "and loaded without" modprobe nf_conntrack
check_tracked "no rules, no hooks" ""
finish
