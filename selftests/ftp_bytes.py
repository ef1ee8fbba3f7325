# SPDX-License-Identifier: GPL-2.0
"""Fetch a file by FTP, saying each byte of a command in a segment of its own.

	ftp_bytes.py EPSV|PASV|EPRT|PORT HOST wait|burst FILE
"""

import fcntl
import re
import socket
import struct
import sys
import time

SIOCOUTQ = 0x5411
command, host, how, name = sys.argv[1:]

control = socket.create_connection((host, 21), timeout=30)
control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
replies = control.makefile("rb")


def acknowledged():
    left = fcntl.ioctl(control, SIOCOUTQ, struct.pack("i", 0))
    return not struct.unpack("i", left)[0]


def answer():
    """The last line of a reply."""
    while True:
        line = replies.readline().decode()
        if re.match(r"\d\d\d ", line):
            return line.strip()
        if not line:
            raise SystemExit("the connection has ended")


def say(text, wanted):
    for c in text + "\r\n":
        control.send(c.encode())
        end = time.monotonic() + 20
        while how == "wait" and not acknowledged():
            if time.monotonic() > end:
                raise SystemExit(f"{c!r} of {text} does not arrive")
            time.sleep(0.0005)
    got = answer()
    if not got.startswith(wanted):
        raise SystemExit(f"{text}: {got}")
    return got


answer()
say("USER anonymous", "331")
say("PASS me@", "230")
say("TYPE I", "200")
if command in ("EPRT", "PORT"):
    addr = control.getsockname()[0]
    listener = socket.create_server((addr, 0), family=control.family)
    listener.settimeout(30)
    port = listener.getsockname()[1]
    if command == "EPRT":
        say(f"EPRT |{2 if ':' in addr else 1}|{addr}|{port}|", "200")
    else:
        say(f"PORT {addr.replace('.', ',')},{port >> 8},{port & 255}", "200")
elif command == "EPSV":
    port = int(re.search(r"\|\|\|(\d+)\|", say("EPSV", "229"))[1])
    data = socket.create_connection((host, port), timeout=30)
else:
    numbers = re.search(r"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)", say("PASV", "227"))
    data = socket.create_connection(
        (".".join(numbers[i] for i in range(1, 5)),
         int(numbers[5]) << 8 | int(numbers[6])), timeout=30)
say("RETR file", "150")
if command in ("EPRT", "PORT"):
    data = listener.accept()[0]
    data.settimeout(30)
with open(name, "wb") as f:
    while piece := data.recv(65536):
        f.write(piece)
data.close()
answer()
