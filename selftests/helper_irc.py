#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""DCC over IRC.

helper_irc.py server          answers a DCC SEND by connecting to where it says
helper_irc.py client SERVER   offers a file by DCC SEND from a port that it
                              listens on; prints what the server says of it
"""
import socket
import struct
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/lib")
from peer import connect, echo_once, listen, own_addr, reach, say, verdict  # noqa: E402


def serve(s):
    text = s.makefile("rw", newline="\r\n")
    for line in text:
        words = line.split("\1")
        if len(words) < 2:
            continue
        _, _, _, num, port, _ = words[1].split()
        addr = socket.inet_ntoa(struct.pack("!I", int(num)))
        text.write("NOTICE %s %s\r\n" % (addr, verdict(reach(addr, int(port)))))
        text.flush()


if sys.argv[1] == "server":
    listener = listen(6667, None)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

control = connect(sys.argv[2], 6667)
text = control.makefile("rw", newline="\r\n")
text.write("NICK alice\r\nUSER alice 0 * :Alice\r\n")
text.flush()
for _ in range(2):
    data = listen()
    threading.Thread(target=echo_once, args=(data,), daemon=True).start()
    num = struct.unpack("!I", socket.inet_aton(own_addr(control)))[0]
    text.write("PRIVMSG bob :\1DCC SEND file %u %u 6\1\r\n" % (num, data.getsockname()[1]))
    text.flush()
    say(text.readline().split(" ", 1)[1].strip())
