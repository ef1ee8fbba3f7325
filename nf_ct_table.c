// SPDX-License-Identifier: GPL-2.0
/*
 * The index: who is tracked, found by tuple and zone.
 *
 * An index is an array of lines. A line is one cache line: a few slots, each
 * the address of an entry with its direction and some bits of its hash in the
 * bits that alignment leaves free, a lock bit, and the earliest time at which
 * an entry of the line falls due. A lookup reads the line, goes to the one
 * entry whose tag fits, and touches no other. What does not fit stands in
 * overflow lines chained behind the first.
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
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#ifndef __GENKSYMS__
#include <linux/bit_spinlock.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#endif

#include "nf_ct.h"

#define LINE_BYTES	64
#define LINE_SLOTS	((LINE_BYTES - sizeof(long) - 2 * sizeof(u32)) / sizeof(long))

/* Bits of nf_ct_line.state; the rest is the address of the overflow line. */
#define LINE_LOCK	0
#define LINE_MOVED	1
#define LINE_FLAGS	(BIT(LINE_LOCK) | BIT(LINE_MOVED))

/* Bits of a slot below the address, which is a multiple of LINE_BYTES. */
#define SLOT_DIR	1UL
#define SLOT_TAG_BITS	5
#define SLOT_TAG	(GENMASK(SLOT_TAG_BITS - 1, 0) << 1)
#define SLOT_LOW	(SLOT_DIR | SLOT_TAG)

/* More bits of the hash, for all the slots of a line in one word. */
#define TAGS_BITS	(32 / LINE_SLOTS)
#define TAGS_MASK	GENMASK(TAGS_BITS - 1, 0)

#define GROUP_BITS	6		/* lines summed up by a word */
#define MIN_BITS	6		/* a page */
#define MAX_BITS	26
#define FILL		4		/* slots a line on average, then grow */
#define FAR_OFF		(1U << 29)	/* jiffies; nothing is due before */
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
static_assert(SLOT_LOW < LINE_BYTES);

/**
 * struct nf_ct_array - lines of one size of the index
 * @bits:	log2 of the number of lines; immutable
 * @limit:	entries from which on the index should grow; immutable
 * @next:	array that lines are being moved to; RCU
 * @line:	the lines
 * @sum:	earliest @due of each group of 64 lines
 */
struct nf_ct_array {
	unsigned int		bits;
	int			limit;
	struct nf_ct_array __rcu *next;
	struct nf_ct_line	*line;
	u32			*sum;
};

/* What a lookup looks for. */
struct ct_key {
	const struct nf_conntrack_tuple *tuple;
	const struct nf_conntrack_zone	*zone;
	const struct net		*net;
	u32				hash;
};

/* The lines that one writer holds. */
struct held {
	struct nf_ct_array	*array[IP_CT_DIR_MAX];
	struct nf_ct_line	*line[IP_CT_DIR_MAX];
};

unsigned int nf_conntrack_htable_size __read_mostly;
EXPORT_SYMBOL_GPL(nf_conntrack_htable_size);

unsigned int nf_conntrack_max __read_mostly;
EXPORT_SYMBOL_GPL(nf_conntrack_max);

/* nf_conntrack_htable_size has been settled; written by module init. */
static bool sized __read_mostly;

static struct nf_ct_table *table_of(const struct net *net)
{
	return &nf_ct_pernet_priv(net)->table;
}

/**
 * nf_ct_table_hash - hash of a tuple in a zone
 * @net: namespace whose key is used
 * @tuple: tuple; its direction does not count
 * @zone_id: id of the zone in the tuple's direction
 *
 * Keyed, so that a peer who picks addresses and ports can't fill one line.
 *
 * Return: 32 bits, the upper ones of which choose the line.
 */
u32 nf_ct_table_hash(const struct net *net,
		     const struct nf_conntrack_tuple *tuple, u16 zone_id)
{
	const hsiphash_key_t *key = &table_of(net)->key;
	u32 ports = (__force u32)tuple->src.u.all << 16 |
		    (__force u32)tuple->dst.u.all;
	u32 rest = (u32)zone_id << 16 | (u32)(tuple->src.l3num & 0xff) << 8 |
		   tuple->dst.protonum;

	if (tuple->src.l3num == NFPROTO_IPV6) {
		u32 words[10];

		memcpy(words, &tuple->src.u3, 16);
		memcpy(words + 4, &tuple->dst.u3, 16);
		words[8] = ports;
		words[9] = rest;
		return hsiphash(words, sizeof(words), key);
	}

	return hsiphash_4u32((__force u32)tuple->src.u3.ip,
			     (__force u32)tuple->dst.u3.ip, ports, rest, key);
}

/* --- slots ------------------------------------------------------------- */

static unsigned long slot_make(const struct nf_conn *ct,
			       enum ip_conntrack_dir dir, u32 hash)
{
	return (unsigned long)ct | dir | ((hash << 1) & SLOT_TAG);
}

static struct nf_conn *slot_ct(unsigned long slot)
{
	return (struct nf_conn *)(slot & ~SLOT_LOW);
}

static enum ip_conntrack_dir slot_dir(unsigned long slot)
{
	return slot & SLOT_DIR;
}

static u32 slot_hash(unsigned long slot)
{
	return nf_ct_link(slot_ct(slot), slot_dir(slot))->hash;
}

static u32 tags_of(u32 hash)
{
	return (hash >> SLOT_TAG_BITS) & TAGS_MASK;
}

/* An entry is walked and expired by its original direction; one that stands
 * in the index with its reply alone (nf_ct_table_insert_reply) by that.
 */
static bool slot_owns(unsigned long slot)
{
	return slot_dir(slot) == IP_CT_DIR_ORIGINAL ||
	       test_bit(IPS_NAT_CLASH_BIT, &slot_ct(slot)->status);
}

/* --- lines ------------------------------------------------------------- */

static struct nf_ct_line *line_next(const struct nf_ct_line *line)
{
	return (struct nf_ct_line *)(READ_ONCE(line->state) & ~LINE_FLAGS);
}

static bool line_moved(const struct nf_ct_line *line)
{
	return test_bit(LINE_MOVED, &line->state);
}

static unsigned int line_index(const struct nf_ct_array *array, u32 hash)
{
	return hash >> (32 - array->bits);
}

/* Last hash that belongs to the line. */
static u32 line_last(const struct nf_ct_array *array, unsigned int index)
{
	return (u32)(((u64)(index + 1) << (32 - array->bits)) - 1);
}

