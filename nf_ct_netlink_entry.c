// SPDX-License-Identifier: GPL-2.0
/*
 * Requests on entries: new (which creates or updates), get, delete (one, those
 * that fit a filter, all).
 *
 * Context: process. nfnetlink holds its mutex for those who write, RCU for those
 * who read.
 */
#include <linux/kmod.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/slab.h>
#include <net/netfilter/nf_nat.h>

#include "nf_ct_netlink.h"

/**
 * struct target - what a request is about
 * @net: namespace
 * @l3num: address family
 * @zone: zone
 * @tuple: tuple of each direction, as far as the request has them
 */
struct target {
	struct net			*net;
	u8				l3num;
	struct nf_conntrack_zone	zone;
	struct nf_conntrack_tuple	tuple[IP_CT_DIR_MAX];
};

static int target_parse(struct target *target, const struct nfnl_info *info,
			const struct nlattr * const cda[])
{
	int err;

	target->net = info->net;
	target->l3num = info->nfmsg->nfgen_family;
	err = nf_ct_nl_parse_zone(cda[CTA_ZONE], &target->zone);
	if (!err && cda[CTA_TUPLE_ORIG])
		err = nf_ct_nl_parse_tuple(cda, &target->tuple[IP_CT_DIR_ORIGINAL],
					   CTA_TUPLE_ORIG, target->l3num,
					   &target->zone, NF_CT_NL_TUPLE_ALL);
	if (!err && cda[CTA_TUPLE_REPLY])
		err = nf_ct_nl_parse_tuple(cda, &target->tuple[IP_CT_DIR_REPLY],
					   CTA_TUPLE_REPLY, target->l3num,
					   &target->zone, NF_CT_NL_TUPLE_ALL);
	return err;
}

/* The entry that a request names, with a reference; by the original tuple, if
 * it has one.
 */
static struct nf_conn *target_find(const struct target *target,
				   const struct nlattr * const cda[])
{
	struct nf_conntrack_tuple_hash *found = NULL;

	if (cda[CTA_TUPLE_ORIG])
		found = nf_conntrack_find_get(target->net, &target->zone,
					      &target->tuple[IP_CT_DIR_ORIGINAL]);
	else if (cda[CTA_TUPLE_REPLY])
		found = nf_conntrack_find_get(target->net, &target->zone,
					      &target->tuple[IP_CT_DIR_REPLY]);
	return found ? nf_ct_tuplehash_to_ctrack(found) : NULL;
}

static struct nf_conn *target_get(const struct nfnl_info *info,
				  const struct nlattr * const cda[])
{
	struct target target;
	int err;

	err = target_parse(&target, info, cda);
	if (err)
		return ERR_PTR(err);
	return target_find(&target, cda) ?: ERR_PTR(-ENOENT);
}

/* --- modules that a new entry needs ------------------------------------ */

/* Load a module, with nfnetlink let go of: it may take long, and modprobe may
 * be set up to run whatever it likes. That lock is all that keeps us here.
 */
static void load(const char *prefix, const char *name)
{
	if (!try_module_get(THIS_MODULE))
		return;
	nfnl_unlock(NFNL_SUBSYS_CTNETLINK);
	request_module("%s%s", prefix, name);
	nfnl_lock(NFNL_SUBSYS_CTNETLINK);
	module_put(THIS_MODULE);
}

static bool helper_is_there(const char *name,
			    const struct nf_conntrack_tuple *tuple)
{
	bool there;

	rcu_read_lock();
	there = __nf_conntrack_helper_find(name, tuple->src.l3num,
					   tuple->dst.protonum);
	rcu_read_unlock();
	return there;
}

/* See to it that all is there that an entry shall have. -EAGAIN: something had to
 * be loaded, and the request is to be looked at once more.
 */
static int load_modules(const struct nf_conntrack_tuple *tuple,
			const struct nlattr * const cda[],
			const struct nf_ct_nl_changes *changes)
{
	if (changes->helper && !helper_is_there(changes->helper, tuple)) {
		load("nfct-helper-", changes->helper);
		return helper_is_there(changes->helper, tuple) ? -EAGAIN :
								 -EOPNOTSUPP;
	}
	if ((cda[CTA_NAT_SRC] || cda[CTA_NAT_DST]) &&
	    !rcu_access_pointer(nf_nat_hook)) {
		load("nf-", "nat");
		return rcu_access_pointer(nf_nat_hook) ? -EAGAIN : -EOPNOTSUPP;
	}
	return 0;
}

