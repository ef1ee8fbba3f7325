#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""SNMPv1 traps, whose sender names its own address in the message.

helper_snmp.py server          prints the agent's address of each trap
helper_snmp.py client SERVER   sends two
"""
import socket
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/lib")
from peer import say, udp  # noqa: E402


def tlv(tag, data):
    return bytes([tag, len(data)]) + data


def trap(agent):
    """Trap-PDU of RFC 1157, with the address once more as a variable."""
    addr = tlv(0x40, socket.inet_aton(agent))
    oid = tlv(0x06, bytes.fromhex("2b06010401"))
    var = tlv(0x30, tlv(0x06, bytes.fromhex("2b060102010401")) + addr)
    pdu = tlv(0xa4, oid + addr + tlv(0x02, b"\6") + tlv(0x02, b"\1")
              + tlv(0x43, b"\x10") + tlv(0x30, var))
    return tlv(0x30, tlv(0x02, b"\0") + tlv(0x04, b"public") + pdu)


def addresses(data):
    found = []
    at = data.find(b"\x40\x04")
    while at >= 0:
        found.append(socket.inet_ntoa(data[at + 2:at + 6]))
        at = data.find(b"\x40\x04", at + 6)
    return found


if sys.argv[1] == "server":
    s = udp(162, limit=None)
    while True:
        data, peer = s.recvfrom(2048)
        say(peer[0], *addresses(data))

s = udp()
s.connect((sys.argv[2], 162))
own = s.getsockname()[0]
s.send(trap(own))
# Of another agent, not to be touched; and one cut short, which is dropped.
s.send(trap("192.0.2.1"))
s.send(trap(own)[:-9])
