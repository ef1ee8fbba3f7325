// SPDX-License-Identifier: GPL-2.0
/*
 * Sequence adjustment: when a helper lengthens or shortens what a TCP sender
 * says, every later sequence number of this sender is off by the difference,
 * and so is what the other side acknowledges.
 *
 * An entry remembers, for each direction, the place of the last change and the
 * offsets before and after it, under ct->lock. The packet must have been taken
 * in by the tracker with the numbers of its sender.
 */
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack_seqadj.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/swab.h>
#endif

#include "nf_ct.h"

/**
 * nf_ct_seqadj_init - a constant offset from the start
 * @ct: entry with the extension
 * @ctinfo: tells the direction
 * @off: what to add to the sender's sequence numbers; 0 does nothing
 *
 * For proxies that have answered the handshake in the server's place.
 *
 * Context: softirq, or process with BH disabled.
 *
 * Return: 0.
 */
int nf_ct_seqadj_init(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
		      s32 off)
{
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	struct nf_ct_seqadj *adj;

	if (!off || WARN_ON_ONCE(!seqadj))
		return 0;

	set_bit(IPS_SEQ_ADJUST_BIT, &ct->status);

	adj = &seqadj->seq[CTINFO2DIR(ctinfo)];
	adj->offset_before = off;
	adj->offset_after = off;
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_seqadj_init);

/**
 * nf_ct_seqadj_set - a packet's payload has changed its length
 * @ct: entry with the extension
 * @ctinfo: tells the direction
 * @seq: sequence number of the packet, as its sender wrote it
 * @off: by how many bytes it has grown; 0 does nothing
 *
 * A retransmission of what has been changed already, or something older, does
 * not count again.
 *
 * Context: softirq or process, ct->lock not held.
 *
 * Return: 0.
 */
int nf_ct_seqadj_set(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
		     __be32 seq, s32 off)
{
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	u32 pos = ntohl(seq);
	struct nf_ct_seqadj *adj;

	if (!off)
		return 0;
	if (!seqadj) {
		WARN_ONCE(1, "Missing nfct_seqadj_ext_add() setup call\n");
		return 0;
	}

	set_bit(IPS_SEQ_ADJUST_BIT, &ct->status);

	spin_lock_bh(&ct->lock);
	adj = &seqadj->seq[CTINFO2DIR(ctinfo)];
	if (adj->offset_before == adj->offset_after ||
	    before(adj->correction_pos, pos)) {
		adj->correction_pos = pos;
		adj->offset_before = adj->offset_after;
		adj->offset_after += off;
	}
	spin_unlock_bh(&ct->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_seqadj_set);

/**
 * nf_ct_tcp_seqadj_set - a TCP segment's payload has changed its length
 * @skb: segment, at its network header
 * @ct: its entry
 * @ctinfo: tells the direction
 * @off: by how many bytes it has grown
 *
 * Context: softirq or process, ct->lock not held.
 */
void nf_ct_tcp_seqadj_set(struct sk_buff *skb, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo, s32 off)
{
	const struct tcphdr *th;
	struct tcphdr buf;
	u8 protonum;
	int thoff;

	if (nf_ct_protonum(ct) != IPPROTO_TCP)
		return;

	thoff = nf_ct_l4_offset(skb, skb_network_offset(skb), nf_ct_l3num(ct),
				&protonum);
	if (thoff <= 0 || protonum != IPPROTO_TCP)
		return;

	th = skb_header_pointer(skb, thoff, sizeof(buf), &buf);
	if (th)
		nf_ct_seqadj_set(ct, ctinfo, th->seq, off);
}
EXPORT_SYMBOL_GPL(nf_ct_tcp_seqadj_set);

/* Numbers wrap: what has been sent before the change can't come again when it is a
 * gigabyte behind, which is more than a window (RFC 7323 2.3). ct->lock.
 */
static void forget_before(struct nf_ct_seqadj *adj, u32 seq)
{
	if ((s32)(seq - adj->correction_pos) > 1 << 30)
		adj->offset_before = adj->offset_after;
}

/* What is added to a number of the sender. */
static s32 offset_at(const struct nf_ct_seqadj *adj, u32 seq)
{
	return after(seq, adj->correction_pos) ? adj->offset_after :
						 adj->offset_before;
}

/* What was added to the number that the receiver names. */
static s32 offset_named(const struct nf_ct_seqadj *adj, u32 ack)
{
	return offset_at(adj, ack - adj->offset_before);
}

/**
 * nf_ct_seq_offset - what is added to a sequence number
 * @ct: entry
 * @dir: direction of the packet
 * @seq: its sequence number, as its sender wrote it
 *
 * Context: any.
 *
 * Return: offset, 0 if there is none.
 */
s32 nf_ct_seq_offset(const struct nf_conn *ct, enum ip_conntrack_dir dir,
		     u32 seq)
{
	const struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);

	return seqadj ? offset_at(&seqadj->seq[dir], seq) : 0;
}
EXPORT_SYMBOL_GPL(nf_ct_seq_offset);

