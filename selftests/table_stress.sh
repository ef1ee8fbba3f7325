#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Known entries are looked up on one CPU while another inserts and deletes
# others, and the table is made larger and smaller all the time: none is missed,
# none is shown twice while no resize runs, none is left behind.

. "$(dirname "$0")/lib.sh"

module=modules/build/$(uname -r)/ct_stress.ko
[ -e "$module" ] || module=$(find / -xdev -path "*/$(uname -r)/*ct_stress.ko" 2>/dev/null | head -n 1)
[ -n "$module" ] || skip_all "ct_stress.ko has not been built"
known=1000
param=/sys/module/ct_stress/parameters
insmod "$module" known=$known others=4000 || skip_all "ct_stress.ko can't be loaded"
trap 'rmmod ct_stress 2>/dev/null; cleanup' EXIT

# The known ones among the entries shown, and how many of those twice.
shown() {
	grep -o 'src=10\.1\.[0-9.]* dst=11.0.0.1 sport=[0-9]*' /proc/net/nf_conntrack >"$scratch/list"
}

twice=0
missing=0
for i in $(seq 3); do
	shown
	twice=$((twice + $(sort "$scratch/list" | uniq -d | wc -l)))
	missing=$((missing + known - $(sort -u "$scratch/list" | wc -l)))
done
check_eq "shown twice" 0 "$twice"
check_eq "not shown" 0 "$missing"

resizing=0
for i in $(seq 4); do
	for size in 512 65536 1024 131072 4096; do
		echo $size >/sys/module/nf_conntrack/parameters/hashsize || resizing=1
	done
done
check_eq "every resize succeeded" 0 "$resizing"
check_eq "lookups that missed, of $(cat $param/lookups)" 0 "$(cat $param/missed)"
check_eq "inserts that failed, of $(cat $param/churned)" 0 "$(cat $param/failed)"
rmmod ct_stress
empty() {
	[ "$(grep -c 'dst=11.0.0.1' /proc/net/nf_conntrack)" = 0 ]
}
check "none is left" busywait 5000 empty
finish
