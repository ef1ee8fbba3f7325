// SPDX-License-Identifier: GPL-2.0
/*
 * SCTP (RFC 9260): the state of an association as its chunks tell it, and the
 * verification tags, which show that a packet comes from one of the two ends.
 *
 * An association may have several paths; on a path other than the first we only
 * see heartbeats before data (8.3), and learn the tags from these.
 *
 * All of struct sctp_flow is under ct->lock.
 */
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/sctp.h>
#include <linux/seq_file.h>
#include <net/sctp/checksum.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"

/**
 * struct sctp_flow - how we use ct->proto of an SCTP flow
 * @ct: what the kernel's headers know. @ct.vtag is the tag that packets of a
 *	direction carry, 0 if it is not known; @ct.last_dir the direction whose
 *	heartbeat waits in @next, if @ct.flags says so
 * @next: tags of an association that is about to take the place of this one
 */
struct sctp_flow {
	struct ip_ct_sctp ct;
	__be32		  next[IP_CT_DIR_MAX];
};

static_assert(sizeof(struct sctp_flow) <= sizeof(union nf_conntrack_proto));

#define FLOW_HEARTBEAT_NEXT	0x01

static struct sctp_flow *flow_of(struct nf_conn *ct)
{
	return container_of(&ct->proto.sctp, struct sctp_flow, ct);
}

/* --- states ------------------------------------------------------------ */

/* Chunks that matter to the state; the others are EVENT_OTHER. */
enum chunk_event {
	EVENT_OTHER,
	EVENT_INIT,
	EVENT_INIT_ACK,
	EVENT_HEARTBEAT,
	EVENT_HEARTBEAT_ACK,
	EVENT_ABORT,
	EVENT_SHUTDOWN,
	EVENT_SHUTDOWN_ACK,
	EVENT_ERROR,
	EVENT_COOKIE_ECHO,
	EVENT_COOKIE_ACK,
	EVENT_SHUTDOWN_COMPLETE,
	EVENTS,
};

static const u8 event_of_chunk[] = {
	[SCTP_CID_INIT]		     = EVENT_INIT,
	[SCTP_CID_INIT_ACK]	     = EVENT_INIT_ACK,
	[SCTP_CID_HEARTBEAT]	     = EVENT_HEARTBEAT,
	[SCTP_CID_HEARTBEAT_ACK]     = EVENT_HEARTBEAT_ACK,
	[SCTP_CID_ABORT]	     = EVENT_ABORT,
	[SCTP_CID_SHUTDOWN]	     = EVENT_SHUTDOWN,
	[SCTP_CID_SHUTDOWN_ACK]	     = EVENT_SHUTDOWN_ACK,
	[SCTP_CID_ERROR]	     = EVENT_ERROR,
	[SCTP_CID_COOKIE_ECHO]	     = EVENT_COOKIE_ECHO,
	[SCTP_CID_COOKIE_ACK]	     = EVENT_COOKIE_ACK,
	[SCTP_CID_SHUTDOWN_COMPLETE] = EVENT_SHUTDOWN_COMPLETE,
};

/* Short names for the table. */
enum {
	ST = SCTP_CONNTRACK_NONE,		/* stays as it is */
	CL = SCTP_CONNTRACK_CLOSED,
	CW = SCTP_CONNTRACK_COOKIE_WAIT,
	CE = SCTP_CONNTRACK_COOKIE_ECHOED,
	ES = SCTP_CONNTRACK_ESTABLISHED,
	SS = SCTP_CONNTRACK_SHUTDOWN_SENT,
	SR = SCTP_CONNTRACK_SHUTDOWN_RECD,
	SA = SCTP_CONNTRACK_SHUTDOWN_ACK_SENT,
	HS = SCTP_CONNTRACK_HEARTBEAT_SENT,
	IV = SCTP_CONNTRACK_MAX,		/* invalid */
};

#define SCTP_STATES	(SCTP_CONNTRACK_HEARTBEAT_SENT + 1)

