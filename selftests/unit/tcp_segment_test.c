// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_proto_tcp_segment.c: from the bytes of a packet to a segment. Packets
 * in one piece and in two, whole and broken; entries with and without what they
 * can have to do with it.
 */
#include <kunit/test.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "nf_ct.h"
#include "nf_ct_tcp.h"

#define CLIENT	IP_CT_DIR_ORIGINAL
#define SERVER	IP_CT_DIR_REPLY

#define OFFSET	sizeof(struct iphdr)

/* What a packet is made of. */
struct packet {
	u32		seq, ack_seq;
	u8		flags;
	u16		window;
	const u8	*opt;
	unsigned int	optlen;
	unsigned int	payload;
};

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define PSH	0x08
#define ACK	0x10

static void put_headers(u8 *at, const struct packet *p)
{
	unsigned int len = sizeof(struct tcphdr) + p->optlen + p->payload;
	struct iphdr *iph = (struct iphdr *)at;
	struct tcphdr *th = (struct tcphdr *)(iph + 1);

	iph->version = 4;
	iph->ihl = 5;
	iph->protocol = IPPROTO_TCP;
	iph->saddr = htonl(0x0a000001);
	iph->daddr = htonl(0x0a000002);
	iph->tot_len = htons(OFFSET + len);
	iph->check = ip_fast_csum(iph, iph->ihl);
	th->seq = htonl(p->seq);
	th->ack_seq = htonl(p->ack_seq);
	th->doff = (sizeof(*th) + p->optlen) / 4;
	((u8 *)th)[13] = p->flags;
	th->window = htons(p->window);
	memcpy(th + 1, p->opt, p->optlen);
	th->check = tcp_v4_check(len, iph->saddr, iph->daddr,
				 csum_partial(th, len, 0));
}

/* The first @linear bytes lie at the front, the others in a page. */
static struct sk_buff *packet(struct kunit *test, const struct packet *p,
			      unsigned int linear)
{
	unsigned int len = OFFSET + sizeof(struct tcphdr) + p->optlen + p->payload;
	struct sk_buff *skb;
	struct page *page;

	u8 *bytes = kunit_kzalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	put_headers(bytes, p);

	linear = min(linear, len);
	skb = alloc_skb(linear, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, bytes, linear);
	skb_reset_network_header(skb);
	if (linear < len) {
		page = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, page);
		memcpy(page_address(page), bytes + linear, len - linear);
		skb_add_rx_frag(skb, 0, page, 0, len - linear, PAGE_SIZE);
	}
	return skb;
}

#define WHOLE	UINT_MAX

/* --- is it a TCP header? ------------------------------------------------ */

static bool accepted(struct sk_buff *skb, unsigned int hook)
{
	const struct nf_hook_state state = {
		.hook = hook,
		.pf = NFPROTO_IPV4,
		.net = &init_net,
	};
	struct tcphdr buf;
	bool is;

	rcu_read_lock();
	is = nf_ct_tcp_header(skb, OFFSET, &buf, &state);
	rcu_read_unlock();
	return is;
}

static const struct packet plain = { 1, 2, PSH | ACK, 100, NULL, 0, 10 };

static void length(struct kunit *test)
{
	const unsigned int len = OFFSET + sizeof(struct tcphdr) + plain.payload;
	unsigned int linear, cut, doff;
	struct sk_buff *skb;

	/* Any split of any length: a header is there if its bytes are. */
	for (linear = OFFSET; linear <= len; linear++)
		for (cut = OFFSET; cut <= len; cut++) {
			skb = packet(test, &plain, linear);
			KUNIT_ASSERT_EQ(test, pskb_trim(skb, cut), 0);
			KUNIT_EXPECT_EQ_MSG(test, accepted(skb, NF_INET_LOCAL_OUT),
					    cut >= OFFSET + sizeof(struct tcphdr),
					    "%u of %u", cut, linear);
			kfree_skb(skb);
		}

	/* The header's own length: at least its 20 bytes, and in the packet. */
	for (doff = 0; doff < 16; doff++) {
		skb = packet(test, &plain, WHOLE);
		((struct tcphdr *)(skb->data + OFFSET))->doff = doff;
		KUNIT_EXPECT_EQ_MSG(test, accepted(skb, NF_INET_LOCAL_OUT),
				    doff >= 5 && doff * 4 <= 20 + plain.payload,
				    "doff %u", doff);
		kfree_skb(skb);
	}
}

