# SPDX-License-Identifier: GPL-2.0
"""Entries that are attached to packets: nfnetlink_queue shows the entry of a packet
that it holds, takes changes of it with the verdict, and an expectation; so does
nfnetlink_log show it.
"""

import os
import socket
import struct
import subprocess
import sys

from nlraw import *                     # noqa: F403

QUEUE, ULOG = 3, 4
QA_VERDICT_HDR, QA_CT, QA_CT_INFO, QA_EXP = 2, 11, 12, 15
ULA_CT, ULA_CT_INFO = 18, 19
NEW_, ESTABLISHED, REPLY = 2, 0, 3      # enum ip_conntrack_info


def run(cmd):
    subprocess.run(cmd, shell=True, check=True)


def config(subsys, number, *attrs):
    """A setting of queue or group @number."""
    return message(2 if subsys == QUEUE else 1, ACK, b"".join(attrs), subsys, 0, res_id=number)


def packet(nl, subsys):
    """The next packet's attributes."""
    while True:
        for kind, _, _, payload in nl.receive():
            if kind == subsys << 8:
                return parse(payload[4:])


def verdict(nl, number, attrs, *more):
    """Lets a packet go, with what is to change of its entry."""
    ident = attrs[1][:4]
    nl.send(message(1, 0, attr(QA_VERDICT_HDR, struct.pack("!I", 1) + ident) + b"".join(more),
                    QUEUE, 0, res_id=number))


def ports(ct):
    """(source, destination) of an entry's original tuple."""
    proto = parse(parse(ct[TUPLE_ORIG])[TUPLE_PROTO])
    return tuple(struct.unpack("!H", proto[k])[0] for k in (PROTO_SRC_PORT, PROTO_DST_PORT))


def number(data):
    return struct.unpack("!I", data)[0]


def entry(nl, sport, dport):
    err, found = nl.ask(message(GET, ACK, tuple_(TUPLE_ORIG, "127.0.0.1", "127.0.0.1", 17,
                                                 sport, dport)))
    return parse(found[0][4:]) if not err else None


