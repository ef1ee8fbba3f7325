// SPDX-License-Identifier: GPL-2.0
/*
 * DCCP (RFC 4340): who is client and who is server, how far the connection has
 * come, and whether the handshake was a real one.
 *
 * All of ct->proto.dccp is under ct->lock.
 */
#include <linux/dccp.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/seq_file.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"

#define DCCP_MSL	(2 * 60 * HZ)	/* RFC 4340 3.4 */

/* Short names for the table. */
enum {
	NO = CT_DCCP_NONE,
	RQ = CT_DCCP_REQUEST,
	RS = CT_DCCP_RESPOND,
	PO = CT_DCCP_PARTOPEN,
	OP = CT_DCCP_OPEN,
	CR = CT_DCCP_CLOSEREQ,
	CG = CT_DCCP_CLOSING,
	TW = CT_DCCP_TIMEWAIT,
	IG = CT_DCCP_IGNORE,	/* let it pass, it changes nothing */
	IV = CT_DCCP_INVALID,
};

#define DCCP_STATES	(CT_DCCP_TIMEWAIT + 1)

/*
 * What a packet makes of the connection, by the role of its sender (RFC 4340
 * 8.1 to 8.4). The tracker may be behind or ahead of the receiver, who alone
 * knows: where a packet may be a late or repeated one, it is ignored.
 */
static const u8
next_state[CT_DCCP_ROLE_MAX + 1][DCCP_NR_PKT_TYPES][DCCP_STATES] = {
	[CT_DCCP_ROLE_CLIENT] = {
		/*		       NO  RQ  RS  PO  OP  CR  CG  TW */
		[DCCP_PKT_REQUEST]  = { RQ, RQ, RS, IG, IG, IG, IG, RQ },
		/* A client does not respond; but roles may have changed. */
		[DCCP_PKT_RESPONSE] = { IV, IG, IG, IG, IG, IG, IG, IV },
		/* Data without acknowledgment only in OPEN, 8.1.5. */
		[DCCP_PKT_DATA]	    = { IV, IV, IV, IV, OP, CR, CG, IV },
		[DCCP_PKT_ACK]	    = { IV, IV, PO, PO, OP, CR, CG, IV },
		[DCCP_PKT_DATAACK]  = { IV, IV, PO, PO, OP, CR, CG, IV },
		/* Only a server asks the other to close, 8.3. */
		[DCCP_PKT_CLOSEREQ] = { IV, IV, IV, IV, IV, IV, IV, IV },
		/* It is repeated until the Reset comes, 8.3. */
		[DCCP_PKT_CLOSE]    = { IV, IV, IV, CG, CG, CG, CG, IV },
		[DCCP_PKT_RESET]    = { IV, TW, TW, TW, TW, TW, TW, IG },
		/* They only tell sequence numbers, 7.5. */
		[DCCP_PKT_SYNC]	    = { IV, IG, IG, IG, IG, IG, IG, IG },
		[DCCP_PKT_SYNCACK]  = { IV, IG, IG, IG, IG, IG, IG, IG },
	},
	[CT_DCCP_ROLE_SERVER] = {
		/*		       NO  RQ  RS  PO  OP  CR  CG  TW */
		/* In TIMEWAIT it may be the client of a new connection. */
		[DCCP_PKT_REQUEST]  = { IV, IG, IG, IG, IG, IG, IG, RQ },
		[DCCP_PKT_RESPONSE] = { IV, RS, RS, IG, IG, IG, IG, IV },
		[DCCP_PKT_DATA]	    = { IV, IV, IV, OP, OP, IV, CG, IV },
		[DCCP_PKT_ACK]	    = { IV, IV, IV, OP, OP, IV, CG, IV },
		[DCCP_PKT_DATAACK]  = { IV, IV, IV, OP, OP, IV, CG, IV },
		[DCCP_PKT_CLOSEREQ] = { IV, IV, IV, CR, CR, CR, CR, IV },
		[DCCP_PKT_CLOSE]    = { IV, IV, IV, CG, CG, IV, CG, IV },
		[DCCP_PKT_RESET]    = { IV, TW, TW, TW, TW, TW, TW, TW },
		[DCCP_PKT_SYNC]	    = { IV, IG, IG, IG, IG, IG, IG, IG },
		[DCCP_PKT_SYNCACK]  = { IV, IG, IG, IG, IG, IG, IG, IG },
	},
};