/* --- create ------------------------------------------------------------ */

/* What entries of this namespace have, and what an update may want to set. */
static int add_extensions(struct nf_conn *ct)
{
	struct nf_conn_tstamp *tstamp;

	nf_ct_acct_ext_add(ct, GFP_ATOMIC);
	tstamp = nf_ct_tstamp_ext_add(ct, GFP_ATOMIC);
	if (tstamp)
		tstamp->start = ktime_get_real_ns();
	nf_ct_labels_ext_add(ct);

	if (!nf_ct_ecache_ext_add(ct, 0, 0, GFP_ATOMIC) &&
	    IS_ENABLED(CONFIG_NF_CONNTRACK_EVENTS))
		return -ENOMEM;
	if (!nfct_seqadj_ext_add(ct))
		return -ENOMEM;
	if (!nfct_synproxy_ext_add(ct) && IS_ENABLED(CONFIG_NETFILTER_SYNPROXY))
		return -ENOMEM;
	return 0;
}

static int add_helper(struct nf_conn *ct, const struct nf_ct_nl_changes *changes)
{
	struct nf_conntrack_helper *helper;
	struct nf_conn_help *help;

	helper = __nf_conntrack_helper_find(changes->helper, nf_ct_l3num(ct),
					    nf_ct_protonum(ct));
	if (!helper)
		return -EOPNOTSUPP;

	help = nf_ct_helper_ext_add(ct, GFP_ATOMIC);
	if (!help)
		return -ENOMEM;
	RCU_INIT_POINTER(help->helper, helper);
	if (changes->helper_info && helper->from_nlattr)
		helper->from_nlattr(changes->helper_info, ct);
	return 0;
}

/* In the order of the hooks. A direction that nothing is said about is set up as
 * well: else the rules would have a say in it when a packet comes.
 */
static int setup_nat(struct nf_conn *ct, const struct nlattr * const cda[])
{
	const struct nf_nat_hook *hook = rcu_dereference(nf_nat_hook);

	if (!hook)
		return -EOPNOTSUPP;
	return hook->parse_nat_setup(ct, NF_NAT_MANIP_DST, cda[CTA_NAT_DST]) ?:
	       hook->parse_nat_setup(ct, NF_NAT_MANIP_SRC, cda[CTA_NAT_SRC]);
}

static int add_master(struct nf_conn *ct, const struct target *target,
		      const struct nlattr * const cda[])
{
	struct nf_conntrack_tuple_hash *found;
	struct nf_conntrack_tuple tuple;
	int err;

	err = nf_ct_nl_parse_tuple(cda, &tuple, CTA_TUPLE_MASTER, target->l3num,
				   NULL, NF_CT_NL_TUPLE_ALL);
	if (err)
		return err;

	found = nf_conntrack_find_get(target->net, &target->zone, &tuple);
	if (!found)
		return -ENOENT;

	__set_bit(IPS_EXPECTED_BIT, &ct->status);
	ct->master = nf_ct_tuplehash_to_ctrack(found);
	return 0;
}

/* Make a new entry what the attributes say. It is nobody else's yet. Its
 * extensions move while some are added, so that comes first.
 */
static int equip(struct nf_conn *ct, const struct target *target,
		 const struct nlattr * const cda[],
		 struct nf_ct_nl_changes *changes)
{
	int err;

	err = add_extensions(ct);
	nf_ct_ext_settle(ct);
	if (!err && changes->helper)
		err = add_helper(ct, changes);
	if (!err && (cda[CTA_NAT_SRC] || cda[CTA_NAT_DST]))
		err = setup_nat(ct, cda);
	if (!err && cda[CTA_STATUS])
		err = nf_ct_nl_change_status(ct, cda);
	/* Where nobody uses labels the entry is made without. */
	if (!err && cda[CTA_LABELS])
		nf_ct_nl_change_labels(ct, cda);
	if (!err)
		err = nf_ct_nl_change_state(ct, cda, changes);
	if (!err && cda[CTA_TUPLE_MASTER])
		err = add_master(ct, target, cda);
	return err;
}

