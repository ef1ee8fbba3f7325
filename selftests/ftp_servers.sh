#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Real FTP servers and clients on either side of a router that drops whatever the
# helper does not expect: active and passive, by all four commands, IPv4 and IPv6;
# routed, behind masquerade, and with the server behind a forwarded port.

. "$(dirname "$0")/lib.sh"

need_tools vsftpd curl lftp tnftp
need_module nf_conntrack_ftp nf_nat_ftp
setup_topology
. "$(dirname "$0")/lib/ftp.sh"
site
strict_router 21 2121
vsftpd_at "$server" 21

clients() {
	local via=$1 host4=$2 host6=$3 port=$4 how

	for how in EPSV PASV EPRT PORT; do
		check "$via: curl, $how" transfer curl $how "$host4" "$port"
	done
	for how in EPSV EPRT; do
		check "$via: curl, $how, IPv6" transfer curl $how "$host6" "$port"
	done
	for how in active passive; do
		check "$via: lftp, $how" transfer lftp $how "$host4" "$port"
		check "$via: lftp, $how, IPv6" transfer lftp $how "$host6" "$port"
		check "$via: ftp, $how" transfer ftp $how "$host4" "$port"
		check "$via: ftp, $how, IPv6" transfer ftp $how "$host6" "$port"
	done
}

clients "vsftpd, routed" "$server_ip4" "[$server_ip6]" 21
masquerade
clients "vsftpd, masqueraded" "$server_ip4" "[$server_ip6]" 21
if [ -n "$pure_ftpd" ]; then
	pure_ftpd_at "$server" 2121
	clients "pure-ftpd, masqueraded" "$server_ip4" "[$server_ip6]" 2121
else
	skip "pure-ftpd" "not there"
fi

# Both ends translated: the server sees the router, and the client does, too.
forward_port 21 21
clients "vsftpd, both sides translated" "$router_ip4" "[$router_ip6]" 21
in_ns "$router" nft delete table inet nat
clients "vsftpd, behind the router's port" "$router_ip4" "[$router_ip6]" 21

in_ns "$router" nft flush chain inet fw helper
check_fails "without a helper there is no data connection" \
	in_ns "$client" curl -sS -m 4 -o /dev/null "ftp://$server_ip4/file"
finish
