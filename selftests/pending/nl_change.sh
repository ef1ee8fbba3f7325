#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# conntrack(8) changes the table: -I, -A, -U, -D by each filter, -F, and -R of
# what -o save wrote; what is there already, or isn't, is refused as it should
# be; what it made is what packets then meet.

. "$(dirname "$0")/lib/nl.sh"
alone
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools conntrack nft
need_module nft_ct nf_nat
label_names
ns=.
track $ns

# does WHAT WANTED ARG...: conntrack(8) with these says, and returns, what is wanted.
does() {
	local what=$1 want=$2 rc=0

	shift 2
	ctk $ns "$@" >"$scratch/out" || rc=$?
	check_eq "$what" "$want" "$rc: $(said)"
}

# shows WHAT WANTED ARG...: of the entries that -L shows with these.
shows() {
	local what=$1 want=$2

	shift 2
	check_eq "$what" "$want" "$(ctk $ns -L "$@" | sed -E 's/\b(29[0-9]{3}|30000)\b/TIME/')"
}

made="0: 1 flow entries have been created."
exists="1: Operation failed: Such conntrack exists, try -U to update"
a4='-s 10.1.0.1 -d 10.2.0.1'

# --- Made -----------------------------------------------------------------------

# shellcheck disable=SC2086
{
	does "-I" "$made" -I -p tcp $a4 --sport 11 --dport 80 --state ESTABLISHED -t 30000
	does "-I of what exists" "$exists" -I -p tcp $a4 --sport 11 --dport 80 --state CLOSE -t 9
	does "-I of what exists the other way round" "$exists" \
		-I -p tcp -s 10.2.0.1 -d 10.1.0.1 --sport 80 --dport 11 --state CLOSE -t 9
	does "-I whose reply tuple exists" "$exists" -I -p tcp -s 10.9.9.9 -d 10.2.0.1 \
		-r 10.2.0.1 -q 10.1.0.1 --reply-port-src 80 --reply-port-dst 11 \
		--sport 1 --dport 80 --state ESTABLISHED -t 9
	does "-A of what exists changes nothing" "0: 0 flow entries have been added." \
		-A -p tcp $a4 --sport 11 --dport 80 --state CLOSE -t 9
	shows "the entry is as it was" \
		"tcp      6 TIME ESTABLISHED src=10.1.0.1 dst=10.2.0.1 sport=11 dport=80 [UNREPLIED] src=10.2.0.1 dst=10.1.0.1 sport=80 dport=11 mark=0 use=1"
	does "-A of what is not there" "0: 1 flow entries have been added." \
		-A -p udp $a4 --sport 12 --dport 53 -t 30000
	does "-I in another zone" "$made" -I -p tcp $a4 --sport 11 --dport 80 --state CLOSE -t 30000 -w 2
	does "and not twice" "$exists" -I -p tcp $a4 --sport 11 --dport 80 --state CLOSE -t 30000 -w 2
	does "-I in a zone of one direction, the other free" "$made" \
		-I -p udp $a4 --sport 13 --dport 53 -t 30000 --orig-zone 6
	does "-I whose reply is taken in the common zone" "$exists" \
		-I -p udp $a4 --sport 13 --dport 53 -t 30000 --orig-zone 7
	does "-I with a protocol nobody knows" "$made" -I -p 200 $a4 -t 30000
	does "-I with IPv6" "$made" -I -p udplite -s fd00:1::1 -d fd00:2::1 --sport 14 --dport 53 -t 30000
	does "-I with a time too long is cut" "$made" \
		-I -p udp $a4 --sport 15 --dport 53 -t 4294967295
	check "to what fits" test "$(ctk $ns -L -p udp --sport 15 | awk '{ print $3 }')" -gt 2000000
	does "-I with assured, answered, fixed" "$made" \
		-I -p udp $a4 --sport 16 --dport 53 -t 30000 -u SEEN_REPLY,ASSURED,FIXED_TIMEOUT
	shows "so it is" "-A -t TIME -u SEEN_REPLY,ASSURED,FIXED_TIMEOUT -s 10.1.0.1 -d 10.2.0.1 -r 10.2.0.1 -q 10.1.0.1 -p udp --sport 16 --dport 53 --reply-port-src 53 --reply-port-dst 16" \
		-p udp --sport 16 -o save

	does "-I with source NAT" "$made" -I -p tcp -s 10.1.0.9 -d 10.2.0.9 --sport 21 --dport 80 \
		--state ESTABLISHED -t 30000 -n 10.3.0.1
	shows "the port stays" \
		"tcp      6 TIME ESTABLISHED src=10.1.0.9 dst=10.2.0.9 sport=21 dport=80 [UNREPLIED] src=10.2.0.9 dst=10.3.0.1 sport=80 dport=21 mark=0 use=1" \
		-p tcp --sport 21
	does "a second with the same port" "$made" -I -p tcp -s 10.1.0.8 -d 10.2.0.9 --sport 21 --dport 80 \
		--state ESTABLISHED -t 30000 -n 10.3.0.1
	check_eq "gets another" 0 "$(ctk $ns -L -p tcp -s 10.1.0.8 | grep -c 'dport=21 ')"
	does "-I with destination NAT" "$made" -I -p udp -s 10.1.0.9 -d 10.2.0.9 --sport 22 --dport 53 \
		-t 30000 -g 10.3.0.2:5353
	shows "so it is" \
		"udp      17 TIME src=10.1.0.9 dst=10.2.0.9 sport=22 dport=53 [UNREPLIED] src=10.3.0.2 dst=10.1.0.9 sport=5353 dport=22 mark=0 use=1" \
		-p udp --sport 22
	does "-I with both and a mark, IPv6" "$made" -I -p tcp -s fd00:1::9 -d fd00:2::9 --sport 23 --dport 80 \
		--state ESTABLISHED -t 30000 -n fd00:3::1 -g fd00:3::2 -m 7
	shows "so it is" \
		"tcp      6 TIME ESTABLISHED src=fd00:1::9 dst=fd00:2::9 sport=23 dport=80 [UNREPLIED] src=fd00:3::2 dst=fd00:3::1 sport=80 dport=23 mark=7 use=1" \
		-p tcp --sport 23 -f ipv6
}
check_eq "-C" 12 "$(ctk $ns -C)"

