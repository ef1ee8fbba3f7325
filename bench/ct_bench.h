/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CT_BENCH_H
#define _CT_BENCH_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>

/**
 * struct bench_kind - what kind of flows
 * @proto:	IPPROTO_UDP or IPPROTO_TCP
 * @v6:		IPv6
 * @nat:	the source is translated, one address to one
 * @net:	namespace; NULL for the initial one
 */
struct bench_kind {
	u8	proto;
	bool	v6;
	bool	nat;
	struct net *net;
};

/* What a packet is. */
enum bench_step {
	STEP_FIRST,	/* UDP, or SYN */
	STEP_ANSWER,	/* reply direction; UDP, or SYN/ACK */
	STEP_ORIG,	/* established; UDP, or ACK */
	STEP_REPLY,
	STEP_FIN_ORIG,
	STEP_FIN_REPLY,
	STEP_LAST,	/* ACK of the second FIN, original direction */
	STEP_FLAGS,	/* flags that no TCP sends */
	STEP_OUTSIDE,	/* far outside of the window */
	STEP_ERROR,	/* an ICMP error that quotes STEP_ORIG */
};

int bench_flow_init(void);
void bench_flow_exit(void);
void bench_fill(struct sk_buff *skb, const struct bench_kind *kind, u32 flow,
		enum bench_step step);
int bench_send(const struct bench_kind *kind, u32 flow, enum bench_step step);
void bench_clash(const struct bench_kind *kind, u32 flow);
bool bench_lookup(const struct bench_kind *kind, u32 flow);
void bench_forget(const struct bench_kind *kind, u32 flow);

struct seq_file;

void bench_late(struct seq_file *out, unsigned int seconds, u32 left);
void bench_stall(struct seq_file *out, int on);
void bench_parallel(struct seq_file *out, const struct bench_kind *kind,
		    u32 flows, unsigned int cpus, char what);
int bench_batch(struct seq_file *out, const struct bench_kind *kind, u32 flows,
		u32 packets, char what, unsigned int size);

u32 bench_random(u32 below);

/* Nanoseconds that this CPU has worked. User-Mode Linux runs as a process, which
 * others on the machine may hold up: there it is the time of the process.
 */
static inline u64 bench_ns(void)
{
#if defined(CONFIG_UML) && defined(CONFIG_X86_64)
	struct {
		long sec;
		long nsec;
	} now = {};
	long ret;

	/* clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) of the machine outside */
	asm volatile("syscall" : "=a" (ret)
		     : "0" (228L), "D" (3L), "S" (&now)
		     : "rcx", "r11", "memory");
	if (!ret)
		return now.sec * NSEC_PER_SEC + now.nsec;
#endif
	return ktime_get_ns();
}

#endif
