// SPDX-License-Identifier: GPL-2.0
/*
 * A packet's way: its tuple, the entry that it belongs to or starts, what the
 * protocol says of it, and, when it leaves, the entry's confirmation.
 *
 * Runs in softirq or process context under RCU. An entry that is not confirmed
 * belongs to its packet; of a confirmed one the packet holds a reference.
 */
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#ifndef __GENKSYMS__
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack_synproxy.h>
#endif

#include "nf_ct.h"

/* --- tuples ------------------------------------------------------------ */

static int ipv4_l4_offset(const struct sk_buff *skb, unsigned int nhoff,
			  u8 *protonum)
{
	struct iphdr _iph;
	const struct iphdr *iph;

	iph = skb_header_pointer(skb, nhoff, sizeof(_iph), &_iph);
	/* Only the first fragment has ports; defragmentation comes before us. */
	if (!iph || iph->ihl < 5 || (iph->frag_off & htons(IP_OFFSET)))
		return -1;

	*protonum = iph->protocol;
	return nhoff + iph->ihl * 4;
}

static int ipv6_l4_offset(const struct sk_buff *skb, unsigned int nhoff,
			  u8 *protonum)
{
	const unsigned int after = nhoff + sizeof(struct ipv6hdr);
	__be16 frag_off;
	u8 nexthdr;
	int offset;

	if (skb_copy_bits(skb, nhoff + offsetof(struct ipv6hdr, nexthdr),
			  &nexthdr, sizeof(nexthdr)))
		return -1;

	offset = ipv6_skip_exthdr(skb, after, &nexthdr, &frag_off);
	if (offset < 0 || (frag_off & htons(~0x7)))
		return -1;

	*protonum = nexthdr;
	return offset;
}

/**
 * nf_ct_l4_offset - where a packet's transport header is
 * @skb: packet
 * @nhoff: offset of the network header in @skb
 * @l3num: NFPROTO_IPV4 or NFPROTO_IPV6
 * @protonum: set to the transport protocol
 *
 * Return: offset of the transport header, not beyond the end of the packet;
 * -1 if there is none, as in a later fragment.
 */
int nf_ct_l4_offset(const struct sk_buff *skb, unsigned int nhoff, u8 l3num,
		    u8 *protonum)
{
	int offset = -1;

	if (l3num == NFPROTO_IPV4)
		offset = ipv4_l4_offset(skb, nhoff, protonum);
	else if (l3num == NFPROTO_IPV6)
		offset = ipv6_l4_offset(skb, nhoff, protonum);

	return offset <= (int)skb->len ? offset : -1;
}

static bool addresses_to_tuple(const struct sk_buff *skb, unsigned int nhoff,
			       u16 l3num, struct nf_conntrack_tuple *tuple)
{
	/* Source and destination stand one behind the other in both. */
	__be32 buf[8];
	const __be32 *addr;

	switch (l3num) {
	case NFPROTO_IPV4:
		addr = skb_header_pointer(skb, nhoff + offsetof(struct iphdr, saddr),
					  2 * sizeof(__be32), buf);
		if (!addr)
			return false;
		/* All of it is compared: an array's other elements are cleared,
		 * what lies behind a member of a union need not be.
		 */
		tuple->src.u3 = (union nf_inet_addr){ .ip6 = { addr[0] } };
		tuple->dst.u3 = (union nf_inet_addr){ .ip6 = { addr[1] } };
		return true;
	case NFPROTO_IPV6:
		addr = skb_header_pointer(skb, nhoff + offsetof(struct ipv6hdr, saddr),
					  sizeof(buf), buf);
		if (!addr)
			return false;
		memcpy(tuple->src.u3.ip6, addr, sizeof(tuple->src.u3.ip6));
		memcpy(tuple->dst.u3.ip6, addr + 4, sizeof(tuple->dst.u3.ip6));
		return true;
	}
	return false;
}

static bool ports_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
			   struct nf_conntrack_tuple *tuple)
{
	__be16 buf[2];
	const __be16 *port;

