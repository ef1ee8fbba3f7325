// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP: a query and its answer are a flow, told apart by the id (RFC 5508 3);
 * an error belongs to the flow of the packet that it quotes (RFC 5508 4).
 * What both versions of ICMP share lives here too.
 *
 * No state, no locks.
 */
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netfilter_ipv4.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"

#define ICMP_QUERY	0x01	/* type is a query, not an answer */
#define ICMP_TRACKED	0x02	/* it has a counterpart */

/* Queries and answers, and what the other side sends in return. */
static const struct {
	u8 flags;
	u8 counterpart;
} queries[NR_ICMP_TYPES + 1] = {
	[ICMP_ECHO]	      = { ICMP_TRACKED | ICMP_QUERY, ICMP_ECHOREPLY },
	[ICMP_ECHOREPLY]      = { ICMP_TRACKED, ICMP_ECHO },
	[ICMP_TIMESTAMP]      = { ICMP_TRACKED | ICMP_QUERY, ICMP_TIMESTAMPREPLY },
	[ICMP_TIMESTAMPREPLY] = { ICMP_TRACKED, ICMP_TIMESTAMP },
	[ICMP_INFO_REQUEST]   = { ICMP_TRACKED | ICMP_QUERY, ICMP_INFO_REPLY },
	[ICMP_INFO_REPLY]     = { ICMP_TRACKED, ICMP_INFO_REQUEST },
	[ICMP_ADDRESS]	      = { ICMP_TRACKED | ICMP_QUERY, ICMP_ADDRESSREPLY },
	[ICMP_ADDRESSREPLY]   = { ICMP_TRACKED, ICMP_ADDRESS },
};

static bool is_tracked(u8 type)
{
	return type < ARRAY_SIZE(queries) && (queries[type].flags & ICMP_TRACKED);
}

/**
 * icmp_pkt_to_tuple - the ICMP part of a packet's tuple
 * @skb: packet
 * @dataoff: offset of the ICMP header
 * @net: namespace
 * @tuple: id, type and code are filled in
 *
 * Return: false if the packet is too short.
 */
bool icmp_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		       struct net *net, struct nf_conntrack_tuple *tuple)
{
	const struct icmphdr *hdr;
	struct icmphdr buf;

	hdr = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!hdr)
		return false;

	tuple->src.u.icmp.id = hdr->un.echo.id;
	tuple->dst.u.icmp.type = hdr->type;
	tuple->dst.u.icmp.code = hdr->code;
	return true;
}

/**
 * nf_conntrack_invert_icmp_tuple - the ICMP part of the other direction's tuple
 * @tuple: filled in
 * @orig: tuple
 *
 * Return: false if the type has no counterpart.
 */
bool nf_conntrack_invert_icmp_tuple(struct nf_conntrack_tuple *tuple,
				    const struct nf_conntrack_tuple *orig)
{
	if (!is_tracked(orig->dst.u.icmp.type))
		return false;

	tuple->src.u.icmp.id = orig->src.u.icmp.id;
	tuple->dst.u.icmp.type = queries[orig->dst.u.icmp.type].counterpart;
	tuple->dst.u.icmp.code = orig->dst.u.icmp.code;
	return true;
}

/**
 * nf_conntrack_icmp_packet - a query or an answer
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
int nf_conntrack_icmp_packet(struct nf_conn *ct, struct sk_buff *skb,
			     enum ip_conntrack_info ctinfo,
			     const struct nf_hook_state *state)
{
	const struct nf_icmp_net *in = nf_icmp_pernet(nf_ct_net(ct));
	u8 type = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.u.icmp.type;

	if (state->pf != NFPROTO_IPV4)
		return -NF_ACCEPT;

	if (!nf_ct_is_confirmed(ct) &&
	    !(is_tracked(type) && (queries[type].flags & ICMP_QUERY)))
		return -NF_ACCEPT;

	nf_ct_refresh_acct(ct, ctinfo, skb, *nf_ct_timeouts_of(ct, &in->timeout));
	return NF_ACCEPT;
}

/* --- errors ------------------------------------------------------------ */

static void log_stray(const struct sk_buff *skb, const struct nf_hook_state *state,
		      u8 l4proto, const union nf_inet_addr *outer,
		      const union nf_inet_addr *inner)
{
	if (state->pf == NFPROTO_IPV4)
		nf_l4proto_log_invalid(skb, state, l4proto,
				       "outer daddr %pI4 != inner %pI4",
				       &outer->ip, &inner->ip);
	else
		nf_l4proto_log_invalid(skb, state, l4proto,
				       "outer daddr %pI6 != inner %pI6",
				       &outer->ip6, &inner->ip6);
}

