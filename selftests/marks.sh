#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The mark of a flow: set, saved from a packet, restored to a packet, matched,
# shown; by nftables (ct mark) and iptables (CONNMARK, connmark). The security
# mark likewise where the kernel has labels for it.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

need_tools nft iptables
need_module nft_ct
setup_topology
serve "$server" 53 80

rules "$router" <<'RULES'
table inet t {
	counter original { }
	counter reply { }
	counter restored { }
	counter unmarked { }
	chain pre {
		type filter hook prerouting priority mangle; policy accept;
		ct mark != 0 meta mark set ct mark
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state new udp dport 53 ct mark set 0x2a
		ct state new tcp dport 80 meta mark set 0x1000 ct mark set meta mark or 0x7
		ct mark 0x2a ct direction original counter name original
		ct mark 0x2a ct direction reply counter name reply
		ct direction reply meta mark 0x2a counter name restored
		ct mark 0 counter name unmarked
	}
}
RULES
check "UDP" ask "$client" udp "$server_ip4" 53 -c 2
check "the mark is shown" ct "$router" "udp .*src=$client_ip4 .* mark=42 "
check_counter "$router" original -eq 2 "the mark matches in the original direction"
check_counter "$router" reply -eq 2 "and in the reply direction"
check_counter "$router" restored -eq 2 "it is restored to the packets of the reply"
check "TCP over IPv6" ask "$client" tcp "$server_ip6" 80
check "a packet's mark is saved" ct "$router" "^ipv6 .*tcp .* mark=4103 "
check_counter "$router" unmarked -eq 0 "nothing went unmarked"
check "ping" ping_ok "$client" "$server_ip4"
check_counter "$router" unmarked -eq 2 "a ping has no mark"
check "its entry says 0" ct "$router" "icmp .* mark=0 "

# iptables: save with a mask, restore, match.
in_ns "$router" nft flush ruleset
m() {
	in_ns "$router" iptables -t mangle -A "$@"
}
m PREROUTING -i r0 -m conntrack --ctstate NEW -p udp --dport 53 -j MARK --set-mark 0xab12 &&
	m PREROUTING -i r0 -p udp --dport 53 -m conntrack --ctstate NEW \
		-j CONNMARK --save-mark --nfmask 0xff00 --ctmask 0xff00 &&
	m PREROUTING -i r1 -j CONNMARK --restore-mark &&
	m FORWARD -i r1 -m connmark --mark 0xab00 &&
	m FORWARD -i r1 -m mark --mark 0xab00
check_eq "iptables takes the rules" 0 $?
check "UDP" ask "$client" udp "$server_ip4" 53 -p 3333
check "the mark is saved with its mask" ct "$router" "udp .*sport=3333 .* mark=43776 "
in_ns "$router" iptables -t mangle -nvxL FORWARD >"$scratch/list"
check_eq "connmark matches the reply" 1 "$(awk '/connmark match/ { print $1 }' "$scratch/list")"
check_eq "and the restored mark does" 1 "$(awk '/ mark match/ { print $1 }' "$scratch/list")"
in_ns "$router" iptables -t mangle -F

if in_ns "$router" iptables -t mangle -A PREROUTING -j CONNSECMARK --restore 2>"$scratch/err" &&
	[ -d /sys/fs/selinux ]; then
	check "UDP with CONNSECMARK" ask "$client" udp "$server_ip4" 53
else
	skip "the security mark" "no SELinux here"
fi
finish
