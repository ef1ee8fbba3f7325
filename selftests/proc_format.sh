#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# /proc/net/nf_conntrack, byte for byte: a line of each protocol, with and
# without replies, zones, marks, security marks, counters and timestamps. Only
# timeouts and ages are not compared: they are shown as T and D.

. "$(dirname "$0")/lib.sh"

need_tools nft socat python3
near4=10.9.0.1 far4=10.9.0.9 near6=fd09::1 far6=fd09::9
full_near6=fd09:0000:0000:0000:0000:0000:0000:0001
full_far6=fd09:0000:0000:0000:0000:0000:0000:0009

# Nobody answers behind d0, so each flow stays as its first packet made it.
setup_ns one two
veth_pair "$one" v0 10.8.0.1 fd08::1 "$two" v1 10.8.0.2 fd08::2
ip -n "$one" link add d0 type dummy
set_addr "$one" d0 "$near4" "$near6"
ip -n "$one" neigh add "$far4" lladdr 02:00:00:00:00:09 dev d0
ip -n "$one" neigh add "$far6" lladdr 02:00:00:00:00:09 dev d0

in_ns "$one" nft -f - <<'RULES'
table inet t {
	chain early {
		type filter hook output priority -300;
		udp dport 7001 ct zone set 1
		udp dport 7002 ct original zone set 2
		udp dport 7003 ct reply zone set 3
	}
	chain late {
		type filter hook output priority 0;
		ct state new udp dport 7004 ct mark set 0x55
	}
}
RULES
in_ns "$one" nft -f - 2>/dev/null <<'RULES' && secctx="secctx=unconfined "
table inet s {
	secmark s { "unconfined" }
	chain late {
		type filter hook output priority 1;
		udp dport 7005 meta secmark set "s"
		udp dport 7005 ct secmark set meta secmark
	}
}
RULES
: "${secctx=}"

shown() {
	in_ns "$one" cat /proc/net/nf_conntrack |
		sed -E 's/^(ipv[46] +[0-9]+ [a-z]+[46]? +[0-9]+ )[0-9]+ /\1T /; s/delta-time=[0-9]+/delta-time=D/'
}

# Lines of PROTOCOL|PORTS|PORTS OF THE REPLY|SIZE|ZONE|ZONE OF THE REPLY|REST, filled up.
expected() {
	local src=$1 dst=$2 l3=$3 header=$4 proto ports reply size orig_zone reply_zone end

	while IFS='|' read -r proto ports reply size orig_zone reply_zone end; do
		printf '%s %s src=%s dst=%s %s%spackets=1 bytes=%s [UNREPLIED] src=%s dst=%s %s%spackets=0 bytes=0 %s delta-time=D use=2\n' \
			"$l3" "$proto" "$src" "$dst" "${ports:+$ports }" "$orig_zone" \
			"$((size + header))" "$dst" "$src" "${reply:+$reply }" "$reply_zone" "$end"
	done
}

# What IPv4 and IPv6 have in common; sizes are those of the payload.
flows() {
	cat <<-FLOWS
		udp      17 T|sport=5001 dport=7000|sport=7000 dport=5001|13|||mark=0 zone=0
		udp      17 T|sport=5001 dport=7001|sport=7001 dport=5001|13|||mark=0 zone=1
		udp      17 T|sport=5001 dport=7002|sport=7002 dport=5001|13|zone-orig=2 ||mark=0
		udp      17 T|sport=5001 dport=7003|sport=7003 dport=5001|13||zone-reply=3 |mark=0
		udp      17 T|sport=5001 dport=7004|sport=7004 dport=5001|13|||mark=85 zone=0
		udp      17 T|sport=5001 dport=7005|sport=7005 dport=5001|13|||mark=0 ${secctx}zone=0
		udplite  136 T|sport=5003 dport=7000|sport=7000 dport=5003|13|||mark=0 zone=0
		tcp      6 T SYN_SENT|sport=5004 dport=7000|sport=7000 dport=5004|20|||mark=0 zone=0
		tcp      6 T ESTABLISHED|sport=5005 dport=7000|sport=7000 dport=5005|20|||mark=0 zone=0
		sctp     132 T CLOSED|sport=6001 dport=6002|sport=6002 dport=6001|32|||mark=0 zone=0
		dccp     33 T REQUEST|sport=6003 dport=6004|sport=6004 dport=6003|20|||mark=0 zone=0
		gre      47 T timeout=30, stream_timeout=180|srckey=0x0 dstkey=0x0|srckey=0x0 dstkey=0x0|12|||mark=0 zone=0
		gre      47 T timeout=30, stream_timeout=180|srckey=0x0 dstkey=0x99|srckey=0x99 dstkey=0x0|16|||mark=0 zone=0
		unknown  99 T|||7|||mark=0 zone=0
	FLOWS
}

