// SPDX-License-Identifier: GPL-2.0
/*
 * nf_conntrack_netlink: entries in the messages of nfnetlink_queue and
 * nfnetlink_log. Packets come with what is known of their connection, and the
 * verdict of a queue may change that, and announce other connections.
 *
 * Called within RCU: for packets in any context but hard interrupt, for verdicts
 * in process context. The entry may be unconfirmed: it belongs to its packet,
 * which is in the queue.
 */
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack_seqadj.h>

#include "nf_ct_netlink.h"

static size_t build_size(const struct nf_conn *ct)
{
	return nla_total_size(nf_ct_nl_entry_size(ct)) +
	       nla_total_size(sizeof(u32));		/* @info_attr of build() */
}

static int build(struct sk_buff *skb, struct nf_conn *ct,
		 enum ip_conntrack_info ctinfo, u16 ct_attr, u16 info_attr)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, ct_attr);
	if (!nest)
		return -EMSGSIZE;
	if (nf_ct_nl_put_glue(skb, ct)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);

	return nla_put_be32(skb, info_attr, htonl(ctinfo));
}

static int parse(const struct nlattr *attr, struct nf_conn *ct)
{
	struct nlattr *tb[CTA_MAX + 1];
	int err;

	/* What a rule gives to many is not for one packet's verdict to change. */
	if (nf_ct_is_template(ct))
		return -EOPNOTSUPP;

	err = nla_parse_nested_deprecated(tb, CTA_MAX, attr,
					  nf_ct_nl_entry_policy, NULL);
	if (err)
		return err;
	return nf_ct_nl_change_queued(ct, (const struct nlattr * const *)tb);
}

/* The program has changed the length of a packet, by @off. That is made good
 * only where NAT has foreseen it: it says so by the extension.
 */
static void seq_adjust(struct sk_buff *skb, struct nf_conn *ct,
		       enum ip_conntrack_info ctinfo, s32 off)
{
	if (ct->status & IPS_NAT_MASK && nfct_seqadj(ct))
		nf_ct_tcp_seqadj_set(skb, ct, ctinfo, off);
}

const struct nfnl_ct_hook nf_ct_nl_glue = {
	.build_size	= build_size,
	.build		= build,
	.parse		= parse,
	.attach_expect	= nf_ct_nl_exp_attach,
	.seq_adjust	= seq_adjust,
};
