/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TCP connection for the suites of nf_ct_proto_tcp_window.c. Each case is told
 * in numbers that begin with 0 for a side's SYN, as RFC 9293 does, and is tried
 * at several places of the sequence space, so also where it wraps.
 */
#ifndef TCP_CONN_H
#define TCP_CONN_H

#include <kunit/test.h>

#include "nf_ct_tcp.h"

#define CLIENT	IP_CT_DIR_ORIGINAL
#define SERVER	IP_CT_DIR_REPLY

#define WSCALE	IP_CT_TCP_FLAG_WINDOW_SCALE
#define PERMIT	IP_CT_TCP_FLAG_SACK_PERM
#define LIBERAL	IP_CT_TCP_FLAG_BE_LIBERAL
#define UNACKED	IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED

/* The numbers of the SYNs. */
struct place {
	u32 at[IP_CT_DIR_MAX];
};

static const struct place places[] = {
	{ { 1000, 5000 } },
	{ { 0x7ffffc00, 0x7fff0000 } },		/* the sign turns */
	{ { 0xfffffc00, 0xffff0000 } },		/* both wrap */
	{ { 0xffffffff, 0xfffffffe } },		/* ... at once */
	{ { 1000, 0xfffffff0 } },
};

static void place_name(const struct place *p, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "client %#x server %#x",
		 p->at[CLIENT], p->at[SERVER]);
}

KUNIT_ARRAY_PARAM(place, places, place_name);

/* A connection, where it lies, and what both sides say unless told otherwise. */
struct conn {
	struct ip_ct_tcp	tcp;
	u32			at[IP_CT_DIR_MAX];
	u16			win[IP_CT_DIR_MAX];
};

static inline struct conn
at_place(const struct place *p, u16 client_win, u16 server_win)
{
	struct conn c = { .win = { client_win, server_win } };

	memcpy(c.at, p->at, sizeof(c.at));
	return c;
}

/* A segment of an open connection. */
static inline struct nf_ct_tcp_segment data(const struct conn *c, u8 dir,
					    u32 seq, u32 len, u32 ack)
{
	return (struct nf_ct_tcp_segment) {
		.seq = c->at[dir] + seq,
		.end = c->at[dir] + seq + len,
		.ack = c->at[!dir] + ack,
		.sack = c->at[!dir] + ack,
		.win = c->win[dir],
		.dir = dir,
		.event = NF_CT_TCP_ACK,
		.has_ack = true,
	};
}

static inline struct nf_ct_tcp_segment syn(const struct conn *c, u8 dir,
					   u8 options, u8 wscale)
{
	return (struct nf_ct_tcp_segment) {
		.seq = c->at[dir],
		.end = c->at[dir] + 1,
		.win = c->win[dir],
		.dir = dir,
		.event = NF_CT_TCP_SYN,
		.acks_nothing = true,
		.has_options = options,
		.options = options,
		.wscale = wscale,
	};
}

static inline struct nf_ct_tcp_segment synack(const struct conn *c, u8 options,
					      u8 wscale)
{
	struct nf_ct_tcp_segment seg = syn(c, SERVER, options, wscale);

	seg.event = NF_CT_TCP_SYNACK;
	seg.has_ack = true;
	seg.acks_nothing = false;
	seg.ack = c->at[CLIENT] + 1;
	seg.sack = seg.ack;
	return seg;
}

static inline enum nf_ct_tcp_fit window(struct conn *c,
					struct nf_ct_tcp_segment seg,
					bool liberal)
{
	u32 bound;

	return nf_ct_tcp_window(&c->tcp, &seg, liberal, &bound);
}

static inline enum nf_ct_tcp_fit
fits(struct conn *c, u8 dir, u32 seq, u32 len, u32 ack)
{
	return window(c, data(c, dir, seq, len, ack), false);
}

/* The same of a copy: nothing moves. */
static inline enum nf_ct_tcp_fit would_fit(const struct conn *c, u8 dir,
					   u32 seq, u32 len, u32 ack)
{
	struct conn copy = *c;

	return fits(&copy, dir, seq, len, ack);
}

/* The handshake, RFC 9293 figure 6. */
static inline void shake(struct kunit *test, struct conn *c, u8 client_options,
			 u8 client_scale, u8 server_options, u8 server_scale)
{
	c->tcp.state = TCP_CONNTRACK_NONE;
	KUNIT_ASSERT_EQ(test, window(c, syn(c, CLIENT, client_options,
					    client_scale), false),
			NF_CT_TCP_FITS);
	c->tcp.state = TCP_CONNTRACK_SYN_SENT;
	KUNIT_ASSERT_EQ(test, window(c, synack(c, server_options, server_scale),
				     false), NF_CT_TCP_FITS);
	c->tcp.state = TCP_CONNTRACK_SYN_RECV;
	KUNIT_ASSERT_EQ(test, fits(c, CLIENT, 1, 0, 1), NF_CT_TCP_FITS);
	c->tcp.state = TCP_CONNTRACK_ESTABLISHED;
}

static inline struct conn established(struct kunit *test, u16 client_win,
				      u16 server_win)
{
	struct conn c = at_place(test->param_value, client_win, server_win);

	shake(test, &c, 0, 0, 0, 0);
	return c;
}

#define CASE(name) KUNIT_CASE_PARAM(name, place_gen_params)

#endif /* TCP_CONN_H */
