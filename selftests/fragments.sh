#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fragments, IPv4 and IPv6: a stateful router puts them together before it looks
# at them, and sends them on as fragments; also through NAT, also when they come
# in another order; a part alone makes no entry. With DF set on fragments too
# big a one is refused, not made smaller.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft
need_module nft_ct nft_masq
setup_topology
serve "$server" 53
rules "$router" <<'RULES'
table inet t {
	counter forwarded { }
	counter fragment { }
	counter invalid { }
	chain forward {
		type filter hook forward priority filter; policy drop;
		meta l4proto icmpv6 accept
		ip frag-off & 0x1fff != 0 counter name fragment
		ct state invalid counter name invalid drop
		ct state established,related counter name forwarded accept
		ct state new udp dport 53 counter name forwarded accept
		icmp type echo-request ct state new accept
	}
}
RULES
# snmp NS FILE NAME
snmp4() {
	in_ns "$1" awk -v want="$2" '$1 == "Ip:" {
		if (!n++) for (i = 1; i <= NF; i++) { if ($i == want) col = i }
		else print $col }' /proc/net/snmp
}
snmp6() {
	in_ns "$1" awk -v want="$2" '$1 == want { print $2 }' /proc/net/snmp6
}

check "IPv4: 8000 bytes there and back" ask "$client" udp "$server_ip4" 53 -s 8000 -p 2000
check "IPv6: 8000 bytes there and back" ask "$client" udp "$server_ip6" 53 -s 8000 -p 2000
check_counter "$router" forwarded -eq 4 "the rules see four whole datagrams"
check_counter "$router" fragment -eq 0 "and no fragment"
check_counter "$router" invalid -eq 0 "none is INVALID"
check_eq "one entry each" 2 "$(ct_count "$router" 'udp .*sport=2000 dport=53')"
check "the server got IPv4 fragments" test "$(snmp4 "$server" ReasmReqds)" -ge 6
check "and IPv6 fragments" test "$(snmp6 "$server" Ip6ReasmReqds)" -ge 6
check "ping with 4000 bytes" ping_ok "$client" "$server_ip4" -s 4000
check "IPv6 ping with 4000 bytes" ping_ok "$client" "$server_ip6" -s 4000

# NAT of a fragmented datagram.
in_ns "$router" nft -f - <<'RULES'
table inet nat {
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname r1 masquerade
	}
}
RULES
check_eq "IPv4: masqueraded" "$router_wan_ip4" \
	"$(seen_from "$client" udp "$server_ip4" 53 -s 5000 -p 2001)"
check_eq "IPv6: masqueraded" "$router_wan_ip6" \
	"$(seen_from "$client" udp "$server_ip6" 53 -s 5000 -p 2001)"

# A narrower way on: fragments of DF packets aren't cut again.
ip -n "$router" link set r1 mtu 1300
ip -n "$server" link set s0 mtu 1300
check "IPv4 without DF is cut to the narrower link" \
	ping_ok "$client" "$server_ip4" -s 3000 -M dont
in_ns "$client" ip route flush cache
check_fails "with DF it is refused" ping_ok "$client" "$server_ip4" -s 1400 -M "do"
check "the client was told of the size" in_ns "$client" bash -c \
	"ip route get $server_ip4 | grep 'mtu 1300'"

# Fragments by hand: in reverse order, and one that stays alone.
/usr/bin/python3 -ISB - "$client" <<'RAW'
import ctypes, os, socket, struct, sys
ctypes.CDLL(None).setns(os.open("/run/netns/" + sys.argv[1], os.O_RDONLY), 0)
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
src, dst = socket.inet_aton("10.0.1.2"), socket.inet_aton("10.0.2.2")
def send(ident, offset, more, data):
    s.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), ident,
                         more << 13 | offset // 8, 64, 17, 0, src, dst) + data, ("10.0.2.2", 0))
whole = struct.pack("!HHHH", 2002, 53, 8 + 1000, 0) + b"x" * 1000
send(7, 800, 0, whole[800:])
send(7, 400, 1, whole[400:800])
send(7, 0, 1, whole[:400])
whole = struct.pack("!HHHH", 2003, 53, 8 + 1000, 0) + b"x" * 1000
send(8, 0, 1, whole[:400])
RAW
check "fragments in reverse order make a flow" busywait 3000 ct "$router" 'sport=2002 dport=53'
check_eq "a fragment alone makes none" 0 "$(ct_count "$router" 'sport=2003')"

# Where they begin: a socket may keep fragments from being put together (ip(7)), and
# those are not tracked.
in_ns "$client" nft -f - <<'RULES'
table inet tracked {
	chain output {
		type filter hook output priority 0
		ct state new counter
	}
}
RULES
/usr/bin/python3 -ISB - "$client" <<'RAW'
import ctypes, os, socket, struct, sys
ctypes.CDLL(None).setns(os.open("/run/netns/" + sys.argv[1], os.O_RDONLY), 0)
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
IP_NODEFRAG = 22
src, dst = socket.inet_aton("10.0.1.2"), socket.inet_aton("10.0.2.2")
for ident, nodefrag in ((3001, 1), (3002, 0)):
    s.setsockopt(socket.SOL_IP, IP_NODEFRAG, nodefrag)
    echo = struct.pack("!BBHHH", 8, 0, 0, ident, 1) + b"x" * 24
    for field, data in ((0x2000, echo[:16]), (2, echo[16:])):
        s.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), ident, field, 64, 1, 0,
                             src, dst) + data, ("10.0.2.2", 0))
RAW
check "fragments that are put together make an entry" \
	busywait 3000 ct "$client" 'type=8 code=0 id=3002'
check_eq "those of a socket with IP_NODEFRAG make none" 0 \
	"$(ct_count "$client" 'type=8 code=0 id=3001')"
finish
