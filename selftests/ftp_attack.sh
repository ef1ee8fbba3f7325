#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a hostile client or server does to make the helper open more than FTP
# needs, and whether a connection gets through then. ftp_attack.py makes the
# attacks and says what each is.

. "$(dirname "$0")/lib.sh"

need_module nf_conntrack_ftp
setup_topology
. "$(dirname "$0")/lib/ftp.sh"
# shellcheck disable=SC2154
for side in "$client c0 1" "$server s0 2"; do
	read -r ns dev net <<<"$side"
	ip -n "$ns" address add "10.0.$net.9/24" dev "$dev"
	ip -n "$ns" address add "fd00:$net::9/64" dev "$dev" nodad
done
strict_router 21
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=1

results /usr/bin/python3 -B "$(dirname "$0")/ftp_attack.py" \
	"$(ct_module nf_conntrack_ftp)" "$client" "$router" "$server"
check "all were made" test "$((n_ok + n_not_ok + n_skip))" -ge 25
finish
