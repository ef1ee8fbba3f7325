#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets in queues hold on to entries: of queued first packets the entries are
# counted but not confirmed, one that comes back goes on as if it had never been
# away, one that is dropped takes its entry along. Rules, entries, namespaces and
# the module may go while packets are queued.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft tc
need_module nft_ct nft_queue nfnetlink_queue nf_nat
setup_topology
serve "$server" 53

rules_queue() {
	rules "$router" <<'RULES'
table ip t {
	counter established { }
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state established udp sport 53 counter name established
		udp dport 53 queue num 7
	}
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname r1 masquerade
	}
}
RULES
}

# rules_gone: the rules go. Something stays at the same hook: where nothing does,
# the kernel (6.1) warns when it drops the packets that were queued there.
rules_gone() {
	in_ns "$router" nft -f - <<'RULES'
table ip stay {
	chain forward {
		type filter hook forward priority 10; policy accept;
	}
}
delete table ip t
RULES
}

# hold COUNT: a program takes packets from the queue and keeps COUNT of them.
hold() {
	rm -f "$scratch/go" "$scratch/queue"
	ip netns exec "$router" /usr/bin/python3 "$(dirname "$0")/lib/queue.py" 7 "$1" "$scratch/go" \
		</dev/null >"$scratch/queue" 2>&1 &
	holder=$!
	bg_all+=("$holder")
	check "a program listens to the queue" busywait 8000 grep -qx ready "$scratch/queue"
}

# release: the program ends, with what it holds.
release() {
	kill $holder
	wait $holder 2>/dev/null
}

# held NUMBER: so many are in it.
held() {
	check "$1 held" busywait 8000 grep -qx "held $1" "$scratch/queue"
}

# ask_later PORT: an exchange whose first packet will be held.
ask_later() {
	ask "$client" udp "$server_ip4" 53 -p "$1" -w "${2:-15000}" >"$scratch/ask.$1" 2>&1 &
	asker=$!
	bg_all+=("$asker")
}

count() {
	in_ns "$router" cat /proc/sys/net/netfilter/nf_conntrack_count
}

count_is() {
	[ "$(count)" = "$1" ] || { echo "count is $(count)" && return 1; }
}

# --- held and let go ------------------------------------------------------------

rules_queue
hold 3
for port in 5001 5002 5003; do
	ask_later $port
	eval "asker$port=\$asker"
done
held 3
check_eq "held: the entries are counted" 3 "$(count)"
check_eq "held: but not shown" 0 "$(ct_count "$router")"
touch "$scratch/go"
for port in 5001 5002 5003; do
	asker=asker$port
	wait "${!asker}"
	check_eq "let go: the exchange from port $port" "0 from $router_wan_ip4 $port to $server_ip4 53" \
		"$? $(cat "$scratch/ask.$port")"
done
check_eq "let go: the entries are shown" 3 "$(ct_count "$router" 'udp .*dport=53 ')"
check_eq "let go: the answers belong to them" 3 "$(counter "$router" established ip t)"
wait $holder

# --- two first packets of one flow ------------------------------------------------

hold 2
cat >"$scratch/two.py" <<'PY'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 5100))
s.connect(('10.0.2.2', 53))
s.settimeout(15)
s.send(b'A')
s.send(b'AAAA')
print(sorted(s.recv(200).split(b'\n')[1].decode() for i in range(2)))
PY
in_ns "$client" /usr/bin/python3 "$scratch/two.py" >"$scratch/two" 2>&1 &
two=$!
held 2
touch "$scratch/go"
wait $two
check_eq "two first packets of one flow: both are answered" "['A', 'AAAA']" "$(cat "$scratch/two")"
check_eq "two first packets: one entry" 1 "$(ct_count "$router" 'sport=5100 dport=53 ')"
check "two first packets: nothing else is counted" busywait 5000 count_is 4
wait $holder

# --- the entry goes meanwhile -----------------------------------------------------

in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1 \
	net.netfilter.nf_conntrack_udp_timeout_stream=1
in_ns "$server" nft -f - <<'RULES'
table ip seen {
	counter late { }
	chain input {
		type filter hook input priority filter; policy accept;
		udp sport 5001 counter name late
	}
}
RULES
hold 1
ask_later 5001 1000
held 1
check "an entry expires while a packet of it is held" busywait 10000 ct_gone "$router" 'sport=5001 '
touch "$scratch/go"
wait $holder
arrived() {
	[ "$(counter "$server" late ip seen)" = 1 ]
}
check "... and the packet goes its way" busywait 5000 arrived
in_ns "$router" nft flush ruleset
check "the module can be unloaded with entries" ct_unload
modprobe nf_conntrack

# --- dropped: the program ends ----------------------------------------------------

rules_queue
hold 4
ask_later 5301 1000
ask_later 5302 1000
held 2
check_eq "two are counted" 2 "$(count)"
release
check "the program is killed: the entries go with the packets" busywait 10000 count_is 0

# --- the rule goes ----------------------------------------------------------------

hold 4
ask_later 5401 1000
held 1
check_eq "one is counted" 1 "$(count)"
rules_gone
check "the rules are deleted: the entry goes with the packet" busywait 10000 count_is 0
release

# --- the module goes --------------------------------------------------------------

rules_queue
hold 4
ask_later 5501 1000
held 1
rules_gone
check "the module can be unloaded with a packet in the queue" ct_unload
release
modprobe nf_conntrack

# --- the namespace goes -----------------------------------------------------------

objects() {
	awk '$1 ~ /^nf_conntrack/ && $1 !~ /expect/ { n += $2 } END { print n + 0 }' /proc/slabinfo
}

# In the queue of a program that dies with it, and in the queue of a device.
for i in 1 2; do
	rules_queue
	in_ns "$router" tc qdisc add dev r1 root netem delay 100s limit 10000
	in_ns "$client" ping -q -i 0.01 -c 20 -W 1 "$server_ip4" >/dev/null 2>&1 &
	bg_all+=($!)
	hold 9
	ask_later 5601 1000
	ask_later 5602 1000
	held 2
	check "round $i: a ping waits in the device's queue" \
		busywait 8000 ct "$router" 'icmp .*UNREPLIED'
	del_ns "$router"
	check_fails "round $i: the namespace is gone" ip netns pids "$router"
	del_ns "$client" "$server"
	setup_topology
	serve "$server" 53
done
check "the module can be unloaded after all that" ct_unload
check_eq "no object of it is left" 0 "$(objects)"
modprobe nf_conntrack
finish
