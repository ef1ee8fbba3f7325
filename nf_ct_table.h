/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The index: who is tracked, found by tuple and zone. This is its layout, known
 * to nf_ct_table.c (lookup, insert, remove), nf_ct_table_walk.c (all entries, and
 * those that are due) and nf_ct_table_resize.c, and to nobody else.
 *
 * An index is an array of lines. A line is one cache line: a few slots, each
 * the address of an entry with its direction and some bits of its hash in the
 * bits that alignment leaves free, a lock bit, and the earliest time at which
 * an entry of the line falls due. A flow whose addresses are not translated has
 * the same hash in both directions, and one slot; else it has two. A lookup
 * reads the line, goes to the one entry whose tag fits, and touches no other.
 * What does not fit stands in overflow lines chained behind the first.
 *
 * The line of a hash is given by its *upper* bits. So lines stand in the
 * order of the hash, in arrays of any size: a place in a walk is a hash, and
 * stays good through a resize.
 *
 * Reading: under RCU, without a lock. Entries come from a type-stable slab, so
 * a reader takes a reference and then compares again. An entry never moves
 * between the slots of an array, so a reader needs no restart.
 *
 * Writing: with the bit lock of the line, BH disabled. Two lines are locked in
 * ascending order of their hashes.
 *
 * Resizing: a second array hangs behind the first (->next). Lines are carried
 * over one after the other; a line that has been carried over says so
 * (LINE_MOVED) and is never written again: whoever meets it goes on in the next
 * array. Its slots stay as they are until a grace period after the last line,
 * so no reader misses an entry that is in both. Growing, one old line fills
 * several new ones, which nobody can reach before the old one says "moved";
 * shrinking, all the old lines of a new one are locked together, in order. So
 * nobody ever waits for a line of one array while holding one of another that
 * its holder may want.
 *
 * Expiry: ->due of a line is never later than the earliest timeout of its
 * entries, ->sum of 64 lines never later than theirs. They are lowered without
 * a lock by whoever shortens a timeout, and raised only by the sweep, which
 * first sets them far off, then reads the timeouts: with a full barrier on
 * either side, one of the two sees the other.
 */
#ifndef _NF_CT_TABLE_H
#define _NF_CT_TABLE_H

#ifndef __GENKSYMS__

#include <linux/bit_spinlock.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "nf_ct.h"

#define LINE_BYTES	64
#define LINE_SLOTS	((LINE_BYTES - sizeof(long) - 2 * sizeof(u32)) / sizeof(long))

/* Bits of nf_ct_line.state; the rest is the address of the overflow line. */
#define LINE_LOCK	0
#define LINE_MOVED	1
#define LINE_FLAGS	(BIT(LINE_LOCK) | BIT(LINE_MOVED))

/* Bits of a slot below the address, which is a multiple of 32. */
#define SLOT_DIR	BIT(0)
#define SLOT_TAG_BITS	4
#define SLOT_TAG	(GENMASK(SLOT_TAG_BITS - 1, 0) << 1)
#define SLOT_LOW	(SLOT_DIR | SLOT_TAG)

/* More bits of the hash, for all the slots of a line in one word. */
#define TAGS_BITS	(32 / LINE_SLOTS)
#define TAGS_MASK	GENMASK(TAGS_BITS - 1, 0)
#define TAGS_ONES	(GENMASK(TAGS_BITS * LINE_SLOTS - 1, 0) / TAGS_MASK)

#define CHUNK_BITS	15		/* lines in one piece of memory: 2 MB */
#define GROUP_BITS	6		/* lines summed up by a word */
#define MIN_BITS	6		/* a page */
#define MAX_BITS	26
#define FILL		4		/* slots a line on average, then grow */
#define FAR_OFF		BIT(29)	/* jiffies; nothing is due before */
#define LINE_LONG	4		/* lines behind one another that chance hardly makes */
#define OFFLOAD_LOOK	(10 * HZ)	/* look again at offloaded flows */
#define WALK_LINES	1024		/* visited at most in one call */

