#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The rules for FTP that Documentation/helpers.rst shows, word for word but for the
# names: they let active and passive FTP through, and nobody else.

. "$(dirname "$0")/lib.sh"

need_tools vsftpd curl ipset iptables
need_module nf_conntrack_ftp nf_nat_ftp ip_set_hash_ip
setup_topology
. "$(dirname "$0")/lib/ftp.sh"
site
vsftpd_at "$server" 21
vsftpd_at "$server" 2121
vsftpd_at "$client" 2122

# example HEADING: the first block under it, with our names.
example() {
	sed -n "/^$1\$/,\$p" "$(dirname "$0")/../Documentation/helpers.rst" |
		awk '/::$/ && !n { n = 1; next } n && /^\t/ { n = 2; print; next }
			n == 2 && !/^$/ { exit } n == 2' |
		sed "s/^\t//; s/\"lan\"/r0/; s/\"wan\"/r1/; s/-i lan/-i r0/; s/-o wan/-o r1/
			s/192.0.2.21/$server_ip4/; s/198.51.100.21/10.0.2.21/"
}

try() {
	local how

	for how in EPSV PASV EPRT PORT; do
		check "$1: curl, $how" by_curl $how "$server_ip4" 21
	done
	check_fails "$1: another port of the server is closed" \
		in_ns "$client" curl -sS -m 2 "ftp://$server_ip4:2121/file"
	check_fails "$1: the client is closed" \
		in_ns "$server" curl -sS -m 2 "ftp://$client_ip4:2122/file"
}

example nftables >"$scratch/rules.nft"
check "nftables takes its rules" in_ns "$router" nft -f "$scratch/rules.nft"
try nftables
in_ns "$router" nft delete table inet firewall

example iptables >"$scratch/rules.sh"
check "iptables takes its rules" in_ns "$router" bash -e "$scratch/rules.sh"
try iptables
finish
