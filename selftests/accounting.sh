#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Accounting and timestamps: packets= and bytes= of both directions are exact,
# whole packets with their headers; they appear for flows that began while the
# sysctl was on; delta-time= counts seconds since the first packet.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft
need_module nft_ct
setup_topology
serve "$server" 53
rules "$router" <<'RULES'
table inet t {
	counter orig { }
	counter reply { }
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state invalid drop
		tcp dport 53 counter name orig
		tcp sport 53 counter name reply
	}
}
RULES
set_ct() {
	in_ns "$router" sysctl -qw "net.netfilter.nf_conntrack_$1=$2"
}

set_ct acct 0
set_ct timestamp 0
ask "$client" udp "$server_ip4" 53 -p 1000 >/dev/null
check "a flow without accounting has no counters" ct "$router" \
	"sport=1000 dport=53 src=.*dport=1000 \[?(ASSURED|mark)"
check_eq "and no time" 0 "$(ct_count "$router" delta-time)"

set_ct acct 1
set_ct timestamp 1
ask "$client" udp "$server_ip4" 53 -p 1000 >/dev/null
check_eq "an old flow gets none later" 0 "$(ct_count "$router" 'sport=1000 .*packets=')"

# 20 + 8 + 100 bytes there; the same and the server's line back.
out=$(ask "$client" udp "$server_ip4" 53 -p 1001 -s 100 -c 3)
line=$((${#out} + 1))
check "UDP, IPv4: packets and bytes" ct "$router" \
	"sport=1001 dport=53 packets=3 bytes=$((3 * 128)) src=.*dport=1001 packets=3 bytes=$((3 * (128 + line))) "
out=$(ask "$client" udp "$server_ip6" 53 -p 1002 -s 1000 -c 2)
line=$((${#out} + 1))
check "UDP, IPv6: packets and bytes" ct "$router" \
	"sport=1002 dport=53 packets=2 bytes=$((2 * 1048)) src=.*dport=1002 packets=2 bytes=$((2 * (1048 + line))) "
ping_ok "$client" "$server_ip4" -c 2 -i 0.2 -s 56 >/dev/null
check "ping: packets and bytes" ct "$router" \
	'icmp .* id=[0-9]+ packets=2 bytes=168 src=.*packets=2 bytes=168 '
ask "$client" udp "$server_ip4" 9 -p 1003 -s 10 >/dev/null 2>&1
check "an ICMP error counts for no flow" ct "$router" \
	"sport=1003 dport=9 packets=1 bytes=38 \[UNREPLIED\] src=.*packets=0 bytes=0 "

# TCP, whatever segments there were: as the rules counted them.
ask "$client" tcp "$server_ip4" 53 -p 1004 -s 20000 -c 3 >/dev/null
counters() {
	in_ns "$router" nft list counters | grep -o 'packets [0-9]* bytes [0-9]*' |
		sed 's/ \([0-9]\)/=\1/g' | xargs
}
accounted() {
	ct "$router" 'sport=1004' | grep -o 'packets=[0-9]* bytes=[0-9]*' | xargs
}
same() {
	test "$(counters)" = "$(accounted)"
}
check "TCP: as many as the rules counted" busywait 3000 same
check "more than 60000 bytes each way" bash -c \
	'for n in $(grep -o "bytes=[0-9]*" <<<"$1"); do [ ${n#*=} -gt 60000 ] || exit 1; done' _ "$(accounted)"

check "delta-time starts at the first packet" ct "$router" 'sport=100[14] .*delta-time=[0-9]+ '
aged() {
	[ "$(ct "$router" 'sport=1001 ' | grep -o 'delta-time=[0-9]*' | cut -d = -f 2)" -ge "$1" ]
}
check "and grows" busywait 5000 aged 2
finish