	port = skb_header_pointer(skb, dataoff, sizeof(buf), buf);
	if (!port)
		return false;

	tuple->src.u.all = port[0];
	tuple->dst.u.all = port[1];
	return true;
}

/**
 * nf_ct_skb_to_tuple - the tuple of a packet
 * @skb: packet
 * @nhoff: offset of the network header in @skb
 * @dataoff: offset of the transport header in @skb
 * @l3num: NFPROTO_IPV4 or NFPROTO_IPV6
 * @protonum: transport protocol
 * @net: namespace
 * @tuple: filled in, direction original
 *
 * Return: false if the packet is too short or of no kind that has a tuple.
 */
bool nf_ct_skb_to_tuple(const struct sk_buff *skb, unsigned int nhoff,
			unsigned int dataoff, u16 l3num, u8 protonum,
			struct net *net, struct nf_conntrack_tuple *tuple)
{
	/* All of the tuple, which has no holes. */
	tuple->src.u.all = 0;
	tuple->src.l3num = l3num;
	tuple->dst.u.all = 0;
	tuple->dst.protonum = protonum;
	tuple->dst.dir = IP_CT_DIR_ORIGINAL;

	if (!addresses_to_tuple(skb, nhoff, l3num, tuple))
		return false;

	switch (protonum) {
	case IPPROTO_ICMP:
		return icmp_pkt_to_tuple(skb, dataoff, net, tuple);
	case IPPROTO_ICMPV6:
		return icmpv6_pkt_to_tuple(skb, dataoff, net, tuple);
#ifdef CONFIG_NF_CT_PROTO_GRE
	case IPPROTO_GRE:
		return gre_pkt_to_tuple(skb, dataoff, net, tuple);
#endif
	case IPPROTO_TCP:
	case IPPROTO_UDP:
#ifdef CONFIG_NF_CT_PROTO_UDPLITE
	case IPPROTO_UDPLITE:
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	case IPPROTO_SCTP:
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	case IPPROTO_DCCP:
#endif
		return ports_to_tuple(skb, dataoff, tuple);
	}
	return true;
}

/**
 * nf_ct_get_tuplepr - the tuple of a packet, from its network header on
 * @skb: packet
 * @nhoff: offset of the network header in @skb
 * @l3num: NFPROTO_IPV4 or NFPROTO_IPV6
 * @net: namespace
 * @tuple: filled in, direction original
 *
 * Context: RCU read side.
 *
 * Return: false if the packet has no tuple.
 */
bool nf_ct_get_tuplepr(const struct sk_buff *skb, unsigned int nhoff,
		       u_int16_t l3num, struct net *net,
		       struct nf_conntrack_tuple *tuple)
{
	u8 protonum;
	int dataoff;

	dataoff = nf_ct_l4_offset(skb, nhoff, l3num, &protonum);
	return dataoff > 0 &&
	       nf_ct_skb_to_tuple(skb, nhoff, dataoff, l3num, protonum, net,
				  tuple);
}
EXPORT_SYMBOL_GPL(nf_ct_get_tuplepr);

/**
 * nf_ct_invert_tuple - the tuple of the other direction
 * @inverse: filled in
 * @orig: tuple
 *
 * Return: false if packets of this kind are never answered (an ICMP error).
 */
bool nf_ct_invert_tuple(struct nf_conntrack_tuple *inverse,
			const struct nf_conntrack_tuple *orig)
{
	memset(inverse, 0, sizeof(*inverse));
	inverse->src.l3num = orig->src.l3num;
	inverse->src.u3 = orig->dst.u3;
	inverse->dst.u3 = orig->src.u3;
	inverse->dst.protonum = orig->dst.protonum;
	inverse->dst.dir = !orig->dst.dir;

	switch (orig->dst.protonum) {
	case IPPROTO_ICMP:
		return nf_conntrack_invert_icmp_tuple(inverse, orig);
	case IPPROTO_ICMPV6:
		return nf_conntrack_invert_icmpv6_tuple(inverse, orig);
	}

	inverse->src.u.all = orig->dst.u.all;
	inverse->dst.u.all = orig->src.u.all;
	return true;
}
EXPORT_SYMBOL_GPL(nf_ct_invert_tuple);

