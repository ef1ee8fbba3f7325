#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Open vSwitch's kernel datapath with ct(): what is new from one side is
# committed, answers are +est+rpl, the other side can't begin; zones, marks,
# labels and NAT. By ovs-dpctl alone: no daemon is needed.
#
#   $left 10.0.0.1 (port 1) --- datapath in $switch --- (port 2) $right 10.0.0.2

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools ovs-dpctl
need_module openvswitch
setup_ns left right switch
. "$(dirname "$0")/lib/ovs.sh"
setup_switch "$left" "$right"
serve "$left" 53
serve "$right" 53

flow() {
	dp add-flow ct0 "$@" || {
		not_ok "the flow $1 can be added"
		return 1
	}
}
arp() {
	flow 'in_port(1),eth(),eth_type(0x0806),arp()' 2
	flow 'in_port(2),eth(),eth_type(0x0806),arp()' 1
}
packets() {
	dp dump-flows ct0 | grep -F -- "$1" | sed -n 's/.*packets:\([0-9]*\).*/\1/p' |
		awk '{ n += $1 } END { print n + 0 }'
}

dp del-flows ct0
arp
flow 'in_port(1),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(0)' 2
flow 'in_port(2),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(0)' 1
check "the datapath switches" ping_ok "$left" 10.0.0.2
check_eq "without ct() nothing is tracked" 0 "$(ct_count "$switch")"

dp del-flows ct0
arp
flow 'in_port(1),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(0)' 'ct(zone=5),recirc(1)'
flow 'in_port(2),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(0)' 'ct(zone=5),recirc(1)'
flow 'in_port(1),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(1),ct_state(+new+trk)' \
	'ct(commit,zone=5,mark=0x7/0xff,label=0x1/0x1),2'
flow 'in_port(1),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(1),ct_state(-new+est+trk),ct_mark(0x7),ct_zone(5)' 2
flow 'in_port(2),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(1),ct_state(-new+est+rpl+trk),ct_mark(0x7),ct_label(0x1/0x1)' 1
flow 'in_port(2),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(1),ct_state(-new+rel+trk)' 1
for proto in udp tcp; do
	check "$proto from left to right" ask "$left" $proto 10.0.0.2 53 -c 3
	check_fails "$proto: the right can't begin" ask "$right" $proto 10.0.0.1 53 -w 700
done
check "ping" ping_ok "$left" 10.0.0.2
check "the entry has its zone and mark" ct "$switch" \
	'udp .*src=10.0.0.1 dst=10.0.0.2 .*dport=53 .*mark=7 .*zone=5 '
check_eq "what wasn't committed has no entry" 0 "$(ct_count "$switch" 'src=10.0.0.2 dst=10.0.0.1 sport=[0-9]+ dport=53 ')"
check_eq "a closed port says so, +rel" "Connection refused" \
	"$(ask "$left" udp 10.0.0.2 9 2>&1 | sed 's/.*\] //')"

# NAT by the switch.
dp del-flows ct0
arp
flow 'in_port(1),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(0)' \
	'ct(commit,zone=6,nat(src=10.0.0.99)),recirc(2)'
flow 'in_port(1),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(2)' 2
flow 'in_port(2),eth(),eth_type(0x0800),ipv4(frag=no),recirc_id(0)' 'ct(zone=6,nat),recirc(3)'
flow 'in_port(2),eth(),eth_type(0x0800),ipv4(dst=10.0.0.1,frag=no),recirc_id(3)' 1
in_ns "$right" ip neigh add 10.0.0.99 dev e0 \
	lladdr "$(in_ns "$left" cat /sys/class/net/e0/address)"
for proto in udp tcp; do
	check_eq "$proto: source NAT" 10.0.0.99 "$(seen_from "$left" $proto 10.0.0.2 53)"
done
check "the entry of the mapping" ct "$switch" \
	'udp .*src=10.0.0.1 dst=10.0.0.2 .* src=10.0.0.2 dst=10.0.0.99 .*zone=6 '
dp del-dp ct0
check "the datapath can be removed" bash -c "! ip -n $switch link show ct0"
finish
