// SPDX-License-Identifier: GPL-2.0
/*
 * TCP sequence numbers after a helper has changed the length of a payload:
 * what one side sends behind the change is shifted, and what the other side
 * acknowledges is shifted back.
 *
 * For each direction two offsets are kept, before and after the last change.
 * Guarded by ct->lock; set in softirq, used for each packet.
 */
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/tcp.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#endif

#include "nf_ct.h"

/* SACK blocks that fit into the options of a TCP header, RFC 2018 3. */
#define SACK_BLOCK	(2 * sizeof(__be32))

/**
 * nf_ct_seqadj_init - a flow's numbers are shifted from its beginning on
 * @ct: entry that has the extension
 * @ctinfo: direction whose numbers are shifted
 * @off: bytes
 *
 * For SYN proxies, which answer with a number of their own.
 *
 * Context: softirq.
 *
 * Return: 0.
 */
int nf_ct_seqadj_init(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
		      s32 off)
{
	struct nf_conn_seqadj *seqadj;
	struct nf_ct_seqadj *way;

	if (!off)
		return 0;

	seqadj = nfct_seqadj(ct);
	if (WARN_ONCE(!seqadj, "Missing nfct_seqadj_ext_add() setup call\n"))
		return 0;

	set_bit(IPS_SEQ_ADJUST_BIT, &ct->status);
	way = &seqadj->seq[CTINFO2DIR(ctinfo)];
	way->offset_before = off;
	way->offset_after = off;
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_seqadj_init);

/**
 * nf_ct_seqadj_set - a payload has become longer or shorter
 * @ct: entry that has the extension
 * @ctinfo: direction of the packet
 * @seq: sequence number of the packet, as it came
 * @off: bytes that were added
 *
 * Sent again, the same segment is changed again and must not be counted twice:
 * only what lies behind the last change counts, or in front of the first.
 *
 * Context: softirq.
 *
 * Return: 0.
 */
int nf_ct_seqadj_set(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
		     __be32 seq, s32 off)
{
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	struct nf_ct_seqadj *way;

	if (!off)
		return 0;
	if (WARN_ONCE(!seqadj, "Missing nfct_seqadj_ext_add() setup call\n"))
		return 0;

	set_bit(IPS_SEQ_ADJUST_BIT, &ct->status);

	spin_lock_bh(&ct->lock);
	way = &seqadj->seq[CTINFO2DIR(ctinfo)];
	if (way->offset_before == way->offset_after ||
	    before(way->correction_pos, ntohl(seq))) {
		way->correction_pos = ntohl(seq);
		way->offset_before = way->offset_after;
		way->offset_after += off;
	}
	spin_unlock_bh(&ct->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_seqadj_set);

/**
 * nf_ct_tcp_seqadj_set - as nf_ct_seqadj_set(), for the TCP packet at hand
 * @skb: packet at its network header; IPv4 with its transport header behind it
 * @ct: entry
 * @ctinfo: direction of the packet
 * @off: bytes that were added
 *
 * Context: softirq.
 */
void nf_ct_tcp_seqadj_set(struct sk_buff *skb, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo, s32 off)
{
	const struct tcphdr *th;
	struct tcphdr buf;

	if (nf_ct_protonum(ct) != IPPROTO_TCP)
		return;
	th = skb_header_pointer(skb, skb_network_offset(skb) + ip_hdrlen(skb),
				sizeof(buf), &buf);
	if (th)
		nf_ct_seqadj_set(ct, ctinfo, th->seq, off);
}
EXPORT_SYMBOL_GPL(nf_ct_tcp_seqadj_set);

/* Shift of a number that this side sent. */
static s32 offset_at(const struct nf_ct_seqadj *way, u32 seq)
{
	return after(seq, way->correction_pos) ? way->offset_after :
						 way->offset_before;
}

/* Shift of a number that acknowledges what this side sent, which has been
 * shifted when it is seen.
 */
static s32 offset_of_ack(const struct nf_ct_seqadj *way, u32 ack)
{
	return after(ack - way->offset_before, way->correction_pos) ?
	       way->offset_after : way->offset_before;
}

/**
 * nf_ct_seq_offset - by how much a direction's numbers are shifted
 * @ct: entry
 * @dir: direction
 * @seq: sequence number as its sender knows it
 *
 * Context: any; ct->lock may be held.
 *
 * Return: bytes.
 */
s32 nf_ct_seq_offset(const struct nf_conn *ct, enum ip_conntrack_dir dir,
		     u32 seq)
{
	const struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);

	return seqadj ? offset_at(&seqadj->seq[dir], seq) : 0;
}
EXPORT_SYMBOL_GPL(nf_ct_seq_offset);

