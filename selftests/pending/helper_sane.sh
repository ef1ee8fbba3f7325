#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SANE: the answer to a request to scan names the port at which the picture is to
# be had.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools python3 nft iptables
need_module nf_conntrack_sane
setup_topology
bg peer "$server" server
wait_listen "$server" t 6566

firewall - tcp 6566
check_eq "without helper the picture is refused" refused "$(peer "$client" client "$server_ip4")"

firewall sane tcp 6566
check_eq "with it, it passes" reached "$(peer "$client" client "$server_ip4")"
check_counter "$router" related -eq 1 "as related"

firewall - tcp 6566 ip "$masquerade"
by_iptables sane tcp 6566
ip -n "$server" route del default
check_eq "from behind NAT, by iptables' CT --helper" reached \
	"$(peer "$client" client "$server_ip4")"
check_counter "$router" related -eq 1 "as related"
finish
