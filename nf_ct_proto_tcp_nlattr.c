// SPDX-License-Identifier: GPL-2.0
/*
 * TCP as netlink shows it: the state and options of a connection
 * (CTA_PROTOINFO_TCP), and the timeouts of a policy (CTA_TIMEOUT_TCP).
 *
 * Takes ct->lock to read and write ct->proto.tcp. Process context, and softirq
 * for the events that ctnetlink makes of it.
 */
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"
#include "nf_ct_tcp.h"

static int put_flags(struct sk_buff *skb, int type, u8 flags)
{
	/* A mask is something to set flags by. */
	struct nf_ct_tcp_flags attr = { .flags = flags };

	return nla_put(skb, type, sizeof(attr), &attr);
}

/**
 * nf_ct_tcp_to_nlattr() - write CTA_PROTOINFO_TCP
 * @skb: the message
 * @nla: the attribute that it goes into; not needed
 * @ct: the entry
 * @destroy: for a message that the entry is gone: its last state only
 *
 * Return: 0, or -EMSGSIZE with nothing written
 */
int nf_ct_tcp_to_nlattr(struct sk_buff *skb, struct nlattr *nla,
			struct nf_conn *ct, bool destroy)
{
	const struct ip_ct_tcp_state *seen;
	struct ip_ct_tcp tcp;
	struct nlattr *nest;

	spin_lock_bh(&ct->lock);
	tcp = ct->proto.tcp;
	spin_unlock_bh(&ct->lock);
	seen = tcp.seen;

	nest = nla_nest_start(skb, CTA_PROTOINFO_TCP);
	if (!nest)
		return -EMSGSIZE;

	if (nla_put_u8(skb, CTA_PROTOINFO_TCP_STATE, tcp.state))
		goto full;

	if (!destroy &&
	    (nla_put_u8(skb, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL,
			seen[IP_CT_DIR_ORIGINAL].td_scale) ||
	     nla_put_u8(skb, CTA_PROTOINFO_TCP_WSCALE_REPLY,
			seen[IP_CT_DIR_REPLY].td_scale) ||
	     put_flags(skb, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL,
		       seen[IP_CT_DIR_ORIGINAL].flags) ||
	     put_flags(skb, CTA_PROTOINFO_TCP_FLAGS_REPLY,
		       seen[IP_CT_DIR_REPLY].flags)))
		goto full;

