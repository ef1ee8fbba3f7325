#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A full table. When all of it is assured, a new flow is dropped, counted and
# logged, and nothing that is there is lost. When some of it is not, that makes
# room, so a new flow gets in and the assured ones stay.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft
conf=/proc/sys/net/netfilter
setup_topology
in_ns "$router" nft -f - <<'RULES'
table ip t {
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state new,established counter
	}
}
RULES
# Nobody answers the flood. There is no tracker in the server's namespace.
in_ns "$server" nft -f - <<'RULES'
table ip t {
	chain input {
		type filter hook input priority filter; policy accept;
		udp dport 9 counter drop
	}
}
RULES
# The stock module looks for a victim near the place where the new entry goes,
# which in a small table is near enough to all.
max=$(<$conf/nf_conntrack_max)
buckets=$(<$conf/nf_conntrack_buckets)
trap 'echo "$max" >$conf/nf_conntrack_max; echo "$buckets" >$conf/nf_conntrack_buckets; cleanup' EXIT
echo 512 >$conf/nf_conntrack_buckets
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600

count() {
	in_ns "$router" cat $conf/nf_conntrack_count
}

assured() {
	ct_count "$router" 'tcp .* ESTABLISHED .*\[ASSURED\]'
}

# all_assured NUMBER: prints how many are, and fails while it is another number.
all_assured() {
	local n

	n=$(assured)
	echo "$n"
	[ "$n" = "$1" ]
}

# flood FIRST-PORT COUNT: so many new flows.
flood() {
	in_ns "$client" "$net_tool" flood "$server_ip4" 9 "$1" "$2"
}

full_lines() {
	dmesg | grep -c 'nf_conntrack: table full, dropping packet'
}

cat >"$scratch/tcp.py" <<'PY'
import socket, sys
# How many of so many connections come about; at each further line of input, how
# many of them work.
keep = []
for i in range(int(sys.argv[1])):
    try:
        s = socket.create_connection(('10.0.2.2', 80), 20)
        s.settimeout(20)
        if s.recv(100).endswith(b'\n'):
            keep.append(s)
    except OSError:
        pass
print(len(keep), flush=True)

def works(s):
    try:
        s.send(b'x')
        return s.recv(1) == b'x'
    except OSError:
        return False

for line in sys.stdin:
    print(sum(works(s) for s in keep), flush=True)
PY
# connections NAME NUMBER: makes and keeps them; $made is how many there are.
declare -A to from
connections() {
	mkfifo "$scratch/to.$1" "$scratch/from.$1"
	in_ns "$client" /usr/bin/python3 "$scratch/tcp.py" "$2" \
		<"$scratch/to.$1" >"$scratch/from.$1" 2>>"$scratch/bg.log" &
	bg_all+=($!)
	exec {fd}>"$scratch/to.$1"
	to[$1]=$fd
	exec {fd}<"$scratch/from.$1"
	from[$1]=$fd
	read -r made <&"${from[$1]}"
}

# works NAME: how many of them work.
works() {
	local got

	echo >&"${to[$1]}"
	read -r got <&"${from[$1]}"
	echo "$got"
}

serve "$server" 80
connections first 60
check_eq "60 connections are made" 60 "$made"
check_eq "their entries are assured" 60 "$(busywait 5000 all_assured 60)"

# 1. Nothing can go.
echo 60 >$conf/nf_conntrack_max
dmesg --clear
dropped=$(stat_sum "$router" drop)
early=$(stat_sum "$router" early_drop)
flood 2000 100
check_eq "full of assured entries: each of 100 new flows is counted as dropped" 100 \
	"$(($(stat_sum "$router" drop) - dropped))"
check_eq "none is tracked" 60 "$(count)"
check_eq "none reaches the server" 0 \
	"$(in_ns "$server" nft list chain ip t input | sed -n 's/.*packets \([0-9]*\) .*/\1/p')"
check_eq "nothing is evicted" "$early" "$(stat_sum "$router" early_drop)"
lines=$(full_lines)
check "it is logged" test "$lines" -ge 1
check "at a bounded rate ($lines lines)" test "$lines" -lt 50
check_fails "a new connection is not made" ask "$client" tcp "$server_ip4" 80 -w 1500
check_eq "those that are there work" 60 "$(works first)"

# 2. No limit at all.
echo 0 >$conf/nf_conntrack_max
flood 3000 100
check_eq "with nf_conntrack_max 0 there is no limit" 160 "$(count)"

# 3. Full, but most of it is not assured.
echo 400 >$conf/nf_conntrack_max
dropped=$(stat_sum "$router" drop)
early=$(stat_sum "$router" early_drop)
flood 4000 2000
dropped=$(($(stat_sum "$router" drop) - dropped))
early=$(($(stat_sum "$router" early_drop) - early))
n=$(count)
check "full of entries that are not assured: it stays about full ($n)" \
	test "$n" -gt 360 -a "$n" -le 400
check_eq "what came is there, was evicted or was dropped" $((160 + 2000)) $((n + early + dropped))
check "entries that are not assured make room ($early did)" test "$early" -gt 1000
check_eq "no assured one does" 60 "$(assured)"
if [ "$(ct_module)" = ours ]; then
	check_eq "it is quite full" 400 "$n"
	check_eq "nothing is dropped as long as something can go" 0 "$dropped"
	oldest=$(ct "$router" 'udp .*dport=9 ' | sed 's/.*sport=\([0-9]*\) dport=9 .*/\1/' | sort -n | head -n 1)
	check "the oldest go first ($oldest)" test "$oldest" -gt 5200
else
	skip "it is quite full" "stock may evict more than it needs"
	skip "nothing is dropped as long as something can go" "stock looks at a few buckets only"
	skip "the oldest go first" "stock takes any"
fi
connections second 40
check_eq "40 new connections get through" 40 "$made"
check_eq "and are assured" 100 "$(busywait 5000 all_assured 100)"
check_eq "the old ones work" 60 "$(works first)"

# 4. The same under a flood that does not end.
if [ "$(ct_module)" = ours ]; then
	bg in_ns "$client" "$net_tool" flood "$server_ip4" 9 20000 0
	connections third 40
	check_eq "40 connections get through the flood" 40 "$made"
	check_eq "all are assured" 140 "$(busywait 5000 all_assured 140)"
	check_eq "the first ones work" 60 "$(works first)"
else
	skip "connections get through the flood" "stock evicts their entries, too"
fi
finish
