#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Helpers by rule: a flow has a helper if a rule gives it one (nftables' "ct
# helper set", iptables' CT --helper), on any port, and none by itself. What the
# helper expects is RELATED. A helper's module can go when no rule has it any
# more, also while flows have it.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables socat
need_module nft_ct nf_conntrack_ftp nf_conntrack_tftp
setup_topology
serve "$server" 2000

cat >"$scratch/tftp.py" <<'PY'
# A TFTP server: the answer to a request comes from another port.
import socket, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
while True:
    data, peer = s.recvfrom(600)
    a = socket.socket(family, socket.SOCK_DGRAM)
    a.bind((sys.argv[1], 0))
    a.sendto(b'\0\3\0\1data', peer)
PY
for ip in "$server_ip4" "$server_ip6"; do
	for port in 69 6969; do
		bg in_ns "$server" /usr/bin/python3 "$scratch/tftp.py" "$ip" $port
	done
done
for port in 69 6969; do
	wait_listen "$server" u $port
done

cat >"$scratch/get.py" <<'PY'
import socket, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(float(sys.argv[3]))
s.sendto(b'\0\1file\0octet\0', (sys.argv[1], int(sys.argv[2])))
print(s.recvfrom(600)[0][4:].decode())
PY
# get ADDRESS PORT [SECONDS]: a file by TFTP.
get() {
	in_ns "$client" /usr/bin/python3 "$scratch/get.py" "$1" "$2" "${3:-8}"
}

# say LINE: says it on the control connection, and prints what the echo server
# answers.
say() {
	local got

	printf '%s\r\n' "$1" >&"$to"
	read -r -t 10 got <&"$from"
	printf '%s' "${got%$'\r'}"
}

# control WHAT PORT: a control connection on which a PORT command is given.
control() {
	local got

	mkfifo "$scratch/to.$1" "$scratch/from.$1"
	in_ns "$client" socat - "TCP4:$server_ip4:2000" \
		<"$scratch/to.$1" >"$scratch/from.$1" 2>>"$scratch/bg.log" &
	bg_all+=($!)
	exec {to}>"$scratch/to.$1" {from}<"$scratch/from.$1"
	read -r -t 10 got <&"$from"
	# A line has to be over before the next one is known to begin.
	check_eq "$1: a control connection" "USER x PORT 10,0,1,2,$2" \
		"$(say "USER x") $(say "PORT 10,0,1,2,$2")"
}

# --- nftables -----------------------------------------------------------------

rules "$router" <<'RULES'
table inet t {
	ct helper tftp { type "tftp" protocol udp; l3proto inet; }
	ct helper ftp { type "ftp" protocol tcp; l3proto inet; }
	counter helped { }
	counter related { }
	chain pre {
		type filter hook prerouting priority filter; policy accept;
		udp dport 6969 ct helper set "tftp"
		tcp dport 2000 ct helper set "ftp"
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
		meta l4proto icmpv6 accept
		ct helper "tftp" counter name helped
		ct state related counter name related accept
		ct state established accept
		iifname r0 ct state new accept
	}
}
RULES
check_eq "nft: with a rule, IPv4" data "$(get "$server_ip4" 6969)"
check_eq "nft: with a rule, IPv6" data "$(get "$server_ip6" 6969)"
check_counter "$router" related -eq 2 "nft: both answers are RELATED"
check_counter "$router" helped -ge 2 "nft: ct helper matches"
check_fails "nft: without a rule the well-known port has no helper" get "$server_ip4" 69 1
check_eq "nft: nothing is expected of it" "" \
	"$(in_ns "$router" cat /proc/net/nf_conntrack_expect)"

# An expectation that is not met, by FTP.
control nft 100,7
check "nft: FTP on another port is expected" busywait 5000 in_ns "$router" \
	grep "src=$server_ip4 dst=$client_ip4 sport=0 dport=25607 .*ftp" /proc/net/nf_conntrack_expect
check_fails "a helper that rules have can't be unloaded" rmmod nf_conntrack_ftp
in_ns "$router" nft flush ruleset

# --- iptables -----------------------------------------------------------------

in_ns "$router" iptables -t raw -A PREROUTING -p udp --dport 6969 -j CT --helper tftp &&
	in_ns "$router" iptables -A FORWARD -m helper --helper tftp &&
	in_ns "$router" iptables -A FORWARD -m conntrack --ctstate RELATED -j ACCEPT &&
	in_ns "$router" iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT &&
	in_ns "$router" iptables -A FORWARD -i r0 -m conntrack --ctstate NEW -j ACCEPT &&
	in_ns "$router" iptables -P FORWARD DROP
check_eq "iptables takes the rules" 0 $?
check_eq "iptables: with a rule" data "$(get "$server_ip4" 6969)"
in_ns "$router" iptables -nvxL FORWARD >"$scratch/list"
check "iptables: -m helper matches" test "$(awk '/helper match/ { print $1 }' "$scratch/list")" -ge 1
check_eq "iptables: the answer is RELATED" 1 "$(awk '/RELATED/ { print $1 }' "$scratch/list")"
check_fails "iptables: without a rule there is no helper" get "$server_ip4" 69 1
check_fails "iptables: a helper that does not exist is refused" \
	in_ns "$router" iptables -t raw -A PREROUTING -p udp -j CT --helper nobody
check_fails "iptables: so is one of another protocol" \
	in_ns "$router" iptables -t raw -A PREROUTING -p tcp --dport 69 -j CT --helper tftp

# --- a module goes ------------------------------------------------------------

in_ns "$router" iptables -t raw -F
in_ns "$router" iptables -t raw -A PREROUTING -p tcp --dport 2000 -j CT --helper ftp
check_eq "iptables takes the FTP helper" 0 $?
# The rule does not suffer from it; on 6.1, those of the stock module give no helper
# any more then.
[ "$(ct_module)" = stock ] ||
	check "another helper's module can be unloaded" busywait 10000 rmmod nf_conntrack_tftp
control iptables 100,9
check "something is expected of it" busywait 5000 \
	in_ns "$router" grep "dport=25609 .*ftp" /proc/net/nf_conntrack_expect
in_ns "$router" iptables -t raw -F
check "the helper's module can be unloaded while a flow has it" busywait 10000 rmmod nf_conntrack_ftp
check_eq "what it expected is gone" "" "$(in_ns "$router" grep ftp /proc/net/nf_conntrack_expect)"
check_eq "the connection goes on" "PORT 10,0,1,2,100,10" "$(say "PORT 10,0,1,2,100,10")"
check_eq "nothing more is expected" "" "$(in_ns "$router" grep ftp /proc/net/nf_conntrack_expect)"
finish
