// SPDX-License-Identifier: GPL-2.0
/*
 * Pushes packets of its own making through connection tracking and reports
 * what they cost. Uses only what nf_conntrack exports, so the same module
 * measures the stock one and ours.
 *
 * /proc/ct_bench takes one command a write; what it measured is read from the
 * same file, "name value" a line:
 *
 *	fill KIND N		N flows, one after the other, up to established:
 *				ns a first packet (UDP), a handshake (TCP)
 *	touch KIND N		each flow once, both directions
 *	hit KIND N PACKETS	packets of flows at random, either direction
 *	close KIND N		from handshake to close, N flows, ns a flow
 *	clash KIND N		two first packets at once, ns a pair
 *	miss KIND N PACKETS	lookups that find nothing
 *	flags|outside|error KIND N PACKETS	INVALID packets; ICMP errors
 *	flush			delete all
 *	late SECONDS [LEFT]	all flows fall due in SECONDS: how late they go,
 *				until LEFT are left
 *	stall 1|0		a timer inserts a flow every 100 us; how long it
 *				had to wait at most, and work
 *	parallel KIND N CPUS WHAT	WHAT: l lookups, i inserts, b both
 *	batch KIND N PACKETS WHATSIZE	packets in batches of SIZE, from bench0 on;
 *				WHAT: d end behind connection tracking,
 *				f forwarded
 *	flood KIND N BETWEEN	N honest handshakes, BETWEEN forged SYNs between
 *				their packets: share that gets through
 *	labels|listen 1|0	use labels; listen to events
 *	memory			free bytes
 *	cpu			ns that the CPU has worked, on User-Mode Linux
 *
 * KIND is udp or tcp, with 6 for IPv6, n for a translated source. Flows are those of
 * the namespace of who writes.
 */
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_labels.h>

#include "ct_bench.h"

#define BATCH	64	/* packets with BH disabled, as of a NAPI poll */

/* Parsed arguments of a command. */
struct args {
	struct bench_kind	kind;
	u32			n;
	u32			packets;
	char			what;
	u32			size;
};

static DEFINE_MUTEX(bench_mutex);
static char result[512];
static struct seq_file out = { .buf = result, .size = sizeof(result) };
static bool listening;
static bool labelling;
static u64 events;

static u64 random_state = 88172645463325252ULL;

/**
 * bench_random - a number, the same sequence in every run
 * @below: bound
 *
 * Return: 0 to @below - 1.
 */
u32 bench_random(u32 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return ((random_state >> 32) * below) >> 32;
}

static void report(const char *name, u64 value)
{
	seq_printf(&out, "%s %llu\n", name, value);
}

/* The steps of one flow, in order. */
static unsigned int send_all(const struct bench_kind *kind, u32 flow,
			     const enum bench_step *steps, unsigned int n)
{
	unsigned int failed = 0;

	while (n--)
		failed += bench_send(kind, flow, *steps++) < 0;
	return failed;
}

/* Flows @from to @to - 1, each with all steps; ns a flow. */
static void run(const struct args *args, const char *name, u32 n,
		const enum bench_step *steps, unsigned int nsteps)
{
	unsigned int failed = 0;
	u64 start = bench_ns();
	u32 flow = 0, stop;

	while (flow < n) {
		stop = min(n, flow + BATCH);
		local_bh_disable();
		rcu_read_lock();
		for (; flow < stop; flow++)
			failed += send_all(&args->kind, flow, steps, nsteps);
		rcu_read_unlock();
		local_bh_enable();
		cond_resched();
	}
	report(name, div_u64((bench_ns() - start) * 10, max(n, 1U)));
	if (failed)
		report("failed", failed);
}

#define RUN(args, name, n, ...)						\
	do {								\
		static const enum bench_step steps[] = { __VA_ARGS__ };	\
		run(args, name, n, steps, ARRAY_SIZE(steps));		\
	} while (0)

/* Packets of random flows, tenths of a ns a packet. */
static void run_random(const struct args *args, const char *name,
		       enum bench_step orig, enum bench_step reply)
{
	unsigned int invalid = 0, i;
	u64 start = bench_ns();
	u32 done = 0;

	while (done < args->packets) {
		local_bh_disable();
		rcu_read_lock();
		for (i = 0; i < BATCH; i++) {
			u32 r = bench_random(2 * args->n);

			invalid += bench_send(&args->kind, r >> 1,
					      r & 1 ? orig : reply) < 0;
		}
		rcu_read_unlock();
		local_bh_enable();
		cond_resched();
		done += BATCH;
	}
	report(name, div_u64((bench_ns() - start) * 10, max(done, 1U)));
	report("invalid", invalid);
}

