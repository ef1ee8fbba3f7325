#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The same packets through the stock tracker and through ours, in this kernel:
# after each packet both have to say the same (selftests/compare/README). A fixed
# seed here; `make compare SEED=... COUNT=...` plays others. Under emulation that
# takes an hour, so there are fewer packets there.

. "$(dirname "$0")/lib.sh"
need_tools python3 nft

cd "$(dirname "$0")/compare" || exit 1
export PYTHONDONTWRITEBYTECODE=1

seed=${SEED:-1}
case $(uname -r) in
*-uml-*) count=${COUNT:-20000} ;;
*) count=${COUNT:-500} ;;
esac

[ -e "/lib/modules/$(uname -r)/updates/nf_conntrack.ko" ] ||
	skip_all "there is only one tracker here"
for module in ct_play dummy nft_chain_nat; do
	modinfo "$module" >/dev/null 2>&1 || skip_all "the kernel has no module $module"
done

# judge LINE: one check for each family: as "tcp: 20013 packets in 870 sequences,
# 0 differ, 2 meant (name: 2)".
judge() {
	local line=$1 packets differ

	read -r _ packets _ <<<"$line"
	differ=$(sed -n 's/.*sequences, \([0-9]*\) differ.*/\1/p' <<<"$line")
	if [ "${differ:-1}" = 0 ] && [ "$packets" -ge "${2:-1}" ]; then
		ok "same on both: $line"
	else
		not_ok "same on both: $line"
	fi
}

# play LEAST ARGUMENT...: runs compare.py, and judges its lines.
play() {
	local least=$1 out=$scratch/compare lines=0 rc=0 line

	shift
	python3 compare.py "$@" >"$out" 2>&1 || rc=$?
	while IFS= read -r line; do
		case $line in
		'#'*) echo "$line" ;;
		*': '*' packets in '*)
			lines=$((lines + 1))
			judge "$line" "$least"
			;;
		*) comment "$line" ;;
		esac
	done <"$out"
	# 1: something differs, which the lines have said.
	[ "$lines" -gt 0 ] && [ $rc -le 1 ] || not_ok "compare.py $* has come to its end"
	sed -n 's/^\([a-z0-9-]*: \)\([0-9]*\) packets.* \([0-9]*\) differ.*/\2 \3/p' "$out" |
		awk '{ p += $1; d += $2 } END { print "# compared: " p + 0 " packets, " d + 0 " sequences differ" }'
}

for kept in kept/*.seq; do
	[ ! -e "$kept" ] || { play 1 kept/*.seq; break; }
done
play "$count" "$seed" "$count" "../../build/compare/$seed-$count"
finish
