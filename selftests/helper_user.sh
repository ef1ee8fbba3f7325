#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Helpers in user space: conntrackd's, by nfnetlink_cthelper and a queue. The
# first packet of a connection waits in the queue before the connection is
# confirmed, and what is expected of it comes back with the verdict.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/helper.sh"

need_tools conntrackd nfct in.tftpd curl nft
need_module nfnetlink_cthelper nfnetlink_queue nf_conntrack_netlink
setup_topology
mkdir -m 777 "$scratch/srv"
chmod 755 "$scratch"
head -c 20000 /dev/urandom >"$scratch/srv/file"
sum=$(md5sum <"$scratch/srv/file")
bg in_ns "$server" in.tftpd -L -u nobody -s "$scratch/srv"
wait_listen "$server" u 69

helpers() {
	in_ns "$router" nfct helper list
}
check "a helper in user space is registered" in_ns "$router" nfct helper add tftp inet udp
check "another, of the same family and protocol" in_ns "$router" nfct helper add ssdp inet udp
check "the same again changes it" in_ns "$router" nfct helper add tftp inet udp
check "both are listed" bash -c "ip netns exec $router nfct helper list |
	grep -c 'name = \"\(tftp\|ssdp\)\"\|\.name = \(tftp\|ssdp\)' | grep -x 2"
comment "$(helpers)"

cat >"$scratch/conntrackd.conf" <<CONF
General {
	Systemd no
	LogFile $scratch/conntrackd.log
	LockFile $scratch/conntrackd.lock
	UNIX {
		Path $scratch/conntrackd.ctl
	}
}
Helper {
	Type tftp inet udp {
		QueueNum 5
		QueueLen 1024
		Policy tftp {
			ExpectMax 3
			ExpectTimeout 200
		}
	}
}
CONF
bg in_ns "$router" conntrackd -C "$scratch/conntrackd.conf"
queue_bound() {
	in_ns "$router" grep -q '^ *5 ' /proc/net/netfilter/nfnetlink_queue
}
check "conntrackd serves it" busywait 10000 queue_bound

get() {
	in_ns "$client" curl -sg -m "$1" "tftp://$server_ip4/file" | md5sum
}
firewall - udp 69
check_fails "without helper the answer is refused" test "$(get 2)" = "$sum"
firewall tftp udp 69
check_eq "with it, a file is fetched" "$sum" "$(get 25)"
check_counter "$router" related -eq 1 "the answer was related"
check_fails "a helper in use cannot be deleted" in_ns "$router" nfct helper delete tftp inet udp
# From nobody, whose answer would be what is expected.
printf '\0\1file\0octet\0' |
	in_ns "$client" socat -u - "UDP:10.0.2.99:69,sourceport=4000"
check "what it expects is listed" busywait 5000 expectations "$router" \
	"dst=$client_ip4 .*dport=4000 .*tftp"
comment "$(expectations "$router")"
firewall - udp 69
deleted() {
	in_ns "$router" nfct helper delete "$1" inet udp
}
check "when no rule names it, it can be deleted" busywait 5000 deleted tftp
check_fails "then nothing is expected" expectations "$router"
check "the connection stays" ct "$router" "sport=4000 dport=69"
check "the other can be deleted, too" deleted ssdp
finish
