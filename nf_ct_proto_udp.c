// SPDX-License-Identifier: GPL-2.0
/*
 * UDP and UDP-Lite: a flow is short-lived until it has seen an answer and then
 * goes on for more than two seconds; then it is a stream (RFC 4787 4.3 wants
 * two minutes for those).
 *
 * The only state is the time at which an entry may become a stream. It is
 * written before the entry is confirmed, and never after: no lock.
 */
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/udp.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"

#define STREAM_AGE	(2 * HZ)	/* a question and its answer take less */

/* Lengths and checksum, RFC 768. What is wrong, or NULL. */
static const char *udp_fault(struct sk_buff *skb, unsigned int dataoff,
			     const struct nf_hook_state *state)
{
	const unsigned int room = skb->len - dataoff;
	const struct udphdr *uh;
	struct udphdr buf;

	uh = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!uh)
		return "short packet";

	if (ntohs(uh->len) > room || ntohs(uh->len) < sizeof(*uh))
		return "truncated/malformed packet";

	/* The sender may leave it out. */
	if (!uh->check)
		return NULL;

	if (nf_ct_wants_checksum(state) &&
	    nf_checksum(skb, state->hook, dataoff, IPPROTO_UDP, state->pf))
		return "bad checksum";
	return NULL;
}

static int udp_track(struct nf_conn *ct, struct sk_buff *skb,
		     enum ip_conntrack_info ctinfo)
{
	const struct nf_udp_net *un = nf_udp_pernet(nf_ct_net(ct));
	const unsigned int *timeouts = nf_ct_timeouts_of(ct, un->timeouts);
	const unsigned long status = READ_ONCE(ct->status);
	bool stream;

	if (!(status & IPS_CONFIRMED))
		ct->proto.udp.stream_ts = jiffies + STREAM_AGE;

	/* An entry that lost the race to be inserted serves the one answer;
	 * what follows belongs to the winner.
	 */
	stream = (status & IPS_SEEN_REPLY) && !(status & IPS_NAT_CLASH) &&
		 time_after(jiffies, ct->proto.udp.stream_ts);

	nf_ct_refresh_acct(ct, ctinfo, skb,
			   timeouts[stream ? UDP_CT_REPLIED : UDP_CT_UNREPLIED]);
	if (stream)
		nf_ct_assure(ct);
	return NF_ACCEPT;
}

/**
 * nf_conntrack_udp_packet - a UDP packet
 * @ct: its entry
 * @skb: packet
 * @dataoff: offset of the UDP header
 * @ctinfo: its relation to @ct
 * @state: hook that it is at
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT, or -NF_ACCEPT if it is invalid.
 */
int nf_conntrack_udp_packet(struct nf_conn *ct, struct sk_buff *skb,
			    unsigned int dataoff,
			    enum ip_conntrack_info ctinfo,
			    const struct nf_hook_state *state)
{
	const char *fault = udp_fault(skb, dataoff, state);

	if (unlikely(fault)) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_UDP, "%s", fault);
		return -NF_ACCEPT;
	}
	return udp_track(ct, skb, ctinfo);
}

#ifdef CONFIG_NF_CT_PROTO_UDPLITE
/* Coverage and checksum, RFC 3828 3.1. What is wrong, or NULL. */
static const char *udplite_fault(struct sk_buff *skb, unsigned int dataoff,
				 const struct nf_hook_state *state)
{
	const unsigned int room = skb->len - dataoff;
	const struct udphdr *uh;
	struct udphdr buf;
	unsigned int cover;

	uh = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!uh)
		return "short packet";

	/* What is the length in UDP says here how much the sum covers. */
	cover = ntohs(uh->len) ?: room;
	if (cover < sizeof(*uh) || cover > room)
		return "invalid checksum coverage";

	if (!uh->check)
		return "checksum missing";

	if (nf_ct_wants_checksum(state) &&
	    nf_ct_sum_is_bad(skb, dataoff, cover, IPPROTO_UDPLITE, state->pf))
		return "bad checksum";
	return NULL;
}

