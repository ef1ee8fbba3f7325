#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# FTP servers on other ports than 21: helpers by the module's parameter ports,
# each with a name of its own, up to eight; and the usual helper by a rule.

. "$(dirname "$0")/lib.sh"

need_tools vsftpd curl
need_module nf_conntrack_ftp

# with_ports PORTS: the module afresh.
with_ports() {
	busywait 10000 rmmod nf_conntrack_ftp && modprobe nf_conntrack_ftp "ports=$1"
}

modprobe -r -q nf_nat_ftp
check "the module takes eight ports" with_ports 21,2121,2122,2123,2124,2125,2126,2127
check_eq "and shows them" 21,2121,2122,2123,2124,2125,2126,2127 \
	"$(cat /sys/module/nf_conntrack_ftp/parameters/ports)"
check_fails "nine are too many" with_ports 1,2,3,4,5,6,7,8,9
check_fails "one port twice" modprobe nf_conntrack_ftp ports=2121,2121
check "the module takes two ports" modprobe nf_conntrack_ftp ports=21,2121

setup_topology
. "$(dirname "$0")/lib/ftp.sh"
site
vsftpd_at "$server" 2121

# rules HELPER: connections to port 2121 have it.
rules() {
	in_ns "$router" nft -f - <<-RULES
	table inet fw
	delete table inet fw
	table inet fw {
		ct helper ftp { type "$1" protocol tcp; }
		counter data { }
		chain helper {
			type filter hook prerouting priority 0;
			tcp dport 2121 ct helper set "ftp"
		}
		chain forward {
			type filter hook forward priority 0; policy drop;
			ct state established accept
			ct state related counter name data accept
			iifname r0 tcp dport 2121 ct state new accept
			icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		}
	}
	RULES
}

# by NAME COMMAND...: curl gets its file by these.
by() {
	local name=$1 how

	check "a rule gives port 2121 the helper $name" rules "$name"
	shift
	for how; do
		check "$name: curl, $how" transfer curl "$how" "$server_ip4" 2121
	done
	check "$name: curl, EPRT, IPv6" transfer curl EPRT "[$server_ip6]" 2121
}
by ftp-2121 EPSV EPRT PASV PORT
by ftp EPSV PORT
check_fails "there is no helper for another port" rules ftp-2122

# The same by iptables.
in_ns "$router" nft delete table inet fw
check "iptables gives port 2121 the helper ftp-2121" in_ns "$router" iptables-nft -t raw \
	-A PREROUTING -p tcp --dport 2121 -j CT --helper ftp-2121
in_ns "$router" iptables-nft -P FORWARD DROP
in_ns "$router" iptables-nft -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
in_ns "$router" iptables-nft -A FORWARD -m conntrack --ctstate RELATED \
	-m helper --helper ftp-2121 -p tcp --dport 1024: -j ACCEPT
in_ns "$router" iptables-nft -A FORWARD -i r0 -p tcp --dport 2121 \
	-m conntrack --ctstate NEW -j ACCEPT
for how in EPSV PORT; do
	check "iptables: curl, $how" by_curl $how "$server_ip4" 2121
done
finish