/* --- a packet comes ---------------------------------------------------- */

/* Extensions that the namespace's settings or the template ask for. */
static bool extend(struct nf_conn *ct, struct nf_conn *tmpl)
{
	const struct nf_conn_timeout *timeout = NULL;
	struct nf_conntrack_ecache *ecache = NULL;

	if (tmpl) {
		timeout = nf_ct_timeout_find(tmpl);
		ecache = nf_ct_ecache_find(tmpl);
	}

	if (!nf_ct_add_synproxy(ct, tmpl))
		return false;
	if (timeout)
		nf_ct_timeout_ext_add(ct, rcu_dereference(timeout->timeout),
				      GFP_ATOMIC);
	nf_ct_acct_ext_add(ct, GFP_ATOMIC);
	nf_ct_tstamp_ext_add(ct, GFP_ATOMIC);
	nf_ct_labels_ext_add(ct);
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	nf_ct_ecache_ext_add(ct, ecache ? ecache->ctmask : 0,
			     ecache ? ecache->expmask : 0, GFP_ATOMIC);
#endif
	return true;
}

/* The helper that the expectation says. Extensions may move for it, which takes
 * the lock of expectations.
 */
static void assign_expected(struct nf_conn *ct,
			    const struct nf_conntrack_expect *exp)
{
	struct nf_conntrack_helper *helper = rcu_dereference(exp->assign_helper);
	struct nf_conn_help *help;

	if (!helper)
		return;
	help = nf_ct_helper_ext_add(ct, GFP_ATOMIC);
	if (help)
		rcu_assign_pointer(help->helper, helper);
}

/* Was the connection expected? Then it is its master's child. */
static struct nf_conntrack_expect *adopt(struct net *net,
					 const struct nf_conntrack_zone *zone,
					 const struct nf_conntrack_tuple *tuple,
					 struct nf_conn *ct,
					 const struct nf_conn *tmpl)
{
	struct nf_conntrack_expect *exp;

	/* Most are not: no lock for them, whatever others expect. */
	if (!__nf_ct_expect_find(net, zone, tuple))
		return NULL;

	spin_lock_bh(&nf_conntrack_expect_lock);
	exp = nf_ct_find_expectation(net, zone, tuple,
				     !tmpl || nf_ct_is_confirmed(tmpl));
	if (exp) {
		/* nf_ct_find_expectation() took the reference. */
		ct->master = exp->master;
		__set_bit(IPS_EXPECTED_BIT, &ct->status);
#ifdef CONFIG_NF_CONNTRACK_MARK
		ct->mark = READ_ONCE(exp->master->mark);
#endif
#ifdef CONFIG_NF_CONNTRACK_SECMARK
		ct->secmark = exp->master->secmark;
#endif
		NF_CT_STAT_INC(net, expect_new);
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);

	if (exp)
		assign_expected(ct, exp);
	return exp;
}

/* A new entry, with the reference that its packet will hold. @hash: of @tuple. */
static struct nf_conn *start(struct net *net, struct nf_conn *tmpl,
			     const struct nf_conntrack_zone *zone,
			     const struct nf_conntrack_tuple *tuple, u32 hash)
{
	struct nf_conntrack_tuple reply;
	struct nf_conntrack_expect *exp;
	struct nf_conn *ct;

	if (!nf_ct_invert_tuple(&reply, tuple))
		return NULL;

	ct = nf_conntrack_alloc(net, zone, tuple, &reply, GFP_ATOMIC);
	if (IS_ERR(ct))
		return ct;
	nf_ct_table_hint(ct, hash);

	if (!extend(ct, tmpl)) {
		nf_ct_put(ct);
		return ERR_PTR(-ENOMEM);
	}

	exp = adopt(net, zone, tuple, ct, tmpl);
	if (exp) {
		if (exp->expectfn)
			exp->expectfn(ct, exp);
		nf_ct_expect_put(exp);
	} else {
		__nf_ct_try_assign_helper(ct, tmpl, GFP_ATOMIC);
	}
	return ct;
}

