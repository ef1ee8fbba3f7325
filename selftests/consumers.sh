#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each of the kernel's modules that depends on nf_conntrack loads on top of the
# one under test, and unloads again.

. "$(dirname "$0")/lib.sh"

dir=/lib/modules/$(uname -r)
which=$(ct_module nf_conntrack)
id=$(build_id nf_conntrack)

# unloaded MODULE: modprobe -r, once nobody uses it any more.
unloaded() {
	modprobe -r "$1" && [ ! -d "/sys/module/$1" ]
}

# consumer MODULE: loads and unloads one.
consumer() {
	local name=$1 why

	if ! why=$(modprobe "$name" 2>&1) || [ ! -d "/sys/module/$name" ]; then
		not_ok "$name" "does not load: $why
$(dmesg | tail -n 5)"
		return
	fi
	if [ "$(build_id nf_conntrack)" != "$id" ]; then
		not_ok "$name" "brought another nf_conntrack with it: $(ct_module_line nf_conntrack)"
	elif ! why=$(busywait 5000 unloaded "$name"); then
		not_ok "$name" "does not unload: $why"
	else
		ok "$name"
	fi
}

# What modules.dep says needs nf_conntrack, indirectly too; of these, the ones
# that name it themselves.
mapfile -t files < <(sed -n "/^extra/d; s|^\(.*\.ko[^:]*\):.*/nf_conntrack\.ko.*|$dir/\1|p" "$dir/modules.dep")
names=$(paste -d ' ' <(printf '%s\n' "${files[@]}") <(modinfo -F depends "${files[@]}") |
	awk '$2 ~ /(^|,)nf_conntrack(,|$)/ { sub(/.*\//, "", $1); sub(/\..*/, "", $1); print $1 }' |
	sort -u)

comment "$(ct_module_line nf_conntrack)"
for name in $names; do
	# The stock one walks the stock table: it belongs to the stock module alone.
	if [ "$name:$which" = nf_conntrack_netlink:ours ]; then
		case $(modinfo -n "$name") in
		*/updates/*) ;;
		*)
			check_fails "the stock $name is refused" modprobe "$name"
			continue
			;;
		esac
	fi
	consumer "$name"
done
check "there are at least 54 of them" test "$(wc -w <<<"$names")" -ge 54
finish
