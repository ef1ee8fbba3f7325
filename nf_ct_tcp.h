/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TCP machine: what its files know of each other.
 *
 * nf_ct_proto_tcp_state.c, _window.c and _option.c are pure: they take plain
 * values and a struct ip_ct_tcp and know neither packets nor entries, so they
 * can be tested without either. Whoever calls them guards the struct
 * ip_ct_tcp: in the tracker that is ct->lock.
 */
#ifndef _NF_CT_TCP_H
#define _NF_CT_TCP_H

#include <linux/types.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>

#define NF_CT_TCP_WSCALE_MAX	14	/* RFC 7323 2.3 */

/* What the flags of a segment ask for. */
enum nf_ct_tcp_event {
	NF_CT_TCP_SYN,
	NF_CT_TCP_SYNACK,
	NF_CT_TCP_FIN,
	NF_CT_TCP_ACK,
	NF_CT_TCP_RST,
	NF_CT_TCP_EVENTS,
	NF_CT_TCP_BAD_FLAGS = NF_CT_TCP_EVENTS,	/* no segment looks like this */
};

/*
 * What the state table says of an event: the next state (a value of enum
 * tcp_conntrack, never TCP_CONNTRACK_NONE), or one of these.
 */
enum nf_ct_tcp_outcome {
	NF_CT_TCP_IGNORE = TCP_CONNTRACK_MAX,	/* let through, change nothing */
	NF_CT_TCP_INVALID,			/* not part of this connection */
	NF_CT_TCP_REOPEN,			/* a new connection on old ports */
};

/* The bits of a header's flags byte that tell what a segment asks for: FIN, SYN, RST,
 * ACK and URG, RFC 9293 3.1.
 */
#define NF_CT_TCP_TELLING	0x37

/* nf_ct_proto_tcp_state.c */
extern const u8 nf_ct_tcp_events[NF_CT_TCP_TELLING + 1];
extern const u8 nf_ct_tcp_outcomes[IP_CT_DIR_MAX][TCP_CONNTRACK_MAX][NF_CT_TCP_EVENTS];
bool nf_ct_tcp_is_closing(u8 state);

/**
 * nf_ct_tcp_event() - what the flags of a segment ask for
 * @flags: byte 13 of the TCP header
 *
 * Return: the event, NF_CT_TCP_BAD_FLAGS if no stack sends that combination
 */
static inline enum nf_ct_tcp_event nf_ct_tcp_event(u8 flags)
{
	u8 event = nf_ct_tcp_events[flags & NF_CT_TCP_TELLING];

	return event ? event - 1 : NF_CT_TCP_BAD_FLAGS;
}

/**
 * nf_ct_tcp_outcome() - where an event leads
 * @dir: side that sent the segment
 * @state: state of the connection, TCP_CONNTRACK_NONE for none yet
 * @event: what the segment asks for, not NF_CT_TCP_BAD_FLAGS
 *
 * Return: the next state or a value of enum nf_ct_tcp_outcome
 */
static inline u8 nf_ct_tcp_outcome(enum ip_conntrack_dir dir, u8 state,
				   enum nf_ct_tcp_event event)
{
	return nf_ct_tcp_outcomes[dir][state][event];
}

/**
 * struct nf_ct_tcp_segment - one segment, as the rules see it
 * @seq:	its first sequence number
 * @end:	the first one after it: SYN and FIN count as one each
 * @ack:	what it acknowledges, in the numbers that the other side sent
 *		(no longer those a NAT helper made of them)
 * @sack:	the highest edge it acknowledges, by @ack or a SACK block
 * @win:	window as it stands in the header, not scaled
 * @dir:	enum ip_conntrack_dir
 * @event:	enum nf_ct_tcp_event
 * @has_ack:	its ACK flag is set
 * @acks_nothing: @ack acknowledges nothing, it is just what stands there
 * @has_options: its header is longer than it must be
 * @wscale:	window scale of a SYN, if @options has
 *		IP_CT_TCP_FLAG_WINDOW_SCALE
 * @options:	IP_CT_TCP_FLAG_WINDOW_SCALE and _SACK_PERM of a SYN
 */
struct nf_ct_tcp_segment {
	u32	seq;
	u32	end;
	u32	ack;
	u32	sack;
	u16	win;
	u8	dir;
	u8	event;
	bool	has_ack;
	bool	acks_nothing;
	bool	has_options;
	u8	wscale;
	u8	options;
};

/* How a segment lies to the windows, in the order of the checks. */
enum nf_ct_tcp_fit {
	NF_CT_TCP_FITS,
	NF_CT_TCP_SEQ_AHEAD,	/* a little beyond the window: let through */
	NF_CT_TCP_SEQ_OLD,	/* long since acknowledged: let through */
	NF_CT_TCP_ACK_OLD,	/* acknowledges what long was: let through */
	NF_CT_TCP_LIBERAL,	/* anywhere, but nobody minds: let through */
	NF_CT_TCP_SEQ_FAR,	/* far beyond the window: invalid */
	NF_CT_TCP_ACK_FAR,	/* acknowledges what was never sent: invalid */
};

