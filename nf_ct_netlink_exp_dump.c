// SPDX-License-Identifier: GPL-2.0
/*
 * nf_conntrack_netlink: dumps of expectations, of a namespace or of one master.
 *
 * A place in a dump is a bucket and the address of the expectation that was
 * shown last; each bucket is shown in the order of addresses. So a dump needs
 * to hold nothing between two calls, and shows what lives throughout exactly
 * once, whatever comes and goes meanwhile.
 *
 * Takes nf_conntrack_expect_lock for one bucket, or one master's list, at a
 * time.
 */
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "nf_ct_netlink.h"

#define BATCH	32

/**
 * struct place - how far a dump has come
 * @master: whose expectations, with a reference; NULL for everybody's
 * @last: address of the last one shown in the bucket, 0 at its start
 * @bucket: of nf_ct_expect_hash
 */
struct place {
	struct nf_conn	*master;
	unsigned long	last;
	unsigned int	bucket;
};

static struct place *place_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct place) > sizeof(cb->ctx));
	return (struct place *)cb->ctx;
}

/**
 * struct batch - the next expectations to show, in the order of addresses
 * @exp: with a reference each
 * @n: how many
 */
struct batch {
	struct nf_conntrack_expect *exp[BATCH];
	unsigned int n;
};

/* Keep the BATCH lowest ones of those offered. */
static void offer(struct batch *batch, struct nf_conntrack_expect *exp)
{
	unsigned int i = batch->n;

	if (i == BATCH && exp > batch->exp[BATCH - 1])
		return;
	if (i < BATCH)
		batch->n++;
	else
		i--;
	for (; i > 0 && batch->exp[i - 1] > exp; i--)
		batch->exp[i] = batch->exp[i - 1];
	batch->exp[i] = exp;
}

static bool wanted(struct nf_conntrack_expect *exp, const struct net *net,
		   u8 l3num, unsigned long last)
{
	return (unsigned long)exp > last &&
	       net_eq(nf_ct_exp_net(exp), net) &&
	       (!l3num || exp->tuple.src.l3num == l3num) &&
	       !nf_ct_exp_is_expired(exp);
}

static void hold(struct batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->n; i++)
		refcount_inc(&batch->exp[i]->use);
}