/*
 * What a chunk makes of the association. CLOSED is also where an INIT has been
 * seen that nobody has answered; COOKIE_WAIT begins with the INIT ACK.
 */
static const u8 next_state[IP_CT_DIR_MAX][EVENTS][SCTP_STATES] = {
	[IP_CT_DIR_ORIGINAL] = {
		/*			      NO  CL  CW  CE  ES  SS  SR  SA  HS */
		[EVENT_OTHER]		  = { IV, ST, ST, ST, ST, ST, ST, ST, ST },
		/* A new start, RFC 9260 5.2.2. */
		[EVENT_INIT]		  = { CL, ST, ST, ST, ST, CL, CL, ST, CW },
		/* Both have begun, 5.2.1: it is the other's that counts. */
		[EVENT_INIT_ACK]	  = { CL, ST, ST, ST, ST, ST, ST, ST, CL },
		[EVENT_HEARTBEAT]	  = { HS, ST, ST, ST, ST, ST, ST, ST, ST },
		[EVENT_HEARTBEAT_ACK]	  = { CL, ST, ST, ST, ST, ST, ST, ST, ST },
		[EVENT_ABORT]		  = { IV, ST, CL, CL, CL, CL, CL, CL, CL },
		[EVENT_SHUTDOWN]	  = { CL, ST, ST, ST, SS, ST, ST, ST, CL },
		/* Also from one who has rebooted since, 8.4 (5). */
		[EVENT_SHUTDOWN_ACK]	  = { SA, ST, ST, ST, ST, SA, SA, ST, SA },
		[EVENT_ERROR]		  = { CL, ST, ST, ST, ST, ST, ST, ST, CL },
		[EVENT_COOKIE_ECHO]	  = { CL, ST, CE, ST, ST, ST, ST, ST, CL },
		[EVENT_COOKIE_ACK]	  = { IV, ST, ST, ES, ST, ST, ST, ST, CL },
		[EVENT_SHUTDOWN_COMPLETE] = { IV, ST, ST, ST, ST, ST, ST, CL, CL },
	},
	[IP_CT_DIR_REPLY] = {
		/*			      NO  CL  CW  CE  ES  SS  SR  SA  HS */
		[EVENT_OTHER]		  = { IV, ST, ST, ST, ST, ST, ST, ST, ST },
		[EVENT_INIT]		  = { IV, ST, ST, ST, ST, ST, ST, ST, IV },
		[EVENT_INIT_ACK]	  = { IV, CW, ST, ST, ST, ST, ST, ST, IV },
		[EVENT_HEARTBEAT]	  = { IV, ST, ST, ST, ST, ST, ST, ST, ST },
		[EVENT_HEARTBEAT_ACK]	  = { IV, ST, ST, ST, ST, ST, ST, ST, ES },
		[EVENT_ABORT]		  = { IV, ST, CL, CL, CL, CL, CL, CL, IV },
		[EVENT_SHUTDOWN]	  = { IV, ST, ST, ST, SR, ST, ST, ST, IV },
		[EVENT_SHUTDOWN_ACK]	  = { IV, ST, ST, ST, ST, SA, SA, ST, IV },
		/* The cookie is stale, 5.2.6. */
		[EVENT_ERROR]		  = { IV, ST, ST, CL, ST, ST, ST, ST, IV },
		[EVENT_COOKIE_ECHO]	  = { IV, ST, CE, ST, ST, ST, ST, ST, IV },
		[EVENT_COOKIE_ACK]	  = { IV, ST, ST, ES, ST, ST, ST, ST, IV },
		[EVENT_SHUTDOWN_COMPLETE] = { IV, ST, ST, ST, ST, ST, ST, CL, IV },
	},
};

static enum chunk_event event_of(u8 type)
{
	return type < ARRAY_SIZE(event_of_chunk) ? event_of_chunk[type] :
						   EVENT_OTHER;
}

