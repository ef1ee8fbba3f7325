#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# conntrack(8) lists the table: -L with each filter shows the entries that fit
# and no other, -G finds the one, -C counts, and every output says what is so.
# The entries are made by -I, two more by traffic.

. "$(dirname "$0")/lib/nl.sh"
alone
. "$(dirname "$0")/lib.sh"

need_tools conntrack nft
need_module nft_ct nf_nat
label_names
ns=.
track $ns

# All in one go, with the commands of a file: a program's start is slow here.
a4='-s 10.1.0.1 -d 10.2.0.1' a6='-s fd00:1::1 -d fd00:2::1'
sed 's/^/-I -t 30000 -p /' >"$scratch/entries" <<ENTRIES
tcp $a4 --sport 11 --dport 80 --state ESTABLISHED -u SEEN_REPLY,ASSURED
udp $a4 --sport 21 --dport 53 -m 0xff000001
udp -s 10.1.1.2 -d 10.2.0.3 --sport 22 --dport 53 -w 3 -u SEEN_REPLY
udp -s 10.1.1.3 -d 10.2.0.3 --sport 23 --dport 53 --orig-zone 4
udp -s 10.1.1.4 -d 10.2.0.3 --sport 24 --dport 53 --reply-zone 5
icmp $a4 --icmp-type 8 --icmp-code 0 --icmp-id 31
icmp $a4 --icmp-type 13 --icmp-code 0 --icmp-id 32
sctp $a4 --sport 41 --dport 5000 --state ESTABLISHED --orig-vtag 7 --reply-vtag 8
sctp $a4 --sport 42 --dport 5000 --state COOKIE_WAIT --orig-vtag 9 --reply-vtag 0
dccp $a4 --sport 51 --dport 5000 --state OPEN --role client
gre $a4 --srckey 61 --dstkey 62
udplite $a4 --sport 71 --dport 72
99 $a4
tcp -s 10.1.9.1 -d 10.2.9.1 --sport 81 --dport 80 --state ESTABLISHED --src-nat 10.3.0.1:1081
tcp -s 10.1.9.1 -d 10.2.9.1 --sport 82 --dport 80 --state ESTABLISHED --dst-nat 10.3.0.2:1082
tcp -s 10.1.9.1 -d 10.2.9.1 --sport 83 --dport 80 --state ESTABLISHED --src-nat 10.3.0.1:1083 --dst-nat 10.3.0.2:1083
tcp $a6 --sport 91 --dport 80 --state ESTABLISHED
udp -s fd00:1::2 -d fd00:2::1 --sport 92 --dport 53 -m 0x10
icmpv6 $a6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 93
ENTRIES
check "the entries can be made" ctk $ns -R "$scratch/entries"
# But the program dies of labels in a file.
check "one with a label" ctk $ns -I -t 30000 -p tcp -s 10.1.0.2 -d 10.2.0.1 --sport 12 \
	--dport 443 --state SYN_SENT -m 0x11 --label-add five
check "one with two" ctk $ns -I -t 30000 -p tcp -s 10.1.7.3 -d 10.2.0.1 --sport 13 \
	--dport 80 --state CLOSE -m 0x10 --label-add five,last

all4="11 12 13 21 22 23 24 31 32 41 42 51 71 81 82 83 0x3d none"
all6="91 92 93"

# filter WHAT WANTED ARG...: -L with these shows the wanted, whatever the order,
# and says how many they are.
filter() {
	local what=$1 want

	read -ra want <<<"$2"
	shift 2
	ctk $ns -L "$@" >"$scratch/out"
	ordered "${want[@]}"
	check_eq "$what: $*" "$ordered, ${#want[@]} flow entries have been shown." \
		"$(names <"$scratch/out"), $(said)"
}

# --- Filters --------------------------------------------------------------------

filter "all of IPv4" "$all4" -f ipv4
filter "all of IPv6" "$all6" -f ipv6
filter "both" "$all4 $all6"

