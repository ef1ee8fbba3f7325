// SPDX-License-Identifier: GPL-2.0
/*
 * Tuples: the one of the other direction (nf_ct_invert_tuple() and what it asks
 * ICMP for), when two are the same, and their hash (nf_ct_tuple_hash()).
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <net/netfilter/nf_conntrack_tuple.h>

#include "nf_ct.h"

static struct nf_conntrack_tuple ipv4(u8 protonum)
{
	struct nf_conntrack_tuple t = {};

	t.src.l3num = NFPROTO_IPV4;
	t.src.u3.ip = htonl(0x0a000001);
	t.dst.u3.ip = htonl(0xc0a80102);
	t.src.u.all = htons(1234);
	t.dst.u.all = htons(80);
	t.dst.protonum = protonum;
	return t;
}

static struct nf_conntrack_tuple ipv6(u8 protonum)
{
	struct nf_conntrack_tuple t = ipv4(protonum);
	int i;

	t.src.l3num = NFPROTO_IPV6;
	for (i = 0; i < 4; i++) {
		t.src.u3.ip6[i] = htonl(0x20010db8 + i);
		t.dst.u3.ip6[i] = htonl(0xfd001000 + i);
	}
	return t;
}

static bool same(const struct nf_conntrack_tuple *a,
		 const struct nf_conntrack_tuple *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* --- the other direction ------------------------------------------------- */

/* What has ports: sides change places, and twice is not at all. */
static void invert(struct kunit *test)
{
	unsigned int protonum, v6;

	for (protonum = 0; protonum <= U8_MAX; protonum++)
		for (v6 = 0; v6 < 2; v6++) {
			struct nf_conntrack_tuple t, other, back;

			if (protonum == IPPROTO_ICMP || protonum == IPPROTO_ICMPV6)
				continue;
			t = v6 ? ipv6(protonum) : ipv4(protonum);
			memset(&other, 0xee, sizeof(other));
			KUNIT_EXPECT_TRUE(test, nf_ct_invert_tuple(&other, &t));
			KUNIT_EXPECT_TRUE(test, nf_inet_addr_cmp(&other.src.u3,
								 &t.dst.u3));
			KUNIT_EXPECT_TRUE(test, nf_inet_addr_cmp(&other.dst.u3,
								 &t.src.u3));
			KUNIT_EXPECT_TRUE(test, other.src.u.all == t.dst.u.all);
			KUNIT_EXPECT_TRUE(test, other.dst.u.all == t.src.u.all);
			KUNIT_EXPECT_EQ(test, other.src.l3num, t.src.l3num);
			KUNIT_EXPECT_EQ(test, other.dst.protonum, protonum);
			KUNIT_EXPECT_EQ(test, other.dst.dir, IP_CT_DIR_REPLY);
			KUNIT_EXPECT_FALSE(test, nf_ct_tuple_equal(&other, &t));

			KUNIT_EXPECT_TRUE(test, nf_ct_invert_tuple(&back, &other));
			KUNIT_EXPECT_TRUE(test, same(&back, &t));
		}
}

/* What answers what: RFC 792, RFC 950; RFC 4443, RFC 4620. */
static const u8 icmp_pairs[][2] = { { 8, 0 }, { 13, 14 }, { 15, 16 }, { 17, 18 } };
static const u8 icmpv6_pairs[][2] = { { 128, 129 }, { 139, 140 } };

/* The counterpart of a type, -1 if it has none. */
static int counterpart(const u8 (*pairs)[2], unsigned int n, u8 type)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (pairs[i][0] == type)
			return pairs[i][1];
		if (pairs[i][1] == type)
			return pairs[i][0];
	}
	return -1;
}

