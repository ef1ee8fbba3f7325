# SPDX-License-Identifier: GPL-2.0
"""SCTP: what each chunk makes of an association in each state."""

from ctlab import *

CT = "net.netfilter.nf_conntrack_sctp_timeout_"
TAG_A, TAG_B = 0x1111, 0x2222		# what packets to a, to b carry
CHUNKS = {"DATA": 0, "INIT": 1, "INIT_ACK": 2, "SACK": 3, "HEARTBEAT": 4,
          "HEARTBEAT_ACK": 5, "ABORT": 6, "SHUTDOWN": 7, "SHUTDOWN_ACK": 8,
          "ERROR": 9, "COOKIE_ECHO": 10, "COOKIE_ACK": 11,
          "SHUTDOWN_COMPLETE": 14}
DEFAULTS = {"CLOSED": 10, "COOKIE_WAIT": 3, "COOKIE_ECHOED": 3,
            "ESTABLISHED": 210, "SHUTDOWN_SENT": 3, "SHUTDOWN_RECD": 3,
            "SHUTDOWN_ACK_SENT": 3, "HEARTBEAT_SENT": 30}
# Far enough apart to tell one from another.
SECONDS = {name: 1000 * (i + 1) for i, name in enumerate(DEFAULTS)}

SETUP = "a INIT, b INIT_ACK, a COOKIE_ECHO, b COOKIE_ACK"
PATHS = {
    "NONE": "",
    "COOKIE_WAIT": "a INIT, b INIT_ACK",
    "COOKIE_ECHOED": "a INIT, b INIT_ACK, a COOKIE_ECHO",
    "ESTABLISHED": SETUP,
    "SHUTDOWN_SENT": SETUP + ", a SHUTDOWN",
    "SHUTDOWN_RECD": SETUP + ", b SHUTDOWN",
    "SHUTDOWN_ACK_SENT": SETUP + ", a SHUTDOWN, b SHUTDOWN_ACK",
    "HEARTBEAT_SENT": "a HEARTBEAT, b HEARTBEAT",
}
# Where a chunk leads, if it changes the state ("!": it is INVALID).
EDGES = {
    ("NONE", "a"): {"INIT": "CLOSED", "HEARTBEAT": "HEARTBEAT_SENT",
                    "HEARTBEAT_ACK": "CLOSED",
                    "SHUTDOWN_ACK": "SHUTDOWN_ACK_SENT", "*": "!"},
    ("COOKIE_WAIT", "a"): {"COOKIE_ECHO": "COOKIE_ECHOED", "ABORT": "CLOSED"},
    ("COOKIE_WAIT", "b"): {"COOKIE_ECHO": "COOKIE_ECHOED", "ABORT": "CLOSED"},
    ("COOKIE_ECHOED", "a"): {"COOKIE_ACK": "ESTABLISHED", "ABORT": "CLOSED"},
    ("COOKIE_ECHOED", "b"): {"COOKIE_ACK": "ESTABLISHED", "ABORT": "CLOSED",
                             "ERROR": "CLOSED"},
    ("ESTABLISHED", "a"): {"ABORT": "CLOSED", "SHUTDOWN": "SHUTDOWN_SENT"},
    ("ESTABLISHED", "b"): {"ABORT": "CLOSED", "SHUTDOWN": "SHUTDOWN_RECD"},
    ("SHUTDOWN_SENT", "a"): {"ABORT": "CLOSED", "INIT": "CLOSED",
                             "SHUTDOWN_ACK": "SHUTDOWN_ACK_SENT"},
    ("SHUTDOWN_SENT", "b"): {"ABORT": "CLOSED",
                             "SHUTDOWN_ACK": "SHUTDOWN_ACK_SENT"},
    ("SHUTDOWN_RECD", "a"): {"ABORT": "CLOSED", "INIT": "CLOSED",
                             "SHUTDOWN_ACK": "SHUTDOWN_ACK_SENT"},
    ("SHUTDOWN_RECD", "b"): {"ABORT": "CLOSED",
                             "SHUTDOWN_ACK": "SHUTDOWN_ACK_SENT"},
    ("SHUTDOWN_ACK_SENT", "a"): {"ABORT": "CLOSED",
                                 "SHUTDOWN_COMPLETE": "CLOSED"},
    ("SHUTDOWN_ACK_SENT", "b"): {"ABORT": "CLOSED",
                                 "SHUTDOWN_COMPLETE": "CLOSED"},
    ("HEARTBEAT_SENT", "b"): {"HEARTBEAT_ACK": "ESTABLISHED", "HEARTBEAT": "",
                              "DATA": "", "SACK": "", "*": "!"},
}


