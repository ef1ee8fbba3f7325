#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tc's action ct on a router's devices: zone, commit with a mark, flower's
# ct_state, NAT; and the actions connmark and ctinfo, which read the entry.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools tc
need_module act_ct cls_flower sch_ingress act_gact
setup_topology
serve "$server" 53
serve "$client" 53
tc_() {
	in_ns "$router" tc "$@"
}
qdisc() {
	local dev

	for dev in r0 r1; do
		tc_ qdisc del dev $dev clsact 2>/dev/null
		tc_ qdisc add dev $dev clsact || skip_all "no clsact"
	done
}
filter() {
	local dev=$1

	shift
	tc_ filter add dev "$dev" ingress protocol ip "$@" || not_ok "tc takes: $*"
}

# New flows from the client are committed, only their answers come back.
qdisc
filter r0 prio 1 chain 0 flower ct_state -trk action ct zone 3 pipe action goto chain 1
filter r0 prio 1 chain 1 flower ct_state +trk+new \
	action ct commit zone 3 mark 0x9/0xffffffff pipe action pass
filter r0 prio 2 chain 1 flower ct_state +trk+est action pass
filter r1 prio 1 chain 0 flower ct_state -trk action ct zone 3 pipe action goto chain 1
filter r1 prio 1 chain 1 flower ct_state +trk+est ct_mark 9 ct_zone 3 action pass
filter r1 prio 2 chain 1 flower ct_state +trk+new action drop
for proto in udp tcp; do
	check "$proto from the client" ask "$client" $proto "$server_ip4" 53 -c 3
	check_fails "$proto: the server can't begin" ask "$server" $proto "$client_ip4" 53 -w 700
done
check "ping" ping_ok "$client" "$server_ip4"
check "the entry has zone and mark" ct "$router" "udp .*src=$client_ip4 .*dport=53 .*mark=9 .*zone=3 "
check_eq "what wasn't committed has no entry" 0 \
	"$(ct_count "$router" "src=$server_ip4 dst=$client_ip4 sport=[0-9]+ dport=53 ")"
passed() {
	tc_ -s filter show dev r1 ingress chain 1 | awk '/ct_state/ { on = /\+trk\+est/ }
		on && /Sent/ { n += $4 } END { print n + 0 }'
}
check "TCP's established packets were matched" test "$(passed)" -ge 1

# NAT.
qdisc
ip -n "$server" route add 203.0.113.7 via "$router_wan_ip4"
filter r0 prio 1 chain 0 flower ct_state -trk \
	action ct commit zone 4 nat src addr 203.0.113.7 pipe action pass
filter r1 prio 1 chain 0 flower ct_state -trk action ct zone 4 nat pipe action pass
for proto in udp tcp; do
	check_eq "$proto: source NAT" 203.0.113.7 "$(seen_from "$client" $proto "$server_ip4" 53)"
done
check "the entry of the mapping" ct "$router" \
	"tcp .*src=$client_ip4 dst=$server_ip4 .* src=$server_ip4 dst=203.0.113.7 .*zone=4 "

# connmark and ctinfo bring the entry's mark to a packet on its way in.
qdisc
in_ns "$router" nft -f - <<'RULES'
table ip t {
	counter marked { }
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state new ct mark set 0x21
	}
	chain pre {
		type filter hook prerouting priority -350; policy accept;
		iifname r1 meta mark 0x21 counter name marked
	}
}
RULES
n=0
for action in connmark "ctinfo cpmark 0xffffffff"; do
	if ! modprobe -q "act_${action%% *}"; then
		skip "tc's ${action%% *}" "no such module"
		continue
	fi
	tc_ filter del dev r1 ingress 2>/dev/null
	filter r1 prio 1 flower action $action
	check "UDP with ${action%% *}" ask "$client" udp "$server_ip4" 53 -p $((5000 + n))
	n=$((n + 1))
	check_eq "${action%% *} brings the mark to the packet" $n "$(counter "$router" marked ip t)"
done
finish
