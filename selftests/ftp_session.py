# SPDX-License-Identifier: GPL-2.0
"""A control connection of FTP through a router, both ends held by the test, and
what the router expects then.
"""

import socket
import time

from ctlab import Ns


def expected(router):
    """The expectations of the router: {(source, destination, port)}."""
    found = set()
    with Ns(router), open("/proc/net/nf_conntrack_expect") as f:
        for line in f:
            word = dict(w.split("=") for w in line.split()[4:] if "=" in w)
            found.add((socket.inet_pton(*family(word["src"])),
                       socket.inet_pton(*family(word["dst"])),
                       int(word["dport"])))
    return found


def family(addr):
    return (socket.AF_INET6 if ":" in addr else socket.AF_INET), addr


def receive(sock, size, seconds):
    """Read @size bytes; false if they don't come in time."""
    end = time.monotonic() + seconds
    while size > 0:
        sock.settimeout(max(end - time.monotonic(), 0.01))
        try:
            got = sock.recv(65536)
        except TimeoutError:
            return False
        if not got:
            return False
        size -= len(got)
    return True


class Session:
    """A control connection that has been greeted and logged in to."""

    def __init__(self, client, server, addr, src=None, to=None):
        """@addr is the server's address, @src the client's if it has several,
        @to where the client connects to if that is not @addr.
        """
        with Ns(server):
            listener = socket.create_server((addr, 21), family=family(addr)[0])
        with Ns(client):
            self.client = socket.create_connection(
                (to or addr, 21), 10, (src, 0) if src else None)
        self.server = listener.accept()[0]
        listener.close()
        for sock in self.client, self.server:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.say(self.server, self.client, "220 hello\r\n")
        self.say(self.client, self.server, "USER me\r\n")
        self.say(self.server, self.client, "230 welcome\r\n")

    @staticmethod
    def say(one, other, text, seconds=10):
        one.sendall(text.encode("latin1"))
        return receive(other, len(text), seconds)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        for sock in self.client, self.server:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
            sock.close()
