#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# PPTP: GRE passes with the keys that the control connection has agreed on, not
# without the helper, and no longer than the call; two clients behind NAT that
# chose the same call id.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools python3 nft iptables
need_module nf_conntrack_pptp nf_nat_pptp
setup_topology
bg peer "$server" server
wait_listen "$server" t 1723
ip -n "$client" address add 10.0.1.3/24 dev c0

call() {
	peer "$client" client "$server_ip4" "$@" | tr '\n' ' '
}

firewall - tcp 1723
check_eq "without helper the tunnel does not pass" "up GRE lost GRE over " "$(call 77)"
check_counter "$router" refused -ge 1 "the firewall refused it"

firewall pptp tcp 1723
check_eq "with it, it passes until the call ends" "up GRE ok GRE over " "$(call 77)"
check_counter "$router" related -ge 1 "as related"

# The end of the control connection is the end of the tunnel.
touch "$scratch/hold"
peer "$client" client "$server_ip4" 78 "$client_ip4" "$scratch/hold" >"$scratch/call" &
caller=$!
busywait 40000 grep -q GRE "$scratch/call"
check "the tunnel's entry has the keys" ct "$router" \
	"gre .*src=$client_ip4 dst=$server_ip4 srckey=0x.* dstkey=0x.*srckey=0x.*"
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_established=1
touch "$scratch/hold.poke"
check "the control connection expires" busywait 40000 ct_gone "$router" "tcp .*EST.* dport=1723"
check "the tunnel goes with it" busywait 3000 ct_gone "$router" "^ipv4 +2 gre"
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_established=1000
rm "$scratch/hold"
wait "$caller"

firewall pptp tcp 1723 ip "$masquerade"
ip -n "$server" route del default
check_eq "NAT: it passes" "up GRE ok GRE over " "$(call 79)"
touch "$scratch/hold"
peer "$client" client "$server_ip4" 80 10.0.1.3 "$scratch/hold" >"$scratch/call" &
caller=$!
busywait 40000 grep -q GRE "$scratch/call"
check_eq "NAT: another client with the same call id" "up GRE ok GRE over " \
	"$(call 80 "$client_ip4")"
rm "$scratch/hold"
wait "$caller"
check_eq "the first was not disturbed" "up GRE ok GRE ok GRE over " \
	"$(tr '\n' ' ' <"$scratch/call")"

firewall - tcp 1723 ip "$masquerade"
by_iptables pptp tcp 1723
check_eq "the same by iptables' CT --helper" "up GRE ok GRE over " "$(call 81)"
finish
