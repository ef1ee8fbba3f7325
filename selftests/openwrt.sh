#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What OpenWrt's kernel adds (nf_ct_openwrt.c): /proc/net/nf_conntrack can be
# written to. An address deletes the entries that have it in any tuple, anything
# else deletes all of the namespace, and no other namespace's.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft
[ "$(stat -c %A /proc/net/nf_conntrack)" != -r--r----- ] ||
	skip_all "this module was built without NF_CT_OPENWRT"
setup_topology
in_ns "$router" nft -f - <<'RULES' || skip_all "no rules"
table inet t {
	chain forward {
		type filter hook forward priority 0;
		ct state new counter
	}
}
RULES
ip -n "$server" address add 10.0.2.9/24 dev s0
in_ns "$server" nft -f - <<'RULES'
table inet t { chain input { type filter hook input priority 0; ct state new counter; }; }
RULES
serve "$server" 7

# flows: one UDP flow to each address of the server's, and one over IPv6.
flows() {
	local to

	for to in "$server_ip4" 10.0.2.9 "$server_ip6"; do
		ask "$client" udp "$to" 7 >/dev/null
	done
}

# write_to NS TEXT
write_to() {
	in_ns "$1" bash -c 'echo "$1" >/proc/net/nf_conntrack' _ "$2"
}

udp4='ipv4 .*udp .*dst=10\.0\.2\.2 '
other='ipv4 .*udp .*dst=10\.0\.2\.9 '
udp6='ipv6 .*udp '
flows
check "the flows are there" test \
	"$(ct_count "$router" "$udp4") $(ct_count "$router" "$other") $(ct_count "$router" "$udp6")" = "1 1 1"
check "an address is written" write_to "$router" "$server_ip4"
check "its flow is gone" ct_gone "$router" "$udp4"
check "one of another address stays" ct "$router" "$other"
check "and that of IPv6" ct "$router" "$udp6"
check "an IPv6 address is written" write_to "$router" "$server_ip6"
check "its flow is gone" ct_gone "$router" "$udp6"
check "the IPv4 flow stays" ct "$router" "$other"
flows
check "anything else is written" write_to "$router" f
check "all flows are gone" ct_gone "$router" 'udp '
check "another namespace's are not" ct "$server" "$udp4"
finish
