// SPDX-License-Identifier: GPL-2.0
/*
 * The index: lookup, insert, remove. See nf_ct_table.h for the layout.
 */
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/prefetch.h>
#include <linux/slab.h>
#endif

#include "nf_ct.h"
#include "nf_ct_table.h"

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

/* One end of a flow, in an order: which comes first does not matter. */
static u64 end_v4(const union nf_inet_addr *addr,
		  const union nf_conntrack_man_proto *l4)
{
	return (u64)(__force u32)addr->ip << 16 | (__force u16)l4->all;
}

static u32 hash_v6(const struct nf_conntrack_tuple *tuple, u32 rest,
		   const hsiphash_key_t *key)
{
	u16 src_port = (__force u16)tuple->src.u.all;
	u16 dst_port = (__force u16)tuple->dst.u.all;
	int order = memcmp(&tuple->src.u3, &tuple->dst.u3, 16);
	bool swap = order > 0 || (!order && src_port > dst_port);
	u32 words[10];

	memcpy(words, swap ? &tuple->dst.u3 : &tuple->src.u3, 16);
	memcpy(words + 4, swap ? &tuple->src.u3 : &tuple->dst.u3, 16);
	words[8] = swap ? (u32)dst_port << 16 | src_port :
			  (u32)src_port << 16 | dst_port;
	words[9] = rest;
	return hsiphash(words, sizeof(words), key);
}

/**
 * nf_ct_tuple_hash - hash of a tuple in a zone
 * @key: key of the hash
 * @tuple: tuple; its direction does not count
 * @zone_id: id of the zone in the tuple's direction
 *
 * The same for a tuple and its inverse, so that both directions of a flow whose
 * addresses are not translated stand in one slot. Keyed, so that a peer who
 * picks addresses and ports can't fill one line.
 *
 * Return: 32 bits, the upper ones of which choose the line.
 */
u32 nf_ct_tuple_hash(const hsiphash_key_t *key,
		     const struct nf_conntrack_tuple *tuple, u16 zone_id)
{
	u64 src, dst, low, high;

	if (tuple->src.l3num == NFPROTO_IPV6)
		return hash_v6(tuple, (u32)zone_id << 16 | tuple->dst.protonum, key);

	src = end_v4(&tuple->src.u3, &tuple->src.u);
	dst = end_v4(&tuple->dst.u3, (const void *)&tuple->dst.u);
	low = min(src, dst) | (u64)zone_id << 48;
	high = max(src, dst) | (u64)(tuple->src.l3num & 0xff) << 48 |
	       (u64)tuple->dst.protonum << 56;
	return hsiphash_4u32(low, low >> 32, high, high >> 32, key);
}

/* Does one slot stand for both directions? */
static bool stands_once(struct nf_conn *ct)
{
	return nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->hash ==
	       nf_ct_link(ct, IP_CT_DIR_REPLY)->hash;
}

/* Slots that an entry takes which is inserted from a direction on. */
static unsigned int slots_of(struct nf_conn *ct, enum ip_conntrack_dir first)
{
	return first == IP_CT_DIR_ORIGINAL && !stands_once(ct) ? 2 : 1;
}

/* Not before it is needed: built in, the first namespace is there when the machine has
 * hardly begun to collect what is random.
 */
static void draw_key(struct nf_ct_table *table)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock_bh(&lock);
	if (!table->keyed) {
		get_random_bytes(&table->key, sizeof(table->key));
		/* Pairs with nf_ct_table_hash(). */
		smp_store_release(&table->keyed, true);
	}
	spin_unlock_bh(&lock);
}

/**
 * nf_ct_table_hash - hash of a tuple in a zone of a namespace
 * @net: namespace
 * @tuple: tuple; its direction does not count
 * @zone_id: id of the zone in the tuple's direction
 *
 * Context: any but hard interrupt.
 *
 * Return: what nf_ct_tuple_hash() says, by the key of the namespace.
 */
u32 nf_ct_table_hash(const struct net *net,
		     const struct nf_conntrack_tuple *tuple, u16 zone_id)
{
	struct nf_ct_table *table = nf_ct_table_of(net);

	/* Pairs with draw_key(). */
	if (unlikely(!smp_load_acquire(&table->keyed)))
		draw_key(table);
	return nf_ct_tuple_hash(&table->key, tuple, zone_id);
}

