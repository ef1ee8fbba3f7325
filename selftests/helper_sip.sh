#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SIP: a call with INVITE, 200 and BYE, between two sipp, during which RTP passes
# both ways to the ports that SDP names; REGISTER, after which the registrar may
# call; by NAT, with addresses rewritten in headers and SDP.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools python3 sipp socat conntrack nft iptables
need_module nf_conntrack_sip nf_nat_sip nf_conntrack_netlink
setup_topology
here=$(realpath "$(dirname "$0")")
cd "$scratch" || exit 1

bg in_ns "$server" sipp -sn uas -nostdin -i "$server_ip4" -mp 7000 -rtp_echo -trace_msg \
	-message_file "$scratch/uas.log"
wait_listen "$server" u 5060

# port: a new local port for each call, so that each is a new connection.
port=5070
# call: starts a call that lasts while RTP is tried. The caller's RTP port is 7100.
call() {
	port=$((port + 1))
	: >"$scratch/uas.log"
	in_ns "$client" timeout 90 sipp -sn uac -nostdin -i "$client_ip4" -p $port -mp 7100 \
		-rtp_echo -m 1 -d 10000 "$server_ip4" >"$scratch/uac.log" 2>&1 &
	caller=$!
	busywait 10000 grep -q '^ACK ' "$scratch/uas.log"
}

# hang_up DESCRIPTION: the call ends by itself; was it a good one?
hang_up() {
	local rc=0

	wait "$caller" || rc=$?
	check "$1" [ $rc = 0 ] || comment "$(cat "$scratch/uac.log")"
}

# media: where the caller's SDP, as it has arrived, wants RTP.
media() {
	sed -n 's/^c=IN IP4 \([0-9.]*\).*/\1/p; s/^m=audio \([0-9]*\).*/\1/p' "$scratch/uas.log" |
		tr -d '\r' | head -n 2 | tr '\n' ' '
}

# rtp NS ADDRESS PORT: a packet to an RTP echo; does it come back?
rtp() {
	local n

	n=$(head -c 20 /dev/zero | in_ns "$1" socat -t 3 -T 5 - "UDP:$2:$3" 2>/dev/null | wc -c)
	[ "$n" = 20 ] && echo reached || echo refused
}

firewall - udp 5060
call
check_eq "without helper, RTP to the callee is refused" refused "$(rtp "$client" "$server_ip4" 7000)"
check_eq "and to the caller" refused "$(rtp "$server" "$client_ip4" 7100)"
hang_up "the call itself is a good one"

firewall sip udp 5060
call
check_eq "with it, RTP passes to the callee" reached "$(rtp "$client" "$server_ip4" 7000)"
check_eq "and to the caller" reached "$(rtp "$server" "$client_ip4" 7100)"
check_counter "$router" related -eq 2 "both related"
check_eq "but not to another port" refused "$(rtp "$client" "$server_ip4" 7006)"
hang_up "the call is a good one"
check_fails "with BYE, nothing is expected any more" expectations "$router"

firewall sip udp 5060 ip "$masquerade"
ip -n "$server" route del default
call
check_eq "NAT: SDP has the router's address" "$router_wan_ip4" "$(media | cut -d ' ' -f 1)"
check_eq "RTP passes to the callee" reached "$(rtp "$client" "$server_ip4" 7000)"
# shellcheck disable=SC2046
check_eq "and to the caller, at the router" reached "$(rtp "$server" $(media))"
hang_up "the call is a good one"

firewall - udp 5060 ip "$masquerade"
by_iptables sip udp 5060
call
# shellcheck disable=SC2046
check_eq "the same by iptables' CT --helper" reached "$(rtp "$server" $(media))"
hang_up "the call is a good one"

# From here on the registrar has the server's port.
in_ns "$server" pkill -x sipp
busywait 5000 sh -c "! ip netns exec $server ss -Hlnu 'sport = :5060' | grep -q ."
ip -n "$server" route add default via "$router_wan_ip4"
bg in_ns "$server" python3 "$here/helper_sip.py" registrar "$server_ip4"
wait_listen "$server" u 5060
register() {
	in_ns "$client" python3 "$here/helper_sip.py" phone "$server_ip4" | tr '\n' ' '
}

firewall - udp 5060
check_eq "REGISTER: without helper a call from another port is refused" \
	"SIP/2.0 200 OK <sip:alice@$client_ip4:5060> nobody called " "$(register)"
firewall sip udp 5060
in_ns "$router" conntrack -F >/dev/null 2>&1
check "the old connection is forgotten" ct_gone "$router" udp
check_eq "with it, the call comes" \
	"SIP/2.0 200 OK <sip:alice@$client_ip4:5060> OPTIONS from 5099 " "$(register)"
check_counter "$router" related -eq 1 "as related"
check "the registrar stays expected while the registration lasts" \
	expectations "$router" "PERMANENT.* sip"
finish
