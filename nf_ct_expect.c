// SPDX-License-Identifier: GPL-2.0
/*
 * Expectations: connections that a helper has announced, found by their
 * destination, and gone with the connection that announced them.
 *
 * All changes are made under nf_conntrack_expect_lock, BH disabled; the hash is
 * read under RCU. References to an expectation: one for whoever allocated it,
 * one for the hash and its master's list together, one for each reader that
 * took it. An expectation has none to its master: while it is linked, the
 * master lives, since an entry unlinks what is expected of it before it goes.
 *
 * What has expired is never found and never shown. It is unlinked by whoever
 * comes across it with the lock held, and by a worker that runs once a second
 * while anything at all is expected.
 */
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#endif

#include "nf_ct.h"
#include "compat/compat.h"

#define COLLECT_EVERY	HZ

/* Exact matches have no other bucket than that of their destination. */
struct dst_key {
	union nf_inet_addr	u3;
	u32			net;
	__be16			all;
	u16			zone;
	u16			l3num;
	u16			protonum;
	u32			pad;
} __aligned(SIPHASH_ALIGNMENT);

unsigned int nf_ct_expect_hsize __read_mostly;
EXPORT_SYMBOL_GPL(nf_ct_expect_hsize);

struct hlist_head *nf_ct_expect_hash __read_mostly;
EXPORT_SYMBOL_GPL(nf_ct_expect_hash);

unsigned int nf_ct_expect_max __read_mostly;

__cacheline_aligned_in_smp DEFINE_SPINLOCK(nf_conntrack_expect_lock);
EXPORT_SYMBOL_GPL(nf_conntrack_expect_lock);

static struct kmem_cache *expect_cache __read_mostly;
static siphash_aligned_key_t hash_key __read_mostly;

/* An expectation has gone from one bucket to another without a grace period; who
 * stood on it looks again.
 */
static seqcount_t relinked = SEQCNT_ZERO(relinked);

static void collect(struct work_struct *work);
static DECLARE_DELAYED_WORK(collect_work, collect);
static unsigned int linked;	/* in all namespaces; expect lock */

module_param_named(expect_hashsize, nf_ct_expect_hsize, uint, 0400);

/* --- find -------------------------------------------------------------- */

static struct hlist_head *bucket(const struct net *net,
				 const struct nf_conntrack_zone *zone,
				 const struct nf_conntrack_tuple *tuple)
{
	const struct dst_key key = {
		.u3		= tuple->dst.u3,
		.net		= net_hash_mix(net),
		.all		= tuple->dst.u.all,
		.zone		= zone->id,
		.l3num		= tuple->src.l3num,
		.protonum	= tuple->dst.protonum,
	};
	u32 hash;

	net_get_random_once(&hash_key, sizeof(hash_key));
	hash = siphash(&key, sizeof(key), &hash_key);
	return &nf_ct_expect_hash[reciprocal_scale(hash, nf_ct_expect_hsize)];
}

static const struct nf_conntrack_zone *
zone_of(const struct nf_conntrack_expect *exp)
{
#ifdef CONFIG_NF_CONNTRACK_ZONES
	return &exp->zone;
#else
	return &nf_ct_zone_dflt;
#endif
}

static bool fits(const struct nf_conntrack_expect *exp, const struct net *net,
		 const struct nf_conntrack_zone *zone,
		 const struct nf_conntrack_tuple *tuple)
{
	return nf_ct_tuple_mask_cmp(tuple, &exp->tuple, &exp->mask) &&
	       net_eq(net, read_pnet(&exp->net)) &&
	       nf_ct_exp_zone_equal_any(exp, zone) &&
	       !nf_ct_exp_is_expired(exp);
}

/**
 * __nf_ct_expect_find - find the expectation that a tuple fits
 * @net: namespace
 * @zone: zone that it must be in
 * @tuple: original tuple of a connection, or an expectation's own
 *
 * Context: RCU read side, or nf_conntrack_expect_lock held.
 *
 * Return: the expectation, without a reference, or NULL. One that has expired
 * is not found.
 */
struct nf_conntrack_expect *
__nf_ct_expect_find(struct net *net, const struct nf_conntrack_zone *zone,
		    const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_expect *exp;
	unsigned int seq;

	if (!READ_ONCE(nf_ct_pernet(net)->expect_count))
		return NULL;

	do {
		seq = read_seqcount_begin(&relinked);
		hlist_for_each_entry_rcu(exp, bucket(net, zone, tuple), hnode,
					 lockdep_is_held(&nf_conntrack_expect_lock)) {
			if (fits(exp, net, zone, tuple))
				return exp;
		}
	} while (read_seqcount_retry(&relinked, seq));
	return NULL;
}
EXPORT_SYMBOL_GPL(__nf_ct_expect_find);