/* Lock the lines of the hashes of both directions, in order. */
static void hold(struct nf_ct_table *table, const u32 *hash, struct held *h)
{
	enum ip_conntrack_dir first = hash[0] <= hash[1] ? 0 : 1;
	struct nf_ct_array *array;
	struct nf_ct_line *line;

	rcu_read_lock();
	local_bh_disable();

	line = line_lock(table, hash[first], &array);
	h->line[first] = line;
	h->array[first] = array;
	if (line_of(array, hash[!first]) != line)
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

/* Number of slots that have been cleared. */
static unsigned int slot_clear(struct nf_ct_line *head, const struct nf_conn *ct,
			       enum ip_conntrack_dir dir)
{
	struct nf_ct_line *line;
	unsigned int i;

	for_each_slot(line, i, head) {
		unsigned long slot = line->slot[i];

		if (slot_ct(slot) == ct && slot_dir(slot) == dir) {
			WRITE_ONCE(line->slot[i], 0);
			return 1;
		}
	}
	return 0;
}

/**
 * nf_ct_table_due - an entry's timeout has become shorter
 * @ct: entry in the index, whose ->timeout has been written
 *
 * Context: any but hard interrupt; takes no lock.
 */
void nf_ct_table_due(struct nf_conn *ct)
{
	u32 hash = nf_ct_link(ct, owner_dir(ct))->hash;
	u32 when = READ_ONCE(ct->timeout);
	struct nf_ct_array *array;
	unsigned int index;

	/* Pairs with the barrier of due_take(): ->timeout before ->due. */
	smp_mb();

	rcu_read_lock();
	array = rcu_dereference(nf_ct_table_of(nf_ct_net(ct))->cur);
	for (;;) {
		index = line_index(array, hash);
		line_due(array, index, when);
		/* Pairs with move(): ->due before "moved", or we see it. */
		smp_mb();
		if (!line_moved(array_line(array, index)))
			break;
		/* Pairs with move(): where to, before "moved". */
		smp_rmb();
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

/* Which direction of the entry in a slot matches? A slot of the original
 * direction may stand for both.
 */
static struct nf_conntrack_tuple_hash *slot_match(unsigned long slot,
						  const struct ct_key *key)
{
	struct nf_conn *ct = slot_ct(slot);

	if (slot_dir(slot) == IP_CT_DIR_ORIGINAL &&
	    matches(ct, IP_CT_DIR_ORIGINAL, key))
		return &ct->tuplehash[IP_CT_DIR_ORIGINAL];
	if (matches(ct, IP_CT_DIR_REPLY, key))
		return &ct->tuplehash[IP_CT_DIR_REPLY];
	return NULL;
}

/* Take a reference to the entry of a slot, if it is what is looked for. Until
 * then it may become another one at any time: all that is read before is its
 * hash. An expired entry is removed, not found.
 */
static struct nf_conntrack_tuple_hash *slot_get(unsigned long slot,
						const struct ct_key *key)
{
	struct nf_conntrack_tuple_hash *found;
	struct nf_conn *ct = slot_ct(slot);

	/* Who reads the reference has to wait for it; and so has what is read
	 * afterwards.
	 */
	prefetch((void *)ct + LINE_BYTES);
	prefetch((void *)ct + 2 * LINE_BYTES);
	prefetch((void *)ct + 3 * LINE_BYTES);
	if (slot_hash(slot) != key->hash ||
	    !refcount_inc_not_zero(&ct->ct_general.use))
		return NULL;

	smp_acquire__after_ctrl_dep();
	found = slot_match(slot, key);
	if (likely(found)) {
		if (likely(!nf_ct_is_over(ct)))
			return found;
		/* ->timeout may have been read before the entry was confirmed,
		 * when it was relative. Pairs with publish().
		 */
		smp_rmb();
		if (!nf_ct_is_over(ct))
			return found;
		nf_ct_kill(ct);
	}
	nf_ct_put(ct);
	return NULL;
}

/* Find in one line and its overflow, and take a reference. RCU. What is not found
 * in one pass has not been in the index at some time of it: an entry never moves,
 * and another one for the same tuple comes only when it has gone.
 */
static struct nf_conntrack_tuple_hash *line_find_get(const struct nf_ct_line *head,
						     const struct ct_key *key)
{
	struct nf_conntrack_tuple_hash *found;
	const struct nf_ct_line *line;
	unsigned int i;
	u32 fits;

	for_each_line(line, head) {
		u32 tags = READ_ONCE(line->tags);

		for_each_fit(fits, i, tags, key->hash) {
			unsigned long slot = READ_ONCE(line->slot[i]);

			if (!slot_fits(slot, tags >> (i * TAGS_BITS), key->hash))
				continue;
			found = slot_get(slot, key);
			if (likely(found))
				return found;
		}
	}
	return NULL;
}

static struct nf_conntrack_tuple_hash *find_get(const struct ct_key *key)
{
	struct nf_ct_array *array = rcu_dereference(nf_ct_table_of(key->net)->cur);
	const struct nf_ct_line *line;

	for (;;) {
		line = line_of(array, key->hash);
		if (likely(!line_moved(line)))
			return line_find_get(line, key);
		/* Pairs with move(): the flag is set after ->next. */
		smp_rmb();
		array = rcu_dereference(array->next);
	}
}

/**
 * nf_ct_table_find - find an entry by tuple and zone
 * @net: namespace
 * @zone: zone of the packet; it may hold for one direction only, and then
 *	counts as the default zone in the other
 * @tuple: tuple of the packet
 * @hash: set to its hash in the zone of the original direction
 *
 * Context: RCU read side.
 *
 * Return: the tuplehash of the direction that matched, with a reference to its
 * entry, or NULL.
 */
struct nf_conntrack_tuple_hash *
nf_ct_table_find(struct net *net, const struct nf_conntrack_zone *zone,
		 const struct nf_conntrack_tuple *tuple, u32 *hash)
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

	*hash = key.hash;
	found = find_get(&key);
	if (likely(found) || likely(orig == reply))
		return found;

	key.hash = nf_ct_table_hash(net, tuple, reply);
	return find_get(&key);
}

/**
 * nf_ct_table_find_hash - find an entry by a hash that is most likely right
 * @net: namespace
 * @zone: zone of the packet
 * @tuple: tuple of the packet
 * @hash: what is taken for its hash
 *
 * Context: RCU read side.
 *
 * Return: as nf_ct_table_find(); NULL also if the hash is wrong.
 */
struct nf_conntrack_tuple_hash *
nf_ct_table_find_hash(struct net *net, const struct nf_conntrack_zone *zone,
		      const struct nf_conntrack_tuple *tuple, u32 hash)
{
	const struct ct_key key = {
		.tuple = tuple,
		.zone = zone,
		.net = net,
		.hash = hash,
	};

	return find_get(&key);
}

/**
 * nf_ct_table_fetch_line - a line of the index will be needed soon
 * @net: namespace
 * @hash: what will be looked up
 *
 * Context: RCU read side.
 */
void nf_ct_table_fetch_line(const struct net *net, u32 hash)
{
	prefetch(line_of(rcu_dereference(nf_ct_table_of(net)->cur), hash));
}

/**
 * nf_ct_table_fetch_entry - an entry will be needed soon
 * @net: namespace
 * @hash: what will be looked up, whose line has been asked for
 *
 * Reads the line, but no entry: an address is all that a prefetch needs.
 *
 * Context: RCU read side.
 */
void nf_ct_table_fetch_entry(const struct net *net, u32 hash)
{
	const struct nf_ct_line *line =
		line_of(rcu_dereference(nf_ct_table_of(net)->cur), hash);
	u32 tags = READ_ONCE(line->tags);
	unsigned int i, at;
	u32 fits;

	for_each_fit(fits, i, tags, hash) {
		unsigned long slot = READ_ONCE(line->slot[i]);

		if (!slot_fits(slot, tags >> (i * TAGS_BITS), hash))
			continue;
		for (at = 0; at < sizeof(struct nf_conn); at += LINE_BYTES)
			prefetchw((void *)slot_ct(slot) + at);
	}
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
	u32 hash;

	rcu_read_lock();
	found = nf_ct_table_find(net, zone, tuple, &hash);
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

static u32 entry_hash(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return nf_ct_table_hash(nf_ct_net(ct), nf_ct_tuple(ct, dir),
				nf_ct_zone_id(nf_ct_zone(ct), dir));
}

/* Are a tuple's ends those of another one, turned round? Then so are their hashes the
 * same, in one zone.
 */
static bool turned_round(const struct nf_conntrack_tuple *a,
			 const struct nf_conntrack_tuple *b)
{
	return a->src.u.all == b->dst.u.all && a->dst.u.all == b->src.u.all &&
	       nf_inet_addr_cmp(&a->src.u3, &b->dst.u3) &&
	       nf_inet_addr_cmp(&a->dst.u3, &b->src.u3);
}

/* The hashes of an entry that is not in the index. That of the original direction is
 * known if a packet has made it, as its tuple never changes.
 */
static void entry_hashes(struct nf_conn *ct, u32 *hash)
{
	const struct nf_conntrack_zone *zone = nf_ct_zone(ct);
	u32 known = READ_ONCE(nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->hash);

	hash[IP_CT_DIR_ORIGINAL] = known ?: entry_hash(ct, IP_CT_DIR_ORIGINAL);
	if (turned_round(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL),
			 nf_ct_tuple(ct, IP_CT_DIR_REPLY)) &&
	    nf_ct_zone_id(zone, IP_CT_DIR_ORIGINAL) ==
	    nf_ct_zone_id(zone, IP_CT_DIR_REPLY))
		hash[IP_CT_DIR_REPLY] = hash[IP_CT_DIR_ORIGINAL];
	else
		hash[IP_CT_DIR_REPLY] = entry_hash(ct, IP_CT_DIR_REPLY);
}

/**
 * nf_ct_table_hint - the hash of an entry that has just been allocated is known
 * @ct: entry that nobody else has
 * @hash: of its original direction
 */
void nf_ct_table_hint(struct nf_conn *ct, u32 hash)
{
	/* A lookup may just be reading the hash of what this memory was. */
	WRITE_ONCE(nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->hash, hash);
}

/* Is the tuple of one direction in the index already? Line locked. */
static struct nf_conn *find_clash(struct held *h, struct nf_conn *ct,
				  enum ip_conntrack_dir dir)
{
	const struct ct_key key = {
		.tuple = nf_ct_tuple(ct, dir),
		.zone = nf_ct_zone(ct),
		.net = nf_ct_net(ct),
		.hash = nf_ct_link(ct, dir)->hash,
	};
	struct nf_ct_line *line;
	unsigned int i;

	for_each_slot(line, i, h->line[dir]) {
		unsigned long slot = line->slot[i];

		if (slot_fits(slot, line->tags >> (i * TAGS_BITS), key.hash) &&
		    slot_ct(slot) != ct && slot_match(slot, &key))
			return slot_ct(slot);
	}
	return NULL;
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

static void inserted(struct nf_ct_table *table, struct nf_ct_array *array,
		     int slots)
{
	int n = atomic_add_return(slots, &table->slots);

	if (n == slots)
		nf_ct_expiry_kick(table->net);
	/* Not at every entry over the limit: it may be there to stay. */
	if (unlikely(n > array->limit) && (n & 31) < slots &&
	    !rcu_access_pointer(array->next))
		queue_work(system_unbound_wq, &table->resize_work);
}

/* May the entry be inserted? Its lines are held. A clone of its packet may have
 * done so, and what the entry has its hashes in may hold it on another list.
 */
static int insert_check(struct held *h, struct nf_conn *ct, const u32 *hash,
			enum ip_conntrack_dir first, struct nf_conn **clash)
{
	enum ip_conntrack_dir dir;

	if (nf_ct_is_confirmed(ct))
		return -EALREADY;
	if (nf_ct_is_dying(ct))
		return -ESTALE;

	for (dir = IP_CT_DIR_ORIGINAL; dir < IP_CT_DIR_MAX; dir++)
		WRITE_ONCE(nf_ct_link(ct, dir)->hash, hash[dir]);

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

static bool has_room(struct nf_ct_line *head, unsigned int need)
{
	struct nf_ct_line *line;
	unsigned int i;

	for_each_slot(line, i, head) {
		if (!line->slot[i] && !--need)
			return true;
	}
	return false;
}

/* A line and its overflow. */
static unsigned int line_length(const struct nf_ct_line *head)
{
	const struct nf_ct_line *line;
	unsigned int n = 0;

	for_each_line(line, head)
		n++;
	return n;
}

/* The held line that lacks free slots, if any. */
static struct nf_ct_line *without_room(struct held *h, struct nf_conn *ct,
				       enum ip_conntrack_dir first)
{
	unsigned int need = slots_of(ct, first);

	if (h->line[0] == h->line[1])
		return has_room(h->line[0], need) ? NULL : h->line[0];
	if (!has_room(h->line[first], 1))
		return h->line[first];
	if (need == 2 && !has_room(h->line[!first], 1))
		return h->line[!first];
	return NULL;
}

static void publish(struct held *h, struct nf_conn *ct,
		    enum ip_conntrack_dir first)
{
	struct nf_ct_array *array = h->array[first];

	/* Up to here ->timeout was relative, and the entry its owner's. */
	WRITE_ONCE(ct->timeout, ct->timeout + nfct_time_stamp);
	refcount_inc(&ct->ct_general.use);
	if (first == IP_CT_DIR_REPLY)
		set_bit(IPS_NAT_CLASH_BIT, &ct->status);
	/* Who sees that it is confirmed sees all of it. */
	smp_mb__before_atomic();
	set_bit(IPS_CONFIRMED_BIT, &ct->status);

	line_due(array, line_index(array, nf_ct_link(ct, first)->hash), ct->timeout);
	put_slot(h->line[first], ct, first);
	if (slots_of(ct, first) == 2)
		put_slot(h->line[!first], ct, !first);
}

/* Insert from direction @first on. */
static int insert(struct nf_conn *ct, enum ip_conntrack_dir first,
		  struct nf_conn **clash)
{
	struct nf_ct_table *table = nf_ct_table_of(nf_ct_net(ct));
	struct nf_ct_line *full, *spare = NULL;
	u32 hash[IP_CT_DIR_MAX];
	struct held h;
	int err;

	entry_hashes(ct, hash);
again:
	hold(table, hash, &h);
	err = insert_check(&h, ct, hash, first, clash);
	while (!err && (full = without_room(&h, ct, first))) {
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
		if (unlikely(line_length(full) > LINE_LONG))
			NF_CT_STAT_INC_ATOMIC(nf_ct_net(ct), chaintoolong);
	}
	if (!err) {
		publish(&h, ct, first);
		inserted(table, h.array[first], slots_of(ct, first));
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
 * a reference of its own. What has one of the tuples and has expired is deleted.
 *
 * Context: any but hard interrupt.
 *
 * Return: 0, -EEXIST, -EALREADY if @ct is in the index (two clones of its first
 * packet are being confirmed), -ESTALE if it is dying, -ENOMEM.
 */
int nf_ct_table_insert(struct nf_conn *ct, struct nf_conn **clash)
{
	int err;

	while ((err = insert(ct, IP_CT_DIR_ORIGINAL, clash)) == -EEXIST &&
	       nf_ct_is_over(*clash)) {
		nf_ct_kill(*clash);
		nf_ct_put(*clash);
	}
	return err;
}

/**
 * nf_ct_table_insert_reply - put an entry into the index by its reply alone
 * @ct: entry that clashed in its original direction
 *
 * Replies find it and are translated back; nothing else does. It gets
 * IPS_NAT_CLASH.
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
	struct nf_ct_table *table = nf_ct_table_of(nf_ct_net(ct));
	const u32 hash[IP_CT_DIR_MAX] = {
		nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->hash,
		nf_ct_link(ct, IP_CT_DIR_REPLY)->hash,
	};
	unsigned int slots;
	struct held h;

	hold(table, hash, &h);
	slots = slot_clear(h.line[IP_CT_DIR_ORIGINAL], ct, IP_CT_DIR_ORIGINAL);
	if (!slots || !stands_once(ct))
		slots += slot_clear(h.line[IP_CT_DIR_REPLY], ct, IP_CT_DIR_REPLY);
	release(&h);
	atomic_sub(slots, &table->slots);
}

/**
 * nf_conntrack_hash_check_insert - insert an entry that no packet made
 * @ct: entry from nf_conntrack_alloc(), set up completely
 *
 * Context: process; BH enabled.
 *
 * Return: 0, and the index has a reference besides the caller's; -EEXIST if a
 * live entry has one of the tuples; -ETIMEDOUT if a module that its extensions
 * point to has gone; -ENOMEM.
 */
int nf_conntrack_hash_check_insert(struct nf_conn *ct)
{
	struct nf_conn *clash = NULL;
	int err;

	if (!nf_ct_ext_confirm(ct))
		return -ETIMEDOUT;

	err = nf_ct_table_insert(ct, &clash);
	if (err == -EEXIST)
		nf_ct_put(clash);
	if (err)
		return err;

	NF_CT_STAT_INC_ATOMIC(nf_ct_net(ct), insert);
	if (!test_bit(IPS_ASSURED_BIT, &ct->status))
		nf_ct_pressure_add(ct);
	return 0;
}
EXPORT_SYMBOL_GPL(nf_conntrack_hash_check_insert);
