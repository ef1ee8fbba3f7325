// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_proto_tcp_window.c: resets, and what is remembered of a segment until
 * the answer to it comes.
 */
#include <kunit/test.h>

#include "tcp_conn.h"

/* --- resets, RFC 5961 3.2 -------------------------------------------------- */

static enum nf_ct_tcp_reset reset_of(const struct conn *c, u8 dir, u32 seq,
				     bool assured, bool ignore_stale)
{
	struct nf_ct_tcp_segment seg = data(c, dir, seq, 0, 0);

	seg.event = NF_CT_TCP_RST;
	seg.has_ack = false;
	seg.acks_nothing = true;
	return nf_ct_tcp_reset(&c->tcp, &seg, assured, ignore_stale);
}

static enum nf_ct_tcp_reset reset(const struct conn *c, u8 dir, u32 seq)
{
	return reset_of(c, dir, seq, true, false);
}

/* 501 sent by the client, 301 of it acknowledged; the last came just before. */
static struct conn half_acknowledged(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	struct nf_ct_tcp_segment seg = data(&c, CLIENT, 301, 200, 1);

	fits(&c, CLIENT, 1, 300, 1);
	fits(&c, SERVER, 1, 0, 301);
	window(&c, seg, false);
	nf_ct_tcp_count_retrans(&c.tcp, &seg);
	c.tcp.last_index = NF_CT_TCP_ACK;
	return c;
}

static void resets(struct kunit *test)
{
	struct conn c = half_acknowledged(test);

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

	/* Only the sender's own segment tells, if it was an ACK or data. */
	c.tcp.last_dir = SERVER;
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 501), NF_CT_TCP_RESET_CHALLENGED);
	c.tcp.last_dir = CLIENT;
	c.tcp.last_index = NF_CT_TCP_FIN;
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 501), NF_CT_TCP_RESET_CHALLENGED);
}

static void resets_unguarded(struct kunit *test)
{
	struct conn c = half_acknowledged(test);

	/* Not assured: there is no connection to guard. */
	KUNIT_EXPECT_EQ(test, reset_of(&c, CLIENT, 302, false, false),
			NF_CT_TCP_RESET_CLOSES);
	KUNIT_EXPECT_EQ(test, reset_of(&c, CLIENT, 300, false, false),
			NF_CT_TCP_RESET_STALE);

	/* One from before the window, treated as one inside. */
	KUNIT_EXPECT_EQ(test, reset_of(&c, CLIENT, 300, true, true),
			NF_CT_TCP_RESET_CHALLENGED);
	KUNIT_EXPECT_EQ(test, reset_of(&c, CLIENT, 300, false, true),
			NF_CT_TCP_RESET_CLOSES);

	/* It is not open yet. */
	c.tcp.state = TCP_CONNTRACK_SYN_RECV;
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 302), NF_CT_TCP_RESET_CLOSES);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 300), NF_CT_TCP_RESET_STALE);

	/* The other side has sent a SYN in the middle: only the ends know what holds. */
	c.tcp.state = TCP_CONNTRACK_ESTABLISHED;
	c.tcp.last_index = NF_CT_TCP_SYN;
	c.tcp.last_dir = SERVER;
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 302), NF_CT_TCP_RESET_CLOSES);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 300), NF_CT_TCP_RESET_CLOSES);

	/* Its own SYN excuses nothing. */
	c.tcp.last_dir = CLIENT;
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 302), NF_CT_TCP_RESET_CHALLENGED);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 300), NF_CT_TCP_RESET_STALE);

	/* A flow table has had the connection: what was acknowledged is long past. */
	c.tcp.last_index = NF_CT_TCP_ACK;
	c.tcp.seen[SERVER].td_maxwin = 0;
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 300), NF_CT_TCP_RESET_CHALLENGED);

	/* Nothing acknowledged: no number is known to be expected. */
	c = at_place(test->param_value, 1000, 2000);
	window(&c, syn(&c, CLIENT, 0, 0), false);
	c.tcp.state = TCP_CONNTRACK_ESTABLISHED;
	c.tcp.last_index = NF_CT_TCP_ACK;
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, 12345), NF_CT_TCP_RESET_CLOSES);
	KUNIT_EXPECT_EQ(test, reset(&c, CLIENT, -12345), NF_CT_TCP_RESET_CLOSES);
}