/**
 * nf_ct_expect_find_get - find the expectation that a tuple fits, and hold it
 * @net: namespace
 * @zone: zone that it must be in
 * @tuple: original tuple of a connection, or an expectation's own
 *
 * Context: any but hard interrupt.
 *
 * Return: the expectation with a reference, or NULL.
 */
struct nf_conntrack_expect *
nf_ct_expect_find_get(struct net *net, const struct nf_conntrack_zone *zone,
		      const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_expect *exp;

	rcu_read_lock();
	exp = __nf_ct_expect_find(net, zone, tuple);
	if (exp && !refcount_inc_not_zero(&exp->use))
		exp = NULL;
	rcu_read_unlock();

	return exp;
}
EXPORT_SYMBOL_GPL(nf_ct_expect_find_get);

/**
 * nf_ct_find_expectation - was this new connection expected?
 * @net: namespace
 * @zone: zone of the connection
 * @tuple: its original tuple
 * @unlink: the connection comes to stay: an expectation that is not permanent
 *	has been met and goes
 *
 * An expectation that is inactive does not count, nor one whose master has not
 * been confirmed (the far end can't know of it yet) or is being deleted.
 *
 * Context: nf_conntrack_expect_lock held.
 *
 * Return: the expectation with a reference for the caller, who has been given
 * another one to @exp->master; or NULL.
 */
struct nf_conntrack_expect *
nf_ct_find_expectation(struct net *net, const struct nf_conntrack_zone *zone,
		       const struct nf_conntrack_tuple *tuple, bool unlink)
{
	struct nf_conntrack_expect *exp;
	struct nf_conn *master;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	if (!nf_ct_pernet(net)->expect_count)
		return NULL;

	hlist_for_each_entry(exp, bucket(net, zone, tuple), hnode) {
		if (!(exp->flags & NF_CT_EXPECT_INACTIVE) &&
		    fits(exp, net, zone, tuple))
			goto found;
	}
	return NULL;

found:
	master = exp->master;
	if (!nf_ct_is_confirmed(master) || nf_ct_is_dying(master) ||
	    !refcount_inc_not_zero(&master->ct_general.use))
		return NULL;

	refcount_inc(&exp->use);
	if (unlink && !(exp->flags & NF_CT_EXPECT_PERMANENT))
		nf_ct_unlink_expect(exp);
	return exp;
}

/* --- link and unlink --------------------------------------------------- */

/* The generation of the extensions does not matter to what is linked. */
static struct nf_conn_help *help_of(const struct nf_conn *ct)
{
	struct nf_ct_ext *ext = ct->ext;

	if (!ext || !__nf_ct_ext_exist(ext, NF_CT_EXT_HELPER))
		return NULL;
	return (void *)ext + ext->offset[NF_CT_EXT_HELPER];
}

static struct nf_conntrack_helper *helper_of(const struct nf_conn_help *help)
{
	return rcu_dereference_check(help->helper,
				     lockdep_is_held(&nf_conntrack_expect_lock));
}

static bool is_linked(const struct nf_conntrack_expect *exp)
{
	return !hlist_unhashed(&exp->hnode);
}

/**
 * nf_ct_unlink_expect_report - expect a connection no more
 * @exp: expectation; nothing happens if it is not linked
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants the event, too
 *
 * Context: nf_conntrack_expect_lock held.
 */
void nf_ct_unlink_expect_report(struct nf_conntrack_expect *exp,
				u32 portid, int report)
{
	struct net *net = nf_ct_exp_net(exp);
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);

	lockdep_assert_held(&nf_conntrack_expect_lock);

	/* Then the master may be gone, too. */
	if (!is_linked(exp))
		return;

	hlist_del_init_rcu(&exp->hnode);
	hlist_del_init(&exp->lnode);
	help_of(exp->master)->expecting[exp->class]--;
	WRITE_ONCE(cnet->expect_count, cnet->expect_count - 1);
	linked--;

	nf_ct_expect_event_report(IPEXP_DESTROY, exp, portid, report);
	NF_CT_STAT_INC(net, expect_delete);
	nf_ct_expect_put(exp);
}
EXPORT_SYMBOL_GPL(nf_ct_unlink_expect_report);

