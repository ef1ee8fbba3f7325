// SPDX-License-Identifier: GPL-2.0
/*
 * What happens when the table is full: the oldest entry that may go, goes.
 *
 * Entries that may go stand on lists, in the order in which they came: those
 * that are not assured, and those that are but whose connection is over. The
 * lists are sharded by hash, so that two CPUs seldom meet. The longest one gives the
 * victim: so they stay of one length, and a shard's oldest entry is about as old as
 * the oldest of all. A victim is found in constant time, however many of the
 * entries are assured.
 *
 * The links lie in the entry, in the space of its tuplehashes' hnnode: the next
 * entry in the original direction's nf_ct_link.peer, the previous one and the
 * class of the list in the reply's. Shard lock.
 */
#include "nf_ct.h"

#define CLASS_MASK	3UL

#define OFFLOADED_MAX	64	/* passed over at most, for one victim */

static_assert(NF_CT_CLASSES < CLASS_MASK);

static struct nf_conn *next_of(struct nf_conn *ct)
{
	return (struct nf_conn *)nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->peer;
}

static struct nf_conn *prev_of(struct nf_conn *ct)
{
	return (struct nf_conn *)(nf_ct_link(ct, IP_CT_DIR_REPLY)->peer &
				  ~CLASS_MASK);
}

/* Class of the list that an entry is on, counted from 1; 0 for none. */
static unsigned int class_of(struct nf_conn *ct)
{
	return READ_ONCE(nf_ct_link(ct, IP_CT_DIR_REPLY)->peer) & CLASS_MASK;
}

static void set_next(struct nf_conn *ct, struct nf_conn *next)
{
	nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->peer = (unsigned long)next;
}

static void set_prev(struct nf_conn *ct, struct nf_conn *prev,
		     unsigned int class)
{
	WRITE_ONCE(nf_ct_link(ct, IP_CT_DIR_REPLY)->peer,
		   (unsigned long)prev | class);
}

static struct nf_ct_shard *shard_of(struct nf_conn *ct)
{
	u32 hash = nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->hash;

	return &nf_ct_pernet_priv(nf_ct_net(ct))->shard[hash % NF_CT_SHARDS];
}

static void append(struct nf_ct_shard *shard, struct nf_conn *ct,
		   enum nf_ct_class class)
{
	struct nf_conn *last = shard->tail[class];

	set_next(ct, NULL);
	set_prev(ct, last, class + 1);
	if (last)
		set_next(last, ct);
	else
		shard->head[class] = ct;
	shard->tail[class] = ct;
	WRITE_ONCE(shard->n[class], shard->n[class] + 1);
}

static void unlink(struct nf_ct_shard *shard, struct nf_conn *ct)
{
	struct nf_conn *next = next_of(ct), *prev = prev_of(ct);
	unsigned int class = class_of(ct);

	if (!class)
		return;

	if (next)
		set_prev(next, prev, class);
	else
		shard->tail[class - 1] = prev;
	if (prev)
		set_next(prev, next);
	else
		shard->head[class - 1] = next;
	WRITE_ONCE(shard->n[class - 1], shard->n[class - 1] - 1);
	set_prev(ct, NULL, 0);
}

static void put_on(struct nf_conn *ct, enum nf_ct_class class)
{
	struct nf_ct_shard *shard = shard_of(ct);

	spin_lock_bh(&shard->lock);
	/* Who deletes an entry says so first, then takes it off its list. */
	if (!nf_ct_is_dying(ct)) {
		unlink(shard, ct);
		append(shard, ct, class);
	}
	spin_unlock_bh(&shard->lock);
}

/**
 * nf_ct_pressure_add - an entry that is not assured has been confirmed
 * @ct: entry in the index, to which the caller has a reference
 *
 * Context: any but hard interrupt.
 */
void nf_ct_pressure_add(struct nf_conn *ct)
{
	put_on(ct, NF_CT_CLASS_FRESH);
	/* It may have been assured by another packet before it was on. */
	if (test_bit(IPS_ASSURED_BIT, &ct->status))
		nf_ct_pressure_del(ct);
}

/**
 * nf_ct_pressure_del - an entry is assured now, or being deleted
 * @ct: confirmed entry
 *
 * Context: any but hard interrupt.
 */