#define for_each_line(line, head) \
	for ((line) = (head); (line); (line) = line_next(line))

#define for_each_slot(line, i, head) \
	for_each_line(line, head) \
		for ((i) = 0; (i) < LINE_SLOTS; (i)++)

/* Lock the line of a hash, in whichever array it is now. BH disabled, RCU. */
static struct nf_ct_line *line_lock(struct nf_ct_table *table, u32 hash,
				    struct nf_ct_array **in)
{
	struct nf_ct_array *array = rcu_dereference(table->cur);
	struct nf_ct_line *line;

	for (;;) {
		line = &array->line[line_index(array, hash)];
		bit_spin_lock(LINE_LOCK, &line->state);
		if (likely(!line_moved(line)))
			break;
		bit_spin_unlock(LINE_LOCK, &line->state);
		array = rcu_dereference(array->next);
	}

	*in = array;
	return line;
}

static void line_unlock(struct nf_ct_line *line)
{
	bit_spin_unlock(LINE_LOCK, &line->state);
}

/* Lock the lines of both directions of an entry, in order. */
static void hold(struct nf_ct_table *table, struct nf_conn *ct, struct held *h)
{
	u32 hash[IP_CT_DIR_MAX] = {
		nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->hash,
		nf_ct_link(ct, IP_CT_DIR_REPLY)->hash,
	};
	enum ip_conntrack_dir first = hash[0] <= hash[1] ? 0 : 1;
	struct nf_ct_array *array;
	struct nf_ct_line *line;

	rcu_read_lock();
	local_bh_disable();

	line = line_lock(table, hash[first], &array);
	h->line[first] = line;
	h->array[first] = array;
	if (&array->line[line_index(array, hash[!first])] != line)
		line = line_lock(table, hash[!first], &array);
	h->line[!first] = line;
	h->array[!first] = array;
}

static void release(struct held *h)
{
	if (h->line[0] != h->line[1])
		line_unlock(h->line[1]);
	line_unlock(h->line[0]);

	local_bh_enable();
	rcu_read_unlock();
}

/* First free slot of a line or its overflow; false if there is none. */
static bool line_free_slot(struct nf_ct_line *head, struct nf_ct_line **at,
			   unsigned int *slot)
{
	for_each_slot(*at, *slot, head) {
		if (!(*at)->slot[*slot])
			return true;
	}
	return false;
}

static void line_append(struct nf_ct_line *head, struct nf_ct_line *more)
{
	while (line_next(head))
		head = line_next(head);

	/* Contenders only set the lock bit, which is set. */
	smp_store_release(&head->state, head->state | (unsigned long)more);
}

static void slot_write(struct nf_ct_line *line, unsigned int i,
		       unsigned long value, u32 hash)
{
	unsigned int shift = i * TAGS_BITS;
	u32 tags = line->tags & ~((u32)TAGS_MASK << shift);

	WRITE_ONCE(line->tags, tags | tags_of(hash) << shift);
	/* Pairs with the dependency of a reader on the slot. */
	smp_store_release(&line->slot[i], value);
}

static void slot_clear(struct nf_ct_line *head, const struct nf_conn *ct,
		       enum ip_conntrack_dir dir)
{
	struct nf_ct_line *line;
	unsigned int i;

	for_each_slot(line, i, head) {
		unsigned long slot = line->slot[i];

		if (slot_ct(slot) == ct && slot_dir(slot) == dir) {
			WRITE_ONCE(line->slot[i], 0);
			return;
		}
	}
}

/* --- due times --------------------------------------------------------- */

