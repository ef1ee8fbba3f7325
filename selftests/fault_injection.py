# SPDX-License-Identifier: GPL-2.0
"""Lets one allocation after the other fail, of a system call of this task at a time (fail-nth of
Documentation/fault-injection), until none is left that has not failed once. Where there are more than
time allows, evenly spread ones.
"""
import ctypes
import os
import random
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import ctnl                                                         # noqa: E402
import nlraw                                                        # noqa: E402

SECONDS = float(os.environ.get("FAULT_SECONDS", "12"))              # for each of what is tried
MANY = 1 << 20
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, SYS_FINIT_MODULE, SYS_DELETE_MODULE = 0x40000000, 313, 176


def sh(command, stdin=None):
    subprocess.run(command, shell=True, check=True, input=stdin, text=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Nth:
    """The n-th allocation of this task fails."""

    def __init__(self):
        self.fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def arm(self, n):
        os.pwrite(self.fd, b"%d" % n, 0)

    def left(self):
        """What had yet to come, 0: it has failed; disarms."""
        left = int(os.pread(self.fd, 20, 0).rstrip(b"\0\n"))
        os.pwrite(self.fd, b"0", 0)
        return left


def in_task(act):
    """How an act is armed that is a system call or two of this task."""
    def run(n):
        with Nth() as nth:
            nth.arm(n)
            try:
                act()
                err = 0
            except OSError as e:
                err = e.errno
            return nth.left(), err
    return run


def in_child(act):
    """The same in a task of its own, which ends then."""
    def run(n):
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reader)
            left, err = in_task(act)(n)
            os.write(writer, b"%d %d" % (left, err))
            os._exit(0)
        os.close(writer)
        said = os.read(reader, 100).split()
        os.close(reader)
        os.waitpid(pid, 0)
        return (int(said[0]), int(said[1])) if said else (0, -1)
    return run


def spread(total):
    """1 to total, in an order that covers all of it soon."""
    step = max(1, int(total * 0.618))
    while any(total % p == 0 and step % p == 0 for p in range(2, step + 1)):
        step += 1
    return ((i * step) % total + 1 for i in range(total))


def fail_each(what, run, undo=lambda: None):
    """Counts the allocations, lets each fail, and looks whether it works then."""
    left, err = run(MANY)
    undo()
    total = MANY - left
    if err or not total:
        print("not ok %s: works without failures (errno %d, %d allocations)" % (what, err, total), flush=True)
        return
    failed = went_well = 0
    end = time.monotonic() + SECONDS
    for n in spread(total):
        left, err = run(n)
        undo()
        failed += err != 0
        went_well += err == 0
        if time.monotonic() > end:
            break
    left, err = run(MANY)
    undo()
    said = "%d of %d allocations failed: %d times the whole failed, too" % (
        failed + went_well, total, failed)
    print("%s %s: %s" % ("not ok" if err else "ok", what, said), flush=True)


# --- what is tried ------------------------------------------------------------

def module_file(name):
    path = subprocess.run(["modinfo", "-n", name], capture_output=True, text=True, check=True).stdout.strip()
    if not path.endswith(".xz"):
        return path
    out = "/tmp/%s.ko" % name
    sh("xz -dc %s >%s" % (path, out))
    return out


def unload(name):
    end = time.monotonic() + 20
    while os.path.isdir("/sys/module/" + name):
        if libc.syscall(SYS_DELETE_MODULE, name.encode(), os.O_NONBLOCK):
            if time.monotonic() > end:
                raise TimeoutError("%s cannot be unloaded" % name)
            time.sleep(0.01)


def load_modules():
    for name in ("nf_conntrack_netlink", "nf_conntrack_ftp", "nf_conntrack"):
        sh("rmmod nf_conntrack_netlink nf_conntrack_ftp nf_conntrack || :")
        if name != "nf_conntrack":
            sh("modprobe nf_conntrack")
        fd = os.open(module_file(name), os.O_RDONLY)

        def load(fd=fd):
            if libc.syscall(SYS_FINIT_MODULE, fd, b"", 0):
                raise OSError(ctypes.get_errno(), "finit_module")
        fail_each("loading " + name, in_task(load), lambda name=name: unload(name))
        os.close(fd)
    sh("modprobe -a nf_conntrack nf_conntrack_ftp nf_conntrack_netlink nf_nat")


def unshare():
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")


def namespaces():
    fail_each("a new namespace", in_child(unshare))


RULES = """
table inet t {
	ct helper ftp { type "ftp" protocol tcp; }
	ct timeout udp { protocol udp; policy = { unreplied : 20, replied : 40 } }
	chain raw {
		type filter hook output priority -300
		udp dport 9000 ct timeout set "udp"
	}
	chain out {
		type filter hook output priority 0
		ct state new,established,related counter
		tcp dport 2121 ct helper set "ftp"
		udp dport 9000 ct mark set 7 ct label set 1
	}
	chain nat {
		type nat hook postrouting priority 100
		udp dport 9000 snat ip to 127.0.0.3
	}
}
"""


def rules():
    """nft(8), from its start on: that allocations of the start fail costs nothing but time."""
    def act():
        pid = os.fork()             # the failure belongs to one task, and a program ends it
        if not pid:
            with Nth() as nth:
                nth.arm(int(os.environ["N"]))
                os.execv("/usr/sbin/nft", ["nft", "-f", "/tmp/rules"])
        return pid
    with open("/tmp/rules", "w", encoding="ascii") as file:
        file.write(RULES)
    tried = failed = 0
    end = time.monotonic() + SECONDS
    numbers = list(range(1, 1500))
    random.Random(1).shuffle(numbers)
    for n in numbers:
        os.environ["N"] = str(n)
        failed += os.waitpid(act(), 0)[1] != 0
        tried += 1
        sh("nft flush ruleset")
        if time.monotonic() > end:
            break
    sh("nft -f /tmp/rules")
    print("ok rules that need the tracker: %d tried, %d failed" % (tried, failed), flush=True)


