# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the FTP tests share, on top of lib.sh: servers, clients, and a router that
# lets data connections through only as far as the helper expects them. Sourced
# after lib.sh, once setup_topology has been called.

# shellcheck disable=SC2154
www=$scratch/www

# site: files to serve; `file` is some 200 kB.
site() {
	mkdir -p "$www" "$scratch/empty" "$scratch/got"
	head -c 200000 /dev/urandom >"$www/file"
	chmod 755 "$scratch" "$www" "$scratch/empty"
	chmod 644 "$www/file"
}

# vsftpd_at NS PORT [SETTING...]
vsftpd_at() {
	local ns=$1 port=$2 conf=$scratch/vsftpd.$2.conf

	shift 2
	printf '%s\n' listen=NO listen_ipv6=YES "listen_port=$port" background=NO \
		anonymous_enable=YES no_anon_password=NO "anon_root=$www" \
		"secure_chroot_dir=$scratch/empty" seccomp_sandbox=NO \
		connect_from_port_20=NO "$@" >"$conf"
	bg ip netns exec "$ns" vsftpd "$conf"
	wait_listen "$ns" t "$port" >/dev/null
}

# Debian's FTP servers can't be installed together: scripts/fetch unpacks this.
pure_ftpd=${NF_CT_CACHE:-/nonexistent}/pure-ftpd/usr/sbin/pure-ftpd
[ -x "$pure_ftpd" ] || pure_ftpd=$(command -v pure-ftpd)

# pure_ftpd_at NS PORT: what it serves is always the user ftp's home directory;
# `ip netns exec` has mounts of its own.
pure_ftpd_at() {
	# shellcheck disable=SC2016
	bg ip netns exec "$1" bash -c 'mount --bind "$1" ~ftp && exec "$2" -e -H -S "$3"' \
		_ "$www" "$pure_ftpd" "$2"
	wait_listen "$1" t "$2" >/dev/null
}

# strict_router PORT...: connections come in only from the client's side and to
# these ports; the rest must be expected by the helper.
strict_router() {
	local ports=$1

	shift
	while [ $# -gt 0 ]; do
		ports+=,$1
		shift
	done
	in_ns "$router" nft -f - <<-RULES || skip_all "no helpers by rule"
	table inet fw {
		ct helper ftp { type "ftp" protocol tcp; }
		counter data { }
		chain helper {
			type filter hook prerouting priority 0;
			tcp dport { $ports } ct helper set "ftp"
		}
		chain forward {
			type filter hook forward priority 0; policy drop;
			ct state established accept
			ct state related ct helper "ftp" counter name data accept
			iifname r0 tcp dport { $ports } ct state new accept
			icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		}
	}
	RULES
}

masquerade() {
	in_ns "$router" nft -f - <<-RULES
	table inet nat {
		chain post {
			type nat hook postrouting priority srcnat;
			oifname r1 masquerade
		}
	}
	RULES
}

# forward_port PORT TO: the router's own PORT is the server's.
forward_port() {
	in_ns "$router" nft -f - <<-RULES
	table inet forwarded {
		chain pre {
			type nat hook prerouting priority dstnat;
			iifname r0 ip daddr $router_ip4 tcp dport $1 dnat ip to $server_ip4:$2
			iifname r0 ip6 daddr $router_ip6 tcp dport $1 dnat ip6 to [$server_ip6]:$2
		}
	}
	RULES
}

# data_connections: how many related connections the router has let through.
data_connections() {
	in_ns "$router" nft list counter inet fw data | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# same: the file that was fetched is the one that was served.
same() {
	cmp "$www/file" "$scratch/got/file"
}

# --- clients: each fetches ftp://HOST:PORT/file, in its own ways ---------------

# by_curl COMMAND HOST PORT: COMMAND is what it must have said.
by_curl() {
	local options=() log=$scratch/curl.log

	case $1 in
	PASV) options=(--disable-epsv --no-ftp-skip-pasv-ip) ;;
	EPRT) options=(--ftp-port -) ;;
	PORT) options=(--ftp-port - --disable-eprt) ;;
	esac
	if in_ns "$client" curl -v -m 40 "${options[@]}" -o "$scratch/got/file" \
		"ftp://$2:$3/file" 2>"$log" && same && grep -q "^> $1" "$log"; then
		return
	fi
	cat "$log"
	return 1
}

# by_lftp active|passive HOST PORT
by_lftp() {
	local passive=off

	[ "$1" = active ] || passive=on
	in_ns "$client" env HOME="$scratch" lftp -c "
		set net:timeout 15; set net:max-retries 1; set dns:fatal-timeout 5
		set ftp:passive-mode $passive; set ftp:fix-pasv-address no
		set ftp:auto-passive-mode no; set xfer:clobber yes; set ftp:ssl-allow no
		set net:connection-limit 1; set cmd:fail-exit yes
		open -u anonymous,me@ 'ftp://$2:$3'
		get file -o $scratch/got/file" && same
}

# by_ftp active|passive HOST PORT
by_ftp() {
	local how=-A

	[ "$1" = active ] || how=-p
	in_ns "$client" env HOME="$scratch" FTPANONPASS=me@ tnftp "$how" -V -q 30 \
		-o "$scratch/got/file" "ftp://$2:$3/file" && same
}

# transfer CLIENT HOW HOST PORT: afresh, by one data connection that was expected.
transfer() {
	local before

	rm -f "$scratch/got/file"
	before=$(data_connections)
	"by_$1" "$2" "$3" "$4" || return
	[ "$(data_connections)" -gt "$before" ]
}
