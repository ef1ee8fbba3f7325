// SPDX-License-Identifier: GPL-2.0
/*
 * ICMPv6: queries and errors as with ICMP. What keeps a link running (neighbour
 * and router discovery, multicast listeners) is left alone: it is no flow, and
 * must pass whatever the rules think of state (RFC 4890 4.4).
 *
 * No state, no locks.
 */
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netfilter_ipv6.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"

enum icmpv6_kind {
	KIND_UNKNOWN,		/* a type that we know nothing of */
	KIND_QUERY,		/* starts a flow */
	KIND_ANSWER,		/* belongs to one */
	KIND_LINK,		/* not tracked */
	KIND_ERROR,		/* quotes a packet */
	KIND_REDIRECT,		/* quotes a packet in an option */
};

/* Informational types, from ICMPV6_INFOMSG_MASK on; below are the errors. */
static const struct {
	u8 kind;
	u8 counterpart;
} infos[] = {
	[ICMPV6_ECHO_REQUEST - ICMPV6_INFOMSG_MASK] = {
		KIND_QUERY, ICMPV6_ECHO_REPLY
	},
	[ICMPV6_ECHO_REPLY - ICMPV6_INFOMSG_MASK] = {
		KIND_ANSWER, ICMPV6_ECHO_REQUEST
	},
	[ICMPV6_NI_QUERY - ICMPV6_INFOMSG_MASK] = {
		KIND_QUERY, ICMPV6_NI_REPLY
	},
	[ICMPV6_NI_REPLY - ICMPV6_INFOMSG_MASK] = {
		KIND_ANSWER, ICMPV6_NI_QUERY
	},
	[ICMPV6_MGM_QUERY - ICMPV6_INFOMSG_MASK]	    = { KIND_LINK },
	[ICMPV6_MGM_REPORT - ICMPV6_INFOMSG_MASK]	    = { KIND_LINK },
	[ICMPV6_MGM_REDUCTION - ICMPV6_INFOMSG_MASK]	    = { KIND_LINK },
	[NDISC_ROUTER_SOLICITATION - ICMPV6_INFOMSG_MASK]   = { KIND_LINK },
	[NDISC_ROUTER_ADVERTISEMENT - ICMPV6_INFOMSG_MASK]  = { KIND_LINK },
	[NDISC_NEIGHBOUR_SOLICITATION - ICMPV6_INFOMSG_MASK] = { KIND_LINK },
	[NDISC_NEIGHBOUR_ADVERTISEMENT - ICMPV6_INFOMSG_MASK] = { KIND_LINK },
	[ICMPV6_MLD2_REPORT - ICMPV6_INFOMSG_MASK]	    = { KIND_LINK },
	[NDISC_REDIRECT - ICMPV6_INFOMSG_MASK]		    = { KIND_REDIRECT },
	[ICMPV6_MRDISC_ADV - ICMPV6_INFOMSG_MASK]	    = { KIND_LINK },
	[ICMPV6_MRDISC_SOL - ICMPV6_INFOMSG_MASK]	    = { KIND_LINK },
};

static enum icmpv6_kind kind_of(u8 type)
{
	unsigned int i = type - ICMPV6_INFOMSG_MASK;

	if (!(type & ICMPV6_INFOMSG_MASK))
		return KIND_ERROR;
	return i < ARRAY_SIZE(infos) ? infos[i].kind : KIND_UNKNOWN;
}

/**
 * icmpv6_pkt_to_tuple - the ICMPv6 part of a packet's tuple
 * @skb: packet
 * @dataoff: offset of the ICMPv6 header
 * @net: namespace
 * @tuple: id, type and code are filled in
 *
 * Return: false if the packet is too short.
 */
bool icmpv6_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
			 struct net *net, struct nf_conntrack_tuple *tuple)
{
	const struct icmp6hdr *hdr;
	struct icmp6hdr buf;

	hdr = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!hdr)
		return false;

	tuple->src.u.icmp.id = hdr->icmp6_identifier;
	tuple->dst.u.icmp.type = hdr->icmp6_type;
	tuple->dst.u.icmp.code = hdr->icmp6_code;
	return true;
}

static bool is_tracked(u8 type)
{
	enum icmpv6_kind kind = kind_of(type);

	return kind == KIND_QUERY || kind == KIND_ANSWER;
}