/* --- a packet's chunks ------------------------------------------------- */

/* One chunk at a time of a packet. */
struct sctp_walk {
	const struct sk_buff	*skb;
	unsigned int		offset;	/* of the next chunk */
	u8			type;
	u8			flags;
	unsigned int		body;	/* offset of what follows the header */
};

/* 1: there is a chunk; 0: there is none any more; -1: its length can't be. The
 * last one may be cut off: the receiver will not take it, RFC 9260 6.10.
 */
static int next_chunk(struct sctp_walk *walk)
{
	const struct sctp_chunkhdr *ch;
	struct sctp_chunkhdr buf;
	unsigned int len;

	/* Fewer bytes than a header are padding of the link. */
	ch = skb_header_pointer(walk->skb, walk->offset, sizeof(buf), &buf);
	if (!ch)
		return 0;

	len = ntohs(ch->length);
	walk->type = ch->type;
	walk->flags = ch->flags;
	if (!len)
		return -1;

	walk->body = walk->offset + sizeof(*ch);
	walk->offset += SCTP_PAD4(len);
	return 1;
}

static bool stands_alone(u8 type)
{
	return type == SCTP_CID_INIT || type == SCTP_CID_INIT_ACK ||
	       type == SCTP_CID_SHUTDOWN_COMPLETE;
}

static bool comes_first(u8 type)
{
	return stands_alone(type) || type == SCTP_CID_COOKIE_ECHO ||
	       type == SCTP_CID_COOKIE_ACK;
}

/**
 * struct sctp_pkt - a packet as a whole
 * @first: its chunks, from the first on
 * @vtag: its verification tag
 * @dir: its direction
 * @has_data: there is DATA among the chunks
 */
struct sctp_pkt {
	struct sctp_walk	first;
	__be32			vtag;
	enum ip_conntrack_dir	dir;
	bool			has_data;
};

/* Chunks must have a length, RFC 9260 3.2; some stand alone or come first, 3.3
 * and 6.10.
 */
static bool chunks_are_sound(struct sctp_pkt *pkt,
			     const struct nf_hook_state *state)
{
	struct sctp_walk walk = pkt->first;
	unsigned int count = 0;
	bool alone = false;
	int ret;

	while ((ret = next_chunk(&walk)) > 0) {
		if (count && (alone || comes_first(walk.type)))
			break;
		alone = stands_alone(walk.type);
		pkt->has_data |= walk.type == SCTP_CID_DATA;
		count++;
	}

	if (ret || !count) {
		nf_l4proto_log_invalid(walk.skb, state, IPPROTO_SCTP,
				       "nf_ct_sctp: bad chunk %u, type %u",
				       count, walk.type);
		return false;
	}
	return true;
}

static bool crc_is_bad(struct sk_buff *skb, unsigned int dataoff,
		       const struct nf_hook_state *state)
{
	const struct sctphdr *sh;

	/* The device has verified it, or will fill it in; the sum of
	 * CHECKSUM_COMPLETE is no CRC.
	 */
	if (!nf_ct_wants_checksum(state) || skb_csum_unnecessary(skb) ||
	    skb->ip_summed == CHECKSUM_PARTIAL)
		return false;

	/* It is computed with zero in its place. */
	if (skb_ensure_writable(skb, dataoff + sizeof(*sh)))
		return true;
	sh = (const struct sctphdr *)(skb->data + dataoff);
	return sctp_compute_cksum(skb, dataoff) != sh->checksum;
}

/* --- verification tags ------------------------------------------------- */

/* The tag that an INIT or INIT ACK gives the other side to use, RFC 9260 3.3.2. */
static bool read_init_tag(const struct sctp_walk *chunk, __be32 *tag)
{
	const struct sctp_inithdr *init;
	struct sctp_inithdr buf;

	init = skb_header_pointer(chunk->skb, chunk->body, sizeof(buf), &buf);
	if (!init)
		return false;
	*tag = init->init_tag;
	return true;
}

