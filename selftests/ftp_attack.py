# SPDX-License-Identifier: GPL-2.0
"""Attack the FTP helper of a router that lets in only what it expects.

Each attack says something on a control connection, and then tries to connect to
where it should not get: `reach` is whether the router lets this through.
"""

import socket
import subprocess
import sys
import time

from ctlab import Ns
from ftp_session import Session, expected, family

OURS = "ours"
A4, A4_OTHER, A6, A6_OTHER = "10.0.1.2", "10.0.1.9", "fd00:1::2", "fd00:1::9"
B4, B4_OTHER, B6, B6_OTHER = "10.0.2.2", "10.0.2.9", "fd00:2::2", "fd00:2::9"
LOOSE = "/sys/module/nf_conntrack_ftp/parameters/loose"

module, client, router, server = sys.argv[1:]


def verdict(good, what, why=""):
    if not good and why:
        print(why)
    print("ok" if good else "not ok", what, flush=True)


def session(addr=B4):
    return Session(client, server, addr, A6 if ":" in addr else A4)


def reach(from_ns, src, to_ns, dst, port, seconds):
    """Does a connection get through the router?"""
    with Ns(to_ns):
        listener = socket.create_server((dst, port), family=family(dst)[0])
    with Ns(from_ns):
        sock = socket.socket(family(dst)[0])
    sock.bind((src, 0))
    sock.settimeout(seconds)
    with listener, sock:
        try:
            sock.connect((dst, port))
        except TimeoutError:
            return False
        return True


# What should get through has a long time for it.
def server_reaches(dst, port, src=B4, seconds=10):
    return reach(server, src, client, dst, port, seconds)


def client_reaches(dst, port, src=A4, seconds=10):
    return reach(client, src, server, dst, port, seconds)


def from_client(s, text):
    return s.say(s.client, s.server, text)


def from_server(s, text):
    return s.say(s.server, s.client, text)


def attack(what, side, text, target, addr=B4, who=None):
    """@side says @text; @target, an address and port, must not be opened."""
    if who and who != module:
        print("skip", what, flush=True)
        return
    before = expected(router)
    with session(addr) as s:
        for segment in text if isinstance(text, list) else [text]:
            (from_client if side == "client" else from_server)(s, segment)
        dst, port = target
        if side == "client":
            got = server_reaches(dst, port, B6 if ":" in dst else B4, 0.5)
        else:
            got = client_reaches(dst, port, A6 if ":" in dst else A4, 0.5)
        now = expected(router) - before
    verdict(not got and not now, what, f"got through: {got}, expected: {now}")


def control():
    """Without an attack it works, or the rest would show nothing."""
    with session() as s:
        from_client(s, "PORT 10,0,1,2,78,32\r\n")
        verdict(server_reaches(A4, 20000), "a server reaches what PORT names")
    with session() as s:
        from_server(s, "227 Entering Passive Mode (10,0,2,2,78,33)\r\n")
        verdict(client_reaches(B4, 20001), "a client reaches what 227 names")
    with session(B6) as s:
        from_client(s, "EPRT |2|fd00:1::2|20002|\r\n")
        verdict(server_reaches(A6, 20002, B6), "a server reaches what EPRT names")
    with session(B6) as s:
        from_server(s, "229 Entering Extended Passive Mode (|||20003|)\r\n")
        verdict(client_reaches(B6, 20003, A6), "a client reaches what 229 names")


def third_hosts():
    attack("PORT to a third host", "client",
           "PORT 10,0,1,9,78,34\r\n", (A4_OTHER, 20002))
    attack("EPRT to a third host", "client",
           "EPRT |1|10.0.1.9|20003|\r\n", (A4_OTHER, 20003))
    attack("EPRT to a third host, IPv6", "client",
           "EPRT |2|fd00:1::9|20004|\r\n", (A6_OTHER, 20004), B6)
    attack("227 to a third host", "server",
           "227 Entering Passive Mode (10,0,2,9,78,37)\r\n", (B4_OTHER, 20005))
    attack("227 to a third host's low port", "server",
           "227 Entering Passive Mode (10,0,2,9,0,22)\r\n", (B4_OTHER, 22))
    attack("227 to the client's own net", "server",
           "227 Entering Passive Mode (10,0,1,9,78,38)\r\n", (B4_OTHER, 20006))
    attack("227 to the router itself", "server",
           "227 Entering Passive Mode (10,0,2,1,78,39)\r\n", (B4, 20007))

    with open(LOOSE, "w") as f:
        f.write("Y")
    try:
        with session() as s:
            from_server(s, "227 Entering Passive Mode (10,0,2,9,78,40)\r\n")
            verdict(client_reaches(B4_OTHER, 20008),
                    "with loose, 227 may name a third host")
        attack("with loose, 227 to a third host's low port", "server",
               "227 Entering Passive Mode (10,0,2,9,0,22)\r\n", (B4_OTHER, 22),
               who=OURS)
        attack("with loose, 227 to a third host's port 1023", "server",
               "227 Entering Passive Mode (10,0,2,9,3,255)\r\n", (B4_OTHER, 1023),
               who=OURS)
        attack("with loose, PORT to a third host's low port", "client",
               "PORT 10,0,1,9,0,22\r\n", (A4_OTHER, 22),
               who=OURS)
    finally:
        with open(LOOSE, "w") as f:
            f.write("N")
    attack("loose is off again: 227 to a third host", "server",
           "227 Entering Passive Mode (10,0,2,9,78,41)\r\n", (B4_OTHER, 20009))