/* RFC 9293 3.10.7.3: what acknowledges nothing does not reset a SYN. */
static void reset_without_ack(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 1000, 2000);
	struct nf_ct_tcp_segment seg;

	window(&c, syn(&c, CLIENT, 0, 0), false);
	c.tcp.state = TCP_CONNTRACK_SYN_SENT;
	seg = data(&c, SERVER, 12345, 0, 1);
	seg.event = NF_CT_TCP_RST;
	KUNIT_EXPECT_EQ(test, nf_ct_tcp_reset(&c.tcp, &seg, false, false),
			NF_CT_TCP_RESET_CLOSES);
	seg.acks_nothing = true;
	KUNIT_EXPECT_EQ(test, nf_ct_tcp_reset(&c.tcp, &seg, false, false),
			NF_CT_TCP_RESET_STALE);
	/* The client takes its own back. */
	seg.dir = CLIENT;
	KUNIT_EXPECT_EQ(test, nf_ct_tcp_reset(&c.tcp, &seg, false, false),
			NF_CT_TCP_RESET_CLOSES);
}

/* --- what is remembered ----------------------------------------------------- */

static void retransmissions(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	struct nf_ct_tcp_segment seg = data(&c, CLIENT, 1, 100, 1), others[5];
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
	others[0].dir = SERVER;
	others[1].seq++;
	others[2].ack++;
	others[3].end++;
	others[4].win++;
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
	/* 0 is what stands there when nothing is acknowledged. */
	KUNIT_EXPECT_EQ(test, nf_ct_tcp_answers_syn(&c.tcp, &answer),
			answer.ack != 0);

	other = answer;
	other.ack++;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_syn(&c.tcp, &other));
	other.ack = 0;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_syn(&c.tcp, &other));
	other = answer;
	other.dir = CLIENT;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_syn(&c.tcp, &other));

	/* Only the segment just before counts. */
	other = data(&c, CLIENT, 0, 1, 1);
	nf_ct_tcp_remember(&c.tcp, &other);
	KUNIT_EXPECT_EQ(test, c.tcp.last_end, answer.ack);
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_syn(&c.tcp, &answer));
}

/* The client's SYN, alone, and an ACK of something else that answers it. */
static struct conn challenged_syn(struct kunit *test)
{
	struct conn c = at_place(test->param_value, 1000, 2000);
	struct nf_ct_tcp_segment challenge = data(&c, SERVER, 5000, 0, 7000);

	window(&c, syn(&c, CLIENT, 0, 0), false);
	c.tcp.state = TCP_CONNTRACK_SYN_SENT;
	nf_ct_tcp_remember(&c.tcp, &challenge);
	return c;
}

static void answer_to_challenge(struct kunit *test)
{
	struct conn c = challenged_syn(test);
	struct nf_ct_tcp_segment rst = data(&c, CLIENT, 7000, 0, 0), other;

	rst.event = NF_CT_TCP_RST;
	rst.has_ack = false;
	rst.acks_nothing = true;
	KUNIT_EXPECT_TRUE(test, nf_ct_tcp_answers_challenge(&c.tcp, &rst));
	other = rst;
	other.seq++;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_challenge(&c.tcp, &other));
	c.tcp.state = TCP_CONNTRACK_ESTABLISHED;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_challenge(&c.tcp, &rst));

	/* An ACK of an open connection is no such answer. */
	other = data(&c, SERVER, 5000, 0, 8000);
	nf_ct_tcp_remember(&c.tcp, &other);
	KUNIT_EXPECT_EQ(test, c.tcp.last_ack, rst.seq);

	/* Only the segment just before counts. */
	c.tcp.state = TCP_CONNTRACK_SYN_SENT;
	other = syn(&c, CLIENT, 0, 0);
	nf_ct_tcp_remember(&c.tcp, &other);
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_challenge(&c.tcp, &rst));
}

