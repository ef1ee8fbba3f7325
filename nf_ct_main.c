// SPDX-License-Identifier: GPL-2.0
/*
 * The module and the namespaces come and go. Nothing else lives here.
 */
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#endif

#include "nf_ct.h"

unsigned int nf_conntrack_net_id __read_mostly;

/**
 * nf_conntrack_count - entries of a namespace, unconfirmed ones included
 * @net: namespace
 *
 * Return: number of entries that count against nf_conntrack_max.
 */
u32 nf_conntrack_count(const struct net *net)
{
	return atomic_read(&nf_ct_pernet(net)->count);
}
EXPORT_SYMBOL_GPL(nf_conntrack_count);

static int kill_any(struct nf_conn *ct, void *data)
{
	return 1;
}

/* Packets may still hold entries: in a queue, in a socket of another
 * namespace. They let go of them in time; there is nothing to do but wait.
 */
static void drain(struct net *net)
{
	const struct nf_ct_iter_data all = { .net = net };

	for (;;) {
		nf_queue_nf_hook_drop(net);
		nf_ct_iterate_cleanup_net(kill_any, &all);
		if (!nf_conntrack_count(net))
			break;
		schedule_timeout_uninterruptible(1);
	}
}

static int __net_init init_net_ns(struct net *net)
{
	int err;

	BUILD_BUG_ON(offsetof(struct nf_ct_pernet, base));

	net->ct.stat = alloc_percpu(struct ip_conntrack_stat);
	if (!net->ct.stat)
		return -ENOMEM;

	err = nf_ct_table_init_net(net);
	if (err)
		goto err_stat;
	nf_ct_expiry_init_net(net);
	nf_ct_pressure_init_net(net);

	err = nf_conntrack_expect_pernet_init(net);
	if (err)
		goto err_table;

	nf_conntrack_acct_pernet_init(net);
	nf_conntrack_tstamp_pernet_init(net);
	nf_conntrack_ecache_pernet_init(net);
	nf_conntrack_proto_pernet_init(net);

	err = nf_ct_sysctl_init_net(net);
	if (err)
		goto err_expect;
	err = nf_ct_procfs_init_net(net);
	if (err)
		goto err_sysctl;
	err = nf_ct_legacy_init_net(net);
	if (err)
		goto err_procfs;
	err = nf_ct_hook_init_net(net);
	if (err)
		goto err_hook;
	return 0;

err_hook:
	/* Of one family packets may have come. */
	synchronize_net();
	nf_ct_expiry_exit_net(net);
	drain(net);
	nf_ct_legacy_exit_net(net);
err_procfs:
	nf_ct_procfs_exit_net(net);
err_sysctl:
	nf_ct_sysctl_exit_net(net);
err_expect:
	nf_conntrack_ecache_pernet_fini(net);
	nf_conntrack_expect_pernet_fini(net);
err_table:
	nf_ct_table_exit_net(net);
err_stat:
	free_percpu(net->ct.stat);
	return err;
}

static void __net_exit exit_net_ns(struct net *net)
{
	nf_ct_expiry_exit_net(net);
	nf_conntrack_ecache_pernet_fini(net);
	drain(net);
	nf_ct_gre_exit_net(net);
	nf_conntrack_expect_pernet_fini(net);
	nf_ct_table_exit_net(net);
	free_percpu(net->ct.stat);
}

static void __net_exit exit_net_batch(struct list_head *nets)
{
	struct net *net;

	list_for_each_entry(net, nets, exit_list) {
		nf_ct_hook_exit_net(net);
		nf_ct_legacy_exit_net(net);
		nf_ct_procfs_exit_net(net);
		nf_ct_sysctl_exit_net(net);
	}

	/* Packets that were in our hooks have left, and look nothing up now. */
	synchronize_net();

	list_for_each_entry(net, nets, exit_list)
		exit_net_ns(net);
}

static struct pernet_operations net_ops = {
	.init		= init_net_ns,
	.exit_batch	= exit_net_batch,
	.id		= &nf_conntrack_net_id,
	.size		= sizeof(struct nf_ct_pernet),
};

static int __init nf_ct_init(void)
{
	int err;

	nf_ct_table_init();

	err = nf_ct_entry_init();
	if (err)
		return err;
	err = nf_conntrack_expect_init();
	if (err)
		goto err_entry;
	err = nf_conntrack_helper_init();
	if (err)
		goto err_expect;
	err = nf_ct_sysctl_init();
	if (err)
		goto err_helper;

	/* With enable_hooks packets come before the next line is through, and
	 * the kernel puts their entries by this.
	 */
	RCU_INIT_POINTER(nf_ct_hook, &nf_ct_core_hook);
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto err_hook;
	/* From here on people ask about entries, and for another index. */
	err = nf_conntrack_proto_init();
	if (err)
		goto err_pernet;
	err = nf_ct_ahead_init();
	if (err)
		goto err_proto;
	nf_ct_table_ready(true);
	return 0;

err_proto:
	nf_conntrack_proto_fini();
err_pernet:
	unregister_pernet_subsys(&net_ops);
err_hook:
	RCU_INIT_POINTER(nf_ct_hook, NULL);
	synchronize_rcu();
	nf_ct_sysctl_exit();
err_helper:
	nf_conntrack_helper_fini();
err_expect:
	nf_conntrack_expect_fini();
err_entry:
	nf_ct_entry_exit();
	return err;
}

static void __exit nf_ct_exit(void)
{
	nf_ct_table_ready(false);
	nf_ct_ahead_exit();
	nf_conntrack_proto_fini();
	/* Packets that hold entries need the hook to put them, until none is
	 * left: unregister_pernet_subsys() waits for that.
	 */
	unregister_pernet_subsys(&net_ops);
	RCU_INIT_POINTER(nf_ct_hook, NULL);
	synchronize_rcu();

	nf_ct_sysctl_exit();
	nf_conntrack_helper_fini();
	nf_conntrack_expect_fini();
	nf_ct_entry_exit();
}

module_init(nf_ct_init);
module_exit(nf_ct_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_CT_VERSION);
MODULE_DESCRIPTION("IPv4 and IPv6 connection tracking");
MODULE_ALIAS("ip_conntrack");
MODULE_ALIAS("nf_conntrack-" __stringify(AF_INET));
MODULE_ALIAS("nf_conntrack-" __stringify(AF_INET6));
