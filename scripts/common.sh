# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts share: where things are kept, which kernels there are, and
# how an error is said. Sourced, never run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/nf_ct
build=${BUILD:-$top/build}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# The kernels this project is tested on, as Debian's package names begin.
series=(6.1 6.12)

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

say() {
	echo "nf_ct: $*" >&2
}

# need TOOL PACKAGE: the tool is there, or one clear sentence.
need() {
	command -v "$1" >/dev/null ||
		die "$1 is missing: install the package $2, or run scripts/fetch"
}

# series_glob SERIES: what directory names a series' kernels have.
series_glob() {
	case $1 in
	6.1) echo '6.1.0-[0-9]*-amd64' ;;
	6.12) echo '6.12.*+deb12-amd64' ;;
	*) return 1 ;;
	esac
}

# resolve KVER: the full version of the newest unpacked kernel that a short
# form (6.1, 6.12) means; a full version stays as it is.
resolve() {
	local glob newest

	if ! glob=$(series_glob "$1"); then
		echo "$1"
		return
	fi
	newest=$(cd "$cache/image" 2>/dev/null &&
		find . -mindepth 1 -maxdepth 1 -name "$glob" -printf '%f\n' |
		sort -V | tail -n 1)
	[ -n "$newest" ] ||
		die "no $1 kernel in $cache: run scripts/fetch $1"
	echo "$newest"
}

# image KVER: the directory a kernel package was unpacked to.
image() {
	local dir=$cache/image/$1

	[ -e "$dir/boot/vmlinuz-$1" ] || [ -e "$dir/boot/linux-$1" ] ||
		die "kernel $1 is not in $cache: run scripts/fetch $1"
	echo "$dir"
}
