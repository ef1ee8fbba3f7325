#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Expectations by netlink: made, changed, shown, dumped, deleted; what of them is
# refused, and with which error; statistics, which agree with /proc.

. "$(dirname "$0")/lib.sh"

need_tools nft
need_module nf_conntrack_netlink nf_conntrack_ftp nfnetlink_cthelper
setup_ns router client
in_ns "$router" nft 'add table ip t; add chain ip t i { type filter hook input priority 0; };
	add rule ip t i ct state new,established accept'
max=$(sysctl -n net.netfilter.nf_conntrack_expect_max)
sysctl -qw net.netfilter.nf_conntrack_expect_max=4000
results python3 -B "$(dirname "$0")/nl_expect_requests.py" "$client" "$router" \
	"$(ct_module nf_conntrack_netlink)"
sysctl -qw net.netfilter.nf_conntrack_expect_max="$max"
finish
