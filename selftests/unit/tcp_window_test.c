// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_proto_tcp_window.c: segments at, inside and beyond every edge of the
 * windows.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "tcp_conn.h"

#define SLACK	66000	/* how old an ACK may be, van Rooij 3.4 */

/* One side sends, from @seq on, the other acknowledges each piece. */
static void transfer(struct kunit *test, struct conn *c, u8 dir, u32 seq,
		     u32 bytes, u32 piece, u32 other)
{
	u32 n;

	for (; bytes; bytes -= n, seq += n) {
		n = min(bytes, piece);
		KUNIT_ASSERT_EQ(test, fits(c, dir, seq, n, other), NF_CT_TCP_FITS);
		KUNIT_ASSERT_EQ(test, fits(c, !dir, other, 0, seq + n),
				NF_CT_TCP_FITS);
	}
}

/* --- a connection opens ------------------------------------------------- */

static void handshake(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	const struct ip_ct_tcp_state *seen = c.tcp.seen;

	/* Each has sent its SYN, and may send what the other's window has. */
	KUNIT_EXPECT_EQ(test, seen[CLIENT].td_end, c.at[CLIENT] + 1);
	KUNIT_EXPECT_EQ(test, seen[SERVER].td_end, c.at[SERVER] + 1);
	KUNIT_EXPECT_EQ(test, seen[CLIENT].td_maxend, c.at[CLIENT] + 1 + 2000);
	KUNIT_EXPECT_EQ(test, seen[SERVER].td_maxend, c.at[SERVER] + 1 + 1000);
	KUNIT_EXPECT_EQ(test, seen[CLIENT].td_maxwin, 1000);
	KUNIT_EXPECT_EQ(test, seen[SERVER].td_maxwin, 2000);
	KUNIT_EXPECT_EQ(test, seen[CLIENT].td_maxack, c.at[SERVER] + 1);
	KUNIT_EXPECT_EQ(test, seen[SERVER].td_maxack, c.at[CLIENT] + 1);
}

static void simultaneous_open(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 1000, 2000);
	struct nf_ct_tcp_segment answer;

	c.tcp.state = TCP_CONNTRACK_NONE;
	KUNIT_EXPECT_EQ(test, window(&c, syn(&c, CLIENT, WSCALE, 1), false),
			NF_CT_TCP_FITS);
	c.tcp.state = TCP_CONNTRACK_SYN_SENT;
	KUNIT_EXPECT_EQ(test, window(&c, syn(&c, SERVER, WSCALE, 2), false),
			NF_CT_TCP_FITS);
	c.tcp.state = TCP_CONNTRACK_SYN_SENT2;

	answer = synack(&c, WSCALE, 2);
	KUNIT_EXPECT_EQ(test, window(&c, answer, false), NF_CT_TCP_FITS);
	answer.dir = CLIENT;
	answer.seq = c.at[CLIENT];
	answer.end = answer.seq + 1;
	answer.ack = c.at[SERVER] + 1;
	answer.sack = answer.ack;
	answer.wscale = 1;
	KUNIT_EXPECT_EQ(test, window(&c, answer, false), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_scale, 1);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_scale, 2);
}

/* An answer to what was not asked is no reason to refuse the right one. */
static void wrong_answer(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 1000, 2000);
	struct ip_ct_tcp_state before;
	struct nf_ct_tcp_segment seg;
	int i;

	window(&c, syn(&c, CLIENT, 0, 0), false);
	c.tcp.state = TCP_CONNTRACK_SYN_SENT;
	before = c.tcp.seen[CLIENT];
	seg = synack(&c, 0, 0);
	for (i = 1; i < 1000; i *= 3) {
		seg.ack = c.at[CLIENT] + 1 + i;
		seg.sack = seg.ack;
		KUNIT_EXPECT_EQ(test, window(&c, seg, false), NF_CT_TCP_ACK_FAR);
		KUNIT_EXPECT_MEMEQ(test, &c.tcp.seen[CLIENT], &before,
				   sizeof(before));
	}

	/* Wherever that begins. */
	for (i = 0; i < 3; i++) {
		static const u32 by[] = { 0, 1000000, -SLACK - 1 };
		struct conn copy = c;

		copy.at[SERVER] += by[i];
		KUNIT_EXPECT_EQ(test, window(&copy, synack(&copy, 0, 0), false),
				NF_CT_TCP_FITS);
		KUNIT_EXPECT_EQ(test, copy.tcp.seen[SERVER].td_end,
				copy.at[SERVER] + 1);
	}
}

