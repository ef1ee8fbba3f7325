#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Other clients of the netlink face: libnetfilter_conntrack itself, for what
# conntrack(8) can't say; iptstate(8), which shows the table and deletes from
# it; ulogd(8), which logs each flow.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/nl.sh"

need_tools conntrack nft iptstate tmux ulogd
need_module nft_ct
setup_topology
ns=$router
nft_in "$ns" <<'RULES'
table inet t {
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state invalid drop
	}
}
RULES
in_ns "$ns" sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1
serve "$server" 53

# --- libnetfilter_conntrack ---------------------------------------------------------

# c WHAT WANTED ARG...: the client shows the wanted entries, or the wanted error.
c() {
	local what=$1 want=$2 got

	shift 2
	got=$(nlct "$ns" "$@" | sed -E 's/^ipv[46] .*sport=([0-9]+) .* src=.*/\1/' | sort | xargs)
	check_eq "$what" "$want" "$got"
}
check "the client can be built" nlct "$ns" dump
udp='proto=17 src=10.5.0.1 dst=10.5.0.2 dport=9 timeout=1000'
rudp='rproto=17 rsrc=10.5.0.2 rdst=10.5.0.1 rsport=9'
# shellcheck disable=SC2086
{
	c "create" "" create $udp sport=1
	c "create what exists" EEXIST create $udp sport=1
	c "the same in a zone" "" create $udp sport=1 zone=7
	c "in a zone of the original direction" "" create $udp sport=3 ozone=8
	c "the same in another, the reply in its own" EEXIST create $udp sport=3 ozone=9
	c "in a zone of the reply direction" "" create $udp sport=4 rzone=9
	c "get it by its original tuple" 1 get $udp sport=1
	c "by its reply tuple" 1 get $rudp rdport=1
	c "in its zone" 1 get $udp sport=1 zone=7
	c "in a zone where it isn't" ENOENT get $udp sport=1 zone=6
	c "by the original direction's zone" 3 get $udp sport=3 ozone=8
	c "not without it" ENOENT get $udp sport=3
	c "by the reply tuple, out of that zone" 3 get $rudp rdport=3
	c "by the reply direction's zone" 4 get $rudp rdport=4 rzone=9
	c "not without it" ENOENT get $rudp rdport=4
	c "update in a zone" "" update $udp sport=1 zone=7 mark=77
	check_eq "changes that one" "mark=0 mark=77" \
		"$(nlct "$ns" dump | grep 'sport=1 ' | grep -o ' mark=[0-9]*' | sort | xargs)"
	c "update what isn't there" ENOENT update $udp sport=1 zone=6 mark=77
	c "delete in a zone where it isn't" ENOENT delete $udp sport=1 zone=6
	c "delete by the reply tuple" "" delete $rudp rdport=3
	c "deletes that one" "1 1 4" dump
	c "delete in a zone" "" delete $udp sport=1 zone=7
	c "deletes that one" "1 4" dump

	c "create with a mark" "" create $udp sport=5 mark=0x11
	c "create with another" "" create $udp sport=6 mark=0x12 status=0x2
	c "and IPv6" "" create l3=6 proto=6 src=fd05::1 dst=fd05::2 sport=7 dport=9 timeout=1000 \
		state=3 mark=0x11 status=0x6
	c "dump by mark" "5 7" dump fmark=0x11
	c "dump by mark and mask" "5 6 7" dump fmark=0x10/0xf0
	c "dump by family" 7 dump fl3=6
	c "dump by family and mark" 5 dump fl3=4 fmark=0x11
	c "dump by status" "6 7" dump fstatus=0x2/0x2
	c "dump by status: not answered" "1 4 5" dump fstatus=0/0x2
	c "dump by status: answered, not assured" 6 dump fstatus=0x2/0x6
	c "create another of IPv6" "" create l3=6 proto=6 src=fd05::1 dst=fd05::2 sport=8 dport=9 timeout=1000 \
		state=3
	c "flush by mark" "" flush fmark=0x11
	c "flushes those" "1 4 6 8" dump
	c "flush a family" "" flush-family l3=6
	c "flushes that" "1 4 6" dump
	c "flush by status" "" flush fstatus=0/0x2
	c "flushes those" 6 dump
	c "delete it" "" delete $udp sport=6
}
ask "$client" udp "$server_ip4" 53 -p 2000 -s 72 >/dev/null
ask "$client" udp "$server_ip4" 53 -p 2001 -s 72 >/dev/null
counters() {
	nlct "$ns" "$@" | grep "src=$client_ip4" | grep -o 'packets=[0-9]* bytes=[0-9]* \[*[a-z]' |
		sed 's/ [^ ]*$//' | xargs
}
one="proto=17 src=$client_ip4 dst=$server_ip4 dport=53"
# shellcheck disable=SC2086
{
	got=$(counters get $one sport=2000)
	check "get shows counters" grep -q '^packets=1 bytes=100 packets=1 bytes=1[0-9][0-9]$' <<<"$got"
	check_eq "get-and-zero shows them, too" "$got" "$(counters zero $one sport=2000)"
	check_eq "and has them begin again" "packets=0 bytes=0 packets=0 bytes=0" "$(counters get $one sport=2000)"
	check_eq "not those of another" "$got" "$(counters get $one sport=2001)"
	c "get-and-zero what isn't there" ENOENT zero $one sport=2002
	c "dump-and-zero of a family" "" dump-zero fl3=6
	check_eq "leaves the other one alone" "$got" "$(counters get $one sport=2001)"
	c "dump-and-zero" "2000 2001" dump-zero fl3=4
	check_eq "zeroes it" "packets=0 bytes=0 packets=0 bytes=0" "$(counters get $one sport=2001)"
}
ask "$client" udp "$server_ip4" 53 -p 2001 -s 72 >/dev/null
# shellcheck disable=SC2086
check_eq "and packets count again" "$got" "$(counters get $one sport=2001)"

