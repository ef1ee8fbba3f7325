// SPDX-License-Identifier: GPL-2.0
/*
 * nf_conntrack_netlink: statistics of a namespace, for each CPU and as a whole.
 * What /proc/net/stat/nf_conntrack shows, from the same counters.
 *
 * A message for each possible CPU, whose number stands in the header's res_id.
 */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>

#include "nf_ct_netlink.h"

/* What of a CPU's counters goes into which attribute. */
struct counter {
	u16	attr;
	u16	offset;
};

#define COUNTER(attr, member) \
	{ attr, offsetof(struct ip_conntrack_stat, member) }

static const struct counter entry_counters[] = {
	COUNTER(CTA_STATS_FOUND, found),
	COUNTER(CTA_STATS_INVALID, invalid),
	COUNTER(CTA_STATS_INSERT, insert),
	COUNTER(CTA_STATS_INSERT_FAILED, insert_failed),
	COUNTER(CTA_STATS_DROP, drop),
	COUNTER(CTA_STATS_EARLY_DROP, early_drop),
	COUNTER(CTA_STATS_ERROR, error),
	COUNTER(CTA_STATS_SEARCH_RESTART, search_restart),
	COUNTER(CTA_STATS_CLASH_RESOLVE, clash_resolve),
	COUNTER(CTA_STATS_CHAIN_TOOLONG, chaintoolong),
};

static const struct counter exp_counters[] = {
	COUNTER(CTA_STATS_EXP_NEW, expect_new),
	COUNTER(CTA_STATS_EXP_CREATE, expect_create),
	COUNTER(CTA_STATS_EXP_DELETE, expect_delete),
};

static int fill_cpu(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int cpu, int op, const struct counter *counters,
		    unsigned int n)
{
	const struct net *net = sock_net(skb->sk);
	const void *stat = per_cpu_ptr(net->ct.stat, cpu);
	struct nlmsghdr *nlh;
	unsigned int i;

	/* Those of expectations say that they are of the other subsystem, too:
	 * clients know no better.
	 */
	nlh = nfnl_msg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK, op),
			   NLM_F_MULTI, AF_UNSPEC, NFNETLINK_V0, htons(cpu));
	if (!nlh)
		return -EMSGSIZE;

	for (i = 0; i < n; i++) {
		const unsigned int *value = stat + counters[i].offset;

		if (nla_put_be32(skb, counters[i].attr,
				 htonl(READ_ONCE(*value)))) {
			nlmsg_cancel(skb, nlh);
			return -EMSGSIZE;
		}
	}
	nlmsg_end(skb, nlh);
	return 0;
}

/* cb->args[0] is the first CPU that has not been shown. */
static int dump(struct sk_buff *skb, struct netlink_callback *cb, int op,
		const struct counter *counters, unsigned int n)
{
	unsigned int cpu;

	for (cpu = cb->args[0]; cpu < nr_cpu_ids; cpu++) {
		if (!cpu_possible(cpu))
			continue;
		if (fill_cpu(skb, cb, cpu, op, counters, n))
			break;
	}
	cb->args[0] = cpu;
	return skb->len;
}

static int dump_entries(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump(skb, cb, IPCTNL_MSG_CT_GET_STATS_CPU, entry_counters,
		    ARRAY_SIZE(entry_counters));
}

static int dump_exps(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump(skb, cb, IPCTNL_MSG_EXP_GET_STATS_CPU, exp_counters,
		    ARRAY_SIZE(exp_counters));
}

/**
 * nf_ct_nl_stat_cpu_get - IPCTNL_MSG_CT_GET_STATS_CPU: counters of each CPU
 * @skb: the request
 * @info: what nfnetlink knows of it
 * @cda: not used
 *
 * There is nothing but a dump of them.
 *
 * Return: 0 or an error for the client.
 */
int nf_ct_nl_stat_cpu_get(struct sk_buff *skb, const struct nfnl_info *info,
			  const struct nlattr * const cda[])
{
	struct netlink_dump_control control = {
		.dump	= dump_entries,
	};

	if (!(info->nlh->nlmsg_flags & NLM_F_DUMP))
		return 0;
	return nf_ct_nl_dump_start(skb, info, &control);
}

/**
 * nf_ct_nl_exp_stat_cpu_get - IPCTNL_MSG_EXP_GET_STATS_CPU: the same for
 *	expectations
 * @skb: the request
 * @info: what nfnetlink knows of it
 * @cda: not used
 *
 * Return: 0 or an error for the client.
 */
int nf_ct_nl_exp_stat_cpu_get(struct sk_buff *skb, const struct nfnl_info *info,
			      const struct nlattr * const cda[])
{
	struct netlink_dump_control control = {
		.dump	= dump_exps,
	};

	if (!(info->nlh->nlmsg_flags & NLM_F_DUMP))
		return 0;
	return nf_ct_nl_dump_start(skb, info, &control);
}

/**
 * nf_ct_nl_stat_get - IPCTNL_MSG_CT_GET_STATS: how full is the table?
 * @skb: the request
 * @info: what nfnetlink knows of it
 * @cda: not used
 *
 * Return: 0 or an error for the client.
 */
int nf_ct_nl_stat_get(struct sk_buff *skb, const struct nfnl_info *info,
		      const struct nlattr * const cda[])
{
	u32 portid = NETLINK_CB(skb).portid;
	struct nlmsghdr *nlh;
	struct sk_buff *answer;

	answer = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!answer)
		return -ENOMEM;

	nlh = nfnl_msg_put(answer, portid, info->nlh->nlmsg_seq,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK,
					 IPCTNL_MSG_CT_GET_STATS),
			   NLM_F_MULTI, AF_UNSPEC, NFNETLINK_V0, 0);
	if (!nlh ||
	    nla_put_be32(answer, CTA_STATS_GLOBAL_ENTRIES,
			 htonl(nf_conntrack_count(info->net))) ||
	    nla_put_be32(answer, CTA_STATS_GLOBAL_MAX_ENTRIES,
			 htonl(READ_ONCE(nf_conntrack_max)))) {
		kfree_skb(answer);
		return -ENOMEM;
	}
	nlmsg_end(answer, nlh);
	return nfnetlink_unicast(answer, info->net, portid);
}
