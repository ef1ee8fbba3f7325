#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# conntrack(8) on the other tables (expect, dying, unconfirmed), the statistics,
# and events of entries and expectations: complete and in order while flows come
# and go.

# Programs in single quotes are for other shells.
# shellcheck disable=SC2016

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/nl.sh"

need_tools conntrack nft socat
need_module nft_ct nf_conntrack_ftp
setup_topology
ns=$router
nft_in "$ns" <<'RULES'
table inet t {
	ct helper ftp-21 { type "ftp" protocol tcp; }
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state invalid drop
		ip protocol tcp tcp dport 21 ct helper set "ftp-21"
	}
	chain input {
		type filter hook input priority filter; policy accept;
		ct state established accept
	}
}
RULES
serve "$server" 53

# --- Events of entries ----------------------------------------------------------

# listen FILE ARG...: conntrack -E into a file, from when it hears the first event.
listen() {
	local file=$1

	shift
	bg sh -c 'exec nsenter --net="$0" stdbuf -oL conntrack -E "$@" >>"$file"' \
		"/run/netns/$ns" "$@"
	listener=$!
	probe=0
	busywait 20000 heard "$file" >/dev/null || not_ok "conntrack -E hears events"
}
heard() {
	probe=$((probe + 1))
	ctk "$ns" -I -p udp -s 10.66.0.1 -d 10.66.0.2 --sport "$probe" --dport 66 -t 1 >/dev/null
	busywait 500 test -s "$1"
}
# One more than the file has when the listener has read all that came before.
listened() {
	ctk "$ns" -I -p udp -s 10.66.0.1 -d 10.66.0.2 --sport 60000 --dport 66 -t 1000 >/dev/null
	busywait 20000 grep -q 'sport=60000 ' "$1" >/dev/null || not_ok "the listener hears the last one"
	ctk "$ns" -D -p udp --sport 60000 >/dev/null
}
export file=$scratch/events
listen "$file" -o id,timestamp -b 4194304
: >"$file"
for port in {1001..1020}; do
	ctk "$ns" -I -p udp -s 10.5.0.1 -d 10.5.0.2 --sport "$port" --dport 9 -t 1000
done
in_ns "$client" "$net" flood "$server_ip4" 53 2000 100
ask "$client" tcp "$server_ip4" 53 -p 3000 >/dev/null
ask "$client" tcp "$server_ip6" 53 -p 3001 >/dev/null
ctk "$ns" -U -p udp -s 10.5.0.1 -d 10.5.0.2 --sport 1001 --dport 9 -m 7 >/dev/null
ctk "$ns" -D -p udp -s 10.5.0.1 >/dev/null
ctk "$ns" -D -p udp -s "$client_ip4" >/dev/null
listened "$file"
# Without the probes, stamps, and who asked for it.
sed -E 's/^\[[0-9.]*\]//; s/ \[USERSPACE\].*//; /src=10.66.0.1/d' "$file" >"$scratch/all"

ports() {
	grep -F "[$1]" "$scratch/all" | grep -F "src=$2 " | sed -E 's/^[^=]*=[^=]*=[^=]*=([0-9]*) .*/\1/' | xargs
}
check_eq "NEW of each that was made, in order" "$(echo {1001..1020})" "$(ports NEW 10.5.0.1)"
check_eq "NEW of each UDP flow, in order" "$(echo {2000..2099})" \
	"$(grep 'udp ' "$scratch/all" | grep -F '[NEW]' | grep -F "src=$client_ip4 dst=$server_ip4" |
		grep -o 'sport=2[0-9]*' | cut -d = -f 2 | xargs)"
check_eq "DESTROY of each that was made" "$(echo {1001..1020})" \
	"$(ports DESTROY 10.5.0.1 | tr ' ' '\n' | sort | xargs)"
check_eq "DESTROY of each UDP flow" "$(echo {2000..2099})" \
	"$(grep 'udp ' "$scratch/all" | grep -F '[DESTROY]' |
		grep -oE "src=$client_ip4 dst=$server_ip4 sport=2[0-9]*" | cut -d = -f 4 | sort | xargs)"
