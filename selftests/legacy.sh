#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# legacy=1: /proc/net/ip_conntrack and net.ipv4.netfilter.ip_conntrack_*, as
# scripts of old read and set them.

. "$(dirname "$0")/lib.sh"

[ "$(ct_module)" = ours ] || skip_all "the stock module has no legacy="
check "nothing of it is there unless asked for" \
	test ! -e /proc/net/ip_conntrack -a ! -e /proc/sys/net/ipv4/netfilter
rmmod nf_conntrack
check "the module loads with legacy=1" modprobe nf_conntrack legacy=1 || finish

setup_topology
in_ns "$router" nft -f - <<'NFT'
table ip t {
	chain post {
		type nat hook postrouting priority srcnat
		oifname r1 masquerade
	}
}
table ip6 t {
	chain forward {
		type filter hook forward priority filter
		ct state new counter
	}
}
NFT
old=/proc/sys/net/ipv4/netfilter
now=/proc/sys/net/netfilter

in_ns "$client" ping -q -c 1 "$server_ip4" >/dev/null
in_ns "$client" ping -q -c 1 "$server_ip6" >/dev/null
line=$(in_ns "$router" cat /proc/net/ip_conntrack)
check_eq "IPv4 is shown, and IPv6 is not" 1 "$(wc -l <<<"$line")"
pattern="^icmp +1 [0-9]+ src=$client_ip4 dst=$server_ip4 type=8 code=0 id=[0-9]+ "
pattern+="src=$server_ip4 dst=$router_wan_ip4 type=0 code=0 id=[0-9]+ mark=0 .*use=[0-9]+\$"
check "a line has the old form" grep -qE "$pattern" <<<"$line"
check_eq "the list of today has both" 2 \
	"$(in_ns "$router" cat /proc/net/nf_conntrack | wc -l)"

names=(max count buckets checksum log_invalid tcp_loose tcp_be_liberal
	tcp_max_retrans generic_timeout icmp_timeout udp_timeout udp_timeout_stream
	tcp_timeout_syn_sent tcp_timeout_syn_recv tcp_timeout_established
	tcp_timeout_fin_wait tcp_timeout_close_wait tcp_timeout_last_ack
	tcp_timeout_time_wait tcp_timeout_close tcp_timeout_max_retrans)
for name in "${names[@]}"; do
	check_eq "ip_conntrack_$name says what nf_conntrack_$name does" \
		"$(in_ns "$router" cat "$now/nf_conntrack_$name")" \
		"$(in_ns "$router" cat "$old/ip_conntrack_$name")"
done
check "it can be set" in_ns "$router" sysctl -qw net.ipv4.netfilter.ip_conntrack_udp_timeout=77
check_eq "and that counts" 77 "$(in_ns "$router" cat "$now/nf_conntrack_udp_timeout")"
check_fails "a value out of range is refused" \
	in_ns "$router" sysctl -qw net.ipv4.netfilter.ip_conntrack_tcp_loose=2
check_eq "and nothing has changed" 1 "$(in_ns "$router" cat "$now/nf_conntrack_tcp_loose")"
before=$(cat /proc/sys/net/nf_conntrack_max)
in_ns "$router" sysctl -qw net.ipv4.netfilter.ip_conntrack_max=1 2>/dev/null
check_eq "the machine's limit can't be set from a namespace" "$before" \
	"$(cat /proc/sys/net/nf_conntrack_max)"
check "but in the initial one" sysctl -qw net.ipv4.netfilter.ip_conntrack_max=12345
check_eq "which counts, too" 12345 "$(cat /proc/sys/net/nf_conntrack_max)"
finish
