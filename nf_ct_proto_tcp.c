// SPDX-License-Identifier: GPL-2.0
/*
 * TCP: from a packet to a verdict. Asks the state table and the window rules
 * what the segment means, and tells the entry.
 *
 * Takes ct->lock for what is in ct->proto.tcp; everything else happens outside
 * of it. Runs under RCU, in softirq or process context.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/seq_file.h>
#include <linux/tcp.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"
#include "nf_ct_tcp.h"

static const unsigned int default_timeouts[TCP_CONNTRACK_TIMEOUT_MAX] = {
	[TCP_CONNTRACK_SYN_SENT]	= 120 * HZ,
	[TCP_CONNTRACK_SYN_RECV]	= 60 * HZ,
	[TCP_CONNTRACK_ESTABLISHED]	= 5 * NF_CT_DAY,	/* RFC 5382 REQ-5: over 2 h */
	[TCP_CONNTRACK_FIN_WAIT]	= 120 * HZ,
	[TCP_CONNTRACK_CLOSE_WAIT]	= 60 * HZ,
	[TCP_CONNTRACK_LAST_ACK]	= 30 * HZ,
	[TCP_CONNTRACK_TIME_WAIT]	= 120 * HZ,
	[TCP_CONNTRACK_CLOSE]		= 10 * HZ,
	[TCP_CONNTRACK_SYN_SENT2]	= 120 * HZ,
	[TCP_CONNTRACK_RETRANS]		= 300 * HZ,
	[TCP_CONNTRACK_UNACK]		= 300 * HZ,
};

static const char * const state_names[TCP_CONNTRACK_MAX] = {
	[TCP_CONNTRACK_NONE]		= "NONE",
	[TCP_CONNTRACK_SYN_SENT]	= "SYN_SENT",
	[TCP_CONNTRACK_SYN_RECV]	= "SYN_RECV",
	[TCP_CONNTRACK_ESTABLISHED]	= "ESTABLISHED",
	[TCP_CONNTRACK_FIN_WAIT]	= "FIN_WAIT",
	[TCP_CONNTRACK_CLOSE_WAIT]	= "CLOSE_WAIT",
	[TCP_CONNTRACK_LAST_ACK]	= "LAST_ACK",
	[TCP_CONNTRACK_TIME_WAIT]	= "TIME_WAIT",
	[TCP_CONNTRACK_CLOSE]		= "CLOSE",
	[TCP_CONNTRACK_SYN_SENT2]	= "SYN_SENT2",
};

/* What becomes of a packet. */
enum fate {
	FATE_MOVE,	/* it is the connection's: refresh the entry */
	FATE_PASS,	/* let it through, the entry stays as it is */
	FATE_INVALID,
	FATE_REOPEN,	/* the entry is of a connection that is over */
};

/* Why a packet did not move the connection, for the log. */
enum why {
	WHY_STATE,	/* the state table said so */
	WHY_WINDOW,	/* see @fit of struct step */
	WHY_RESET,	/* a reset from before the window */
	WHY_QUIET,	/* nothing to say */
};

/**
 * struct step - what one segment does to a connection
 * @fate:	what becomes of the packet
 * @why:	why so
 * @fit:	where it lies to the windows
 * @bound:	number that goes with @fit
 * @old:	state before
 * @new:	state after
 * @lowered:	the timeout was lowered though the packet is invalid
 * @timeout:	of the entry from now on, jiffies; of FATE_MOVE only
 */
struct step {
	enum fate		fate;
	enum why		why;
	enum nf_ct_tcp_fit	fit;
	u32			bound;
	u8			old;
	u8			new;
	bool			lowered;
	unsigned int		timeout;
};

static const unsigned int *timeouts_of(const struct nf_conn *ct)
{
	return nf_ct_timeouts_of(ct, nf_tcp_pernet(nf_ct_net(ct))->timeouts);
}

