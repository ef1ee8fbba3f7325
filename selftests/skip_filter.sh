#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nf_conntrack_skip_filter=1: packets of established flows pass by the chains of
# the filter table; NAT, mangle and new flows go on as before, and an offload
# rule in the filter table still gets to see a flow.

. "$(dirname "$0")/lib.sh"

[ "$(ct_module)" = ours ] || skip_all "the stock module has no nf_conntrack_skip_filter"
need_tools nft iperf3
need_module nf_flow_table nft_flow_offload
setup_topology
setting=net.netfilter.nf_conntrack_skip_filter

in_ns "$router" nft -f - <<'NFT'
table inet t {
	counter filter_new { }
	counter filter_est { }
	counter mangle { }
	counter behind { }

	chain mangle {
		type filter hook forward priority mangle
		counter name mangle
	}
	chain forward {
		type filter hook forward priority filter; policy drop
		ct state established counter name filter_est accept
		ct state new iifname r0 counter name filter_new accept
	}
	chain security {
		type filter hook forward priority security
		counter name behind
	}
}
table ip nat {
	chain post {
		type nat hook postrouting priority srcnat
		oifname r1 masquerade
	}
}
NFT

packets() {
	in_ns "$router" nft list counter inet t "$1" |
		sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

reset() {
	in_ns "$router" nft reset counters >/dev/null
}

for family in 4 6; do
	declare -n to=server_ip$family
	check_eq "IPv$family: it is off" 0 \
		"$(in_ns "$router" sysctl -n $setting)"
	reset
	check "ping" in_ns "$client" ping -q -i 0.01 -c 200 "$to"
	check_eq "everything established has walked the filter table" 399 "$(packets filter_est)"

	check "turn it on" in_ns "$router" sysctl -qw $setting=1
	reset
	check "ping" in_ns "$client" ping -q -i 0.01 -c 200 "$to"
	check_eq "the new flow has walked the filter table" 1 "$(packets filter_new)"
	check "of the others only a few have: $(packets filter_est)" \
		test "$(packets filter_est)" -lt 40
	check "but some have" test "$(packets filter_est)" -gt 0
	check_eq "chains before it have seen them all" 400 "$(packets mangle)"
	check_eq "and so have those behind it" 400 "$(packets behind)"
	check "turn it off" in_ns "$router" sysctl -qw $setting=0
done

in_ns "$router" sysctl -qw $setting=1
check_fails "what the rules refuse is refused" \
	in_ns "$server" ping -q -c 1 -W 1 "$client_ip4"

in_ns "$router" nft -f - <<'NFT'
table inet t {
	flowtable ft {
		hook ingress priority filter
		devices = { r0, r1 }
	}
}
insert rule inet t forward ct state established meta l4proto tcp flow add @ft
NFT
bg in_ns "$server" iperf3 -s -1 -p 5201
wait_listen "$server" t 5201
bg in_ns "$client" iperf3 -c "$server_ip4" -p 5201 -t 3
offloaded() {
	in_ns "$router" grep -q OFFLOAD /proc/net/nf_conntrack
}
check "a rule of the filter table offloads a flow" busywait 20000 offloaded

# Many turns while packets pass: none may be lost.
bg in_ns "$client" ping -q -i 0.005 -c 400 "$server_ip4"
pinger=$!
turns=0
while ! gone "$pinger"; do
	in_ns "$router" sysctl -qw $setting=$((turns & 1))
	turns=$((turns + 1))
done
check "it can be turned on and off under traffic ($turns times)" \
	grep -q ' 0% packet loss' "$scratch/bg.log"
finish