def who_comes():
    """What is expected is one connection, from the other end."""
    with session() as s:
        from_client(s, "PORT 10,0,1,2,78,48\r\n")
        verdict(not server_reaches(A4, 20016, B4_OTHER, 0.5),
                "PORT: another host than the server")
        verdict(not server_reaches(A4, 20017, seconds=0.5), "PORT: another port")
        verdict(not server_reaches(A4_OTHER, 20016, seconds=0.5), "PORT: another address")
        verdict(server_reaches(A4, 20016), "PORT: the server, after those")
        verdict(not server_reaches(A4, 20016, seconds=0.5), "PORT: the server a second time")
    with session() as s:
        from_server(s, "227 Entering Passive Mode (10,0,2,2,78,49)\r\n")
        verdict(not client_reaches(B4, 20017, A4_OTHER, 0.5),
                "227: another host than the client")
        verdict(client_reaches(B4, 20017), "227: the client, after that")
        verdict(not client_reaches(B4, 20017, seconds=0.5), "227: the client a second time")
    before = expected(router)
    with session() as s:
        for port in range(64, 84):
            from_client(s, f"PORT 10,0,1,2,78,{port}\r\n")
        now = expected(router) - before
        verdict(len(now) == 1, "twenty PORTs keep one port open", str(now))
        verdict(not server_reaches(A4, 20032, seconds=0.5), "the first of them is closed")
        verdict(server_reaches(A4, 20051), "the last of them is open")


def lines():
    attack("PORT in the middle of a line, in a segment of its own", "client",
           ["STOR x", "PORT 10,0,1,2,78,96\r\n"], (A4, 20064))
    attack("PORT behind a CR", "client",
           ["STOR x\rPORT 10,0,1,2,78,97\r\n"], (A4, 20065))
    attack("PORT behind a CR that ends a segment", "client",
           ["STOR x\r", "PORT 10,0,1,2,78,98\r\n"], (A4, 20066))
    attack("a name with 227 in it, in an error", "server",
           ["550 ", "227 Entering Passive Mode (10,0,2,2,78,99): no such file\r\n"],
           (B4, 20067))
    attack("227 in the text of a reply over several lines", "server",
           ["214-help\r\n 227 Entering Passive Mode (10,0,2,2,78,100)\r\n214 ok\r\n"],
           (B4, 20068))
    attack("a 227 by the client", "client",
           "227 Entering Passive Mode (10,0,2,2,78,101)\r\n", (A4, 20069))
    attack("a PORT by the server", "server",
           "PORT 10,0,2,2,78,102\r\n", (B4, 20070))
    attack("telnet bytes and PORT", "client",
           "\xff\xf4\xffPORT 10,0,1,2,78,103\r\n", (A4, 20071))
    attack("numbers that wrap around 256", "client",
           "PORT 266,256,257,258,334,360\r\n", (A4, 20072), who=OURS)
    attack("a port that wraps around 65536", "client",
           "EPRT |1|10.0.1.2|85609|\r\n", (A4, 20073), who=OURS)
    attack("a port that wraps around 2^64", "server",
           "229 ok (|||18446744073709571690|)\r\n", (B4, 20074), who=OURS)


def rules(text):
    subprocess.run(["ip", "netns", "exec", router, "nft", text], check=True)


def picked_up():
    """A connection that the router has not seen the start of."""
    what = "a connection that is only picked up"
    table = subprocess.run(["ip", "netns", "exec", router, "nft", "list",
                            "table", "inet", "fw"],
                           check=True, capture_output=True, text=True).stdout
    rules("delete table inet fw")
    before = expected(router)
    with session() as s:
        subprocess.run(["ip", "netns", "exec", router, "nft", "-f", "-"],
                       check=True, input=table, text=True)
        # Into the middle of it a helper comes.
        for _ in range(3):
            from_client(s, "NOOP\r\n")
            from_server(s, "200 ok\r\n")
        from_client(s, "PORT 10,0,1,2,78,128\r\n")
        now = expected(router) - before
        if module != OURS:
            print("skip", what, flush=True)
        else:
            verdict(not now and not server_reaches(A4, 20096, seconds=0.5), what, str(now))


def gone(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # Stock gets round to removing what has expired when it is looked at.
        with Ns(router), open("/proc/net/nf_conntrack") as f:
            f.read()
        if not expected(router):
            return True
        time.sleep(0.05)
    return False


def after_its_master():
    gone(15)
    with session() as s:
        from_client(s, "PORT 10,0,1,2,78,160\r\n")
        before = expected(router)
    verdict(len(before) == 1 and gone(15),
            "with the control connection goes what it expected",
            f"before {before}, now {expected(router)}")
    verdict(not server_reaches(A4, 20128, seconds=0.5), "and nobody gets in any more")


control()
third_hosts()
who_comes()
lines()
picked_up()
after_its_master()
