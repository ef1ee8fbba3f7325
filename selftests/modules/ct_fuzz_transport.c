// SPDX-License-Identifier: GPL-2.0
/*
 * Transport headers by chance: each protocol's usual conversation, a packet a
 * step, with options, chunks and lengths that are true most of the time.
 * Checksums are for the caller, who knows the addresses.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/sctp.h>

#include "ct_fuzz.h"

/* A length that is true, or nearly, or not at all. */
static u32 lie(struct fuzz_rng *rng, u32 len)
{
	static const u32 odd[] = { 0, 1, 3, 4, 7, 8, 0xff, 0x7fff, 0xffff };

	switch (fuzz_below(rng, 24)) {
	case 0:
		return fuzz_pick(rng, odd);
	case 1:
		return len + fuzz_below(rng, 9) - 4;
	case 2:
		return fuzz_next(rng);
	}
	return len;
}

/* --- TCP --------------------------------------------------------------- */

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define PSH	0x08
#define ACK	0x10
#define URG	0x20

static void tcp_option(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir,
		       struct fuzz_buf *buf)
{
	u32 i, n, from = buf->len;

	switch (fuzz_below(rng, 9)) {
	case 0:
		put_u8(buf, 1);
		return;
	case 1:
		put_u8(buf, fuzz_once(rng, 4) ? 0 : 1);
		return;
	case 2:
		put_u16(buf, 0x0204);
		put_u16(buf, fuzz_next(rng));
		break;
	case 3:
		put_u16(buf, 0x0303);
		put_u8(buf, fuzz_below(rng, 18));
		break;
	case 4:
		put_u16(buf, 0x0402);
		break;
	case 5:
		n = fuzz_below(rng, 5);
		put_u8(buf, 5);
		put_u8(buf, 2 + 8 * n);
		for (i = 0; i < 2 * n; i++)
			put_u32(buf, flow->seq[!dir] + fuzz_below(rng, 400) - 100);
		break;
	case 6:
		put_u16(buf, 0x080a);
		put_u32(buf, fuzz_next(rng));
		put_u32(buf, fuzz_next(rng));
		break;
	case 7:
		put_u16(buf, 0x2200 + 2 + fuzz_below(rng, 17));
		put_junk(rng, buf, buf->data[buf->len - 1] - 2);
		break;
	default:
		put_junk(rng, buf, 1 + fuzz_below(rng, 8));
		return;
	}
	set_u8(buf, from + 1, lie(rng, buf->data[from + 1]));
}

static u8 tcp_flags(struct fuzz_rng *rng, int dir, u32 step)
{
	static const u8 odd[] = {
		0, SYN, SYN | ACK, ACK, RST, RST | ACK, FIN, FIN | ACK, SYN | FIN, SYN | RST,
		FIN | PSH | URG, 0xff, SYN | URG, SYN | ACK | PSH, SYN | 0xc0,
	};

	if (fuzz_once(rng, 8))
		return fuzz_pick(rng, odd);
	if (step == 0)
		return SYN;
	if (step == 1)
		return SYN | ACK;
	if (step == FUZZ_EPISODE - 6 || step == FUZZ_EPISODE - 5)
		return FIN | ACK;
	if (step == FUZZ_EPISODE - 2)
		return RST;
	return dir && fuzz_once(rng, 2) ? ACK | PSH : ACK;
}

static void put_tcp(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir, u32 step,
		    struct fuzz_buf *buf)
{
	const u32 from = buf->len;
	u8 flags = tcp_flags(rng, dir, step);
	u32 seq = flow->seq[dir], ack = flow->seq[!dir], n;