/*
 * A connection that is older than we are (or whose entry went away). Its
 * window scale is not known: nothing that it sends can be said to be outside.
 * What the SYNs offered is not known either: SACK may well be in use.
 */
static void pick_up(struct ip_ct_tcp *tcp)
{
	const u8 assume = IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_BE_LIBERAL;
	int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		tcp->seen[dir].flags |= assume;
}

/*
 * SYN on the ports of a connection that is over. After FINs it begins a new
 * one (RFC 9293 3.6.1); after a reset only if it comes from who sent that: the
 * other side may not have received it yet.
 */
static bool may_reopen(const struct ip_ct_tcp *tcp,
		       const struct nf_ct_tcp_segment *seg)
{
	return tcp->state == TCP_CONNTRACK_TIME_WAIT ||
	       (tcp->seen[0].flags | tcp->seen[1].flags) &
	       IP_CT_TCP_FLAG_CLOSE_INIT ||
	       (tcp->last_index == NF_CT_TCP_RST && tcp->last_dir == seg->dir);
}

/*
 * A segment that the table tells to ignore. What it was we note: the answer
 * to it tells what the ends think. True if it is itself such an answer.
 */
static bool ignored(struct ip_ct_tcp *tcp, const struct nf_ct_tcp_segment *seg)
{
	if (seg->event == NF_CT_TCP_SYNACK && nf_ct_tcp_answers_syn(tcp, seg)) {
		nf_ct_tcp_resync(tcp, seg);
		return true;
	}

	nf_ct_tcp_remember(tcp, seg);
	return false;
}

static bool is_assured(const struct nf_conn *ct)
{
	return test_bit(IPS_ASSURED_BIT, &ct->status);
}

static bool is_opening(u8 state)
{
	return state == TCP_CONNTRACK_SYN_SENT ||
	       state == TCP_CONNTRACK_SYN_SENT2 ||
	       state == TCP_CONNTRACK_SYN_RECV;
}

/*
 * Resets that need not lie in a window: those that answer a SYN or a challenge
 * ACK, which were not in it either; those that answer an ACK where there may be
 * no connection; and those to one that is closing: it has little to lose, and
 * its ends may have forgotten where they were.
 */
static bool reset_anyway(const struct nf_conn *ct,
			 const struct nf_ct_tcp_segment *seg)
{
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;

	if (!is_opening(tcp->state) && tcp->state != TCP_CONNTRACK_ESTABLISHED)
		return true;

	return nf_ct_tcp_answers_syn(tcp, seg) ||
	       nf_ct_tcp_answers_challenge(tcp, seg) ||
	       (!is_assured(ct) && nf_ct_tcp_answers_ack(tcp, seg));
}

/*
 * The timeout of the state, unless something tells that the connection may be
 * dead: then the one for that, if it is shorter. The first that applies counts.
 */
static unsigned int choose_timeout(const struct ip_ct_tcp *tcp, u8 state,
				   bool challenged,
				   const unsigned int *timeouts,
				   const struct nf_tcp_net *tn)
{
	unsigned int timeout = timeouts[state];

	if (tcp->retrans >= tn->tcp_max_retrans &&
	    timeout > timeouts[TCP_CONNTRACK_RETRANS])
		return timeouts[TCP_CONNTRACK_RETRANS];

	/* A challenged reset is not acknowledged either. */
	if ((challenged || (tcp->seen[0].flags | tcp->seen[1].flags) &
			   IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED) &&
	    timeout > timeouts[TCP_CONNTRACK_UNACK])
		return timeouts[TCP_CONNTRACK_UNACK];

	/* A closed window, or none seen yet beyond the SYNs. */
	if (!tcp->last_win && timeout > timeouts[TCP_CONNTRACK_RETRANS])
		return timeouts[TCP_CONNTRACK_RETRANS];

	return timeout;
}

/*
 * A FIN or a reset outside of the window, right after one from the other side
 * that was outside too: we have lost track, and the connection is ending.
 */
