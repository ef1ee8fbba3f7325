// SPDX-License-Identifier: GPL-2.0
/*
 * net.netfilter.nf_conntrack_skip_filter: packets of established flows pass by
 * the chains of the filter table, as routers of old had it.
 *
 * A hook stands right before the priority of the filter table in the forward,
 * input and output hooks. For a packet of an established flow it goes on with
 * what comes behind that priority (NAT, confirmation, queues, ...), then hands
 * the packet to where it was going. Everything else goes the usual way.
 *
 * One packet of some is let through to the chains nevertheless, so that a rule
 * there can still offload an established flow.
 *
 * Locks: nf_ct_skip_mutex for the setting, process context. Packets: RCU.
 */
#include <linux/mutex.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/percpu.h>

#include "nf_ct.h"

#define LOOK_EVERY	31	/* packets a CPU; odd, or it might be those of one side */

static DEFINE_MUTEX(nf_ct_skip_mutex);
static DEFINE_PER_CPU(unsigned int, passed);

static bool is_established(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;

	if (!nf_ct_get(skb, &ctinfo))
		return false;
	return ctinfo == IP_CT_ESTABLISHED || ctinfo == IP_CT_ESTABLISHED_REPLY;
}

static const struct nf_hook_entries *entries_of(const struct nf_hook_state *state)
{
	const struct net *net = state->net;

	switch (state->pf) {
	case NFPROTO_IPV4:
		return rcu_dereference(net->nf.hooks_ipv4[state->hook]);
	case NFPROTO_IPV6:
		return rcu_dereference(net->nf.hooks_ipv6[state->hook]);
	}
	return NULL;
}

/* The first hook behind the filter table's priority. */
static unsigned int behind_filter(const struct nf_hook_entries *e)
{
	struct nf_hook_ops **ops = nf_hook_entries_get_hook_ops(e);
	unsigned int i;

	for (i = 0; i < e->num_hook_entries; i++)
		if (ops[i]->priority > NF_IP_PRI_FILTER)
			break;
	return i;
}

static unsigned int skip_filter(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	const struct nf_hook_entries *e;
	struct nf_hook_state rest;

	if (!is_established(skb))
		return NF_ACCEPT;
	if (!(this_cpu_inc_return(passed) % LOOK_EVERY))
		return NF_ACCEPT;

	e = entries_of(state);
	if (!e)
		return NF_ACCEPT;

	/* Whoever called the hooks is told that the packet was taken; so it is
	 * for us to hand it on.
	 */
	rest = *state;
	if (nf_hook_slow(skb, &rest, e, behind_filter(e)) == 1)
		state->okfn(state->net, state->sk, skb);
	return NF_STOLEN;
}

static_assert((int)NF_IP_PRI_FILTER == (int)NF_IP6_PRI_FILTER);

#define SKIP_OPS(_pf, _hooknum)				\
	{						\
		.hook		= skip_filter,		\
		.pf		= _pf,			\
		.hooknum	= _hooknum,		\
		.priority	= NF_IP_PRI_FILTER - 1,	\
	}

static const struct nf_hook_ops skip_ops[] = {
	SKIP_OPS(NFPROTO_IPV4, NF_INET_LOCAL_IN),
	SKIP_OPS(NFPROTO_IPV4, NF_INET_FORWARD),
	SKIP_OPS(NFPROTO_IPV4, NF_INET_LOCAL_OUT),
#if IS_ENABLED(CONFIG_IPV6)
	SKIP_OPS(NFPROTO_IPV6, NF_INET_LOCAL_IN),
	SKIP_OPS(NFPROTO_IPV6, NF_INET_FORWARD),
	SKIP_OPS(NFPROTO_IPV6, NF_INET_LOCAL_OUT),
#endif
};

/**
 * nf_ct_skip_filter_set - let established flows pass by the filter table, or not
 * @net: namespace
 * @on: whether they shall
 *
 * Context: process, may sleep.
 *
 * Return: 0 or the error of registering hooks; then it is as it was.
 */
int nf_ct_skip_filter_set(struct net *net, bool on)
{
	struct nf_ct_pernet *pernet = nf_ct_pernet_priv(net);
	int err = 0;

	mutex_lock(&nf_ct_skip_mutex);
	if (on && !pernet->skip_filter)
		err = nf_register_net_hooks(net, skip_ops, ARRAY_SIZE(skip_ops));
	else if (!on && pernet->skip_filter)
		nf_unregister_net_hooks(net, skip_ops, ARRAY_SIZE(skip_ops));
	if (!err)
		pernet->skip_filter = on;
	mutex_unlock(&nf_ct_skip_mutex);
	return err;
}