/**
 * struct nf_ct_line - one line of the index
 * @state:	lock, moved flag, address of the next overflow line; written
 *		with the lock held
 * @due:	jiffies before which nothing in this line and its overflow
 *		expires; first line only; lowered by anybody, raised with lock
 * @tags:	TAGS_BITS bits of the hash for each slot; written with the lock
 * @slot:	entry | tag | direction, or 0; written with the lock
 */
struct nf_ct_line {
	unsigned long	state;
	u32		due;
	u32		tags;
	unsigned long	slot[LINE_SLOTS];
} __aligned(LINE_BYTES);

static_assert(sizeof(struct nf_ct_line) == LINE_BYTES);
static_assert(SLOT_LOW < 32);

/**
 * struct nf_ct_array - lines of one size of the index
 * @bits:	log2 of the number of lines; immutable
 * @limit:	slots taken from which on the index should grow; immutable
 * @next:	array that lines are being moved to; RCU
 * @sum:	earliest @due of each group of 64 lines
 * @chunk:	the lines, 2 MB at a time: pieces of that size are to be had
 *		in one page of the machine, which saves a far access more
 */
struct nf_ct_array {
	unsigned int		bits;
	int			limit;
	struct nf_ct_array __rcu *next;
	u32			*sum;
	struct nf_ct_line	*chunk[];
};

static inline struct nf_ct_table *nf_ct_table_of(const struct net *net)
{
	return &nf_ct_pernet_priv(net)->table;
}

/* --- slots ------------------------------------------------------------- */

static inline unsigned long slot_make(const struct nf_conn *ct,
				      enum ip_conntrack_dir dir, u32 hash)
{
	return (unsigned long)ct | dir | ((hash << 1) & SLOT_TAG);
}

static inline struct nf_conn *slot_ct(unsigned long slot)
{
	return (struct nf_conn *)(slot & ~SLOT_LOW);
}

static inline enum ip_conntrack_dir slot_dir(unsigned long slot)
{
	return slot & SLOT_DIR;
}

static inline u32 slot_hash(unsigned long slot)
{
	return READ_ONCE(nf_ct_link(slot_ct(slot), slot_dir(slot))->hash);
}

static inline u32 tags_of(u32 hash)
{
	return (hash >> SLOT_TAG_BITS) & TAGS_MASK;
}

/* Is a slot taken, by an entry whose hash may be this one? @tags: of the line, that
 * of the slot being the lowest.
 */
static inline bool slot_fits(unsigned long slot, u32 tags, u32 hash)
{
	return (slot & SLOT_TAG) == ((hash << 1) & SLOT_TAG) &&
	       (tags & TAGS_MASK) == tags_of(hash) && slot;
}

/* Slots of a line that may be taken by an entry of this hash: for each that may, and a
 * few more, the highest bit of its tags. All of them at once, so that nothing depends
 * on where in its line an entry stands.
 */
static inline u32 tags_fit(u32 tags, u32 hash)
{
	u32 differ = tags ^ (u32)TAGS_ONES * tags_of(hash);

	/* What borrows is 0, or above one that is. */
	return (differ - (u32)TAGS_ONES) & ~differ & (u32)TAGS_ONES << (TAGS_BITS - 1);
}

/* An entry is walked and expired by its original direction; one that stands
 * in the index with its reply alone (nf_ct_table_insert_reply) by that.
 */
static inline enum ip_conntrack_dir owner_dir(const struct nf_conn *ct)
{
	return test_bit(IPS_NAT_CLASH_BIT, &ct->status) ? IP_CT_DIR_REPLY :
							  IP_CT_DIR_ORIGINAL;
}

static inline bool slot_owns(unsigned long slot)
{
	return slot_dir(slot) == IP_CT_DIR_ORIGINAL ||
	       owner_dir(slot_ct(slot)) == IP_CT_DIR_REPLY;
}

/* --- lines ------------------------------------------------------------- */

static inline struct nf_ct_line *line_next(const struct nf_ct_line *line)
{
	return (struct nf_ct_line *)(READ_ONCE(line->state) & ~LINE_FLAGS);
}

static inline bool line_moved(const struct nf_ct_line *line)
{
	return test_bit(LINE_MOVED, &line->state);
}

static inline unsigned int line_index(const struct nf_ct_array *array, u32 hash)
{
	return hash >> (32 - array->bits);
}