/**
 * nf_conntrack_invert_icmpv6_tuple - the ICMPv6 part of the other direction
 * @tuple: filled in
 * @orig: tuple
 *
 * Return: false if the type has no counterpart.
 */
bool nf_conntrack_invert_icmpv6_tuple(struct nf_conntrack_tuple *tuple,
				      const struct nf_conntrack_tuple *orig)
{
	u8 type = orig->dst.u.icmp.type;

	if (!is_tracked(type))
		return false;

	tuple->src.u.icmp.id = orig->src.u.icmp.id;
	tuple->dst.u.icmp.type = infos[type - ICMPV6_INFOMSG_MASK].counterpart;
	tuple->dst.u.icmp.code = orig->dst.u.icmp.code;
	return true;
}

/**
 * nf_conntrack_icmpv6_packet - a query or an answer
 * @ct: its entry
 * @skb: packet
 * @ctinfo: its relation to @ct
 * @state: hook that it is at
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT; -NF_ACCEPT for an answer that nobody asked for, or a
 * packet of the other IP version.
 */
int nf_conntrack_icmpv6_packet(struct nf_conn *ct, struct sk_buff *skb,
			       enum ip_conntrack_info ctinfo,
			       const struct nf_hook_state *state)
{
	const struct nf_icmp_net *in = nf_icmpv6_pernet(nf_ct_net(ct));
	u8 type = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.u.icmp.type;

	if (state->pf != NFPROTO_IPV6)
		return -NF_ACCEPT;

	if (!nf_ct_is_confirmed(ct) && kind_of(type) != KIND_QUERY)
		return -NF_ACCEPT;

	nf_ct_refresh_acct(ct, ctinfo, skb, *nf_ct_timeouts_of(ct, &in->timeout));
	return NF_ACCEPT;
}

/* --- errors ------------------------------------------------------------ */

/* Offset of the packet that a redirect quotes, RFC 4861 4.5 and 4.6.3; or what
 * is wrong with the redirect.
 */
static const char *redirect_quote(const struct sk_buff *skb,
				  unsigned int dataoff, unsigned int *quote)
{
	unsigned int offset = dataoff + sizeof(struct rd_msg);
	const struct nd_opt_hdr *opt;
	struct nd_opt_hdr buf;

	/* Only a neighbour can have sent it, RFC 4861 8.1. */
	if (ipv6_hdr(skb)->hop_limit != 255 ||
	    !(ipv6_addr_type(&ipv6_hdr(skb)->saddr) & IPV6_ADDR_LINKLOCAL))
		return "invalid saddr or hoplimit for redirect";

	for (;;) {
		opt = skb_header_pointer(skb, offset, sizeof(buf), &buf);
		if (!opt || !opt->nd_opt_len)
			return "redirect without options";
		if (opt->nd_opt_type == ND_OPT_REDIRECT_HDR)
			break;
		offset += opt->nd_opt_len * 8;
	}

	*quote = offset + 8;
	return NULL;
}

/* Of what kind the packet is, and where a redirect has its quote; or what is
 * wrong with the packet.
 */
static const char *icmpv6_fault(struct sk_buff *skb, unsigned int dataoff,
				const struct nf_hook_state *state,
				enum icmpv6_kind *kind, unsigned int *quote)
{
	const struct icmp6hdr *hdr;
	struct icmp6hdr buf;

	hdr = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!hdr)
		return "short packet";

	if (nf_ct_wants_checksum(state) &&
	    nf_ip6_checksum(skb, state->hook, dataoff, IPPROTO_ICMPV6))
		return "ICMPv6 checksum failed";

	*kind = kind_of(hdr->icmp6_type);
	if (*kind != KIND_REDIRECT)
		return NULL;

	if (skb->len - dataoff < sizeof(struct rd_msg))
		return "short redirect";
	/* With another code it is something else, RFC 4861 8.1. */
	if (!hdr->icmp6_code)
		return redirect_quote(skb, dataoff, quote);
	*kind = KIND_UNKNOWN;
	return NULL;
}

/**
 * nf_conntrack_icmpv6_error - check an ICMPv6 packet, and find an error's flow
 * @tmpl: template of the packet, or NULL
 * @skb: packet; an error gets a reference to its flow, and what is not tracked
 *	is marked as such
 * @dataoff: offset of the ICMPv6 header
 * @state: hook that it is at
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT, or -NF_ACCEPT if the packet is invalid.
 */
