// SPDX-License-Identifier: GPL-2.0
/*
 * The protocols: which one tracks a protocol number, what they all need from
 * netlink (ports, timeouts), and the log of invalid packets.
 *
 * Takes no locks. Tables of protocols are immutable.
 */
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_log.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ip6_checksum.h>
#endif

#include "nf_ct.h"
#include "nf_ct_proto.h"

static const struct nf_conntrack_l4proto *const protos[MAX_NF_CT_PROTO + 1] = {
	[IPPROTO_TCP]	  = &nf_conntrack_l4proto_tcp,
	[IPPROTO_UDP]	  = &nf_conntrack_l4proto_udp,
	[IPPROTO_ICMP]	  = &nf_conntrack_l4proto_icmp,
#if IS_ENABLED(CONFIG_IPV6)
	[IPPROTO_ICMPV6]  = &nf_conntrack_l4proto_icmpv6,
#endif
#ifdef CONFIG_NF_CT_PROTO_UDPLITE
	[IPPROTO_UDPLITE] = &nf_conntrack_l4proto_udplite,
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	[IPPROTO_SCTP]	  = &nf_conntrack_l4proto_sctp,
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	[IPPROTO_DCCP]	  = &nf_conntrack_l4proto_dccp,
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	[IPPROTO_GRE]	  = &nf_conntrack_l4proto_gre,
#endif
};

/**
 * nf_ct_l4proto_find - the protocol that tracks a protocol number
 * @l4proto: IPPROTO_*
 *
 * Return: the protocol, the generic one if there is no other; never NULL.
 */
const struct nf_conntrack_l4proto *nf_ct_l4proto_find(u8 l4proto)
{
	if (l4proto < ARRAY_SIZE(protos) && protos[l4proto])
		return protos[l4proto];
	return &nf_conntrack_l4proto_generic;
}
EXPORT_SYMBOL_GPL(nf_ct_l4proto_find);

/* --- log --------------------------------------------------------------- */

#ifdef CONFIG_SYSCTL
/**
 * nf_l4proto_log_invalid - log a packet that fits nothing, if asked to
 * @skb: packet, at its network header
 * @state: hook that it is at
 * @protonum: its transport protocol
 * @fmt: what is wrong with it
 *
 * The sysctl nf_conntrack_log_invalid asks for a protocol number, or with
 * IPPROTO_RAW for all of them.
 *
 * Context: any in which packets are tracked.
 */
void nf_l4proto_log_invalid(const struct sk_buff *skb,
			    const struct nf_hook_state *state,
			    u8 protonum, const char *fmt, ...)
{
	struct net *net = state->net;
	u8 asked = READ_ONCE(net->ct.sysctl_log_invalid);
	struct va_format vaf;
	va_list args;

	if (!asked || (asked != protonum && asked != IPPROTO_RAW))
		return;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	nf_log_packet(net, state->pf, state->hook, skb, state->in, state->out,
		      NULL, "nf_ct_proto_%d: %pV ", protonum, &vaf);
	va_end(args);
}
EXPORT_SYMBOL_GPL(nf_l4proto_log_invalid);

/**
 * nf_ct_l4proto_log_invalid - log a packet that does not fit its flow
 * @skb: packet, at its network header
 * @ct: the flow that its tuple belongs to
 * @state: hook that it is at
 * @fmt: what is wrong with it
 *
 * Context: any in which packets are tracked.
 */
void nf_ct_l4proto_log_invalid(const struct sk_buff *skb,
			       const struct nf_conn *ct,
			       const struct nf_hook_state *state,
			       const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	if (likely(!READ_ONCE(state->net->ct.sysctl_log_invalid)))
		return;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	nf_l4proto_log_invalid(skb, state, nf_ct_protonum(ct), "%pV", &vaf);
	va_end(args);
}
EXPORT_SYMBOL_GPL(nf_ct_l4proto_log_invalid);
#endif

/**
 * nf_ct_sum_is_bad - verify a checksum that covers only a part
 * @skb: packet, at its network header
 * @dataoff: offset of the transport header
 * @cover: bytes from there on that the sum covers; they exist
 * @protonum: transport protocol
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * The sum is the Internet checksum of the part and of a pseudo header with the
 * whole length (RFC 3828 3.1, RFC 4340 9.1).
 *
 * Return: true if the sum is wrong.
 */
bool nf_ct_sum_is_bad(const struct sk_buff *skb, unsigned int dataoff,
		      unsigned int cover, u8 protonum, u8 pf)
{
	const unsigned int len = skb->len - dataoff;
	__wsum sum;

	if (skb_csum_unnecessary(skb) || skb->ip_summed == CHECKSUM_PARTIAL)
		return false;

	sum = skb_checksum(skb, dataoff, cover, 0);
	if (pf == NFPROTO_IPV4)
		return csum_tcpudp_magic(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr,
					 len, protonum, sum);
	return csum_ipv6_magic(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr,
			       len, protonum, sum);
}

/* --- netlink ----------------------------------------------------------- */

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
			to[i] = ntohl(nla_get_be32(tb[attr])) * HZ;
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

/* --- life -------------------------------------------------------------- */

/**
 * nf_conntrack_proto_pernet_init - default settings of all protocols
 * @net: namespace that is being made
 *
 * Context: process.
 */
void nf_conntrack_proto_pernet_init(struct net *net)
{
	nf_conntrack_generic_init_net(net);
	nf_conntrack_tcp_init_net(net);
	nf_conntrack_udp_init_net(net);
	nf_conntrack_icmp_init_net(net);
#if IS_ENABLED(CONFIG_IPV6)
	nf_conntrack_icmpv6_init_net(net);
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	nf_conntrack_sctp_init_net(net);
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	nf_conntrack_dccp_init_net(net);
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	nf_conntrack_gre_init_net(net);
#endif
}

/**
 * nf_conntrack_proto_init - once, when the module is loaded
 *
 * Context: process.
 *
 * Return: 0, or -errno.
 */
int nf_conntrack_proto_init(void)
{
	return nf_ct_sockopt_init();
}

/**
 * nf_conntrack_proto_fini - once, when the module is unloaded
 *
 * Context: process.
 */
void nf_conntrack_proto_fini(void)
{
	nf_ct_sockopt_exit();
}