static void checksum(struct kunit *test)
{
	const u8 was = init_net.ct.sysctl_checksum;
	struct sk_buff *skb = packet(test, &plain, WHOLE);

	init_net.ct.sysctl_checksum = 1;
	KUNIT_EXPECT_TRUE(test, accepted(skb, NF_INET_PRE_ROUTING));
	kfree_skb(skb);

	skb = packet(test, &plain, WHOLE);
	skb->data[skb->len - 1] ^= 1;
	KUNIT_EXPECT_FALSE(test, accepted(skb, NF_INET_PRE_ROUTING));
	/* Of our own making. */
	KUNIT_EXPECT_TRUE(test, accepted(skb, NF_INET_LOCAL_OUT));
	init_net.ct.sysctl_checksum = 0;
	KUNIT_EXPECT_TRUE(test, accepted(skb, NF_INET_PRE_ROUTING));
	init_net.ct.sysctl_checksum = was;
	kfree_skb(skb);
}

static void every_flag(struct kunit *test)
{
	struct packet p = plain;
	unsigned int f;

	for (f = 0; f <= U8_MAX; f++) {
		struct sk_buff *skb;

		p.flags = f;
		skb = packet(test, &p, WHOLE);
		KUNIT_EXPECT_EQ_MSG(test, accepted(skb, NF_INET_LOCAL_OUT),
				    nf_ct_tcp_event(f) != NF_CT_TCP_BAD_FLAGS,
				    "flags %#x", f);
		kfree_skb(skb);
	}
}

/* --- what does it say? --------------------------------------------------- */

static struct nf_conn *entry(struct kunit *test)
{
	struct nf_conntrack_tuple tuple = {}, reply;
	struct nf_conn *ct;

	tuple.src.l3num = NFPROTO_IPV4;
	tuple.dst.protonum = IPPROTO_TCP;
	KUNIT_ASSERT_TRUE(test, nf_ct_invert_tuple(&reply, &tuple));
	ct = nf_conntrack_alloc(&init_net, &nf_ct_zone_dflt, &tuple, &reply,
				GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ct));
	return ct;
}

static struct nf_ct_tcp_segment read_from(struct kunit *test, struct nf_conn *ct,
					  const struct packet *p,
					  unsigned int linear, u8 dir)
{
	struct sk_buff *skb = packet(test, p, linear);
	struct nf_ct_tcp_segment seg;
	const struct tcphdr *th;
	struct tcphdr buf;

	memset(&seg, 0xee, sizeof(seg));
	rcu_read_lock();
	th = skb_header_pointer(skb, OFFSET, sizeof(buf), &buf);
	if (th)
		nf_ct_tcp_read(ct, skb, OFFSET, th, dir, &seg);
	rcu_read_unlock();
	KUNIT_EXPECT_NOT_NULL(test, th);
	kfree_skb(skb);
	return seg;
}

