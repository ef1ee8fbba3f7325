// SPDX-License-Identifier: GPL-2.0
/*
 * An entry as attributes: for dumps and answers, for events, and for packets
 * that go to user space.
 *
 * Every function here writes one attribute, or nothing if the entry has no such
 * thing, and returns 0, or -EMSGSIZE when the message is full. The message is
 * then cut back by whoever began it. Attributes stand in the order in which the
 * kernel has always written them: clients compare bytes.
 *
 * Context: RCU read side; any but hard interrupt. The caller holds a reference
 * to the entry, and nothing else: another CPU may be changing it.
 */
#include <linux/netfilter.h>

#include "nf_ct_netlink.h"

/* --- tuples and zones -------------------------------------------------- */

static int put_addresses(struct sk_buff *skb,
			 const struct nf_conntrack_tuple *tuple)
{
	struct nlattr *nest = nla_nest_start(skb, CTA_TUPLE_IP);

	if (!nest)
		return -EMSGSIZE;

	switch (tuple->src.l3num) {
	case NFPROTO_IPV4:
		if (nla_put_in_addr(skb, CTA_IP_V4_SRC, tuple->src.u3.ip) ||
		    nla_put_in_addr(skb, CTA_IP_V4_DST, tuple->dst.u3.ip))
			return -EMSGSIZE;
		break;
	case NFPROTO_IPV6:
		if (nla_put_in6_addr(skb, CTA_IP_V6_SRC, &tuple->src.u3.in6) ||
		    nla_put_in6_addr(skb, CTA_IP_V6_DST, &tuple->dst.u3.in6))
			return -EMSGSIZE;
		break;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_ports(struct sk_buff *skb,
		     const struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *nest;

	nest = nla_nest_start(skb, CTA_TUPLE_PROTO);
	if (!nest || nla_put_u8(skb, CTA_PROTO_NUM, tuple->dst.protonum))
		return -EMSGSIZE;

	l4proto = nf_ct_l4proto_find(tuple->dst.protonum);
	if (l4proto->tuple_to_nlattr && l4proto->tuple_to_nlattr(skb, tuple))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * nf_ct_nl_put_zone - write a zone
 * @skb: message
 * @attr: attribute
 * @zone: zone
 * @dir: NF_CT_ZONE_DIR_ORIG, NF_CT_ZONE_DIR_REPL, or both of them
 *
 * Nothing is written for the default zone, nor for one that holds for other
 * directions than just @dir.
 *
 * Return: 0 or -EMSGSIZE.
 */
int nf_ct_nl_put_zone(struct sk_buff *skb, int attr,
		      const struct nf_conntrack_zone *zone, int dir)
{
	if (zone->id == NF_CT_DEFAULT_ZONE_ID || zone->dir != dir)
		return 0;
	return nla_put_be16(skb, attr, htons(zone->id));
}

static int put_tuple_in_zone(struct sk_buff *skb, int attr,
			     const struct nf_conntrack_tuple *tuple,
			     const struct nf_conntrack_zone *zone, int dir)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest || put_addresses(skb, tuple) || put_ports(skb, tuple) ||
	    nf_ct_nl_put_zone(skb, CTA_TUPLE_ZONE, zone, dir))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * nf_ct_nl_put_tuple - write a tuple, without a zone
 * @skb: message
 * @attr: attribute, of the kind that nests enum ctattr_tuple
 * @tuple: tuple
 *
 * Return: 0 or -EMSGSIZE.
 */
int nf_ct_nl_put_tuple(struct sk_buff *skb, int attr,
		       const struct nf_conntrack_tuple *tuple)
{
	return put_tuple_in_zone(skb, attr, tuple, &nf_ct_zone_dflt,
				 NF_CT_DEFAULT_ZONE_DIR);
}

/* Both tuples and the zone: who the entry is. */
static int put_identity(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conntrack_zone *zone = nf_ct_zone(ct);

	return put_tuple_in_zone(skb, CTA_TUPLE_ORIG,
				 nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), zone,
				 NF_CT_ZONE_DIR_ORIG) ?:
	       put_tuple_in_zone(skb, CTA_TUPLE_REPLY,
				 nf_ct_tuple(ct, IP_CT_DIR_REPLY), zone,
				 NF_CT_ZONE_DIR_REPL) ?:
	       nf_ct_nl_put_zone(skb, CTA_ZONE, zone, NF_CT_DEFAULT_ZONE_DIR);
}

/* --- what every entry has ---------------------------------------------- */

static int put_status(struct sk_buff *skb, const struct nf_conn *ct)
{
	return nla_put_be32(skb, CTA_STATUS, htonl(READ_ONCE(ct->status)));
}

static int put_mark(struct sk_buff *skb, const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	return nla_put_be32(skb, CTA_MARK, htonl(READ_ONCE(ct->mark)));
#else
	return 0;
#endif
}

static int put_mark_if_set(struct sk_buff *skb, const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	if (!READ_ONCE(ct->mark))
		return 0;
#endif
	return put_mark(skb, ct);
}

static int put_id(struct sk_buff *skb, const struct nf_conn *ct)
{
	return nla_put_be32(skb, CTA_ID, (__force __be32)nf_ct_get_id(ct));
}

static int put_use(struct sk_buff *skb, const struct nf_conn *ct, bool held)
{
	unsigned int use = refcount_read(&ct->ct_general.use);

	return nla_put_be32(skb, CTA_USE, htonl(use - held));
}

static int put_master(struct sk_buff *skb, const struct nf_conn *ct)
{
	return ct->master ?
	       nf_ct_nl_put_tuple(skb, CTA_TUPLE_MASTER,
				  nf_ct_tuple(ct->master, IP_CT_DIR_ORIGINAL)) :
	       0;
}

/* Seconds that are left. Until an entry is confirmed its time does not run. */
static u32 seconds_left(const struct nf_conn *ct)
{
	return (nf_ct_is_confirmed(ct) ? nf_ct_expires(ct) :
					 READ_ONCE(ct->timeout)) / HZ;
}

static int put_timeout(struct sk_buff *skb, const struct nf_conn *ct)
{
	return nla_put_be32(skb, CTA_TIMEOUT, htonl(seconds_left(ct)));
}

static int put_protoinfo(struct sk_buff *skb, struct nf_conn *ct, bool gone)
{
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *nest;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(ct));
	if (!l4proto->to_nlattr)
		return 0;

	nest = nla_nest_start(skb, CTA_PROTOINFO);
	if (!nest || l4proto->to_nlattr(skb, nest, ct, gone))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_secctx(struct sk_buff *skb, const struct nf_conn *ct)
{
	int err = 0;
#ifdef CONFIG_NF_CONNTRACK_SECMARK
	struct nf_ct_secctx secctx;
	struct nlattr *nest;

	if (nf_ct_secctx_get(ct->secmark, &secctx) < 0)
		return 0;

	nest = nla_nest_start(skb, CTA_SECCTX);
	if (nest && !nla_put_string(skb, CTA_SECCTX_NAME, secctx.context))
		nla_nest_end(skb, nest);
	else
		err = -EMSGSIZE;
	nf_ct_secctx_put(&secctx);
#endif
	return err;
}

/* --- what some have ---------------------------------------------------- */

static int put_counter(struct sk_buff *skb, int attr, u64 packets, u64 bytes)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    nla_put_be64(skb, CTA_COUNTERS_PACKETS, cpu_to_be64(packets),
			 CTA_COUNTERS_PAD) ||
	    nla_put_be64(skb, CTA_COUNTERS_BYTES, cpu_to_be64(bytes),
			 CTA_COUNTERS_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static const u16 counter_attr[IP_CT_DIR_MAX] = {
	[IP_CT_DIR_ORIGINAL]	= CTA_COUNTERS_ORIG,
	[IP_CT_DIR_REPLY]	= CTA_COUNTERS_REPLY,
};

static int put_counters(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conn_acct *acct = nf_conn_acct_find(ct);
	enum ip_conntrack_dir dir;
	int err = 0;

	if (!acct)
		return 0;
	for (dir = IP_CT_DIR_ORIGINAL; dir < IP_CT_DIR_MAX && !err; dir++)
		err = put_counter(skb, counter_attr[dir],
				  atomic64_read(&acct->counter[dir].packets),
				  atomic64_read(&acct->counter[dir].bytes));
	return err;
}

/**
 * struct taken - what has been taken out of an entry's counters
 * @packets: by direction
 * @bytes: by direction
 */
struct taken {
	s64 packets[IP_CT_DIR_MAX];
	s64 bytes[IP_CT_DIR_MAX];
};

static int put_counters_reset(struct sk_buff *skb, const struct nf_conn *ct,
			      struct taken *taken)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(ct);
	enum ip_conntrack_dir dir;
	int err = 0;

	if (!acct)
		return 0;
	for (dir = IP_CT_DIR_ORIGINAL; dir < IP_CT_DIR_MAX && !err; dir++) {
		taken->packets[dir] =
			atomic64_xchg(&acct->counter[dir].packets, 0);
		taken->bytes[dir] = atomic64_xchg(&acct->counter[dir].bytes, 0);
		err = put_counter(skb, counter_attr[dir], taken->packets[dir],
				  taken->bytes[dir]);
	}
	return err;
}

/* The client will not see what was taken: somebody else may. */
static void give_back(struct nf_conn *ct, const struct taken *taken)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(ct);
	enum ip_conntrack_dir dir;

	if (!acct)
		return;
	for (dir = IP_CT_DIR_ORIGINAL; dir < IP_CT_DIR_MAX; dir++) {
		atomic64_add(taken->packets[dir], &acct->counter[dir].packets);
		atomic64_add(taken->bytes[dir], &acct->counter[dir].bytes);
	}
}

