// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_table.h: the index's arithmetic. Which line a hash belongs to, what is
 * packed into a slot, and when a line is due.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "nf_ct.h"
#include "nf_ct_table.h"

static struct nf_ct_line *new_line(struct kunit *test)
{
	struct nf_ct_line *line = line_alloc(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, line);
	KUNIT_ASSERT_TRUE(test, IS_ALIGNED((unsigned long)line, LINE_BYTES));
	return line;
}

/* An array of up to 2 MB. */
static struct nf_ct_array *new_array(struct kunit *test, unsigned int bits)
{
	struct nf_ct_array *array;

	array = kunit_kzalloc(test, struct_size(array, chunk, 1), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, array);
	array->bits = bits;
	array->chunk[0] = kunit_kcalloc(test, BIT(bits), LINE_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, array->chunk[0]);
	return array;
}

/* Each hash has one line, in the order of the hash, whatever the size. */
static void lines_in_order(struct kunit *test)
{
	struct nf_ct_array array;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 1);
	for (array.bits = MIN_BITS; array.bits <= MAX_BITS; array.bits++) {
		KUNIT_EXPECT_EQ(test, line_index(&array, 0), 0);
		KUNIT_EXPECT_EQ(test, line_index(&array, U32_MAX),
				(1u << array.bits) - 1);
		KUNIT_EXPECT_EQ(test, line_last(&array, (1u << array.bits) - 1),
				U32_MAX);
		for (i = 0; i < 1000; i++) {
			u32 hash = prandom_u32_state(&rnd);
			unsigned int index = line_index(&array, hash);
			u32 last = line_last(&array, index);

			KUNIT_EXPECT_GE(test, last, hash);
			KUNIT_EXPECT_EQ(test, line_index(&array, last), index);
			if (last != U32_MAX)
				KUNIT_EXPECT_EQ(test, line_index(&array, last + 1),
						index + 1);
		}
	}
}

/* The lines of a larger array lie in several pieces. */
static void chunks(struct kunit *test)
{
	const unsigned int lines = BIT(CHUNK_BITS);
	struct nf_ct_line *first = new_line(test), *second = new_line(test);
	struct nf_ct_array *array;

	/* Only where they begin counts. */
	array = kunit_kzalloc(test, struct_size(array, chunk, 2), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, array);
	array->bits = CHUNK_BITS + 1;
	array->chunk[0] = first;
	array->chunk[1] = second;
	KUNIT_EXPECT_PTR_EQ(test, array_line(array, 0), first);
	KUNIT_EXPECT_PTR_EQ(test, array_line(array, lines - 1), first + lines - 1);
	KUNIT_EXPECT_PTR_EQ(test, array_line(array, lines), second);
	KUNIT_EXPECT_PTR_EQ(test, array_line(array, 2 * lines - 1),
			    second + lines - 1);
	KUNIT_EXPECT_PTR_EQ(test, line_of(array, 0x7fffffff), first + lines - 1);
	KUNIT_EXPECT_PTR_EQ(test, line_of(array, 0x80000000), second);
	KUNIT_EXPECT_PTR_EQ(test, line_of(array, U32_MAX), second + lines - 1);
	kfree(second);
	kfree(first);
}

/* What goes in comes out, and the tags are what the low bits of the hash are. */
static void slots(struct kunit *test)
{
	/* Only its address counts. */
	struct nf_conn *ct = (struct nf_conn *)new_line(test);
	const u32 used = GENMASK(SLOT_TAG_BITS + TAGS_BITS - 1, 0);
	const struct nf_ct_array array = { .bits = MAX_BITS };
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 10000; i++) {
		u32 hash = prandom_u32_state(&rnd), other;
		enum ip_conntrack_dir dir = i & 1;
		unsigned long slot = slot_make(ct, dir, hash);

		KUNIT_EXPECT_PTR_EQ(test, slot_ct(slot), ct);
		KUNIT_EXPECT_EQ(test, slot_dir(slot), dir);
		KUNIT_EXPECT_NE(test, slot, 0);

		/* Two hashes with the same tags differ above them. */
		other = prandom_u32_state(&rnd);
		KUNIT_EXPECT_EQ(test, !((hash ^ other) & used),
				slot_make(ct, dir, other) == slot &&
				tags_of(other) == tags_of(hash));
		other = hash ^ 1u << (i % 32);
		if (BIT(i % 32) & used)
			KUNIT_EXPECT_TRUE(test,
					  slot_make(ct, dir, other) != slot ||
					  tags_of(other) != tags_of(hash));
		if (i % 32 >= 32 - MIN_BITS)
			KUNIT_EXPECT_NE(test, line_index(&array, other),
					line_index(&array, hash));
	}
	kfree(ct);
}