/* The quoted packet is of the same IP version as the error that quotes it. */
static bool version_fits(const struct sk_buff *skb, unsigned int offset, u8 pf)
{
	const u8 *first;
	u8 buf;

	first = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	return first && *first >> 4 == (pf == NFPROTO_IPV4 ? 4 : 6);
}

/**
 * nf_conntrack_inet_error - find the flow that an ICMP error belongs to
 * @tmpl: template of the packet, or NULL
 * @skb: packet; gets a reference to the flow
 * @dataoff: offset of the quoted packet
 * @state: hook that it is at
 * @l4proto: IPPROTO_ICMP or IPPROTO_ICMPV6
 * @outer_daddr: whom the error is sent to
 *
 * The error goes against the quoted packet, so its relation to the flow is that
 * of an answer to it (RFC 5508 4.2). It must go to the sender of the quoted
 * packet: else a host could pass anything to another by way of a flow that is
 * not its own. Both addresses are as seen here, so this holds with NAT too.
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT, or -NF_ACCEPT if there is no such flow.
 */
int nf_conntrack_inet_error(struct nf_conn *tmpl, struct sk_buff *skb,
			    unsigned int dataoff,
			    const struct nf_hook_state *state,
			    u8 l4proto, union nf_inet_addr *outer_daddr)
{
	struct nf_conntrack_tuple quoted, answer;
	struct nf_conntrack_tuple_hash *found;
	enum ip_conntrack_info ctinfo = IP_CT_RELATED;
	struct nf_conntrack_zone buf;

	if (!version_fits(skb, dataoff, state->pf) ||
	    !nf_ct_get_tuplepr(skb, dataoff, state->pf, state->net, &quoted) ||
	    !nf_ct_invert_tuple(&answer, &quoted))
		return -NF_ACCEPT;

	found = nf_conntrack_find_get(state->net,
				      nf_ct_zone_tmpl(tmpl, skb, &buf), &answer);
	if (!found)
		return -NF_ACCEPT;

	if (!nf_inet_addr_cmp(outer_daddr, &quoted.src.u3)) {
		nf_ct_put(nf_ct_tuplehash_to_ctrack(found));
		log_stray(skb, state, l4proto, outer_daddr, &quoted.src.u3);
		return -NF_ACCEPT;
	}

	if (NF_CT_DIRECTION(found) == IP_CT_DIR_REPLY)
		ctinfo = IP_CT_RELATED_REPLY;
	nf_ct_set(skb, nf_ct_tuplehash_to_ctrack(found), ctinfo);
	return NF_ACCEPT;
}

static bool is_error(u8 type)
{
	switch (type) {
	case ICMP_DEST_UNREACH:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		return true;
	}
	return false;
}

/**
 * nf_conntrack_icmpv4_error - check an ICMP packet, and find an error's flow
 * @tmpl: template of the packet, or NULL
 * @skb: packet; an error gets a reference to its flow
 * @dataoff: offset of the ICMP header
 * @state: hook that it is at
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT, or -NF_ACCEPT if the packet is invalid.
 */
int nf_conntrack_icmpv4_error(struct nf_conn *tmpl, struct sk_buff *skb,
			      unsigned int dataoff,
			      const struct nf_hook_state *state)
{
	union nf_inet_addr outer_daddr = {};
	const struct icmphdr *hdr;
	const char *fault = NULL;
	struct icmphdr buf;

	/* ICMP in IPv6 packets is refused when the flow is known. */
	if (state->pf != NFPROTO_IPV4)
		return NF_ACCEPT;

	hdr = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!hdr)
		fault = "short packet";
	else if (nf_ct_wants_checksum(state) &&
		 nf_ip_checksum(skb, state->hook, dataoff, IPPROTO_ICMP))
		fault = "bad hw icmp checksum";
	else if (hdr->type > NR_ICMP_TYPES)
		fault = "invalid icmp type";

	if (unlikely(fault)) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_ICMP, "%s", fault);
		return -NF_ACCEPT;
	}

	if (!is_error(hdr->type))
		return NF_ACCEPT;

	outer_daddr.ip = ip_hdr(skb)->daddr;
	return nf_conntrack_inet_error(tmpl, skb, dataoff + sizeof(*hdr), state,
				       IPPROTO_ICMP, &outer_daddr);
}

/* --- settings, netlink ------------------------------------------------- */

/**
 * nf_conntrack_icmp_init_net - default settings
 * @net: namespace that is being made
 */