static bool earlier(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* Lower *word to at most @when; true if it had to be lowered. */
static bool due_lower(u32 *word, u32 when)
{
	u32 old = READ_ONCE(*word);

	while (earlier(when, old)) {
		if (try_cmpxchg(word, &old, when))
			return true;
	}
	return false;
}

static void line_due(struct nf_ct_array *array, unsigned int index, u32 when)
{
	if (due_lower(&array->line[index].due, when))
		due_lower(&array->sum[index >> GROUP_BITS], when);
}

/**
 * nf_ct_table_due - an entry's timeout has become shorter
 * @ct: entry in the index, whose ->timeout has been written
 *
 * Context: any but hard interrupt; takes no lock.
 */
void nf_ct_table_due(struct nf_conn *ct)
{
	enum ip_conntrack_dir dir = test_bit(IPS_NAT_CLASH_BIT, &ct->status) ?
				    IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL;
	u32 hash = nf_ct_link(ct, dir)->hash;
	u32 when = READ_ONCE(ct->timeout);
	struct nf_ct_array *array;
	unsigned int index;

	/* Pairs with the barrier of due_take(): ->timeout before ->due. */
	smp_mb();

	rcu_read_lock();
	array = rcu_dereference(table_of(nf_ct_net(ct))->cur);
	for (;;) {
		index = line_index(array, hash);
		line_due(array, index, when);
		/* Pairs with move(): ->due before "moved", or we see it. */
		smp_mb();
		if (!line_moved(&array->line[index]))
			break;
		array = rcu_dereference(array->next);
	}
	rcu_read_unlock();
}

/* --- lookup ------------------------------------------------------------ */

static bool matches(const struct nf_conn *ct, enum ip_conntrack_dir dir,
		    const struct ct_key *key)
{
	return nf_ct_tuple_equal(&ct->tuplehash[dir].tuple, key->tuple) &&
	       nf_ct_zone_equal(ct, key->zone, dir) &&
	       nf_ct_is_confirmed(ct) && !nf_ct_is_dying(ct) &&
	       net_eq(nf_ct_net(ct), key->net);
}

/* An offloaded flow lives as long as the flow table keeps it. */
static bool expired(const struct nf_conn *ct)
{
	return nf_ct_is_expired(ct) &&
	       !test_bit(IPS_OFFLOAD_BIT, &ct->status);
}

/* Find in one line and its overflow. RCU, or the line's lock. */
static unsigned long line_find(const struct nf_ct_line *head,
			       const struct ct_key *key,
			       const struct nf_conn *except)
{
	unsigned long want = (key->hash << 1) & SLOT_TAG;
	u32 want_tags = tags_of(key->hash);
	const struct nf_ct_line *line;
	unsigned int i;

	for_each_line(line, head) {
		u32 tags = READ_ONCE(line->tags);

		for (i = 0; i < LINE_SLOTS; i++, tags >>= TAGS_BITS) {
			unsigned long slot = READ_ONCE(line->slot[i]);

			if ((slot & SLOT_TAG) != want ||
			    (tags & TAGS_MASK) != want_tags || !slot)
				continue;
			if (slot_ct(slot) != except &&
			    matches(slot_ct(slot), slot_dir(slot), key))
				return slot;
		}
	}
	return 0;
}

static unsigned long table_find(const struct ct_key *key,
				const struct nf_conn *except)
{
	struct nf_ct_array *array = rcu_dereference(table_of(key->net)->cur);
	const struct nf_ct_line *line;

	for (;;) {
		line = &array->line[line_index(array, key->hash)];
		if (likely(!line_moved(line)))
			return line_find(line, key, except);
		/* Pairs with move(): the flag is set after ->next. */
		smp_rmb();
		array = rcu_dereference(array->next);
	}
}

/* Find and take a reference; an expired entry is removed, not found. */
static struct nf_conntrack_tuple_hash *find_get(const struct ct_key *key)
{
	enum ip_conntrack_dir dir;
	struct nf_conn *ct;
	unsigned long slot;

	for (;;) {
		slot = table_find(key, NULL);
		if (!slot)
			return NULL;

		ct = slot_ct(slot);
		dir = slot_dir(slot);
		if (!refcount_inc_not_zero(&ct->ct_general.use))
			continue;	/* gone; then its slot is, too */

		/* The memory may have become another entry meanwhile. */
		smp_acquire__after_ctrl_dep();
		if (likely(matches(ct, dir, key))) {
			if (likely(!expired(ct)))
				return &ct->tuplehash[dir];
			nf_ct_kill(ct);
		}
		nf_ct_put(ct);
	}
}

/**
 * nf_ct_table_find - find an entry by tuple and zone
 * @net: namespace
 * @zone: zone of the packet; it may hold for one direction only, and then
 *	counts as the default zone in the other
 * @tuple: tuple of the packet
 *
 * Context: RCU read side.
 *
 * Return: the tuplehash of the direction that matched, with a reference to its
 * entry, or NULL.
 */
struct nf_conntrack_tuple_hash *
nf_ct_table_find(struct net *net, const struct nf_conntrack_zone *zone,
		 const struct nf_conntrack_tuple *tuple)
{
	u16 orig = nf_ct_zone_id(zone, IP_CT_DIR_ORIGINAL);
	u16 reply = nf_ct_zone_id(zone, IP_CT_DIR_REPLY);
	struct ct_key key = {
		.tuple = tuple,
		.zone = zone,
		.net = net,
		.hash = nf_ct_table_hash(net, tuple, orig),
	};
	struct nf_conntrack_tuple_hash *found;

	found = find_get(&key);
	if (likely(found) || likely(orig == reply))
		return found;

	key.hash = nf_ct_table_hash(net, tuple, reply);
	return find_get(&key);
}

/**
 * nf_conntrack_find_get - find a tracked connection by one of its tuples
 * @net: namespace
 * @zone: zone the tuple is looked for in
 * @tuple: tuple in either direction
 *
 * Context: any; takes the RCU read lock.
 *
 * Return: the tuplehash of the direction that matched, whose entry the caller
 * puts with nf_ct_put(), or NULL. Never an expired or dying entry.
 */
struct nf_conntrack_tuple_hash *
nf_conntrack_find_get(struct net *net, const struct nf_conntrack_zone *zone,
		      const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_tuple_hash *found;

	rcu_read_lock();
	found = nf_ct_table_find(net, zone, tuple);
	rcu_read_unlock();
	return found;
}
EXPORT_SYMBOL_GPL(nf_conntrack_find_get);

/**
 * nf_conntrack_tuple_taken - would a reply tuple clash with another flow?
 * @tuple: reply tuple that NAT would like to use
 * @ignored_conntrack: the flow that it would be for
 *
 * Another entry for the very same original tuple is not another flow: two
 * first packets of it are racing, should be given the same mapping, and
 * become one at confirmation.
 *
 * Context: any; takes the RCU read lock.
 *
 * Return: 1 if a live entry has the tuple, else 0.
 */
int nf_conntrack_tuple_taken(const struct nf_conntrack_tuple *tuple,
			     const struct nf_conn *ignored_conntrack)
{
	const struct nf_conntrack_zone *zone = nf_ct_zone(ignored_conntrack);
	struct net *net = nf_ct_net(ignored_conntrack);
	struct nf_conntrack_tuple_hash *found;
	struct ct_key key = {
		.tuple = tuple,
		.zone = zone,
		.net = net,
		.hash = nf_ct_table_hash(net, tuple,
					 nf_ct_zone_id(zone, IP_CT_DIR_REPLY)),
	};
	struct nf_conn *ct;
	int taken = 0;

	rcu_read_lock();
	found = find_get(&key);
	if (found) {
		ct = nf_ct_tuplehash_to_ctrack(found);
		taken = ct != ignored_conntrack &&
			!(nf_ct_tuple_equal(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL),
					    nf_ct_tuple(ignored_conntrack, IP_CT_DIR_ORIGINAL)) &&
			  nf_ct_zone_equal(ct, zone, IP_CT_DIR_ORIGINAL));
		nf_ct_put(ct);
	}
	rcu_read_unlock();
	return taken;
}
EXPORT_SYMBOL_GPL(nf_conntrack_tuple_taken);

/* --- insert and remove ------------------------------------------------- */

static struct nf_ct_line *line_alloc(gfp_t gfp)
{
	/* kmalloc aligns powers of two to their size. */
	return kzalloc(sizeof(struct nf_ct_line), gfp | __GFP_NOWARN);
}

static void set_hashes(struct nf_conn *ct)
{
	enum ip_conntrack_dir dir;

	for (dir = IP_CT_DIR_ORIGINAL; dir < IP_CT_DIR_MAX; dir++)
		nf_ct_link(ct, dir)->hash =
			nf_ct_table_hash(nf_ct_net(ct), nf_ct_tuple(ct, dir),
					 nf_ct_zone_id(nf_ct_zone(ct), dir));
}

/* Is the tuple of one direction in the index already? Line locked. */
static struct nf_conn *find_clash(struct held *h, struct nf_conn *ct,
				  enum ip_conntrack_dir dir)
{
	struct ct_key key = {
		.tuple = nf_ct_tuple(ct, dir),
		.zone = nf_ct_zone(ct),
		.net = nf_ct_net(ct),
		.hash = nf_ct_link(ct, dir)->hash,
	};
	unsigned long slot = line_find(h->line[dir], &key, ct);