filter "source" "11 21 31 32 41 42 51 71 0x3d none" -s 10.1.0.1
filter "source net" "11 12 21 31 32 41 42 51 71 0x3d none" -s 10.1.0.0/24
filter "source net by mask" "22 23 24" -s 10.1.1.0 --mask-src 255.255.255.0
filter "source that nobody is" "" -s 10.1.0.77
filter "destination" "22 23 24" -d 10.2.0.3
filter "destination net" "81 82 83" -d 10.2.8.0/21
filter "both ends" 12 -s 10.1.0.2 -d 10.2.0.1
filter "reply's source" "82 83" -r 10.3.0.2
filter "reply's destination" "81 83" -q 10.3.0.1
filter "reply's both" 83 -r 10.3.0.2 -q 10.3.0.1
filter "IPv6 source" "91 93" -s fd00:1::1
filter "IPv6 net" "91 92 93" -s fd00:1::/32
filter "IPv6 destination" "91 92 93" -d fd00:2::1

filter "protocol" "11 12 13 81 82 83" -p tcp -f ipv4
filter "protocol and family" 91 -p tcp -f ipv6
filter "udp" "21 22 23 24" -p udp -f ipv4
filter "icmp" "31 32" -p icmp
filter "icmpv6" 93 -p icmpv6 -f ipv6
filter "sctp" "41 42" -p sctp
filter "dccp" 51 -p dccp
filter "gre" 0x3d -p gre
filter "udplite" 71 -p udplite
filter "a number" none -p 99
filter "source port" 21 -p udp --sport 21
filter "destination port" "11 13 81 82 83 91" -p tcp --dport 80
filter "reply's source port" 82 -p tcp --reply-port-src 1082
filter "reply's destination port" 81 -p tcp --reply-port-dst 1081
filter "sctp port" 42 -p sctp --sport 42
filter "dccp port" 51 -p dccp --dport 5000
filter "udplite port" 71 -p udplite --dport 72
filter "TCP state" 12 -p tcp --state SYN_SENT
filter "TCP state" "11 81 82 83 91" -p tcp --state ESTABLISHED
filter "SCTP state" 42 -p sctp --state COOKIE_WAIT
filter "DCCP state" 51 -p dccp --state OPEN
filter "ICMP type" 32 -p icmp --icmp-type 13
filter "ICMP type and code" 31 -p icmp --icmp-type 8 --icmp-code 0
filter "ICMP id" 31 -p icmp --icmp-id 31
filter "ICMPv6 id" 93 -p icmpv6 --icmpv6-type 128 --icmpv6-id 93 -f ipv6
filter "GRE key" 0x3d -p gre --srckey 61

filter "source NAT" "81 83" -n
filter "source NAT to" "81 83" -n 10.3.0.1
filter "source NAT to nobody" "" -n 10.3.0.9
filter "destination NAT" "82 83" -g
filter "destination NAT to" "82 83" -g 10.3.0.2
filter "any NAT" "81 82 83" -j
filter "any NAT to" "82 83" -j 10.3.0.2

filter "mark" "13 92" -m 0x10
filter "mark of a family" 92 -m 0x10 -f ipv6
filter "mark and mask" "12 13 92" -m 0x10/0x10
filter "mark and mask" "12 21" -m 1/1
filter "mark, high bits" 21 -m 0xff000000/0xff000000
filter "mark 0 in a mask" "11 22 23 24 31 32 41 42 51 71 81 82 83 0x3d none" -m 0/0xff -f ipv4
filter "no such mark" "" -m 0x99

filter "label" "12 13" -l five
filter "two labels" 13 -l five,last
filter "label that none has" "" -l first

filter "zone" 22 -w 3
filter "no such zone" "" -w 9
filter "zone of the original direction" 23 --orig-zone 4
filter "zone of the reply direction" 24 --reply-zone 5

filter "assured" 11 -u ASSURED
filter "answered" "11 22" -u SEEN_REPLY
filter "unreplied" "12 13 21 23 24 31 32 41 42 51 71 81 82 83 0x3d none" -u UNREPLIED -f ipv4
filter "both bits" 11 -u SEEN_REPLY,ASSURED
filter "expected" "" -u EXPECTED

filter "all at once" 12 -p tcp -s 10.1.0.0/16 -d 10.2.0.1 --dport 443 -m 0x11/0xff \
	-l five --state SYN_SENT -f ipv4

# --- Get and count --------------------------------------------------------------

# get WHAT WANTED ARG...
get() {
	local what=$1 entry=$2

	shift 2
	ctk $ns -G "$@" >"$scratch/out"
	check_eq "-G $what" "$entry" "$(names <"$scratch/out")"
}

