# SPDX-License-Identifier: GPL-2.0
"""Events of entries: see nl_event_bytes.sh. Arguments: client, router, server."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from ctnl import *

client, router, server = (Netns(name) for name in sys.argv[1:4])
C4, S4, W4 = "10.0.1.2", "10.0.2.2", "10.0.2.101"
C6, S6 = "fd00:1::2", "fd00:2::2"
t = Results()
ask = router.netlink()
CONFIRMED, SEEN, ASSURED = IPS["CONFIRMED"], IPS["SEEN_REPLY"], IPS["ASSURED"]


def rules(text):
    router.run("nft", "-f", "-", stdin="flush ruleset\n" + text.replace("}", "\n}\n"))


def listen(*groups):
    return router.netlink(groups=groups or (G_NEW, G_UPDATE, G_DESTROY), timeout=5)


def about(port, proto=None):
    """Is a message about the flow from this port?"""
    def test(m):
        if m.subsys != SUBSYS_CT:
            return False
        l4 = m[CTA["TUPLE_ORIG"]][2]
        return number(l4.get(2, b"\0")) == port and (proto is None or l4[1][0] == proto)
    return test


def next_about(listener, port, **args):
    return listener.until(about(port, **args))[-1]


def head(m):
    return "op %d flags %#x seq %d portid %d family %d version %d res_id %d" % (
        m.op, m.flags, m.seq, m.portid, m.family, m.version, m.res_id)


def status(m):
    return number(m[CTA["STATUS"]])


def udp_pair(sport, dport=1000, family=socket.AF_INET):
    here, there = (C4, S4) if family == socket.AF_INET else (C6, S6)
    return client.socket(at=(here, sport), family=family), server.socket(at=(there, dport), family=family), there


def udp():
    ev = listen()
    a, b, there = udp_pair(5000)
    a.sendto(b"x", (there, 1000))
    m = next_about(ev, 5000)
    ident = m[CTA["ID"]]
    t.eq("UDP, first packet: a NEW message", "op 0 flags 0x600 seq 0 portid 0 family 2 version 0 res_id 0", head(m))
    t.eq("UDP, first packet: attributes", "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT", names(m))
    t.eq("UDP, first packet: original tuple", {1: {1: ip_bytes(C4), 2: ip_bytes(S4)},
                                               2: {1: b"\x11", 2: be16(5000), 3: be16(1000)}}, m[CTA["TUPLE_ORIG"]])
    t.eq("UDP, first packet: reply tuple", {1: {1: ip_bytes(S4), 2: ip_bytes(C4)},
                                            2: {1: b"\x11", 2: be16(1000), 3: be16(5000)}}, m[CTA["TUPLE_REPLY"]])
    t.eq("UDP, first packet: status", CONFIRMED, status(m))
    t.ok("UDP, first packet: timeout", 28 <= number(m[CTA["TIMEOUT"]]) <= 30, m[CTA["TIMEOUT"]])
    b.sendto(b"y", b.recvfrom(10)[1])
    m = next_about(ev, 5000)
    t.eq("UDP, answer: an UPDATE message", "op 0 flags 0x0 seq 0 portid 0 family 2 version 0 res_id 0", head(m))
    t.eq("UDP, answer: attributes", "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT", names(m))
    t.eq("UDP, answer: status", CONFIRMED | SEEN, status(m))
    t.eq("UDP, answer: the same ID", ident, m[CTA["ID"]])
    a.sendto(b"x", (there, 1000))
    t.eq("UDP, another packet: no event", [], [text(m) for m in ev.drain(0.2) if about(5000)(m)])
    err, _, _ = ask.request(SUBSYS_CT, CT_DELETE, port_tuple(CTA["TUPLE_ORIG"], C4, S4, 17, 5000, 1000))
    m = next_about(ev, 5000)
    t.eq("UDP, deleted: a DESTROY message of the requester",
         "op 2 flags 0x0 seq 0 portid %d family 2 version 0 res_id 0" % ask.portid, head(m))
    t.eq("UDP, deleted: attributes", "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT COUNTERS_ORIG COUNTERS_REPLY TIMESTAMP",
         names(m))
    t.eq("UDP, deleted: status", CONFIRMED | SEEN | IPS["DYING"], status(m))
    t.eq("UDP, deleted: counters", ({1: be64(2), 2: be64(58)}, {1: be64(1), 2: be64(29)}),
         (unpadded(m[CTA["COUNTERS_ORIG"]]), unpadded(m[CTA["COUNTERS_REPLY"]])))
    start, stop = (number(m[CTA["TIMESTAMP"]][k]) for k in (1, 2))
    t.ok("UDP, deleted: started, then stopped, just now",
         time.time_ns() - 60 * 10**9 < start < stop < time.time_ns() + 10**9, (start, stop, time.time_ns()))
    ev.close()


def tcp():
    ev = listen()
    lsock = server.socket(socket.SOCK_STREAM, (S4, 1001))
    lsock.listen()
    a = client.socket(socket.SOCK_STREAM, (C4, 5001))
    a.connect((S4, 1001))
    b, _ = lsock.accept()
    a.shutdown(socket.SHUT_WR)
    seen = ev.until(lambda m: about(5001)(m) and m[CTA["PROTOINFO"]][1][1] == b"\x05")
    b.close()
    a.recv(1)
    seen += ev.until(lambda m: about(5001)(m) and m[CTA["PROTOINFO"]][1][1] == b"\x07")
    seen = [m for m in seen if about(5001)(m)]
    t.eq("TCP: the states of its events", "1 2 3 4 5 6 7", " ".join(str(m[CTA["PROTOINFO"]][1][1][0]) for m in seen))
    t.eq("TCP: flags of the messages", [0x600] + [0] * 6, [m.flags for m in seen])
    t.eq("TCP: attributes", {"TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT PROTOINFO"}, set(map(names, seen)))
    t.eq("TCP: status", [CONFIRMED, CONFIRMED | SEEN] + [CONFIRMED | SEEN | ASSURED] * 5, [status(m) for m in seen])
    t.eq("TCP: protocol state has state, scales, flags", {(1, 2, 3, 4, 5)},
         {tuple(m[CTA["PROTOINFO"]][1]) for m in seen})
    a.close()
    lsock.close()
    err, answers, _ = ask.request(SUBSYS_CT, CT_DELETE, port_tuple(CTA["TUPLE_ORIG"], C4, S4, 6, 5001, 1001), F_ECHO)
    t.eq("TCP, deleted with NLM_F_ECHO: the requester hears of it, too", ["op 2 flags 0x0 seq 0 portid %d family 2 "
         "version 0 res_id 0" % ask.portid], [head(m) for m in answers])
    m = next_about(ev, 5001)
    t.eq("TCP, deleted: attributes",
         "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT COUNTERS_ORIG COUNTERS_REPLY TIMESTAMP PROTOINFO", names(m))
    t.eq("TCP, deleted: only the state", {1: {1: b"\x07"}}, m[CTA["PROTOINFO"]])
    t.eq("TCP, deleted: to both the same bytes", [m.data], [x.data for x in answers])
    ev.close()


def icmp():
    ev = listen()
    client.run("ping", "-c", "1", "-q", S4)
    seen = ev.until(lambda m: m.subsys == SUBSYS_CT and m[CTA["TUPLE_ORIG"]][2][1] == b"\1")
    seen += ev.until(lambda m: m.subsys == SUBSYS_CT and m[CTA["TUPLE_ORIG"]][2][1] == b"\1")
    m = seen[-1]
    t.eq("ICMP: attributes", "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT", names(m))
    t.eq("ICMP: type and code of a request, and of its answer", (b"\x08", b"\0", b"\0", b"\0"),
         tuple(m[CTA[d]][2][k] for d in ("TUPLE_ORIG", "TUPLE_REPLY") for k in (5, 6)))
    t.eq("ICMP: the same identifier both ways", m[CTA["TUPLE_ORIG"]][2][4], m[CTA["TUPLE_REPLY"]][2][4])
    t.eq("ICMP: seen both ways", CONFIRMED | SEEN, status(m))
    ev.close()


def ipv6():
    ev = listen()
    a, b, there = udp_pair(5002, family=socket.AF_INET6)
    a.sendto(b"x", (there, 1000))
    m = next_about(ev, 5002)
    t.eq("IPv6: header", "op 0 flags 0x600 seq 0 portid 0 family 10 version 0 res_id 0", head(m))
    t.eq("IPv6: original tuple", {1: {3: ip_bytes(C6), 4: ip_bytes(S6)},
                                  2: {1: b"\x11", 2: be16(5002), 3: be16(1000)}}, m[CTA["TUPLE_ORIG"]])
    ev.close()


def groups():
    one = {g: listen(g) for g in (G_NEW, G_UPDATE, G_DESTROY)}
    other = server.netlink(groups=(G_NEW, G_UPDATE, G_DESTROY))
    a, b, there = udp_pair(5003)
    a.sendto(b"x", (there, 1000))
    b.sendto(b"y", b.recvfrom(10)[1])
    a.recv(10)
    ask.request(SUBSYS_CT, CT_DELETE, port_tuple(CTA["TUPLE_ORIG"], C4, S4, 17, 5003, 1000))
    heard = {g: [(m.op, m.flags) for m in s.drain(0.3) if about(5003)(m)] for g, s in one.items()}
    t.eq("each group hears its own kind alone",
         {G_NEW: [(0, 0x600)], G_UPDATE: [(0, 0)], G_DESTROY: [(2, 0)]}, heard)
    t.eq("another namespace hears nothing", [], other.drain(0.1))
    for s in list(one.values()) + [other]:
        s.close()


def marks():
    rules("""table inet t { chain f { type filter hook forward priority 0;
        udp sport 5004 ct mark set 7 ct label set 3
        udp sport 5005 meta length > 40 ct mark set 8
        udp sport 5006 meta length > 40 ct label set 5
    } }""")
    ev = listen()
    for port in (5004, 5005, 5006):
        a, b, there = udp_pair(port)
        a.sendto(b"x", (there, 1000))
        m = next_about(ev, port)
        if port == 5004:
            t.eq("mark and label of the first packet: attributes",
                 "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT LABELS MARK", names(m))
            t.eq("mark and label of the first packet: values", (be32(7), b"\x08" + b"\0" * 15),
                 (m[CTA["MARK"]], m[CTA["LABELS"]]))
            continue
        a.sendto(b"x" * 50, (there, 1000))
        m = next_about(ev, port)
        t.eq("%s of a later one: attributes" % ("mark" if port == 5005 else "label"),
             "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT %s" % ("MARK" if port == 5005 else "LABELS"), names(m))
        t.eq("%s of a later one: an UPDATE" % ("mark" if port == 5005 else "label"), (0, 0), (m.op, m.flags))
    a, b, there = udp_pair(5004, 1003)
    a.sendto(b"x", (there, 1003))
    b.sendto(b"y", b.recvfrom(10)[1])
    m = [next_about(ev, 5004) for _ in (1, 2)][-1]
    t.eq("answer in a marked flow: the mark is told again, the label not",
         "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT MARK", names(m))
    ask.request(SUBSYS_CT, CT_DELETE, port_tuple(CTA["TUPLE_ORIG"], C4, S4, 17, 5004, 1003))
    m = next_about(ev, 5004)
    t.eq("end of a marked and labelled flow: attributes",
         "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT COUNTERS_ORIG COUNTERS_REPLY TIMESTAMP MARK", names(m))
    ev.close()


def zones():
    rules("""table inet t { chain p { type filter hook prerouting priority -300;
        udp sport 5007 ct zone set 3
        udp sport 5008 ct original zone set 4
        udp dport 5009 ct reply zone set 5
        udp sport 5009 ct original zone set 6
    } chain f { type filter hook forward priority 0; ct state new,established accept; } }""")
    ev = listen()
    for port, want in ((5007, (None, None, be16(3))), (5008, (be16(4), None, None))):
        a, b, there = udp_pair(port)
        a.sendto(b"x", (there, 1000))
        m = next_about(ev, port)
        t.eq("zone: original tuple's, reply tuple's, the entry's (%d)" % port, want,
             (m[CTA["TUPLE_ORIG"]].get(3), m[CTA["TUPLE_REPLY"]].get(3), m.attrs.get(CTA["ZONE"])))
        t.eq("zone: attributes (%d)" % port, "TUPLE_ORIG TUPLE_REPLY%s ID STATUS TIMEOUT"
             % (" ZONE" if want[2] else ""), names(m))
    ev.close()


def requests():
    """Entries made and changed by netlink."""
    ev = listen()
    def flow(port):
        return (port_tuple(CTA["TUPLE_ORIG"], "1.1.1.1", "2.2.2.2", 17, port, 9) +
                port_tuple(CTA["TUPLE_REPLY"], "2.2.2.2", "1.1.1.1", 17, 9, port))
    err, answers, _ = ask.request(SUBSYS_CT, CT_NEW, flow(5010) + attr(CTA["TIMEOUT"], be32(60)), F_CREATE | F_EXCL)
    m = next_about(ev, 5010)
    t.eq("made by netlink: NEW, and by whom",
         (0, "op 0 flags 0x600 seq 0 portid %d family 2 version 0 res_id 0" % ask.portid), (err, head(m)))
    t.eq("made by netlink: the requester hears nothing that it did not ask for", [], answers)
    err, answers, _ = ask.request(SUBSYS_CT, CT_NEW, flow(5011) + attr(CTA["TIMEOUT"], be32(60)),
                                  F_CREATE | F_EXCL | F_ECHO)
    m = next_about(ev, 5011)
    t.eq("made with NLM_F_ECHO: it hears the same bytes", [m.data], [x.data for x in answers])
    for what, change in (("mark", attr(CTA["MARK"], be32(9))), ("timeout", attr(CTA["TIMEOUT"], be32(99)))):
        err, answers, _ = ask.request(SUBSYS_CT, CT_NEW, flow(5010) + change, F_ECHO)
        m = next_about(ev, 5010)
        t.eq("%s changed by netlink: UPDATE" % what,
             "op 0 flags 0x0 seq 0 portid %d family 2 version 0 res_id 0" % ask.portid, head(m))
        t.eq("%s changed by netlink: echoed" % what, [m.data], [x.data for x in answers])
    err, answers, _ = ask.request(SUBSYS_CT, CT_DELETE)
    gone = sorted(number(m[CTA["TUPLE_ORIG"]][2].get(2, b"")) for m in ev.drain(0.3) if m.op == CT_DELETE)
    t.ok("flushed: a DESTROY for each entry", {5010, 5011} <= set(gone), gone)
    ev.close()


def expiry():
    ev = listen(G_DESTROY)
    rules("table inet t { chain f { type filter hook forward priority 0; ct state new,established accept; } }")
    router.sysctl(udp_timeout=1)
    a, b, there = udp_pair(5012)
    a.sendto(b"x", (there, 1000))
    ev.sock.settimeout(0.2)
    for _ in range(100):
        # Who looks for it, finds that its time is over.
        ask.request(SUBSYS_CT, CT_GET, port_tuple(CTA["TUPLE_ORIG"], C4, S4, 17, 5012, 1000))
        try:
            m = next_about(ev, 5012)
            break
        except TimeoutError:
            pass
    t.eq("expired: a DESTROY of nobody", "op 2 flags 0x0 seq 0 portid 0 family 2 version 0 res_id 0", head(m))
    t.eq("expired: attributes, no timeout", "TUPLE_ORIG TUPLE_REPLY ID STATUS COUNTERS_ORIG COUNTERS_REPLY TIMESTAMP",
         names(m))
    router.sysctl(udp_timeout=30)
    ev.close()


def modes():
    """nf_conntrack_events: nobody, all, all while somebody listens."""
    def life(mode, port, early):
        router.sysctl(events=mode)
        ev = listen() if early else None
        a, b, there = udp_pair(port)
        a.sendto(b"x", (there, 1000))
        b.recvfrom(10)
        ev = ev or listen()
        ask.request(SUBSYS_CT, CT_DELETE, port_tuple(CTA["TUPLE_ORIG"], C4, S4, 17, port, 1000))
        out = "".join("D" if m.op == CT_DELETE else "N" for m in ev.drain(0.3) if about(port)(m))
        ev.close()
        return out
    for mode, early, want in ((0, True, ""), (1, True, "ND"), (1, False, "D"), (2, True, "ND"), (2, False, "")):
        t.eq("nf_conntrack_events=%d, heard by who listened %s" % (mode, "before" if early else "only afterwards"),
             want, life(mode, 5020 + mode * 2 + early, early))


def ftp():
    """A helper, what it expects, and the sequence numbers that it moves."""
    rules("""table ip t { ct helper ftp { type "ftp" protocol tcp; }
        chain p { type filter hook prerouting priority 0; tcp dport 21 ct helper set "ftp"; }
        chain n { type nat hook postrouting priority 100; oifname "r1" snat to 10.0.2.101; } }""")
    router.run("ip", "address", "add", W4 + "/24", "dev", "r1")
    ev = router.netlink(groups=range(1, 7), timeout=5)
    lsock = server.socket(socket.SOCK_STREAM, (S4, 21))
    lsock.listen()
    a = client.socket(socket.SOCK_STREAM, (C4, 5030))
    a.connect((S4, 21))
    b, _ = lsock.accept()
    m = next_about(ev, 5030)
    t.eq("helper: attributes", "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT PROTOINFO HELP", names(m))
    t.eq("helper: its name", {1: b"ftp\0"}, m[CTA["HELP"]])
    t.eq("helper: status", CONFIRMED | IPS["HELPER"] | IPS["SRC_NAT"] | IPS["SRC_NAT_DONE"] | IPS["DST_NAT_DONE"],
         status(m))
    for line in (b"USER x\r\n", b"PORT 10,0,1,2,100,1\r\n", b"NOOP\r\n"):
        a.sendall(line)
        b.recv(100)
        b.sendall(b"200 ok\r\n")
        a.recv(100)
    seen = ev.until(lambda m: m.subsys == SUBSYS_EXP)
    m = seen[-1]
    t.eq("expectation: a NEW message", "op 0 flags 0x600 seq 0 portid 0 family 2 version 0 res_id 0", head(m))
    t.eq("expectation: attributes", "TUPLE MASK MASTER NAT TIMEOUT ID FLAGS CLASS HELP_NAME FN", names(m))
    t.eq("expectation: tuple", {1: {1: ip_bytes(S4), 2: ip_bytes(W4)}, 2: {1: b"\6", 2: be16(0), 3: be16(25601)}},
         m[EXPECT["TUPLE"]])
    t.eq("expectation: where to", {1: be32(1), 2: {1: {1: ip_bytes("0.0.0.0"), 2: ip_bytes("0.0.0.0")},
                                                   2: {1: b"\6", 2: be16(25601), 3: be16(0)}}}, m[EXPECT["NAT"]])
    t.eq("expectation: what follows", b"nat-follow-master\0", m[EXPECT["FN"]])
    more = [x for x in seen + ev.drain(0.3) if about(5030)(x) and CTA["SEQ_ADJ_ORIG"] in x]
    t.eq("sequence adjustment: no event", [], more)
    dsock = client.socket(socket.SOCK_STREAM, (C4, 25601))
    dsock.listen()
    d = server.socket(socket.SOCK_STREAM, (S4, 20))
    d.connect((W4, 25601))
    seen = ev.until(about(20))
    gone = [m for m in seen if m.subsys == SUBSYS_EXP]
    t.eq("expectation met: a DESTROY message", ["op 2 flags 0x0 seq 0 portid 0 family 2 version 0 res_id 0"],
         [head(m) for m in gone])
    t.eq("expectation met: attributes", ["TUPLE MASK MASTER NAT TIMEOUT ID FLAGS CLASS HELP_NAME FN"],
         [names(m) for m in gone])
    m = seen[-1]
    t.eq("expected connection: NEW, with its master",
         (0x600, "TUPLE_ORIG TUPLE_REPLY ID STATUS TIMEOUT PROTOINFO TUPLE_MASTER"), (m.flags, names(m)))
    t.eq("expected connection: its master", {1: {1: ip_bytes(C4), 2: ip_bytes(S4)},
                                             2: {1: b"\6", 2: be16(5030), 3: be16(21)}}, m[CTA["TUPLE_MASTER"]])
    t.ok("expected connection: status", status(m) & IPS["EXPECTED"], status(m))
    for s in (a, b, d, dsock, lsock):
        s.close()
    ev.close()


rules("table inet t { chain f { type filter hook forward priority 0; ct state new,established accept; } }")
router.sysctl(acct=1, timestamp=1)
for test in (udp, tcp, icmp, ipv6, groups, marks, zones, requests, expiry, modes, ftp):
    try:
        test()
    except Exception as e:
        import traceback
        t.ok("%s goes through" % test.__name__, False, traceback.format_exc())
t.exit()
