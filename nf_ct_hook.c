// SPDX-License-Identifier: GPL-2.0
/*
 * Where packets meet the tracker: the netfilter hooks of a namespace, which are
 * registered while somebody there uses connection tracking, and what happens
 * when a packet leaves: helpers, sequence adjustment, confirmation.
 *
 * Users are counted per family in struct nf_conntrack_net under
 * nf_ct_hook_mutex, process context.
 */
#include <net/netfilter/nf_conntrack_bridge.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_log.h>
#include <net/tcp.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#endif

#include "compat/compat.h"
#include "nf_ct.h"

static DEFINE_MUTEX(nf_ct_hook_mutex);

static struct nf_ct_bridge_info *bridge_info;	/* nf_ct_hook_mutex */

static bool enable_hooks __read_mostly;
module_param(enable_hooks, bool, 0000);
MODULE_PARM_DESC(enable_hooks, "Always enable conntrack hooks");

/* --- a packet leaves --------------------------------------------------- */

static unsigned int run_helper(struct sk_buff *skb, struct nf_conn *ct,
			       enum ip_conntrack_info ctinfo,
			       unsigned int protoff)
{
	const struct nf_conn_help *help = nfct_help(ct);
	const struct nf_conntrack_helper *helper;

	if (!help)
		return NF_ACCEPT;
	helper = rcu_dereference(help->helper);
	if (!helper)
		return NF_ACCEPT;
	return helper->help(skb, protoff, ct, ctinfo);
}

/* On loopback the packet has been adjusted on its way out. */
static bool adjust(struct sk_buff *skb, struct nf_conn *ct,
		   enum ip_conntrack_info ctinfo, unsigned int protoff)
{
	if (!test_bit(IPS_SEQ_ADJUST_BIT, &ct->status) ||
	    nf_is_loopback_packet(skb) ||
	    nf_ct_seq_adjust(skb, ct, ctinfo, protoff))
		return true;

	NF_CT_STAT_INC_ATOMIC(nf_ct_net(ct), drop);
	return false;
}

/* Where the header is that the entry is about; not positive if this is another
 * packet, as an ICMP error that quotes the flow.
 */
static int own_header(const struct sk_buff *skb, const struct nf_conn *ct)
{
	u8 protonum = 0;
	int protoff;

	protoff = nf_ct_l4_offset(skb, skb_network_offset(skb),
				  nf_ct_l3num(ct), &protonum);
	return protonum == nf_ct_protonum(ct) ? protoff : -1;
}

/* Helper and sequence adjustment. */
static unsigned int serve(struct sk_buff *skb, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo)
{
	unsigned int verdict;
	int protoff;

	if (!nfct_help(ct) && !test_bit(IPS_SEQ_ADJUST_BIT, &ct->status))
		return NF_ACCEPT;

	protoff = own_header(skb, ct);
	if (protoff <= 0)
		return NF_ACCEPT;

	verdict = run_helper(skb, ct, ctinfo, protoff);
	if (verdict != NF_ACCEPT)
		return verdict;
	return adjust(skb, ct, ctinfo, protoff) ? NF_ACCEPT : NF_DROP;
}

/* Does the entry's helper put each packet into a queue? */
static bool helper_queues(const struct nf_conn *ct)
{
	const struct nf_conn_help *help = nfct_help(ct);
	const struct nf_conntrack_helper *helper;

	helper = help ? rcu_dereference(help->helper) : NULL;
	return helper && helper->flags & NF_CT_HELPER_F_USERSPACE;
}

/**
 * nf_ct_hook_resume - a packet comes back from a queue
 * @skb: packet
 *
 * If it was its helper, in user space, that had it, its sequence numbers are yet
 * to be adjusted. One can't tell whether it comes from there or from a rule's
 * queue: a connection with such a helper can't have both.
 *
 * Context: RCU read side.
 *
 * Return: 0, or -1 if the packet has to be dropped.
 */
