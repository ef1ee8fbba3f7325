// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes applied to an entry: of a client who creates or updates it, or who
 * gives a verdict on its packet.
 *
 * Context: process, RCU read side, unless said otherwise. The entry is either
 * not confirmed yet, and then its owner calls, or in the index, and then other
 * CPUs read and change it at the same time: what is more than a word is changed
 * under ct->lock.
 */
#include <linux/netfilter.h>

#include "nf_ct_netlink.h"

/**
 * nf_ct_nl_change_timeout - set the timeout
 * @ct: entry
 * @cda: attributes, CTA_TIMEOUT among them: seconds from now
 *
 * Return: 0, -EPERM if the timeout is fixed, -ETIME if the entry is over.
 */
int nf_ct_nl_change_timeout(struct nf_conn *ct,
			    const struct nlattr * const cda[])
{
	return __nf_ct_change_timeout(ct, (u64)ntohl(nla_get_be32(cda[CTA_TIMEOUT])) * HZ);
}

/**
 * nf_ct_nl_change_status - set status bits
 * @ct: entry
 * @cda: attributes, CTA_STATUS among them: the whole status that is wanted
 *
 * Bits that a client has no business with are left as they are.
 *
 * Return: 0, or -EBUSY for a change that can't be.
 */
int nf_ct_nl_change_status(struct nf_conn *ct, const struct nlattr * const cda[])
{
	return nf_ct_change_status_common(ct, ntohl(nla_get_be32(cda[CTA_STATUS])));
}

/**
 * nf_ct_nl_change_mark - set the mark, or some bits of it
 * @ct: entry
 * @cda: attributes; CTA_MARK among them, and CTA_MARK_MASK perhaps
 *
 * The bits of the mask are cleared, then those of the mark flipped.
 */
void nf_ct_nl_change_mark(struct nf_conn *ct, const struct nlattr * const cda[])
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	u32 mark = ntohl(nla_get_be32(cda[CTA_MARK]));
	u32 keep = 0;

	if (cda[CTA_MARK_MASK])
		keep = ~ntohl(nla_get_be32(cda[CTA_MARK_MASK]));
	WRITE_ONCE(ct->mark, (READ_ONCE(ct->mark) & keep) ^ mark);
#endif
}

/**
 * nf_ct_nl_change_labels - set labels, or some of them
 * @ct: entry
 * @cda: attributes; CTA_LABELS among them, and CTA_LABELS_MASK perhaps
 *
 * As with marks: the bits of the mask are cleared, then those of the labels
 * flipped. Words beyond the end of the attribute are cleared.
 *
 * Return: 0, -EINVAL for a bad length, -ENOSPC if the entry has no labels.
 */
int nf_ct_nl_change_labels(struct nf_conn *ct, const struct nlattr * const cda[])
{
#ifdef CONFIG_NF_CONNTRACK_LABELS
	static const u32 all[NF_CT_LABELS_MAX_SIZE / sizeof(u32)] = {
		[0 ... NF_CT_LABELS_MAX_SIZE / sizeof(u32) - 1] = U32_MAX,
	};
	const struct nlattr *mask = cda[CTA_LABELS_MASK];
	unsigned int len = nla_len(cda[CTA_LABELS]);

	if (len % sizeof(u32))
		return -EINVAL;
	if (mask && (!nla_len(mask) || nla_len(mask) != len))
		return -EINVAL;

	return nf_connlabels_replace(ct, nla_data(cda[CTA_LABELS]),
				     mask ? nla_data(mask) : all,
				     len / sizeof(u32));
#else
	return -EOPNOTSUPP;
#endif
}

/* --- what is nested ---------------------------------------------------- */

static const struct nla_policy protoinfo_policy[CTA_PROTOINFO_MAX + 1] = {
	[CTA_PROTOINFO_TCP]	= { .type = NLA_NESTED },
	[CTA_PROTOINFO_DCCP]	= { .type = NLA_NESTED },
	[CTA_PROTOINFO_SCTP]	= { .type = NLA_NESTED },
};

/**
 * nf_ct_nl_change_protoinfo - set the state of the protocol
 * @ct: entry
 * @cda: attributes, CTA_PROTOINFO among them
 *
 * Return: 0, also if the protocol has none; or what the protocol says.
 */
int nf_ct_nl_change_protoinfo(struct nf_conn *ct,
			      const struct nlattr * const cda[])
{
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *tb[CTA_PROTOINFO_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_PROTOINFO_MAX,
					  cda[CTA_PROTOINFO], protoinfo_policy,
					  NULL);
	if (err < 0)
		return err;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(ct));
	return l4proto->from_nlattr ? l4proto->from_nlattr(tb, ct) : 0;
}

