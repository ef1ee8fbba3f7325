#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Expectations by the exported interface: modules/expect_kernel.c makes the checks
# when it is loaded, this counts them.

. "$(dirname "$0")/lib.sh"

need_tools sysctl
modinfo expect_kernel >/dev/null 2>&1 || skip_all "the module expect_kernel has not been built"
report=/sys/kernel/debug/expect_kernel
cleanup_hooks() {
	local rc=$?

	rmmod expect_kernel 2>/dev/null
	return "$rc"
}
trap 'cleanup_hooks; cleanup' EXIT

# run_checks [PARAMETER...]: loads the module, and says what it says.
run_checks() {
	local line

	check "the module loads" modprobe expect_kernel "$@" || return
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "${line#ok }" ;;
		*) not_ok "$(sed 's/^not ok //; s/ # .*//' <<<"$line")" "${line##* # }" ;;
		esac
	done <$report
	check "the module unloads" rmmod expect_kernel
}

strict=0
[ "$(ct_module)" = stock ] || strict=1
run_checks strict=$strict
dmesg --clear
old=$(sysctl -n net.netfilter.nf_conntrack_expect_max)
sysctl -qw net.netfilter.nf_conntrack_expect_max=20
run_checks max=20
sysctl -qw net.netfilter.nf_conntrack_expect_max="$old"
check_eq "and it is logged" "nf_conntrack: expectation table full" \
	"$(dmesg | sed -n 's/.*\(nf_conntrack: expectation\)/\1/p' | sort -u)"
finish
