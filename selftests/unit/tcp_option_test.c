// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_proto_tcp_option.c: options as stacks send them, and as nobody should.
 * All are parsed from memory of exactly their length, so that KASAN sees every
 * byte read beyond.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/unaligned.h>

#include "nf_ct_tcp.h"

#define ROOM	40	/* options of a segment, RFC 9293 3.1 */

#define WSCALE	IP_CT_TCP_FLAG_WINDOW_SCALE
#define PERMIT	IP_CT_TCP_FLAG_SACK_PERM

/* A copy of exactly that length. */
static u8 *exact(struct kunit *test, const u8 *opt, unsigned int len)
{
	u8 *copy = kmalloc(len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, opt, len);
	return copy;
}

static struct nf_ct_tcp_segment syn(struct kunit *test, const u8 *opt,
				    unsigned int len)
{
	/* What stood there before is not to stay. */
	struct nf_ct_tcp_segment seg = { .options = 0xff, .wscale = 0xff };
	u8 *copy = exact(test, opt, len);

	nf_ct_tcp_parse_syn(copy, len, &seg);
	kfree(copy);
	return seg;
}

static u32 sack(struct kunit *test, const u8 *opt, unsigned int len, u32 ack,
		u32 offset)
{
	u8 *copy = exact(test, opt, len);
	u32 edge = nf_ct_tcp_parse_sack(copy, len, ack, offset);

	kfree(copy);
	return edge;
}

/* --- SYN --------------------------------------------------------------- */

static const struct offer {
	const char	*name;
	u8		opt[ROOM];
	u8		len;
	u8		options;
	u8		wscale;
} offers[] = {
	{ "none", {}, 0, 0, 0 },
	{ "MSS", { 2, 4, 5, 0xb4 }, 4, 0, 0 },
	{ "MSS, SACK, time stamps, scale",
	  { 2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7 }, 20,
	  WSCALE | PERMIT, 7 },
	{ "MSS, scale, SACK, as Windows",
	  { 2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2 }, 12, WSCALE | PERMIT, 8 },
	{ "scale of 0 is an offer, RFC 7323 2.2", { 3, 3, 0 }, 3, WSCALE, 0 },
	{ "SACK alone", { 4, 2 }, 2, PERMIT, 0 },
	{ "unknown kinds are passed over",
	  { 254, 6, 1, 2, 3, 4, 3, 3, 2, 253, 2, 4, 2 }, 13, WSCALE | PERMIT, 2 },
	{ "option values that look like options",
	  { 254, 5, 3, 3, 9, 4, 2 }, 7, PERMIT, 0 },
	{ "nothing behind the end", { 1, 0, 3, 3, 7, 4, 2 }, 7, 0, 0 },
	{ "all NOP", { 1, 1, 1, 1, 1, 1, 1, 1 }, 8, 0, 0 },
	{ "a kind without a length", { 4, 2, 3 }, 3, PERMIT, 0 },
	{ "length 0", { 4, 2, 3, 0, 7, 0 }, 6, PERMIT, 0 },
	{ "length 1", { 4, 2, 3, 1, 7, 0 }, 6, PERMIT, 0 },
	{ "length 0 of an unknown kind", { 254, 0, 4, 2 }, 4, 0, 0 },
	{ "length 1 of an unknown kind", { 254, 1, 4, 2 }, 4, 0, 0 },
	{ "length beyond the end", { 4, 2, 3, 3 }, 4, PERMIT, 0 },
	{ "length far beyond", { 4, 2, 254, 255, 3, 3, 7 }, 7, PERMIT, 0 },
	{ "scale that is too short", { 3, 2, 4, 2 }, 4, PERMIT, 0 },
	{ "scale that is too long", { 3, 4, 7, 7, 4, 2 }, 6, PERMIT, 0 },
	{ "SACK permitted that is too long", { 4, 3, 0, 3, 3, 7 }, 6, WSCALE, 7 },
};

static void offered(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offers); i++) {
		const struct offer *o = &offers[i];
		struct nf_ct_tcp_segment seg = syn(test, o->opt, o->len);

		KUNIT_EXPECT_EQ_MSG(test, seg.options, o->options, "%s", o->name);
		KUNIT_EXPECT_EQ_MSG(test, seg.wscale, o->wscale, "%s", o->name);
	}
}

/* RFC 7323 2.3: more than 14 counts as 14. */
static void scale(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s <= U8_MAX; s++) {
		const u8 opt[] = { 3, 3, s };

		KUNIT_EXPECT_EQ(test, syn(test, opt, sizeof(opt)).wscale,
				min(s, 14u));
	}
}

/* An option counts only if all of it is there. */
static void cut(struct kunit *test)
{
	/* permitted until 6, the scale until 20 */
	const struct offer *whole = &offers[2];
	unsigned int len;

	for (len = 0; len <= whole->len; len++) {
		struct nf_ct_tcp_segment seg = syn(test, whole->opt, len);

		KUNIT_EXPECT_EQ_MSG(test, !!(seg.options & PERMIT), len >= 6,
				    "%u bytes", len);
		KUNIT_EXPECT_EQ_MSG(test, !!(seg.options & WSCALE), len >= 20,
				    "%u bytes", len);
	}
}