/* A slot's tags are its own, and its overflow lines are found behind a lock. */
static void overflow(struct kunit *test)
{
	struct nf_ct_line *head = new_line(test), *more = new_line(test);
	struct nf_ct_line *last = new_line(test), *at;
	unsigned int i, n, slot;

	for (i = 0; i < LINE_SLOTS; i++) {
		KUNIT_EXPECT_TRUE(test, line_free_slot(head, &at, &slot));
		KUNIT_EXPECT_PTR_EQ(test, at, head);
		KUNIT_EXPECT_EQ(test, slot, i);
		slot_write(at, slot, LINE_BYTES * (i + 1), 0x1111 * (i + 1));
		for (n = 0; n < LINE_SLOTS; n++)
			KUNIT_EXPECT_EQ(test, head->tags >> n * TAGS_BITS & TAGS_MASK,
					n <= i ? tags_of(0x1111 * (n + 1)) : 0);
	}
	KUNIT_EXPECT_FALSE(test, line_free_slot(head, &at, &slot));

	KUNIT_EXPECT_NULL(test, line_next(head));
	KUNIT_EXPECT_FALSE(test, line_moved(head));
	head->state = BIT(LINE_LOCK) | BIT(LINE_MOVED);
	line_append(head, more);
	line_append(head, last);
	KUNIT_EXPECT_PTR_EQ(test, line_next(head), more);
	KUNIT_EXPECT_PTR_EQ(test, line_next(more), last);
	KUNIT_EXPECT_NULL(test, line_next(last));
	KUNIT_EXPECT_TRUE(test, line_moved(head));
	KUNIT_EXPECT_TRUE(test, test_bit(LINE_LOCK, &head->state));
	clear_bit(LINE_LOCK, &head->state);
	KUNIT_EXPECT_PTR_EQ(test, line_next(head), more);

	KUNIT_EXPECT_TRUE(test, line_free_slot(head, &at, &slot));
	KUNIT_EXPECT_PTR_EQ(test, at, more);
	KUNIT_EXPECT_EQ(test, slot, 0);
	/* One that went leaves room for the next. */
	head->slot[2] = 0;
	KUNIT_EXPECT_TRUE(test, line_free_slot(head, &at, &slot));
	KUNIT_EXPECT_PTR_EQ(test, at, head);
	KUNIT_EXPECT_EQ(test, slot, 2);

	kfree(last);
	kfree(more);
	kfree(head);
}

/* Whoever holds the lock of a line that moved goes on in the next array. */
static void lock_follows(struct kunit *test)
{
	struct nf_ct_array *old = new_array(test, MIN_BITS), *in;
	struct nf_ct_array *new = new_array(test, MIN_BITS + 1);
	struct nf_ct_table table = {};
	const u32 hash = 0x87654321;
	struct nf_ct_line *line;

	RCU_INIT_POINTER(table.cur, old);
	RCU_INIT_POINTER(old->next, new);

	rcu_read_lock();
	local_bh_disable();
	line = line_lock(&table, hash, &in);
	KUNIT_EXPECT_PTR_EQ(test, in, old);
	KUNIT_EXPECT_PTR_EQ(test, line, &old->chunk[0][line_index(old, hash)]);
	line_unlock(line);

	line_of(old, hash)->state = BIT(LINE_MOVED);
	line = line_lock(&table, hash, &in);
	KUNIT_EXPECT_PTR_EQ(test, in, new);
	KUNIT_EXPECT_PTR_EQ(test, line, &new->chunk[0][line_index(new, hash)]);
	KUNIT_EXPECT_FALSE(test, test_bit(LINE_LOCK, &line_of(old, hash)->state));
	line_unlock(line);
	local_bh_enable();
	rcu_read_unlock();
}

/* Entries are walked by one of their directions. */
static void owner(struct kunit *test)
{
	struct nf_conn *ct = kunit_kzalloc(test, sizeof(*ct) + LINE_BYTES,
					   GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ct);
	ct = PTR_ALIGN(ct, LINE_BYTES);
	nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->hash = 0x12345678;
	nf_ct_link(ct, IP_CT_DIR_REPLY)->hash = 0x9abcdef0;
	KUNIT_EXPECT_EQ(test, slot_hash(slot_make(ct, IP_CT_DIR_ORIGINAL, 0)),
			0x12345678);
	KUNIT_EXPECT_EQ(test, slot_hash(slot_make(ct, IP_CT_DIR_REPLY, 0)),
			0x9abcdef0);
	KUNIT_EXPECT_TRUE(test, slot_owns(slot_make(ct, IP_CT_DIR_ORIGINAL, 0)));
	KUNIT_EXPECT_FALSE(test, slot_owns(slot_make(ct, IP_CT_DIR_REPLY, 0)));
	set_bit(IPS_NAT_CLASH_BIT, &ct->status);
	KUNIT_EXPECT_TRUE(test, slot_owns(slot_make(ct, IP_CT_DIR_REPLY, 0)));
}