/* Shift one number of a SACK block back. */
static void adjust_edge(struct sk_buff *skb, struct tcphdr *th, u8 *at,
			const struct nf_ct_seqadj *way)
{
	__be32 old = get_unaligned((__be32 *)at), new;

	new = htonl(ntohl(old) - offset_of_ack(way, ntohl(old)));
	put_unaligned(new, (__be32 *)at);
	inet_proto_csum_replace4(&th->check, skb, old, new, false);
}

/* Shift the SACK blocks back (RFC 2018). The options are linear and ours. */
static void adjust_sack(struct sk_buff *skb, struct tcphdr *th,
			const struct nf_ct_seqadj *way)
{
	u8 *opt = (u8 *)(th + 1), *end = (u8 *)th + th->doff * 4;
	u8 *block;

	while (opt < end) {
		if (opt[0] == TCPOPT_EOL)
			return;
		if (opt[0] == TCPOPT_NOP) {
			opt++;
			continue;
		}
		if (opt + 1 >= end || opt[1] < 2 || opt + opt[1] > end)
			return;
		if (opt[0] == TCPOPT_SACK) {
			for (block = opt + 2; block + SACK_BLOCK <= opt + opt[1];
			     block += SACK_BLOCK) {
				adjust_edge(skb, th, block, way);
				adjust_edge(skb, th, block + 4, way);
			}
		}
		opt += opt[1];
	}
}

/**
 * nf_ct_seq_adjust - shift the numbers of a packet
 * @skb: packet
 * @ct: entry with IPS_SEQ_ADJUST
 * @ctinfo: the packet's relation to it
 * @protoff: offset of the TCP header
 *
 * Context: softirq or process.
 *
 * Return: 1, or 0 if the packet is too short or memory is.
 */
int nf_ct_seq_adjust(struct sk_buff *skb, struct nf_conn *ct,
		     enum ip_conntrack_info ctinfo, unsigned int protoff)
{
	enum ip_conntrack_dir dir = CTINFO2DIR(ctinfo);
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	const struct nf_ct_seqadj *ours, *theirs;
	__be32 seq, ack;
	struct tcphdr *th;

	if (!seqadj)
		return 1;
	if (skb_ensure_writable(skb, protoff + sizeof(*th)))
		return 0;
	th = (void *)skb->data + protoff;
	if (th->doff * 4 < sizeof(*th) ||
	    skb_ensure_writable(skb, protoff + th->doff * 4))
		return 0;
	th = (void *)skb->data + protoff;

	ours = &seqadj->seq[dir];
	theirs = &seqadj->seq[!dir];

	spin_lock_bh(&ct->lock);
	seq = htonl(ntohl(th->seq) + offset_at(ours, ntohl(th->seq)));
	inet_proto_csum_replace4(&th->check, skb, th->seq, seq, false);
	th->seq = seq;

	if (th->ack) {
		ack = htonl(ntohl(th->ack_seq) -
			    offset_of_ack(theirs, ntohl(th->ack_seq)));
		inet_proto_csum_replace4(&th->check, skb, th->ack_seq, ack, false);
		th->ack_seq = ack;
		adjust_sack(skb, th, theirs);
	}
	spin_unlock_bh(&ct->lock);
	return 1;
}
EXPORT_SYMBOL_GPL(nf_ct_seq_adjust);
