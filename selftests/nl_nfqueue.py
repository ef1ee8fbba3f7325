# SPDX-License-Identifier: GPL-2.0
"""Queues and logs with connection tracking: see nl_nfqueue.sh. Arguments: client, router, server, whose
module it is."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from ctnl import *

client, router, server = (Netns(name) for name in sys.argv[1:4])
C4, S4, W4 = "10.0.1.2", "10.0.2.2", "10.0.2.1"
PORT = 4000
HDR, VERDICT, PAYLOAD, CT, CT_INFO, EXP = 1, 2, 10, 11, 12, 15
ACCEPT, DROP = 1, 0
NEW, ESTABLISHED, REPLY = 2, 0, 3
CONFIRMED = IPS["CONFIRMED"]
PLAIN = "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT MARK"
t = Results()
ask = router.netlink()
ev = router.netlink(groups=range(1, 7), timeout=5)
E = EXPECT


def rules(text):
    router.run("nft", "-f", "-", stdin="flush ruleset\n" + text.replace("}", "\n}\n"))


class Queue(Netlink):
    def __init__(self, num, flags):
        super().__init__()
        self.num = num
        for body in (attr(1, struct.pack("!BBH", 1, 0, 0)), attr(2, struct.pack("!IB", 2000, 2)) +
                     attr(4, be32(2)) + attr(5, be32(flags))):
            err = self.request(SUBSYS_QUEUE, 2, body, res_id=num)[0]
            if err:
                raise OSError(err, "queue")

    def packet(self):
        return self.until(lambda m: m.subsys == SUBSYS_QUEUE and m.op == 0)[-1]

    def verdict(self, m, *more, what=ACCEPT, flags=0):
        """The errno that it is answered by; packets that come meanwhile are kept."""
        err, out, _ = self.request(SUBSYS_QUEUE, 1, attr(VERDICT, be32(what) + m[HDR][:4]) + b"".join(more), flags,
                                   res_id=self.num)
        self.held += [x for x in out if x.subsys == SUBSYS_QUEUE]
        return err


class Flow:
    """A UDP flow from the client to the server, whose packets are queued."""
    port = 6000

    def __init__(self):
        Flow.port += 1
        self.port = Flow.port
        self.a = client.socket(at=(C4, self.port))

    def ask(self, data=b"x"):
        self.a.sendto(data, (S4, PORT))
        return queue.packet()

    def answer(self):
        b.sendto(b"y", (C4, self.port))
        return queue.packet()

    def tuple(self):
        return port_tuple(CTA["TUPLE_ORIG"], C4, S4, 17, self.port, PORT)

    def get(self):
        """The entry's attributes now."""
        return ask.request(SUBSYS_CT, CT_GET, self.tuple())[1][0].attrs

    def events(self, quiet=0.1):
        return [m for m in ev.drain(quiet) if m.subsys == SUBSYS_CT and
                m[CTA["TUPLE_ORIG"]][2].get(2) == be16(self.port)]


def parts(ct):
    return " ".join(CTA_NAME[k] for k in ct)


def nested(*parts):
    return nest(CT, *parts)


def seen():
    """What comes with a packet."""
    f = Flow()
    m = f.ask()
    t.eq("first packet: what comes", PLAIN, parts(m[CT]))
    t.eq("first packet: it is new", be32(NEW), m[CT_INFO])
    t.eq("first packet: not confirmed", be32(0), m[CT][CTA["STATUS"]])
    ident = m[CT][CTA["ID"]]
    t.eq("first packet: no event before the verdict", [], f.events())
    t.eq("first packet: the verdict is taken", 0, queue.verdict(m))
    t.eq("first packet: then it is told, with the same ID", [(0x600, ident)],
         [(m.flags, m[CTA["ID"]]) for m in f.events()])
    m = f.ask()
    t.eq("next packet: confirmed, still new", (be32(CONFIRMED), be32(NEW)), (m[CT][CTA["STATUS"]], m[CT_INFO]))
    queue.verdict(m)
    m = f.answer()
    t.eq("answer: established, the other way", be32(REPLY), m[CT_INFO])
    t.eq("answer: tuples are those of the entry", {1: {1: ip_bytes(C4), 2: ip_bytes(S4)},
         2: {1: b"\x11", 2: be16(f.port), 3: be16(PORT)}}, m[CT][CTA["TUPLE_ORIG"]])
    queue.verdict(m)
    m = f.ask()
    t.eq("after an answer: established", be32(ESTABLISHED), m[CT_INFO])
    queue.verdict(m)
    f.a.sendto(b"x", (S4, 4999))
    m = queue.packet()
    t.eq("before tracking: nothing comes", (False, False), (CT in m, CT_INFO in m))
    t.eq("before tracking: a mark does no harm", 0, queue.verdict(m, nested(attr(CTA["MARK"], be32(9)))))
    f.a.sendto(b"x", (S4, 4998))
    m = queue.packet()
    t.eq("untracked: nothing comes", (False, False), (CT in m, CT_INFO in m))
    t.eq("untracked: a mark does no harm", 0, queue.verdict(m, nested(attr(CTA["MARK"], be32(9)))))
    m = Flow().ask()
    queue.verdict(m, nested(attr(CTA["MARK"], be32(9))), what=DROP)
    t.eq("dropped: never tracked", [], [m for m in ev.drain(0.1) if CTA["MARK"] in m])


