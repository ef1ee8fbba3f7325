#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The far ends of the tests' connections, as small as can be.

serve PORT...
    Answers UDP datagrams and TCP connections, IPv4 and IPv6, on each port with a
    line of its own "from ADDRESS PORT to ADDRESS PORT", then what came, as it came.
ask udp|tcp ADDRESS PORT [--from ADDRESS] [--sport PORT] [--count N]
    [--size BYTES] [--wait SECONDS] [--hold FILE] [--mark N]
    Sends, and prints the server's line. Fails if there is no answer in time or
    if it is not what was sent. --hold keeps a TCP connection open while FILE
    exists, then asks once more through it.
flood ADDRESS PORT COUNT [--from-port PORT]
    Sends datagrams to so many ports, or to one port from so many ports, and waits for no answer.
"""
import argparse
import os
import select
import socket
import sys
import time


def plain(addr):
    return addr[7:] if addr.startswith("::ffff:") else addr


def line(peer, own):
    return ("from %s %d to %s %d\n" % (plain(peer[0]), peer[1], plain(own[0]), own[1])).encode()


def serve(args):
    poll = select.poll()
    udp, listeners, open_tcp = {}, {}, {}
    for port in args.port:
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        s.bind(("::", port))
        udp[s.fileno()] = s, port
        poll.register(s, select.POLLIN)
        s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("::", port))
        s.listen(64)
        listeners[s.fileno()] = s
        poll.register(s, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd in udp:
                s, port = udp[fd]
                data, anc, _, peer = s.recvmsg(65535, 256)
                # Answers leave from the address that was asked, NAT or not.
                info = [d for l, t, d in anc if t == socket.IPV6_PKTINFO]
                own = socket.inet_ntop(socket.AF_INET6, info[0][:16]), port
                info = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info[0][:16] + b"\0\0\0\0")]
                try:
                    s.sendmsg([line(peer, own) + data], info, 0, peer)
                except OSError:
                    pass
            elif fd in listeners:
                s, peer = listeners[fd].accept()
                poll.register(s, select.POLLIN)
                open_tcp[s.fileno()] = s
                s.sendall(line(peer, s.getsockname()))
            else:
                s = open_tcp[fd]
                try:
                    data = s.recv(65536)
                    s.sendall(data)
                except OSError:
                    data = b""
                if not data:
                    poll.unregister(s)
                    del open_tcp[fd]
                    s.close()


def exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            sys.exit("connection closed after %d of %d bytes" % (len(data), n))
        data += more
    return data


def first_line(s):
    data = b""
    while not data.endswith(b"\n"):
        data += exactly(s, 1)
    return data.decode()


def ask(args):
    family = socket.AF_INET6 if ":" in args.address else socket.AF_INET
    kind = socket.SOCK_STREAM if args.proto == "tcp" else socket.SOCK_DGRAM
    s = socket.socket(family, kind)
    s.settimeout(args.wait)
    if args.mark:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, args.mark)
    if args.src or args.sport:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((args.src or ("::" if ":" in args.address else "0.0.0.0"), args.sport))
    data = (b"nf_ct says hello " * (args.size // 17 + 1))[:args.size]
    s.connect((args.address, args.port))
    if args.proto == "tcp":
        answer = first_line(s)
    for _ in range(args.count):
        if args.proto == "tcp":
            s.sendall(data)
            got = exactly(s, args.size)
        else:
            s.send(data)
            answer, got = s.recv(65535).split(b"\n", 1)
            answer = answer.decode() + "\n"
        if got != data:
            sys.exit("the answer is not what was sent")
    print(answer, end="", flush=True)
    if args.hold:
        while os.path.exists(args.hold):
            time.sleep(0.02)
        s.sendall(data)
        if exactly(s, args.size) != data:
            sys.exit("the answer is not what was sent")


def flood(args):
    family = socket.AF_INET6 if ":" in args.address else socket.AF_INET
    for i in range(args.count):
        if args.from_port or not i:
            s = socket.socket(family, socket.SOCK_DGRAM)
        if args.from_port:
            s.bind(("", args.from_port + i))
        try:
            s.sendto(b"x", (args.address, args.port + (0 if args.from_port else i)))
        except OSError:
            pass


top = argparse.ArgumentParser()
sub = top.add_subparsers(required=True)
p = sub.add_parser("serve")
p.add_argument("port", type=int, nargs="+")
p.set_defaults(run=serve)
p = sub.add_parser("ask")
p.add_argument("proto", choices=("udp", "tcp"))
p.add_argument("address")
p.add_argument("port", type=int)
p.add_argument("--from", dest="src")
p.add_argument("--sport", type=int, default=0)
p.add_argument("--count", type=int, default=1)
p.add_argument("--size", type=int, default=17)
p.add_argument("--wait", type=float, default=5)
p.add_argument("--mark", type=int, default=0)
p.add_argument("--hold")
p.set_defaults(run=ask)
p = sub.add_parser("flood")
p.add_argument("address")
p.add_argument("port", type=int)
p.add_argument("count", type=int)
p.add_argument("--from-port", type=int, default=0)
p.set_defaults(run=flood)
args = top.parse_args()
try:
    args.run(args)
except socket.timeout:
    sys.exit("no answer in time")
except OSError as error:
    sys.exit(str(error))
except KeyboardInterrupt:
    pass
