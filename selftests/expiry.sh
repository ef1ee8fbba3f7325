#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Entries expire on time, also when their timeout became shorter; what has
# expired is not shown and not found.

. "$(dirname "$0")/lib.sh"

need_tools nft
setup_topology
in_ns "$router" nft add table ip t
in_ns "$router" nft add chain ip t c '{ type filter hook forward priority 0; }'
in_ns "$router" nft add rule ip t c ct state new,established counter
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3

cat >"$scratch/udp.py" <<'PY'
import socket
for port in range(2000, 2300):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('10.0.2.2', port))
PY
count() {
	in_ns "$router" cat /proc/sys/net/netfilter/nf_conntrack_count
}
shown() {
	in_ns "$router" grep -c "^ipv4 .* udp " /proc/net/nf_conntrack
}
none_shown() {
	[ "$(shown)" = 0 ]
}
none_left() {
	[ "$(count)" -le "$1" ]
}

in_ns "$client" /usr/bin/python3 "$scratch/udp.py"
check_eq "300 flows" 300 "$(shown)"
check "none is shown after 3 seconds" busywait 4500 none_shown
check "and the entries are gone soon after" busywait 65000 none_left 2

# A connection's five days become seconds when it is closed.
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=2 \
	net.netfilter.nf_conntrack_tcp_timeout_time_wait=2 \
	net.netfilter.nf_conntrack_tcp_timeout_last_ack=2
bg in_ns "$server" socat TCP4-LISTEN:80,fork,reuseaddr EXEC:cat
wait_listen "$server" t 80
echo hi | in_ns "$client" socat -t 1 - TCP:10.0.2.2:80 >/dev/null
no_tcp() {
	! in_ns "$router" grep -q "^ipv4 .* tcp " /proc/net/nf_conntrack
}
check "a closed connection is gone on time" busywait 5000 no_tcp
finish