/* A SYN again is the same; from another number it is a new attempt. */
static void syn_again(struct kunit *test)
{
	static const struct {
		u32	by;
		bool	anew;
	} tries[] = {
		{ 0, false },
		{ 1, true },
		{ 1000000, true },
		{ -1000, false },		/* delayed on the way */
		{ -SLACK, false },
		{ -SLACK - 1, true },
		{ 0x7fffffff, true },
		{ -0x7fffffff, true },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct conn c = at_place(test->param_value, 1000, 2000);

		window(&c, syn(&c, CLIENT, WSCALE, 1), false);
		c.tcp.state = TCP_CONNTRACK_SYN_SENT;
		c.at[CLIENT] += tries[i].by;
		c.win[CLIENT] = 500;
		KUNIT_EXPECT_EQ(test, window(&c, syn(&c, CLIENT, PERMIT, 0), false),
				NF_CT_TCP_FITS);
		if (!tries[i].anew)
			c.at[CLIENT] -= tries[i].by;
		KUNIT_EXPECT_EQ_MSG(test, c.tcp.seen[CLIENT].td_end,
				    c.at[CLIENT] + 1, "by %d", (s32)tries[i].by);
		KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_maxwin,
				tries[i].anew ? 500 : 1000);
		KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].flags,
				tries[i].anew ? PERMIT : WSCALE);
		KUNIT_EXPECT_EQ(test, window(&c, synack(&c, 0, 0), false),
				NF_CT_TCP_FITS);
	}
}

/* One that takes the place of another, but offers nothing: that still holds. */
static void syn_without_options(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 1000, 2000);
	struct nf_ct_tcp_segment seg;

	window(&c, syn(&c, CLIENT, WSCALE, 1), false);
	c.tcp.state = TCP_CONNTRACK_SYN_SENT;
	c.at[CLIENT] += 10;
	window(&c, syn(&c, CLIENT, 0, 0), false);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_end, c.at[CLIENT] + 1);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].flags, WSCALE);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_scale, 1);

	/* Options, but none of those. */
	c.at[CLIENT] += 10;
	seg = syn(&c, CLIENT, 0, 0);
	seg.has_options = true;
	window(&c, seg, false);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].flags, 0);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_scale, 0);

	/* A connection that is open takes no other SYN. */
	c = established(test, 1000, 2000);
	c.at[CLIENT] += 10;
	window(&c, syn(&c, CLIENT, WSCALE, 1), false);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].flags & WSCALE, 0);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_maxend,
			c.at[CLIENT] - 10 + 1 + 2000);
}

/* Who knows the ports and nothing else must not reset a SYN. */
static void reset_of_a_syn(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 1000, 2000);
	struct nf_ct_tcp_segment rst;

	window(&c, syn(&c, CLIENT, 0, 0), false);
	c.tcp.state = TCP_CONNTRACK_SYN_SENT;
	rst = data(&c, CLIENT, 1, 0, 0);
	rst.event = NF_CT_TCP_RST;
	rst.has_ack = false;
	rst.acks_nothing = true;
	KUNIT_EXPECT_EQ(test, window(&c, rst, false), NF_CT_TCP_FITS);
	rst.seq -= 2;
	rst.end -= 2;
	KUNIT_EXPECT_EQ(test, window(&c, rst, false), NF_CT_TCP_SEQ_OLD);
	rst.seq -= 1000000;
	rst.end -= 1000000;
	KUNIT_EXPECT_EQ(test, window(&c, rst, false), NF_CT_TCP_SEQ_OLD);

	/* The server's has to acknowledge it. */
	rst = data(&c, SERVER, 0, 0, 2);
	rst.event = NF_CT_TCP_RST;
	KUNIT_EXPECT_EQ(test, window(&c, rst, false), NF_CT_TCP_FITS);
	c = at_place(test->param_value, 1000, 2000);
	window(&c, syn(&c, CLIENT, 0, 0), false);
	c.tcp.state = TCP_CONNTRACK_SYN_SENT;
	rst.ack++;
	rst.sack++;
	KUNIT_EXPECT_EQ(test, window(&c, rst, false), NF_CT_TCP_ACK_FAR);
}