def changed():
    """What a verdict changes."""
    f = Flow()
    queue.verdict(f.ask(), nested(attr(CTA["MARK"], be32(0x4e))))
    t.eq("mark of a new flow: its first event has it", [be32(0x4e)], [m.attrs.get(CTA["MARK"]) for m in f.events()])
    m = f.ask()
    t.eq("mark of a new flow: the next packet has it", be32(0x4e), m[CT][CTA["MARK"]])
    queue.verdict(m, nested(attr(CTA["MARK"], be32(0xff)), attr(CTA["MARK_MASK"], be32(0xf0))))
    t.eq("mark with a mask", be32(0x4e & ~0xf0 ^ 0xff), f.get()[CTA["MARK"]])
    t.eq("mark of an old flow: no event", [], f.events())
    f = Flow()
    queue.verdict(f.ask(), nested(attr(CTA["LABELS"], b"\x21" + b"\0" * 15)))
    t.eq("labels of a new flow", [b"\x21" + b"\0" * 15], [m.attrs.get(CTA["LABELS"]) for m in f.events()])
    queue.verdict(f.ask(), nested(attr(CTA["LABELS"], b"\2" + b"\0" * 15), attr(CTA["LABELS_MASK"], b"\3" + b"\0" * 15)))
    t.eq("labels of an old flow, with a mask", b"\x22" + b"\0" * 15, f.get()[CTA["LABELS"]])
    f = Flow()
    queue.verdict(f.ask(), nested(attr(CTA["TIMEOUT"], be32(999))))
    t.ok("timeout of a new flow", [m for m in f.events() if 990 < number(m[CTA["TIMEOUT"]]) <= 999], f.get())
    queue.verdict(f.ask(), nested(attr(CTA["TIMEOUT"], be32(888))))
    t.ok("timeout of an old flow", 880 < number(f.get()[CTA["TIMEOUT"]]) <= 888, f.get())
    f = Flow()
    queue.verdict(f.ask(), nested(attr(CTA["STATUS"], be32(IPS["ASSURED"]))))
    t.eq("status of a new flow", be32(CONFIRMED | IPS["ASSURED"]), f.get()[CTA["STATUS"]])
    f = Flow()
    queue.verdict(f.ask())
    queue.verdict(f.ask(), nested(attr(CTA["STATUS"], be32(IPS["ASSURED"] | IPS["SEEN_REPLY"] | CONFIRMED))))
    t.eq("status of an old flow", be32(CONFIRMED | IPS["ASSURED"] | IPS["SEEN_REPLY"]), f.get()[CTA["STATUS"]])
    t.eq("a verdict with the attribute not marked as nested", 0, queue.verdict(f.ask(),
         attr(CT, attr(CTA["MARK"], be32(5)))))
    t.eq("a verdict with the attribute not marked as nested: taken", be32(5), f.get()[CTA["MARK"]])
    before = f.get()
    for what, more in (("a mark of two bytes", nested(attr(CTA["MARK"], b"ab"))),
                       ("a timeout of three", nested(attr(CTA["MARK"], be32(6)), attr(CTA["TIMEOUT"], b"abc"))),
                       ("a status that can't be", nested(attr(CTA["STATUS"], be32(CONFIRMED | IPS["SRC_NAT"])),
                                                         attr(CTA["MARK"], be32(6)))),
                       ("nothing", nested()),
                       ("half an attribute", nest(CT, b"ab"))):
        m = f.ask()
        queue.verdict(m, more)
        after = f.get()
        t.eq("a verdict with %s: the entry stays as it is" % what, (before[CTA["MARK"]], before[CTA["STATUS"]]),
             (after[CTA["MARK"]], after[CTA["STATUS"]]))
        queue.held = [x for x in queue.held if x[HDR] != m[HDR]]
    f = Flow()
    queue.verdict(f.ask(), nested(port_tuple(CTA["TUPLE_ORIG"], "1.1.1.1", "2.2.2.2", 17, 1, 2),
                                  attr(CTA["ZONE"], be16(4)), attr(CTA["ID"], be32(4)), attr(27, b"abcd"),
                                  attr(CTA["MARK"], be32(6))))
    t.eq("what can't be changed is passed over", be32(6), f.get()[CTA["MARK"]])


