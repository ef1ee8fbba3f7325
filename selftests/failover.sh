#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Documentation/failover.rst: two routers with source NAT, keepalived(8) and
# conntrackd(8), by the very files of Documentation/examples/failover. The active
# one fails in the midst of two transfers, the other takes over; the first one
# starts anew, learns the flows, and has them handed over again. At last the same
# without conntrackd: the transfers are stuck. lib/routers.sh has a drawing.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/nl.sh"
lan=192.168.1 wan=192.0.2
. "$(dirname "$0")/lib/routers.sh"

need_tools conntrack conntrackd keepalived nft socat
need_module nft_ct nft_nat
examples=$(dirname "$0")/../Documentation/examples/failover

# boot ROUTER: the machine, as the page has a person set it up.
boot() {
	local etc=$scratch/etc_$1

	setup_router "$1"
	# Its own addresses.
	ip -n "${!1}" address add "$lan.$(($(number "$1") + 1))/24" dev lan0
	ip -n "${!1}" address add "$wan.$(($(number "$1") + 1))/24" dev wan0
	mkdir -p "$etc"/{conntrackd,keepalived,sysctl.d}
	cp "$examples/conntrackd.conf" "$etc/conntrackd/"
	cp "$examples"/{keepalived.conf,notify} "$etc/keepalived/"
	# Where the whole machine is stalled for a second, no router has failed.
	sed -i 's/advert_int .*/advert_int 2/' "$etc/keepalived/keepalived.conf"
	cp "$examples/nftables.conf" "$etc/"
	cp "$examples/sysctl.conf" "$etc/sysctl.d/router.conf"
	[ "$1" = a ] || sed -i '/UDP {/,/}/ {
		s/\(IPv4_address\) .*/\1 10.9.9.2/
		s/\(IPv4_Destination_Address\) .*/\1 10.9.9.1/
	}' "$etc/conntrackd/conntrackd.conf"
	power_on "$1" "$etc"
	on "$1" sysctl -qp /etc/sysctl.d/router.conf
	on "$1" nft -f /etc/nftables.conf || not_ok "the ruleset can be loaded"
}

# vrrp ROUTER: its keepalived starts.
vrrp() {
	local into

	into "$1"
	bg "${into[@]}" keepalived --vrrp --dont-fork --log-console --log-detail --no-syslog
	disown
}

# vrrp_stop ROUTER: as a service is stopped.
vrrp_stop() {
	local pid

	pid=$(on "$1" cat /run/keepalived.pid)
	kill "$pid"
	busywait 20000 gone "$pid"
}

# is_active ROUTER, is_standby ROUTER: it has both virtual addresses, or none.
is_active() {
	ip -n "${!1}" -4 address show dev lan0 | grep -q " $lan.1/" &&
		ip -n "${!1}" -4 address show dev wan0 | grep -q " $wan.1/"
}
is_standby() {
	! ip -n "${!1}" -4 address | grep -qE " ($lan|$wan)\.1/"
}

# end N SIDE ADDRESS: one end of a transfer, client or server. As long as
# $scratch/hold is there, random bytes are sent; N.SIDE.sent and N.SIDE.got are
# what went and what came.
end() {
	while [ -e "$scratch/hold" ]; do
		head -c 8192 /dev/urandom
		# Not so fast that it is all there is to do.
		read -r -t 0.1 -u "$pause_fd" _
	done | tee "$scratch/$1.$2.sent" |
		ip netns exec "${!2}" socat -t 60 - "$3" >"$scratch/$1.$2.got"
}

# peers: who is connected to the server, as it sees them.
peers() {
	ip netns exec "$server" ss -Htn state established 'sport = :80' | awk '{ print $4 }'
}

# transfers_start NAME: two transfers between $client and $server, each with some
# data there and back. Both are from the same port, so only one of them keeps
# that behind the NAT. Sets $flow1, $nat1, $flow2, $nat2: what stands for the
# original and the reply tuple in a listing.
transfers_start() {
	local n peer known=none

	rm -f "$scratch"/[12].*
	touch "$scratch/hold"
	transfers=()
	for n in 1 2; do
		bg end $n server TCP-LISTEN:80,reuseaddr
		transfers+=($!)
		wait_listen "$server" t 80
		bg end $n client "TCP:$wan.10:80,bind=$lan.1$((n - 1)):4000,reuseaddr"
		transfers+=($!)
		check "$1: transfer $n runs" busywait 60000 moved $n 65536
		peer=$(peers | grep -vxF "$known")
		check_eq "$1: by the virtual address" "$wan.1" "${peer%:*}"
		printf -v flow$n '%s' "src=$lan.1$((n - 1)) dst=$wan.10 sport=4000 dport=80"
		printf -v nat$n '%s' "src=$wan.10 dst=$wan.1 sport=80 dport=${peer#*:} "
		known=$peer
	done
	check_fails "$1: the second one by another port" test "${peer#*:}" = 4000
}