	/* Old, new, far beyond the window. */
	if (fuzz_once(rng, 12))
		seq += fuzz_below(rng, 4000) - 2000;
	if (fuzz_once(rng, 12))
		ack += fuzz_below(rng, 4000) - 2000;
	if (fuzz_once(rng, 40))
		seq = fuzz_next(rng);
	if (fuzz_once(rng, 40))
		ack = fuzz_next(rng);
	put_u32(buf, seq);
	put_u32(buf, flags & ACK || fuzz_once(rng, 16) ? ack : 0);
	put_u8(buf, 0);
	put_u8(buf, flags);
	put_u16(buf, fuzz_once(rng, 8) ? fuzz_next(rng) : 8192);
	put_u32(buf, fuzz_once(rng, 32) ? fuzz_next(rng) : 0);
	for (n = fuzz_below(rng, flags & SYN ? 6 : 3); n; n--)
		tcp_option(rng, flow, dir, buf);
	while ((buf->len - from) & 3)
		put_u8(buf, 1);
	/* The ports lie before. */
	set_u8(buf, from + 8, lie(rng, min_t(u32, (buf->len - from + 4) / 4, 15)) << 4);

	n = buf->len;
	if (!(flags & (SYN | RST)) || fuzz_once(rng, 16))
		fuzz_text(rng, flow, dir, buf);
	/* What was said is not repeated, mostly. */
	if (!fuzz_once(rng, 8) && seq == flow->seq[dir])
		flow->seq[dir] += buf->len - n + !!(flags & (SYN | FIN));
}

/* --- UDP, UDP-Lite ------------------------------------------------------- */

static void put_udp(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir,
		    struct fuzz_buf *buf)
{
	const u32 from = buf->len;
	u32 len;

	put_u32(buf, 0);
	fuzz_text(rng, flow, dir, buf);
	len = lie(rng, buf->len - from + 4);
	if (flow->proto == IPPROTO_UDPLITE && fuzz_once(rng, 2))
		len = fuzz_below(rng, buf->len - from + 8);
	set_u16(buf, from, len);
}

/* --- ICMP ---------------------------------------------------------------- */

static void put_icmp(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir,
		     struct fuzz_buf *buf)
{
	static const u8 queries[] = {
		ICMP_ECHO, ICMP_ECHO, ICMP_TIMESTAMP, ICMP_INFO_REQUEST, ICMP_ADDRESS,
	};
	static const u8 replies[] = {
		ICMP_ECHOREPLY, ICMP_ECHOREPLY, ICMP_TIMESTAMPREPLY, ICMP_INFO_REPLY,
		ICMP_ADDRESSREPLY,
	};
	static const u8 others6[] = {
		ICMPV6_MGM_QUERY, ICMPV6_MGM_REPORT, 133, 134, 135, 136, 137, 139, 140, 143,
	};

	if (flow->v6)
		put_u8(buf, fuzz_once(rng, 8) ? fuzz_pick(rng, others6) :
			    dir ? ICMPV6_ECHO_REPLY : ICMPV6_ECHO_REQUEST);
	else
		put_u8(buf, dir ? fuzz_pick(rng, replies) : fuzz_pick(rng, queries));
	if (fuzz_once(rng, 16))
		set_u8(buf, buf->len - 1, fuzz_next(rng));
	put_u8(buf, fuzz_once(rng, 16) ? fuzz_next(rng) : 0);
	put_u16(buf, 0);
	put_u16(buf, flow->sport);
	put_u16(buf, fuzz_next(rng));
	put_junk(rng, buf, fuzz_below(rng, 64));
}

/* --- SCTP ---------------------------------------------------------------- */

static void sctp_chunk(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir, u8 type,
		       struct fuzz_buf *buf)
{
	const u32 from = buf->len;
	u32 n = fuzz_below(rng, 24);