int nf_ct_hook_resume(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	int protoff;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || nf_ct_is_template(ct) || ctinfo == IP_CT_RELATED_REPLY ||
	    !test_bit(IPS_SEQ_ADJUST_BIT, &ct->status) || !helper_queues(ct))
		return 0;

	protoff = own_header(skb, ct);
	return protoff <= 0 || adjust(skb, ct, ctinfo, protoff) ? 0 : -1;
}

static unsigned int leave(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	unsigned int verdict;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || nf_ct_is_template(ct))
		return NF_ACCEPT;

	if (ctinfo != IP_CT_RELATED_REPLY) {
		verdict = serve(skb, ct, ctinfo);
		/* A helper in user space has a look at it, and it does not come
		 * by here again; nor does it if nobody serves the queue.
		 */
		if ((verdict & NF_VERDICT_MASK) == NF_QUEUE &&
		    nf_conntrack_confirm(skb) != NF_ACCEPT)
			return NF_DROP;
		if (verdict != NF_ACCEPT)
			return verdict;
	}
	return nf_conntrack_confirm(skb);
}

/*
 * A packet leaves: helper, sequence adjustment, confirmation.
 *
 * Beyond the packet, the arguments are those of a netfilter hook, or what bridges of older
 * kernels have found out about the packet already
 * (include/net/netfilter/nf_conntrack_core.h).
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: verdict.
 */
unsigned int nf_confirm(NF_CT_CONFIRM_ARGS)
{
	return leave(skb);
}
EXPORT_SYMBOL_GPL(nf_confirm);

static unsigned int hook_in(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	return nf_conntrack_in(skb, state);
}

/* Fragments that leave are of a socket that keeps them as they are (ip(7),
 * IP_NODEFRAG): defragmentation has passed them by, and so does tracking.
 */
static unsigned int hook_out_ipv4(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *tmpl;

	if (likely(!ip_is_fragment(ip_hdr(skb))))
		return nf_conntrack_in(skb, state);

	tmpl = nf_ct_get(skb, &ctinfo);
	if (tmpl && nf_ct_is_template(tmpl))
		nf_reset_ct(skb);
	return NF_ACCEPT;
}

static unsigned int hook_leave(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	return leave(skb);
}

#define IN_OPS(_hook, _pf, _hooknum, _prio)		\
	{						\
		.hook		= _hook,		\
		.pf		= _pf,			\
		.hooknum	= _hooknum,		\
		.priority	= _prio,		\
	}

#define LEAVE_OPS(_pf, _hooknum, _prio)			\
	{						\
		.hook		= hook_leave,		\
		.pf		= _pf,			\
		.hooknum	= _hooknum,		\
		.priority	= _prio,		\
	}

static const struct nf_hook_ops ipv4_ops[] = {
	IN_OPS(hook_in, NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK),
	IN_OPS(hook_out_ipv4, NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_IP_PRI_CONNTRACK),
	LEAVE_OPS(NFPROTO_IPV4, NF_INET_POST_ROUTING, NF_IP_PRI_CONNTRACK_CONFIRM),
	LEAVE_OPS(NFPROTO_IPV4, NF_INET_LOCAL_IN, NF_IP_PRI_CONNTRACK_CONFIRM),
};

#if IS_ENABLED(CONFIG_IPV6)
static const struct nf_hook_ops ipv6_ops[] = {
	IN_OPS(hook_in, NFPROTO_IPV6, NF_INET_PRE_ROUTING, NF_IP6_PRI_CONNTRACK),
	IN_OPS(hook_in, NFPROTO_IPV6, NF_INET_LOCAL_OUT, NF_IP6_PRI_CONNTRACK),
	LEAVE_OPS(NFPROTO_IPV6, NF_INET_POST_ROUTING, NF_IP6_PRI_LAST),
	LEAVE_OPS(NFPROTO_IPV6, NF_INET_LOCAL_IN, NF_IP6_PRI_LAST - 1),
};
#endif

/* --- users ------------------------------------------------------------- */

