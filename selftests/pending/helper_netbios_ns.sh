#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# NetBIOS name service: a question goes to all of a network, each answers from its
# own address.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/broadcast.sh"

need_tools python3 nft iptables
need_module nf_conntrack_netbios_ns
setup_topology
test_broadcast netbios-ns 137
finish
