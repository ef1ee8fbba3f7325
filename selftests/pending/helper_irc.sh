#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# IRC: a client offers a file by DCC, and the other side connects to the port that
# it names; with NAT the offer is rewritten, and the stream's numbers with it, so
# that a second offer arrives, too.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools python3 nft iptables
need_module nf_conntrack_irc nf_nat_irc
setup_topology
bg peer "$server" server
wait_listen "$server" t 6667

offer() {
	peer "$client" client "$server_ip4" | tr '\n' ' '
}

firewall - tcp 6667
check_eq "without helper the connection is refused" \
	"$client_ip4 refused $client_ip4 refused " "$(offer)"
check_counter "$router" refused -ge 2 "by the firewall"

firewall irc tcp 6667
check_eq "with it, it passes, twice" \
	"$client_ip4 reached $client_ip4 reached " "$(offer)"
check_counter "$router" related -eq 2 "both were related"

firewall irc tcp 6667 ip "$masquerade"
ip -n "$server" route del default
check_eq "NAT: the offer has the router's address" \
	"$router_wan_ip4 reached $router_wan_ip4 reached " "$(offer)"
check_counter "$router" related -eq 2 "both were related"

firewall - tcp 6667 ip "$masquerade"
by_iptables irc tcp 6667
check_eq "the same by iptables' CT --helper" \
	"$router_wan_ip4 reached $router_wan_ip4 reached " "$(offer)"
finish