/* Tags of a running association are not changed before the other end has agreed
 * to a new one, or anybody could by an INIT.
 */
static bool is_running(u8 state)
{
	return state == ES || state == SS || state == SR || state == SA;
}

/* @state is that after the chunk. */
static bool init_is_good(struct sctp_flow *flow, const struct sctp_walk *chunk,
			 const struct sctp_pkt *pkt, u8 state)
{
	__be32 tag;

	if (pkt->vtag || !read_init_tag(chunk, &tag))
		return false;

	/* A repeated one says nothing new. */
	if (tag == flow->ct.vtag[!pkt->dir] &&
	    flow->ct.state != SCTP_CONNTRACK_NONE)
		return true;

	if (is_running(state)) {
		flow->next[!pkt->dir] = tag;
		flow->next[pkt->dir] = 0;
		flow->ct.flags &= ~FLOW_HEARTBEAT_NEXT;
	} else {
		/* It begins anew: what the other has sent is of the past. */
		if (flow->ct.init[pkt->dir])
			flow->ct.init[!pkt->dir] = 0;
		flow->ct.init[pkt->dir] = 1;
		flow->ct.vtag[!pkt->dir] = tag;
	}
	return true;
}

static bool init_ack_is_good(struct sctp_flow *flow,
			     const struct sctp_walk *chunk,
			     const struct sctp_pkt *pkt)
{
	const enum ip_conntrack_dir dir = pkt->dir;
	__be32 tag;

	if (!read_init_tag(chunk, &tag))
		return false;

	if (flow->next[dir] && pkt->vtag == flow->next[dir] &&
	    !(flow->ct.flags & FLOW_HEARTBEAT_NEXT)) {
		flow->next[!dir] = tag;
		return true;
	}
	if (pkt->vtag != flow->ct.vtag[dir])
		return false;

	/* Only what answers an INIT may give another tag than the one we know;
	 * who has sent an INIT, too, repeats its tag, 5.2.1.
	 */
	if (flow->ct.init[!dir] ? flow->ct.init[dir] : !!flow->ct.vtag[!dir])
		return tag == flow->ct.vtag[!dir];
	flow->ct.vtag[!dir] = tag;
	return true;
}

static void take_next(struct sctp_flow *flow)
{
	memcpy(flow->ct.vtag, flow->next, sizeof(flow->next));
	memset(flow->next, 0, sizeof(flow->next));
	flow->ct.flags &= ~FLOW_HEARTBEAT_NEXT;
}

/* The cookie shows that both ends know of the new association, 5.2.4. */
static bool cookie_is_good(struct sctp_flow *flow,
			   const struct sctp_pkt *pkt)
{
	if (flow->next[IP_CT_DIR_ORIGINAL] && flow->next[IP_CT_DIR_REPLY] &&
	    pkt->vtag == flow->next[pkt->dir] &&
	    !(flow->ct.flags & FLOW_HEARTBEAT_NEXT))
		take_next(flow);
	return pkt->vtag == flow->ct.vtag[pkt->dir];
}

/* It goes with what we know, or is the first that we see of this direction. */
static bool is_tag_of_path(struct sctp_flow *flow, const struct sctp_pkt *pkt)
{
	if (!flow->ct.vtag[pkt->dir])
		flow->ct.vtag[pkt->dir] = pkt->vtag;
	if (pkt->vtag != flow->ct.vtag[pkt->dir])
		return false;

	if (flow->ct.flags & FLOW_HEARTBEAT_NEXT)
		memset(flow->next, 0, sizeof(flow->next));
	flow->ct.flags &= ~FLOW_HEARTBEAT_NEXT;
	return true;
}

/* Where the association has been restarted on another path, its heartbeat has a
 * tag that we don't know; if the answer has, too, these are the tags. No data is
 * sent until then, 5.4.
 */
