#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each setting: its default, its range (out of it: EINVAL, and nothing changes)
# and who may write it.

. "$(dirname "$0")/lib.sh"

dir=/proc/sys/net/netfilter
setup_ns child
own=

# Names without nf_conntrack_, and their defaults.
switches="acct=0 checksum=1 dccp_loose=1 tcp_be_liberal=0
	tcp_ignore_invalid_rst=0 tcp_loose=1 timestamp=0"
bytes="log_invalid=0 tcp_max_retrans=3"
seconds="dccp_timeout_closereq=64 dccp_timeout_closing=64 dccp_timeout_open=43200
	dccp_timeout_partopen=480 dccp_timeout_request=240 dccp_timeout_respond=480
	dccp_timeout_timewait=240 generic_timeout=600 gre_timeout=30
	gre_timeout_stream=180 icmp_timeout=30 icmpv6_timeout=30
	sctp_timeout_closed=10 sctp_timeout_cookie_echoed=3
	sctp_timeout_cookie_wait=3 sctp_timeout_established=210
	sctp_timeout_heartbeat_sent=30 sctp_timeout_shutdown_ack_sent=3
	sctp_timeout_shutdown_recd=3 sctp_timeout_shutdown_sent=3
	tcp_timeout_close=10 tcp_timeout_close_wait=60
	tcp_timeout_established=432000 tcp_timeout_fin_wait=120
	tcp_timeout_last_ack=30 tcp_timeout_max_retrans=300
	tcp_timeout_syn_recv=60 tcp_timeout_syn_sent=120
	tcp_timeout_time_wait=120 tcp_timeout_unacknowledged=300
	udp_timeout=30 udp_timeout_stream=120"

# Without a process for each: there are hundreds of them. Sets $got.
get() {
	read -r got <"$dir/$1"
}

value() {
	cat "$dir/$1"
}

put() {
	echo "$2" 2>/dev/null >"$dir/$1"
}

# refuses NAME VALUE...: each is refused, and the setting stays as it is.
refuses() {
	local name=$1 old value bad=

	shift
	get "$name"
	old=$got
	for value; do
		put "$name" "$value" 2>/dev/null && bad+=" accepted($value)"
		get "$name"
		[ "$got" = "$old" ] || bad+=" changed-by($value)"
	done
	[ -z "$bad" ] || echo "$name:$bad"
	[ -z "$bad" ]
}

# accepts NAME VALUE...: and restores the old value.
accepts() {
	local name=$1 old value bad=

	shift
	get "$name"
	old=$got
	for value; do
		put "$name" "$value" 2>/dev/null || bad+=" refused($value)"
		get "$name"
		[ "$got" = "$value" ] || bad+=" $got!=$value"
	done
	put "$name" "$old"
	[ -z "$bad" ] || echo "$name:$bad"
	[ -z "$bad" ]
}

# range NAME DEFAULT "ACCEPTED" "REFUSED"
range() {
	local - got

	set -f
	get "$1"
	check_eq "$1 is $2 at first" "$2" "$got"
	# shellcheck disable=SC2086
	check "$1 accepts $3" accepts "$1" $3
	# shellcheck disable=SC2086
	check "$1 refuses $4" refuses "$1" $4 abc ""
	own+="$1:$2 "
}

for each in $switches; do
	range "nf_conntrack_${each%=*}" "${each#*=}" "0 1" "-1 2 256"
done
for each in $bytes; do
	range "nf_conntrack_${each%=*}" "${each#*=}" "0 1 254 255" "-1 256 65536"
done
range nf_conntrack_events 2 "0 1 2" "-1 3"
for each in $seconds; do
	range "nf_conntrack_${each%=*}" "${each#*=}" "0 1 86400" \
		"2147483647 2147483648 4294967296"
done
if [ -e $dir/nf_flowtable_tcp_timeout ]; then
	range nf_flowtable_tcp_timeout 30 "0 1 86400" "2147483648"
	range nf_flowtable_udp_timeout 30 "0 1 86400" "2147483648"
fi

check_eq "a child namespace has its own, with the same values at first" "$own" \
	"$(in_ns "$child" bash -c 'cd "$1"; for e in $2; do
		read -r got <"${e%:*}"; printf "%s:%s " "${e%:*}" "$got"; done' \
		_ "$dir" "$own")"

# The machine's: one value, which children can only read.
check "nf_conntrack_max accepts" accepts nf_conntrack_max 0 1 2147483647
check "nf_conntrack_max refuses" refuses nf_conntrack_max -1 2147483648 abc
check "nf_conntrack_expect_max accepts" accepts nf_conntrack_expect_max 1 2147483647
check "nf_conntrack_expect_max refuses" refuses nf_conntrack_expect_max 0 -1 2147483648
check "nf_conntrack_buckets refuses" refuses nf_conntrack_buckets 0 2147483648 abc -1
check "nf_conntrack_count can't be written" refuses nf_conntrack_count 0 1
old=$(value nf_conntrack_buckets)
put nf_conntrack_buckets 1000
check_eq "nf_conntrack_buckets is rounded up" 1024 "$(value nf_conntrack_buckets)"
check_eq "and the parameter hashsize shows the same" 1024 \
	"$(cat /sys/module/nf_conntrack/parameters/hashsize)"
echo 3000 >/sys/module/nf_conntrack/parameters/hashsize
check_eq "hashsize can be written, too" 3072 "$(value nf_conntrack_buckets)"
put nf_conntrack_buckets "$old"
check_eq "nf_conntrack_buckets is back" "$old" "$(value nf_conntrack_buckets)"
for name in max expect_max buckets; do
	check_eq "a child namespace sees nf_conntrack_$name" \
		"$(value nf_conntrack_$name)" "$(in_ns "$child" cat "$dir/nf_conntrack_$name")"
	check_eq "and may only read it" 444 \
		"$(in_ns "$child" stat -c %a "$dir/nf_conntrack_$name")"
done
old=$(value nf_conntrack_max)
echo 12345 >/proc/sys/net/nf_conntrack_max
check_eq "net.nf_conntrack_max is the same setting" 12345 "$(value nf_conntrack_max)"
put nf_conntrack_max "$old"
check_fails "it is in the initial namespace only" \
	in_ns "$child" test -e /proc/sys/net/nf_conntrack_max

in_ns "$child" sh -c "echo 7 >$dir/nf_conntrack_udp_timeout"
check_eq "what a child sets stays there" 30 "$(value nf_conntrack_udp_timeout)"
check_eq "and holds there" 7 "$(in_ns "$child" cat $dir/nf_conntrack_udp_timeout)"
finish
