#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TFTP: the server answers from a port of its own choice, which a firewall does
# not let in unless it is related. A real server and two real clients, IPv4 and
# IPv6, both ways, by nft and by iptables, and with NAT on either side.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools in.tftpd tftp curl nft iptables
need_module nf_conntrack_tftp nf_nat_tftp
setup_topology
mkdir -m 777 "$scratch/srv"
chmod 755 "$scratch"
head -c 40000 /dev/urandom >"$scratch/srv/file"
sum=$(md5sum <"$scratch/srv/file")
bg in_ns "$server" in.tftpd -L -c -u nobody -s "$scratch/srv"
wait_listen "$server" u 69

# get ADDRESS SECONDS: the checksum of the file as it arrives.
get() {
	in_ns "$client" curl -sg -m "$2" --tftp-blksize 512 "tftp://$1/file" | md5sum
}

firewall - udp 69
check_fails "without helper the answer is refused" \
	test "$(get "$server_ip4" 2)" = "$sum"
check_counter "$router" refused -ge 1 "by the firewall"
check_counter "$router" related -eq 0 "nothing was related"

firewall tftp udp 69
check_eq "IPv4: a file is fetched" "$sum" "$(get "$server_ip4" 60)"
check_counter "$router" related -eq 1 "the answer was related"
head -c 9000 /dev/urandom >"$scratch/up"
in_ns "$client" timeout 60 tftp -m binary "$server_ip4" -c put "$scratch/up" up
check "a file is sent" busywait 5000 cmp "$scratch/up" "$scratch/srv/up"
check_fails "nothing is expected any more" expectations "$router"

firewall tftp udp 69 ip6
check_eq "IPv6: a file is fetched" "$sum" "$(get "[$server_ip6]" 60)"
check_counter "$router" related -eq 1 "the answer was related, too"

firewall tftp udp 69 ip "$masquerade"
ip -n "$server" route del default
check_eq "SNAT: a file is fetched" "$sum" "$(get "$server_ip4" 60)"
check "the related connection leads to the client" ct "$router" \
	"src=$server_ip4 dst=$router_wan_ip4 .*src=$client_ip4 dst=$server_ip4"

firewall - udp 69 ip "$masquerade"
by_iptables tftp udp 69
check_eq "the same by iptables' CT --helper" "$sum" "$(get "$server_ip4" 60)"
check_counter "$router" related -eq 1 "by a related connection"

firewall tftp udp 69 ip "chain pre_nat {
		type nat hook prerouting priority dstnat; policy accept;
		ip daddr 203.0.113.1 dnat ip to $server_ip4
	}
	$masquerade"
check_eq "DNAT and SNAT: a file is fetched" "$sum" "$(get 203.0.113.1 60)"
finish
