// SPDX-License-Identifier: GPL-2.0
/*
 * What Open vSwitch and the traffic control action share: they track packets
 * at layer 2, outside of netfilter's hooks, and so have to do by themselves
 * what those do around the tracker.
 */
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack_helper.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#endif

#include "nf_ct.h"

/**
 * nf_ct_helper - run the helper of a packet's flow
 * @skb: packet, at its network header
 * @ct: its entry
 * @ctinfo: its relation to that
 * @proto: NFPROTO_IPV4 or NFPROTO_IPV6
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
	u8 protonum;
	int protoff;
	int verdict;

	if (ctinfo == IP_CT_RELATED_REPLY)
		return NF_ACCEPT;
	help = nfct_help(ct);
	if (!help)
		return NF_ACCEPT;
	helper = rcu_dereference(help->helper);
	if (!helper || (helper->tuple.src.l3num != NFPROTO_UNSPEC &&
			helper->tuple.src.l3num != proto))
		return NF_ACCEPT;

	protoff = nf_ct_l4_offset(skb, skb_network_offset(skb), proto, &protonum);
	if (protoff < 0)
		return NF_DROP;
	if (protonum != helper->tuple.dst.protonum)
		return NF_ACCEPT;

	verdict = helper->help(skb, protoff, ct, ctinfo);
	if (verdict != NF_ACCEPT)
		return verdict;

	/* As where a packet leaves the hooks. */
	if (test_bit(IPS_SEQ_ADJUST_BIT, &ct->status) &&
	    !nf_ct_seq_adjust(skb, ct, ctinfo, protoff))
		return NF_DROP;
	return NF_ACCEPT;
}
EXPORT_SYMBOL_GPL(nf_ct_helper);

/**
 * nf_ct_add_helper - a template shall give its flows a helper
 * @ct: template
 * @name: name of the helper
 * @family: network protocol
 * @proto: transport protocol
 * @nat: load the NAT half, too
 * @hp: set to the helper, to be put by the caller
 *
 * Context: process, may sleep.
 *
 * Return: 0, -EINVAL if there is no such helper, -ENOMEM, or the error of the NAT
 * half.
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
	if (!help) {
		err = -ENOMEM;
		goto err_put;
	}
#if IS_ENABLED(CONFIG_NF_NAT)
	if (nat) {
		err = nf_nat_helper_try_module_get(name, family, proto);
		if (err)
			goto err_put;
	}
#endif
	rcu_assign_pointer(help->helper, helper);
	*hp = helper;
	return 0;

err_put:
	nf_conntrack_helper_put(helper);
	return err;
}
EXPORT_SYMBOL_GPL(nf_ct_add_helper);

/**
 * nf_ct_skb_network_trim - cut off what a link layer padded a packet with
 * @skb: packet, pulled to its network header
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Context: softirq or process.
 *
 * Return: 0, or -EINVAL or -ENOMEM.
 */
int nf_ct_skb_network_trim(struct sk_buff *skb, int family)
{
	unsigned int len;

	switch (family) {
	case NFPROTO_IPV4:
		len = skb_ip_totlen(skb);
		break;
	case NFPROTO_IPV6:
		len = ntohs(ipv6_hdr(skb)->payload_len);
		/* A jumbogram has no length there. */
		if (ipv6_hdr(skb)->nexthdr == NEXTHDR_HOP && !len)
			len = skb->len;
		else
			len += sizeof(struct ipv6hdr);
		break;
	default:
		len = skb->len;
	}
	return pskb_trim_rcsum(skb, len);
}
EXPORT_SYMBOL_GPL(nf_ct_skb_network_trim);

/**
 * nf_ct_handle_fragments - put a packet's fragments together
 * @net: namespace
 * @skb: fragment, pulled to its network header
 * @zone: zone; fragments of different zones are not mixed
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: set to the transport protocol
 * @mru: set to the size of the largest fragment, or 0
 *
 * Context: softirq or process, BH disabled.
 *
 * Return: 0 when @skb is whole; -EINPROGRESS when it has been kept, or another
 * error when it has been freed.
 */
int nf_ct_handle_fragments(struct net *net, struct sk_buff *skb,
			   u16 zone, u8 family, u8 *proto, u16 *mru)
{
	int err;

	if (family == NFPROTO_IPV4) {
		memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
		local_bh_disable();
		err = ip_defrag(net, skb, IP_DEFRAG_CONNTRACK_IN + zone);
		local_bh_enable();
		if (err)
			return err;
		*mru = IPCB(skb)->frag_max_size;
#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
	} else if (family == NFPROTO_IPV6) {
		memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));
		err = nf_ct_frag6_gather(net, skb, IP6_DEFRAG_CONNTRACK_IN + zone);
		if (err) {
			if (err != -EINPROGRESS)
				kfree_skb(skb);
			return err;
		}
		*proto = ipv6_hdr(skb)->nexthdr;
		*mru = IP6CB(skb)->frag_max_size;
#endif
	} else {
		kfree_skb(skb);
		return -EPFNOSUPPORT;
	}

	skb_clear_hash(skb);
	skb->ignore_df = 1;
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_handle_fragments);
