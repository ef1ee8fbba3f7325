# SPDX-License-Identifier: GPL-2.0
"""Reliable listeners: see nl_events_reliable.sh. Arguments: client, router, server."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from ctnl import *

client, router, server = (Netns(name) for name in sys.argv[1:4])
C4, S4 = "10.0.1.2", "10.0.2.2"
FLOWS = 300
t = Results()
ask = router.netlink()


def rules(text):
    router.run("nft", "-f", "-", stdin="flush ruleset\n" + text.replace("}", "\n}\n"))


def reliable(*groups):
    s = router.netlink(groups=groups, rcvbuf=4096, timeout=5)
    s.option(BROADCAST_ERROR)
    s.option(NO_ENOBUFS)
    return s


def flow(port, kind=CTA["TUPLE_ORIG"]):
    return port_tuple(kind, "1.1.1.1", "2.2.2.2", 17, port, 9)


def make(first, count=FLOWS):
    for port in range(first, first + count):
        err = ask.request(SUBSYS_CT, CT_NEW, flow(port) +
                          port_tuple(CTA["TUPLE_REPLY"], "2.2.2.2", "1.1.1.1", 17, 9, port) +
                          attr(CTA["TIMEOUT"], be32(600)), F_CREATE | F_EXCL)[0]
        if err:
            raise OSError(err, "flow")


def port(m):
    return number(m[CTA["TUPLE_ORIG"]][2][2])


def waiting():
    """Entries whose end has not been told yet."""
    return [port(m) for m in ask.dump(SUBSYS_CT, CT_DYING)[1]]


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def read_all(listener, count, seconds=60):
    """Reads until so many different ones have come."""
    got, end = [], time.monotonic() + seconds
    listener.sock.settimeout(0.5)
    while len({port(m) for m in got}) < count and time.monotonic() < end:
        try:
            got.append(listener.recv())
        except TimeoutError:
            pass
    return got


def ends():
    ev = reliable(G_DESTROY)
    make(1000)
    ask.request(SUBSYS_CT, CT_DELETE)
    late = waiting()
    t.ok("listener full: some wait", 0 < len(late) < FLOWS, late)
    t.eq("listener full: they are found no more", "ENOENT",
         error_name(ask.request(SUBSYS_CT, CT_GET, flow(late[0] if late else 1))[0]))
    t.eq("listener full: the table is empty", (0, []), ask.dump(SUBSYS_CT, CT_GET))
    got = read_all(ev, FLOWS)
    t.eq("listener reads: all ends come", list(range(1000, 1000 + FLOWS)), sorted({port(m) for m in got}))
    t.eq("listener reads: once each", FLOWS, len(got))
    t.eq("listener reads: those that waited, too, say who did it", {ask.portid}, {m.portid for m in got})
    t.ok("nobody waits any more", until(lambda: not waiting()), waiting())
    ev.close()


def listener_leaves():
    ev = reliable(G_DESTROY)
    make(2000)
    ask.request(SUBSYS_CT, CT_DELETE)
    t.ok("listener full again: some wait", waiting())
    ev.close()
    t.ok("it leaves: nobody waits any more", until(lambda: not waiting()), waiting())


def unreliable():
    ev = router.netlink(groups=[G_DESTROY], rcvbuf=4096, timeout=5)
    make(3000)
    ask.request(SUBSYS_CT, CT_DELETE)
    t.eq("a listener that may miss some: nobody waits for it", [], waiting())
    try:
        ev.drain()
        got = "0"
    except OSError as e:
        got = error_name(e.errno)
    t.eq("a listener that may miss some: it is told so", "ENOBUFS", got)
    ev.close()


def missed():
    """What was missed comes with the next event."""
    rules("""table inet t { chain f { type filter hook forward priority 0;
        udp sport 5000 meta length > 40 ct label set 5 } }""")
    ev = reliable(G_UPDATE)
    a, b = client.socket(at=(C4, 5000)), server.socket(at=(S4, 1000))
    a.sendto(b"x", (S4, 1000))
    b.recv(10)
    make(4000)
    for p in range(4000, 4000 + FLOWS):
        ask.request(SUBSYS_CT, CT_NEW, flow(p) + attr(CTA["MARK"], be32(1)))
    a.sendto(b"x" * 50, (S4, 1000))
    who = b.recvfrom(100)[1]
    ours = [m for m in ev.drain() if port(m) == 5000]
    t.eq("full when a label came: not told", [], [names(m) for m in ours])
    b.sendto(b"y", who)
    a.recv(10)
    ours = [m for m in ev.drain() if port(m) == 5000]
    t.eq("it is told with the next event", ["TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT LABELS"],
         [names(m) for m in ours])
    ev.close()
    ask.request(SUBSYS_CT, CT_DELETE)


def namespace_goes():
    name = "gone-%d" % os.getpid()
    subprocess.run(["ip", "netns", "add", name], check=True)
    global ask, router
    home = ask, router
    router = Netns(name)
    ask = router.netlink()
    ev = reliable(G_DESTROY)
    make(1)
    ask.request(SUBSYS_CT, CT_DELETE)
    t.ok("in a namespace of its own: some wait", waiting())
    make(2000, 50)
    ask.close()
    ev.close()
    ask, router = home
    subprocess.run(["ip", "netns", "del", name], check=True)
    t.ok("it is removed with those that wait", True)


def module_goes():
    """Unloaded and loaded while somebody listens, asks, and sends; asking loads it, too."""
    rules("table inet t { chain f { type filter hook forward priority 0; ct state new,established accept; } }")
    ev = router.netlink(groups=(G_NEW, G_UPDATE, G_DESTROY), rcvbuf=1 << 20)
    stop = threading.Event()
    a, b = client.socket(), server.socket(at=(S4, 1000))

    def traffic():
        n = 0
        while not stop.is_set():
            n += 1
            a.sendto(b"x", (S4, 2000 + n % 5000))

    def requests():
        while not stop.is_set():
            try:
                other.request(SUBSYS_CT, CT_GET, flow(1))
                other.request(SUBSYS_CT, CT_DELETE)
                other.request(SUBSYS_EXP, EXP_DELETE)
            except OSError:
                pass

    other = router.netlink(timeout=2)
    threads = [threading.Thread(target=x) for x in (traffic, requests)]
    for x in threads:
        x.start()
    try:
        for i in range(5):
            gone = until(lambda: subprocess.run(["rmmod", "nf_conntrack_netlink"], stderr=subprocess.DEVNULL)
                         .returncode == 0)
            t.ok("unloaded while it is used (%d)" % i, gone)
            subprocess.run(["modprobe", "nf_conntrack_netlink"], check=True)
    finally:
        stop.set()
        for x in threads:
            x.join()
    try:
        ev.drain()
    except OSError:
        pass
    ev.close()
    ev = router.netlink(groups=(G_NEW, G_UPDATE, G_DESTROY))
    s = client.socket(at=(C4, 5555))
    s.sendto(b"x", (S4, 1000))
    t.ok("events flow again", ev.until(lambda m: m.subsys == SUBSYS_CT and port(m) == 5555))
    ev.close()
    other.close()


router.sysctl(events=1)
for test in (ends, listener_leaves, unreliable, missed, namespace_goes, module_goes):
    try:
        test()
    except Exception as e:
        import traceback
        t.ok("%s goes through" % test.__name__, False, traceback.format_exc())
t.exit()
