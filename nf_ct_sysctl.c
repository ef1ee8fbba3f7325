// SPDX-License-Identifier: GPL-2.0
/*
 * What a person sets: net.netfilter.nf_conntrack_* and net.nf_conntrack_max.
 *
 * Most of it is the namespace's own (struct netns_ct); the sizes are the
 * machine's, and can only be read in namespaces other than the initial one.
 * Readers of the settings take no lock: each is one word.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <net/netfilter/nf_hooks_lwtunnel.h>

#include "nf_ct_sysctl.h"

/* Defaults of new namespaces. */
static bool acct __read_mostly;
module_param(acct, bool, 0644);
MODULE_PARM_DESC(acct, "Enable connection tracking flow accounting.");

#ifdef CONFIG_NF_CONNTRACK_TIMESTAMP
static bool tstamp __read_mostly;
module_param(tstamp, bool, 0644);
MODULE_PARM_DESC(tstamp, "Enable connection tracking flow timestamping.");
#endif

/**
 * nf_conntrack_acct_pernet_init - accounting, as the module parameter says
 * @net: new namespace
 */
void nf_conntrack_acct_pernet_init(struct net *net)
{
	net->ct.sysctl_acct = acct;
}

#ifdef CONFIG_NF_CONNTRACK_TIMESTAMP
/**
 * nf_conntrack_tstamp_pernet_init - timestamps, as the module parameter says
 * @net: new namespace
 */
void nf_conntrack_tstamp_pernet_init(struct net *net)
{
	net->ct.sysctl_tstamp = tstamp;
}
#endif

#ifdef CONFIG_SYSCTL