	put_u8(buf, type);
	put_u8(buf, fuzz_once(rng, 4) ? fuzz_next(rng) : 0);
	put_u16(buf, 0);
	switch (type) {
	case SCTP_CID_INIT:
	case SCTP_CID_INIT_ACK:
		put_u32(buf, fuzz_once(rng, 16) ? 0 : flow->seq[dir]);
		put_u32(buf, 1 << 16);
		put_u32(buf, 0x000a000a);
		put_u32(buf, fuzz_next(rng));
		if (fuzz_once(rng, 2))
			put_junk(rng, buf, n);
		break;
	case SCTP_CID_HEARTBEAT:
	case SCTP_CID_HEARTBEAT_ACK:
		put_u16(buf, 1);
		put_u16(buf, 4 + n);
		put_junk(rng, buf, n);
		break;
	case SCTP_CID_DATA:
		put_junk(rng, buf, 12 + n);
		break;
	default:
		put_junk(rng, buf, n);
	}
	set_u16(buf, from + 2, lie(rng, buf->len - from));
	while ((buf->len - from) & 3 && !fuzz_once(rng, 32))
		put_u8(buf, 0);
}

static void put_sctp(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir, u32 step,
		     struct fuzz_buf *buf)
{
	static const u8 usual[FUZZ_EPISODE] = {
		[0] = SCTP_CID_INIT, [1] = SCTP_CID_INIT_ACK, [2] = SCTP_CID_COOKIE_ECHO,
		[3] = SCTP_CID_COOKIE_ACK, [10] = SCTP_CID_HEARTBEAT,
		[11] = SCTP_CID_HEARTBEAT_ACK, [FUZZ_EPISODE - 6] = SCTP_CID_SHUTDOWN,
		[FUZZ_EPISODE - 5] = SCTP_CID_SHUTDOWN_ACK,
		[FUZZ_EPISODE - 4] = SCTP_CID_SHUTDOWN_COMPLETE,
		[FUZZ_EPISODE - 2] = SCTP_CID_ABORT,
	};
	u8 type = usual[step];
	u32 n;

	/* INIT has no tag, others have their receiver's. */
	put_u32(buf, fuzz_once(rng, 12) ? flow->seq[dir] :
		     (type == SCTP_CID_INIT) == fuzz_once(rng, 16) ? flow->seq[!dir] : 0);
	put_u32(buf, fuzz_next(rng));
	if (fuzz_once(rng, 8))
		type = fuzz_below(rng, 16);
	sctp_chunk(rng, flow, dir, type, buf);
	for (n = fuzz_once(rng, 4) ? fuzz_below(rng, 6) : 0; n; n--)
		sctp_chunk(rng, flow, dir, fuzz_once(rng, 8) ? fuzz_next(rng) :
			   fuzz_below(rng, 16), buf);
}

/* --- DCCP ---------------------------------------------------------------- */

static void put_dccp(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir, u32 step,
		     struct fuzz_buf *buf)
{
	/* Request, Response, Ack, DataAck..., CloseReq, Close, Reset */
	static const u8 usual[FUZZ_EPISODE] = {
		[0] = 0, [1] = 1, [2 ... FUZZ_EPISODE - 7] = 4, [2] = 3, [5] = 2, [8] = 8,
		[FUZZ_EPISODE - 6] = 5, [FUZZ_EPISODE - 5] = 6,
		[FUZZ_EPISODE - 4 ... FUZZ_EPISODE - 1] = 7,
	};
	const u32 from = buf->len;
	u8 type = fuzz_once(rng, 8) ? fuzz_below(rng, 16) : usual[step];
	u8 x = !fuzz_once(rng, 10);
	u32 n, size;

	put_u8(buf, 0);				/* data offset: below */
	put_u8(buf, fuzz_once(rng, 4) ? fuzz_next(rng) : 0);
	put_u16(buf, 0);
	put_u8(buf, type << 1 | x);
	put_u8(buf, 0);
	put_u16(buf, fuzz_once(rng, 32) ? fuzz_next(rng) : 0);
	put_u32(buf, flow->seq[dir]++);
	if (type != 0 && type != 2) {
		put_u32(buf, 0);
		put_u32(buf, flow->seq[!dir] - 1 + (fuzz_once(rng, 8) ? fuzz_below(rng, 9) : 0));
	}
	if (type == 0 || type == 1 || type == 7)
		put_u32(buf, fuzz_next(rng));
	for (n = fuzz_below(rng, 4); n; n--) {
		size = fuzz_below(rng, 12);
		put_u8(buf, fuzz_below(rng, 48));
		put_u8(buf, lie(rng, 2 + size));
		put_junk(rng, buf, size);
	}
	while ((buf->len - from) & 3)
		put_u8(buf, 0);
	set_u8(buf, from, lie(rng, (buf->len - from + 4) / 4));
	put_junk(rng, buf, fuzz_below(rng, 32));
}

