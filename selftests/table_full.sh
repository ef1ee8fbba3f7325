#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A full table: entries that are not assured make room, assured ones stay, and
# when only those are left new flows are dropped, counted and logged.

. "$(dirname "$0")/lib.sh"

need_tools nft
setup_topology
in_ns "$router" nft add table ip t
in_ns "$router" nft add chain ip t c '{ type filter hook forward priority 0; }'
in_ns "$router" nft add rule ip t c ct state new,established counter
max=$(sysctl -n net.netfilter.nf_conntrack_max)
sysctl -qw net.netfilter.nf_conntrack_max=64
restore() {
	sysctl -qw net.netfilter.nf_conntrack_max="$max"
}
trap 'restore; cleanup' EXIT

stat() {
	in_ns "$router" awk -v col="$1" \
		'NR == 1 { for (i = 1; i <= NF; i++) if ($i == col) c = i; next }
		{ n += strtonum("0x" $c) } END { print n }' /proc/net/stat/nf_conntrack
}

count() {
	in_ns "$router" cat /proc/sys/net/netfilter/nf_conntrack_count
}

cat >"$scratch/udp.py" <<'PY'
import socket, sys
first, n = int(sys.argv[1]), int(sys.argv[2])
for port in range(first, first + n):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b'x', ('10.0.2.2', port))
PY
cat >"$scratch/tcp.py" <<'PY'
import select, socket, sys, time
mode, n = sys.argv[1], int(sys.argv[2])
if mode == 'server':
    l = socket.socket()
    l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    l.bind(('10.0.2.2', 80))
    l.listen(200)
    keep = []
    while True:
        s, _ = l.accept()
        s.send(b'hi')
        keep.append(s)
else:
    keep = []
    for i in range(n):
        s = socket.create_connection(('10.0.2.2', 80), 5)
        s.recv(2)
        keep.append(s)
    print(len(keep), flush=True)
    # Later: each of them still works (or the table has forgotten it).
    sys.stdin.readline()
    print(sum(s.send(b'x') for s in keep), flush=True)
PY
bg in_ns "$server" /usr/bin/python3 "$scratch/tcp.py" server 0
wait_listen "$server" t 80
coproc clients { in_ns "$client" /usr/bin/python3 "$scratch/tcp.py" client 40; }
read -r got <&"${clients[0]}"
check_eq "40 connections" 40 "$got"

in_ns "$client" /usr/bin/python3 "$scratch/udp.py" 2000 200
check_eq "the table is no fuller than it may be" 1 "$(($(count) <= 64))"
check_eq "entries that were not assured made room" 1 "$(($(stat early_drop) >= 170))"
check_eq "the connections are still there" 40 "$(in_ns "$router" \
	grep -c "tcp .*ESTABLISHED.*ASSURED" /proc/net/nf_conntrack)"

sysctl -qw net.netfilter.nf_conntrack_max=30
dmesg --clear
before=$(stat drop)
in_ns "$client" /usr/bin/python3 "$scratch/udp.py" 3000 60
check "when nothing can go it is said" \
	busywait 2000 bash -c 'dmesg | grep -q "nf_conntrack: table full, dropping packet"'
check_eq "and counted" 1 "$(($(stat drop) > before))"
check_eq "the connections are still there" 40 "$(in_ns "$router" \
	grep -c "tcp .*ESTABLISHED.*ASSURED" /proc/net/nf_conntrack)"
echo >&"${clients[1]}"
read -r got <&"${clients[0]}"
check_eq "and work" 40 "$got"
finish