static void do_fill(const struct args *args)
{
	if (args->kind.proto == IPPROTO_TCP) {
		RUN(args, "handshake", args->n, STEP_FIRST, STEP_ANSWER, STEP_ORIG);
	} else {
		RUN(args, "new", args->n, STEP_FIRST);
		RUN(args, "answer", args->n, STEP_ANSWER);
	}
}

static void do_touch(const struct args *args)
{
	RUN(args, "touch", args->n, STEP_ORIG, STEP_REPLY);
}

static void do_close(const struct args *args)
{
	RUN(args, "close", args->n, STEP_FIRST, STEP_ANSWER, STEP_ORIG,
	    STEP_FIN_ORIG, STEP_FIN_REPLY, STEP_LAST);
}

static void do_hit(const struct args *args)
{
	run_random(args, "hit", STEP_ORIG, STEP_REPLY);
}

static void do_flags(const struct args *args)
{
	run_random(args, "flags", STEP_FLAGS, STEP_FLAGS);
}

static void do_outside(const struct args *args)
{
	run_random(args, "outside", STEP_OUTSIDE, STEP_OUTSIDE);
}

static void do_error(const struct args *args)
{
	run_random(args, "error", STEP_ERROR, STEP_ERROR);
}

static void do_clash(const struct args *args)
{
	u64 start = bench_ns();
	u32 flow;

	for (flow = 0; flow < args->n; flow++) {
		local_bh_disable();
		rcu_read_lock();
		bench_clash(&args->kind, flow);
		rcu_read_unlock();
		local_bh_enable();
		if (!(flow % BATCH))
			cond_resched();
	}
	report("clash", div_u64((bench_ns() - start) * 10, max(args->n, 1U)));
}

static void do_miss(const struct args *args)
{
	u64 start = bench_ns();
	unsigned int found = 0;
	u32 i;

	for (i = 0; i < args->packets; i++) {
		/* Flows beyond those that there are. */
		found += bench_lookup(&args->kind, args->n + bench_random(args->n));
		if (!(i % BATCH))
			cond_resched();
	}
	report("miss", div_u64((bench_ns() - start) * 10, max(args->packets, 1U)));
	if (found)
		report("found", found);
}

static int any(struct nf_conn *ct, void *data)
{
	return 1;
}

static void do_flush(const struct args *args)
{
	struct nf_ct_iter_data iter = { .net = &init_net };
	u64 start = bench_ns();

	nf_ct_iterate_cleanup_net(any, &iter);
	report("flush", bench_ns() - start);
	report("left", nf_conntrack_count(&init_net));
}

static void do_late(const struct args *args)
{
	bench_late(&out, args->n, args->packets);
}

static void do_stall(const struct args *args)
{
	bench_stall(&out, args->n);
}

static void do_parallel(const struct args *args)
{
	bench_parallel(&out, &args->kind, args->n, args->packets, args->what);
}

static void do_batch(const struct args *args)
{
	int err = bench_batch(&out, &args->kind, args->n, args->packets,
			      args->what, args->size);

	if (err)
		report("failed", -err);
}

/* Forged first packets, each of a flow that never comes again. */
static void forge(unsigned int n)
{
	static const struct bench_kind kind = { .proto = IPPROTO_TCP };
	static u32 flow = 1 << 22;

	while (n--) {
		bench_send(&kind, flow, STEP_FIRST);
		flow = flow == 1 << 28 ? 1 << 22 : flow + 1;
	}
}

static void do_flood(const struct args *args)
{
	u32 i, through = 0, flow = 1 << 21;

	for (i = 0; i < args->n; i++, flow++) {
		bool ok;

		local_bh_disable();
		rcu_read_lock();
		forge(args->packets);
		ok = bench_send(&args->kind, flow, STEP_FIRST) == IP_CT_NEW;
		forge(args->packets);
		ok &= bench_send(&args->kind, flow, STEP_ANSWER) == IP_CT_ESTABLISHED_REPLY;
		forge(args->packets);
		ok &= bench_send(&args->kind, flow, STEP_ORIG) == IP_CT_ESTABLISHED;
		through += ok;
		/* It is over: the share of assured entries stays as it is. */
		bench_forget(&args->kind, flow);
		rcu_read_unlock();
		local_bh_enable();
		cond_resched();
	}
	report("through", div_u64(through * 100000ULL, max(args->n, 1U)));
	report("count", nf_conntrack_count(&init_net));
}