/* All that a listener may want to know: what has really changed is not told. */
#define CHANGE_EVENTS	(BIT(IPCT_REPLY) | BIT(IPCT_ASSURED) | \
			 BIT(IPCT_PROTOINFO) | BIT(IPCT_HELPER) | \
			 BIT(IPCT_MARK) | BIT(IPCT_SEQADJ) | BIT(IPCT_LABEL) | \
			 BIT(IPCT_SYNPROXY))

static int create(const struct target *target, u32 portid, int report,
		  const struct nlattr * const cda[])
{
	const struct nf_conntrack_tuple *tuple = target->tuple;
	struct nf_ct_nl_changes changes;
	struct nf_conn *ct;
	int err;

	if (!cda[CTA_TUPLE_ORIG] || !cda[CTA_TUPLE_REPLY] || !cda[CTA_TIMEOUT] ||
	    tuple[IP_CT_DIR_ORIGINAL].dst.protonum !=
	    tuple[IP_CT_DIR_REPLY].dst.protonum)
		return -EINVAL;

	err = nf_ct_nl_changes_parse(cda, &changes) ?:
	      load_modules(&tuple[IP_CT_DIR_ORIGINAL], cda, &changes);
	if (err)
		return err;

	ct = nf_conntrack_alloc(target->net, &target->zone,
				&tuple[IP_CT_DIR_ORIGINAL],
				&tuple[IP_CT_DIR_REPLY], GFP_KERNEL);
	if (IS_ERR(ct))
		return PTR_ERR(ct);
	__nf_ct_set_timeout(ct, (u64)ntohl(nla_get_be32(cda[CTA_TIMEOUT])) * HZ);

	/* A helper that goes away waits for us, and then finds the entry in the
	 * index, or it is gone.
	 */
	rcu_read_lock();
	err = equip(ct, target, cda, &changes) ?:
	      nf_conntrack_hash_check_insert(ct);
	if (err)
		nf_ct_put(ct);
	rcu_read_unlock();
	if (err)
		return err;

	nf_conntrack_eventmask_report(CHANGE_EVENTS |
				      BIT(ct->master ? IPCT_RELATED : IPCT_NEW),
				      ct, portid, report);
	nf_ct_put(ct);
	return 0;
}

/* --- update ------------------------------------------------------------ */

static int update(struct nf_conn *ct, u32 portid, int report,
		  const struct nlattr * const cda[])
{
	int err;

	rcu_read_lock();
	err = nf_ct_nl_change(ct, cda);
	rcu_read_unlock();

	if (!err)
		nf_conntrack_eventmask_report(CHANGE_EVENTS, ct, portid,
					      report);
	return err;
}

/**
 * nf_ct_nl_entry_new - request: create an entry, or update it
 * @skb: request
 * @info: what nfnetlink knows of it
 * @cda: its attributes
 *
 * With NLM_F_CREATE the entry is made if it is not there; with NLM_F_EXCL it
 * must not be there.
 *
 * Context: NFNL_CB_MUTEX.
 *
 * Return: 0; -ENOENT or -EEXIST by these rules, and also if another entry has
 * one of the tuples; -EAGAIN to be called again; or what parsing and changing say.
 */
int nf_ct_nl_entry_new(struct sk_buff *skb, const struct nfnl_info *info,
		       const struct nlattr * const cda[])
{
	const u16 flags = info->nlh->nlmsg_flags;
	const u32 portid = NETLINK_CB(skb).portid;
	const int report = nlmsg_report(info->nlh);
	struct target target;
	struct nf_conn *ct;
	int err;

	err = target_parse(&target, info, cda);
	if (err)
		return err;

	ct = target_find(&target, cda);
	if (!ct)
		return flags & NLM_F_CREATE ?
		       create(&target, portid, report, cda) : -ENOENT;

	err = flags & NLM_F_EXCL ? -EEXIST : update(ct, portid, report, cda);
	nf_ct_put(ct);
	return err;
}

/* --- get --------------------------------------------------------------- */

