// SPDX-License-Identifier: GPL-2.0
/*
 * nf_conntrack_netlink: expectations. As attributes, both ways, and the requests
 * to make, change, show and delete one.
 *
 * The parts of an expectation that requests change are guarded by
 * nf_conntrack_expect_lock. Its master lives as long as it is linked, so who
 * reads the master without that lock looks afterwards whether it still is.
 */
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "nf_ct_netlink.h"
#include "nf_ct_proto.h"

const struct nla_policy nf_ct_nl_exp_policy[CTA_EXPECT_MAX + 1] = {
	[CTA_EXPECT_MASTER]	= { .type = NLA_NESTED },
	[CTA_EXPECT_TUPLE]	= { .type = NLA_NESTED },
	[CTA_EXPECT_MASK]	= { .type = NLA_NESTED },
	[CTA_EXPECT_TIMEOUT]	= { .type = NLA_U32 },
	[CTA_EXPECT_ID]		= { .type = NLA_U32 },
	[CTA_EXPECT_HELP_NAME]	= { .type = NLA_NUL_STRING,
				    .len = NF_CT_HELPER_NAME_LEN - 1 },
	[CTA_EXPECT_ZONE]	= { .type = NLA_U16 },
	[CTA_EXPECT_FLAGS]	= NLA_POLICY_MASK(NLA_BE32, NF_CT_EXPECT_MASK),
	[CTA_EXPECT_CLASS]	= { .type = NLA_U32 },
	[CTA_EXPECT_NAT]	= { .type = NLA_NESTED },
	[CTA_EXPECT_FN]		= { .type = NLA_NUL_STRING },
};

static const struct nla_policy nat_policy[CTA_EXPECT_NAT_MAX + 1] = {
	[CTA_EXPECT_NAT_DIR]	= NLA_POLICY_MAX(NLA_BE32, IP_CT_DIR_REPLY),
	[CTA_EXPECT_NAT_TUPLE]	= { .type = NLA_NESTED },
};

/* --- an expectation as attributes -------------------------------------- */

/* Tells an expectation from a later one that expects the same, and tells
 * nobody where it is. The same as long as it lives.
 */
static __be32 exp_id(const struct nf_conntrack_expect *exp)
{
	static siphash_aligned_key_t key;

	net_get_random_once(&key, sizeof(key));
	return (__force __be32)siphash_3u64((unsigned long)exp,
					    (unsigned long)exp->master,
					    siphash(&exp->tuple,
						    sizeof(exp->tuple), &key),
					    &key);
}

static int put_mask(struct sk_buff *skb, const struct nf_conntrack_expect *exp)
{
	struct nf_conntrack_tuple mask;

	/* Of the destination every bit counts. */
	memset(&mask, 0xff, sizeof(mask));
	mask.src.u3 = exp->mask.src.u3;
	mask.src.u.all = exp->mask.src.u.all;
	mask.src.l3num = exp->tuple.src.l3num;
	mask.dst.protonum = exp->tuple.dst.protonum;

	return nf_ct_nl_put_tuple(skb, CTA_EXPECT_MASK, &mask);
}

#if IS_ENABLED(CONFIG_NF_NAT)
static bool has_nat(const struct nf_conntrack_expect *exp)
{
	return !nf_inet_addr_cmp(&exp->saved_addr, &(union nf_inet_addr){}) ||
	       exp->saved_proto.all;
}