static bool ending_unseen(struct nf_conn *ct,
			  const struct nf_ct_tcp_segment *seg)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	bool again;

	if ((seg->event != NF_CT_TCP_RST && seg->event != NF_CT_TCP_FIN) ||
	    !is_assured(ct))
		return false;

	again = tcp->last_dir != seg->dir &&
		(tcp->last_index == NF_CT_TCP_RST ||
		 tcp->last_index == NF_CT_TCP_FIN);
	if (!again) {
		tcp->last_index = seg->event;
		tcp->last_dir = seg->dir;
		return false;
	}

	return nf_ct_expires(ct) > timeouts_of(ct)[TCP_CONNTRACK_UNACK];
}

static void stop(struct step *step, enum fate fate, enum why why)
{
	step->fate = fate;
	step->why = why;
}

/* First half: the state table. True if the windows have to be asked too. */
static bool ask_states(struct nf_conn *ct, const struct nf_ct_tcp_segment *seg,
		       const struct nf_tcp_net *tn, struct step *step)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;

	step->old = tcp->state;
	step->new = nf_ct_tcp_outcome(seg->dir, tcp->state, seg->event);

	if (step->new == NF_CT_TCP_REOPEN) {
		if (may_reopen(tcp, seg)) {
			stop(step, FATE_REOPEN, WHY_QUIET);
			return false;
		}
		step->new = NF_CT_TCP_IGNORE;
	}

	if (step->new == NF_CT_TCP_IGNORE) {
		if (!ignored(tcp, seg)) {
			stop(step, FATE_PASS, WHY_STATE);
			return false;
		}
		/* As if that SYN had opened the connection. */
		step->old = TCP_CONNTRACK_SYN_SENT;
		step->new = TCP_CONNTRACK_SYN_RECV;
	} else if (step->new == NF_CT_TCP_INVALID) {
		stop(step, FATE_INVALID, WHY_STATE);
		return false;
	}

	if (nf_ct_tcp_is_challenge(tcp, seg)) {
		tcp->last_flags &= ~IP_CT_EXP_CHALLENGE_ACK;
		stop(step, FATE_PASS, WHY_QUIET);
		return false;
	}

	if (tcp->state == TCP_CONNTRACK_NONE && seg->event == NF_CT_TCP_ACK) {
		if (!tn->tcp_loose) {
			stop(step, FATE_INVALID, WHY_QUIET);
			return false;
		}
		pick_up(tcp);
	}

	if (step->new == TCP_CONNTRACK_SYN_SENT2)
		tcp->last_flags |= IP_CT_TCP_SIMULTANEOUS_OPEN;

	/* RFC 9293 figure 7: the ACK of the second SYN/ACK comes from either. */
	if (step->old == TCP_CONNTRACK_SYN_RECV && seg->event == NF_CT_TCP_ACK &&
	    tcp->last_flags & IP_CT_TCP_SIMULTANEOUS_OPEN)
		step->new = TCP_CONNTRACK_ESTABLISHED;

	return true;
}