static enum ip_conntrack_info info_of(const struct nf_conn *ct,
				      enum ip_conntrack_dir dir)
{
	if (dir == IP_CT_DIR_REPLY)
		return IP_CT_ESTABLISHED_REPLY;
	if (test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		return IP_CT_ESTABLISHED;
	if (test_bit(IPS_EXPECTED_BIT, &ct->status))
		return IP_CT_RELATED;
	return IP_CT_NEW;
}

/* If the packet has been seen before it came here, its hash is known, most likely.
 * What is not found leaves its hash for the entry that is to be made.
 */
static struct nf_conntrack_tuple_hash *
look_up(const struct sk_buff *skb, const struct nf_hook_state *state,
	const struct nf_conntrack_zone *zone,
	const struct nf_conntrack_tuple *tuple, u32 *hash)
{
	struct nf_conntrack_tuple_hash *found;

	if (nf_ct_ahead() && state->hook == NF_INET_PRE_ROUTING &&
	    nf_ct_ahead_hash(skb, state->net, hash)) {
		found = nf_ct_table_find_hash(state->net, zone, tuple, *hash);
		if (likely(found))
			return found;
	}
	return nf_ct_table_find(state->net, zone, tuple, hash);
}

/* Give the packet its entry, found or new. It gets none if it has no tuple, or
 * starts nothing.
 */
static int attach(struct nf_conn *tmpl, struct sk_buff *skb,
		  unsigned int dataoff, u8 protonum,
		  const struct nf_hook_state *state)
{
	struct nf_conntrack_tuple_hash *found;
	const struct nf_conntrack_zone *zone;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone buf;
	enum ip_conntrack_dir dir = IP_CT_DIR_ORIGINAL;
	struct nf_conn *ct;
	u32 hash;

	if (!nf_ct_skb_to_tuple(skb, skb_network_offset(skb), dataoff,
				state->pf, protonum, state->net, &tuple))
		return 0;

	zone = nf_ct_zone_tmpl(tmpl, skb, &buf);
	found = look_up(skb, state, zone, &tuple, &hash);
	if (likely(found)) {
		ct = nf_ct_tuplehash_to_ctrack(found);
		dir = NF_CT_DIRECTION(found);
	} else {
		ct = start(state->net, tmpl, zone, &tuple, hash);
		if (IS_ERR_OR_NULL(ct))
			return PTR_ERR_OR_ZERO(ct);
	}

	nf_ct_set(skb, ct, info_of(ct, dir));
	return 0;
}

static int proto_packet(struct nf_conn *ct, struct sk_buff *skb,
			unsigned int dataoff, enum ip_conntrack_info ctinfo,
			const struct nf_hook_state *state)
{
	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		return nf_conntrack_tcp_packet(ct, skb, dataoff, ctinfo, state);
	case IPPROTO_UDP:
		return nf_conntrack_udp_packet(ct, skb, dataoff, ctinfo, state);
	case IPPROTO_ICMP:
		return nf_conntrack_icmp_packet(ct, skb, ctinfo, state);
#if IS_ENABLED(CONFIG_IPV6)
	case IPPROTO_ICMPV6:
		return nf_conntrack_icmpv6_packet(ct, skb, ctinfo, state);
#endif
#ifdef CONFIG_NF_CT_PROTO_UDPLITE
	case IPPROTO_UDPLITE:
		return nf_conntrack_udplite_packet(ct, skb, dataoff, ctinfo, state);
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	case IPPROTO_SCTP:
		return nf_conntrack_sctp_packet(ct, skb, dataoff, ctinfo, state);
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	case IPPROTO_DCCP:
		return nf_conntrack_dccp_packet(ct, skb, dataoff, ctinfo, state);
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	case IPPROTO_GRE:
		return nf_conntrack_gre_packet(ct, skb, dataoff, ctinfo, state);
#endif
	}
	return nf_ct_generic_packet(ct, skb, ctinfo);
}

