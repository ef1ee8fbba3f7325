// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_seqadj.c: what is added to numbers before a change of length and behind it,
 * as far as numbers reach, and to what the other side acknowledges.
 */
#include <kunit/test.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/tcp.h>

#include "nf_ct.h"

#define CHANGED	0xffffff00u	/* where the first change is; it is before the wrap */
#define GROWN	5

#define FROM	htonl(0x0a000001)
#define TO	htonl(0x0a000002)

/* A segment: header, a SACK option of one block behind two NOPs, no payload. */
struct segment {
	struct tcphdr	th;
	u8		nop[2];
	u8		kind, len;
	__be32		edge[2];
} __packed;

static struct nf_conn *changed_entry(struct kunit *test)
{
	struct nf_conntrack_tuple tuple = {}, reply;
	struct nf_conn *ct;

	tuple.src.l3num = NFPROTO_IPV4;
	tuple.src.u3.ip = FROM;
	tuple.dst.u3.ip = TO;
	tuple.dst.protonum = IPPROTO_TCP;
	KUNIT_ASSERT_TRUE(test, nf_ct_invert_tuple(&reply, &tuple));
	ct = nf_conntrack_alloc(&init_net, &nf_ct_zone_dflt, &tuple, &reply,
				GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ct));
	KUNIT_ASSERT_NOT_NULL(test, nfct_seqadj_ext_add(ct));
	nf_ct_seqadj_set(ct, IP_CT_ESTABLISHED, htonl(CHANGED), GROWN);
	return ct;
}

static u16 checksum(struct segment *seg)
{
	return (__force u16)tcp_v4_check(sizeof(*seg), FROM, TO,
					 csum_partial(seg, sizeof(*seg), 0));
}

/* How the numbers of a segment leave. */
static struct segment leaves(struct kunit *test, struct nf_conn *ct,
			     enum ip_conntrack_info ctinfo, u32 seq, u32 ack)
{
	struct segment seg = {
		.nop = { TCPOPT_NOP, TCPOPT_NOP },
		.kind = TCPOPT_SACK,
		.len = TCPOLEN_SACK_BASE + TCPOLEN_SACK_PERBLOCK,
		.edge = { htonl(ack + 10), htonl(ack + 20) },
	};
	struct sk_buff *skb = alloc_skb(sizeof(seg), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	seg.th.seq = htonl(seq);
	seg.th.ack_seq = htonl(ack);
	seg.th.ack = 1;
	seg.th.doff = sizeof(seg) / 4;
	seg.th.check = (__force __sum16)checksum(&seg);
	skb_put_data(skb, &seg, sizeof(seg));

	KUNIT_EXPECT_EQ(test, nf_ct_seq_adjust(skb, ct, ctinfo, 0), 1);
	memcpy(&seg, skb->data, sizeof(seg));
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, checksum(&seg), 0);
	return seg;
}

/* What is added to a number of the side whose data has grown. */
static s32 added(struct kunit *test, struct nf_conn *ct, u32 seq)
{
	return ntohl(leaves(test, ct, IP_CT_ESTABLISHED, seq, 1).th.seq) - seq;
}

static void before_and_behind(struct kunit *test)
{
	struct nf_conn *ct = changed_entry(test);

	KUNIT_EXPECT_EQ(test, added(test, ct, CHANGED - 1000), 0);
	KUNIT_EXPECT_EQ(test, added(test, ct, CHANGED), 0);
	KUNIT_EXPECT_EQ(test, added(test, ct, CHANGED + 1), GROWN);
	KUNIT_EXPECT_EQ(test, added(test, ct, CHANGED + 1000), GROWN);

	/* Sent again, it has been counted. */
	nf_ct_seqadj_set(ct, IP_CT_ESTABLISHED, htonl(CHANGED), GROWN);
	KUNIT_EXPECT_EQ(test, added(test, ct, CHANGED + 1), GROWN);

	nf_ct_seqadj_set(ct, IP_CT_ESTABLISHED, htonl(CHANGED + 500), -3);
	KUNIT_EXPECT_EQ(test, added(test, ct, CHANGED + 500), GROWN);
	KUNIT_EXPECT_EQ(test, added(test, ct, CHANGED + 501), GROWN - 3);
	KUNIT_EXPECT_EQ(test, nf_ct_seq_offset(ct, IP_CT_DIR_ORIGINAL, CHANGED + 501),
			GROWN - 3);
	nf_ct_put(ct);
}

/* Half of all numbers behind the change, those before it look like later ones. */
static void once_around(struct kunit *test)
{
	struct nf_conn *ct = changed_entry(test);
	u64 sent;

	for (sent = 1; sent < 3ULL << 32; sent += 1 << 28)
		KUNIT_EXPECT_EQ_MSG(test, added(test, ct, CHANGED + (u32)sent), GROWN,
				    "%llu bytes on", sent);
	nf_ct_put(ct);
}

/* The other side acknowledges what it has got. */
static void acknowledged(struct kunit *test)
{
	struct nf_conn *ct = changed_entry(test);
	struct segment seg;

	seg = leaves(test, ct, IP_CT_ESTABLISHED_REPLY, 7, CHANGED);
	KUNIT_EXPECT_EQ(test, ntohl(seg.th.seq), 7);
	KUNIT_EXPECT_EQ(test, ntohl(seg.th.ack_seq), CHANGED);
	KUNIT_EXPECT_EQ(test, ntohl(seg.edge[0]), CHANGED + 10 - GROWN);

	seg = leaves(test, ct, IP_CT_ESTABLISHED_REPLY, 7, CHANGED + 300);
	KUNIT_EXPECT_EQ(test, ntohl(seg.th.ack_seq), CHANGED + 300 - GROWN);
	KUNIT_EXPECT_EQ(test, ntohl(seg.edge[0]), CHANGED + 310 - GROWN);
	KUNIT_EXPECT_EQ(test, ntohl(seg.edge[1]), CHANGED + 320 - GROWN);
	nf_ct_put(ct);
}

/* A proxy has answered in the server's place: the same for all numbers. */
static void from_the_start(struct kunit *test)
{
	struct nf_conn *ct = changed_entry(test);
	struct segment seg;

	nf_ct_seqadj_init(ct, IP_CT_ESTABLISHED_REPLY, -100);
	seg = leaves(test, ct, IP_CT_ESTABLISHED_REPLY, 50, CHANGED);
	KUNIT_EXPECT_EQ(test, ntohl(seg.th.seq), (u32)-50);
	seg = leaves(test, ct, IP_CT_ESTABLISHED, CHANGED, 50);
	KUNIT_EXPECT_EQ(test, ntohl(seg.th.ack_seq), 150);
	nf_ct_put(ct);
}

static struct kunit_case seqadj_cases[] = {
	KUNIT_CASE(before_and_behind),
	KUNIT_CASE(once_around),
	KUNIT_CASE(acknowledged),
	KUNIT_CASE(from_the_start),
	{}
};

static struct kunit_suite seqadj_suite = {
	.name = "nf_ct_seqadj",
	.test_cases = seqadj_cases,
};

kunit_test_suite(seqadj_suite);