/* --- when a line is due ---------------------------------------------------- */

static const u32 times[] = { 0, 1, 1000, 0x7fffffff, 0x80000000, 0xffffffff };

static void due_only_lowers(struct kunit *test)
{
	static const u32 by[] = { 1, 2, 100, 0x10000000, 0x7fffffff };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		u32 word = times[i];

		KUNIT_EXPECT_FALSE(test, earlier(word, word));
		KUNIT_EXPECT_FALSE(test, due_lower(&word, times[i]));
		for (j = 0; j < ARRAY_SIZE(by); j++) {
			KUNIT_EXPECT_TRUE(test, earlier(times[i] - by[j], times[i]));
			KUNIT_EXPECT_FALSE(test, earlier(times[i] + by[j], times[i]));

			word = times[i];
			KUNIT_EXPECT_FALSE(test, due_lower(&word, times[i] + by[j]));
			KUNIT_EXPECT_EQ(test, word, times[i]);
			KUNIT_EXPECT_TRUE(test, due_lower(&word, times[i] - by[j]));
			KUNIT_EXPECT_EQ(test, word, times[i] - by[j]);
		}
	}
}

static void due_of_group(struct kunit *test)
{
	const u32 now = nfct_time_stamp, far = now + FAR_OFF;
	struct nf_ct_array *array = new_array(test, 7);
	struct nf_ct_line *line = array->chunk[0];
	u32 sum[2] = { far, far };
	unsigned int i;

	array->sum = sum;
	for (i = 0; i < 1 << array->bits; i++)
		line[i].due = far;

	line_due(array, 70, now + 1000);
	KUNIT_EXPECT_EQ(test, line[70].due, now + 1000);
	KUNIT_EXPECT_EQ(test, sum[0], far);
	KUNIT_EXPECT_EQ(test, sum[1], now + 1000);
	/* Later than what is there, in the line or in its group. */
	line_due(array, 70, now + 2000);
	KUNIT_EXPECT_EQ(test, line[70].due, now + 1000);
	line_due(array, 64, now + 2000);
	KUNIT_EXPECT_EQ(test, line[64].due, now + 2000);
	KUNIT_EXPECT_EQ(test, sum[1], now + 1000);
	line_due(array, 127, now - 5);
	KUNIT_EXPECT_EQ(test, sum[1], now - 5);
	/* So far off that it could be taken for the past: the sweep comes before. */
	line_due(array, 3, now + FAR_OFF + 1000 * HZ);
	line_due(array, 3, now + 0x7fffffff);
	KUNIT_EXPECT_EQ(test, line[3].due, far);
	KUNIT_EXPECT_EQ(test, sum[0], far);
}

/* The slots of a line are told at once: none that fits is missing, and there are no
 * others than a line has.
 */
static void all_at_once(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i, n;

	prandom_seed_state(&rnd, 2);
	for (n = 0; n < 10000; n++) {
		u32 tags = prandom_u32_state(&rnd), hash = prandom_u32_state(&rnd);
		u32 fits, seen = 0;

		/* Also where several are the same. */
		if (n & 1)
			tags = TAGS_ONES * tags_of(n & 2 ? hash : tags);
		for_each_fit(fits, i, tags, hash) {
			KUNIT_ASSERT_LT(test, i, (unsigned int)LINE_SLOTS);
			seen |= BIT(i);
		}
		for (i = 0; i < LINE_SLOTS; i++) {
			if (((tags >> (i * TAGS_BITS)) & TAGS_MASK) == tags_of(hash))
				KUNIT_EXPECT_TRUE(test, seen & BIT(i));
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(lines_in_order),
	KUNIT_CASE(chunks),
	KUNIT_CASE(all_at_once),
	KUNIT_CASE(slots),
	KUNIT_CASE(overflow),
	KUNIT_CASE(lock_follows),
	KUNIT_CASE(owner),
	KUNIT_CASE(due_only_lowers),
	KUNIT_CASE(due_of_group),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_table",
	.test_cases = cases,
};

kunit_test_suites(&suite);
