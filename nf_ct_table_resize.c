// SPDX-License-Identifier: GPL-2.0
/*
 * The index: its size, and how it changes. See nf_ct_table.h for the layout.
 */
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#ifndef __GENKSYMS__
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#endif

#include "nf_ct.h"
#include "nf_ct_table.h"

unsigned int nf_conntrack_htable_size __read_mostly;
EXPORT_SYMBOL_GPL(nf_conntrack_htable_size);

unsigned int nf_conntrack_max __read_mostly;
EXPORT_SYMBOL_GPL(nf_conntrack_max);

/* nf_conntrack_htable_size has been settled; written by module init. */
static bool ready __read_mostly;

/* --- resize ------------------------------------------------------------ */

/* Chunks of an array, and lines of each. */
static unsigned int chunks_of(unsigned int bits)
{
	return bits > CHUNK_BITS ? 1U << (bits - CHUNK_BITS) : 1;
}

static unsigned int lines_of_chunk(unsigned int bits)
{
	return 1U << min_t(unsigned int, bits, CHUNK_BITS);
}

static void chunk_free(struct nf_ct_line *chunk, unsigned int lines)
{
	struct nf_ct_line *line, *next;
	unsigned int i;

	if (!chunk)
		return;
	for (i = 0; i < lines; i++) {
		for (line = line_next(&chunk[i]); line; line = next) {
			next = line_next(line);
			kfree(line);
		}
	}
	kvfree(chunk);
}

static void array_free(struct nf_ct_array *array)
{
	unsigned int i;

	if (!array)
		return;
	for (i = 0; i < chunks_of(array->bits); i++) {
		chunk_free(array->chunk[i], lines_of_chunk(array->bits));
		cond_resched();
	}
	kvfree(array->sum);
	kvfree(array);
}

/* An index that does not get its memory stays as it is; nobody is to be killed for
 * it.
 */
#define GFP_INDEX	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static struct nf_ct_line *chunk_alloc(unsigned int lines, u32 due)
{
	struct nf_ct_line *chunk;
	unsigned int i;

	chunk = kvcalloc(lines, sizeof(*chunk), GFP_INDEX);
	if (!chunk)
		return NULL;
	for (i = 0; i < lines; i++)
		chunk[i].due = due;
	return chunk;
}

static struct nf_ct_array *array_alloc(unsigned int bits)
{
	u32 i, groups = 1U << (bits - GROUP_BITS);
	u32 far_off = nfct_time_stamp + FAR_OFF;
	struct nf_ct_array *array;

	/* Piece by piece, nothing else would say that it is too much. */
	if ((u64)LINE_BYTES << bits >> PAGE_SHIFT > totalram_pages())
		return NULL;
	array = kvzalloc(struct_size(array, chunk, chunks_of(bits)), GFP_INDEX);
	if (!array)
		return NULL;

	array->bits = bits;
	array->limit = FILL << bits;
	array->sum = kvcalloc(groups, sizeof(*array->sum), GFP_INDEX);
	if (!array->sum)
		goto fail;
	for (i = 0; i < groups; i++)
		array->sum[i] = far_off;

	for (i = 0; i < chunks_of(bits); i++) {
		array->chunk[i] = chunk_alloc(lines_of_chunk(bits), far_off);
		if (!array->chunk[i])
			goto fail;
		cond_resched();
	}
	return array;
fail:
	array_free(array);
	return NULL;
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
		bit_spin_lock(LINE_LOCK, &array_line(run->from, run->first + i)->state);
}

static void run_unlock(const struct run *run)
{
	unsigned int i;

	for (i = run->n; i-- > 0; )
		bit_spin_unlock(LINE_LOCK, &array_line(run->from, run->first + i)->state);
}

/* An upper bound of the overflow lines that moving a locked run takes. */
static unsigned int run_needs(const struct run *run)
{
	unsigned int i, n = 0;
	struct nf_ct_line *line;

	for (i = 0; i < run->n; i++)
		for_each_line(line, array_line(run->from, run->first + i))
			n++;
	return n;
}