static void link(struct nf_conntrack_expect *exp, struct nf_conn_help *help)
{
	struct nf_conntrack_helper *helper;
	struct net *net = nf_ct_exp_net(exp);
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);

	helper = helper_of(help);
	if (helper) {
		/* More than INT_MAX jiffies would be in the past. */
		exp->timeout += min(helper->expect_policy[exp->class].timeout,
				    (unsigned int)INT_MAX / HZ) * HZ;
		if (!rcu_access_pointer(exp->helper))
			rcu_assign_pointer(exp->helper, helper);
	}
	exp->flags &= ~NF_CT_EXPECT_DEAD;

	refcount_inc(&exp->use);
	hlist_add_head(&exp->lnode, &help->expectations);
	help->expecting[exp->class]++;
	hlist_add_head_rcu(&exp->hnode,
			   bucket(net, zone_of(exp), &exp->tuple));
	WRITE_ONCE(cnet->expect_count, cnet->expect_count + 1);
	if (!linked++)
		schedule_delayed_work(&collect_work, COLLECT_EVERY);

	NF_CT_STAT_INC(net, expect_create);
}

/**
 * nf_ct_expectation_gc - unlink what has expired of a connection
 * @master_help: helper extension of the connection
 *
 * Context: nf_conntrack_expect_lock held.
 */
void nf_ct_expectation_gc(struct nf_conn_help *master_help)
{
	struct nf_conntrack_expect *exp;
	struct hlist_node *next;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	hlist_for_each_entry_safe(exp, next, &master_help->expectations, lnode) {
		if (nf_ct_exp_is_expired(exp))
			nf_ct_unlink_expect(exp);
	}
}

/* Unlink from the whole hash what @iter says. */
static void unlink_if(bool (*iter)(struct nf_conntrack_expect *e, void *data),
		      void *data, const struct net *net, u32 portid, int report)
{
	struct nf_conntrack_expect *exp;
	struct hlist_node *next;
	unsigned int i;

	for (i = 0; i < nf_ct_expect_hsize; i++) {
		if (hlist_empty(&nf_ct_expect_hash[i]))
			continue;

		spin_lock_bh(&nf_conntrack_expect_lock);
		hlist_for_each_entry_safe(exp, next, &nf_ct_expect_hash[i],
					  hnode) {
			if (net && !net_eq(net, nf_ct_exp_net(exp)))
				continue;
			if (iter(exp, data))
				nf_ct_unlink_expect_report(exp, portid, report);
		}
		spin_unlock_bh(&nf_conntrack_expect_lock);
	}
}

static bool is_over(struct nf_conntrack_expect *exp, void *data)
{
	return nf_ct_exp_is_expired(exp);
}

