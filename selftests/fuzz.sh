#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Chance, for a short time: packets through the hooks, netlink requests, the files
# in /proc, and all of them at once with namespaces that come and go. What it finds
# is in the kernel's log, or keeps the module from being unloaded; fuzz/README says
# how to have a run again. FUZZ_SECONDS (20 for each part), SEED (1) and PARTS say
# what is run.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fuzz/lib.sh"

need_tools ip nft
for name in netlink files; do
	[ -x "$programs/fuzz-$name" ] || skip_all "fuzz-$name has not been built"
done
modprobe -q ct_fuzz || skip_all "ct_fuzz.ko has not been built"
# This one outlives the module, for the tests that come behind.
log_invalid=$(sysctl -n net.netfilter.nf_conntrack_log_invalid)
trap 'fuzz_device_gone 2>/dev/null; rmmod ct_fuzz
	sysctl -qw net.netfilter.nf_conntrack_log_invalid="$log_invalid"; cleanup' EXIT
fuzz_modules

# shown N: packet 103, when it was shown for the Nth time.
shown() {
	awk -v n="$1" '/^packet/ { on = /^packet 103,/ && ++seen == n } on' "$scratch/packets"
}

dmesg --clear
in_new_ns packet_twice 103 >/dev/null
dmesg | sed -n 's/^[^]]*\] ct_fuzz: //p' >"$scratch/packets"
check "packet 103 is shown" test "$(shown 1 | wc -l)" -ge 2
check_eq "... and is the same when those before it were sent" "$(shown 1)" "$(shown 2)"
request=$(unshare --net "$programs/fuzz-netlink" from=55 count=1 show=1 | grep '^55:')
check "request 55 is shown" test -n "$request"
check_eq "... and is the same when those before it were sent" "$request" \
	"$(unshare --net "$programs/fuzz-netlink" from=40 count=16 show=1 | grep '^55:')"

for part in ${PARTS:-packets netlink files all}; do
	fuzz_part "$part" >"$scratch/said"
	comment "$(<"$scratch/said")"
	check "$part: enough was executed" test "$executions" -ge $((20 * seconds))
	check_eq "$part: clones of packets that were changed" 0 "$changed"
done
finish
