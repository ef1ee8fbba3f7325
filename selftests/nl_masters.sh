#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Masters that have masters, thousands of them, each deleted before the entry whose
# master it is: the last one that goes takes them all along.

. "$(dirname "$0")/lib.sh"

# How deep the stock module's stack is, is not for us to find out.
[ "$(ct_module)" = ours ] || skip_all "not for the stock module"
need_module nf_conntrack_netlink
setup_ns box
# shellcheck disable=SC2154
results python3 -B "$(dirname "$0")/nl_masters.py" "$box"
finish