/* ICMP errors belong to the flow that they quote. */
static int icmp_error(struct nf_conn *tmpl, struct sk_buff *skb,
		      unsigned int dataoff, u8 protonum,
		      const struct nf_hook_state *state)
{
	if (protonum == IPPROTO_ICMP)
		return nf_conntrack_icmpv4_error(tmpl, skb, dataoff, state);
#if IS_ENABLED(CONFIG_IPV6)
	if (protonum == IPPROTO_ICMPV6)
		return nf_conntrack_icmpv6_error(tmpl, skb, dataoff, state);
#endif
	return NF_ACCEPT;
}

/* The packet's entry hears of it. The verdict, or NF_REPEAT: start over. */
static unsigned int tell(struct sk_buff *skb, unsigned int dataoff,
			 const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	int ret;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct) {
		NF_CT_STAT_INC_ATOMIC(state->net, invalid);
		return NF_ACCEPT;
	}

	ret = proto_packet(ct, skb, dataoff, ctinfo, state);
	if (unlikely(ret <= 0)) {
		nf_ct_put(ct);
		skb->_nfct = 0;
		if (ret == -NF_REPEAT)
			return NF_REPEAT;
		NF_CT_STAT_INC_ATOMIC(state->net, invalid);
		if (ret == -NF_DROP)
			NF_CT_STAT_INC_ATOMIC(state->net, drop);
		return -ret;
	}

	if (ctinfo == IP_CT_ESTABLISHED_REPLY &&
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status) &&
	    !test_and_set_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		nf_conntrack_event_cache(IPCT_REPLY, ct);
	return ret;
}

static unsigned int track(struct nf_conn *tmpl, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	unsigned int verdict;
	int dataoff, ret;
	u8 protonum;

	dataoff = nf_ct_l4_offset(skb, skb_network_offset(skb), state->pf,
				  &protonum);
	if (dataoff <= 0) {
		NF_CT_STAT_INC_ATOMIC(state->net, invalid);
		return NF_ACCEPT;
	}

	ret = icmp_error(tmpl, skb, dataoff, protonum, state);
	if (ret <= 0) {
		NF_CT_STAT_INC_ATOMIC(state->net, error);
		return -ret;
	}
	/* An error that has found its flow, or is not to be tracked. */
	if (skb->_nfct)
		return ret;

	do {
		if (attach(tmpl, skb, dataoff, protonum, state) < 0) {
			NF_CT_STAT_INC_ATOMIC(state->net, drop);
			return NF_DROP;
		}
		verdict = tell(skb, dataoff, state);
	} while (verdict == NF_REPEAT);
	return verdict;
}

/**
 * nf_conntrack_in - track a packet
 * @skb: packet, at its network header; may carry a template, whose reference
 *	is consumed, or be tracked or marked untracked already
 * @state: hook it is at, or stands for
 *
 * Gives the packet its entry and its relation to it (skb->_nfct); a packet that
 * fits nothing goes on without, and is INVALID to the rules.
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT or NF_DROP.
 */
unsigned int nf_conntrack_in(struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *tmpl;
	unsigned int verdict;

	tmpl = nf_ct_get(skb, &ctinfo);
	if (tmpl || ctinfo == IP_CT_UNTRACKED) {
		/* Seen before, as on loopback; or not to be seen. */
		if (ctinfo == IP_CT_UNTRACKED || !nf_ct_is_template(tmpl))
			return NF_ACCEPT;
		skb->_nfct = 0;
	}

	verdict = track(tmpl, skb, state);
	if (tmpl)
		nf_ct_put(tmpl);
	return verdict;
}
EXPORT_SYMBOL_GPL(nf_conntrack_in);

/* --- a first packet leaves --------------------------------------------- */

