#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""PPTP (RFC 2637): a control connection, and GRE whose keys it has agreed on.

helper_pptp.py server                     takes calls; what comes by GRE for a
                                          call goes back by GRE
helper_pptp.py client SERVER CALL-ID [SOURCE [FILE]]
                                          calls; prints "up", then "GRE ok" if
                                          the tunnel answers, else "GRE lost";
                                          while FILE exists it keeps the call, and
                                          says a word on the control connection
                                          when FILE.poke is there
"""
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/lib")
from peer import LIMIT, SHORT, connect, listen, say  # noqa: E402

START_REQUEST, START_REPLY = 1, 2
CALL_REQUEST, CALL_REPLY = 7, 8
CLEAR_REQUEST, DISCONNECT = 12, 13
ECHO_REQUEST = 5
MAGIC = 0x1a2b3c4d


def message(kind, body):
    return struct.pack("!HHIHH", 12 + len(body), 1, MAGIC, kind, 0) + body


def start_body(result):
    return struct.pack("!HBBIIHH64s64s", 0x0100, result, 0, 3, 3, 0, 1, b"host", b"vendor")


def read(s, kind):
    """The body of the next message, which must be of this kind."""
    head = b""
    while len(head) < 12:
        more = s.recv(12 - len(head))
        if not more:
            raise EOFError
        head += more
    size, _, magic, got, _ = struct.unpack("!HHIHH", head)
    assert magic == MAGIC and (kind is None or got == kind), (got, kind)
    body = b""
    while len(body) < size - 12:
        body += s.recv(size - 12 - len(body))
    return body if kind is not None else (got, body)


def gre(key, text):
    """Enhanced GRE: key and sequence number present, version 1."""
    return struct.pack("!HHHHI", 0x3001, 0x880b, len(text), key, 1) + text


def gre_recv(s, key):
    """The payload of the next packet for this call; each socket sees all."""
    while True:
        packet, peer = s.recvfrom(2048)
        packet = packet[4 * (packet[0] & 15):]
        flags, proto, _, got = struct.unpack("!HHHH", packet[:8])
        if flags == 0x3001 and proto == 0x880b and got == key:
            return packet[12:], peer[0]


def raw():
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_GRE)


def serve(control, own):
    control.settimeout(60)
    read(control, START_REQUEST)
    control.sendall(message(START_REPLY, start_body(1)))
    peer_id = struct.unpack("!H", read(control, CALL_REQUEST)[:2])[0]
    tunnel = raw()
    tunnel.settimeout(60)

    def echo():
        while True:
            try:
                text, addr = gre_recv(tunnel, own)
                tunnel.sendto(gre(peer_id, text), (addr, 0))
            except OSError:
                return

    threading.Thread(target=echo, daemon=True).start()
    control.sendall(message(CALL_REPLY, struct.pack("!HHBBHIHHI", own, peer_id, 1, 0, 0,
                                                    64000, 3, 0, 0)))
    try:
        while read(control, None)[0] != CLEAR_REQUEST:
            pass
        control.sendall(message(DISCONNECT, struct.pack("!HBBHH128s", own, 4, 0, 0, 0, b"")))
        control.recv(1)
    except (EOFError, OSError):
        pass
    tunnel.close()


if sys.argv[1] == "server":
    listener = listen(1723, None)
    own = 0x1000
    while True:
        own += 1
        threading.Thread(target=serve, args=(listener.accept()[0], own), daemon=True).start()

server, own = sys.argv[2], int(sys.argv[3])
source = sys.argv[4] if len(sys.argv) > 4 else None
control = connect(server, 1723, LIMIT, (source, 0) if source else None)
source = control.getsockname()[0]
control.sendall(message(START_REQUEST, start_body(0)))
read(control, START_REPLY)
control.sendall(message(CALL_REQUEST, struct.pack("!HHIIIIHHHH64s64s", own, 1, 300, 100000000,
                                                  3, 3, 3, 0, 0, 0, b"", b"")))
reply = read(control, CALL_REPLY)
peer_id = struct.unpack("!H", reply[:2])[0]
say("up")

tunnel = raw()
tunnel.bind((source, 0))
tunnel.settimeout(SHORT)


def answers(text):
    tunnel.sendto(gre(peer_id, text), (server, 0))
    try:
        return gre_recv(tunnel, own)[0] == text
    except socket.timeout:
        return False


mark = ("from %s" % source).encode()
say("GRE ok" if answers(mark) and answers(mark) else "GRE lost")
if len(sys.argv) > 5:
    while os.path.exists(sys.argv[5]):
        if os.path.exists(sys.argv[5] + ".poke"):
            control.sendall(message(ECHO_REQUEST, struct.pack("!I", 1)))
            os.unlink(sys.argv[5] + ".poke")
        time.sleep(0.02)
    say("GRE ok" if answers(mark) else "GRE lost")
control.sendall(message(CLEAR_REQUEST, struct.pack("!HH", own, 0)))
read(control, DISCONNECT)
say("GRE still" if answers(mark) else "GRE over")
# A reset: the connection is over at once.
control.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
control.close()
