#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What an FTP control connection must say for a data connection to be expected,
# and what it may say without: each command and reply, in its forms, cut up,
# malformed and hostile. ftp_commands.py has the table.

. "$(dirname "$0")/lib.sh"

need_module nf_conntrack_ftp
setup_topology
in_ns "$router" nft -f - <<'RULES' || skip_all "no helpers by rule"
table inet helper {
	ct helper ftp { type "ftp" protocol tcp; }
	chain prerouting {
		type filter hook prerouting priority 0;
		tcp dport 21 ct helper set "ftp"
	}
}
RULES
ip -n "$client" address add 10.0.1.9/24 dev c0
ip -n "$server" address add 10.0.2.9/24 dev s0

# shellcheck disable=SC2154
results /usr/bin/python3 -B "$(dirname "$0")/ftp_commands.py" \
	"$(ct_module nf_conntrack_ftp)" "$client" "$router" "$server"
check "some were made" test "$n_ok" -gt 20
finish