static int put_nat(struct sk_buff *skb, const struct nf_conntrack_expect *exp)
{
	struct nf_conntrack_tuple tuple = {
		.src.l3num	= nf_ct_l3num(exp->master),
		.src.u3		= exp->saved_addr,
		.src.u		= exp->saved_proto,
		.dst.protonum	= nf_ct_protonum(exp->master),
	};
	struct nlattr *nest;

	if (!has_nat(exp))
		return 0;

	nest = nla_nest_start(skb, CTA_EXPECT_NAT);
	if (!nest ||
	    nla_put_be32(skb, CTA_EXPECT_NAT_DIR, htonl(exp->dir)) ||
	    nf_ct_nl_put_tuple(skb, CTA_EXPECT_NAT_TUPLE, &tuple))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
#else
static int put_nat(struct sk_buff *skb, const struct nf_conntrack_expect *exp)
{
	return 0;
}
#endif

/* Who helps, and what is called when it is met. */
static int put_names(struct sk_buff *skb, const struct nf_conntrack_expect *exp)
{
	const struct nf_conntrack_helper *helper = rcu_dereference(exp->helper);
	const struct nf_ct_helper_expectfn *fn;

	if (helper && nla_put_string(skb, CTA_EXPECT_HELP_NAME, helper->name))
		return -EMSGSIZE;
	if (!exp->expectfn)
		return 0;

	fn = nf_ct_helper_expectfn_find_by_symbol(exp->expectfn);
	if (fn && nla_put_string(skb, CTA_EXPECT_FN, fn->name))
		return -EMSGSIZE;
	return 0;
}

static int put_exp(struct sk_buff *skb, const struct nf_conntrack_expect *exp)
{
	s32 left = READ_ONCE(exp->timeout) - nfct_time_stamp;

	if (nf_ct_nl_put_tuple(skb, CTA_EXPECT_TUPLE, &exp->tuple) ||
	    put_mask(skb, exp) ||
	    nf_ct_nl_put_tuple(skb, CTA_EXPECT_MASTER,
			       nf_ct_tuple(exp->master, IP_CT_DIR_ORIGINAL)) ||
	    put_nat(skb, exp) ||
	    nla_put_be32(skb, CTA_EXPECT_TIMEOUT, htonl(max(left, 0) / HZ)) ||
	    nla_put_be32(skb, CTA_EXPECT_ID, exp_id(exp)) ||
	    nla_put_be32(skb, CTA_EXPECT_FLAGS,
			 htonl(READ_ONCE(exp->flags) & NF_CT_EXPECT_MASK)) ||
	    nla_put_be32(skb, CTA_EXPECT_CLASS, htonl(exp->class)))
		return -EMSGSIZE;

	return put_names(skb, exp);
}

/**
 * nf_ct_nl_exp_fill - a message with an expectation
 * @skb: where to
 * @portid: netlink port that it is for, or that caused it
 * @seq: number of the request that it answers, or 0
 * @op: IPCTNL_MSG_EXP_*
 * @flags: NLM_F_*
 * @exp: expectation
 *
 * Context: any but hard interrupt, RCU read side.
 *
 * Return: 0, or -EMSGSIZE and @skb is as it was.
 */
int nf_ct_nl_exp_fill(struct sk_buff *skb, u32 portid, u32 seq, int op,
		      int flags, const struct nf_conntrack_expect *exp)
{
	struct nlmsghdr *nlh;

	nlh = nfnl_msg_put(skb, portid, seq,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK_EXP, op), flags,
			   exp->tuple.src.l3num, NFNETLINK_V0, 0);
	if (!nlh)
		return -EMSGSIZE;

	if (put_exp(skb, exp)) {
		nlmsg_cancel(skb, nlh);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}

/**
 * nf_ct_nl_exp_size - room that a message with an expectation takes at most
 * @exp: expectation
 *
 * Context: RCU read side.
 *
 * Return: bytes, without the netlink header.
 */
size_t nf_ct_nl_exp_size(const struct nf_conntrack_expect *exp)
{
	const size_t tuple = nla_total_size(0) * 3 +	/* itself, IP, PROTO */
			     nla_total_size(sizeof(struct in6_addr)) * 2 +
			     nla_total_size(sizeof(u8)) +
			     nla_total_size(sizeof(u16)) * 3;
	const struct nf_ct_helper_expectfn *fn = NULL;

	if (exp->expectfn)
		fn = nf_ct_helper_expectfn_find_by_symbol(exp->expectfn);

	return NLMSG_ALIGN(sizeof(struct nfgenmsg)) +
	       tuple * 4 +				/* with that of NAT */
	       nla_total_size(0) +			/* CTA_EXPECT_NAT */
	       nla_total_size(sizeof(u32)) * 5 +	/* dir, timeout, ID, ... */
	       nla_total_size(NF_CT_HELPER_NAME_LEN) +
	       (fn ? nla_total_size(strlen(fn->name) + 1) : 0);
}

/* --- attributes as an expectation -------------------------------------- */

#if IS_ENABLED(CONFIG_NF_NAT)
/* Where to NAT maps what is expected, once it comes. */
static int parse_nat(const struct nlattr *attr, struct nf_conntrack_expect *exp,
		     u8 l3num)
{
	struct nlattr *tb[CTA_EXPECT_NAT_MAX + 1];
	struct nf_conntrack_tuple tuple;
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_EXPECT_NAT_MAX, attr,
					  nat_policy, NULL);
	if (err)
		return err;
	if (!tb[CTA_EXPECT_NAT_DIR] || !tb[CTA_EXPECT_NAT_TUPLE])
		return -EINVAL;

	err = nf_ct_nl_parse_tuple((const struct nlattr * const *)tb, &tuple,
				   CTA_EXPECT_NAT_TUPLE, l3num, NULL,
				   NF_CT_NL_TUPLE_ALL);
	if (err)
		return err;

	exp->saved_addr = tuple.src.u3;
	exp->saved_proto = tuple.src.u;
	exp->dir = ntohl(nla_get_be32(tb[CTA_EXPECT_NAT_DIR]));
	return 0;
}
#else
static int parse_nat(const struct nlattr *attr, struct nf_conntrack_expect *exp,
		     u8 l3num)
{
	return -EOPNOTSUPP;
}
#endif

