#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a listener hears of entries, byte by byte: which message each event is,
# to which group, with which attributes in which order; who caused it; and when
# there is nothing to hear.

. "$(dirname "$0")/lib.sh"

need_tools nft
need_module nf_conntrack_netlink nf_conntrack_ftp nf_nat_ftp
setup_topology
results python3 -B "$(dirname "$0")/nl_event_bytes.py" "$client" "$router" "$server"
finish
