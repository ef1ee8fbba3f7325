# SPDX-License-Identifier: GPL-2.0
"""Say things through a router that rewrites them, and compare what is heard."""

import os
import random
import re
import socket
import subprocess
import sys
import threading

from ctlab import Ns
from ftp_session import Session, expected

lossy, module, client, router, server = sys.argv[1:]
OURS = "ours"
# Seconds for what is said through wires that lose it.
PATIENCE = 60 * int(os.environ.get("SLOW") or 1)


def verdict(good, what, why=""):
    if not good and why:
        print(why)
    print("ok" if good else "not ok", what, flush=True)


def tc(ns, dev, *args):
    subprocess.run(["ip", "netns", "exec", ns, "tc", "qdisc", *args[:1], "dev",
                    dev, "root", *args[1:]], check=True)


class Lossy:
    """Both wires lose and reorder, towards both sides."""

    ends = [(client, "c0"), (router, "r0"), (router, "r1"), (server, "s0")]

    def __enter__(self):
        for ns, dev in self.ends:
            tc(ns, dev, "add", "netem", "delay", "3ms", "loss", "4%",
               "reorder", "80%")

    def __exit__(self, *exc):
        for ns, dev in self.ends:
            tc(ns, dev, "del")


class Drop:
    """TCP with data towards the server is lost before @ns hears of it."""

    def __init__(self, ns):
        self.ns = ns

    def nft(self, text):
        subprocess.run(["ip", "netns", "exec", self.ns, "nft", text], check=True)

    def __enter__(self):
        self.nft("add table inet lose; add chain inet lose pre { type filter "
                 "hook prerouting priority -400; }; add rule inet lose pre "
                 "tcp dport 21 meta length 60-200 drop")

    def __exit__(self, *exc):
        self.nft("delete table inet lose")


def session(src, to=None):
    return Session(client, server, "10.0.2.2", src, to)


def hear(sock, size, seconds=30):
    sock.settimeout(seconds)
    got = b""
    while len(got) < size:
        try:
            piece = sock.recv(65536)
        except OSError:
            break
        if not piece:
            break
        got += piece
    return got


def hears(sock, wanted, what, seconds=30):
    got = hear(sock, len(wanted), seconds)
    verdict(got == wanted, what,
            f"heard {len(got)} of {len(wanted)}: {got[:90]!r}, not {wanted[:90]!r}")


def port_line(addr, port):
    return f"PORT {addr.replace('.', ',')},{port >> 8},{port & 255}\r\n".encode()