def helpers():
    """A helper in user space: its data, and what it expects."""
    body = (attr(1, b"ut\0") + nest(2, attr(1, be16(2)), attr(2, u8(17))) + attr(3, be32(9)) +
            nest(4, attr(1, be32(1)), nest(2, attr(1, b"one\0"), attr(2, be32(8)), attr(3, be32(77)))) +
            attr(5, be32(8)) + attr(6, be32(1)))
    t.eq("a helper of user space", 0, ask.request(9, 0, body, F_CREATE | F_EXCL)[0])
    rules("""table ip t { ct helper ut { type "ut" protocol udp; }
        chain f { type filter hook forward priority 0; udp dport 4000 ct helper set "ut"
            udp dport 4000 queue num 1
            udp sport 4000 queue num 1
        } }""")
    f = Flow()
    m = f.ask()
    t.eq("helper: it comes with the packet, with its data", {1: b"ut\0", 2: b"\0" * 8}, m[CT].get(CTA["HELP"]))
    queue.verdict(m, nested(nest(CTA["HELP"], attr(1, b"ut\0"), attr(2, b"abcdefgh"))))
    data = f.get()[CTA["HELP"]]
    t.eq("helper: a verdict on a new flow changes its data", {1: b"ut\0", 2: b"abcdefgh"}, data)
    queue.verdict(f.ask(), nested(nest(CTA["HELP"], attr(1, b"ut\0"), attr(2, b"12345678"))))
    t.eq("helper: on an old one", {1: b"ut\0", 2: b"12345678"}, f.get()[CTA["HELP"]])
    for what, more in (("of another name", nest(CTA["HELP"], attr(1, b"ftp\0"), attr(2, b"x" * 8))),
                       ("without a name", nest(CTA["HELP"], attr(2, b"x" * 8)))):
        queue.verdict(f.ask(), nested(more))
        t.eq("helper: data %s are not taken" % what, {1: b"ut\0", 2: b"12345678"}, f.get()[CTA["HELP"]])
    ev.drain(0.1)

    def expectation(dport, *more):
        return nest(EXP, port_tuple(E["TUPLE"], S4, C4, 17, 0, dport),
                    port_tuple(E["MASK"], "255.255.255.255", "255.255.255.255", 17, 0, 0xffff), *more)

    def told():
        return [m for m in ev.drain(0.1) if m.subsys == SUBSYS_EXP]

    queue.verdict(f.ask(), nested(attr(CTA["MARK"], be32(5))), expectation(7000, attr(E["TIMEOUT"], be32(9))))
    m = told()
    t.eq("expectation by a verdict: told",
         [(EXP_NEW, 0x600, "TUPLE MASK MASTER TIMEOUT ID FLAGS CLASS HELP_NAME")],
         [(x.op, x.flags, names(x)) for x in m])
    t.eq("expectation by a verdict: its master", [be16(f.port)], [x[E["MASTER"]][2][2] for x in m])
    t.ok("expectation by a verdict: time that the helper grants", m and 70 < number(m[0][E["TIMEOUT"]]) <= 77, m)
    queue.verdict(f.ask(), nested(attr(CTA["MARK"], be32(5))), expectation(7001, attr(E["FLAGS"], be32(7))))
    t.eq("expectation by a verdict: flags", [be32(3)], [x[E["FLAGS"]] for x in told()])
    queue.verdict(f.ask(), nested(attr(CTA["MARK"], be32(5))), expectation(7002, attr(E["HELP_NAME"], b"nosuch\0")))
    t.eq("expectation by a verdict: for a helper that there is not", [], told())
    queue.verdict(f.ask(), nested(attr(CTA["MARK"], be32(5))),
                  expectation(7003, nest(E["NAT"], attr(1, be32(1)), port_tuple(2, "1.2.3.4", "5.6.7.8", 17, 7, 8))))
    t.eq("expectation by a verdict: NAT", [be32(1)], [x[E["NAT"]][1] for x in told()])
    queue.verdict(f.ask(), nested(attr(CTA["MARK"], be32(6))), expectation(7004, attr(E["CLASS"], be32(1))))
    t.eq("expectation by a verdict: of a class that there is not", [], told())
    t.eq("expectation by a verdict: not even then is the rest lost", be32(6), f.get()[CTA["MARK"]])
    queue.verdict(f.ask(), nested(attr(CTA["MARK"], be32(5))), expectation(7005, attr(E["TIMEOUT"], b"a")))
    t.eq("expectation by a verdict: malformed", [], told())
    queue.verdict(f.ask(), expectation(7006))
    t.eq("expectation by a verdict without the entry", [], told())
    if sys.argv[4] == "ours":		# the stock one follows a NULL pointer
        for what, part in (("tuple", port_tuple(E["TUPLE"], S4, C4, 17, 0, 7008)),
                           ("mask", port_tuple(E["MASK"], "255.255.255.255", "255.255.255.255", 17, 0, 0xffff))):
            queue.verdict(f.ask(), nested(attr(CTA["MARK"], be32(5))), nest(EXP, part))
            t.eq("expectation by a verdict: of a %s alone" % what, [], told())
    g = Flow()
    queue.verdict(g.ask(), nested(attr(CTA["MARK"], be32(5))), expectation(7007))
    t.eq("expectation by a verdict on a new flow", [be16(g.port)], [x[E["MASTER"]][2][2] for x in told()])
    s = server.socket(at=(S4, 333))
    s.sendto(b"x", (C4, 7007))
    m = [m for m in ev.drain(0.2) if m.subsys == SUBSYS_CT]
    t.eq("expectation by a verdict: met", [be16(g.port)], [x[CTA["TUPLE_MASTER"]][2][2] for x in m
                                                          if CTA["TUPLE_MASTER"] in x])
    ask.request(SUBSYS_CT, CT_DELETE)
    rules("")
    t.eq("the helper goes", 0, ask.request(9, 2, attr(1, b"ut\0") + nest(2, attr(1, be16(2)), attr(2, u8(17))))[0])


