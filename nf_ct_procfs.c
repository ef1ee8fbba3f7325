// SPDX-License-Identifier: GPL-2.0
/*
 * What a person reads: /proc/net/nf_conntrack and /proc/net/stat/nf_conntrack.
 *
 * The list of entries is read as it goes: between two reads only the place in
 * the index is kept, so the next one resumes there. References are held to a
 * few entries at a time, and locks to none.
 */
#include <linux/seq_file.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#endif

#include "nf_ct.h"

#define LIST_BUFFER	65536	/* bytes */

/* --- one entry --------------------------------------------------------- */

static const char *l3_name(u16 l3num)
{
	switch (l3num) {
	case NFPROTO_IPV4:
		return "ipv4";
	case NFPROTO_IPV6:
		return "ipv6";
	}
	return "unknown";
}

static const char *l4_name(u8 protonum)
{
	switch (protonum) {
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_DCCP:
		return "dccp";
	case IPPROTO_GRE:
		return "gre";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_UDPLITE:
		return "udplite";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	}
	return "unknown";
}

/* "name=" and a number: quicker than a format, for what each entry has. */
static void put_number(struct seq_file *s, const char *name, u64 number)
{
	seq_put_decimal_ull(s, name, number);
	seq_putc(s, ' ');
}

/**
 * print_tuple - write a tuple as /proc/net/nf_conntrack shows it
 * @s: file
 * @tuple: tuple
 * @proto: its protocol
 */
void print_tuple(struct seq_file *s, const struct nf_conntrack_tuple *tuple,
		 const struct nf_conntrack_l4proto *proto)
{
	switch (tuple->src.l3num) {
	case NFPROTO_IPV4:
		seq_printf(s, "src=%pI4 dst=%pI4 ",
			   &tuple->src.u3.ip, &tuple->dst.u3.ip);
		break;
	case NFPROTO_IPV6:
		seq_printf(s, "src=%pI6 dst=%pI6 ",
			   tuple->src.u3.ip6, tuple->dst.u3.ip6);
		break;
	}

	switch (proto->l4proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		seq_printf(s, "type=%u code=%u id=%u ", tuple->dst.u.icmp.type,
			   tuple->dst.u.icmp.code, ntohs(tuple->src.u.icmp.id));
		break;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
		put_number(s, "sport=", ntohs(tuple->src.u.all));
		put_number(s, "dport=", ntohs(tuple->dst.u.all));
		break;
	case IPPROTO_GRE:
		seq_printf(s, "srckey=0x%x dstkey=0x%x ",
			   ntohs(tuple->src.u.gre.key),
			   ntohs(tuple->dst.u.gre.key));
		break;
	}
}
EXPORT_SYMBOL_GPL(print_tuple);

#ifdef CONFIG_NF_CONNTRACK_PROCFS

static void show_counters(struct seq_file *s, const struct nf_conn *ct,
			  enum ip_conntrack_dir dir)
{
	const struct nf_conn_acct *acct = nf_conn_acct_find(ct);

	if (!acct)
		return;
	put_number(s, "packets=", atomic64_read(&acct->counter[dir].packets));
	put_number(s, "bytes=", atomic64_read(&acct->counter[dir].bytes));
}

/* The zone, if it holds for just these directions. */
static void show_zone(struct seq_file *s, const struct nf_conn *ct, u8 dirs)
{
#ifdef CONFIG_NF_CONNTRACK_ZONES
	static const char * const names[] = {
		[NF_CT_ZONE_DIR_ORIG]	= "zone-orig=",
		[NF_CT_ZONE_DIR_REPL]	= "zone-reply=",
		[NF_CT_DEFAULT_ZONE_DIR] = "zone=",
	};

	if (nf_ct_zone(ct)->dir == dirs)
		put_number(s, names[dirs], nf_ct_zone(ct)->id);
#endif
}

static void show_secctx(struct seq_file *s, const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_SECMARK
	struct nf_ct_secctx secctx;

	if (nf_ct_secctx_get(ct->secmark, &secctx) >= 0) {
		seq_printf(s, "secctx=%s ", secctx.context);
		nf_ct_secctx_put(&secctx);
	}
#endif
}

/* Seconds since the flow began. */
static void show_age(struct seq_file *s, const struct nf_conn *ct)
{
	const struct nf_conn_tstamp *tstamp = nf_conn_tstamp_find(ct);
	s64 age;

	if (!tstamp)
		return;
	age = ktime_get_real_ns() - tstamp->start;
	seq_printf(s, "delta-time=%llu ",
		   age > 0 ? div_s64(age, NSEC_PER_SEC) : 0);
}

static void show_state(struct seq_file *s, const struct nf_conn *ct)
{
	if (test_bit(IPS_HW_OFFLOAD_BIT, &ct->status))
		seq_puts(s, "[HW_OFFLOAD] ");
	else if (test_bit(IPS_OFFLOAD_BIT, &ct->status))
		seq_puts(s, "[OFFLOAD] ");
	else if (test_bit(IPS_ASSURED_BIT, &ct->status))
		seq_puts(s, "[ASSURED] ");
}

