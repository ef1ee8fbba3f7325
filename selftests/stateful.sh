#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A stateful firewall: what is NEW, ESTABLISHED, RELATED and INVALID to nftables
# (ct state) and to iptables (-m conntrack, -m state), on a router and on the
# firewall's own traffic: TCP, UDP, ping, traceroute.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables ip6tables traceroute
need_module nft_ct
setup_topology
serve "$server" 53 80
serve "$router" 8888

# A firewall on the router, for what it forwards and for what is its own.
rules "$router" <<'RULES'
table inet t {
	counter new { }
	counter established { }
	counter related { }
	counter invalid { }
	counter untracked { }
	counter refused { }
	chain states {
		meta l4proto icmpv6 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } counter name untracked accept
		ct state invalid counter name invalid drop
		ct state established counter name established accept
		ct state related counter name related accept
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
		jump states
		iifname r0 ct state new counter name new accept
		counter name refused
	}
	chain input {
		type filter hook input priority filter; policy drop;
		jump states
		iifname { r0, lo } ct state new counter name new accept
		counter name refused
	}
	chain output {
		type filter hook output priority filter; policy accept;
		jump states
	}
}
RULES

reset() {
	in_ns "$router" nft reset counters >/dev/null
}

reset
check "UDP, three times the same flow" ask "$client" udp "$server_ip4" 53 -c 3
check_counter "$router" new -eq 1 "one datagram of six is NEW"
check_counter "$router" established -eq 5 "the others are ESTABLISHED"
reset
check "TCP, IPv6" ask "$client" tcp "$server_ip6" 80
check_counter "$router" new -eq 1 "one segment, the SYN, is NEW"
check_counter "$router" established -ge 8 "all others are ESTABLISHED"
check_counter "$router" invalid -eq 0 "none is INVALID"
reset
check "ping, IPv4" ping_ok "$client" "$server_ip4"
check "ping, IPv6" ping_ok "$client" "$server_ip6"
check_counter "$router" new -eq 2 "a request is NEW"
check_counter "$router" established -eq 2 "its reply is ESTABLISHED"

reset
check_eq "a closed UDP port says so" "Connection refused" \
	"$(ask "$client" udp "$server_ip4" 9 2>&1 | sed 's/.*\] //')"
check_eq "also over IPv6" "Connection refused" \
	"$(ask "$client" udp "$server_ip6" 9 2>&1 | sed 's/.*\] //')"
check_counter "$router" related -eq 2 "the ICMP errors are RELATED"

reset
check_fails "no ping from outside" in_ns "$server" ping -n -q -c 1 -W 1 "$client_ip4"
check_fails "no connection from outside to the router" \
	ask "$server" tcp "$router_wan_ip4" 8888 -w 700
check_counter "$router" refused -ge 2 "both were refused as NEW"
check_counter "$router" invalid -eq 0 "and not as INVALID"
check_eq "what was refused has no entry" 0 "$(ct_count "$router" 'dport=8888')"

check "the client reaches the router itself" ask "$client" tcp "$router_ip4" 8888
reset
check "the router's own traffic over loopback" ask "$router" udp 127.0.0.1 8888
check_counter "$router" new -eq 1 "the first datagram is NEW once, where it comes in"
check "an entry stands for loopback" ct "$router" 'udp .*src=127.0.0.1 dst=127.0.0.1 .*dport=8888'
check "the router's own traffic to the server" ask "$router" tcp "$server_ip4" 80

reset
in_ns "$client" traceroute -n -q 1 -w 5 -m 4 "$server_ip4" >"$scratch/trace" 2>&1
check_eq "traceroute shows the router and the server" "$router_ip4 $server_ip4" \
	"$(awk '$1 ~ /^[0-9]+$/ { print $2 }' "$scratch/trace" | xargs)"
in_ns "$client" traceroute -6 -n -q 1 -w 5 -m 4 "$server_ip6" >"$scratch/trace" 2>&1
check_eq "also over IPv6" "$router_ip6 $server_ip6" \
	"$(awk '$1 ~ /^[0-9]+$/ { print $2 }' "$scratch/trace" | xargs)"
check_counter "$router" related -ge 4 "by errors that are RELATED"

# A bare ACK in the middle of nothing, with mid-stream pick-up off; rubbish.
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
reset
before=$(stat_sum "$router" invalid)
/usr/bin/python3 -ISB - "$client" >"$scratch/raw" 2>&1 <<'RAW'
import os, socket, struct, sys
fd = os.open("/run/netns/" + sys.argv[1], os.O_RDONLY)
libc = __import__("ctypes").CDLL(None)
libc.setns(fd, 0)
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 6)
src, dst = socket.inet_aton("10.0.1.2"), socket.inet_aton("10.0.2.2")
def send(flags, cut=20):
    def segment(sum):
        return struct.pack("!HHIIBBHHH", 1111, 80, 1, 1, 0x50, flags, 1000, sum, 0)
    pseudo = src + dst + struct.pack("!BBH", 0, 6, 20) + segment(0)
    sum = 0
    for i in range(0, len(pseudo), 2):
        sum += pseudo[i] << 8 | pseudo[i + 1]
    while sum >> 16:
        sum = (sum & 0xffff) + (sum >> 16)
    s.sendto(segment(~sum & 0xffff)[:cut], ("10.0.2.2", 0))
send(0x10)
send(0x03)
send(0x02, 12)
RAW
comment "$(cat "$scratch/raw")"
check_counter "$router" invalid -eq 3 "a stray ACK, SYN with FIN and half a header are INVALID"
check_eq "they count as invalid" 3 "$(($(stat_sum "$router" invalid) - before))"
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1

# The same with iptables.
in_ns "$router" nft flush ruleset
for ipt in iptables ip6tables; do
	in_ns "$router" $ipt -P FORWARD DROP &&
		in_ns "$router" $ipt -A FORWARD -m conntrack --ctstate INVALID -j DROP &&
		in_ns "$router" $ipt -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT &&
		in_ns "$router" $ipt -A FORWARD -m state --state RELATED -j ACCEPT &&
		in_ns "$router" $ipt -A FORWARD -i r0 -m state --state NEW -j ACCEPT ||
		skip_all "no $ipt with conntrack and state"
done
for to in "$server_ip4" "$server_ip6"; do
	check "iptables: UDP to $to" ask "$client" udp "$to" 53
	check "iptables: TCP to $to" ask "$client" tcp "$to" 80
	check "iptables: ping to $to" ping_ok "$client" "$to"
	check_eq "iptables: an error from $to" "Connection refused" \
		"$(ask "$client" udp "$to" 9 2>&1 | sed 's/.*\] //')"
done
check_fails "iptables: no ping from outside" \
	in_ns "$server" ping -n -q -c 1 -W 1 "$client_ip4"
# What makes it work is the state: without the rule nothing comes back.
in_ns "$router" iptables -D FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
check_fails "without the ESTABLISHED rule no answer comes" \
	ask "$client" udp "$server_ip4" 53 -w 700
finish
