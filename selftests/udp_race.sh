#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two first packets of one UDP flow race on two CPUs, as A and AAAA queries from
# one socket do: neither is lost, also not when both are being translated.

. "$(dirname "$0")/lib.sh"

need_tools nft
setup_topology
in_ns "$router" nft -f - <<'RULES'
table ip nat {
	chain post {
		type nat hook postrouting priority srcnat;
		oifname r1 masquerade
	}
}
table ip filter {
	chain out {
		type filter hook output priority 0;
		ct state new,established accept
	}
}
RULES
# The race is at the client's own tracker and at the router's.
in_ns "$client" nft add table ip t
in_ns "$client" nft add chain ip t c '{ type filter hook output priority 0; }'
in_ns "$client" nft add rule ip t c ct state new counter

cat >"$scratch/server.py" <<'PY'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('10.0.2.2', 53))
while True:
    data, peer = s.recvfrom(100)
    s.sendto(data, peer)
PY
cat >"$scratch/client.py" <<'PY'
import os, socket, threading
ROUNDS = 150
lost = 0
barrier = threading.Barrier(2)

def send(s, what):
    barrier.wait()
    s.send(what)

for i in range(ROUNDS):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(('10.0.2.2', 53))
    s.settimeout(3)
    t = [threading.Thread(target=send, args=(s, w)) for w in (b'A', b'AAAA')]
    [x.start() for x in t]
    [x.join() for x in t]
    got = set()
    try:
        got.add(s.recv(10))
        got.add(s.recv(10))
    except socket.timeout:
        pass
    lost += 2 - len(got)
    s.close()
print(lost)
PY
bg in_ns "$server" /usr/bin/python3 "$scratch/server.py"
wait_listen "$server" u 53
check_eq "answers lost" 0 "$(in_ns "$client" /usr/bin/python3 "$scratch/client.py")"
finish