static void collect(struct work_struct *work)
{
	unlink_if(is_over, NULL, NULL, 0, 0);

	spin_lock_bh(&nf_conntrack_expect_lock);
	if (linked)
		schedule_delayed_work(&collect_work, COLLECT_EVERY);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

/**
 * nf_ct_expect_iterate_destroy - unlink the expectations that fit
 * @iter: called with nf_conntrack_expect_lock held; true unlinks
 * @data: argument of @iter
 *
 * Context: any but hard interrupt.
 */
void nf_ct_expect_iterate_destroy(bool (*iter)(struct nf_conntrack_expect *e,
					       void *data),
				  void *data)
{
	unlink_if(iter, data, NULL, 0, 0);
}
EXPORT_SYMBOL_GPL(nf_ct_expect_iterate_destroy);

/**
 * nf_ct_expect_iterate_net - unlink the expectations of a namespace that fit
 * @net: namespace
 * @iter: called with nf_conntrack_expect_lock held; true unlinks
 * @data: argument of @iter
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants the events, too
 *
 * Context: any but hard interrupt.
 */
void nf_ct_expect_iterate_net(struct net *net,
			      bool (*iter)(struct nf_conntrack_expect *e,
					   void *data),
			      void *data, u32 portid, int report)
{
	unlink_if(iter, data, net, portid, report);
}
EXPORT_SYMBOL_GPL(nf_ct_expect_iterate_net);

/**
 * nf_ct_remove_expectations - a connection dies and takes along what is
 *	expected of it
 * @ct: entry that is marked dying, or that nobody refers to any more, so that
 *	nothing can be added (nf_ct_expect_related_report() looks)
 *
 * Context: any but hard interrupt.
 */
void nf_ct_remove_expectations(struct nf_conn *ct)
{
	struct nf_conn_help *help = help_of(ct);
	struct nf_conntrack_expect *exp;
	struct hlist_node *next;

	if (!help)
		return;

	spin_lock_bh(&nf_conntrack_expect_lock);
	hlist_for_each_entry_safe(exp, next, &help->expectations, lnode)
		nf_ct_unlink_expect(exp);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}
EXPORT_SYMBOL_GPL(nf_ct_remove_expectations);

/**
 * nf_ct_unexpect_related - take back an expectation
 * @exp: expectation that the caller has a reference to
 *
 * It is not found or shown from now on, and unlinked soon. Needs no lock, so
 * that helpers may call it wherever they are.
 *
 * Context: any.
 */
void nf_ct_unexpect_related(struct nf_conntrack_expect *exp)
{
	unsigned int flags = READ_ONCE(exp->flags);

	while (!try_cmpxchg(&exp->flags, &flags, flags | NF_CT_EXPECT_DEAD))
		;
}
EXPORT_SYMBOL_GPL(nf_ct_unexpect_related);

/* --- allocate and free ------------------------------------------------- */

/**
 * nf_ct_expect_alloc - a new expectation
 * @me: entry that it will be expected of
 *
 * Its timeout runs from now on; that of the helper's policy is added when it
 * is linked.
 *
 * Context: any but hard interrupt.
 *
 * Return: the expectation with one reference, or NULL.
 */
struct nf_conntrack_expect *nf_ct_expect_alloc(struct nf_conn *me)
{
	struct nf_conntrack_expect *exp;

	exp = kmem_cache_zalloc(expect_cache, GFP_ATOMIC);
	if (!exp)
		return NULL;

	exp->master = me;
	exp->timeout = nfct_time_stamp;
	write_pnet(&exp->net, nf_ct_net(me));
#ifdef CONFIG_NF_CONNTRACK_ZONES
	exp->zone = *nf_ct_zone(me);
#endif
	refcount_set(&exp->use, 1);
	return exp;
}
EXPORT_SYMBOL_GPL(nf_ct_expect_alloc);

static void set_addr(union nf_inet_addr *to, const union nf_inet_addr *addr,
		     u8 family)
{
	memset(to, 0, sizeof(*to));
	if (!addr)
		return;
	if (family == AF_INET)
		to->ip = addr->ip;
	else
		to->in6 = addr->in6;
}

/**
 * nf_ct_expect_init - say what is expected
 * @exp: expectation, not linked
 * @class: class of the helper's policies
 * @family: AF_INET or AF_INET6
 * @saddr: source address, or NULL for any
 * @daddr: destination address
 * @proto: transport protocol
 * @src: source port, or NULL for any
 * @dst: destination port
 *
 * It is its master's helper that expects it, unless the caller says otherwise.
 *
 * Context: as the caller's hold on the master's helper; RCU read side.
 */
void nf_ct_expect_init(struct nf_conntrack_expect *exp, unsigned int class,
		       u_int8_t family, const union nf_inet_addr *saddr,
		       const union nf_inet_addr *daddr, u_int8_t proto,
		       const __be16 *src, const __be16 *dst)
{
	static const union nf_inet_addr ones = {
		.all = { ~0U, ~0U, ~0U, ~0U },
	};
	const struct nf_conn_help *help = nfct_help(exp->master);

	exp->flags = 0;
	exp->class = class;
	exp->expectfn = NULL;
	RCU_INIT_POINTER(exp->helper,
			 help ? rcu_dereference_raw(help->helper) : NULL);
	RCU_INIT_POINTER(exp->assign_helper, NULL);

	exp->tuple.src.l3num = family;
	exp->tuple.dst.protonum = proto;

	set_addr(&exp->tuple.src.u3, saddr, family);
	set_addr(&exp->mask.src.u3, saddr ? &ones : NULL, family);
	exp->tuple.src.u.all = src ? *src : 0;
	exp->mask.src.u.all = src ? htons(0xffff) : 0;

	set_addr(&exp->tuple.dst.u3, daddr, family);
	exp->tuple.dst.u.all = *dst;

#if IS_ENABLED(CONFIG_NF_NAT)
	memset(&exp->saved_addr, 0, sizeof(exp->saved_addr));
	memset(&exp->saved_proto, 0, sizeof(exp->saved_proto));
	exp->dir = IP_CT_DIR_ORIGINAL;
#endif
}
EXPORT_SYMBOL_GPL(nf_ct_expect_init);

static void free_rcu_cb(struct rcu_head *head)
{
	kmem_cache_free(expect_cache,
			container_of(head, struct nf_conntrack_expect, rcu));
}

/**
 * nf_ct_expect_put - let go of an expectation
 * @exp: expectation
 *
 * Context: any.
 */
void nf_ct_expect_put(struct nf_conntrack_expect *exp)
{
	if (refcount_dec_and_test(&exp->use))
		call_rcu(&exp->rcu, free_rcu_cb);
}
EXPORT_SYMBOL_GPL(nf_ct_expect_put);

/* --- expect ------------------------------------------------------------ */

/* Would a tuple fit both? Then nobody could say whose it is. */
static bool overlap(const struct nf_conntrack_expect *a,
		    const struct nf_conntrack_expect *b)
{
	struct nf_conntrack_tuple_mask both;
	int i;

	for (i = 0; i < NF_CT_TUPLE_L3SIZE; i++)
		both.src.u3.all[i] = a->mask.src.u3.all[i] &
				     b->mask.src.u3.all[i];
	both.src.u.all = a->mask.src.u.all & b->mask.src.u.all;

	return nf_ct_tuple_mask_cmp(&a->tuple, &b->tuple, &both) &&
	       net_eq(read_pnet(&a->net), read_pnet(&b->net)) &&
	       nf_ct_exp_zone_equal_any(a, zone_of(b));
}

/* Do overlapping ones expect the very same? */
static bool same(const struct nf_conntrack_expect *a,
		 const struct nf_conntrack_expect *b, unsigned int flags)
{
	return (flags & NF_CT_EXP_F_SKIP_MASTER || a->master == b->master) &&
	       nf_ct_tuple_equal(&a->tuple, &b->tuple) &&
	       nf_ct_tuple_mask_equal(&a->mask, &b->mask);
}

/* Is there another one in the way? One that says the same of the same master
 * is replaced: the helper has seen a retransmission.
 */
static int make_way(struct nf_conntrack_expect *exp, unsigned int flags)
{
	struct nf_conntrack_expect *other, *old = NULL;
	struct hlist_node *next;

	hlist_for_each_entry_safe(other, next,
				  bucket(nf_ct_exp_net(exp), zone_of(exp),
					 &exp->tuple), hnode) {
		if (nf_ct_exp_is_expired(other)) {
			nf_ct_unlink_expect(other);
			continue;
		}
		if (!overlap(other, exp))
			continue;
		if (!same(other, exp, flags))
			return -EBUSY;
		if (other->class != exp->class || other->master != exp->master)
			return -EALREADY;
		old = other;
	}
	if (old)
		nf_ct_unlink_expect(old);
	return 0;
}

/* New ones go to the head of the list. False if there is none of the class. */
static bool unlink_oldest(struct nf_conn_help *help, unsigned int class)
{
	struct nf_conntrack_expect *exp, *oldest = NULL;

	hlist_for_each_entry(exp, &help->expectations, lnode) {
		if (exp->class == class)
			oldest = exp;
	}
	if (oldest)
		nf_ct_unlink_expect(oldest);
	return oldest;
}

/* How many of a class a connection may expect; 0 if there is no such class. */
static unsigned int class_limit(const struct nf_conn_help *help,
				unsigned int class)
{
	const struct nf_conntrack_helper *helper;
	unsigned int max = NF_CT_EXPECT_MAX_CNT;

	if (class >= NF_CT_MAX_EXPECT_CLASSES)
		return 0;

	helper = helper_of(help);
	if (!helper)
		return max;
	if (class > helper->expect_class_max)
		return 0;
	return helper->expect_policy[class].max_expected ?: max;
}

/* Is there room for one more, and for @first before it, if there is such a one?
 * Nothing is linked yet, but what is in the way and may go has gone.
 */
static int admit(struct nf_conntrack_expect *exp,
		 const struct nf_conntrack_expect *first, unsigned int flags)
{
	struct nf_conn_help *help = help_of(exp->master);
	unsigned int limit, before;
	int err;

	if (!help || nf_ct_is_dying(exp->master))
		return -ESHUTDOWN;

	limit = class_limit(help, exp->class);
	if (!limit)
		return -EINVAL;

	/* A helper took it back, and now tries another port. */
	if (is_linked(exp)) {
		nf_ct_unlink_expect(exp);
		raw_write_seqcount_barrier(&relinked);
		exp->timeout = nfct_time_stamp;
	}
	nf_ct_expectation_gc(help);
	if (first && overlap(first, exp))
		return -EBUSY;
	err = make_way(exp, flags);
	if (err)
		return err;

	before = first && first->class == exp->class ? 1 : 0;
	while (help->expecting[exp->class] + before >= limit) {
		if (!unlink_oldest(help, exp->class))
			return -EMFILE;
	}

	if (nf_ct_pernet(nf_ct_exp_net(exp))->expect_count + !!first >=
	    READ_ONCE(nf_ct_expect_max)) {
		net_warn_ratelimited("nf_conntrack: expectation table full\n");
		return -EMFILE;
	}
	return 0;
}

static void insert(struct nf_conntrack_expect *exp, u32 portid, int report)
{
	link(exp, help_of(exp->master));
	nf_ct_expect_event_report(IPEXP_NEW, exp, portid, report);
}

/**
 * nf_ct_expect_related_report - expect a connection from now on
 * @expect: what is expected; the caller keeps its reference
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants the event, too
 * @flags: NF_CT_EXP_F_SKIP_MASTER: if the same is expected of another master,
 *	say so with -EALREADY
 *
 * The oldest of its class goes if the class is full.
 *
 * Context: any but hard interrupt.
 *
 * Return: 0, or -ESHUTDOWN (the master has no helper extension, or is dying),
 * -EBUSY (overlaps with what is expected already: try another port),
 * -EALREADY (the same is expected in another class), -EMFILE
 * (nf_conntrack_expect_max reached), -EINVAL (the helper has no such class).
 */
int nf_ct_expect_related_report(struct nf_conntrack_expect *expect,
				u32 portid, int report, unsigned int flags)
{
	int err;

	spin_lock_bh(&nf_conntrack_expect_lock);
	err = admit(expect, NULL, flags);
	if (!err)
		insert(expect, portid, report);
	spin_unlock_bh(&nf_conntrack_expect_lock);

	return err;
}
EXPORT_SYMBOL_GPL(nf_ct_expect_related_report);

#ifdef NF_CT_EXPECT_PAIR
/**
 * nf_ct_expect_related_pair - expect two connections, or neither
 * @expect: two expectations; the caller keeps its references
 * @flags: as for nf_ct_expect_related_report()
 *
 * For protocols that take two ports side by side, as RTP and RTCP do: nobody
 * sees the one without the other.
 *
 * Context: any but hard interrupt.
 *
 * Return: as nf_ct_expect_related_report().
 */
int nf_ct_expect_related_pair(struct nf_conntrack_expect *expect[],
			      unsigned int flags)
{
	int err;

	spin_lock_bh(&nf_conntrack_expect_lock);
	err = admit(expect[0], NULL, flags);
	if (!err)
		err = admit(expect[1], expect[0], flags);
	if (!err) {
		insert(expect[0], 0, 0);
		insert(expect[1], 0, 0);
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);

	return err;
}
EXPORT_SYMBOL_GPL(nf_ct_expect_related_pair);
#endif

/* --- init -------------------------------------------------------------- */

/**
 * nf_conntrack_expect_pernet_init - a namespace comes
 * @net: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_expect_pernet_init(struct net *net)
{
	return nf_ct_expect_proc_init_net(net);
}

/**
 * nf_conntrack_expect_pernet_fini - a namespace goes
 * @net: namespace without entries
 */
void nf_conntrack_expect_pernet_fini(struct net *net)
{
	nf_ct_expect_proc_exit_net(net);
}

/**
 * nf_conntrack_expect_init - set up the hash
 *
 * Follows the table's, whose number of buckets is one default size of ours.
 *
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_expect_init(void)
{
	if (!nf_ct_expect_hsize)
		nf_ct_expect_hsize = max(nf_conntrack_htable_size / 256, 1U);
	nf_ct_expect_max = nf_ct_expect_hsize * 4;

	expect_cache = KMEM_CACHE(nf_conntrack_expect, 0);
	if (!expect_cache)
		return -ENOMEM;

	nf_ct_expect_hash = nf_ct_alloc_hashtable(&nf_ct_expect_hsize, 0);
	if (!nf_ct_expect_hash) {
		kmem_cache_destroy(expect_cache);
		return -ENOMEM;
	}
	return 0;
}

/**
 * nf_conntrack_expect_fini - the module goes; nothing is expected any more
 */
void nf_conntrack_expect_fini(void)
{
	cancel_delayed_work_sync(&collect_work);
	rcu_barrier();	/* free_rcu_cb() */
	kmem_cache_destroy(expect_cache);
	kvfree(nf_ct_expect_hash);
}