/* The header as far as the tracker reads it. */
struct dccp_packet {
	bool	cut_off;	/* it is not all there */
	u8	type;
	u64	seq;
	u64	ack;
	bool	has_ack;
};

/* --- the header -------------------------------------------------------- */

/* Only data and plain acknowledgments may have short numbers, RFC 4340 5.1. */
static bool may_be_short(u8 type)
{
	return type == DCCP_PKT_DATA || type == DCCP_PKT_ACK ||
	       type == DCCP_PKT_DATAACK;
}

static u64 ack_of(const struct sk_buff *skb, unsigned int offset)
{
	const struct dccp_hdr_ack_bits *bits;
	struct dccp_hdr_ack_bits buf;

	bits = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!bits)
		return 0;
	return (u64)ntohs(bits->dccph_ack_nr_high) << 32 |
	       ntohl(bits->dccph_ack_nr_low);
}

/* Check the header (RFC 4340 5.1, 8.5) and read it. What is wrong, or NULL. */
static const char *read_header(const struct sk_buff *skb, unsigned int dataoff,
			       const struct nf_hook_state *state,
			       struct dccp_packet *pkt)
{
	const unsigned int room = skb->len - dataoff;
	struct {
		struct dccp_hdr hdr;
		struct dccp_hdr_ext ext;
	} buf;
	unsigned int hdrlen, basic, cover;
	const struct dccp_hdr *dh;

	dh = skb_header_pointer(skb, dataoff, sizeof(buf.hdr), &buf.hdr);
	pkt->cut_off = !dh;
	if (!dh)
		return "short packet";

	if (dh->dccph_type >= DCCP_PKT_INVALID)
		return "reserved packet type";

	if (!dh->dccph_x && !may_be_short(dh->dccph_type))
		return "type lacks 48bit sequence numbers";

	hdrlen = dh->dccph_doff * 4;
	/* Whether the offset of the data suits the type is up to the receiver. */
	if (hdrlen < sizeof(*dh) || hdrlen > room)
		return "truncated/malformed packet";

	cover = room;
	if (dh->dccph_cscov)
		cover = hdrlen + (dh->dccph_cscov - 1) * 4;
	if (cover > room)
		return "bad checksum coverage";

	if (nf_ct_wants_checksum(state) &&
	    nf_ct_sum_is_bad(skb, dataoff, cover, IPPROTO_DCCP, state->pf))
		return "bad checksum";

	pkt->cut_off = room < __dccp_hdr_len(dh);
	if (pkt->cut_off)
		return "truncated/malformed packet";

	basic = __dccp_basic_hdr_len(dh);
	dh = skb_header_pointer(skb, dataoff, basic, &buf);
	if (!dh)
		return "truncated/malformed packet";

	pkt->type = dh->dccph_type;
	pkt->seq = dccp_hdr_seq(dh);
	/* Short numbers are not compared: the handshake has long ones. */
	pkt->has_ack = dh->dccph_x && pkt->type != DCCP_PKT_REQUEST &&
		       pkt->type != DCCP_PKT_DATA;
	pkt->ack = pkt->has_ack ? ack_of(skb, dataoff + basic) : 0;
	return NULL;
}

/* --- the connection ---------------------------------------------------- */

static void set_client(struct nf_ct_dccp *dccp, enum ip_conntrack_dir dir)
{
	dccp->role[dir] = CT_DCCP_ROLE_CLIENT;
	dccp->role[!dir] = CT_DCCP_ROLE_SERVER;
}

