// SPDX-License-Identifier: GPL-2.0
/*
 * Which sequence numbers a TCP connection may use, as somebody on the way can
 * know it: the window rules of van Rooij, "Real Stateful TCP Packet Filtering
 * in IP Filter" (sections 3 and 4), with window scaling (RFC 7323 2), SACK
 * (RFC 2018) and the rules for resets (RFC 5961 3.2). Pure: takes no lock,
 * touches nothing but the struct ip_ct_tcp it is given.
 *
 * Of each side we keep
 *   td_end	how far it has sent
 *   td_maxend	how far it may send: the right edge of the other's window
 *   td_maxwin	the largest window it has offered; 0: nothing seen of it yet
 *   td_maxack	how far it has acknowledged
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "nf_ct_tcp.h"

/* van Rooij 3.4: an ACK may be this old, whatever the window. */
#define ACK_SLACK	66000u

/* RFC 7323 2.3 */
#define WINDOW_MAX	(65535u << NF_CT_TCP_WSCALE_MAX)

/* Scaling holds only if both sides offer it, RFC 7323 2.2. */
static void settle_scaling(struct ip_ct_tcp *tcp)
{
	struct ip_ct_tcp_state *seen = tcp->seen;

	if (!(seen[0].flags & seen[1].flags & IP_CT_TCP_FLAG_WINDOW_SCALE)) {
		seen[0].td_scale = 0;
		seen[1].td_scale = 0;
	}
}

/* The window of a SYN is never scaled, RFC 7323 2.2. */
static u32 window_of(const struct ip_ct_tcp *tcp,
		     const struct nf_ct_tcp_segment *seg)
{
	if (seg->event == NF_CT_TCP_SYN || seg->event == NF_CT_TCP_SYNACK)
		return seg->win;

	return (u32)seg->win << tcp->seen[seg->dir].td_scale;
}

/**
 * nf_ct_tcp_open() - a side's SYN or SYN/ACK is the first thing seen of it
 * @tcp: the connection
 * @seg: the SYN; parsed by nf_ct_tcp_parse_syn()
 *
 * Also for a SYN that takes the place of one that had no answer.
 */
void nf_ct_tcp_open(struct ip_ct_tcp *tcp, const struct nf_ct_tcp_segment *seg)
{
	const u8 offered = IP_CT_TCP_FLAG_WINDOW_SCALE |
			   IP_CT_TCP_FLAG_SACK_PERM;
	struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];

	sender->td_end = seg->end;
	sender->td_maxend = seg->end;
	sender->td_maxwin = max_t(u32, seg->win, 1);
	sender->td_scale = seg->wscale;
	sender->flags = (sender->flags & ~offered) | seg->options;

	if (tcp->seen[!seg->dir].td_maxwin)
		settle_scaling(tcp);
}

/**
 * nf_ct_tcp_pick_up() - start from the middle of a connection
 * @tcp: the connection, of whose windows nothing is known or believed
 * @seg: a segment of it, not a SYN
 *
 * What the SYNs offered is not known: SACK may well be in use.
 */
void nf_ct_tcp_pick_up(struct ip_ct_tcp *tcp,
		       const struct nf_ct_tcp_segment *seg)
{
	const u8 stale = IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED |
			 IP_CT_TCP_FLAG_MAXACK_SET;
	struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];
	struct ip_ct_tcp_state *receiver = &tcp->seen[!seg->dir];
	u32 win = max_t(u32, window_of(tcp, seg), 1);

	/* How far it may send is not known: as far as without scaling. */
	sender->td_end = seg->end;
	sender->td_maxend = seg->end + ACK_SLACK;
	sender->td_maxwin = win;
	sender->flags &= ~stale;

	receiver->td_end = seg->ack;
	receiver->td_maxend = seg->ack + win;
	receiver->td_maxwin = 0;
	receiver->flags &= ~stale;
}

/*
 * The first we see of a side. Windows of 0 on both sides are what a flow table
 * or an entry made by hand leaves: start from here then.
 */
