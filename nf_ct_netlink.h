/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nf_conntrack_netlink: what its files know of each other.
 *
 *   nf_ct_netlink_main.c	module, namespaces, the two subsystems of nfnetlink
 *   nf_ct_netlink_put.c	an entry as attributes
 *   nf_ct_netlink_parse.c	attributes as tuples, zones, ...
 *   nf_ct_netlink_filter.c	which entries a dump or a flush is about
 *   nf_ct_netlink_dump.c	dumps of entries: the table, the dying
 *   nf_ct_netlink_change.c	attributes applied to an entry
 *   nf_ct_netlink_entry.c	requests on entries: new, get, delete
 *   nf_ct_netlink_stat.c	statistics, per CPU and of the namespace
 *   nf_ct_netlink_event.c	events of entries and expectations
 *   nf_ct_netlink_glue.c	entries in the messages of nfnetlink_queue and _log
 *   nf_ct_netlink_exp*.c	expectations: attributes, requests, dumps
 *
 * Requests come in process context with RCU held by nfnetlink (the callbacks
 * here are of type NFNL_CB_RCU where they only read, NFNL_CB_MUTEX where they
 * write); events in any context but hard interrupt.
 */
#ifndef _NF_CT_NETLINK_H
#define _NF_CT_NETLINK_H

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/netfilter/nf_conntrack_synproxy.h>
#include <net/netlink.h>

#include "nf_ct.h"

struct nf_ct_nl_filter;

/* nf_ct_netlink_main.c */
int nf_ct_nl_dump_start(struct sk_buff *skb, const struct nfnl_info *info,
			struct netlink_dump_control *control);

/* nf_ct_netlink_put.c: each returns 0, or -EMSGSIZE when @skb is full. */
int nf_ct_nl_put_tuple(struct sk_buff *skb, int attr,
		       const struct nf_conntrack_tuple *tuple);
int nf_ct_nl_put_zone(struct sk_buff *skb, int attr,
		      const struct nf_conntrack_zone *zone, int dir);

/**
 * enum nf_ct_nl_part - what of an entry is written, beyond tuples and zones
 * @NF_CT_NL_ALL:	everything, as dumps and GET show it
 * @NF_CT_NL_COUNTERS_RESET: counters are read and set to zero
 * @NF_CT_NL_HELD:	the writer has a reference that does not count as use
 */
enum nf_ct_nl_part {
	NF_CT_NL_ALL		= 0,
	NF_CT_NL_COUNTERS_RESET	= BIT(0),
	NF_CT_NL_HELD		= BIT(1),
};

int nf_ct_nl_fill(struct sk_buff *skb, u32 portid, u32 seq, u16 flags,
		  struct nf_conn *ct, unsigned int part);
int nf_ct_nl_put_event(struct sk_buff *skb, struct nf_conn *ct,
		       unsigned int events);
int nf_ct_nl_put_glue(struct sk_buff *skb, struct nf_conn *ct);
size_t nf_ct_nl_entry_size(const struct nf_conn *ct);

/* nf_ct_netlink_parse.c: 0, or an error for the client. */
extern const struct nla_policy nf_ct_nl_entry_policy[CTA_MAX + 1];

/* Flags of nf_ct_nl_parse_tuple(): every field must be there. */
#define NF_CT_NL_TUPLE_ALL	(~0U)

int nf_ct_nl_parse_tuple(const struct nlattr * const cda[],
			 struct nf_conntrack_tuple *tuple, u32 attr, u8 l3num,
			 struct nf_conntrack_zone *zone, u32 flags);
int nf_ct_nl_parse_zone(const struct nlattr *attr,
			struct nf_conntrack_zone *zone);
int nf_ct_nl_parse_help(const struct nlattr *attr, char **name,
			struct nlattr **info);

/* nf_ct_netlink_filter.c */
struct nf_ct_nl_filter *
nf_ct_nl_filter_new(const struct nlattr * const cda[], u8 l3num, u8 family);
bool nf_ct_nl_filter_fits(const struct nf_ct_nl_filter *filter,
			  const struct nf_conn *ct);

/* nf_ct_netlink_change.c: attributes of a CTA_* set applied to an entry. */

