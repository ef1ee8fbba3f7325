# SPDX-License-Identifier: GPL-2.0
"""GRE, and the calls of PPTP."""

from ctlab import *

CT = "net.netfilter.nf_conntrack_gre_timeout"
PPTP = """
table inet lab_pptp {
	ct helper pptp-std { type "pptp" protocol tcp; }
	chain pre {
		type filter hook prerouting priority 10;
		tcp dport 1723 ct helper set "pptp-std"
	}
}
"""


def plain(lab):
    """Two hosts have one flow, whatever keys they use (RFC 2890)."""
    for src, dst in ((A4, B4), (A6, B6)):
        fam = "ipv6" if ":" in src else "ipv4"
        check(f"{fam}: first packet", lab.state("a", gre(src, dst)), "NEW")
        check(f"{fam}: entry, unreplied", [
            line.split(" src=")[0].split()[2:4] + line.split()[5:7]
            for line in lab.entries(fam)],
            [["gre", "47", "timeout=30,", "stream_timeout=180"]])
        check(f"{fam}: no keys",
              " srckey=0x0 dstkey=0x0 [UNREPLIED] " in lab.entries(fam)[0])
        check(f"{fam}: answer", lab.state("b", gre(dst, src)), "ESTABLISHED")
        check(f"{fam}: not assured yet", "ASSURED" in lab.entries(fam)[0], False)
        check(f"{fam}: answered, 30 s", 25 <= lab.timeout(fam) <= 30)
        check(f"{fam}: another key", lab.state("a", gre(src, dst, key=5)),
              "ESTABLISHED")
        check(f"{fam}: a stream", 170 <= lab.timeout(fam) <= 180 and
              "[ASSURED]" in lab.entries(fam)[0])


def call_ids(lab):
    """PPTP's GRE has a call id (RFC 2637 4.1)."""
    check("call 77", lab.state("a", pptp_gre(A4, B4, 77)), "NEW")
    check("its entry", len(lab.entries("srckey=0x0 dstkey=0x4d [UNREPLIED]")), 1)
    check("call 78 is another flow", lab.state("b", pptp_gre(B4, A4, 78)), "NEW")
    check("call 77 again", lab.state("a", pptp_gre(A4, B4, 77)), "NEW")
    check("two flows", len(lab.entries("gre")), 2)
    check("what is no PPP", lab.state("a", pptp_gre(A4, B4, 79, proto=0x800)),
          "INVALID")
    check("other version",
          lab.state("a", ip(A4, B4, 47, b"\0\2\x08\0abcdefgh")), "NEW")


def timeouts(lab):
    """Each sysctl is obeyed by flows that start then."""
    check("default of gre_timeout", lab.sysctl(CT), "30")
    check("default of gre_timeout_stream", lab.sysctl(CT + "_stream"), "180")
    lab.sysctl(CT, 1000)
    lab.sysctl(CT + "_stream", 2000)
    lab.send("a", gre(A4, B4))
    check("gre_timeout", 990 <= lab.timeout("gre") <= 1000)
    lab.sysctl(CT, 10)
    lab.send("b", gre(B4, A4))
    check("a flow keeps the one it started with",
          990 <= lab.timeout("gre") <= 1000)
    lab.send("b", gre(B4, A4))
    check("gre_timeout_stream", 1990 <= lab.timeout("gre") <= 2000)
    check("shown", "timeout=1000, stream_timeout=2000 " in lab.entries("gre")[0])


def control(typ, body):
    """A PPTP control message (RFC 2637 2)."""
    data = struct.pack("!HIHH", 1, 0x1a2b3c4d, typ, 0) + body
    return struct.pack("!H", 2 + len(data)) + data


def pptp(lab):
    """The helper learns a call's ids: both ways are one flow, RELATED."""
    seq = {"a": 1000, "b": 2000}

    def say(side, flags, data=b""):
        peer = "b" if side == "a" else "a"
        ends = (A4, B4, 40000, 1723) if side == "a" else (B4, A4, 1723, 40000)
        state = lab.state(side, tcp(*ends, flags, seq[side],
                                    seq[peer] if "A" in flags else 0, data))
        seq[side] += len(data) + ("S" in flags)
        return state

    say("a", "S")
    say("b", "SA")
    say("a", "A")
    say("a", "PA", control(1, struct.pack("!HHIIHH", 256, 0, 1, 1, 0, 1) +
                           b"\0" * 128))
    say("b", "PA", control(2, struct.pack("!HBBIIHH", 256, 1, 0, 1, 1, 0, 1) +
                           b"\0" * 128))
    say("a", "PA", control(7, struct.pack("!HHIIIIHHHH", 0x11, 1, 300, 10 ** 6,
                                          3, 3, 64, 0, 0, 0) + b"\0" * 128))
    check("the control connection goes on",
          say("b", "PA", control(8, struct.pack("!HHBBHIHHI", 0x22, 0x11, 1, 0,
                                                0, 10 ** 6, 64, 0, 0))),
          "ESTABLISHED")
    check("the client's data", lab.state("a", pptp_gre(A4, B4, 0x22)), "RELATED")
    check("one flow with both ids",
          len(lab.entries("srckey=0x11 dstkey=0x22")), 1)
    check("timeouts as of any other",
          "timeout=30, stream_timeout=180 " in lab.entries("gre")[0])
    check("the server's data", lab.state("b", pptp_gre(B4, A4, 0x11)),
          "ESTABLISHED")
    check("still one flow", len(lab.entries("gre")), 1)
    check("unknown call", lab.state("a", pptp_gre(A4, B4, 0x33)), "NEW")


def by_netlink(lab):
    """An entry that was put there, as after a failover, gets the usual timeouts; with
    the stock module it ends with its first packet (Documentation/netlink.rst)."""
    if not is_ours():
        return
    run(f"ip netns exec {lab.ns['r']} conntrack -I -p gre -s {A4} -d {B4} -r {B4} -q {A4} "
        "--reply-key-src 0 --reply-key-dst 0 "
        "--srckey 0 --dstkey 0 --timeout 1000 -u SEEN_REPLY,ASSURED")
    check("a packet of it", lab.state("a", gre(A4, B4)), "ESTABLISHED")
    check("its timeout", 170 <= (lab.timeout("gre") or 0) <= 180)


def with_pptp(lab):
    """A lab with the helper."""
    if run("modprobe -q nf_conntrack_pptp && echo yes", check=False).strip() != "yes":
        skip_one("PPTP", "no module nf_conntrack_pptp")
        return
    run(f"ip netns exec {lab.ns['r']} nft -f -", data=PPTP)
    pptp(lab)


main(plain, call_ids, timeouts, by_netlink, with_pptp)