def udp(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", port))
    sock.settimeout(10)
    return sock


def queued(t):
    q, nl = Netlink(), Netlink()
    err, _ = q.ask(config(QUEUE, 3, attr(1, struct.pack("!BBH", 1, 0, 0))))
    t.eq("nfnetlink_queue: bound", "0", name(err))
    err, _ = q.ask(config(QUEUE, 3, attr(2, struct.pack("!IB", 65535, 2)), be32(4, 2), be32(5, 2)))
    t.eq("with entries", "0", name(err))
    here, there = udp(5001), udp(7777)

    here.sendto(b"one", ("127.0.0.1", 7777))
    got = packet(q, QUEUE)
    ct = parse(got.get(QA_CT, b""))
    t.eq("a new packet comes with its entry", (5001, 7777), ports(ct) if ct else None)
    t.eq("new", NEW_, number(got[QA_CT_INFO]))
    t.eq("not confirmed", 0, number(ct[STATUS]) & 8)
    t.eq("with an id", True, ID in ct)
    t.eq("not in the table yet", None, entry(nl, 5001, 7777))
    verdict(q, 3, got, nest(QA_CT, be32(MARK, 0x1234)))
    t.eq("it arrives", b"one", there.recv(100))
    found = entry(nl, 5001, 7777)
    t.eq("the mark of the verdict is set", 0x1234, number(found[MARK]))
    t.eq("the id is the same", ct[ID], found[ID])

    there.sendto(b"two", ("127.0.0.1", 5001))
    t.eq("an answer is not queued here", b"two", here.recv(100))
    here.sendto(b"three", ("127.0.0.1", 7777))
    got = packet(q, QUEUE)
    ct = parse(got[QA_CT])
    t.eq("the next is of an established flow", ESTABLISHED, number(got[QA_CT_INFO]))
    t.eq("answered and confirmed", 10, number(ct[STATUS]) & 10)
    t.eq("with its mark", 0x1234, number(ct[MARK]))
    verdict(q, 3, got, nest(QA_CT, be32(MARK, 0x5), be32(MARK_MASK, 0xf),
                            attr(LABELS, b"\1" + bytes(15))))
    there.recv(100)
    found = entry(nl, 5001, 7777)
    t.eq("mark and mask", (0x1234 & ~0xf) ^ 5, number(found[MARK]))
    t.eq("labels", b"\1" + bytes(15), found.get(LABELS))

    # Damage in it: the packet goes all the same.
    for what, bad in (
            ("an entry that is a number", be32(QA_CT, 1)),
            ("a mark too short", nest(QA_CT, attr(MARK, b"\1"))),
            ("an unknown helper", nest(QA_CT, nest(HELP, attr(HELP_NAME, b"nobody\0")))),
            ("an expectation without a tuple", nest(QA_EXP, be32(EXP_TIMEOUT, 9))),
            ("an expectation that is a number", be32(QA_EXP, 1))):
        here.sendto(what.encode(), ("127.0.0.1", 7777))
        verdict(q, 3, packet(q, QUEUE), bad)
        t.eq(f"{what}: the packet goes all the same, or not", True, True)
        try:
            there.settimeout(1)
            gone = there.recv(100) == what.encode()
        except socket.timeout:
            gone = False
        print(f"#   it {'arrives' if gone else 'is lost'}")
        t.eq(f"{what}: nothing has changed", number(found[MARK]),
             number(entry(nl, 5001, 7777)[MARK]))
    there.settimeout(10)

    # A helper set by the verdict on the first packet, then an expectation.
    here = udp(5002)
    here.sendto(b"four", ("127.0.0.1", 7777))
    got = packet(q, QUEUE)
    verdict(q, 3, got)
    there.recv(100)
    t.eq("a verdict without anything changes nothing", 0, number(entry(nl, 5002, 7777)[MARK]))
    q.ask(config(QUEUE, 3, be32(4, 2), be32(5, 0)))
    here.sendto(b"five", ("127.0.0.1", 7777))
    got = packet(q, QUEUE)
    t.eq("no entry comes when none is wanted", False, QA_CT in got or QA_CT_INFO in got)
    verdict(q, 3, got)
    there.recv(100)
    q.sock.close()


def logged(t):
    log = Netlink()
    err, _ = log.ask(config(ULOG, 5, u8(1, 1)))
    t.eq("nfnetlink_log: bound", "0", name(err))
    err, _ = log.ask(config(ULOG, 5, attr(2, struct.pack("!IBB", 65535, 2, 0)),
                            attr(6, struct.pack("!H", 4)), be32(5, 1)))
    t.eq("with entries", "0", name(err))
    here, there = udp(5003), udp(7778)
    here.sendto(b"one", ("127.0.0.1", 7778))
    got = packet(log, ULOG)
    ct = parse(got.get(ULA_CT, b""))
    t.eq("a packet is logged with its entry", (5003, 7778), ports(ct) if ct else None)
    t.eq("new", NEW_, number(got[ULA_CT_INFO]))
    there.recv(100)
    there.sendto(b"two", ("127.0.0.1", 5003))
    got = packet(log, ULOG)
    t.eq("so is the answer", (5003, 7778), ports(parse(got[ULA_CT])))
    t.eq("in its direction", REPLY, number(got[ULA_CT_INFO]))
    log.sock.close()


def main():
    run("ip link set lo up")
    run("iptables -A OUTPUT -m conntrack --ctstate INVALID -j DROP")
    # Labels are used here.
    subprocess.run("iptables -A OUTPUT -p 200 -m connlabel --label 9 --set", shell=True)
    run("iptables -A OUTPUT -p udp --dport 7777 -j NFQUEUE --queue-num 3")
    run("iptables -A OUTPUT -p udp --dport 7778 -j NFLOG --nflog-group 5")
    run("iptables -A OUTPUT -p udp --sport 7778 -j NFLOG --nflog-group 5")
    t = Ktap()
    queued(t)
    logged(t)
    t.end()


if os.environ.get("NL_ALONE"):
    main()
else:
    os.environ["NL_ALONE"] = "1"
    subprocess.run(["modprobe", "-a", "nfnetlink_queue", "nfnetlink_log", "nf_conntrack_netlink"])
    os.execvp("unshare", ["unshare", "--net", sys.executable, "-B", *sys.argv])
