#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Masquerade, SNAT and DNAT, IPv4 and IPv6: traffic passes, the entry shows both
# sides, and an ICMP error about a translated flow finds the one who sent it.

. "$(dirname "$0")/lib.sh"

need_tools socat nft curl
setup_topology
in_ns "$router" nft -f - <<'RULES'
table inet nat {
	chain post {
		type nat hook postrouting priority srcnat;
		oifname r1 masquerade
	}
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname r0 ip daddr 10.0.1.1 tcp dport 8080 dnat ip to 10.0.2.2:80
		iifname r0 ip6 daddr fd00:1::1 tcp dport 8080 dnat ip6 to [fd00:2::2]:80
	}
	chain out {
		type filter hook forward priority 0; policy drop;
		ct state established,related accept
		ct state new iifname r0 accept
	}
}
RULES

# Who asks is what the server answers.
bg in_ns "$server" socat "TCP6-LISTEN:80,ipv6only=0,fork,reuseaddr" \
	'SYSTEM:echo $SOCAT_PEERADDR'
wait_listen "$server" t 80

ask() {
	in_ns "$client" socat -T 5 -u "TCP:$1" - | tr -d '[]'
}

check_eq "masquerade: the server sees the router" \
	"0000:0000:0000:0000:0000:ffff:0a00:0201" "$(ask "$server_ip4:80")"
check_eq "IPv6 masquerade: the server sees the router" \
	"fd00:0002:0000:0000:0000:0000:0000:0001" "$(ask "[$server_ip6]:80")"
check_eq "DNAT: the router's port leads to the server" \
	"0000:0000:0000:0000:0000:ffff:0a00:0201" "$(ask "$router_ip4:8080")"
check_eq "IPv6 DNAT: the router's port leads to the server" \
	"fd00:0002:0000:0000:0000:0000:0000:0001" "$(ask "[$router_ip6]:8080")"
check "the entry shows both sides" in_ns "$router" grep -E \
	"tcp .*src=10.0.1.2 dst=10.0.1.1 sport=[0-9]+ dport=8080 src=10.0.2.2 dst=10.0.2.1 sport=80 " \
	/proc/net/nf_conntrack

# An error about a translated datagram: connect() hears of it.
cat >"$scratch/refused.py" <<'PY'
import socket, sys
family, addr = (socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET), sys.argv[1]
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(5)
s.connect((addr, 9))
s.send(b'x')
try:
    s.recv(10)
except ConnectionRefusedError:
    sys.exit(0)
sys.exit(1)
PY
check "an ICMP error comes back through SNAT" \
	in_ns "$client" /usr/bin/python3 "$scratch/refused.py" "$server_ip4"
check "an ICMPv6 error comes back through SNAT" \
	in_ns "$client" /usr/bin/python3 "$scratch/refused.py" "$server_ip6"
check "ping through masquerade" in_ns "$client" ping -c 2 -i 0.2 -W 5 -q "$server_ip4"
check "IPv6 ping through masquerade" in_ns "$client" ping -c 2 -i 0.2 -W 5 -q "$server_ip6"
finish