/* Each kind with each length, at each place and with each room behind it. */
static void every_length(struct kunit *test)
{
	static const u8 kinds[] = { 0, 1, 2, 3, 4, 5, 8, 254 };
	unsigned int kind, length, at, len;
	u8 opt[ROOM];

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++)
		for (length = 0; length <= U8_MAX; length += length < 44 ? 1 : 211)
			for (at = 0; at < ROOM; at++) {
				memset(opt, 1, sizeof(opt));
				opt[at] = kinds[kind];
				if (at + 1 < ROOM)
					opt[at + 1] = length;
				for (len = at + 1; len <= ROOM; len++) {
					struct nf_ct_tcp_segment seg;
					bool is;

					seg = syn(test, opt, len);
					is = kinds[kind] == 3 && length == 3 &&
					     at + 3 <= len;
					/* A NOP's "length" may be a kind. */
					if (kinds[kind] != 1)
						KUNIT_ASSERT_EQ(test,
								!!(seg.options & WSCALE),
								is);
					sack(test, opt, len, 0, 0);
				}
			}
}

/* --- SACK -------------------------------------------------------------- */

/* Blocks whose right edges those are. */
static unsigned int put_blocks(u8 *opt, const u32 *edge, unsigned int n)
{
	unsigned int i;

	opt[0] = 5;
	opt[1] = 2 + 8 * n;
	for (i = 0; i < n; i++) {
		put_unaligned_be32(edge[i] - 100, opt + 2 + 8 * i);
		put_unaligned_be32(edge[i], opt + 6 + 8 * i);
	}
	return opt[1];
}

static void right_edges(struct kunit *test)
{
	static const u32 base[] = { 1000, 0x7fffff00, 0xfffffe00, 0xffffffff };
	static const u32 edge[] = { 300, 900, 200, 600 };
	u32 shifted[ARRAY_SIZE(edge)];
	unsigned int b, n, i, len;
	u8 opt[ROOM];

	for (b = 0; b < ARRAY_SIZE(base); b++)
		for (n = 1; n <= ARRAY_SIZE(edge); n++) {
			u32 ack = base[b];

			for (i = 0; i < n; i++)
				shifted[i] = ack + edge[i];
			len = put_blocks(opt, shifted, n);
			KUNIT_EXPECT_EQ_MSG(test, sack(test, opt, len, ack, 0) - ack,
					    n == 1 ? 300 : 900, "%u blocks at %u", n,
					    ack);
			/* All are older: a duplicate, RFC 2883. */
			KUNIT_EXPECT_EQ(test, sack(test, opt, len, ack + 1000, 0),
					ack + 1000);
			/* In the numbers of the other side of a NAT helper. */
			KUNIT_EXPECT_EQ(test, sack(test, opt, len, ack, 250) - ack,
					n == 1 ? 50 : 650);
		}
}

/* Where the block stands, and what is round it, does not matter. */
static void placed(struct kunit *test)
{
	static const u8 stamps[] = { 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1 };
	const u32 edge[] = { 5000, 7000 };
	unsigned int len;
	u8 opt[ROOM];

	memcpy(opt, stamps, sizeof(stamps));
	len = sizeof(stamps) + put_blocks(opt + sizeof(stamps), edge, 2);
	KUNIT_EXPECT_EQ(test, sack(test, opt, len, 4000, 0), 7000);

	/* Behind the end of the options there is none. */
	opt[1] = 0;
	KUNIT_EXPECT_EQ(test, sack(test, opt, len, 4000, 0), 4000);

	KUNIT_EXPECT_EQ(test, sack(test, stamps, sizeof(stamps), 4000, 0), 4000);
	KUNIT_EXPECT_EQ(test, sack(test, opt, 0, 4000, 0), 4000);
}

/* A block that is cut off is none; nor is an option that says it has none. */
static void broken_blocks(struct kunit *test)
{
	const u32 edge[] = { 5000 };
	unsigned int len;
	u8 opt[ROOM];

	put_blocks(opt, edge, 1);
	for (len = 0; len < 10; len++)
		KUNIT_EXPECT_EQ(test, sack(test, opt, len, 4000, 0), 4000);
	for (len = 0; len < 10; len++) {
		opt[1] = len;
		KUNIT_EXPECT_EQ(test, sack(test, opt, 10, 4000, 0), 4000);
	}
}

/* --- anything ---------------------------------------------------------- */

static void chance(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i, len;
	u8 opt[ROOM];
	u32 ack;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 100000; i++) {
		struct nf_ct_tcp_segment seg;

		prandom_bytes_state(&rnd, opt, sizeof(opt));
		/* Mostly kinds and lengths that lead on. */
		for (len = 0; len < ROOM; len++)
			if (prandom_u32_state(&rnd) & 3)
				opt[len] %= 12;
		len = prandom_u32_state(&rnd) % (ROOM + 1);
		ack = prandom_u32_state(&rnd);

		seg = syn(test, opt, len);
		KUNIT_ASSERT_LE(test, seg.wscale, 14);
		KUNIT_ASSERT_EQ(test, seg.options & ~(WSCALE | PERMIT), 0);
		if (!(seg.options & WSCALE))
			KUNIT_ASSERT_EQ(test, seg.wscale, 0);
		/* Edges by chance are in no order: only that it ends is known. */
		sack(test, opt, len, ack, 0);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(offered),
	KUNIT_CASE(scale),
	KUNIT_CASE(cut),
	KUNIT_CASE(every_length),
	KUNIT_CASE(right_edges),
	KUNIT_CASE(placed),
	KUNIT_CASE(broken_blocks),
	KUNIT_CASE(chance),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_tcp_option",
	.test_cases = cases,
};

kunit_test_suites(&suite);
