// SPDX-License-Identifier: GPL-2.0
/*
 * Timeouts of entries: relative until the entry is in the index, absolute in 32
 * bits of jiffies from then on. Jiffies begin five minutes before they wrap, so
 * the longer ones of these timeouts lie behind that.
 */
#include <kunit/test.h>

#include "nf_ct.h"
#include "nf_ct_table.h"

static const u32 timeouts[] = { 30 * HZ, 299 * HZ, 301 * HZ, 5 * NF_CT_DAY };

/* How much time may pass between two lines of a test. */
#define WHILE	(60 * HZ)

static struct nf_conn *new_entry(struct kunit *test)
{
	struct nf_conntrack_tuple tuple = {}, reply;
	struct nf_conn *ct;

	tuple.src.l3num = NFPROTO_IPV4;
	tuple.src.u3.ip = htonl(0x0a000001);
	tuple.dst.u3.ip = htonl(0x0a000002);
	tuple.dst.protonum = IPPROTO_UDP;
	KUNIT_ASSERT_TRUE(test, nf_ct_invert_tuple(&reply, &tuple));
	ct = nf_conntrack_alloc(&init_net, &nf_ct_zone_dflt, &tuple, &reply,
				GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ct));
	return ct;
}

/* An entry in the index, with the test's reference. */
static struct nf_conn *in_index(struct kunit *test, u32 timeout)
{
	struct nf_conn *ct = new_entry(test);

	ct->timeout = timeout;
	refcount_set(&ct->ct_general.use, 1);
	KUNIT_ASSERT_EQ(test, nf_conntrack_hash_check_insert(ct), 0);
	KUNIT_ASSERT_TRUE(test, nf_ct_is_confirmed(ct));
	return ct;
}

static void remove(struct nf_conn *ct)
{
	nf_ct_delete(ct, 0, 0);
	nf_ct_put(ct);
}

/* When the sweep will look at the entry's line, from now. */
static s32 looked_at(const struct nf_conn *ct)
{
	struct nf_ct_array *array;
	unsigned int index;
	u32 due, sum;

	rcu_read_lock();
	array = rcu_dereference(nf_ct_table_of(&init_net)->cur);
	index = line_index(array, nf_ct_link((struct nf_conn *)ct,
					     IP_CT_DIR_ORIGINAL)->hash);
	due = array_line(array, index)->due;
	sum = array->sum[index >> GROUP_BITS];
	rcu_read_unlock();
	return max((s32)(due - nfct_time_stamp), (s32)(sum - nfct_time_stamp));
}

#define EXPECT_ABOUT(test, value, what)					\
	do {								\
		long is = (value), about = (what);			\
		KUNIT_EXPECT_LE(test, is, about);			\
		KUNIT_EXPECT_GT(test, is, about - WHILE);		\
	} while (0)

static void refresh(struct nf_conn *ct, u32 timeout)
{
	nf_ct_refresh_to(ct, timeout);
}

static void unconfirmed(struct kunit *test)
{
	struct nf_conn *ct = new_entry(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		refresh(ct, timeouts[i]);
		KUNIT_EXPECT_EQ(test, ct->timeout, timeouts[i]);
		KUNIT_EXPECT_EQ(test, __nf_ct_change_timeout(ct, timeouts[i] + 1), 0);
		KUNIT_EXPECT_EQ(test, ct->timeout, timeouts[i] + 1);
	}
	nf_conntrack_free(ct);
}

static void confirmed(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		struct nf_conn *ct = in_index(test, timeouts[i]);

		EXPECT_ABOUT(test, nf_ct_expires(ct), timeouts[i]);
		KUNIT_EXPECT_FALSE(test, nf_ct_is_expired(ct));
		KUNIT_EXPECT_LE(test, looked_at(ct), (s32)timeouts[i]);
		remove(ct);
	}
}

static void expired(struct kunit *test)
{
	static const u32 ago[] = { 0, 1, 1000, 0x7fffff00 };
	struct nf_conn *ct = new_entry(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(ago); i++) {
		ct->timeout = nfct_time_stamp - ago[i];
		KUNIT_EXPECT_TRUE(test, nf_ct_is_expired(ct));
		KUNIT_EXPECT_EQ(test, nf_ct_expires(ct), 0);
	}
	ct->timeout = nfct_time_stamp + INT_MAX;
	KUNIT_EXPECT_FALSE(test, nf_ct_is_expired(ct));
	nf_conntrack_free(ct);
}

/* Longer is just written; shorter has to be made known to the sweep. */
static void refreshed(struct kunit *test)
{
	struct nf_conn *ct = in_index(test, 301 * HZ);

	refresh(ct, 5 * NF_CT_DAY);
	EXPECT_ABOUT(test, nf_ct_expires(ct), 5 * NF_CT_DAY);
	/* To look too early does no harm. */
	KUNIT_EXPECT_LE(test, looked_at(ct), 301 * HZ);
	refresh(ct, 120 * HZ);
	EXPECT_ABOUT(test, nf_ct_expires(ct), 120 * HZ);
	KUNIT_EXPECT_LE(test, looked_at(ct), 120 * HZ);
	/* The same once more, in the same jiffy or not. */
	refresh(ct, 120 * HZ);
	EXPECT_ABOUT(test, nf_ct_expires(ct), 120 * HZ);
	remove(ct);
}

static void fixed(struct kunit *test)
{
	struct nf_conn *ct = in_index(test, 301 * HZ);
	u32 was;

	set_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status);
	was = ct->timeout;
	refresh(ct, 5 * NF_CT_DAY);
	KUNIT_EXPECT_EQ(test, ct->timeout, was);
	KUNIT_EXPECT_EQ(test, __nf_ct_change_timeout(ct, 10 * HZ), -EPERM);
	KUNIT_EXPECT_EQ(test, ct->timeout, was);
	remove(ct);
}

/* By netlink, in 64 bits: no more than can be told from the past. */
static void changed(struct kunit *test)
{
	struct nf_conn *ct = in_index(test, 301 * HZ);

	KUNIT_EXPECT_EQ(test, __nf_ct_change_timeout(ct, 120 * HZ), 0);
	EXPECT_ABOUT(test, nf_ct_expires(ct), 120 * HZ);
	KUNIT_EXPECT_LE(test, looked_at(ct), 120 * HZ);
	KUNIT_EXPECT_EQ(test, __nf_ct_change_timeout(ct, U32_MAX * (u64)HZ), 0);
	EXPECT_ABOUT(test, nf_ct_expires(ct), INT_MAX);
	KUNIT_EXPECT_FALSE(test, nf_ct_is_expired(ct));
	KUNIT_EXPECT_EQ(test, __nf_ct_change_timeout(ct, 0x100000000ull), 0);
	EXPECT_ABOUT(test, nf_ct_expires(ct), INT_MAX);

	/* One that is being deleted is too late to ask for more. */
	KUNIT_EXPECT_TRUE(test, nf_ct_delete(ct, 0, 0));
	KUNIT_EXPECT_EQ(test, __nf_ct_change_timeout(ct, 120 * HZ), -ETIME);
	nf_ct_put(ct);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(unconfirmed),
	KUNIT_CASE(confirmed),
	KUNIT_CASE(expired),
	KUNIT_CASE(refreshed),
	KUNIT_CASE(fixed),
	KUNIT_CASE(changed),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_timeout",
	.test_cases = cases,
};

kunit_test_suites(&suite);
