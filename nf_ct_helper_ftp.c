// SPDX-License-Identifier: GPL-2.0
/*
 * The FTP helper: what a control connection says about data connections
 * becomes an expectation, rewritten first by the NAT half if there is NAT.
 *
 * The parser is nf_ct_ftp_parse.c. Here it is decided which bytes it may see
 * (only such as start a line, RFC 959 5.3) and what of its findings may be
 * believed: nobody opens a port on a third host, unless `loose` is set.
 *
 * A line may come in pieces. Where nothing has to be changed in it, pieces are
 * let through and remembered until the line is whole. But an address that NAT
 * has to rewrite must stand in one segment: such pieces are dropped, and so is
 * what follows, until the sender has joined them in what it sends again. (A
 * sender joins only what the other side has not acknowledged by SACK.)
 *
 * ftp_lock guards what has been said, in the helper's data of each entry and in
 * lines[], and the buffer. It is not held when anything else is called.
 */
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <linux/netfilter/nf_conntrack_ftp.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/moduleparam.h>
#endif

#include "nf_ct.h"
#include "nf_ct_ftp_parse.h"

#define MAX_PORTS	8
#define FAMILIES	2
#define BUFFER_SIZE	65536
#define LINE_KEPT	96	/* an EPRT is at most 64 bytes long */
#define LINES		64	/* that may be under way at the same time */
#define LOWEST_FREE	1024	/* ports below belong to well-known services */
#define PATIENCE	5	/* how often a sender may fail to say more */

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_CT_VERSION);
MODULE_DESCRIPTION("ftp connection tracking helper");
MODULE_ALIAS("ip_conntrack_ftp");
MODULE_ALIAS_NFCT_HELPER("ftp");

static u16 ports[MAX_PORTS];
static unsigned int ports_c;
module_param_array(ports, ushort, &ports_c, 0400);

static bool loose;
module_param(loose, bool, 0600);

unsigned int (*nf_nat_ftp_hook)(struct sk_buff *skb,
				enum ip_conntrack_info ctinfo,
				enum nf_ct_ftp_type type,
				unsigned int protoff,
				unsigned int matchoff, unsigned int matchlen,
				struct nf_conntrack_expect *exp);
EXPORT_SYMBOL_GPL(nf_nat_ftp_hook);

static struct nf_conntrack_helper helpers[MAX_PORTS * FAMILIES] __read_mostly;
static DEFINE_SPINLOCK(ftp_lock);
static u8 *buffer;	/* text that lies in pieces; ftp_lock */

/* A session has one data connection at a time. */
static const struct nf_conntrack_expect_policy policy = {
	.max_expected	= 1,
	.timeout	= 5 * 60,
};

/* Flags of a side. */
#define SIDE_KNOWN	BIT(0)	/* @next means something */
#define SIDE_LINE	BIT(1)	/* a line starts at @next */
#define SIDE_MATCH	BIT(2)	/* @match means something */
#define SIDE_HELD	BIT(3)	/* @held means something */
#define SIDE_BEGUN	BIT(4)	/* @slot means something */
#define SIDE_START	BIT(5)	/* its SYN has been seen */
#define SIDE_LOADED	BIT(6)	/* the entry was handed over, see from_nlattr */

/**
 * struct side - how far one side of a connection has spoken
 * @next:	what comes next, in order, of what has been let through
 * @match:	where the last line started that announced something
 * @held:	end of what has been dropped, to come again
 * @port:	that NAT has given to what was announced there, or 0
 * @flags:	SIDE_*
 * @tries:	how often nothing new has come with what was dropped
 * @slot:	in lines[], if it still is this side's: the line before @next,
 *		which has no end yet
 */
struct side {
	u32	next;
	u32	match;
	u32	held;
	__be16	port;
	u16	flags : 7;
	u16	tries : 3;
	u16	slot : 6;
};

/* In the helper's data of an entry. */
struct state {
	struct side	side[IP_CT_DIR_MAX];
};

/**
 * struct line - the beginning of a line that may announce something
 * @ct:		whose; only compared, never looked into
 * @dir:	and of which side
 * @len:	length of @text
 * @text:	what has been let through of it
 */
