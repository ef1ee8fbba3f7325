// SPDX-License-Identifier: GPL-2.0
/*
 * GRE. Plain GRE (RFC 2784, 2890) between two hosts is one flow. In the GRE of
 * PPTP (RFC 2637) each side labels what it sends with the call id of the other,
 * so the two directions have ids of their own; the PPTP helper learns both from
 * the control connection and keeps them in the namespace's keymap.
 *
 * The keymap is written under keymap_lock, BH disabled, and read under RCU. Of
 * an entry, both timeouts are written before it is confirmed and never after.
 */
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/netfilter/nf_conntrack_pptp.h>
#include <linux/netfilter/nf_conntrack_proto_gre.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/seq_file.h>
#endif

#include "nf_ct.h"
#include "nf_ct_proto.h"

/* Guards the keymap lists of all namespaces, and nf_ct_pptp_master.keymap. */
static DEFINE_SPINLOCK(keymap_lock);

/* --- keymap ------------------------------------------------------------ */

/* The id in the other direction of a packet's call; 0 if the call is unknown. */
static __be16 keymap_lookup(struct net *net, const struct nf_conntrack_tuple *t)
{
	const struct nf_ct_gre_keymap *km;

	list_for_each_entry_rcu(km, &nf_gre_pernet(net)->keymap_list, list) {
		const struct nf_conntrack_tuple *known = &km->tuple;

		if (known->src.l3num == t->src.l3num &&
		    nf_inet_addr_cmp(&known->src.u3, &t->src.u3) &&
		    __nf_ct_tuple_dst_equal(known, t))
			return known->src.u.gre.key;
	}
	return 0;
}

/**
 * nf_ct_gre_keymap_add - remember the ids of one direction of a call
 * @ct: control connection of the call, with the PPTP helper
 * @dir: direction
 * @t: tuple that the packets of this direction have, both ids filled in
 *
 * It is kept until nf_ct_gre_keymap_destroy(). A control connection has room for
 * one call; to say the same again does no harm.
 *
 * Context: softirq or process.
 *
 * Return: 0, -EEXIST if another call is known, or -ENOMEM.
 */
int nf_ct_gre_keymap_add(struct nf_conn *ct, enum ip_conntrack_dir dir,
			 struct nf_conntrack_tuple *t)
{
	struct nf_gre_net *gn = nf_gre_pernet(nf_ct_net(ct));
	struct nf_ct_pptp_master *pptp = nfct_help_data(ct);
	struct nf_ct_gre_keymap *new, *old;
	int err = 0;

	new = kmalloc(sizeof(*new), GFP_ATOMIC);
	if (!new)
		return -ENOMEM;
	new->tuple = *t;

	spin_lock_bh(&keymap_lock);
	old = pptp->keymap[dir];
	if (!old) {
		list_add_tail_rcu(&new->list, &gn->keymap_list);
		pptp->keymap[dir] = new;
		new = NULL;
	} else if (!nf_ct_tuple_equal(&old->tuple, t)) {
		err = -EEXIST;
	}
	spin_unlock_bh(&keymap_lock);

	kfree(new);
	return err;
}
EXPORT_SYMBOL_GPL(nf_ct_gre_keymap_add);

/**
 * nf_ct_gre_keymap_destroy - forget the ids of a call
 * @ct: control connection, with the PPTP helper
 *
 * Context: softirq or process.
 */
void nf_ct_gre_keymap_destroy(struct nf_conn *ct)
{
	struct nf_ct_pptp_master *pptp = nfct_help_data(ct);
	int dir;

	spin_lock_bh(&keymap_lock);
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		struct nf_ct_gre_keymap *km = pptp->keymap[dir];

		if (!km)
			continue;
		pptp->keymap[dir] = NULL;
		list_del_rcu(&km->list);
		kfree_rcu(km, rcu);
	}
	spin_unlock_bh(&keymap_lock);
}
EXPORT_SYMBOL_GPL(nf_ct_gre_keymap_destroy);

/* --- packets ----------------------------------------------------------- */

/**
 * gre_pkt_to_tuple - the GRE part of a packet's tuple
 * @skb: packet
 * @dataoff: offset of the GRE header
 * @net: namespace
 * @tuple: addresses are filled in; the keys will be
 *
 * Only the GRE of PPTP has keys here. A packet of another version, or one too
 * short to have a call id, is part of what else the two hosts say in GRE.
 *
 * Context: RCU read side.
 *
 * Return: false if the header contradicts itself.
 */
bool gre_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		      struct net *net, struct nf_conntrack_tuple *tuple)
{
	const unsigned int len = offsetofend(struct pptp_gre_header, call_id);
	const struct pptp_gre_header *hdr;
	const struct gre_base_hdr *base;
	struct pptp_gre_header buf;
	struct gre_base_hdr base_buf;

	tuple->src.u.all = 0;
	tuple->dst.u.all = 0;

	base = skb_header_pointer(skb, dataoff, sizeof(base_buf), &base_buf);
	if (!base || (base->flags & GRE_VERSION) != GRE_VERSION_1)
		return true;

	hdr = skb_header_pointer(skb, dataoff, len, &buf);
	if (!hdr)
		return true;

	if (hdr->gre_hd.protocol != GRE_PROTO_PPP)
		return false;

	tuple->dst.u.gre.key = hdr->call_id;
	tuple->src.u.gre.key = keymap_lookup(net, tuple);
	return true;
}

