// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes as what they stand for: tuples, zones, helpers.
 *
 * Whatever a client sends comes through here first. A policy checks the length
 * of each attribute before it is read; a nested one is checked by the policy of
 * its level. Unknown attributes are ignored, as they may come from newer clients.
 *
 * Context: process. Takes no locks.
 */
#include <linux/netfilter.h>

#include "nf_ct_netlink.h"
#include "nf_ct_proto.h"

const struct nla_policy nf_ct_nl_entry_policy[CTA_MAX + 1] = {
	[CTA_TUPLE_ORIG]	= { .type = NLA_NESTED },
	[CTA_TUPLE_REPLY]	= { .type = NLA_NESTED },
	[CTA_STATUS]		= { .type = NLA_U32 },
	[CTA_PROTOINFO]		= { .type = NLA_NESTED },
	[CTA_HELP]		= { .type = NLA_NESTED },
	[CTA_NAT_SRC]		= { .type = NLA_NESTED },
	[CTA_TIMEOUT]		= { .type = NLA_U32 },
	[CTA_MARK]		= { .type = NLA_U32 },
	[CTA_ID]		= { .type = NLA_U32 },
	[CTA_NAT_DST]		= { .type = NLA_NESTED },
	[CTA_TUPLE_MASTER]	= { .type = NLA_NESTED },
	[CTA_SEQ_ADJ_ORIG]	= { .type = NLA_NESTED },
	[CTA_SEQ_ADJ_REPLY]	= { .type = NLA_NESTED },
	[CTA_ZONE]		= { .type = NLA_U16 },
	[CTA_MARK_MASK]		= { .type = NLA_U32 },
	[CTA_LABELS]		= { .type = NLA_BINARY,
				    .len = NF_CT_LABELS_MAX_SIZE },
	[CTA_LABELS_MASK]	= { .type = NLA_BINARY,
				    .len = NF_CT_LABELS_MAX_SIZE },
	[CTA_FILTER]		= { .type = NLA_NESTED },
	[CTA_STATUS_MASK]	= { .type = NLA_U32 },
};

static const struct nla_policy tuple_policy[CTA_TUPLE_MAX + 1] = {
	[CTA_TUPLE_IP]		= { .type = NLA_NESTED },
	[CTA_TUPLE_PROTO]	= { .type = NLA_NESTED },
	[CTA_TUPLE_ZONE]	= { .type = NLA_U16 },
};

static const struct nla_policy ip_policy[CTA_IP_MAX + 1] = {
	[CTA_IP_V4_SRC]		= { .type = NLA_U32 },
	[CTA_IP_V4_DST]		= { .type = NLA_U32 },
	[CTA_IP_V6_SRC]		= { .len = sizeof(struct in6_addr) },
	[CTA_IP_V6_DST]		= { .len = sizeof(struct in6_addr) },
};

static const struct nla_policy proto_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_NUM]		= { .type = NLA_U8 },
};

static const struct nla_policy help_policy[CTA_HELP_MAX + 1] = {
	[CTA_HELP_NAME]		= { .type = NLA_NUL_STRING,
				    .len = NF_CT_HELPER_NAME_LEN - 1 },
};

/* --- tuples ------------------------------------------------------------ */

/* Read one address of the family that the request is about. */
static int parse_address(struct nlattr *tb[], bool src, u8 l3num,
			 union nf_inet_addr *addr)
{
	const struct nlattr *v4 = tb[src ? CTA_IP_V4_SRC : CTA_IP_V4_DST];
	const struct nlattr *v6 = tb[src ? CTA_IP_V6_SRC : CTA_IP_V6_DST];

	if (l3num == NFPROTO_IPV4 && v4)
		addr->ip = nla_get_in_addr(v4);
	else if (l3num == NFPROTO_IPV6 && v6)
		addr->in6 = nla_get_in6_addr(v6);
	else
		return -EINVAL;
	return 0;
}

static int parse_addresses(const struct nlattr *attr, u8 l3num, u32 flags,
			   struct nf_conntrack_tuple *tuple)
{
	struct nlattr *tb[CTA_IP_MAX + 1];
	int err;

	if (!attr)
		return -EINVAL;
	err = nla_parse_nested_deprecated(tb, CTA_IP_MAX, attr, ip_policy, NULL);
	if (err < 0)
		return err;

	if (flags & BIT(NF_CT_FILTER_IP_SRC))
		err = parse_address(tb, true, l3num, &tuple->src.u3);
	if (!err && flags & BIT(NF_CT_FILTER_IP_DST))
		err = parse_address(tb, false, l3num, &tuple->dst.u3);
	return err;
}

