/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the protocols share: their timeouts, as the packet path reads them and
 * as netlink carries them, and which parts of a tuple a filter asks for.
 */
#ifndef _NF_CT_PROTO_H
#define _NF_CT_PROTO_H

#ifndef __GENKSYMS__

#include <linux/minmax.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netlink.h>

/*
 * The parts of a tuple that a request fills in, as the bits of the u32 in
 * CTA_FILTER_ORIG_FLAGS and CTA_FILTER_REPLY_FLAGS.
 */
enum nf_ct_filter_bit {
	NF_CT_FILTER_IP_SRC,
	NF_CT_FILTER_IP_DST,
	NF_CT_FILTER_ZONE,
	NF_CT_FILTER_PROTO_NUM,
	NF_CT_FILTER_SRC_PORT,
	NF_CT_FILTER_DST_PORT,
	NF_CT_FILTER_ICMP_TYPE,
	NF_CT_FILTER_ICMP_CODE,
	NF_CT_FILTER_ICMP_ID,
	NF_CT_FILTER_ICMPV6_TYPE,
	NF_CT_FILTER_ICMPV6_CODE,
	NF_CT_FILTER_ICMPV6_ID,
	NF_CT_FILTER_BITS,
};

#define NF_CT_FILTER_ALL	(BIT(NF_CT_FILTER_BITS) - 1)
#define NF_CT_FILTER_ADDRESSES	(BIT(NF_CT_FILTER_IP_SRC) | \
				 BIT(NF_CT_FILTER_IP_DST))
/* What belongs to a protocol. */
#define NF_CT_FILTER_PORTS	GENMASK(NF_CT_FILTER_BITS - 1, \
					NF_CT_FILTER_SRC_PORT)

/**
 * nf_ct_timeouts_of - the timeouts that hold for an entry
 * @ct: entry
 * @pernet: those of its namespace
 *
 * Context: RCU read side.
 *
 * Return: those of its timeout policy, in jiffies, or else @pernet.
 */
static inline const unsigned int *nf_ct_timeouts_of(const struct nf_conn *ct,
						    const unsigned int *pernet)
{
	return nf_ct_timeout_lookup(ct) ?: pernet;
}

/* Checksums are verified once, where packets come in, and if asked for. */
static inline bool nf_ct_wants_checksum(const struct nf_hook_state *state)
{
	return state->hook == NF_INET_PRE_ROUTING &&
	       READ_ONCE(state->net->ct.sysctl_checksum);
}

bool nf_ct_sum_is_bad(const struct sk_buff *skb, unsigned int dataoff,
		      unsigned int cover, u8 protonum, u8 pf);

/**
 * nf_ct_nla_jiffies - a timeout that a message carries
 * @attr: seconds, big endian
 *
 * Return: jiffies; what is more than can be told from the past is the longest.
 */
static inline u32 nf_ct_nla_jiffies(const struct nlattr *attr)
{
	return min(ntohl(nla_get_be32(attr)), (u32)INT_MAX / HZ) * HZ;
}

void nf_ct_timeouts_parse(struct nlattr *tb[], unsigned int attr_max,
			  unsigned int *to, const unsigned int *defaults,
			  unsigned int first, unsigned int count);
int nf_ct_timeouts_put(struct sk_buff *skb, unsigned int attr_max,
		       const unsigned int *from, unsigned int first);

/* nf_ct_proto_icmp.c: what both versions of ICMP share. */

/**
 * struct nf_ct_icmp_attrs - where netlink carries an ICMP tuple
 * @id: attribute of the id
 * @type: attribute of the type
 * @code: attribute of the code
 * @filter: first of the three filter bits, type, code, id
 */
struct nf_ct_icmp_attrs {
	u8 id;
	u8 type;
	u8 code;
	u8 filter;
};

int nf_ct_icmp_tuple_put(struct sk_buff *skb,
			 const struct nf_conntrack_tuple *tuple,
			 const struct nf_ct_icmp_attrs *attrs);
int nf_ct_icmp_tuple_parse(struct nlattr *tb[],
			   struct nf_conntrack_tuple *tuple, u32 flags,
			   const struct nf_ct_icmp_attrs *attrs);
unsigned int nf_ct_icmp_tuple_size(void);

/* nf_ct_sockopt.c */
int nf_ct_sockopt_init(void);
void nf_ct_sockopt_exit(void);

#endif /* __GENKSYMS__ */
#endif /* _NF_CT_PROTO_H */
