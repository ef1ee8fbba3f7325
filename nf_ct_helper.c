// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers: code that reads a control connection and expects others. Which flow
 * has one is said by rules, templates or user space, never by its ports.
 *
 * Registered helpers stand in a hash that is changed under nf_ct_helper_mutex
 * and read under RCU. Who names a helper in a rule holds its module and a
 * reference; flows hold neither: when a helper goes, it is taken off them.
 *
 * Here are also the lists of NAT halves (nat_helper_mutex) and of functions
 * that user space may name for expectations (expectfn_lock).
 */
#include <linux/vmalloc.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_log.h>

#include "compat/view_ip.h"

#ifndef __GENKSYMS__
#include <linux/jhash.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#endif

#include "nf_ct.h"

unsigned int nf_ct_helper_hsize __read_mostly;
EXPORT_SYMBOL_GPL(nf_ct_helper_hsize);

struct hlist_head *nf_ct_helper_hash __read_mostly;
EXPORT_SYMBOL_GPL(nf_ct_helper_hash);

static DEFINE_MUTEX(nf_ct_helper_mutex);

static LIST_HEAD(nat_helpers);
static DEFINE_MUTEX(nat_helper_mutex);

static LIST_HEAD(expectfns);
static DEFINE_SPINLOCK(expectfn_lock);

/* --- find -------------------------------------------------------------- */

static struct hlist_head *bucket_of(const char *name)
{
	u32 hash = jhash(name, strnlen(name, NF_CT_HELPER_NAME_LEN), 0);

	return &nf_ct_helper_hash[reciprocal_scale(hash, nf_ct_helper_hsize)];
}

static bool serves(const struct nf_conntrack_helper *helper, const char *name,
		   u16 l3num, u8 protonum)
{
	return !strncmp(helper->name, name, NF_CT_HELPER_NAME_LEN) &&
	       (helper->tuple.src.l3num == NFPROTO_UNSPEC ||
		helper->tuple.src.l3num == l3num) &&
	       helper->tuple.dst.protonum == protonum;
}

/**
 * __nf_conntrack_helper_find - find a helper by name
 * @name: name
 * @l3num: network protocol it has to be for
 * @protonum: transport protocol it has to be for
 *
 * Context: RCU read side, or nf_ct_helper_mutex held.
 *
 * Return: the helper, without a reference, or NULL.
 */
