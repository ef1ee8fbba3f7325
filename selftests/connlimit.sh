#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Limits on the number of connections: nftables' ct count (as a rule, and for
# each address in a set) and iptables' connlimit. What is closed counts no more.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables
need_module nft_connlimit nft_ct
setup_topology
ip -n "$client" address add 10.0.1.3/24 dev c0
serve "$server" 80
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=1 \
	net.netfilter.nf_conntrack_tcp_timeout_time_wait=1 \
	net.netfilter.nf_conntrack_tcp_timeout_last_ack=1

# Connections that stay until the file "hold" is gone.
held=()
hold() {
	: >"$scratch/held-${#held[@]}"
	in_ns "$client" "$net_tool" ask tcp "$server_ip4" 80 -h "$scratch/hold" \
		-f "$1" >"$scratch/held-${#held[@]}" 2>&1 &
	held+=($!)
	busywait 5000 grep -q ^from "$scratch/held-$((${#held[@]} - 1))"
}
release() {
	rm -f "$scratch/hold"
	wait "${held[@]}"
	held=()
	touch "$scratch/hold"
}
touch "$scratch/hold"

# limits NAME OTHERS: two connections of an address are let in, no third; OTHERS
# says how another address fares.
limits() {
	hold 10.0.1.2
	check_eq "$1: the first connection" 0 $?
	hold 10.0.1.2
	check_eq "$1: the second" 0 $?
	check_fails "$1: the third is refused" ask "$client" tcp "$server_ip4" 80 -f 10.0.1.2 -w 1000
	if [ "$2" = free ]; then
		check "$1: another address has a count of its own" \
			ask "$client" tcp "$server_ip4" 80 -f 10.0.1.3
	else
		check_fails "$1: another address is refused too" \
			ask "$client" tcp "$server_ip4" 80 -f 10.0.1.3 -w 1000
	fi
	release
	check "$1: when they are closed, another is let in" busywait 8000 \
		ask "$client" tcp "$server_ip4" 80 -f 10.0.1.2 -w 1000
}

rules "$router" <<'RULES'
table ip t {
	chain forward {
		type filter hook forward priority filter; policy accept;
		tcp dport 80 ct state new ct count over 2 reject with tcp reset
	}
}
RULES
limits "ct count" refused
rules "$router" <<'RULES'
table ip t {
	set each {
		type ipv4_addr
		size 100
		flags dynamic
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		tcp dport 80 ct state new add @each { ip saddr ct count over 2 } reject with tcp reset
	}
}
RULES
limits "ct count in a set" free
in_ns "$router" nft flush ruleset
in_ns "$router" iptables -A FORWARD -p tcp --syn --dport 80 -m connlimit --connlimit-above 2 \
	-j REJECT --reject-with tcp-reset
check_eq "iptables takes the rule" 0 $?
limits connlimit free
in_ns "$router" iptables -F
for i in 1 2 3; do
	hold 10.0.1.2
	check_eq "without the rule connection $i is let in" 0 $?
done
release
finish