static int parse_details(const struct nlattr * const cda[],
			 struct nf_conntrack_expect *exp, u8 l3num)
{
	const struct nf_ct_helper_expectfn *fn;

	if (cda[CTA_EXPECT_FN]) {
		fn = nf_ct_helper_expectfn_find_by_name(nla_data(cda[CTA_EXPECT_FN]));
		if (!fn)
			return -EINVAL;
		exp->expectfn = fn->expectfn;
	}
	if (cda[CTA_EXPECT_NAT])
		return parse_nat(cda[CTA_EXPECT_NAT], exp, l3num);
	return 0;
}

/* A new expectation of @ct, which has a helper; ERR_PTR() else. RCU. */
static struct nf_conntrack_expect *
make_exp(struct nf_conn *ct, const struct nlattr * const cda[],
	 const struct nf_conntrack_tuple *tuple,
	 const struct nf_conntrack_tuple *mask)
{
	const struct nf_conn_help *help = nfct_help(ct);
	struct nf_conntrack_helper *helper;
	struct nf_conntrack_expect *exp;
	u32 class = 0;
	int err;

	helper = help ? rcu_dereference(help->helper) : NULL;
	if (!helper)
		return ERR_PTR(-EOPNOTSUPP);

	if (cda[CTA_EXPECT_CLASS])
		class = ntohl(nla_get_be32(cda[CTA_EXPECT_CLASS]));
	if (class > helper->expect_class_max)
		return ERR_PTR(-EINVAL);

	exp = nf_ct_expect_alloc(ct);
	if (!exp)
		return ERR_PTR(-ENOMEM);

	exp->class = class;
	exp->tuple = *tuple;
	exp->mask.src.u3 = mask->src.u3;
	exp->mask.src.u.all = mask->src.u.all;
	rcu_assign_pointer(exp->helper, helper);
	/* That it has a helper in the kernel is not for user space to say. */
	if (cda[CTA_EXPECT_FLAGS])
		exp->flags = ntohl(nla_get_be32(cda[CTA_EXPECT_FLAGS])) &
			     ~NF_CT_EXPECT_USERSPACE;

	err = parse_details(cda, exp, nf_ct_l3num(ct));
	if (err) {
		nf_ct_expect_put(exp);
		return ERR_PTR(err);
	}
	return exp;
}

/**
 * nf_ct_nl_exp_attach - a verdict of a queue brings an expectation
 * @attr: NFQA_EXP, CTA_EXPECT_* nested
 * @ct: entry of the packet
 * @portid: netlink port of the queue's program
 * @report: that port wants the event, too
 *
 * Context: process, RCU read side.
 *
 * Return: 0 or an error for the client.
 */
int nf_ct_nl_exp_attach(const struct nlattr *attr, struct nf_conn *ct,
			u32 portid, u32 report)
{
	struct nf_conntrack_tuple tuple, mask;
	struct nlattr *tb[CTA_EXPECT_MAX + 1];
	const struct nlattr * const *cda = (const struct nlattr * const *)tb;
	struct nf_conntrack_helper *helper = NULL;
	struct nf_conntrack_expect *exp;
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_EXPECT_MAX, attr,
					  nf_ct_nl_exp_policy, NULL);
	if (err)
		return err;
	if (!cda[CTA_EXPECT_TUPLE] || !cda[CTA_EXPECT_MASK])
		return -EINVAL;

	err = nf_ct_nl_parse_tuple(cda, &tuple, CTA_EXPECT_TUPLE,
				   nf_ct_l3num(ct), NULL, NF_CT_NL_TUPLE_ALL);
	if (err)
		return err;
	err = nf_ct_nl_parse_tuple(cda, &mask, CTA_EXPECT_MASK,
				   nf_ct_l3num(ct), NULL, NF_CT_NL_TUPLE_ALL);
	if (err)
		return err;

	if (cda[CTA_EXPECT_HELP_NAME]) {
		helper = __nf_conntrack_helper_find(nla_data(cda[CTA_EXPECT_HELP_NAME]),
						    nf_ct_l3num(ct),
						    nf_ct_protonum(ct));
		if (!helper)
			return -EOPNOTSUPP;
	}

	exp = make_exp(ct, cda, &tuple, &mask);
	if (IS_ERR(exp))
		return PTR_ERR(exp);
	/* By whose name it is listed, and deleted. */
	if (helper)
		rcu_assign_pointer(exp->helper, helper);

	err = nf_ct_expect_related_report(exp, portid, report, 0);
	nf_ct_expect_put(exp);
	return err;
}