/* An entry, from its transport protocol on. */
static void show_entry(struct seq_file *s, struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4proto;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(ct));
	seq_printf(s, "%-8s %u ", l4_name(nf_ct_protonum(ct)),
		   nf_ct_protonum(ct));
	if (!test_bit(IPS_OFFLOAD_BIT, &ct->status))
		seq_printf(s, "%ld ", nf_ct_expires(ct) / HZ);
	if (l4proto->print_conntrack)
		l4proto->print_conntrack(s, ct);

	print_tuple(s, nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), l4proto);
	show_zone(s, ct, NF_CT_ZONE_DIR_ORIG);
	show_counters(s, ct, IP_CT_DIR_ORIGINAL);
	if (!test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		seq_puts(s, "[UNREPLIED] ");

	print_tuple(s, nf_ct_tuple(ct, IP_CT_DIR_REPLY), l4proto);
	show_zone(s, ct, NF_CT_ZONE_DIR_REPL);
	show_counters(s, ct, IP_CT_DIR_REPLY);
	show_state(s, ct);

#ifdef CONFIG_NF_CONNTRACK_MARK
	put_number(s, "mark=", READ_ONCE(ct->mark));
#endif
	show_secctx(s, ct);
	show_zone(s, ct, NF_CT_DEFAULT_ZONE_DIR);
	show_age(s, ct);
	seq_put_decimal_ull(s, "use=", (unsigned int)refcount_read(&ct->ct_general.use));
	seq_putc(s, '\n');
}

/* --- the list ---------------------------------------------------------- */

/**
 * struct list_state - how far a reader of /proc/net/nf_conntrack has come
 * @p:		namespace; has to come first
 * @index:	number of the entry that comes next, as seq_file counts
 * @before:	the place before it
 * @ahead:	the place behind @batch
 * @batch:	entries from @index on, with references; between start and stop
 * @n:		entries in @batch
 * @i:		the one that comes next
 */
struct list_state {
	struct seq_net_private	p;
	loff_t			index;
	struct nf_ct_pos	before;
	struct nf_ct_pos	ahead;
	struct nf_conn		*batch[32];
	unsigned int		n, i;
};

/* The next entry to be shown, or NULL. */
static struct nf_conn *peek(struct net *net, struct list_state *st)
{
	for (;;) {
		while (st->i < st->n) {
			struct nf_conn *ct = st->batch[st->i];

			if (!nf_ct_is_dying(ct) && !nf_ct_is_over(ct))
				return ct;
			nf_ct_put(ct);
			st->i++;
		}
		st->i = 0;
		st->n = 0;
		if (st->ahead.end)
			return NULL;
		st->n = nf_ct_table_walk(net, &st->ahead, st->batch,
					 ARRAY_SIZE(st->batch));
		cond_resched();
	}
}

static void advance(struct list_state *st)
{
	struct nf_conn *ct = st->batch[st->i++];

	nf_ct_table_place(ct, &st->before);
	st->index++;
	nf_ct_put(ct);
}

/* What one read gives is what the buffer takes. A page has no more than some 25
 * entries, and a table may have millions.
 */
static void enlarge(struct seq_file *s)
{
	char *buf;

	if (s->size >= LIST_BUFFER || s->count)
		return;
	buf = kvmalloc(LIST_BUFFER, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!buf)
		return;
	kvfree(s->buf);
	s->buf = buf;
	s->size = LIST_BUFFER;
}

static void *list_start(struct seq_file *s, loff_t *pos)
{
	struct net *net = seq_file_net(s);
	struct list_state *st = s->private;
	struct nf_conn *ct;

	enlarge(s);
	/* From the beginning, or somebody seeks. */
	if (!*pos || *pos < st->index) {
		st->index = 0;
		memset(&st->before, 0, sizeof(st->before));
	}
	st->ahead = st->before;
	st->i = 0;
	st->n = 0;

	while ((ct = peek(net, st)) && st->index < *pos)
		advance(st);
	return ct;
}

static void *list_next(struct seq_file *s, void *v, loff_t *pos)
{
	struct list_state *st = s->private;

	advance(st);
	*pos = st->index;
	return peek(seq_file_net(s), st);
}

static void list_stop(struct seq_file *s, void *v)
{
	struct list_state *st = s->private;

	while (st->i < st->n)
		nf_ct_put(st->batch[st->i++]);
}

static int list_show(struct seq_file *s, void *v)
{
	struct nf_conn *ct = v;

	seq_printf(s, "%-8s %u ", l3_name(nf_ct_l3num(ct)), nf_ct_l3num(ct));
	show_entry(s, ct);
	return 0;
}

