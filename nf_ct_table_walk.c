// SPDX-License-Identifier: GPL-2.0
/*
 * The index: all entries one after the other, and those that are due. See
 * nf_ct_table.h for the layout.
 */
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#endif

#include "nf_ct.h"
#include "nf_ct_table.h"

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
	struct nf_ct_table *table = nf_ct_table_of(net);
	unsigned int visited, n = 0;

	rcu_read_lock();
	for (visited = 0; visited < WALK_LINES && !pos->end; visited++) {
		struct nf_ct_array *array = rcu_dereference(table->cur);
		u32 hash = pos_hash(pos);
		struct nf_ct_line *line;
		struct nf_conn *ct;

		line = line_of(array, hash);
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
EXPORT_SYMBOL_NS_GPL(nf_ct_table_walk, NF_CT_NS);

/**
 * nf_ct_table_place - the place behind an entry
 * @ct: entry that is or was in the index
 * @pos: set, unless the place is not known any more: then what was the place
 *	before is as good
 */
void nf_ct_table_place(struct nf_conn *ct, struct nf_ct_pos *pos)
{
	enum ip_conntrack_dir dir = owner_dir(ct);
	u32 hash = READ_ONCE(nf_ct_link(ct, dir)->hash);

	/* Pairs with setting IPS_DYING: then the reply's link may become that of
	 * the list of the dying.
	 */
	smp_rmb();
	if (dir == IP_CT_DIR_REPLY && nf_ct_is_dying(ct))
		return;

	pos->hash = hash;
	pos->id = (unsigned long)ct;
	pos->end = false;
}
EXPORT_SYMBOL_NS_GPL(nf_ct_table_place, NF_CT_NS);

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
	if (atomic_read(&nf_ct_table_of(iter_data->net)->slots))
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
	nf_ct_ext_invalidate();
	synchronize_net();

	/* What was on its way before has arrived, maybe in a queue. */
	down_read(&net_rwsem);
	for_each_net(net)
		nf_queue_nf_hook_drop(net);
	up_read(&net_rwsem);
	synchronize_net();

	down_read(&net_rwsem);
	for_each_net(net)
		iterate(net, iter, data, 0, 0);
	up_read(&net_rwsem);

	/* A namespace that is being removed is on the list no more, but has its
	 * entries until it is gone.
	 */
	net_ns_barrier();
}
EXPORT_SYMBOL_GPL(nf_ct_iterate_destroy);

/* --- sweep ------------------------------------------------------------- */

#define SWEEP_GROUPS	16	/* that are visited without a pause */

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
	 * flow back, maybe just now, and until then expects it not to expire.
	 */
	if ((s32)(timeout - now) < NF_CT_DAY / 2)
		cmpxchg(&ct->timeout, timeout, now + NF_CT_DAY);
	return now + OFFLOAD_LOOK;
}

/* What a sweep collects.
 * @table, @now: where, and what is due by then
 * @batch: has room for @max entries and @n so far, each with a reference
 * @groups: visited so far
 */
struct sweep {
	struct nf_ct_table	*table;
	u32			now;
	struct nf_conn		**batch;
	unsigned int		n;
	unsigned int		max;
	unsigned int		groups;
};

/* Collect what is due in one line. False: no room, come again. */
static bool line_expired(struct sweep *s, u32 hash)
{
	struct nf_ct_line *head, *line;
	struct nf_ct_array *array;
	unsigned int i;
	bool all = true;

	local_bh_disable();
	head = line_lock(s->table, hash, &array);
	due_take(&head->due, s->now);
	for_each_slot(line, i, head) {
		struct nf_conn *ct = slot_ct(line->slot[i]);
		u32 when;

		if (!ct || !slot_owns(line->slot[i]) || nf_ct_is_dying(ct))
			continue;
		when = look_at(ct, s->now);
		if (earlier(s->now, when)) {
			due_lower(&head->due, when);
		} else if (s->n < s->max) {
			refcount_inc(&ct->ct_general.use);
			s->batch[s->n++] = ct;
		} else {
			due_lower(&head->due, s->now);
			all = false;
		}
	}
	due_lower(&array->sum[line_index(array, hash) >> GROUP_BITS], head->due);
	line_unlock(head);
	local_bh_enable();
	return all;
}

/* Collect what is due in 64 lines of an array. False: no room. */
static bool group_expired(struct sweep *s, struct nf_ct_array *array,
			  unsigned int group)
{
	unsigned int i = group << GROUP_BITS;
	unsigned int end = min(i + (1U << GROUP_BITS), 1U << array->bits);
	bool all = true;

	due_take(&array->sum[group], s->now);
	for (; i < end; i++) {
		struct nf_ct_line *line = array_line(array, i);
		u32 due = READ_ONCE(line->due);

		if (line_moved(line))
			continue;
		if (all && !earlier(s->now, due))
			all = line_expired(s, i << (32 - array->bits));
		/* Also for what became due behind us. */
		due_lower(&array->sum[group], READ_ONCE(line->due));
	}
	return all;
}

/* Collect what is due in an array, from a group on. False: no room or time for a
 * pause; then *group is where to go on, what was visited being due no more.
 */
static bool array_expired(struct sweep *s, struct nf_ct_array *array,
			  unsigned int *group)
{
	for (; *group < 1U << (array->bits - GROUP_BITS); ++*group) {
		if (earlier(s->now, READ_ONCE(array->sum[*group])))
			continue;
		if (!group_expired(s, array, *group) || ++s->groups == SWEEP_GROUPS)
			return false;
	}
	return true;
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
	struct sweep s = {
		.table = nf_ct_table_of(net),
		.now = nfct_time_stamp,
		.batch = batch,
		.max = max,
	};
	struct nf_ct_array *array, *next;
	unsigned int group = 0;

	rcu_read_lock();
	array = rcu_dereference(s.table->cur);
	/* A resize is under way: visit both, first the one moved to. */
	next = rcu_dereference(array->next);
	if (!next || array_expired(&s, next, &group)) {
		group = line_index(array, pos_hash(pos)) >> GROUP_BITS;
		pos->end = array_expired(&s, array, &group);
	}
	if (!pos->end && !next) {
		pos->hash = (group << GROUP_BITS) << (32 - array->bits);
		pos->id = 0;
	}
	rcu_read_unlock();
	return s.n;
}