/* --- requests ---------------------------------------------------------- */

/* Zone and tuple of the expectation that a request is about. */
static int parse_key(const struct nfnl_info *info,
		     const struct nlattr * const cda[], int attr,
		     struct nf_conntrack_zone *zone,
		     struct nf_conntrack_tuple *tuple)
{
	int err = nf_ct_nl_parse_zone(cda[CTA_EXPECT_ZONE], zone);

	if (err)
		return err;
	return nf_ct_nl_parse_tuple(cda, tuple, attr, info->nfmsg->nfgen_family,
				    NULL, NF_CT_NL_TUPLE_ALL);
}

/* The expectation that a request names, with a reference, or ERR_PTR(). */
static struct nf_conntrack_expect *
find_exp(const struct nfnl_info *info, const struct nlattr * const cda[],
	 int attr)
{
	struct nf_conntrack_expect *exp;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone zone;
	int err;

	err = parse_key(info, cda, attr, &zone, &tuple);
	if (err)
		return ERR_PTR(err);

	exp = nf_ct_expect_find_get(info->net, &zone, &tuple);
	if (!exp)
		return ERR_PTR(-ENOENT);
	if (cda[CTA_EXPECT_ID] &&
	    nla_get_be32(cda[CTA_EXPECT_ID]) != exp_id(exp)) {
		nf_ct_expect_put(exp);
		return ERR_PTR(-ENOENT);
	}
	return exp;
}

static int create_exp(struct sk_buff *skb, const struct nfnl_info *info,
		      const struct nlattr * const cda[],
		      const struct nf_conntrack_zone *zone,
		      const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_tuple mask, master;
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_expect *exp;
	u8 l3num = info->nfmsg->nfgen_family;
	struct nf_conn *ct;
	int err;

	err = nf_ct_nl_parse_tuple(cda, &mask, CTA_EXPECT_MASK, l3num, NULL,
				   NF_CT_NL_TUPLE_ALL);
	if (err)
		return err;
	err = nf_ct_nl_parse_tuple(cda, &master, CTA_EXPECT_MASTER, l3num, NULL,
				   NF_CT_NL_TUPLE_ALL);
	if (err)
		return err;

	h = nf_conntrack_find_get(info->net, zone, &master);
	if (!h)
		return -ENOENT;
	ct = nf_ct_tuplehash_to_ctrack(h);

	rcu_read_lock();
	exp = make_exp(ct, cda, tuple, &mask);
	if (IS_ERR(exp)) {
		err = PTR_ERR(exp);
	} else {
		err = nf_ct_expect_related_report(exp, NETLINK_CB(skb).portid,
						  nlmsg_report(info->nlh), 0);
		nf_ct_expect_put(exp);
	}
	rcu_read_unlock();

	nf_ct_put(ct);
	return err;
}

/**
 * nf_ct_nl_exp_new - IPCTNL_MSG_EXP_NEW: expect a connection, or for longer
 * @skb: the request
 * @info: what nfnetlink knows of it
 * @cda: CTA_EXPECT_*
 *
 * Of one that is expected already only the timeout can be changed.
 *
 * Return: 0 or an error for the client.
 */
int nf_ct_nl_exp_new(struct sk_buff *skb, const struct nfnl_info *info,
		     const struct nlattr * const cda[])
{
	struct nf_conntrack_expect *exp;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone zone;
	int err;

	if (!cda[CTA_EXPECT_TUPLE] || !cda[CTA_EXPECT_MASK] ||
	    !cda[CTA_EXPECT_MASTER])
		return -EINVAL;

	err = parse_key(info, cda, CTA_EXPECT_TUPLE, &zone, &tuple);
	if (err)
		return err;

	spin_lock_bh(&nf_conntrack_expect_lock);
	exp = __nf_ct_expect_find(info->net, &zone, &tuple);
	if (exp && info->nlh->nlmsg_flags & NLM_F_EXCL)
		err = -EEXIST;
	else if (exp && cda[CTA_EXPECT_TIMEOUT])
		WRITE_ONCE(exp->timeout, nfct_time_stamp +
			   nf_ct_nla_jiffies(cda[CTA_EXPECT_TIMEOUT]));
	spin_unlock_bh(&nf_conntrack_expect_lock);

	if (exp)
		return err;
	if (!(info->nlh->nlmsg_flags & NLM_F_CREATE))
		return -ENOENT;
	return create_exp(skb, info, cda, &zone, &tuple);
}

