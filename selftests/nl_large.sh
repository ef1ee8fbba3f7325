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
	echo "${was% *}" >$buckets
	echo "${was#* }" >$max
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

# Other flows: each a second, then another.
bg in_ns "$ns" "$net" flood 127.0.0.1 9 20000 0
listed() {
	ctk "$ns" -L "$@" | grep -o 'src=10\.[0-9.]* dst=10.1.1.1 sport=1024 ' >"$scratch/list"
	wc -l <"$scratch/list"
}
distinct() {
	sort -u "$scratch/list" | wc -l
}
check_eq "-L is complete while others come and go" "$entries" "$(listed -p udp)"
check_eq "and has none twice" "$entries" "$(distinct)"
seconds "listing them"

check_eq "-D of one" "1 flow entries have been deleted." "$(ctk "$ns" -D -s 10.128.0.7 >/dev/null; said)"
check_eq "-D of a net" "4095 flow entries have been deleted." \
	"$(ctk "$ns" -D -s 10.128.0.0/20 >/dev/null; said)"
seconds "deleting some"
check_eq "the others are there" $((entries - 4096)) "$(listed)"
seconds "listing the others"
check "-F" ctk "$ns" -F
seconds "deleting all"
check_eq "none is there" 0 "$(listed)"
finish
