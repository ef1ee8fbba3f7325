#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""race CLIENT-NS SERVER-NS ADDRESS ROUNDS: the first two datagrams of a flow at once.

Two processes with sockets of one port, connected to one server, send a datagram
each at the same moment, ROUNDS times, each time from a port of its own. Prints how many were
sent, how many came to the server and how many answers came back.
"""
import ctypes
import mmap
import os
import select
import socket
import struct
import sys
import time

FIRST_PORT = 20000
SERVER_PORT = 53


def enter(name):
    fd = os.open("/run/netns/" + name, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0):
        sys.exit("no namespace " + name)
    os.close(fd)


client, server, address, rounds = sys.argv[1:]
rounds = int(rounds)
family = socket.AF_INET6 if ":" in address else socket.AF_INET

# The server's end: its socket is made in its namespace, and stays there.
enter(server)
far = socket.socket(family, socket.SOCK_DGRAM)
far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE, 1 << 24)
far.bind(("", SERVER_PORT))
enter(client)

shared = mmap.mmap(-1, 4096)
turns = memoryview(shared).cast("I")    # [0]: round to run, [1], [2]: ready


def pair(port):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("", port))
    s.connect((address, SERVER_PORT))
    return s


def racer(me):
    os.sched_setaffinity(0, {me % os.cpu_count()})
    payload = bytes((me,))
    for i in range(rounds):
        s = pair(FIRST_PORT + i)
        turns[1 + me] = i + 1
        # Both spin here until both have come.
        while turns[2 - me] <= i:
            pass
        s.send(payload)
        turns[3 + me] = i + 1
        # The socket stays until both have sent.
        while turns[4 - me] <= i:
            pass
        s.close()


pids = []
for me in (0, 1):
    pid = os.fork()
    if not pid:
        racer(me)
        os._exit(0)
    pids.append(pid)
for pid in pids:
    os.waitpid(pid, 0)

far.settimeout(2)
got = set()
try:
    while len(got) < 2 * rounds:
        data, peer = far.recvfrom(16)
        got.add((data, peer[:2]))
except socket.timeout:
    pass
print("sent %d arrived %d" % (2 * rounds, len(got)))
