#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SNAT, DNAT and redirect, IPv4 and IPv6, TCP and UDP: what the server sees, that
# the answers come from where the client asked, hairpin NAT (a client reaches its
# neighbour by the router's outer address), local DNAT in the output hook, and
# ICMP errors that come back through NAT.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft
need_module nft_nat nft_redir
setup_topology
# Nobody outside has a way to the client's network but through NAT.
ip -n "$server" route del default
ip -n "$server" -6 route del default
serve "$server" 53 80
serve "$client" 8080
serve "$router" 8888

rules "$router" <<RULES
table inet t {
	counter related { }
	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		iifname r1 ip daddr $router_wan_ip4 meta l4proto { tcp, udp } th dport 2000 dnat ip to $client_ip4:8080
		iifname r1 ip6 daddr $router_wan_ip6 meta l4proto { tcp, udp } th dport 2000 dnat ip6 to [$client_ip6]:8080
		iifname r0 ip daddr $router_wan_ip4 meta l4proto { tcp, udp } th dport 2000 dnat ip to $client_ip4:8080
		iifname r0 ip daddr 203.0.113.1 dnat ip to $server_ip4
		iifname r0 ip6 daddr 2001:db8::1 dnat ip6 to $server_ip6
		meta l4proto { tcp, udp } th dport 7777 redirect to :8888
	}
	chain out {
		type nat hook output priority -100; policy accept;
		ip daddr 203.0.113.2 dnat ip to $server_ip4
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		icmp type destination-unreachable ct state related counter name related
		icmpv6 type destination-unreachable ct state related counter name related
	}
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		iifname r0 oifname r1 ip protocol { tcp, udp, icmp } snat ip to 10.0.2.77
		iifname r0 oifname r1 meta nfproto ipv6 snat ip6 to fd00:2::77
		iifname r0 oifname r0 ip saddr $client_ip4 snat ip to $router_ip4
	}
}
RULES
ip -n "$router" address add 10.0.2.77/32 dev r1
ip -n "$router" address add fd00:2::77/128 dev r1 nodad
ip -n "$router" route add 203.0.113.0/24 dev r1

for proto in udp tcp; do
	# Client to server: SNAT alone, and together with DNAT.
	check_eq "$proto: SNAT, IPv4" "10.0.2.77 $server_ip4" \
		"$(ask "$client" $proto "$server_ip4" 80 | cut -d ' ' -f 2,5)"
	check_eq "$proto: SNAT, IPv6" "fd00:2::77 $server_ip6" \
		"$(ask "$client" $proto "$server_ip6" 80 | cut -d ' ' -f 2,5)"
	check_eq "$proto: SNAT and DNAT, IPv4" "10.0.2.77 $server_ip4" \
		"$(ask "$client" $proto 203.0.113.1 80 | cut -d ' ' -f 2,5)"
	check_eq "$proto: SNAT and DNAT, IPv6" "fd00:2::77 $server_ip6" \
		"$(ask "$client" $proto 2001:db8::1 80 | cut -d ' ' -f 2,5)"
	# Server to client, by a port of the router.
	check_eq "$proto: DNAT to a port inside, IPv4" "$server_ip4 $client_ip4 8080" \
		"$(ask "$server" $proto "$router_wan_ip4" 2000 | cut -d ' ' -f 2,5,6)"
	check_eq "$proto: DNAT to a port inside, IPv6" "$server_ip6 $client_ip6 8080" \
		"$(ask "$server" $proto "$router_wan_ip6" 2000 | cut -d ' ' -f 2,5,6)"
	check_eq "$proto: hairpin: the client reaches itself by the router's address" \
		"$router_ip4 $client_ip4 8080" \
		"$(ask "$client" $proto "$router_wan_ip4" 2000 | cut -d ' ' -f 2,5,6)"
	check_eq "$proto: redirect to the router itself" "$client_ip4 $router_ip4 8888" \
		"$(ask "$client" $proto "$server_ip4" 7777 | cut -d ' ' -f 2,5,6)"
	check_eq "$proto: DNAT of the router's own" "$router_wan_ip4 $server_ip4 80" \
		"$(ask "$router" $proto 203.0.113.2 80 | cut -d ' ' -f 2,5,6)"
done
check "the entry shows SNAT and DNAT" ct "$router" \
	"src=$client_ip4 dst=203.0.113.1 sport=[0-9]+ dport=80 src=$server_ip4 dst=10.0.2.77 sport=80"
check_fails "the other port is not forwarded" \
	ask "$server" tcp "$router_wan_ip4" 2001 -w 1000

# An error from the server: the client must be told about the address it asked.
check_eq "ICMP error through SNAT and DNAT, IPv4" "Connection refused" \
	"$(ask "$client" udp 203.0.113.1 9 2>&1 | sed 's/.*\] //')"
check_eq "ICMP error through SNAT and DNAT, IPv6" "Connection refused" \
	"$(ask "$client" udp 2001:db8::1 9 2>&1 | sed 's/.*\] //')"
check_counter "$router" related -eq 2 "both errors were RELATED"
check "ping through SNAT and DNAT, IPv4" ping_ok "$client" 203.0.113.1
check "ping through SNAT and DNAT, IPv6" ping_ok "$client" 2001:db8::1

# The mapping of a flow outlives the rule, a new flow has none.
touch "$scratch/hold"
ask "$client" tcp 203.0.113.1 80 -h "$scratch/hold" >"$scratch/held" &
held=$!
busywait 5000 test -s "$scratch/held"
in_ns "$router" nft flush chain inet t pre
rm "$scratch/hold"
wait "$held"
check_eq "an open connection keeps its mapping when the rule goes" 0 $?
check_fails "a new one gets none" ask "$client" tcp 203.0.113.1 80 -w 700
finish
