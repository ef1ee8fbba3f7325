# SPDX-License-Identifier: GPL-2.0
"""
The stock tracker and ours, one after the other in the same kernel, and the
namespaces in which sequences are played on them.
"""
import ctypes
import glob
import os
import subprocess
import time

import record
import steps

NAMESPACES = {"compare": "", "compare-nat": """
table inet nat {
	chain prerouting {
		type nat hook prerouting priority dstnat
		dnat ip to ip daddr map { 10.4.0.1 : 10.2.0.1, 10.4.0.2 : 10.2.0.2 }
		dnat ip6 to ip6 daddr map { fd00:4::1 : fd00:2::1, fd00:4::2 : fd00:2::2 }
	}
	chain postrouting {
		type nat hook postrouting priority srcnat
		snat ip to ip saddr map { 10.3.0.1 : 192.0.2.1, 10.3.0.2 : 192.0.2.2 }
		snat ip6 to ip6 saddr map { fd00:3::1 : fd00:5::1, fd00:3::2 : fd00:5::2 }
	}
}
"""}
SET_UP = """
ip netns add {ns}
ip -n {ns} link set lo up
ip -n {ns} link add play0 type dummy
ip -n {ns} link set play0 up
ip -n {ns} address add 198.18.0.1/24 dev play0
ip -n {ns} address add fd00:ff::1/64 dev play0 nodad
ip -n {ns} route add default dev play0
ip -n {ns} -6 route add default dev play0
"""


def sh(*command, **options):
    """Run a command; its failure is the end."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **options)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command), done.stdout.strip()))


def holders(module):
    """The module and all that use it, users first."""
    found = []
    for user in sorted(glob.glob("/sys/module/%s/holders/*" % module)):
        found += holders(os.path.basename(user))
    return found + [module]


def loaded(module):
    """Is it?"""
    return os.path.isdir("/sys/module/" + module)


def unload():
    """Take nf_conntrack and all its users out; namespaces that have just been
    removed still hold it for a moment."""
    end = time.monotonic() + 30
    while loaded("nf_conntrack"):
        if time.monotonic() > end:
            raise RuntimeError("nf_conntrack cannot be unloaded, users: %s"
                               % holders("nf_conntrack"))
        for module in holders("nf_conntrack"):
            if loaded(module):
                subprocess.run(["rmmod", module], stderr=subprocess.DEVNULL, check=False)


def load(which):
    """Load the tracker "stock" or "ours", and the player on it."""
    unload()
    if which == "stock":
        kernel = "/lib/modules/" + os.uname().release
        sh("modprobe", "-a", "nf_defrag_ipv4", "nf_defrag_ipv6", "libcrc32c")
        sh("insmod", glob.glob(kernel + "/kernel/net/netfilter/nf_conntrack.ko*")[0])
    elif "OURS" in os.environ:
        sh("modprobe", "-a", "nf_defrag_ipv4", "nf_defrag_ipv6", "libcrc32c")
        sh("insmod", os.environ["OURS"])
    else:
        sh("modprobe", "nf_conntrack")
    if "PLAYER" in os.environ:
        sh("insmod", os.environ["PLAYER"])
    sh("modprobe", "-a", "ct_play", "dummy", "nft_chain_nat", "nft_nat")


def enter(namespace):
    """Move this process to a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    path = "/run/netns/" + namespace if namespace else "/proc/1/ns/net"
    with open(path, "rb") as file:
        if libc.setns(file.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns " + path)


def play_in(namespace, packed_list):
    """The records of packed sequences, played in a namespace of their own."""
    for line in SET_UP.format(ns=namespace).split("\n"):
        if line:
            sh(*line.split())
    try:
        if NAMESPACES[namespace]:
            sh("ip", "netns", "exec", namespace, "nft", "-f", "-",
               input=NAMESPACES[namespace])
        enter(namespace)
        results = []
        try:
            with open("/proc/ct_play", "r+b", buffering=0) as file:
                for packed in packed_list:
                    results.append(play_file(file, packed))
        finally:
            enter(None)
        return results
    finally:
        sh("ip", "netns", "del", namespace)


def play_file(file, packed):
    """One packed lot: written, and what is then read."""
    out = []
    if file.write(packed) != len(packed):
        raise RuntimeError("the player did not take all")
    while True:
        got = file.read(1 << 20)
        if not got:
            return b"".join(out)
        out.append(got)


def play_both(lots):
    """Plays lots of sequences on both trackers. @lots: (namespace, packed bytes).
    Returns for each lot a pair of records, as bytes."""
    results = {}
    for which in ("stock", "ours"):
        load(which)
        found = [None] * len(lots)
        for namespace in NAMESPACES:
            mine = [i for i, lot in enumerate(lots) if lot[0] == namespace]
            if mine:
                for i, got in zip(mine, play_in(namespace, [lots[i][1] for i in mine])):
                    found[i] = got
        results[which] = found
    unload()
    return list(zip(results["stock"], results["ours"]))


def play_sequences(namespace_and_seq):
    """The same for single sequences, given as steps: pairs of records."""
    lots, where = [], []
    for namespace in NAMESPACES:
        mine = [i for i, item in enumerate(namespace_and_seq) if item[0] == namespace]
        if mine:
            lots.append((namespace, steps.pack(namespace_and_seq[i][1] for i in mine)))
            where.append(mine)
    pairs = [None] * len(namespace_and_seq)
    for mine, (stock, ours) in zip(where, play_both(lots)):
        at = 0
        for i in mine:
            end = at + steps.packets(namespace_and_seq[i][1]) * record.SIZE
            pairs[i] = (stock[at:end], ours[at:end])
            at = end
    return pairs