check_eq "UPDATE of the mark" 1 \
	"$(grep -F '[UPDATE]' "$scratch/all" | grep 'sport=1001 ' | grep -c 'mark=7')"
states() {
	grep "$1" "$scratch/all" | grep -oE '\[[A-Z]+\]|SYN_SENT|SYN_RECV|ESTABLISHED|FIN_WAIT|LAST_ACK|CLOSE_WAIT|TIME_WAIT|ASSURED' |
		grep -vxF -e '[UNREPLIED]' -e '[UPDATE]' | sed 's/\[NEW\]/NEW/; s/\[ASSURED\]/A/' | xargs
}
for port in 3000 3001; do
	got=$(states "sport=$port dport=53")
	check "TCP: its states in order ($port)" grep -qE \
		'^NEW SYN_SENT SYN_RECV ESTABLISHED A FIN_WAIT A (CLOSE_WAIT A )?LAST_ACK A TIME_WAIT A$' \
		<<<"$got" || comment "$got"
done
check_eq "ids: DESTROY names those that NEW named" "" "$(
	sed -n '/\[NEW\]/s/.* id=//p' "$scratch/all" | sort >"$scratch/new"
	sed -n '/\[DESTROY\]/s/.* id=//p' "$scratch/all" | sort >"$scratch/destroyed"
	comm -13 "$scratch/new" "$scratch/destroyed")"
check_eq "each id is new once and destroyed once" "" "$(uniq -d "$scratch/new")$(uniq -d "$scratch/destroyed")"
check "nothing comes for an entry that is gone, or before it is new" awk '
	{ for (i = 1; i <= NF; i++) if ($i ~ /^id=/) id = $i }
	/\[NEW\]/ { if (state[id]) exit 1; state[id] = 1 }
	/\[UPDATE\]/ { if (state[id] != 1) exit 1 }
	/\[DESTROY\]/ { if (state[id] != 1) exit 1; state[id] = 2 }' "$scratch/all"
check "timestamps: they never go back" awk -F '[][]' '
	$2 < last { exit 1 } { last = $2 } END { exit !NR }' "$file"
kill "$listener"

# filtered WHAT WANTED ARG...: of some flows these are what a filter lets through.
filtered() {
	local what=$1 want=$2 got

	shift 2
	: >"$file"
	listen "$file" "$@"
	ctk "$ns" -I -p udp -s 10.5.0.1 -d 10.5.0.2 --sport 4000 --dport 9 -t 1000 -m 4
	ctk "$ns" -I -p tcp -s 10.5.0.1 -d 10.5.0.2 --sport 4001 --dport 9 -t 1000 --state SYN_SENT
	ctk "$ns" -I -p tcp -s fd05::1 -d fd05::2 --sport 4002 --dport 9 -t 1000 --state SYN_SENT
	ctk "$ns" -U -p tcp -s 10.5.0.1 -d 10.5.0.2 --sport 4001 --dport 9 --state CLOSE >/dev/null
	ctk "$ns" -D -d 10.5.0.2 >/dev/null
	ctk "$ns" -D -p tcp -d fd05::2 >/dev/null
	listened "$file"
	kill "$listener"
	got=$(grep -o '\[\(NEW\|UPDATE\|DESTROY\)\].* sport=4[0-9]* ' "$file" |
		sed -E 's/\[(.).*sport=(4[0-9]*) .*/\1\2/' | sort -s -k 1.1,1.1r -k 1 | xargs)
	check_eq "-E $what" "$want" "$got"
}
filtered "-e NEW,DESTROY" "N4000 N4001 N4002 D4000 D4001 D4002" -e NEW,DESTROY
filtered "-p udp" "N4000 D4000" -p udp

# --- Expectations ---------------------------------------------------------------

cat >"$scratch/ftpd" <<'FTPD'
#!/bin/bash
printf '220 ready\r\n'
n=0
while read -r _; do
	printf '227 Entering Passive Mode (10,0,2,2,100,%d)\r\n' $n
	n=$((n + 1))