/* --- scaling, RFC 7323 -------------------------------------------------- */

static void scaling(struct kunit *test)
{
	static const struct {
		u8 options[IP_CT_DIR_MAX], scale[IP_CT_DIR_MAX];
		u8 settled[IP_CT_DIR_MAX];
	} offers[] = {
		{ { 0, 0 }, { 0, 0 }, { 0, 0 } },
		{ { WSCALE, 0 }, { 3, 0 }, { 0, 0 } },
		{ { 0, WSCALE }, { 0, 7 }, { 0, 0 } },
		{ { WSCALE, WSCALE }, { 3, 7 }, { 3, 7 } },
		{ { WSCALE, WSCALE }, { 0, 7 }, { 0, 7 } },
		{ { WSCALE, WSCALE }, { 14, 14 }, { 14, 14 } },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(offers); i++) {
		struct conn c = at_place(test->param_value, 100, 200);
		const struct ip_ct_tcp_state *seen = c.tcp.seen;
		u32 room;

		shake(test, &c, offers[i].options[CLIENT], offers[i].scale[CLIENT],
		      offers[i].options[SERVER], offers[i].scale[SERVER]);
		KUNIT_EXPECT_EQ(test, seen[CLIENT].td_scale, offers[i].settled[CLIENT]);
		KUNIT_EXPECT_EQ(test, seen[SERVER].td_scale, offers[i].settled[SERVER]);

		/* The client's ACK was scaled, the server's SYN/ACK was not. */
		room = 100u << offers[i].settled[CLIENT];
		KUNIT_EXPECT_EQ(test, seen[SERVER].td_maxend,
				c.at[SERVER] + 1 + room);
		KUNIT_EXPECT_EQ(test, seen[CLIENT].td_maxend, c.at[CLIENT] + 1 + 200);

		/* Now the server's window is. */
		fits(&c, SERVER, 1, 0, 1);
		room = 200u << offers[i].settled[SERVER];
		KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 1 + room - 100, 100, 1),
				NF_CT_TCP_FITS);
		KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 1 + room + 1, 0, 1),
				NF_CT_TCP_SEQ_AHEAD);
		KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 1 + 2 * room, 0, 1),
				NF_CT_TCP_SEQ_FAR);
	}
}

static void largest_window(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 65535, 65535);
	const u32 room = 65535u << 14;

	shake(test, &c, WSCALE, 14, WSCALE, 14);
	fits(&c, SERVER, 1, 0, 1);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, room, 1, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 1 + room + 1, 0, 1),
			NF_CT_TCP_SEQ_AHEAD);

	/* Who begins inside makes it larger, as any other. */
	KUNIT_EXPECT_EQ(test, fits(&c, CLIENT, room, 1000, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_maxwin, room + 999);
}

/* --- edges, van Rooij 3.1 to 3.4 ---------------------------------------- */

static void upper_edge(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	u32 edge = 1 + 2000;

	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 1, 2000, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, edge - 1, 1, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, edge, 0, 1), NF_CT_TCP_FITS);
	/* The ACK that opened one more window may have gone another way. */
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, edge + 1, 0, 1),
			NF_CT_TCP_SEQ_AHEAD);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, edge + 1, 1998, 1),
			NF_CT_TCP_SEQ_AHEAD);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, edge + 1, 1999, 1),
			NF_CT_TCP_SEQ_FAR);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, edge + 2000, 0, 1),
			NF_CT_TCP_SEQ_FAR);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, edge + 1000000, 10, 1),
			NF_CT_TCP_SEQ_FAR);
	/* The other way round, with the other window. */
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1001, 0, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1002, 0, 1),
			NF_CT_TCP_SEQ_AHEAD);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 2001, 0, 1),
			NF_CT_TCP_SEQ_FAR);

	/* An ACK moves it. */
	transfer(test, &c, CLIENT, 1, 1500, 1500, 1);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, edge + 1500, 0, 1),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, edge + 1501, 0, 1),
			NF_CT_TCP_SEQ_AHEAD);
}

