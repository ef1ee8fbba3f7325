#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The modules' aliases and parameters are those of the stock ones: what modinfo
# lists, and what /sys/module has, with its modes and defaults.

. "$(dirname "$0")/lib.sh"

dir=/lib/modules/$(uname -r)

# stock_file MODULE
stock_file() {
	find "$dir/kernel/net/netfilter" -name "$1.ko*"
}

# aliases FILE
aliases() {
	modinfo -F alias "$1" | sort
}

# parameters FILE: names and types; what stands between is for people to read.
# Ours alone has legacy and lookahead (Documentation/sysctl.rst).
parameters() {
	modinfo -F parm "$1" | sed 's/:.*(\(.*\))$/:\1/' | grep -Evx '(legacy|lookahead):bool' | sort
}

# loaded_parameters MODULE: mode, name and value of each in /sys.
loaded_parameters() {
	find "/sys/module/$1/parameters" -type f ! -name legacy ! -name lookahead | sort | while read -r file; do
		echo "$(stat -c %a "$file") ${file##*/}=$(cat "$file")"
	done
}

[ "$(ct_module nf_conntrack)" = ours ] || skip_all "this compares ours with the stock module"

modules=(nf_conntrack nf_conntrack_ftp)
if [ -e "$dir/updates/nf_conntrack_netlink.ko" ]; then
	modules+=(nf_conntrack_netlink)
fi
for name in "${modules[@]}"; do
	ours=$dir/updates/$name.ko
	stock=$(stock_file "$name")
	check_eq "$name: aliases" "$(aliases "$stock")" "$(aliases "$ours")"
	check_eq "$name: parameters" "$(parameters "$stock")" "$(parameters "$ours")"
	check_eq "$name: licence" "$(modinfo -F license "$stock")" "$(modinfo -F license "$ours")"
	check_eq "$name: a description" 1 "$(modinfo -F description "$ours" | grep -c .)"
	check_eq "$name: a version, by which DKMS tells it from the stock one" 1 \
		"$(modinfo -F version "$ours" | grep -c .)"
done

# Both, one after the other, in the same machine.
modprobe nf_conntrack_ftp
ours=$(loaded_parameters nf_conntrack)
ours_ftp=$(loaded_parameters nf_conntrack_ftp)
modprobe -r nf_conntrack_ftp
[ ! -d /sys/module/nf_conntrack ] || rmmod nf_conntrack
modprobe -a nf_defrag_ipv4 nf_defrag_ipv6 libcrc32c
insmod "$(stock_file nf_conntrack)"
insmod "$(stock_file nf_conntrack_ftp)"
check_eq "the stock module is loaded for comparison" stock "$(ct_module nf_conntrack)"
check_eq "nf_conntrack: /sys/module parameters" "$(loaded_parameters nf_conntrack)" "$ours"
check_eq "nf_conntrack_ftp: /sys/module parameters" \
	"$(loaded_parameters nf_conntrack_ftp)" "$ours_ftp"
rmmod nf_conntrack_ftp nf_conntrack
finish