/* Second half: the windows. @step->new may be taken back. */
static void ask_windows(struct nf_conn *ct, const struct nf_ct_tcp_segment *seg,
			const struct nf_tcp_net *tn, struct step *step,
			bool *challenged)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	bool liberal = tn->tcp_be_liberal ||
		       tcp->seen[seg->dir].flags & IP_CT_TCP_FLAG_BE_LIBERAL;

	if (unlikely(seg->event == NF_CT_TCP_RST)) {
		if (reset_anyway(ct, seg))
			return;

		switch (nf_ct_tcp_reset(tcp, seg, is_assured(ct),
					tn->tcp_ignore_invalid_rst)) {
		case NF_CT_TCP_RESET_STALE:
			stop(step, FATE_INVALID, WHY_RESET);
			return;
		case NF_CT_TCP_RESET_CHALLENGED:
			*challenged = true;
			step->new = step->old;
			break;
		case NF_CT_TCP_RESET_CLOSES:
			break;
		}
	}

	step->fit = nf_ct_tcp_window(tcp, seg, liberal, &step->bound);
	switch (step->fit) {
	case NF_CT_TCP_FITS:
	case NF_CT_TCP_LIBERAL:
		break;
	case NF_CT_TCP_SEQ_AHEAD:
	case NF_CT_TCP_SEQ_OLD:
	case NF_CT_TCP_ACK_OLD:
		stop(step, FATE_PASS, WHY_WINDOW);
		break;
	case NF_CT_TCP_SEQ_FAR:
	case NF_CT_TCP_ACK_FAR:
		stop(step, FATE_INVALID, WHY_WINDOW);
		step->lowered = ending_unseen(ct, seg);
		break;
	}
}

/* The connection takes the step. */
static void take_step(struct ip_ct_tcp *tcp, const struct nf_ct_tcp_segment *seg,
		      const struct step *step, bool challenged)
{
	/* What was only forgiven its place tells nothing. */
	if (likely(seg->event == NF_CT_TCP_ACK && step->fit == NF_CT_TCP_FITS))
		nf_ct_tcp_count_retrans(tcp, seg);
	tcp->last_index = seg->event;
	tcp->last_dir = seg->dir;

	if (likely(step->new == step->old))
		return;

	if (step->new == TCP_CONNTRACK_FIN_WAIT)
		tcp->seen[seg->dir].flags |= IP_CT_TCP_FLAG_CLOSE_INIT;

	tcp->state = step->new;
}

/* The whole of what is done under the entry's lock. */
static void track(struct nf_conn *ct, const struct nf_ct_tcp_segment *seg,
		  const struct nf_tcp_net *tn, struct step *step)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	bool challenged = false;

	step->fate = FATE_MOVE;
	step->why = WHY_QUIET;
	step->fit = NF_CT_TCP_FITS;
	step->lowered = false;

	spin_lock_bh(&ct->lock);
	if (ask_states(ct, seg, tn, step))
		ask_windows(ct, seg, tn, step, &challenged);

	if (likely(step->fate == FATE_MOVE)) {
		take_step(tcp, seg, step, challenged);
		step->timeout = choose_timeout(tcp, step->new, challenged,
					       timeouts_of(ct), tn);
	}
	spin_unlock_bh(&ct->lock);
}

static __cold void log_step(const struct nf_conn *ct, const struct sk_buff *skb,
			    const struct nf_hook_state *state,
			    const struct nf_ct_tcp_segment *seg,
			    const struct step *step)
{
	static const struct {
		const char *before, *after;
	} text[] = {
		[NF_CT_TCP_SEQ_AHEAD]	= { "", " bytes more than expected" },
		[NF_CT_TCP_SEQ_OLD]	= { "SEQ is under lower bound ",
					    " (already ACKed data retransmitted)" },
		[NF_CT_TCP_ACK_OLD]	= { "ignored ACK under lower bound ",
					    " (possible overly delayed)" },
		[NF_CT_TCP_SEQ_FAR]	= { "SEQ is over upper bound ",
					    " (over the window of the receiver)" },
		[NF_CT_TCP_ACK_FAR]	= { "ACK is over upper bound ",
					    " (ACKed data not seen yet)" },
	};

	switch (step->why) {
	case WHY_STATE:
		if (step->old == TCP_CONNTRACK_NONE) {
			nf_ct_l4proto_log_invalid(skb, ct, state, "invalid new");
			break;
		}
		nf_ct_l4proto_log_invalid(skb, ct, state,
					  "packet (index %u) in dir %u %s, state %s",
					  seg->event, seg->dir,
					  step->fate == FATE_PASS ? "ignored" : "invalid",
					  state_names[step->old]);
		break;
	case WHY_WINDOW:
		nf_ct_l4proto_log_invalid(skb, ct, state, "%s%u%s",
					  text[step->fit].before, step->bound,
					  text[step->fit].after);
		break;
	case WHY_RESET:
		nf_ct_l4proto_log_invalid(skb, ct, state, "invalid rst");
		break;
	case WHY_QUIET:
		break;
	}
}

