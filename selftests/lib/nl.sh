# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of the netlink face share: conntrack(8) in a namespace, its
# answers brought into an order, and a client of libnetfilter_conntrack for what
# it can't say. Sourced after lib.sh.

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

nft_in() {
	nsenter --net="/run/netns/$1" nft -f - || {
		not_ok "the ruleset can be loaded"
		exit "$ksft_fail"
	}
}

# ctk NS ARG...: conntrack(8) there; what it says besides goes to $scratch/said.
ctk() {
	local ns=$1

	shift
	nsenter --net="/run/netns/$ns" conntrack "$@" 2>"$scratch/said"
}

# said: how many entries conntrack(8) said it had dealt with, or its complaint.
said() {
	sed -n 's/^conntrack v[0-9.]* (conntrack-tools): //p' "$scratch/said"
}

# names: of each entry on stdin the first port, id or key, which the tests choose
# so that it is the entry's own; sorted, on one line.
names() {
	awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^(sport|id|srckey)=/) {
			sub(/.*=/, "", $i); print $i; next } print "none" }' | sort | xargs
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
	nsenter --net="/run/netns/$ns" "$nlct" "$@"
}