	return slot ? slot_ct(slot) : NULL;
}

/* Put one direction into its line, which has room. */
static void put_slot(struct nf_ct_line *head, struct nf_conn *ct,
		     enum ip_conntrack_dir dir)
{
	u32 hash = nf_ct_link(ct, dir)->hash;
	struct nf_ct_line *line;
	unsigned int i;

	if (line_free_slot(head, &line, &i))
		slot_write(line, i, slot_make(ct, dir, hash), hash);
}

static void inserted(struct nf_ct_table *table, struct nf_ct_array *array)
{
	int n = atomic_inc_return(&table->inserted);

	if (n == 1)
		nf_ct_expiry_kick(table->net);
	/* Not at every entry over the limit: it may be there to stay. */
	if (unlikely(n > array->limit) && !(n & 15) &&
	    !rcu_access_pointer(array->next))
		queue_work(system_unbound_wq, &table->resize_work);
}

/* May the entry be inserted? Its lines are held. */
static int insert_check(struct held *h, struct nf_conn *ct,
			enum ip_conntrack_dir first, struct nf_conn **clash)
{
	enum ip_conntrack_dir dir;

	if (nf_ct_is_confirmed(ct))
		return -EALREADY;
	if (nf_ct_is_dying(ct))
		return -ESTALE;

	for (dir = first; dir < IP_CT_DIR_MAX; dir++) {
		*clash = find_clash(h, ct, dir);
		if (*clash) {
			/* While the line is locked, the index has its own. */
			refcount_inc(&(*clash)->ct_general.use);
			return -EEXIST;
		}
	}
	return 0;
}

/* The held line that lacks free slots, if any. */
static struct nf_ct_line *without_room(struct held *h,
				       enum ip_conntrack_dir first)
{
	bool same = h->line[0] == h->line[1];
	enum ip_conntrack_dir dir;

	for (dir = first; dir < IP_CT_DIR_MAX; dir++) {
		unsigned int i, need = 1 + (same && !first);
		struct nf_ct_line *line;

		for_each_slot(line, i, h->line[dir])
			need -= need && !line->slot[i];
		if (need)
			return h->line[dir];
	}
	return NULL;
}

static void publish(struct held *h, struct nf_conn *ct,
		    enum ip_conntrack_dir first)
{
	struct nf_ct_array *array = h->array[first];
	enum ip_conntrack_dir dir;

	/* Up to here ->timeout was relative, and the entry its owner's. */
	WRITE_ONCE(ct->timeout, ct->timeout + nfct_time_stamp);
	refcount_inc(&ct->ct_general.use);
	smp_mb__before_atomic();
	set_bit(IPS_CONFIRMED_BIT, &ct->status);

	line_due(array, h->line[first] - array->line, ct->timeout);
	for (dir = first; dir < IP_CT_DIR_MAX; dir++)
		put_slot(h->line[dir], ct, dir);
}

/* Insert from direction @first on. */
static int insert(struct nf_conn *ct, enum ip_conntrack_dir first,
		  struct nf_conn **clash)
{
	struct nf_ct_table *table = table_of(nf_ct_net(ct));
	struct nf_ct_line *full, *spare = NULL;
	struct held h;
	int err;

	set_hashes(ct);
again:
	hold(table, ct, &h);
	err = insert_check(&h, ct, first, clash);
	while (!err && (full = without_room(&h, first))) {
		if (!spare) {
			/* Not under a bit lock: PREEMPT_RT. */
			release(&h);
			spare = line_alloc(GFP_ATOMIC);
			if (!spare)
				return -ENOMEM;
			goto again;
		}
		line_append(full, spare);
		spare = NULL;
	}
	if (!err) {
		publish(&h, ct, first);
		inserted(table, h.array[first]);
	}
	release(&h);

	kfree(spare);
	return err;
}

/**
 * nf_ct_table_insert - put an entry into the index, in both directions
 * @ct: entry; not confirmed, reference held by the caller, ->timeout relative
 * @clash: set with -EEXIST to the live entry that has one of the tuples; the
 *	caller puts it
 *
 * On success the entry is confirmed, ->timeout is absolute, and the index has
 * a reference of its own.
 *
 * Context: any but hard interrupt.
 *
 * Return: 0, -EEXIST, -EALREADY if @ct is in the index (two clones of its first
 * packet are being confirmed), -ESTALE if it is dying, -ENOMEM.
 */
int nf_ct_table_insert(struct nf_conn *ct, struct nf_conn **clash)
{
	return insert(ct, IP_CT_DIR_ORIGINAL, clash);
}

/**
 * nf_ct_table_insert_reply - put an entry into the index by its reply alone
 * @ct: entry that clashed in its original direction, with IPS_NAT_CLASH set
 *
 * Replies find it and are translated back; nothing else does.
 *
 * Context: any but hard interrupt.
 *
 * Return: 0, -EEXIST if the reply tuple is taken as well, -ENOMEM, ...
 */
int nf_ct_table_insert_reply(struct nf_conn *ct)
{
	struct nf_conn *clash = NULL;
	int err;

	err = insert(ct, IP_CT_DIR_REPLY, &clash);
	if (err == -EEXIST)
		nf_ct_put(clash);
	return err;
}

/**
 * nf_ct_table_remove - take an entry out of the index
 * @ct: confirmed entry; the caller has set IPS_DYING and so is the only one
 *
 * The index's reference passes to the caller.
 *
 * Context: any but hard interrupt.
 */
void nf_ct_table_remove(struct nf_conn *ct)
{
	struct nf_ct_table *table = table_of(nf_ct_net(ct));
	struct held h;

	hold(table, ct, &h);
	slot_clear(h.line[IP_CT_DIR_ORIGINAL], ct, IP_CT_DIR_ORIGINAL);
	slot_clear(h.line[IP_CT_DIR_REPLY], ct, IP_CT_DIR_REPLY);
	release(&h);
	atomic_dec(&table->inserted);
}

/**
 * nf_conntrack_hash_check_insert - insert an entry that no packet made
 * @ct: entry from nf_conntrack_alloc(), set up completely
 *
 * Context: process; BH enabled.
 *
 * Return: 0, and the index has a reference besides the caller's; -EEXIST if a
 * live entry has one of the tuples; -ENOMEM.
 */