# size N SIDE: how much that side has got.
size() {
	stat -c %s "$scratch/$1.$2.got"
}

# moved N BYTES: both sides have got more than that.
moved() {
	[ "$(size "$1" client)" -gt "$2" ] && [ "$(size "$1" server)" -gt "$2" ]
}

# same N: either side got what the other one sent.
same() {
	local side other=server

	for side in client server; do
		[ "$(sha256sum <"$scratch/$1.$side.sent")" = "$(sha256sum <"$scratch/$1.$other.got")" ] ||
			return
		other=client
	done
}

# mark: from here on, go_on NAME and stuck NAME ask whether data moves.
declare -A had
mark() {
	local n side

	for n in 1 2; do
		for side in client server; do
			had[$n$side]=$(size $n $side)
		done
	done
}
more() {
	[ "$(size "$1" "$2")" -gt $((had[$1$2] + $3)) ]
}
go_on() {
	local n side

	for n in 1 2; do
		for side in client server; do
			check "$1: transfer $n to the $side goes on" busywait 60000 more $n $side 65536
		done
	done
}
stuck() {
	local n side

	for n in 1 2; do
		for side in client server; do
			check_fails "$1: transfer $n to the $side is stuck" more $n $side 0
		done
	done
}

# heard ROUTER NAME: it knows the other one's flows, its kernel does not.
heard() {
	check "$2: the standby has heard of transfer 1" \
		busywait 60000 knows "$1" -e "ESTABLISHED $flow1 .*ASSURED"
	check "$2: and of transfer 2" busywait 60000 knows "$1" -e "ESTABLISHED $flow2 .*ASSURED"
	check "$2: its kernel has not" forgotten "$1" kernel "sport=4000 dport=80"
}

# committed ROUTER NAME: its kernel has them, translated as before.
committed() {
	check "$2: transfer 1 is in its kernel, with its NAT" \
		busywait 60000 knows "$1" kernel "ESTABLISHED $flow1 $nat1.*ASSURED"
	check "$2: so is transfer 2" \
		busywait 60000 knows "$1" kernel "ESTABLISHED $flow2 $nat2.*ASSURED"
}

# strays ROUTER: packets of connections unknown there came, each way.
strays() {
	counter_is "${!1}" stray_forward -gt 0 ip router &&
		counter_is "${!1}" stray_input -gt 0 ip router
}

setup_networks
serve "$server" 81
for router in a b; do
	boot $router
	ctd_start $router || finish
	vrrp $router
	[ $router = b ] || check "the first router becomes the active one" busywait 60000 is_active a
done

# --- With conntrackd ------------------------------------------------------------

transfers_start failure
check "failure: the first router is still the active one" is_active a
check "failure: the second one is not" is_standby b
heard b failure
power_off a
mark
check "failure: the second router takes over" busywait 60000 is_active b
committed b failure
go_on failure

boot a
ctd_start a || finish
vrrp a
heard a hand-over
check "hand-over: the first router leaves the second one alone" is_standby a
vrrp_stop b
mark
check "hand-over: the first router takes over" busywait 60000 is_active a
check "hand-over: the second one has let go" is_standby b
committed a hand-over
go_on hand-over

rm "$scratch/hold"
check "the transfers end" busywait 60000 gone "${transfers[@]}" || finish
for end in "${transfers[@]}"; do
	wait "$end"
	check_eq "an end has ended well" 0 $?
done
check "transfer 1 has the right checksums" same 1
check "transfer 2 has the right checksums" same 2

# --- Without: the same must fail --------------------------------------------------

vrrp b
ctd_stop
ctk "$a" -F
ctk "$b" -F
transfers_start control
check "control: the first router is still the active one" is_active a
on b nft reset counters table ip router >/dev/null
power_off a
mark
check "control: the second router takes over" busywait 60000 is_active b
check_eq "control: a new connection goes" "from $wan.1 5000 to $wan.10 81" \
	"$(ask "$client" tcp "$wan.10" 81 -p 5000 -w 20000)"
check "control: the transfers' packets come, and are strangers" busywait 60000 strays b
check "control: its kernel does not know them" forgotten b kernel "sport=4000 dport=80"
stuck control
finish
