# SPDX-License-Identifier: GPL-2.0
"""A chain of masters, made and taken apart from its begin."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from ctnl import *                      # noqa: E402,F403

LENGTH = 4000


def flow(n):
    return "10.0.0.1", "10.0.0.2", 17, 1000 + n


def orig(kind, n):
    src, dst, proto, port = flow(n)
    return port_tuple(kind, src, dst, proto, port, 53)


def reply(n):
    src, dst, proto, port = flow(n)
    return port_tuple(CTA["TUPLE_REPLY"], dst, src, proto, 53, port)


def new(n):
    master = orig(CTA["TUPLE_MASTER"], n - 1) if n else b""
    return ask.request(SUBSYS_CT, CT_NEW, orig(CTA["TUPLE_ORIG"], n) + reply(n) + master +
                       attr(CTA["TIMEOUT"], be32(600)), F_CREATE | F_EXCL)[0]


def delete(n):
    return ask.request(SUBSYS_CT, CT_DELETE, orig(CTA["TUPLE_ORIG"], n))[0]


def count():
    with open("/proc/sys/net/netfilter/nf_conntrack_count", encoding="ascii") as file:
        return int(file.read())


t = Results()
with Netns(sys.argv[1]) as box:
    ask = box.netlink()
    t.eq("each may be the master of the next", {0}, {new(n) for n in range(LENGTH)})
    t.eq("all but the last are deleted", {0}, {delete(n) for n in range(LENGTH - 1)})
    t.eq("and are there still, for their children", LENGTH, count())
    t.eq("the last one", 0, delete(LENGTH - 1))
    t.eq("takes all along", 0, count())
t.exit()
