#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# /proc/net/nf_conntrack_expect: its lines as tools parse them, byte for byte.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools nft socat
need_module nf_conntrack_tftp nf_conntrack_netbios_ns nf_conntrack_irc
setup_topology

# lines NS: the file, seconds as N.
lines() {
	in_ns "$1" sed 's/^[0-9]\{1,3\} /N /; s/$/|/' /proc/net/nf_conntrack_expect
}
send() {
	printf "$1" | in_ns "$client" socat -u - "$2"
}

for ns in "$client" "$router"; do
	check_eq "empty without expectations" "" "$(lines "$ns")"
done
check_eq "mode and owner" "440 0 0" \
	"$(in_ns "$client" stat -L -c '%a %u %g' /proc/net/nf_conntrack_expect)"

rules "$client" <<R
table inet t {
	ct helper tftp { type "tftp" protocol udp; }
	ct helper netbios { type "netbios-ns" protocol udp; }
	ct helper irc { type "irc" protocol tcp; }
	chain out {
		type filter hook output priority filter; policy accept;
		udp dport 69 ct helper set "tftp"
		udp dport 137 ct helper set "netbios"
		tcp dport 6667 ct helper set "irc"
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
send '\0\1f\0octet\0' "UDP:$server_ip4:69,sourceport=4000"
show=$(lines "$client")
comment "$show"
check_eq "TFTP over IPv4" \
	"N l3proto = 2 proto=17 src=$server_ip4 dst=$client_ip4 sport=0 dport=4000 tftp|" "$show"
check_eq "nothing of it in another namespace" "" "$(lines "$router")"
secs=$(in_ns "$client" awk '{ print $1 }' /proc/net/nf_conntrack_expect)
check "the seconds left are the policy's" test "$secs" -gt 290 -a "$secs" -le 300
finish
