// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers: who they are, which connections have one, and their NAT halves.
 *
 * The hash of helpers and the list of NAT halves change under a mutex each and
 * are read under RCU; expectfns change under nf_conntrack_expect_lock. A helper
 * that goes is taken from its connections and expectations first, and from
 * packets on their way by waiting for them.
 */
#include <linux/vmalloc.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_log.h>

#include "compat/view_ip.h"

#ifndef __GENKSYMS__
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/stringhash.h>
#endif

#include "nf_ct.h"

struct hlist_head *nf_ct_helper_hash __read_mostly;
EXPORT_SYMBOL_GPL(nf_ct_helper_hash);

unsigned int nf_ct_helper_hsize __read_mostly;
EXPORT_SYMBOL_GPL(nf_ct_helper_hsize);

static DEFINE_MUTEX(helper_mutex);	/* changes to nf_ct_helper_hash */
static DEFINE_MUTEX(nat_mutex);		/* changes to nat_helpers */
static LIST_HEAD(nat_helpers);
static LIST_HEAD(expectfns);		/* nf_conntrack_expect_lock */

/* --- find -------------------------------------------------------------- */

static struct hlist_head *bucket(const char *name)
{
	u32 hash = full_name_hash(NULL, name,
				  strnlen(name, NF_CT_HELPER_NAME_LEN));

	return &nf_ct_helper_hash[reciprocal_scale(hash, nf_ct_helper_hsize)];
}

/**
 * __nf_conntrack_helper_find - find a helper
 * @name: its name
 * @l3num: address family that it serves
 * @protonum: transport protocol that it serves
 *
 * Context: RCU read side.
 *
 * Return: the helper, without a reference, or NULL.
 */
