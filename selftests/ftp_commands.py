# SPDX-License-Identifier: GPL-2.0
"""Speak FTP through the router, and see what it expects.

Real TCP connections, whose two ends this process holds. Each case says some
segments from one side, and names the port that is expected then, or NONE, or
DROP if they do not arrive. A case that stock does otherwise is marked OURS: a
number out of its bounds is an attack, several lines may share a segment, and a
line may come in pieces. The counterpart, if there is one, is marked STOCK.
"""

import socket
import sys

from ftp_session import Session, expected, family, receive

NONE, DROP = "nothing", "drop"
OURS, STOCK = "ours", "stock"
A4, B4, A6, B6 = "10.0.1.2", "10.0.2.2", "fd00:1::2", "fd00:2::2"

# (what, [segments], expected[, OURS])
CLIENT = [
    ("PORT", ["PORT 10,0,1,2,8,1\r\n"], 2049),
    ("PORT in small letters", ["port 10,0,1,2,8,2\r\n"], 2050),
    ("PORT in mixed letters", ["PoRt 10,0,1,2,8,3\r\n"], 2051),
    ("PORT with CR only, LF later", ["PORT 10,0,1,2,8,4\r", "\n"], 2052),
    ("PORT with LF only", ["PORT 10,0,1,2,8,5\n"], 2053, OURS),
    ("PORT with leading zeros", ["PORT 010,00,1,2,08,006\r\n"], 2054),
    ("PORT after another command", ["NOOP\r\n", "PORT 10,0,1,2,8,7\r\n"], 2055),
    ("PORT before another command", ["PORT 10,0,1,2,8,8\r\nNOOP\r\n"], 2056),
    ("PORT behind another command, same segment",
     ["NOOP\r\nPORT 10,0,1,2,8,9\r\n"], 2057, OURS),
    ("PORT between other commands, same segment",
     ["TYPE I\r\nPORT 10,0,1,2,8,10\r\nRETR x\r\n"], 2058, OURS),
    ("PORT after a command in pieces",
     ["NO", "OP\r\n", "PORT 10,0,1,2,8,11\r\n"], 2059),
    ("PORT in two pieces, sent again whole",
     ["PORT 10,0,1,2,", "8,12\r\n"], 2060, OURS),
    ("PORT in pieces of three bytes",
     ["POR", "T 1", "0,0", ",1,", "2,8", ",13", "\r\n"], 2061, OURS),
    ("PORT in pieces of one byte, more than a window of them",
     list("PORT 10,0,1,2,9,20\r\n"), 2324, OURS),
    ("EPRT in pieces of one byte", list("EPRT |1|10.0.1.2|2325|\r\n"), 2325,
     OURS),
    ("PORT behind 9 kB of commands, in one packet",
     ["NOOP\r\n" * 1500 + "PORT 10,0,1,2,9,26\r\n"], 2330, OURS),
    ("PORT before 9 kB of commands, in one packet",
     ["PORT 10,0,1,2,9,27\r\n" + "NOOP\r\n" * 1500], 2331),
    ("PORT in pieces behind other commands",
     ["NOOP\r\nNOOP\r\nPOR", "T 10,0,1,2,9,22\r\nNOOP\r\n"], 2326, OURS),
    ("PORT in pieces, the first of them wrong",
     ["xPOR", "T 10,0,1,2,9,23\r\n"], NONE),
    ("PORT that goes on as something else",
     ["PORT 10,0,1,", "x2,9,24\r\n"], NONE, OURS),
    ("a command that begins as PORT does", ["P", "ASV\r\n"], NONE, OURS),
    ("PORT to an own low port", ["PORT 10,0,1,2,0,80\r\n"], 80),
    ("EPRT, IPv4", ["EPRT |1|10.0.1.2|2063|\r\n"], 2063),
    ("EPRT with another delimiter", ["EPRT !1!10.0.1.2!2064!\r\n"], 2064),
    ("EPRT in small letters", ["eprt |1|10.0.1.2|2065|\r\n"], 2065),

    ("PORT without its end", ["PORT 10,0,1,2,9,1"], NONE, OURS),
    ("PORT without its end", ["PORT 10,0,1,2,9,1"], DROP, STOCK),
    ("the beginning of PORT", ["PO"], NONE, OURS),
    ("the beginning of PORT", ["PO"], DROP, STOCK),
    ("PORT to a third host", ["PORT 10,0,1,9,9,2\r\n"], NONE),
    ("EPRT to a third host", ["EPRT |1|10.0.1.9|2307|\r\n"], NONE),
    ("another word that ends in PORT", ["xPORT 10,0,1,2,9,3\r\n"], NONE),
    ("PORT in the middle of a line",
     ["STOR x", "PORT 10,0,1,2,9,4\r\n"], NONE),
    ("a 227 from the client",
     ["227 Entering Passive Mode (10,0,1,2,9,5)\r\n"], NONE),
    ("telnet bytes before PORT",
     ["\xff\xf4\xff\xf2PORT 10,0,1,2,9,6\r\n"], NONE),
    ("an address over 255", ["PORT 10,0,1,258,9,7\r\n"], NONE, OURS),
    ("a port number over 255", ["PORT 10,0,1,2,300,8\r\n"], NONE, OURS),
    ("port 0", ["PORT 10,0,1,2,0,0\r\n"], NONE, OURS),
    ("numbers of 20 digits",
     ["PORT 10,0,1,2,00000000000000000009,9\r\n"], NONE, OURS),
    ("five numbers", ["PORT 10,0,1,2,9\r\n"], NONE, OURS),
    ("seven numbers", ["PORT 10,0,1,2,9,10,11\r\n"], NONE, OURS),
    ("doubled delimiters", ["PORT 10,,0,1,2,9,11\r\n"], NONE, OURS),
    ("words behind PORT", ["PORT 10,0,1,2,9,12 x\r\n"], NONE, OURS),
    ("a NUL in PORT", ["PORT 10,0,1,2,9,1\0003\r\n"], NONE, OURS),
    ("EPRT, port over 65535", ["EPRT |1|10.0.1.2|67849|\r\n"], NONE, OURS),
    ("EPRT, port 0", ["EPRT |1|10.0.1.2|0|\r\n"], NONE, OURS),
    ("EPRT without its last delimiter",
     ["EPRT |1|10.0.1.2|2320\r\n"], NONE, OURS),
    ("EPRT, unknown family", ["EPRT |3|10.0.1.2|2321|\r\n"], NONE, OURS),
    ("EPRT, the other family", ["EPRT |2|fd00:1::2|2322|\r\n"], NONE, OURS),
    ("EPRT, five numbers", ["EPRT |1|10.0.1.2.3|2323|\r\n"], NONE, OURS),
    ("EPRT with a digit as delimiter", ["EPRT 11110.0.1.212324\r\n"],
     NONE, OURS),
    ("a line of 60 kB", ["PORT " + "1" * 60000 + "\r\n"], NONE, OURS),
    ("empty lines", ["\r\n\r\n\n"], NONE),
]