/* RFC 9293 3.4: SYN and FIN take a number each, other flags none. */
static void numbers(struct kunit *test)
{
	static const struct {
		u8	flags;
		u8	payload;
		u32	takes;
		u8	event;
	} kinds[] = {
		{ SYN, 0, 1, NF_CT_TCP_SYN },
		{ SYN, 7, 8, NF_CT_TCP_SYN },		/* RFC 7413 */
		{ SYN | ACK, 0, 1, NF_CT_TCP_SYNACK },
		{ ACK, 0, 0, NF_CT_TCP_ACK },
		{ PSH | ACK, 7, 7, NF_CT_TCP_ACK },
		{ FIN | ACK, 0, 1, NF_CT_TCP_FIN },
		{ FIN | ACK, 7, 8, NF_CT_TCP_FIN },
		{ RST | ACK, 0, 0, NF_CT_TCP_RST },
	};
	static const u8 opt[] = { 1, 1, 1, 0 };
	struct nf_conn *ct = entry(test);
	int i, dir, n;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
			for (n = 0; n <= sizeof(opt); n += 4) {
				struct packet p = {
					.seq = 0xfffffffc, .ack_seq = 0x12345678,
					.flags = kinds[i].flags, .window = 0xfedc,
					.opt = opt, .optlen = n,
					.payload = kinds[i].payload,
				};
				struct nf_ct_tcp_segment seg;

				seg = read_from(test, ct, &p, WHOLE, dir);
				KUNIT_EXPECT_EQ(test, seg.seq, 0xfffffffc);
				KUNIT_EXPECT_EQ(test, seg.end,
						0xfffffffc + kinds[i].takes);
				KUNIT_EXPECT_EQ(test, seg.win, 0xfedc);
				KUNIT_EXPECT_EQ(test, seg.dir, dir);
				KUNIT_EXPECT_EQ(test, seg.event, kinds[i].event);
				KUNIT_EXPECT_EQ(test, seg.has_ack,
						!!(p.flags & ACK));
				KUNIT_EXPECT_EQ(test, seg.acks_nothing,
						!(p.flags & ACK));
				KUNIT_EXPECT_EQ(test, seg.has_options, n > 0);
				/* What stands there is told anyway. */
				KUNIT_EXPECT_EQ(test, seg.ack, 0x12345678);
				KUNIT_EXPECT_EQ(test, seg.sack, seg.ack);
				KUNIT_EXPECT_EQ(test, seg.options, 0);
				KUNIT_EXPECT_EQ(test, seg.wscale, 0);
			}
	nf_conntrack_free(ct);
}

/* A reset with ACK and no number acknowledges nothing; others do, 0 too. */
static void ack_of_nothing(struct kunit *test)
{
	struct packet p = { .flags = RST | ACK };
	struct nf_conn *ct = entry(test);
	struct nf_ct_tcp_segment seg;

	seg = read_from(test, ct, &p, WHOLE, CLIENT);
	KUNIT_EXPECT_TRUE(test, seg.acks_nothing);
	KUNIT_EXPECT_TRUE(test, seg.has_ack);
	p.ack_seq = 1;
	seg = read_from(test, ct, &p, WHOLE, CLIENT);
	KUNIT_EXPECT_FALSE(test, seg.acks_nothing);
	p.flags = RST;
	seg = read_from(test, ct, &p, WHOLE, CLIENT);
	KUNIT_EXPECT_TRUE(test, seg.acks_nothing);
	KUNIT_EXPECT_FALSE(test, seg.has_ack);
	p.ack_seq = 0;
	p.flags = ACK;
	seg = read_from(test, ct, &p, WHOLE, CLIENT);
	KUNIT_EXPECT_FALSE(test, seg.acks_nothing);
	nf_conntrack_free(ct);
}

/* What a SYN or SYN/ACK offers, however the packet lies in memory. */
static void offers(struct kunit *test)
{
	static const u8 opt[] = { 2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 1, 1 };
	const u8 both = IP_CT_TCP_FLAG_WINDOW_SCALE | IP_CT_TCP_FLAG_SACK_PERM;
	struct packet p = { .flags = SYN, .opt = opt, .optlen = sizeof(opt) };
	struct nf_conn *ct = entry(test);
	struct nf_ct_tcp_segment seg;
	unsigned int linear;

	for (linear = OFFSET; linear <= OFFSET + 20 + sizeof(opt); linear++) {
		seg = read_from(test, ct, &p, linear, CLIENT);
		KUNIT_EXPECT_EQ(test, seg.options, both);
		KUNIT_EXPECT_EQ(test, seg.wscale, 7);
	}
	p.flags = SYN | ACK;
	KUNIT_EXPECT_EQ(test, read_from(test, ct, &p, WHOLE, SERVER).options, both);
	/* Anywhere else they mean nothing, RFC 7323 2.2, RFC 2018 2. */
	p.flags = ACK;
	KUNIT_EXPECT_EQ(test, read_from(test, ct, &p, WHOLE, SERVER).options, 0);
	nf_conntrack_free(ct);
}