void nf_ct_pressure_del(struct nf_conn *ct)
{
	struct nf_ct_shard *shard;

	if (!nf_ct_is_confirmed(ct))
		return;

	shard = shard_of(ct);
	spin_lock_bh(&shard->lock);
	unlink(shard, ct);
	spin_unlock_bh(&shard->lock);
}

/**
 * nf_ct_pressure_closing - an assured connection is over
 * @ct: entry
 *
 * It may be evicted, after all entries that are not assured.
 *
 * Context: any but hard interrupt.
 */
void nf_ct_pressure_closing(struct nf_conn *ct)
{
	if (!nf_ct_is_confirmed(ct) ||
	    !test_bit(IPS_ASSURED_BIT, &ct->status) || class_of(ct))
		return;
	put_on(ct, NF_CT_CLASS_CLOSING);
}

/* May it go now? A closing connection may have been opened again. */
static bool may_go(struct nf_conn *ct, enum nf_ct_class class)
{
	const struct nf_conntrack_l4proto *l4proto;

	if (nf_ct_is_dying(ct) || test_bit(IPS_OFFLOAD_BIT, &ct->status))
		return false;
	if (!test_bit(IPS_ASSURED_BIT, &ct->status))
		return true;
	if (class != NF_CT_CLASS_CLOSING)
		return false;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(ct));
	return l4proto->can_early_drop && l4proto->can_early_drop(ct);
}

/* Take the oldest entry that may go off its list, with a reference. A flow table may
 * give an entry back, so that stays.
 */
static struct nf_conn *oldest(struct nf_ct_shard *shard, enum nf_ct_class class)
{
	unsigned int offloaded = 0;
	struct nf_conn *ct;

	spin_lock_bh(&shard->lock);
	while ((ct = shard->head[class])) {
		unlink(shard, ct);
		/* Deleting takes it off before the index's reference goes. */
		if (may_go(ct, class) &&
		    refcount_inc_not_zero(&ct->ct_general.use))
			break;
		if (!test_bit(IPS_OFFLOAD_BIT, &ct->status) || nf_ct_is_dying(ct))
			continue;
		append(shard, ct, class);
		if (++offloaded == OFFLOADED_MAX) {
			ct = NULL;
			break;
		}
	}
	spin_unlock_bh(&shard->lock);
	return ct;
}

/* The shard with most entries of a class, of those that have not been tried. */
static struct nf_ct_shard *longest(struct nf_ct_pernet *pernet,
				   enum nf_ct_class class, unsigned long *tried)
{
	unsigned int i, n, best = 0, most = 0;

	for (i = 0; i < NF_CT_SHARDS; i++) {
		n = READ_ONCE(pernet->shard[i].n[class]);
		if (n > most && !(*tried & BIT(i))) {
			most = n;
			best = i;
		}
	}
	*tried |= BIT(best);
	return most ? &pernet->shard[best] : NULL;
}

/**
 * nf_ct_pressure_evict - make room for a new entry
 * @net: namespace that is full
 *
 * Entries that are not assured go first, the oldest of the longest shard, then
 * those whose connection is over.
 *
 * Context: any but hard interrupt.
 *
 * Return: true if an entry has been deleted.
 */
bool nf_ct_pressure_evict(struct net *net)
{
	struct nf_ct_pernet *pernet = nf_ct_pernet_priv(net);
	struct nf_ct_shard *shard;
	enum nf_ct_class class;
	unsigned long tried;
	struct nf_conn *ct;
	bool deleted;

	for (class = 0; class < NF_CT_CLASSES; class++) {
		tried = 0;
		while ((shard = longest(pernet, class, &tried))) {
			ct = oldest(shard, class);
			if (!ct)
				continue;

			deleted = nf_ct_delete(ct, 0, 0);
			nf_ct_put(ct);
			if (deleted) {
				NF_CT_STAT_INC_ATOMIC(net, early_drop);
				return true;
			}
		}
	}
	return false;
}

/**
 * nf_ct_pressure_init_net - empty lists
 * @net: new namespace
 */
void nf_ct_pressure_init_net(struct net *net)
{
	struct nf_ct_pernet *pernet = nf_ct_pernet_priv(net);
	unsigned int i;

	for (i = 0; i < NF_CT_SHARDS; i++)
		spin_lock_init(&pernet->shard[i].lock);
}