/* What is done for a packet that does not move its connection. The verdict. */
static __cold int stay(struct nf_conn *ct, const struct sk_buff *skb,
		       const struct nf_hook_state *state,
		       const struct nf_ct_tcp_segment *seg,
		       const struct step *step)
{
	log_step(ct, skb, state, seg, step);

	switch (step->fate) {
	case FATE_REOPEN:
		return nf_ct_kill(ct) ? -NF_REPEAT : NF_DROP;
	case FATE_INVALID:
		if (step->lowered) {
			nf_ct_refresh_to(ct, timeouts_of(ct)[TCP_CONNTRACK_UNACK]);
			nf_ct_l4proto_log_invalid(skb, ct, state,
						  "lowered timeout to UNACK");
		}
		return -NF_ACCEPT;
	default:
		return NF_ACCEPT;
	}
}

/*
 * Nobody has answered yet. False: the packet is no reason to keep the entry
 * longer, and is not counted. Reply traffic of an earlier packet is what
 * IPS_SEEN_REPLY tells.
 */
static bool unreplied(const struct nf_conn *ct,
		      const struct nf_ct_tcp_segment *seg, struct step *step)
{
	unsigned int unack;

	/* The same SYN again must not keep a dead entry alive. */
	if (seg->event == NF_CT_TCP_SYN && step->old == TCP_CONNTRACK_SYN_SENT)
		return false;

	/* One packet is no reason to stay for days. */
	if (step->new == TCP_CONNTRACK_ESTABLISHED) {
		unack = timeouts_of(ct)[TCP_CONNTRACK_UNACK];
		step->timeout = min(step->timeout, unack);
	}

	return true;
}

/**
 * nf_conntrack_tcp_packet() - a TCP packet of an entry
 * @ct: the entry, maybe not confirmed yet
 * @skb: the packet
 * @dataoff: offset of its TCP header
 * @ctinfo: how it belongs to @ct
 * @state: the hook it is at
 *
 * Context: RCU; softirq or process.
 *
 * Return: NF_ACCEPT, -NF_ACCEPT if the packet is invalid, NF_DROP, or
 *	-NF_REPEAT: the entry is gone, and the packet begins a new one
 */
int nf_conntrack_tcp_packet(struct nf_conn *ct, struct sk_buff *skb,
			    unsigned int dataoff,
			    enum ip_conntrack_info ctinfo,
			    const struct nf_hook_state *state)
{
	const struct nf_tcp_net *tn = nf_tcp_pernet(nf_ct_net(ct));
	struct nf_ct_tcp_segment seg;
	const struct tcphdr *th;
	struct tcphdr buf;
	struct step step;
	bool refresh = true;

	th = nf_ct_tcp_header(skb, dataoff, &buf, state);
	if (unlikely(!th))
		return -NF_ACCEPT;

	nf_ct_tcp_read(ct, skb, dataoff, th, CTINFO2DIR(ctinfo), &seg);
	track(ct, &seg, tn, &step);
	if (unlikely(step.fate != FATE_MOVE))
		return stay(ct, skb, state, &seg, &step);

	if (unlikely(!test_bit(IPS_SEEN_REPLY_BIT, &ct->status))) {
		/* The connection was refused, or its client gave up. */
		if (seg.event == NF_CT_TCP_RST) {
			nf_ct_kill_acct(ct, ctinfo, skb);
			return NF_ACCEPT;
		}
		refresh = unreplied(ct, &seg, &step);
	} else if (step.new == TCP_CONNTRACK_ESTABLISHED) {
		if (step.old == TCP_CONNTRACK_SYN_RECV ||
		    step.old == TCP_CONNTRACK_ESTABLISHED)
			nf_ct_assure(ct);
	}

	if (unlikely(step.new != step.old)) {
		nf_conntrack_event_cache(IPCT_PROTOINFO, ct);
		if (nf_ct_tcp_is_closing(step.new) &&
		    !nf_ct_tcp_is_closing(step.old))
			nf_ct_pressure_closing(ct);
	}

	if (likely(refresh))
		nf_ct_refresh_acct(ct, ctinfo, skb, step.timeout);
	return NF_ACCEPT;
}