/* A block from 3000 to 4000, behind two NOPs. */
static const u8 sack_opt[] = {
	1, 1, 5, 10, 0, 0, 0x0b, 0xb8, 0, 0, 0x0f, 0xa0
};

static void sack(struct kunit *test)
{
	static const u8 stamps[] = { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2 };
	struct packet p = {
		.ack_seq = 2000, .flags = ACK,
		.opt = sack_opt, .optlen = sizeof(sack_opt),
	};
	struct nf_conn *ct = entry(test);

	/* Whether it was permitted is for the windows' rules to ask. */
	KUNIT_EXPECT_EQ(test, read_from(test, ct, &p, WHOLE, CLIENT).sack, 4000);
	KUNIT_EXPECT_EQ(test, read_from(test, ct, &p, OFFSET + 25, CLIENT).sack,
			4000);
	KUNIT_EXPECT_EQ(test, read_from(test, ct, &p, WHOLE, CLIENT).ack, 2000);

	/* A reset that acknowledges nothing has no blocks either. */
	p.flags = RST;
	KUNIT_EXPECT_EQ(test, read_from(test, ct, &p, WHOLE, CLIENT).sack, 2000);
	p.flags = ACK;
	p.opt = stamps;
	KUNIT_EXPECT_EQ(test, read_from(test, ct, &p, WHOLE, CLIENT).sack, 2000);
	nf_conntrack_free(ct);
}

/* Where NAT made what the server sent longer, the client's ACK means less. */
static void adjusted(struct kunit *test)
{
	struct packet p = {
		.seq = 100, .ack_seq = 2000, .flags = ACK,
		.opt = sack_opt, .optlen = sizeof(sack_opt),
	};
	struct nf_conn *ct = entry(test);
	struct nf_ct_tcp_segment seg;

	KUNIT_ASSERT_NOT_NULL(test, nfct_seqadj_ext_add(ct));
	nf_ct_seqadj_init(ct, IP_CT_ESTABLISHED_REPLY, 50);
	KUNIT_ASSERT_TRUE(test, test_bit(IPS_SEQ_ADJUST_BIT, &ct->status));

	seg = read_from(test, ct, &p, WHOLE, CLIENT);
	KUNIT_EXPECT_EQ(test, seg.seq, 100);
	KUNIT_EXPECT_EQ(test, seg.ack, 1950);
	KUNIT_EXPECT_EQ(test, seg.sack, 3950);
	/* What the client sent was not changed. */
	seg = read_from(test, ct, &p, WHOLE, SERVER);
	KUNIT_EXPECT_EQ(test, seg.ack, 2000);
	/* Nor is a number that acknowledges nothing. */
	p.flags = RST;
	seg = read_from(test, ct, &p, WHOLE, CLIENT);
	KUNIT_EXPECT_EQ(test, seg.ack, 2000);
	nf_conntrack_free(ct);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(length),
	KUNIT_CASE(checksum),
	KUNIT_CASE(every_flag),
	KUNIT_CASE(numbers),
	KUNIT_CASE(ack_of_nothing),
	KUNIT_CASE(offers),
	KUNIT_CASE(sack),
	KUNIT_CASE(adjusted),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_tcp_segment",
	.test_cases = cases,
};

kunit_test_suites(&suite);