/* Who begins inside has seen a window that we have not. */
static void across_the_edge(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);

	KUNIT_EXPECT_EQ(test, fits(&c, CLIENT, 2001, 1, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_maxwin, 2001);
	KUNIT_EXPECT_EQ(test, fits(&c, CLIENT, 1900, 200, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_maxwin, 2001 + 99);
	/* Who begins outside has not. */
	KUNIT_EXPECT_EQ(test, fits(&c, CLIENT, 2002, 200, 1), NF_CT_TCP_SEQ_AHEAD);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_maxwin, 2001 + 99);
}

static void lower_edge(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	u32 end = 1 + 10000;

	transfer(test, &c, CLIENT, 1, 10000, 2000, 1);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, end - 100, 100, 1),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, end - 2100, 100, 1),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, end - 2101, 100, 1),
			NF_CT_TCP_SEQ_OLD);
	/* A keep-alive is one before, RFC 9293 3.8.4. */
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, end - 1, 0, 1),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 1, 100, 1),
			NF_CT_TCP_SEQ_OLD);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, -1000000, 100, 1),
			NF_CT_TCP_SEQ_OLD);

	/* It is the largest window that counts. */
	c.win[SERVER] = 10;
	KUNIT_EXPECT_EQ(test, fits(&c, SERVER, 1, 0, end), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, end - 2100, 100, 1),
			NF_CT_TCP_FITS);
}

static void ack_edges(struct kunit *test)
{
	struct conn c = established(test, 1000, 60000);
	u32 end = 1 + 300000;

	transfer(test, &c, CLIENT, 1, 300000, 60000, 1);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 0, end), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 0, end + 1),
			NF_CT_TCP_ACK_FAR);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 0, end + 1000000),
			NF_CT_TCP_ACK_FAR);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 0, end - SLACK),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 0, end - SLACK - 1),
			NF_CT_TCP_ACK_OLD);

	/* A segment that does not acknowledge has no such edge. */
	{
		struct nf_ct_tcp_segment seg = data(&c, SERVER, 1, 0, end + 1);

		seg.has_ack = false;
		seg.acks_nothing = true;
		KUNIT_EXPECT_EQ(test, window(&c, seg, false), NF_CT_TCP_FITS);
	}
}

/* A window that is larger than the slack. */
static void ack_edge_scaled(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 1000, 65535);
	const u32 win = 65535 << 2;
	u32 end = 1 + 4 * win;

	shake(test, &c, WSCALE, 0, WSCALE, 2);
	transfer(test, &c, CLIENT, 1, 60000, 60000, 1);
	transfer(test, &c, CLIENT, 60001, 4 * win - 60000, win, 1);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 0, end - win),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 0, end - win - 1),
			NF_CT_TCP_ACK_OLD);
}

/* A segment that is ahead has to be right in everything else. */
static void ahead_and_more(struct kunit *test)
{
	struct conn c = established(test, 1000, 60000);
	u32 end = 1 + 300000;

	transfer(test, &c, CLIENT, 1, 300000, 60000, 1);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1002, 0, end),
			NF_CT_TCP_SEQ_AHEAD);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1002, 0, end + 1),
			NF_CT_TCP_SEQ_FAR);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1002, 0, end - SLACK - 1),
			NF_CT_TCP_SEQ_FAR);
}

