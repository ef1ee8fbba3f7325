// SPDX-License-Identifier: GPL-2.0
/*
 * The FTP helper: what a control connection says about data connections
 * becomes an expectation, rewritten first by the NAT half if there is NAT.
 *
 * The parser is nf_ct_ftp_parse.c. Here it is decided which bytes it may see
 * (only such as start a line, RFC 959 5.3) and what of its findings may be
 * believed: nobody opens a port on a third host, unless `loose` is set.
 *
 * ftp_lock guards where lines start, in the helper's data of each entry, and
 * the buffer. It is not held when anything else is called.
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
#define LOWEST_FREE	1024	/* ports below belong to well-known services */
#define PATIENCE	4	/* how often a sender may fail to say more */

/* Flags of a direction, beside NF_CT_FTP_SEQ_PICKUP. */
#define SEQ_VOUCHED	BIT(1)	/* whoever handed the connection over knew */
#define SEQ_HOLE	BIT(2)	/* a segment has been dropped, see struct state */

MODULE_LICENSE("GPL");
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
static u8 *buffer;	/* payload of a nonlinear packet; ftp_lock */

/* A session has one data connection at a time. */
static const struct nf_conntrack_expect_policy policy = {
	.max_expected	= 1,
	.timeout	= 5 * 60,
};

/**
 * struct state - what is kept of a connection
 * @info:	where lines start, and flags
 * @hole:	with SEQ_HOLE, where the dropped segment starts
 *
 * A line that breaks off is dropped, to come again as a whole. But a sender
 * joins what it sends again with what follows only while the other side has not
 * acknowledged that (by SACK), so what follows is dropped, too.
 */
struct state {
	struct nf_ct_ftp_master	info;
	u32			hole[IP_CT_DIR_MAX];
};

/* How often the segment has been dropped: the upper half of the flags. */
#define TRIES_SHIFT	8
#define TRIES_ONE	BIT(TRIES_SHIFT)

/**
 * struct segment - a packet of a control connection
 * @ct:		entry
 * @ctinfo:	tells the direction
 * @dir:	the direction
 * @protoff:	where the TCP header starts
 * @seq:	sequence number of the payload's first byte
 * @off:	where the payload starts
 * @len:	length of the payload
 */
struct segment {
	struct nf_conn		*ct;
	enum ip_conntrack_info	ctinfo;
	enum ip_conntrack_dir	dir;
	unsigned int		protoff;
	u32			seq;
	unsigned int		off;
	unsigned int		len;
};

/* --- where lines start (ftp_lock) -------------------------------------- */

static bool starts_line(const struct nf_ct_ftp_master *info,
			enum ip_conntrack_dir dir, u32 seq)
{
	u16 i;

	for (i = 0; i < info->seq_aft_nl_num[dir]; i++) {
		if (info->seq_aft_nl[dir][i] == seq)
			return true;
	}
	return false;
}

/* Keep the latest places: the last line may be sent again. */
static void remember(struct nf_ct_ftp_master *info, enum ip_conntrack_dir dir,
		     u32 seq)
{
	u32 *place = info->seq_aft_nl[dir];
	u16 i, oldest = 0;

	if (starts_line(info, dir, seq))
		return;
	if (info->seq_aft_nl_num[dir] < NUM_SEQ_TO_REMEMBER) {
		place[info->seq_aft_nl_num[dir]++] = seq;
		return;
	}
	for (i = 1; i < NUM_SEQ_TO_REMEMBER; i++) {
		if (before(place[i], place[oldest]))
			oldest = i;
	}
	if (after(seq, place[oldest]))
		place[oldest] = seq;
}

static bool behind_hole(const struct state *state, const struct segment *seg)
{
	return state->info.flags[seg->dir] & SEQ_HOLE &&
	       after(seg->seq, state->hole[seg->dir]);
}

/* False: the sender has had its chances. */
static bool open_hole(struct state *state, const struct segment *seg)
{
	u16 *flags = &state->info.flags[seg->dir];

	if (!(*flags & SEQ_HOLE) || state->hole[seg->dir] != seg->seq)
		*flags &= TRIES_ONE - 1;
	if (*flags >> TRIES_SHIFT == PATIENCE)
		return false;
	*flags = (*flags + TRIES_ONE) | SEQ_HOLE;
	state->hole[seg->dir] = seg->seq;
	return true;
}

static void close_hole(struct state *state, const struct segment *seg)
{
	state->info.flags[seg->dir] &= (TRIES_ONE - 1) & ~SEQ_HOLE;
}

static enum nf_ct_ftp_result parse(const struct sk_buff *skb,
				   const struct segment *seg,
				   struct nf_ct_ftp_match *match)
{
	struct state *state = nfct_help_data(seg->ct);
	struct nf_ct_ftp_master *info = &state->info;
	enum ip_conntrack_dir dir = seg->dir;
	enum nf_ct_ftp_result result;
	const u8 *data;

	match->kind = dir == IP_CT_DIR_ORIGINAL ? NF_CT_FTP_KIND_PORT :
						  NF_CT_FTP_KIND_PASV;
	if (behind_hole(state, seg))
		return NF_CT_FTP_PARTIAL;

	data = skb_header_pointer(skb, seg->off, seg->len, buffer);
	if (!data)
		return NF_CT_FTP_NOTHING;

