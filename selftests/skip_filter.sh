#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nf_conntrack_skip_filter=1: packets of established flows pass by the chains of
# the filter table, forwarded or the router's own; NAT, mangle, what is counted for
# a flow and new flows go on as before, and an offload rule in the filter table
# still gets to see a flow.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

[ "$(ct_module)" = ours ] || skip_all "the stock module has no nf_conntrack_skip_filter"
need_tools iperf3 nft
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

# The router's own flows: chains of the filter table, and right before and behind it.
own() {
	local hook

	echo "table inet own {"
	for hook in input output; do
		cat <<NFT
	counter ${hook}_new { }
	counter ${hook}_est { }
	counter ${hook}_mangle { }
	counter ${hook}_before { }
	counter ${hook}_behind { }
	chain ${hook}_mangle {
		type filter hook $hook priority mangle
		meta l4proto { tcp, icmp } counter name ${hook}_mangle
	}
	chain ${hook}_before {
		type filter hook $hook priority -2
		meta l4proto { tcp, icmp } counter name ${hook}_before
	}
	chain $hook {
		type filter hook $hook priority filter
		meta l4proto != { tcp, icmp } accept
		ct state established counter name ${hook}_est
		ct state new counter name ${hook}_new
	}
	chain ${hook}_behind {
		type filter hook $hook priority 1
		meta l4proto { tcp, icmp } counter name ${hook}_behind
	}
NFT
	done
	echo "}"
}
own | in_ns "$router" nft -f -
# n NAME: packets of that counter.
n() {
	counter "$router" "$1" inet own
}
serve "$router" 7000
serve "$server" 7000

# own_flow IS WHO ADDRESS NEW OLD: a connection and pings from there, which begin in
# the router's hook NEW and come back by OLD.
own_flow() {
	local is=$1 who=$2 to=$3 new=$4 old=$5 in out hook

	check "$new, $is: a connection" in_ns "$who" "$net_tool" ask -c 100 tcp "$to" 7000
	check "$new, $is: pings" in_ns "$who" ping -n -q -i 0.01 -c 100 "$to"
	in=$(n "${new}_est") out=$(n "${old}_est")
	check_eq "$new, $is: new flows walk the chain" 2 "$(n "${new}_new")"
	check_eq "$old, $is: nothing is new there" 0 "$(n "${old}_new")"
	for hook in $new $old; do
		check "$hook, $is: a chain of mangle sees each packet: $(n "${hook}_mangle")" \
			test "$(n "${hook}_mangle")" -ge 200
		check_eq "$hook, $is: so does one right before" "$(n "${hook}_mangle")" \
			"$(n "${hook}_before")"
		check_eq "$hook, $is: and one right behind" "$(n "${hook}_mangle")" \
			"$(n "${hook}_behind")"
	done
	if [ "$is" = off ]; then
		check_eq "$new, $is: established packets walk it" $(($(n "${new}_mangle") - 2)) "$in"
		check_eq "$old, $is: they do" "$(n "${old}_mangle")" "$out"
	else
		check "$new, $is: of established packets hardly any walks it: $in" test "$in" -lt 40
		check "$old, $is: nor there: $out" test "$out" -lt 40
		check "but some do" test $((in + out)) -gt 0
	fi
}
for is in off on; do
	[ $is = off ] || check "turn it on" in_ns "$router" sysctl -qw $setting=1
	reset
	own_flow $is "$client" "$router_ip4" input output
	reset
	own_flow $is "$router" "$server_ip4" output input
done
in_ns "$router" nft delete table inet own

# NAT, and what is counted for a flow, when its packets pass by.
in_ns "$router" nft -f - <<NFT
table ip nat {
	chain pre {
		type nat hook prerouting priority dstnat
		iifname r0 tcp dport 7001 dnat to $server_ip4:7000
	}
	chain out {
		type nat hook output priority -100
		ip daddr 10.0.3.1 tcp dport 7001 dnat to $server_ip4:7000
	}
	chain in {
		type nat hook input priority 100
		iifname r0 tcp dport 7000 snat to 10.0.1.77
	}
}
NFT
ip -n "$router" route add 10.0.3.0/24 dev r1
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_acct=1 $setting=1
check_eq "masquerading: the server sees the router" \
	"from $router_wan_ip4 5001 to $server_ip4 7000" \
	"$(ask "$client" tcp "$server_ip4" 7000 -p 5001 -c 50)"
check_eq "destination NAT" "from $router_wan_ip4 5002 to $server_ip4 7000" \
	"$(ask "$client" tcp "$router_ip4" 7001 -p 5002 -c 50)"
check_eq "destination NAT of the router's own" \
	"from $router_wan_ip4 5003 to $server_ip4 7000" \
	"$(ask "$router" tcp 10.0.3.1 7001 -p 5003 -c 50)"
check_eq "source NAT on the way in" "from 10.0.1.77 5004 to $router_ip4 7000" \
	"$(ask "$client" tcp "$router_ip4" 7000 -p 5004 -c 50)"
# counted NS ADDRESS: all of 150 pings, in both directions.
counted() {
	in_ns "$1" ping -n -q -i 0.01 -c 150 "$2" &&
		ct "$router" "icmp .* dst=$2 .*packets=150 bytes=12600 .*packets=150 bytes=12600"
}
check "each packet is counted for its flow: forwarded" counted "$client" "$server_ip4"
check "to the router" counted "$client" "$router_ip4"
check "from the router" counted "$router" "$server_ip4"

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