static void invert_icmp(struct kunit *test)
{
	unsigned int type, v6;

	for (v6 = 0; v6 < 2; v6++)
		for (type = 0; type <= U8_MAX; type++) {
			struct nf_conntrack_tuple t, other, back;
			int want;

			t = v6 ? ipv6(IPPROTO_ICMPV6) : ipv4(IPPROTO_ICMP);
			t.src.u.icmp.id = htons(77);
			t.dst.u.icmp.type = type;
			t.dst.u.icmp.code = 3;
			want = v6 ? counterpart(icmpv6_pairs,
						ARRAY_SIZE(icmpv6_pairs), type) :
				    counterpart(icmp_pairs,
						ARRAY_SIZE(icmp_pairs), type);
			KUNIT_EXPECT_EQ_MSG(test, nf_ct_invert_tuple(&other, &t),
					    want >= 0, "type %u", type);
			if (want < 0)
				continue;
			KUNIT_EXPECT_EQ(test, other.dst.u.icmp.type, want);
			/* The same query: its number and code stay. */
			KUNIT_EXPECT_EQ(test, ntohs(other.src.u.icmp.id), 77);
			KUNIT_EXPECT_EQ(test, other.dst.u.icmp.code, 3);
			KUNIT_EXPECT_TRUE(test, nf_inet_addr_cmp(&other.src.u3,
								 &t.dst.u3));
			KUNIT_EXPECT_TRUE(test, nf_ct_invert_tuple(&back, &other));
			KUNIT_EXPECT_TRUE(test, same(&back, &t));
		}
}

/* --- what makes a difference ------------------------------------------------ */

/* Change the nth bit of what tells one flow from another; false behind the last. */
static bool change(struct nf_conntrack_tuple *t, unsigned int n)
{
	const unsigned int bits = t->src.l3num == NFPROTO_IPV6 ? 128 : 32;

	if (n < bits) {
		t->src.u3.all[n / 32] ^= 1u << n % 32;
		return true;
	}
	n -= bits;
	if (n < bits) {
		t->dst.u3.all[n / 32] ^= 1u << n % 32;
		return true;
	}
	n -= bits;
	if (n < 16)
		t->src.u.all ^= (__force __be16)(1u << n);
	else if (n < 32)
		t->dst.u.all ^= (__force __be16)(1u << (n - 16));
	else if (n < 40)
		t->dst.protonum ^= 1u << (n - 32);
	return n < 40;
}

static void compare(struct kunit *test)
{
	unsigned int v6, n;

	for (v6 = 0; v6 < 2; v6++) {
		struct nf_conntrack_tuple t, other;

		t = v6 ? ipv6(IPPROTO_TCP) : ipv4(IPPROTO_TCP);
		other = t;
		/* Which direction it is does not belong to it. */
		other.dst.dir = IP_CT_DIR_REPLY;
		KUNIT_EXPECT_TRUE(test, nf_ct_tuple_equal(&t, &other));
		for (n = 0; ; n++) {
			other = t;
			if (!change(&other, n))
				break;
			KUNIT_EXPECT_FALSE_MSG(test, nf_ct_tuple_equal(&t, &other),
					       "bit %u", n);
			KUNIT_EXPECT_NE(test, __nf_ct_tuple_src_equal(&t, &other),
					__nf_ct_tuple_dst_equal(&t, &other));
		}
		other = t;
		other.src.l3num = v6 ? NFPROTO_IPV4 : NFPROTO_IPV6;
		KUNIT_EXPECT_FALSE(test, nf_ct_tuple_equal(&t, &other));
	}
}

/* --- the hash ---------------------------------------------------------------- */

static const hsiphash_key_t key = { { 0x1234567, 0x89abcdef } };
static const hsiphash_key_t other_key = { { 0x1234567, 0x89abcdee } };