def count():
    with open("/proc/sys/net/netfilter/nf_conntrack_count", encoding="ascii") as file:
        return int(file.read())


def entries():
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(("127.0.0.1", 9000))
    listener = ctnl.Netlink(groups=(ctnl.G_NEW, ctnl.G_UPDATE, ctnl.G_DESTROY))
    sock = []

    def send():
        sock[0].sendto(b"x", ("127.0.0.1", 9000))

    def run(n):
        sock.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            return in_task(send)(n)
        finally:
            sock.pop().close()
    fail_each("a new entry with its extensions", run, lambda: sh("conntrack -F"))
    listener.close()
    sink.close()


def expectations():
    server = socket.socket()
    server.bind(("127.0.0.1", 2121))
    server.listen()
    client = socket.create_connection(("127.0.0.1", 2121))
    peer, _ = server.accept()
    port = [20000]

    def run(n):
        port[0] += 1
        line = b"PORT 127,0,0,1,%d,%d\r\n" % divmod(port[0], 256)
        out = in_task(lambda: client.send(line))(n)
        got = b""
        while len(got) < len(line):         # TCP sends it again if it was lost
            got += peer.recv(100)
        return out
    fail_each("an expectation by FTP", run, lambda: sh("conntrack -F expect"))
    for s in (client, peer, server):
        s.close()


def requests():
    nl = nlraw.Netlink()
    ftp = ctnl.port_tuple(1, "10.0.0.1", "10.0.0.2", 6, 1000, 21)
    reply = ctnl.port_tuple(2, "10.0.0.2", "10.0.0.1", 6, 21, 1000)
    CTA = ctnl.CTA
    whole = ftp + reply + ctnl.attr(CTA["TIMEOUT"], ctnl.be32(300)) + ctnl.attr(CTA["MARK"], ctnl.be32(5)) + \
        ctnl.nest(CTA["PROTOINFO"], ctnl.nest(1, ctnl.attr(1, ctnl.u8(3)))) + \
        ctnl.nest(CTA["HELP"], ctnl.attr(1, b"ftp\0")) + ctnl.attr(CTA["LABELS"], b"\1" + b"\0" * 15) + \
        ctnl.nest(CTA["SEQ_ADJ_ORIG"], *(ctnl.attr(i, ctnl.be32(i)) for i in (1, 2, 3))) + \
        ctnl.nest(CTA["NAT_SRC"], ctnl.attr(1, ctnl.ip_bytes("10.0.0.9")))

    def ask(subsys, op, body, flags):
        def act():
            err, _, _ = nl.request(subsys, op, body, flags)
            if err:
                raise OSError(err, "netlink")
        return act

    def dump():
        nl.send(ctnl.SUBSYS_CT, ctnl.CT_GET, b"", ctnl.F_REQUEST | ctnl.F_DUMP)
        nl.until(lambda m: m.type in (ctnl.NLMSG_DONE, ctnl.NLMSG_ERROR))

    create = ctnl.F_CREATE | ctnl.F_EXCL
    fail_each("netlink creates an entry", in_task(ask(ctnl.SUBSYS_CT, ctnl.CT_NEW, whole, create)),
              lambda: sh("conntrack -F"))
    ask(ctnl.SUBSYS_CT, ctnl.CT_NEW, whole, create)()
    fail_each("netlink changes an entry", in_task(ask(ctnl.SUBSYS_CT, ctnl.CT_NEW, ftp + ctnl.attr(
        CTA["MARK"], ctnl.be32(6)) + ctnl.attr(CTA["LABELS"], b"\3" + b"\0" * 15), 0)))
    fail_each("netlink asks for an entry", in_task(ask(ctnl.SUBSYS_CT, ctnl.CT_GET, ftp, 0)))
    fail_each("netlink dumps", in_task(dump))
    wanted = ctnl.nest(1, *[ftp[4:]]) + ctnl.port_tuple(2, "10.0.0.2", "10.0.0.1", 6, 0, 2000) + \
        ctnl.port_tuple(3, "255.255.255.255", "255.255.255.255", 6, 0, 65535) + \
        ctnl.attr(ctnl.EXPECT["TIMEOUT"], ctnl.be32(60))
    fail_each("netlink creates an expectation", in_task(ask(ctnl.SUBSYS_EXP, ctnl.EXP_NEW, wanted, create)),
              lambda: sh("conntrack -F expect"))
    sh("conntrack -F")
    nl.close()


def resize():
    path = "/proc/sys/net/netfilter/nf_conntrack_buckets"
    fd = os.open(path, os.O_RDWR)
    sizes = [65536, 131072]

    def act():
        sizes.reverse()
        os.pwrite(fd, b"%d" % sizes[0], 0)
    fail_each("another number of buckets", in_task(act))
    os.close(fd)


def main():
    load_modules()
    namespaces()
    rules()
    sh("sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1"
       " net.netfilter.nf_conntrack_events=1")
    entries()
    expectations()
    requests()
    resize()
    sh("nft flush ruleset; conntrack -F")
    end = time.monotonic() + 10
    while count() and time.monotonic() < end:
        time.sleep(0.02)
    print("%s no entry is left: %d" % ("not ok" if count() else "ok", count()))


if __name__ == "__main__":
    main()
