#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Zones keep flows with the same addresses apart; one given for the original
# direction alone is not looked at for replies.

. "$(dirname "$0")/lib.sh"

need_tools nft iptables socat
setup_topology
setup_ns client2
# The second client has the first one's address, on another wire.
veth_pair "$client2" c0 10.0.1.2 fd00:1::2 "$router" r2 10.0.3.1 fd00:3::1
ip -n "$client2" route add default via 10.0.1.1 dev c0 onlink
ip -n "$client2" neigh replace 10.0.1.1 lladdr \
	"$(in_ns "$router" cat /sys/class/net/r2/address)" dev c0
# Replies find their wire by the zone, which was saved as the mark.
in_ns "$router" nft -f - <<'RULES'
table ip raw {
	chain pre {
		type filter hook prerouting priority raw;
		iifname r0 ct original zone set 1
		iifname r2 ct original zone set 2
	}
	chain mark {
		type filter hook prerouting priority mangle;
		iifname r0 ct mark set 1
		iifname r2 ct mark set 2
		iifname r1 meta mark set ct mark
	}
	chain post {
		type nat hook postrouting priority srcnat;
		oifname r1 masquerade
	}
}
RULES
in_ns "$router" ip rule add fwmark 2 lookup 200
in_ns "$router" ip route add 10.0.1.2 dev r2 table 200
in_ns "$router" ip neigh replace 10.0.1.2 lladdr \
	"$(in_ns "$client2" cat /sys/class/net/c0/address)" dev r2
in_ns "$router" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.r2.rp_filter=0 \
	net.ipv4.conf.r1.rp_filter=0

bg in_ns "$server" socat UDP4-LISTEN:53,fork,reuseaddr EXEC:cat
wait_listen "$server" u 53

say() {
	echo "$2" | in_ns "$1" socat -t 2 -T 3 - "udp:10.0.2.2:53,bind=10.0.1.2,sourceport=4000"
}

check_eq "zone 1 talks" one "$(say "$client" one)"
check_eq "zone 2 talks, with the same addresses and ports" two "$(say "$client2" two)"
for zone in 1 2; do
	check "an entry of zone $zone" in_ns "$router" grep -E \
		"src=10.0.1.2 dst=10.0.2.2 sport=4000 dport=53 zone-orig=$zone src=10.0.2.2 dst=10.0.2.1" \
		/proc/net/nf_conntrack
done

in_ns "$router" nft flush ruleset
in_ns "$router" iptables -t raw -A PREROUTING -i r0 -j CT --zone 7
in_ns "$router" iptables -t raw -A PREROUTING -i r1 -j CT --zone 7
in_ns "$router" iptables -A FORWARD -m conntrack --ctstate NEW,ESTABLISHED
check "ping in a zone of both directions" in_ns "$client" ping -c 1 -W 5 -q "$server_ip4"
check "it is shown" in_ns "$router" grep -E "icmp .*zone=7 " /proc/net/nf_conntrack
check_eq "and was seen in both directions" "" "$(in_ns "$router" \
	grep -E "icmp .*UNREPLIED.*zone=7 " /proc/net/nf_conntrack)"
finish