static int parse_ports(const struct nlattr *attr, u32 flags,
		       struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *tb[CTA_PROTO_MAX + 1];
	int err;

	if (!attr)
		return -EINVAL;
	err = nla_parse_nested_deprecated(tb, CTA_PROTO_MAX, attr, proto_policy,
					  NULL);
	if (err < 0)
		return err;
	if (!tb[CTA_PROTO_NUM])
		return -EINVAL;

	tuple->dst.protonum = nla_get_u8(tb[CTA_PROTO_NUM]);
	l4proto = nf_ct_l4proto_find(tuple->dst.protonum);
	if (!l4proto->nlattr_to_tuple)
		return 0;

	err = nla_validate_nested_deprecated(attr, CTA_PROTO_MAX,
					     l4proto->nla_policy, NULL);
	return err ?: l4proto->nlattr_to_tuple(tb, tuple, flags);
}

/* A tuple may say which zone it is in, if the message does not say so itself:
 * then the zone holds for the tuple's direction alone.
 */
static int parse_tuple_zone(const struct nlattr *attr, u32 type,
			    struct nf_conntrack_zone *zone)
{
	int err;

	if (!zone || zone->id != NF_CT_DEFAULT_ZONE_ID)
		return -EINVAL;

	err = nf_ct_nl_parse_zone(attr, zone);
	if (err)
		return err;
	zone->dir = type == CTA_TUPLE_REPLY ? NF_CT_ZONE_DIR_REPL :
					      NF_CT_ZONE_DIR_ORIG;
	return 0;
}

/**
 * nf_ct_nl_parse_tuple - read a tuple
 * @cda: attributes, among them the tuple
 * @tuple: set; what @flags leave out is zero
 * @attr: which of @cda it is
 * @l3num: address family of the request
 * @zone: zone of the request; set to the tuple's own, if it has one. NULL where
 *	a tuple can't have one
 * @flags: the parts that have to be there, bits of enum nf_ct_filter_bit
 *
 * Return: 0, -EOPNOTSUPP if there is no such family, -EINVAL if a part is missing
 * or does not fit, -ERANGE if one is too short.
 */
int nf_ct_nl_parse_tuple(const struct nlattr * const cda[],
			 struct nf_conntrack_tuple *tuple, u32 attr, u8 l3num,
			 struct nf_conntrack_zone *zone, u32 flags)
{
	struct nlattr *tb[CTA_TUPLE_MAX + 1];
	int err;

	memset(tuple, 0, sizeof(*tuple));
	err = nla_parse_nested_deprecated(tb, CTA_TUPLE_MAX, cda[attr],
					  tuple_policy, NULL);
	if (err < 0)
		return err;

	if (l3num != NFPROTO_IPV4 && l3num != NFPROTO_IPV6)
		return -EOPNOTSUPP;
	tuple->src.l3num = l3num;
	tuple->dst.dir = attr == CTA_TUPLE_REPLY ? IP_CT_DIR_REPLY :
						   IP_CT_DIR_ORIGINAL;

	if (flags & NF_CT_FILTER_ADDRESSES)
		err = parse_addresses(tb[CTA_TUPLE_IP], l3num, flags, tuple);
	if (err)
		return err;

	/* Ports say nothing without their protocol. */
	if (flags & BIT(NF_CT_FILTER_PROTO_NUM))
		err = parse_ports(tb[CTA_TUPLE_PROTO], flags, tuple);
	else if (flags & NF_CT_FILTER_PORTS)
		err = -EINVAL;
	if (err)
		return err;

	if (flags & BIT(NF_CT_FILTER_ZONE) && tb[CTA_TUPLE_ZONE])
		err = parse_tuple_zone(tb[CTA_TUPLE_ZONE], attr, zone);
	return err;
}

/* --- zones and helpers ------------------------------------------------- */

/**
 * nf_ct_nl_parse_zone - read the zone of a request
 * @attr: CTA_ZONE or the like, or NULL for the default zone
 * @zone: set; holds for both directions
 *
 * Return: 0, or -EOPNOTSUPP on a kernel without zones.
 */
int nf_ct_nl_parse_zone(const struct nlattr *attr,
			struct nf_conntrack_zone *zone)
{
	u16 id = NF_CT_DEFAULT_ZONE_ID;

	if (attr) {
		if (!IS_ENABLED(CONFIG_NF_CONNTRACK_ZONES))
			return -EOPNOTSUPP;
		id = ntohs(nla_get_be16(attr));
	}
	nf_ct_zone_init(zone, id, NF_CT_DEFAULT_ZONE_DIR, 0);
	return 0;
}

/**
 * nf_ct_nl_parse_help - read which helper a client wants
 * @attr: CTA_HELP
 * @name: set to the name of the helper; points into @attr
 * @info: set to what the helper itself will parse, or NULL
 *
 * Return: 0, or -EINVAL.
 */
int nf_ct_nl_parse_help(const struct nlattr *attr, char **name,
			struct nlattr **info)
{
	struct nlattr *tb[CTA_HELP_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_HELP_MAX, attr, help_policy,
					  NULL);
	if (err < 0)
		return err;
	if (!tb[CTA_HELP_NAME])
		return -EINVAL;

	*name = nla_data(tb[CTA_HELP_NAME]);
	*info = tb[CTA_HELP_INFO];
	return 0;
}
