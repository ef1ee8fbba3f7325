# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The two helpers for answers to a broadcast: netbios-ns and snmp. The one who
# asks has a firewall of its own. Sourced after lib.sh and lib/net.sh.

# host_firewall HELPER PORT: nothing may come in but what is established or
# related; what is asked at PORT has HELPER, none if it is -.
host_firewall() {
	local object='' set=''

	if [ "$1" != - ]; then
		object="ct helper h { type \"$1\" protocol udp; l3proto ip; }"
		set="udp dport $2 ct helper set \"h\""
	fi
	# shellcheck disable=SC2154
	rules "$client" <<RULES
table ip t {
	counter related { }
	counter refused { }
	$object
	chain out {
		type filter hook output priority filter; policy accept;
		$set
	}
	chain in {
		type filter hook input priority filter; policy drop;
		ct state related counter name related accept
		ct state established accept
		ip saddr != $client_ip4 counter name refused
	}
}
RULES
}

# test_broadcast HELPER PORT
test_broadcast() {
	local here

	here=$(dirname "${BASH_SOURCE[0]}")
	# shellcheck disable=SC2154
	{
		# Who asks knows the broadcast address as such.
		ip -n "$client" address del "$client_ip4/24" dev c0
		ip -n "$client" address add "$client_ip4/24" brd + dev c0
		ip -n "$router" address add 10.0.1.7/24 dev r0
		# One in another network, where nobody was asked.
		ip -n "$router" address add 10.0.9.1/24 dev r0
		ip -n "$client" route add 10.0.9.0/24 dev c0
		bg in_ns "$router" python3 "$here/broadcast.py" server "$2" \
			"$router_ip4" 10.0.1.7 10.0.9.1
		wait_listen "$router" u "$2"

		host_firewall - "$2"
		check_eq "without helper nobody's answer comes in" nobody \
			"$(in_ns "$client" python3 "$here/broadcast.py" client "$2" 10.0.1.255)"
		check_eq "three were refused" 3 "$(counter "$client" refused ip)"

		host_firewall "$1" "$2"
		check_eq "with it, those of the network that was asked" "$router_ip4 10.0.1.7" \
			"$(in_ns "$client" python3 "$here/broadcast.py" client "$2" 10.0.1.255)"
		check_eq "both were related" 2 "$(counter "$client" related ip)"
		check_eq "the third was refused" 1 "$(counter "$client" refused ip)"

		host_firewall - "$2"
		in_ns "$client" iptables -t raw -A OUTPUT -p udp --dport "$2" \
			-j CT --helper "$1"
		check_eq "the same by iptables' CT --helper" "$router_ip4 10.0.1.7" \
			"$(in_ns "$client" python3 "$here/broadcast.py" client "$2" 10.0.1.255)"
	}
}