/* Write a number into an option, wherever it stands. The checksum adds pairs
 * of bytes: at an odd place, the bytes of a pair are the other way round.
 */
static void replace_number(struct sk_buff *skb, struct tcphdr *th, u8 *at,
			   __be32 new)
{
	__be32 from = get_unaligned((__be32 *)at), to = new;

	if ((at - (u8 *)th) & 1) {
		from = (__force __be32)swahb32((__force u32)from);
		to = (__force __be32)swahb32((__force u32)to);
	}
	inet_proto_csum_replace4(&th->check, skb, from, to, false);
	put_unaligned(new, (__be32 *)at);
}

static void adjust_blocks(struct sk_buff *skb, struct tcphdr *th, u8 *at,
			  unsigned int len, const struct nf_ct_seqadj *adj)
{
	u32 edge;

	for (; len >= sizeof(__be32); len -= sizeof(__be32)) {
		edge = get_unaligned_be32(at);
		replace_number(skb, th, at,
			       htonl(edge - offset_named(adj, edge)));
		at += sizeof(__be32);
	}
}

/* RFC 2018 3: kind, length, then pairs of edges. The header is writable. */
static void adjust_sack(struct sk_buff *skb, struct tcphdr *th,
			const struct nf_ct_seqadj *adj)
{
	u8 *opt = (u8 *)(th + 1), *end = (u8 *)th + th->doff * 4;

	while (opt < end && *opt != TCPOPT_EOL) {
		if (*opt == TCPOPT_NOP) {
			opt++;
			continue;
		}
		if (end - opt < 2 || opt[1] < 2 || opt[1] > end - opt)
			return;
		if (*opt == TCPOPT_SACK &&
		    !((opt[1] - TCPOLEN_SACK_BASE) % TCPOLEN_SACK_PERBLOCK))
			adjust_blocks(skb, th, opt + TCPOLEN_SACK_BASE,
				      opt[1] - TCPOLEN_SACK_BASE, adj);
		opt += opt[1];
	}
}

/* The whole header, options included, ready to be written. */
static struct tcphdr *writable_header(struct sk_buff *skb, unsigned int protoff)
{
	struct tcphdr *th;

	if (skb_ensure_writable(skb, protoff + sizeof(*th)))
		return NULL;
	th = (void *)skb->data + protoff;
	if (th->doff * 4 < sizeof(*th) ||
	    skb_ensure_writable(skb, protoff + th->doff * 4))
		return NULL;
	return (void *)skb->data + protoff;
}

/**
 * nf_ct_seq_adjust - adjust what a segment says to what the other side knows
 * @skb: segment; may be reallocated
 * @ct: its entry, with the extension
 * @ctinfo: tells the direction
 * @protoff: where the TCP header starts
 *
 * Context: softirq or process, ct->lock not held.
 *
 * Return: 1, or 0 if the segment can't be written and must be dropped.
 */
int nf_ct_seq_adjust(struct sk_buff *skb, struct nf_conn *ct,
		     enum ip_conntrack_info ctinfo, unsigned int protoff)
{
	enum ip_conntrack_dir dir = CTINFO2DIR(ctinfo);
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	const struct nf_ct_seqadj *adj;
	struct tcphdr *th;
	__be32 new;
	u32 seq;

	if (!seqadj || nf_ct_protonum(ct) != IPPROTO_TCP)
		return 1;

	th = writable_header(skb, protoff);
	if (!th)
		return 0;

	spin_lock_bh(&ct->lock);

	seq = ntohl(th->seq);
	forget_before(&seqadj->seq[dir], seq);
	new = htonl(seq + offset_at(&seqadj->seq[dir], seq));
	inet_proto_csum_replace4(&th->check, skb, th->seq, new, false);
	th->seq = new;

	if (th->ack) {
		adj = &seqadj->seq[!dir];
		seq = ntohl(th->ack_seq);
		new = htonl(seq - offset_named(adj, seq));
		inet_proto_csum_replace4(&th->check, skb, th->ack_seq, new,
					 false);
		th->ack_seq = new;
		adjust_sack(skb, th, adj);
	}

	spin_unlock_bh(&ct->lock);
	return 1;
}
EXPORT_SYMBOL_GPL(nf_ct_seq_adjust);