/* While nobody tracked, windows moved on: don't hold the gap against TCP. */
static int forgive_gap(struct nf_conn *ct, void *data)
{
	const u8 *l3num = data;

	if (nf_ct_protonum(ct) == IPPROTO_TCP && nf_ct_l3num(ct) == *l3num) {
		spin_lock_bh(&ct->lock);
		nf_ct_set_tcp_be_liberal(ct);
		spin_unlock_bh(&ct->lock);
	}
	return 0;
}

static int ipv4_on(struct net *net)
{
	int err;

	err = nf_defrag_ipv4_enable(net);
	if (err)
		return err;
	err = nf_register_net_hooks(net, ipv4_ops, ARRAY_SIZE(ipv4_ops));
	if (err)
		nf_defrag_ipv4_disable(net);
	return err;
}

static void ipv4_off(struct net *net)
{
	nf_unregister_net_hooks(net, ipv4_ops, ARRAY_SIZE(ipv4_ops));
	nf_defrag_ipv4_disable(net);
}

#if IS_ENABLED(CONFIG_IPV6)
static int ipv6_on(struct net *net)
{
	int err;

	err = nf_defrag_ipv6_enable(net);
	if (err)
		return err;
	err = nf_register_net_hooks(net, ipv6_ops, ARRAY_SIZE(ipv6_ops));
	if (err)
		nf_defrag_ipv6_disable(net);
	return err;
}

static void ipv6_off(struct net *net)
{
	nf_unregister_net_hooks(net, ipv6_ops, ARRAY_SIZE(ipv6_ops));
	nf_defrag_ipv6_disable(net);
}
#else
static int ipv6_on(struct net *net)
{
	return 0;
}

static void ipv6_off(struct net *net)
{
}
#endif

static int bridge_on(struct net *net)
{
	int err;

	/* Loading the module makes it register with us: not under the mutex. */
	if (!bridge_info) {
		mutex_unlock(&nf_ct_hook_mutex);
		request_module("nf_conntrack_bridge");
		mutex_lock(&nf_ct_hook_mutex);
	}
	if (!bridge_info)
		return -EPROTO;
	if (nf_ct_pernet(net)->users_bridge)
		return 0;

	if (!try_module_get(bridge_info->me))
		return -ENOENT;
	err = nf_register_net_hooks(net, bridge_info->ops, bridge_info->ops_size);
	if (err)
		module_put(bridge_info->me);
	return err;
}

static void bridge_off(struct net *net)
{
	nf_unregister_net_hooks(net, bridge_info->ops, bridge_info->ops_size);
	module_put(bridge_info->me);
}

/* Before the first hook is there. */
static void forgive_gaps(struct net *net, u8 family)
{
	struct nf_ct_iter_data iter = { .net = net, .data = &family };

	nf_ct_iterate_cleanup_net(forgive_gap, &iter);
}

static int family_get(struct net *net, u8 family)
{
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);
	int err = 0;

	mutex_lock(&nf_ct_hook_mutex);
	switch (family) {
	case NFPROTO_IPV4:
		if (!cnet->users4) {
			forgive_gaps(net, family);
			err = ipv4_on(net);
		}
		cnet->users4 += !err;
		break;
	case NFPROTO_IPV6:
		if (!cnet->users6) {
			forgive_gaps(net, family);
			err = ipv6_on(net);
		}
		cnet->users6 += !err;
		break;
	case NFPROTO_BRIDGE:
		if (!cnet->users_bridge)
			err = bridge_on(net);
		cnet->users_bridge += !err;
		break;
	default:
		err = -EPROTO;
	}
	mutex_unlock(&nf_ct_hook_mutex);
	return err;
}

static void family_put(struct net *net, u8 family)
{
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);

	mutex_lock(&nf_ct_hook_mutex);
	switch (family) {
	case NFPROTO_IPV4:
		if (cnet->users4 && !--cnet->users4)
			ipv4_off(net);
		break;
	case NFPROTO_IPV6:
		if (cnet->users6 && !--cnet->users6)
			ipv6_off(net);
		break;
	case NFPROTO_BRIDGE:
		if (cnet->users_bridge && !--cnet->users_bridge)
			bridge_off(net);
		break;
	}
	mutex_unlock(&nf_ct_hook_mutex);
}