# shellcheck disable=SC2086
{
	get "by the original tuple" 11 -p tcp $a4 --sport 11 --dport 80
	get "UDP" 21 -p udp $a4 --sport 21 --dport 53
	get "not out of another zone" "" -p udp -s 10.1.1.2 -d 10.2.0.3 --sport 22 --dport 53
	get "ICMP" 32 -p icmp $a4 --icmp-type 13 --icmp-code 0 --icmp-id 32
	get "IPv6" 91 -p tcp $a6 --sport 91 --dport 80
	get "SCTP" 41 -p sctp $a4 --sport 41 --dport 5000
	get "what isn't there" "" -p tcp $a4 --sport 11 --dport 81
}
check_eq "and says so" "Operation failed: such conntrack doesn't exist" "$(said)"
check_eq "-C counts" $(($(wc -w <<<"$all4 $all6"))) "$(ctk $ns -C)"
check_eq "so does the file" "$(ctk $ns -C)" \
	"$(cat /proc/sys/net/netfilter/nf_conntrack_count)"

# --- Outputs --------------------------------------------------------------------

# output WHAT WANTED ARG...: of one entry; the time left is masked.
output() {
	local what=$1 line=$2 got

	shift 2
	got=$(ctk $ns -L "$@" | sed -E 's/\b(29[0-9]{3}|30000)\b/TIME/; s/id=[0-9]{5,}/id=ID/
		s/<id>[0-9]+/<id>ID/')
	check_eq "$what" "$line" "$got"
}

output "plain" \
	"tcp      6 TIME SYN_SENT src=10.1.0.2 dst=10.2.0.1 sport=12 dport=443 [UNREPLIED] src=10.2.0.1 dst=10.1.0.2 sport=443 dport=12 mark=17 use=1" \
	-p tcp --sport 12
output "extended" \
	"ipv6     10 udp      17 TIME src=fd00:1::2 dst=fd00:2::1 sport=92 dport=53 [UNREPLIED] src=fd00:2::1 dst=fd00:1::2 sport=53 dport=92 mark=16 use=1" \
	-f ipv6 -p udp -o extended
output "id" \
	"udp      17 TIME src=10.1.1.2 dst=10.2.0.3 sport=22 dport=53 src=10.2.0.3 dst=10.1.1.2 sport=53 dport=22 mark=0 zone=3 use=1 id=ID" \
	-w 3 -o id
output "labels" \
	"tcp      6 TIME CLOSE src=10.1.7.3 dst=10.2.0.1 sport=13 dport=80 [UNREPLIED] src=10.2.0.1 dst=10.1.7.3 sport=80 dport=13 mark=16 use=1 labels=five,last" \
	-p tcp --sport 13 -o labels
output "zone of a direction" \
	"udp      17 TIME src=10.1.1.3 dst=10.2.0.3 sport=23 dport=53 zone-orig=4 [UNREPLIED] src=10.2.0.3 dst=10.1.1.3 sport=53 dport=23 mark=0 use=1" \
	--orig-zone 4
output "zone of the other direction" \
	"udp      17 TIME src=10.1.1.4 dst=10.2.0.3 sport=24 dport=53 [UNREPLIED] src=10.2.0.3 dst=10.1.1.4 sport=53 dport=24 zone-reply=5 mark=0 use=1" \
	--reply-zone 5
output "sctp" \
	"sctp     132 TIME COOKIE_WAIT src=10.1.0.1 dst=10.2.0.1 sport=42 dport=5000 [UNREPLIED] src=10.2.0.1 dst=10.1.0.1 sport=5000 dport=42 mark=0 use=1" \
	-p sctp --sport 42
output "dccp" \
	"dccp     33 TIME OPEN src=10.1.0.1 dst=10.2.0.1 sport=51 dport=5000 [UNREPLIED] src=10.2.0.1 dst=10.1.0.1 sport=5000 dport=51 mark=0 use=1" \
	-p dccp
output "gre" \
	"gre      47 TIME src=10.1.0.1 dst=10.2.0.1 srckey=0x3d dstkey=0x3e [UNREPLIED] src=10.2.0.1 dst=10.1.0.1 srckey=0x3e dstkey=0x3d mark=0 use=1" \
	-p gre
output "icmp: the reply's type" \
	"icmp     1 TIME src=10.1.0.1 dst=10.2.0.1 type=13 code=0 id=32 [UNREPLIED] src=10.2.0.1 dst=10.1.0.1 type=14 code=0 id=32 mark=0 use=1" \
	-p icmp --icmp-type 13
output "save" \
	"-A -t TIME -u SEEN_REPLY,ASSURED -s 10.1.0.1 -d 10.2.0.1 -r 10.2.0.1 -q 10.1.0.1 -p tcp --sport 11 --dport 80 --reply-port-src 80 --reply-port-dst 11 --state ESTABLISHED" \
	-u ASSURED -o save
output "save, with NAT" \
	"-A -t TIME -u UNSET -s 10.1.9.1 -d 10.2.9.1 -g 10.3.0.2 -n 10.3.0.1 -p tcp --sport 83 --dport 80 --reply-port-src 1083 --reply-port-dst 1083 --state ESTABLISHED" \
	-r 10.3.0.2 -q 10.3.0.1 -o save
output "save, sctp" \
	"-A -t TIME -u UNSET -s 10.1.0.1 -d 10.2.0.1 -r 10.2.0.1 -q 10.1.0.1 -p sctp --sport 41 --dport 5000 --reply-port-src 5000 --reply-port-dst 41 --state ESTABLISHED --orig-vtag 7 --reply-vtag 8" \
	-p sctp --sport 41 -o save
output "save, dccp" \
	"-A -t TIME -u UNSET -s 10.1.0.1 -d 10.2.0.1 -r 10.2.0.1 -q 10.1.0.1 -p dccp --sport 51 --dport 5000 --reply-port-src 5000 --reply-port-dst 51 --state OPEN --role client" \
	-p dccp -o save
output "xml" '<?xml version="1.0" encoding="utf-8"?>
<conntrack>
<flow><meta direction="original"><layer3 protonum="2" protoname="ipv4"><src>10.1.0.1</src><dst>10.2.0.1</dst></layer3><layer4 protonum="6" protoname="tcp"><sport>11</sport><dport>80</dport></layer4></meta><meta direction="reply"><layer3 protonum="2" protoname="ipv4"><src>10.2.0.1</src><dst>10.1.0.1</dst></layer3><layer4 protonum="6" protoname="tcp"><sport>80</sport><dport>11</dport></layer4></meta><meta direction="independent"><state>ESTABLISHED</state><timeout>TIME</timeout><mark>0</mark><use>1</use><id>ID</id><assured/></meta></flow>
</conntrack>' -u ASSURED -o xml
check_eq "each entry has an id of its own" "" "$(ctk $ns -L -o id | grep -o 'id=[0-9]*$' | sort | uniq -d)"
id=$(ctk $ns -L -o id -u ASSURED | grep -o 'id=[0-9]*$')
check_eq "and keeps it" "$id" "$(ctk $ns -L -o id -u ASSURED | grep -o 'id=[0-9]*$')"

# --- Counters and time, of flows there really are ---------------------------------

sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1
ping -n -q -c 1 -s 56 127.0.0.1 >/dev/null
ping -n -q -c 1 -s 100 ::1 >/dev/null
ours() {
	grep -o '\(packets\|bytes\)=[0-9]*' | xargs
}
check_eq "counters" "packets=1 bytes=84 packets=1 bytes=84" "$(ctk $ns -L -d 127.0.0.1 | ours)"
check_eq "counters, IPv6" "packets=1 bytes=148 packets=1 bytes=148" "$(ctk $ns -L -d ::1 | ours)"
check_eq "-z shows them" "packets=1 bytes=84 packets=1 bytes=84" \
	"$(ctk $ns -L -z -f ipv4 | grep 127.0.0.1 | ours)"
check_eq "and has them begin again" "packets=0 bytes=0 packets=0 bytes=0" \
	"$(ctk $ns -L -d 127.0.0.1 | ours)"
check_eq "in that family only" "packets=1 bytes=148 packets=1 bytes=148" "$(ctk $ns -L -d ::1 | ours)"
started=$(ctk $ns -L -o ktimestamp -d 127.0.0.1 | sed -n 's/.*\[start=\([^]]*\)\].*/\1/p')
check "ktimestamp: when it began, to the second" test \
	$(($(date +%s) - $(date -d "$started" +%s))) -le 20
check "delta-time: for how long" grep -qE 'delta-time=[0-9]+ ' <(ctk $ns -L -o ktimestamp -d 127.0.0.1)
check_eq "an entry without counters has none" "" "$(ctk $ns -L -d 10.2.0.3 | ours)"
check "timestamp is for events, and harmless here" ctk $ns -L -o timestamp
finish
