#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# FTP through Open vSwitch: ct(commit,helper=ftp). The datapath makes the tracker
# liberal with the windows of what it tracks; that is no reason not to believe it.
#
#   $client 10.0.0.1 (port 1) --- datapath in $switch --- (port 2) $server 10.0.0.2

. "$(dirname "$0")/lib.sh"

need_tools ovs-dpctl vsftpd curl
need_module openvswitch nf_conntrack_ftp
setup_ns client server switch
. "$(dirname "$0")/lib/ftp.sh"
. "$(dirname "$0")/lib/ovs.sh"
setup_switch "$client" "$server"

site
vsftpd_at "$server" 21

# rules COMMIT: how a control connection is committed.
rules() {
	local in ip

	dp del-flows ct0
	for in in 1 2; do
		ip="in_port($in),eth(),eth_type(0x0800),ipv4(frag=no)"
		dp add-flow ct0 "in_port($in),eth(),eth_type(0x0806),arp()" $((3 - in)) &&
			dp add-flow ct0 "$ip,recirc_id(0)" 'ct(zone=5),recirc(1)' &&
			dp add-flow ct0 "$ip,recirc_id(1),ct_state(-new+est+trk)" $((3 - in)) &&
			dp add-flow ct0 "$ip,recirc_id(1),ct_state(+new+rel+trk)" \
				"ct(commit,zone=5),$((3 - in))" || return
	done
	dp add-flow ct0 "in_port(1),eth(),eth_type(0x0800),ipv4(proto=6,frag=no),tcp(dst=21),tcp_flags(0/0),recirc_id(1),ct_state(+new-rel+trk)" \
		"ct(commit,zone=5$1),2"
}

check "the datapath takes a helper" rules ,helper=ftp
for how in EPSV PASV EPRT PORT; do
	check "curl, $how" by_curl $how 10.0.0.2 21
done
check "the datapath goes without" rules ""
check_fails "then there is no data connection" \
	in_ns "$client" curl -sS -m 4 -o /dev/null "ftp://10.0.0.2/file"
finish
