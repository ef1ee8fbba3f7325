#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# conntrackd(8): two routers with source NAT, one of which takes over from the
# other. It knows the first one's flows, and an established connection goes on.
# In NOTRACK and FTFW mode, with caches and straight into the kernel; then it
# keeps statistics.
# lib/routers.sh has a drawing.

# Programs in single quotes are for other shells.
# shellcheck disable=SC2016

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/nl.sh"
. "$(dirname "$0")/lib/routers.sh"

need_tools conntrack conntrackd nft
need_module nft_ct nft_nat nft_masq
setup_networks
for router in a b; do
	setup_router $router
	on $router sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0
	ctd_conf[$router]=$scratch/$router.conf
done

for ns in "$a" "$b"; do
	nft_in "$ns" <<'RULES'
table ip t {
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state established,related accept
		ct state new tcp flags & (fin | syn | rst | ack) == syn accept
		ct state new meta l4proto { udp, icmp } accept
	}
	chain post {
		type nat hook postrouting priority 100; policy accept;
		ip saddr 10.0.1.0/24 snat to 10.0.2.1
	}
}
RULES
done

# active ROUTER: the addresses are its own.
active() {
	local router

	for router in a b; do
		ip -n "${!router}" address flush dev lan0
		ip -n "${!router}" address flush dev wan0
		ip -n "${!router}" link set lan0 down
		ip -n "${!router}" link set wan0 down
	done
	# shellcheck disable=SC2154
	{
		ip -n "${!1}" address add "$lan.1/24" dev lan0
		ip -n "${!1}" address add "$wan.1/24" dev wan0
		ip -n "${!1}" link set lan0 up
		ip -n "${!1}" link set wan0 up
		ip -n "$client" neigh flush dev br0
		ip -n "$server" neigh flush dev br0
	}
}

# conf ROUTER MODE OPTIONS: its configuration.
conf() {
	local n

	n=$(number "$1")
	cat >"$scratch/$1.conf" <<CONF
Sync {
	Mode $2 {
$3
	}
	UDP {
		IPv4_address 10.9.9.$n
		IPv4_Destination_Address 10.9.9.$((3 - n))
		Port 3780
		Interface sync0
		SndSocketBuffer 1249280
		RcvSocketBuffer 1249280
		Checksum on
	}
}
General {
	HashSize 32768
	HashLimit 131072
	LogFile $scratch/$1.log
	LockFile $scratch/$1.lock
	UNIX {
		Path $scratch/$1.ctl
	}
	NetlinkBufferSize 2097152
	NetlinkBufferSizeMaxGrowth 8388608
	NetlinkEventsReliable On
	Filter From Userspace {
		Address Ignore {
			IPv4_address 127.0.0.1
			IPv4_address 10.9.9.1
			IPv4_address 10.9.9.2
		}
	}
}
CONF
}

# The cache of what the other one has shows the original tuples.
flow='tcp .*ESTABLISHED src=10.0.1.10 dst=10.0.2.10 sport=4000 dport=80 src=10.0.2.10 dst=10.0.2.1 sport=80 dport=4000 .*ASSURED'
udp='udp .*src=10.0.1.10 dst=10.0.2.10 sport=4001 dport=80 src=10.0.2.10 dst=10.0.2.1 sport=80 dport=4001'
their_flow='tcp .*ESTABLISHED src=10.0.1.10 dst=10.0.2.10 sport=4000 dport=80 .*ASSURED'
their_udp='udp .*src=10.0.1.10 dst=10.0.2.10 sport=4001 dport=80'

