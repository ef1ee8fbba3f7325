#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two flows that would look the same behind NAT: two source addresses with the
# same port go to the same server. The second gets another port, and both talk.

. "$(dirname "$0")/lib.sh"

need_tools socat nft
setup_topology
ip -n "$client" address add 10.0.1.3/24 dev c0
in_ns "$router" nft -f - <<'RULES'
table ip nat {
	chain post {
		type nat hook postrouting priority srcnat;
		oifname r1 snat to 10.0.2.1
	}
}
RULES
bg in_ns "$server" socat UDP4-LISTEN:53,fork,reuseaddr EXEC:cat
bg in_ns "$server" socat TCP4-LISTEN:53,fork,reuseaddr EXEC:cat
wait_listen "$server" u 53
wait_listen "$server" t 53

for proto in udp tcp; do
	for ip in 10.0.1.2 10.0.1.3; do
		check_eq "$proto from $ip" "hello $ip" "$(echo "hello $ip" |
			in_ns "$client" socat -t 2 -T 3 - \
			"$proto:10.0.2.2:53,bind=$ip,sourceport=4000,reuseaddr")"
	done
	check_eq "$proto: one of two kept the port" 1 "$(in_ns "$router" \
		grep -c "$proto .*sport=4000 dport=53 .*dst=10.0.2.1 sport=53 dport=4000 " /proc/net/nf_conntrack)"
	check_eq "$proto: both are there" 2 "$(in_ns "$router" \
		grep -c "$proto .*sport=4000 dport=53 " /proc/net/nf_conntrack)"
done
finish