def rich():
    """Everything that an entry can have."""
    router.sysctl(acct=1, timestamp=1)
    rules("""table ip t { chain z { type filter hook prerouting priority -300; udp dport 4000 ct original zone set 9
        } chain n { type nat hook postrouting priority 100; udp dport 4000 masquerade to :7000-7999
        } chain f { type filter hook forward priority 0; udp dport 4000 queue num 1
            udp dport 4001 log group 2
        } chain p { type filter hook postrouting priority 300; udp dport 4000 queue num 1
        } }""")
    f = Flow()
    m = f.ask()
    t.eq("accounting, times, zone: what comes",
         "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT COUNTERS_ORIG COUNTERS_REPLY TIMESTAMP MARK", parts(m[CT]))
    t.eq("zone of the original tuple", (be16(9), None), (m[CT][CTA["TUPLE_ORIG"]].get(3),
                                                       m[CT][CTA["TUPLE_REPLY"]].get(3)))
    t.eq("counted already", {1: be64(1), 2: be64(29)}, unpadded(m[CT][CTA["COUNTERS_ORIG"]]))
    queue.verdict(m)
    m = queue.packet()
    t.eq("after NAT: it says where answers go", (ip_bytes(W4), True),
         (m[CT][CTA["TUPLE_REPLY"]][1][2], 7000 <= number(m[CT][CTA["TUPLE_REPLY"]][2][3]) < 8000))
    queue.verdict(m)
    log = router.netlink()
    t.eq("log: set up", [0, 0], [log.request(SUBSYS_LOG, 1, body, res_id=2)[0] for body in (
        attr(1, u8(1)), attr(2, struct.pack("!IBB", 100, 2, 0)) + attr(6, be16(4)))])
    s = client.socket(at=(C4, 5555))
    s.sendto(b"x", (S4, 4001))
    m = log.until(lambda m: m.subsys == SUBSYS_LOG and m.op == 0)[-1]
    t.eq("log: what comes", ("TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT COUNTERS_ORIG COUNTERS_REPLY TIMESTAMP MARK",
                             be32(NEW)), (parts(m.attrs.get(18, {})), m.attrs.get(19)))
    log.close()
    router.sysctl(acct=0, timestamp=0)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def with_payload(packet, payload):
    """A TCP/IPv4 packet with another payload."""
    ihl = (packet[0] & 15) * 4
    head, tcp = bytearray(packet[:ihl]), bytearray(packet[ihl:])
    tcp = tcp[:(tcp[12] >> 4) * 4] + payload
    head[2:4] = be16(len(head) + len(tcp))
    head[10:12] = b"\0\0"
    head[10:12] = be16(checksum(bytes(head)))
    tcp[16:18] = b"\0\0"
    tcp[16:18] = be16(checksum(bytes(head[12:20]) + b"\0\6" + be16(len(tcp)) + bytes(tcp)))
    return bytes(head + tcp)