/**
 * struct nf_ct_nl_changes - what is nested in the attributes of an entry
 * @helper: name of the helper that it shall have; "" for none; NULL without
 *	CTA_HELP
 * @helper_info: what the helper itself will read, or NULL
 * @protoinfo: what the protocol will read, if there is CTA_PROTOINFO
 * @seqadj: for each direction, if there is CTA_SEQ_ADJ_*
 * @synproxy: if there is CTA_SYNPROXY
 */
struct nf_ct_nl_changes {
	char			*helper;
	struct nlattr		*helper_info;
	struct nlattr		*protoinfo[CTA_PROTOINFO_MAX + 1];
	struct nf_conn_seqadj	seqadj;
	struct nf_conn_synproxy	synproxy;
};

int nf_ct_nl_changes_parse(const struct nlattr * const cda[],
			   struct nf_ct_nl_changes *changes);
int nf_ct_nl_change_status(struct nf_conn *ct, const struct nlattr * const cda[]);
int nf_ct_nl_change_labels(struct nf_conn *ct, const struct nlattr * const cda[]);
int nf_ct_nl_change_state(struct nf_conn *ct, const struct nlattr * const cda[],
			  struct nf_ct_nl_changes *changes);
int nf_ct_nl_change(struct nf_conn *ct, const struct nlattr * const cda[]);
int nf_ct_nl_change_queued(struct nf_conn *ct, const struct nlattr * const cda[]);

/* The requests, as nfnetlink calls them. */
int nf_ct_nl_entry_new(struct sk_buff *skb, const struct nfnl_info *info,
		       const struct nlattr * const cda[]);
int nf_ct_nl_entry_get(struct sk_buff *skb, const struct nfnl_info *info,
		       const struct nlattr * const cda[]);
int nf_ct_nl_entry_del(struct sk_buff *skb, const struct nfnl_info *info,
		       const struct nlattr * const cda[]);
int nf_ct_nl_entry_dump(struct sk_buff *skb, const struct nfnl_info *info,
			const struct nlattr * const cda[]);
int nf_ct_nl_dying_get(struct sk_buff *skb, const struct nfnl_info *info,
		       const struct nlattr * const cda[]);
int nf_ct_nl_unconfirmed_get(struct sk_buff *skb, const struct nfnl_info *info,
			     const struct nlattr * const cda[]);
int nf_ct_nl_stat_cpu_get(struct sk_buff *skb, const struct nfnl_info *info,
			  const struct nlattr * const cda[]);
int nf_ct_nl_stat_get(struct sk_buff *skb, const struct nfnl_info *info,
		      const struct nlattr * const cda[]);

/* nf_ct_netlink_exp.c */
extern const struct nla_policy nf_ct_nl_exp_policy[CTA_EXPECT_MAX + 1];

int nf_ct_nl_exp_new(struct sk_buff *skb, const struct nfnl_info *info,
		     const struct nlattr * const cda[]);
int nf_ct_nl_exp_get(struct sk_buff *skb, const struct nfnl_info *info,
		     const struct nlattr * const cda[]);
int nf_ct_nl_exp_del(struct sk_buff *skb, const struct nfnl_info *info,
		     const struct nlattr * const cda[]);
int nf_ct_nl_exp_stat_cpu_get(struct sk_buff *skb, const struct nfnl_info *info,
			      const struct nlattr * const cda[]);
int nf_ct_nl_exp_fill(struct sk_buff *skb, u32 portid, u32 seq, int op,
		      int flags, const struct nf_conntrack_expect *exp);
size_t nf_ct_nl_exp_size(const struct nf_conntrack_expect *exp);
int nf_ct_nl_exp_attach(const struct nlattr *attr, struct nf_conn *ct,
			u32 portid, u32 report);

/* nf_ct_netlink_exp_dump.c */
bool nf_ct_nl_exp_linked(const struct nf_conntrack_expect *exp);
int nf_ct_nl_exp_dump(struct sk_buff *skb, const struct nfnl_info *info,
		      const struct nlattr * const cda[]);

/* nf_ct_netlink_event.c */
#ifdef CONFIG_NF_CONNTRACK_EVENTS
extern const struct nf_ct_event_notifier nf_ct_nl_notifier;
#endif

/* nf_ct_netlink_glue.c */
extern const struct nfnl_ct_hook nf_ct_nl_glue;

#endif /* _NF_CT_NETLINK_H */