static bool heartbeat_is_good(struct sctp_flow *flow,
			      const struct sctp_pkt *pkt, bool *ignore)
{
	if (is_tag_of_path(flow, pkt))
		return true;
	if (pkt->has_data || *ignore)
		return false;

	flow->next[pkt->dir] = pkt->vtag;
	flow->next[!pkt->dir] = 0;
	flow->ct.last_dir = pkt->dir;
	flow->ct.flags |= FLOW_HEARTBEAT_NEXT;
	*ignore = true;
	return true;
}

static bool heartbeat_ack_is_good(struct sctp_flow *flow,
				  const struct sctp_pkt *pkt)
{
	if (is_tag_of_path(flow, pkt))
		return true;
	if (!(flow->ct.flags & FLOW_HEARTBEAT_NEXT) ||
	    flow->ct.last_dir != !pkt->dir)
		return false;

	flow->next[pkt->dir] = pkt->vtag;
	take_next(flow);
	return true;
}

/* With the T bit it is the sender's own tag that it returns, 8.5.1; or that of a
 * SHUTDOWN ACK which was the first that we have seen, 8.4 (5).
 */
static bool reflected_is_good(const struct sctp_flow *flow,
			      const struct sctp_pkt *pkt,
			      const struct sctp_walk *chunk)
{
	const __be32 *vtag = flow->ct.vtag;

	if (!(chunk->flags & SCTP_CHUNK_FLAG_T))
		return pkt->vtag == vtag[pkt->dir];

	return pkt->vtag == vtag[!pkt->dir] ||
	       (!vtag[!pkt->dir] && pkt->vtag == vtag[pkt->dir] &&
		chunk->type == SCTP_CID_SHUTDOWN_COMPLETE &&
		flow->ct.state == SCTP_CONNTRACK_SHUTDOWN_ACK_SENT);
}

/* May the packet carry this chunk with its tag? RFC 9260 8.5.1. Learns tags.
 * @ignore is set if the packet is to pass without prolonging the entry's life.
 */
static bool tag_is_good(struct sctp_flow *flow, const struct sctp_walk *chunk,
			const struct sctp_pkt *pkt, u8 next, bool *ignore)
{
	switch (event_of(chunk->type)) {
	case EVENT_INIT:
		*ignore = flow->ct.state == SCTP_CONNTRACK_CLOSED;
		return init_is_good(flow, chunk, pkt, next ?: flow->ct.state);
	case EVENT_INIT_ACK:
		return init_ack_is_good(flow, chunk, pkt);
	case EVENT_COOKIE_ECHO:
		return cookie_is_good(flow, pkt);
	case EVENT_HEARTBEAT:
		return heartbeat_is_good(flow, pkt, ignore);
	case EVENT_HEARTBEAT_ACK:
		return heartbeat_ack_is_good(flow, pkt);
	case EVENT_ABORT:
	case EVENT_SHUTDOWN_COMPLETE:
		return reflected_is_good(flow, pkt, chunk);
	case EVENT_SHUTDOWN_ACK:
		/* Maybe of an association from before our time, 8.4 (5). */
		return true;
	case EVENT_COOKIE_ACK:
		memset(flow->ct.init, 0, sizeof(flow->ct.init));
		fallthrough;
	default:
		return pkt->vtag == flow->ct.vtag[pkt->dir];
	}
}

/* A flow begins: each of the chunks must be one that may begin it. What the
 * packet's tag is taken for depends on them.
 */
static bool begin(struct sctp_flow *flow, const struct sctp_pkt *pkt,
		  struct sctp_walk *walk)
{
	enum chunk_event event;

	*walk = pkt->first;
	while (next_chunk(walk) > 0) {
		event = event_of(walk->type);
		if (next_state[pkt->dir][event][SCTP_CONNTRACK_NONE] == IV)
			return false;
		if (event == EVENT_HEARTBEAT)
			flow->ct.vtag[pkt->dir] = pkt->vtag;
		else if (event == EVENT_SHUTDOWN_ACK)
			flow->ct.vtag[!pkt->dir] = pkt->vtag;
	}
	return true;
}