# --- Changed ----------------------------------------------------------------------

# shellcheck disable=SC2086
{
	updated="0: 1 flow entries have been updated."
	# It would find the one in the zone, and change the other.
	does "-D by zone" "0: 1 flow entries have been deleted." -D -w 2
	one="-p tcp $a4 --sport 11 --dport 80"
	does "-U of what is not there" "1: 0 flow entries have been updated." -U -p tcp -s 10.1.0.77 -m 1
	does "-U -m" "$updated" -U $one -m 0x11
	does "-U -m with a mask" "$updated" -U $one -m 0x100/0x101
	check_eq "cleared, then turned" "272" \
		"$(ctk $ns -L $one | grep -o 'mark=[0-9]*' | cut -d = -f 2 | xargs)"
	does "-U -t" "$updated" -U -p udp $a4 --sport 12 -t 29500
	check "the time is new" grep -qE '^udp +17 29[45][0-9]{2} ' <(ctk $ns -L -p udp --sport 12)
	does "-U --state" "$updated" -U $one --state TIME_WAIT
	check_eq "the state is new" "TIME_WAIT" "$(ctk $ns -L $one | awk '{ print $4 }' | xargs)"
	does "-U -u" "$updated" -U $one -u SEEN_REPLY,ASSURED
	check_eq "the status is new" 1 "$(ctk $ns -L $one -u ASSURED | wc -l)"
	ctk $ns -U $one -u SEEN_REPLY >"$scratch/out"
	check_eq "what is not named stays" 1 "$(ctk $ns -L $one -u ASSURED | wc -l)"
	does "-U --label-add" "$updated" -U $one --label-add five
	does "another" "$updated" -U $one --label-add last
	check_eq "both are there" 1 "$(ctk $ns -L $one -o labels | grep -c 'labels=five,last')"
	does "-U --label-del of one" "$updated" -U $one --label-del five
	check_eq "the other is there" 1 "$(ctk $ns -L $one -o labels | grep -c 'labels=last')"
	does "-U --label-del of all" "$updated" -U $one --label-del
	check_eq "none is there" 0 "$(ctk $ns -L $one -o labels | grep -c 'labels=')"
	does "-U of many" "0: 2 flow entries have been updated." -U -p tcp -s 10.1.0.8/31 -m 0x200
	does "-U by mark" "0: 2 flow entries have been updated." -U -p tcp -m 0x201/0xffffffff -s 10.1.0.8/31
}

