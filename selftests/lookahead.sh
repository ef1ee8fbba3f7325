#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# With lookahead=1 packets are seen at their device before they are tracked, and
# nothing else is different: the same entries, in the same zones, whatever comes by
# the wire, while devices come, move and go, and the module as well.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"

[ "$(ct_module nf_conntrack)" = ours ] || skip_all "the stock module does not look ahead"
need_tools nft socat python3
setup_topology

# hooks NS DEVICE: how often the module stands at a device.
hooks() {
	in_ns "$1" nft list hooks netdev device "$2" 2>/dev/null | grep -c 'look.*\[nf_conntrack\]'
}

if modprobe -q nfnetlink_hook && in_ns "$router" nft list hooks netdev device r0 >/dev/null 2>&1; then
	# check_hooks DESCRIPTION NUMBER NS DEVICE
	check_hooks() {
		check_eq "$1" "$2" "$(hooks "$3" "$4")"
	}
else
	check_hooks() {
		skip "$1" "the kernel or nft does not list the hooks of a device"
	}
fi

ct_load() {
	in_ns "$router" nft flush ruleset
	check "nf_conntrack is unloaded" ct_unload
	check "and loaded with $*" modprobe nf_conntrack "$@"
}

# traffic DIGIT: what client and server say to each other, by ports that begin
# with the digit; prints the router's entries, without what differs.
traffic() {
	rules "$router" <<'RULES'
table inet t {
	chain z {
		type filter hook prerouting priority raw
		udp dport 99 ct zone set 7
		udp sport 99 ct zone set 7
	}
	chain c {
		type filter hook forward priority 0; policy drop
		ct state established,related accept
		iifname r0 ct state new accept
	}
	chain n {
		type nat hook postrouting priority srcnat
		tcp dport 98 oifname r1 masquerade
	}
}
RULES
	# It looks ahead only where there are many entries.
	in_ns "$router" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600
	in_ns "$client" "$net_tool" flood "$server_ip4" 9 9000 17000
	for proto in udp tcp; do
		for port in 97 98 99; do
			ask "$client" $proto "$server_ip4" $port -p "$1$port" -c 3
			ask "$client" $proto "$server_ip6" $port -p "$1$port" -c 3
		done
	done >/dev/null
	ping_ok "$client" "$server_ip4" >/dev/null
	ping_ok "$client" "$server_ip6" -s 4000 >/dev/null
	ct "$router" 'dport=(97|98|99) ' |
		sed -E 's/^(\S+ +\S+ +\S+ +\S+) +[0-9]+/\1/
			s/=[0-9](9[789])\b/=x\1/g
			s/ (FIN_WAIT|CLOSE_WAIT|LAST_ACK|TIME_WAIT) / over /
			s/ use=[0-9]+//' | sort
}

serve "$server" 97 98 99
ct_load lookahead=0
check_hooks "no hook at a device" 0 "$router" r0
without=$(traffic 4)
check_eq "entries without looking ahead" 12 "$(grep -c . <<<"$without")"

# --- the same entries ---------------------------------------------------------

ct_load lookahead=1
check_eq "the parameter can be read" Y "$(cat /sys/module/nf_conntrack/parameters/lookahead)"
check_hooks "a hook at a device that was there" 1 "$router" r0
check_hooks "none at loopback" 0 "$router" lo
check_eq "looking ahead, the same entries" "$without" "$(traffic 5)"

# Frames that end in the middle of a header, say they are longer, or have extension
# headers without end. The test machine panics on a fault.
broken() {
	in_ns "$client" python3 - "$(in_ns "$router" cat /sys/class/net/r0/address)" <<'PYTHON'
import random
import socket
import sys

mac = bytes.fromhex(sys.argv[1].replace(":", ""))
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("c0", 0))
random.seed(1)
v4 = bytes.fromhex("450000340000400040110000" "0a000102" "0a000202" "10610061" "00200000") + bytes(24)
v6 = bytes.fromhex("60000000002011400000") + bytes(28) + bytes.fromhex("fd000001" * 2 + "10610061" "00200000") + bytes(24)
for i in range(4000):
    kind, packet = random.choice(((b"\x08\x00", v4), (b"\x86\xdd", v6), (b"\x81\x00", b"\x00\x05\x08\x00" + v4)))
    packet = bytearray(packet[:random.randrange(1, len(packet) + 1)])
    for _ in range(random.randrange(4)):
        packet[random.randrange(len(packet))] = random.choice((0, 1, 6, 0x40, 0x4f, 43, 44, 60, 255))
    wire.send(mac + mac + kind + bytes(packet))
PYTHON
}
check "enough entries to look ahead for" \
	test "$(in_ns "$router" sysctl -n net.netfilter.nf_conntrack_count)" -gt 17000
check "4000 broken frames" broken
check "and a ping" ping_ok "$client" "$server_ip4"

# --- devices come and go --------------------------------------------------------

setup_ns other
ip -n "$router" link add late type dummy
check_hooks "a hook at a new device" 1 "$router" late
ip -n "$router" link set late netns "$other"
check_hooks "a hook at a device that has moved" 1 "$other" late
ip -n "$other" link set late name later
check_hooks "one, whatever its name" 1 "$other" later
ip -n "$other" link del later
ip -n "$other" link add later type dummy
check_hooks "and one at its successor" 1 "$other" later
ip -n "$router" link add link r0 name r0.5 type vlan id 5
check_hooks "a hook at a VLAN" 1 "$router" r0.5

bg in_ns "$client" ping -q -i 0.002 "$server_ip4"
bg in_ns "$client" ping -q -i 0.002 "$server_ip6"
for i in 1 2 3 4 5; do
	ip -n "$router" link add p0 type veth peer name p1 || break
	ip -n "$router" link set p0 up
	ip -n "$router" link set p1 up
	in_ns "$client" "$net_tool" flood "$server_ip4" 9 20000 200
	ip -n "$router" link del p0
done
check_eq "devices come and go under traffic" 5 "$i"
del_ns "$other"
check "a namespace goes with its device" ping_ok "$client" "$server_ip4"

# --- so does the module -----------------------------------------------------------

round() {
	rules "$router" <<'RULES'
table inet t {
	chain c { type filter hook forward priority 0; ct state new,established counter; }
}
RULES
	in_ns "$client" "$net_tool" flood "$server_ip4" 9 20000 200
	in_ns "$router" nft flush ruleset
	ct_unload && modprobe nf_conntrack lookahead=1
}

failed=0
for i in 1 2 3 4 5; do
	round || failed=$((failed + 1))
done
check_eq "loaded and unloaded under traffic: rounds that failed" 0 "$failed"
check_hooks "one hook at a device" 1 "$router" r0
ct_load lookahead=0
check_hooks "it leaves no hook" 0 "$router" r0
finish