int nf_conntrack_hash_check_insert(struct nf_conn *ct)
{
	struct nf_conn *clash = NULL;
	int err;

	err = nf_ct_table_insert(ct, &clash);
	if (err == -EEXIST)
		nf_ct_put(clash);
	else if (!err && !test_bit(IPS_ASSURED_BIT, &ct->status))
		nf_ct_pressure_add(ct);
	return err;
}
EXPORT_SYMBOL_GPL(nf_conntrack_hash_check_insert);

/* --- walk -------------------------------------------------------------- */

/* Does an entry come after a place? */
static bool after(u32 hash, const struct nf_conn *ct,
		  const struct nf_ct_pos *pos)
{
	return hash > pos->hash ||
	       (hash == pos->hash && (unsigned long)ct > pos->id);
}

/* The next entry of a locked line after a place. */
static struct nf_conn *line_after(struct nf_ct_line *head,
				  struct nf_ct_pos *pos)
{
	struct nf_ct_pos best = { .hash = U32_MAX, .id = ULONG_MAX };
	struct nf_ct_line *line;
	bool found = false;
	unsigned int i;

	for_each_slot(line, i, head) {
		unsigned long slot = line->slot[i];
		struct nf_conn *ct = slot_ct(slot);

		if (!slot || !slot_owns(slot) ||
		    !after(slot_hash(slot), ct, pos) ||
		    after(slot_hash(slot), ct, &best))
			continue;
		best.hash = slot_hash(slot);
		best.id = (unsigned long)ct;
		found = true;
	}
	if (!found)
		return NULL;
	*pos = best;
	return (struct nf_conn *)best.id;
}

static bool line_empty(const struct nf_ct_line *head)
{
	const struct nf_ct_line *line;
	unsigned int i;

	for_each_slot(line, i, head) {
		if (READ_ONCE(line->slot[i]))
			return false;
	}
	return true;
}

/* A place after all of a line: the last hash, and no address is higher. */
static void pos_pass(struct nf_ct_pos *pos, u32 last)
{
	pos->hash = last;
	pos->id = ULONG_MAX;
	pos->end = last == U32_MAX;
}

/* Hash that the next entry after a place has at least. */
static u32 pos_hash(const struct nf_ct_pos *pos)
{
	return pos->id == ULONG_MAX ? pos->hash + 1 : pos->hash;
}

/**
 * nf_ct_table_walk - the next entries in the order of the index
 * @net: namespace
 * @pos: place to go on from; moved behind the last entry returned
 * @batch: entries, each with a reference that the caller puts
 * @max: size of @batch
 *
 * An entry that is in the index throughout a walk is returned exactly once,
 * also when the index is resized meanwhile: an entry's place is its hash. One
 * call visits a bounded number of lines, so it may return 0 before the end.
 * Expired entries are returned as well.
 *
 * Context: any but hard interrupt; BH are off for one line at a time.
 *
 * Return: number of entries in @batch. The walk is over when @pos->end is set.
 */
unsigned int nf_ct_table_walk(struct net *net, struct nf_ct_pos *pos,
			      struct nf_conn **batch, unsigned int max)
{
	struct nf_ct_table *table = table_of(net);
	unsigned int visited, n = 0;

	rcu_read_lock();
	for (visited = 0; visited < WALK_LINES && !pos->end; visited++) {
		struct nf_ct_array *array = rcu_dereference(table->cur);
		u32 hash = pos_hash(pos);
		struct nf_ct_line *line;
		struct nf_conn *ct;

		line = &array->line[line_index(array, hash)];
		if (!line_moved(line) && line_empty(line)) {
			pos_pass(pos, line_last(array, line_index(array, hash)));
			continue;
		}

		local_bh_disable();
		line = line_lock(table, hash, &array);
		while (n < max && (ct = line_after(line, pos))) {
			refcount_inc(&ct->ct_general.use);
			batch[n++] = ct;
		}
		line_unlock(line);
		local_bh_enable();
		if (n == max)
			break;
		pos_pass(pos, line_last(array, line_index(array, hash)));
	}
	rcu_read_unlock();
	return n;
}

/**
 * nf_ct_table_place - the place behind an entry
 * @ct: entry that is or was in the index
 * @pos: set
 */
void nf_ct_table_place(struct nf_conn *ct, struct nf_ct_pos *pos)
{
	enum ip_conntrack_dir dir = test_bit(IPS_NAT_CLASH_BIT, &ct->status) ?
				    IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL;

	pos->hash = nf_ct_link(ct, dir)->hash;
	pos->id = (unsigned long)ct;
	pos->end = false;
}

typedef int iter_fn(struct nf_conn *ct, void *data);

static void iterate(struct net *net, iter_fn *iter, void *data, u32 portid,
		    int report)
{
	struct nf_conn *batch[32];
	struct nf_ct_pos pos = {};
	unsigned int i, n;

	while (!pos.end) {
		n = nf_ct_table_walk(net, &pos, batch, ARRAY_SIZE(batch));
		for (i = 0; i < n; i++) {
			if (iter(batch[i], data))
				nf_ct_delete(batch[i], portid, report);
			nf_ct_put(batch[i]);
		}
		cond_resched();
	}
}

/**
 * nf_ct_iterate_cleanup_net - delete the entries of a namespace that fit
 * @iter: called for each entry, with a reference held; nonzero deletes it
 * @iter_data: namespace, argument of @iter, and the netlink port id and
 *	report flag for the destroy events
 *
 * Context: process, may sleep.
 */
void nf_ct_iterate_cleanup_net(int (*iter)(struct nf_conn *i, void *data),
			       const struct nf_ct_iter_data *iter_data)
{
	might_sleep();
	if (atomic_read(&table_of(iter_data->net)->inserted))
		iterate(iter_data->net, iter, iter_data->data,
			iter_data->portid, iter_data->report);
}
EXPORT_SYMBOL_GPL(nf_ct_iterate_cleanup_net);

/**
 * nf_ct_iterate_destroy - delete the entries of all namespaces that fit
 * @iter: called for each entry, with a reference held; nonzero deletes it
 * @data: argument of @iter
 *
 * For the exit of modules that entries point to. Entries that are not
 * confirmed yet are on their way with a packet: packets in queues are dropped,
 * the others have arrived after a grace period.
 *
 * Context: process, may sleep.
 */