/**
 * nf_ct_nl_entry_get - request: show an entry, or all of them; set its counters
 * to zero perhaps (GET_CTRZERO)
 * @skb: request
 * @info: what nfnetlink knows of it
 * @cda: its attributes
 *
 * Context: NFNL_CB_RCU.
 *
 * Return: 0; -EINVAL without a tuple, -ENOENT if there is no such entry.
 */
int nf_ct_nl_entry_get(struct sk_buff *skb, const struct nfnl_info *info,
		       const struct nlattr * const cda[])
{
	const struct nlmsghdr *nlh = info->nlh;
	unsigned int part = NF_CT_NL_ALL;
	struct sk_buff *answer;
	struct nf_conn *ct;
	int err;

	if (nlh->nlmsg_flags & NLM_F_DUMP)
		return nf_ct_nl_entry_dump(skb, info, cda);
	if (!cda[CTA_TUPLE_ORIG] && !cda[CTA_TUPLE_REPLY])
		return -EINVAL;

	ct = target_get(info, cda);
	if (IS_ERR(ct))
		return PTR_ERR(ct);

	if (NFNL_MSG_TYPE(nlh->nlmsg_type) == IPCTNL_MSG_CT_GET_CTRZERO)
		part = NF_CT_NL_COUNTERS_RESET;
	answer = nlmsg_new(nf_ct_nl_entry_size(ct), GFP_ATOMIC);
	err = answer ? nf_ct_nl_fill(answer, NETLINK_CB(skb).portid,
				     nlh->nlmsg_seq, 0, ct, part) : -ENOMEM;
	nf_ct_put(ct);
	if (err) {
		kfree_skb(answer);
		return err;
	}
	return nfnetlink_unicast(answer, info->net, NETLINK_CB(skb).portid);
}

/* --- delete ------------------------------------------------------------ */

static int fits(struct nf_conn *ct, void *data)
{
	return nf_ct_nl_filter_fits(data, ct);
}

/* Delete the entries of the namespace that fit. A client of the first version
 * of the protocol has never meant the family that it names, unless it knows
 * CTA_FILTER.
 */
static int flush(const struct nfnl_info *info, u32 portid,
		 const struct nlattr * const cda[])
{
	const struct nfgenmsg *nfmsg = info->nfmsg;
	struct nf_ct_iter_data iter = {
		.net	= info->net,
		.portid	= portid,
		.report	= nlmsg_report(info->nlh),
	};
	struct nf_ct_nl_filter *filter;
	u8 family = nfmsg->nfgen_family;

	if (nfmsg->version == NFNETLINK_V0 && !cda[CTA_FILTER])
		family = NFPROTO_UNSPEC;
	filter = nf_ct_nl_filter_new(cda, nfmsg->nfgen_family, family);
	if (IS_ERR(filter))
		return PTR_ERR(filter);

	iter.data = filter;
	nf_ct_iterate_cleanup_net(fits, &iter);
	kfree(filter);
	return 0;
}

/**
 * nf_ct_nl_entry_del - request: delete an entry, those that fit, or all
 * @skb: request
 * @info: what nfnetlink knows of it
 * @cda: its attributes
 *
 * Context: NFNL_CB_MUTEX.
 *
 * Return: 0; -ENOENT if there is no such entry; or what parsing says.
 */
int nf_ct_nl_entry_del(struct sk_buff *skb, const struct nfnl_info *info,
		       const struct nlattr * const cda[])
{
	const u32 portid = NETLINK_CB(skb).portid;
	struct nf_conn *ct;
	int err = 0;

	if (cda[CTA_FILTER] || (!cda[CTA_TUPLE_ORIG] && !cda[CTA_TUPLE_REPLY]))
		return flush(info, portid, cda);

	ct = target_get(info, cda);
	if (IS_ERR(ct))
		return PTR_ERR(ct);

	/* The id tells this entry from another that came to have its tuple. */
	if (cda[CTA_ID] &&
	    nla_get_be32(cda[CTA_ID]) != (__force __be32)nf_ct_get_id(ct))
		err = -ENOENT;
	else
		nf_ct_delete(ct, portid, nlmsg_report(info->nlh));
	nf_ct_put(ct);
	return err;
}