/**
 * nf_conntrack_gre_packet - a GRE packet
 * @ct: its entry
 * @skb: packet
 * @dataoff: offset of the GRE header
 * @ctinfo: its relation to @ct
 * @state: hook that it is at
 *
 * Context: softirq or process, RCU read side.
 *
 * Return: NF_ACCEPT
 */
int nf_conntrack_gre_packet(struct nf_conn *ct, struct sk_buff *skb,
			    unsigned int dataoff,
			    enum ip_conntrack_info ctinfo,
			    const struct nf_hook_state *state)
{
	const struct nf_gre_net *gn = nf_gre_pernet(nf_ct_net(ct));
	const unsigned int *timeouts;

	/* An entry of netlink's comes without. */
	if (!nf_ct_is_confirmed(ct) || !ct->proto.gre.stream_timeout) {
		timeouts = nf_ct_timeouts_of(ct, gn->timeouts);
		ct->proto.gre.timeout = timeouts[GRE_CT_UNREPLIED];
		ct->proto.gre.stream_timeout = timeouts[GRE_CT_REPLIED];
	}

	/* Both have spoken, and one of them again. */
	if (test_bit(IPS_SEEN_REPLY_BIT, &ct->status)) {
		nf_ct_refresh_acct(ct, ctinfo, skb, ct->proto.gre.stream_timeout);
		nf_ct_assure(ct);
	} else {
		nf_ct_refresh_acct(ct, ctinfo, skb, ct->proto.gre.timeout);
	}
	return NF_ACCEPT;
}

/* --- settings, netlink, procfs ----------------------------------------- */

/**
 * nf_conntrack_gre_init_net - default settings
 * @net: namespace that is being made
 */
void nf_conntrack_gre_init_net(struct net *net)
{
	struct nf_gre_net *gn = nf_gre_pernet(net);

	INIT_LIST_HEAD(&gn->keymap_list);
	gn->timeouts[GRE_CT_UNREPLIED] = 30 * HZ;
	gn->timeouts[GRE_CT_REPLIED] = 180 * HZ;
}

/**
 * nf_ct_gre_exit_net - free what calls have left
 * @net: namespace without entries, where nobody looks anything up
 *
 * Those of connections whose helper has gone before them.
 */
void nf_ct_gre_exit_net(struct net *net)
{
	struct nf_ct_gre_keymap *km, *next;

	list_for_each_entry_safe(km, next, &nf_gre_pernet(net)->keymap_list, list)
		kfree(km);
}

#ifdef CONFIG_NF_CONNTRACK_PROCFS
static void print_timeouts(struct seq_file *s, struct nf_conn *ct)
{
	seq_printf(s, "timeout=%u, stream_timeout=%u ",
		   ct->proto.gre.timeout / HZ, ct->proto.gre.stream_timeout / HZ);
}
#endif

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
static_assert(CTA_TIMEOUT_GRE_UNREPLIED == GRE_CT_UNREPLIED + 1 &&
	      CTA_TIMEOUT_GRE_REPLIED == GRE_CT_REPLIED + 1);

static const struct nla_policy timeout_policy[CTA_TIMEOUT_GRE_MAX + 1] = {
	[CTA_TIMEOUT_GRE_UNREPLIED] = { .type = NLA_U32 },
	[CTA_TIMEOUT_GRE_REPLIED]   = { .type = NLA_U32 },
};

static int timeout_parse(struct nlattr *tb[], struct net *net, void *data)
{
	unsigned int *timeouts = nf_gre_pernet(net)->timeouts;

	nf_ct_timeouts_parse(tb, CTA_TIMEOUT_GRE_MAX, data ?: timeouts,
			     timeouts, GRE_CT_UNREPLIED, GRE_CT_MAX);
	return 0;
}

static int timeout_put(struct sk_buff *skb, const void *data)
{
	return nf_ct_timeouts_put(skb, CTA_TIMEOUT_GRE_MAX, data,
				  GRE_CT_UNREPLIED);
}
#endif

const struct nf_conntrack_l4proto nf_conntrack_l4proto_gre = {
	.l4proto		= IPPROTO_GRE,
	/* A tunnel sends from several CPUs at once. */
	.allow_clash		= true,
	.tuple_to_nlattr	= nf_ct_port_tuple_to_nlattr,
	.nlattr_to_tuple	= nf_ct_port_nlattr_to_tuple,
	.nlattr_tuple_size	= nf_ct_port_nlattr_tuple_size,
	.nla_policy		= nf_ct_port_nla_policy,
#ifdef CONFIG_NF_CONNTRACK_PROCFS
	.print_conntrack	= print_timeouts,
#endif
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	.ctnl_timeout		= {
		.nlattr_to_obj	= timeout_parse,
		.obj_to_nlattr	= timeout_put,
		.obj_size	= GRE_CT_MAX * sizeof(unsigned int),
		.nlattr_max	= CTA_TIMEOUT_GRE_MAX,
		.nla_policy	= timeout_policy,
	},
#endif
};