static void meet(struct ip_ct_tcp *tcp, const struct nf_ct_tcp_segment *seg)
{
	struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];

	if (seg->event == NF_CT_TCP_SYN || seg->event == NF_CT_TCP_SYNACK) {
		nf_ct_tcp_open(tcp, seg);
		return;
	}

	if (!tcp->seen[!seg->dir].td_maxwin) {
		nf_ct_tcp_pick_up(tcp, seg);
		return;
	}

	/* What the other side acknowledged was sent, and so was this. */
	sender->td_maxwin = max_t(u32, window_of(tcp, seg), 1);
	if (!sender->td_maxend || nf_ct_tcp_after(seg->end, sender->td_end))
		sender->td_end = seg->end;
	if (!sender->td_maxend || nf_ct_tcp_after(seg->end, sender->td_maxend))
		sender->td_maxend = seg->end;
}

/* van Rooij 3.1 to 3.4. *bound is the number that @seg fell short of. */
static enum nf_ct_tcp_fit place(const struct ip_ct_tcp_state *sender,
				const struct ip_ct_tcp_state *receiver,
				const struct nf_ct_tcp_segment *seg, u32 *bound)
{
	bool ahead = nf_ct_tcp_after(seg->seq, sender->td_maxend);

	/*
	 * We may have missed the ACK that opened the window; one more window
	 * is all that it can have been.
	 */
	*bound = sender->td_maxend + 1;
	if (ahead && seg->end - sender->td_maxend >= receiver->td_maxwin)
		return NF_CT_TCP_SEQ_FAR;

	/* An ACK to a side that has said nothing yet has nothing to refer to. */
	if (seg->has_ack && (nf_ct_tcp_after(seg->sack, receiver->td_end) ||
			     (!receiver->td_maxwin && !receiver->td_maxend))) {
		if (ahead)
			return NF_CT_TCP_SEQ_FAR;
		*bound = receiver->td_end + 1;
		return NF_CT_TCP_ACK_FAR;
	}

	*bound = sender->td_end - max(receiver->td_maxwin, 1u) - 1;
	if (!nf_ct_tcp_after(seg->end, *bound))
		return NF_CT_TCP_SEQ_OLD;

	*bound = receiver->td_end - max(sender->td_maxwin, ACK_SLACK) - 1;
	if (seg->has_ack && !nf_ct_tcp_after(seg->sack, *bound)) {
		if (!ahead)
			return NF_CT_TCP_ACK_OLD;
		*bound = sender->td_maxend + 1;
		return NF_CT_TCP_SEQ_FAR;
	}

	if (likely(!ahead))
		return NF_CT_TCP_FITS;

	*bound = seg->end - sender->td_maxend + 1;
	return NF_CT_TCP_SEQ_AHEAD;
}

/* Move the windows by a segment that is in its place. Writes what changes. */
static void move(struct ip_ct_tcp *tcp, const struct nf_ct_tcp_segment *seg)
{
	struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];
	struct ip_ct_tcp_state *receiver = &tcp->seen[!seg->dir];
	u32 win = window_of(tcp, seg);

	if (win > sender->td_maxwin)
		sender->td_maxwin = win;

	/* Who begins inside knows of a window that is larger by so much. */
	if (unlikely(nf_ct_tcp_after(seg->end, sender->td_maxend)) &&
	    !nf_ct_tcp_after(seg->seq, sender->td_maxend))
		receiver->td_maxwin = min(receiver->td_maxwin + seg->end -
					  sender->td_maxend, WINDOW_MAX);

	if (nf_ct_tcp_after(seg->end, sender->td_end)) {
		sender->td_end = seg->end;
		sender->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
	}

	if (!seg->has_ack)
		return;

	if (!(sender->flags & IP_CT_TCP_FLAG_MAXACK_SET)) {
		sender->td_maxack = seg->ack;
		sender->flags |= IP_CT_TCP_FLAG_MAXACK_SET;
	} else if (nf_ct_tcp_after(seg->ack, sender->td_maxack)) {
		sender->td_maxack = seg->ack;
	}

	/* A closed window lets one octet through, the probe (RFC 9293 3.8.6.1). */
	win = seg->ack + max(win, 1u);
	if (nf_ct_tcp_after(win, receiver->td_maxend))
		receiver->td_maxend = win;

	if (seg->ack == receiver->td_end &&
	    receiver->flags & IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED)
		receiver->flags &= ~IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
}

