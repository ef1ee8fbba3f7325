// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a TCP connection as somebody on the way sees them: which
 * segment, from which side, leads where. Pure data and look-ups; takes no lock
 * and touches no entry.
 *
 * The states are those of the connection, not of one end (RFC 9293 3.3.2):
 *
 *   SYN_SENT	 a SYN from the original side
 *   SYN_SENT2	 a SYN from each side: simultaneous open (RFC 9293 figure 7)
 *   SYN_RECV	 a SYN/ACK that answers it
 *   ESTABLISHED the handshake is complete, or was before we came
 *   FIN_WAIT	 one side has sent FIN
 *   CLOSE_WAIT	 ... and something came after it
 *   LAST_ACK	 both have sent FIN
 *   TIME_WAIT	 ... and something came after them
 *   CLOSE	 a reset was accepted
 */
#include <linux/bits.h>
#include <linux/build_bug.h>

#include "nf_ct_tcp.h"

/* Bits of the flags byte of a TCP header, RFC 9293 3.1. */
#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define ACK	0x10
#define URG	0x20

/*
 * PSH may be on any segment, ECE and CWR on any too (RFC 3168); what is not
 * listed no stack sends: no ACK outside of SYN and RST, two of SYN, FIN and RST
 * at once, an urgent pointer where there can be no data.
 */
static_assert(NF_CT_TCP_TELLING == (FIN | SYN | RST | ACK | URG));

const u8 nf_ct_tcp_events[NF_CT_TCP_TELLING + 1] = {	/* the event + 1, or 0 */
	[SYN]			= NF_CT_TCP_SYN + 1,
	[SYN | URG]		= NF_CT_TCP_SYN + 1,
	[SYN | ACK]		= NF_CT_TCP_SYNACK + 1,
	[FIN | ACK]		= NF_CT_TCP_FIN + 1,
	[FIN | ACK | URG]	= NF_CT_TCP_FIN + 1,
	[ACK]			= NF_CT_TCP_ACK + 1,
	[ACK | URG]		= NF_CT_TCP_ACK + 1,
	[RST]			= NF_CT_TCP_RST + 1,
	[RST | ACK]		= NF_CT_TCP_RST + 1,
};

/* Short names, for the tables to be read at a glance. */
#define NO	TCP_CONNTRACK_NONE
#define SS	TCP_CONNTRACK_SYN_SENT
#define SR	TCP_CONNTRACK_SYN_RECV
#undef ES	/* a register in the headers of User-Mode Linux */
#define ES	TCP_CONNTRACK_ESTABLISHED
#define FW	TCP_CONNTRACK_FIN_WAIT
#define CW	TCP_CONNTRACK_CLOSE_WAIT
#define LA	TCP_CONNTRACK_LAST_ACK
#define TW	TCP_CONNTRACK_TIME_WAIT
#define CL	TCP_CONNTRACK_CLOSE
#define S2	TCP_CONNTRACK_SYN_SENT2
#define IG	NF_CT_TCP_IGNORE
#define IV	NF_CT_TCP_INVALID
#define RE	NF_CT_TCP_REOPEN

/*
 * A SYN in the middle of a connection is let through and not acted upon: only
 * the server knows what it means to it. It answers with a challenge ACK
 * (RFC 5961 4.2), a SYN/ACK or a reset, and that is what we act upon. Only the
 * client may do so; the server's side has no business sending a SYN.
 *
 * ACK in NONE is the pick-up of a connection older than we are. A FIN in
 * FIN_WAIT is taken for the second one: its sender is not looked at, since a
 * FIN that is sent again means that the other side is silent.
 */
#define ORIGINAL(X)						\
	/*    SYN SYN/ACK FIN ACK RST */			\
	X(NO, SS,   IV,   IV, ES, IV)				\
	X(SS, SS,   IV,   IV, IV, CL)				\
	X(SR, IG,   SR,   FW, ES, CL)				\
	X(ES, IG,   IV,   FW, ES, CL)				\
	X(FW, IG,   IV,   LA, CW, CL)				\
	X(CW, IG,   IV,   LA, CW, CL)				\
	X(LA, IG,   IV,   LA, TW, CL)				\
	X(TW, RE,   IV,   TW, TW, CL)				\
	X(CL, RE,   IV,   CL, CL, CL)				\
	X(S2, S2,   SR,   IV, IV, CL)

/*
 * An ACK that answers a SYN is a challenge ACK: the server still has a
 * connection of old on these ports, and the client will reset it
 * (RFC 9293 3.5.1, figure 9).
 */
#define REPLY(X)						\
	/*    SYN SYN/ACK FIN ACK RST */			\
	X(NO, IV,   IV,   IV, IV, IV)				\
	X(SS, S2,   SR,   IV, IG, CL)				\
	X(SR, IV,   IG,   FW, SR, CL)				\
	X(ES, IV,   IG,   FW, ES, CL)				\
	X(FW, IV,   IG,   LA, CW, CL)				\
	X(CW, IV,   IG,   LA, CW, CL)				\
	X(LA, IV,   IG,   LA, TW, CL)				\
	X(TW, RE,   IG,   TW, TW, CL)				\
	X(CL, IV,   IG,   CL, CL, CL)				\
	X(S2, S2,   SR,   IV, IG, CL)

#define ROW(state, syn, synack, fin, ack, rst) [state] = {	\
	[NF_CT_TCP_SYN] = syn,					\
	[NF_CT_TCP_SYNACK] = synack,				\
	[NF_CT_TCP_FIN] = fin,					\
	[NF_CT_TCP_ACK] = ack,					\
	[NF_CT_TCP_RST] = rst,					\
},

const u8 nf_ct_tcp_outcomes[IP_CT_DIR_MAX][TCP_CONNTRACK_MAX][NF_CT_TCP_EVENTS] = {
	[IP_CT_DIR_ORIGINAL] = { ORIGINAL(ROW) },
	[IP_CT_DIR_REPLY] = { REPLY(ROW) },
};

/*
 * ROW() takes exactly one outcome for each event. The bits of the states add
 * up to all of them only if each has one row.
 */
#define STATE_BIT(state, ...)	+ BIT(state)
#define EVENT_COUNT		5

static_assert(NF_CT_TCP_EVENTS == EVENT_COUNT);
static_assert((0 ORIGINAL(STATE_BIT)) == GENMASK(TCP_CONNTRACK_MAX - 1, 0));
static_assert((0 REPLY(STATE_BIT)) == GENMASK(TCP_CONNTRACK_MAX - 1, 0));

/**
 * nf_ct_tcp_is_closing() - is the connection over, or half so?
 * @state: state of the connection
 *
 * Return: true if a FIN or a reset was seen
 */
bool nf_ct_tcp_is_closing(u8 state)
{
	return BIT(state) & (BIT(FW) | BIT(CW) | BIT(LA) | BIT(TW) | BIT(CL));
}