static void do_labels(const struct args *args)
{
	if (args->n && !labelling)
		labelling = !nf_connlabels_get(&init_net, 127);
	else if (!args->n && labelling)
		nf_connlabels_put(&init_net);
	if (!args->n)
		labelling = false;
	report("labels", labelling);
}

static int hear(unsigned int mask, const struct nf_ct_event *item)
{
	events++;
	return 0;
}

static int hear_expect(unsigned int mask, const struct nf_exp_event *item)
{
	return 0;
}

static const struct nf_ct_event_notifier notifier = {
	.ct_event	= hear,
	.exp_event	= hear_expect,
};

static void do_listen(const struct args *args)
{
	if (args->n && !listening)
		nf_conntrack_register_notifier(&init_net, &notifier);
	else if (!args->n && listening)
		nf_conntrack_unregister_notifier(&init_net);
	listening = args->n;
	report("events", events);
}

static void do_memory(const struct args *args)
{
	struct sysinfo info;

	si_meminfo(&info);
	report("memory", (u64)info.freeram << PAGE_SHIFT);
}

static void do_cpu(const struct args *args)
{
	report("cpu", bench_ns());
}

static const struct {
	const char	*name;
	void		(*run)(const struct args *args);
	bool		kind;	/* begins with a kind */
} commands[] = {
	{ "fill",	do_fill,	true },
	{ "touch",	do_touch,	true },
	{ "hit",	do_hit,		true },
	{ "close",	do_close,	true },
	{ "clash",	do_clash,	true },
	{ "miss",	do_miss,	true },
	{ "flags",	do_flags,	true },
	{ "outside",	do_outside,	true },
	{ "error",	do_error,	true },
	{ "parallel",	do_parallel,	true },
	{ "batch",	do_batch,	true },
	{ "flood",	do_flood,	true },
	{ "flush",	do_flush },
	{ "late",	do_late },
	{ "stall",	do_stall },
	{ "labels",	do_labels },
	{ "listen",	do_listen },
	{ "memory",	do_memory },
	{ "cpu",	do_cpu },
};

static int parse_kind(const char *word, struct bench_kind *kind)
{
	if (!strncmp(word, "udp", 3))
		kind->proto = IPPROTO_UDP;
	else if (!strncmp(word, "tcp", 3))
		kind->proto = IPPROTO_TCP;
	else
		return -EINVAL;
	kind->v6 = strchr(word + 3, '6');
	kind->nat = strchr(word + 3, 'n');
	kind->net = current->nsproxy->net_ns;
	return 0;
}

static int command(const char *line)
{
	struct args args = {};
	char name[16], word[16] = "";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (sscanf(line, "%15s", name) != 1 || strcmp(name, commands[i].name))
			continue;
		if (!commands[i].kind)
			sscanf(line, "%*s %u %u", &args.n, &args.packets);
		else if (sscanf(line, "%*s %15s %u %u %c%u", word, &args.n,
				&args.packets, &args.what, &args.size) < 2 ||
			 parse_kind(word, &args.kind))
			return -EINVAL;
		out.count = 0;
		commands[i].run(&args);
		return 0;
	}
	return -EINVAL;
}

static ssize_t bench_write(struct file *file, const char __user *buf,
			   size_t len, loff_t *pos)
{
	char line[80];
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = 0;

	mutex_lock(&bench_mutex);
	err = command(line);
	mutex_unlock(&bench_mutex);
	return err ?: len;
}

static ssize_t bench_read(struct file *file, char __user *buf, size_t len,
			  loff_t *pos)
{
	ssize_t ret;

	mutex_lock(&bench_mutex);
	ret = simple_read_from_buffer(buf, len, pos, result, out.count);
	mutex_unlock(&bench_mutex);
	return ret;
}

static const struct proc_ops bench_ops = {
	.proc_write	= bench_write,
	.proc_read	= bench_read,
};

static int __init bench_init(void)
{
	int err = bench_flow_init();

	if (err)
		return err;
	if (!proc_create("ct_bench", 0600, NULL, &bench_ops)) {
		bench_flow_exit();
		return -ENOMEM;
	}
	return 0;
}

static void __exit bench_exit(void)
{
	static const struct args off = {};

	remove_proc_entry("ct_bench", NULL);
	do_stall(&off);
	do_labels(&off);
	do_listen(&off);
	bench_flow_exit();
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Benchmark of connection tracking");