void nf_conntrack_icmp_init_net(struct net *net)
{
	nf_icmp_pernet(net)->timeout = 30 * HZ;
}

/**
 * nf_ct_icmp_tuple_put - write the ICMP part of a tuple
 * @skb: message
 * @tuple: tuple
 * @attrs: attributes to use
 *
 * Return: 0, or -ENOSPC.
 */
int nf_ct_icmp_tuple_put(struct sk_buff *skb,
			 const struct nf_conntrack_tuple *tuple,
			 const struct nf_ct_icmp_attrs *attrs)
{
	if (nla_put_be16(skb, attrs->id, tuple->src.u.icmp.id) ||
	    nla_put_u8(skb, attrs->type, tuple->dst.u.icmp.type) ||
	    nla_put_u8(skb, attrs->code, tuple->dst.u.icmp.code))
		return -ENOSPC;
	return 0;
}

/**
 * nf_ct_icmp_tuple_parse - read the ICMP part of a tuple
 * @tb: attributes CTA_PROTO_*
 * @tuple: only what @flags names is set
 * @flags: bits of enum nf_ct_filter_bit
 * @attrs: attributes to use
 *
 * Return: 0, or -EINVAL if one that is asked for is missing.
 */
int nf_ct_icmp_tuple_parse(struct nlattr *tb[],
			   struct nf_conntrack_tuple *tuple, u32 flags,
			   const struct nf_ct_icmp_attrs *attrs)
{
	if (flags & BIT(attrs->filter)) {
		if (!tb[attrs->type])
			return -EINVAL;
		tuple->dst.u.icmp.type = nla_get_u8(tb[attrs->type]);
	}

	if (flags & BIT(attrs->filter + 1)) {
		if (!tb[attrs->code])
			return -EINVAL;
		tuple->dst.u.icmp.code = nla_get_u8(tb[attrs->code]);
	}

	if (flags & BIT(attrs->filter + 2)) {
		if (!tb[attrs->id])
			return -EINVAL;
		tuple->src.u.icmp.id = nla_get_be16(tb[attrs->id]);
	}
	return 0;
}

/**
 * nf_ct_icmp_tuple_size - room that the ICMP part of a tuple takes
 *
 * Return: bytes.
 */
unsigned int nf_ct_icmp_tuple_size(void)
{
	return nla_total_size(sizeof(__be16)) + 2 * nla_total_size(sizeof(u8));
}

static const struct nf_ct_icmp_attrs tuple_attrs = {
	.id	= CTA_PROTO_ICMP_ID,
	.type	= CTA_PROTO_ICMP_TYPE,
	.code	= CTA_PROTO_ICMP_CODE,
	.filter	= NF_CT_FILTER_ICMP_TYPE,
};

static const struct nla_policy tuple_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_ICMP_ID]   = { .type = NLA_U16 },
	[CTA_PROTO_ICMP_TYPE] = { .type = NLA_U8 },
	[CTA_PROTO_ICMP_CODE] = { .type = NLA_U8 },
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
	if ((flags & BIT(NF_CT_FILTER_ICMP_TYPE)) &&
	    !is_tracked(tuple->dst.u.icmp.type))
		return -EINVAL;
	return 0;
}

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
static const struct nla_policy timeout_policy[CTA_TIMEOUT_ICMP_MAX + 1] = {
	[CTA_TIMEOUT_ICMP_TIMEOUT] = { .type = NLA_U32 },
};

static int timeout_parse(struct nlattr *tb[], struct net *net, void *data)
{
	unsigned int *timeout = &nf_icmp_pernet(net)->timeout;

	nf_ct_timeouts_parse(tb, CTA_TIMEOUT_ICMP_MAX, data ?: timeout, timeout,
			     0, 1);
	return 0;
}

static int timeout_put(struct sk_buff *skb, const void *data)
{
	return nf_ct_timeouts_put(skb, CTA_TIMEOUT_ICMP_MAX, data, 0);
}
#endif

const struct nf_conntrack_l4proto nf_conntrack_l4proto_icmp = {
	.l4proto		= IPPROTO_ICMP,
	.tuple_to_nlattr	= tuple_put,
	.nlattr_to_tuple	= tuple_parse,
	.nlattr_tuple_size	= nf_ct_icmp_tuple_size,
	.nla_policy		= tuple_policy,
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	.ctnl_timeout		= {
		.nlattr_to_obj	= timeout_parse,
		.obj_to_nlattr	= timeout_put,
		.obj_size	= sizeof(unsigned int),
		.nlattr_max	= CTA_TIMEOUT_ICMP_MAX,
		.nla_policy	= timeout_policy,
	},
#endif
};
