# SPDX-License-Identifier: GPL-2.0
"""
Exact TCP packets through a router, and what its tracker made of each.

  client ns          router ns            server ns
   c0 ------------- r0      r1 ------------- s0
   10.9.1.2      10.9.1.1  10.9.2.1      10.9.2.2
   fd09:1::2    fd09:1::1  fd09:2::1    fd09:2::2

Nobody listens in the two outer namespaces: this process sends every packet of
both sides itself, as frames. The router writes its ct state into the DSCP
field of what it forwards, so the verdict on a packet arrives with the packet.
The process itself is in the router's namespace and reads its /proc and sysctls.
"""
import atexit
import ctypes
import os
import select
import socket
import struct
import subprocess
import sys
import time

VERDICT = {0: "none", 1: "invalid", 2: "new", 3: "established", 4: "related",
           5: "untracked"}
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}
MAC = {"c0": b"\x02\0\0\0\0\x01", "r0": b"\x02\0\0\0\0\x02",
       "r1": b"\x02\0\0\0\0\x03", "s0": b"\x02\0\0\0\0\x04"}
ADDR = {4: {"c": "10.9.1.2", "s": "10.9.2.2"},
        6: {"c": "fd09:1::2", "s": "fd09:2::2"}}
SYSCTL = "/proc/sys/net/netfilter/nf_conntrack_"

RULES = "\n".join(
    ["table inet tcp_lib {", "chain forward {",
     "type filter hook forward priority 0;"]
    + ["ct state %s ip dscp set %d\nct state %s ip6 dscp set %d" % (s, n, s, n)
       for n, s in VERDICT.items() if n]
    + ["}", "}"])


