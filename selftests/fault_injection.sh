#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Memory runs out: each allocation of loading the modules, of making a namespace,
# of a rule that needs the tracker, of a new entry with all extensions, of an
# expectation, of netlink's requests and of a resize fails once, one after the
# other. What was asked for fails or goes well, nothing is lost and nothing is left,
# and without the failure it works as before.
#
# Needs a kernel with fault injection (scripts/debug/kernel check, uml-check).

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/leaks.sh"
need_tools python3 nft

debugfs=/sys/kernel/debug
[ -d $debugfs/failslab ] && [ -e /proc/self/fail-nth ] ||
	skip_all "the kernel has no fault injection"

# What the kernel says of an allocation that failed is no fault; what else it says
# is looked at below. The console would not tell these apart.
read -r level _ </proc/sys/kernel/printk
dmesg -n 1
for kind in failslab fail_page_alloc; do
	[ -d $debugfs/$kind ] || continue
	echo N >$debugfs/$kind/ignore-gfp-wait
	echo 0 >$debugfs/$kind/verbose
	echo 0 >$debugfs/$kind/probability
	echo -1 >$debugfs/$kind/times
done
[ ! -e $debugfs/failslab/cache-filter ] || echo N >$debugfs/failslab/cache-filter
[ ! -e $debugfs/fail_page_alloc/min-order ] || echo 0 >$debugfs/fail_page_alloc/min-order
[ ! -e $debugfs/fail_page_alloc/ignore-gfp-highmem ] ||
	echo N >$debugfs/fail_page_alloc/ignore-gfp-highmem

results python3 "$(dirname "$0")/fault_injection.py"

# complaints: the log without reports of allocations that failed.
complaints() {
	dmesg | awk '
		/page allocation failure|failed with error -[0-9]|vmalloc error|SLUB: Unable to allocate|FAULT_INJECTION/ { skip = 60 }
		/WARNING:|BUG|KASAN|UBSAN|ODEBUG|possible|suspicious|refcount_t|unreferenced/ { skip = 0; print }
		skip > 0 { skip--; next }
		/Call Trace/ { print }'
}
# lost: what kmemleak finds. The kernel loses the name of a cache that could not be
# shown in /sys, which is no fault of ours.
lost() {
	scan_leaks
	awk '/^unreferenced object/ { if (text != "" && !name) printf "%s", text; text = ""; name = 0 }
		{ text = text $0 "\n" }
		/  nf_conntrack[_.]/ { name = 1 }
		END { if (!name) printf "%s", text }' $kmemleak
	echo clear >$kmemleak
}

check_eq "the kernel's log has no complaint" "" "$(complaints)"
if [ -w $kmemleak ]; then
	check_eq "no memory is lost" "" "$(lost)"
else
	skip "no memory is lost" "the kernel has no kmemleak"
fi
[ "$n_not_ok" -gt 0 ] || dmesg --clear
dmesg -n "$level"
finish