struct line {
	const struct nf_conn	*ct;
	u8			dir;
	u8			len;
	u8			text[LINE_KEPT];
};

/**
 * struct segment - a packet of a control connection
 * @ct:		entry
 * @ctinfo:	tells the direction
 * @dir:	the direction
 * @protoff:	where the TCP header starts
 * @seq:	sequence number of the payload's first byte
 * @off:	where the payload starts
 * @len:	length of the payload
 * @text:	how much of it is looked at
 * @nat:	addresses in it may have to be changed
 */
struct segment {
	struct nf_conn		*ct;
	enum ip_conntrack_info	ctinfo;
	enum ip_conntrack_dir	dir;
	unsigned int		protoff;
	u32			seq;
	unsigned int		off;
	unsigned int		len;
	unsigned int		text;
	bool			nat;
};

static struct line lines[LINES];	/* ftp_lock */

/* What becomes of a segment. */
enum outcome {
	PASS,		/* as it is */
	ANNOUNCE,	/* it announces a data connection */
	HOLD,		/* dropped: it will come again with more of its line */
	AHEAD,		/* dropped: something before it is missing */
};

/* --- what has been said (ftp_lock) ------------------------------------- */

/* The line that @side has begun, or NULL. */
static struct line *begun(const struct segment *seg, const struct side *side)
{
	struct line *line = &lines[side->slot];

	if (!(side->flags & SIDE_BEGUN) || !line->len ||
	    line->ct != seg->ct || line->dir != seg->dir)
		return NULL;
	return line;
}

/* Who begins a line takes the place of him who did so longest ago. */
static void keep(const struct segment *seg, struct side *side, const u8 *text,
		 u32 len)
{
	static unsigned int turn;
	struct line *line = begun(seg, side);

	if (!line) {
		side->slot = turn++ % LINES;
		side->flags |= SIDE_BEGUN;
		line = &lines[side->slot];
	}
	line->ct = seg->ct;
	line->dir = seg->dir;
	line->len = len;
	memcpy(line->text, text, len);
}

static void forget(struct side *side)
{
	side->flags &= ~SIDE_BEGUN;
}

/* May the segment be dropped? Not for ever: the sender may have nothing to add,
 * or what is missing may have taken another way.
 */
static bool hold(struct side *side, u32 end)
{
	if (!(side->flags & SIDE_HELD) || after(end, side->held)) {
		side->held = end;
		side->flags |= SIDE_HELD;
		side->tries = 0;
		return true;
	}
	if (side->tries < PATIENCE)
		side->tries++;
	return side->tries < PATIENCE;
}

/* The segment is let through. */
static void advance(struct side *side, const struct segment *seg, u8 last)
{
	u32 end = seg->seq + seg->len;

	/* Sent again, or a keep-alive with a byte of garbage (RFC 9293 3.8.4). */
	if (!after(end, side->next))
		return;
	side->next = end;
	side->tries = 0;
	side->flags &= ~(SIDE_HELD | SIDE_LINE);
	if (last == '\n')
		side->flags |= SIDE_LINE;
}

/* How much of the line that @side has begun belongs before the segment: 0 also
 * if the segment starts with it, or there is none. Is it known to be a line?
 */
static u32 said_before(const struct segment *seg, const struct side *side,
		       bool *line_start)
{
	const struct line *line = begun(seg, side);
	u32 behind = side->next - seg->seq;

	*line_start = line && behind <= line->len;
	return *line_start ? line->len - behind : 0;
}

/* What is looked at together: that, and the segment. */
static const u8 *gather(const struct sk_buff *skb, const struct segment *seg,
			const struct side *side, u32 said)
{
	if (!said)
		return skb_header_pointer(skb, seg->off, seg->text, buffer);

	memcpy(buffer, lines[side->slot].text, said);
	return skb_copy_bits(skb, seg->off, buffer + said, seg->text) ? NULL :
									buffer;
}

static bool starts_line(const struct side *side, u32 seq)
{
	if (side->flags & SIDE_LINE && seq == side->next)
		return true;
	return side->flags & SIDE_MATCH && seq == side->match;
}

/* A line breaks off. It may go on if it need not be changed: the rest will be
 * put together with what is kept of it.
 */