def mangled():
    """TCP through NAT, whose segments a program makes longer and shorter."""
    rules("""table ip t { ct helper ftp { type "ftp" protocol tcp; }
        chain p { type filter hook prerouting priority 0; tcp dport 21 ct helper set "ftp"; }
        chain n { type nat hook postrouting priority 100; oifname "r1" masquerade; }
        chain f { type filter hook forward priority 0; tcp dport 21 queue num 1; } }""")
    words = {b"one\r\n": b"number one\r\n", b"a long line\r\n": b"short\r\n", b"same\r\n": b"emas\r\n"}
    stop = threading.Event()
    trouble = []

    def program():
        queue.sock.settimeout(0.2)
        while not stop.is_set():
            try:
                m = queue.packet()
                packet = m[PAYLOAD]
                ihl = (packet[0] & 15) * 4
                data = packet[ihl + (packet[ihl + 12] >> 4) * 4:]
                new = [attr(PAYLOAD, with_payload(packet, words[data]))] if data in words else []
                # Without the entry, sequence numbers are not looked after.
                queue.verdict(m, nested(), *new)
            except TimeoutError:
                pass
            except Exception as e:
                trouble.append(e)
        queue.sock.settimeout(10)

    thread = threading.Thread(target=program)
    thread.start()
    try:
        lsock = server.socket(socket.SOCK_STREAM, (S4, 21))
        lsock.listen()
        a = client.socket(socket.SOCK_STREAM, (C4, 0))
        a.connect((S4, 21))
        s, _ = lsock.accept()
        s.settimeout(10)
        for line in (b"one\r\n", b"a long line\r\n", b"same\r\n", b"one\r\n", b"two\r\n") * 2:
            a.sendall(line)
            got = b""
            want = words.get(line, line)
            while len(got) < len(want):
                got += s.recv(100)
            s.sendall(got)
            back = b""
            while len(back) < len(want):
                back += a.recv(100)
            t.eq("TCP %r: the server has what the program made of it, and answers" % line, (want, want), (got, back))
        a.shutdown(socket.SHUT_WR)
        t.eq("TCP: its end comes through", b"", s.recv(1))
        s.close()
        t.eq("TCP: both ways", b"", a.recv(1))
        a.close()
        lsock.close()
    finally:
        stop.set()
        thread.join()
    t.eq("TCP: the program had no trouble", [], trouble)


BASE = """table inet t { chain r { type filter hook prerouting priority -300
        udp dport 4999 queue num 1
        udp dport 4998 notrack
    } chain f { type filter hook forward priority 0; udp dport 4000-4998 queue num 1; udp sport 4000 queue num 1
        udp dport 1 ct label set 100
    } }"""
rules(BASE)
with router:
    queue = Queue(1, 2)
b = server.socket(at=(S4, PORT))
for test in (seen, changed, helpers, rich, mangled):
    try:
        test()
    except Exception as e:
        import traceback
        t.ok("%s goes through" % test.__name__, False, traceback.format_exc())
    rules(BASE)
    queue.held = []
t.exit()
