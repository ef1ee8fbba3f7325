// SPDX-License-Identifier: GPL-2.0
/*
 * Packets by chance. They come in episodes, of one flow each: what a packet is
 * follows from the seed, the number of its episode and those before it there.
 *
 * Addresses and ports are few, so that flows are met again; which of them are
 * translated, selftests/fuzz/ruleset says.
 */
#include <linux/bits.h>
#include <linux/crc32c.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kernel.h>
#include <linux/sctp.h>
#include <linux/udp.h>
#include <linux/dccp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "ct_fuzz.h"

static const struct {
	u8	proto;
	u16	dport;
	u8	weight;
} topics[FUZZ_TOPICS] = {
	[FUZZ_TCP]	= { IPPROTO_TCP, 0, 6 },
	[FUZZ_FTP]	= { IPPROTO_TCP, 21, 4 },
	[FUZZ_IRC]	= { IPPROTO_TCP, 6667, 1 },
	[FUZZ_SANE]	= { IPPROTO_TCP, 6566, 1 },
	[FUZZ_H323]	= { IPPROTO_TCP, 1720, 2 },
	[FUZZ_PPTP]	= { IPPROTO_TCP, 1723, 2 },
	[FUZZ_SIP_TCP]	= { IPPROTO_TCP, 5060, 1 },
	[FUZZ_UDP]	= { IPPROTO_UDP, 0, 4 },
	[FUZZ_SIP]	= { IPPROTO_UDP, 5060, 2 },
	[FUZZ_TFTP]	= { IPPROTO_UDP, 69, 1 },
	[FUZZ_AMANDA]	= { IPPROTO_UDP, 10080, 1 },
	[FUZZ_RAS]	= { IPPROTO_UDP, 1719, 1 },
	[FUZZ_SNMP]	= { IPPROTO_UDP, 161, 1 },
	[FUZZ_NETBIOS]	= { IPPROTO_UDP, 137, 1 },
	[FUZZ_UDPLITE]	= { IPPROTO_UDPLITE, 0, 2 },
	[FUZZ_ICMP]	= { IPPROTO_ICMP, 0, 3 },
	[FUZZ_SCTP]	= { IPPROTO_SCTP, 0, 5 },
	[FUZZ_DCCP]	= { IPPROTO_DCCP, 0, 5 },
	[FUZZ_GRE]	= { IPPROTO_GRE, 0, 3 },
	[FUZZ_OTHER]	= { IPPROTO_ESP, 0, 1 },
};

/* --- flows --------------------------------------------------------------- */

static u8 some_topic(struct fuzz_rng *rng)
{
	u32 i, sum = 0;

	for (i = 0; i < FUZZ_TOPICS; i++)
		sum += topics[i].weight;
	sum = fuzz_below(rng, sum);
	for (i = 0; sum >= topics[i].weight; i++)
		sum -= topics[i].weight;
	return i;
}

static void start_episode(struct fuzz_maker *maker, u64 episode)
{
	static const u16 dports[] = { 80, 1001, 1002, 1003, 1004, 2000, 2001, 2002, 2003 };
	struct fuzz_rng *rng = &maker->rng;
	struct fuzz_flow *flow = &maker->flow;

	rng->state = maker->seed * 0xd1342543de82ef95ULL + episode;
	fuzz_next(rng);
	memset(flow, 0, sizeof(*flow));
	maker->left = 0;
	flow->topic = maker->topic >= 0 ? maker->topic : some_topic(rng);
	flow->proto = topics[flow->topic].proto;
	flow->v6 = fuzz_once(rng, 3);
	if (flow->topic == FUZZ_ICMP && flow->v6)
		flow->proto = IPPROTO_ICMPV6;
	if (flow->topic == FUZZ_OTHER && fuzz_once(rng, 2))
		flow->proto = fuzz_next(rng);
	flow->path = fuzz_once(rng, 2) ? FUZZ_FORWARD : fuzz_below(rng, FUZZ_PATHS);
	flow->client = 1 + fuzz_below(rng, 4);
	flow->server = 1 + fuzz_below(rng, 4);
	flow->sport = 1000 + fuzz_below(rng, 4);
	flow->dport = topics[flow->topic].dport;
	if (!flow->dport) {
		flow->dport = fuzz_pick(rng, dports);
		flow->back = fuzz_once(rng, 4);
	}
	if (flow->topic == FUZZ_GRE)
		flow->dport = 1000 + fuzz_below(rng, 4);
	/* The same flow again goes on where it was, or anywhere. */
	flow->seq[0] = flow->sport << 8 | flow->dport;
	flow->seq[1] = ~flow->seq[0];
	if (fuzz_once(rng, 4))
		flow->seq[fuzz_below(rng, 2)] = fuzz_next(rng);
}

