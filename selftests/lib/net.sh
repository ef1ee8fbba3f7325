# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests with traffic share, on top of lib.sh: a server that says whom
# it sees, a client, and how entries and counters are read. Sourced after lib.sh.

# Built at the first use, for all tests that run on this machine.
net_tool=/tmp/nf_ct-net
if [ ! -x "$net_tool" ]; then
	gcc -o "$net_tool.$$" "$(dirname "${BASH_SOURCE[0]}")/net.c" || skip_all "no compiler"
	mv "$net_tool.$$" "$net_tool"
fi

# serve NS PORT...: an echo server for UDP and TCP there; returns when it listens.
serve() {
	local ns=$1 port

	shift
	bg ip netns exec "$ns" "$net_tool" serve "$@"
	for port in "$@"; do
		wait_listen "$ns" t "$port"
	done
}

# ask NS udp|tcp ADDRESS PORT [OPTION...]: one exchange with a server; prints
# "from ADDRESS PORT to ADDRESS PORT" as the server sees it. Options: see net.c.
ask() {
	local ns=$1

	shift
	ip netns exec "$ns" "$net_tool" ask "$@"
}

# seen_from, seen_to: the addresses (without port) in the server's line.
seen_from() {
	ask "$@" | cut -d ' ' -f 2
}

seen_to() {
	ask "$@" | cut -d ' ' -f 5
}

# ct NS [REGEX]: the entries of a namespace, those that match.
ct() {
	ip netns exec "$1" grep -E -- "${2:-.}" /proc/net/nf_conntrack
}

# ct_count NS [REGEX]: their number.
ct_count() {
	ip netns exec "$1" grep -cE -- "${2:-.}" /proc/net/nf_conntrack || :
}

# ct_gone NS [REGEX]: there is none.
ct_gone() {
	! ct "$@"
}

# counter NS NAME [FAMILY TABLE]: packets of a named nftables counter.
counter() {
	ip netns exec "$1" nft list counter ${3:-inet} ${4:-t} "$2" |
		sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

# counter_is NS NAME TEST(1)-OPERATOR NUMBER [FAMILY TABLE]
counter_is() {
	test "$(counter "$1" "$2" ${5+"$5" "$6"})" "$3" "$4"
}

# check_counter NS NAME OPERATOR NUMBER DESCRIPTION
check_counter() {
	local n

	n=$(counter "$1" "$2")
	if test "${n:-none}" "$3" "$4"; then
		ok "$5"
	else
		not_ok "$5" "counter $2 is ${n:-none}, wanted $3 $4"
	fi
}

# rules NS: loads the nftables ruleset on stdin in place of what was there.
rules() {
	{
		echo "flush ruleset"
		cat
	} | ip netns exec "$1" nft -f - || {
		not_ok "the ruleset can be loaded"
		exit "$ksft_fail"
	}
}

# ping_ok NS ADDRESS [OPTION...]: one echo goes and comes.
ping_ok() {
	local ns=$1 to=$2

	shift 2
	ip netns exec "$ns" ping -n -q -c 1 -W 5 "$@" "$to"
}

# ping_lost NS ADDRESS [OPTION...]: it does not.
ping_lost() {
	local ns=$1 to=$2

	shift 2
	! ip netns exec "$ns" ping -n -q -c 1 -W 1 "$@" "$to"
}

# stat_sum NS COLUMN: a column of /proc/net/stat/nf_conntrack, all CPUs.
stat_sum() {
	ip netns exec "$1" awk -v want="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == want) col = i; next }
		{ print $col }' /proc/net/stat/nf_conntrack |
		{
			local n sum=0

			while read -r n; do
				sum=$((sum + 0x$n))
			done
			echo "$sum"
		}
}

# ct_users MODULE: the module and all that use it, users first.
ct_users() {
	local user

	for user in /sys/module/"$1"/holders/*; do
		[ ! -d "$user" ] || ct_users "${user##*/}"
	done
	echo "$1"
}

# ct_unload: takes nf_conntrack and all its users out, within a bound.
ct_unload() {
	local end=$(($(now_ms) + 20000)) module

	while [ -d /sys/module/nf_conntrack ]; do
		for module in $(ct_users nf_conntrack | awk '!seen[$0]++'); do
			rmmod "$module" 2>/dev/null
		done
		[ -d /sys/module/nf_conntrack ] || return 0
		[ "$(now_ms)" -lt $end ] || return 1
		pause
	done
}
