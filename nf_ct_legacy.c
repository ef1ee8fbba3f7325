// SPDX-License-Identifier: GPL-2.0
/*
 * legacy=1: /proc/net/ip_conntrack and net.ipv4.netfilter.ip_conntrack_*, for
 * scripts from the time when only IPv4 was tracked. They show and set what the
 * files of today do, by the names of then; see nf_ct_sysctl.c and
 * nf_ct_procfs.c.
 */
#include <linux/module.h>

#include "nf_ct_sysctl.h"

#ifdef CONFIG_SYSCTL

static bool legacy __read_mostly;
module_param(legacy, bool, 0444);
MODULE_PARM_DESC(legacy, "Show /proc/net/ip_conntrack and net.ipv4.netfilter.ip_conntrack_* as well");

static const struct ctl_table net_table[] = {
	NF_CT_SYSCTL_SINCE_IPV4("ip_conntrack_"),
	NF_CT_SYSCTL_TIMEOUT("ip_conntrack_tcp_timeout_syn_sent2",
			     tcp.timeouts[TCP_CONNTRACK_SYN_SENT2]),
};

static const struct ctl_table machine_table[] = {
	NF_CT_SYSCTL_MAX("ip_conntrack_max"),
	{
		/* A number to be read, then. */
		.procname	= "ip_conntrack_buckets",
		.data		= &nf_conntrack_htable_size,
		.maxlen		= sizeof(int),
		.mode		= 0444,
		.proc_handler	= proc_dointvec,
	},
};

static const struct nf_ct_sysctl_set set = {
	.path		= "net/ipv4/netfilter",
	.count		= "ip_conntrack_count",
	.own		= net_table,
	.n_own		= ARRAY_SIZE(net_table),
	.machine	= machine_table,
	.n_machine	= ARRAY_SIZE(machine_table),
};

/**
 * nf_ct_legacy_init_net - with legacy=1, the old names in a new namespace
 * @net: namespace
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int nf_ct_legacy_init_net(struct net *net)
{
	struct nf_ct_pernet *pernet = nf_ct_pernet_priv(net);
	int err;

	if (!legacy)
		return 0;

	pernet->legacy = nf_ct_sysctl_register(net, &set);
	if (!pernet->legacy)
		return -ENOMEM;
	err = nf_ct_procfs_legacy_init_net(net);
	if (err)
		nf_ct_sysctl_unregister(pernet->legacy);
	return err;
}

/**
 * nf_ct_legacy_exit_net - undo nf_ct_legacy_init_net()
 * @net: namespace
 */
void nf_ct_legacy_exit_net(struct net *net)
{
	if (!legacy)
		return;

	nf_ct_procfs_legacy_exit_net(net);
	nf_ct_sysctl_unregister(nf_ct_pernet_priv(net)->legacy);
}

#endif /* CONFIG_SYSCTL */
