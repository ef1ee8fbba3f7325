# SPDX-License-Identifier: GPL-2.0
"""A router between two wires, for tests that need every packet exact.

    wire a ---- [ router: tracker under test ] ---- wire b
    10.0.1.2      10.0.1.1           10.0.2.1       10.0.2.2
    fd00:1::2     fd00:1::1          fd00:2::1      fd00:2::2

Nobody lives on the wires: the test itself injects and catches frames there,
so no stack answers unasked. The router stamps each packet that it forwards
with the state that the tracker gave it (in the DSCP field), so the test knows
the verdict on this very packet; one that was not forwarded was dropped.
"""

import ctypes
import os
import random
import re
import select
import socket
import struct
import subprocess
import sys
import time

SKIP = 4
ETH_IP, ETH_IP6 = 0x0800, 0x86dd
STATES = {1: "INVALID", 2: "NEW", 3: "ESTABLISHED", 4: "RELATED", 5: "UNTRACKED"}
MAC = {"a": "02:00:00:00:0a:02", "ra": "02:00:00:00:0a:01",
       "b": "02:00:00:00:0b:02", "rb": "02:00:00:00:0b:01"}
A4, RA4, RB4, B4 = "10.0.1.2", "10.0.1.1", "10.0.2.1", "10.0.2.2"
A6, RA6, RB6, B6 = "fd00:1::2", "fd00:1::1", "fd00:2::1", "fd00:2::2"

_libc = ctypes.CDLL(None, use_errno=True)