	if (info->flags[dir] & NF_CT_FTP_SEQ_PICKUP) {
		remember(info, dir, seg->seq);
		info->flags[dir] &= ~NF_CT_FTP_SEQ_PICKUP;
	}

	result = nf_ct_ftp_parse(data, seg->len, dir == IP_CT_DIR_REPLY,
				 starts_line(info, dir, seg->seq), match);

	/* What is dropped will come again. */
	if (result == NF_CT_FTP_PARTIAL && open_hole(state, seg))
		return result;
	close_hole(state, seg);
	if (result == NF_CT_FTP_PARTIAL)
		return NF_CT_FTP_NOTHING;

	if (result == NF_CT_FTP_FOUND)
		remember(info, dir, seg->seq + match->line);
	if (data[seg->len - 1] == '\n')
		remember(info, dir, seg->seq + seg->len);
	return result;
}

/* --- what may be believed ---------------------------------------------- */

/* In the middle of a connection that nobody has seen the start of, anything may
 * look like a line. The TCP tracker is liberal with both sides of such a one.
 */
static bool picked_up(const struct nf_conn *ct)
{
	const struct nf_ct_ftp_master *info = nfct_help_data(ct);
	u8 flags = ct->proto.tcp.seen[0].flags & ct->proto.tcp.seen[1].flags;

	return flags & IP_CT_TCP_FLAG_BE_LIBERAL &&
	       !(info->flags[IP_CT_DIR_ORIGINAL] & SEQ_VOUCHED);
}

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

static unsigned int announce(struct sk_buff *skb, const struct segment *seg,
			     const struct nf_ct_ftp_match *match)
{
	typeof(nf_nat_ftp_hook) nat_hook;
	struct nf_conntrack_expect *exp;
	struct nf_conn *ct = seg->ct;
	union nf_inet_addr addr;
	__be16 port = htons(match->port);
	unsigned int verdict = NF_ACCEPT;

	if (picked_up(ct) || !destination(seg, match, &addr))
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
	if (nat_hook && ct->status & IPS_NAT_MASK) {
		verdict = nat_hook(skb, seg->ctinfo,
				   (enum nf_ct_ftp_type)match->kind,
				   seg->protoff, match->offset, match->len,
				   exp);
	} else if (nf_ct_expect_related(exp, 0)) {
		nf_ct_helper_log(skb, ct, "cannot add expectation");
		verdict = NF_DROP;
	}
	nf_ct_expect_put(exp);
	return verdict;
}

/* --- packets ----------------------------------------------------------- */

/* Has the packet anything to say? */
static bool payload(const struct sk_buff *skb, struct segment *seg)
{
	const struct tcphdr *th;
	struct tcphdr buf;

	th = skb_header_pointer(skb, seg->protoff, sizeof(buf), &buf);
	if (!th || th->doff * 4 < sizeof(*th) || th->syn || th->rst)
		return false;

	seg->off = seg->protoff + th->doff * 4;
	if (seg->off >= skb->len || skb->len - seg->off > BUFFER_SIZE)
		return false;
	seg->len = skb->len - seg->off;
	seg->seq = ntohl(th->seq);
	return true;
}

static int ftp_help(struct sk_buff *skb, unsigned int protoff,
		    struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	struct segment seg = {
		.ct		= ct,
		.ctinfo		= ctinfo,
		.dir		= CTINFO2DIR(ctinfo),
		.protoff	= protoff,
	};
	enum nf_ct_ftp_result result;
	struct nf_ct_ftp_match match;

	/* Both sides have spoken. */
	if (ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY)
		return NF_ACCEPT;
	if (!nf_ct_is_confirmed(ct) || !payload(skb, &seg))
		return NF_ACCEPT;

	spin_lock_bh(&ftp_lock);
	result = parse(skb, &seg, &match);
	spin_unlock_bh(&ftp_lock);

	switch (result) {
	case NF_CT_FTP_FOUND:
		return announce(skb, &seg, &match);
	case NF_CT_FTP_PARTIAL:
		/* Sent again, it will be whole, or longer at least. */
		nf_ct_helper_log(skb, ct, "partial matching of `%s'",
				 nf_ct_ftp_keyword(match.kind));
		return NF_DROP;
	default:
		return NF_ACCEPT;
	}
}

/* The connection was put here by netlink: take lines up where they are. */
static int ftp_from_nlattr(struct nlattr *attr, struct nf_conn *ct)
{
	struct nf_ct_ftp_master *info = nfct_help_data(ct);
	int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		info->flags[dir] |= NF_CT_FTP_SEQ_PICKUP | SEQ_VOUCHED;
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
	BUILD_BUG_ON(offsetof(struct state, info));
	BUILD_BUG_ON((int)NF_CT_FTP_KIND_PORT != NF_CT_FTP_PORT ||
		     (int)NF_CT_FTP_KIND_PASV != NF_CT_FTP_PASV ||
		     (int)NF_CT_FTP_KIND_EPRT != NF_CT_FTP_EPRT ||
		     (int)NF_CT_FTP_KIND_EPSV != NF_CT_FTP_EPSV);

	buffer = kmalloc(BUFFER_SIZE, GFP_KERNEL);
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