SERVER = [
    ("227", ["227 Entering Passive Mode (10,0,2,2,8,1)\r\n"], 2049),
    ("227 with '='", ["227 =10,0,2,2,8,2\r\n"], 2050),
    ("227 without brackets",
     ["227 Entering Passive Mode 10,0,2,2,8,3\r\n"], 2051),
    ("227 with a full stop",
     ["227 Entering Passive Mode. 10,0,2,2,8,4.\r\n"], 2052),
    ("227 with words behind", ["227 ok (10,0,2,2,8,5), go on\r\n"], 2053),
    ("227 with numbers in its words",
     ["227 Mode 2, 3 ports (10,0,2,2,8,6)\r\n"], 2054, OURS),
    ("227 after a reply of several lines",
     ["220-hello\r\n", "220 there\r\n",
      "227 Entering Passive Mode (10,0,2,2,8,7)\r\n"], 2055),
    ("227 behind another reply, same segment",
     ["200 ok\r\n227 Entering Passive Mode (10,0,2,2,8,8)\r\n"], 2056, OURS),
    ("227 before another reply, same segment",
     ["227 Entering Passive Mode (10,0,2,2,8,9)\r\n150 go\r\n"], 2057),
    ("227 in two pieces, sent again whole",
     ["227 Entering Pass", "ive Mode (10,0,2,2,8,10)\r\n"], 2058, OURS),
    ("227 with LF only", ["227 Entering Passive Mode (10,0,2,2,8,11)\n"], 2059),
    ("227 to the server's own low port", ["227 x (10,0,2,2,0,80)\r\n"], 80),
    ("229", ["229 Entering Extended Passive Mode (|||2061|)\r\n"], 2061),
    ("229 with another delimiter", ["229 ok (!!!2062!)\r\n"], 2062),
    ("227 in pieces of one byte",
     list("227 Entering Passive Mode (10,0,2,2,9,13)\r\n"), 2317, OURS),
    ("229 in pieces of one byte",
     list("229 Entering Extended Passive Mode (|||2318|)\r\n"), 2318, OURS),
    ("229 with other brackets before",
     ["229 Extended (a) Mode (|||2063|)\r\n"], 2063, OURS),

    ("227 without its end", ["227 Entering Passive Mode (10,0,2,2,9,1"], NONE, OURS),
    ("227 without its end", ["227 Entering Passive Mode (10,0,2,2,9,1"], DROP, STOCK),
    ("the beginning of 227", ["22"], NONE, OURS),
    ("the beginning of 227", ["22"], DROP, STOCK),
    ("227 to a third host",
     ["227 Entering Passive Mode (10,0,2,9,9,2)\r\n"], NONE),
    ("227 to a third host's low port",
     ["227 Entering Passive Mode (10,0,2,9,0,22)\r\n"], NONE),
    ("another number that begins with 227", ["2270 (10,0,2,2,9,3)\r\n"], NONE),
    ("227 in the middle of a line",
     ["150 x", "227 Entering Passive Mode (10,0,2,2,9,4)\r\n"], NONE),
    ("a PORT from the server", ["PORT 10,0,2,2,9,5\r\n"], NONE),
    ("227-", ["227-Entering Passive Mode (10,0,2,2,9,6)\r\n227 ok 1\r\n"],
     NONE),
    ("an address over 255",
     ["227 Entering Passive Mode (10,0,2,258,9,7)\r\n"], NONE),
    ("a port number over 255",
     ["227 Entering Passive Mode (10,0,2,2,300,8)\r\n"], NONE, OURS),
    ("227 without numbers", ["227 no\r\n"], NONE, OURS),
    ("229 over 65535", ["229 ok (|||67849|)\r\n"], NONE, OURS),
    ("229, port 0", ["229 ok (|||0|)\r\n"], NONE, OURS),
    ("229 without its last delimiter", ["229 ok (|||2313)\r\n"], NONE, OURS),
    ("229 with an address", ["229 ok (|1|10.0.2.2|2314|)\r\n"], NONE, OURS),
]

