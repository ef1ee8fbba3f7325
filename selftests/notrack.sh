#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is not to be tracked has no entry and is UNTRACKED: nftables' notrack and
# iptables' CT --notrack, in both directions; all else is tracked as ever.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables
need_module nft_ct
setup_topology
serve "$server" 53 80

rules "$router" <<'RULES'
table inet t {
	counter untracked { }
	counter tracked { }
	chain raw {
		type filter hook prerouting priority raw; policy accept;
		udp dport 53 notrack
		udp sport 53 notrack
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
		meta l4proto icmpv6 accept
		ct state untracked counter name untracked accept
		ct state new,established counter name tracked accept
	}
}
RULES
check "IPv4 UDP" ask "$client" udp "$server_ip4" 53
check "IPv6 UDP" ask "$client" udp "$server_ip6" 53
check_counter "$router" untracked -eq 4 "all four datagrams are untracked"
check_counter "$router" tracked -eq 0 "none is tracked"
check_eq "there is no entry" 0 "$(ct_count "$router" 'port=53 ')"
check "UDP to another port" ask "$client" udp "$server_ip4" 80
check_counter "$router" tracked -eq 2 "is tracked"
check_eq "and has an entry" 1 "$(ct_count "$router" 'dport=80 .*src=')"

# RELATED is not let through above:
check_eq "an error for a tracked datagram is RELATED, which is not accepted here" "no answer in time" \
	"$(ask "$client" udp "$server_ip4" 9 -w 700 2>&1)"

# Only with the rule.
in_ns "$router" nft flush chain inet t raw
check "IPv4 UDP without the rule" ask "$client" udp "$server_ip4" 53
check_counter "$router" untracked -eq 4 "is not untracked"
check_eq "and has an entry" 1 "$(ct_count "$router" 'dport=53 .*src=')"
in_ns "$router" nft flush ruleset

in_ns "$router" iptables -t raw -A PREROUTING -p udp --dport 53 -j CT --notrack &&
	in_ns "$router" iptables -t raw -A PREROUTING -p udp --sport 53 -j CT --notrack &&
	in_ns "$router" iptables -P FORWARD DROP &&
	in_ns "$router" iptables -A FORWARD -m conntrack --ctstate UNTRACKED -j ACCEPT
check_eq "iptables takes the rules" 0 $?
check "iptables: untracked UDP passes" ask "$client" udp "$server_ip4" 53 -p 5353
check_eq "and has no entry" 0 "$(ct_count "$router" 'port=5353 ')"
check_fails "tracked UDP does not pass" ask "$client" udp "$server_ip4" 80 -w 700
finish