/**
 * fuzz_address() - an address in a packet as it comes in
 * @flow: whose
 * @dir: 0 the original direction, 1 the reply's
 * @dst: the destination, not the source
 * @addr: gets the address
 *
 * Return: its length.
 */
u32 fuzz_address(const struct fuzz_flow *flow, int dir, bool dst, u8 addr[16])
{
	bool reply = dir != flow->back, client = dst == reply;
	u32 host = client ? flow->client : flow->server;
	u8 net = client ? 1 : 2;

	/* Clients 3 and 4 are translated, and server 4 stands for 2. */
	if (reply && client && host >= 3) {
		host = host == 3 ? 100 : 1;
		net = 0;
	} else if (reply && !client && host == 4) {
		host = 2;
	}
	if (flow->v6) {
		memset(addr, 0, 16);
		addr[0] = 0xfd;
		addr[1] = net;
		addr[15] = host;
		return 16;
	}
	addr[0] = net ? 10 : 198;
	addr[1] = net ?: 18;
	addr[2] = 0;
	addr[3] = host;
	return 4;
}

/* --- network headers ------------------------------------------------------- */

static void put_addresses(const struct fuzz_flow *flow, int dir, bool left,
			  struct fuzz_buf *buf)
{
	u8 addr[16];
	u32 len;

	/* How it leaves is how its answer comes in, the other way round. */
	len = fuzz_address(flow, dir ^ left, left, addr);
	put_data(buf, addr, len);
	len = fuzz_address(flow, dir ^ left, !left, addr);
	put_data(buf, addr, len);
}

static void put_ip4_options(struct fuzz_rng *rng, struct fuzz_buf *buf)
{
	u32 size = 4 * (1 + fuzz_below(rng, 10));

	if (fuzz_once(rng, 2)) {
		while (size--)
			put_u8(buf, 1);
		return;
	}
	put_junk(rng, buf, size);
}

/* Returns where the header is that says what comes next. */
static u32 put_ip6_extension(struct fuzz_rng *rng, u8 type, u8 next, struct fuzz_buf *buf)
{
	u32 at = buf->len, units = fuzz_below(rng, 4);

	put_u8(buf, next);
	if (type == NEXTHDR_FRAGMENT) {
		put_u8(buf, 0);
		put_u16(buf, fuzz_once(rng, 4) ? fuzz_next(rng) & 7 : 0);
		put_u32(buf, fuzz_next(rng));
		return at;
	}
	if (type == NEXTHDR_AUTH)
		units = 2 * units;
	put_u8(buf, units);
	if (type == NEXTHDR_HOP || type == NEXTHDR_DEST) {
		/* PadN over all of it: what is before the tracker looks at it. */
		put_u8(buf, 1);
		put_u8(buf, 8 * units + 4);
		while (buf->len < at + 8 * (units + 1))
			put_u8(buf, 0);
		return at;
	}
	put_junk(rng, buf, (type == NEXTHDR_AUTH ? 4 * (units + 2) : 8 * (units + 1)) - 2);
	return at;
}