static inline struct nf_ct_line *array_line(const struct nf_ct_array *array,
					    unsigned int index)
{
	return &array->chunk[index >> CHUNK_BITS][index & (BIT(CHUNK_BITS) - 1)];
}

static inline struct nf_ct_line *line_of(const struct nf_ct_array *array, u32 hash)
{
	return array_line(array, line_index(array, hash));
}

/* Last hash that belongs to the line. */
static inline u32 line_last(const struct nf_ct_array *array, unsigned int index)
{
	return (u32)(((u64)(index + 1) << (32 - array->bits)) - 1);
}

#define for_each_line(line, head) \
	for ((line) = (head); (line); (line) = line_next(line))

/* Slots @i that tags_fit() to @hash; @tags is the line's. */
#define for_each_fit(fits, i, tags, hash)				\
	for ((fits) = tags_fit(tags, hash);				\
	     (fits) && ((i) = __ffs(fits) / TAGS_BITS, true);		\
	     (fits) &= (fits) - 1)

#define for_each_slot(line, i, head) \
	for_each_line(line, head) \
		for ((i) = 0; (i) < LINE_SLOTS; (i)++)

/* Lock the line of a hash, in whichever array it is now. BH disabled, RCU. */
static inline struct nf_ct_line *line_lock(struct nf_ct_table *table, u32 hash,
					   struct nf_ct_array **in)
{
	struct nf_ct_array *array = rcu_dereference(table->cur);
	struct nf_ct_line *line;

	for (;;) {
		line = line_of(array, hash);
		bit_spin_lock(LINE_LOCK, &line->state);
		if (likely(!line_moved(line)))
			break;
		bit_spin_unlock(LINE_LOCK, &line->state);
		array = rcu_dereference(array->next);
	}

	*in = array;
	return line;
}

static inline void line_unlock(struct nf_ct_line *line)
{
	bit_spin_unlock(LINE_LOCK, &line->state);
}

/* First free slot of a line or its overflow; false if there is none. */
static inline bool line_free_slot(struct nf_ct_line *head,
				  struct nf_ct_line **at, unsigned int *slot)
{
	for_each_slot(*at, *slot, head) {
		if (!(*at)->slot[*slot])
			return true;
	}
	return false;
}

static inline void line_append(struct nf_ct_line *head, struct nf_ct_line *more)
{
	while (line_next(head))
		head = line_next(head);

	/* Contenders only set the lock bit, which is set. */
	smp_store_release(&head->state, head->state | (unsigned long)more);
}

static inline void slot_write(struct nf_ct_line *line, unsigned int i,
			      unsigned long value, u32 hash)
{
	unsigned int shift = i * TAGS_BITS;
	u32 tags = line->tags & ~((u32)TAGS_MASK << shift);

	WRITE_ONCE(line->tags, tags | tags_of(hash) << shift);
	/* Pairs with the dependency of a reader on the slot. */
	smp_store_release(&line->slot[i], value);
}

static inline struct nf_ct_line *line_alloc(gfp_t gfp)
{
	/* kmalloc aligns powers of two to their size. */
	return kzalloc(sizeof(struct nf_ct_line), gfp | __GFP_NOWARN);
}

/* --- due times --------------------------------------------------------- */

static inline bool earlier(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* Lower *word to at most @when; true if it had to be lowered. */
static inline bool due_lower(u32 *word, u32 when)
{
	u32 old = READ_ONCE(*word);

	while (earlier(when, old)) {
		if (try_cmpxchg(word, &old, when))
			return true;
	}
	return false;
}

/* The sweep comes by within FAR_OFF; what lies further ahead may be more than what
 * can be told from the past.
 */
static inline void line_due(struct nf_ct_array *array, unsigned int index, u32 when)
{
	if (!earlier(when, nfct_time_stamp + FAR_OFF))
		return;
	due_lower(&array_line(array, index)->due, when);
	/* Whatever that was: while there was no entry at all nothing was swept, and
	 * the sum, which is older, may have wrapped.
	 */
	due_lower(&array->sum[index >> GROUP_BITS], when);
}

#endif /* __GENKSYMS__ */
#endif /* _NF_CT_TABLE_H */
