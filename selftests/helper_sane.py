#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""SANE: the answer to a request to scan names the port of the picture.

helper_sane.py server          saned, as far as that
helper_sane.py client SERVER   scans, and says whether the port can be reached
"""
import struct
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/lib")
from peer import connect, echo_once, listen, reach, say, verdict  # noqa: E402

NET_INIT, NET_START = 0, 7


def serve(s):
    s.recv(64)
    s.sendall(struct.pack("!II", 0, 0x01000003))
    s.recv(64)
    data = listen()
    threading.Thread(target=echo_once, args=(data,), daemon=True).start()
    s.sendall(struct.pack("!IHHII", 0, 0, data.getsockname()[1], 0x1234, 0))
    s.recv(64)


if sys.argv[1] == "server":
    listener = listen(6566, None)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

control = connect(sys.argv[2], 6566)
control.sendall(struct.pack("!IIII", NET_INIT, 0x01000003, 1, 0))
control.recv(64)
control.sendall(struct.pack("!II", NET_START, 0))
_, _, port, _, _ = struct.unpack("!IHHII", control.recv(64))
say(verdict(reach(sys.argv[2], port)))