static void put_ip6_extensions(struct fuzz_rng *rng, u8 proto, struct fuzz_buf *buf)
{
	static const u8 types[] = {
		NEXTHDR_DEST, NEXTHDR_ROUTING, NEXTHDR_FRAGMENT, NEXTHDR_AUTH, NEXTHDR_MOBILITY,
		NEXTHDR_DEST, NEXTHDR_NONE, NEXTHDR_HOP,
	};
	u32 n = fuzz_below(rng, 4), next = buf->len - 34;
	u8 type;

	for (; n; n--) {
		type = next == buf->len - 34 && fuzz_once(rng, 2) ? NEXTHDR_HOP :
		       fuzz_pick(rng, types);
		set_u8(buf, next, type);
		next = put_ip6_extension(rng, type, proto, buf);
	}
}

/* Appends a header for what will follow; set_length() when that is there. */
static void put_network(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
			bool left, u8 proto, struct fuzz_buf *buf)
{
	const u32 at = buf->len;

	if (flow->v6) {
		put_u32(buf, 0x60000000 | fuzz_below(rng, 1 << 28));
		put_u16(buf, 0);
		put_u8(buf, proto);
		put_u8(buf, 64);
		put_addresses(flow, dir, left, buf);
		if (fuzz_once(rng, 6) && buf->len == at + 40)
			put_ip6_extensions(rng, proto, buf);
		return;
	}
	put_u16(buf, 0x4500);
	put_u16(buf, 0);
	put_u16(buf, fuzz_next(rng));
	put_u16(buf, fuzz_once(rng, 2) ? 0x4000 : 0);
	put_u8(buf, 64);
	put_u8(buf, proto);
	put_u16(buf, 0);
	put_addresses(flow, dir, left, buf);
	if (fuzz_once(rng, 12)) {
		put_ip4_options(rng, buf);
		set_u8(buf, at, 0x40 | (buf->len - at) / 4);
	}
}

static void set_length(struct fuzz_buf *buf, u32 at, bool v6)
{
	u32 ihl;

	if (v6) {
		set_u16(buf, at + 4, buf->len - at - 40);
		return;
	}
	set_u16(buf, at + 2, buf->len - at);
	ihl = buf->data[at] & 15;
	set_u16(buf, at + 10, 0);
	if (ihl >= 5 && at + 4 * ihl <= buf->len)
		set_u16(buf, at + 10, ntohs(ip_fast_csum(buf->data + at, ihl)));
}

/**
 * fuzz_quote() - append what an ICMP error quotes: a packet, or its beginning
 * @rng: chance
 * @flow: whose
 * @dir: of the packet
 * @depth: of how many errors this is the quote
 * @buf: to append to
 */
void fuzz_quote(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
		u32 depth, struct fuzz_buf *buf)
{
	const u32 at = buf->len;
	struct fuzz_flow quoted = *flow;
	u32 l4;

	/* That of another flow, now and then. */
	if (fuzz_once(rng, 8)) {
		quoted.client = 1 + fuzz_below(rng, 4);
		quoted.sport = 1000 + fuzz_below(rng, 4);
	}
	if (fuzz_once(rng, 8) && depth < 3) {
		put_network(rng, &quoted, dir, true,
			    flow->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, buf);
		fuzz_icmp_error(rng, &quoted, dir, depth, buf);
		set_length(buf, at, flow->v6);
	} else {
		put_network(rng, &quoted, dir, true, flow->proto, buf);
		l4 = buf->len;
		fuzz_transport(rng, &quoted, dir, fuzz_below(rng, FUZZ_EPISODE), buf);
		set_length(buf, at, flow->v6);
		/* 8 bytes are what RFC 792 wants. */
		if (fuzz_once(rng, 2))
			buf->len = min(buf->len, l4 + 8);
	}
	if (fuzz_once(rng, 8))
		fuzz_mutate(rng, buf, at);
	if (fuzz_once(rng, 8))
		buf->len = at + fuzz_below(rng, buf->len - at + 1);
}

