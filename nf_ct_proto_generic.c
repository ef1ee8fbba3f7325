// SPDX-License-Identifier: GPL-2.0
/*
 * Protocols that nobody else tracks: a flow is all that two addresses say to
 * each other in one protocol. No state but the timeout, no locks.
 */
#include <linux/netfilter/nfnetlink_cttimeout.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"

/**
 * nf_ct_generic_packet - a packet of a protocol without a tracker of its own
 * @ct: its entry
 * @skb: packet
 * @ctinfo: its relation to @ct
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT
 */
int nf_ct_generic_packet(struct nf_conn *ct, struct sk_buff *skb,
			 enum ip_conntrack_info ctinfo)
{
	const struct nf_generic_net *gn = nf_generic_pernet(nf_ct_net(ct));

	nf_ct_refresh_acct(ct, ctinfo, skb, *nf_ct_timeouts_of(ct, &gn->timeout));
	return NF_ACCEPT;
}

/**
 * nf_conntrack_generic_init_net - default settings
 * @net: namespace that is being made
 */
void nf_conntrack_generic_init_net(struct net *net)
{
	nf_generic_pernet(net)->timeout = 600 * HZ;
}

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
static const struct nla_policy timeout_policy[CTA_TIMEOUT_GENERIC_MAX + 1] = {
	[CTA_TIMEOUT_GENERIC_TIMEOUT] = { .type = NLA_U32 },
};

static int timeout_parse(struct nlattr *tb[], struct net *net, void *data)
{
	unsigned int *timeout = &nf_generic_pernet(net)->timeout;

	nf_ct_timeouts_parse(tb, CTA_TIMEOUT_GENERIC_MAX, data ?: timeout,
			     timeout, 0, 1);
	return 0;
}

static int timeout_put(struct sk_buff *skb, const void *data)
{
	return nf_ct_timeouts_put(skb, CTA_TIMEOUT_GENERIC_MAX, data, 0);
}
#endif

const struct nf_conntrack_l4proto nf_conntrack_l4proto_generic = {
	.l4proto	= 255,
	/* Two first packets may race; there is no state to lose. */
	.allow_clash	= true,
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	.ctnl_timeout	= {
		.nlattr_to_obj	= timeout_parse,
		.obj_to_nlattr	= timeout_put,
		.obj_size	= sizeof(unsigned int),
		.nlattr_max	= CTA_TIMEOUT_GENERIC_MAX,
		.nla_policy	= timeout_policy,
	},
#endif
};
