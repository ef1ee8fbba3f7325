// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_proto_tcp_state.c: what the flags of a segment ask for, and where that
 * leads from each state.
 */
#include <kunit/test.h>

#include "nf_ct_tcp.h"

#define BOTH	2	/* sides, beside IP_CT_DIR_ORIGINAL and _REPLY */
#define CLIENT	IP_CT_DIR_ORIGINAL
#define SERVER	IP_CT_DIR_REPLY

#define NONE		BIT(TCP_CONNTRACK_NONE)
#define SYN_SENT	BIT(TCP_CONNTRACK_SYN_SENT)
#define SYN_RECV	BIT(TCP_CONNTRACK_SYN_RECV)
#define ESTABLISHED	BIT(TCP_CONNTRACK_ESTABLISHED)
#define FIN_WAIT	BIT(TCP_CONNTRACK_FIN_WAIT)
#define CLOSE_WAIT	BIT(TCP_CONNTRACK_CLOSE_WAIT)
#define LAST_ACK	BIT(TCP_CONNTRACK_LAST_ACK)
#define TIMEWAIT	BIT(TCP_CONNTRACK_TIME_WAIT)
#define CLOSE		BIT(TCP_CONNTRACK_CLOSE)
#define SYN_SENT2	BIT(TCP_CONNTRACK_SYN_SENT2)

#define OPENING		(SYN_SENT | SYN_SENT2)
#define CLOSING		(FIN_WAIT | CLOSE_WAIT | LAST_ACK)
#define OVER		(TIMEWAIT | CLOSE)
#define STAYS		0xff	/* an outcome: the state it is in */

/* --- flags ------------------------------------------------------------- */

/* RFC 9293 3.1 and 3.10: what a stack may send. */
static enum nf_ct_tcp_event expected_event(unsigned int flags)
{
	bool fin = flags & 0x01, syn = flags & 0x02, rst = flags & 0x04;
	bool ack = flags & 0x10, urg = flags & 0x20;

	if (fin + syn + rst > 1)
		return NF_CT_TCP_BAD_FLAGS;
	/* No data, so none that is urgent. A SYN may carry some. */
	if (rst)
		return urg ? NF_CT_TCP_BAD_FLAGS : NF_CT_TCP_RST;
	if (syn && ack)
		return urg ? NF_CT_TCP_BAD_FLAGS : NF_CT_TCP_SYNACK;
	if (syn)
		return NF_CT_TCP_SYN;
	/* Everything beyond the first SYN acknowledges. */
	if (!ack)
		return NF_CT_TCP_BAD_FLAGS;
	return fin ? NF_CT_TCP_FIN : NF_CT_TCP_ACK;
}

static void every_flag(struct kunit *test)
{
	unsigned int f;

	for (f = 0; f <= U8_MAX; f++)
		KUNIT_EXPECT_EQ_MSG(test, nf_ct_tcp_event(f), expected_event(f),
				    "flags %#x", f);
}

/* --- the table --------------------------------------------------------- */