/* A Request that was ignored has been answered: what we know is outdated. */
static bool is_answered(const struct nf_ct_dccp *dccp, u8 type,
			enum ip_conntrack_dir dir)
{
	return type == DCCP_PKT_RESPONSE &&
	       dccp->last_pkt == DCCP_PKT_REQUEST && dccp->last_dir == !dir;
}

static u8 step(struct nf_ct_dccp *dccp, const struct dccp_packet *pkt,
	       enum ip_conntrack_dir dir)
{
	u8 state = next_state[dccp->role[dir]][pkt->type][dccp->state];

	if (state == IG && is_answered(dccp, pkt->type, dir)) {
		set_client(dccp, !dir);
		state = RS;
	}

	if (state == IV)
		return state;

	dccp->last_pkt = pkt->type;
	dccp->last_dir = dir;
	if (state == IG)
		return state;

	if (state == RQ)
		set_client(dccp, dir);
	else if (state == RS && pkt->type == DCCP_PKT_RESPONSE)
		dccp->handshake_seq = pkt->seq;
	dccp->state = state;
	return state;
}

/* The client acknowledges the Response: it has seen it, so its address is no
 * forgery.
 */
static bool proves_handshake(const struct nf_ct_dccp *dccp,
			     const struct dccp_packet *pkt, u8 old)
{
	return old == RS && dccp->state == PO && pkt->type == DCCP_PKT_ACK &&
	       pkt->has_ack && pkt->ack == dccp->handshake_seq;
}

static bool is_closing(u8 state)
{
	return state == CR || state == CG || state == TW;
}

static void follow(struct nf_conn *ct, u8 old, u8 state, bool proof)
{
	if (proof)
		nf_ct_assure_quietly(ct);

	if (state == old)
		return;

	if (is_closing(state))
		nf_ct_pressure_closing(ct);
	else if (is_closing(old) && test_bit(IPS_ASSURED_BIT, &ct->status))
		nf_ct_pressure_del(ct);
	nf_conntrack_event_cache(IPCT_PROTOINFO, ct);
}

/**
 * nf_conntrack_dccp_packet - a DCCP packet
 * @ct: its entry
 * @skb: packet
 * @dataoff: offset of the DCCP header
 * @ctinfo: its relation to @ct
 * @state: hook that it is at
 *
 * Context: softirq or process, RCU read side. Takes ct->lock.
 *
 * Return: NF_ACCEPT, or -NF_ACCEPT if it is invalid.
 */
int nf_conntrack_dccp_packet(struct nf_conn *ct, struct sk_buff *skb,
			     unsigned int dataoff,
			     enum ip_conntrack_info ctinfo,
			     const struct nf_hook_state *state)
{
	const struct nf_dccp_net *dn = nf_dccp_pernet(nf_ct_net(ct));
	enum ip_conntrack_dir dir = CTINFO2DIR(ctinfo);
	struct nf_ct_dccp *dccp = &ct->proto.dccp;
	struct dccp_packet pkt;
	const char *fault;
	u8 old, new;
	bool proof;

	fault = read_header(skb, dataoff, state, &pkt);
	if (unlikely(fault)) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_DCCP,
				       "nf_ct_dccp: %s", fault);
		return pkt.cut_off ? NF_CT_DCCP_CUT_OFF : -NF_ACCEPT;
	}

	/* The first answer refuses the connection. */
	if (pkt.type == DCCP_PKT_RESET && nf_ct_is_confirmed(ct) &&
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status)) {
		nf_ct_kill_acct(ct, ctinfo, skb);
		return NF_ACCEPT;
	}

	spin_lock_bh(&ct->lock);
	old = dccp->state;
	if (old == NO)
		set_client(dccp, dir);
	new = step(dccp, &pkt, dir);
	proof = proves_handshake(dccp, &pkt, old);
	spin_unlock_bh(&ct->lock);

	if (new == IV) {
		nf_ct_l4proto_log_invalid(skb, ct, state,
					  "invalid state transition");
		return -NF_ACCEPT;
	}

	if (new == IG) {
		nf_ct_l4proto_log_invalid(skb, ct, state, "invalid packet");
		return NF_ACCEPT;
	}

	follow(ct, old, new, proof);
	nf_ct_refresh_acct(ct, ctinfo, skb,
			   nf_ct_timeouts_of(ct, dn->dccp_timeout)[new]);
	return NF_ACCEPT;
}

