#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# FTP at length through a router that masquerades: two clients at the same time
# that announce the same port, many files one after the other, a large one.
#
#	FILES=200 MEGABYTES=100 ./ftp_many.sh

. "$(dirname "$0")/lib.sh"

need_tools vsftpd curl md5sum
need_module nf_conntrack_ftp nf_nat_ftp
setup_topology
. "$(dirname "$0")/lib/ftp.sh"
site
# shellcheck disable=SC2154
ip -n "$client" address add 10.0.1.9/24 dev c0
strict_router 21
masquerade
vsftpd_at "$server" 21

files=${FILES:-200}
megabytes=${MEGABYTES:-100}

# Behind one address only one of them can have the port.
pids=()
for addr in 10.0.1.2 10.0.1.9; do
	in_ns "$client" curl -sS -m 60 --interface "$addr" --ftp-port "$addr:5000" \
		--limit-rate 200k -o "$scratch/got/$addr" "ftp://$server_ip4/file" &
	pids+=($!)
done
for n in 0 1; do
	wait "${pids[n]}"
	check_eq "client $((n + 1)) of two that announce the same port gets a file" 0 $?
done
check "the first one's is right" cmp "$www/file" "$scratch/got/10.0.1.2"
check "the second one's is right" cmp "$www/file" "$scratch/got/10.0.1.9"

# in_a_row ARGUMENT...: the files by one curl, over one control connection.
in_a_row() {
	local n=$1

	shift
	rm -f "$scratch/got/"*
	in_ns "$client" curl -sS -m 60 "$@" "ftp://$server_ip4/n/[1-$n]" \
		-o "$scratch/got/#1" || return
	for ((; n; n--)); do
		cmp "$www/n/$n" "$scratch/got/$n" || return
	done
}
mkdir "$www/n"
for ((n = 1; n <= files; n++)); do
	echo "this is file number $n" >"$www/n/$n"
done
before=$(data_connections)
check "$files files in a row, passive" in_a_row "$files"
check "$files files in a row, active" in_a_row "$files" --ftp-port 10.0.1.2
check "by a data connection each" \
	test $(($(data_connections) - before)) -ge $((2 * files))

# The same megabyte again and again, with a number in each.
large() {
	local n

	for ((n = 0; n < megabytes; n++)); do
		printf '%16d' "$n"
		cat "$scratch/megabyte"
	done
}
head -c $((1048576 - 16)) /dev/urandom >"$scratch/megabyte"
large >"$www/large"
sum=$(md5sum <"$www/large")
check_eq "$megabytes MB, passive" "$sum" \
	"$(in_ns "$client" curl -sS -m 200 "ftp://$server_ip4/large" | md5sum)"
check_eq "$megabytes MB, active" "$sum" \
	"$(in_ns "$client" curl -sS -m 200 --ftp-port - "ftp://$server_ip4/large" | md5sum)"
finish
