// SPDX-License-Identifier: GPL-2.0
/*
 * Which entries a dump or a flush is about, as far as the kernel is asked to
 * choose: by family, zone, mark, status, and the parts of both tuples that
 * CTA_FILTER names.
 *
 * A filter is made once for a request and only read afterwards. Takes no locks.
 */
#include <linux/netfilter.h>
#include <linux/slab.h>

#include "nf_ct_netlink.h"
#include "nf_ct_proto.h"

/**
 * struct nf_ct_nl_filter - what an entry has to be like
 * @family:	its address family, or NFPROTO_UNSPEC for any
 * @any_zone:	its zone does not matter; else it is @zone, in either direction
 * @zone:	see @any_zone
 * @mark:	value of the bits of @mark_mask
 * @mark_mask:	bits of the mark that count
 * @status:	value of the bits of @status_mask
 * @status_mask: bits of the status that count
 * @flags:	the parts of @tuple that count, bits of enum nf_ct_filter_bit
 * @tuple:	each direction's
 * @tuple_zone:	id of the zone in each direction, if @flags say so
 */
struct nf_ct_nl_filter {
	u8	family;
	bool	any_zone;
	struct nf_conntrack_zone zone;
	u32	mark, mark_mask;
	u32	status, status_mask;
	u32	flags[IP_CT_DIR_MAX];
	struct nf_conntrack_tuple tuple[IP_CT_DIR_MAX];
	u16	tuple_zone[IP_CT_DIR_MAX];
};

static const struct nla_policy filter_policy[CTA_FILTER_MAX + 1] = {
	[CTA_FILTER_ORIG_FLAGS]	 = NLA_POLICY_MASK(NLA_U32, NF_CT_FILTER_ALL),
	[CTA_FILTER_REPLY_FLAGS] = NLA_POLICY_MASK(NLA_U32, NF_CT_FILTER_ALL),
};

static int parse_direction(const struct nlattr * const cda[],
			   enum ip_conntrack_dir dir, u8 l3num,
			   struct nf_ct_nl_filter *filter)
{
	const u32 attr = dir == IP_CT_DIR_ORIGINAL ? CTA_TUPLE_ORIG :
						     CTA_TUPLE_REPLY;
	struct nf_conntrack_zone zone = filter->zone;
	int err;

	if (!filter->flags[dir])
		return 0;
	if (!cda[attr])
		return -EINVAL;

	err = nf_ct_nl_parse_tuple(cda, &filter->tuple[dir], attr, l3num, &zone,
				   filter->flags[dir]);
	if (err)
		return err;

	/* A part that may be left out, and then does not count. */
	if (zone.dir == NF_CT_DEFAULT_ZONE_DIR)
		filter->flags[dir] &= ~BIT(NF_CT_FILTER_ZONE);
	filter->tuple_zone[dir] = zone.id;
	return 0;
}

static int parse_filter(const struct nlattr * const cda[], u8 l3num,
			struct nf_ct_nl_filter *filter)
{
	struct nlattr *tb[CTA_FILTER_MAX + 1];
	int err;

	err = nla_parse_nested(tb, CTA_FILTER_MAX, cda[CTA_FILTER],
			       filter_policy, NULL);
	if (err < 0)
		return err;

	if (tb[CTA_FILTER_ORIG_FLAGS])
		filter->flags[IP_CT_DIR_ORIGINAL] =
			nla_get_u32(tb[CTA_FILTER_ORIG_FLAGS]);
	if (tb[CTA_FILTER_REPLY_FLAGS])
		filter->flags[IP_CT_DIR_REPLY] =
			nla_get_u32(tb[CTA_FILTER_REPLY_FLAGS]);

	return parse_direction(cda, IP_CT_DIR_ORIGINAL, l3num, filter) ?:
	       parse_direction(cda, IP_CT_DIR_REPLY, l3num, filter);
}

static int parse_mark(const struct nlattr * const cda[],
		      struct nf_ct_nl_filter *filter)
{
	if (!cda[CTA_MARK])
		return 0;
	if (!IS_ENABLED(CONFIG_NF_CONNTRACK_MARK))
		return -EOPNOTSUPP;

	filter->mark = ntohl(nla_get_be32(cda[CTA_MARK]));
	filter->mark_mask = cda[CTA_MARK_MASK] ?
			    ntohl(nla_get_be32(cda[CTA_MARK_MASK])) : U32_MAX;
	return 0;
}

static int parse_status(const struct nlattr * const cda[],
			struct nf_ct_nl_filter *filter)
{
	if (!cda[CTA_STATUS])
		return 0;

	filter->status = ntohl(nla_get_be32(cda[CTA_STATUS]));
	filter->status_mask = cda[CTA_STATUS_MASK] ?
			      ntohl(nla_get_be32(cda[CTA_STATUS_MASK])) :
			      filter->status;
	/* It would let all through, which nobody asks for. */
	return filter->status_mask ? 0 : -EINVAL;
}

/**
 * nf_ct_nl_filter_new - what a request says of the entries that it is about
 * @cda: its attributes
 * @l3num: its address family
 * @family: the family that entries have to be of, NFPROTO_UNSPEC for any
 *
 * Context: process, may sleep.
 *
 * Return: the filter, for kfree(); NULL if the request is about all; or an
 * ERR_PTR() for the client.
 */
