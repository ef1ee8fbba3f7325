// SPDX-License-Identifier: GPL-2.0
/*
 * nf_conntrack_netlink: the module and namespaces come and go. What each request
 * is answered by stands in two tables, one for each subsystem of nfnetlink.
 */
#include <linux/module.h>
#include <linux/netfilter.h>
#include <net/net_namespace.h>

#include "nf_ct_netlink.h"

/**
 * nf_ct_nl_dump_start - answer a request by a dump
 * @skb: the request
 * @info: what nfnetlink knows of it
 * @control: what to dump
 *
 * Context: a callback of type NFNL_CB_RCU. Starting a dump sleeps, so RCU is let
 * go of, and the module held instead.
 *
 * Return: what netlink_dump_start() says.
 */
int nf_ct_nl_dump_start(struct sk_buff *skb, const struct nfnl_info *info,
			struct netlink_dump_control *control)
{
	int err;

	if (!try_module_get(THIS_MODULE))
		return -EINVAL;
	rcu_read_unlock();
	err = netlink_dump_start(info->sk, skb, info->nlh, control);
	rcu_read_lock();
	module_put(THIS_MODULE);
	return err;
}

static const struct nfnl_callback entry_requests[IPCTNL_MSG_MAX] = {
	[IPCTNL_MSG_CT_NEW] = {
		.call		= nf_ct_nl_entry_new,
		.type		= NFNL_CB_MUTEX,
		.attr_count	= CTA_MAX,
		.policy		= nf_ct_nl_entry_policy,
	},
	[IPCTNL_MSG_CT_GET] = {
		.call		= nf_ct_nl_entry_get,
		.type		= NFNL_CB_RCU,
		.attr_count	= CTA_MAX,
		.policy		= nf_ct_nl_entry_policy,
	},
	[IPCTNL_MSG_CT_DELETE] = {
		.call		= nf_ct_nl_entry_del,
		.type		= NFNL_CB_MUTEX,
		.attr_count	= CTA_MAX,
		.policy		= nf_ct_nl_entry_policy,
	},
	[IPCTNL_MSG_CT_GET_CTRZERO] = {
		.call		= nf_ct_nl_entry_get,
		.type		= NFNL_CB_RCU,
		.attr_count	= CTA_MAX,
		.policy		= nf_ct_nl_entry_policy,
	},
	[IPCTNL_MSG_CT_GET_STATS_CPU] = {
		.call		= nf_ct_nl_stat_cpu_get,
		.type		= NFNL_CB_RCU,
	},
	[IPCTNL_MSG_CT_GET_STATS] = {
		.call		= nf_ct_nl_stat_get,
		.type		= NFNL_CB_RCU,
	},
	[IPCTNL_MSG_CT_GET_DYING] = {
		.call		= nf_ct_nl_dying_get,
		.type		= NFNL_CB_RCU,
	},
	[IPCTNL_MSG_CT_GET_UNCONFIRMED] = {
		.call		= nf_ct_nl_unconfirmed_get,
		.type		= NFNL_CB_RCU,
	},
};

static const struct nfnl_callback exp_requests[IPCTNL_MSG_EXP_MAX] = {
	[IPCTNL_MSG_EXP_NEW] = {
		.call		= nf_ct_nl_exp_new,
		.type		= NFNL_CB_MUTEX,
		.attr_count	= CTA_EXPECT_MAX,
		.policy		= nf_ct_nl_exp_policy,
	},
	[IPCTNL_MSG_EXP_GET] = {
		.call		= nf_ct_nl_exp_get,
		.type		= NFNL_CB_RCU,
		.attr_count	= CTA_EXPECT_MAX,
		.policy		= nf_ct_nl_exp_policy,
	},
	[IPCTNL_MSG_EXP_DELETE] = {
		.call		= nf_ct_nl_exp_del,
		.type		= NFNL_CB_MUTEX,
		.attr_count	= CTA_EXPECT_MAX,
		.policy		= nf_ct_nl_exp_policy,
	},
	[IPCTNL_MSG_EXP_GET_STATS_CPU] = {
		.call		= nf_ct_nl_exp_stat_cpu_get,
		.type		= NFNL_CB_RCU,
	},
};

static const struct nfnetlink_subsystem entry_subsys = {
	.name		= "conntrack",
	.subsys_id	= NFNL_SUBSYS_CTNETLINK,
	.cb_count	= ARRAY_SIZE(entry_requests),
	.cb		= entry_requests,
	.owner		= THIS_MODULE,
};

static const struct nfnetlink_subsystem exp_subsys = {
	.name		= "conntrack_expect",
	.subsys_id	= NFNL_SUBSYS_CTNETLINK_EXP,
	.cb_count	= ARRAY_SIZE(exp_requests),
	.cb		= exp_requests,
	.owner		= THIS_MODULE,
};

#ifdef CONFIG_NF_CONNTRACK_EVENTS
static int __net_init init_net_ns(struct net *net)
{
	nf_conntrack_register_notifier(net, &nf_ct_nl_notifier);
	return 0;
}

/* Between this and the end of a namespace or of the module there is a grace
 * period, after which no event is being delivered any more.
 */
static void pre_exit_net_ns(struct net *net)
{
	nf_conntrack_unregister_notifier(net);
}

static struct pernet_operations net_ops = {
	.init		= init_net_ns,
	.pre_exit	= pre_exit_net_ns,
};
#else
static struct pernet_operations net_ops;
#endif

static int __init nf_ct_netlink_init(void)
{
	int err;

	err = nfnetlink_subsys_register(&entry_subsys);
	if (err)
		return err;
	err = nfnetlink_subsys_register(&exp_subsys);
	if (err)
		goto err_entry;
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto err_exp;

	if (IS_ENABLED(CONFIG_NETFILTER_NETLINK_GLUE_CT))
		RCU_INIT_POINTER(nfnl_ct_hook, &nf_ct_nl_glue);
	return 0;

err_exp:
	nfnetlink_subsys_unregister(&exp_subsys);
err_entry:
	nfnetlink_subsys_unregister(&entry_subsys);
	return err;
}

static void __exit nf_ct_netlink_exit(void)
{
	if (IS_ENABLED(CONFIG_NETFILTER_NETLINK_GLUE_CT))
		RCU_INIT_POINTER(nfnl_ct_hook, NULL);
	unregister_pernet_subsys(&net_ops);
	nfnetlink_subsys_unregister(&exp_subsys);
	nfnetlink_subsys_unregister(&entry_subsys);

	/* Verdicts of queued packets may still be parsed by the hook. */
	synchronize_rcu();
}

module_init(nf_ct_netlink_init);
module_exit(nf_ct_netlink_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_CT_VERSION);
MODULE_DESCRIPTION("Connection tracking by netlink: entries, expectations, events");
MODULE_ALIAS("ip_conntrack_netlink");
MODULE_ALIAS_NFNL_SUBSYS(NFNL_SUBSYS_CTNETLINK);
MODULE_ALIAS_NFNL_SUBSYS(NFNL_SUBSYS_CTNETLINK_EXP);
MODULE_IMPORT_NS(NF_CT_NS);
