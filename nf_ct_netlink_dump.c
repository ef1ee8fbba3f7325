// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of entries: those of the table, and those that wait for their destroy
 * event to be delivered. (Entries that are not confirmed yet belong each to its
 * packet, and nobody has a list of them.)
 *
 * A dump is a series of messages, one for each time that the client reads. In
 * between only a place is kept, in ->ctx of the callback: the place in the index
 * behind the last entry that was written. So no lock is held over a dump, its
 * last message costs what its first does, and each entry that lives throughout
 * is in it once, even while the index is resized.
 *
 * Context: process; may sleep between batches of entries.
 */
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "nf_ct_netlink.h"

#define DUMP_BATCH	16

/**
 * struct dump - what is kept between two messages, in netlink_callback.ctx
 * @pos: in a dump of the table, the place behind the last entry written
 * @last: in one of the dying, that entry, with a reference; NULL before the first
 * @over: nothing comes after it
 */
struct dump {
	union {
		struct nf_ct_pos pos;
		struct {
			struct nf_conn	*last;
			bool		over;
		};
	};
};

static_assert(sizeof(struct dump) <= sizeof_field(struct netlink_callback, ctx));

static struct dump *dump_of(struct netlink_callback *cb)
{
	return (struct dump *)cb->ctx;
}

/* Write an entry, if it is one to be written. */
static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    struct nf_conn *ct, unsigned int part)
{
	const struct nf_ct_nl_filter *filter = cb->data;
	int err;

	if (!nf_ct_nl_filter_fits(filter, ct))
		return 0;

	rcu_read_lock();
	err = nf_ct_nl_fill(skb, NETLINK_CB(cb->skb).portid,
			    cb->nlh->nlmsg_seq, cb->answer_flags, ct,
			    part | NF_CT_NL_HELD);
	rcu_read_unlock();
	return err;
}

/* What a dump returns: the length of its message; 0 when it is over. */
static int dump_result(const struct sk_buff *skb, int err)
{
	return skb->len ?: err;
}

/* --- the table --------------------------------------------------------- */

static int table_start(struct netlink_callback *cb)
{
	const struct nlattr * const *cda = cb->data;
	const struct nfgenmsg *nfmsg = nlmsg_data(cb->nlh);
	struct nf_ct_nl_filter *filter;

	filter = nf_ct_nl_filter_new(cda, nfmsg->nfgen_family,
				     nfmsg->nfgen_family);
	if (IS_ERR(filter))
		return PTR_ERR(filter);

	cb->data = filter;
	if (filter)
		cb->answer_flags |= NLM_F_DUMP_FILTERED;
	return 0;
}

static int table_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nf_ct_pos *pos = &dump_of(cb)->pos, next;
	struct net *net = sock_net(skb->sk);
	struct nf_conn *batch[DUMP_BATCH];
	unsigned int i, n, part = NF_CT_NL_ALL;
	int err = 0;

	if (NFNL_MSG_TYPE(cb->nlh->nlmsg_type) == IPCTNL_MSG_CT_GET_CTRZERO)
		part = NF_CT_NL_COUNTERS_RESET;

	while (!pos->end && !err) {
		next = *pos;
		n = nf_ct_table_walk(net, &next, batch, ARRAY_SIZE(batch));
		for (i = 0; i < n; i++) {
			if (!err && !nf_ct_is_dying(batch[i]) &&
			    !nf_ct_is_over(batch[i]))
				err = dump_one(skb, cb, batch[i], part);
			/* The next message begins with what did not fit. */
			if (!err)
				nf_ct_table_place(batch[i], pos);
			nf_ct_put(batch[i]);
		}
		if (!err)
			*pos = next;
		cond_resched();
	}
	return dump_result(skb, err);
}

static int table_done(struct netlink_callback *cb)
{
	kfree(cb->data);
	return 0;
}

/**
 * nf_ct_nl_entry_dump - answer GET or GET_CTRZERO by a dump of the table
 * @skb: request
 * @info: what nfnetlink knows of it
 * @cda: its attributes, which may say which entries it is about
 *
 * Context: NFNL_CB_RCU.
 *
 * Return: what netlink_dump_start() says.
 */
int nf_ct_nl_entry_dump(struct sk_buff *skb, const struct nfnl_info *info,
			const struct nlattr * const cda[])
{
	struct netlink_dump_control control = {
		.start	= table_start,
		.dump	= table_dump,
		.done	= table_done,
		.data	= (void *)cda,
	};

	return nf_ct_nl_dump_start(skb, info, &control);
}

/* --- the dying --------------------------------------------------------- */

static int dying_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct nfgenmsg *nfmsg = nlmsg_data(cb->nlh);
	const u8 family = nfmsg->nfgen_family;
	struct dump *dump = dump_of(cb);
	struct net *net = sock_net(skb->sk);
	struct nf_conn *batch[DUMP_BATCH];
	unsigned int i, n;
	int err = 0;

	while (!dump->over && !err) {
		n = nf_ct_event_dying(net, dump->last, batch, ARRAY_SIZE(batch));
		dump->over = !n;
		for (i = 0; i < n; i++) {
			if (!err && (!family || nf_ct_l3num(batch[i]) == family))
				err = dump_one(skb, cb, batch[i], NF_CT_NL_ALL);
			if (!err)
				swap(dump->last, batch[i]);
			nf_ct_put(batch[i]);
		}
		cond_resched();
	}
	return dump_result(skb, err);
}

static int dying_done(struct netlink_callback *cb)
{
	nf_ct_put(dump_of(cb)->last);
	return 0;
}

/**
 * nf_ct_nl_dying_get - dump entries whose destroy event waits for delivery
 * @skb: request
 * @info: what nfnetlink knows of it
 * @cda: its attributes, which don't matter: only the family does
 *
 * Context: NFNL_CB_RCU.
 *
 * Return: what netlink_dump_start() says; -EOPNOTSUPP for anything but a dump.
 */
int nf_ct_nl_dying_get(struct sk_buff *skb, const struct nfnl_info *info,
		       const struct nlattr * const cda[])
{
	struct netlink_dump_control control = {
		.dump	= dying_dump,
		.done	= dying_done,
	};

	if (!(info->nlh->nlmsg_flags & NLM_F_DUMP))
		return -EOPNOTSUPP;
	return nf_ct_nl_dump_start(skb, info, &control);
}

/* --- the unconfirmed --------------------------------------------------- */

static int unconfirmed_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return 0;
}

/**
 * nf_ct_nl_unconfirmed_get - dump entries that are not confirmed yet
 * @skb: request
 * @info: what nfnetlink knows of it
 * @cda: its attributes, which don't matter
 *
 * They are on no list, so the dump is empty.
 *
 * Context: NFNL_CB_RCU.
 *
 * Return: what netlink_dump_start() says; -EOPNOTSUPP for anything but a dump.
 */
int nf_ct_nl_unconfirmed_get(struct sk_buff *skb, const struct nfnl_info *info,
			     const struct nlattr * const cda[])
{
	struct netlink_dump_control control = {
		.dump	= unconfirmed_dump,
	};

	if (!(info->nlh->nlmsg_flags & NLM_F_DUMP))
		return -EOPNOTSUPP;
	return nf_ct_nl_dump_start(skb, info, &control);
}