def run(cmd, check=True, data=None):
    """Run a shell command and return what it printed."""
    res = subprocess.run(cmd, shell=True, text=True, input=data,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and res.returncode:
        raise RuntimeError(f"{cmd}: {res.returncode}: {res.stdout}")
    return res.stdout


class Ns:
    """The calling process is in network namespace @name inside `with`."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.old = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._set(os.open(f"/run/netns/{self.name}", os.O_RDONLY))

    def __exit__(self, *exc):
        self._set(self.old)

    @staticmethod
    def _set(fd):
        rc = _libc.setns(fd, 0x40000000)
        os.close(fd)
        if rc:
            raise OSError(ctypes.get_errno(), "setns")


# Packets. Every builder takes overrides, so that a test can lie in any field.

def csum(data):
    """The Internet checksum of @data (RFC 1071)."""
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(src, dst, proto, length):
    """Pseudo header of either family."""
    if ":" in src:
        return (socket.inet_pton(socket.AF_INET6, src) +
                socket.inet_pton(socket.AF_INET6, dst) +
                struct.pack("!IxxxB", length, proto))
    return (socket.inet_aton(src) + socket.inet_aton(dst) +
            struct.pack("!xBH", proto, length))


def ip(src, dst, proto, payload, ttl=64, length=None, frag=0, ident=0):
    """An IPv4 or IPv6 packet, by the look of @src."""
    if ":" in src:
        length = len(payload) if length is None else length
        return (struct.pack("!IHBB", 6 << 28, length, proto, ttl) +
                socket.inet_pton(socket.AF_INET6, src) +
                socket.inet_pton(socket.AF_INET6, dst) + payload)
    length = 20 + len(payload) if length is None else length
    hdr = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, ident, frag, ttl,
                      proto, 0, socket.inet_aton(src), socket.inet_aton(dst))
    return hdr[:10] + struct.pack("!H", csum(hdr)) + hdr[12:] + payload


def udp(src, dst, sport, dport, data=b"x", length=None, check=None, proto=17,
        cover=None):
    """A UDP packet, or with @proto 136 a UDP-Lite one covering @cover."""
    real = 8 + len(data)
    if proto == 136:
        field = real if cover is None else cover
        part = field if field else real
    else:
        field = part = real if length is None else length
    hdr = struct.pack("!HHHH", sport, dport, field, 0)
    if check is None:
        summed = (hdr + data)[:part]
        check = csum(pseudo(src, dst, proto, real) + summed) or 0xffff
    hdr = hdr[:6] + struct.pack("!H", check)
    return ip(src, dst, proto, hdr + data)


def tcp(src, dst, sport, dport, flags, seq=1, ack=0, data=b""):
    """A TCP segment without options; @flags is a string such as "SA"."""
    bits = sum(1 << "FSRPAU".index(f) for f in flags)
    hdr = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, bits,
                      65535, 0, 0)
    check = csum(pseudo(src, dst, 6, len(hdr + data)) + hdr + data)
    return ip(src, dst, 6, hdr[:16] + struct.pack("!H", check) + hdr[18:] + data)


def icmp(src, dst, typ, code=0, rest=b"\0\0\0\0", data=b"", check=None):
    """An ICMP or ICMPv6 packet, by the look of @src."""
    proto = 58 if ":" in src else 1
    body = struct.pack("!BBH", typ, code, 0) + rest + data
    if check is None:
        head = pseudo(src, dst, proto, len(body)) if proto == 58 else b""
        check = csum(head + body)
    return ip(src, dst, proto, body[:2] + struct.pack("!H", check) + body[4:])


def echo(src, dst, ident, seq=1, reply=False, **kw):
    """An echo request or reply of either family."""
    typ = (129 if reply else 128) if ":" in src else (0 if reply else 8)
    return icmp(src, dst, typ, rest=struct.pack("!HH", ident, seq),
                data=b"ping", **kw)


def _crc32c_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ 0x82f63b78 if i & 1 else i >> 1
        table.append(i)
    return table


_CRC = _crc32c_table()


def crc32c(data):
    """CRC32c as RFC 9260 appendix A wants it."""
    crc = 0xffffffff
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def chunk(typ, flags=0, body=b"", length=None):
    """An SCTP chunk, padded."""
    length = 4 + len(body) if length is None else length
    return (struct.pack("!BBH", typ, flags, length) + body +
            b"\0" * (-len(body) % 4))


def sctp(src, dst, sport, dport, vtag, *chunks, check=None):
    """An SCTP packet of ready-made chunks."""
    body = b"".join(chunks)
    hdr = struct.pack("!HHI", sport, dport, vtag)
    if check is None:
        check = crc32c(hdr + b"\0\0\0\0" + body)
    return ip(src, dst, 132, hdr + struct.pack("<I", check) + body)


def dccp(src, dst, sport, dport, typ, seq=1, ack=0, ext=1, doff=None,
         check=None, data=b"", cscov=0):
    """A DCCP packet with long sequence numbers (RFC 4340 5.1)."""
    need_ack = typ not in (0, 2)
    rest = struct.pack("!HHI", 0, ack >> 32, ack & 0xffffffff) if need_ack else b""
    if typ in (0, 1, 7):
        rest += struct.pack("!I", 0)
    low = struct.pack("!I", seq & 0xffffffff) if ext else b""
    total = 12 + len(low) + len(rest)
    high = seq >> 32 if ext else seq & 0xffff
    seq2 = 0 if ext else (seq >> 16) & 0xff
    doff = total // 4 if doff is None else doff
    hdr = struct.pack("!HHBBHBBH", sport, dport, doff, cscov, 0,
                      (typ << 1) | ext, seq2, high) + low + rest
    if check is None:
        check = csum(pseudo(src, dst, 33, total + len(data)) + hdr + data)
    hdr = hdr[:6] + struct.pack("!H", check) + hdr[8:]
    return ip(src, dst, 33, hdr + data)


def gre(src, dst, key=None, proto=0x0800, data=b"data"):
    """A GRE packet (RFC 2784, 2890)."""
    flags = 0x2000 if key is not None else 0
    hdr = struct.pack("!HH", flags, proto)
    if key is not None:
        hdr += struct.pack("!I", key)
    return ip(src, dst, 47, hdr + data)


def pptp_gre(src, dst, call_id, data=b"ppp", flags=0x2001, proto=0x880b):
    """A GRE packet of version 1 (RFC 2637 4.1)."""
    return ip(src, dst, 47, struct.pack("!HHHHI", flags, proto, len(data),
                                        call_id, 0) + data)


def stamp_of(packet):
    """The state that the router stamped @packet with; None if it is its own."""
    if packet[0] >> 4 == 6:
        return STATES.get(struct.unpack("!H", packet[:2])[0] >> 6 & 0x3f)
    return STATES.get(packet[1] >> 2)


class Lab:
    """The topology above, with its own tracker rules."""

    def __init__(self, nft=""):
        if os.geteuid():
            skip("needs root")
        tag = f"{random.randrange(1 << 24):06x}"
        self.ns = {n: f"ct{n}-{tag}" for n in "arb"}
        self.sock = {}
        self._kmsg = None
        try:
            self._build(nft)
        except BaseException:
            self.close()
            raise

    def _build(self, nft):
        run("modprobe -q nf_conntrack; modprobe -q nft_ct", check=False)
        for name in self.ns.values():
            run(f"ip netns add {name}")
        router = self.ns["r"]
        for side in "ab":
            run(f"ip -n {self.ns[side]} link add eth0 address {MAC[side]} "
                f"type veth peer name {side} netns {router} address {MAC['r' + side]}")
            run(f"ip netns exec {self.ns[side]} sysctl -qw "
                "net.ipv6.conf.eth0.disable_ipv6=1")
            run(f"ip -n {self.ns[side]} link set eth0 arp off up")
        self.sysctl("net.ipv6.conf.all.accept_dad", 0)
        self.sysctl("net.ipv6.conf.all.accept_ra", 0)
        run(f"ip -n {router} -batch -", data=f"""
link set lo up
link set dev a addrgenmode none
link set dev b addrgenmode none
link set dev a up
link set dev b up
addr add {RA4}/24 dev a
addr add {RB4}/24 dev b
addr add {RA6}/64 dev a nodad
addr add {RB6}/64 dev b nodad
neigh add {A4} lladdr {MAC['a']} dev a
neigh add {B4} lladdr {MAC['b']} dev b
neigh add {A6} lladdr {MAC['a']} dev a
neigh add {B6} lladdr {MAC['b']} dev b
route add default via {B4}
route add ::/0 via {B6}
""")
        self.sysctl("net.ipv4.ip_forward", 1)
        self.sysctl("net.ipv6.conf.all.forwarding", 1)
        for name in ("all", "a", "b"):
            self.sysctl(f"net.ipv4.conf.{name}.rp_filter", 0)
            self.sysctl(f"net.ipv4.conf.{name}.send_redirects", 0)
        stamp = "\n".join(
            f"ct state {state.lower()} {fam} dscp set {num}"
            for num, state in STATES.items() for fam in ("ip", "ip6"))
        run(f"ip netns exec {router} nft -f -", data=f"""
table inet lab {{
	chain stamp {{
		type filter hook forward priority 300;
		{stamp}
	}}
	chain pre {{
		type filter hook prerouting priority 0;
		{"; ".join(f"ct state {s.lower()} counter" for s in STATES.values())}
	}}
}}
{nft}
""")
        for side in "ab":
            with Ns(self.ns[side]):
                sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                     socket.htons(3))
                sock.bind(("eth0", 3))
                self.sock[side] = sock

    def close(self):
        """Take everything down again."""
        for sock in self.sock.values():
            sock.close()
        self.sock = {}
        for name in self.ns.values():
            run(f"ip netns del {name}", check=False)
        self.ns = {}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def sysctl(self, name, value=None):
        """Read or set a sysctl of the router."""
        path = "/proc/sys/" + name.replace(".", "/")
        with Ns(self.ns["r"]):
            with open(path, "r" if value is None else "w",
                      encoding="ascii") as file:
                if value is None:
                    return file.read().strip()
                return file.write(str(value))

    def exec(self, cmd, check=True):
        """Run a command in the router."""
        return run(f"ip netns exec {self.ns['r']} {cmd}", check)

    def seen(self):
        """How many packets of each state came in so far."""
        out = self.exec("nft list chain inet lab pre")
        return {s.upper(): int(n) for s, n in
                re.findall(r"ct state (\w+) counter packets (\d+)", out)}

    def inject(self, side, packet):
        """Put @packet on a wire, towards the router."""
        eth = ETH_IP6 if packet[0] >> 4 == 6 else ETH_IP
        mac = bytes.fromhex((MAC["r" + side] + MAC[side]).replace(":", ""))
        self.sock[side].send(mac + struct.pack("!H", eth) + packet)

    def catch(self, side, wait=2.0, want=lambda pkt: True):
        """Next IP packet that the router sent on a wire, or None."""
        sock, end = self.sock[side], time.monotonic() + wait
        own = bytes.fromhex(MAC["r" + side].replace(":", ""))
        while True:
            left = end - time.monotonic()
            if left < 0 or not select.select([sock], [], [], left)[0]:
                return None
            frame = sock.recv(65536)
            eth = struct.unpack("!H", frame[12:14])[0]
            if frame[6:12] == own and eth in (ETH_IP, ETH_IP6) and \
               want(frame[14:]):
                return frame[14:]

    def drain(self):
        """Forget what lies on the wires."""
        for side in "ab":
            while self.catch(side, 0):
                pass

    def send(self, side, packet, wait=2.0):
        """Pass @packet through the router: (state, packet as it came out).

        ("DROPPED", None) when nothing came out within @wait seconds.
        """
        other = "b" if side == "a" else "a"
        self.drain()
        self.inject(side, packet)
        out = self.catch(other, wait, stamp_of)
        return (stamp_of(out), out) if out else ("DROPPED", None)

    def state(self, side, packet, wait=2.0):
        """Only the state of send()."""
        return self.send(side, packet, wait)[0]

    def entries(self, match=""):
        """Lines of the router's /proc/net/nf_conntrack that hold @match."""
        with Ns(self.ns["r"]):
            with open("/proc/self/net/nf_conntrack", encoding="ascii") as file:
                return [line.strip() for line in file if match in line]

    def timeout(self, match):
        """Seconds that the one entry with @match has left, or None."""
        lines = self.entries(match)
        return int(lines[0].split()[4]) if len(lines) == 1 else None

    def flush(self):
        """Forget all flows (needs conntrack netlink), or raise."""
        self.exec("conntrack -F")

    def log_invalid(self, value=255):
        """Have invalid packets logged, and start to listen."""
        run("modprobe -q nf_log_syslog", check=False)
        run("sysctl -qw net.netfilter.nf_log_all_netns=1")
        for fam in (2, 10):
            self.sysctl(f"net.netfilter.nf_log.{fam}",
                        "nf_log_ipv4" if fam == 2 else "nf_log_ipv6")
        self.sysctl("net.netfilter.nf_conntrack_log_invalid", value)
        if self._kmsg is None:
            self._kmsg = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
            os.lseek(self._kmsg, 0, os.SEEK_END)

    def logged(self):
        """Log lines of invalid packets since the last call."""
        lines = []
        while True:
            try:
                line = os.read(self._kmsg, 8192).decode(errors="replace")
            except BlockingIOError:
                return lines
            except BrokenPipeError:
                continue
            text = line.split(";", 1)[1].split("\n")[0]
            if "nf_ct_" in text or " IN=" in text:
                lines.append(text)


# KTAP

_results = []


def skip(why):
    """Nothing can be tested here."""
    print("TAP version 13\n1..0 # SKIP " + why)
    sys.exit(SKIP)


def check(name, got, want=True):
    """One result: @got must equal @want."""
    good = got == want
    _results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(_results)} {name}")
    if not good:
        print(f"# got  {got!r}\n# want {want!r}")
    sys.stdout.flush()
    return good


def between(name, got, low, high):
    """One result: @got must lie in [@low, @high]."""
    good = got is not None and low <= got <= high
    if not good:
        print(f"# got {got!r}, want {low}..{high}")
    return check(name, good)


def busywait(func, wait=10.0):
    """Poll until @func is true; what it returned last."""
    end = time.monotonic() + wait
    while True:
        got = func()
        if got or time.monotonic() > end:
            return got
        time.sleep(0.1)


def done():
    """The plan, and the verdict as exit status."""
    print(f"1..{len(_results)}")
    sys.exit(0 if _results and all(_results) else 1)


def main(*tests, nft=""):
    """Run each test function with a lab of its own."""
    print("TAP version 13")
    for test in tests:
        print(f"# {test.__name__}: {(test.__doc__ or '').strip()}")
        with Lab(nft) as lab:
            test(lab)
    done()
