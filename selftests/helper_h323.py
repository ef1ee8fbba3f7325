#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A call by H.323: Q.931 Setup on port 1720 names the caller's H.245 address,
and H.245 OpenLogicalChannel there the address for the callee's RTCP.

helper_h323.py server          the callee; connects to the H.245 address of each
                               Setup, opens a channel, and sends RTP and RTCP to
                               where the caller's own OpenLogicalChannel says
helper_h323.py client SERVER   the caller; prints what came through

Messages are written out in aligned PER (X.691), of H.225.0 and H.245 just what
these take. Whoever parses them must find the addresses by decoding.
"""
import select
import socket
import struct
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/lib")
from peer import LIMIT, SHORT, connect, listen, own_addr, say, udp, verdict  # noqa: E402

PROTOCOL_ID = bytes.fromhex("060008914a0002")       # H.225.0 version 2


def tpkt(body):
    return struct.pack("!BBH", 3, 0, 4 + len(body)) + body


def read_tpkt(s):
    head = b""
    while len(head) < 4:
        more = s.recv(4 - len(head))
        if not more:
            raise EOFError
        head += more
    size = struct.unpack("!BBH", head)[2] - 4
    body = b""
    while len(body) < size:
        body += s.recv(size - len(body))
    return body


def place(addr, port):
    return socket.inet_aton(addr) + struct.pack("!H", port)


def setup(addr, port):
    """Q.931 Setup with a Setup-UUIE: of its optional fields only h245Address."""
    uuie = (b"\x00"             # H323-UserInformation, H323-UU-PDU: setup
            + b"\x40"           # Setup-UUIE: h245Address is there
            + PROTOCOL_ID
            + b"\x00" + place(addr, port)       # TransportAddress: ipAddress
            + b"\x00\x00"       # sourceInfo: nothing; activeMC: no
            + bytes(16)         # conferenceID
            + b"\x00")          # create, pointToPoint
    user = b"\x05" + uuie
    return tpkt(b"\x08\x02\x12\x34\x05" + b"\x7e" + struct.pack("!H", len(user)) + user)


def setup_address(body):
    at = body.index(PROTOCOL_ID) + len(PROTOCOL_ID) + 1
    return socket.inet_ntoa(body[at:at + 4]), struct.unpack("!H", body[at + 4:at + 6])[0]


def open_channel(addr, port):
    """OpenLogicalChannel, nullData, with a mediaControlChannel."""
    params = (b"\x04\x00"       # H2250LogicalChannelParameters: mediaControlChannel
              + b"\x01"         # sessionID
              + b"\x00" + place(addr, port))    # unicastAddress, iPAddress
    return tpkt(b"\x03"         # request, openLogicalChannel
                + b"\x00\x00\x00"               # forwardLogicalChannelNumber 1
                + b"\x06\x00"   # nullData, h2250LogicalChannelParameters
                + bytes([len(params)]) + params)


def channel_address(body):
    return socket.inet_ntoa(body[-6:-2]), struct.unpack("!H", body[-2:])[0]


def serve(q931):
    q931.settimeout(LIMIT)
    addr, port = setup_address(read_tpkt(q931))
    try:
        h245 = connect(addr, port)
    except OSError:
        q931.sendall(b"%s refused" % addr.encode())
        return
    addr2, rtcp = channel_address(read_tpkt(h245))
    s = udp()
    s.sendto(b"RTP", (addr2, rtcp - 1))
    s.sendto(b"RTCP", (addr2, rtcp))
    q931.sendall(b"%s reached %s" % (addr.encode(), addr2.encode()))
    h245.recv(1)


if sys.argv[1] == "server":
    listener = listen(1720, None)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

q931 = connect(sys.argv[2], 1720)
own = own_addr(q931)
h245 = listen(0, LIMIT)
q931.sendall(setup(own, h245.getsockname()[1]))
if h245 not in select.select([q931, h245], [], [], LIMIT)[0]:
    say(q931.recv(64).decode())
    sys.exit()
channel = h245.accept()[0]
while True:
    rtp = udp(limit=SHORT)
    port = rtp.getsockname()[1]
    if port % 2 == 0 and port < 65534:
        break
rtcp = udp(port + 1, limit=SHORT)
channel.sendall(open_channel(own, port + 1))
say(q931.recv(64).decode())
for name, s in ("RTP", rtp), ("RTCP", rtcp):
    try:
        say(name, verdict(s.recv(64) == name.encode()))
    except socket.timeout:
        say(name, "refused")