/* RFC 9293 3.10.7.1: who knows of no connection resets at the ACK's number. */
static void answer_to_ack(struct kunit *test)
{
	struct conn c = challenged_syn(test);
	struct nf_ct_tcp_segment rst = data(&c, CLIENT, 7000, 0, 5000), other;

	rst.event = NF_CT_TCP_RST;
	KUNIT_EXPECT_TRUE(test, nf_ct_tcp_answers_ack(&c.tcp, &rst));
	other = rst;
	other.ack++;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_ack(&c.tcp, &other));
	/* An ACK of its own side it does not answer. */
	other = rst;
	other.dir = SERVER;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_ack(&c.tcp, &other));
	/* We know better what the other side has. */
	c.tcp.seen[SERVER].flags |= IP_CT_TCP_FLAG_MAXACK_SET;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_ack(&c.tcp, &rst));
	c.tcp.seen[SERVER].flags &= ~IP_CT_TCP_FLAG_MAXACK_SET;
	c.tcp.last_index = NF_CT_TCP_FIN;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_answers_ack(&c.tcp, &rst));
}

/* RFC 5961 4.2, where both have sent a FIN. */
static void challenge(struct kunit *test)
{
	struct conn c = established(test, 1000, 2000);
	struct nf_ct_tcp_segment asked = syn(&c, CLIENT, WSCALE | PERMIT, 3);
	struct nf_ct_tcp_segment ack = data(&c, SERVER, 500, 0, 700), other;

	/* Nobody waits for one in the middle. */
	nf_ct_tcp_remember(&c.tcp, &asked);
	KUNIT_EXPECT_EQ(test, c.tcp.last_flags, WSCALE | PERMIT);
	KUNIT_EXPECT_EQ(test, c.tcp.last_wscale, 3);
	c.tcp.state = TCP_CONNTRACK_LAST_ACK;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_is_challenge(&c.tcp, &ack));

	nf_ct_tcp_remember(&c.tcp, &asked);
	KUNIT_EXPECT_EQ(test, c.tcp.last_flags,
			WSCALE | PERMIT | IP_CT_EXP_CHALLENGE_ACK);
	KUNIT_EXPECT_TRUE(test, nf_ct_tcp_is_challenge(&c.tcp, &ack));
	other = ack;
	other.dir = CLIENT;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_is_challenge(&c.tcp, &other));
	other = ack;
	other.event = NF_CT_TCP_FIN;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_is_challenge(&c.tcp, &other));
	c.tcp.state = TCP_CONNTRACK_TIME_WAIT;
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_is_challenge(&c.tcp, &ack));

	/* Only the segment just before counts. */
	c.tcp.state = TCP_CONNTRACK_LAST_ACK;
	other = data(&c, CLIENT, 1, 0, 1);
	nf_ct_tcp_remember(&c.tcp, &other);
	KUNIT_EXPECT_FALSE(test, nf_ct_tcp_is_challenge(&c.tcp, &ack));
	/* That both opened is not forgotten over it. */
	c.tcp.last_flags = IP_CT_TCP_SIMULTANEOUS_OPEN;
	nf_ct_tcp_remember(&c.tcp, &other);
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
	c.tcp.state = TCP_CONNTRACK_LAST_ACK;
	nf_ct_tcp_remember(&c.tcp, &asked);
	nf_ct_tcp_resync(&c.tcp, &answer);

	KUNIT_EXPECT_FALSE(test, c.tcp.last_flags & IP_CT_EXP_CHALLENGE_ACK);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].flags, WSCALE | PERMIT);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].flags, LIBERAL);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_maxwin, 1);
	KUNIT_EXPECT_EQ(test, window(&c, answer, false), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[CLIENT].td_scale, 3);
	KUNIT_EXPECT_EQ(test, c.tcp.seen[SERVER].td_scale, 5);
	c.tcp.state = TCP_CONNTRACK_SYN_RECV;
	c.win[CLIENT] = 100;
	KUNIT_EXPECT_EQ(test, fits(&c, CLIENT, 1, 100, 1), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 800, 101), NF_CT_TCP_FITS);
	KUNIT_EXPECT_EQ(test, would_fit(&c, SERVER, 1, 800, 102),
			NF_CT_TCP_ACK_FAR);
}

static struct kunit_case cases[] = {
	CASE(resets),
	CASE(resets_unguarded),
	CASE(reset_without_ack),
	CASE(retransmissions),
	CASE(answer_to_syn),
	CASE(answer_to_challenge),
	CASE(answer_to_ack),
	CASE(challenge),
	CASE(resync),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_tcp_answer",
	.test_cases = cases,
};

kunit_test_suites(&suite);