static void add_counters(struct nf_conn *to, const struct nf_conn *from)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(from);
	enum ip_conntrack_dir dir;

	if (!acct)
		return;
	for (dir = IP_CT_DIR_ORIGINAL; dir < IP_CT_DIR_MAX; dir++)
		nf_ct_acct_add(to, dir,
			       atomic64_read(&acct->counter[dir].packets),
			       atomic64_read(&acct->counter[dir].bytes));
}

static bool same_flow(const struct nf_conn *a, const struct nf_conn *b,
		      enum ip_conntrack_dir dir)
{
	return nf_ct_tuple_equal(nf_ct_tuple(a, dir), nf_ct_tuple(b, dir)) &&
	       nf_ct_zone_equal(a, nf_ct_zone(b), dir);
}

/*
 * Two first packets of one flow have raced (A and AAAA queries from one socket,
 * say), and the other one's entry is in the index. If both entries say the same,
 * the packet goes over to the other. If NAT has given them different mappings,
 * this packet has been translated with its own: its entry goes in by the reply
 * direction alone, so that the answer finds the way back.
 */
static int resolve_clash(struct sk_buff *skb, struct nf_conn *ct,
			 struct nf_conn *other)
{
	const struct nf_conntrack_l4proto *l4proto;
	struct net *net = nf_ct_net(ct);
	int err;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(ct));
	if (!l4proto->allow_clash ||
	    !same_flow(ct, other, IP_CT_DIR_ORIGINAL))
		return -EEXIST;

	if (same_flow(ct, other, IP_CT_DIR_REPLY)) {
		add_counters(other, ct);
		refcount_inc(&other->ct_general.use);
		nf_ct_set(skb, other, info_of(other, IP_CT_DIR_ORIGINAL));
		nf_ct_put(ct);
	} else {
		err = nf_ct_table_insert_reply(ct);
		if (err)
			return err;
		nf_ct_pressure_add(ct);
	}
	NF_CT_STAT_INC_ATOMIC(net, clash_resolve);
	return 0;
}

static int insert(struct sk_buff *skb, struct nf_conn *ct)
{
	struct nf_conn *other = NULL;
	int err;

	err = nf_ct_table_insert(ct, &other);
	if (err != -EEXIST)
		return err;

	err = resolve_clash(skb, ct, other);
	nf_ct_put(other);
	return err ?: -EALREADY;
}

static void announce(struct nf_conn *ct)
{
	const struct nf_conn_help *help = nfct_help(ct);

	if (help && rcu_access_pointer(help->helper))
		nf_conntrack_event_cache(IPCT_HELPER, ct);
	nf_conntrack_event_cache(ct->master ? IPCT_RELATED : IPCT_NEW, ct);
}

/**
 * __nf_conntrack_confirm - a flow's first packet leaves: track it from now on
 * @skb: packet with an entry that is not confirmed; it may have another one
 *	afterwards
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT, or NF_DROP if the flow can't be tracked: another one has
 * one of its tuples, it was to be deleted, or memory is short.
 */
int __nf_conntrack_confirm(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn_tstamp *tstamp;
	struct nf_conn *ct;
	struct net *net;
	int err;

	ct = nf_ct_get(skb, &ctinfo);
	/* A reply to an unconfirmed flow, as a REJECT makes one, does not
	 * confirm it.
	 */
	if (CTINFO2DIR(ctinfo) != IP_CT_DIR_ORIGINAL)
		return NF_ACCEPT;

	net = nf_ct_net(ct);
	tstamp = nf_conn_tstamp_find(ct);
	if (tstamp && !tstamp->start)
		tstamp->start = ktime_get_real_ns();

	err = nf_ct_ext_confirm(ct) ? insert(skb, ct) : -ESTALE;
	if (err == -EALREADY)
		return NF_ACCEPT;
	if (err) {
		NF_CT_STAT_INC_ATOMIC(net, insert_failed);
		if (err != -ESTALE)
			NF_CT_STAT_INC_ATOMIC(net, drop);
		return NF_DROP;
	}

	nf_ct_entry_learn(ct);
	if (!test_bit(IPS_ASSURED_BIT, &ct->status))
		nf_ct_pressure_add(ct);
	announce(ct);
	return NF_ACCEPT;
}
EXPORT_SYMBOL_GPL(__nf_conntrack_confirm);