CLIENT6 = [
    ("EPRT, IPv6", ["EPRT |2|fd00:1::2|2049|\r\n"], 2049),
    ("EPRT, IPv6 in full", ["EPRT |2|fd00:1:0:0:0:0:0:2|2050|\r\n"], 2050),
    ("EPRT, IPv6 in capitals", ["EPRT |2|FD00:0001::0002|2051|\r\n"], 2051),
    ("EPRT, IPv6, a third host", ["EPRT |2|fd00:1::9|2307|\r\n"], NONE),
    ("EPRT, the other family", ["EPRT |1|10.0.1.2|2308|\r\n"], NONE, OURS),
    ("PORT on IPv6", ["PORT 10,0,1,2,9,9\r\n"], NONE),
    ("EPRT, IPv6 with two gaps", ["EPRT |2|fd00::1::2|2310|\r\n"], NONE, OURS),
]

SERVER6 = [
    ("229 on IPv6", ["229 Entering Extended Passive Mode (|||2061|)\r\n"],
     2061),
    ("227 on IPv6", ["227 Entering Passive Mode (10,0,2,2,9,1)\r\n"], NONE),
]


def say_all(session, from_server, segments, wanted):
    """Say the segments one after the other; did they arrive?"""
    one, other = session.client, session.server
    if from_server:
        one, other = other, one
    size = 0
    for text in segments:
        one.sendall(text.encode("latin1"))
        size += len(text)
        # Let it arrive alone; if it is dropped, it comes with the next.
        if len(segments) > 1 and receive(other, size, 0.1):
            size = 0
    return receive(other, size, 1 if wanted == DROP else 15)


def main():
    module, client, router, server = sys.argv[1:]
    for addr, src, dst, from_server, cases in [
            (B4, B4, A4, False, CLIENT), (B4, A4, B4, True, SERVER),
            (B6, B6, A6, False, CLIENT6), (B6, A6, B6, True, SERVER6)]:
        for what, segments, wanted, *who in cases:
            if who and module != who[0]:
                print("skip", what, flush=True)
                continue
            before = expected(router)
            session = Session(client, server, addr)
            arrived = say_all(session, from_server, segments, wanted)
            new = expected(router) - before
            session.close()

            place = tuple(socket.inet_pton(*family(a)) for a in (src, dst))
            right = {place + (wanted,)} if isinstance(wanted, int) else set()
            if new == right and arrived == (wanted != DROP):
                print("ok", f"{what}: {wanted}", flush=True)
            else:
                print(f"arrived {arrived}, expected now: "
                      f"{[(socket.inet_ntop(*(family('::' if len(s) == 16 else '')[0], s)), p) for s, _, p in new]}")
                print("not ok", f"{what}: {wanted}", flush=True)


main()