/* RFC 2018: a SACK block acknowledges what is above the ACK. */
static void sack(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 1000, 60000);
	struct nf_ct_tcp_segment seg;
	u32 end = 1 + 300000;

	shake(test, &c, PERMIT, 0, 0, 0);
	transfer(test, &c, CLIENT, 1, 300000, 60000, 1);
	seg = data(&c, SERVER, 1, 0, end - SLACK - 1);
	seg.sack = c.at[CLIENT] + end;

	/* Only if who is acknowledged permitted it. */
	c.tcp.seen[CLIENT].flags &= ~PERMIT;
	c.tcp.seen[SERVER].flags |= PERMIT;
	KUNIT_EXPECT_EQ(test, window(&c, seg, false), NF_CT_TCP_ACK_OLD);
	c.tcp.seen[CLIENT].flags |= PERMIT;
	c.tcp.seen[SERVER].flags &= ~PERMIT;
	KUNIT_EXPECT_EQ(test, window(&c, seg, false), NF_CT_TCP_FITS);
	/* What came out of order lies in the window, too. */
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_maxwin, 60000 + SLACK + 1);
	seg.sack++;
	KUNIT_EXPECT_EQ(test, window(&c, seg, false), NF_CT_TCP_ACK_FAR);
	seg = data(&c, SERVER, 1, 0, end);
	seg.sack++;
	KUNIT_EXPECT_EQ(test, window(&c, seg, false), NF_CT_TCP_ACK_FAR);
}

/* A window that is shut, and the probe, RFC 9293 3.8.6.1. */
static void shut_window(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);

	KUNIT_EXPECT_EQ(test, fits(&c, CLIENT, 1, 2000, 1), NF_CT_TCP_FITS);
	c.win[SERVER] = 0;
	KUNIT_EXPECT_EQ(test, fits(&c, SERVER, 1, 0, 2001), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_maxend, c.at[CLIENT] + 2002);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 2001, 1, 1), NF_CT_TCP_FITS);

	/* What was offered once holds, 3.8.6: no taking back. */
	c = established(test, 1000, 2000);
	c.win[SERVER] = 10;
	KUNIT_EXPECT_EQ(test, fits(&c, SERVER, 1, 0, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_maxend, c.at[CLIENT] + 2001);
}

/* A SYN without any window leaves one octet. */
static void no_window_at_all(struct kunit *test)
{
	struct conn c = established(test, 0, 0);

	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_maxwin, 1);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 1, 1, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 3, 1, 1), NF_CT_TCP_SEQ_FAR);
}

/* --- what moves ---------------------------------------------------------- */

static void misfits_move_nothing(struct kunit *test)
{
	static const struct {
		u32			seq, len, ack;
		enum nf_ct_tcp_fit	fit;
	} misfits[] = {
		{ 1, 100, 1 + 300000 - SLACK - 1, NF_CT_TCP_ACK_OLD },
		{ 1, 100, 1 + 300001, NF_CT_TCP_ACK_FAR },
		{ -5000, 100, 1 + 300000, NF_CT_TCP_SEQ_OLD },
		{ 5000, 100, 1 + 300000, NF_CT_TCP_SEQ_FAR },
	};
	struct conn c = established(test, 1000, 60000), before;
	struct nf_ct_tcp_segment seg;
	int i;

	transfer(test, &c, CLIENT, 1, 300000, 60000, 1);
	before = c;
	c.win[SERVER] = 65535;
	before.win[SERVER] = 65535;
	for (i = 0; i < ARRAY_SIZE(misfits); i++) {
		seg = data(&c, SERVER, misfits[i].seq, misfits[i].len,
			   misfits[i].ack);
		KUNIT_EXPECT_EQ(test, window(&c, seg, false), misfits[i].fit);
		KUNIT_EXPECT_MEMEQ(test, &c, &before, sizeof(c));
		/* They may be forgiven, but are not believed. */
		KUNIT_EXPECT_EQ(test, window(&c, seg, true), NF_CT_TCP_LIBERAL);
		KUNIT_EXPECT_MEMEQ(test, &c, &before, sizeof(c));
	}

	/* One that is a little ahead is. */
	seg = data(&c, SERVER, 1002, 100, 1 + 300000);
	KUNIT_EXPECT_EQ(test, window(&c, seg, true), NF_CT_TCP_LIBERAL);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_end, c.at[SERVER] + 1102);
	/* Liberal or not makes no difference to what fits. */
	KUNIT_EXPECT_EQ(test, window(&c, data(&c, SERVER, 1, 10, 1), true),
			NF_CT_TCP_LIBERAL);
	KUNIT_EXPECT_EQ(test, window(&c, data(&c, SERVER, 500, 10, 300001), true),
			NF_CT_TCP_FITS);
}

