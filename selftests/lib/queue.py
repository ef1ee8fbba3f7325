#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""queue NUMBER COUNT GO: holds back COUNT packets of an nfqueue, as a program that thinks long.

Prints "ready" when it listens and "held N" for each packet that came. When the file GO is there, all are
accepted, in the order in which they came.
"""
import os
import socket
import struct
import sys
import time

NETLINK_NETFILTER, QUEUE = 12, 3
PACKET, VERDICT, CONFIG = 0, 1, 2


def message(kind, number, attr, data):
    data = struct.pack("=HH", 4 + len(data), attr) + data
    data += b"\0" * (-len(data) % 4)
    body = struct.pack("!BBH", 0, 0, number) + data
    return struct.pack("=IHHII", 16 + len(body), QUEUE << 8 | kind, 1, 0, 0) + body


number, count, go = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
s.bind((0, 0))
s.send(message(CONFIG, number, 1, struct.pack("!BBH", 1, 0, 0)))
s.send(message(CONFIG, number, 2, struct.pack("!IB", 0, 1)))
s.settimeout(10)
print("ready", flush=True)
held = []
while len(held) < count:
    data = s.recv(65536)
    kind = struct.unpack_from("=H", data, 4)[0]
    if kind == 2:
        sys.exit("refused: %d" % struct.unpack_from("=i", data, 16))
    if kind != QUEUE << 8 | PACKET:
        continue
    at = 20
    while at + 4 <= len(data):
        size, attr = struct.unpack_from("=HH", data, at)
        if attr & 0x7fff == 1:
            held.append(struct.unpack_from("!I", data, at + 4)[0])
        at += (size + 3) & ~3
    print("held", len(held), flush=True)
while not os.path.exists(go):
    time.sleep(0.01)
for ident in held:
    s.send(message(VERDICT, number, 2, struct.pack("!II", 1, ident)))
