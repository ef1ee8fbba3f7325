#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What rules do with entries: mark, label, notrack, accounting, timestamps,
# timeout policies, and what matches tell of them (nftables and iptables).

. "$(dirname "$0")/lib.sh"

need_tools nft iptables
setup_topology
in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_acct=1 \
	net.netfilter.nf_conntrack_timestamp=1
in_ns "$router" nft -f - <<'RULES'
table ip t {
	ct timeout brief {
		protocol udp; l3proto ip;
		policy = { unreplied : 77, replied : 88 };
	}
	chain pre {
		type filter hook prerouting priority -300;
		udp dport 1000 notrack
	}
	chain through {
		type filter hook forward priority 0;
		icmp type echo-request ct mark set 0x2a
		ct mark 0x2a counter name marked
		udp dport 1001 ct timeout set "brief"
		udp dport 1000 ct state untracked counter name untracked
		ct bytes original > 0 counter name octets
		ct direction reply ct status seen-reply,confirmed counter name answers
	}
	counter marked { }
	counter untracked { }
	counter octets { }
	counter answers { }
}
RULES

counter() {
	in_ns "$router" nft list counter ip t "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

udp() {
	echo x >"/dev/udp/$1/$2"
}
export -f udp

check "ping" in_ns "$client" ping -c 3 -i 0.2 -s 100 -W 5 -q "$server_ip4"
check_eq "ct mark: set and matched in both directions" 6 "$(counter marked)"
check "the mark, the counters and the age are shown" in_ns "$router" grep -E \
	"icmp .*packets=3 bytes=384 src=.*packets=3 bytes=384 mark=42 .*delta-time=[0-9]+ " \
	/proc/net/nf_conntrack
check_eq "ct bytes" 6 "$(counter octets)"

in_ns "$client" bash -c "udp $server_ip4 1000; udp $server_ip4 1001"
check_eq "notrack: state untracked" 1 "$(counter untracked)"
check_eq "notrack: no entry" "" "$(in_ns "$router" grep dport=1000 /proc/net/nf_conntrack)"
check "ct timeout: the policy holds" in_ns "$router" \
	grep -E "udp +17 7[4567] .*dport=1001 " /proc/net/nf_conntrack

in_ns "$router" nft flush ruleset
in_ns "$router" iptables -t raw -A PREROUTING -p udp --dport 1002 -j CT --notrack
in_ns "$router" iptables -t mangle -A PREROUTING -p udp --dport 1003 -j MARK --set-mark 7
in_ns "$router" iptables -t mangle -A PREROUTING -p udp --dport 1003 -j CONNMARK --save-mark
in_ns "$router" iptables -A FORWARD -p udp -m state --state UNTRACKED -j ACCEPT
in_ns "$router" iptables -A FORWARD -p udp -m connmark --mark 7 -j ACCEPT
in_ns "$router" iptables -A FORWARD -p icmp -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT
in_ns "$router" iptables -A FORWARD -p icmp -m connbytes --connbytes 2: --connbytes-mode packets \
	--connbytes-dir both -j ACCEPT
in_ns "$router" iptables -A FORWARD -p icmp -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT

hits() {
	in_ns "$router" iptables -nvxL FORWARD | awk -v n="$1" 'NR == n + 2 { print $1 }'
}

in_ns "$client" bash -c "udp $server_ip4 1002; udp $server_ip4 1003"
in_ns "$client" ping -c 2 -i 0.2 -W 5 -q "$server_ip4" >/dev/null
check_eq "CT --notrack" 1 "$(hits 1)"
check_eq "CONNMARK --save-mark" 1 "$(hits 2)"
check_eq "--ctdir REPLY" 2 "$(hits 3)"
check_eq "connbytes from the second packet on" 1 "$(hits 4)"
check "the mark is shown" in_ns "$router" \
	grep -E "dport=1003 .*mark=7 " /proc/net/nf_conntrack

in_ns "$router" iptables -F
mkdir -p /etc/xtables 2>/dev/null
if echo '1 seen' >/etc/xtables/connlabel.conf 2>/dev/null || [ -e /etc/xtables/connlabel.conf ]; then
	in_ns "$router" iptables -A FORWARD -p udp --dport 1004 -m connlabel --label 1 --set
	in_ns "$router" iptables -A FORWARD -p udp --dport 1004 -m connlabel --label 1 -j ACCEPT
	in_ns "$client" bash -c "udp $server_ip4 1004"
	check_eq "a label that was set matches" 1 "$(hits 2)"
else
	skip "a label that was set matches" "no /etc/xtables"
fi
finish