/* All that tells flows apart is in it, and of no bit does it know nothing. */
static void hash_of_bits(struct kunit *test)
{
	unsigned int v6, n, bit;

	for (v6 = 0; v6 < 2; v6++) {
		struct nf_conntrack_tuple t, other;
		u32 hash;

		t = v6 ? ipv6(IPPROTO_TCP) : ipv4(IPPROTO_TCP);
		hash = nf_ct_tuple_hash(&key, &t, 7);
		other = t;
		other.dst.dir = IP_CT_DIR_REPLY;
		KUNIT_EXPECT_EQ(test, nf_ct_tuple_hash(&key, &other, 7), hash);

		for (n = 0; ; n++) {
			other = t;
			if (!change(&other, n))
				break;
			KUNIT_EXPECT_NE_MSG(test, nf_ct_tuple_hash(&key, &other, 7),
					    hash, "bit %u", n);
		}
		for (bit = 0; bit < 16; bit++)
			KUNIT_EXPECT_NE(test, nf_ct_tuple_hash(&key, &t,
							       7 ^ 1u << bit), hash);
		other = t;
		other.src.l3num = v6 ? NFPROTO_IPV4 : NFPROTO_IPV6;
		KUNIT_EXPECT_NE(test, nf_ct_tuple_hash(&key, &other, 7), hash);
		KUNIT_EXPECT_NE(test, nf_ct_tuple_hash(&other_key, &t, 7), hash);
		/* The reply's is the same, but not that of half a reply. */
		nf_ct_invert_tuple(&other, &t);
		KUNIT_EXPECT_EQ(test, nf_ct_tuple_hash(&key, &other, 7), hash);
		swap(other.src.u.all, other.dst.u.all);
		KUNIT_EXPECT_NE(test, nf_ct_tuple_hash(&key, &other, 7), hash);
		/* Where only the ports differ, too. */
		t.dst.u3 = t.src.u3;
		hash = nf_ct_tuple_hash(&key, &t, 7);
		nf_ct_invert_tuple(&other, &t);
		KUNIT_EXPECT_EQ(test, nf_ct_tuple_hash(&key, &other, 7), hash);
		other.src.u.all ^= htons(1);
		KUNIT_EXPECT_NE(test, nf_ct_tuple_hash(&key, &other, 7), hash);
	}
}

#define LINES	256
#define FLOWS	(64 * LINES)

/*
 * Flows that are as like as can be spread over the lines. Of 64 on average a
 * line gets, by chance, at most 64 + 7 * 8 but once in 10^9; both that and a
 * total of squares (chi-square, 255 degrees of freedom) tell a hash that forgets
 * something. Key and flows are fixed, so it is always the same.
 */
static void spread(struct kunit *test, bool v6, bool by_port)
{
	struct nf_conntrack_tuple t = v6 ? ipv6(IPPROTO_UDP) : ipv4(IPPROTO_UDP);
	unsigned int *count = kunit_kcalloc(test, LINES, sizeof(*count),
					    GFP_KERNEL);
	unsigned int i, most = 0, least = UINT_MAX, chi = 0;

	KUNIT_ASSERT_NOT_NULL(test, count);
	for (i = 0; i < FLOWS; i++) {
		if (by_port)
			t.src.u.all = htons(i);
		else
			t.dst.u3.ip6[v6 ? 3 : 0] = htonl(i);
		count[nf_ct_tuple_hash(&key, &t, 0) >> 24]++;
	}
	for (i = 0; i < LINES; i++) {
		most = max(most, count[i]);
		least = min(least, count[i]);
		chi += (count[i] - 64) * (count[i] - 64);
	}
	KUNIT_EXPECT_LE(test, most, 64 + 7 * 8);
	KUNIT_EXPECT_GE(test, least, 64 - 7 * 8);
	KUNIT_EXPECT_LE(test, chi / 64, 255 + 7 * 23);
}

static void hash_spreads(struct kunit *test)
{
	spread(test, false, false);
	spread(test, false, true);
	spread(test, true, false);
	spread(test, true, true);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(invert),
	KUNIT_CASE(invert_icmp),
	KUNIT_CASE(compare),
	KUNIT_CASE(hash_of_bits),
	KUNIT_CASE(hash_spreads),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_tuple",
	.test_cases = cases,
};

kunit_test_suites(&suite);
