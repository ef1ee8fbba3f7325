#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Labels of a flow: set and matched by nftables (ct label) and by iptables
# (connlabel), bit by bit, in both directions; a flow without one matches none.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables
need_module nft_ct
setup_topology
serve "$server" 53 80

# Both programs read names of labels, from a file each.
mkdir -p /etc/xtables
for conf in /etc/connlabel.conf /etc/xtables/connlabel.conf; do
	printf '%s\n' '0 first' '5 five' '127 last' >"$conf"
done

rules "$router" <<'RULES'
table inet t {
	counter both { }
	counter five { }
	counter last { }
	counter none { }
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state new udp dport 53 ct label set 5
		ct state new udp dport 53 ct label set 127
		ct state new udp dport 80 ct label set 127
		ct label 5 ct label 127 counter name both
		ct label 5 counter name five
		ct label 127 counter name last
		ct label 0 counter name none
	}
}
RULES
check "UDP to port 53" ask "$client" udp "$server_ip4" 53 -c 2
check_counter "$router" both -eq 4 "a flow has the two labels it got, in both directions"
check "UDP to port 80" ask "$client" udp "$server_ip6" 80
check_counter "$router" five -eq 4 "the other flow hasn't the first"
check_counter "$router" last -eq 6 "but the second"
check "TCP" ask "$client" tcp "$server_ip4" 80
check_counter "$router" last -eq 6 "a flow that got none has none"
check_counter "$router" none -eq 0 "a label that nobody set matches nowhere"
in_ns "$router" nft flush ruleset

if in_ns "$router" iptables -A FORWARD -p udp --dport 53 -m connlabel --label 5 --set &&
	in_ns "$router" iptables -A FORWARD -i r1 -m connlabel --label 5 -m comment --comment has &&
	in_ns "$router" iptables -A FORWARD -i r1 -m connlabel ! --label 5 -m comment --comment hasnt &&
	in_ns "$router" iptables -A FORWARD -i r1 -m connlabel --label 127 -m comment --comment other; then
	check "UDP to port 53 again" ask "$client" udp "$server_ip4" 53 -c 3
	check "UDP to port 80 again" ask "$client" udp "$server_ip4" 80
	in_ns "$router" iptables -nvxL FORWARD >"$scratch/list"
	for want in "has 3" "hasnt 1" "other 0"; do
		check_eq "connlabel: rule and packets" "$want" "${want% *} $(
			awk -v c="/* ${want% *} */" 'index($0, c) { print $1 }' "$scratch/list")"
	done
else
	skip "iptables connlabel" "iptables has no connlabel match here"
fi
finish