done
FTPD
chmod +x "$scratch/ftpd"
bg in_ns "$server" socat TCP4-LISTEN:21,fork,reuseaddr "EXEC:$scratch/ftpd"
wait_listen "$server" t 21
bg sh -c 'exec nsenter --net="$0" stdbuf -oL conntrack -E expect >"$1"' \
	"/run/netns/$ns" "$scratch/expected"
listener=$!
# It listens to the groups of expectations: 4, 5 and 6.
# shellcheck disable=SC2016
busywait 10000 nsenter --net="/run/netns/$ns" awk \
	'$2 == 12 && $4 == "00000038" { found = 1 } END { exit !found }' /proc/net/netlink \
	>/dev/null || not_ok "conntrack -E expect listens"

mkfifo "$scratch/commands"
bg sh -c 'exec ip netns exec "$0" socat -t 60 - TCP:10.0.2.2:21,sourceport=5000 <"$1" >"$2"' \
	"$client" "$scratch/commands" "$scratch/answers"
exec {ftp}>"$scratch/commands"
greeted() {
	busywait 10000 grep -q 220 "$scratch/answers" >/dev/null
}
pasv() {
	printf 'PASV\r\n' >&$ftp
	busywait 10000 grep -q "100,$1)" "$scratch/answers" >/dev/null
}
expect_is() {
	ctk "$ns" -L expect | sed -E 's/^(29[0-9]|300) /TIME /'
}
want="TIME proto=6 src=10.0.1.2 dst=10.0.2.2 sport=0 dport=PORT mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 master-src=10.0.1.2 master-dst=10.0.2.2 sport=5000 dport=21 class=0 helper=ftp"
check "FTP: the server is there" greeted
check "and answers" pasv 0
check_eq "-L expect" "${want/PORT/25600}" "$(expect_is)"
check_eq "and says so" "1 expectations have been shown." "$(said)"
check "-L expect -o xml" grep -q \
	'<expected><src>10.0.1.2</src><dst>10.0.2.2</dst></expected>.*<master><sport>5000</sport><dport>21</dport></master></layer4><meta><helper-name>ftp</helper-name>' \
	<(ctk "$ns" -L expect -o xml)
check "the helper of its master is shown" grep -q 'dport=21 .*helper=ftp' <(ctk "$ns" -L -o extended)
check_eq "-C expect" 1 "$(ctk "$ns" -C expect)"
for port in {1..9}; do
	pasv "$port"
done
check_eq "each takes the place of the one before" "${want/PORT/25609}" "$(expect_is)"
ask "$client" tcp "$server_ip4" 9999 >/dev/null 2>&1
check_eq "a flow that nobody expects uses none up" 1 "$(ctk "$ns" -L expect | wc -l)"
ask "$client" tcp "$server_ip4" 25609 >/dev/null 2>&1
check_eq "one that is expected uses it up" 0 "$(ctk "$ns" -L expect | wc -l)"
pasv 10
check "-F expect" ctk "$ns" -F expect
check_eq "empties the table" "0 0" "$(ctk "$ns" -C expect) $(ctk "$ns" -L expect | wc -l)"
pasv 11
ctk "$ns" -D -p tcp -s "$client_ip4" --sport 5000 >/dev/null
check_eq "expectations go with their master" 0 "$(ctk "$ns" -L expect | wc -l)"
expect_events() {
	sed -nE 's/.*\[(.)[A-Z]*\].* dport=(256[0-9]*) mask.*/\1\2/p' "$scratch/expected" | xargs
}
all_heard() {
	[ "$(expect_events | wc -w)" -ge 24 ]
}
busywait 10000 all_heard >/dev/null
check_eq "-E expect: all, in order" \
	"N25600 $(for n in {0..8}; do printf 'D%d N%d ' $((25600 + n)) $((25601 + n)); done)D25609 N25610 D25610 N25611 D25611" \
	"$(expect_events)"
kill "$listener"
exec {ftp}>&-
check_eq "-S expect: what the file says" "$(stat_sum "$ns" expect_create) $(stat_sum "$ns" expect_delete)" \
	"$(ctk "$ns" -S expect | awk -F '[= \t]+' '{ c += $6; d += $8 } END { print c, d }')"
