# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests share: KTAP lines, bounded waiting, namespaces that are gone
# when the test ends, and the usual topology. Sourced first by every test:
#
#	. "$(dirname "$0")/lib.sh"
#	setup_topology
#	check "ping goes through" ip netns exec "$client" ping -c 1 -q "$server_ip4"
#	finish
#
# A test runs as root in the test machine, on either nf_conntrack (`make
# check`, `make check-stock`): it states what holds for both.

set -u

ksft_pass=0
ksft_fail=1
ksft_skip=4

test_name=$(basename "$0" .sh)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/$test_name.XXXXXX")
n_ok=0
n_not_ok=0
n_skip=0
ns_all=()
bg_all=()

# --- KTAP ---------------------------------------------------------------------

echo "KTAP version 1"

comment() {
	local line

	while IFS= read -r line; do
		echo "# $line"
	done <<<"$*"
}

ok() {
	n_ok=$((n_ok + 1))
	echo "ok $((n_ok + n_not_ok + n_skip)) $*"
}

# not_ok DESCRIPTION [WHY]
not_ok() {
	n_not_ok=$((n_not_ok + 1))
	[ -z "${2-}" ] || comment "$2"
	echo "not ok $((n_ok + n_not_ok + n_skip)) $1"
}

# skip DESCRIPTION REASON: one check cannot be made here.
skip() {
	n_skip=$((n_skip + 1))
	echo "ok $((n_ok + n_not_ok + n_skip)) $1 # SKIP $2"
}

# skip_all REASON: the whole test cannot be made here.
skip_all() {
	echo "1..0 # SKIP $*"
	exit "$ksft_skip"
}

# check DESCRIPTION CMD...: ok if CMD succeeds; its output is shown if not.
check() {
	local what=$1 out rc=0

	shift
	out=$("$@" 2>&1) || rc=$?
	if [ "$rc" -eq 0 ]; then
		ok "$what"
	else
		not_ok "$what" "status $rc of: $*${out:+
$out}"
	fi
	return "$rc"
}

# check_fails DESCRIPTION CMD...: ok if CMD fails.
check_fails() {
	local what=$1 out

	shift
	if out=$("$@" 2>&1); then
		not_ok "$what" "succeeded: $*${out:+
$out}"
		return 1
	fi
	ok "$what"
}

# check_eq DESCRIPTION WANTED GOT
check_eq() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "wanted: $2
got:    $3"
		return 1
	fi
}

# finish: the plan line, and the test's exit status.
finish() {
	echo "1..$((n_ok + n_not_ok + n_skip))"
	[ "$n_not_ok" -eq 0 ] || exit "$ksft_fail"
	[ "$n_ok" -gt 0 ] || exit "$ksft_skip"
	exit "$ksft_pass"
}

# need_tools TOOL...: skips the test where a program is missing.
need_tools() {
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
}

# need_module NAME...: loads kernel modules, skips the test where one is missing.
need_module() {
	local name

	for name in "$@"; do
		modprobe -q "$name" || skip_all "the kernel has no module $name"
	done
}

# --- Waiting ------------------------------------------------------------------

# A pause of polling: nobody ever writes to this pipe.
exec {pause_fd}<> <(:)
pause() {
	local _

	read -r -t 0.02 -u "$pause_fd" _ || :
}

now_ms() {
	local t=${EPOCHREALTIME/[.,]/}

	echo "${t%???}"
}

# busywait MILLISECONDS CMD...: calls CMD until it succeeds, and prints the
# output of its last call; fails when the time is over.
busywait() {
	local end out

	end=$(($(now_ms) + $1))
	shift
	until out=$("$@" 2>&1); do
		if [ "$(now_ms)" -ge "$end" ]; then
			printf '%s\n' "$out"
			return 1
		fi
		pause
	done
	printf '%s' "${out:+$out
}"
}

# wait_listen NS PROTOCOL PORT: until somebody listens (t, u: as for ss(8)).
wait_listen() {
	# shellcheck disable=SC2016
	busywait 10000 bash -c '[ -n "$(ip netns exec "$1" ss -Hln"$2" "sport = :$3")" ]' \
		_ "$1" "$2" "$3"
}

# --- Namespaces and processes -------------------------------------------------

# setup_ns NAME...: makes namespaces of random names, $NAME holds each name.
setup_ns() {
	local name ns

	for name in "$@"; do
		ns=$(mktemp -u "$name-XXXXXX")
		ip netns add "$ns" || skip_all "no network namespaces"
		ip -n "$ns" link set lo up
		ns_all+=("$ns")
		printf -v "$name" '%s' "$ns"
	done
}

# del_ns NAMESPACE...: removes namespaces before the test ends.
del_ns() {
	local ns each rest

	for ns in "$@"; do
		ip netns pids "$ns" 2>/dev/null | xargs -r kill -9 2>/dev/null
		ip netns del "$ns"
		rest=()
		for each in "${ns_all[@]}"; do
			[ "$each" = "$ns" ] || rest+=("$each")
		done
		ns_all=("${rest[@]}")
	done
}