struct nf_ct_nl_filter *
nf_ct_nl_filter_new(const struct nlattr * const cda[], u8 l3num, u8 family)
{
	struct nf_ct_nl_filter *filter;
	int err;

	if (family == NFPROTO_UNSPEC && !cda[CTA_MARK] && !cda[CTA_STATUS] &&
	    !cda[CTA_ZONE] && !cda[CTA_FILTER])
		return NULL;
	/* A mask alone makes no filter, but in one it is a mistake. */
	if ((cda[CTA_MARK_MASK] && !cda[CTA_MARK]) ||
	    (cda[CTA_STATUS_MASK] && !cda[CTA_STATUS]))
		return ERR_PTR(-EINVAL);

	filter = kzalloc(sizeof(*filter), GFP_KERNEL);
	if (!filter)
		return ERR_PTR(-ENOMEM);

	filter->family = family;
	filter->any_zone = !cda[CTA_ZONE];
	err = nf_ct_nl_parse_zone(cda[CTA_ZONE], &filter->zone) ?:
	      parse_mark(cda, filter) ?:
	      parse_status(cda, filter);
	if (!err && cda[CTA_FILTER])
		err = parse_filter(cda, l3num, filter);
	if (err) {
		kfree(filter);
		return ERR_PTR(err);
	}
	return filter;
}

/* --- does an entry fit? ------------------------------------------------ */

/* Where a protocol has what a bit stands for, the bits of others say nothing. */
static bool fits_ports(const struct nf_conntrack_tuple *tuple,
		       const struct nf_conntrack_tuple *want, u32 flags)
{
	u8 type, code, id;

	switch (tuple->dst.protonum) {
	case IPPROTO_ICMP:
		type = NF_CT_FILTER_ICMP_TYPE;
		code = NF_CT_FILTER_ICMP_CODE;
		id = NF_CT_FILTER_ICMP_ID;
		break;
	case IPPROTO_ICMPV6:
		type = NF_CT_FILTER_ICMPV6_TYPE;
		code = NF_CT_FILTER_ICMPV6_CODE;
		id = NF_CT_FILTER_ICMPV6_ID;
		break;
	default:
		return !(flags & BIT(NF_CT_FILTER_SRC_PORT) &&
			 tuple->src.u.all != want->src.u.all) &&
		       !(flags & BIT(NF_CT_FILTER_DST_PORT) &&
			 tuple->dst.u.all != want->dst.u.all);
	}

	return !(flags & BIT(type) &&
		 tuple->dst.u.icmp.type != want->dst.u.icmp.type) &&
	       !(flags & BIT(code) &&
		 tuple->dst.u.icmp.code != want->dst.u.icmp.code) &&
	       !(flags & BIT(id) &&
		 tuple->src.u.icmp.id != want->src.u.icmp.id);
}

static bool fits_direction(const struct nf_conn *ct, enum ip_conntrack_dir dir,
			   const struct nf_ct_nl_filter *filter)
{
	const struct nf_conntrack_tuple *want = &filter->tuple[dir];
	const struct nf_conntrack_tuple *tuple = nf_ct_tuple(ct, dir);
	u32 flags = filter->flags[dir];

	if (!flags)
		return true;
	if (tuple->src.l3num != want->src.l3num)
		return false;
	if (flags & BIT(NF_CT_FILTER_ZONE) &&
	    nf_ct_zone_id(nf_ct_zone(ct), dir) != filter->tuple_zone[dir])
		return false;
	if (flags & BIT(NF_CT_FILTER_IP_SRC) &&
	    !nf_inet_addr_cmp(&tuple->src.u3, &want->src.u3))
		return false;
	if (flags & BIT(NF_CT_FILTER_IP_DST) &&
	    !nf_inet_addr_cmp(&tuple->dst.u3, &want->dst.u3))
		return false;
	if (!(flags & BIT(NF_CT_FILTER_PROTO_NUM)))
		return true;
	return tuple->dst.protonum == want->dst.protonum &&
	       fits_ports(tuple, want, flags);
}

static bool fits_mark(const struct nf_conn *ct,
		      const struct nf_ct_nl_filter *filter)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	return (READ_ONCE(ct->mark) & filter->mark_mask) == filter->mark;
#else
	return true;
#endif
}

/**
 * nf_ct_nl_filter_fits - is an entry among those that a request is about?
 * @filter: filter, or NULL
 * @ct: entry
 *
 * Context: any.
 *
 * Return: true if it is.
 */
bool nf_ct_nl_filter_fits(const struct nf_ct_nl_filter *filter,
			  const struct nf_conn *ct)
{
	if (!filter)
		return true;
	if (filter->family && nf_ct_l3num(ct) != filter->family)
		return false;
	if (!filter->any_zone && !nf_ct_zone_equal_any(ct, &filter->zone))
		return false;
	return fits_mark(ct, filter) &&
	       (READ_ONCE(ct->status) & filter->status_mask) == filter->status &&
	       fits_direction(ct, IP_CT_DIR_ORIGINAL, filter) &&
	       fits_direction(ct, IP_CT_DIR_REPLY, filter);
}
