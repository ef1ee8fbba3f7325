#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SNMP: questions by broadcast; and traps through NAT, where the sender's address
# is rewritten in the message, too. Of version 2c: those of version 1 are
# dropped by the stock half for NAT, on the stock tracker as well.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/broadcast.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools python3 nft iptables
need_module nf_conntrack_snmp nf_nat_snmp_basic
setup_topology
test_broadcast snmp 161

peer "$server" server >"$scratch/traps" &
bg_all+=($!)
wait_listen "$server" u 162
traps_are() {
	cat "$scratch/traps"
	[ "$(cat "$scratch/traps")" = "$1" ]
}

firewall - udp 162 ip "$masquerade"
by_iptables snmp_trap udp 162
peer "$client" client "$server_ip4"
check "traps: the sender's address is rewritten where NAT rewrites it" \
	busywait 5000 traps_are "$router_wan_ip4 $router_wan_ip4
$router_wan_ip4 192.0.2.1"
finish