/* --- checksums --------------------------------------------------------------- */

static void set_checksum(struct fuzz_packet *packet, u8 proto)
{
	static const struct { u8 proto; u8 at; } where[] = {
		{ IPPROTO_TCP, 16 }, { IPPROTO_UDP, 6 }, { IPPROTO_UDPLITE, 6 },
		{ IPPROTO_ICMP, 2 }, { IPPROTO_ICMPV6, 2 }, { IPPROTO_DCCP, 6 },
	};
	struct fuzz_buf *buf = &packet->buf;
	const u8 *data = buf->data;
	u32 i, len = buf->len - packet->l4, covered = len, at;
	__sum16 sum;

	if (proto == IPPROTO_SCTP && len >= sizeof(struct sctphdr)) {
		memset(buf->data + packet->l4 + 8, 0, 4);
		*(__le32 *)(buf->data + packet->l4 + 8) =
			cpu_to_le32(~crc32c(~0, data + packet->l4, len));
		return;
	}
	for (i = 0; i < ARRAY_SIZE(where) && where[i].proto != proto; i++)
		;
	if (i == ARRAY_SIZE(where))
		return;
	at = packet->l4 + where[i].at;
	if (proto == IPPROTO_UDPLITE) {
		covered = get_u16(buf, packet->l4 + 4);
		if (!covered || covered > len)
			covered = len;
	}
	set_u16(buf, at, 0);
	sum = csum_fold(csum_partial(data + packet->l4, covered, 0));
	if (packet->v6)
		sum = csum_ipv6_magic((void *)(data + 8), (void *)(data + 24), len, proto,
				      csum_unfold(~sum));
	else if (proto != IPPROTO_ICMP)
		sum = csum_tcpudp_magic(*(__be32 *)(data + 12), *(__be32 *)(data + 16), len,
					proto, csum_unfold(~sum));
	if (!sum && (proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE))
		sum = CSUM_MANGLED_0;
	if (at + 2 <= buf->len)
		memcpy(buf->data + at, &sum, 2);
}

/* --- fragments ---------------------------------------------------------------- */

static void put_fragment(struct fuzz_rng *rng, struct fuzz_maker *maker,
			 struct fuzz_packet *packet)
{
	const struct fuzz_flow *flow = &maker->flow;
	struct fuzz_buf *buf = &packet->buf;
	u32 at = maker->cut, size, rest;
	bool more;

	/* Over the one before, behind a hole, once more from the start. */
	if (fuzz_once(rng, 10) && at)
		at -= 8 * fuzz_below(rng, min(at / 8, 4U) + 1);
	if (fuzz_once(rng, 16))
		at += 8 * fuzz_below(rng, 3);
	if (fuzz_once(rng, 16))
		at = 0;
	at = min(at, maker->datagram.len & ~7U);
	rest = maker->datagram.len - at;
	size = maker->left == 1 ? rest : 8 * (1 + fuzz_below(rng, 1 + rest / 16));
	if (fuzz_once(rng, 16))
		size = fuzz_below(rng, 9);
	size = min(size, rest);
	more = maker->left > 1;
	if (fuzz_once(rng, 24))
		more = !more;
	maker->left--;
	maker->cut = at + size;

	put_network(rng, flow, maker->dir, false, flow->v6 ? NEXTHDR_FRAGMENT : flow->proto, buf);
	if (flow->v6) {
		put_u8(buf, flow->proto);
		put_u8(buf, 0);
		put_u16(buf, at | more);
		put_u32(buf, maker->id);
	} else {
		set_u16(buf, 4, maker->id);
		set_u16(buf, 6, at / 8 | more << 13);
	}
	packet->l4 = buf->len;
	packet->checked = false;
	put_data(buf, maker->datagram.data + at, size);
}

