#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The least that must work: the module is loaded, its files are there, and a
# ping and a TCP connection through a router that looks at the state.

. "$(dirname "$0")/lib.sh"

comment "$(ct_module_line nf_conntrack)"
check "the module is loaded" test -d /sys/module/nf_conntrack
check "the limit can be read" sysctl -n net.netfilter.nf_conntrack_max
setup_topology
in_ns "$router" nft -f - <<'RULES'
table inet filter {
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state established,related counter accept
		iifname r0 ct state new counter accept
	}
}
RULES
check "IPv4 ping" in_ns "$client" ping -c 1 -W 5 -q "$server_ip4"
check "IPv6 ping" in_ns "$client" ping -c 1 -W 5 -q "$server_ip6"
check "the router knows the ping" \
	in_ns "$router" grep -E "icmp .*src=$client_ip4 dst=$server_ip4" /proc/net/nf_conntrack

echo "hello from the server" >"$scratch/hello"
bg in_ns "$server" socat "TCP6-LISTEN:80,ipv6only=0,fork,reuseaddr" "OPEN:$scratch/hello,rdonly"
wait_listen "$server" t 80
for ip in "$server_ip4" "[$server_ip6]"; do
	check_eq "a TCP connection to $ip" "hello from the server" \
		"$(in_ns "$client" socat -T 5 -u "TCP:$ip:80" -)"
done
check_fails "no connection the other way" \
	in_ns "$server" ping -c 1 -W 1 -q "$client_ip4"
check "the router knows the connection" \
	in_ns "$router" grep -E "tcp .*src=$client_ip4 dst=$server_ip4 .*dport=80" \
	/proc/net/nf_conntrack
finish
