#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# NAT resolves clashes: clients with the same source port that are mapped to one
# address and talk to one server all get through, each by a port of its own; the
# first keeps the port it chose. When no port is left, the flow is dropped and
# the others live.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft
need_module nft_masq nft_nat
setup_topology
ip -n "$server" route del default
ip -n "$server" -6 route del default
for i in 3 4 5; do
	ip -n "$client" address add "10.0.1.$i/24" dev c0
	ip -n "$client" address add "fd00:1::$i/64" dev c0 nodad
done
serve "$server" 53

rules "$router" <<'RULES'
table inet t {
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname r1 masquerade
	}
}
RULES

# from SOURCE PROTO SERVER: the port that the server sees for source port 5000.
from() {
	ask "$client" "$2" "$3" 53 -f "$1" -p 5000 | cut -d ' ' -f 3
}

for proto in udp tcp; do
	for net in 4 6; do
		ports=()
		for i in 2 3 4 5; do
			if [ $net = 4 ]; then
				port=$(from "10.0.1.$i" $proto "$server_ip4")
			else
				port=$(from "fd00:1::$i" $proto "$server_ip6")
			fi
			ports+=("${port:-none}")
		done
		check_eq "$proto, IPv$net: the first keeps its port" 5000 "${ports[0]}"
		check_eq "$proto, IPv$net: each of four clients gets through by its own port" 4 \
			"$(printf '%s\n' "${ports[@]}" | grep -v none | sort -u | wc -l)"
	done
done
check_eq "there are four UDP entries of one source port" 4 \
	"$(ct_count "$router" '^ipv4 .* udp .*src=10.0.1.. .*sport=5000 dport=53')"
check_eq "with four different reply tuples" 4 "$(ct "$router" '^ipv4 .* udp .*sport=5000 dport=53' |
	grep -o "src=$server_ip4 .*dport=[0-9]*" | sed 's/\[.*//' | sort -u | wc -l)"
last=$(ct "$router" "^ipv4 .* udp .*src=10.0.1.5 .*sport=5000" | sed 's/.*dport=\([0-9]*\).*/\1/')
check_eq "a flow keeps its mapping" "${last:-none}" "$(from 10.0.1.5 udp "$server_ip4")"

# Ping identifiers clash likewise.
for i in 2 3; do
	check "ping with identifier 77 from 10.0.1.$i" \
		ping_ok "$client" "$server_ip4" -e 77 -I "10.0.1.$i"
done

# The router's own socket has the port already.
ask "$router" udp "$server_ip4" 53 -p 6000 >"$scratch/own"
check_eq "the router's own source port is not taken away" \
	"from $router_wan_ip4 6000 to $server_ip4 53" "$(cat "$scratch/own")"
port=$(ask "$client" udp "$server_ip4" 53 -p 6000 | cut -d ' ' -f 3)
check "a client's of the same number moves" test "${port:-6000}" -ne 6000

# Two ports for three flows.
rules "$router" <<'RULES'
table inet t {
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname r1 udp dport 53 snat ip to 10.0.2.1:30000-30001
	}
}
RULES
a=$(ask "$client" udp "$server_ip4" 53 -f 10.0.1.2 -p 7000 | cut -d ' ' -f 3)
b=$(ask "$client" udp "$server_ip4" 53 -f 10.0.1.3 -p 7000 | cut -d ' ' -f 3)
check_eq "two flows share a range of two ports" "30000 30001" "$(printf '%s\n' "$a" "$b" | sort | xargs)"
check_fails "the third is dropped" \
	ask "$client" udp "$server_ip4" 53 -f 10.0.1.4 -p 7000 -w 700
check_eq "the first lives on" "$a" \
	"$(ask "$client" udp "$server_ip4" 53 -f 10.0.1.2 -p 7000 | cut -d ' ' -f 3)"
finish