static const struct nla_policy seqadj_policy[CTA_SEQADJ_MAX + 1] = {
	[CTA_SEQADJ_CORRECTION_POS]	= { .type = NLA_U32 },
	[CTA_SEQADJ_OFFSET_BEFORE]	= { .type = NLA_U32 },
	[CTA_SEQADJ_OFFSET_AFTER]	= { .type = NLA_U32 },
};

static int parse_seqadj(const struct nlattr *attr, struct nf_ct_seqadj *seq)
{
	struct nlattr *tb[CTA_SEQADJ_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_SEQADJ_MAX, attr,
					  seqadj_policy, NULL);
	if (err < 0)
		return err;
	if (!tb[CTA_SEQADJ_CORRECTION_POS] || !tb[CTA_SEQADJ_OFFSET_BEFORE] ||
	    !tb[CTA_SEQADJ_OFFSET_AFTER])
		return -EINVAL;

	seq->correction_pos = ntohl(nla_get_be32(tb[CTA_SEQADJ_CORRECTION_POS]));
	seq->offset_before = ntohl(nla_get_be32(tb[CTA_SEQADJ_OFFSET_BEFORE]));
	seq->offset_after = ntohl(nla_get_be32(tb[CTA_SEQADJ_OFFSET_AFTER]));
	return 0;
}

/**
 * nf_ct_nl_change_seqadj - set by how much sequence numbers are adjusted
 * @ct: entry
 * @cda: attributes, CTA_SEQ_ADJ_ORIG or CTA_SEQ_ADJ_REPLY or both among them
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP if the entry has no room for it.
 */
int nf_ct_nl_change_seqadj(struct nf_conn *ct, const struct nlattr * const cda[])
{
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	const struct nlattr *attr[IP_CT_DIR_MAX] = {
		[IP_CT_DIR_ORIGINAL]	= cda[CTA_SEQ_ADJ_ORIG],
		[IP_CT_DIR_REPLY]	= cda[CTA_SEQ_ADJ_REPLY],
	};
	struct nf_ct_seqadj seq[IP_CT_DIR_MAX];
	enum ip_conntrack_dir dir;
	int err;

	if (!seqadj)
		return 0;
	for (dir = IP_CT_DIR_ORIGINAL; dir < IP_CT_DIR_MAX; dir++) {
		err = attr[dir] ? parse_seqadj(attr[dir], &seq[dir]) : 0;
		if (err)
			return err;
	}

	spin_lock_bh(&ct->lock);
	for (dir = IP_CT_DIR_ORIGINAL; dir < IP_CT_DIR_MAX; dir++)
		if (attr[dir])
			seqadj->seq[dir] = seq[dir];
	set_bit(IPS_SEQ_ADJUST_BIT, &ct->status);
	spin_unlock_bh(&ct->lock);
	return 0;
}

static const struct nla_policy synproxy_policy[CTA_SYNPROXY_MAX + 1] = {
	[CTA_SYNPROXY_ISN]	= { .type = NLA_U32 },
	[CTA_SYNPROXY_ITS]	= { .type = NLA_U32 },
	[CTA_SYNPROXY_TSOFF]	= { .type = NLA_U32 },
};

/**
 * nf_ct_nl_change_synproxy - set what a SYN proxy knows of the connection
 * @ct: entry
 * @cda: attributes, CTA_SYNPROXY among them
 *
 * Return: 0, or -EINVAL.
 */
int nf_ct_nl_change_synproxy(struct nf_conn *ct,
			     const struct nlattr * const cda[])
{
	struct nf_conn_synproxy *synproxy = nfct_synproxy(ct);
	struct nlattr *tb[CTA_SYNPROXY_MAX + 1];
	int err;

	if (!synproxy)
		return 0;

	err = nla_parse_nested_deprecated(tb, CTA_SYNPROXY_MAX,
					  cda[CTA_SYNPROXY], synproxy_policy,
					  NULL);
	if (err < 0)
		return err;
	if (!tb[CTA_SYNPROXY_ISN] || !tb[CTA_SYNPROXY_ITS] ||
	    !tb[CTA_SYNPROXY_TSOFF])
		return -EINVAL;

	synproxy->isn = ntohl(nla_get_be32(tb[CTA_SYNPROXY_ISN]));
	synproxy->its = ntohl(nla_get_be32(tb[CTA_SYNPROXY_ITS]));
	synproxy->tsoff = ntohl(nla_get_be32(tb[CTA_SYNPROXY_TSOFF]));
	return 0;
}
