// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_proto_tcp_window.c: resets, and what is remembered of a segment until
 * the answer to it comes.
 */
#include <kunit/test.h>

#include "tcp_conn.h"

/* --- resets, RFC 5961 3.2 -------------------------------------------------- */

static enum nf_ct_tcp_reset reset(const struct conn *c, u8 dir, u32 seq)
{
	struct nf_ct_tcp_segment seg = data(c, dir, seq, 0, 0);

	seg.event = NF_CT_TCP_RST;
	seg.has_ack = false;
	return nf_ct_tcp_reset(&c->tcp, &seg);
}

static void resets(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);

	/* 501 sent, 301 of it acknowledged. */
	fits(&c, CLIENT, 1, 500, 1);
	fits(&c, SERVER, 1, 0, 301);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 301), NF_CT_TCP_RESET_CLOSES);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 300), NF_CT_TCP_RESET_STALE);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, -100000), NF_CT_TCP_RESET_STALE);
	/* Sent right behind the data, whose ACK is on the way. */
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 501), NF_CT_TCP_RESET_CLOSES);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 302), NF_CT_TCP_RESET_CHALLENGED);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 500), NF_CT_TCP_RESET_CHALLENGED);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 502), NF_CT_TCP_RESET_CHALLENGED);
	KUNIT_EXPECT_EQ(test, reset(&c, SERVER, 1), NF_CT_TCP_RESET_CLOSES);
	KUNIT_EXPECT_EQ(test, reset(&c, SERVER, 0), NF_CT_TCP_RESET_STALE);
	KUNIT_EXPECT_EQ(test, reset(&c, SERVER, 2), NF_CT_TCP_RESET_CHALLENGED);

	/* There is no connection to protect. */
	c.tcp.state = TCP_CONNTRACK_SYN_RECV;
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 302), NF_CT_TCP_RESET_CLOSES);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 300), NF_CT_TCP_RESET_STALE);

	/* Nothing acknowledged: no number is known to be expected. */
	c = at_place(test->param_value, 1000, 2000);
	window(&c, syn(&c, CLIENT, 0, 0), false);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 12345), NF_CT_TCP_RESET_CLOSES);
}

/* --- what is remembered ----------------------------------------------------- */

static void retransmissions(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	struct nf_ct_tcp_segment seg = data(&c, CLIENT, 1, 100, 1), others[6];
	int i;

	nf_ct_tcp_count_retrans(&c.tcp, &seg);
	KUNIT_EXPECT_EQ(test, c.tcp.retrans, 0);
	for (i = 1; i < 300; i++) {
		nf_ct_tcp_count_retrans(&c.tcp, &seg);
		KUNIT_EXPECT_EQ(test, c.tcp.retrans, min(i, U8_MAX));
	}

	/* Whatever is different makes it another segment. */
	for (i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = seg;
	others[0].event = NF_CT_TCP_FIN;
	others[1].dir = SERVER;
	others[2].seq++;
	others[3].ack++;
	others[4].end++;
	others[5].win++;
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		c.tcp.retrans = 7;
		nf_ct_tcp_count_retrans(&c.tcp, &others[i]);
		KUNIT_EXPECT_EQ_MSG(test, c.tcp.retrans, 0, "difference %d", i);
		nf_ct_tcp_count_retrans(&c.tcp, &others[i]);
		KUNIT_EXPECT_EQ(test, c.tcp.retrans, 1);
		nf_ct_tcp_count_retrans(&c.tcp, &seg);
		KUNIT_EXPECT_EQ(test, c.tcp.retrans, 0);
	}
}

static void answer_to_syn(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	struct nf_ct_tcp_segment asked = syn(&c, CLIENT, 0, 0);
	struct nf_ct_tcp_segment answer = synack(&c, 0, 0), other;

	nf_ct_tcp_remember(&c.tcp, &asked);
	KUNIT_EXPECT_TRUE(test, nf_ct_tcp_answers_syn(&c.tcp, &answer));

	other = answer;
	other.ack++;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_syn(&c.tcp, &other));
	other = answer;
	other.has_ack = false;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_syn(&c.tcp, &other));
	other = answer;
	other.dir = CLIENT;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_syn(&c.tcp, &other));

	/* Only the segment just before counts. */
	other = data(&c, CLIENT, 1, 0, 1);
	nf_ct_tcp_remember(&c.tcp, &other);
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_syn(&c.tcp, &answer));
}

static void answer_to_challenge(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	struct nf_ct_tcp_segment challenge = data(&c, SERVER, 5000, 0, 7000);
	struct nf_ct_tcp_segment rst = data(&c, CLIENT, 7000, 0, 0);

	rst.event = NF_CT_TCP_RST;
	rst.has_ack = false;
	nf_ct_tcp_remember(&c.tcp, &challenge);
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_challenge(&c.tcp, &rst));
	c.tcp.last_flags |= IP_CT_EXP_CHALLENGE_ACK;
	KUNIT_EXPECT_TRUE(test, nf_ct_tcp_answers_challenge(&c.tcp, &rst));
	rst.seq++;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_challenge(&c.tcp, &rst));
	rst.seq--;
	rst.dir = SERVER;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_challenge(&c.tcp, &rst));

	/* That both opened is not forgotten over it, all else is. */
	c.tcp.last_flags |= IP_CT_TCP_SIMULTANEOUS_OPEN;
	nf_ct_tcp_remember(&c.tcp, &rst);
	KUNIT_EXPECT_EQ(test, c.tcp.last_flags, IP_CT_TCP_SIMULTANEOUS_OPEN);
}

/* The ends began anew without our believing it, RFC 5961 4.2. */
static void resync(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	struct nf_ct_tcp_segment asked, answer;
	int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		c.tcp.seen[dir].flags |= LIBERAL | UNACKED;
		c.at[dir] += 0x10000000;
	}
	c.win[CLIENT] = 0;
	asked = syn(&c, CLIENT, WSCALE | PERMIT, 3);
	answer = synack(&c, WSCALE, 5);
	nf_ct_tcp_remember(&c.tcp, &asked);
	nf_ct_tcp_resync(&c.tcp, &answer);

	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].flags, LIBERAL | WSCALE | PERMIT);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].flags, LIBERAL);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_maxwin, 1);
	KUNIT_EXPECT_EQ(test, window(&c, answer, false), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_scale, 3);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_scale, 5);
	c.win[CLIENT] = 100;
	KUNIT_EXPECT_EQ(test, fits(&c, CLIENT, 1, 100, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 800, 101), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 800, 102),
			NF_CT_TCP_ACK_FAR);
}

static struct kunit_case cases[] = {
	CASE(resets),
	CASE(retransmissions),
	CASE(answer_to_syn),
	CASE(answer_to_challenge),
	CASE(resync),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_tcp_answer",
	.test_cases = cases,
};

kunit_test_suites(&suite);