check "which is what there was" test "$(stat_sum "$ns" expect_create)" -ge 12

# --- Statistics -------------------------------------------------------------------

# An RST of no connection, and one of UDP with a bad length.
bg in_ns "$server" socat UDP4-RECVFROM:77,fork EXEC:cat
ask "$client" udp "$server_ip4" 9 >/dev/null 2>&1
ctk "$ns" -D -p tcp >/dev/null
columns='found invalid insert insert_failed drop early_drop error search_restart'
in_file() {
	local name

	for name in $columns; do
		stat_sum "$ns" "${name/#error/icmp_error}"
	done
}
check_eq "-S: a line a CPU" "$(($(wc -l </proc/net/stat/nf_conntrack) - 1))" \
	"$(ctk "$ns" -S | grep -c '^cpu=')"
# Somebody may count on meanwhile.
read -ra least < <(in_file | xargs)
ctk "$ns" -S >"$scratch/stats"
read -ra most < <(in_file | xargs)
at=0
for name in $columns; do
	n=$(grep -oE "(^|\s)$name=[0-9]+" "$scratch/stats" | awk -F = '{ sum += $2 } END { print sum }')
	check "-S: $name is what the file says: $n" \
		test "$n" -ge "${least[at]}" -a "$n" -le "${most[at]}"
	at=$((at + 1))
done
check "it counted insertions by hand" test "$(stat_sum "$ns" insert)" -gt 20

# --- Dying and unconfirmed ----------------------------------------------------------

check_eq "-L dying: none" 0 "$(ctk "$ns" -L dying | wc -l)"
check_eq "-L unconfirmed: none" 0 "$(ctk "$ns" -L unconfirmed | wc -l)"
# A reliable listener that does not read has what is destroyed wait for it.
cat >"$scratch/slow.py" <<'PY'
import os, socket, struct, sys, time
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
s.bind((0, 0))
s.setsockopt(270, 4, 1)                 # NETLINK_BROADCAST_ERROR
s.setsockopt(270, 1, 3)                 # NFNLGRP_CONNTRACK_DESTROY
print("ready", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
s.settimeout(5)
while True:
    try:
        data = s.recv(65536)
    except socket.timeout:
        break
    except OSError as err:
        if err.errno != 105:
            raise
        continue
    at = data.find(struct.pack("=HH", 6, 2))
    print("destroyed", struct.unpack_from("!H", data, at + 4)[0], flush=True)
PY
ctk "$ns" -F
bg sh -c 'exec nsenter --net="$0" python3 "$1" "$2" >"$3"' "/run/netns/$ns" \
	"$scratch/slow.py" "$scratch/go" "$scratch/destroyed"
busywait 20000 grep -q ready "$scratch/destroyed" >/dev/null
for port in {7001..7030}; do
	echo "-I -t 1000 -p udp -s 10.5.0.1 -d 10.5.0.2 --sport $port --dport 9"
done >"$scratch/entries"
ctk "$ns" -R "$scratch/entries"
ctk "$ns" -D -p udp -s 10.5.0.1 >/dev/null
check_eq "what was deleted is not in the table" 0 "$(ctk "$ns" -L -p udp -s 10.5.0.1 | wc -l)"
n=$(ctk "$ns" -L dying | grep -c 'src=10.5.0.1 ')
check "-L dying: what a reliable listener has not heard of" test "$n" -ge 5
comment "$n of 30 wait"
touch "$scratch/go"
all_destroyed() {
	[ "$(grep -c destroyed "$scratch/destroyed")" -ge 30 ]
}
busywait 15000 all_destroyed >/dev/null
check_eq "it hears of each in the end, once" "$(echo {7001..7030})" \
	"$(sed -n 's/destroyed //p' "$scratch/destroyed" | sort | xargs)"
none_dying() {
	[ "$(ctk "$ns" -L dying | wc -l)" = 0 ]
}
check "-L dying: none" busywait 10000 none_dying
finish
