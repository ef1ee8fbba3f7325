// SPDX-License-Identifier: GPL-2.0
/*
 * A packet's bytes as an skb of any shape that the stack may have it in: in one
 * piece, in pages, in a list of skbs; with or without room around it.
 */
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "ct_fuzz.h"
#include "packet_hooks.h"

static bool fill_pages(struct fuzz_rng *rng, struct sk_buff *skb, const u8 *data, u32 len)
{
	struct page *page;
	u32 size, at, i;

	for (i = 0; len; i++, data += size, len -= size) {
		size = i == MAX_SKB_FRAGS - 1 || fuzz_once(rng, 2) ? len :
		       1 + fuzz_below(rng, len);
		page = alloc_page(GFP_ATOMIC);
		if (!page)
			return false;
		at = fuzz_below(rng, PAGE_SIZE - size + 1);
		memcpy(page_address(page) + at, data, size);
		skb_add_rx_frag(skb, i, page, at, size, PAGE_SIZE);
	}
	return true;
}

static bool fill_list(struct fuzz_rng *rng, struct sk_buff *skb, const u8 *data, u32 len)
{
	struct sk_buff **next = &skb_shinfo(skb)->frag_list, *more;
	u32 size;

	for (; len; data += size, len -= size) {
		size = fuzz_once(rng, 3) ? len : 1 + fuzz_below(rng, len);
		more = alloc_skb(size, GFP_ATOMIC);
		if (!more)
			return false;
		skb_put_data(more, data, size);
		*next = more;
		next = &more->next;
		skb->len += size;
		skb->data_len += size;
		skb->truesize += more->truesize;
	}
	return true;
}

static void set_summed(struct fuzz_rng *rng, const struct fuzz_packet *packet,
		       struct sk_buff *skb)
{
	u8 proto = packet->buf.data[packet->v6 ? 6 : 9];
	u16 at = proto == IPPROTO_TCP ? offsetof(struct tcphdr, check) :
					offsetof(struct udphdr, check);

	skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (packet->path == FUZZ_OUTPUT) {
		/* The device is to do it. */
		if ((proto == IPPROTO_TCP || proto == IPPROTO_UDP) && fuzz_once(rng, 2) &&
		    packet->l4 + at + 2 <= skb_headlen(skb))
			skb_partial_csum_set(skb, packet->l4, at);
	} else if (packet->checked ? !fuzz_once(rng, 4) : fuzz_once(rng, 4)) {
		skb->ip_summed = CHECKSUM_NONE;
		/* Behind extension headers, the stock defragmentation gets this
		 * sum wrong when it takes a fragment header out.
		 */
		if (packet->checked && (!packet->v6 || packet->l4 == 40) &&
		    fuzz_once(rng, 3)) {
			skb->csum = skb_checksum(skb, 0, skb->len, 0);
			skb->ip_summed = CHECKSUM_COMPLETE;
		}
	}
}

/**
 * fuzz_skb() - make an skb of a packet
 * @rng: chance
 * @hooks: where it shall go
 * @packet: the packet
 *
 * Return: the skb, or NULL.
 */
struct sk_buff *fuzz_skb(struct fuzz_rng *rng, const struct packet_hooks *hooks,
			 const struct fuzz_packet *packet)
{
	const u8 *data = packet->buf.data;
	u32 len = packet->buf.len, linear = len;
	u32 head = fuzz_once(rng, 4) ? fuzz_below(rng, 64) : LL_MAX_HEADER;
	u32 tail = fuzz_once(rng, 4) ? 0 : 64, shape = fuzz_below(rng, 8);
	bool whole = true;
	struct sk_buff *skb;

	if (shape >= 4)
		linear = fuzz_once(rng, 2) ? packet->header :
			 packet->header + fuzz_below(rng, len - packet->header + 1);
	skb = alloc_skb(head + linear + tail, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, head);
	skb_put_data(skb, data, linear);
	if (shape >= 6)
		whole = fill_list(rng, skb, data + linear, len - linear);
	else if (shape >= 4)
		whole = fill_pages(rng, skb, data + linear, len - linear);
	if (!whole) {
		kfree_skb(skb);
		return NULL;
	}
	packet_hooks_prepare(hooks, packet->v6 ? NFPROTO_IPV6 : NFPROTO_IPV4, skb,
			     packet->header);
	if (packet->v6 && data[6] == NEXTHDR_HOP)
		IP6CB(skb)->nhoff = sizeof(struct ipv6hdr);
	set_summed(rng, packet, skb);
	return skb;
}