static void unacknowledged(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	const u8 *flags = &c.tcp.seen[CLIENT].flags;

	KUNIT_EXPECT_FALSE(test, *flags & UNACKED);
	fits(&c, CLIENT, 1, 100, 1);
	KUNIT_EXPECT_TRUE(test, *flags & UNACKED);
	KUNIT_EXPECT_FALSE(test, c.tcp.seen[SERVER].flags & UNACKED);
	fits(&c, SERVER, 1, 0, 51);
	KUNIT_EXPECT_TRUE(test, *flags & UNACKED);
	fits(&c, SERVER, 1, 0, 101);
	KUNIT_EXPECT_FALSE(test, *flags & UNACKED);
	/* What is sent again was acknowledged. */
	fits(&c, CLIENT, 51, 50, 1);
	KUNIT_EXPECT_FALSE(test, *flags & UNACKED);
}

static void acknowledgments(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	const struct ip_ct_tcp_state *server = &c.tcp.seen[SERVER];

	fits(&c, CLIENT, 1, 500, 1);
	fits(&c, SERVER, 1, 0, 501);
	KUNIT_EXPECT_EQ(test, server->td_maxack, c.at[CLIENT] + 501);
	/* Overtaken on the way. */
	fits(&c, SERVER, 1, 0, 301);
	KUNIT_EXPECT_EQ(test, server->td_maxack, c.at[CLIENT] + 501);
}

/* Anywhere in the sequence space the same segments have the same fate. */
static void same_everywhere(struct kunit *test)
{
	struct conn c[2] = {
		at_place(&places[0], 1000, 30000),
		at_place(test->param_value, 1000, 30000),
	};
	struct rnd_state rnd;
	u32 end[2] = { 1, 1 };
	int i, j, dir;

	for (j = 0; j < 2; j++)
		shake(test, &c[j], WSCALE, 2, WSCALE, 0);

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 20000; i++) {
		u8 side = prandom_u32_state(&rnd) & 1;
		u32 seq = end[side] + prandom_u32_state(&rnd) % 8000 - 4000;
		u32 ack = end[!side] - prandom_u32_state(&rnd) % 70000 + 200;
		u32 len = prandom_u32_state(&rnd) % 3000;
		u16 win = prandom_u32_state(&rnd);
		enum nf_ct_tcp_fit fit[2];

		if (prandom_u32_state(&rnd) & 1)
			ack = end[!side];
		for (j = 0; j < 2; j++) {
			c[j].win[side] = win;
			fit[j] = fits(&c[j], side, seq, len, ack);
		}
		KUNIT_ASSERT_EQ_MSG(test, fit[0], fit[1], "segment %d", i);
		for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
			const struct ip_ct_tcp_state *a = &c[0].tcp.seen[dir];
			const struct ip_ct_tcp_state *b = &c[1].tcp.seen[dir];

			KUNIT_ASSERT_EQ(test, a->td_end - c[0].at[dir],
					b->td_end - c[1].at[dir]);
			KUNIT_ASSERT_EQ(test, a->td_maxend - c[0].at[dir],
					b->td_maxend - c[1].at[dir]);
			KUNIT_ASSERT_EQ(test, a->td_maxwin, b->td_maxwin);
			KUNIT_ASSERT_EQ(test, a->td_maxack - c[0].at[!dir],
					b->td_maxack - c[1].at[!dir]);
			KUNIT_ASSERT_EQ(test, a->flags, b->flags);
			end[dir] = a->td_end - c[0].at[dir];
		}
	}
}

/* --- from the middle ------------------------------------------------------ */

