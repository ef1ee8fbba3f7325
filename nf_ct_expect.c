// SPDX-License-Identifier: GPL-2.0
/*
 * Expectations: connections that a helper (or a rule, or user space) has been
 * told to come, and that will be RELATED to the one they were agreed upon in.
 *
 * An expectation stands in a hash by its destination, and on the list of its
 * master. Both are changed under nf_conntrack_expect_lock, BH disabled, and may
 * be read under RCU. The hash has a reference, freed after a grace period.
 *
 * There is no timer: what has expired is not found, and makes room when its
 * master expects something new, when somebody looks at the list, or when the
 * master goes.
 */
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/proc_fs.h>
#include <linux/rculist.h>
#include <linux/seq_file.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#endif

#include "compat/compat.h"
#include "nf_ct.h"

unsigned int nf_ct_expect_hsize __read_mostly;
EXPORT_SYMBOL_GPL(nf_ct_expect_hsize);

struct hlist_head *nf_ct_expect_hash __read_mostly;
EXPORT_SYMBOL_GPL(nf_ct_expect_hash);

unsigned int nf_ct_expect_max __read_mostly;

__cacheline_aligned_in_smp DEFINE_SPINLOCK(nf_conntrack_expect_lock);
EXPORT_SYMBOL_GPL(nf_conntrack_expect_lock);

static struct kmem_cache *expect_cache __read_mostly;
static siphash_aligned_key_t hash_key __read_mostly;

module_param_named(expect_hashsize, nf_ct_expect_hsize, uint, 0400);

/* --- find -------------------------------------------------------------- */

/* Masks cover the source alone, so the destination is what can be hashed. */
static unsigned int hash_of(const struct net *net,
			    const struct nf_conntrack_tuple *tuple)
{
	struct {
		union nf_inet_addr addr;
		u64 rest, net;
	} key = {
		.addr	= tuple->dst.u3,
		.rest	= (u64)tuple->src.l3num << 32 |
			  (u32)tuple->dst.protonum << 16 |
			  (__force u16)tuple->dst.u.all,
		.net	= (unsigned long)net,
	};

	net_get_random_once(&hash_key, sizeof(hash_key));
	return reciprocal_scale(siphash(&key, sizeof(key), &hash_key),
				nf_ct_expect_hsize);
}

static struct hlist_head *bucket_of(const struct net *net,
				    const struct nf_conntrack_tuple *tuple)
{
	return &nf_ct_expect_hash[hash_of(net, tuple)];
}

static bool expects(const struct nf_conntrack_expect *exp,
		    const struct net *net,
		    const struct nf_conntrack_zone *zone,
		    const struct nf_conntrack_tuple *tuple)
{
	return nf_ct_tuple_mask_cmp(tuple, &exp->tuple, &exp->mask) &&
	       net_eq(net, read_pnet(&exp->net)) &&
	       nf_ct_exp_zone_equal_any(exp, zone) &&
	       !nf_ct_exp_is_expired(exp);
}

static bool none_expected(const struct net *net)
{
	return !READ_ONCE(nf_ct_pernet(net)->expect_count);
}

/**
 * __nf_ct_expect_find - find the expectation that a tuple fulfils
 * @net: namespace
 * @zone: zone
 * @tuple: tuple of the original direction
 *
 * Context: RCU read side, or nf_conntrack_expect_lock held.
 *
 * Return: the expectation, without a reference, or NULL.
 */
