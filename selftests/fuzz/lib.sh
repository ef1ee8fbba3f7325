# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What fuzzing is done with, in the test machine: a namespace that packets go
# through, and the four parts. Sourced; each part prints a line
#
#	PART: N executions in M ms, R a second
#
# that begins with its name, whose seed and time are $seed and $seconds.

# shellcheck disable=SC2154
fuzz_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seed=${SEED:-1}
seconds=${FUZZ_SECONDS:-20}
# Built by scripts/build tests.
programs=$fuzz_dir/../../build/$(uname -r)/tests

# Module, name, protocol and port of each helper, and the families it has.
helpers=(
	"ftp ftp tcp 21 46" "irc irc tcp 6667 4" "sane sane tcp 6566 46"
	"pptp pptp tcp 1723 4" "sip sip tcp 5060 46" "h323 Q.931 tcp 1720 46"
	"sip sip udp 5060 46" "tftp tftp udp 69 46" "amanda amanda udp 10080 46"
	"h323 RAS udp 1719 46" "snmp snmp udp 161 4" "netbios_ns netbios-ns udp 137 4"
)

# helper_rules MODULE NAME PROTOCOL PORT FAMILIES: for ruleset, if it is loaded.
helper_rules() {
	local family n

	[ -d "/sys/module/nf_conntrack_$1" ] || return 0
	for n in 4 6; do
		[[ $5 == *$n* ]] || continue
		family=ip
		[ $n = 4 ] || family=ip6
		echo "table inet fuzz {
			ct helper $1_$3_$n { type \"$2\" protocol $3; l3proto $family; }
			chain helpers {
				meta nfproto ipv$n $3 dport $4 ct helper set \"$1_$3_$n\"
			}
		}"
	done
}

# fuzz_modules: whatever hangs on the tracker; what there is not is left out.
fuzz_modules() {
	modprobe -qa nf_conntrack_{ftp,irc,sane,pptp,sip,h323,tftp,amanda,snmp,netbios_ns} \
		nf_nat_{ftp,irc,pptp,sip,h323,tftp,amanda,snmp_basic} nf_conntrack_netlink \
		nfnetlink_{cttimeout,cthelper} || :
}

# fuzz_links: in the namespace at hand, the device that ct_fuzz wants.
fuzz_links() {
	ip -batch - <<-LINKS
	link add fuzz0 type dummy
	link set lo up
	link set fuzz0 up
	address add 198.18.0.1/24 dev fuzz0
	address add fd00:ff::1/64 dev fuzz0 nodad
	route add default dev fuzz0
	route add ::/0 dev fuzz0
	LINKS
}

# fuzz_device: that, and the ruleset.
fuzz_device() {
	local each

	fuzz_links || return
	{
		echo "$(<"$fuzz_dir/ruleset")"
		for each in "${helpers[@]}"; do
			# shellcheck disable=SC2086
			helper_rules $each
		done
	} | nft -f - || return
	# Much happens to an entry in a short time.
	sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1 \
		net.netfilter.nf_conntrack_{udp_timeout,icmp_timeout,gre_timeout,generic_timeout}=1 \
		net.netfilter.nf_conntrack_tcp_timeout_{close,time_wait,last_ack}=1 \
		net.netfilter.nf_conntrack_tcp_timeout_{established,syn_sent,fin_wait}=2 \
		net.netfilter.nf_conntrack_{sctp_timeout_closed,dccp_timeout_timewait}=2
}

# fuzz_packets SEED MS [KEY=N...]: by ct_fuzz, which says more of its options. This
# and the two below print "executions=N ms=N ..." when they are through.
fuzz_packets() {
	local file

	exec {file}<>/proc/ct_fuzz || return
	echo "seed=$1 ms=$2 ${*:3}" >&"$file" && cat <&"$file"
	exec {file}>&-
}

fuzz_netlink() {
	"$programs/fuzz-netlink" "seed=$1" "ms=$2" "${@:3}"
}

fuzz_files() {
	"$programs/fuzz-files" "seed=$1" "ms=$2" "${@:3}"
}

