#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Show or change the labels of a UDP flow by netlink.

usage: ctlabel.py SRC DST SPORT DPORT [DATA [MASK]]

DATA and MASK are hex, as many words of 8 digits as wanted, in memory order.
Without them the labels are printed, or "none".
"""
import os
import socket
import struct
import sys

NETLINK_NETFILTER = 12
SUBSYS_CTNETLINK = 1
CT_NEW, CT_GET = range(2)
CTA_TUPLE_ORIG, CTA_LABELS, CTA_LABELS_MASK = 1, 22, 23
CTA_TUPLE_IP, CTA_TUPLE_PROTO = 1, 2
CTA_IP_V4_SRC, CTA_IP_V4_DST = 1, 2
CTA_PROTO_NUM, CTA_PROTO_SRC_PORT, CTA_PROTO_DST_PORT = 1, 2, 3
NLM_F_REQUEST, NLM_F_ACK = 1, 4
NLMSG_ERROR = 2
NESTED = 0x8000


def attr(kind, *data):
    data = b''.join(data)
    return struct.pack('=HH', 4 + len(data), kind) + data + b'\0' * (-len(data) % 4)


def attrs(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from('=HH', data)
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


def request(op, body):
    """Send one request about a flow; return the attributes answered."""
    body = struct.pack('!BBH', socket.AF_INET, 0, 0) + body
    head = struct.pack('=IHHII', 16 + len(body), SUBSYS_CTNETLINK << 8 | op,
                       NLM_F_REQUEST | NLM_F_ACK, 1, 0)
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
                    sys.exit(os.strerror(err))
                return answer
            answer = dict(attrs(data[20:size]))
            data = data[(size + 3) & ~3:]


def main(src, dst, sport, dport, data=None, mask=None):
    flow = attr(
        CTA_TUPLE_ORIG | NESTED,
        attr(CTA_TUPLE_IP | NESTED,
             attr(CTA_IP_V4_SRC, socket.inet_aton(src)),
             attr(CTA_IP_V4_DST, socket.inet_aton(dst))),
        attr(CTA_TUPLE_PROTO | NESTED,
             attr(CTA_PROTO_NUM, bytes([socket.IPPROTO_UDP])),
             attr(CTA_PROTO_SRC_PORT, struct.pack('!H', int(sport))),
             attr(CTA_PROTO_DST_PORT, struct.pack('!H', int(dport)))))
    if not data:
        labels = request(CT_GET, flow).get(CTA_LABELS)
        print(labels.hex() if labels else 'none')
        return
    flow += attr(CTA_LABELS, bytes.fromhex(data))
    if mask:
        flow += attr(CTA_LABELS_MASK, bytes.fromhex(mask))
    request(CT_NEW, flow)


main(*sys.argv[1:])
