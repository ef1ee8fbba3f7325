#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Amanda: a UDP answer names TCP ports, to which the asking side connects.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools python3 nft iptables
need_module nf_conntrack_amanda nf_nat_amanda
setup_topology
bg peer "$server" server
wait_listen "$server" u 10080
none="DATA refused MESG refused INDEX refused "
all="DATA reached MESG reached INDEX reached "

backup() {
	peer "$client" client "${1-$server_ip4}" | tr '\n' ' '
}

firewall - udp 10080
check_eq "without helper the streams are refused" "$none" "$(backup)"

firewall amanda udp 10080
check_eq "with it, they pass" "$all" "$(backup)"
check_counter "$router" related -eq 3 "all three were related"

firewall amanda udp 10080 ip "chain pre_nat {
		type nat hook prerouting priority dstnat; policy accept;
		ip daddr 203.0.113.1 udp dport 10080 dnat ip to $server_ip4
	}
	$masquerade"
ip -n "$server" route del default
check_eq "with SNAT" "$all" "$(backup)"
check_eq "with DNAT, which is for the control connection alone" "$all" \
	"$(backup 203.0.113.1)"

firewall - udp 10080 ip "$masquerade"
by_iptables amanda udp 10080
check_eq "the same by iptables' CT --helper" "$all" "$(backup)"
finish