/* --- packets ----------------------------------------------------------- */

/* What a packet has made of its flow. */
struct sctp_outcome {
	u8	state;
	bool	established;	/* if only for a moment */
	bool	ignore;		/* neither prolong its life nor count the packet */
};

/* Take the chunks of a packet one after the other. If one does not fit, the flow
 * is not changed, and the state is IV.
 */
static struct sctp_outcome take_chunks(struct nf_conn *ct,
				       const struct sctp_pkt *pkt,
				       struct sctp_walk *walk)
{
	static const struct sctp_outcome invalid = { .state = IV };
	struct sctp_flow *flow = flow_of(ct);
	struct sctp_flow tried = *flow;
	struct sctp_outcome out = {};
	u8 next;

	if (tried.ct.state == SCTP_CONNTRACK_NONE && !begin(&tried, pkt, walk))
		return invalid;

	*walk = pkt->first;
	while (next_chunk(walk) > 0) {
		next = next_state[pkt->dir][event_of(walk->type)][tried.ct.state];
		if (next == IV ||
		    !tag_is_good(&tried, walk, pkt, next, &out.ignore))
			return invalid;
		if (next == ST)
			continue;
		tried.ct.state = next;
		out.established |= next == ES;
	}

	*flow = tried;
	out.state = tried.ct.state;
	return out;
}

static void follow(struct nf_conn *ct, u8 old, const struct sctp_outcome *out)
{
	if (out->established) {
		if (test_bit(IPS_ASSURED_BIT, &ct->status))
			nf_ct_pressure_del(ct);
		nf_ct_assure(ct);
	}
	if (out->state == old)
		return;

	if (old == ES || (out->established && out->state != ES))
		nf_ct_pressure_closing(ct);
	nf_conntrack_event_cache(IPCT_PROTOINFO, ct);
}

/**
 * nf_conntrack_sctp_packet - an SCTP packet
 * @ct: its entry
 * @skb: packet
 * @dataoff: offset of the SCTP header
 * @ctinfo: its relation to @ct
 * @state: hook that it is at
 *
 * Context: softirq or process, RCU read side. Takes ct->lock.
 *
 * Return: NF_ACCEPT, or -NF_ACCEPT if it is invalid.
 */
int nf_conntrack_sctp_packet(struct nf_conn *ct, struct sk_buff *skb,
			     unsigned int dataoff,
			     enum ip_conntrack_info ctinfo,
			     const struct nf_hook_state *state)
{
	const struct nf_sctp_net *sn = nf_sctp_pernet(nf_ct_net(ct));
	const struct sctphdr *sh;
	struct sctp_pkt pkt = {};
	const char *fault = NULL;
	struct sctp_outcome out;
	struct sctp_walk walk;
	struct sctphdr buf;
	u8 old;

	sh = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	pkt.vtag = sh ? sh->vtag : 0;
	if (!sh)
		fault = "short packet";
	else if (crc_is_bad(skb, dataoff, state))
		fault = "bad CRC";

	if (unlikely(fault)) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_SCTP,
				       "nf_ct_sctp: %s", fault);
		return -NF_ACCEPT;
	}

	pkt.first.skb = skb;
	pkt.first.offset = dataoff + sizeof(*sh);
	pkt.dir = CTINFO2DIR(ctinfo);
	if (!chunks_are_sound(&pkt, state))
		return -NF_ACCEPT;

	spin_lock_bh(&ct->lock);
	old = ct->proto.sctp.state;
	out = take_chunks(ct, &pkt, &walk);
	spin_unlock_bh(&ct->lock);

	if (out.state == IV) {
		nf_ct_l4proto_log_invalid(skb, ct, state,
					  "chunk type %u, tag %x does not fit state %u, dir %u",
					  walk.type, ntohl(pkt.vtag), old,
					  pkt.dir);
		return -NF_ACCEPT;
	}

	follow(ct, old, &out);
	if (!out.ignore)
		nf_ct_refresh_acct(ct, ctinfo, skb,
				   nf_ct_timeouts_of(ct, sn->timeouts)[out.state]);
	return NF_ACCEPT;
}

