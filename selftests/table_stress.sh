#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Known entries are looked up on one CPU while another inserts and deletes
# others, and the table is made larger and smaller all the time: none is missed,
# none is shown twice or not at all, none is left behind.

. "$(dirname "$0")/lib.sh"

seconds=${SECONDS_OF_STRESS:-$((15 * ${SLOW:-1}))}
known=1000
param=/sys/module/ct_stress/parameters
hashsize=/sys/module/nf_conntrack/parameters/hashsize
size=$(<$hashsize)

# The stock module shows an entry again, or not, when its table is resized
# under the reader, and takes minutes for what is done here.
[ "$(ct_module)" = ours ] || skip_all "what the stock table does under this is not stated"
[ "$(nproc)" -ge 2 ] || skip_all "one CPU only"
modprobe ct_stress known=$known others=4000 || skip_all "ct_stress.ko has not been built"
trap 'rmmod ct_stress 2>/dev/null; echo "$size" >$hashsize; cleanup' EXIT

# In the background, from a few entries a line to many lines an entry.
resize() {
	local n=0

	while [ ! -e "$scratch/stop" ]; do
		for size in 512 65536 1024 131072 4096; do
			echo "$size" >"$hashsize" || echo "$size refused" >>"$scratch/refused"
			n=$((n + 1))
			echo "$n" >"$scratch/resizes"
		done
	done
}

twice=0
missing=0
lists=0
bg resize
resizer=$!
end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
	grep -o 'src=10\.1\.[0-9.]* dst=11.0.0.1 sport=[0-9]*' /proc/net/nf_conntrack >"$scratch/list"
	twice=$((twice + $(sort "$scratch/list" | uniq -d | wc -l)))
	missing=$((missing + known - $(sort -u "$scratch/list" | wc -l)))
	lists=$((lists + 1))
done
touch "$scratch/stop"
check "the resizing ends" busywait 10000 gone "$resizer"

lookups=$(<$param/lookups)
churned=$(<$param/churned)
resizes=$(<"$scratch/resizes")
comment "$lookups lookups, $churned inserted and deleted, $resizes resizes, $lists lists in $seconds s"
check "enough has happened" test "$lookups" -gt 10000 -a "$churned" -gt 1000 -a \
	"$resizes" -ge 5 -a "$lists" -ge 2
check_eq "lookups of known entries that missed" 0 "$(<$param/missed)"
check_eq "known entries shown twice" 0 "$twice"
check_eq "known entries not shown" 0 "$missing"
check_eq "inserts that failed" 0 "$(<$param/failed)"
check_fails "no resize was refused" test -s "$scratch/refused"
rmmod ct_stress
check_eq "entries left behind" 0 "$(</proc/sys/net/netfilter/nf_conntrack_count)"
check_eq "... or shown" 0 "$(grep -c 'dst=11.0.0.1' /proc/net/nf_conntrack)"
finish
