#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SYNPROXY: the router answers SYNs itself, with cookies, and opens the
# connection to the server only for a client that acknowledges. Sequence numbers
# and time stamps are adjusted from then on. By iptables and nftables.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables ip6tables
need_module nf_synproxy_core nft_synproxy ipt_SYNPROXY ip6t_SYNPROXY nft_ct
setup_topology
serve "$server" 80
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.ipv4.tcp_syncookies=1 \
	net.ipv4.tcp_timestamps=1
# How many SYNs the server sees; there is no tracker in its namespace.
in_ns "$server" nft -f - <<'RULES'
table inet seen {
	counter syn { }
	chain input {
		type filter hook input priority filter; policy accept;
		tcp flags & (syn | ack) == syn counter name syn
	}
}
RULES

syns() {
	counter "$server" syn inet seen
}

# proxied WHAT PORT: connections through the proxy, one of them from the port.
proxied() {
	local before ip net options

	for ip in "$server_ip4" "$server_ip6"; do
		net=IPv4
		[ "$ip" = "$server_ip4" ] || net=IPv6
		before=$(syns)
		check "$1, $net: data goes both ways" ask "$client" tcp "$ip" 80 -s 30000 -c 3
		check_eq "$1, $net: the server saw one SYN" 1 $(($(syns) - before))
		for options in tcp_timestamps tcp_sack tcp_window_scaling; do
			in_ns "$client" sysctl -qw net.ipv4.$options=0
			check "$1, $net: without $options" ask "$client" tcp "$ip" 80 -s 30000 -c 3
			in_ns "$client" sysctl -qw net.ipv4.$options=1
		done
	done
	: >"$scratch/hold"
	in_ns "$client" "$net_tool" ask tcp "$server_ip4" 80 -p "$2" -h "$scratch/hold" \
		>"$scratch/held" 2>&1 &
	ask=$!
	check "$1: its entry is open and assured" busywait 8000 \
		ct "$router" "tcp .* ESTABLISHED src=$client_ip4 .*sport=$2 .*\[ASSURED\]"
	rm "$scratch/hold"
	wait $ask
	check_eq "$1: the connection works after a while" 0 $?
}

# forged WHAT: SYNs of which the cookies are never acknowledged.
forged() {
	local before entries

	in_ns "$client" nft -f - <<'RULES'
table inet mute {
	chain output {
		type filter hook output priority filter; policy accept;
		tcp flags & (syn | ack) == ack drop
		tcp flags & rst == rst drop
	}
}
RULES
	before=$(syns)
	entries=$(ct_count "$router" ' tcp ')
	for port in 5001 5002 5003; do
		check_fails "$1: no answer to a client that does not acknowledge" \
			ask "$client" tcp "$server_ip4" 80 -p $port -w 500
	done
	check_eq "$1: the server saw no SYN of it" "$before" "$(syns)"
	check_eq "$1: it has no entry" "$entries" "$(ct_count "$router" ' tcp ')"
	in_ns "$client" nft delete table inet mute
}

# cookies: SYNs that the router has answered, by its statistics.
cookies() {
	local n=0 each

	while read -r _ each _; do
		n=$((n + 0x$each))
	done < <(in_ns "$router" tail -n +2 /proc/net/stat/synproxy)
	echo $n
}

closed() {
	check_eq "$1: a port where nobody listens" "Connection reset by peer" \
		"$(ask "$client" tcp "$server_ip4" 81 2>&1)"
}

check "without it a connection works" ask "$client" tcp "$server_ip4" 80

for ipt in iptables ip6tables; do
	in_ns "$router" $ipt -t raw -A PREROUTING -i r0 -p tcp --syn -j CT --notrack &&
		in_ns "$router" $ipt -A FORWARD -i r0 -p tcp -m conntrack \
			--ctstate INVALID,UNTRACKED \
			-j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1440 &&
		in_ns "$router" $ipt -A FORWARD -m conntrack --ctstate INVALID -j DROP
	check_eq "$ipt takes the rules" 0 $?
done
before=$(cookies)
proxied iptables 4000
check "iptables: SYNs are counted" test $(($(cookies) - before)) -ge 9
forged iptables
closed iptables
for ipt in iptables ip6tables; do
	in_ns "$router" $ipt -t raw -F
	in_ns "$router" $ipt -F
done

rules "$router" <<'RULES'
table inet t {
	chain raw {
		type filter hook prerouting priority raw; policy accept;
		iifname r0 tcp flags syn notrack
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname r0 meta l4proto tcp ct state invalid,untracked synproxy mss 1440 wscale 7 timestamp sack-perm
		ct state invalid drop
	}
}
RULES
proxied nft 4001
forged nft
closed nft
finish