# packet_twice NUMBER: alone, and with those before it; the kernel's log has it all.
packet_twice() {
	fuzz_packets "$seed" 60000 "from=$1" count=1 show=1
	fuzz_packets "$seed" 60000 "from=$(($1 - 7))" count=8 show=1
}

# in_new_ns COMMAND...: with the functions of this file, in a namespace that is
# ready, and gone afterwards. READY=fuzz_links does without the ruleset.
in_new_ns() {
	# shellcheck disable=SC2016
	unshare --net bash -c '. "$0"; "$1" && "${@:2}"' "$fuzz_dir/lib.sh" \
		"${READY:-fuzz_device}" "$@"
}

# first_to_end SEED: all three in the namespace at hand, each for up to a second;
# when the first is through, the others are ended, some of them hard.
first_to_end() {
	local name pids=()

	RANDOM=$1
	fuzz_packets "$1" $((200 + RANDOM % 800)) &
	pids+=($!)
	# The programs themselves are to be killed.
	for name in netlink files; do
		"$programs/fuzz-$name" "seed=$1" "ms=$((200 + RANDOM % 800))" &
		pids+=($!)
	done
	wait -n
	kill -$((RANDOM % 2 ? 9 : 15)) "${pids[@]}" 2>/dev/null
	wait
}

# namespaces SEED: are made and removed while all that happens in them; a ruleset
# takes long, so few have one.
namespaces() {
	local i=$1

	while [ $SECONDS -lt "$end" ]; do
		READY=$([ $((i / 100 % 6)) = 5 ] || echo fuzz_links) in_new_ns first_to_end "$i"
		i=$((i + 100))
		echo "namespaces=1"
	done
}

# resizes: the table's, until the end.
resizes() {
	RANDOM=$seed
	while [ $SECONDS -lt "$end" ]; do
		echo $((RANDOM % 3 ? RANDOM : 64 + RANDOM % 512)) \
			>/sys/module/nf_conntrack/parameters/hashsize
	done 2>/dev/null
}

# part_files and part_all need the table of the first namespace, which alone may be
# resized.
part_packets() {
	in_new_ns fuzz_packets "$seed" $((seconds * 1000))
}

part_netlink() {
	in_new_ns fuzz_netlink "$seed" $((seconds * 1000))
}

part_files() {
	fuzz_device || return
	fuzz_packets "$seed" $((seconds * 1000)) | sed 's/executions/packets/' &
	fuzz_files "$seed" $((seconds * 1000))
	wait
	fuzz_device_gone
}

# beside FUNCTION...: so that namespaces have their share.
beside() {
	renice -n 19 -p $BASHPID >/dev/null
	"$@"
}

part_all() {
	local end i part

	fuzz_device || return
	end=$((SECONDS + seconds))
	for part in packets netlink files; do
		beside "fuzz_$part" "$seed" $((seconds * 1000)) &
	done
	beside resizes &
	for i in 1 2; do
		namespaces $((seed + i)) &
	done
	wait
	fuzz_device_gone
}

fuzz_device_gone() {
	nft delete table inet fuzz
	ip link delete fuzz0
}

# fuzz_part PART: sets executions and changed, and says what was done.
fuzz_part() {
	local word ms start namespaces=0 packets=0 more=

	executions=0
	changed=0
	start=${EPOCHREALTIME/[.,]/}
	while read -r -d ' ' word; do
		case $word in
		executions=*) executions=$((executions + ${word#*=})) ;;
		changed=*) changed=$((changed + ${word#*=})) ;;
		namespaces=*) namespaces=$((namespaces + 1)) ;;
		packets=*) packets=${word#*=} ;;
		[a-z]*=*) more+=" $word" ;;
		esac
	done < <("part_$1" | tr '\n' ' ')
	ms=$(((${EPOCHREALTIME/[.,]/} - start) / 1000 + 1))
	[ "$1" != all ] || more=
	echo "$1: $executions executions in $ms ms, $((executions * 1000 / ms)) a second," \
		"seed $seed; $namespaces namespaces, $packets packets beside;$more"
}