/* --- settings, netlink, procfs ----------------------------------------- */

/**
 * nf_conntrack_sctp_init_net - default settings
 * @net: namespace that is being made
 */
void nf_conntrack_sctp_init_net(struct net *net)
{
	struct nf_sctp_net *sn = nf_sctp_pernet(net);

	sn->timeouts[SCTP_CONNTRACK_CLOSED]	       = 10 * HZ;
	sn->timeouts[SCTP_CONNTRACK_COOKIE_WAIT]       = 3 * HZ;
	sn->timeouts[SCTP_CONNTRACK_COOKIE_ECHOED]     = 3 * HZ;
	sn->timeouts[SCTP_CONNTRACK_ESTABLISHED]       = 210 * HZ;
	sn->timeouts[SCTP_CONNTRACK_SHUTDOWN_SENT]     = 3 * HZ;
	sn->timeouts[SCTP_CONNTRACK_SHUTDOWN_RECD]     = 3 * HZ;
	sn->timeouts[SCTP_CONNTRACK_SHUTDOWN_ACK_SENT] = 3 * HZ;
	sn->timeouts[SCTP_CONNTRACK_HEARTBEAT_SENT]    = 30 * HZ;
}

static bool may_be_dropped_early(const struct nf_conn *ct)
{
	switch (READ_ONCE(ct->proto.sctp.state)) {
	case SCTP_CONNTRACK_CLOSED:
	case SCTP_CONNTRACK_SHUTDOWN_SENT:
	case SCTP_CONNTRACK_SHUTDOWN_RECD:
	case SCTP_CONNTRACK_SHUTDOWN_ACK_SENT:
		return true;
	default:
		return false;
	}
}

static int info_put(struct sk_buff *skb, struct nlattr *nla,
		    struct nf_conn *ct, bool destroy)
{
	struct ip_ct_sctp sctp;
	struct nlattr *nest;

	spin_lock_bh(&ct->lock);
	sctp = ct->proto.sctp;
	spin_unlock_bh(&ct->lock);

	nest = nla_nest_start(skb, CTA_PROTOINFO_SCTP);
	if (!nest)
		return -EMSGSIZE;

	if (nla_put_u8(skb, CTA_PROTOINFO_SCTP_STATE, sctp.state))
		goto full;

	if (!destroy &&
	    (nla_put_be32(skb, CTA_PROTOINFO_SCTP_VTAG_ORIGINAL,
			  sctp.vtag[IP_CT_DIR_ORIGINAL]) ||
	     nla_put_be32(skb, CTA_PROTOINFO_SCTP_VTAG_REPLY,
			  sctp.vtag[IP_CT_DIR_REPLY])))
		goto full;