void nf_ct_iterate_destroy(int (*iter)(struct nf_conn *i, void *data),
			   void *data)
{
	struct net *net;

	might_sleep();
	down_read(&net_rwsem);
	for_each_net(net)
		nf_queue_nf_hook_drop(net);
	up_read(&net_rwsem);

	nf_ct_ext_invalidate();
	synchronize_net();

	down_read(&net_rwsem);
	for_each_net(net)
		iterate(net, iter, data, 0, 0);
	up_read(&net_rwsem);
}
EXPORT_SYMBOL_GPL(nf_ct_iterate_destroy);

/* --- sweep ------------------------------------------------------------- */

/* Set a due time far off, to be lowered by what is then found. */
static void due_take(u32 *word, u32 now)
{
	xchg(word, now + FAR_OFF);	/* full barrier, see nf_ct_table_due() */
}

/* When must the sweep look at this entry (again)? */
static u32 look_at(struct nf_conn *ct, u32 now)
{
	u32 timeout = READ_ONCE(ct->timeout);

	if (!test_bit(IPS_OFFLOAD_BIT, &ct->status))
		return timeout;

	/* The flow table writes ->timeout without telling when it gives the
	 * flow back, and until then expects it not to expire.
	 */
	if ((s32)(timeout - now) < NF_CT_DAY / 2)
		WRITE_ONCE(ct->timeout, now + NF_CT_DAY);
	return now + OFFLOAD_LOOK;
}

/* Collect what is due in one line. False: no room, come again. */
static bool line_expired(struct nf_ct_table *table, u32 hash, u32 now,
			 struct nf_conn **batch, unsigned int *n,
			 unsigned int max)
{
	struct nf_ct_line *head, *line;
	struct nf_ct_array *array;
	unsigned int i;
	bool all = true;

	local_bh_disable();
	head = line_lock(table, hash, &array);
	due_take(&head->due, now);
	for_each_slot(line, i, head) {
		struct nf_conn *ct = slot_ct(line->slot[i]);
		u32 when;

		if (!ct || !slot_owns(line->slot[i]) || nf_ct_is_dying(ct))
			continue;
		when = look_at(ct, now);
		if (earlier(now, when)) {
			due_lower(&head->due, when);
		} else if (*n < max) {
			refcount_inc(&ct->ct_general.use);
			batch[(*n)++] = ct;
		} else {
			due_lower(&head->due, now);
			all = false;
		}
	}
	due_lower(&array->sum[(head - array->line) >> GROUP_BITS], head->due);
	line_unlock(head);
	local_bh_enable();
	return all;
}

/* Collect what is due in 64 lines of an array. False: no room. */
static bool group_expired(struct nf_ct_table *table, struct nf_ct_array *array,
			  unsigned int group, u32 now, struct nf_conn **batch,
			  unsigned int *n, unsigned int max)
{
	unsigned int i = group << GROUP_BITS;
	unsigned int end = min(i + (1U << GROUP_BITS), 1U << array->bits);
	bool all = true;

	due_take(&array->sum[group], now);
	for (; i < end; i++) {
		struct nf_ct_line *line = &array->line[i];
		u32 due = READ_ONCE(line->due);

		if (line_moved(line))
			continue;
		if (all && !earlier(now, due))
			all = line_expired(table, i << (32 - array->bits), now,
					   batch, n, max);
		/* Also for what became due behind us. */
		due_lower(&array->sum[group], READ_ONCE(line->due));
	}
	return all;
}

/**
 * nf_ct_table_expired - entries that are due
 * @net: namespace
 * @pos: place to go on from; moved on
 * @batch: entries, each with a reference that the caller puts
 * @max: size of @batch
 *
 * Reads a word for every 64 lines, and lines only where something is due.
 * Entries of lines that are being moved between arrays meanwhile may be left
 * to the next sweep.
 *
 * Context: process; BH are off for one line at a time.
 *
 * Return: number of entries in @batch. The sweep is over when @pos->end is set.
 */
unsigned int nf_ct_table_expired(struct net *net, struct nf_ct_pos *pos,
				 struct nf_conn **batch, unsigned int max)
{
	struct nf_ct_table *table = table_of(net);
	struct nf_ct_array *array, *next;
	u32 now = nfct_time_stamp;
	unsigned int group, n = 0;

	rcu_read_lock();
	array = rcu_dereference(table->cur);
	/* A resize is under way: visit both, first the one moved to. */
	next = rcu_dereference(array->next);
	if (next) {
		for (group = 0; group < 1U << (next->bits - GROUP_BITS); group++) {
			if (!earlier(now, READ_ONCE(next->sum[group])) &&
			    !group_expired(table, next, group, now, batch, &n, max))
				goto out;
		}
	}

	group = line_index(array, pos_hash(pos)) >> GROUP_BITS;
	for (; group < 1U << (array->bits - GROUP_BITS); group++) {
		if (earlier(now, READ_ONCE(array->sum[group])))
			continue;
		if (group_expired(table, array, group, now, batch, &n, max))
			continue;
		goto out;
	}
	pos->end = true;
out:
	if (!pos->end && !next) {
		u32 first = (group << GROUP_BITS) << (32 - array->bits);

		pos->hash = first;
		pos->id = 0;
	}
	rcu_read_unlock();
	return n;
}

/* --- resize ------------------------------------------------------------ */

static void array_free(struct nf_ct_array *array)
{
	struct nf_ct_line *line, *next;
	u32 i;

	if (!array)
		return;
	if (array->line) {
		for (i = 0; i < 1U << array->bits; i++) {
			for (line = line_next(&array->line[i]); line; line = next) {
				next = line_next(line);
				kfree(line);
			}
			if (!(i & 4095))
				cond_resched();
		}
	}
	kvfree(array->line);
	kvfree(array->sum);
	kfree(array);
}

static struct nf_ct_array *array_alloc(unsigned int bits)
{
	u32 i, lines = 1U << bits, groups = lines >> GROUP_BITS;
	u32 far_off = nfct_time_stamp + FAR_OFF;
	struct nf_ct_array *array;

	array = kzalloc(sizeof(*array), GFP_KERNEL);
	if (!array)
		return NULL;

	array->bits = bits;
	/* Two slots an entry. */
	array->limit = lines * FILL / 2;
	array->line = kvcalloc(lines, sizeof(*array->line),
			       GFP_KERNEL | __GFP_NOWARN);
	array->sum = kvcalloc(groups, sizeof(*array->sum),
			      GFP_KERNEL | __GFP_NOWARN);
	if (!array->line || !array->sum) {
		array_free(array);
		return NULL;
	}

	for (i = 0; i < lines; i++)
		array->line[i].due = far_off;
	for (i = 0; i < groups; i++)
		array->sum[i] = far_off;
	return array;
}