/* What a reset does. */
enum nf_ct_tcp_reset {
	NF_CT_TCP_RESET_CLOSES,		/* its receiver takes it */
	NF_CT_TCP_RESET_CHALLENGED,	/* its receiver asks back, RFC 5961 3.2 */
	NF_CT_TCP_RESET_STALE,		/* before the window: invalid */
};

/* Sequence numbers are compared modulo 2^32, RFC 9293 3.4. */
static inline bool nf_ct_tcp_after(u32 a, u32 b)
{
	return (s32)(b - a) < 0;
}

static inline bool nf_ct_tcp_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

void nf_ct_tcp_parse_syn(const u8 *opt, unsigned int len,
			 struct nf_ct_tcp_segment *seg);
u32 nf_ct_tcp_parse_sack(const u8 *opt, unsigned int len, u32 ack,
			 u32 offset);

enum nf_ct_tcp_fit nf_ct_tcp_window(struct ip_ct_tcp *tcp,
				    const struct nf_ct_tcp_segment *seg,
				    bool liberal, u32 *bound);
void nf_ct_tcp_count_retrans(struct ip_ct_tcp *tcp,
			     const struct nf_ct_tcp_segment *seg);
enum nf_ct_tcp_reset nf_ct_tcp_reset(const struct ip_ct_tcp *tcp,
				     const struct nf_ct_tcp_segment *seg,
				     bool assured, bool ignore_stale);

void nf_ct_tcp_remember(struct ip_ct_tcp *tcp,
			const struct nf_ct_tcp_segment *seg);
bool nf_ct_tcp_answers_syn(const struct ip_ct_tcp *tcp,
			   const struct nf_ct_tcp_segment *seg);
bool nf_ct_tcp_answers_ack(const struct ip_ct_tcp *tcp,
			   const struct nf_ct_tcp_segment *seg);
bool nf_ct_tcp_answers_challenge(const struct ip_ct_tcp *tcp,
				 const struct nf_ct_tcp_segment *seg);
void nf_ct_tcp_resync(struct ip_ct_tcp *tcp,
		      const struct nf_ct_tcp_segment *seg);

/**
 * nf_ct_tcp_is_challenge() - is a segment the challenge ACK that is awaited?
 * @tcp: the connection
 * @seg: a segment
 *
 * RFC 5961 4.2: who gets a SYN in the middle answers by an ACK of what it has.
 * That may lie anywhere: we may have lost track of a connection that is ending.
 *
 * Return: true if the segment just before was a SYN that was noted by
 *	nf_ct_tcp_remember() near the end of a connection, and this is the other
 *	side's ACK
 */
static inline bool nf_ct_tcp_is_challenge(const struct ip_ct_tcp *tcp,
					  const struct nf_ct_tcp_segment *seg)
{
	return tcp->state == TCP_CONNTRACK_LAST_ACK &&
	       tcp->last_flags & IP_CT_EXP_CHALLENGE_ACK &&
	       tcp->last_index == NF_CT_TCP_SYN &&
	       seg->event == NF_CT_TCP_ACK && tcp->last_dir != seg->dir;
}

#ifdef __KERNEL__
#ifndef __GENKSYMS__
#include <net/netlink.h>

#include "compat/compat.h"

struct net;
struct nf_conn;
struct nf_hook_state;
struct sk_buff;
struct tcphdr;

/* nf_ct_proto_tcp_segment.c */
const struct tcphdr *nf_ct_tcp_header(struct sk_buff *skb, unsigned int dataoff,
				      struct tcphdr *buf,
				      const struct nf_hook_state *state);
void nf_ct_tcp_read(const struct nf_conn *ct, const struct sk_buff *skb,
		    unsigned int dataoff, const struct tcphdr *th,
		    enum ip_conntrack_dir dir, struct nf_ct_tcp_segment *seg);

/* Bytes that nf_ct_tcp_to_nlattr() writes at most. */
#define NF_CT_TCP_NLATTR_SIZE						\
	(NLA_HDRLEN +							\
	 3 * NLA_ALIGN(NLA_HDRLEN + sizeof(u8)) +			\
	 2 * NLA_ALIGN(NLA_HDRLEN + sizeof(struct nf_ct_tcp_flags)))

/* nf_ct_proto_tcp_nlattr.c */
extern const struct nla_policy nf_ct_tcp_timeout_policy[];
int nf_ct_tcp_to_nlattr(struct sk_buff *skb, struct nlattr *nla,
			struct nf_conn *ct, bool destroy);
int nf_ct_tcp_from_nlattr(struct nlattr *tb[], struct nf_conn *ct);
int nf_ct_tcp_timeout_from_nlattr(struct nlattr *tb[], struct net *net,
				  void *data);
int nf_ct_tcp_timeout_to_nlattr(struct sk_buff *skb, const void *data);
#endif /* __GENKSYMS__ */
#endif /* __KERNEL__ */

#endif /* _NF_CT_TCP_H */