static int put_timestamp(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conn_tstamp *tstamp = nf_conn_tstamp_find(ct);
	struct nlattr *nest;

	if (!tstamp)
		return 0;

	nest = nla_nest_start(skb, CTA_TIMESTAMP);
	if (!nest ||
	    nla_put_be64(skb, CTA_TIMESTAMP_START, cpu_to_be64(tstamp->start),
			 CTA_TIMESTAMP_PAD) ||
	    (tstamp->stop &&
	     nla_put_be64(skb, CTA_TIMESTAMP_STOP, cpu_to_be64(tstamp->stop),
			  CTA_TIMESTAMP_PAD)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_help(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conn_help *help = nfct_help(ct);
	const struct nf_conntrack_helper *helper;
	struct nlattr *nest;

	helper = help ? rcu_dereference(help->helper) : NULL;
	if (!helper)
		return 0;

	nest = nla_nest_start(skb, CTA_HELP);
	if (!nest || nla_put_string(skb, CTA_HELP_NAME, helper->name) ||
	    (helper->to_nlattr && helper->to_nlattr(skb, ct)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_labels_if_set(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(ct);

	if (!labels || !memchr_inv(labels->bits, 0, sizeof(labels->bits)))
		return 0;
	return nla_put(skb, CTA_LABELS, sizeof(labels->bits), labels->bits);
}

static int put_seqadj_dir(struct sk_buff *skb, int attr,
			  const struct nf_ct_seqadj *seq)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    nla_put_be32(skb, CTA_SEQADJ_CORRECTION_POS,
			 htonl(seq->correction_pos)) ||
	    nla_put_be32(skb, CTA_SEQADJ_OFFSET_BEFORE,
			 htonl(seq->offset_before)) ||
	    nla_put_be32(skb, CTA_SEQADJ_OFFSET_AFTER,
			 htonl(seq->offset_after)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_seqadj(struct sk_buff *skb, struct nf_conn *ct)
{
	const struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	struct nf_conn_seqadj copy;

	if (!test_bit(IPS_SEQ_ADJUST_BIT, &ct->status) || !seqadj)
		return 0;

	spin_lock_bh(&ct->lock);
	copy = *seqadj;
	spin_unlock_bh(&ct->lock);

	return put_seqadj_dir(skb, CTA_SEQ_ADJ_ORIG,
			      &copy.seq[IP_CT_DIR_ORIGINAL]) ?:
	       put_seqadj_dir(skb, CTA_SEQ_ADJ_REPLY,
			      &copy.seq[IP_CT_DIR_REPLY]);
}

static int put_synproxy(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conn_synproxy *synproxy = nfct_synproxy(ct);
	struct nlattr *nest;

	if (!synproxy)
		return 0;

	nest = nla_nest_start(skb, CTA_SYNPROXY);
	if (!nest ||
	    nla_put_be32(skb, CTA_SYNPROXY_ISN, htonl(synproxy->isn)) ||
	    nla_put_be32(skb, CTA_SYNPROXY_ITS, htonl(synproxy->its)) ||
	    nla_put_be32(skb, CTA_SYNPROXY_TSOFF, htonl(synproxy->tsoff)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* --- all of it, for dumps and answers ---------------------------------- */

/* Time and state of an entry that the flow table holds are not known here. */
static int put_lifetime(struct sk_buff *skb, struct nf_conn *ct,
			unsigned int part)
{
	bool gone = part & NF_CT_NL_GONE;

	if (test_bit(IPS_OFFLOAD_BIT, &ct->status))
		return 0;
	return (gone ? 0 : put_timeout(skb, ct)) ?: put_protoinfo(skb, ct, gone);
}

static int put_entry(struct sk_buff *skb, struct nf_conn *ct,
		     unsigned int part, struct taken *taken)
{
	return put_identity(skb, ct) ?:
	       put_status(skb, ct) ?:
	       put_mark(skb, ct) ?:
	       put_secctx(skb, ct) ?:
	       put_id(skb, ct) ?:
	       put_use(skb, ct, part & NF_CT_NL_HELD) ?:
	       put_master(skb, ct) ?:
	       put_lifetime(skb, ct, part) ?:
	       (part & NF_CT_NL_COUNTERS_RESET ?
		put_counters_reset(skb, ct, taken) : put_counters(skb, ct)) ?:
	       put_timestamp(skb, ct) ?:
	       put_help(skb, ct) ?:
	       put_labels_if_set(skb, ct) ?:
	       put_seqadj(skb, ct) ?:
	       put_synproxy(skb, ct);
}

/**
 * nf_ct_nl_fill - write a message that shows an entry
 * @skb: message, or messages of a dump
 * @portid: who it is for
 * @seq: number of the request
 * @flags: flags of the message, beyond NLM_F_MULTI
 * @ct: entry
 * @part: bits of enum nf_ct_nl_part
 *
 * Counters that are reset are so only if the message is complete.
 *
 * Context: RCU read side.
 *
 * Return: 0, or -EMSGSIZE, and then @skb is as before.
 */
int nf_ct_nl_fill(struct sk_buff *skb, u32 portid, u32 seq, u16 flags,
		  struct nf_conn *ct, unsigned int part)
{
	struct taken taken = {};
	struct nlmsghdr *nlh;

	nlh = nfnl_msg_put(skb, portid, seq,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK,
					 IPCTNL_MSG_CT_NEW),
			   NLM_F_MULTI | flags, nf_ct_l3num(ct), NFNETLINK_V0, 0);
	if (!nlh)
		return -EMSGSIZE;
	if (put_entry(skb, ct, part, &taken)) {
		nlmsg_cancel(skb, nlh);
		give_back(ct, &taken);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}

/* --- events ------------------------------------------------------------ */

static int put_end(struct sk_buff *skb, struct nf_conn *ct)
{
	/* It was deleted before its time was over. */
	int err = seconds_left(ct) ? put_timeout(skb, ct) : 0;

	return err ?:
	       put_counters(skb, ct) ?:
	       put_timestamp(skb, ct) ?:
	       put_protoinfo(skb, ct, true);
}

static int put_change(struct sk_buff *skb, struct nf_conn *ct,
		      unsigned int events)
{
	int err;

	err = test_bit(IPS_OFFLOAD_BIT, &ct->status) ? 0 : put_timeout(skb, ct);
	if (!err && events & BIT(IPCT_PROTOINFO))
		err = put_protoinfo(skb, ct, false);
	if (!err)
		err = put_help(skb, ct) ?: put_secctx(skb, ct);
	if (!err && events & BIT(IPCT_LABEL))
		err = put_labels_if_set(skb, ct);
	if (!err && events & BIT(IPCT_RELATED))
		err = put_master(skb, ct);
	if (!err && events & BIT(IPCT_SEQADJ))
		err = put_seqadj(skb, ct);
	if (!err && events & BIT(IPCT_SYNPROXY))
		err = put_synproxy(skb, ct);
	return err;
}

/**
 * nf_ct_nl_put_event - write what a listener is told
 * @skb: message
 * @ct: entry
 * @events: BIT()s of enum ip_conntrack_events
 *
 * Return: 0 or -EMSGSIZE.
 */
int nf_ct_nl_put_event(struct sk_buff *skb, struct nf_conn *ct,
		       unsigned int events)
{
	return put_identity(skb, ct) ?:
	       put_id(skb, ct) ?:
	       put_status(skb, ct) ?:
	       (events & BIT(IPCT_DESTROY) ? put_end(skb, ct) :
					     put_change(skb, ct, events)) ?:
	       (events & BIT(IPCT_MARK) ? put_mark(skb, ct) :
					  put_mark_if_set(skb, ct));
}

/* --- queues and logs --------------------------------------------------- */

/**
 * nf_ct_nl_put_glue - write what a program is told of a packet's connection
 * @skb: message
 * @ct: entry, confirmed or not
 *
 * Return: 0 or -EMSGSIZE.
 */
int nf_ct_nl_put_glue(struct sk_buff *skb, struct nf_conn *ct)
{
	return put_identity(skb, ct) ?:
	       put_id(skb, ct) ?:
	       put_status(skb, ct) ?:
	       put_timeout(skb, ct) ?:
	       put_protoinfo(skb, ct, false) ?:
	       put_counters(skb, ct) ?:
	       put_timestamp(skb, ct) ?:
	       put_help(skb, ct) ?:
	       put_secctx(skb, ct) ?:
	       put_master(skb, ct) ?:
	       put_seqadj(skb, ct) ?:
	       put_synproxy(skb, ct) ?:
	       put_mark(skb, ct) ?:
	       put_labels_if_set(skb, ct);
}

/* --- how much it may be ------------------------------------------------ */

#define NEST	nla_total_size(0)

static size_t tuple_size(const struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_l4proto *l4proto;

	l4proto = nf_ct_l4proto_find(tuple->dst.protonum);
	return 3 * NEST +			/* tuple, addresses, ports */
	       2 * nla_total_size(sizeof(struct in6_addr)) +
	       nla_total_size(sizeof(u8)) +	/* CTA_PROTO_NUM */
	       (l4proto->nlattr_tuple_size ? l4proto->nlattr_tuple_size() : 0) +
	       nla_total_size(sizeof(u16));	/* CTA_TUPLE_ZONE */
}

static size_t protoinfo_size(const struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4proto;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(ct));
	return l4proto->to_nlattr ? NEST + l4proto->nlattr_size : 0;
}

static size_t secctx_size(const struct nf_conn *ct)
{
	size_t size = 0;
#ifdef CONFIG_NF_CONNTRACK_SECMARK
	struct nf_ct_secctx secctx;

	if (nf_ct_secctx_get(ct->secmark, &secctx) >= 0) {
		size = NEST + nla_total_size(secctx.len + 1);
		nf_ct_secctx_put(&secctx);
	}
#endif
	return size;
}

/* What lies in extensions: as much as any entry can have. */
static size_t extensions_size(void)
{
	return 2 * (NEST + 2 * nla_total_size_64bit(sizeof(u64))) + /* counters */
	       NEST + 2 * nla_total_size_64bit(sizeof(u64)) +	/* timestamp */
	       NEST + nla_total_size(NF_CT_HELPER_NAME_LEN) +	/* helper */
	       nla_total_size(sizeof_field(struct nf_conn_help, data)) +
	       nla_total_size(NF_CT_LABELS_MAX_SIZE) +
	       3 * (NEST + 3 * nla_total_size(sizeof(u32)));	/* seqadj, synproxy */
}

/**
 * nf_ct_nl_entry_size - room that an entry takes at most
 * @ct: entry
 *
 * Return: bytes, of all attributes and the header of nfnetlink before them.
 */
size_t nf_ct_nl_entry_size(const struct nf_conn *ct)
{
	return NLMSG_ALIGN(sizeof(struct nfgenmsg)) +
	       tuple_size(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)) +
	       tuple_size(nf_ct_tuple(ct, IP_CT_DIR_REPLY)) +
	       (ct->master ? tuple_size(nf_ct_tuple(ct->master,
						    IP_CT_DIR_ORIGINAL)) : 0) +
	       nla_total_size(sizeof(u16)) +	/* zone */
	       5 * nla_total_size(sizeof(u32)) + /* status, mark, id, use, timeout */
	       protoinfo_size(ct) + secctx_size(ct) + extensions_size();
}
