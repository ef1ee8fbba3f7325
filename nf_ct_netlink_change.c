// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes applied to an entry: of a client who creates or updates it, or who
 * gives a verdict on its packet.
 *
 * What is nested is read before anything is applied (nf_ct_nl_changes_parse()), so
 * that a malformed request changes nothing; but for labels and what only the
 * protocol understands, which come last.
 *
 * Context: RCU read side, process, unless said otherwise. The entry is either
 * not confirmed yet, and then its owner calls, or in the index, and then other
 * CPUs read and change it at the same time: what is more than a word is changed
 * under ct->lock.
 */
#include <linux/netfilter.h>

#include "nf_ct_netlink.h"

/* --- reading ----------------------------------------------------------- */

static const struct nla_policy protoinfo_policy[CTA_PROTOINFO_MAX + 1] = {
	[CTA_PROTOINFO_TCP]	= { .type = NLA_NESTED },
	[CTA_PROTOINFO_DCCP]	= { .type = NLA_NESTED },
	[CTA_PROTOINFO_SCTP]	= { .type = NLA_NESTED },
};

static const struct nla_policy seqadj_policy[CTA_SEQADJ_MAX + 1] = {
	[CTA_SEQADJ_CORRECTION_POS]	= { .type = NLA_U32 },
	[CTA_SEQADJ_OFFSET_BEFORE]	= { .type = NLA_U32 },
	[CTA_SEQADJ_OFFSET_AFTER]	= { .type = NLA_U32 },
};

static const struct nla_policy synproxy_policy[CTA_SYNPROXY_MAX + 1] = {
	[CTA_SYNPROXY_ISN]	= { .type = NLA_U32 },
	[CTA_SYNPROXY_ITS]	= { .type = NLA_U32 },
	[CTA_SYNPROXY_TSOFF]	= { .type = NLA_U32 },
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

static int parse_synproxy(const struct nlattr *attr,
			  struct nf_conn_synproxy *synproxy)
{
	struct nlattr *tb[CTA_SYNPROXY_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_SYNPROXY_MAX, attr,
					  synproxy_policy, NULL);
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

/**
 * nf_ct_nl_changes_parse - read what is nested in the attributes of an entry
 * @cda: attributes
 * @changes: set as far as the attributes are there
 *
 * Context: any.
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int nf_ct_nl_changes_parse(const struct nlattr * const cda[],
			   struct nf_ct_nl_changes *changes)
{
	const struct nlattr *seq[IP_CT_DIR_MAX] = {
		[IP_CT_DIR_ORIGINAL]	= cda[CTA_SEQ_ADJ_ORIG],
		[IP_CT_DIR_REPLY]	= cda[CTA_SEQ_ADJ_REPLY],
	};
	enum ip_conntrack_dir dir;
	int err = 0;

	changes->helper = NULL;
	changes->helper_info = NULL;
	if (cda[CTA_HELP])
		err = nf_ct_nl_parse_help(cda[CTA_HELP], &changes->helper,
					  &changes->helper_info);
	if (!err && cda[CTA_PROTOINFO])
		err = nla_parse_nested_deprecated(changes->protoinfo,
						  CTA_PROTOINFO_MAX,
						  cda[CTA_PROTOINFO],
						  protoinfo_policy, NULL);
	for (dir = IP_CT_DIR_ORIGINAL; dir < IP_CT_DIR_MAX; dir++)
		if (!err && seq[dir])
			err = parse_seqadj(seq[dir], &changes->seqadj.seq[dir]);
	if (!err && cda[CTA_SYNPROXY])
		err = parse_synproxy(cda[CTA_SYNPROXY], &changes->synproxy);
	return err;
}

/* --- applying: one attribute each -------------------------------------- */

static int change_timeout(struct nf_conn *ct, const struct nlattr * const cda[])
{
	u64 timeout = ntohl(nla_get_be32(cda[CTA_TIMEOUT]));

	return __nf_ct_change_timeout(ct, timeout * HZ);
}

/**
 * nf_ct_nl_change_status - set status bits
 * @ct: entry
 * @cda: attributes, CTA_STATUS among them: the whole status that is wanted
 *
 * Bits that a client has no business with are left as they are. Whoever
 * speaks of an entry takes it for confirmed, so that bit has to be set even when
 * it is being made.
 *
 * Return: 0, or -EBUSY for a change that can't be.
 */
int nf_ct_nl_change_status(struct nf_conn *ct, const struct nlattr * const cda[])
{
	unsigned int status = ntohl(nla_get_be32(cda[CTA_STATUS]));

	if (!nf_ct_is_confirmed(ct)) {
		if (!(status & IPS_CONFIRMED))
			return -EBUSY;
		status &= ~IPS_CONFIRMED;
	}
	return nf_ct_change_status_common(ct, status);
}

/* The bits of the mask are cleared, then those of the mark flipped. */
static void change_mark(struct nf_conn *ct, const struct nlattr * const cda[])
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

static int change_protoinfo(struct nf_conn *ct,
			    struct nf_ct_nl_changes *changes)
{
	const struct nf_conntrack_l4proto *l4proto;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(ct));
	return l4proto->from_nlattr ?
	       l4proto->from_nlattr(changes->protoinfo, ct) : 0;
}

/* An entry without room for it is one whose packets are not adjusted. */
static void change_seqadj(struct nf_conn *ct, const struct nlattr * const cda[],
			  const struct nf_ct_nl_changes *changes)
{
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);

	if (!seqadj)
		return;

	spin_lock_bh(&ct->lock);
	if (cda[CTA_SEQ_ADJ_ORIG])
		seqadj->seq[IP_CT_DIR_ORIGINAL] =
			changes->seqadj.seq[IP_CT_DIR_ORIGINAL];
	if (cda[CTA_SEQ_ADJ_REPLY])
		seqadj->seq[IP_CT_DIR_REPLY] =
			changes->seqadj.seq[IP_CT_DIR_REPLY];
	set_bit(IPS_SEQ_ADJUST_BIT, &ct->status);
	spin_unlock_bh(&ct->lock);
}

