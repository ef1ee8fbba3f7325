#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# H.323: the H.245 connection that a Setup asks for, and the media that H.245 asks
# for in turn: what was expected has a helper of its own, and expects again.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools python3 nft iptables
need_module nf_conntrack_h323 nf_nat_h323
setup_topology
# The second connection has a helper from its first packet on; accounting has taken
# the place that its entry has for that.
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_acct=1
bg peer "$server" server
wait_listen "$server" t 1720

call() {
	peer "$client" client "$server_ip4" | tr '\n' ' '
}

firewall - tcp 1720
check_eq "without helper the callee cannot connect" "$client_ip4 refused " "$(call)"

firewall Q.931 tcp 1720
check_eq "with it, H.245, RTP and RTCP pass" \
	"$client_ip4 reached $client_ip4 RTP reached RTCP reached " "$(call)"
check_counter "$router" related -eq 3 "all three were related"

firewall Q.931 tcp 1720 ip "$masquerade"
ip -n "$server" route del default
check_eq "NAT: each address is rewritten" \
	"$router_wan_ip4 reached $router_wan_ip4 RTP reached RTCP reached " "$(call)"

firewall - tcp 1720 ip "$masquerade"
by_iptables Q.931 tcp 1720
check_eq "the same by iptables' CT --helper" \
	"$router_wan_ip4 reached $router_wan_ip4 RTP reached RTCP reached " "$(call)"
finish