/* --- what the kernel asks without depending on the module --------------- */

/* A packet was away in a queue before its entry was confirmed. If meanwhile
 * another packet's entry for the flow was, and this one has not been translated
 * yet, it goes over to that.
 */
static void go_over(struct net *net, struct sk_buff *skb)
{
	struct nf_conntrack_tuple_hash *found;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct, *other;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || nf_ct_is_confirmed(ct) || nf_ct_is_template(ct) ||
	    CTINFO2DIR(ctinfo) != IP_CT_DIR_ORIGINAL)
		return;

	found = nf_conntrack_find_get(net, nf_ct_zone(ct),
				      nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL));
	if (!found)
		return;

	other = nf_ct_tuplehash_to_ctrack(found);
	if (NF_CT_DIRECTION(found) == IP_CT_DIR_ORIGINAL &&
	    (same_flow(ct, other, IP_CT_DIR_REPLY) ||
	     !(ct->status & (IPS_NAT_DONE_MASK | IPS_NAT_MASK)))) {
		nf_ct_set(skb, other, info_of(other, IP_CT_DIR_ORIGINAL));
		nf_ct_put(ct);
	} else {
		nf_ct_put(other);
	}
}

/* 6.1 drops the packet if this is negative, 6.12 takes it for the verdict. */
static int hook_update(struct net *net, struct sk_buff *skb)
{
	go_over(net, skb);
	return nf_ct_hook_resume(skb) < 0 ? -1 : NF_ACCEPT;
}

/* The tuple by which the flow's owner knows it, before any translation: of the
 * packet's own direction if it has been tracked, else (as at ingress) of the
 * direction opposite to what the packet shows.
 */
static bool hook_get_tuple(struct nf_conntrack_tuple *out,
			   const struct sk_buff *skb)
{
	struct nf_conntrack_tuple_hash *found;
	struct nf_conntrack_tuple tuple;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	struct net *net;

	ct = nf_ct_get(skb, &ctinfo);
	if (ct) {
		*out = *nf_ct_tuple(ct, CTINFO2DIR(ctinfo));
		return true;
	}

	net = dev_net(skb->dev);
	if (!nf_ct_get_tuplepr(skb, skb_network_offset(skb), NFPROTO_IPV4, net,
			       &tuple))
		return false;
	found = nf_conntrack_find_get(net, &nf_ct_zone_dflt, &tuple);
	if (!found)
		return false;

	ct = nf_ct_tuplehash_to_ctrack(found);
	*out = *nf_ct_tuple(ct, !NF_CT_DIRECTION(found));
	nf_ct_put(ct);
	return true;
}

/* @nskb answers @skb, with an ICMP error or a TCP reset. */
static void hook_attach(struct sk_buff *nskb, const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct)
		return;

	nf_conntrack_get(&ct->ct_general);
	nf_ct_set(nskb, ct, CTINFO2DIR(ctinfo) == IP_CT_DIR_ORIGINAL ?
			    IP_CT_RELATED_REPLY : IP_CT_RELATED);
}

/* The connection has been reset by this machine, which sees no answer. */
static void hook_set_closing(struct nf_conntrack *nfct)
{
	struct nf_conn *ct = nf_ct_to_nf_conn(nfct);

	if (nf_ct_protonum(ct) == IPPROTO_TCP)
		nf_conntrack_tcp_set_closing(ct);
}

static int hook_confirm(struct sk_buff *skb)
{
	return nf_conntrack_confirm(skb);
}

const struct nf_ct_hook nf_ct_core_hook = {
	.update		= hook_update,
	.destroy	= nf_ct_destroy,
	.get_tuple_skb	= hook_get_tuple,
	.attach		= hook_attach,
	.set_closing	= hook_set_closing,
	.confirm	= hook_confirm,
};
