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

# by_curls VIA HOST4 HOST6 PORT: all that a client may say.
by_curls() {
	local how

	for how in EPSV PASV EPRT PORT; do
		check "$1: curl, $how" transfer curl $how "$2" "$4"
	done
	for how in EPSV EPRT; do
		check "$1: curl, $how, IPv6" transfer curl $how "$3" "$4"
	done
}

# by_all VIA HOST4 HOST6 PORT
by_all() {
	local how

	by_curls "$@"
	for how in active passive; do
		check "$1: lftp, $how" transfer lftp $how "$2" "$4"
		check "$1: lftp, $how, IPv6" transfer lftp $how "$3" "$4"
		check "$1: ftp, $how" transfer ftp $how "$2" "$4"
		check "$1: ftp, $how, IPv6" transfer ftp $how "$3" "$4"
	done
}

by_curls "vsftpd, routed" "$server_ip4" "[$server_ip6]" 21
masquerade
by_all "vsftpd, masqueraded" "$server_ip4" "[$server_ip6]" 21
if [ -n "$pure_ftpd" ]; then
	pure_ftpd_at "$server" 2121
	by_all "pure-ftpd, masqueraded" "$server_ip4" "[$server_ip6]" 2121
else
	skip "pure-ftpd" "not there"
fi

# Both ends translated: the server sees the router, and the client does, too.
forward_port 21 21
by_curls "vsftpd, both sides translated" "$router_ip4" "[$router_ip6]" 21
in_ns "$router" nft delete table inet nat
by_all "vsftpd, behind the router's port" "$router_ip4" "[$router_ip6]" 21

in_ns "$router" nft flush chain inet fw helper
check_fails "without a helper there is no data connection" \
	in_ns "$client" curl -sS -m 4 -o /dev/null "ftp://$server_ip4/file"
finish
