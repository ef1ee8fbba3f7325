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

#define NF_CT_SYSCTL_SECONDS(_procname, _name)				\
	{								\
		.procname	= _procname,				\
		NF_CT_SYSCTL_FIELD(_name),				\
		.mode		= 0644,					\
		.proc_handler	= proc_dointvec_jiffies,		\
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
