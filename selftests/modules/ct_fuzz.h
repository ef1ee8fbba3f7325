/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of ct_fuzz know of each other: chance, a buffer that is written
 * to, and the flow whose packets are made.
 */
#ifndef CT_FUZZ_H
#define CT_FUZZ_H

#include <linux/string.h>
#include <linux/types.h>

/* --- chance ------------------------------------------------------------ */

/**
 * struct fuzz_rng - numbers that follow from a seed alone (splitmix64)
 * @state: the seed at first
 */
struct fuzz_rng {
	u64	state;
};

static inline u64 fuzz_next(struct fuzz_rng *rng)
{
	u64 z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Less than @n, which is not 0. */
static inline u32 fuzz_below(struct fuzz_rng *rng, u32 n)
{
	return (fuzz_next(rng) >> 32) * n >> 32;
}

/* Once in @n times. */
static inline bool fuzz_once(struct fuzz_rng *rng, u32 n)
{
	return !fuzz_below(rng, n);
}

#define fuzz_pick(_rng, _array)	((_array)[fuzz_below(_rng, ARRAY_SIZE(_array))])

/* --- a buffer ---------------------------------------------------------- */

#define FUZZ_ROOM	1600

/**
 * struct fuzz_buf - bytes that are written one behind the other
 * @len: bytes so far
 * @data: the bytes
 */
struct fuzz_buf {
	u32	len;
	u8	data[FUZZ_ROOM];
};

/* What does not fit any more is cut off. */
static inline void put_data(struct fuzz_buf *buf, const void *data, u32 len)
{
	len = min_t(u32, len, FUZZ_ROOM - buf->len);
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

static inline void put_u8(struct fuzz_buf *buf, u8 value)
{
	put_data(buf, &value, 1);
}

static inline void put_u16(struct fuzz_buf *buf, u16 value)
{
	put_u8(buf, value >> 8);
	put_u8(buf, value);
}

static inline void put_u32(struct fuzz_buf *buf, u32 value)
{
	put_u16(buf, value >> 16);
	put_u16(buf, value);
}

static inline void put_junk(struct fuzz_rng *rng, struct fuzz_buf *buf, u32 len)
{
	while (len--)
		put_u8(buf, fuzz_next(rng));
}

/* What is there already is written over. */
static inline void set_u8(struct fuzz_buf *buf, u32 at, u8 value)
{
	if (at < buf->len)
		buf->data[at] = value;
}

static inline void set_u16(struct fuzz_buf *buf, u32 at, u16 value)
{
	set_u8(buf, at, value >> 8);
	set_u8(buf, at + 1, value);
}

static inline u16 get_u16(const struct fuzz_buf *buf, u32 at)
{
	return at + 2 <= buf->len ? buf->data[at] << 8 | buf->data[at + 1] : 0;
}

/* --- a flow ------------------------------------------------------------ */

/* What a flow talks about; each helper's protocol, too. */
enum fuzz_topic {
	FUZZ_TCP,
	FUZZ_FTP,
	FUZZ_IRC,
	FUZZ_SANE,
	FUZZ_H323,
	FUZZ_PPTP,
	FUZZ_SIP_TCP,
	FUZZ_UDP,
	FUZZ_SIP,
	FUZZ_TFTP,
	FUZZ_AMANDA,
	FUZZ_RAS,
	FUZZ_SNMP,
	FUZZ_NETBIOS,
	FUZZ_UDPLITE,
	FUZZ_ICMP,
	FUZZ_SCTP,
	FUZZ_DCCP,
	FUZZ_GRE,
	FUZZ_OTHER,
	FUZZ_TOPICS
};

/* The hooks that packets of the original direction pass. */
enum fuzz_path {
	FUZZ_FORWARD,
	FUZZ_INPUT,
	FUZZ_OUTPUT,
	FUZZ_PATHS
};

#define FUZZ_EPISODE	32	/* packets of a flow in a row */

/**
 * struct fuzz_flow - whose packets are made
 * @topic: enum fuzz_topic
 * @proto: IPPROTO_*
 * @v6: IPv6, not IPv4
 * @path: enum fuzz_path
 * @client: number of the client's address, 1 to 4
 * @server: number of the server's address, 1 to 4
 * @back: the server has begun it
 * @sport: the client's port, ICMP id or GRE key
 * @dport: the server's port
 * @seq: where each side's bytes go on (TCP), its sequence number (DCCP) or
 *	verification tag (SCTP)
 */
struct fuzz_flow {
	u8	topic;
	u8	proto;
	bool	v6;
	u8	path;
	u8	client;
	u8	server;
	bool	back;
	u16	sport;
	u16	dport;
	u32	seq[2];
};

/**
 * struct fuzz_packet - one packet
 * @buf: from the network header on
 * @v6: IPv6, not IPv4
 * @path: enum fuzz_path
 * @header: bytes that are there for sure when the tracker looks
 * @l4: where the transport header begins
 * @checked: all checksums are right
 */
struct fuzz_packet {
	struct fuzz_buf	buf;
	bool		v6;
	u8		path;
	u32		header;
	u32		l4;
	bool		checked;
};

/**
 * struct fuzz_maker - makes packets, each from the seed and its number alone
 * @seed: what else they follow from
 * @topic: enum fuzz_topic of all flows, or -1: any
 * @number: of the packet that comes next
 * @rng: of the episode
 * @flow: of the episode
 * @datagram: what fragments are being cut from, without the network header
 * @dir: whose datagram that is
 * @id: the fragments' identification
 * @cut: where the next fragment begins
 * @left: fragments that are still to come
 */
struct fuzz_maker {
	u64		seed;
	int		topic;
	u64		number;
	struct fuzz_rng	rng;
	struct fuzz_flow flow;
	struct fuzz_buf	datagram;
	int		dir;
	u32		id;
	u32		cut;
	u32		left;
};

void fuzz_start(struct fuzz_maker *maker, u64 seed, u64 from, int topic);
void fuzz_make(struct fuzz_maker *maker, struct fuzz_packet *packet);
void fuzz_transport(struct fuzz_rng *rng, struct fuzz_flow *flow, int dir, u32 step,
		    struct fuzz_buf *buf);
void fuzz_icmp_error(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
		     u32 depth, struct fuzz_buf *buf);
void fuzz_quote(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
		u32 depth, struct fuzz_buf *buf);

u32 fuzz_address(const struct fuzz_flow *flow, int dir, bool dst, u8 addr[16]);
void fuzz_text(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
	       struct fuzz_buf *buf);
void fuzz_mutate(struct fuzz_rng *rng, struct fuzz_buf *buf, u32 from);

struct packet_hooks;
struct sk_buff *fuzz_skb(struct fuzz_rng *rng, const struct packet_hooks *hooks,
			 const struct fuzz_packet *packet);

#endif /* CT_FUZZ_H */
