# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernel's search for memory that nobody refers to, where it has one.
# Needs a function pause.

# scan_leaks: lets kmemleak look for what nobody refers to; twice, since it says
# nothing of what is younger than five seconds.
kmemleak=/sys/kernel/debug/kmemleak
scan_leaks() {
	local end=$((SECONDS + 6))

	echo scan >$kmemleak
	while [ $SECONDS -lt $end ]; do
		pause
	done
	echo scan >$kmemleak
}
