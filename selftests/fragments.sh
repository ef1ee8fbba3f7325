#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fragments are put together before they are tracked, and pass a stateful
# ruleset; those that can't be put together don't.

. "$(dirname "$0")/lib.sh"

need_tools nft
setup_topology
in_ns "$router" nft -f - <<'RULES'
table inet filter {
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state established accept
		iifname r0 meta l4proto { icmp, icmpv6 } ct state new accept
		iifname r0 udp dport 53 ct state new accept
	}
}
RULES
bg in_ns "$server" socat UDP6-LISTEN:53,ipv6only=0,fork,reuseaddr EXEC:cat
wait_listen "$server" u 53
check "IPv4 ping of 8000 bytes" in_ns "$client" ping -c 1 -s 8000 -W 5 -q "$server_ip4"
check "IPv6 ping of 8000 bytes" in_ns "$client" ping -c 1 -s 8000 -W 5 -q "$server_ip6"
head -c 3000 /dev/zero | tr '\0' x >"$scratch/big"
for ip in "$server_ip4" "[$server_ip6]"; do
	check_eq "UDP of 3000 bytes to $ip" 3000 "$(in_ns "$client" socat -b 4000 -t 2 -T 3 \
		- "UDP:$ip:53" <"$scratch/big" | wc -c)"
done
check "one entry for the whole" in_ns "$router" \
	grep -E "udp .*dport=53 .*sport=53 " /proc/net/nf_conntrack
finish