/* --- settings, netlink, procfs ----------------------------------------- */

/**
 * nf_conntrack_dccp_init_net - default settings
 * @net: namespace that is being made
 */
void nf_conntrack_dccp_init_net(struct net *net)
{
	struct nf_dccp_net *dn = nf_dccp_pernet(net);

	dn->dccp_loose = 1;
	dn->dccp_timeout[CT_DCCP_REQUEST]  = 2 * DCCP_MSL;
	dn->dccp_timeout[CT_DCCP_RESPOND]  = 4 * DCCP_MSL;
	dn->dccp_timeout[CT_DCCP_PARTOPEN] = 4 * DCCP_MSL;
	dn->dccp_timeout[CT_DCCP_OPEN]	   = 12 * 3600 * HZ;
	dn->dccp_timeout[CT_DCCP_CLOSEREQ] = 64 * HZ;
	dn->dccp_timeout[CT_DCCP_CLOSING]  = 64 * HZ;
	dn->dccp_timeout[CT_DCCP_TIMEWAIT] = 2 * DCCP_MSL;
}

static bool may_be_dropped_early(const struct nf_conn *ct)
{
	return is_closing(READ_ONCE(ct->proto.dccp.state));
}

static int info_put(struct sk_buff *skb, struct nlattr *nla,
		    struct nf_conn *ct, bool destroy)
{
	struct nf_ct_dccp dccp;
	struct nlattr *nest;

	spin_lock_bh(&ct->lock);
	dccp = ct->proto.dccp;
	spin_unlock_bh(&ct->lock);

	nest = nla_nest_start(skb, CTA_PROTOINFO_DCCP);
	if (!nest)
		return -EMSGSIZE;

	if (nla_put_u8(skb, CTA_PROTOINFO_DCCP_STATE, dccp.state))
		goto full;

	if (!destroy &&
	    (nla_put_u8(skb, CTA_PROTOINFO_DCCP_ROLE,
			dccp.role[IP_CT_DIR_ORIGINAL]) ||
	     nla_put_be64(skb, CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ,
			  cpu_to_be64(dccp.handshake_seq),
			  CTA_PROTOINFO_DCCP_PAD)))
		goto full;