/**
 * nf_conntrack_tcp_set_closing() - the connection of an entry was refused
 * @ct: entry of a TCP connection that a rule has answered with a reset
 *
 * The reset does not pass the tracker on its way to the other side.
 *
 * Context: any but hard interrupt.
 */
void nf_conntrack_tcp_set_closing(struct nf_conn *ct)
{
	spin_lock_bh(&ct->lock);
	ct->proto.tcp.state = TCP_CONNTRACK_CLOSE;
	spin_unlock_bh(&ct->lock);

	nf_conntrack_event_cache(IPCT_PROTOINFO, ct);
	nf_ct_refresh_to(ct, timeouts_of(ct)[TCP_CONNTRACK_CLOSE]);
}

/**
 * nf_conntrack_tcp_init_net() - settings of a new network namespace
 * @net: the namespace
 */
void nf_conntrack_tcp_init_net(struct net *net)
{
	struct nf_tcp_net *tn = nf_tcp_pernet(net);

	memcpy(tn->timeouts, default_timeouts, sizeof(tn->timeouts));
	tn->tcp_loose = 1;
	tn->tcp_be_liberal = 0;
	tn->tcp_max_retrans = 3;
	tn->tcp_ignore_invalid_rst = 0;
#if IS_ENABLED(CONFIG_NF_FLOW_TABLE)
	tn->offload_timeout = 30 * HZ;
#endif
}

static bool can_early_drop(const struct nf_conn *ct)
{
	return nf_ct_tcp_is_closing(READ_ONCE(ct->proto.tcp.state));
}

#ifdef CONFIG_NF_CONNTRACK_PROCFS
/* What a flow table forwards is not seen here, so neither is its state. */
static void print_state(struct seq_file *s, struct nf_conn *ct)
{
	if (test_bit(IPS_OFFLOAD_BIT, &ct->status))
		return;

	seq_printf(s, "%s ", state_names[READ_ONCE(ct->proto.tcp.state)]);
}
#endif

const struct nf_conntrack_l4proto nf_conntrack_l4proto_tcp = {
	.l4proto		= IPPROTO_TCP,
	.can_early_drop		= can_early_drop,
#ifdef CONFIG_NF_CONNTRACK_PROCFS
	.print_conntrack	= print_state,
#endif
#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
	.nlattr_size		= NF_CT_TCP_NLATTR_SIZE,
	.to_nlattr		= nf_ct_tcp_to_nlattr,
	.from_nlattr		= nf_ct_tcp_from_nlattr,
	.tuple_to_nlattr	= nf_ct_port_tuple_to_nlattr,
	.nlattr_to_tuple	= nf_ct_port_nlattr_to_tuple,
	.nlattr_tuple_size	= nf_ct_port_nlattr_tuple_size,
	.nla_policy		= nf_ct_port_nla_policy,
#endif
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	.ctnl_timeout		= {
		.nlattr_to_obj	= nf_ct_tcp_timeout_from_nlattr,
		.obj_to_nlattr	= nf_ct_tcp_timeout_to_nlattr,
		.nlattr_max	= CTA_TIMEOUT_TCP_MAX,
		.obj_size	= sizeof(default_timeouts),
		.nla_policy	= nf_ct_tcp_timeout_policy,
	},
#endif
};
