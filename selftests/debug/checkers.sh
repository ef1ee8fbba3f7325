#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each checker that the running kernel was built with has to notice the fault that
# ct_fault commits for it. Run in a machine that is thrown away afterwards
# (scripts/check).

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/leaks.sh"

config=/lib/modules/$(uname -r)/build/.config
debugfs=/sys/kernel/debug
[ -e "$config" ] || skip_all "the kernel's configuration is not at $config"
need_module ct_fault

sysctl -qw kernel.panic_on_warn=0 kernel.panic_on_oops=0 kernel.printk_ratelimit=0
[ ! -e /proc/sys/kernel/panic_on_rcu_stall ] || sysctl -qw kernel.panic_on_rcu_stall=0

# has OPTION: the kernel was built with it, and booted with it.
has() {
	[ "$1" != SLUB_DEBUG_ON ] || ! grep -q slub_debug=- /proc/cmdline || return
	grep -qx "CONFIG_$1=y" "$config"
}

commit() {
	echo "$1" >/sys/module/ct_fault/parameters/fault
}

# log_has PATTERN
log_has() {
	dmesg | grep -Eq "$1"
}

# fires OPTION FAULT PATTERN: if the kernel has the option, the fault is noticed
# within five seconds.
fires() {
	has "$1" || return
	dmesg --clear
	check "$1 notices $2" provoke "$2" "$3"
}

provoke() {
	commit "$1"
	busywait 5000 log_has "$2" || {
		dmesg | tail -n 20
		return 1
	}
}

# nth FAULT: commits it again and again; each time another allocation of the writing
# task fails, one of which is the fault's.
nth() {
	python3 - "$1" <<-'PY'
	import os, sys
	nth = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
	fault = os.open("/sys/module/ct_fault/parameters/fault", os.O_WRONLY)
	for n in range(1, 20):
	    os.pwrite(nth, b"%d" % n, 0)
	    try:
	        os.pwrite(fault, sys.argv[1].encode(), 0)
	    except OSError:
	        pass
	    os.pwrite(nth, b"0", 0)
	PY
}

# fails KIND FAULT PATTERN: an allocation of this task that is to fail does.
fails() {
	has "${1^^}" || return
	dmesg --clear
	echo N >$debugfs/"$1"/ignore-gfp-wait
	[ ! -e $debugfs/"$1"/min-order ] || echo 0 >$debugfs/"$1"/min-order
	echo -1 >$debugfs/"$1"/times
	echo 0 >$debugfs/"$1"/verbose
	nth "$2"
	check "$1 makes allocations fail" log_has "$3"
}

# unreferenced: what was lost is found; the address may still lie about in memory
# at the first look.
unreferenced() {
	local look

	for look in 1 2 3 4; do
		echo "look $look"
		scan_leaks
		! grep -q "unreferenced object" "$kmemleak" || return 0
	done
	return 1
}

# In this order: lockdep looks no further once anything was wrong.
fires PROVE_RCU rcu 'suspicious RCU usage'
fires DEBUG_ATOMIC_SLEEP sleeping 'sleeping function called from invalid context|scheduling while atomic'
fires PROVE_LOCKING deadlock 'possible circular locking dependency'
fails failslab failslab 'the allocation failed as asked'
fails fail_page_alloc failpage 'the page was refused as asked'
if has DEBUG_KMEMLEAK; then
	echo clear >$kmemleak
	commit leak
	check "DEBUG_KMEMLEAK notices leak" unreferenced
fi
fires UBSAN_SHIFT shift 'UBSAN: shift-out-of-bounds'
fires UBSAN_BOUNDS bounds 'UBSAN: array-index-out-of-bounds'
fires DEBUG_OBJECTS_TIMERS timer 'ODEBUG: free active.*timer_list'
fires DEBUG_OBJECTS_WORK work 'ODEBUG: free active'
fires DEBUG_OBJECTS_RCU_HEAD callback 'ODEBUG: activate active.*rcu_head|call_rcu\(\): Double-freed'
fires NET_NS_REFCNT_TRACKER tracker 'ref_tracker:? .*leaked|has 1/1 users|leaked reference'
fires DEBUG_LIST list 'list_del corruption'
fires DEBUG_KERNEL refcount 'refcount_t: '
fires SLUB_DEBUG_ON redzone 'Redzone overwritten'
fires PAGE_POISONING poison 'pagealloc: (memory corruption|single bit error)'
fires KASAN use_after_free 'KASAN: (slab-)?use-after-free'
fires KASAN out_of_bounds 'KASAN: slab-out-of-bounds'
fires KCSAN race 'KCSAN: data-race'
finish