static void change_synproxy(struct nf_conn *ct,
			    const struct nf_ct_nl_changes *changes)
{
	struct nf_conn_synproxy *synproxy = nfct_synproxy(ct);

	if (!synproxy)
		return;
	spin_lock_bh(&ct->lock);
	*synproxy = changes->synproxy;
	spin_unlock_bh(&ct->lock);
}

/* An entry that is confirmed keeps the helper that it has, or loses it; but the
 * helper may be told something.
 */
static int change_help(struct nf_conn *ct,
		       const struct nf_ct_nl_changes *changes)
{
	struct nf_conn_help *help = nfct_help(ct);
	struct nf_conntrack_helper *helper;

	/* What was expected has the helper that the expectation said. */
	if (ct->master) {
		helper = help ? rcu_dereference(help->helper) : NULL;
		return helper && !strcmp(helper->name, changes->helper) ?
		       0 : -EBUSY;
	}

	if (!*changes->helper) {
		if (help && rcu_access_pointer(help->helper)) {
			nf_ct_helper_destroy(ct);
			nf_ct_remove_expectations(ct);
		}
		return 0;
	}

	helper = __nf_conntrack_helper_find(changes->helper, nf_ct_l3num(ct),
					    nf_ct_protonum(ct));
	if (!helper || !help)
		return -EOPNOTSUPP;
	if (rcu_access_pointer(help->helper) != helper)
		return -EBUSY;
	if (changes->helper_info && helper->from_nlattr)
		helper->from_nlattr(changes->helper_info, ct);
	return 0;
}

/* --- applying: all of them --------------------------------------------- */

/**
 * nf_ct_nl_change_state - what an entry may get both at birth and later
 * @ct: entry
 * @cda: attributes
 * @changes: what is nested in them
 *
 * Return: 0, or an error of the protocol.
 */
int nf_ct_nl_change_state(struct nf_conn *ct, const struct nlattr * const cda[],
			  struct nf_ct_nl_changes *changes)
{
	int err = 0;

	if (cda[CTA_PROTOINFO])
		err = change_protoinfo(ct, changes);
	if (err)
		return err;

	if (cda[CTA_SEQ_ADJ_ORIG] || cda[CTA_SEQ_ADJ_REPLY])
		change_seqadj(ct, cda, changes);
	if (cda[CTA_SYNPROXY])
		change_synproxy(ct, changes);
	if (cda[CTA_MARK])
		change_mark(ct, cda);
	return 0;
}

/**
 * nf_ct_nl_change - update an entry
 * @ct: confirmed entry
 * @cda: attributes
 *
 * Return: 0; -EOPNOTSUPP for what is given to an entry once and for all, its NAT,
 * master and helper; -EBUSY for a status or helper that it can't have; and what
 * the parts say.
 */
int nf_ct_nl_change(struct nf_conn *ct, const struct nlattr * const cda[])
{
	struct nf_ct_nl_changes changes;
	int err;

	if (cda[CTA_NAT_SRC] || cda[CTA_NAT_DST] || cda[CTA_TUPLE_MASTER])
		return -EOPNOTSUPP;

	err = nf_ct_nl_changes_parse(cda, &changes);
	if (!err && cda[CTA_HELP])
		err = change_help(ct, &changes);
	/* Before the status, which may fix it. */
	if (!err && cda[CTA_TIMEOUT])
		err = change_timeout(ct, cda);
	if (!err && cda[CTA_STATUS])
		err = nf_ct_nl_change_status(ct, cda);
	if (!err && cda[CTA_LABELS])
		err = nf_ct_nl_change_labels(ct, cda);
	return err ?: nf_ct_nl_change_state(ct, cda, &changes);
}

/* A verdict may also take back what no packet depends on. Bits that are no
 * business of a client's don't matter here.
 */
static int change_status_queued(struct nf_conn *ct,
				const struct nlattr * const cda[])
{
	unsigned int status = ntohl(nla_get_be32(cda[CTA_STATUS]));

	if (ct->status & ~status & (IPS_SEEN_REPLY | IPS_ASSURED))
		return -EBUSY;
	/* A packet may set these two meanwhile. */
	__nf_ct_change_status(ct, status,
			      ~status & ~(IPS_SEEN_REPLY | IPS_ASSURED));
	return 0;
}

/**
 * nf_ct_nl_change_queued - change the entry of a packet that was in a queue
 * @ct: entry: confirmed, or the packet's own
 * @cda: attributes
 *
 * Return: 0, or what the parts say.
 */
int nf_ct_nl_change_queued(struct nf_conn *ct, const struct nlattr * const cda[])
{
	struct nf_ct_nl_changes changes;
	int err = 0;

	if (cda[CTA_HELP])
		err = nf_ct_nl_parse_help(cda[CTA_HELP], &changes.helper,
					  &changes.helper_info);
	if (!err && cda[CTA_TIMEOUT])
		err = change_timeout(ct, cda);
	if (!err && cda[CTA_STATUS])
		err = change_status_queued(ct, cda);
	if (!err && cda[CTA_HELP])
		err = change_help(ct, &changes);
	if (!err && cda[CTA_LABELS])
		err = nf_ct_nl_change_labels(ct, cda);
	if (!err && cda[CTA_MARK])
		change_mark(ct, cda);
	return err;
}
