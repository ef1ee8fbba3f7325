#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which connections have a helper: none by its port alone, unless the sysctl says
# so; those that a rule of nftables or iptables says; what happens to them when the
# helper's module goes; and what a helper says when it drops a packet.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools conntrack iptables nft socat
need_module nf_conntrack_tftp
setup_topology

# request PORT [ADDRESS]: the client, from this port, asks for a file by TFTP. The
# answer may come from any port of the server.
request() {
	printf '\0\1file\0octet\0' |
		in_ns "$client" socat -u - "UDP:${2-$server_ip4}:69,sourceport=$1"
}
expected() {
	expectations "$router" "dst=$client_ip4 .*dport=$1 .*tftp"
}
not_expected() {
	! expected "$1"
}
removed() {
	modprobe -r "$1" 2>/dev/null && [ ! -d "/sys/module/$1" ]
}

sysctl=/proc/sys/net/netfilter/nf_conntrack_helper
check "no helper by port: the sysctl is absent or 0" \
	bash -c "[ ! -e $sysctl ] || [ \$(<$sysctl) = 0 ]"
firewall - udp 69
request 4000
check "a connection to the helper's port is tracked" ct "$router" "udp .*sport=4000 dport=69"
check "and has no helper" not_expected 4000

# By port, where the sysctl says so.
by_port() {
	in_ns "$router" sh -c "echo $1 >$sysctl"
}
is_by_port() {
	in_ns "$router" cat $sysctl
}
# helper_of PORT: the name of the helper that the connection from there has.
helper_of() {
	in_ns "$router" conntrack -L -p udp --sport "$1" 2>/dev/null |
		sed -n 's/.* helper=\([^ ]*\).*/\1/p'
}
warnings() {
	dmesg | grep -c 'nf_conntrack: helpers are assigned by port'
}
if [ "$(ct_module)" = ours ]; then
	check_eq "a new namespace has it off" 0 "$(is_by_port)"
	check_fails "2 is refused" by_port 2
	check_fails "and so is a word" by_port yes
	check_eq "nothing changes by that" 0 "$(is_by_port)"
	check "off can be set to off" by_port 0
	check_eq "none of it is worth a warning" 0 "$(warnings)"
	check "it can be turned on" by_port 1
	check_eq "which is read back" 1 "$(is_by_port)"
	check_eq "and the log warns" 1 "$(warnings)"
	check_eq "it is the namespace's own" 0 "$(<$sysctl)"

	request 4010
	check "a new connection to the port has the helper, without a rule" expected 4010
	check_eq "netlink says which" tftp "$(helper_of 4010)"
	request 4000
	check "one from before has not" not_expected 4000

	# Of another kind, so that it can be told from the port's.
	modprobe nf_conntrack_amanda
	by_iptables amanda udp 69
	request 4011
	check_eq "the helper that a template names is the one" amanda "$(helper_of 4011)"
	check "and not the port's" not_expected 4011
	firewall - udp 69
	request 4012
	check_eq "without the rule it is the port's again" tftp "$(helper_of 4012)"

	check "the module can go: its port holds nothing" busywait 10000 removed nf_conntrack_tftp
	check "with it, what it expected" not_expected '[0-9]*'
	check_eq "its connection has no helper" "" "$(helper_of 4012)"
	request 4013
	check_eq "nor has a new one" "" "$(helper_of 4013)"
	modprobe nf_conntrack_tftp
	request 4014
	check "when it is back, a new one has it" expected 4014

	check "it can be turned off" by_port 0
	request 4015
	check "a new connection is tracked" ct "$router" "udp .*sport=4015 dport=69"
	check_eq "and has no helper" "" "$(helper_of 4015)"
	check "and nothing expected" not_expected 4015
	request 4014
	check_eq "one from before keeps its own" tftp "$(helper_of 4014)"
	check "it can be turned on once more" by_port 1
	check_eq "the log has warned once" 1 "$(warnings)"
	by_port 0
else
	skip "helpers by port" "not in the stock module"
fi

# By rule.
firewall tftp udp 69
request 4001
check "nft: a new connection has it" expected 4001
request 4000
check "one from before the rule has not" not_expected 4000
check_fails "the module stays while a rule names it" removed nf_conntrack_tftp
serve "$client" 4001
touch "$scratch/hold"
ask "$server" udp "$client_ip4" 4001 -p 5555 -h "$scratch/hold" >"$scratch/held" &
held=$!
check "the related connection is made" busywait 10000 test -s "$scratch/held"
check "and no more expected" not_expected 4001
request 4002
check "another is expected" expected 4002

# The module goes while all this is there.
firewall - udp 69
check "when the rule is gone, the module can go" busywait 10000 removed nf_conntrack_tftp
check "with it, what it expected" not_expected 4002
check "not the connection that it helped" ct "$router" "sport=4002 dport=69"
rm "$scratch/hold"
wait "$held"
check_eq "nor the related one: it goes on" 0 $?
request 4002
check "the connection expects nothing any more" not_expected 4002
check "the module comes again" modprobe nf_conntrack_tftp
request 4002
check "which does not give it back its helper" not_expected 4002

# By template, which the CT target has made: its module is loaded on demand.
check "the module goes again" busywait 10000 removed nf_conntrack_tftp
by_iptables tftp udp 69
check "iptables: naming a helper loads its module" test -d /sys/module/nf_conntrack_tftp
request 4003
check "a new connection has it" expected 4003
request 4000
check "an old one has not" not_expected 4000
check_fails "the module stays while a rule names it" removed nf_conntrack_tftp
check_fails "a helper that there is not" by_iptables nonesuch udp 69
check_fails "one of another protocol" by_iptables tftp tcp 69

# A packet that the helper drops.
modprobe nf_log_syslog
sysctl -qw net.netfilter.nf_log_all_netns=1
max=$(sysctl -n net.netfilter.nf_conntrack_expect_max)
sysctl -qw net.netfilter.nf_conntrack_expect_max=1
dmesg --clear
request 4004
sysctl -qw net.netfilter.nf_conntrack_expect_max="$max" net.netfilter.nf_log_all_netns=0
logged() {
	dmesg | grep "nf_ct_tftp: dropping packet: cannot add expectation .*SRC=$client_ip4 DST=$server_ip4 .*DPT=69"
}
check "a packet whose answer cannot be expected is dropped, and logged" busywait 3000 logged
check "the full table, too" bash -c 'dmesg | grep "nf_conntrack: expectation table full"'
check_fails "its connection is not tracked" ct "$router" "sport=4004 dport=69"
request 4004
check "when there is room, it is" expected 4004

# Rules, connections and the module come and go under traffic.
bg in_ns "$client" "$net_tool" flood "$server_ip4" 69 20000 0
for _ in 1 2 3 4; do
	firewall tftp udp 69
	busywait 5000 ct "$router" "dport=69" >/dev/null
	firewall - udp 69
	busywait 20000 removed nf_conntrack_tftp || break
done
check "the module goes under traffic, again and again" test ! -d /sys/module/nf_conntrack_tftp
check "and nothing of it is left" not_expected '[0-9]*'
finish