/* Check and move. Liberal forgives a segment its place. */
static enum nf_ct_tcp_fit fit(struct ip_ct_tcp *tcp,
			      const struct nf_ct_tcp_segment *seg,
			      bool liberal, u32 *bound)
{
	enum nf_ct_tcp_fit how;

	how = place(&tcp->seen[seg->dir], &tcp->seen[!seg->dir], seg, bound);
	if (likely(how <= NF_CT_TCP_SEQ_AHEAD))
		move(tcp, seg);

	return how != NF_CT_TCP_FITS && liberal ? NF_CT_TCP_LIBERAL : how;
}

/* The first of a side: if it does not fit it has taught us nothing. */
static enum nf_ct_tcp_fit fit_first(struct ip_ct_tcp *tcp,
				    const struct nf_ct_tcp_segment *seg,
				    bool liberal, u32 *bound)
{
	struct ip_ct_tcp_state seen[IP_CT_DIR_MAX];
	enum nf_ct_tcp_fit how;

	memcpy(seen, tcp->seen, sizeof(seen));
	meet(tcp, seg);
	how = fit(tcp, seg, liberal, bound);
	if (how != NF_CT_TCP_FITS && how != NF_CT_TCP_LIBERAL)
		memcpy(tcp->seen, seen, sizeof(seen));

	return how;
}

/**
 * nf_ct_tcp_window() - does a segment lie where its sender may send?
 * @tcp: the connection
 * @seg: the segment
 * @liberal: let it through wherever it lies
 * @bound: takes the number that it fell short of, or for NF_CT_TCP_SEQ_AHEAD
 *	by how much
 *
 * Moves the windows if the segment belongs there.
 *
 * Return: where it lies
 */
enum nf_ct_tcp_fit nf_ct_tcp_window(struct ip_ct_tcp *tcp,
				    const struct nf_ct_tcp_segment *seg,
				    bool liberal, u32 *bound)
{
	const struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];

	if (unlikely(!sender->td_maxwin))
		return fit_first(tcp, seg, liberal, bound);

	if (unlikely(seg->event == NF_CT_TCP_SYN &&
		     tcp->state == TCP_CONNTRACK_SYN_SENT)) {
		/* Tried again, maybe from another number: RFC 6528. */
		if (nf_ct_tcp_after(seg->end, sender->td_end) ||
		    nf_ct_tcp_before(seg->end, sender->td_end - ACK_SLACK))
			nf_ct_tcp_open(tcp, seg);
		return NF_CT_TCP_FITS;
	}

	return fit(tcp, seg, liberal, bound);
}

/**
 * nf_ct_tcp_count_retrans() - is a segment the last one once more?
 * @tcp: the connection; its @retrans counts, and starts anew if it is not
 * @seg: a segment with data or a pure ACK
 *
 * What is sent again and again is not answered.
 */
void nf_ct_tcp_count_retrans(struct ip_ct_tcp *tcp,
			     const struct nf_ct_tcp_segment *seg)
{
	if (tcp->last_index == seg->event && tcp->last_dir == seg->dir &&
	    tcp->last_seq == seg->seq && tcp->last_ack == seg->ack &&
	    tcp->last_end == seg->end && tcp->last_win == seg->win) {
		if (tcp->retrans < U8_MAX)
			tcp->retrans++;
		return;
	}

	tcp->last_index = seg->event;
	tcp->last_dir = seg->dir;
	tcp->last_seq = seg->seq;
	tcp->last_ack = seg->ack;
	tcp->last_end = seg->end;
	tcp->last_win = seg->win;
	tcp->retrans = 0;
}

/**
 * nf_ct_tcp_reset() - will the receiver of a reset take it?
 * @tcp: the connection
 * @seg: the reset
 *
 * RFC 5961 3.2: only one at exactly the number expected next closes at once.
 * What is expected we know from the acknowledgments, and from how far the sender
 * has sent.
 *
 * Return: what it does, as far as its sequence number tells
 */
