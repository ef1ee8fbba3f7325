#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Flow offload in software: an established flow goes past the rules by a
# flowtable, its entry says [OFFLOAD] and doesn't expire; after the FIN it comes
# back to the tracker, closes and is reaped. With NAT, TCP and UDP.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft
need_module nft_flow_offload nft_masq
setup_topology
serve "$server" 53 80
rules "$router" <<'RULES'
table inet t {
	flowtable ft {
		hook ingress priority filter
		devices = { r0, r1 }
	}
	counter forwarded { }
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state established meta l4proto { tcp, udp } flow add @ft
		meta l4proto { tcp, udp } counter name forwarded
	}
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname r1 masquerade
	}
}
RULES
set_ct() {
	in_ns "$router" sysctl -qw "net.netfilter.$1"
}

for state in time_wait last_ack close close_wait fin_wait; do
	set_ct "nf_conntrack_tcp_timeout_$state=8"
done
for to in "$server_ip4" "$server_ip6"; do
	in_ns "$router" nft reset counters >/dev/null
	touch "$scratch/hold"
	ask "$client" tcp "$to" 80 -p 4000 -c 40 -s 20000 -h "$scratch/hold" \
		>"$scratch/asked" 2>&1 &
	asker=$!
	check "$to: a transfer both ways goes through, masqueraded" busywait 10000 \
		grep -E "^from ($router_wan_ip4|$router_wan_ip6) " "$scratch/asked"
	check "$to: the entry is offloaded" ct "$router" 'tcp .*sport=4000 dport=80 .*\[OFFLOAD\]'
	check_counter "$router" forwarded -lt 60 "$to: all but the first segments went past the rules"
	rm "$scratch/hold"
	wait $asker
	check_eq "$to: the connection still works, and ends" 0 $?
	check "$to: then the entry is the tracker's again, and closes" busywait 8000 ct "$router" \
		'tcp +6 [0-9]+ (TIME_WAIT|LAST_ACK|CLOSE|CLOSE_WAIT|FIN_WAIT) .*sport=4000 '
done
check "in its time it is gone" busywait 25000 ct_gone "$router" "^ipv4 .*sport=4000 "

# Data, then silence: the flow leaves the flowtable, the entry gets its own timeout again.
in_ns "$router" nft reset counters >/dev/null
if [ -e /proc/sys/net/netfilter/nf_flowtable_udp_timeout ]; then
	set_ct nf_flowtable_udp_timeout=1
fi
check "UDP" ask "$client" udp "$server_ip4" 53 -p 4001 -c 30
check_counter "$router" forwarded -lt 60 "most datagrams went past the rules"
not_offloaded() {
	ct "$router" 'sport=4001' | grep -qv OFFLOAD
}
check "a silent flow is the tracker's again" busywait 10000 not_offloaded
check "and still there" ct "$router" 'udp .*sport=4001'

# Without the flowtable rule all of it passes the rules.
rules "$router" <<'RULES'
table inet t {
	counter forwarded { }
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state established meta l4proto { tcp, udp }
		meta l4proto { tcp, udp } counter name forwarded
	}
}
RULES
check "UDP without a flowtable" ask "$client" udp "$server_ip4" 53 -p 4002 -c 30
check_counter "$router" forwarded -eq 60 "all datagrams pass the rules"
finish