in_ns "$one" sysctl -qw net.netfilter.nf_conntrack_acct=1 \
	net.netfilter.nf_conntrack_timestamp=1
in_ns "$one" python3 proc_traffic.py "$near4" "$far4" "$near6" "$far6"
shown | grep -E "src=($near4|$full_near6)" | sort >"$scratch/shown"
{
	flows | expected "$near4" "$far4" "ipv4     2" 20
	flows | expected "$full_near6" "$full_far6" "ipv6     10" 40
	expected "$near4" "$far4" "ipv4     2" 20 <<-FLOWS
		icmp     1 T|type=8 code=0 id=16962|type=0 code=0 id=16962|8|||mark=0 zone=0
		icmp     1 T|type=13 code=0 id=16963|type=14 code=0 id=16963|20|||mark=0 zone=0
	FLOWS
	expected "$full_near6" "$full_far6" "ipv6     10" 40 <<-FLOWS
		icmpv6   58 T|type=128 code=0 id=16962|type=129 code=0 id=16962|8|||mark=0 zone=0
	FLOWS
} | sort >"$scratch/expected"

while IFS= read -r line; do
	what=$(awk '{ print $1, $3 }' <<<"$line")
	check "$what: ${line#*dst=* }" grep -Fxq "$line" "$scratch/shown" ||
		comment "$(grep -F "$(grep -oE ' (sport|srckey|type)=.*\[UNREPLIED\]' <<<"$line")" "$scratch/shown")"
done <"$scratch/expected"
check "and no line more" diff "$scratch/expected" "$scratch/shown"

# --- flows that were answered ---------------------------------------------
in_ns "$one" sysctl -qw net.netfilter.nf_conntrack_acct=0 \
	net.netfilter.nf_conntrack_timestamp=0
bg in_ns "$two" socat -u TCP-LISTEN:80,fork OPEN:/dev/null
wait_listen "$two" t 80
bg in_ns "$one" socat -u "EXEC:sleep 100" TCP:10.8.0.2:80,bind=10.8.0.1:5100
check_eq "an established connection" \
	"ipv4     2 tcp      6 T ESTABLISHED src=10.8.0.1 dst=10.8.0.2 sport=5100 dport=80 src=10.8.0.2 dst=10.8.0.1 sport=80 dport=5100 [ASSURED] mark=0 zone=0 use=2" \
	"$(shown_wait() { shown | grep ASSURED; }; busywait 5000 shown_wait)"
check "a ping" in_ns "$one" ping -c 1 -W 5 -q 10.8.0.2
check_eq "an answered ping, without counters" \
	"ipv4     2 icmp     1 T src=10.8.0.1 dst=10.8.0.2 type=8 code=0 id=N src=10.8.0.2 dst=10.8.0.1 type=0 code=0 id=N mark=0 zone=0 use=2" \
	"$(shown | grep 'icmp .*10.8' | sed 's/id=[0-9]*/id=N/g')"
finish
