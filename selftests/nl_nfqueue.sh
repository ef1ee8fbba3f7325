#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Entries in the messages of nfnetlink_queue and nfnetlink_log: what comes with a
# packet, what a verdict changes, expectations that a verdict brings, and TCP that
# goes on when a program has changed the length of its segments.

. "$(dirname "$0")/lib.sh"

need_tools nft
need_module nf_conntrack_netlink nfnetlink_queue nfnetlink_log nfnetlink_cthelper nf_conntrack_ftp nf_nat_ftp
setup_topology
results python3 -B "$(dirname "$0")/nl_nfqueue.py" "$client" "$router" "$server" \
	"$(ct_module nf_conntrack_netlink)"
finish
