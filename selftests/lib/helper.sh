# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of helpers share, on top of lib.sh and lib/net.sh: the router is
# a firewall that lets out one control connection and, beyond that, only what is
# established or related to it; and the peers that speak the protocols.

# firewall HELPER PROTOCOL PORT [FAMILY [RULESET]]: a new connection to PORT may
# pass, and gets HELPER by nft's "ct helper set"; no helper if HELPER is -.
# RULESET goes into the table: chains for NAT. What is refused is told so: a test
# need not wait for what does not come.
firewall() {
	local object='' set=''

	if [ "$1" != - ]; then
		object="ct helper h { type \"$1\" protocol $2; l3proto ${4:-ip}; }"
		set="meta nfproto ${4:-ip} $2 dport $3 ct helper set \"h\""
		[ "${4:-ip}" = ip6 ] && set=${set/nfproto ip6/nfproto ipv6} ||
			set=${set/nfproto ip /nfproto ipv4 }
	fi
	# shellcheck disable=SC2154
	rules "$router" <<RULES
table inet t {
	counter related { }
	counter refused { }
	$object
	chain pre {
		type filter hook prerouting priority filter; policy accept;
		$set
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state related counter name related accept
		ct state established accept
		ct state new $2 dport $3 accept
		meta l4proto icmpv6 accept
		counter name refused reject
	}
	${5-}
}
RULES
}

# The client's side as one outer address, the router's.
# shellcheck disable=SC2034
masquerade='chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname r1 masquerade
	}'

# by_iptables HELPER PROTOCOL PORT: the helper by the CT target of raw. After
# firewall, which clears everything.
by_iptables() {
	in_ns "$router" iptables -t raw -A PREROUTING -p "$2" --dport "$3" \
		-j CT --helper "$1"
}

# peer NS ARG...: a role of this test's protocol, in helper_NAME.py.
peer() {
	local ns=$1

	shift
	in_ns "$ns" python3 "$(dirname "$0")/$test_name.py" "$@"
}

# expectations NS [REGEX]: those of a namespace.
expectations() {
	in_ns "$1" grep -E -- "${2:-.}" /proc/net/nf_conntrack_expect
}