static void start_fragments(struct fuzz_rng *rng, struct fuzz_maker *maker, int dir, u32 step)
{
	maker->datagram.len = 0;
	fuzz_transport(rng, &maker->flow, dir, step, &maker->datagram);
	maker->dir = dir;
	maker->id = fuzz_next(rng);
	maker->cut = 0;
	maker->left = 2 + fuzz_below(rng, 4);
}

/* --- packets ------------------------------------------------------------------- */

/* What may be sent by a raw socket: of IPv4 a header that is too short, of IPv6
 * anything.
 */
static void spoil_header(struct fuzz_rng *rng, struct fuzz_packet *packet)
{
	struct fuzz_buf *buf = &packet->buf;

	set_u8(buf, fuzz_below(rng, packet->v6 ? 8 : 10), fuzz_next(rng));
	if (packet->v6)
		return;
	packet->header = (buf->data[0] & 15) * 4;
	while (buf->len < packet->header)
		put_u8(buf, 0);
	if (packet->header >= 20)
		set_length(buf, 0, false);
	packet->header = max(packet->header, 20U);
}

static void make_packet(struct fuzz_maker *maker, u32 step, struct fuzz_packet *packet)
{
	struct fuzz_rng *rng = &maker->rng;
	struct fuzz_flow *flow = &maker->flow;
	struct fuzz_buf *buf = &packet->buf;
	u8 proto = flow->proto;
	int dir = fuzz_once(rng, 6) ? fuzz_below(rng, 2) : step & 1;

	buf->len = 0;
	packet->v6 = flow->v6;
	packet->path = fuzz_once(rng, 24) ? fuzz_below(rng, FUZZ_PATHS) : flow->path;
	/* What is sent here is answered to here. */
	if (dir && packet->path != FUZZ_FORWARD)
		packet->path = packet->path == FUZZ_INPUT ? FUZZ_OUTPUT : FUZZ_INPUT;
	packet->checked = true;

	if (!maker->left && fuzz_once(rng, 20))
		start_fragments(rng, maker, dir, step);
	if (maker->left) {
		put_fragment(rng, maker, packet);
	} else if (fuzz_once(rng, 10)) {
		proto = flow->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		put_network(rng, flow, dir, false, proto, buf);
		packet->l4 = buf->len;
		fuzz_icmp_error(rng, flow, dir, 0, buf);
	} else {
		put_network(rng, flow, dir, false, proto, buf);
		packet->l4 = buf->len;
		fuzz_transport(rng, flow, dir, step, buf);
	}
	if (fuzz_once(rng, 24))
		buf->len = packet->l4 + fuzz_below(rng, buf->len - packet->l4 + 1);
	if (fuzz_once(rng, 24))
		fuzz_mutate(rng, buf, packet->l4);
	/* What the stack looks at before stays as it is, but for what is sent. */
	if (fuzz_once(rng, 24))
		fuzz_mutate(rng, buf, flow->v6 ? 40 : 20);
	packet->l4 = min(packet->l4, buf->len);
	packet->header = flow->v6 ? 40 : (buf->data[0] & 15) * 4;
	while (buf->len < packet->header)
		put_u8(buf, 0);
	set_length(buf, 0, flow->v6);
	if (packet->checked && !fuzz_once(rng, 16))
		set_checksum(packet, proto);
	else
		packet->checked = false;
	if (packet->path == FUZZ_OUTPUT && fuzz_once(rng, 32))
		spoil_header(rng, packet);
}

/**
 * fuzz_make() - the next packet
 * @maker: makes it; its seed, topic and number are set, the number to the
 *	beginning of an episode at first
 * @packet: gets it
 */
void fuzz_make(struct fuzz_maker *maker, struct fuzz_packet *packet)
{
	u32 step = maker->number % FUZZ_EPISODE;

	if (!step)
		start_episode(maker, maker->number / FUZZ_EPISODE);
	make_packet(maker, step, packet);
	maker->number++;
}
