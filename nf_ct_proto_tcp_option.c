// SPDX-License-Identifier: GPL-2.0
/*
 * The options of a TCP segment that the tracker needs: window scale, SACK
 * permitted, SACK. Pure: bytes in, values out. They come from the network, so
 * nothing in them is believed, least of all a length.
 */
#include <linux/minmax.h>

#include "nf_ct_tcp.h"

/* Option kinds, RFC 9293 3.2, RFC 7323, RFC 2018. */
enum {
	OPT_END		= 0,
	OPT_NOP		= 1,
	OPT_WSCALE	= 3,
	OPT_SACK_PERM	= 4,
	OPT_SACK	= 5,
};

/*
 * The option at *pos and its length there, which is at least two and within
 * the options. Moves on to the next; NULL at the end, also that of sense.
 */
static const u8 *next_option(const u8 *opt, unsigned int len, unsigned int *pos)
{
	const u8 *here;

	while (*pos < len && opt[*pos] == OPT_NOP)
		++*pos;

	if (*pos + 2 > len || opt[*pos] == OPT_END)
		return NULL;

	here = opt + *pos;
	if (here[1] < 2 || here[1] > len - *pos)
		return NULL;

	*pos += here[1];
	return here;
}

/**
 * nf_ct_tcp_parse_syn() - what a SYN offers
 * @opt: its options
 * @len: bytes of them
 * @seg: takes the answer, @options and @wscale
 */
void nf_ct_tcp_parse_syn(const u8 *opt, unsigned int len,
			 struct nf_ct_tcp_segment *seg)
{
	unsigned int pos = 0;
	const u8 *o;

	seg->options = 0;
	seg->wscale = 0;

	while ((o = next_option(opt, len, &pos))) {
		if (o[0] == OPT_WSCALE && o[1] == 3) {
			seg->wscale = min_t(u8, o[2], NF_CT_TCP_WSCALE_MAX);
			seg->options |= IP_CT_TCP_FLAG_WINDOW_SCALE;
		} else if (o[0] == OPT_SACK_PERM && o[1] == 2) {
			seg->options |= IP_CT_TCP_FLAG_SACK_PERM;
		}
	}
}

/**
 * nf_ct_tcp_parse_sack() - the highest edge that a segment acknowledges
 * @opt: its options
 * @len: bytes of them
 * @ack: what its header acknowledges
 * @offset: to be taken off an edge, as it was off @ack
 *
 * Blocks that lead on from one another may lead round the numbers; as on the stock
 * tracker, what comes last counts then. It bounds how far a segment may acknowledge.
 *
 * Return: the highest right edge of a SACK block if it is after @ack, or @ack
 */
u32 nf_ct_tcp_parse_sack(const u8 *opt, unsigned int len, u32 ack, u32 offset)
{
	unsigned int pos = 0;
	unsigned int i;
	const u8 *o;
	u32 edge;

	while ((o = next_option(opt, len, &pos))) {
		if (o[0] != OPT_SACK)
			continue;

		/* Blocks of two edges behind kind and length. */
		for (i = 2; i + 8 <= o[1]; i += 8) {
			edge = ((u32)o[i + 4] << 24 | o[i + 5] << 16 |
				o[i + 6] << 8 | o[i + 7]) - offset;
			if (nf_ct_tcp_after(edge, ack))
				ack = edge;
		}
	}

	return ack;
}
