// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/nf_conntrack_expect: a line for each expectation of the namespace.
 * Read under RCU; takes no lock.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "nf_ct.h"

/* A position is a bucket and a place in it: *pos = bucket << 32 | place. */
#define POS_SHIFT	32

static struct nf_conntrack_expect *seq_at(struct net *net, loff_t *pos)
{
	unsigned long i = *pos >> POS_SHIFT;
	u32 skip = *pos;
	struct nf_conntrack_expect *exp;

	for (; i < nf_ct_expect_hsize; i++, skip = 0) {
		u32 place = 0;

		hlist_for_each_entry_rcu(exp, &nf_ct_expect_hash[i], hnode) {
			if (place++ < skip)
				continue;
			if (!net_eq(net, nf_ct_exp_net(exp)) ||
			    nf_ct_exp_is_expired(exp))
				continue;
			*pos = (loff_t)i << POS_SHIFT | (place - 1);
			return exp;
		}
	}
	*pos = (loff_t)i << POS_SHIFT;
	return NULL;
}

static void *seq_start(struct seq_file *s, loff_t *pos)
	__acquires(RCU)
{
	rcu_read_lock();
	return seq_at(seq_file_net(s), pos);
}

static void *seq_next(struct seq_file *s, void *v, loff_t *pos)
{
	++*pos;
	return seq_at(seq_file_net(s), pos);
}

static void seq_stop(struct seq_file *s, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static void show_flags(struct seq_file *s, unsigned int flags)
{
	static const char * const name[] = {
		"PERMANENT", "INACTIVE", "USERSPACE",
	};
	const char *sep = "";
	int i;

	BUILD_BUG_ON(NF_CT_EXPECT_MASK != BIT(ARRAY_SIZE(name)) - 1);

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		if (!(flags & BIT(i)))
			continue;
		seq_printf(s, "%s%s", sep, name[i]);
		sep = ",";
	}
}

static int seq_show(struct seq_file *s, void *v)
{
	const struct nf_conntrack_expect *exp = v;
	const struct nf_conntrack_helper *helper;
	unsigned int flags = READ_ONCE(exp->flags) & NF_CT_EXPECT_MASK;
	s32 left = READ_ONCE(exp->timeout) - nfct_time_stamp;

	seq_printf(s, "%d l3proto = %u proto=%u ", max(left, 0) / HZ,
		   exp->tuple.src.l3num, exp->tuple.dst.protonum);
	print_tuple(s, &exp->tuple, nf_ct_l4proto_find(exp->tuple.dst.protonum));
	show_flags(s, flags);

	helper = rcu_dereference(exp->helper);
	if (helper) {
		seq_printf(s, "%s%s", flags ? " " : "", helper->name);
		if (exp->class <= helper->expect_class_max &&
		    helper->expect_policy[exp->class].name[0])
			seq_printf(s, "/%s",
				   helper->expect_policy[exp->class].name);
	}
	seq_putc(s, '\n');
	return 0;
}

static const struct seq_operations seq_ops = {
	.start	= seq_start,
	.next	= seq_next,
	.stop	= seq_stop,
	.show	= seq_show,
};

/**
 * nf_ct_expect_proc_init_net - a namespace comes
 * @net: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int nf_ct_expect_proc_init_net(struct net *net)
{
	struct proc_dir_entry *pde;
	kuid_t uid = make_kuid(net->user_ns, 0);
	kgid_t gid = make_kgid(net->user_ns, 0);

	pde = proc_create_net("nf_conntrack_expect", 0440, net->proc_net,
			      &seq_ops, sizeof(struct seq_net_private));
	if (!pde)
		return -ENOMEM;

	/* The root of the namespace may read it. */
	if (uid_valid(uid) && gid_valid(gid))
		proc_set_user(pde, uid, gid);
	return 0;
}

/**
 * nf_ct_expect_proc_exit_net - a namespace goes
 * @net: namespace
 */
void nf_ct_expect_proc_exit_net(struct net *net)
{
	remove_proc_entry("nf_conntrack_expect", net->proc_net);
}