# --- Met by packets -----------------------------------------------------------------

ip address add 10.7.0.1/32 dev lo
ip address add 10.7.0.2/32 dev lo
bg "$net" serve 53
listening() {
	[ -n "$(ss -Hlnu 'sport = :53')" ]
}
busywait 10000 listening >/dev/null
nft_in $ns <<'RULES'
table ip nat {
	chain o { type nat hook output priority -100; policy accept; }
}
RULES
does "an entry with destination NAT that a flow will find" "$made" \
	-I -p udp -s 10.7.0.1 -d 10.99.0.1 --sport 3000 --dport 99 -g 10.7.0.2:53 -t 30000
ip route add 10.99.0.0/16 dev lo
check_eq "it goes where the entry says" "from 10.7.0.1 3000 to 10.7.0.2 53" \
	"$("$net" ask udp 10.99.0.1 99 -f 10.7.0.1 -p 3000)"
check_eq "and is answered" 1 "$(ctk $ns -L -u SEEN_REPLY -p udp --sport 3000 | wc -l)"
"$net" ask udp 10.7.0.2 53 -f 10.7.0.1 -p 3001 >/dev/null
ctk $ns -U -p udp -s 10.7.0.1 --sport 3001 -u FIXED_TIMEOUT -t 29000 >"$scratch/out"
"$net" ask udp 10.7.0.2 53 -f 10.7.0.1 -p 3001 >/dev/null
check "a fixed time is not renewed by packets" \
	grep -qE '^udp +17 2[89][0-9]{3} ' <(ctk $ns -L -p udp --sport 3001)

# --- Deleted ------------------------------------------------------------------------

# All in one go, with the commands of a file: a program's start is slow here.
fill() {
	ctk "$ns" -F
	sed 's/^/-I -t 30000 -p /' >"$scratch/entries" <<ENTRIES
tcp $a4 --sport 11 --dport 80 --state ESTABLISHED -u SEEN_REPLY,ASSURED
udp $a4 --sport 21 --dport 53 -m 0xff000001
udp -s 10.1.1.2 -d 10.2.0.3 --sport 22 --dport 53 -w 3 -u SEEN_REPLY
udp -s 10.1.1.3 -d 10.2.0.3 --sport 23 --dport 53 --orig-zone 4
udp -s 10.1.1.4 -d 10.2.0.4 --sport 24 --dport 53 --reply-zone 5
icmp $a4 --icmp-type 8 --icmp-code 0 --icmp-id 31
icmp $a4 --icmp-type 13 --icmp-code 0 --icmp-id 32
sctp $a4 --sport 41 --dport 5000 --state ESTABLISHED --orig-vtag 7 --reply-vtag 8
sctp $a4 --sport 42 --dport 5000 --state COOKIE_WAIT --orig-vtag 9 --reply-vtag 0
gre $a4 --srckey 61 --dstkey 62
udplite $a4 --sport 71 --dport 72
tcp -s 10.1.9.1 -d 10.2.9.1 --sport 81 --dport 80 --state ESTABLISHED --src-nat 10.3.0.1:1081
tcp -s 10.1.9.2 -d 10.2.9.1 --sport 82 --dport 80 --state ESTABLISHED --dst-nat 10.3.0.2:1082
tcp -s fd00:1::1 -d fd00:2::1 --sport 91 --dport 80 --state ESTABLISHED
udp -s fd00:1::2 -d fd00:2::1 --sport 92 --dport 53 -m 0x20
icmpv6 -s fd00:1::1 -d fd00:2::1 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 93
ENTRIES
	# The program dies of labels in a file.
	ctk "$ns" -R "$scratch/entries" &&
		ctk "$ns" -I -t 30000 -p tcp -s 10.1.0.2 -d 10.2.0.1 --sport 12 --dport 443 \
			--state SYN_SENT -m 0x11 --label-add five
}
check "entries of all kinds can be made" fill
left="11 12 21 22 23 24 31 32 41 42 71 81 82 91 92 93 0x3d"
seq=0