static const struct seq_operations list_seq_ops = {
	.start	= list_start,
	.next	= list_next,
	.stop	= list_stop,
	.show	= list_show,
};

/* /proc/net/ip_conntrack: IPv4 alone, and so no word of it. */
static int legacy_show(struct seq_file *s, void *v)
{
	struct nf_conn *ct = v;

	if (nf_ct_l3num(ct) != NFPROTO_IPV4)
		return SEQ_SKIP;
	show_entry(s, ct);
	return 0;
}

static const struct seq_operations legacy_seq_ops = {
	.start	= list_start,
	.next	= list_next,
	.stop	= list_stop,
	.show	= legacy_show,
};

/* --- statistics -------------------------------------------------------- */

/* Position 0 is the head line, n the CPU n - 1. */
static void *stat_at(struct seq_file *s, loff_t *pos)
{
	const struct net *net = seq_file_net(s);
	int cpu;

	if (!*pos)
		return SEQ_START_TOKEN;
	if (*pos > nr_cpu_ids)
		return NULL;
	cpu = cpumask_next(*pos - 2, cpu_possible_mask);
	if (cpu >= nr_cpu_ids)
		return NULL;
	*pos = cpu + 1;
	return per_cpu_ptr(net->ct.stat, cpu);
}

static void *stat_start(struct seq_file *s, loff_t *pos)
{
	return stat_at(s, pos);
}

static void *stat_next(struct seq_file *s, void *v, loff_t *pos)
{
	++*pos;
	return stat_at(s, pos);
}

static void stat_stop(struct seq_file *s, void *v)
{
}

/* Columns that nothing counts any more stay, for those who parse them. */
static int stat_show(struct seq_file *s, void *v)
{
	const struct ip_conntrack_stat *st = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(s, "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n");
		return 0;
	}

	seq_printf(s, "%08x  %08x %08x %08x %08x %08x %08x %08x %08x %08x %08x %08x %08x  %08x %08x %08x %08x\n",
		   nf_conntrack_count(seq_file_net(s)), st->clash_resolve,
		   st->found, 0, st->invalid, 0, 0, st->chaintoolong,
		   st->insert, st->insert_failed, st->drop, st->early_drop,
		   st->error, st->expect_new, st->expect_create,
		   st->expect_delete, st->search_restart);
	return 0;
}

static const struct seq_operations stat_seq_ops = {
	.start	= stat_start,
	.next	= stat_next,
	.stop	= stat_stop,
	.show	= stat_show,
};

/* A list of entries, which the namespace's own root may read. */
static struct proc_dir_entry *create_list(struct net *net, const char *name,
					  const struct seq_operations *ops)
{
	struct proc_dir_entry *pde;
	kuid_t uid;
	kgid_t gid;

#ifdef NF_CT_OPENWRT
	pde = proc_create_net_data_write(name, 0640, net->proc_net, ops,
					 nf_ct_openwrt_write,
					 sizeof(struct list_state), NULL);
#else
	pde = proc_create_net(name, 0440, net->proc_net, ops,
			      sizeof(struct list_state));
#endif
	if (!pde)
		return NULL;

	uid = make_kuid(net->user_ns, 0);
	gid = make_kgid(net->user_ns, 0);
	if (uid_valid(uid) && gid_valid(gid))
		proc_set_user(pde, uid, gid);
	return pde;
}

/**
 * nf_ct_procfs_init_net - the files of a new namespace
 * @net: namespace
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int nf_ct_procfs_init_net(struct net *net)
{
	struct proc_dir_entry *pde;

	if (!create_list(net, "nf_conntrack", &list_seq_ops))
		return -ENOMEM;

	pde = proc_create_net("nf_conntrack", 0444, net->proc_net_stat,
			      &stat_seq_ops, sizeof(struct seq_net_private));
	if (!pde) {
		remove_proc_entry("nf_conntrack", net->proc_net);
		return -ENOMEM;
	}
	return 0;
}

/**
 * nf_ct_procfs_exit_net - a namespace goes
 * @net: namespace
 */
void nf_ct_procfs_exit_net(struct net *net)
{
	remove_proc_entry("nf_conntrack", net->proc_net_stat);
	remove_proc_entry("nf_conntrack", net->proc_net);
}

/**
 * nf_ct_procfs_legacy_init_net - /proc/net/ip_conntrack in a new namespace
 * @net: namespace
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int nf_ct_procfs_legacy_init_net(struct net *net)
{
	return create_list(net, "ip_conntrack", &legacy_seq_ops) ? 0 : -ENOMEM;
}

/**
 * nf_ct_procfs_legacy_exit_net - undo nf_ct_procfs_legacy_init_net()
 * @net: namespace
 */
void nf_ct_procfs_legacy_exit_net(struct net *net)
{
	remove_proc_entry("ip_conntrack", net->proc_net);
}
#endif /* CONFIG_NF_CONNTRACK_PROCFS */
