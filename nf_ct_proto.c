// SPDX-License-Identifier: GPL-2.0
/*
 * The protocols: which one tracks a protocol number, and the log of invalid
 * packets.
 *
 * Takes no locks. Tables of protocols are immutable.
 */
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_log.h>
#include <net/tcp.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
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