/*
 * The client's segment is the first that we see. Nothing is known that it could
 * be held against: it is let through.
 */
static struct conn picked_up(struct kunit *test, u16 client_win)
{
	struct conn c = at_place(test->param_value, client_win, 300);
	int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		c.tcp.seen[dir].flags = PERMIT | LIBERAL;
	c.tcp.state = TCP_CONNTRACK_NONE;
	window(&c, data(&c, CLIENT, 5000, 100, 7000), true);
	c.tcp.state = TCP_CONNTRACK_ESTABLISHED;
	return c;
}

static void pick_up(struct kunit *test)
{
	struct conn c = picked_up(test, 500);
	const struct ip_ct_tcp_state *client = &c.tcp.seen[CLIENT];
	const struct ip_ct_tcp_state *server = &c.tcp.seen[SERVER];

	KUNIT_EXPECT_EQ(test, client->td_end, c.at[CLIENT] + 5100);
	/* Its peer's window is not known yet, so one as large as its own. */
	KUNIT_EXPECT_EQ(test, client->td_maxend, c.at[CLIENT] + 5600);
	KUNIT_EXPECT_EQ(test, client->td_maxwin, 500);
	KUNIT_EXPECT_EQ(test, client->flags & ~IP_CT_TCP_FLAG_MAXACK_SET,
			PERMIT | LIBERAL);
	KUNIT_EXPECT_EQ(test, server->td_maxwin, 0);
	KUNIT_EXPECT_EQ(test, server->flags, PERMIT | LIBERAL);

	/* The other side may begin anywhere, but not acknowledge anything. */
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 6000, 100, 5100),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 9000, 100, 5100),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 7000, 100, 5102),
			NF_CT_TCP_ACK_FAR);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 7000, 100, 5100 - SLACK - 1),
			NF_CT_TCP_ACK_OLD);

	KUNIT_EXPECT_EQ(test, fits(&c, SERVER, 7000, 100, 5100), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, server->td_end, c.at[SERVER] + 7100);
	KUNIT_EXPECT_EQ(test, server->td_maxend, c.at[SERVER] + 7400);
	KUNIT_EXPECT_EQ(test, server->td_maxwin, 300);
	KUNIT_EXPECT_EQ(test, server->td_maxack, c.at[CLIENT] + 5100);
	/* From now on both are held to that. */
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 7400, 0, 5100),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 7401, 0, 5100),
			NF_CT_TCP_SEQ_AHEAD);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 9000, 100, 5100),
			NF_CT_TCP_SEQ_FAR);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 6000, 100, 5100),
			NF_CT_TCP_SEQ_OLD);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 7100, 0, 5101),
			NF_CT_TCP_ACK_FAR);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 5100, 100, 7100),
			NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 5100, 100, 7101),
			NF_CT_TCP_ACK_FAR);
}

/* One octet more than we saw may have been sent: a FIN. */
static void pick_up_unseen_octet(struct kunit *test)
{
	struct conn c = picked_up(test, 500);
	struct nf_ct_tcp_segment seg;

	KUNIT_EXPECT_EQ(test, fits(&c, SERVER, 7000, 0, 5101), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_end, c.at[CLIENT] + 5101);

	/* The number counts, even where it acknowledges nothing. */
	c = picked_up(test, 500);
	seg = data(&c, SERVER, 7000, 0, 5101);
	seg.has_ack = false;
	seg.acks_nothing = true;
	KUNIT_EXPECT_EQ(test, window(&c, seg, false), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_end, c.at[CLIENT] + 5101);
}

/* A window that is shut lets the probe through, here too. */
static void pick_up_shut(struct kunit *test)
{
	struct conn c = picked_up(test, 0);

	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_maxwin, 1);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_maxend, c.at[CLIENT] + 5101);
	KUNIT_EXPECT_EQ(test, fits(&c, SERVER, 7000, 1, 5100), NF_CT_TCP_FITS);
}

static void pick_up_liberal(struct kunit *test)
{
	struct conn c = picked_up(test, 500);

	KUNIT_EXPECT_EQ(test, window(&c, data(&c, SERVER, 7000, 10, 5102), true),
			NF_CT_TCP_LIBERAL);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_maxwin, 300);
}

