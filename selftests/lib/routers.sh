# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Two routers between two networks, one of which stands in for the other, and
# conntrackd(8) on both. Sourced beside lib.sh and nl.sh.
#
#	              +- lan0 $a wan0 -+
#	$client br0 --+                +-- br0 $server
#	$lan.10, .11  +- lan0 $b wan0 -+   $wan.10
#	              $a sync0 10.9.9.1 - 10.9.9.2 sync0 $b
#
# Whichever router is the active one has $lan.1 and $wan.1. All wires go through
# bridges, so that one end stays when the other one's router is gone.

# The networks, each a /24.
: "${lan:=10.0.1}" "${wan:=10.0.2}"

# setup_networks: what is there without the routers.
setup_networks() {
	local end ns

	setup_ns client server
	# shellcheck disable=SC2154
	for end in "client $lan" "server $wan"; do
		ns=${end% *}
		ip -n "${!ns}" link add br0 type bridge
		ip -n "${!ns}" address add "${end#* }.10/24" dev br0
		ip -n "${!ns}" link set br0 up
		ip -n "${!ns}" route add default via "${end#* }.1"
	done
	ip -n "$client" address add "$lan.11/24" dev br0
	ip -n "$client" link add sync type bridge
	ip -n "$client" link set sync up
}

# number ROUTER
number() {
	case $1 in
	a) echo 1 ;;
	b) echo 2 ;;
	esac
}

# setup_router ROUTER: $a or $b, wired, but without addresses in the networks.
setup_router() {
	local wire ns far bridge

	setup_ns "$1"
	for wire in lan:client:br0 wan:server:br0 sync:client:sync; do
		IFS=: read -r wire ns bridge <<<"$wire"
		far=${wire}_$1
		ip link add "${wire}0" netns "${!1}" type veth peer name "$far" netns "${!ns}"
		ip -n "${!ns}" link set "$far" master "$bridge" up
		ip -n "${!1}" link set "${wire}0" up
	done
	ip -n "${!1}" address add "10.9.9.$(number "$1")/24" dev sync0
}

# power_on ROUTER DIRECTORY: a machine of its own, with /run and /var/log for
# itself, and what is in the directory over what /etc has of that name.
declare -A power=()
power_on() {
	# shellcheck disable=SC2016
	bg ip netns exec "${!1}" sh -euc '
		for file in "$0"/*; do
			mount --bind "$file" "/etc/${file##*/}"
		done
		mount -t tmpfs log /var/log
		mount -t tmpfs run /run
		mkdir /run/lock /run/powered
		exec sleep infinity' "$2"
	power[$1]=$!
	disown
	busywait 60000 test -d "/proc/$!/root/run/powered" ||
		not_ok "the machine $1 is there" "$(tail "$scratch/bg.log")"
}

# power_off ROUTER: it fails: nothing runs any more, then no wire is left.
power_off() {
	ip netns pids "${!1}" | xargs -r kill -9
	ip -n "$client" link del "lan_$1"
	ip -n "$server" link del "wan_$1"
	ip -n "$client" link del "sync_$1"
	del_ns "${!1}"
	unset "power[$1]" "daemons[$1]"
}

# into ROUTER: sets $into to the words before a command that runs there.
into() {
	into=(nsenter "--net=/run/netns/${!1}")
	[ -z "${power[$1]-}" ] || into=(nsenter -t "${power[$1]}" --net --mount)
}

# on ROUTER CMD...
on() {
	local into

	into "$1"
	shift
	"${into[@]}" "$@"
}

# ctd ROUTER ARG...: a command to its conntrackd, whose configuration is
# ${ctd_conf[ROUTER]} or that of /etc.
declare -A ctd_conf=()
ctd() {
	local router=$1

	shift
	on "$router" conntrackd ${ctd_conf[$router]+-C "${ctd_conf[$router]}"} "$@"
}

# ctd_start ROUTER...: their daemons run, and answer.
declare -A daemons=()
ctd_start() {
	local router into

	for router; do
		into "$router"
		bg "${into[@]}" conntrackd ${ctd_conf[$router]+-C "${ctd_conf[$router]}"}
		daemons[$router]=$!
		disown
		busywait 30000 ctd "$router" -s >/dev/null || {
			not_ok "conntrackd starts" "$(tail -q "$scratch"/*.log)"
			return 1
		}
	done
}

# ctd_stop: all of them have ended.
ctd_stop() {
	kill "${daemons[@]}"
	busywait 10000 gone "${daemons[@]}" >/dev/null || not_ok "conntrackd ends"
	daemons=()
}

# knows ROUTER kernel|OPTION REGEX: what the kernel there, or the daemon (-i: its
# own flows, -e: the other one's), has of them.
knows() {
	case $2 in
	kernel) ctk "${!1}" -L ;;
	*) ctd "$1" "$2" ;;
	esac | grep -E "$3"
}

# forgotten ROUTER kernel|OPTION REGEX: nothing.
forgotten() {
	! knows "$@"
}