static int buckets_handler(nf_ct_ctl_table *table, int write, void *buffer,
			   size_t *lenp, loff_t *ppos)
{
	unsigned int buckets = READ_ONCE(nf_conntrack_htable_size);
	struct ctl_table tmp = *table;
	int err;

	tmp.data = &buckets;
	err = proc_dointvec(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	return nf_conntrack_hash_resize(buckets);
}

/* One byte of struct nf_ct_pernet, 0 or 1. */
static int flag_read_write(nf_ct_ctl_table *table, int write, void *buffer,
			   size_t *lenp, loff_t *ppos, u8 *value)
{
	struct ctl_table tmp = *table;

	tmp.data = value;
	return proc_dou8vec_minmax(&tmp, write, buffer, lenp, ppos);
}

static int helper_handler(nf_ct_ctl_table *table, int write, void *buffer,
			  size_t *lenp, loff_t *ppos)
{
	struct nf_ct_pernet *pernet = table->data;
	u8 value = READ_ONCE(pernet->auto_helper);
	int err;

	err = flag_read_write(table, write, buffer, lenp, ppos, &value);
	if (err || !write)
		return err;

	if (value)
		pr_warn_once("nf_conntrack: helpers are assigned by port now, which lets peers open ports; rules (CT target, nft ct helper) are the safe way\n");
	WRITE_ONCE(pernet->auto_helper, value);
	return 0;
}

static int skip_filter_handler(nf_ct_ctl_table *table, int write, void *buffer,
			       size_t *lenp, loff_t *ppos)
{
	struct nf_ct_pernet *pernet = table->data;
	u8 value = READ_ONCE(pernet->skip_filter);
	int err;

	err = flag_read_write(table, write, buffer, lenp, ppos, &value);
	if (err || !write)
		return err;
	return nf_ct_skip_filter_set(pernet->table.net, value);
}

#define U8(_procname, _name, _max) \
	NF_CT_SYSCTL_U8("nf_conntrack_" _procname, _name, _max)

#define TIMEOUT(_procname, _name) \
	NF_CT_SYSCTL_TIMEOUT("nf_conntrack_" _procname, _name)

int nf_ct_sysctl_u8_max = U8_MAX;

/* The namespace's own; data is an offset until the table is copied. */
static const struct ctl_table net_table[] = {
	NF_CT_SYSCTL_SINCE_IPV4("nf_conntrack_"),
	U8("acct", sysctl_acct, SYSCTL_ONE),
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	U8("events", sysctl_events, SYSCTL_TWO),
#endif
#ifdef CONFIG_NF_CONNTRACK_TIMESTAMP
	U8("timestamp", sysctl_tstamp, SYSCTL_ONE),
#endif
	U8("tcp_ignore_invalid_rst", nf_ct_proto.tcp.tcp_ignore_invalid_rst,
	   SYSCTL_ONE),
	TIMEOUT("tcp_timeout_unacknowledged", tcp.timeouts[TCP_CONNTRACK_UNACK]),
	TIMEOUT("icmpv6_timeout", icmpv6.timeout),
#if IS_ENABLED(CONFIG_NF_FLOW_TABLE)
	NF_CT_SYSCTL_TIMEOUT("nf_flowtable_tcp_timeout", tcp.offload_timeout),
	NF_CT_SYSCTL_TIMEOUT("nf_flowtable_udp_timeout", udp.offload_timeout),
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	TIMEOUT("sctp_timeout_closed", sctp.timeouts[SCTP_CONNTRACK_CLOSED]),
	TIMEOUT("sctp_timeout_cookie_wait",
		sctp.timeouts[SCTP_CONNTRACK_COOKIE_WAIT]),
	TIMEOUT("sctp_timeout_cookie_echoed",
		sctp.timeouts[SCTP_CONNTRACK_COOKIE_ECHOED]),
	TIMEOUT("sctp_timeout_established",
		sctp.timeouts[SCTP_CONNTRACK_ESTABLISHED]),
	TIMEOUT("sctp_timeout_shutdown_sent",
		sctp.timeouts[SCTP_CONNTRACK_SHUTDOWN_SENT]),
	TIMEOUT("sctp_timeout_shutdown_recd",
		sctp.timeouts[SCTP_CONNTRACK_SHUTDOWN_RECD]),
	TIMEOUT("sctp_timeout_shutdown_ack_sent",
		sctp.timeouts[SCTP_CONNTRACK_SHUTDOWN_ACK_SENT]),
	TIMEOUT("sctp_timeout_heartbeat_sent",
		sctp.timeouts[SCTP_CONNTRACK_HEARTBEAT_SENT]),
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	U8("dccp_loose", nf_ct_proto.dccp.dccp_loose, SYSCTL_ONE),
	TIMEOUT("dccp_timeout_request", dccp.dccp_timeout[CT_DCCP_REQUEST]),
	TIMEOUT("dccp_timeout_respond", dccp.dccp_timeout[CT_DCCP_RESPOND]),
	TIMEOUT("dccp_timeout_partopen", dccp.dccp_timeout[CT_DCCP_PARTOPEN]),
	TIMEOUT("dccp_timeout_open", dccp.dccp_timeout[CT_DCCP_OPEN]),
	TIMEOUT("dccp_timeout_closereq", dccp.dccp_timeout[CT_DCCP_CLOSEREQ]),
	TIMEOUT("dccp_timeout_closing", dccp.dccp_timeout[CT_DCCP_CLOSING]),
	TIMEOUT("dccp_timeout_timewait", dccp.dccp_timeout[CT_DCCP_TIMEWAIT]),
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	TIMEOUT("gre_timeout", gre.timeouts[GRE_CT_UNREPLIED]),
	TIMEOUT("gre_timeout_stream", gre.timeouts[GRE_CT_REPLIED]),
#endif
};

#define FLAG(_procname, _handler)					\
	{								\
		.procname	= "nf_conntrack_" _procname,		\
		.maxlen		= sizeof(u8),				\
		.mode		= 0644,					\
		.proc_handler	= _handler,				\
		.extra1		= SYSCTL_ZERO,				\
		.extra2		= SYSCTL_ONE,				\
	}

/* What older systems had; data becomes the namespace's struct nf_ct_pernet. */
static const struct ctl_table older_table[] = {
	FLAG("helper", helper_handler),
	FLAG("skip_filter", skip_filter_handler),
};

/* The machine's. */
static const struct ctl_table machine_table[] = {
	NF_CT_SYSCTL_MAX("nf_conntrack_max"),
	{
		.procname	= "nf_conntrack_expect_max",
		.data		= &nf_ct_expect_max,
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ONE,
		.extra2		= SYSCTL_INT_MAX,
	},
	{
		.procname	= "nf_conntrack_buckets",
		.data		= &nf_conntrack_htable_size,
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= buckets_handler,
	},
};

/* Neither: the kernel's, but shown by us. */
static const struct ctl_table other_table[] = {
#ifdef NF_CT_LWTUNNEL
	{
		.procname	= "nf_hooks_lwtunnel",
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= nf_hooks_lwtunnel_sysctl_handler,
	},
#endif
};

static const struct nf_ct_sysctl_set set = {
	.path		= "net/netfilter",
	.count		= "nf_conntrack_count",
	.own		= net_table,
	.n_own		= ARRAY_SIZE(net_table),
	.machine	= machine_table,
	.n_machine	= ARRAY_SIZE(machine_table),
	.pernet		= older_table,
	.n_pernet	= ARRAY_SIZE(older_table),
	.other		= other_table,
	.n_other	= ARRAY_SIZE(other_table),
};

/* net.nf_conntrack_max, in the initial namespace; and an empty last entry. */
static struct ctl_table max_table[2];
static struct ctl_table_header *max_header;

/**
 * nf_ct_sysctl_register - show a set of settings in a namespace
 * @net: namespace
 * @set: settings; copied
 *
 * Context: process, may sleep.
 *
 * Return: what nf_ct_sysctl_unregister() takes, or NULL without memory.
 */
struct ctl_table_header *
nf_ct_sysctl_register(struct net *net, const struct nf_ct_sysctl_set *set)
{
	unsigned int n = set->n_own + set->n_machine + set->n_pernet +
			 set->n_other + 1;
	struct ctl_table_header *header;
	struct ctl_table *table, *to;
	unsigned int i;

	/* Older kernels look for an empty last entry. */
	table = kcalloc(n + 1, sizeof(*table), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;

	to = table;
	for (i = 0; i < set->n_own; i++, to++) {
		*to = set->own[i];
		to->data += (unsigned long)&net->ct;
	}
	for (i = 0; i < set->n_machine; i++, to++) {
		*to = set->machine[i];
		if (!net_eq(net, &init_net))
			to->mode = 0444;
	}
	for (i = 0; i < set->n_pernet; i++, to++) {
		*to = set->pernet[i];
		to->data = nf_ct_pernet_priv(net);
	}
	for (i = 0; i < set->n_other; i++, to++)
		*to = set->other[i];
	*to = (struct ctl_table) {
		.procname	= set->count,
		.data		= &nf_ct_pernet(net)->count,
		.maxlen		= sizeof(int),
		.mode		= 0444,
		.proc_handler	= proc_dointvec,
	};

	header = nf_ct_register_sysctl(net, set->path, table, n);
	if (!header)
		kfree(table);
	return header;
}

/**
 * nf_ct_sysctl_unregister - undo nf_ct_sysctl_register()
 * @header: what it returned
 *
 * Context: process, may sleep.
 */
void nf_ct_sysctl_unregister(struct ctl_table_header *header)
{
	const struct ctl_table *table = header->ctl_table_arg;

	unregister_net_sysctl_table(header);
	kfree(table);
}

/**
 * nf_ct_sysctl_init_net - the settings of a new namespace
 * @net: namespace
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int nf_ct_sysctl_init_net(struct net *net)
{
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);

	net->ct.sysctl_checksum = 1;
	cnet->sysctl_header = nf_ct_sysctl_register(net, &set);
	return cnet->sysctl_header ? 0 : -ENOMEM;
}

/**
 * nf_ct_sysctl_exit_net - a namespace goes
 * @net: namespace
 */
void nf_ct_sysctl_exit_net(struct net *net)
{
	nf_ct_sysctl_unregister(nf_ct_pernet(net)->sysctl_header);
	nf_ct_skip_filter_set(net, false);
}

/**
 * nf_ct_sysctl_init - net.nf_conntrack_max
 *
 * Return: 0 or -ENOMEM.
 */
int __init nf_ct_sysctl_init(void)
{
	max_table[0] = machine_table[0];
	max_header = nf_ct_register_sysctl(&init_net, "net", max_table, 1);
	return max_header ? 0 : -ENOMEM;
}

/**
 * nf_ct_sysctl_exit - undo nf_ct_sysctl_init()
 */
void nf_ct_sysctl_exit(void)
{
	unregister_net_sysctl_table(max_header);
}

#else /* CONFIG_SYSCTL */

int nf_ct_sysctl_init_net(struct net *net)
{
	net->ct.sysctl_checksum = 1;
	return 0;
}

void nf_ct_sysctl_exit_net(struct net *net)
{
}

int __init nf_ct_sysctl_init(void)
{
	return 0;
}

void nf_ct_sysctl_exit(void)
{
}

#endif /* CONFIG_SYSCTL */