def packet(side, name, port):
    """A packet of one chunk, with the right tag."""
    number = CHUNKS[name]
    own, peer = (TAG_A, TAG_B) if side == "a" else (TAG_B, TAG_A)
    body = b"\0" * 8
    if name in ("INIT", "INIT_ACK"):
        body = struct.pack("!IIHHI", own, 65535, 1, 1, 1)
    vtag = 0 if name == "INIT" else peer
    if side == "a":
        return sctp(A4, B4, port, 80, vtag, chunk(number, 0, body))
    return sctp(B4, A4, 80, port, vtag, chunk(number, 0, body))


def walk(lab, path, port):
    """Take the chunks of @path, each of which must pass."""
    for step in filter(None, path.split(", ")):
        side, name = step.split()
        state = lab.state(side, packet(side, name, port))
        if state in (None, "INVALID"):
            raise RuntimeError(f"{step} of {path}: {state}")


def states(lab):
    """Every chunk in every state from either side."""
    for name, value in SECONDS.items():
        lab.sysctl(CT + name.lower(), value)
    port = 1000
    for (start, side), edges in EDGES.items():
        for name in CHUNKS:
            port += 1
            walk(lab, PATHS[start], port)
            verdict = lab.state(side, packet(side, name, port))
            target = edges.get(name, edges.get("*", "")) or start
            entry = lab.entry(f"sport={port} ")
            what = f"{start}: {name} from {side}"
            if target == "!":
                check(f"{what} is INVALID", verdict, "INVALID")
                target = start
            else:
                check(f"{what} is good", verdict in ("NEW", "ESTABLISHED"))
            if target == "NONE":
                check(f"{what} makes no entry", entry, None)
                continue
            want = SECONDS[target]
            check(f"{what}: {target}",
                  bool(entry) and entry[1] == target and
                  want - 60 <= entry[0] <= want)
            if target == "ESTABLISHED":
                check(f"{what}: assured", "[ASSURED]" in entry[2])


def life(lab):
    """From INIT to SHUTDOWN COMPLETE with the timeouts of stock, and IPv6."""
    for name, value in DEFAULTS.items():
        check(f"default of {name}", lab.sysctl(CT + name.lower()), str(value))
    for step, state in (("a INIT", "CLOSED"), ("b INIT_ACK", "COOKIE_WAIT"),
                        ("a COOKIE_ECHO", "COOKIE_ECHOED"),
                        ("b COOKIE_ACK", "ESTABLISHED"),
                        ("a DATA", "ESTABLISHED"), ("b SACK", "ESTABLISHED"),
                        ("a HEARTBEAT", "ESTABLISHED"),
                        ("b HEARTBEAT_ACK", "ESTABLISHED"),
                        ("b SHUTDOWN", "SHUTDOWN_RECD"),
                        ("a SHUTDOWN_ACK", "SHUTDOWN_ACK_SENT"),
                        ("b SHUTDOWN_COMPLETE", "CLOSED")):
        walk(lab, step, 7)
        check(f"{step}: {state}", lab.entry("sport=7 ")[1], state)
    lab.sysctl(CT + "closed", 1)
    walk(lab, "a DATA", 7)
    check("the entry is gone when its time is over",
          bool(busywait(lambda: not lab.entries("sport=7 "))))
    init = chunk(1, 0, struct.pack("!IIHHI", TAG_A, 65535, 1, 1, 1))
    check("IPv6", lab.state("a", sctp(A6, B6, 1, 2, 0, init)), "NEW")


main(life, states)
