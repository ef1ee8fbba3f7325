// SPDX-License-Identifier: GPL-2.0
/*
 * What needs a clock beside the packets: how late flows expire, how long an
 * insert may have to wait, what two CPUs do together.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#include "ct_bench.h"

/* --- expiry ------------------------------------------------------------ */

static int set_due(struct nf_conn *ct, void *data)
{
	u32 due = *(u32 *)data;

	__nf_ct_change_timeout(ct, (u32)(due - nfct_time_stamp));
	return 0;
}

/* Wait until no more than @left flows are there. ms since @start, in seq_file. */
static void wait_for(struct seq_file *out, const char *name, u32 left, u64 start)
{
	while (nf_conntrack_count(&init_net) > left &&
	       ktime_get_ns() - start < 200ULL * NSEC_PER_SEC)
		usleep_range(2000, 3000);
	seq_printf(out, "%s %llu\n", name,
		   div_u64(ktime_get_ns() - start, NSEC_PER_MSEC));
}

/**
 * bench_late - all flows fall due at once: how late do they go?
 * @out: ms until half of them, 99 %, all have gone
 * @seconds: from now until they are due
 * @left: it is over with so many left: not 0 if flows are inserted meanwhile
 *
 * Context: process, sleeps.
 */
void bench_late(struct seq_file *out, unsigned int seconds, u32 left)
{
	u32 due = nfct_time_stamp + seconds * HZ;
	struct nf_ct_iter_data iter = { .net = &init_net, .data = &due };
	u32 n = nf_conntrack_count(&init_net);
	u64 start;

	nf_ct_iterate_cleanup_net(set_due, &iter);
	if ((s32)(nfct_time_stamp - due) >= 0)
		seq_puts(out, "error 1\n");
	while ((s32)(nfct_time_stamp - due) < 0)
		usleep_range(1000, 2000);
	start = ktime_get_ns();
	wait_for(out, "late_median", max(n / 2, left), start);
	wait_for(out, "late_99", max(n / 100, left), start);
	wait_for(out, "late_last", left, start);
}

/* --- stalls ------------------------------------------------------------ */

#define STALL_PERIOD	(100 * NSEC_PER_USEC)
#define STALL_MAX	BIT(20)

static u32 *stall;	/* what inserts have taken, while they are timed */
static struct hrtimer stall_timer;
static unsigned int stalls;
static u64 stall_cpu;	/* ns that this CPU has worked for one of them at most */
static u32 stall_flow = 1 << 27;

static enum hrtimer_restart stall_tick(struct hrtimer *timer)
{
	static const struct bench_kind kind = { .proto = IPPROTO_UDP };
	ktime_t due = hrtimer_get_expires(timer);
	u64 start;

	rcu_read_lock();
	start = bench_ns();
	bench_send(&kind, stall_flow, STEP_FIRST);
	stall_cpu = max(stall_cpu, bench_ns() - start);
	rcu_read_unlock();
	/* Never twice the same: it would be there already. */
	stall_flow = stall_flow == 1 << 28 ? 1 << 27 : stall_flow + 1;

	if (stalls < STALL_MAX)
		stall[stalls++] = min_t(s64, ktime_to_ns(ktime_sub(ktime_get(), due)),
					U32_MAX);
	hrtimer_forward_now(timer, STALL_PERIOD);
	return HRTIMER_RESTART;
}

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/**
 * bench_stall - insert a flow from softirq every 100 us, and time it
 * @out: when switched off: number of inserts, the longest time in ns from when
 *	it should have begun until it was done, and what 999 of 1000 took at most;
 *	the longest time that the CPU worked for one, which no other work on the
 *	machine outside of User-Mode Linux adds to
 * @on: start or stop
 *
 * Context: process.
 */
void bench_stall(struct seq_file *out, int on)
{
	if (on && !stall) {
		stall = vmalloc(STALL_MAX * sizeof(*stall));
		if (!stall)
			return;
		stalls = 0;
		stall_cpu = 0;
		hrtimer_init(&stall_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
		stall_timer.function = stall_tick;
		hrtimer_start(&stall_timer, STALL_PERIOD, HRTIMER_MODE_REL_SOFT);
	} else if (!on && stall) {
		hrtimer_cancel(&stall_timer);
		sort(stall, stalls, sizeof(*stall), compare, NULL);
		seq_printf(out, "inserts %u\n", stalls);
		if (stalls)
			seq_printf(out, "stall_max %u\nstall_999 %u\nstall_median %u\nstall_cpu_max %llu\n",
				   stall[stalls - 1],
				   stall[stalls - 1 - stalls / 1000],
				   stall[stalls / 2], stall_cpu);
		vfree(stall);
		stall = NULL;
	}
}

/* --- two CPUs ---------------------------------------------------------- */

#define PARALLEL_TIME	(2 * HZ)

/**
 * struct worker - one CPU at work
 * @task:	thread
 * @kind:	kind of flows
 * @flows:	that there are, for lookups
 * @first:	of the flows that this worker inserts
 * @what:	l, i or b
 * @done:	packets and inserts so far
 */
struct worker {
	struct task_struct	*task;
	struct bench_kind	kind;
	u32			flows;
	u32			first;
	char			what;
	u64			done;
};

static u32 next_random(u64 *state, u32 below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return ((*state >> 32) * below) >> 32;
}

static int work(void *data)
{
	struct worker *w = data;
	u64 random = 88172645463325252ULL + w->first;
	u32 flow = w->first;
	unsigned int i;

	while (!kthread_should_stop()) {
		local_bh_disable();
		rcu_read_lock();
		for (i = 0; i < 64; i++) {
			if (w->what == 'l' || (w->what == 'b' && i & 1)) {
				u32 r = next_random(&random, 2 * w->flows);

				bench_send(&w->kind, r >> 1,
					   r & 1 ? STEP_ORIG : STEP_REPLY);
			} else {
				bench_send(&w->kind, flow, STEP_FIRST);
				bench_forget(&w->kind, flow++);
			}
		}
		rcu_read_unlock();
		local_bh_enable();
		w->done += i;
		cond_resched();
	}
	return 0;
}

/**
 * bench_parallel - packets of random flows, or inserts and deletes, on some CPUs
 * @out: operations a second of all CPUs
 * @kind: kind of flows
 * @flows: that there are
 * @cpus: number of CPUs
 * @what: l for lookups, i for inserts, b for both in turn
 *
 * Context: process, sleeps.
 */
void bench_parallel(struct seq_file *out, const struct bench_kind *kind,
		    u32 flows, unsigned int cpus, char what)
{
	static struct worker workers[2];
	unsigned int i, started = 0;
	u64 done = 0, start;

	cpus = min3(cpus, num_online_cpus(), 2U);
	for (i = 0; i < cpus; i++) {
		workers[i] = (struct worker){
			.kind = *kind, .flows = flows, .what = what,
			.first = (1 << 24) * (i + 1),
		};
		workers[i].task = kthread_create_on_cpu(work, &workers[i], i,
							"ct_bench/%u");
		if (IS_ERR(workers[i].task))
			break;
		started++;
	}
	start = ktime_get_ns();
	for (i = 0; i < started; i++)
		wake_up_process(workers[i].task);
	schedule_timeout_uninterruptible(PARALLEL_TIME);
	for (i = 0; i < started; i++) {
		kthread_stop(workers[i].task);
		done += workers[i].done;
	}
	seq_printf(out, "parallel %llu\n",
		   div64_u64(done * NSEC_PER_SEC, ktime_get_ns() - start));
}
