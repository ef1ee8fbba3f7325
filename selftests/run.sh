#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the tests, in the test machine: all of them, or those named by TEST (a
# list of names). AFTER=name begins behind that one. Each test has the module
# loaded afresh and the time that `settings` grants; after it the module must
# unload, nothing may be left behind, and the kernel's log must be clean.
#
# Prints KTAP; the last line counts the checks: N passed, N failed, N skipped.

cd "$(dirname "$0")" || exit 1
export LC_ALL=C.UTF-8

# shellcheck source=selftests/lib/leaks.sh
. lib/leaks.sh

bad='WARNING:|\bBUG\b|Call Trace|unreferenced object|\bRIP:|UBSAN|still has locks held|refcount_t'
passed=0
failed=0
skipped=0
again=

pause() {
	read -r -t 0.05 <> <(:)
}

# holders MODULE: the module and all that use it, users first.
holders() {
	local user

	[ -d "/sys/module/$1/holders" ] || return
	for user in "/sys/module/$1/holders"/*; do
		[ ! -e "$user" ] || holders "${user##*/}"
	done
	echo "$1"
}

# unload: takes nf_conntrack and all its users out. A namespace that was just
# removed still holds them for a moment.
unload() {
	local end=$((SECONDS + 20)) module

	while [ -d /sys/module/nf_conntrack ]; do
		for module in $(holders nf_conntrack | awk '!seen[$0]++'); do
			rmmod "$module" 2>/dev/null
		done
		[ -d /sys/module/nf_conntrack ] || return 0
		[ $SECONDS -lt $end ] || return 1
		pause
	done
}

# leftovers: what a test must not leave behind, one line each.
leftovers() {
	local pid cmd

	ip netns list | sed 's/^/namespace /'
	# What modules make by themselves may stay.
	ip -o link | awk -F ': ' '{ sub(/@.*/, "", $2); print $2 }' |
		grep -Evx 'lo|tunl0|sit0|ip6tnl0|gre0|gretap0|erspan0|ip6gre0|ovs-system' |
		sed 's/^/link /'
	nft list tables 2>/dev/null
	pgrep -a . | while read -r pid cmd; do
		case $cmd in
		*selftests/run.sh*) continue ;;
		esac
		# Kernel threads have no program.
		[ -e "/proc/$pid/exe" ] || continue
		grep -qx "$pid" <<<"$before" || echo "process $pid $cmd"
	done
}

# left: the leftovers; what is about to end is given a moment.
left() {
	local end=$((SECONDS + 5)) found

	while found=$(leftovers) && [ -n "$found" ] && [ $SECONDS -lt $end ]; do
		pause
	done
	[ -z "$found" ] || echo "$found"
}

# tidy: takes the namespaces that a test has left away, so that the tests behind
# it are not blamed.
tidy() {
	local ns

	for ns in $(ip netns list | cut -d ' ' -f 1); do
		ip netns pids "$ns" | xargs -r kill -9
		ip netns del "$ns"
	done
}