	nla_nest_end(skb, nest);
	return 0;

full:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

static const struct nla_policy protoinfo_policy[CTA_PROTOINFO_TCP_MAX + 1] = {
	[CTA_PROTOINFO_TCP_STATE]	    =
		NLA_POLICY_MAX(NLA_U8, TCP_CONNTRACK_MAX - 1),
	[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL] =
		NLA_POLICY_MAX(NLA_U8, NF_CT_TCP_WSCALE_MAX),
	[CTA_PROTOINFO_TCP_WSCALE_REPLY]    =
		NLA_POLICY_MAX(NLA_U8, NF_CT_TCP_WSCALE_MAX),
	[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL]  = {
		.len = sizeof(struct nf_ct_tcp_flags),
	},
	[CTA_PROTOINFO_TCP_FLAGS_REPLY]	    = {
		.len = sizeof(struct nf_ct_tcp_flags),
	},
};

static void set_flags(struct ip_ct_tcp_state *seen, const struct nlattr *attr)
{
	const struct nf_ct_tcp_flags *flags;

	if (!attr)
		return;

	flags = nla_data(attr);
	seen->flags = (seen->flags & ~flags->mask) | (flags->flags & flags->mask);
}

/**
 * nf_ct_tcp_from_nlattr() - set an entry by CTA_PROTOINFO_TCP
 * @cda: attributes within CTA_PROTOINFO
 * @ct: the entry
 *
 * Return: 0, or -errno with nothing set
 */
int nf_ct_tcp_from_nlattr(struct nlattr *cda[], struct nf_conn *ct)
{
	struct nlattr *tb[CTA_PROTOINFO_TCP_MAX + 1];
	const struct nlattr *wscale[IP_CT_DIR_MAX];
	struct ip_ct_tcp_state *seen = ct->proto.tcp.seen;
	int dir, err;

	if (!cda[CTA_PROTOINFO_TCP])
		return 0;

	err = nla_parse_nested_deprecated(tb, CTA_PROTOINFO_TCP_MAX,
					  cda[CTA_PROTOINFO_TCP],
					  protoinfo_policy, NULL);
	if (err < 0)
		return err;

	wscale[IP_CT_DIR_ORIGINAL] = tb[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL];
	wscale[IP_CT_DIR_REPLY] = tb[CTA_PROTOINFO_TCP_WSCALE_REPLY];

	spin_lock_bh(&ct->lock);
	if (tb[CTA_PROTOINFO_TCP_STATE])
		ct->proto.tcp.state = nla_get_u8(tb[CTA_PROTOINFO_TCP_STATE]);

	set_flags(&seen[IP_CT_DIR_ORIGINAL],
		  tb[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL]);
	set_flags(&seen[IP_CT_DIR_REPLY], tb[CTA_PROTOINFO_TCP_FLAGS_REPLY]);

	/* Scaling is for both or for none, RFC 7323 2.2. */
	if (wscale[IP_CT_DIR_ORIGINAL] && wscale[IP_CT_DIR_REPLY] &&
	    seen[0].flags & seen[1].flags & IP_CT_TCP_FLAG_WINDOW_SCALE) {
		for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
			seen[dir].td_scale = nla_get_u8(wscale[dir]);
	}
	spin_unlock_bh(&ct->lock);

	return 0;
}

/* Which timeout an attribute is. */
static const u8 timeout_of_attr[CTA_TIMEOUT_TCP_MAX + 1] = {
	[CTA_TIMEOUT_TCP_SYN_SENT]	= TCP_CONNTRACK_SYN_SENT,
	[CTA_TIMEOUT_TCP_SYN_RECV]	= TCP_CONNTRACK_SYN_RECV,
	[CTA_TIMEOUT_TCP_ESTABLISHED]	= TCP_CONNTRACK_ESTABLISHED,
	[CTA_TIMEOUT_TCP_FIN_WAIT]	= TCP_CONNTRACK_FIN_WAIT,
	[CTA_TIMEOUT_TCP_CLOSE_WAIT]	= TCP_CONNTRACK_CLOSE_WAIT,
	[CTA_TIMEOUT_TCP_LAST_ACK]	= TCP_CONNTRACK_LAST_ACK,
	[CTA_TIMEOUT_TCP_TIME_WAIT]	= TCP_CONNTRACK_TIME_WAIT,
	[CTA_TIMEOUT_TCP_CLOSE]		= TCP_CONNTRACK_CLOSE,
	[CTA_TIMEOUT_TCP_SYN_SENT2]	= TCP_CONNTRACK_SYN_SENT2,
	[CTA_TIMEOUT_TCP_RETRANS]	= TCP_CONNTRACK_RETRANS,
	[CTA_TIMEOUT_TCP_UNACK]		= TCP_CONNTRACK_UNACK,
};

const struct nla_policy nf_ct_tcp_timeout_policy[CTA_TIMEOUT_TCP_MAX + 1] = {
	[CTA_TIMEOUT_TCP_SYN_SENT ... CTA_TIMEOUT_TCP_UNACK] = {
		.type = NLA_U32,
	},
};

/**
 * nf_ct_tcp_timeout_from_nlattr() - read the timeouts of a policy
 * @tb: attributes CTA_TIMEOUT_TCP_*, be32, seconds
 * @net: namespace, whose timeouts hold where nothing is said
 * @data: the policy's timeouts, jiffies; NULL: set those of @net
 *
 * Return: 0
 */
int nf_ct_tcp_timeout_from_nlattr(struct nlattr *tb[], struct net *net,
				  void *data)
{
	struct nf_tcp_net *tn = nf_tcp_pernet(net);
	unsigned int *timeouts = data ?: tn->timeouts;
	int attr;

	if (data)
		memcpy(timeouts, tn->timeouts, sizeof(tn->timeouts));

	for (attr = CTA_TIMEOUT_TCP_SYN_SENT; attr <= CTA_TIMEOUT_TCP_MAX; attr++)
		if (tb[attr])
			timeouts[timeout_of_attr[attr]] =
				nf_ct_nla_jiffies(tb[attr]);

	return 0;
}

/**
 * nf_ct_tcp_timeout_to_nlattr() - write the timeouts of a policy
 * @skb: the message
 * @data: the timeouts, jiffies
 *
 * Return: 0, or -ENOSPC
 */
int nf_ct_tcp_timeout_to_nlattr(struct sk_buff *skb, const void *data)
{
	const unsigned int *timeouts = data;
	int attr;

	for (attr = CTA_TIMEOUT_TCP_SYN_SENT; attr <= CTA_TIMEOUT_TCP_MAX; attr++)
		if (nla_put_be32(skb, attr,
				 htonl(timeouts[timeout_of_attr[attr]] / HZ)))
			return -ENOSPC;

	return 0;
}
