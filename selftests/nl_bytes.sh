#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Requests on entries, and every byte of the answers: attributes with their
# order, nesting and values, flags of messages, errors with their texts. What they
# are compared with, nl_bytes.stock, has been recorded from the stock module:
#
#	ip netns exec NAMESPACE python3 selftests/nl_bytes.py >selftests/nl_bytes.stock

. "$(dirname "$0")/lib.sh"

need_tools nft
need_module nf_conntrack_netlink nf_conntrack_ftp nf_nat nft_ct
setup_ns box
# shellcheck disable=SC2154
{
	in_ns "$box" sysctl -qw net.netfilter.nf_conntrack_acct=1 \
		net.netfilter.nf_conntrack_timestamp=1
	# Entries have labels where a rule sets some.
	in_ns "$box" nft -f - <<-'END'
		table inet labels {
			chain never {
				ct label set 3
			}
		}
	END
	results in_ns "$box" python3 -B "$(dirname "$0")/nl_bytes.py" "$(dirname "$0")/nl_bytes.stock"
}
finish
