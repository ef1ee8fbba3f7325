#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The parts of SIP that sipp does not do here.

helper_sip.py registrar        answers REGISTER, then calls the contact that it
                               has been told of, from another port
helper_sip.py phone SERVER     registers; prints who called
helper_sip.py rtp ADDRESS PORT sends to an RTP echo; prints if it came back
"""
import re
import socket
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/lib")
from peer import SHORT, say, udp, verdict  # noqa: E402


def text(*lines):
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def header(message, name):
    return re.search(r"^%s: *(.*?)\r$" % name, message, re.M | re.I).group(1)


role = sys.argv[1]
if role == "registrar":
    s = udp(5060, limit=None)
    while True:
        data, peer = s.recvfrom(4096)
        message = data.decode()
        contact = re.search(r"<sip:\w+@([\d.]+):(\d+)>", header(message, "Contact"))
        s.sendto(text("SIP/2.0 200 OK", *("%s: %s" % (name, header(message, name))
                                          for name in ("Via", "From", "To", "Call-ID", "CSeq",
                                                       "Contact")),
                      "Expires: 60", "Content-Length: 0"), peer)
        addr, port = contact.group(1), int(contact.group(2))
        other = udp(5099, limit=SHORT)
        other.sendto(text("OPTIONS sip:alice@%s:%d SIP/2.0" % (addr, port),
                          "Via: SIP/2.0/UDP %s:5099;branch=z9hG4bKo" % sys.argv[2],
                          "From: <sip:r@%s>;tag=9" % sys.argv[2], "To: <sip:alice@%s>" % addr,
                          "Call-ID: options", "CSeq: 1 OPTIONS", "Contact: <sip:r@%s>" % sys.argv[2],
                          "Content-Length: 0"), (addr, port))
        other.close()
elif role == "phone":
    s = udp(5060, limit=2 * SHORT)
    s.connect((sys.argv[2], 5060))
    own = s.getsockname()[0]
    s.close()
    s = udp(5060, limit=2 * SHORT)
    s.sendto(text("REGISTER sip:%s SIP/2.0" % sys.argv[2],
                  "Via: SIP/2.0/UDP %s:5060;branch=z9hG4bKr" % own,
                  "From: <sip:alice@%s>;tag=1" % sys.argv[2], "To: <sip:alice@%s>" % sys.argv[2],
                  "Call-ID: register", "CSeq: 1 REGISTER", "Contact: <sip:alice@%s:5060>" % own,
                  "Expires: 60", "Content-Length: 0"), (sys.argv[2], 5060))
    registered = s.recvfrom(4096)[0].decode()
    # The contact comes back as it was said.
    say(registered.split("\r\n")[0], header(registered, "Contact"))
    try:
        called, peer = s.recvfrom(4096)
        say(called.decode().split(" ")[0], "from", peer[1])
    except socket.timeout:
        say("nobody called")
else:
    s = udp(limit=SHORT)
    s.sendto(b"\x80" + b"\0" * 19, (sys.argv[2], int(sys.argv[3])))
    try:
        say(verdict(len(s.recv(64)) == 20))
    except socket.timeout:
        say("refused")