struct nf_conntrack_helper *
__nf_conntrack_helper_find(const char *name, u16 l3num, u8 protonum)
{
	struct nf_conntrack_helper *helper;

	hlist_for_each_entry_rcu(helper, bucket_of(name), hnode,
				 lockdep_is_held(&nf_ct_helper_mutex)) {
		if (serves(helper, name, l3num, protonum))
			return helper;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(__nf_conntrack_helper_find);

/**
 * nf_conntrack_helper_try_module_get - find a helper, and keep it
 * @name: name
 * @l3num: network protocol it has to be for
 * @protonum: transport protocol it has to be for
 *
 * Loads its module if need be.
 *
 * Context: process, RCU read side; which it leaves while it loads a module.
 *
 * Return: the helper, for nf_conntrack_helper_put(), or NULL.
 */
struct nf_conntrack_helper *
nf_conntrack_helper_try_module_get(const char *name, u16 l3num, u8 protonum)
{
	struct nf_conntrack_helper *helper;

	rcu_read_lock();
	helper = __nf_conntrack_helper_find(name, l3num, protonum);
#ifdef CONFIG_MODULES
	if (!helper) {
		rcu_read_unlock();
		if (request_module("nfct-helper-%s", name))
			return NULL;
		rcu_read_lock();
		helper = __nf_conntrack_helper_find(name, l3num, protonum);
	}
#endif
	if (helper && !try_module_get(helper->me))
		helper = NULL;
	if (helper && !refcount_inc_not_zero(&helper->refcnt)) {
		module_put(helper->me);
		helper = NULL;
	}
	rcu_read_unlock();
	return helper;
}
EXPORT_SYMBOL_GPL(nf_conntrack_helper_try_module_get);

/**
 * nf_conntrack_helper_put - undo nf_conntrack_helper_try_module_get()
 * @helper: helper
 */
void nf_conntrack_helper_put(struct nf_conntrack_helper *helper)
{
	refcount_dec(&helper->refcnt);
	module_put(helper->me);
}
EXPORT_SYMBOL_GPL(nf_conntrack_helper_put);

/* --- a flow's helper --------------------------------------------------- */

/**
 * nf_ct_helper_ext_add - an entry may have a helper
 * @ct: entry that is not confirmed, or a template
 * @gfp: how to allocate
 *
 * Return: the extension, without a helper, or NULL.
 */
struct nf_conn_help *nf_ct_helper_ext_add(struct nf_conn *ct, gfp_t gfp)
{
	struct nf_conn_help *help;

	help = nf_ct_ext_add(ct, NF_CT_EXT_HELPER, gfp);
	if (help)
		INIT_HLIST_HEAD(&help->expectations);
	return help;
}
EXPORT_SYMBOL_GPL(nf_ct_helper_ext_add);

/**
 * __nf_ct_try_assign_helper - give an entry the helper that its template names
 * @ct: entry that is not confirmed
 * @tmpl: template, or NULL
 * @flags: how to allocate
 *
 * An entry that has been given one by a rule keeps it (IPS_HELPER).
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: 0 or -ENOMEM.
 */
int __nf_ct_try_assign_helper(struct nf_conn *ct, struct nf_conn *tmpl,
			      gfp_t flags)
{
	struct nf_conntrack_helper *helper = NULL;
	struct nf_conn_help *help;

	if (test_bit(IPS_HELPER_BIT, &ct->status))
		return 0;

	if (tmpl) {
		help = nfct_help(tmpl);
		if (help) {
			helper = rcu_dereference(help->helper);
			set_bit(IPS_HELPER_BIT, &ct->status);
		}
	}

	help = nfct_help(ct);
	if (!helper) {
		if (help)
			RCU_INIT_POINTER(help->helper, NULL);
		return 0;
	}

	if (!help) {
		help = nf_ct_helper_ext_add(ct, flags);
		if (!help)
			return -ENOMEM;
	} else if (rcu_access_pointer(help->helper) != helper) {
		/* It was the other one's. */
		memset(help->data, 0, sizeof(help->data));
	}
	rcu_assign_pointer(help->helper, helper);
	return 0;
}
EXPORT_SYMBOL_GPL(__nf_ct_try_assign_helper);

/**
 * nf_ct_helper_destroy - an entry is being freed: its helper may clean up
 * @ct: entry that nobody refers to
 *
 * Context: any but hard interrupt.
 */
void nf_ct_helper_destroy(struct nf_conn *ct)
{
	const struct nf_conn_help *help = nfct_help(ct);
	const struct nf_conntrack_helper *helper;

	if (!help)
		return;

	rcu_read_lock();
	helper = rcu_dereference(help->helper);
	if (helper && helper->destroy)
		helper->destroy(ct);
	rcu_read_unlock();
}

/**
 * nf_ct_helper_log - a helper drops a packet: say why, through nf_log
 * @skb: packet
 * @ct: its entry
 * @fmt: reason
 *
 * Context: softirq or process, RCU read side.
 */
__printf(3, 4)
void nf_ct_helper_log(struct sk_buff *skb, const struct nf_conn *ct,
		      const char *fmt, ...)
{
	const struct nf_conn_help *help = nfct_help(ct);
	const struct nf_conntrack_helper *helper;
	struct va_format vaf;
	va_list args;

	if (!help)
		return;
	helper = rcu_dereference(help->helper);

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	nf_log_packet(nf_ct_net(ct), nf_ct_l3num(ct), 0, skb, NULL, NULL, NULL,
		      "nf_ct_%s: dropping packet: %pV ",
		      helper ? helper->name : "helper", &vaf);
	va_end(args);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_log);

/* --- register ---------------------------------------------------------- */

/**
 * nf_ct_helper_init - fill in a helper
 * @helper: helper
 * @l3num: network protocol, NFPROTO_UNSPEC for any
 * @protonum: transport protocol
 * @name: name of the protocol it helps
 * @default_port: the protocol's port
 * @spec_port: the port that this one is for
 * @id: appended to the name if that is another port
 * @exp_pol: policies of its classes
 * @expect_class_max: highest class
 * @help: called for each packet
 * @from_nlattr: private data from netlink, or NULL
 * @module: owner
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
		snprintf(helper->name, sizeof(helper->name), "%s", name);
	else
		snprintf(helper->name, sizeof(helper->name), "%s-%u", name, id);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_init);

static bool taken(const struct nf_conntrack_helper *me)
{
	const struct nf_conntrack_helper *other;

	hlist_for_each_entry(other, bucket_of(me->name), hnode) {
		if (!strncmp(other->name, me->name, NF_CT_HELPER_NAME_LEN) &&
		    (other->tuple.src.l3num == NFPROTO_UNSPEC ||
		     other->tuple.src.l3num == me->tuple.src.l3num) &&
		    other->tuple.dst.protonum == me->tuple.dst.protonum)
			return true;
	}
	return false;
}

/**
 * nf_conntrack_helper_register - a helper comes
 * @me: helper
 *
 * Context: process, may sleep.
 *
 * Return: 0, -EEXIST if there is one of that name and protocol, -EINVAL if a
 * class has no sane policy.
 */
int nf_conntrack_helper_register(struct nf_conntrack_helper *me)
{
	unsigned int class;
	int err = 0;

	if (!me->expect_policy || me->expect_class_max >= NF_CT_MAX_EXPECT_CLASSES ||
	    strnlen(me->name, NF_CT_HELPER_NAME_LEN) >= NF_CT_HELPER_NAME_LEN)
		return -EINVAL;
	for (class = 0; class <= me->expect_class_max; class++)
		if (me->expect_policy[class].max_expected > NF_CT_EXPECT_MAX_CNT)
			return -EINVAL;

	mutex_lock(&nf_ct_helper_mutex);
	if (taken(me)) {
		err = -EEXIST;
	} else {
		refcount_set(&me->refcnt, 1);
		hlist_add_head_rcu(&me->hnode, bucket_of(me->name));
	}
	mutex_unlock(&nf_ct_helper_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(nf_conntrack_helper_register);

static bool made_by(struct nf_conntrack_expect *exp, void *data)
{
	const struct nf_conn_help *help = nfct_help(exp->master);

	return rcu_access_pointer(exp->helper) == data ||
	       rcu_access_pointer(exp->assign_helper) == data ||
	       (help && rcu_access_pointer(help->helper) == data);
}

static int unhelp(struct nf_conn *ct, void *data)
{
	struct nf_conntrack_helper *me = data;
	struct nf_conn_help *help = nfct_help(ct);

	if (help && rcu_access_pointer(help->helper) == me) {
		nf_conntrack_event(IPCT_HELPER, ct);
		/* Its private data must not wait until nobody knows it. */
		if (me->destroy)
			me->destroy(ct);
		RCU_INIT_POINTER(help->helper, NULL);
	}
	return 0;
}

/**
 * nf_conntrack_helper_unregister - a helper goes
 * @me: helper; no rule names it
 *
 * Flows that have it go on without, and what it expected is forgotten.
 *
 * Context: process, may sleep.
 */
void nf_conntrack_helper_unregister(struct nf_conntrack_helper *me)
{
	mutex_lock(&nf_ct_helper_mutex);
	hlist_del_rcu(&me->hnode);
	mutex_unlock(&nf_ct_helper_mutex);

	/* Nobody finds it any more. */
	synchronize_rcu();

	nf_ct_expect_iterate_destroy(made_by, me);
	nf_ct_iterate_destroy(unhelp, me);

	/* Nobody runs it any more; and what it has expected meanwhile goes. */
	synchronize_rcu();
	nf_ct_expect_iterate_destroy(made_by, me);
}
EXPORT_SYMBOL_GPL(nf_conntrack_helper_unregister);

/**
 * nf_conntrack_helpers_register - several helpers come, or none
 * @helper: helpers
 * @n: how many
 *
 * Context: process, may sleep.
 *
 * Return: as nf_conntrack_helper_register().
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
 * nf_conntrack_helpers_unregister - several helpers go
 * @helper: helpers
 * @n: how many
 *
 * Context: process, may sleep.
 */
void nf_conntrack_helpers_unregister(struct nf_conntrack_helper *helper,
				     unsigned int n)
{
	while (n-- > 0)
		nf_conntrack_helper_unregister(&helper[n]);
}
EXPORT_SYMBOL_GPL(nf_conntrack_helpers_unregister);

/* --- functions for expectations ---------------------------------------- */

/**
 * nf_ct_helper_expectfn_register - user space may name this function
 * @n: function and its name
 */
void nf_ct_helper_expectfn_register(struct nf_ct_helper_expectfn *n)
{
	spin_lock_bh(&expectfn_lock);
	list_add_rcu(&n->head, &expectfns);
	spin_unlock_bh(&expectfn_lock);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_register);

/**
 * nf_ct_helper_expectfn_unregister - and now no longer
 * @n: function and its name; the caller waits for a grace period
 */
void nf_ct_helper_expectfn_unregister(struct nf_ct_helper_expectfn *n)
{
	spin_lock_bh(&expectfn_lock);
	list_del_rcu(&n->head);
	spin_unlock_bh(&expectfn_lock);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_unregister);

static bool calls(struct nf_conntrack_expect *exp, void *data)
{
	const struct nf_ct_helper_expectfn *n = data;

	return exp->expectfn == n->expectfn;
}

/**
 * nf_ct_helper_expectfn_destroy - forget expectations that call a function
 * @n: function, whose module is being unloaded
 *
 * Context: process, may sleep.
 */
void nf_ct_helper_expectfn_destroy(const struct nf_ct_helper_expectfn *n)
{
	nf_ct_expect_iterate_destroy(calls, (void *)n);
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_destroy);

/**
 * nf_ct_helper_expectfn_find_by_name - which function is it?
 * @name: name
 *
 * Context: RCU read side.
 *
 * Return: function and its name, or NULL.
 */
struct nf_ct_helper_expectfn *
nf_ct_helper_expectfn_find_by_name(const char *name)
{
	struct nf_ct_helper_expectfn *n;

	list_for_each_entry_rcu(n, &expectfns, head) {
		if (!strcmp(n->name, name))
			return n;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_find_by_name);

/**
 * nf_ct_helper_expectfn_find_by_symbol - what is it called?
 * @symbol: function
 *
 * Context: RCU read side.
 *
 * Return: function and its name, or NULL.
 */
struct nf_ct_helper_expectfn *
nf_ct_helper_expectfn_find_by_symbol(const void *symbol)
{
	struct nf_ct_helper_expectfn *n;

	list_for_each_entry_rcu(n, &expectfns, head) {
		if (n->expectfn == symbol)
			return n;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_find_by_symbol);

/* --- NAT halves -------------------------------------------------------- */

static struct nf_conntrack_nat_helper *nat_helper_find(const char *mod_name)
{
	struct nf_conntrack_nat_helper *nat;

	lockdep_assert_held(&nat_helper_mutex);
	list_for_each_entry(nat, &nat_helpers, list) {
		if (!strncmp(nat->mod_name, mod_name, sizeof(nat->mod_name)))
			return nat;
	}
	return NULL;
}

/* Keep the NAT half's module from going. */
static bool nat_helper_get(const char *mod_name)
{
	struct nf_conntrack_nat_helper *nat;
	bool got;

	mutex_lock(&nat_helper_mutex);
	nat = nat_helper_find(mod_name);
	got = nat && try_module_get(nat->module);
	mutex_unlock(&nat_helper_mutex);
	return got;
}

/**
 * nf_nat_helper_try_module_get - load the NAT half of a helper, and keep it
 * @name: name of the helper
 * @l3num: network protocol it is for
 * @protonum: transport protocol it is for
 *
 * Context: process, may sleep.
 *
 * Return: 0, or -ENOENT if there is no such helper or it has no NAT half.
 */
int nf_nat_helper_try_module_get(const char *name, u16 l3num, u8 protonum)
{
	char mod_name[NF_CT_HELPER_NAME_LEN];
	const struct nf_conntrack_helper *helper;

	rcu_read_lock();
	helper = __nf_conntrack_helper_find(name, l3num, protonum);
	if (!helper || !helper->nat_mod_name[0]) {
		rcu_read_unlock();
		return -ENOENT;
	}
	strscpy(mod_name, helper->nat_mod_name, sizeof(mod_name));
	rcu_read_unlock();

	if (nat_helper_get(mod_name))
		return 0;
	request_module("%s", mod_name);
	return nat_helper_get(mod_name) ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(nf_nat_helper_try_module_get);

/**
 * nf_nat_helper_put - undo nf_nat_helper_try_module_get()
 * @helper: helper
 */
void nf_nat_helper_put(struct nf_conntrack_helper *helper)
{
	struct nf_conntrack_nat_helper *nat;

	mutex_lock(&nat_helper_mutex);
	nat = nat_helper_find(helper->nat_mod_name);
	if (nat)
		module_put(nat->module);
	mutex_unlock(&nat_helper_mutex);
}
EXPORT_SYMBOL_GPL(nf_nat_helper_put);

/**
 * nf_nat_helper_register - a NAT half comes
 * @nat: its name and module
 */
void nf_nat_helper_register(struct nf_conntrack_nat_helper *nat)
{
	mutex_lock(&nat_helper_mutex);
	list_add(&nat->list, &nat_helpers);
	mutex_unlock(&nat_helper_mutex);
}
EXPORT_SYMBOL_GPL(nf_nat_helper_register);

/**
 * nf_nat_helper_unregister - a NAT half goes
 * @nat: its name and module
 */
void nf_nat_helper_unregister(struct nf_conntrack_nat_helper *nat)
{
	mutex_lock(&nat_helper_mutex);
	list_del(&nat->list);
	mutex_unlock(&nat_helper_mutex);
}
EXPORT_SYMBOL_GPL(nf_nat_helper_unregister);

/**
 * nf_conntrack_helper_init - an empty hash
 *
 * Context: module init.
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
 * nf_conntrack_helper_fini - free the hash
 *
 * Context: module exit.
 */
void nf_conntrack_helper_fini(void)
{
	kvfree(nf_ct_helper_hash);
	nf_ct_helper_hash = NULL;
}
