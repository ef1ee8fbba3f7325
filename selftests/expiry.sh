#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Entries expire on time, also when their timeout became shorter; what has
# expired is not shown and not found. It is destroyed on time, too: within two
# seconds. The stock module does so when its collector comes by, which may be
# minutes later; there it is enough that nothing is shown.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools conntrack nft
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

slow=${SLOW:-1}
ours=
soon=65000
if [ "$(ct_module)" = ours ]; then
	ours=y
	soon=$((2000 * slow))
fi

in_ns "$client" /usr/bin/python3 "$scratch/udp.py"
check_eq "300 flows" 300 "$(shown)"
check "none is shown after 3 seconds" busywait 4500 none_shown
check "and the entries are gone soon after" busywait $soon none_left 2

# A timeout becomes shorter.
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=2 \
	net.netfilter.nf_conntrack_tcp_timeout_time_wait=2 \
	net.netfilter.nf_conntrack_tcp_timeout_last_ack=2 \
	net.netfilter.nf_conntrack_udp_timeout=300 \
	net.netfilter.nf_conntrack_udp_timeout_stream=300
serve "$server" 80
mkfifo "$scratch/go"
cat >"$scratch/tcp.py" <<'PY'
"""tcp.py PORT LINGER FIFO: a connection that is closed when the FIFO has ended; if
LINGER is 1, by a reset."""
import socket
import struct
import sys
with socket.create_connection(('10.0.2.2', 80), 10, ('', int(sys.argv[1]))) as s:
    if sys.argv[2] == '1':
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.sendall(b'x')
    s.recv(100)
    open(sys.argv[3]).read()
PY
not_shown() {
	ct_gone "$router" "$1"
}
# opened PORT LINGER: a connection that has five days; closed by close.
opened() {
	bg ip netns exec "$client" /usr/bin/python3 "$scratch/tcp.py" "$1" "$2" "$scratch/go"
	closer=$!
	check "a connection has five days" busywait 20000 \
		ct "$router" "tcp +6 43[12][0-9]{3} ESTABLISHED .*sport=$1 .*ASSURED"
}
closed() {
	: >"$scratch/go"
	busywait 20000 gone "$closer" >/dev/null
}
# shorten WHAT PORT CMD...: CMD leaves the flow from there two seconds: for so long,
# and hardly longer, it is there.
shorten() {
	local what=$1 port=$2 begin end took

	shift 2
	[ -z "$ours" ] || check_eq "$what: there is one entry" 1 "$(count)"
	begin=$(now_ms)
	check "$what" "$@"
	end=$(($(now_ms) + 4000 * slow))
	check "it is not shown when its two seconds are over" busywait $((4000 * slow)) \
		not_shown "sport=$port"
	if [ -z "$ours" ]; then
		skip "and its entry is destroyed" "the stock collector may take minutes"
		return
	fi
	check "and its entry is destroyed" busywait $((end - $(now_ms))) none_left 0
	took=$(($(now_ms) - begin))
	check "after $took ms, not before" test "$took" -ge 1900
}

[ -z "$ours" ] || check "no entry is left at all" busywait $soon none_left 0
opened 3001 0
shorten "a connection is closed" 3001 closed
opened 3002 1
shorten "a connection is reset" 3002 closed
ask "$client" udp "$server_ip4" 80 -p 3004 -c 3 >/dev/null
check "a flow of UDP has minutes" ct "$router" "udp +17 (300|2[0-9]{2}) .*sport=3004"
shorten "netlink shortens it" 3004 \
	in_ns "$router" conntrack -U -p udp -s "$client_ip4" --sport 3004 -t 2
opened 3003 0
shorten "netlink shortens a connection" 3003 \
	in_ns "$router" conntrack -U -p tcp -s "$client_ip4" --sport 3003 -t 2
finish
