#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A flow table takes established flows over (software), and gives them back.

. "$(dirname "$0")/lib.sh"

need_tools nft socat
need_module nft_flow_offload
setup_topology
in_ns "$router" sysctl -qw net.netfilter.nf_flowtable_tcp_timeout=2
in_ns "$router" nft -f - <<'RULES'
table inet t {
	flowtable f { hook ingress priority 0; devices = { r0, r1 }; }
	chain c {
		type filter hook forward priority 0;
		meta l4proto tcp ct state established flow add @f
		ct state invalid counter drop
		counter name slow
	}
	counter slow { }
}
RULES
head -c 3000000 /dev/urandom >"$scratch/file"
bg in_ns "$server" socat -u "TCP4-LISTEN:80,reuseaddr,fork" "CREATE:$scratch/got"
wait_listen "$server" t 80
mkfifo "$scratch/pipe"
in_ns "$client" socat -u "OPEN:$scratch/pipe,rdonly,ignoreeof" TCP:10.0.2.2:80 &
sender=$!
bg_all+=($sender)
exec 9>"$scratch/pipe"
cat "$scratch/file" >&9
shown() {
	in_ns "$router" grep -q "tcp .*OFFLOAD" /proc/net/nf_conntrack
}
all_there() {
	cmp -s "$scratch/file" "$scratch/got"
}
check "the entry is offloaded" busywait 5000 shown
check "the file arrives" busywait 20000 all_there
given_back() {
	in_ns "$router" grep "dport=80" /proc/net/nf_conntrack | grep -qv OFFLOAD
}
check "an idle flow is given back" busywait 15000 given_back
printf x >&9
printf x >>"$scratch/file"
check "and goes on" busywait 10000 all_there
exec 9>&-
kill "$sender"
finish
