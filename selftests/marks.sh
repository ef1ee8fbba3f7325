#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The mark of a flow: set, saved from a packet, restored to a packet, matched,
# shown; by nftables (ct mark) and iptables (CONNMARK, connmark). The security
# mark likewise.

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

# The security mark: a packet's, saved to its flow. Needs a security module that
# knows a context; Debian's kernels have AppArmor, which calls all "unconfined".
context=unconfined
[ -d /sys/fs/selinux/booleans ] && context=system_u:object_r:unlabeled_t:s0
if m FORWARD -p udp --dport 53 -j SECMARK --selctx $context 2>"$scratch/err"; then
	m FORWARD -j CONNSECMARK --save && m PREROUTING -j CONNSECMARK --restore
	check_eq "iptables takes CONNSECMARK" 0 $?
	check "UDP" ask "$client" udp "$server_ip4" 53 -p 3335
	check "a security mark is saved and shown" \
		ct "$router" "udp .*sport=3335 .* secctx=$context "
	check "UDP without one" ask "$client" udp "$server_ip4" 80 -p 3336
	check_eq "has none" 1 "$(ct "$router" 'udp .*sport=3336 ' | grep -vc secctx)"
	in_ns "$router" iptables -t mangle -F

	rules "$router" <<RULES
table inet t {
	secmark known {
		"$context"
	}
	chain forward {
		type filter hook forward priority mangle; policy accept;
		udp dport 53 meta secmark set "known"
		ct state new ct secmark set meta secmark
		ct state established meta secmark set ct secmark
	}
}
RULES
	check "nft: UDP" ask "$client" udp "$server_ip6" 53 -p 3337 -c 2
	check "nft: a security mark is saved and shown" \
		ct "$router" "udp .*sport=3337 .* secctx=$context "
else
	skip "the security mark" "no security module knows $context here"
fi
finish
