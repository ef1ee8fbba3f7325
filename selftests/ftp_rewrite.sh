#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A router that masquerades changes what a control connection says, and with it
# the number of bytes: sequence numbers are off from then on, for the life of the
# connection. What each side hears is compared with what should come, byte by
# byte, while packets are lost and come out of order on both wires.

. "$(dirname "$0")/lib.sh"

need_module nf_conntrack_ftp nf_nat_ftp
setup_topology
# Addresses of other lengths than the router's, 10.0.2.1: shorter and longer.
# shellcheck disable=SC2154
{
	ip -n "$client" address add 10.0.1.102/24 dev c0
	ip -n "$client" address add 10.0.1.103/24 dev c0
	ip -n "$router" address add 10.0.2.254/24 dev r1
	ip -n "$router" address add 10.0.2.111/24 dev r1
}
in_ns "$router" nft -f - <<'RULES' || skip_all "no helpers by rule"
table inet fw {
	ct helper ftp { type "ftp" protocol tcp; }
	chain helper {
		type filter hook prerouting priority 0;
		tcp dport 21 ct helper set "ftp"
	}
	chain post {
		type nat hook postrouting priority srcnat;
		oifname r1 ip saddr 10.0.1.2 snat ip to 10.0.2.254
		oifname r1 ip saddr { 10.0.1.102, 10.0.1.103 } snat ip to 10.0.2.1
		oifname r1 meta nfproto ipv6 snat ip6 to fd00:2::1
	}
	chain pre {
		type nat hook prerouting priority dstnat;
		iifname r0 ip daddr 10.0.1.1 tcp dport 21 dnat ip to 10.0.2.2
	}
}
RULES

lossy=no
if modprobe -q sch_netem && in_ns "$router" tc qdisc add dev r1 root netem delay 2ms; then
	lossy=yes
	in_ns "$router" tc qdisc del dev r1 root
fi

results /usr/bin/python3 -B "$(dirname "$0")/ftp_rewrite.py" "$lossy" \
	"$(ct_module nf_conntrack_ftp)" "$client" "$router" "$server"
check "all were made" test "$((n_ok + n_not_ok + n_skip))" -ge 12
finish
