// SPDX-License-Identifier: GPL-2.0
/*
 * legacy=1: /proc/net/ip_conntrack and net.ipv4.netfilter.ip_conntrack_*, for
 * scripts from the time when only IPv4 was tracked. They show and set what the
 * files of today do, by the names of then; see nf_ct_sysctl.c and
 * nf_ct_procfs.c.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysctl.h>

#include "nf_ct.h"

#ifdef CONFIG_SYSCTL

static bool legacy __read_mostly;
module_param(legacy, bool, 0444);
MODULE_PARM_DESC(legacy, "Show /proc/net/ip_conntrack and net.ipv4.netfilter.ip_conntrack_* as well");

static int u8_max = U8_MAX;

/* Data is an offset in struct netns_ct until the table is copied. */
#define FIELD(_name)							\
	.data = (void *)offsetof(struct netns_ct, _name),		\
	.maxlen = sizeof_field(struct netns_ct, _name)

#define BYTE(_procname, _name, _max)					\
	{								\
		.procname	= "ip_conntrack_" _procname,		\
		FIELD(_name),						\
		.mode		= 0644,					\
		.proc_handler	= proc_dou8vec_minmax,			\
		.extra1		= SYSCTL_ZERO,				\
		.extra2		= _max,					\
	}

#define SECONDS(_procname, _name)					\
	{								\
		.procname	= "ip_conntrack_" _procname,		\
		FIELD(nf_ct_proto._name),				\
		.mode		= 0644,					\
		.proc_handler	= proc_dointvec_jiffies,		\
	}

static const struct ctl_table net_table[] = {
	BYTE("checksum", sysctl_checksum, SYSCTL_ONE),
	BYTE("log_invalid", sysctl_log_invalid, &u8_max),
	BYTE("tcp_loose", nf_ct_proto.tcp.tcp_loose, SYSCTL_ONE),
	BYTE("tcp_be_liberal", nf_ct_proto.tcp.tcp_be_liberal, SYSCTL_ONE),
	BYTE("tcp_max_retrans", nf_ct_proto.tcp.tcp_max_retrans, &u8_max),
	SECONDS("generic_timeout", generic.timeout),
	SECONDS("icmp_timeout", icmp.timeout),
	SECONDS("udp_timeout", udp.timeouts[UDP_CT_UNREPLIED]),
	SECONDS("udp_timeout_stream", udp.timeouts[UDP_CT_REPLIED]),
	SECONDS("tcp_timeout_syn_sent", tcp.timeouts[TCP_CONNTRACK_SYN_SENT]),
	SECONDS("tcp_timeout_syn_sent2", tcp.timeouts[TCP_CONNTRACK_SYN_SENT2]),
	SECONDS("tcp_timeout_syn_recv", tcp.timeouts[TCP_CONNTRACK_SYN_RECV]),
	SECONDS("tcp_timeout_established",
		tcp.timeouts[TCP_CONNTRACK_ESTABLISHED]),
	SECONDS("tcp_timeout_fin_wait", tcp.timeouts[TCP_CONNTRACK_FIN_WAIT]),
	SECONDS("tcp_timeout_close_wait",
		tcp.timeouts[TCP_CONNTRACK_CLOSE_WAIT]),
	SECONDS("tcp_timeout_last_ack", tcp.timeouts[TCP_CONNTRACK_LAST_ACK]),
	SECONDS("tcp_timeout_time_wait", tcp.timeouts[TCP_CONNTRACK_TIME_WAIT]),
	SECONDS("tcp_timeout_close", tcp.timeouts[TCP_CONNTRACK_CLOSE]),
	SECONDS("tcp_timeout_max_retrans", tcp.timeouts[TCP_CONNTRACK_RETRANS]),
};

/* The machine's; they can only be read in other namespaces. */
static const struct ctl_table machine_table[] = {
	{
		.procname	= "ip_conntrack_max",
		.data		= &nf_conntrack_max,
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_INT_MAX,
	},
	{
		/* A number to be read, then. */
		.procname	= "ip_conntrack_buckets",
		.data		= &nf_conntrack_htable_size,
		.maxlen		= sizeof(int),
		.mode		= 0444,
		.proc_handler	= proc_dointvec,
	},
};

#define OWN	ARRAY_SIZE(net_table)
#define MACHINE	ARRAY_SIZE(machine_table)
#define ALL	(OWN + MACHINE + 1)	/* and ip_conntrack_count */

static int sysctl_init_net(struct net *net)
{
	struct ctl_table_header **header = &nf_ct_pernet_priv(net)->legacy;
	struct ctl_table *table;
	unsigned int i;

	/* Older kernels look for an empty last entry. */
	table = kcalloc(ALL + 1, sizeof(*table), GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;

	memcpy(table, net_table, sizeof(net_table));
	for (i = 0; i < OWN; i++)
		table[i].data += (unsigned long)&net->ct;

	memcpy(table + OWN, machine_table, sizeof(machine_table));
	if (!net_eq(net, &init_net))
		for (i = 0; i < MACHINE; i++)
			table[OWN + i].mode = 0444;

	table[ALL - 1] = (struct ctl_table) {
		.procname	= "ip_conntrack_count",
		.data		= &nf_ct_pernet(net)->count,
		.maxlen		= sizeof(int),
		.mode		= 0444,
		.proc_handler	= proc_dointvec,
	};

	*header = nf_ct_register_sysctl(net, "net/ipv4/netfilter", table, ALL);
	if (!*header) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

static void sysctl_exit_net(struct net *net)
{
	struct ctl_table_header *header = nf_ct_pernet_priv(net)->legacy;
	const struct ctl_table *table = header->ctl_table_arg;

	unregister_net_sysctl_table(header);
	kfree(table);
}

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
	int err;

	if (!legacy)
		return 0;

	err = sysctl_init_net(net);
	if (err)
		return err;
	err = nf_ct_procfs_legacy_init_net(net);
	if (err)
		sysctl_exit_net(net);
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
	sysctl_exit_net(net);
}

#endif /* CONFIG_SYSCTL */
