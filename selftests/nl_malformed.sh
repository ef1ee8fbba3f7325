#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Malformed requests, one by one and thousands by chance: each is answered as the
# stock module answers it, and changes nothing. nl_malformed.py has the table.

. "$(dirname "$0")/lib.sh"

need_module nf_conntrack_netlink nf_nat nf_conntrack_ftp nf_synproxy_core
setup_ns box
# shellcheck disable=SC2154
results python3 -B "$(dirname "$0")/nl_malformed.py" "$box"
finish
