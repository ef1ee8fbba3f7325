#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A client whose segments carry one byte each, which waits for each to be
# acknowledged (or, where NAT has to rewrite a line, does not wait): it gets its
# file by each command. What was not acknowledged can be joined when it is sent
# again, but single bytes that are dropped one by one never become a line.

. "$(dirname "$0")/lib.sh"

need_tools vsftpd
need_module nf_conntrack_ftp nf_nat_ftp
setup_topology
. "$(dirname "$0")/lib/ftp.sh"
site
strict_router 21
vsftpd_at "$server" 21

# by_bytes COMMAND HOST HOW
by_bytes() {
	in_ns "$client" /usr/bin/python3 -B "$(dirname "$0")/ftp_bytes.py" "$1" "$2" "$3" \
		"$scratch/got/file" && same
}

# try VIA HOW COMMAND HOST
try() {
	local what="$1: $3, a byte a segment"

	if [ "$(ct_module nf_conntrack_ftp)" = ours ]; then
		check "$what" transfer bytes "$3" "$4" "$2"
	else
		skip "$what" "stock drops the P of PASS, for ever"
	fi
}

for command in EPSV PASV EPRT PORT; do
	try routed wait $command "$server_ip4"
done
try "routed, IPv6" wait EPSV "$server_ip6"
try "routed, IPv6" wait EPRT "$server_ip6"
masquerade
try masqueraded wait EPSV "$server_ip4"
try masqueraded wait PASV "$server_ip4"
try masqueraded burst EPRT "$server_ip4"
try masqueraded burst PORT "$server_ip4"
try "masqueraded, IPv6" burst EPRT "$server_ip6"
check "curl, which says lines, gets it, too" transfer curl PORT "$server_ip4" 21
finish
