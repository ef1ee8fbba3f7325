// SPDX-License-Identifier: GPL-2.0
/*
 * From the bytes of a TCP packet to what the rules need to know of it. The
 * packet may lie in pieces and be shared; it is only read. Takes no lock.
 */
#include <net/tcp.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"
#include "nf_ct_tcp.h"

/**
 * nf_ct_tcp_header() - the TCP header of a packet, if it makes sense
 * @skb: the packet
 * @dataoff: where its header begins
 * @buf: room for it, if it does not lie in one piece
 * @state: the hook that the packet is at
 *
 * Checks length, checksum (if net.netfilter.nf_conntrack_checksum is on, and
 * the packet comes from outside) and flags; logs what is wrong.
 *
 * Return: the header, or NULL
 */
const struct tcphdr *nf_ct_tcp_header(struct sk_buff *skb, unsigned int dataoff,
				      struct tcphdr *buf,
				      const struct nf_hook_state *state)
{
	const struct tcphdr *th;
	const char *why = NULL;

	th = skb_header_pointer(skb, dataoff, sizeof(*buf), buf);
	if (!th)
		why = "short packet";
	else if (th->doff * 4 < sizeof(*th) ||
		 th->doff * 4 > skb->len - dataoff)
		why = "truncated packet";
	else if (nf_ct_wants_checksum(state) &&
		 nf_checksum(skb, state->hook, dataoff, IPPROTO_TCP, state->pf))
		why = "bad checksum";
	else if (nf_ct_tcp_event(tcp_flag_byte(th)) == NF_CT_TCP_BAD_FLAGS)
		why = "invalid tcp flag combination";

	if (unlikely(why)) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_TCP, "%s", why);
		return NULL;
	}

	return th;
}

/*
 * What an ACK means to the side that it goes to, if a NAT helper has changed
 * the length of what that side sent.
 */
static u32 sent_before(const struct nf_conn *ct, enum ip_conntrack_dir dir,
		       u32 ack)
{
	if (likely(!test_bit(IPS_SEQ_ADJUST_BIT, &ct->status)))
		return 0;

	return nf_ct_seq_offset(ct, dir, ack);
}

/* Most have none, or just time stamps the way everybody pads them. */
static bool only_timestamps(const u8 *opt, unsigned int len)
{
	return len == TCPOLEN_TSTAMP_ALIGNED &&
	       get_unaligned_be32(opt) == ((TCPOPT_NOP << 24) |
					   (TCPOPT_NOP << 16) |
					   (TCPOPT_TIMESTAMP << 8) |
					   TCPOLEN_TIMESTAMP);
}

static void read_options(const struct sk_buff *skb, unsigned int optoff,
			 unsigned int len, u32 offset,
			 struct nf_ct_tcp_segment *seg)
{
	u8 buf[15 * 4 - sizeof(struct tcphdr)];
	const u8 *opt;

	/* The header lies within the packet, that was checked. */
	opt = skb_header_pointer(skb, optoff, len, buf);
	if (WARN_ON_ONCE(!opt))
		return;

	if (seg->event == NF_CT_TCP_SYN || seg->event == NF_CT_TCP_SYNACK)
		nf_ct_tcp_parse_syn(opt, len, seg);
	else if (!seg->acks_nothing && !only_timestamps(opt, len))
		seg->sack = nf_ct_tcp_parse_sack(opt, len, seg->ack, offset);
}

/**
 * nf_ct_tcp_read() - what the rules need to know of a segment
 * @ct: its entry
 * @skb: the packet
 * @dataoff: where its header begins
 * @th: the header, from nf_ct_tcp_header()
 * @dir: side that sent it
 * @seg: takes the answer
 *
 * Context: RCU.
 */
void nf_ct_tcp_read(const struct nf_conn *ct, const struct sk_buff *skb,
		    unsigned int dataoff, const struct tcphdr *th,
		    enum ip_conntrack_dir dir, struct nf_ct_tcp_segment *seg)
{
	unsigned int optlen = th->doff * 4 - sizeof(*th);
	u32 offset = 0;

	seg->dir = dir;
	seg->event = nf_ct_tcp_event(tcp_flag_byte(th));
	seg->seq = ntohl(th->seq);
	seg->end = seg->seq + skb->len - dataoff - th->doff * 4 +
		   th->syn + th->fin;
	seg->win = ntohs(th->window);
	seg->wscale = 0;
	seg->options = 0;

	seg->has_ack = th->ack;
	/* Some stacks set ACK on a reset that acknowledges nothing. */
	seg->acks_nothing = !th->ack || (th->rst && !th->ack_seq);
	seg->ack = ntohl(th->ack_seq);
	if (!seg->acks_nothing) {
		offset = sent_before(ct, !dir, seg->ack);
		seg->ack -= offset;
	}

	seg->sack = seg->ack;
	seg->has_options = optlen;
	if (optlen)
		read_options(skb, dataoff + sizeof(*th), optlen, offset, seg);
}
