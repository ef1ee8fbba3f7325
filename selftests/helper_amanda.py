#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Amanda: a request by UDP, answered with the ports of TCP streams.

helper_amanda.py server          amandad: answers requests to 10080
helper_amanda.py client SERVER   asks, and says which streams can be reached
"""
import re
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/lib")
from peer import echo_once, listen, reach, say, udp, verdict  # noqa: E402

if sys.argv[1] == "server":
    s = udp(10080, limit=None)
    while True:
        data, peer = s.recvfrom(2048)
        streams = []
        for name in "DATA", "MESG", "INDEX":
            listener = listen()
            threading.Thread(target=echo_once, args=(listener,), daemon=True).start()
            streams.append("%s %d" % (name, listener.getsockname()[1]))
        s.sendto(b"Amanda 2.5 REP HANDLE 000-0001 SEQ 1\nCONNECT "
                 + " ".join(streams).encode() + b"\nOPTIONS features=fff;\n\n", peer)

s = udp()
s.sendto(b"Amanda 2.5 REQ HANDLE 000-0001 SEQ 1\nSERVICE sendbackup\n", (sys.argv[2], 10080))
reply = s.recv(2048).decode()
for name, port in re.findall(r"(DATA|MESG|INDEX) (\d+)", reply):
    say(name, verdict(reach(sys.argv[2], int(port))))