static int answer(struct sk_buff *skb, const struct nfnl_info *info,
		  struct nf_conntrack_expect *exp)
{
	u32 portid = NETLINK_CB(skb).portid;
	struct sk_buff *reply;

	reply = nlmsg_new(nf_ct_nl_exp_size(exp), GFP_ATOMIC);
	if (!reply)
		return -ENOMEM;

	if (nf_ct_nl_exp_fill(reply, portid, info->nlh->nlmsg_seq,
			      IPCTNL_MSG_EXP_NEW, NLM_F_MULTI, exp)) {
		kfree_skb(reply);
		return -ENOMEM;
	}
	if (!nf_ct_nl_exp_linked(exp)) {
		kfree_skb(reply);
		return -ENOENT;
	}
	return nfnetlink_unicast(reply, info->net, portid);
}

/**
 * nf_ct_nl_exp_get - IPCTNL_MSG_EXP_GET: show one, or dump
 * @skb: the request
 * @info: what nfnetlink knows of it
 * @cda: CTA_EXPECT_*
 *
 * Of a dump, CTA_EXPECT_MASTER says whose; of a single one, it may be named by
 * CTA_EXPECT_MASTER as well as by CTA_EXPECT_TUPLE, to which it should have
 * been kept.
 *
 * Context: process, RCU read side.
 *
 * Return: 0 or an error for the client.
 */
int nf_ct_nl_exp_get(struct sk_buff *skb, const struct nfnl_info *info,
		     const struct nlattr * const cda[])
{
	struct nf_conntrack_expect *exp;
	int attr, err;

	if (info->nlh->nlmsg_flags & NLM_F_DUMP)
		return nf_ct_nl_exp_dump(skb, info, cda);

	if (cda[CTA_EXPECT_TUPLE])
		attr = CTA_EXPECT_TUPLE;
	else if (cda[CTA_EXPECT_MASTER])
		attr = CTA_EXPECT_MASTER;
	else
		return -EINVAL;

	exp = find_exp(info, cda, attr);
	if (IS_ERR(exp))
		return PTR_ERR(exp);

	err = answer(skb, info, exp);
	nf_ct_expect_put(exp);
	return err;
}

static bool any(struct nf_conntrack_expect *exp, void *data)
{
	return true;
}

static bool helped_by(struct nf_conntrack_expect *exp, void *data)
{
	const struct nf_conntrack_helper *helper;

	helper = rcu_dereference_protected(exp->helper,
					   lockdep_is_held(&nf_conntrack_expect_lock));
	return helper && !strcmp(helper->name, data);
}

/**
 * nf_ct_nl_exp_del - IPCTNL_MSG_EXP_DELETE: one, those of a helper, or all
 * @skb: the request
 * @info: what nfnetlink knows of it
 * @cda: CTA_EXPECT_*
 *
 * Return: 0 or an error for the client.
 */
int nf_ct_nl_exp_del(struct sk_buff *skb, const struct nfnl_info *info,
		     const struct nlattr * const cda[])
{
	u32 portid = NETLINK_CB(skb).portid;
	int report = nlmsg_report(info->nlh);
	struct nf_conntrack_expect *exp;

	if (!cda[CTA_EXPECT_TUPLE]) {
		const struct nlattr *name = cda[CTA_EXPECT_HELP_NAME];

		nf_ct_expect_iterate_net(info->net, name ? helped_by : any,
					 name ? nla_data(name) : NULL, portid,
					 report);
		return 0;
	}

	exp = find_exp(info, cda, CTA_EXPECT_TUPLE);
	if (IS_ERR(exp))
		return PTR_ERR(exp);

	spin_lock_bh(&nf_conntrack_expect_lock);
	nf_ct_unlink_expect_report(exp, portid, report);
	spin_unlock_bh(&nf_conntrack_expect_lock);
	nf_ct_expect_put(exp);
	return 0;
}