	nla_nest_end(skb, nest);
	return 0;

full:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

static const struct nla_policy info_policy[CTA_PROTOINFO_DCCP_MAX + 1] = {
	[CTA_PROTOINFO_DCCP_STATE]	   = { .type = NLA_U8 },
	[CTA_PROTOINFO_DCCP_ROLE]	   = { .type = NLA_U8 },
	[CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ] = { .type = NLA_U64 },
	[CTA_PROTOINFO_DCCP_PAD]	   = { .type = NLA_UNSPEC },
};

static int info_parse(struct nlattr *cda[], struct nf_conn *ct)
{
	struct nlattr *tb[CTA_PROTOINFO_DCCP_MAX + 1];
	const struct nlattr *seq;
	u8 state, role;
	int err;

	if (!cda[CTA_PROTOINFO_DCCP])
		return 0;

	err = nla_parse_nested_deprecated(tb, CTA_PROTOINFO_DCCP_MAX,
					  cda[CTA_PROTOINFO_DCCP], info_policy,
					  NULL);
	if (err < 0)
		return err;

	if (!tb[CTA_PROTOINFO_DCCP_STATE] || !tb[CTA_PROTOINFO_DCCP_ROLE])
		return -EINVAL;

	state = nla_get_u8(tb[CTA_PROTOINFO_DCCP_STATE]);
	role = nla_get_u8(tb[CTA_PROTOINFO_DCCP_ROLE]);
	if (state >= DCCP_STATES || role > CT_DCCP_ROLE_MAX)
		return -EINVAL;

	seq = tb[CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ];
	spin_lock_bh(&ct->lock);
	ct->proto.dccp.state = state;
	set_client(&ct->proto.dccp, role == CT_DCCP_ROLE_CLIENT ?
		   IP_CT_DIR_ORIGINAL : IP_CT_DIR_REPLY);
	if (seq)
		ct->proto.dccp.handshake_seq = be64_to_cpu(nla_get_be64(seq));
	spin_unlock_bh(&ct->lock);
	return 0;
}

#ifdef CONFIG_NF_CONNTRACK_PROCFS
static const char *const state_names[DCCP_STATES] = {
	[CT_DCCP_NONE]	   = "NONE",
	[CT_DCCP_REQUEST]  = "REQUEST",
	[CT_DCCP_RESPOND]  = "RESPOND",
	[CT_DCCP_PARTOPEN] = "PARTOPEN",
	[CT_DCCP_OPEN]	   = "OPEN",
	[CT_DCCP_CLOSEREQ] = "CLOSEREQ",
	[CT_DCCP_CLOSING]  = "CLOSING",
	[CT_DCCP_TIMEWAIT] = "TIMEWAIT",
};

static void print_state(struct seq_file *s, struct nf_conn *ct)
{
	seq_printf(s, "%s ", state_names[READ_ONCE(ct->proto.dccp.state)]);
}
#endif

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
static_assert((int)CTA_TIMEOUT_DCCP_REQUEST == (int)CT_DCCP_REQUEST &&
	      (int)CTA_TIMEOUT_DCCP_TIMEWAIT == (int)CT_DCCP_TIMEWAIT);

static const struct nla_policy timeout_policy[CTA_TIMEOUT_DCCP_MAX + 1] = {
	[CTA_TIMEOUT_DCCP_REQUEST ... CTA_TIMEOUT_DCCP_TIMEWAIT] = {
		.type = NLA_U32,
	},
};

static int timeout_parse(struct nlattr *tb[], struct net *net, void *data)
{
	unsigned int *timeouts = nf_dccp_pernet(net)->dccp_timeout;

	nf_ct_timeouts_parse(tb, CTA_TIMEOUT_DCCP_MAX, data ?: timeouts,
			     timeouts, CT_DCCP_REQUEST, CT_DCCP_MAX + 1);
	return 0;
}

static int timeout_put(struct sk_buff *skb, const void *data)
{
	return nf_ct_timeouts_put(skb, CTA_TIMEOUT_DCCP_MAX, data,
				  CT_DCCP_REQUEST);
}
#endif

const struct nf_conntrack_l4proto nf_conntrack_l4proto_dccp = {
	.l4proto		= IPPROTO_DCCP,
	.nlattr_size		= NLA_ALIGN(NLA_HDRLEN) +
				  2 * NLA_ALIGN(NLA_HDRLEN + sizeof(u8)) +
				  NLA_ALIGN(NLA_HDRLEN + sizeof(u64)) +
				  NLA_ALIGN(NLA_HDRLEN),
	.can_early_drop		= may_be_dropped_early,
	.to_nlattr		= info_put,
	.from_nlattr		= info_parse,
	.tuple_to_nlattr	= nf_ct_port_tuple_to_nlattr,
	.nlattr_to_tuple	= nf_ct_port_nlattr_to_tuple,
	.nlattr_tuple_size	= nf_ct_port_nlattr_tuple_size,
	.nla_policy		= nf_ct_port_nla_policy,
#ifdef CONFIG_NF_CONNTRACK_PROCFS
	.print_conntrack	= print_state,
#endif
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	.ctnl_timeout		= {
		.nlattr_to_obj	= timeout_parse,
		.obj_to_nlattr	= timeout_put,
		.obj_size	= (CT_DCCP_MAX + 1) * sizeof(unsigned int),
		.nlattr_max	= CTA_TIMEOUT_DCCP_MAX,
		.nla_policy	= timeout_policy,
	},
#endif
};