/* Overflow lines at hand, so that none is allocated under a lock. */
struct pool {
	struct nf_ct_line	*line;
	unsigned int		n;
};

static void pool_put(struct pool *pool, struct nf_ct_line *line)
{
	line->state = (unsigned long)pool->line;
	pool->line = line;
	pool->n++;
}

static struct nf_ct_line *pool_get(struct pool *pool)
{
	struct nf_ct_line *line = pool->line;

	pool->line = (struct nf_ct_line *)line->state;
	pool->n--;
	line->state = 0;
	return line;
}

static int pool_fill(struct pool *pool, unsigned int n)
{
	while (pool->n < n) {
		struct nf_ct_line *line = line_alloc(GFP_KERNEL);

		if (!line)
			return -ENOMEM;
		pool_put(pool, line);
	}
	return 0;
}

static void pool_drain(struct pool *pool)
{
	while (pool->n)
		kfree(pool_get(pool));
}

/* A run of old lines and the new ones that they are moved to. */
struct run {
	struct nf_ct_array	*from, *to;
	unsigned int		first, n;	/* lines of @from */
};

static void run_lock(const struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->n; i++)
		bit_spin_lock(LINE_LOCK, &run->from->line[run->first + i].state);
}

static void run_unlock(const struct run *run)
{
	unsigned int i;

	for (i = run->n; i-- > 0; )
		bit_spin_unlock(LINE_LOCK, &run->from->line[run->first + i].state);
}

/* An upper bound of the overflow lines that moving a locked run takes. */
static unsigned int run_needs(const struct run *run)
{
	unsigned int i, n = 0;
	struct nf_ct_line *line;

	for (i = 0; i < run->n; i++)
		for_each_line(line, &run->from->line[run->first + i])
			n++;
	return n;
}

static void move_slot(struct nf_ct_array *to, unsigned long slot,
		      struct pool *pool)
{
	u32 hash = slot_hash(slot);
	struct nf_ct_line *head = &to->line[line_index(to, hash)];
	struct nf_ct_line *line;
	unsigned int i;

	if (!line_free_slot(head, &line, &i)) {
		line_append(head, pool_get(pool));
		line_free_slot(head, &line, &i);
	}
	slot_write(line, i, slot, hash);
}

/* Hand the due time of an old line on to the new lines of its hashes. */
static void move_due(const struct run *run, unsigned int index)
{
	u32 hash = index << (32 - run->from->bits);
	unsigned int i = line_index(run->to, hash);
	unsigned int end = line_index(run->to, line_last(run->from, index));

	for (; i <= end; i++)
		line_due(run->to, i, READ_ONCE(run->from->line[index].due));
}

/* Move a run of old lines. -EAGAIN: the pool is too small. */
static int move(const struct run *run, struct pool *pool, unsigned int *needs)
{
	struct nf_ct_line *line;
	unsigned int i, s;

	local_bh_disable();
	run_lock(run);

	*needs = run_needs(run);
	if (*needs > pool->n) {
		run_unlock(run);
		local_bh_enable();
		return -EAGAIN;
	}

	for (i = run->first; i < run->first + run->n; i++)
		for_each_slot(line, s, &run->from->line[i])
			if (line->slot[s])
				move_slot(run->to, line->slot[s], pool);

	/* Publishes the new lines. Pairs with table_find(). */
	smp_wmb();
	for (i = run->first; i < run->first + run->n; i++)
		set_bit(LINE_MOVED, &run->from->line[i].state);
	/* Pairs with nf_ct_table_due(): "moved" before ->due. */
	smp_mb__after_atomic();
	for (i = run->first; i < run->first + run->n; i++)
		move_due(run, i);

	run_unlock(run);
	local_bh_enable();
	return 0;
}

static void move_all(struct nf_ct_array *from, struct nf_ct_array *to)
{
	struct run run = {
		.from = from,
		.to = to,
		.n = from->bits > to->bits ? 1U << (from->bits - to->bits) : 1,
	};
	struct pool pool = {};
	unsigned int needs;

	for (run.first = 0; run.first < 1U << from->bits; run.first += run.n) {
		while (move(&run, &pool, &needs) == -EAGAIN) {
			/* There is no way back: half of the lines have moved. */
			if (pool_fill(&pool, needs))
				schedule_timeout_uninterruptible(HZ / 10);
		}
		cond_resched();
	}
	pool_drain(&pool);
}

/* Replace the array by one of other size. resize_mutex held. */
static int resize_step(struct nf_ct_table *table, unsigned int bits)
{
	struct nf_ct_array *old, *new;

	new = array_alloc(bits);
	if (!new)
		return -ENOMEM;

	old = rcu_dereference_protected(table->cur,
					lockdep_is_held(&table->resize_mutex));
	rcu_assign_pointer(old->next, new);
	/* From here on everybody who locks a line sees ->next. */
	move_all(old, new);
	rcu_assign_pointer(table->cur, new);
	synchronize_rcu();
	array_free(old);
	return 0;
}

static unsigned int table_bits(const struct nf_ct_table *table)
{
	return rcu_dereference_protected(table->cur,
					 lockdep_is_held(&table->resize_mutex))->bits;
}

/* Lines that hold n entries at the wanted load. */
static unsigned int bits_for(unsigned int n)
{
	unsigned int bits = MIN_BITS;

	while (bits < MAX_BITS && ((u64)FILL / 2 << bits) < n)
		bits++;
	return bits;
}

/* Go to the wanted size, growing at once, shrinking 16 to 1 at a time. */
static int table_resize(struct nf_ct_table *table, unsigned int bits)
{
	int err = 0;

	bits = clamp_t(unsigned int, bits, MIN_BITS, MAX_BITS);
	while (!err && table_bits(table) != bits) {
		unsigned int now = table_bits(table);

		err = resize_step(table, now > bits + 4 ? now - 4 : bits);
	}
	return err;
}

static void resize_work(struct work_struct *work)
{
	struct nf_ct_table *table = container_of(work, struct nf_ct_table,
						 resize_work);
	unsigned int n, bits;

	mutex_lock(&table->resize_mutex);
	for (;;) {
		n = atomic_read(&table->inserted);
		bits = table_bits(table);
		if (n <= (FILL / 2) << bits || bits == MAX_BITS)
			break;
		/* Without memory the next insert asks again. */
		if (table_resize(table, bits_for(n)))
			break;
	}
	mutex_unlock(&table->resize_mutex);
}