def sh(command):
    """Run a command line; its failure is the end of the test."""
    r = subprocess.run(command, shell=True, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if r.returncode:
        raise RuntimeError("%s: %s" % (command, r.stdout.strip()))
    return r.stdout


def enter(name):
    """Move this process to a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/run/netns/" + name) as ns:
        if libc.setns(ns.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns " + name)


def csum(data):
    """Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def opt(mss=None, ws=None, sackok=False, sack=(), ts=None):
    """TCP options, padded to a multiple of four bytes with NOPs in front."""
    o = b""
    if mss is not None:
        o += struct.pack("!BBH", 2, 4, mss)
    if ws is not None:
        o += struct.pack("!BBB", 3, 3, ws)
    if sackok:
        o += struct.pack("!BB", 4, 2)
    if ts is not None:
        o += struct.pack("!BBII", 8, 10, *ts)
    if sack:
        o += struct.pack("!BB", 5, 2 + 8 * len(sack))
        for left, right in sack:
            o += struct.pack("!II", left & 0xffffffff, right & 0xffffffff)
    return b"\1" * (-len(o) % 4) + o


class Net:
    """The three namespaces."""

    def __init__(self):
        self.ns = {n: "%s-%d" % (n, os.getpid()) for n in "crs"}
        atexit.register(self.close)
        for ns in self.ns.values():
            sh("ip netns add %s" % ns)
            sh("ip -n %s link set lo up" % ns)
        self.wire("c", "c0", "r0", "1")
        self.wire("s", "s0", "r1", "2")
        self.sock = {}
        for n in "cs":
            enter(self.ns[n])
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            s.bind((n + "0", 0))
            s.setblocking(False)
            self.sock[n] = s
        enter(self.ns["r"])
        for path in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            with open("/proc/sys/net/" + path, "w") as f:
                f.write("1")
        subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
        self.sport = 10000

    def wire(self, host, dev, rdev, net):
        """One veth pair between a host and the router."""
        h, r = self.ns[host], self.ns["r"]
        mac = {d: ":".join("%02x" % b for b in MAC[d]) for d in (dev, rdev)}
        sh("ip -n %s link add %s address %s type veth peer name %s address %s netns %s"
           % (h, dev, mac[dev], rdev, mac[rdev], r))
        # What is sent here is answered by nobody.
        sh("ip netns exec %s sysctl -qw net.ipv6.conf.%s.disable_ipv6=1" % (h, dev))
        sh("ip netns exec %s sysctl -qw net.ipv6.conf.%s.accept_dad=0" % (r, rdev))
        sh("ip -n %s link set %s up" % (h, dev))
        sh("ip -n %s link set %s up" % (r, rdev))
        sh("ip -n %s addr add 10.9.%s.1/24 dev %s" % (r, net, rdev))
        sh("ip -n %s addr add fd09:%s::1/64 dev %s nodad" % (r, net, rdev))
        for peer in ("10.9.%s.2" % net, "fd09:%s::2" % net):
            sh("ip -n %s neigh add %s lladdr %s dev %s nud permanent"
               % (r, peer, mac[dev], rdev))

    def close(self):
        """Take the namespaces away again."""
        for ns in self.ns.values():
            subprocess.run(["ip", "netns", "del", ns], stderr=subprocess.DEVNULL)

    def sysctl(self, name, value=None):
        """Read or write net.netfilter.nf_conntrack_NAME of the router."""
        if value is None:
            with open(SYSCTL + name) as f:
                return int(f.read())
        with open(SYSCTL + name, "w") as f:
            f.write(str(value))
        return value

    def send(self, side, frame):
        """Put a frame on the wire of one side."""
        self.sock[side].send(frame)

    def receive(self, side, match, wait):
        """The first frame for which match() says something, or None."""
        end = time.monotonic() + wait
        while True:
            try:
                frame, addr = self.sock[side].recvfrom(65535)
            except BlockingIOError:
                left = end - time.monotonic()
                if left <= 0:
                    return None
                select.select([self.sock[side]], [], [], left)
                continue
            if addr[2] != socket.PACKET_OUTGOING:
                found = match(frame)
                if found:
                    return found


class Flow:
    """One TCP connection, both of whose ends are this process."""

    def __init__(self, net, version=4, c_isn=0x10000000, s_isn=0x50000000, sport=None):
        self.net, self.v = net, version
        if sport is None:
            net.sport += 1
            sport = net.sport
        self.sport, self.dport = sport, 80
        self.isn = {"c": c_isn, "s": s_isn}
        self.ident = 0

    def segment(self, side, flags, seq=0, ack=0, data=0, win=8192, options=b"",
                bad_csum=False, doff=None, cut=None):
        """A TCP segment; seq and ack count from the initial ones of the sides.

        @data is a number of bytes or the bytes; @flags a string such as "SA";
        @doff overrides the header length (in words), @cut what is sent of it all.
        """
        peer = "s" if side == "c" else "c"
        sp, dp = (self.sport, self.dport)[::1 if side == "c" else -1]
        bits = sum(FLAGS[f] for f in flags)
        seq = (self.isn[side] + seq) & 0xffffffff
        ack = (self.isn[peer] + ack) & 0xffffffff if bits & 16 or ack else 0
        if isinstance(data, int):
            data = b"x" * data
        words = 5 + len(options) // 4 if doff is None else doff
        head = struct.pack("!HHIIBBHHH", sp, dp, seq, ack, words << 4, bits, win, 0, 0)
        seg = head + options + data
        fam = socket.AF_INET if self.v == 4 else socket.AF_INET6
        src = socket.inet_pton(fam, ADDR[self.v][side])
        dst = socket.inet_pton(fam, ADDR[self.v][peer])
        if cut is not None:
            seg = seg[:cut]
        if len(seg) >= 18:
            c = csum(src + dst + struct.pack("!II", len(seg), 6) + seg)
            if bad_csum:
                c ^= 0x5555
            seg = seg[:16] + struct.pack("!H", c) + seg[18:]
        return self.frame(side, src, dst, seg)

    def frame(self, side, src, dst, seg):
        """Ethernet and IP in front of a segment."""
        self.ident = self.ident % 65535 + 1
        eth = MAC["r0" if side == "c" else "r1"] + MAC[side + "0"]
        if self.v == 4:
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(seg), self.ident, 0x4000,
                             64, 6, 0) + src + dst
            ip = ip[:10] + struct.pack("!H", csum(ip)) + ip[12:]
            return eth + b"\x08\x00" + ip + seg
        ip = struct.pack("!IHBB", 0x60000000 | self.ident, len(seg), 6, 64) + src + dst
        return eth + b"\x86\xdd" + ip + seg

    def arrived(self, frame):
        """The verdict in a frame, if it is the one that was sent last."""
        if self.v == 4 and frame[12:14] == b"\x08\x00":
            if struct.unpack("!H", frame[18:20])[0] == self.ident:
                return VERDICT.get(frame[15] >> 2)
        if self.v == 6 and frame[12:14] == b"\x86\xdd":
            word = struct.unpack("!I", frame[14:18])[0]
            if word & 0xfffff == self.ident:
                return VERDICT.get(word >> 22 & 0x3f)
        return None

    def send(self, side, flags, wait=2, **kw):
        """Send; how the router saw it: new, established, invalid ... or drop."""
        self.net.send(side, self.segment(side, flags, **kw))
        peer = "s" if side == "c" else "c"
        return self.net.receive(peer, self.arrived, wait) or "drop"

    def entry(self):
        """The line of /proc/net/nf_conntrack about the flow, taken apart."""
        with open("/proc/net/nf_conntrack") as f:
            lines = f.read().splitlines()
        want = {"sport=%d" % self.sport, "dport=%d" % self.dport}
        for line in lines:
            w = line.split()
            if w[2] == "tcp" and want <= set(w) and w[0] == "ipv%d" % self.v:
                return {"timeout": int(w[4]), "state": w[5], "line": line,
                        "assured": "[ASSURED]" in w, "unreplied": "[UNREPLIED]" in w}
        return None

    def state(self):
        """State of the flow as the router's /proc names it, or "-"."""
        e = self.entry()
        return e["state"] if e else "-"