def both_ways(s, what, size=200000):
    """Much is said by both sides at the same time."""
    lines = [b"".join(b"%s %d %d\r\n" % (word, n, random.getrandbits(40))
                      for n in range(size // 20))
             for word in (b"NOOP", b"200-")]
    ways = [(s.client, s.server, lines[0]), (s.server, s.client, lines[1])]
    got = {}

    def listen(sock, n, name):
        got[name] = hear(sock, n, PATIENCE)

    def say(sock, text):
        try:
            sock.sendall(text)
        except OSError as e:
            print(e)

    threads = []
    for name, (one, other, text) in enumerate(ways):
        one.settimeout(PATIENCE)
        threads.append(threading.Thread(target=say, args=(one, text)))
        threads.append(threading.Thread(target=listen,
                                        args=(other, len(text), name)))
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    verdict(all(got[n] == ways[n][2] for n in got), what,
            f"{[len(got[n]) for n in got]} of {[len(w[2]) for w in ways]} bytes")


def rewrites(src, seen_as, first):
    """What was expected of an earlier connection may still be: ports of its own."""
    with session(src) as s:
        for port in range(first, first + 10):
            s.client.sendall(port_line(src, port))
            got = hear(s.server, len(port_line(seen_as, port)), 10)
            if got != port_line(seen_as, port):
                break
            s.say(s.server, s.client, "200 PORT command successful\r\n")
        verdict(got == port_line(seen_as, port),
                f"ten PORTs of {src} are {seen_as}'s", repr(got))
        both_ways(s, f"after them both sides of {src} are understood")


def lost_on_the_way():
    """A line that was rewritten is lost, comes again, and with others."""
    src, seen_as = "10.0.1.102", "10.0.2.1"
    for port, what, behind, who in [
            (3001, "a line that was lost behind the router", b"", None),
            (3002, "a line that was lost with another one behind it",
             b"NOOP 1\r\n", OURS)]:
        if who and who != module:
            print("skip", what)
            continue
        with session(src) as s:
            with Drop(server):
                s.client.sendall(port_line(src, port))
                s.client.sendall(behind)
                hear(s.server, 1, 0.6)
            hears(s.server, port_line(seen_as, port) + behind, what)
            both_ways(s, "after it both sides are understood", 40000)

    what = "a line behind one that was lost before the router"
    if module != OURS:
        print("skip", what)
        return
    with session(src) as s:
        with Drop(router):
            s.client.sendall(b"NOOP 2\r\n")
        s.client.sendall(port_line(src, 3003))
        hears(s.server, b"NOOP 2\r\n" + port_line(seen_as, 3003), what)
        verdict(3003 in {port for _, _, port in expected(router)},
                "what it names is expected")


def replies():
    """The server's words are rewritten, towards the client."""
    with session("10.0.1.102") as s:
        text = b"227 Entering Passive Mode (10,0,2,2,16,1)\r\n"
        s.server.sendall(text)
        hears(s.client, text, "a 227 of a server with its own address")
    with session("10.0.1.2", "10.0.1.1") as s:
        for n in range(5):
            s.server.sendall(b"227 Entering Passive Mode (10,0,2,2,16,%d)\r\n" % n)
            hears(s.client,
                  b"227 Entering Passive Mode (10,0,1,1,16,%d)\r\n" % n,
                  f"a 227 behind a forwarded port, number {n}")


def hear_port(sock, seconds=10):
    """What a PORT says: the address and the port."""
    got = b""
    while not got.endswith(b"\n"):
        more = hear(sock, 1, seconds)
        if not more:
            return None
        got += more
    numbers = [int(n) for n in re.findall(rb"\d+", got)]
    if not got.startswith(b"PORT ") or len(numbers) != 6:
        return None
    return (".".join(map(str, numbers[:4])), numbers[4] << 8 | numbers[5])


def reaches(port, src):
    """Who connects to @port of the router gets to @src."""
    with Ns(client):
        listener = socket.create_server((src, 6000))
    with Ns(server):
        data = socket.create_connection(("10.0.2.1", port), 10)
    listener.settimeout(10)
    accepted = listener.accept()[0]
    data.sendall(src.encode())
    verdict(hear(accepted, len(src)) == src.encode(),
            "who connects there gets to who has said it")
    for sock in listener, data, accepted:
        sock.close()


def same_port():
    """Two clients announce one port, and are behind one address."""
    with session("10.0.1.102") as one, session("10.0.1.103") as two:
        heard = []
        for s, src in (one, "10.0.1.102"), (two, "10.0.1.103"):
            s.client.sendall(port_line(src, 6000))
            heard.append(hear_port(s.server))
        verdict(heard[0] == ("10.0.2.1", 6000) and heard[1] and
                heard[1][0] == "10.0.2.1" and heard[1] != heard[0],
                "two clients announce the same port: they get one each",
                repr(heard))
        reaches(heard[1][1], "10.0.1.103")
        reaches(heard[0][1], "10.0.1.102")


def same_port_again():
    """The other one's line is lost: when it comes again it has another port
    than the client says still, but none of another length.
    """
    what = "a line with a port of NAT's choice that was lost"
    if module != OURS:
        for _ in range(4):
            print("skip", what)
        return
    for _ in range(4):
        with session("10.0.1.102") as one, session("10.0.1.103") as two:
            one.client.sendall(port_line("10.0.1.102", 6000))
            first = hear_port(one.server)
            with Drop(server):
                two.client.sendall(port_line("10.0.1.103", 6000))
                hear(two.server, 1, 0.6)
                chosen = {p for *_, p in expected(router)} - {6000}
            heard = hear_port(two.server, 20)
            two.client.sendall(b"NOOP\r\n")
            after = hear(two.server, 6, 5)
            verdict(heard and heard[1] in chosen and heard != first and
                    after == b"NOOP\r\n", what, f"{chosen} {heard} {after!r}")
            if heard:
                reaches(heard[1], "10.0.1.103")


def in_a_large_packet():
    """It has several pages, and is cut into segments only on the wire."""
    src, seen_as = "10.0.1.102", "10.0.2.1"
    more = b"NOOP\r\n" * 1500
    with session(src) as s:
        s.client.sendall(port_line(src, 5000) + more)
        hears(s.server, port_line(seen_as, 5000) + more,
              "a PORT in front of 9 kB")
        both_ways(s, "after it both sides are understood", 40000)
        what = "a PORT behind 9 kB"
        if module != OURS:
            print("skip", what)
            return
        s.client.sendall(more + port_line(src, 5001))
        hears(s.server, more + port_line(seen_as, 5001), what)
        both_ways(s, "after it, too", 40000)


def in_pieces():
    """What has to be rewritten is held back until it is whole."""
    what = "a PORT in two pieces is rewritten"
    if module != OURS:
        print("skip", what)
        return
    src, seen_as = "10.0.1.102", "10.0.2.1"
    with session(src) as s:
        for cut in (2, 5, 9, 20, 22):
            text = port_line(src, 4000 + cut)
            s.client.sendall(text[:cut])
            early = hear(s.server, cut, 0.15)
            s.client.sendall(text[cut:])
            wanted = port_line(seen_as, 4000 + cut)
            got = early + hear(s.server, len(wanted) - len(early), 15)
            verdict(got == wanted and len(early) == (cut if cut <= 5 else 0),
                    f"{what}, cut at {cut}", f"{early!r} {got!r}")


def main():
    rewrites("10.0.1.2", "10.0.2.254", 2049)
    rewrites("10.0.1.102", "10.0.2.1", 2049)
    lost_on_the_way()
    replies()
    same_port()
    same_port_again()
    in_a_large_packet()
    in_pieces()
    if lossy != "yes":
        print("skip", "wires that lose packets")
        return
    with Lossy():
        rewrites("10.0.1.2", "10.0.2.254", 3073)
        rewrites("10.0.1.102", "10.0.2.1", 4097)


main()