static bool may_go_on(const struct segment *seg, u32 len,
		      const struct nf_ct_ftp_match *match)
{
	return len - match->line <= LINE_KEPT &&
	       (!seg->nat || match->offset == len);
}

static enum outcome judge(const struct segment *seg, struct side *side,
			  const u8 *text, u32 said, bool line_start,
			  struct nf_ct_ftp_match *match)
{
	u32 end = seg->seq + seg->len, len = said + seg->text;
	bool whole = seg->text == seg->len;
	enum nf_ct_ftp_result result;
	u32 line;

	result = nf_ct_ftp_parse(text, len, seg->dir == IP_CT_DIR_REPLY,
				 line_start, match);

	if (result == NF_CT_FTP_PARTIAL && whole) {
		if (may_go_on(seg, len, match)) {
			if (after(end, side->next))
				keep(seg, side, text + match->line,
				     len - match->line);
			return PASS;
		}
		if (hold(side, end))
			return HOLD;
	}
	if (after(end, side->next))
		forget(side);
	if (result != NF_CT_FTP_FOUND)
		return PASS;

	line = seg->seq - said + match->line;
	if (!(side->flags & SIDE_MATCH) || side->match != line)
		side->port = 0;
	side->match = line;
	side->flags |= SIDE_MATCH;
	if (match->offset >= said)
		match->offset -= said;
	else if (seg->nat)
		return PASS;	/* too late to change it */
	return ANNOUNCE;
}

/* In the middle of a connection that nobody has seen the start of, anything may
 * look like a line.
 */
static bool picked_up(const struct state *state)
{
	const u8 flags = state->side[IP_CT_DIR_ORIGINAL].flags &
			 state->side[IP_CT_DIR_REPLY].flags;

	return !(flags & (SIDE_START | SIDE_LOADED));
}

/* Only what comes in order can be known to start a line. */
static enum outcome examine(const struct sk_buff *skb,
			    const struct segment *seg,
			    struct nf_ct_ftp_match *match)
{
	struct state *state = nfct_help_data(seg->ct);
	struct side *side = &state->side[seg->dir];
	enum outcome outcome;
	bool line_start;
	const u8 *text;
	u32 said;
	u8 buf;

	if (picked_up(state))
		return PASS;
	if (!(side->flags & SIDE_KNOWN)) {
		side->next = seg->seq;
		side->flags |= SIDE_KNOWN;
		if (side->flags & SIDE_LOADED)
			side->flags |= SIDE_LINE;
	}
	if (after(seg->seq, side->next) && hold(side, seg->seq + seg->len))
		return AHEAD;

	said = said_before(seg, side, &line_start);
	text = gather(skb, seg, side, said);
	if (!text)
		return PASS;
	outcome = judge(seg, side, text, said,
			line_start || starts_line(side, seg->seq), match);
	if (outcome != HOLD) {
		text = skb_header_pointer(skb, seg->off + seg->len - 1, 1, &buf);
		advance(side, seg, text ? *text : 0);
	}
	return outcome;
}

/* --- what may be believed ---------------------------------------------- */

/* The address that was named. Where none was, it is the speaker's own. */
static void named_addr(const struct segment *seg,
		       const struct nf_ct_ftp_match *match,
		       union nf_inet_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (match->family == 4)
		memcpy(&addr->ip, match->addr, sizeof(addr->ip));
	else if (match->family == 6)
		memcpy(&addr->in6, match->addr, sizeof(addr->in6));
	else
		*addr = nf_ct_tuple(seg->ct, seg->dir)->src.u3;
}

static bool right_family(const struct segment *seg,
			 const struct nf_ct_ftp_match *match)
{
	switch (match->family) {
	case 4:
		return nf_ct_l3num(seg->ct) == NFPROTO_IPV4;
	case 6:
		return nf_ct_l3num(seg->ct) == NFPROTO_IPV6;
	default:
		return true;
	}
}

/* Where will the data connection be seen to go? To the speaker, by the address
 * that the other side knows; with `loose`, to a third host.
 */
static bool destination(const struct segment *seg,
			const struct nf_ct_ftp_match *match,
			union nf_inet_addr *addr)
{
	if (!right_family(seg, match))
		return false;

