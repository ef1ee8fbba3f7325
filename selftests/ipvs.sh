#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# IPVS with connection tracking (net.ipv4.vs.conntrack=1): a virtual service in
# NAT mode; the entry's reply tuple is the real server's, so that nftables sees
# ESTABLISHED traffic and can masquerade it.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools ipvsadm nft
need_module ip_vs ip_vs_rr nft_ct nft_masq
setup_topology
ip -n "$server" address add 10.0.2.3/24 dev s0
ip -n "$router" address add 203.0.113.1/32 dev lo
serve "$server" 53 80
in_ns "$router" sysctl -qw net.ipv4.vs.conntrack=1 || skip_all "IPVS without conntrack"

for service in "-t tcp" "-u udp"; do
	in_ns "$router" ipvsadm -A "${service% *}" 203.0.113.1:80 -s rr || skip_all "no IPVS"
	in_ns "$router" ipvsadm -a "${service% *}" 203.0.113.1:80 -r 10.0.2.2:80 -m
	in_ns "$router" ipvsadm -a "${service% *}" 203.0.113.1:80 -r 10.0.2.3:53 -m
done
rules "$router" <<'RULES'
table ip t {
	counter new { }
	counter established { }
	counter invalid { }
	chain input {
		type filter hook input priority -200; policy accept;
		ip daddr 203.0.113.1 ct state new counter name new
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state invalid counter name invalid drop
		ip saddr 10.0.2.0/24 ct state established counter name established
	}
}
RULES
n() {
	counter "$router" "$1" ip t
}
for proto in udp tcp; do
	seen=$(for i in 1 2; do
		ask "$client" $proto 203.0.113.1 80 -p 40$i | cut -d ' ' -f 2,5,6
	done | sort | xargs)
	check_eq "$proto: the real servers take turns" \
		"$client_ip4 10.0.2.2 80 $client_ip4 10.0.2.3 53" "$seen"
done
check "new flows were NEW" test "$(n new)" -ge 4
check "the real servers' answers are ESTABLISHED" test "$(n established)" -ge 4
check_eq "none is INVALID" 0 "$(n invalid)"
check "the entry answers from the real server" ct "$router" \
	"tcp .*src=$client_ip4 dst=203.0.113.1 sport=[0-9]+ dport=80 src=10.0.2.3 dst=$client_ip4 sport=53 "

# With masquerading on top, which needs the entry.
ip -n "$server" route del default
check_fails "a real server that doesn't know the client can't answer" \
	ask "$client" udp 203.0.113.1 80 -w 700
in_ns "$router" nft -f - <<'RULES'
table ip nat {
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname r1 masquerade
	}
}
RULES
check_eq "masqueraded by the router it can" "$router_wan_ip4" \
	"$(seen_from "$client" tcp 203.0.113.1 80)"
in_ns "$router" ipvsadm -C
finish