struct nf_conntrack_expect *
__nf_ct_expect_find(struct net *net,
		    const struct nf_conntrack_zone *zone,
		    const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_expect *exp;

	if (none_expected(net))
		return NULL;

	hlist_for_each_entry_rcu(exp, bucket_of(net, tuple), hnode,
				 lockdep_is_held(&nf_conntrack_expect_lock)) {
		if (expects(exp, net, zone, tuple))
			return exp;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(__nf_ct_expect_find);

/**
 * nf_ct_expect_find_get - find the expectation that a tuple fulfils
 * @net: namespace
 * @zone: zone
 * @tuple: tuple of the original direction
 *
 * Context: any; takes the RCU read lock.
 *
 * Return: the expectation, which the caller puts, or NULL.
 */
struct nf_conntrack_expect *
nf_ct_expect_find_get(struct net *net,
		      const struct nf_conntrack_zone *zone,
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
 * nf_ct_find_expectation - a new connection: was it expected?
 * @net: namespace
 * @zone: zone
 * @tuple: tuple of the original direction
 * @unlink: it is fulfilled, unless it is permanent; else just have a look
 *
 * Context: nf_conntrack_expect_lock held.
 *
 * Return: the expectation, which the caller puts, with a reference to its
 * master besides, which the new entry keeps; or NULL.
 */
struct nf_conntrack_expect *
nf_ct_find_expectation(struct net *net,
		       const struct nf_conntrack_zone *zone,
		       const struct nf_conntrack_tuple *tuple, bool unlink)
{
	struct nf_conntrack_expect *exp;

	hlist_for_each_entry(exp, bucket_of(net, tuple), hnode) {
		if (!(exp->flags & NF_CT_EXPECT_INACTIVE) &&
		    expects(exp, net, zone, tuple))
			goto found;
	}
	return NULL;

found:
	/* A master that was never confirmed, or is being deleted, has no
	 * children.
	 */
	if (!nf_ct_is_confirmed(exp->master) || nf_ct_is_dying(exp->master) ||
	    !refcount_inc_not_zero(&exp->master->ct_general.use))
		return NULL;

	refcount_inc(&exp->use);
	if (unlink && !(exp->flags & NF_CT_EXPECT_PERMANENT))
		nf_ct_unlink_expect(exp);
	return exp;
}

/* --- allocate and free ------------------------------------------------- */

/**
 * nf_ct_expect_alloc - a new expectation
 * @me: master
 *
 * Context: any but hard interrupt.
 *
 * Return: the expectation, all zero but for master, namespace, zone and the
 * helper that makes it, which the caller puts; or NULL.
 */
struct nf_conntrack_expect *nf_ct_expect_alloc(struct nf_conn *me)
{
	const struct nf_conn_help *help = nfct_help(me);
	struct nf_conntrack_expect *exp;

	exp = kmem_cache_zalloc(expect_cache, GFP_ATOMIC);
	if (!exp)
		return NULL;

	exp->master = me;
	write_pnet(&exp->net, nf_ct_net(me));
#ifdef CONFIG_NF_CONNTRACK_ZONES
	exp->zone = me->zone;
#endif
	if (help)
		RCU_INIT_POINTER(exp->helper, rcu_access_pointer(help->helper));
	refcount_set(&exp->use, 1);
	return exp;
}
EXPORT_SYMBOL_GPL(nf_ct_expect_alloc);

static size_t address_size(u8 family)
{
	return family == AF_INET ? sizeof(__be32) : sizeof(struct in6_addr);
}

/**
 * nf_ct_expect_init - say what is expected
 * @exp: expectation from nf_ct_expect_alloc()
 * @class: class of the helper's policies
 * @family: AF_INET or AF_INET6
 * @saddr: source address, or NULL for any
 * @daddr: destination address
 * @proto: transport protocol
 * @src: source port, or NULL for any
 * @dst: destination port
 */
void nf_ct_expect_init(struct nf_conntrack_expect *exp, unsigned int class,
		       u_int8_t family,
		       const union nf_inet_addr *saddr,
		       const union nf_inet_addr *daddr,
		       u_int8_t proto, const __be16 *src, const __be16 *dst)
{
	size_t len = address_size(family);

	exp->flags = 0;
	exp->class = class;
	exp->expectfn = NULL;
	RCU_INIT_POINTER(exp->assign_helper, NULL);

	memset(&exp->tuple, 0, sizeof(exp->tuple));
	memset(&exp->mask, 0, sizeof(exp->mask));
	exp->tuple.src.l3num = family;
	exp->tuple.dst.protonum = proto;

	if (saddr) {
		memcpy(&exp->tuple.src.u3, saddr, len);
		memset(&exp->mask.src.u3, 0xff, len);
	}
	if (src) {
		exp->tuple.src.u.all = *src;
		exp->mask.src.u.all = htons(0xffff);
	}
	memcpy(&exp->tuple.dst.u3, daddr, len);
	exp->tuple.dst.u.all = *dst;

#if IS_ENABLED(CONFIG_NF_NAT)
	memset(&exp->saved_addr, 0, sizeof(exp->saved_addr));
	memset(&exp->saved_proto, 0, sizeof(exp->saved_proto));
#endif
}
EXPORT_SYMBOL_GPL(nf_ct_expect_init);

static void free_rcu(struct rcu_head *head)
{
	kmem_cache_free(expect_cache,
			container_of(head, struct nf_conntrack_expect, rcu));
}

/**
 * nf_ct_expect_put - a reference is no longer needed
 * @exp: expectation
 *
 * Context: any.
 */
void nf_ct_expect_put(struct nf_conntrack_expect *exp)
{
	if (refcount_dec_and_test(&exp->use))
		call_rcu(&exp->rcu, free_rcu);
}
EXPORT_SYMBOL_GPL(nf_ct_expect_put);

/* --- unlink ------------------------------------------------------------ */

/**
 * nf_ct_unlink_expect_report - it is no longer expected
 * @exp: expectation
 * @portid: netlink port that says so, or 0
 * @report: that port wants the event, too
 *
 * Puts the hash's reference. Does nothing if it has been unlinked already.
 *
 * Context: nf_conntrack_expect_lock held.
 */
void nf_ct_unlink_expect_report(struct nf_conntrack_expect *exp,
				u32 portid, int report)
{
	struct nf_conn_help *help = nfct_help(exp->master);
	struct net *net = nf_ct_exp_net(exp);
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);

	lockdep_assert_held(&nf_conntrack_expect_lock);

	if (hlist_unhashed(&exp->hnode))
		return;

	/* Who has found it without the lock shall see it as expired. */
	WRITE_ONCE(exp->flags, exp->flags | NF_CT_EXPECT_DEAD);
	hlist_del_init_rcu(&exp->hnode);
	WRITE_ONCE(cnet->expect_count, cnet->expect_count - 1);

	hlist_del_rcu(&exp->lnode);
	if (help)
		help->expecting[exp->class]--;

	nf_ct_expect_event_report(IPEXP_DESTROY, exp, portid, report);
	NF_CT_STAT_INC_ATOMIC(net, expect_delete);
	nf_ct_expect_put(exp);
}
EXPORT_SYMBOL_GPL(nf_ct_unlink_expect_report);

/**
 * nf_ct_unexpect_related - a helper expects something no longer
 * @exp: expectation, to which the caller has a reference
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 */
void nf_ct_unexpect_related(struct nf_conntrack_expect *exp)
{
	spin_lock_bh(&nf_conntrack_expect_lock);
	nf_ct_unlink_expect(exp);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}
EXPORT_SYMBOL_GPL(nf_ct_unexpect_related);

/**
 * nf_ct_remove_expectations - nothing more is expected of a connection
 * @ct: master
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 */
void nf_ct_remove_expectations(struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);
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
 * nf_ct_expectation_gc - drop what a master expected in vain
 * @master_help: the master's helper extension
 *
 * Context: nf_conntrack_expect_lock held.
 */
void nf_ct_expectation_gc(struct nf_conn_help *master_help)
{
	struct nf_conntrack_expect *exp;
	struct hlist_node *next;

	hlist_for_each_entry_safe(exp, next, &master_help->expectations, lnode) {
		if (nf_ct_exp_is_expired(exp))
			nf_ct_unlink_expect(exp);
	}
}

/* --- link -------------------------------------------------------------- */

static bool same_place(const struct nf_conntrack_expect *a,
		       const struct nf_conntrack_expect *b)
{
	return net_eq(read_pnet(&a->net), read_pnet(&b->net)) &&
#ifdef CONFIG_NF_CONNTRACK_ZONES
	       nf_ct_exp_zone_equal_any(a, &b->zone);
#else
	       true;
#endif
}

/* The very same thing, by the same master (or by any, if the caller says so). */
static bool same(const struct nf_conntrack_expect *a,
		 const struct nf_conntrack_expect *b, unsigned int flags)
{
	return (a->master == b->master || (flags & NF_CT_EXP_F_SKIP_MASTER)) &&
	       nf_ct_tuple_equal(&a->tuple, &b->tuple) &&
	       nf_ct_tuple_mask_equal(&a->mask, &b->mask) && same_place(a, b);
}

/* Is there a connection that would fulfil both? */
static bool clash(const struct nf_conntrack_expect *a,
		  const struct nf_conntrack_expect *b)
{
	struct nf_conntrack_tuple_mask both;
	unsigned int i;

	for (i = 0; i < NF_CT_TUPLE_L3SIZE; i++)
		both.src.u3.all[i] = a->mask.src.u3.all[i] &
				     b->mask.src.u3.all[i];
	both.src.u.all = a->mask.src.u.all & b->mask.src.u.all;

	return nf_ct_tuple_mask_cmp(&a->tuple, &b->tuple, &both) &&
	       same_place(a, b);
}

/* Make room in the class: the oldest one goes. New ones come to the front. */
static void evict_oldest(struct nf_conn_help *help, unsigned int class)
{
	struct nf_conntrack_expect *exp, *oldest = NULL;

	hlist_for_each_entry(exp, &help->expectations, lnode) {
		if (exp->class == class)
			oldest = exp;
	}
	if (oldest)
		nf_ct_unlink_expect(oldest);
}

static const struct nf_conntrack_expect_policy *
policy_of(const struct nf_conntrack_expect *exp)
{
	const struct nf_conn_help *help = nfct_help(exp->master);
	const struct nf_conntrack_helper *helper;

	helper = rcu_dereference_protected(help->helper,
					   lockdep_is_held(&nf_conntrack_expect_lock));
	return helper ? &helper->expect_policy[exp->class] : NULL;
}

/* May it be linked? What it takes the place of is unlinked. */
static int check(struct nf_conntrack_expect *exp, unsigned int flags)
{
	struct nf_conn_help *help = nfct_help(exp->master);
	const struct nf_conntrack_expect_policy *policy;
	struct net *net = nf_ct_exp_net(exp);
	struct nf_conntrack_expect *other;
	struct hlist_node *next;

	if (!help || nf_ct_is_dying(exp->master))
		return -ESHUTDOWN;

	nf_ct_expectation_gc(help);

	hlist_for_each_entry_safe(other, next, bucket_of(net, &exp->tuple), hnode) {
		if (nf_ct_exp_is_expired(other)) {
			nf_ct_unlink_expect(other);
		} else if (same(other, exp, flags)) {
			if (other->class != exp->class)
				return -EALREADY;
			nf_ct_unlink_expect(other);
			break;
		} else if (clash(other, exp)) {
			return -EBUSY;
		}
	}

	policy = policy_of(exp);
	if (policy && policy->max_expected &&
	    help->expecting[exp->class] >= policy->max_expected) {
		evict_oldest(help, exp->class);
		if (help->expecting[exp->class] >= policy->max_expected)
			return -EMFILE;
	}

	if (nf_ct_pernet(net)->expect_count >= nf_ct_expect_max) {
		net_warn_ratelimited("nf_conntrack: expectation table full\n");
		return -EMFILE;
	}
	return 0;
}

static void link(struct nf_conntrack_expect *exp)
{
	const struct nf_conntrack_expect_policy *policy = policy_of(exp);
	struct nf_conn_help *help = nfct_help(exp->master);
	struct net *net = nf_ct_exp_net(exp);
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);

	/* Without a policy, and from user space, it is set: jiffies. */
	if (policy && !(exp->flags & NF_CT_EXPECT_USERSPACE))
		exp->timeout = nfct_time_stamp + policy->timeout * HZ;

	refcount_inc(&exp->use);
	hlist_add_head_rcu(&exp->lnode, &help->expectations);
	help->expecting[exp->class]++;
	hlist_add_head_rcu(&exp->hnode, bucket_of(net, &exp->tuple));
	WRITE_ONCE(cnet->expect_count, cnet->expect_count + 1);
	NF_CT_STAT_INC_ATOMIC(net, expect_create);
}

/**
 * nf_ct_expect_related_report - expect a connection
 * @expect: what to expect; the caller keeps its reference
 * @portid: netlink port that asks for it, or 0
 * @report: that port wants the event, too
 * @flags: NF_CT_EXP_F_SKIP_MASTER: take over the same expectation of another
 *	master
 *
 * The same expectation again takes the place of the old one. If its class is
 * full, the oldest of the master's goes.
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 *
 * Return: 0, -ESHUTDOWN if the master has no helper extension or is going,
 * -EALREADY if the same is expected in another class, -EBUSY if some connection
 * would fulfil it and another one, -EMFILE if too much is expected.
 */
int nf_ct_expect_related_report(struct nf_conntrack_expect *expect,
				u32 portid, int report, unsigned int flags)
{
	int err;

	spin_lock_bh(&nf_conntrack_expect_lock);
	err = check(expect, flags);
	if (!err) {
		link(expect);
		nf_ct_expect_event_report(IPEXP_NEW, expect, portid, report);
	}
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
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 *
 * Return: as nf_ct_expect_related_report().
 */
int nf_ct_expect_related_pair(struct nf_conntrack_expect *expect[],
			      unsigned int flags)
{
	unsigned int i;
	int err = 0;

	spin_lock_bh(&nf_conntrack_expect_lock);
	for (i = 0; i < 2 && !err; i++) {
		err = check(expect[i], flags);
		if (!err)
			link(expect[i]);
	}
	if (!err) {
		for (i = 0; i < 2; i++)
			nf_ct_expect_event_report(IPEXP_NEW, expect[i], 0, 0);
	} else {
		while (i-- > 0)
			nf_ct_unlink_expect(expect[i]);
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);
	return err;
}
EXPORT_SYMBOL_GPL(nf_ct_expect_related_pair);
#endif

/* --- iterate ----------------------------------------------------------- */

static void iterate(const struct net *net,
		    bool (*iter)(struct nf_conntrack_expect *e, void *data),
		    void *data, u32 portid, int report)
{
	struct nf_conntrack_expect *exp;
	struct hlist_node *next;
	unsigned int i;

	for (i = 0; i < nf_ct_expect_hsize; i++) {
		spin_lock_bh(&nf_conntrack_expect_lock);
		hlist_for_each_entry_safe(exp, next, &nf_ct_expect_hash[i], hnode) {
			if ((!net || net_eq(net, nf_ct_exp_net(exp))) &&
			    iter(exp, data))
				nf_ct_unlink_expect_report(exp, portid, report);
		}
		spin_unlock_bh(&nf_conntrack_expect_lock);
		cond_resched();
	}
}

/**
 * nf_ct_expect_iterate_destroy - unlink expectations of all namespaces that fit
 * @iter: called with nf_conntrack_expect_lock held; true unlinks
 * @data: argument of @iter
 *
 * Context: process, may sleep.
 */
void nf_ct_expect_iterate_destroy(bool (*iter)(struct nf_conntrack_expect *e,
					       void *data), void *data)
{
	iterate(NULL, iter, data, 0, 0);
}
EXPORT_SYMBOL_GPL(nf_ct_expect_iterate_destroy);

/**
 * nf_ct_expect_iterate_net - unlink expectations of a namespace that fit
 * @net: namespace
 * @iter: called with nf_conntrack_expect_lock held; true unlinks
 * @data: argument of @iter
 * @portid: netlink port that asks for it, or 0
 * @report: that port wants the events, too
 *
 * Context: process, may sleep.
 */
void nf_ct_expect_iterate_net(struct net *net,
			      bool (*iter)(struct nf_conntrack_expect *e, void *data),
			      void *data, u32 portid, int report)
{
	iterate(net, iter, data, portid, report);
}
EXPORT_SYMBOL_GPL(nf_ct_expect_iterate_net);

/* --- /proc/net/nf_conntrack_expect ------------------------------------- */

#ifdef CONFIG_NF_CONNTRACK_PROCFS
/* Few and short-lived: the position is a count of buckets. */
static void *expect_at(struct seq_file *s, loff_t pos)
{
	return pos < nf_ct_expect_hsize ? &nf_ct_expect_hash[pos] : NULL;
}

static void *expect_start(struct seq_file *s, loff_t *pos)
	__acquires(RCU)
{
	rcu_read_lock();
	return expect_at(s, *pos);
}

static void *expect_next(struct seq_file *s, void *v, loff_t *pos)
{
	return expect_at(s, ++*pos);
}

static void expect_stop(struct seq_file *s, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static void show_flags(struct seq_file *s, unsigned int flags)
{
	static const struct {
		unsigned int flag;
		const char *name;
	} names[] = {
		{ NF_CT_EXPECT_PERMANENT, "PERMANENT" },
		{ NF_CT_EXPECT_INACTIVE, "INACTIVE" },
		{ NF_CT_EXPECT_USERSPACE, "USERSPACE" },
	};
	const char *sep = "";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (flags & names[i].flag) {
			seq_printf(s, "%s%s", sep, names[i].name);
			sep = ",";
		}
	}
}

static void show_helper(struct seq_file *s, const struct nf_conntrack_expect *exp)
{
	const struct nf_conntrack_helper *helper = rcu_dereference(exp->helper);
	const char *policy;

	if (!helper)
		return;
	seq_printf(s, "%s%s", exp->flags & NF_CT_EXPECT_MASK ? " " : "",
		   helper->name);
	policy = helper->expect_policy[exp->class].name;
	if (policy[0])
		seq_printf(s, "/%s", policy);
}

static void show_one(struct seq_file *s, struct nf_conntrack_expect *exp)
{
	s32 left = READ_ONCE(exp->timeout) - nfct_time_stamp;

	seq_printf(s, "%d l3proto = %u proto=%u ", left > 0 ? left / HZ : 0,
		   exp->tuple.src.l3num, exp->tuple.dst.protonum);
	print_tuple(s, &exp->tuple, nf_ct_l4proto_find(exp->tuple.dst.protonum));
	show_flags(s, exp->flags);
	show_helper(s, exp);
	seq_putc(s, '\n');
}

static int expect_show(struct seq_file *s, void *v)
{
	const struct net *net = seq_file_net(s);
	struct nf_conntrack_expect *exp;

	hlist_for_each_entry_rcu(exp, (struct hlist_head *)v, hnode) {
		if (net_eq(net, nf_ct_exp_net(exp)) && !nf_ct_exp_is_expired(exp))
			show_one(s, exp);
	}
	return 0;
}

static const struct seq_operations expect_seq_ops = {
	.start	= expect_start,
	.next	= expect_next,
	.stop	= expect_stop,
	.show	= expect_show,
};

static int procfs_init(struct net *net)
{
	struct proc_dir_entry *pde;
	kuid_t uid;
	kgid_t gid;

	pde = proc_create_net("nf_conntrack_expect", 0440, net->proc_net,
			      &expect_seq_ops, sizeof(struct seq_net_private));
	if (!pde)
		return -ENOMEM;

	uid = make_kuid(net->user_ns, 0);
	gid = make_kgid(net->user_ns, 0);
	if (uid_valid(uid) && gid_valid(gid))
		proc_set_user(pde, uid, gid);
	return 0;
}

static void procfs_exit(struct net *net)
{
	remove_proc_entry("nf_conntrack_expect", net->proc_net);
}
#else
static int procfs_init(struct net *net)
{
	return 0;
}

static void procfs_exit(struct net *net)
{
}
#endif

/* --- init -------------------------------------------------------------- */

/**
 * nf_conntrack_expect_pernet_init - a new namespace
 * @net: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_expect_pernet_init(struct net *net)
{
	return procfs_init(net);
}

/**
 * nf_conntrack_expect_pernet_fini - a namespace goes
 * @net: namespace
 */
void nf_conntrack_expect_pernet_fini(struct net *net)
{
	procfs_exit(net);
}

/**
 * nf_conntrack_expect_init - hash and slab
 *
 * A 256th of the buckets of nf_conntrack_buckets, and four expectations each.
 *
 * Context: module init, after nf_ct_table_init().
 *
 * Return: 0 or -ENOMEM.
 */
int __init nf_conntrack_expect_init(void)
{
	if (!nf_ct_expect_hsize)
		nf_ct_expect_hsize = max(nf_conntrack_htable_size / 256, 1U);
	nf_ct_expect_max = nf_ct_expect_hsize * 4;

	expect_cache = kmem_cache_create("nf_conntrack_expect",
					 sizeof(struct nf_conntrack_expect),
					 0, 0, NULL);
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
 * nf_conntrack_expect_fini - free hash and slab
 *
 * Context: module exit, when nothing is expected any more.
 */
void nf_conntrack_expect_fini(void)
{
	rcu_barrier();		/* free_rcu() */
	kmem_cache_destroy(expect_cache);
	kvfree(nf_ct_expect_hash);
}