static const struct rule {
	u8	event;
	u8	side;
	u16	states;
	u8	outcome;
} rules[] = {
	/* A connection begins with the client's SYN, RFC 9293 3.5. */
	{ NF_CT_TCP_SYN, CLIENT, NONE, TCP_CONNTRACK_SYN_SENT },
	{ NF_CT_TCP_SYN, CLIENT, OPENING, STAYS },
	/* Simultaneous open, figure 7. */
	{ NF_CT_TCP_SYN, SERVER, SYN_SENT, TCP_CONNTRACK_SYN_SENT2 },
	{ NF_CT_TCP_SYN, SERVER, SYN_SENT2, STAYS },
	/* In the middle only the server can say what it means, RFC 5961 4.2. */
	{ NF_CT_TCP_SYN, CLIENT, SYN_RECV | ESTABLISHED | CLOSING,
	  NF_CT_TCP_IGNORE },
	{ NF_CT_TCP_SYN, SERVER, NONE | SYN_RECV | ESTABLISHED | CLOSING | CLOSE,
	  NF_CT_TCP_INVALID },
	/* The ports may be used again, 3.6.1. */
	{ NF_CT_TCP_SYN, CLIENT, OVER, NF_CT_TCP_REOPEN },
	{ NF_CT_TCP_SYN, SERVER, TIMEWAIT, NF_CT_TCP_REOPEN },

	/* Only who was sent a SYN may answer one. */
	{ NF_CT_TCP_SYNACK, SERVER, OPENING, TCP_CONNTRACK_SYN_RECV },
	{ NF_CT_TCP_SYNACK, CLIENT, SYN_SENT2 | SYN_RECV,
	  TCP_CONNTRACK_SYN_RECV },
	{ NF_CT_TCP_SYNACK, CLIENT, (u16)~(SYN_SENT2 | SYN_RECV),
	  NF_CT_TCP_INVALID },
	/* Once more, or the answer to a SYN that was ignored. */
	{ NF_CT_TCP_SYNACK, SERVER, SYN_RECV | ESTABLISHED | CLOSING | OVER,
	  NF_CT_TCP_IGNORE },
	{ NF_CT_TCP_SYNACK, SERVER, NONE, NF_CT_TCP_INVALID },

	/* No end before there is a connection; then one of each side. */
	{ NF_CT_TCP_FIN, BOTH, NONE | OPENING, NF_CT_TCP_INVALID },
	{ NF_CT_TCP_FIN, BOTH, SYN_RECV | ESTABLISHED, TCP_CONNTRACK_FIN_WAIT },
	{ NF_CT_TCP_FIN, BOTH, CLOSING, TCP_CONNTRACK_LAST_ACK },
	{ NF_CT_TCP_FIN, BOTH, OVER, STAYS },

	/* The pick-up of a connection that is older. */
	{ NF_CT_TCP_ACK, CLIENT, NONE, TCP_CONNTRACK_ESTABLISHED },
	{ NF_CT_TCP_ACK, SERVER, NONE, NF_CT_TCP_INVALID },
	/* A SYN is not answered by an ACK but as a challenge, figure 9. */
	{ NF_CT_TCP_ACK, CLIENT, OPENING, NF_CT_TCP_INVALID },
	{ NF_CT_TCP_ACK, SERVER, OPENING, NF_CT_TCP_IGNORE },
	/* The handshake's third segment is the client's. */
	{ NF_CT_TCP_ACK, CLIENT, SYN_RECV, TCP_CONNTRACK_ESTABLISHED },
	{ NF_CT_TCP_ACK, SERVER, SYN_RECV, STAYS },
	{ NF_CT_TCP_ACK, BOTH, ESTABLISHED | CLOSE_WAIT | OVER, STAYS },
	{ NF_CT_TCP_ACK, BOTH, FIN_WAIT, TCP_CONNTRACK_CLOSE_WAIT },
	{ NF_CT_TCP_ACK, BOTH, LAST_ACK, TCP_CONNTRACK_TIME_WAIT },

	/* A reset ends whatever there is, 3.5.2. */
	{ NF_CT_TCP_RST, BOTH, (u16)~NONE, TCP_CONNTRACK_CLOSE },
	{ NF_CT_TCP_RST, BOTH, NONE, NF_CT_TCP_INVALID },
};

static void every_state_and_event(struct kunit *test)
{
	unsigned int dir, state, event, i;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		for (state = 0; state < TCP_CONNTRACK_MAX; state++)
			for (event = 0; event < NF_CT_TCP_EVENTS; event++) {
				unsigned int count = 0;
				u8 want = 0;

				for (i = 0; i < ARRAY_SIZE(rules); i++) {
					const struct rule *r = &rules[i];

					if (r->event != event ||
					    !(r->states & BIT(state)) ||
					    (r->side != BOTH && r->side != dir))
						continue;
					count++;
					want = r->outcome == STAYS ? state :
								     r->outcome;
				}
				KUNIT_EXPECT_EQ_MSG(test, count, 1,
						    "rules of dir %u state %u event %u",
						    dir, state, event);
				KUNIT_EXPECT_EQ_MSG(test,
						    nf_ct_tcp_outcome(dir, state, event),
						    want, "dir %u state %u event %u",
						    dir, state, event);
			}
}

/* What no packet may do, however the table is written. */
static void never(struct kunit *test)
{
	unsigned int dir, state, event;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		for (state = 0; state < TCP_CONNTRACK_MAX; state++)
			for (event = 0; event < NF_CT_TCP_EVENTS; event++) {
				u8 to = nf_ct_tcp_outcome(dir, state, event);

				KUNIT_EXPECT_LE(test, to, NF_CT_TCP_REOPEN);
				KUNIT_EXPECT_NE(test, to, TCP_CONNTRACK_NONE);
				if (to >= TCP_CONNTRACK_MAX)
					continue;
				/* What is ending stays so. */
				if (nf_ct_tcp_is_closing(state))
					KUNIT_EXPECT_TRUE(test,
							  nf_ct_tcp_is_closing(to));
				/* Nothing but FIN and RST begins the end. */
				else if (nf_ct_tcp_is_closing(to))
					KUNIT_EXPECT_TRUE(test,
							  event == NF_CT_TCP_FIN ||
							  event == NF_CT_TCP_RST);
				/* What is closed opens only by REOPEN. */
				if (state == TCP_CONNTRACK_CLOSE)
					KUNIT_EXPECT_EQ(test, to, state);
			}
}

