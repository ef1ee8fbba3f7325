#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""SNMPv2c traps, with an address as a variable.

helper_snmp.py server          prints who sent a trap, and the addresses in it
helper_snmp.py client SERVER   sends three
"""
import socket
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/lib")
from peer import say, udp  # noqa: E402


def tlv(tag, data):
    return bytes([tag, len(data)]) + data


def trap(agent):
    """SNMPv2-Trap-PDU of RFC 3416."""
    name = tlv(0x06, bytes.fromhex("2b060102010401"))
    var = tlv(0x30, name + tlv(0x40, socket.inet_aton(agent)))
    zero = tlv(0x02, b"\0")
    pdu = tlv(0xa7, tlv(0x02, b"\x10") + zero + zero + tlv(0x30, var))
    return tlv(0x30, tlv(0x02, b"\1") + tlv(0x04, b"public") + pdu)


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
# Another address, not to be touched; and one cut short, which is dropped.
s.send(trap("192.0.2.1"))
s.send(trap(own)[:-9])