# takes_over NAME MODE OPTIONS [direct]: direct has no caches.
takes_over() {
	local name=$1 where=-e asked port=4000

	[ "${4-}" != direct ] || where=kernel
	conf a "$2" "$3"
	conf b "$2" "$3"
	active a
	ctk "$a" -F
	ctk "$b" -F
	ctd_start a b || return
	touch "$scratch/hold"
	: >"$scratch/asked"
	bg ip netns exec "$client" sh -c 'exec "$0" ask -h "$1" -p "$2" -w 20000 tcp 10.0.2.10 80 >"$3" 2>&1' \
		"$net_tool" "$scratch/hold" $port "$scratch/asked"
	asked=$!
	busywait 10000 grep -q from "$scratch/asked" >/dev/null
	check_eq "$name: a connection, with NAT" "from 10.0.2.1 $port to 10.0.2.10 80" "$(cat "$scratch/asked")"
	ask "$client" udp 10.0.2.10 80 -p 4001 -c 2 >/dev/null
	ask "$client" udp 10.0.2.10 80 -p 4002 -c 2 >/dev/null
	[ "$where" = kernel ] || {
		check "$name: the first one's cache has it" busywait 10000 knows a -i "$flow"
		check_eq "$name: nothing is in the second one's kernel yet" 0 "$(knows b kernel sport=400 | wc -l)"
	}
	check "$name: the second one has heard of it" busywait 10000 knows b $where "$their_flow"
	check "$name: of UDP, too" busywait 10000 knows b $where "$their_udp"
	# What ends here ends there.
	ctk "$a" -D -p udp -s 10.0.1.10 -d 10.0.2.10 --sport 4002 --dport 80 >/dev/null
	check "$name: and of an end" busywait 10000 forgotten b $where sport=4002

	active b
	if [ "$where" != kernel ]; then
		check "$name: the second one commits" ctd b -c
		check "$name: the connection is in its kernel" busywait 10000 knows b kernel "$flow"
		check "$name: UDP, too" knows b kernel "$udp"
	fi
	rm "$scratch/hold"
	wait "$asked"
	check_eq "$name: the connection goes on" 0 $?
	check_eq "$name: its end is seen there" 0 "$(knows b kernel 'ESTABLISHED .*sport=4000 ' | wc -l)"
	check_eq "$name: UDP goes on" "from 10.0.2.1 4001 to 10.0.2.10 80" "$(ask "$client" udp 10.0.2.10 80 -p 4001)"
	check_eq "$name: a new one goes, too" "from 10.0.2.1 4003 to 10.0.2.10 80" \
		"$(ask "$client" tcp 10.0.2.10 80 -p 4003)"
	# And back: the first one asks for what it missed.
	if [ "$where" != kernel ]; then
		ctd b -R
		ctd b -B
		check "$name: the first one hears of it" busywait 10000 knows a -e 'sport=4001 '
	fi
	check "$name: statistics" ctd b -s
	ctd_stop
}

serve "$server" 80
takes_over NOTRACK NOTRACK "		CommitTimeout 180"
takes_over FTFW FTFW "		ResendQueueSize 131072
		CommitTimeout 180
		PurgeTimeout 60
		ACKWindowSize 300
		DisableExternalCache Off"
takes_over direct NOTRACK "		DisableInternalCache On
		DisableExternalCache On" direct

# --- Statistics -----------------------------------------------------------------

cat >"$scratch/b.conf" <<CONF
General {
	HashSize 8192
	HashLimit 65535
	LogFile $scratch/b.log
	LockFile $scratch/b.lock
	UNIX {
		Path $scratch/b.ctl
	}
	NetlinkBufferSize 262142
	NetlinkBufferSizeMaxGrowth 655355
	NetlinkEventsReliable On
}
Stats {
	LogFile $scratch/stats.log
}
CONF
ctk "$b" -F
ctd_start b && ok "statistics: the daemon is there"
for port in 5001 5002 5003; do
	ask "$client" udp 10.0.2.10 80 -p $port >/dev/null
done
three() {
	[ "$(ctd b -i | grep -c 'src=10.0.1.10 dst=10.0.2.10 sport=500[123] ')" = 3 ]
}
check "statistics: it has three flows" busywait 10000 three
ctk "$b" -D -p udp -s 10.0.1.10 >/dev/null
logged() {
	[ "$(grep -c 'udp .*src=10.0.1.10 dst=10.0.2.10 sport=500[123] dport=80' "$scratch/stats.log")" = 3 ]
}
check "statistics: and a line of each that ended" busywait 10000 logged
ctd_stop
finish
