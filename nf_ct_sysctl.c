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

#include "nf_ct.h"

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

/**
 * nf_ct_sysctl_buckets - read or write the number of buckets
 * @table: setting
 * @write: it is written
 * @buffer: text
 * @lenp: length of it
 * @ppos: place in it
 *
 * Context: process, may sleep.
 *
 * Return: 0, or as nf_conntrack_hash_resize().
 */
int nf_ct_sysctl_buckets(nf_ct_ctl_table *table, int write, void *buffer,
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

/* The field of struct netns_ct that an entry of a table is about. */
#define FIELD(_name)							\
	.data = (void *)offsetof(struct netns_ct, _name),		\
	.maxlen = sizeof_field(struct netns_ct, _name)

#define U8(_procname, _name, _max)					\
	{								\
		.procname	= "nf_conntrack_" _procname,		\
		FIELD(_name),						\
		.mode		= 0644,					\
		.proc_handler	= proc_dou8vec_minmax,			\
		.extra1		= SYSCTL_ZERO,				\
		.extra2		= _max,					\
	}

#define SECONDS_OF(_procname, _name)					\
	{								\
		.procname	= _procname,				\
		FIELD(_name),						\
		.mode		= 0644,					\
		.proc_handler	= proc_dointvec_jiffies,		\
	}

#define SECONDS(_procname, _name)					\
	SECONDS_OF("nf_conntrack_" _procname, nf_ct_proto._name)

static int u8_max = U8_MAX;

/* The namespace's own; data is an offset until the table is copied. */
static const struct ctl_table net_table[] = {
	U8("acct", sysctl_acct, SYSCTL_ONE),
	U8("checksum", sysctl_checksum, SYSCTL_ONE),
	U8("log_invalid", sysctl_log_invalid, &u8_max),
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	U8("events", sysctl_events, SYSCTL_TWO),
#endif
#ifdef CONFIG_NF_CONNTRACK_TIMESTAMP
	U8("timestamp", sysctl_tstamp, SYSCTL_ONE),
#endif
	U8("tcp_loose", nf_ct_proto.tcp.tcp_loose, SYSCTL_ONE),
	U8("tcp_be_liberal", nf_ct_proto.tcp.tcp_be_liberal, SYSCTL_ONE),
	U8("tcp_ignore_invalid_rst", nf_ct_proto.tcp.tcp_ignore_invalid_rst,
	   SYSCTL_ONE),
	U8("tcp_max_retrans", nf_ct_proto.tcp.tcp_max_retrans, &u8_max),
	SECONDS("generic_timeout", generic.timeout),
	SECONDS("tcp_timeout_syn_sent", tcp.timeouts[TCP_CONNTRACK_SYN_SENT]),
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
	SECONDS("tcp_timeout_unacknowledged", tcp.timeouts[TCP_CONNTRACK_UNACK]),
	SECONDS("udp_timeout", udp.timeouts[UDP_CT_UNREPLIED]),
	SECONDS("udp_timeout_stream", udp.timeouts[UDP_CT_REPLIED]),
	SECONDS("icmp_timeout", icmp.timeout),
	SECONDS("icmpv6_timeout", icmpv6.timeout),
#if IS_ENABLED(CONFIG_NF_FLOW_TABLE)
	SECONDS_OF("nf_flowtable_tcp_timeout", nf_ct_proto.tcp.offload_timeout),
	SECONDS_OF("nf_flowtable_udp_timeout", nf_ct_proto.udp.offload_timeout),
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	SECONDS("sctp_timeout_closed", sctp.timeouts[SCTP_CONNTRACK_CLOSED]),
	SECONDS("sctp_timeout_cookie_wait",
		sctp.timeouts[SCTP_CONNTRACK_COOKIE_WAIT]),
	SECONDS("sctp_timeout_cookie_echoed",
		sctp.timeouts[SCTP_CONNTRACK_COOKIE_ECHOED]),
	SECONDS("sctp_timeout_established",
		sctp.timeouts[SCTP_CONNTRACK_ESTABLISHED]),
	SECONDS("sctp_timeout_shutdown_sent",
		sctp.timeouts[SCTP_CONNTRACK_SHUTDOWN_SENT]),
	SECONDS("sctp_timeout_shutdown_recd",
		sctp.timeouts[SCTP_CONNTRACK_SHUTDOWN_RECD]),
	SECONDS("sctp_timeout_shutdown_ack_sent",
		sctp.timeouts[SCTP_CONNTRACK_SHUTDOWN_ACK_SENT]),
	SECONDS("sctp_timeout_heartbeat_sent",
		sctp.timeouts[SCTP_CONNTRACK_HEARTBEAT_SENT]),
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	U8("dccp_loose", nf_ct_proto.dccp.dccp_loose, SYSCTL_ONE),
	SECONDS("dccp_timeout_request", dccp.dccp_timeout[CT_DCCP_REQUEST]),
	SECONDS("dccp_timeout_respond", dccp.dccp_timeout[CT_DCCP_RESPOND]),
	SECONDS("dccp_timeout_partopen", dccp.dccp_timeout[CT_DCCP_PARTOPEN]),
	SECONDS("dccp_timeout_open", dccp.dccp_timeout[CT_DCCP_OPEN]),
	SECONDS("dccp_timeout_closereq", dccp.dccp_timeout[CT_DCCP_CLOSEREQ]),
	SECONDS("dccp_timeout_closing", dccp.dccp_timeout[CT_DCCP_CLOSING]),
	SECONDS("dccp_timeout_timewait", dccp.dccp_timeout[CT_DCCP_TIMEWAIT]),
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	SECONDS("gre_timeout", gre.timeouts[GRE_CT_UNREPLIED]),
	SECONDS("gre_timeout_stream", gre.timeouts[GRE_CT_REPLIED]),
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
	{
		.procname	= "nf_conntrack_max",
		.data		= &nf_conntrack_max,
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_INT_MAX,
	},
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
		.proc_handler	= nf_ct_sysctl_buckets,
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

#define OWN	ARRAY_SIZE(net_table)
#define MACHINE	ARRAY_SIZE(machine_table)
#define OTHER	ARRAY_SIZE(other_table)
#define OLDER	ARRAY_SIZE(older_table)
#define ALL	(OWN + MACHINE + OTHER + OLDER + 1)	/* and nf_conntrack_count */

/* net.nf_conntrack_max, in the initial namespace; and an empty last entry. */
static struct ctl_table max_table[2];
static struct ctl_table_header *max_header;

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
	struct ctl_table *table;
	unsigned int i;

	net->ct.sysctl_checksum = 1;

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

	memcpy(table + OWN + MACHINE, other_table, sizeof(other_table));

	memcpy(table + OWN + MACHINE + OTHER, older_table, sizeof(older_table));
	for (i = 0; i < OLDER; i++)
		table[OWN + MACHINE + OTHER + i].data = nf_ct_pernet_priv(net);

	table[ALL - 1] = (struct ctl_table) {
		.procname	= "nf_conntrack_count",
		.data		= &cnet->count,
		.maxlen		= sizeof(int),
		.mode		= 0444,
		.proc_handler	= proc_dointvec,
	};

	cnet->sysctl_header = nf_ct_register_sysctl(net, "net/netfilter", table,
						    ALL);
	if (!cnet->sysctl_header) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

/**
 * nf_ct_sysctl_exit_net - a namespace goes
 * @net: namespace
 */
void nf_ct_sysctl_exit_net(struct net *net)
{
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);
	const struct ctl_table *table = cnet->sysctl_header->ctl_table_arg;

	unregister_net_sysctl_table(cnet->sysctl_header);
	kfree(table);
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