class Tap:
    """Results as KTAP; exit() ends the test."""

    def __init__(self):
        self.n = self.failed = 0
        print("KTAP version 1", flush=True)

    def check(self, name, got, want):
        """One result: a value and what it ought to be."""
        self.n += 1
        if got == want:
            print("ok %d %s" % (self.n, name), flush=True)
        else:
            self.failed += 1
            print("not ok %d %s" % (self.n, name), flush=True)
            print("# got  %s\n# want %s" % (got, want), flush=True)

    def exit(self):
        """The plan, the totals, the exit status."""
        print("1..%d" % self.n)
        print("# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:0 error:0"
              % (self.n - self.failed, self.failed), flush=True)
        sys.exit(1 if self.failed else 0)


def step(flow, text):
    """One line of a story; what came of it, or None if that needs no look."""
    want = None
    if ":" in text:
        text, want = text.split(":")
    words = text.split()
    if words[0] == "sysctl":
        flow.net.sysctl(words[1], words[2])
        return None
    side, flags, args = words[0], words[1], words[2:]
    kw, options = {}, {}
    for name in ("seq", "ack"):
        if args and "=" not in args[0]:
            kw[name] = int(args.pop(0))
    for arg in args:
        name, value = arg.split("=")
        if name in ("data", "win", "doff", "cut", "bad_csum"):
            kw[name] = int(value)
        elif name == "sack":
            peer = flow.isn["s" if side == "c" else "c"]
            options[name] = [[int(e) + peer for e in value.split("-")]]
        else:
            options[name] = int(value)
    if options:
        kw["options"] = opt(**options)
    verdict = flow.send(side, "" if flags == "-" else flags, **kw)
    if want is None:
        return None
    want = want.split()
    got = [verdict, "-"]
    entry = flow.entry()
    if entry:
        got[1] = entry["state"]
        # A second may have gone by.
        for w in want[2:]:
            if w in ("assured", "unreplied"):
                got += [w] * entry[w]
            elif w[0] == "!":
                got += [w] * (not entry[w[1:]])
            elif int(w) - 3 < entry["timeout"] <= int(w):
                got.append(w)
            else:
                got.append(str(entry["timeout"]))
    return got, want


def tell(tap, net, name, story, version=4, **kw):
    """One result: a connection's packets, line by line, and what is made of them.

        SIDE FLAGS [SEQ [ACK]] [NAME=VALUE ...] [: VERDICT STATE [WORD ...]]
        sysctl NAME VALUE

    A WORD is assured, unreplied, either with ! in front, or a timeout. What
    a story sets by sysctl is set back at its end.
    """
    flow = Flow(net, version=version, **kw)
    old = {}
    got = want = ""
    for line in story.split("\n"):
        line = line.split("#")[0].strip()
        if not line:
            continue
        if line.startswith("sysctl "):
            old.setdefault(line.split()[1], net.sysctl(line.split()[1]))
        result = step(flow, line)
        if result:
            got, want = (line.split(":")[0].strip() + " : " + " ".join(r) for r in result)
            if got != want:
                break
    for key, value in old.items():
        net.sysctl(key, value)
    tap.check("%s, IPv%d" % (name, version), got, want)


def stories(tap, net, text, **kw):
    """All stories of a text, over IPv4 and IPv6; "== NAME" begins each."""
    for part in text.split("\n== ")[1:]:
        name, story = part.split("\n", 1)
        for version in (4, 6):
            tell(tap, net, name, story, version, **kw)


OPEN = "c S\ns SA 0 1\nc A 1 1\n"
