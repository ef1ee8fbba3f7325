#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Known entries are looked up on one CPU while another inserts and deletes
# others, and the table is made larger and smaller all the time: none is missed,
# none is shown twice or not at all, in the file or by netlink, none has another id
# than before, none is left behind.

. "$(dirname "$0")/lib.sh"

need_tools conntrack
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

# The known ones, as one and the other show them: each is said by what it comes from.
by_file() {
	cat /proc/net/nf_conntrack
}
by_netlink() {
	conntrack -L -o id 2>/dev/null
}
tuple='src=10\.1\.[0-9.]* dst=11\.0\.0\.1 sport=[0-9]*'

declare -A twice=() missing=() lists=()
changed=0
bg resize
resizer=$!
began=$SECONDS
end=$((began + seconds))
while [ $SECONDS -lt $end ] || [ "${lists[netlink]-0}" -lt 2 ]; do
	for by in file netlink; do
		"by_$by" | grep "$tuple" >"$scratch/known"
		grep -o "$tuple" "$scratch/known" | sort >"$scratch/list"
		twice[$by]=$((${twice[$by]-0} + $(uniq -d "$scratch/list" | wc -l)))
		missing[$by]=$((${missing[$by]-0} + known - $(uniq "$scratch/list" | wc -l)))
		lists[$by]=$((${lists[$by]-0} + 1))
	done
	# Still those of netlink.
	sed -E "s/.*($tuple).* (id=[0-9]+)$/\1 \2/" "$scratch/known" | sort -u >"$scratch/ids"
	[ -e "$scratch/first" ] || cp "$scratch/ids" "$scratch/first"
	changed=$((changed + $(comm -13 "$scratch/first" "$scratch/ids" | wc -l)))
done
took=$((SECONDS - began))
touch "$scratch/stop"
check "the resizing ends" busywait 10000 gone "$resizer"

lookups=$(<$param/lookups)
churned=$(<$param/churned)
resizes=$(<"$scratch/resizes")
comment "$lookups lookups, $churned inserted and deleted, $resizes resizes,
${lists[file]} lists of the file and ${lists[netlink]} by netlink in $took s"
check "enough has happened" test "$lookups" -gt 10000 -a "$churned" -gt 1000 -a \
	"$resizes" -ge 5 -a "${lists[file]}" -ge 2
check_eq "lookups of known entries that missed" 0 "$(<$param/missed)"
for by in file netlink; do
	check_eq "known entries shown twice, by $by" 0 "${twice[$by]}"
	check_eq "known entries not shown, by $by" 0 "${missing[$by]}"
done
check_eq "ids by netlink" $known "$(grep -c ' id=' "$scratch/first")"
check_eq "ids that were others later" 0 "$changed"
check_eq "inserts that failed" 0 "$(<$param/failed)"
check_fails "no resize was refused" test -s "$scratch/refused"
rmmod ct_stress
check_eq "entries left behind" 0 "$(</proc/sys/net/netfilter/nf_conntrack_count)"
check_eq "... or shown" 0 "$(grep -c 'dst=11.0.0.1' /proc/net/nf_conntrack)"
finish
