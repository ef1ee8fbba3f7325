#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A listener that must not miss an event, and does not read for a while: the ends
# of entries come later, each of them; other events come with the entry's next
# one. And the module goes and comes while others listen and traffic flows.

. "$(dirname "$0")/lib.sh"

need_tools nft
need_module nf_conntrack_netlink
setup_topology
results python3 -B "$(dirname "$0")/nl_events_reliable.py" "$client" "$router" "$server"
finish
