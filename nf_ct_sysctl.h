/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a directory of settings is made for a namespace, under the names of today
 * (nf_ct_sysctl.c) and of old (nf_ct_legacy.c).
 */
#ifndef _NF_CT_SYSCTL_H
#define _NF_CT_SYSCTL_H

#include <linux/sysctl.h>

#include "nf_ct.h"

/* The field of struct netns_ct that an entry of a table is about. Data is an
 * offset until the table is copied.
 */
#define NF_CT_SYSCTL_FIELD(_name)					\
	.data = (void *)offsetof(struct netns_ct, _name),		\
	.maxlen = sizeof_field(struct netns_ct, _name)

#define NF_CT_SYSCTL_U8(_procname, _name, _max)				\
	{								\
		.procname	= _procname,				\
		NF_CT_SYSCTL_FIELD(_name),				\
		.mode		= 0644,					\
		.proc_handler	= proc_dou8vec_minmax,			\
		.extra1		= SYSCTL_ZERO,				\
		.extra2		= _max,					\
	}

#define NF_CT_SYSCTL_TIMEOUT(_procname, _name)				\
	{								\
		.procname	= _procname,				\
		NF_CT_SYSCTL_FIELD(nf_ct_proto._name),			\
		.mode		= 0644,					\
		.proc_handler	= proc_dointvec_jiffies,		\
	}

/* What there has been since only IPv4 was tracked, under the names of today and of then. */
#define NF_CT_SYSCTL_SINCE_IPV4(_prefix)						\
	NF_CT_SYSCTL_U8(_prefix "checksum", sysctl_checksum, SYSCTL_ONE),		\
	NF_CT_SYSCTL_U8(_prefix "log_invalid", sysctl_log_invalid,			\
			&nf_ct_sysctl_u8_max),						\
	NF_CT_SYSCTL_U8(_prefix "tcp_loose", nf_ct_proto.tcp.tcp_loose, SYSCTL_ONE),	\
	NF_CT_SYSCTL_U8(_prefix "tcp_be_liberal", nf_ct_proto.tcp.tcp_be_liberal,	\
			SYSCTL_ONE),							\
	NF_CT_SYSCTL_U8(_prefix "tcp_max_retrans", nf_ct_proto.tcp.tcp_max_retrans,	\
			&nf_ct_sysctl_u8_max),						\
	NF_CT_SYSCTL_TIMEOUT(_prefix "generic_timeout", generic.timeout),		\
	NF_CT_SYSCTL_TIMEOUT(_prefix "icmp_timeout", icmp.timeout),			\
	NF_CT_SYSCTL_TIMEOUT(_prefix "udp_timeout", udp.timeouts[UDP_CT_UNREPLIED]),	\
	NF_CT_SYSCTL_TIMEOUT(_prefix "udp_timeout_stream",				\
			     udp.timeouts[UDP_CT_REPLIED]),				\
	NF_CT_SYSCTL_TIMEOUT(_prefix "tcp_timeout_syn_sent",				\
			     tcp.timeouts[TCP_CONNTRACK_SYN_SENT]),			\
	NF_CT_SYSCTL_TIMEOUT(_prefix "tcp_timeout_syn_recv",				\
			     tcp.timeouts[TCP_CONNTRACK_SYN_RECV]),			\
	NF_CT_SYSCTL_TIMEOUT(_prefix "tcp_timeout_established",				\
			     tcp.timeouts[TCP_CONNTRACK_ESTABLISHED]),			\
	NF_CT_SYSCTL_TIMEOUT(_prefix "tcp_timeout_fin_wait",				\
			     tcp.timeouts[TCP_CONNTRACK_FIN_WAIT]),			\
	NF_CT_SYSCTL_TIMEOUT(_prefix "tcp_timeout_close_wait",				\
			     tcp.timeouts[TCP_CONNTRACK_CLOSE_WAIT]),			\
	NF_CT_SYSCTL_TIMEOUT(_prefix "tcp_timeout_last_ack",				\
			     tcp.timeouts[TCP_CONNTRACK_LAST_ACK]),			\
	NF_CT_SYSCTL_TIMEOUT(_prefix "tcp_timeout_time_wait",				\
			     tcp.timeouts[TCP_CONNTRACK_TIME_WAIT]),			\
	NF_CT_SYSCTL_TIMEOUT(_prefix "tcp_timeout_close",				\
			     tcp.timeouts[TCP_CONNTRACK_CLOSE]),			\
	NF_CT_SYSCTL_TIMEOUT(_prefix "tcp_timeout_max_retrans",				\
			     tcp.timeouts[TCP_CONNTRACK_RETRANS])

#define NF_CT_SYSCTL_MAX(_procname)					\
	{								\
		.procname	= _procname,				\
		.data		= &nf_conntrack_max,			\
		.maxlen		= sizeof(int),				\
		.mode		= 0644,					\
		.proc_handler	= proc_dointvec_minmax,			\
		.extra1		= SYSCTL_ZERO,				\
		.extra2		= SYSCTL_INT_MAX,			\
	}

/**
 * struct nf_ct_sysctl_set - what a directory shows
 * @path:	the directory
 * @count:	name of the number of entries
 * @own:	the namespace's own; data is an offset in struct netns_ct
 * @machine:	the machine's, which can only be read in other namespaces
 * @pernet:	data becomes the namespace's struct nf_ct_pernet
 * @other:	as they are
 * @n_own:	entries in @own
 * @n_machine:	entries in @machine
 * @n_pernet:	entries in @pernet
 * @n_other:	entries in @other
 */
struct nf_ct_sysctl_set {
	const char		*path;
	const char		*count;
	const struct ctl_table	*own, *machine, *pernet, *other;
	unsigned int		n_own, n_machine, n_pernet, n_other;
};

extern int nf_ct_sysctl_u8_max;

struct ctl_table_header *
nf_ct_sysctl_register(struct net *net, const struct nf_ct_sysctl_set *set);
void nf_ct_sysctl_unregister(struct ctl_table_header *header);

#endif /* _NF_CT_SYSCTL_H */