/* The families that a user of one family needs. */
static const u8 *families_of(u8 nfproto)
{
	static const u8 ipv4[] = { NFPROTO_IPV4, 0 };
	static const u8 ipv6[] = { NFPROTO_IPV6, 0 };
	static const u8 inet[] = { NFPROTO_IPV4, NFPROTO_IPV6, 0 };
	static const u8 bridge[] = { NFPROTO_BRIDGE, NFPROTO_IPV4, NFPROTO_IPV6, 0 };

	switch (nfproto) {
	case NFPROTO_IPV4:
		return ipv4;
	case NFPROTO_IPV6:
		return ipv6;
	case NFPROTO_INET:
		return inet;
	case NFPROTO_BRIDGE:
		return bridge;
	}
	return NULL;
}

/**
 * nf_ct_netns_get - somebody uses connection tracking in a namespace
 * @net: namespace
 * @nfproto: NFPROTO_IPV4, _IPV6, _INET for both, or _BRIDGE
 *
 * The first user of a family has its hooks registered.
 *
 * Context: process, may sleep.
 *
 * Return: 0, -EPROTO for another family, or the error of registration.
 */
int nf_ct_netns_get(struct net *net, u8 nfproto)
{
	const u8 *families = families_of(nfproto);
	unsigned int i;
	int err = 0;

	if (!families)
		return -EPROTO;

	for (i = 0; families[i]; i++) {
		err = family_get(net, families[i]);
		if (err)
			break;
	}
	if (err)
		while (i-- > 0)
			family_put(net, families[i]);
	return err;
}
EXPORT_SYMBOL_GPL(nf_ct_netns_get);

/**
 * nf_ct_netns_put - a user from nf_ct_netns_get() needs it no longer
 * @net: namespace
 * @nfproto: as given to nf_ct_netns_get()
 *
 * Context: process, may sleep.
 */
void nf_ct_netns_put(struct net *net, u8 nfproto)
{
	const u8 *families = families_of(nfproto);

	while (families && *families)
		family_put(net, *families++);
}
EXPORT_SYMBOL_GPL(nf_ct_netns_put);

/**
 * nf_ct_bridge_register - nf_conntrack_bridge has been loaded
 * @info: its hooks
 *
 * Context: process, may sleep.
 */
void nf_ct_bridge_register(struct nf_ct_bridge_info *info)
{
	WARN_ON(bridge_info);
	mutex_lock(&nf_ct_hook_mutex);
	bridge_info = info;
	mutex_unlock(&nf_ct_hook_mutex);
}
EXPORT_SYMBOL_GPL(nf_ct_bridge_register);

/**
 * nf_ct_bridge_unregister - nf_conntrack_bridge is being unloaded
 * @info: its hooks, which nobody uses
 *
 * Context: process, may sleep.
 */
void nf_ct_bridge_unregister(struct nf_ct_bridge_info *info)
{
	WARN_ON(!bridge_info);
	mutex_lock(&nf_ct_hook_mutex);
	bridge_info = NULL;
	mutex_unlock(&nf_ct_hook_mutex);
}
EXPORT_SYMBOL_GPL(nf_ct_bridge_unregister);

/**
 * nf_ct_hook_init_net - with enable_hooks=1, a namespace is always a user
 * @net: new namespace
 *
 * Return: 0 or the error of registration.
 */
int nf_ct_hook_init_net(struct net *net)
{
	return enable_hooks ? nf_ct_netns_get(net, NFPROTO_INET) : 0;
}

/**
 * nf_ct_hook_exit_net - undo nf_ct_hook_init_net()
 * @net: namespace
 */
void nf_ct_hook_exit_net(struct net *net)
{
	if (enable_hooks)
		nf_ct_netns_put(net, NFPROTO_INET);
}
