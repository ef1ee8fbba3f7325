# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Open vSwitch's kernel datapath between two namespaces, by ovs-dpctl alone: no
# daemon is needed. Sourced after lib.sh, once setup_ns has made $switch.

# shellcheck disable=SC2154
export OVS_RUNDIR=$scratch OVS_LOGDIR=$scratch

# dp ARG...: ovs-dpctl there.
dp() {
	# shellcheck disable=SC2154
	in_ns "$switch" timeout 10 ovs-dpctl "$@"
}

# setup_switch ONE OTHER: the datapath ct0 with ONE, 10.0.0.1, at its port 1, and
# OTHER, 10.0.0.2, at its port 2.
setup_switch() {
	local ns i=0

	dp add-dp ct0 || skip_all "no datapath"
	for ns in "$@"; do
		i=$((i + 1))
		ip link add e0 netns "$ns" type veth peer name "p$i" netns "$switch"
		set_addr "$ns" e0 "10.0.0.$i" "fd00::$i"
		ip -n "$switch" link set dev "p$i" up
		dp add-if ct0 "p$i" || skip_all "no port"
		# What hardware would do, the switch would have to.
		in_ns "$ns" ethtool -K e0 tx off >/dev/null 2>&1
	done
}