# results CMD...: the checks of a test that is written in Python, its lines
# "ok ...", "not ok ..." and "skip ...", as results of this one.
results() {
	local line

	while IFS= read -r line; do
		case $line in
		"ok "*) ok "${line#ok }" ;;
		"not ok "*) not_ok "${line#not ok }" ;;
		"skip "*) skip "${line#skip }" "not so on stock" ;;
		"status 0" | "status 1") ;;
		"status "*) not_ok "$* runs to its end" ;;
		*) comment "$line" ;;
		esac
	done < <("$@" 2>&1; echo "status $?")
}

# bg CMD...: runs CMD behind the test's back until the test ends; $! is its
# process. Output goes to $scratch/bg.log.
bg() {
	"$@" </dev/null >>"$scratch/bg.log" 2>&1 &
	bg_all+=($!)
}

# in_ns NAMESPACE CMD...
in_ns() {
	local ns=$1

	shift
	ip netns exec "$ns" "$@"
}

# gone PID...: none of the processes runs any more.
gone() {
	local pid

	for pid in "$@"; do
		[ ! -d "/proc/$pid" ] || return 1
	done
}

cleanup() {
	local rc=$? ns pid

	trap - EXIT INT TERM
	set +eu
	for pid in "${bg_all[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for ns in "${ns_all[@]}"; do
		ip netns pids "$ns" | xargs -r kill -9 2>/dev/null
	done
	for pid in "${bg_all[@]}"; do
		busywait 2000 gone "$pid" >/dev/null || kill -9 "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	for ns in "${ns_all[@]}"; do
		ip netns del "$ns"
	done
	rm -rf "$scratch"
	exit "$rc"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# --- The module under test ----------------------------------------------------

# build_id_of FILE: the linker's identity of a module file, in hexadecimal.
build_id_of() {
	readelf -n "$1" 2>/dev/null | sed -n 's/.*Build ID: //p'
}

# build_id MODULE: the same of a module that is loaded.
build_id() {
	tail -c 20 "/sys/module/$1/notes/.note.gnu.build-id" | od -An -v -tx1 | tr -d ' \n'
}

# ct_module [MODULE]: "ours" or "stock": which nf_conntrack is loaded.
ct_module() {
	local name=${1:-nf_conntrack} file

	if [ ! -d "/sys/module/$name" ]; then
		echo none
		return 1
	fi
	file=/lib/modules/$(uname -r)/updates/$name.ko
	if [ -e "$file" ] && [ "$(build_id_of "$file")" = "$(build_id "$name")" ]; then
		echo ours
	else
		echo stock
	fi
}

# ct_module_line [MODULE]: which file the loaded module is, and what tells it
# from others: its srcversion, or its build ID where it has none.
ct_module_line() {
	local name=${1:-nf_conntrack} which file id

	which=$(ct_module "$name") || {
		echo "$name: not loaded"
		return 1
	}
	file=$(find "/lib/modules/$(uname -r)/" -name "$name.ko*" \
		-path "*/$([ "$which" = ours ] && echo updates || echo kernel)/*" | head -n 1)
	if id=$(cat "/sys/module/$name/srcversion" 2>/dev/null); then
		id="srcversion $id"
	else
		id="build ID $(build_id "$name")"
	fi
	echo "$name: $which, $file, $id"
}

# --- The usual topology -------------------------------------------------------
#
#   $client                   $router                    $server
#  +----------------+    +-----------------------+    +----------------+
#  |   10.0.1.2 c0 -+----+- r0 10.0.1.1          |    |                |
#  |  fd00:1::2     |    |    fd00:1::1          |    |                |
#  |                |    |        10.0.2.1   r1 -+----+- s0 10.0.2.2   |
#  |                |    |       fd00:2::1       |    |     fd00:2::2  |
#  +----------------+    +-----------------------+    +----------------+
#
# The router forwards both; client and server have their default routes by it.

client_ip4=10.0.1.2 client_ip6=fd00:1::2
router_ip4=10.0.1.1 router_ip6=fd00:1::1
router_wan_ip4=10.0.2.1 router_wan_ip6=fd00:2::1
server_ip4=10.0.2.2 server_ip6=fd00:2::2

# veth_pair NS DEVICE IP4 IP6 NS DEVICE IP4 IP6: two namespaces, one wire.
veth_pair() {
	ip link add "$2" netns "$1" type veth peer name "$6" netns "$5" || return
	set_addr "$1" "$2" "$3" "$4"
	set_addr "$5" "$6" "$7" "$8"
}

# set_addr NS DEVICE IP4 IP6
set_addr() {
	ip -n "$1" address add "$3/24" dev "$2"
	ip -n "$1" address add "$4/64" dev "$2" nodad
	ip -n "$1" link set "$2" up
}

setup_topology() {
	setup_ns client router server
	# shellcheck disable=SC2154
	{
		veth_pair "$client" c0 "$client_ip4" "$client_ip6" \
			"$router" r0 "$router_ip4" "$router_ip6"
		veth_pair "$router" r1 "$router_wan_ip4" "$router_wan_ip6" \
			"$server" s0 "$server_ip4" "$server_ip6"
		in_ns "$router" sysctl -qw net.ipv4.ip_forward=1 \
			net.ipv6.conf.all.forwarding=1
		ip -n "$client" route add default via "$router_ip4"
		ip -n "$client" route add default via "$router_ip6"
		ip -n "$server" route add default via "$router_wan_ip4"
		ip -n "$server" route add default via "$router_wan_ip6"
	}
}
