// SPDX-License-Identifier: GPL-2.0
/*
 * nf_conntrack_netlink: events of entries and of expectations, to whoever has
 * joined the multicast group of their kind, and to the requester that asked to
 * hear of what it causes (NLM_F_ECHO).
 *
 * Called in any context but hard interrupt, within RCU, those of expectations
 * with nf_conntrack_expect_lock held. Nobody waits here: what can't be
 * delivered at once is lost, and the listener is told so (ENOBUFS). One that
 * has said that it can do without that, but not without the event
 * (NETLINK_NO_ENOBUFS, NETLINK_BROADCAST_ERROR), makes the tracker try again.
 */
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "nf_ct_netlink.h"

/* What an event is on the wire. */
struct kind {
	u8	op;
	u8	group;
	u16	flags;
};

static struct kind entry_kind(unsigned int events)
{
	if (events & BIT(IPCT_DESTROY))
		return (struct kind){
			.op	= IPCTNL_MSG_CT_DELETE,
			.group	= NFNLGRP_CONNTRACK_DESTROY,
		};
	if (events & (BIT(IPCT_NEW) | BIT(IPCT_RELATED)))
		return (struct kind){
			.op	= IPCTNL_MSG_CT_NEW,
			.group	= NFNLGRP_CONNTRACK_NEW,
			.flags	= NLM_F_CREATE | NLM_F_EXCL,
		};
	return (struct kind){
		.op	= IPCTNL_MSG_CT_NEW,
		.group	= NFNLGRP_CONNTRACK_UPDATE,
	};
}

static struct kind exp_kind(unsigned int events)
{
	if (events & BIT(IPEXP_DESTROY))
		return (struct kind){
			.op	= IPCTNL_MSG_EXP_DELETE,
			.group	= NFNLGRP_CONNTRACK_EXP_DESTROY,
		};
	return (struct kind){
		.op	= IPCTNL_MSG_EXP_NEW,
		.group	= NFNLGRP_CONNTRACK_EXP_NEW,
		.flags	= NLM_F_CREATE | NLM_F_EXCL,
	};
}

/* There is no message. -ENOBUFS: there is a listener that must not miss one. */
static int lost(struct net *net, unsigned int group)
{
	return nfnetlink_set_err(net, 0, group, -ENOBUFS) > 0 ? -ENOBUFS : 0;
}

static int send(struct net *net, struct sk_buff *skb, unsigned int group,
		u32 portid, int report)
{
	int err = nfnetlink_send(skb, net, portid, group, report, GFP_ATOMIC);

	/* -EAGAIN: the group has got it, but not who asked for it, too. */
	return err == -ENOBUFS ? -ENOBUFS : 0;
}

static int entry_event(unsigned int events, const struct nf_ct_event *item)
{
	const struct kind kind = entry_kind(events);
	struct nf_conn *ct = item->ct;
	struct net *net = nf_ct_net(ct);
	struct nlmsghdr *nlh;
	struct sk_buff *skb;

	if (!item->report && !nfnetlink_has_listeners(net, kind.group))
		return 0;

	skb = nlmsg_new(nf_ct_nl_entry_size(ct), GFP_ATOMIC);
	if (!skb)
		return lost(net, kind.group);

	nlh = nfnl_msg_put(skb, item->portid, 0,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK, kind.op),
			   kind.flags, nf_ct_l3num(ct), NFNETLINK_V0, 0);
	if (!nlh || nf_ct_nl_put_event(skb, ct, events)) {
		kfree_skb(skb);
		return lost(net, kind.group);
	}
	nlmsg_end(skb, nlh);
	return send(net, skb, kind.group, item->portid, item->report);
}

static int exp_event(unsigned int events, const struct nf_exp_event *item)
{
	const struct kind kind = exp_kind(events);
	struct nf_conntrack_expect *exp = item->exp;
	struct net *net = nf_ct_exp_net(exp);
	struct sk_buff *skb;

	if (!item->report && !nfnetlink_has_listeners(net, kind.group))
		return 0;

	skb = nlmsg_new(nf_ct_nl_exp_size(exp), GFP_ATOMIC);
	if (!skb)
		return lost(net, kind.group);

	if (nf_ct_nl_exp_fill(skb, item->portid, 0, kind.op, kind.flags, exp)) {
		kfree_skb(skb);
		return lost(net, kind.group);
	}
	return send(net, skb, kind.group, item->portid, item->report);
}

const struct nf_ct_event_notifier nf_ct_nl_notifier = {
	.ct_event	= entry_event,
	.exp_event	= exp_event,
};