enum nf_ct_tcp_reset nf_ct_tcp_reset(const struct ip_ct_tcp *tcp,
				     const struct nf_ct_tcp_segment *seg)
{
	const struct ip_ct_tcp_state *receiver = &tcp->seen[!seg->dir];

	if (!(receiver->flags & IP_CT_TCP_FLAG_MAXACK_SET) ||
	    seg->seq == receiver->td_maxack)
		return NF_CT_TCP_RESET_CLOSES;

	if (nf_ct_tcp_before(seg->seq, receiver->td_maxack))
		return NF_CT_TCP_RESET_STALE;

	if (tcp->state != TCP_CONNTRACK_ESTABLISHED ||
	    seg->seq == tcp->seen[seg->dir].td_end)
		return NF_CT_TCP_RESET_CLOSES;

	return NF_CT_TCP_RESET_CHALLENGED;
}

/**
 * nf_ct_tcp_remember() - note a segment that only the answer explains
 * @tcp: the connection
 * @seg: a SYN in the middle of a connection, a challenge ACK, a reset, a FIN
 *
 * It is remembered until the next segment that moves the connection.
 */
void nf_ct_tcp_remember(struct ip_ct_tcp *tcp,
			const struct nf_ct_tcp_segment *seg)
{
	tcp->last_index = seg->event;
	tcp->last_dir = seg->dir;
	tcp->last_seq = seg->seq;
	tcp->last_ack = seg->ack;
	tcp->last_end = seg->end;
	tcp->last_win = seg->win;
	tcp->last_wscale = seg->wscale;
	tcp->last_flags = (tcp->last_flags & IP_CT_TCP_SIMULTANEOUS_OPEN) |
			  seg->options;
}

/**
 * nf_ct_tcp_answers_syn() - does a segment acknowledge the SYN remembered?
 * @tcp: the connection
 * @seg: a SYN/ACK, or a reset
 *
 * Return: true if the segment just before was a SYN in the middle of the
 *	connection, and this is the other side's answer to it
 */
bool nf_ct_tcp_answers_syn(const struct ip_ct_tcp *tcp,
			   const struct nf_ct_tcp_segment *seg)
{
	return tcp->last_index == NF_CT_TCP_SYN && tcp->last_dir != seg->dir &&
	       seg->has_ack && seg->ack == tcp->last_end;
}

/**
 * nf_ct_tcp_answers_challenge() - does a reset answer the challenge ACK?
 * @tcp: the connection
 * @seg: a reset
 *
 * RFC 9293 3.10.7.3: a SYN was answered by an ACK of something else, and the
 * client resets what the server holds there.
 *
 * Return: true if a challenge ACK was noted by nf_ct_tcp_remember(), and the
 *	reset has the number that it asks for
 */
bool nf_ct_tcp_answers_challenge(const struct ip_ct_tcp *tcp,
				 const struct nf_ct_tcp_segment *seg)
{
	return tcp->last_flags & IP_CT_EXP_CHALLENGE_ACK &&
	       tcp->last_dir != seg->dir && tcp->last_ack == seg->seq;
}

/**
 * nf_ct_tcp_resync() - a SYN was answered where we thought otherwise
 * @tcp: the connection, the SYN remembered
 * @seg: the SYN/ACK, for which nf_ct_tcp_answers_syn() is true
 *
 * The ends know better: take the windows of the SYN, and make ready for those
 * of the SYN/ACK.
 */
void nf_ct_tcp_resync(struct ip_ct_tcp *tcp,
		      const struct nf_ct_tcp_segment *seg)
{
	struct ip_ct_tcp_state *client = &tcp->seen[!seg->dir];

	const u8 liberal = IP_CT_TCP_FLAG_BE_LIBERAL;
	u8 server_flags = tcp->seen[seg->dir].flags & liberal;
	u8 client_flags = client->flags & liberal;

	memset(tcp->seen, 0, sizeof(tcp->seen));
	tcp->seen[seg->dir].flags = server_flags;
	client->td_end = tcp->last_end;
	client->td_maxend = tcp->last_end;
	client->td_maxwin = max_t(u32, tcp->last_win, 1);
	client->td_scale = tcp->last_wscale;
	client->flags = client_flags |
			(tcp->last_flags & (IP_CT_TCP_FLAG_WINDOW_SCALE |
					    IP_CT_TCP_FLAG_SACK_PERM));
}
