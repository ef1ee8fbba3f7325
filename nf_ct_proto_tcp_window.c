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

#include "nf_ct_tcp.h"

/* van Rooij 3.4: an ACK may be this old, whatever the window. */
#define ACK_SLACK	66000u

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

/*
 * What is acknowledged at the other side's end. Without ACK: all of it, that
 * is in no window's way. SACK counts only if it was permitted (RFC 2018 2).
 */
static u32 ack_of(const struct ip_ct_tcp *tcp,
		  const struct nf_ct_tcp_segment *seg)
{
	return seg->acks_nothing ? tcp->seen[!seg->dir].td_end : seg->ack;
}

static u32 sack_of(const struct ip_ct_tcp *tcp,
		   const struct nf_ct_tcp_segment *seg)
{
	if (!seg->acks_nothing &&
	    tcp->seen[!seg->dir].flags & IP_CT_TCP_FLAG_SACK_PERM)
		return seg->sack;

	return ack_of(tcp, seg);
}

/*
 * A SYN or SYN/ACK that begins what its side sends: the first of it, or one
 * that takes the place of another that had no answer. Without any option it
 * leaves those of the other.
 */
static void open(struct ip_ct_tcp *tcp, const struct nf_ct_tcp_segment *seg)
{
	struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];

	sender->td_end = seg->end;
	sender->td_maxend = seg->end;
	sender->td_maxwin = max_t(u32, seg->win, 1);
	if (seg->has_options) {
		sender->td_scale = seg->wscale;
		sender->flags &= IP_CT_TCP_FLAG_BE_LIBERAL;
		sender->flags |= seg->options;
	}

	if (seg->dir == IP_CT_DIR_REPLY)
		settle_scaling(tcp);
}

/*
 * The first we see of a side, and no SYN. How far it may send is not known: by
 * one window more, as large as its own.
 */
static void meet(struct ip_ct_tcp *tcp, const struct nf_ct_tcp_segment *seg)
{
	const u8 stale = IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED |
			 IP_CT_TCP_FLAG_MAXACK_SET;
	struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];
	struct ip_ct_tcp_state *receiver = &tcp->seen[!seg->dir];
	u32 win = max_t(u32, window_of(tcp, seg), 1);

	sender->td_end = seg->end;
	sender->td_maxend = seg->end + win;
	sender->td_maxwin = win;

	if (receiver->td_maxwin) {
		/* One octet may have gone unseen: a FIN. */
		if ((seg->acks_nothing ? seg->ack : sack_of(tcp, seg)) ==
		    receiver->td_end + 1)
			receiver->td_end++;
		return;
	}
	if (tcp->state == TCP_CONNTRACK_NONE)
		return;

	/*
	 * Windows of 0 on both sides are what a flow table or an entry made by
	 * hand leaves: start from here. What it acknowledges was sent, and
	 * without knowing the other's window we let it have what is possible
	 * without scaling.
	 */
	sender->td_maxend = seg->end + max(win, ACK_SLACK);
	sender->flags &= ~stale;
	receiver->td_end = ack_of(tcp, seg);
	receiver->td_maxend = receiver->td_end + win;
	receiver->flags &= ~stale;
}

/*
 * Does a SYN or SYN/ACK begin what its side sends? Before the handshake one
 * with a higher number takes the place of another, and so does one that is too
 * low to be the same again: RFC 6528 has it begin anywhere.
 */
static bool opens(const struct ip_ct_tcp *tcp,
		  const struct nf_ct_tcp_segment *seg)
{
	const struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];

	if (seg->event != NF_CT_TCP_SYN && seg->event != NF_CT_TCP_SYNACK)
		return false;

	if (!sender->td_maxwin)
		return true;

	switch (tcp->state) {
	case TCP_CONNTRACK_SYN_SENT:
		if (nf_ct_tcp_before(seg->end, sender->td_end - ACK_SLACK))
			return true;
		fallthrough;
	case TCP_CONNTRACK_SYN_RECV:
		return nf_ct_tcp_after(seg->end, sender->td_end);
	default:
		return false;
	}
}