/* What a flow table leaves, or who makes an entry by hand: no windows. */
static void without_windows(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 500, 300);
	const struct ip_ct_tcp_state *client = &c.tcp.seen[CLIENT];
	const struct ip_ct_tcp_state *server = &c.tcp.seen[SERVER];
	int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		c.tcp.seen[dir].flags = PERMIT | UNACKED |
					IP_CT_TCP_FLAG_MAXACK_SET;
		/* What was acknowledged before tells nothing. */
		c.tcp.seen[dir].td_maxack = c.at[!dir] + 1000000;
	}
	c.tcp.state = TCP_CONNTRACK_ESTABLISHED;
	KUNIT_EXPECT_EQ(test, fits(&c, SERVER, 7000, 100, 5000), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, server->td_end, c.at[SERVER] + 7100);
	/* The other's window is not known, so as wide as without scaling. */
	KUNIT_EXPECT_EQ(test, server->td_maxend, c.at[SERVER] + 7100 + SLACK);
	KUNIT_EXPECT_EQ(test, server->td_maxack, c.at[CLIENT] + 5000);
	KUNIT_EXPECT_EQ(test, server->flags, PERMIT | IP_CT_TCP_FLAG_MAXACK_SET);
	KUNIT_EXPECT_EQ(test, client->td_end, c.at[CLIENT] + 5000);
	KUNIT_EXPECT_EQ(test, client->td_maxend, c.at[CLIENT] + 5300);
	KUNIT_EXPECT_EQ(test, client->flags, PERMIT);
	KUNIT_EXPECT_EQ(test, fits(&c, CLIENT, 5000, 100, 7100), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, CLIENT, 5100, 10, 7101),
			NF_CT_TCP_ACK_FAR);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 7100, 10, 5101),
			NF_CT_TCP_ACK_FAR);

	/* A side that alone has none learns from what it sends. */
	c.tcp.seen[CLIENT] = (struct ip_ct_tcp_state){};
	KUNIT_EXPECT_EQ(test, fits(&c, CLIENT, 5100, 50, 7100), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, client->td_end, c.at[CLIENT] + 5150);
	KUNIT_EXPECT_EQ(test, client->td_maxwin, 500);
}

/* Modulo 2^32, RFC 9293 3.4. */
static void comparison(struct kunit *test)
{
	const struct place *p = test->param_value;
	u32 a = p->at[CLIENT];

	KUNIT_EXPECT_TRUE(test, nf_ct_tcp_after(a + 1, a));
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_after(a, a));
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_after(a - 1, a));
	KUNIT_EXPECT_TRUE(test, nf_ct_tcp_after(a + 0x7fffffff, a));
	KUNIT_EXPECT_TRUE(test, nf_ct_tcp_before(a - 1, a));
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_before(a, a));
	KUNIT_EXPECT_TRUE(test, nf_ct_tcp_before(a - 0x7fffffff, a));
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_before(a + 1, a));
}

static struct kunit_case cases[] = {
	CASE(handshake),
	CASE(simultaneous_open),
	CASE(wrong_answer),
	CASE(syn_again),
	CASE(syn_without_options),
	CASE(reset_of_a_syn),
	CASE(scaling),
	CASE(largest_window),
	CASE(upper_edge),
	CASE(across_the_edge),
	CASE(lower_edge),
	CASE(ack_edges),
	CASE(ack_edge_scaled),
	CASE(ahead_and_more),
	CASE(sack),
	CASE(shut_window),
	CASE(no_window_at_all),
	CASE(misfits_move_nothing),
	CASE(unacknowledged),
	CASE(acknowledgments),
	CASE(same_everywhere),
	CASE(pick_up),
	CASE(pick_up_unseen_octet),
	CASE(pick_up_shut),
	CASE(pick_up_liberal),
	CASE(without_windows),
	CASE(comparison),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_tcp_window",
	.test_cases = cases,
};

kunit_test_suites(&suite);