/* What a number of hash buckets, as people know them, is in lines: the same
 * memory.
 */
static unsigned int buckets_to_bits(unsigned int buckets)
{
	unsigned int lines = buckets / (LINE_BYTES / sizeof(void *));

	return lines > 1 ? clamp_t(unsigned int, order_base_2(lines), MIN_BITS, MAX_BITS) :
			   MIN_BITS;
}

/**
 * nf_ct_table_resize - set the smallest size of a namespace's index
 * @net: namespace
 * @buckets: hash buckets as in net.netfilter.nf_conntrack_buckets
 *
 * The index takes this size, or the one that its entries need.
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM; then the index is as it was.
 */
int nf_ct_table_resize(struct net *net, unsigned int buckets)
{
	struct nf_ct_table *table = table_of(net);
	unsigned int bits = buckets_to_bits(buckets);
	int err;

	mutex_lock(&table->resize_mutex);
	bits = max(bits, bits_for(atomic_read(&table->inserted)));
	err = table_resize(table, bits);
	mutex_unlock(&table->resize_mutex);
	return err;
}

static unsigned int round_buckets(unsigned int n)
{
	return roundup(n, PAGE_SIZE / sizeof(struct hlist_nulls_head));
}

/**
 * nf_conntrack_hash_resize - set net.netfilter.nf_conntrack_buckets
 * @hashsize: buckets; rounded up to whole pages of them
 *
 * Context: process, may sleep.
 *
 * Return: 0, -EINVAL for 0 or a number that can't be, -ENOMEM.
 */
int nf_conntrack_hash_resize(unsigned int hashsize)
{
	int err;

	if (!hashsize || hashsize > INT_MAX / sizeof(struct hlist_nulls_head))
		return -EINVAL;

	hashsize = round_buckets(hashsize);
	err = nf_ct_table_resize(&init_net, hashsize);
	if (!err)
		WRITE_ONCE(nf_conntrack_htable_size, hashsize);
	return err;
}

/**
 * nf_ct_alloc_hashtable - memory for a hash table of another module
 * @sizep: wanted buckets; rounded up to whole pages of them
 * @nulls: heads of nulls lists, else of plain lists
 *
 * Context: process, may sleep.
 *
 * Return: *@sizep empty heads, to be freed with kvfree(), or NULL.
 */
void *nf_ct_alloc_hashtable(unsigned int *sizep, int nulls)
{
	struct hlist_nulls_head *head;
	unsigned int i;

	BUILD_BUG_ON(sizeof(struct hlist_nulls_head) != sizeof(struct hlist_head));

	if (*sizep > UINT_MAX / 2 / sizeof(*head))
		return NULL;
	*sizep = round_buckets(*sizep);
	head = kvcalloc(*sizep, sizeof(*head), GFP_KERNEL);
	if (head && nulls)
		for (i = 0; i < *sizep; i++)
			INIT_HLIST_NULLS_HEAD(&head[i], i);
	return head;
}
EXPORT_SYMBOL_GPL(nf_ct_alloc_hashtable);

/**
 * nf_ct_table_init_net - an empty index for a new namespace
 * @net: namespace
 *
 * A page, but for the initial namespace, whose least size is
 * nf_conntrack_htable_size.
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int nf_ct_table_init_net(struct net *net)
{
	struct nf_ct_table *table = table_of(net);
	unsigned int bits = MIN_BITS;

	if (net_eq(net, &init_net))
		bits = buckets_to_bits(nf_conntrack_htable_size);

	get_random_bytes(&table->key, sizeof(table->key));
	atomic_set(&table->inserted, 0);
	mutex_init(&table->resize_mutex);
	INIT_WORK(&table->resize_work, resize_work);
	table->net = net;
	RCU_INIT_POINTER(table->cur, array_alloc(bits));
	return rcu_access_pointer(table->cur) ? 0 : -ENOMEM;
}

/**
 * nf_ct_table_exit_net - free the index of a namespace
 * @net: namespace; its index is empty, and nobody looks anything up any more
 *
 * Context: process, may sleep; after a grace period since the last packet.
 */
void nf_ct_table_exit_net(struct net *net)
{
	struct nf_ct_table *table = table_of(net);

	cancel_work_sync(&table->resize_work);
	WARN_ON(atomic_read(&table->inserted));
	array_free(rcu_dereference_protected(table->cur, true));
	RCU_INIT_POINTER(table->cur, NULL);
}

/**
 * nf_conntrack_set_hashsize - the module parameter hashsize is written
 * @val: number of buckets
 * @kp: the parameter
 *
 * Context: process; when the module is loaded, or from the initial namespace.
 *
 * Return: 0, -EOPNOTSUPP from another namespace, or as
 * nf_conntrack_hash_resize().
 */
int nf_conntrack_set_hashsize(const char *val, const struct kernel_param *kp)
{
	unsigned int hashsize;
	int err;

	if (current->nsproxy->net_ns != &init_net)
		return -EOPNOTSUPP;
	/* While the module is being loaded there is no index yet. */
	if (!sized)
		return param_set_uint(val, kp);

	err = kstrtouint(val, 0, &hashsize);
	return err ?: nf_conntrack_hash_resize(hashsize);
}

module_param_call(hashsize, nf_conntrack_set_hashsize, param_get_uint,
		  &nf_conntrack_htable_size, 0600);

static unsigned int default_buckets(void)
{
	u64 bytes = (u64)totalram_pages() << PAGE_SHIFT;

	if (IS_ENABLED(CONFIG_64BIT) && bytes > 4ULL * SZ_1G)
		return 262144;
	if (bytes > SZ_1G)
		return 65536;
	return max_t(u64, bytes / 16384 / sizeof(struct hlist_head), 1024);
}

/**
 * nf_ct_table_init - default sizes, from the memory of the machine
 *
 * As many entries as buckets, or eight times as many if hashsize= was given
 * (Documentation/networking/nf_conntrack-sysctl.rst; the steps with the memory
 * are what the stock module shows).
 *
 * Context: module init, before the first namespace.
 */
void __init nf_ct_table_init(void)
{
	unsigned int factor = nf_conntrack_htable_size ? 8 : 1;

	if (!nf_conntrack_htable_size)
		nf_conntrack_htable_size = default_buckets();
	nf_conntrack_htable_size = round_buckets(nf_conntrack_htable_size);
	nf_conntrack_max = factor * nf_conntrack_htable_size;
	sized = true;
}