	nla_nest_end(skb, nest);
	return 0;

full:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

static const struct nla_policy info_policy[CTA_PROTOINFO_SCTP_MAX + 1] = {
	[CTA_PROTOINFO_SCTP_STATE]	   =
		NLA_POLICY_MAX(NLA_U8, SCTP_CONNTRACK_HEARTBEAT_SENT),
	[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL] = { .type = NLA_U32 },
	[CTA_PROTOINFO_SCTP_VTAG_REPLY]	   = { .type = NLA_U32 },
};

static int info_parse(struct nlattr *cda[], struct nf_conn *ct)
{
	struct nlattr *tb[CTA_PROTOINFO_SCTP_MAX + 1];
	int err;

	if (!cda[CTA_PROTOINFO_SCTP])
		return 0;

	err = nla_parse_nested_deprecated(tb, CTA_PROTOINFO_SCTP_MAX,
					  cda[CTA_PROTOINFO_SCTP], info_policy,
					  NULL);
	if (err < 0)
		return err;

	if (!tb[CTA_PROTOINFO_SCTP_STATE] ||
	    !tb[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL] ||
	    !tb[CTA_PROTOINFO_SCTP_VTAG_REPLY])
		return -EINVAL;

	spin_lock_bh(&ct->lock);
	ct->proto.sctp.state = nla_get_u8(tb[CTA_PROTOINFO_SCTP_STATE]);
	ct->proto.sctp.vtag[IP_CT_DIR_ORIGINAL] =
		nla_get_be32(tb[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL]);
	ct->proto.sctp.vtag[IP_CT_DIR_REPLY] =
		nla_get_be32(tb[CTA_PROTOINFO_SCTP_VTAG_REPLY]);
	spin_unlock_bh(&ct->lock);
	return 0;
}

#ifdef CONFIG_NF_CONNTRACK_PROCFS
static const char *const state_names[SCTP_STATES] = {
	[SCTP_CONNTRACK_NONE]		   = "NONE",
	[SCTP_CONNTRACK_CLOSED]		   = "CLOSED",
	[SCTP_CONNTRACK_COOKIE_WAIT]	   = "COOKIE_WAIT",
	[SCTP_CONNTRACK_COOKIE_ECHOED]	   = "COOKIE_ECHOED",
	[SCTP_CONNTRACK_ESTABLISHED]	   = "ESTABLISHED",
	[SCTP_CONNTRACK_SHUTDOWN_SENT]	   = "SHUTDOWN_SENT",
	[SCTP_CONNTRACK_SHUTDOWN_RECD]	   = "SHUTDOWN_RECD",
	[SCTP_CONNTRACK_SHUTDOWN_ACK_SENT] = "SHUTDOWN_ACK_SENT",
	[SCTP_CONNTRACK_HEARTBEAT_SENT]	   = "HEARTBEAT_SENT",
};

static void print_state(struct seq_file *s, struct nf_conn *ct)
{
	seq_printf(s, "%s ", state_names[READ_ONCE(ct->proto.sctp.state)]);
}
#endif

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
static_assert((int)CTA_TIMEOUT_SCTP_CLOSED == (int)SCTP_CONNTRACK_CLOSED &&
	      (int)CTA_TIMEOUT_SCTP_HEARTBEAT_ACKED ==
	      (int)SCTP_CONNTRACK_HEARTBEAT_ACKED);

static const struct nla_policy timeout_policy[CTA_TIMEOUT_SCTP_MAX + 1] = {
	[CTA_TIMEOUT_SCTP_CLOSED ... CTA_TIMEOUT_SCTP_HEARTBEAT_ACKED] = {
		.type = NLA_U32,
	},
};

static int timeout_parse(struct nlattr *tb[], struct net *net, void *data)
{
	unsigned int *timeouts = nf_sctp_pernet(net)->timeouts;

	nf_ct_timeouts_parse(tb, CTA_TIMEOUT_SCTP_MAX, data ?: timeouts,
			     timeouts, SCTP_CONNTRACK_CLOSED, SCTP_CONNTRACK_MAX);
	return 0;
}

static int timeout_put(struct sk_buff *skb, const void *data)
{
	return nf_ct_timeouts_put(skb, CTA_TIMEOUT_SCTP_MAX, data,
				  SCTP_CONNTRACK_CLOSED);
}
#endif

const struct nf_conntrack_l4proto nf_conntrack_l4proto_sctp = {
	.l4proto		= IPPROTO_SCTP,
	.nlattr_size		= NLA_ALIGN(NLA_HDRLEN) +
				  NLA_ALIGN(NLA_HDRLEN + sizeof(u8)) +
				  2 * NLA_ALIGN(NLA_HDRLEN + sizeof(__be32)),
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
		.obj_size	= SCTP_CONNTRACK_MAX * sizeof(unsigned int),
		.nlattr_max	= CTA_TIMEOUT_SCTP_MAX,
		.nla_policy	= timeout_policy,
	},
#endif
};
