#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A large table over netlink: what lives throughout is listed once while other
# flows come and go; some of it is deleted, then all of it.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/nl.sh"

entries=${ENTRIES:-200000}

need_tools conntrack nft
need_module nft_ct
setup_ns box
# shellcheck disable=SC2154
ns=$box
track "$ns"
# One table serves all namespaces of a stock module.
buckets=/proc/sys/net/netfilter/nf_conntrack_buckets
max=/proc/sys/net/netfilter/nf_conntrack_max
was="$(cat $buckets) $(cat $max)"
restore() {
	echo "${was% *}" >"$buckets"
	echo "${was#* }" >"$max"
}
trap 'restore; cleanup' EXIT
echo 131072 >$buckets
echo 1000000 >$max
in_ns "$ns" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1

seconds() {
	comment "$1: $((($(now_ms) - begun) / 1000)) s"
	begun=$(now_ms)
}
begun=$(now_ms)
check "$entries entries can be made" nlct "$ns" fill "$entries"
seconds "making them"
check_eq "-C" "$entries" "$(ctk "$ns" -C)"

# Other flows, each of which lives for a second.
cat >"$scratch/others" <<OTHERS
while :; do
	$net flood 127.0.0.1 9 20000 200
	sleep 0.2
done
OTHERS
bg in_ns "$ns" bash "$scratch/others"

# listed: how many of ours -L shows, and how many of these differ.
listed() {
	ctk "$ns" -L | awk '
		$4 ~ /^src=10\./ { n++; if (!($4 in seen)) { seen[$4] = 1; differ++ } }
		END { print n + 0, differ + 0 }'
}
check_eq "-L is complete, and has none twice, while others come and go" "$entries $entries" "$(listed)"
seconds "listing them"
check_eq "-D of a net" "4096 flow entries have been deleted." \
	"$(ctk "$ns" -D -s 10.128.0.0/20 | wc -l >"$scratch/shown"; said)"
check_eq "shows each" 4096 "$(cat "$scratch/shown")"
seconds "deleting some"
check_eq "the others are there" "$((entries - 4096)) $((entries - 4096))" "$(listed)"
seconds "listing the others"
check "-F" ctk "$ns" -F
seconds "deleting all"
check_eq "none is there" "0 0" "$(listed)"
finish