# time_limit TEST: its seconds, from the file settings; SLOW times as many.
time_limit() {
	local timeout=60

	. ./settings
	local own=timeout_${1//[^a-z0-9]/_}
	echo $((${!own:-$timeout} * ${SLOW:-1}))
}

# run_test NUMBER NAME [again]: a test that fails is run once more, since under
# emulation on a busy host a second may be over at any time; which ones were is
# said at the end. What the kernel's log complains of, and a module that can't be
# unloaded, has failed at once.
run_test() {
	local name=$2 out rc complaints="" grave="" line n_ok n_not n_skip more

	echo "# selftests: nf_ct: $name"
	unload || complaints+="nf_conntrack could not be unloaded before the test"$'\n'
	dmesg --clear
	sysctl -qw kernel.printk_ratelimit=0
	modprobe nf_conntrack || complaints+="nf_conntrack could not be loaded"$'\n'
	before=$(pgrep .)

	out=$(mktemp)
	timeout -k 5 "$(time_limit "$name")" "./$name.sh" >"$out" 2>&1 &
	wait $!
	rc=$?
	sed 's/^/# /' "$out"

	n_ok=$(grep -c '^ok ' "$out")
	n_not=$(grep -c '^not ok ' "$out")
	n_skip=$(grep -c '^ok .*# SKIP' "$out")
	n_ok=$((n_ok - n_skip))
	case $rc in
	0) ;;
	4) [ $((n_ok + n_not + n_skip)) -gt 0 ] || n_skip=1 ;;
	124 | 137) complaints+="took longer than its $(time_limit "$name") seconds"$'\n' ;;
	*) [ "$n_not" -gt 0 ] || complaints+="ended with status $rc"$'\n' ;;
	esac
	if [ $rc = 0 ] && ! grep -q '^1\.\.' "$out"; then
		complaints+="ended without its plan"$'\n'
	fi
	rm -f "$out"

	more=$(left)
	if [ -n "$more" ]; then
		complaints+="left behind: $more"$'\n'
		tidy
	fi
	unload || {
		grave=y
		complaints+="nf_conntrack cannot be unloaded, users: $(holders nf_conntrack |
			tr '\n' ' ')"$'\n'
	}
	more=$(dmesg | awk -f lib/races.awk | grep -E -A 30 "$bad") && {
		grave=y
		complaints+="kernel log: $more"$'\n'
	}

	if [ -n "$complaints" ]; then
		while IFS= read -r line; do
			echo "# $line"
		done <<<"${complaints%$'\n'}"
		n_not=$((n_not + 1))
		[ -z "$(dmesg)" ] || { echo "# dmesg:" && dmesg | tail -n 60 | sed 's/^/#   /'; }
	fi
	if [ "$n_not" -gt 0 ] && [ -z "$grave" ] && [ $# -lt 3 ]; then
		echo "# $name: $n_not of $((n_ok + n_not)) failed, once more"
		again+=" $name"
		run_test "$1" "$name" again
		return
	fi
	passed=$((passed + n_ok))
	failed=$((failed + n_not))
	skipped=$((skipped + n_skip))
	if [ "$n_not" -gt 0 ]; then
		echo "not ok $1 selftests: nf_ct: $name # $n_not of $((n_ok + n_not)) failed"
	elif [ "$n_ok" -eq 0 ]; then
		echo "ok $1 selftests: nf_ct: $name # SKIP"
	else
		echo "ok $1 selftests: nf_ct: $name"
	fi
}

# leaks: what the tests have lost, if the kernel can tell.
leaks() {
	local lost

	[ -w $kmemleak ] || return
	scan_leaks
	lost=$(grep -c '^unreferenced object' $kmemleak)
	sed 's/^/# /' $kmemleak | head -n 200
	if [ "$lost" = 0 ]; then
		passed=$((passed + 1))
		echo "ok kmemleak: nothing is lost"
	else
		failed=$((failed + 1))
		echo "not ok kmemleak: $lost objects are lost"
	fi
}

all=$(make -s list)
if [ -n "${TEST-}" ]; then
	wanted=
	for name in ${TEST//,/ }; do
		name=${name%.sh}
		grep -qx "$name" <<<"$all" || {
			echo "run.sh: no test is named $name; there are:" "${all//$'\n'/ }"
			exit 2
		}
		wanted+="$name "
	done
	all=$wanted
fi
if [ -n "${AFTER-}" ]; then
	all=$(tr ' ' '\n' <<<"$all" | sed "0,/^$AFTER\$/d")
fi

# hold_hooks: a namespace of its own that has something at every hook.
#
# The kernel patches its code when the first hook of a kind comes and the last
# one goes. QEMU's emulation, with a thread for each CPU, gets that wrong once in
# a while: "Oops: int3" in whoever runs into the hook meanwhile, as in
# __ip_local_out() or ip6_input(), with the stock module as with ours. With this,
# nothing is patched under the traffic of the tests.
hold_hooks() {
	local hook rc

	mkfifo /tmp/held
	unshare --net bash -c 'nft -f -; echo $? >/tmp/held; exec sleep infinity' >/dev/null 2>&1 <<<"$(
		echo "table inet held {"
		for hook in prerouting input forward output postrouting; do
			echo "chain $hook { type filter hook $hook priority 0; }"
		done
		echo "}"
	)" &
	# shellcheck disable=SC2064
	trap "kill $!" EXIT
	read -r rc </tmp/held
	rm /tmp/held
	[ "$rc" = 0 ] || echo "# the hooks could not be held"
}

# What was lost before is not the tests' doing.
if [ -w $kmemleak ]; then
	scan_leaks
	echo clear >$kmemleak
fi

# Nothing here may hang on the machine's own users of the module.
hold_hooks
modprobe nf_conntrack || exit 1
echo "KTAP version 1"
echo "# kernel $(uname -r), nf_conntrack $(modinfo -n nf_conntrack)"
read -ra names -d '' <<<"$all" || :
echo "1..${#names[@]}"
number=0
for name in "${names[@]}"; do
	number=$((number + 1))
	run_test $number "$name"
	echo "# so far: $passed passed, $failed failed, $skipped skipped; $SECONDS s"
done
unload
leaks
echo "# run a second time:${again:- none}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