# --- iptstate -----------------------------------------------------------------------

# It wants a terminal.
ctk "$ns" -F
for port in 1001 1003; do
	ctk "$ns" -I -p tcp -s 10.0.0.$((port - 1000)) -d 10.0.0.9 --sport $port --dport 80 \
		-t 100000 --state ESTABLISHED -u SEEN_REPLY,ASSURED
done
ctk "$ns" -I -p udp -s fd05::5 -d fd05::9 --sport 1005 --dport 53 -t 100000
mux() {
	tmux -S "$scratch/tmux" -f /dev/null "$@"
}
screen_has() {
	mux capture-pane -p >"$scratch/screen"
	grep -qE "$1" "$scratch/screen"
}
mux new-session -d -x 120 -y 30 "nsenter --net=/run/netns/$ns iptstate -o -R 1"
bg_all+=("$(mux display-message -p '#{pid}')")
check "iptstate shows TCP" busywait 15000 screen_has '^10\.0\.0\.1:1001 +10\.0\.0\.9:80 +tcp +ESTABLISHED +27:4'
check "another" screen_has '^10\.0\.0\.3:1003 +10\.0\.0\.9:80 +tcp +ESTABLISHED'
check "UDP and IPv6" screen_has '^fd05::5:1005 +fd05::9:53 +udp'
mux send-keys x
check "it asks before it deletes" busywait 15000 screen_has 'Deleting state: 10.0.0.1:1001'
mux send-keys y Enter
entry_gone() {
	[ "$(ctk "$ns" -L -p tcp | names)" = 1003 ]
}
check "it deletes one" busywait 15000 entry_gone
comment "$(ctk "$ns" -L)"
screen_lacks() {
	! screen_has "$@"
}
check "and shows it no more" busywait 15000 screen_lacks '^10\.0\.0\.1:1001'
mux send-keys q
mux kill-server 2>/dev/null

# --- ulogd --------------------------------------------------------------------------

ctk "$ns" -F
dir=$(dirname "$(find /usr/lib -name ulogd_inpflow_NFCT.so | head -n 1)")
cat >"$scratch/ulogd.conf" <<CONF
[global]
logfile="$scratch/ulogd.log"
loglevel=3
plugin="$dir/ulogd_inpflow_NFCT.so"
plugin="$dir/ulogd_filter_IP2STR.so"
plugin="$dir/ulogd_filter_PRINTFLOW.so"
plugin="$dir/ulogd_output_LOGEMU.so"
plugin="$dir/ulogd_output_GPRINT.so"
stack=ct1:NFCT,ip2str1:IP2STR,print1:PRINTFLOW,emu1:LOGEMU
stack=ct2:NFCT,ip2str1:IP2STR,gp1:GPRINT
[ct1]
event_mask=0x00000005
hash_enable=0
[ct2]
hash_enable=1
[emu1]
file="$scratch/flows"
sync=1
[gp1]
file="$scratch/sums"
sync=1
CONF
bg ip netns exec "$ns" ulogd -c "$scratch/ulogd.conf"
check "ulogd starts" busywait 10000 grep -q 'entering main loop' "$scratch/ulogd.log"
for port in 3001 3002 3003; do
	ask "$client" udp "$server_ip4" 53 -p $port -s 72 >/dev/null
done
ask "$client" tcp "$server_ip6" 53 -p 3004 >/dev/null
ctk "$ns" -D -p udp >/dev/null
ctk "$ns" -D -p tcp -f ipv6 >/dev/null
logged() {
	[ "$(grep -cE "$1" "$2")" = "$3" ]
}
orig="ORIG: SRC=$client_ip4 DST=$server_ip4 PROTO=UDP SPT=300[123] DPT=53"
reply="REPLY: SRC=$server_ip4 DST=$client_ip4 PROTO=UDP SPT=53 DPT=300[123]"
check "ulogd: a line for each new flow" busywait 10000 \
	logged "\[NEW\] $orig PKTS=0 BYTES=0 , $reply PKTS=0 BYTES=0" "$scratch/flows" 3
check "ulogd: and for each end, with its counters" busywait 10000 \
	logged "\[DESTROY\] $orig PKTS=1 BYTES=100 , $reply PKTS=1 BYTES=1[0-9][0-9] " "$scratch/flows" 3
check "ulogd: IPv6" busywait 10000 \
	logged '\[DESTROY\] ORIG: SRC=fd00:0*1:.* PROTO=TCP SPT=3004 DPT=53' "$scratch/flows" 1
check "ulogd: both ends of a flow put together" busywait 10000 \
	logged 'orig.l4.sport=300[123],.*orig.raw.pktlen=100,orig.raw.pktcount=1,.*flow.start.sec=1[0-9]+,.*flow.end.sec=1' \
	"$scratch/sums" 3
finish