	named_addr(seg, match, addr);
	if (nf_inet_addr_cmp(addr, &nf_ct_tuple(seg->ct, seg->dir)->src.u3)) {
		*addr = nf_ct_tuple(seg->ct, !seg->dir)->dst.u3;
		return true;
	}
	return READ_ONCE(loose) && match->port >= LOWEST_FREE;
}

/* NAT chooses a port. When the line comes again it must be the same one, or the
 * line would have another length than sequence numbers go by. So this is asked
 * for, in place of the one that was named, which is put back behind. A connection
 * that comes just in between goes to the wrong port of the client; as the line was
 * lost, nobody knows yet where to connect to.
 */
static unsigned int translate(struct sk_buff *skb, const struct segment *seg,
			      const struct nf_ct_ftp_match *match,
			      struct nf_conntrack_expect *exp,
			      typeof(nf_nat_ftp_hook) nat_hook)
{
	struct state *state = nfct_help_data(seg->ct);
	__be16 *port = &state->side[seg->dir].port, again;
	unsigned int verdict;

	spin_lock_bh(&ftp_lock);
	again = *port;
	spin_unlock_bh(&ftp_lock);

	if (again)
		exp->tuple.dst.u.tcp.port = again;
	verdict = nat_hook(skb, seg->ctinfo, (enum nf_ct_ftp_type)match->kind,
			   seg->protoff, match->offset, match->len, exp);
	if (verdict != NF_ACCEPT)
		return verdict;

#if IS_ENABLED(CONFIG_NF_NAT)
	if (again)
		exp->saved_proto.tcp.port = htons(match->port);
#endif
	spin_lock_bh(&ftp_lock);
	*port = exp->tuple.dst.u.tcp.port;
	spin_unlock_bh(&ftp_lock);
	return verdict;
}

static unsigned int announce(struct sk_buff *skb, const struct segment *seg,
			     const struct nf_ct_ftp_match *match)
{
	typeof(nf_nat_ftp_hook) nat_hook;
	struct nf_conntrack_expect *exp;
	struct nf_conn *ct = seg->ct;
	union nf_inet_addr addr;
	__be16 port = htons(match->port);
	unsigned int verdict = NF_ACCEPT;

	if (!destination(seg, match, &addr))
		return NF_ACCEPT;

	exp = nf_ct_expect_alloc(ct);
	if (!exp) {
		nf_ct_helper_log(skb, ct, "cannot alloc expectation");
		return NF_DROP;
	}
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, nf_ct_l3num(ct),
			  &nf_ct_tuple(ct, !seg->dir)->src.u3, &addr,
			  IPPROTO_TCP, NULL, &port);

	nat_hook = READ_ONCE(nf_nat_ftp_hook);
	if (nat_hook && seg->nat) {
		verdict = translate(skb, seg, match, exp, nat_hook);
	} else if (nf_ct_expect_related(exp, 0)) {
		nf_ct_helper_log(skb, ct, "cannot add expectation");
		verdict = NF_DROP;
	}
	nf_ct_expect_put(exp);
	return verdict;
}

/* --- packets ----------------------------------------------------------- */

/* A side's numbers start with its SYN; the data of one may not count. */
static void start(const struct segment *seg)
{
	struct nf_conn_help *help = nfct_help(seg->ct);
	struct state *state;
	struct side *side;

	/* The connection is not confirmed: the module may be about to go. */
	if (!help)
		return;
	state = (void *)help->data;
	side = &state->side[seg->dir];

	spin_lock_bh(&ftp_lock);
	side->flags = SIDE_START | (side->flags & SIDE_LOADED);
	if (!seg->len) {
		side->next = seg->seq + 1;
		side->flags |= SIDE_KNOWN;
	}
	spin_unlock_bh(&ftp_lock);
}

static bool handshake(const struct nf_conn *ct)
{
	switch (READ_ONCE(ct->proto.tcp.state)) {
	case TCP_CONNTRACK_SYN_SENT:
	case TCP_CONNTRACK_SYN_SENT2:
	case TCP_CONNTRACK_SYN_RECV:
		return true;
	default:
		return false;
	}
}