int nf_conntrack_icmpv6_error(struct nf_conn *tmpl, struct sk_buff *skb,
			      unsigned int dataoff,
			      const struct nf_hook_state *state)
{
	unsigned int quote = dataoff + sizeof(struct icmp6hdr);
	union nf_inet_addr outer_daddr;
	enum icmpv6_kind kind;
	const char *fault;

	/* ICMPv6 in IPv4 packets is refused when the flow is known. */
	if (state->pf != NFPROTO_IPV6)
		return NF_ACCEPT;

	fault = icmpv6_fault(skb, dataoff, state, &kind, &quote);
	if (unlikely(fault)) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_ICMPV6, "%s", fault);
		return -NF_ACCEPT;
	}

	if (kind == KIND_LINK)
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	if (kind != KIND_ERROR && kind != KIND_REDIRECT)
		return NF_ACCEPT;

	outer_daddr.in6 = ipv6_hdr(skb)->daddr;
	return nf_conntrack_inet_error(tmpl, skb, quote, state, IPPROTO_ICMPV6,
				       &outer_daddr);
}

/* --- settings, netlink ------------------------------------------------- */

/**
 * nf_conntrack_icmpv6_init_net - default settings
 * @net: namespace that is being made
 */
void nf_conntrack_icmpv6_init_net(struct net *net)
{
	nf_icmpv6_pernet(net)->timeout = 30 * HZ;
}

static const struct nf_ct_icmp_attrs tuple_attrs = {
	.id	= CTA_PROTO_ICMPV6_ID,
	.type	= CTA_PROTO_ICMPV6_TYPE,
	.code	= CTA_PROTO_ICMPV6_CODE,
	.filter	= NF_CT_FILTER_ICMPV6_TYPE,
};

static const struct nla_policy tuple_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_ICMPV6_ID]	= { .type = NLA_U16 },
	[CTA_PROTO_ICMPV6_TYPE] = { .type = NLA_U8 },
	[CTA_PROTO_ICMPV6_CODE] = { .type = NLA_U8 },
};

static int tuple_put(struct sk_buff *skb, const struct nf_conntrack_tuple *tuple)
{
	return nf_ct_icmp_tuple_put(skb, tuple, &tuple_attrs);
}

static int tuple_parse(struct nlattr *tb[], struct nf_conntrack_tuple *tuple,
		       u32 flags)
{
	int err = nf_ct_icmp_tuple_parse(tb, tuple, flags, &tuple_attrs);

	if (err)
		return err;

	/* A flow of a type that has no counterpart can't be. */
	if ((flags & BIT(NF_CT_FILTER_ICMPV6_TYPE)) &&
	    !is_tracked(tuple->dst.u.icmp.type))
		return -EINVAL;
	return 0;
}

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
static const struct nla_policy timeout_policy[CTA_TIMEOUT_ICMPV6_MAX + 1] = {
	[CTA_TIMEOUT_ICMPV6_TIMEOUT] = { .type = NLA_U32 },
};

static int timeout_parse(struct nlattr *tb[], struct net *net, void *data)
{
	unsigned int *timeout = &nf_icmpv6_pernet(net)->timeout;

	nf_ct_timeouts_parse(tb, CTA_TIMEOUT_ICMPV6_MAX, data ?: timeout,
			     timeout, 0, 1);
	return 0;
}

static int timeout_put(struct sk_buff *skb, const void *data)
{
	return nf_ct_timeouts_put(skb, CTA_TIMEOUT_ICMPV6_MAX, data, 0);
}
#endif

const struct nf_conntrack_l4proto nf_conntrack_l4proto_icmpv6 = {
	.l4proto		= IPPROTO_ICMPV6,
	.tuple_to_nlattr	= tuple_put,
	.nlattr_to_tuple	= tuple_parse,
	.nlattr_tuple_size	= nf_ct_icmp_tuple_size,
	.nla_policy		= tuple_policy,
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	.ctnl_timeout		= {
		.nlattr_to_obj	= timeout_parse,
		.obj_to_nlattr	= timeout_put,
		.obj_size	= sizeof(unsigned int),
		.nlattr_max	= CTA_TIMEOUT_ICMPV6_MAX,
		.nla_policy	= timeout_policy,
	},
#endif
};