struct nf_conntrack_helper *
__nf_conntrack_helper_find(const char *name, u16 l3num, u8 protonum)
{
	struct nf_conntrack_helper *h;

	hlist_for_each_entry_rcu(h, bucket(name), hnode,
				 lockdep_is_held(&helper_mutex)) {
		if (!strcmp(h->name, name) && h->tuple.src.l3num == l3num &&
		    h->tuple.dst.protonum == protonum)
			return h;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(__nf_conntrack_helper_find);

static struct nf_conntrack_helper *find_get(const char *name, u16 l3num,
					    u8 protonum, bool *known)
{
	struct nf_conntrack_helper *h;

	rcu_read_lock();
	h = __nf_conntrack_helper_find(name, l3num, protonum);
	*known = h;
	if (h && !try_module_get(h->me))
		h = NULL;
	if (h && !refcount_inc_not_zero(&h->refcnt)) {
		module_put(h->me);
		h = NULL;
	}
	rcu_read_unlock();

	return h;
}

/**
 * nf_conntrack_helper_try_module_get - find a helper and keep its module
 * @name: its name
 * @l3num: address family that it serves
 * @protonum: transport protocol that it serves
 *
 * Loads the module nfct-helper-NAME if the helper is not there.
 *
 * Context: process, may sleep.
 *
 * Return: the helper, for nf_conntrack_helper_put(), or NULL.
 */
struct nf_conntrack_helper *
nf_conntrack_helper_try_module_get(const char *name, u16 l3num, u8 protonum)
{
	struct nf_conntrack_helper *h;
	bool known;

	h = find_get(name, l3num, protonum, &known);
	if (!known && !request_module("nfct-helper-%s", name))
		h = find_get(name, l3num, protonum, &known);
	return h;
}
EXPORT_SYMBOL_GPL(nf_conntrack_helper_try_module_get);

/**
 * nf_conntrack_helper_put - give back a helper
 * @helper: what nf_conntrack_helper_try_module_get() returned
 *
 * Context: any.
 */
void nf_conntrack_helper_put(struct nf_conntrack_helper *helper)
{
	refcount_dec(&helper->refcnt);
	module_put(helper->me);
}
EXPORT_SYMBOL_GPL(nf_conntrack_helper_put);

/* --- the NAT halves ---------------------------------------------------- */

static struct nf_conntrack_nat_helper *nat_find(const char *mod_name)
{
	struct nf_conntrack_nat_helper *nat;

	list_for_each_entry_rcu(nat, &nat_helpers, list) {
		if (!strcmp(nat->mod_name, mod_name))
			return nat;
	}
	return NULL;
}

static int nat_get(const char *mod_name)
{
	struct nf_conntrack_nat_helper *nat;
	int err = -ENOENT;

	rcu_read_lock();
	nat = nat_find(mod_name);
	if (nat && try_module_get(nat->module))
		err = 0;
	rcu_read_unlock();

	return err;
}

/**
 * nf_nat_helper_try_module_get - keep the module of a helper's NAT half
 * @name: name of the helper
 * @l3num: address family that it serves
 * @protonum: transport protocol that it serves
 *
 * Loads the module that the helper names if it is not there.
 *
 * Context: process, may sleep.
 *
 * Return: 0, or -ENOENT.
 */
int nf_nat_helper_try_module_get(const char *name, u16 l3num, u8 protonum)
{
	char mod_name[NF_CT_HELPER_NAME_LEN] = "";
	const struct nf_conntrack_helper *h;

	rcu_read_lock();
	h = __nf_conntrack_helper_find(name, l3num, protonum);
	if (h)
		strscpy(mod_name, h->nat_mod_name, sizeof(mod_name));
	rcu_read_unlock();

	if (!mod_name[0])
		return -ENOENT;
	if (!nat_get(mod_name))
		return 0;
	if (request_module("%s", mod_name))
		return -ENOENT;
	return nat_get(mod_name);
}
EXPORT_SYMBOL_GPL(nf_nat_helper_try_module_get);

/**
 * nf_nat_helper_put - give back the module of a helper's NAT half
 * @helper: helper that nf_nat_helper_try_module_get() succeeded for
 *
 * Context: any.
 */
void nf_nat_helper_put(struct nf_conntrack_helper *helper)
{
	struct nf_conntrack_nat_helper *nat;

	rcu_read_lock();
	nat = nat_find(helper->nat_mod_name);
	if (!WARN_ON_ONCE(!nat))
		module_put(nat->module);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(nf_nat_helper_put);

/**
 * nf_nat_helper_register - a NAT half is there
 * @nat: its module and the name by which helpers ask for it
 *
 * Context: process, may sleep.
 */
void nf_nat_helper_register(struct nf_conntrack_nat_helper *nat)
{
	mutex_lock(&nat_mutex);
	list_add_rcu(&nat->list, &nat_helpers);
	mutex_unlock(&nat_mutex);
}
EXPORT_SYMBOL_GPL(nf_nat_helper_register);

/**
 * nf_nat_helper_unregister - a NAT half goes
 * @nat: as registered
 *
 * Context: process, may sleep.
 */
void nf_nat_helper_unregister(struct nf_conntrack_nat_helper *nat)
{
	mutex_lock(&nat_mutex);
	list_del_rcu(&nat->list);
	mutex_unlock(&nat_mutex);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(nf_nat_helper_unregister);

/* --- connections ------------------------------------------------------- */

/**
 * nf_ct_helper_ext_add - make room for a helper
 * @ct: entry that is not confirmed, or template
 * @gfp: how to allocate
 *
 * Context: as @gfp allows.
 *
 * Return: the extension, with no helper yet, or NULL.
 */
struct nf_conn_help *nf_ct_helper_ext_add(struct nf_conn *ct, gfp_t gfp)
{
	struct nf_conn_help *help;

	help = nf_ct_ext_add(ct, NF_CT_EXT_HELPER, gfp);
	if (!help)
		return NULL;

	INIT_HLIST_HEAD(&help->expectations);
	__set_bit(IPS_HELPER_BIT, &ct->status);
	return help;
}
EXPORT_SYMBOL_GPL(nf_ct_helper_ext_add);

/* The helper of the port that the connection goes to. RCU. */
static struct nf_conntrack_helper *by_port(const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *reply = nf_ct_tuple(ct, IP_CT_DIR_REPLY);
	struct nf_conntrack_helper *h;
	unsigned int i;

	for (i = 0; i < nf_ct_helper_hsize; i++) {
		hlist_for_each_entry_rcu(h, &nf_ct_helper_hash[i], hnode) {
			if (h->tuple.src.u.all == reply->src.u.all &&
			    h->tuple.src.l3num == reply->src.l3num &&
			    h->tuple.dst.protonum == reply->dst.protonum)
				return h;
		}
	}
	return NULL;
}

/**
 * __nf_ct_try_assign_helper - give a new connection the helper of its template
 * @ct: entry that is not confirmed
 * @tmpl: template that the packet came with, or NULL
 * @flags: how to allocate
 *
 * Helpers are assigned by rule; by port only where nf_conntrack_helper is set.
 * A helper that the entry has been given already stays.
 *
 * Context: RCU read side, as @flags allow.
 *
 * Return: 0 (also if there is no helper to assign), or -ENOMEM.
 */
int __nf_ct_try_assign_helper(struct nf_conn *ct, struct nf_conn *tmpl,
			      gfp_t flags)
{
	struct nf_conntrack_helper *helper = NULL;
	struct nf_conn_help *help;

	if (test_bit(IPS_HELPER_BIT, &ct->status))
		return 0;

	help = tmpl ? nfct_help(tmpl) : NULL;
	if (help)
		helper = rcu_dereference(help->helper);
	else if (READ_ONCE(nf_ct_pernet_priv(nf_ct_net(ct))->auto_helper))
		helper = by_port(ct);
	if (!helper)
		return 0;

	help = nf_ct_helper_ext_add(ct, flags);
	if (!help)
		return -ENOMEM;

	rcu_assign_pointer(help->helper, helper);
	return 0;
}
EXPORT_SYMBOL_GPL(__nf_ct_try_assign_helper);

/**
 * nf_ct_helper_destroy - a helper has no more to do with a connection
 * @ct: entry; while it is in the index, or when nobody refers to it
 *
 * Who unregisters a helper looks for its connections in the index: what is no
 * longer there must not point to it, however long others hold on to the entry.
 *
 * Context: any but hard interrupt.
 */
void nf_ct_helper_destroy(struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);
	const struct nf_conntrack_helper *helper;

	if (!help)
		return;

	/* It is told once, also when a client takes it away meanwhile. */
	rcu_read_lock();
	helper = unrcu_pointer(xchg(&help->helper, RCU_INITIALIZER(NULL)));
	if (helper && helper->destroy)
		helper->destroy(ct);
	rcu_read_unlock();
}
EXPORT_SYMBOL_NS_GPL(nf_ct_helper_destroy, NF_CT_NS);

/**
 * nf_ct_helper_log - say why a helper drops a packet
 * @skb: packet
 * @ct: its entry
 * @fmt: reason
 *
 * Context: RCU read side.
 */
void nf_ct_helper_log(struct sk_buff *skb, const struct nf_conn *ct,
		      const char *fmt, ...)
{
	const struct nf_conn_help *help = nfct_help(ct);
	const struct nf_conntrack_helper *helper;
	struct va_format vaf;
	va_list args;

	helper = help ? rcu_dereference(help->helper) : NULL;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	nf_log_packet(nf_ct_net(ct), nf_ct_l3num(ct), 0, skb, NULL, NULL, NULL,
		      "nf_ct_%s: dropping packet: %pV ",
		      helper ? helper->name : "helper", &vaf);
	va_end(args);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_log);

/* --- expectfns --------------------------------------------------------- */

/**
 * nf_ct_helper_expectfn_register - give an expectfn a name for netlink
 * @n: name and function
 *
 * Context: any but hard interrupt.
 */
void nf_ct_helper_expectfn_register(struct nf_ct_helper_expectfn *n)
{
	spin_lock_bh(&nf_conntrack_expect_lock);
	list_add_rcu(&n->head, &expectfns);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_register);

/**
 * nf_ct_helper_expectfn_unregister - take the name back
 * @n: as registered; in use by readers until a grace period has passed
 *
 * Context: any but hard interrupt.
 */
void nf_ct_helper_expectfn_unregister(struct nf_ct_helper_expectfn *n)
{
	spin_lock_bh(&nf_conntrack_expect_lock);
	list_del_rcu(&n->head);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_unregister);

static bool calls_expectfn(struct nf_conntrack_expect *exp, void *data)
{
	const struct nf_ct_helper_expectfn *n = data;

	return exp->expectfn == n->expectfn;
}

/**
 * nf_ct_helper_expectfn_destroy - no expectation may call this function again
 * @n: name and function
 *
 * Context: any but hard interrupt.
 */
void nf_ct_helper_expectfn_destroy(const struct nf_ct_helper_expectfn *n)
{
	nf_ct_expect_iterate_destroy(calls_expectfn, (void *)n);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_destroy);

/**
 * nf_ct_helper_expectfn_find_by_name - the expectfn of a name
 * @name: name
 *
 * Context: RCU read side, also while the result is used.
 *
 * Return: name and function, or NULL.
 */
struct nf_ct_helper_expectfn *
nf_ct_helper_expectfn_find_by_name(const char *name)
{
	struct nf_ct_helper_expectfn *n, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(n, &expectfns, head) {
		if (!strcmp(n->name, name)) {
			found = n;
			break;
		}
	}
	rcu_read_unlock();

	return found;
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_find_by_name);

/**
 * nf_ct_helper_expectfn_find_by_symbol - the name of an expectfn
 * @symbol: function
 *
 * Context: RCU read side, also while the result is used.
 *
 * Return: name and function, or NULL.
 */
struct nf_ct_helper_expectfn *
nf_ct_helper_expectfn_find_by_symbol(const void *symbol)
{
	struct nf_ct_helper_expectfn *n, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(n, &expectfns, head) {
		if (n->expectfn == symbol) {
			found = n;
			break;
		}
	}
	rcu_read_unlock();

	return found;
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_find_by_symbol);

/* --- register ---------------------------------------------------------- */

/**
 * nf_ct_helper_init - fill in a helper
 * @helper: zeroed
 * @l3num: address family that it serves
 * @protonum: transport protocol that it serves
 * @name: name of the protocol
 * @default_port: port that has this name
 * @spec_port: port that this helper is for; with another one, its name is
 *	NAME-ID
 * @id: what to tell it from others by
 * @exp_pol: a policy for each class
 * @expect_class_max: highest class
 * @help: called for each packet
 * @from_nlattr: restores its state, or NULL
 * @module: whose it is
 */
void nf_ct_helper_init(struct nf_conntrack_helper *helper,
		       u16 l3num, u16 protonum, const char *name,
		       u16 default_port, u16 spec_port, u32 id,
		       const struct nf_conntrack_expect_policy *exp_pol,
		       u32 expect_class_max,
		       int (*help)(struct sk_buff *skb, unsigned int protoff,
				   struct nf_conn *ct,
				   enum ip_conntrack_info ctinfo),
		       int (*from_nlattr)(struct nlattr *attr,
					  struct nf_conn *ct),
		       struct module *module)
{
	helper->tuple.src.l3num = l3num;
	helper->tuple.dst.protonum = protonum;
	helper->tuple.src.u.all = htons(spec_port);
	helper->expect_policy = exp_pol;
	helper->expect_class_max = expect_class_max;
	helper->help = help;
	helper->from_nlattr = from_nlattr;
	helper->me = module;

	snprintf(helper->nat_mod_name, sizeof(helper->nat_mod_name),
		 NF_NAT_HELPER_PREFIX "%s", name);

	if (spec_port == default_port)
		strscpy(helper->name, name, sizeof(helper->name));
	else
		snprintf(helper->name, sizeof(helper->name), "%s-%u", name, id);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_init);

static bool well_formed(const struct nf_conntrack_helper *me)
{
	unsigned int i;

	if (!me->expect_policy || !me->help ||
	    me->expect_class_max >= NF_CT_MAX_EXPECT_CLASSES ||
	    strnlen(me->name, sizeof(me->name)) == sizeof(me->name))
		return false;

	for (i = 0; i <= me->expect_class_max; i++) {
		if (me->expect_policy[i].max_expected > NF_CT_EXPECT_MAX_CNT)
			return false;
	}
	return true;
}

/* Two helpers of one name, or for one port, could not be told apart. Those in
 * user space are for no port: rules say what they help.
 */
static bool clashes(const struct nf_conntrack_helper *me)
{
	const bool no_port = me->flags & NF_CT_HELPER_F_USERSPACE;
	const struct nf_conntrack_helper *h;
	unsigned int i;

	for (i = 0; i < nf_ct_helper_hsize; i++) {
		hlist_for_each_entry(h, &nf_ct_helper_hash[i], hnode) {
			if (h->tuple.src.l3num != me->tuple.src.l3num ||
			    h->tuple.dst.protonum != me->tuple.dst.protonum)
				continue;
			if (!strcmp(h->name, me->name))
				return true;
			if (!no_port && h->tuple.src.u.all == me->tuple.src.u.all)
				return true;
		}
	}
	return false;
}

/**
 * nf_conntrack_helper_register - a helper is there
 * @me: helper
 *
 * Context: process, may sleep.
 *
 * Return: 0, -EINVAL (a limit over 255, or another field that makes no sense),
 * -EBUSY (the family and protocol have a helper of this name or port).
 */
int nf_conntrack_helper_register(struct nf_conntrack_helper *me)
{
	int err = -EBUSY;

	if (!well_formed(me))
		return -EINVAL;

	mutex_lock(&helper_mutex);
	if (!clashes(me)) {
		refcount_set(&me->refcnt, 1);
		hlist_add_head_rcu(&me->hnode, bucket(me->name));
		err = 0;
	}
	mutex_unlock(&helper_mutex);

	return err;
}
EXPORT_SYMBOL_GPL(nf_conntrack_helper_register);

/* Helpers side by side in an array, which go together. */
struct going {
	const struct nf_conntrack_helper	*first;
	unsigned int				n;
};

static bool goes(const struct going *going, const struct nf_conntrack_helper *h)
{
	return h >= going->first && h < going->first + going->n;
}

static bool expected_by(struct nf_conntrack_expect *exp, void *data)
{
	const struct nf_conn_help *help = nfct_help(exp->master);
	const struct going *going = data;

	return goes(going, rcu_access_pointer(exp->helper)) ||
	       goes(going, rcu_access_pointer(exp->assign_helper)) ||
	       (help && goes(going, rcu_access_pointer(help->helper)));
}

static int take_away(struct nf_conn *ct, void *data)
{
	struct nf_conn_help *help = nfct_help(ct);

	if (help && goes(data, rcu_access_pointer(help->helper))) {
		nf_conntrack_event(IPCT_HELPER, ct);
		RCU_INIT_POINTER(help->helper, NULL);
	}
	return 0;	/* the connection goes on without */
}

/**
 * nf_conntrack_helper_unregister - a helper goes
 * @me: as registered
 *
 * Connections lose it, and what it expected is expected no more.
 *
 * Context: process, may sleep.
 */
void nf_conntrack_helper_unregister(struct nf_conntrack_helper *me)
{
	nf_conntrack_helpers_unregister(me, 1);
}
EXPORT_SYMBOL_GPL(nf_conntrack_helper_unregister);

/**
 * nf_conntrack_helpers_register - some helpers are there
 * @helper: array of them
 * @n: how many
 *
 * Context: process, may sleep.
 *
 * Return: as nf_conntrack_helper_register(); all or none.
 */
int nf_conntrack_helpers_register(struct nf_conntrack_helper *helper,
				  unsigned int n)
{
	unsigned int i;
	int err;

	for (i = 0; i < n; i++) {
		err = nf_conntrack_helper_register(&helper[i]);
		if (err) {
			nf_conntrack_helpers_unregister(helper, i);
			return err;
		}
	}
	return 0;
}
EXPORT_SYMBOL_GPL(nf_conntrack_helpers_register);

/**
 * nf_conntrack_helpers_unregister - some helpers go
 * @helper: array of them
 * @n: how many
 *
 * Context: process, may sleep.
 */
void nf_conntrack_helpers_unregister(struct nf_conntrack_helper *helper,
				     unsigned int n)
{
	struct going going = { .first = helper, .n = n };
	unsigned int i;

	if (!n)
		return;

	mutex_lock(&helper_mutex);
	for (i = 0; i < n; i++)
		hlist_del_rcu(&helper[i].hnode);
	mutex_unlock(&helper_mutex);

	/* Whoever has just found one has attached it, and is seen below. */
	synchronize_rcu();

	nf_ct_expect_iterate_destroy(expected_by, &going);
	nf_ct_iterate_destroy(take_away, &going);

	/* Packets may be in ->help() still, and expect something there. */
	synchronize_rcu();
	nf_ct_expect_iterate_destroy(expected_by, &going);

	/* Readers may be looking at what was expected. */
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(nf_conntrack_helpers_unregister);

/**
 * nf_conntrack_helper_init - set up the hash
 *
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_helper_init(void)
{
	nf_ct_helper_hsize = 1;		/* rounded up to a page */
	nf_ct_helper_hash = nf_ct_alloc_hashtable(&nf_ct_helper_hsize, 0);

	return nf_ct_helper_hash ? 0 : -ENOMEM;
}

/**
 * nf_conntrack_helper_fini - the module goes; there are no helpers any more
 */
void nf_conntrack_helper_fini(void)
{
	kvfree(nf_ct_helper_hash);
}