static void collect_bucket(struct batch *batch, const struct place *place,
			   const struct net *net, u8 l3num)
{
	struct nf_conntrack_expect *exp;

	batch->n = 0;
	if (hlist_empty(&nf_ct_expect_hash[place->bucket]))
		return;

	spin_lock_bh(&nf_conntrack_expect_lock);
	hlist_for_each_entry(exp, &nf_ct_expect_hash[place->bucket], hnode) {
		if (wanted(exp, net, l3num, place->last))
			offer(batch, exp);
	}
	hold(batch);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

static void collect_master(struct batch *batch, const struct place *place,
			   const struct net *net, u8 l3num)
{
	const struct nf_conn_help *help = nfct_help(place->master);
	struct nf_conntrack_expect *exp;

	batch->n = 0;
	if (!help)
		return;

	spin_lock_bh(&nf_conntrack_expect_lock);
	hlist_for_each_entry(exp, &help->expectations, lnode) {
		if (wanted(exp, net, l3num, place->last))
			offer(batch, exp);
	}
	hold(batch);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

/* Show a batch and let go of it; false if the message is full. RCU. */
static bool show(struct sk_buff *skb, struct netlink_callback *cb,
		 const struct batch *batch, struct place *place)
{
	bool full = false;
	unsigned int i;

	for (i = 0; i < batch->n; i++) {
		struct nf_conntrack_expect *exp = batch->exp[i];
		const unsigned int len = skb->len;

		if (!full && nf_ct_nl_exp_fill(skb, NETLINK_CB(cb->skb).portid,
					       cb->nlh->nlmsg_seq,
					       IPCTNL_MSG_EXP_NEW, NLM_F_MULTI,
					       exp))
			full = true;
		if (!full) {
			if (!nf_ct_nl_exp_linked(exp))
				nlmsg_trim(skb, skb->data + len);
			place->last = (unsigned long)exp;
		}
		nf_ct_expect_put(exp);
	}
	return !full;
}

static int dump_all(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct nfgenmsg *nfmsg = nlmsg_data(cb->nlh);
	struct place *place = place_of(cb);
	struct batch batch;
	bool room = true;

	rcu_read_lock();
	while (room && place->bucket < nf_ct_expect_hsize) {
		collect_bucket(&batch, place, sock_net(skb->sk),
			       nfmsg->nfgen_family);
		room = show(skb, cb, &batch, place);
		if (room && batch.n < BATCH) {
			place->bucket++;
			place->last = 0;
		}
	}
	rcu_read_unlock();
	return skb->len;
}

static int dump_master(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct nfgenmsg *nfmsg = nlmsg_data(cb->nlh);
	struct place *place = place_of(cb);
	struct batch batch;
	bool room;

	rcu_read_lock();
	do {
		collect_master(&batch, place, sock_net(skb->sk),
			       nfmsg->nfgen_family);
		room = show(skb, cb, &batch, place);
	} while (room && batch.n == BATCH);
	rcu_read_unlock();
	return skb->len;
}

static int master_start(struct netlink_callback *cb)
{
	struct nf_conn *ct = cb->data;

	/* Its requester has a reference as yet. */
	refcount_inc(&ct->ct_general.use);
	place_of(cb)->master = ct;
	return 0;
}

static int master_done(struct netlink_callback *cb)
{
	nf_ct_put(place_of(cb)->master);
	return 0;
}

static int start_master(struct sk_buff *skb, const struct nfnl_info *info,
			const struct nlattr * const cda[])
{
	struct netlink_dump_control control = {
		.start	= master_start,
		.dump	= dump_master,
		.done	= master_done,
	};
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone zone;
	struct nf_conn *ct;
	int err;

	err = nf_ct_nl_parse_tuple(cda, &tuple, CTA_EXPECT_MASTER,
				   info->nfmsg->nfgen_family, NULL,
				   NF_CT_NL_TUPLE_ALL);
	if (err)
		return err;
	err = nf_ct_nl_parse_zone(cda[CTA_EXPECT_ZONE], &zone);
	if (err)
		return err;

	h = nf_conntrack_find_get(info->net, &zone, &tuple);
	if (!h)
		return -ENOENT;

	ct = nf_ct_tuplehash_to_ctrack(h);
	control.data = ct;
	err = nf_ct_nl_dump_start(skb, info, &control);
	nf_ct_put(ct);
	return err;
}

/**
 * nf_ct_nl_exp_linked - is it still expected?
 * @exp: expectation that has been read without nf_conntrack_expect_lock
 *
 * If so, its master lived until now, and what was read of it was so.
 *
 * Return: true if it is.
 */
bool nf_ct_nl_exp_linked(const struct nf_conntrack_expect *exp)
{
	/* What was read of the master was read before this. */
	smp_rmb();
	return !hlist_unhashed_lockless(&exp->hnode);
}

/**
 * nf_ct_nl_exp_dump - IPCTNL_MSG_EXP_GET with NLM_F_DUMP
 * @skb: the request
 * @info: what nfnetlink knows of it
 * @cda: CTA_EXPECT_*
 *
 * Context: process, RCU read side.
 *
 * Return: what netlink_dump_start() says, or an error for the client.
 */
int nf_ct_nl_exp_dump(struct sk_buff *skb, const struct nfnl_info *info,
		      const struct nlattr * const cda[])
{
	struct netlink_dump_control control = {
		.dump	= dump_all,
	};

	if (cda[CTA_EXPECT_MASTER])
		return start_master(skb, info, cda);
	return nf_ct_nl_dump_start(skb, info, &control);
}
