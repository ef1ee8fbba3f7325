#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# firewalld(1) on a router: its zones let through what they should by the state
# of the connection, masquerade and forward a port; its service for FTP brings
# the helper; what is established survives a reload.

# Programs in single quotes are for other shells.
# shellcheck disable=SC2016

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib/net.sh"
. "$(dirname "$0")/lib/nl.sh"

need_tools firewalld firewall-cmd dbus-daemon conntrack nft
need_module nft_ct nft_masq nft_fib_inet nf_conntrack_ftp
setup_topology
serve "$server" 80
serve "$client" 8080

# A message bus of its own, and settings of its own.
cat >"$scratch/bus.conf" <<BUS
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
 <type>system</type>
 <listen>unix:path=$scratch/bus</listen>
 <policy context="default">
  <allow user="*"/>
  <allow own="*"/>
  <allow send_type="method_call"/>
  <allow send_type="signal"/>
  <allow send_requested_reply="true" send_type="method_return"/>
  <allow send_requested_reply="true" send_type="error"/>
  <allow receive_type="method_call"/>
  <allow receive_type="signal"/>
  <allow receive_type="method_return"/>
  <allow receive_type="error"/>
 </policy>
</busconfig>
BUS
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$scratch/bus
bg dbus-daemon --config-file="$scratch/bus.conf" --nofork --nopidfile
busywait 10000 test -S "$scratch/bus" >/dev/null
cp -r /etc/firewalld "$scratch/firewalld"
mkdir -p "$scratch/firewalld/zones"
cat >"$scratch/firewalld/zones/external.xml" <<'ZONE'
<?xml version="1.0" encoding="utf-8"?>
<zone>
 <short>External</short>
 <interface name="r1"/>
 <masquerade/>
 <forward-port port="8888" protocol="tcp" to-port="8080" to-addr="10.0.1.2"/>
</zone>
ZONE
cat >"$scratch/firewalld/zones/internal.xml" <<'ZONE'
<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT">
 <short>Internal</short>
 <interface name="r0"/>
 <service name="ftp"/>
</zone>
ZONE
bg ip netns exec "$router" firewalld --nofork --nopid --log-file "$scratch/log" \
	--system-config "$scratch/firewalld"
running() {
	[ "$(firewall-cmd --state 2>&1)" = running ]
}
busywait 100000 running >/dev/null || {
	not_ok "firewalld starts" "$(cat "$scratch/log" "$scratch/bg.log")"
	finish
}
ok "firewalld starts"

check_eq "from inside: masqueraded" "from $router_wan_ip4 4000 to $server_ip4 80" \
	"$(ask "$client" udp "$server_ip4" 80 -p 4000)"
check_eq "TCP" "from $router_wan_ip4 4001 to $server_ip4 80" \
	"$(ask "$client" tcp "$server_ip4" 80 -p 4001)"
check_eq "IPv6 is not" "from $client_ip6 4002 to $server_ip6 80" \
	"$(ask "$client" tcp "$server_ip6" 80 -p 4002)"
check_fails "from outside: refused" ask "$server" tcp "$client_ip4" 8080 -w 2000
check_eq "but for the port that is forwarded" "from $server_ip4 4003 to $client_ip4 8080" \
	"$(ask "$server" tcp "$router_wan_ip4" 8888 -p 4003)"
check_eq "as the table says" 1 "$(ctk "$router" -L -p tcp --dport 8888 |
	grep -c "src=$client_ip4 dst=$server_ip4 sport=8080 dport=4003 .*ASSURED")"

# The rules for new connections change under one that is there.
touch "$scratch/hold"
bg ip netns exec "$server" sh -c 'exec "$0" ask -h "$1" -p 4004 -w 60000 tcp 10.0.2.1 8888 >"$2" 2>&1' \
	"$net" "$scratch/hold" "$scratch/asked"
asked=$!
check "a connection comes in" busywait 10000 grep -q from "$scratch/asked"
sed -i '/forward-port/d' "$scratch/firewalld/zones/external.xml"
check "reload" firewall-cmd --reload
check_fails "no new one comes in" ask "$server" tcp "$router_wan_ip4" 8888 -w 2000
rm "$scratch/hold"
wait "$asked"
check_eq "the one that was there goes on" 0 $?

check "the service for FTP has the helper" grep -q 'ct helper set "helper-ftp-tcp"' \
	<(in_ns "$router" nft list ruleset)
bg in_ns "$router" socat TCP4-LISTEN:21,fork,reuseaddr SYSTEM:'echo 220 ready; sleep 5'
wait_listen "$router" t 21
in_ns "$client" socat -u TCP:10.0.1.1:21 - </dev/null >"$scratch/ftp" &
helped() {
	ctk "$router" -L -p tcp --dport 21 -o extended | grep -q helper=ftp
}
check "and it is there when one comes" busywait 10000 helped
wait $!
finish
