#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The stock module and ours, one after the other in one machine, show the same:
# each setting's name, mode, owner and default, what is accepted and what is
# refused, in the initial namespace, in a child and in one of an unprivileged
# user; the files in /proc/net; module parameters and aliases.

. "$(dirname "$0")/lib.sh"

need_tools python3 modinfo unshare setpriv
dir=/lib/modules/$(uname -r)
stock=$(find "$dir/kernel/" -name 'nf_conntrack.ko*' | head -n 1)
ours=$(find "$dir/updates/" -name 'nf_conntrack.ko*' 2>/dev/null | head -n 1)
[ -n "$ours" ] || skip_all "there is only the stock module"
[ -n "$stock" ] || skip_all "there is no stock module"

load() {
	rmmod nf_conntrack 2>/dev/null
	modprobe -a nf_defrag_ipv4 nf_defrag_ipv6 libcrc32c
	# By a name of its own, as kmod looks at compressed files only by modprobe.
	case $1 in
	*.xz) xz -dc "$1" >"$scratch/nf_conntrack.ko" ;;
	*) cp "$1" "$scratch/nf_conntrack.ko" ;;
	esac
	insmod "$scratch/nf_conntrack.ko"
}

as_user() {
	setpriv --reuid 1000 --regid 1000 --clear-groups \
		unshare -Ur unshare -n "$@"
}

files() {
	stat -c '%A %U %G %n' /proc/net/nf_conntrack /proc/net/nf_conntrack_expect \
		/proc/net/stat/nf_conntrack
}

params() {
	local file

	for file in /sys/module/nf_conntrack/parameters/*; do
		echo "$(stat -c '%a' "$file") ${file##*/} $(cat "$file" 2>&1)"
	done
}

info() {
	modinfo "$scratch/nf_conntrack.ko" |
		grep -E '^(license|alias|depends|parm|name):' | sort
}

# Sections that are compared, and how they are made.
sections=(
	"settings in the initial namespace" "python3 sysctl_dump.py"
	"settings in a child namespace" "unshare -n python3 sysctl_dump.py"
	"settings in a user's namespace" "as_user python3 sysctl_dump.py --read"
	"files in the initial namespace" "files"
	"files in a child namespace" "unshare -n bash -c '$(declare -f files); files'"
	"files in a user's namespace" "as_user bash -c '$(declare -f files); files'"
	"module parameters" "params"
	"modinfo" "info"
	"the head of the statistics" "head -n 1 /proc/net/stat/nf_conntrack"
	"defaults by parameter" "echo Y >/sys/module/nf_conntrack/parameters/acct; unshare -n cat /proc/sys/net/netfilter/nf_conntrack_acct; echo N >/sys/module/nf_conntrack/parameters/acct"
)

# What ours has besides (Documentation/sysctl.rst).
besides='nf_conntrack_(helper|skip_filter)\b|\b(legacy|lookahead)\b'

cd "$(dirname "$0")" || exit 1
for which in stock ours; do
	check "load the $which module" load "${!which}" || finish
	for ((i = 0; i < ${#sections[@]}; i += 2)); do
		eval "${sections[i + 1]}" 2>&1 | grep -vE "$besides" >"$scratch/$which.$i"
	done
done
rmmod nf_conntrack
for ((i = 0; i < ${#sections[@]}; i += 2)); do
	check "${sections[i]}: $(wc -l <"$scratch/stock.$i") lines" \
		diff "$scratch/stock.$i" "$scratch/ours.$i"
done
check "there was something to compare" test "$(wc -l <"$scratch/stock.0")" -gt 40
finish