# deletes WHAT NAMES ARG...: -D deletes and shows these; the others stay (looked
# at now and then).
deletes() {
	local what=$1 want name

	read -ra want <<<"$2"
	shift 2
	ctk $ns -D "$@" >"$scratch/out"
	ordered "${want[@]}"
	check_eq "-D by $what" "$ordered, ${#want[@]} flow entries have been deleted." \
		"$(names <"$scratch/out"), $(said)"
	for name in "${want[@]}"; do
		left=" $left "
		left=${left/ $name / }
	done
	seq=$((seq + 1))
	[ $((seq % 4)) != 0 ] || still
}
still() {
	# shellcheck disable=SC2086
	ordered $left
	ctk $ns -L >"$scratch/out"
	check_eq "the others are still there" "$ordered" "$(names <"$scratch/out")"
}

# shellcheck disable=SC2086
{
	deletes "what nothing has" "" -s 10.1.0.66
	deletes "the tuple" 11 -p tcp $a4 --sport 11 --dport 80
	deletes "mark" 92 -m 0x20
	deletes "label" "12" -l five
	deletes "zone" 22 -w 3
	deletes "the original direction's zone" 23 --orig-zone 4
	deletes "the reply direction's zone" 24 --reply-zone 5
	deletes "ICMP type" 32 -p icmp --icmp-type 13
	deletes "state" 42 -p sctp --state COOKIE_WAIT
	deletes "source NAT" 81 -n
	deletes "the reply's source" 82 -r 10.3.0.2
	deletes "family" "91 93" -f ipv6
	deletes "mark and mask" 21 -m 0xff000000/0xff000000
	deletes "destination net" "0x3d 31 41 71" -d 10.2.0.0/16
	still
}

check "fill again" fill
does "-F" "0: connection tracking table has been emptied." -F
check_eq "nothing is left" "0 0" "$(ctk $ns -C) $(listing $ns | wc -l)"
check "fill again" fill
does "-F of a family" "0: connection tracking table has been emptied." -F -f ipv6
check_eq "takes them all, for it does not tell the family" 0 "$(ctk $ns -C)"

# --- Saved and brought back -----------------------------------------------------------

check "fill again" fill
ctk $ns -D -n >/dev/null
ctk $ns -D -g >/dev/null
state() {
	ctk $ns -L -o save | sed -E 's/ -t (29[0-9]{3}|30000) / /' | sort
}
state >"$scratch/before"
ctk $ns -L -o save >"$scratch/save"
check "-o save has all" test "$(wc -l <"$scratch/save")" = 15
does "-R beside what is there" "0: " -R "$scratch/save"
check_eq "leaves it so" "$(cat "$scratch/before")" "$(state)"
ctk $ns -F
does "-R into an empty table" "0: " -R "$scratch/save"
check_eq "brings all of it back" "$(cat "$scratch/before")" "$(state)"
ctk $ns -F
check "from a pipe, into another zone" ctk $ns -R - < <(sed 's/-w 3/-w 12/' "$scratch/save")
check_eq "there it is" 22 "$(ctk $ns -L -w 12 | names)"
finish
