#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Send one first packet of each protocol that /proc/net/nf_conntrack shows in
a way of its own, over IPv4 and IPv6, from this network namespace.

usage: proc_traffic.py SRC4 DST4 SRC6 DST6
"""
import socket
import struct
import sys

SRC4, DST4, SRC6, DST6 = sys.argv[1:5]
UDPLITE, SCTP, DCCP, GRE, NOBODYS = 136, 132, 33, 47, 99


def send(family, proto, data):
    with socket.socket(family, socket.SOCK_RAW, proto) as sock:
        sock.sendto(data, (DST4 if family == socket.AF_INET else DST6, 0))


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack('!H', ~total & 0xffff)


def with_checksum(family, proto, data, at):
    """Fill in the checksum, of the pseudo header too."""
    if family == socket.AF_INET:
        pseudo = socket.inet_aton(SRC4) + socket.inet_aton(DST4)
        pseudo += struct.pack('!BBH', 0, proto, len(data))
    else:
        pseudo = socket.inet_pton(family, SRC6) + socket.inet_pton(family, DST6)
        pseudo += struct.pack('!II', len(data), proto)
    return data[:at] + checksum(pseudo + data) + data[at + 2:]


def udp(family, sport, dport, proto=socket.IPPROTO_UDP):
    data = struct.pack('!HHHH', sport, dport, 13, 0) + b'hello'
    send(family, proto, with_checksum(family, proto, data, 6))


def tcp(family, sport, dport, flags, ack):
    data = struct.pack('!HHIIBBHHH', sport, dport, 1, ack, 5 << 4, flags, 1000, 0, 0)
    send(family, socket.IPPROTO_TCP,
         with_checksum(family, socket.IPPROTO_TCP, data, 16))


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82f63b78 if crc & 1 else 0)
    return struct.pack('<I', crc ^ 0xffffffff)


def sctp(family):
    data = struct.pack('!HHII', 6001, 6002, 0, 0)
    data += struct.pack('!BBHIIHHI', 1, 0, 20, 0x1234, 65535, 1, 1, 7)
    send(family, SCTP, data[:8] + crc32c(data) + data[12:])


def dccp(family):
    """A request with a long sequence number, RFC 4340 5.1."""
    data = struct.pack('!HHBBHBBHII', 6003, 6004, 5, 0, 0, 1, 0, 0, 5, 42)
    send(family, DCCP, with_checksum(family, DCCP, data, 6))


def gre(family):
    """With a key, RFC 2890, and the call of a PPTP tunnel, RFC 2637."""
    send(family, GRE, struct.pack('!HHI', 0x2000, 0x800, 77) + b'abcd')
    send(family, GRE, struct.pack('!HHHHI', 0x3001, 0x880b, 4, 0x99, 1) + b'abcd')


def icmp(kind, ident, more=b''):
    data = struct.pack('!BBHHH', kind, 0, 0, ident, 1) + more
    send(socket.AF_INET, socket.IPPROTO_ICMP, data[:2] + checksum(data) + data[4:])


for af in socket.AF_INET, socket.AF_INET6:
    for port in range(7000, 7006):
        udp(af, 5001, port)
    udp(af, 5003, 7000, UDPLITE)
    tcp(af, 5004, 7000, 2, 0)		# SYN
    tcp(af, 5005, 7000, 16, 100)	# ACK: picked up in the middle
    sctp(af)
    dccp(af)
    gre(af)
    send(af, NOBODYS, b'payload')
icmp(8, 0x4242)				# echo
icmp(13, 0x4243, b'\0' * 12)		# timestamp
send(socket.AF_INET6, socket.IPPROTO_ICMPV6,
     struct.pack('!BBHHH', 128, 0, 0, 0x4242, 1))