static void move_slot(struct nf_ct_array *to, unsigned long slot,
		      struct pool *pool)
{
	u32 hash = slot_hash(slot);
	struct nf_ct_line *head = line_of(to, hash);
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
		line_due(run->to, i, READ_ONCE(array_line(run->from, index)->due));
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
		for_each_slot(line, s, array_line(run->from, i))
			if (line->slot[s])
				move_slot(run->to, line->slot[s], pool);

	/* Publishes the new lines. Pairs with find_get(). */
	smp_wmb();
	for (i = run->first; i < run->first + run->n; i++)
		set_bit(LINE_MOVED, &array_line(run->from, i)->state);
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

/* Lines that hold n slots at the wanted load. */
static unsigned int bits_for(unsigned int n)
{
	unsigned int bits = MIN_BITS;

	while (bits < MAX_BITS && ((u64)FILL << bits) < n)
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
		n = atomic_read(&table->slots);
		bits = table_bits(table);
		if (n <= FILL << bits || bits == MAX_BITS)
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
 * Return: 0 or -ENOMEM; then it is as it was or between the two.
 */
int nf_ct_table_resize(struct net *net, unsigned int buckets)
{
	struct nf_ct_table *table = nf_ct_table_of(net);
	unsigned int bits = buckets_to_bits(buckets);
	int err;

	mutex_lock(&table->resize_mutex);
	bits = max(bits, bits_for(atomic_read(&table->slots)));
	err = table_resize(table, bits);
	mutex_unlock(&table->resize_mutex);
	return err;
}

/* Memory for stock's table of them has to be counted by an int. */
#define MAX_BUCKETS	(INT_MAX / sizeof(struct hlist_nulls_head))

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

	if (!hashsize || hashsize > MAX_BUCKETS)
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
	struct nf_ct_table *table = nf_ct_table_of(net);
	unsigned int bits = MIN_BITS;

	if (net_eq(net, &init_net))
		bits = buckets_to_bits(nf_conntrack_htable_size);

	atomic_set(&table->slots, 0);
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
	struct nf_ct_table *table = nf_ct_table_of(net);

	cancel_work_sync(&table->resize_work);
	WARN_ON(atomic_read(&table->slots));
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
	/* While the module comes or goes there is no index. */
	if (!ready)
		return param_set_uint(val, kp);

	err = kstrtouint(val, 0, &hashsize);
	return err ?: nf_conntrack_hash_resize(hashsize);
}

module_param_call(hashsize, nf_conntrack_set_hashsize, param_get_uint,
		  &nf_conntrack_htable_size, 0600);

#ifdef NF_CT_OPENWRT
#define MEMORY_SHARE	2048	/* little memory, many flows */
#else
#define MEMORY_SHARE	16384
#endif

static unsigned int default_buckets(void)
{
	u64 bytes = (u64)totalram_pages() << PAGE_SHIFT;

	if (IS_ENABLED(CONFIG_64BIT) && bytes > 4ULL * SZ_1G)
		return 262144;
	if (bytes > SZ_1G)
		return 65536;
	return max_t(u64, bytes / MEMORY_SHARE / sizeof(struct hlist_head),
		     1024);
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
	nf_conntrack_htable_size = round_buckets(min_t(unsigned long,
						       nf_conntrack_htable_size,
						       MAX_BUCKETS));
	nf_conntrack_max = min_t(u64, (u64)factor * nf_conntrack_htable_size,
				 INT_MAX);
}

/**
 * nf_ct_table_ready - the namespaces have an index, and hashsize= may change it
 * @is: or they are about to lose it
 *
 * Context: process, when the module comes or goes.
 */
void nf_ct_table_ready(bool is)
{
	kernel_param_lock(THIS_MODULE);
	ready = is;
	kernel_param_unlock(THIS_MODULE);
}
