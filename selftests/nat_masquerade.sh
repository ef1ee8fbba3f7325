#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Masquerading, IPv4 and IPv6, nftables and iptables: the server sees the
# router's address, the answers find back, and the entries say both tuples. The
# entries go with the address they masquerade to.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables ip6tables
need_module nft_masq
setup_topology
# Without NAT no answer could find back.
ip -n "$server" route del default
ip -n "$server" -6 route del default
serve "$server" 53 80

masq_works() {
	local proto

	for proto in udp tcp; do
		check_eq "$1: $proto over IPv4 comes from the router" "$router_wan_ip4" \
			"$(seen_from "$client" $proto "$server_ip4" 80)"
		check_eq "$1: $proto over IPv6 comes from the router" "$router_wan_ip6" \
			"$(seen_from "$client" $proto "$server_ip6" 80)"
	done
	check "$1: IPv4 ping" ping_ok "$client" "$server_ip4"
	check "$1: IPv6 ping" ping_ok "$client" "$server_ip6"
}

check_fails "without a rule no answer finds back" \
	ask "$client" udp "$server_ip4" 53 -w 700

rules "$router" <<'RULES'
table inet t {
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname r1 masquerade
	}
}
RULES
masq_works nftables
check "the entry has the router's address in its reply tuple" ct "$router" \
	"^ipv4 .* udp .*src=$client_ip4 dst=$server_ip4 sport=[0-9]+ dport=80 src=$server_ip4 dst=$router_wan_ip4 sport=80 dport=[0-9]+ "
check "an IPv6 entry too" ct "$router" \
	'^ipv6 .* tcp .*src=fd00:0001:0000:0000:0000:0000:0000:0002 dst=fd00:0002:.* src=fd00:0002:0000:0000:0000:0000:0000:0002 dst=fd00:0002:0000:0000:0000:0000:0000:0001 sport=80'
ask "$client" udp "$server_ip4" 53 -p 4444 >"$scratch/out"
check_eq "a free source port is kept" "from $router_wan_ip4 4444 to $server_ip4 53" \
	"$(cat "$scratch/out")"

# "random" gives other ports, and still finds back.
rules "$router" <<'RULES'
table inet t {
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname r1 meta l4proto udp masquerade to :20000-20100 random
	}
}
RULES
port=$(ask "$client" udp "$server_ip4" 53 -p 4445 | cut -d ' ' -f 3)
check "a range of ports is kept to" test "${port:-0}" -ge 20000 -a "${port:-0}" -le 20100

# Entries go with the address.
in_ns "$router" ip address add 10.0.2.9/24 dev r1
ask "$client" udp "$server_ip4" 53 -p 4446 >/dev/null
check "an entry is masqueraded to the address" ct "$router" "sport=4446 .*dst=$router_wan_ip4"
in_ns "$router" ip link set r1 down
check "it is gone when the interface goes down" \
	busywait 5000 ct_gone "$router" "sport=4446"
in_ns "$router" ip link set r1 up
in_ns "$router" ip -6 address add "$router_wan_ip6/64" dev r1 nodad 2>/dev/null

in_ns "$router" nft flush ruleset
in_ns "$router" iptables -t nat -A POSTROUTING -o r1 -j MASQUERADE ||
	skip_all "no iptables MASQUERADE"
in_ns "$router" ip6tables -t nat -A POSTROUTING -o r1 -j MASQUERADE
busywait 5000 ping_ok "$client" "$server_ip6" >/dev/null
masq_works iptables
finish
