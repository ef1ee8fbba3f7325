#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Questions by broadcast, which more than one answers.

broadcast.py server PORT ADDRESS...   answers from each of the addresses
broadcast.py client PORT ADDRESS      asks; prints who answers, in order
"""
import socket
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from peer import SHORT, say, udp  # noqa: E402

role, port = sys.argv[1], int(sys.argv[2])
if role == "server":
    s = udp(port, limit=None)
    own = [udp(port, addr) for addr in sys.argv[3:]]
    while True:
        data, peer = s.recvfrom(2048)
        for each in own:
            each.sendto(b"answer", peer)

s = udp()
s.sendto(b"question", (sys.argv[3], port))
seen = []
end = time.monotonic() + SHORT
while time.monotonic() < end:
    s.settimeout(max(end - time.monotonic(), 0.01))
    try:
        seen.append(s.recvfrom(2048)[1][0])
    except socket.timeout:
        break
say(*sorted(seen) or ["nobody"])
