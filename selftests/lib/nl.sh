# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of the netlink face share: conntrack(8) in a namespace, its
# answers brought into an order, and a client of libnetfilter_conntrack for what
# it can't say. Sourced beside lib.sh.

# Names of labels, as conntrack(8) and nft(8) read them.
label_names() {
	local conf

	mkdir -p /etc/xtables
	for conf in /etc/connlabel.conf /etc/xtables/connlabel.conf; do
		printf '%s\n' '0 first' '5 five' '127 last' >"$conf"
	done
}

# track NS: entries are made there for all traffic from now on, and may have labels.
track() {
	nft_in "$1" <<'RULES'
table inet track {
	chain in {
		type filter hook prerouting priority filter; policy accept;
		ct state invalid,new,established counter
		ip protocol 200 ct label set 0
	}
	chain out {
		type filter hook output priority filter; policy accept;
		ct state invalid,new,established counter
	}
}
RULES
}

# nft_in NS: the ruleset on stdin.
nft_in() {
	local enter=(nsenter "--net=/run/netns/$1")

	[ "$1" != . ] || enter=()
	"${enter[@]}" nft -f - || {
		not_ok "the ruleset can be loaded"
		exit "$ksft_fail"
	}
}

# alone: the test goes on in a network namespace of its own, which conntrack(8)
# then needs no help to be in: a program's start is what costs time here. Called
# before lib.sh is sourced.
alone() {
	if [ -z "${NL_ALONE-}" ]; then
		NL_ALONE=1 exec unshare --net "$0"
	fi
	ip link set lo up
}

# ctk NS ARG...: conntrack(8) there (. is where the test is); what it says besides
# goes to $scratch/said.
ctk() {
	local ns=$1

	shift
	if [ "$ns" = . ]; then
		conntrack "$@" 2>"$scratch/said"
	else
		nsenter --net="/run/netns/$ns" conntrack "$@" 2>"$scratch/said"
	fi
}

# said: how many entries conntrack(8) said it had dealt with, or its complaint.
said() {
	local line

	while read -r line; do
		case $line in
		'conntrack v'*'(conntrack-tools): '*) echo "${line#*): }" ;;
		esac
	done <"$scratch/said"
}

# ordered NAME...: in $ordered, without a program.
ordered() {
	local name i all=()

	for name in "$@"; do
		for ((i = ${#all[@]}; i > 0; i--)); do
			[[ ${all[i - 1]} > $name ]] || break
			all[i]=${all[i - 1]}
		done
		all[i]=$name
	done
	ordered=${all[*]}
}

# names: of each entry on stdin the first port, id or key, which the tests choose
# so that it is the entry's own; sorted, on one line.
names() {
	local line all=()

	while read -r line; do
		if [[ $line =~ [[:space:]](sport|id|srckey)=([^ ]+) ]]; then
			all+=("${BASH_REMATCH[2]}")
		else
			all+=(none)
		fi
	done
	ordered "${all[@]}"
	echo "$ordered"
}

# listing NS [ARG...]: all entries of a namespace with everything about them, but
# without the time they have, in an order of their own.
listing() {
	local ns=$1

	shift
	{
		ctk "$ns" -L -o extended,id,labels "$@"
		ctk "$ns" -L -o extended,id,labels -f ipv6 "$@"
	} | sed -E 's/^(ipv[46] +[0-9]+ [a-z0-9]+ +[0-9]+) [0-9]+/\1/; s/ use=[0-9]+//' | sort
}

# nlct NS ARG...: the client of libnetfilter_conntrack, see nlct.c.
nlct=/tmp/nf_ct-nlct
nlct() {
	local ns=$1

	if [ ! -x "$nlct" ]; then
		gcc -o "$nlct.$$" "$(dirname "${BASH_SOURCE[0]}")/nlct.c" \
			-lnetfilter_conntrack -lmnl || return
		mv "$nlct.$$" "$nlct"
	fi
	shift
	if [ "$ns" = . ]; then
		"$nlct" "$@"
	else
		nsenter --net="/run/netns/$ns" "$nlct" "$@"
	fi
}