static void closing(struct kunit *test)
{
	unsigned int state;

	for (state = 0; state < TCP_CONNTRACK_MAX; state++)
		KUNIT_EXPECT_EQ_MSG(test, nf_ct_tcp_is_closing(state),
				    !!(BIT(state) & (CLOSING | OVER)),
				    "state %u", state);
}

/* --- connections ------------------------------------------------------- */

/* Segments: a capital for the event, from the client or (lower case) the server. */
static const struct walk {
	const char	*name;
	const char	*segments;	/* s: SYN, y: SYN/ACK, f, a, r */
	const u8	states[8];	/* after each; IGNORE: as before */
} walks[] = {
	{ "handshake, figure 6", "SyAAa", {
		TCP_CONNTRACK_SYN_SENT, TCP_CONNTRACK_SYN_RECV,
		TCP_CONNTRACK_ESTABLISHED, TCP_CONNTRACK_ESTABLISHED,
		TCP_CONNTRACK_ESTABLISHED } },
	{ "simultaneous open, figure 7", "SsYy", {
		TCP_CONNTRACK_SYN_SENT, TCP_CONNTRACK_SYN_SENT2,
		TCP_CONNTRACK_SYN_RECV, NF_CT_TCP_IGNORE } },
	{ "half-open connection, figure 9", "SaRS", {
		TCP_CONNTRACK_SYN_SENT, NF_CT_TCP_IGNORE,
		TCP_CONNTRACK_CLOSE, NF_CT_TCP_REOPEN } },
	{ "refused", "Sr", {
		TCP_CONNTRACK_SYN_SENT, TCP_CONNTRACK_CLOSE } },
	{ "normal close, figure 12", "SyAFafA", {
		TCP_CONNTRACK_SYN_SENT, TCP_CONNTRACK_SYN_RECV,
		TCP_CONNTRACK_ESTABLISHED, TCP_CONNTRACK_FIN_WAIT,
		TCP_CONNTRACK_CLOSE_WAIT, TCP_CONNTRACK_LAST_ACK,
		TCP_CONNTRACK_TIME_WAIT } },
	{ "simultaneous close, figure 13", "SyAFfaA", {
		TCP_CONNTRACK_SYN_SENT, TCP_CONNTRACK_SYN_RECV,
		TCP_CONNTRACK_ESTABLISHED, TCP_CONNTRACK_FIN_WAIT,
		TCP_CONNTRACK_LAST_ACK, TCP_CONNTRACK_TIME_WAIT,
		TCP_CONNTRACK_TIME_WAIT } },
	{ "closed by the server, picked up", "AfAFaS", {
		TCP_CONNTRACK_ESTABLISHED, TCP_CONNTRACK_FIN_WAIT,
		TCP_CONNTRACK_CLOSE_WAIT, TCP_CONNTRACK_LAST_ACK,
		TCP_CONNTRACK_TIME_WAIT, NF_CT_TCP_REOPEN } },
};

static void connections(struct kunit *test)
{
	static const char events[] = "syfar";
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(walks); i++) {
		const struct walk *w = &walks[i];
		u8 state = TCP_CONNTRACK_NONE, to;

		for (n = 0; w->segments[n]; n++) {
			char c = w->segments[n];

			to = nf_ct_tcp_outcome(c >= 'a' ? SERVER : CLIENT, state,
					       strchr(events, c | 0x20) - events);
			KUNIT_EXPECT_EQ_MSG(test, to, w->states[n],
					    "%s, segment %u", w->name, n + 1);
			if (to < TCP_CONNTRACK_MAX)
				state = to;
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(every_flag),
	KUNIT_CASE(every_state_and_event),
	KUNIT_CASE(never),
	KUNIT_CASE(closing),
	KUNIT_CASE(connections),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_tcp_state",
	.test_cases = cases,
};

kunit_test_suites(&suite);
