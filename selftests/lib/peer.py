# SPDX-License-Identifier: GPL-2.0
"""What the peers in the tests of helpers share: sockets with a time limit."""
import socket

LIMIT = 30      # seconds for what must come
SHORT = 4       # for what may not come, and nobody says so


def udp(port=0, addr="0.0.0.0", limit=LIMIT):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((addr, port))
    s.settimeout(limit)
    return s


def listen(port=0, limit=LIMIT):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("0.0.0.0", port))
    s.listen(8)
    s.settimeout(limit)
    return s


def connect(addr, port, limit=LIMIT, source=None):
    return socket.create_connection((addr, port), limit, source)


def reach(addr, port):
    """Can a TCP connection be made, and the greeting be read?"""
    try:
        with connect(addr, port, LIMIT) as s:
            s.sendall(b"hello\n")
            return s.recv(64) == b"hello\n"
    except OSError:
        return False


def echo_once(listener):
    """The far end of reach(); in time or never."""
    try:
        s, peer = listener.accept()
        s.settimeout(LIMIT)
        s.sendall(s.recv(64))
        s.close()
        return peer[0]
    except OSError:
        return None


def own_addr(s):
    return s.getsockname()[0]


def say(*what):
    print(*what, flush=True)


def verdict(reached):
    return "reached" if reached else "refused"
