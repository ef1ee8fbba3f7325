// SPDX-License-Identifier: GPL-2.0
/*
 * What the protocols share of netlink: ports and timeouts as attributes.
 *
 * Takes no locks.
 */
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#endif

#include "nf_ct.h"
#include "nf_ct_proto.h"

const struct nla_policy nf_ct_port_nla_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_SRC_PORT] = { .type = NLA_U16 },
	[CTA_PROTO_DST_PORT] = { .type = NLA_U16 },
};
EXPORT_SYMBOL_GPL(nf_ct_port_nla_policy);

/**
 * nf_ct_port_tuple_to_nlattr - write the ports of a tuple
 * @skb: message
 * @tuple: tuple of a protocol with ports
 *
 * Return: 0, or -ENOSPC.
 */
int nf_ct_port_tuple_to_nlattr(struct sk_buff *skb,
			       const struct nf_conntrack_tuple *tuple)
{
	if (nla_put_be16(skb, CTA_PROTO_SRC_PORT, tuple->src.u.all) ||
	    nla_put_be16(skb, CTA_PROTO_DST_PORT, tuple->dst.u.all))
		return -ENOSPC;
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_port_tuple_to_nlattr);

/**
 * nf_ct_port_nlattr_to_tuple - read the ports of a tuple
 * @tb: attributes CTA_PROTO_*
 * @t: tuple; only what @flags names is set
 * @flags: bits of enum nf_ct_filter_bit
 *
 * Return: 0, or -EINVAL if one that is asked for is missing.
 */
int nf_ct_port_nlattr_to_tuple(struct nlattr *tb[],
			       struct nf_conntrack_tuple *t, u_int32_t flags)
{
	if (flags & BIT(NF_CT_FILTER_SRC_PORT)) {
		if (!tb[CTA_PROTO_SRC_PORT])
			return -EINVAL;
		t->src.u.all = nla_get_be16(tb[CTA_PROTO_SRC_PORT]);
	}

	if (flags & BIT(NF_CT_FILTER_DST_PORT)) {
		if (!tb[CTA_PROTO_DST_PORT])
			return -EINVAL;
		t->dst.u.all = nla_get_be16(tb[CTA_PROTO_DST_PORT]);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_port_nlattr_to_tuple);

/**
 * nf_ct_port_nlattr_tuple_size - room that the ports of a tuple take
 *
 * Return: bytes.
 */
unsigned int nf_ct_port_nlattr_tuple_size(void)
{
	return 2 * nla_total_size(sizeof(__be16));
}
EXPORT_SYMBOL_GPL(nf_ct_port_nlattr_tuple_size);

/**
 * nf_ct_timeouts_parse - read timeouts
 * @tb: attributes 1 to @attr_max, be32, seconds
 * @attr_max: highest attribute
 * @to: timeouts to set, in jiffies
 * @defaults: what holds where there is no attribute; may be @to
 * @first: index of the timeout that attribute 1 stands for
 * @count: number of timeouts in @to and @defaults
 *
 * Context: process.
 */
void nf_ct_timeouts_parse(struct nlattr *tb[], unsigned int attr_max,
			  unsigned int *to, const unsigned int *defaults,
			  unsigned int first, unsigned int count)
{
	unsigned int attr, i;

	if (to != defaults)
		memcpy(to, defaults, count * sizeof(*to));

	for (attr = 1; attr <= attr_max; attr++) {
		i = first + attr - 1;
		if (tb[attr] && i < count)
			to[i] = nf_ct_nla_jiffies(tb[attr]);
	}
}

/**
 * nf_ct_timeouts_put - write timeouts
 * @skb: message
 * @attr_max: highest attribute
 * @from: timeouts, in jiffies
 * @first: index of the timeout that attribute 1 stands for
 *
 * Return: 0, or -ENOSPC.
 */
int nf_ct_timeouts_put(struct sk_buff *skb, unsigned int attr_max,
		       const unsigned int *from, unsigned int first)
{
	unsigned int attr;

	for (attr = 1; attr <= attr_max; attr++)
		if (nla_put_be32(skb, attr, htonl(from[first + attr - 1] / HZ)))
			return -ENOSPC;
	return 0;
}
