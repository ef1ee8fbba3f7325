// SPDX-License-Identifier: GPL-2.0
/*
 * Timeout policies: a rule gives a flow other timeouts than the namespace has.
 *
 * Policies are made by nfnetlink_cttimeout and found by name through
 * nf_ct_timeout_hook (RCU). An entry or template that has one holds a reference.
 * It is taken out of the extension by an exchange, so that it is put once. A
 * template has another one, by name, which also holds nfnetlink_cttimeout.
 */
#include <linux/vmalloc.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_timeout.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#endif

#include "nf_ct.h"

const struct nf_ct_timeout_hooks __rcu *nf_ct_timeout_hook __read_mostly;
EXPORT_SYMBOL_GPL(nf_ct_timeout_hook);

static void put(struct nf_ct_timeout *timeout)
{
	if (refcount_dec_and_test(&timeout->refcnt))
		kfree_rcu(timeout, rcu);
}

/* Take the policy off an entry; its reference is the caller's then. */
static struct nf_ct_timeout *detach(struct nf_conn_timeout *ext)
{
	return unrcu_pointer(xchg(&ext->timeout, RCU_INITIALIZER(NULL)));
}

/* @data NULL: whichever policy it is. */
static int untimeout(struct nf_conn *ct, void *data)
{
	struct nf_conn_timeout *ext = nf_ct_timeout_find(ct);
	struct nf_ct_timeout *timeout;

	if (!ext)
		return 0;
	timeout = rcu_access_pointer(ext->timeout);
	if (!timeout || (data && timeout != data))
		return 0;

	timeout = detach(ext);
	if (timeout)
		put(timeout);
	return 0;
}

/**
 * nf_ct_untimeout - take a policy off the flows of a namespace
 * @net: namespace
 * @timeout: policy, or NULL for all of them
 *
 * An entry that is not confirmed yet, or out of the index, keeps the policy and
 * its reference.
 *
 * Context: process, may sleep.
 */
void nf_ct_untimeout(struct net *net, struct nf_ct_timeout *timeout)
{
	struct nf_ct_iter_data iter = { .net = net, .data = timeout };

	nf_ct_iterate_cleanup_net(untimeout, &iter);
}
EXPORT_SYMBOL_GPL(nf_ct_untimeout);

static const struct nf_ct_timeout_hooks *hooks(void)
{
	return rcu_dereference(nf_ct_timeout_hook);
}

static int set_timeout(struct net *net, struct nf_conn *ct, u8 l3num, u8 l4num,
		       const char *name)
{
	const struct nf_ct_timeout_hooks *base = hooks();
	const struct nf_conntrack_l4proto *l4proto;
	struct nf_ct_timeout *timeout;
	int err = -EINVAL;

	if (!base) {
		pr_info_ratelimited("Timeout policy base is empty\n");
		return -ENOENT;
	}
	timeout = base->timeout_find_get(net, name);
	if (!timeout) {
		pr_info_ratelimited("No such timeout policy \"%s\"\n", name);
		return -ENOENT;
	}

	if (timeout->l3num != l3num) {
		pr_info_ratelimited("Timeout policy `%s' can only be used by L3 protocol number %d\n",
				    name, timeout->l3num);
		goto err_put;
	}

	/* A policy for no protocol in particular fits all of those, too. */
	l4proto = nf_ct_l4proto_find(l4num);
	if (timeout->l4proto->l4proto != l4proto->l4proto) {
		pr_info_ratelimited("Timeout policy `%s' can only be used by L4 protocol number %d\n",
				    name, timeout->l4proto->l4proto);
		goto err_put;
	}

	if (!nf_ct_timeout_ext_add(ct, timeout, GFP_ATOMIC)) {
		err = -ENOMEM;
		goto err_put;
	}
	return 0;

err_put:
	base->timeout_put(timeout);
	return err;
}

/**
 * nf_ct_set_timeout - give a template a policy
 * @net: namespace
 * @ct: template; nf_ct_destroy_timeout() undoes it
 * @l3num: network protocol that the policy has to be for
 * @l4num: transport protocol that the policy has to be for
 * @timeout_name: name of the policy
 *
 * Context: process.
 *
 * Return: 0, -ENOENT if there is none of that name, -EINVAL if it is for another
 * protocol, -ENOMEM.
 */
int nf_ct_set_timeout(struct net *net, struct nf_conn *ct, u8 l3num, u8 l4num,
		      const char *timeout_name)
{
	int err;

	rcu_read_lock();
	err = set_timeout(net, ct, l3num, l4num, timeout_name);
	rcu_read_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(nf_ct_set_timeout);

/**
 * nf_ct_destroy_timeout - take the policy off a template that is being freed
 * @ct: template
 *
 * Context: any but hard interrupt.
 */
void nf_ct_destroy_timeout(struct nf_conn *ct)
{
	struct nf_conn_timeout *ext = nf_ct_timeout_find(ct);
	const struct nf_ct_timeout_hooks *base;
	struct nf_ct_timeout *timeout;

	rcu_read_lock();
	base = hooks();
	timeout = ext && base ? detach(ext) : NULL;
	if (timeout) {
		put(timeout);
		base->timeout_put(timeout);
	}
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(nf_ct_destroy_timeout);