/* van Rooij 3.1 to 3.4. *bound is the number that @seg fell short of. */
static enum nf_ct_tcp_fit place(const struct ip_ct_tcp *tcp,
				const struct nf_ct_tcp_segment *seg, u32 *bound)
{
	const struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];
	const struct ip_ct_tcp_state *receiver = &tcp->seen[!seg->dir];
	bool ahead = nf_ct_tcp_after(seg->seq, sender->td_maxend);
	u32 sack = sack_of(tcp, seg);

	/*
	 * We may have missed the ACK that opened the window; one more window
	 * is all that it can have been.
	 */
	*bound = sender->td_maxend + 1;
	if (ahead && seg->end - sender->td_maxend >= receiver->td_maxwin)
		return NF_CT_TCP_SEQ_FAR;

	if (nf_ct_tcp_after(sack, receiver->td_end)) {
		if (ahead)
			return NF_CT_TCP_SEQ_FAR;
		*bound = receiver->td_end + 1;
		return NF_CT_TCP_ACK_FAR;
	}

	/*
	 * A side that we have not seen has no window to lie behind. But who
	 * knows the ports and nothing else must not reset a SYN.
	 */
	*bound = sender->td_end - max(receiver->td_maxwin, 1u) - 1;
	if (!nf_ct_tcp_after(seg->end, *bound) &&
	    (receiver->td_maxwin || (seg->event == NF_CT_TCP_RST &&
				     tcp->state == TCP_CONNTRACK_SYN_SENT)))
		return ahead ? NF_CT_TCP_SEQ_FAR : NF_CT_TCP_SEQ_OLD;

	*bound = receiver->td_end - max(sender->td_maxwin, ACK_SLACK) - 1;
	if (!nf_ct_tcp_after(sack, *bound)) {
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

static void move_end(struct ip_ct_tcp_state *sender, u32 end)
{
	sender->td_end = end;
	sender->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
}

/* Move the windows by a segment that is in its place. Writes what changes. */
static void move(struct ip_ct_tcp *tcp, const struct nf_ct_tcp_segment *seg)
{
	struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir];
	struct ip_ct_tcp_state *receiver = &tcp->seen[!seg->dir];
	u32 ack = ack_of(tcp, seg);
	u32 sack = sack_of(tcp, seg);
	u32 win = window_of(tcp, seg);

	/* What came out of order, RFC 2018, lies in the window too. */
	if (win + (sack - ack) > sender->td_maxwin)
		sender->td_maxwin = win + (sack - ack);

	/* Who begins inside knows of a window that is larger by so much. */
	if (unlikely(nf_ct_tcp_after(seg->end, sender->td_maxend)) &&
	    receiver->td_maxwin)
		receiver->td_maxwin += seg->end - sender->td_maxend;

	if (nf_ct_tcp_after(seg->end, sender->td_end))
		move_end(sender, seg->end);

	if (seg->has_ack) {
		if (!(sender->flags & IP_CT_TCP_FLAG_MAXACK_SET)) {
			sender->td_maxack = ack;
			sender->flags |= IP_CT_TCP_FLAG_MAXACK_SET;
		} else if (nf_ct_tcp_after(ack, sender->td_maxack)) {
			sender->td_maxack = ack;
		}
	}

	/* A closed window lets one octet through, the probe (RFC 9293 3.8.6.1). */
	win = sack + max(win, 1u);
	if (nf_ct_tcp_after(win, receiver->td_maxend))
		receiver->td_maxend = win;

	if (ack == receiver->td_end &&
	    receiver->flags & IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED)
		receiver->flags &= ~IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
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
	enum nf_ct_tcp_fit how;

	if (unlikely(opens(tcp, seg))) {
		open(tcp, seg);
		/* A SYN that crosses another says nothing of that. */
		if (seg->event == NF_CT_TCP_SYN &&
		    seg->dir == IP_CT_DIR_REPLY)
			return NF_CT_TCP_FITS;
	} else if (unlikely(!tcp->seen[seg->dir].td_maxwin)) {
		meet(tcp, seg);
	}

	how = place(tcp, seg, bound);
	if (likely(how == NF_CT_TCP_FITS))
		move(tcp, seg);
	else if (how == NF_CT_TCP_SEQ_AHEAD)
		move_end(&tcp->seen[seg->dir], seg->end);

	return how != NF_CT_TCP_FITS && liberal ? NF_CT_TCP_LIBERAL : how;
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
	if (tcp->last_dir == seg->dir &&
	    tcp->last_seq == seg->seq && tcp->last_ack == seg->ack &&
	    tcp->last_end == seg->end && tcp->last_win == seg->win) {
		if (tcp->retrans < U8_MAX)
			tcp->retrans++;
		return;
	}

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
 * @assured: the entry is assured: there is a connection to guard
 * @ignore_stale: treat one from before the window as one inside
 *
 * RFC 5961 3.2: only one at exactly the number expected next closes at once.
 * What is expected we know from the acknowledgments, and from the sender's
 * segment just before.
 *
 * Return: what it does, as far as its sequence number tells
 */
enum nf_ct_tcp_reset nf_ct_tcp_reset(const struct ip_ct_tcp *tcp,
				     const struct nf_ct_tcp_segment *seg,
				     bool assured, bool ignore_stale)
{
	const struct ip_ct_tcp_state *receiver = &tcp->seen[!seg->dir];

	/* RFC 9293 3.10.7.3: a SYN is reset by what acknowledges it. */
	if (tcp->state == TCP_CONNTRACK_SYN_SENT &&
	    seg->dir == IP_CT_DIR_REPLY && seg->acks_nothing)
		return NF_CT_TCP_RESET_STALE;

	/* What a SYN in the middle means only the ends know. */
	if (!(receiver->flags & IP_CT_TCP_FLAG_MAXACK_SET) ||
	    seg->seq == receiver->td_maxack ||
	    (tcp->last_index == NF_CT_TCP_SYN && tcp->last_dir != seg->dir))
		return NF_CT_TCP_RESET_CLOSES;

	/* What the flow table has passed we have not seen; it leaves no window. */
	if (nf_ct_tcp_before(seg->seq, receiver->td_maxack) && !ignore_stale &&
	    receiver->td_maxwin)
		return NF_CT_TCP_RESET_STALE;

	if (!assured || tcp->state != TCP_CONNTRACK_ESTABLISHED ||
	    (tcp->last_index == NF_CT_TCP_ACK && tcp->last_dir == seg->dir &&
	     tcp->last_end == seg->seq))
		return NF_CT_TCP_RESET_CLOSES;

	return NF_CT_TCP_RESET_CHALLENGED;
}

/**
 * nf_ct_tcp_remember() - note a segment that only the answer explains
 * @tcp: the connection
 * @seg: a SYN or SYN/ACK in the middle of a connection, or an ACK that answers
 *	the first SYN
 *
 * It is remembered until the next segment that moves the connection. What
 * nf_ct_tcp_answers_challenge() asks for is kept of the ACK alone.
 */
void nf_ct_tcp_remember(struct ip_ct_tcp *tcp,
			const struct nf_ct_tcp_segment *seg)
{
	tcp->last_index = seg->event;
	tcp->last_dir = seg->dir;
	tcp->last_seq = seg->seq;
	tcp->last_end = seg->end;
	tcp->last_win = seg->win;

	if (seg->event == NF_CT_TCP_SYN) {
		tcp->last_wscale = seg->wscale;
		tcp->last_flags = seg->options;
		if (tcp->state == TCP_CONNTRACK_LAST_ACK)
			tcp->last_flags |= IP_CT_EXP_CHALLENGE_ACK;
	} else if (seg->event == NF_CT_TCP_ACK &&
		   tcp->state == TCP_CONNTRACK_SYN_SENT) {
		tcp->last_ack = seg->ack;
	}
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
	       seg->ack && seg->ack == tcp->last_end;
}

/**
 * nf_ct_tcp_answers_ack() - does a reset acknowledge the ACK remembered?
 * @tcp: the connection
 * @seg: a reset
 *
 * An ACK to a connection that its receiver does not know is answered by a
 * reset, RFC 9293 3.10.7.1. It tells only as long as we know of no ACK that
 * says more.
 *
 * Return: true if the segment just before was the other side's ACK, and this names
 *	its end
 */
bool nf_ct_tcp_answers_ack(const struct ip_ct_tcp *tcp,
			   const struct nf_ct_tcp_segment *seg)
{
	return tcp->last_index == NF_CT_TCP_ACK &&
	       tcp->last_dir != seg->dir && seg->ack == tcp->last_end &&
	       !(tcp->seen[!seg->dir].flags & IP_CT_TCP_FLAG_MAXACK_SET);
}

/**
 * nf_ct_tcp_answers_challenge() - does a reset answer the challenge ACK?
 * @tcp: the connection
 * @seg: a reset
 *
 * RFC 9293 3.10.7.3: a SYN was answered by an ACK of something else, and the
 * client resets what the server holds there.
 *
 * Return: true if the first SYN was answered by the other side's ACK, and the reset
 *	has the number that it asks for
 */
bool nf_ct_tcp_answers_challenge(const struct ip_ct_tcp *tcp,
				 const struct nf_ct_tcp_segment *seg)
{
	return tcp->state == TCP_CONNTRACK_SYN_SENT &&
	       tcp->last_index == NF_CT_TCP_ACK &&
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
	struct ip_ct_tcp_state *server = &tcp->seen[seg->dir];

	tcp->last_flags &= ~IP_CT_EXP_CHALLENGE_ACK;

	client->td_end = tcp->last_end;
	client->td_maxend = tcp->last_end;
	client->td_maxwin = max_t(u32, tcp->last_win, 1);
	client->td_scale = tcp->last_wscale;
	client->flags = tcp->last_flags & (IP_CT_TCP_FLAG_WINDOW_SCALE |
					   IP_CT_TCP_FLAG_SACK_PERM);

	server->td_maxwin = 0;
	server->td_scale = 0;
	server->flags &= IP_CT_TCP_FLAG_BE_LIBERAL;
}