/* --- GRE ------------------------------------------------------------------ */

static void put_gre(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir,
		    struct fuzz_buf *buf)
{
	u16 flags = 0x3001;	/* PPTP's: key, sequence number, version 1 */

	if (fuzz_once(rng, 3))
		flags = fuzz_once(rng, 2) ? 0x2000 : fuzz_next(rng) & 0xf087;
	put_u16(buf, flags);
	put_u16(buf, flags & 1 ? 0x880b : 0x0800);
	if (flags & 0xc000)
		put_u32(buf, fuzz_next(rng));
	if (flags & 0x2000) {
		put_u16(buf, fuzz_below(rng, 40));
		put_u16(buf, dir ? flow->dport : flow->sport);
	}
	if (flags & 0x1000)
		put_u32(buf, fuzz_next(rng));
	if (flags & 0x0080)
		put_u32(buf, fuzz_next(rng));
	put_junk(rng, buf, fuzz_below(rng, 40));
}

/**
 * fuzz_transport() - append a transport header and what it carries
 * @rng: chance
 * @flow: whose packet; its sequence numbers move on
 * @dir: 0 the client's, 1 the server's
 * @step: where in the conversation
 * @buf: to append to
 */
void fuzz_transport(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir, u32 step,
		    struct fuzz_buf *buf)
{
	if (flow->proto == IPPROTO_ICMP || flow->proto == IPPROTO_ICMPV6) {
		put_icmp(rng, flow, dir, buf);
		return;
	}
	if (flow->proto == IPPROTO_GRE) {
		put_gre(rng, flow, dir, buf);
		return;
	}
	if (flow->topic == FUZZ_OTHER) {
		put_junk(rng, buf, fuzz_below(rng, 64));
		return;
	}
	put_u16(buf, dir ? flow->dport : flow->sport);
	put_u16(buf, dir ? flow->sport : flow->dport);
	switch (flow->proto) {
	case IPPROTO_TCP:
		put_tcp(rng, flow, dir, step, buf);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		put_udp(rng, flow, dir, buf);
		break;
	case IPPROTO_SCTP:
		put_sctp(rng, flow, dir, step, buf);
		break;
	case IPPROTO_DCCP:
		put_dccp(rng, flow, dir, step, buf);
		break;
	}
}

/**
 * fuzz_icmp_error() - append an ICMP error about a flow's packet
 * @rng: chance
 * @flow: whose
 * @dir: of the error; the packet went the other way
 * @depth: of how many errors this is the quote
 * @buf: to append to
 */
void fuzz_icmp_error(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
		     u32 depth, struct fuzz_buf *buf)
{
	static const u8 errors[] = {
		ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH, ICMP_REDIRECT, ICMP_TIME_EXCEEDED,
		ICMP_PARAMETERPROB,
	};

	put_u8(buf, flow->v6 ? 1 + fuzz_below(rng, 5) : fuzz_pick(rng, errors));
	put_u8(buf, fuzz_below(rng, 6));
	put_u16(buf, 0);
	put_u32(buf, fuzz_once(rng, 2) ? 0 : fuzz_next(rng));
	fuzz_quote(rng, flow, !dir, depth + 1, buf);
	/* Extensions of RFC 4884, or what passes for them. */
	if (fuzz_once(rng, 8)) {
		put_u32(buf, 0x20000000);
		put_junk(rng, buf, fuzz_below(rng, 24));
	}
}