/* Has the packet anything to say? */
static bool payload(const struct sk_buff *skb, struct segment *seg)
{
	const struct tcphdr *th;
	struct tcphdr buf;

	th = skb_header_pointer(skb, seg->protoff, sizeof(buf), &buf);
	if (!th || th->doff * 4 < sizeof(*th) || th->rst)
		return false;

	seg->off = seg->protoff + th->doff * 4;
	if (seg->off > skb->len)
		return false;
	seg->len = skb->len - seg->off;
	seg->text = min_t(unsigned int, seg->len, BUFFER_SIZE);
	seg->seq = ntohl(th->seq);
	if (th->syn) {
		if (handshake(seg->ct))
			start(seg);
		return false;
	}
	return seg->len;
}

static int ftp_help(struct sk_buff *skb, unsigned int protoff,
		    struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	struct segment seg = {
		.ct		= ct,
		.ctinfo		= ctinfo,
		.dir		= CTINFO2DIR(ctinfo),
		.protoff	= protoff,
		.nat		= READ_ONCE(nf_nat_ftp_hook) &&
				  ct->status & IPS_NAT_MASK,
	};
	struct nf_ct_ftp_match match;
	enum outcome outcome;

	if (!payload(skb, &seg))
		return NF_ACCEPT;
	/* Both sides have spoken. */
	if (ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY)
		return NF_ACCEPT;
	if (!nf_ct_is_confirmed(ct))
		return NF_ACCEPT;

	spin_lock_bh(&ftp_lock);
	outcome = examine(skb, &seg, &match);
	spin_unlock_bh(&ftp_lock);

	switch (outcome) {
	case ANNOUNCE:
		return announce(skb, &seg, &match);
	case HOLD:
		nf_ct_helper_log(skb, ct, "partial matching of `%s'",
				 nf_ct_ftp_keyword(match.kind));
		return NF_DROP;
	case AHEAD:
		nf_ct_helper_log(skb, ct, "segment out of order");
		return NF_DROP;
	default:
		return NF_ACCEPT;
	}
}

/* The connection was put here by netlink: take lines up where they are. */
static int ftp_from_nlattr(struct nlattr *attr, struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);
	struct state *state;
	int dir;

	/* A queued packet's entry whose helpers are going. */
	if (!help)
		return -ENOENT;

	state = (struct state *)help->data;
	spin_lock_bh(&ftp_lock);
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		state->side[dir].flags |= SIDE_LOADED;
	spin_unlock_bh(&ftp_lock);
	return 0;
}

/* --- module ------------------------------------------------------------ */

static void __exit ftp_exit(void)
{
	nf_conntrack_helpers_unregister(helpers, ports_c * FAMILIES);
	kfree(buffer);
}

static int __init ftp_init(void)
{
	static const u16 family[FAMILIES] = { AF_INET, AF_INET6 };
	unsigned int i;
	int err;

	NF_CT_HELPER_BUILD_BUG_ON(sizeof(struct state));
	BUILD_BUG_ON(LINES > 1 << 6 || PATIENCE >= 1 << 3 || LINE_KEPT > U8_MAX);
	BUILD_BUG_ON((int)NF_CT_FTP_KIND_PORT != NF_CT_FTP_PORT ||
		     (int)NF_CT_FTP_KIND_PASV != NF_CT_FTP_PASV ||
		     (int)NF_CT_FTP_KIND_EPRT != NF_CT_FTP_EPRT ||
		     (int)NF_CT_FTP_KIND_EPSV != NF_CT_FTP_EPSV);

	buffer = kmalloc(LINE_KEPT + BUFFER_SIZE, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;

	if (!ports_c)
		ports[ports_c++] = FTP_PORT;

	for (i = 0; i < ports_c * FAMILIES; i++) {
		u16 port = ports[i / FAMILIES];

		nf_ct_helper_init(&helpers[i], family[i % FAMILIES],
				  IPPROTO_TCP, "ftp", FTP_PORT, port, port,
				  &policy, 0, ftp_help, ftp_from_nlattr,
				  THIS_MODULE);
	}

	err = nf_conntrack_helpers_register(helpers, ports_c * FAMILIES);
	if (err) {
		pr_err("nf_conntrack_ftp: failed to register helpers\n");
		kfree(buffer);
	}
	return err;
}

module_init(ftp_init);
module_exit(ftp_exit);
