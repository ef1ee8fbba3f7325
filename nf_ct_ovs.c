// SPDX-License-Identifier: GPL-2.0
/*
 * What Open vSwitch and act_ct need because their packets come without the
 * hooks of an address family: helpers, trimming and defragmentation.
 *
 * Packets are at their network header. No lock is taken here.
 */
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack_helper.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#endif

#include "nf_ct.h"

/**
 * nf_ct_helper - show a packet to the helper of its connection
 * @skb: packet; may be rewritten
 * @ct: its entry
 * @ctinfo: its place in the connection
 * @proto: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Sequence numbers are adjusted afterwards, as when a packet leaves by a hook.
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: verdict.
 */
int nf_ct_helper(struct sk_buff *skb, struct nf_conn *ct,
		 enum ip_conntrack_info ctinfo, u16 proto)
{
	const struct nf_conntrack_helper *helper;
	const struct nf_conn_help *help;
	int protoff, verdict;
	u8 protonum;

	if (ctinfo == IP_CT_RELATED_REPLY)
		return NF_ACCEPT;

	help = nfct_help(ct);
	helper = help ? rcu_dereference(help->helper) : NULL;
	if (!helper)
		return NF_ACCEPT;
	if (helper->tuple.src.l3num != NFPROTO_UNSPEC &&
	    helper->tuple.src.l3num != proto)
		return NF_ACCEPT;

	protoff = nf_ct_l4_offset(skb, skb_network_offset(skb), proto,
				  &protonum);
	if (protoff <= 0 || protonum != helper->tuple.dst.protonum)
		return NF_ACCEPT;

	verdict = helper->help(skb, protoff, ct, ctinfo);
	if (verdict != NF_ACCEPT)
		return verdict;

	if (test_bit(IPS_SEQ_ADJUST_BIT, &ct->status) &&
	    !nf_ct_seq_adjust(skb, ct, ctinfo, protoff))
		return NF_DROP;
	return NF_ACCEPT;
}
EXPORT_SYMBOL_GPL(nf_ct_helper);

/**
 * nf_ct_add_helper - give a template a helper
 * @ct: template
 * @name: name of the helper
 * @family: address family that it serves
 * @proto: transport protocol that it serves
 * @nat: its NAT half is needed, too
 * @hp: where the helper goes; given back with nf_conntrack_helper_put() and,
 *	with @nat, nf_nat_helper_put()
 *
 * Context: process, may sleep.
 *
 * Return: 0, -EINVAL (no such helper), -ENOENT (it has no NAT half), -ENOMEM.
 */
int nf_ct_add_helper(struct nf_conn *ct, const char *name, u8 family,
		     u8 proto, bool nat, struct nf_conntrack_helper **hp)
{
	struct nf_conntrack_helper *helper;
	struct nf_conn_help *help;
	int err;

	helper = nf_conntrack_helper_try_module_get(name, family, proto);
	if (!helper)
		return -EINVAL;

	help = nf_ct_helper_ext_add(ct, GFP_KERNEL);
	err = help ? 0 : -ENOMEM;
	if (!err && nat)
		err = nf_nat_helper_try_module_get(name, family, proto);
	if (err) {
		nf_conntrack_helper_put(helper);
		return err;
	}

	rcu_assign_pointer(help->helper, helper);
	*hp = helper;
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_add_helper);

/**
 * nf_ct_skb_network_trim - cut off what stands behind a packet
 * @skb: packet, with its network header in the linear part
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * A link may pad short packets. What GRO has put together may be too long for the
 * header to say.
 *
 * Context: any.
 *
 * Return: 0 or -ENOMEM.
 */
int nf_ct_skb_network_trim(struct sk_buff *skb, int family)
{
	unsigned int len = skb->len;

	if (family == NFPROTO_IPV4)
		len = skb_ip_totlen(skb);
	else if (family == NFPROTO_IPV6 && ipv6_hdr(skb)->payload_len)
		len = ntohs(ipv6_hdr(skb)->payload_len) +
		      sizeof(struct ipv6hdr);

	return pskb_trim_rcsum(skb, len);
}
EXPORT_SYMBOL_GPL(nf_ct_skb_network_trim);

static int gather_ipv4(struct net *net, struct sk_buff *skb, u32 user,
		       u8 *proto, u16 *mru)
{
	int err;

	memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));

	local_bh_disable();
	err = ip_defrag(net, skb, user);
	local_bh_enable();
	if (err)
		return err;

	*proto = ip_hdr(skb)->protocol;
	*mru = IPCB(skb)->frag_max_size;
	return 0;
}

#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
static int gather_ipv6(struct net *net, struct sk_buff *skb, u32 user,
		       u8 *proto, u16 *mru)
{
	int err;

	memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));

	err = nf_ct_frag6_gather(net, skb, user);
	if (err) {
		/* Unlike ip_defrag(), it leaves what it has not kept. */
		if (err != -EINPROGRESS)
			kfree_skb(skb);
		return err;
	}

	*proto = ipv6_hdr(skb)->nexthdr;
	*mru = IP6CB(skb)->frag_max_size;
	return 0;
}
#endif

/**
 * nf_ct_handle_fragments - put fragments together
 * @net: namespace
 * @skb: fragment; the whole packet, if this was the last one
 * @zone: fragments of different zones don't mix
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: transport protocol of the whole packet
 * @mru: size of the largest fragment, to fragment it again as it came
 *
 * Context: softirq or process.
 *
 * Return: 0; otherwise @skb is not the caller's any more: -EINPROGRESS if it is
 * kept until the rest has come, or another error.
 */
int nf_ct_handle_fragments(struct net *net, struct sk_buff *skb,
			   u16 zone, u8 family, u8 *proto, u16 *mru)
{
	int err;

	switch (family) {
	case NFPROTO_IPV4:
		err = gather_ipv4(net, skb, IP_DEFRAG_CONNTRACK_IN + zone,
				  proto, mru);
		break;
#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
	case NFPROTO_IPV6:
		err = gather_ipv6(net, skb, IP6_DEFRAG_CONNTRACK_IN + zone,
				  proto, mru);
		break;
#endif
	default:
		kfree_skb(skb);
		return -EPFNOSUPPORT;
	}
	if (err)
		return err;

	skb_clear_hash(skb);
	skb->ignore_df = 1;
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_handle_fragments);