/**
 * nf_conntrack_udplite_packet - a UDP-Lite packet
 * @ct: its entry
 * @skb: packet
 * @dataoff: offset of the UDP-Lite header
 * @ctinfo: its relation to @ct
 * @state: hook that it is at
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT, or -NF_ACCEPT if it is invalid.
 */
int nf_conntrack_udplite_packet(struct nf_conn *ct, struct sk_buff *skb,
				unsigned int dataoff,
				enum ip_conntrack_info ctinfo,
				const struct nf_hook_state *state)
{
	const char *fault = udplite_fault(skb, dataoff, state);

	if (unlikely(fault)) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_UDPLITE, "%s", fault);
		return -NF_ACCEPT;
	}
	return udp_track(ct, skb, ctinfo);
}
#endif

/**
 * nf_conntrack_udp_init_net - default settings
 * @net: namespace that is being made
 */
void nf_conntrack_udp_init_net(struct net *net)
{
	struct nf_udp_net *un = nf_udp_pernet(net);

	un->timeouts[UDP_CT_UNREPLIED] = 30 * HZ;
	un->timeouts[UDP_CT_REPLIED] = 120 * HZ;
#if IS_ENABLED(CONFIG_NF_FLOW_TABLE)
	un->offload_timeout = 30 * HZ;
#endif
}

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
/* UDP-Lite has the same numbers for its attributes. */
static_assert(CTA_TIMEOUT_UDP_MAX == CTA_TIMEOUT_UDPLITE_MAX);
static_assert(CTA_TIMEOUT_UDP_UNREPLIED == UDP_CT_UNREPLIED + 1 &&
	      CTA_TIMEOUT_UDP_REPLIED == UDP_CT_REPLIED + 1);

static const struct nla_policy timeout_policy[CTA_TIMEOUT_UDP_MAX + 1] = {
	[CTA_TIMEOUT_UDP_UNREPLIED] = { .type = NLA_U32 },
	[CTA_TIMEOUT_UDP_REPLIED]   = { .type = NLA_U32 },
};

static int timeout_parse(struct nlattr *tb[], struct net *net, void *data)
{
	unsigned int *timeouts = nf_udp_pernet(net)->timeouts;

	nf_ct_timeouts_parse(tb, CTA_TIMEOUT_UDP_MAX, data ?: timeouts,
			     timeouts, UDP_CT_UNREPLIED, UDP_CT_MAX);
	return 0;
}

static int timeout_put(struct sk_buff *skb, const void *data)
{
	return nf_ct_timeouts_put(skb, CTA_TIMEOUT_UDP_MAX, data,
				  UDP_CT_UNREPLIED);
}

#define UDP_CTNL_TIMEOUT						\
	.ctnl_timeout	= {						\
		.nlattr_to_obj	= timeout_parse,			\
		.obj_to_nlattr	= timeout_put,				\
		.obj_size	= UDP_CT_MAX * sizeof(unsigned int),	\
		.nlattr_max	= CTA_TIMEOUT_UDP_MAX,			\
		.nla_policy	= timeout_policy,			\
	},
#else
#define UDP_CTNL_TIMEOUT
#endif

/* Two first packets from one socket race: the queries for A and AAAA. */
#define UDP_L4PROTO(number)						\
	.l4proto		= (number),				\
	.allow_clash		= true,					\
	.tuple_to_nlattr	= nf_ct_port_tuple_to_nlattr,		\
	.nlattr_to_tuple	= nf_ct_port_nlattr_to_tuple,		\
	.nlattr_tuple_size	= nf_ct_port_nlattr_tuple_size,		\
	.nla_policy		= nf_ct_port_nla_policy,		\
	UDP_CTNL_TIMEOUT

const struct nf_conntrack_l4proto nf_conntrack_l4proto_udp = {
	UDP_L4PROTO(IPPROTO_UDP)
};

#ifdef CONFIG_NF_CT_PROTO_UDPLITE
const struct nf_conntrack_l4proto nf_conntrack_l4proto_udplite = {
	UDP_L4PROTO(IPPROTO_UDPLITE)
};
#endif
