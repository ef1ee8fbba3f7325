/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the cases of expect_kernel share: connections, expectations and packets in
 * the initial namespace, and the report. All of it sleeps.
 */
#ifndef EXPECT_KERNEL_H
#define EXPECT_KERNEL_H

#include <linux/slab.h>
#include <linux/version.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_zones.h>

#define CLIENT	0x0a630001	/* 10.99.0.1 */
#define SERVER	0x0a630002
#define OTHER	0x0a630003

/* The classes of test_policy: how many are expected at once, for how many seconds. */
#define CLASS_MAX_A	2
#define CLASS_MAX_B	3
#define TIMEOUT_A	300
#define TIMEOUT_B	2

/* A case is a function that goes to its end at the first condition not met. */
#define want(cond)						\
	do {							\
		if (!(cond)) {					\
			report_bad(__func__, __LINE__, #cond);	\
			goto out;				\
		}						\
	} while (0)

void report_bad(const char *func, unsigned int line, const char *cond);
void report_case(const char *what);

extern const struct nf_conntrack_expect_policy test_policy[];
extern struct nf_conntrack_helper test_helper;
extern unsigned int test_destroyed;
extern const struct nf_conn *test_destroyed_ct;

int test_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
	      enum ip_conntrack_info ctinfo);
void helper_fill(struct nf_conntrack_helper *h, const char *name, u16 port);

struct nf_conn *master_new(u16 port, struct nf_conntrack_helper *h, u16 zone_id, bool insert);
void master_kill(struct nf_conn *ct);

struct nf_conntrack_expect *exp_new(struct nf_conn *ct, unsigned int class, u32 src, u16 port);
int exp_add(struct nf_conn *ct, unsigned int class, u32 src, u16 port, unsigned int flags);
unsigned int exp_count(void);
bool exp_found_in(u32 src, u16 port, u16 zone_id);

static inline bool exp_found(u32 src, u16 port)
{
	return exp_found_in(src, port, 0);
}

struct sk_buff *packet_in(u32 src, u16 sport, u16 port);

/* The cases, by file; @strict: a dying master expects nothing any more. */
void cases_of_expectations(bool strict);
void case_max(unsigned int max);
void cases_of_helpers(void);

#endif /* EXPECT_KERNEL_H */
