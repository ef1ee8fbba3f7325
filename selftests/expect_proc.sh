#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# /proc/net/nf_conntrack_expect: its lines as tools parse them, byte for byte.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools nft socat
need_module nf_conntrack_tftp nf_conntrack_irc
# Three seconds, as it waits for answers, are too short here.
modprobe nf_conntrack_netbios_ns timeout=60 || skip_all "no nf_conntrack_netbios_ns"
setup_topology
# Who asks by broadcast knows the address as such.
ip -n "$client" address del "$client_ip4/24" dev c0
ip -n "$client" address add "$client_ip4/24" brd + dev c0
ip -n "$client" route add default via "$router_ip4"

# lines NS: the file, seconds as N, ends marked.
lines() {
	in_ns "$1" sed 's/^[0-9]\{1,3\} /N /; s/$/|/' /proc/net/nf_conntrack_expect
}
# line NS PATTERN: that of one expectation.
line() {
	lines "$1" | grep -e "$2"
}

for ns in "$client" "$router"; do
	check_eq "empty without expectations" "" "$(lines "$ns")"
done
check_eq "mode and owner" "440 0 0" \
	"$(in_ns "$client" stat -L -c '%a %u %g' /proc/net/nf_conntrack_expect)"

rules "$client" <<R
table inet t {
	ct helper tftp { type "tftp" protocol udp; l3proto ip; }
	ct helper tftp6 { type "tftp" protocol udp; l3proto ip6; }
	ct helper netbios { type "netbios-ns" protocol udp; l3proto ip; }
	ct helper irc { type "irc" protocol tcp; l3proto ip; }
	chain out {
		type filter hook output priority filter; policy accept;
		meta nfproto ipv4 udp dport 69 ct helper set "tftp"
		meta nfproto ipv6 udp dport 69 ct helper set "tftp6"
		udp dport 137 ct helper set "netbios"
		meta nfproto ipv4 tcp dport 6667 ct helper set "irc"
	}
}
R
rules "$router" <<R
table inet t {
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state new accept
	}
}
R
request() {
	printf '\0\1f\0octet\0' | in_ns "$client" socat -u - "$1"
}

request "UDP:$server_ip4:69,sourceport=4000"
check_eq "TFTP over IPv4" \
	"N l3proto = 2 proto=17 src=$server_ip4 dst=$client_ip4 sport=0 dport=4000 tftp|" \
	"$(lines "$client")"
check_eq "nothing of it in another namespace" "" "$(lines "$router")"
secs=$(in_ns "$client" awk '{ print $1 }' /proc/net/nf_conntrack_expect)
check "the seconds left are the policy's" test "$secs" -gt 270 -a "$secs" -le 300

request "UDP6:[$server_ip6]:69,sourceport=4001"
check_eq "TFTP over IPv6" \
	"N l3proto = 10 proto=17 src=fd00:0002:0000:0000:0000:0000:0000:0002 dst=fd00:0001:0000:0000:0000:0000:0000:0002 sport=0 dport=4001 tftp|" \
	"$(line "$client" dport=4001)"

request "UDP-DATAGRAM:10.0.1.255:137,broadcast,bind=:4002"
check_eq "a permanent one" \
	"N l3proto = 2 proto=17 src=10.0.1.255 dst=$client_ip4 sport=137 dport=4002 PERMANENT netbios-ns|" \
	"$(line "$client" dport=4002)"

serve "$server" 6667
printf 'PRIVMSG b :\1DCC SEND f 167772418 4003 1\1\r\n' >"$scratch/irc"
bg in_ns "$client" sh -c "{ cat '$scratch/irc'; sleep 60; } | socat - TCP:$server_ip4:6667"
busywait 10000 expectations "$client" dport=4003 >/dev/null
check_eq "IRC" "N l3proto = 2 proto=6 src=0.0.0.0 dst=$client_ip4 sport=0 dport=4003 irc|" \
	"$(line "$client" dport=4003)"
check_eq "as many as there are" 4 "$(lines "$client" | wc -l)"
finish
