#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Add, delete or show a conntrack timeout policy (uapi nfnetlink_cttimeout.h).

usage: cttimeout.py add NAME FAMILY PROTO [STATE=SECONDS]...
       cttimeout.py del NAME
       cttimeout.py use NAME		(prints how many use the policy)
"""
import os
import socket
import struct
import sys

NETLINK_NETFILTER = 12
SUBSYS_TIMEOUT = 8
NEW, GET, DELETE = range(3)
NAME, L3PROTO, L4PROTO, DATA, USE = range(1, 6)
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 1, 4, 0x200, 0x400
NLMSG_ERROR = 2
NLA_F_NESTED = 0x8000


def attr(kind, data):
    head = struct.pack('=HH', 4 + len(data), kind)
    return head + data + b'\0' * (-len(data) % 4)


def attrs(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from('=HH', data)
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


def request(op, flags, payload):
    """Send one request; raise OSError, or return the attributes answered."""
    body = struct.pack('!BBH', 0, 0, 0) + payload
    head = struct.pack('=IHHII', 16 + len(body), SUBSYS_TIMEOUT << 8 | op,
                       NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0)
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    sock.bind((0, 0))
    sock.send(head + body)
    answer = {}
    while True:
        data = sock.recv(65536)
        while data:
            size, kind = struct.unpack_from('=IH', data)
            if kind == NLMSG_ERROR:
                err = -struct.unpack_from('=i', data, 16)[0]
                if err:
                    raise OSError(err, os.strerror(err))
                return answer
            answer = dict(attrs(data[20:size]))
            data = data[(size + 3) & ~3:]


def main(argv):
    name = attr(NAME, argv[2].encode() + b'\0')
    if argv[1] == 'add':
        family = {'ipv4': socket.AF_INET, 'ipv6': socket.AF_INET6}[argv[3]]
        data = b''.join(attr(int(k), struct.pack('!I', int(v)))
                        for k, v in (a.split('=') for a in argv[5:]))
        request(NEW, NLM_F_CREATE | NLM_F_EXCL,
                name + attr(L3PROTO, struct.pack('!H', family)) +
                attr(L4PROTO, struct.pack('B', int(argv[4]))) +
                attr(DATA | NLA_F_NESTED, data))
    elif argv[1] == 'del':
        request(DELETE, 0, name)
    else:
        print(struct.unpack('!I', request(GET, 0, name)[USE])[0])


try:
    main(sys.argv)
except OSError as error:
    sys.exit(error.strerror)
