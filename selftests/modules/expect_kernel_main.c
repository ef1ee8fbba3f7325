// SPDX-License-Identifier: GPL-2.0
/*
 * Expectations and helpers by the exported interface: masks, classes and their
 * limits, clashes and refreshes, permanent and inactive ones, masters and helpers
 * that go. Loading it makes all the checks, in the initial namespace, with entries
 * and packets of its own making; /sys/kernel/debug/expect_kernel has a line for
 * each, "ok WHAT" or "not ok WHAT # CASE(), line N: CONDITION".
 *
 * Uses nothing but what nf_conntrack exports, so it runs on either module.
 */
#include <linux/debugfs.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netfilter_ipv4.h>
#include <linux/seq_file.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "expect_kernel.h"

static unsigned int max;
module_param(max, uint, 0444);
MODULE_PARM_DESC(max, "Only fill the table up to nf_conntrack_expect_max, which is this");

static bool strict;
module_param(strict, bool, 0444);
MODULE_PARM_DESC(strict, "A dying master expects nothing any more; not so in every nf_conntrack");

static char *report;
static size_t report_len;
#define REPORT_SIZE	(64 << 10)

static struct dentry *file;
static char why_bad[160];

/* --- reporting --------------------------------------------------------- */

void report_bad(const char *func, unsigned int line, const char *cond)
{
	snprintf(why_bad, sizeof(why_bad), "%s(), line %u: %s", func, line, cond);
}

/* The case has come to its end. */
void report_case(const char *what)
{
	report_len += scnprintf(report + report_len, REPORT_SIZE - report_len, "%s %s%s%s\n",
				*why_bad ? "not ok" : "ok", what, *why_bad ? " # " : "", why_bad);
	*why_bad = 0;
}

static int report_show(struct seq_file *s, void *v)
{
	seq_write(s, report, report_len);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(report);

/* --- the helper, masters, packets -------------------------------------- */

unsigned int test_destroyed;
const struct nf_conn *test_destroyed_ct;

int test_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
	      enum ip_conntrack_info ctinfo)
{
	return NF_ACCEPT;
}

static void destroy(struct nf_conn *ct)
{
	test_destroyed++;
	test_destroyed_ct = ct;
}

const struct nf_conntrack_expect_policy test_policy[] = {
	{ .max_expected = CLASS_MAX_A, .timeout = TIMEOUT_A, .name = "one" },
	{ .max_expected = CLASS_MAX_B, .timeout = TIMEOUT_B, .name = "two" },
	{ .max_expected = 255, .timeout = TIMEOUT_A, .name = "many" },
};

struct nf_conntrack_helper test_helper;

void helper_fill(struct nf_conntrack_helper *h, const char *name, u16 port)
{
	memset(h, 0, sizeof(*h));
	nf_ct_helper_init(h, NFPROTO_IPV4, IPPROTO_UDP, name, port, port, 0,
			  test_policy, ARRAY_SIZE(test_policy) - 1, test_help, NULL,
			  THIS_MODULE);
	h->destroy = destroy;
}

struct nf_conn *master_new(u16 port, struct nf_conntrack_helper *h, u16 zone_id, bool insert)
{
	struct nf_conntrack_zone zone;
	struct nf_conntrack_tuple orig = {
		.src.l3num	= NFPROTO_IPV4,
		.src.u3.ip	= htonl(CLIENT),
		.dst.u3.ip	= htonl(SERVER),
		.src.u.udp.port	= htons(port),
		.dst.u.udp.port	= htons(9),
		.dst.protonum	= IPPROTO_UDP,
	}, reply;
	struct nf_conn_help *ext;
	struct nf_conn *ct;

	nf_ct_zone_init(&zone, zone_id, NF_CT_DEFAULT_ZONE_DIR, 0);
	nf_ct_invert_tuple(&reply, &orig);
	ct = nf_conntrack_alloc(&init_net, &zone, &orig, &reply, GFP_KERNEL);
	if (IS_ERR(ct))
		return NULL;

	ext = nf_ct_helper_ext_add(ct, GFP_KERNEL);
	if (!ext)
		goto err;
	rcu_assign_pointer(ext->helper, h);
	ct->mark = 0x77;
	ct->status |= IPS_SEEN_REPLY | IPS_ASSURED;
	__nf_ct_set_timeout(ct, 3600 * HZ);
	if (insert) {
		if (nf_conntrack_hash_check_insert(ct))
			goto err;
		/* The stock one leaves that to the caller. */
		set_bit(IPS_CONFIRMED_BIT, &ct->status);
	}
	return ct;
err:
	nf_conntrack_free(ct);
	return NULL;
}

void master_kill(struct nf_conn *ct)
{
	if (!ct)
		return;
	nf_ct_delete(ct, 0, 0);
	nf_ct_put(ct);
}

/* An expectation of @ct to @port of SERVER, from @src if that is not 0. */
struct nf_conntrack_expect *exp_new(struct nf_conn *ct, unsigned int class, u32 src, u16 port)
{
	union nf_inet_addr saddr = { .ip = htonl(src) };
	union nf_inet_addr daddr = { .ip = htonl(SERVER) };
	struct nf_conntrack_expect *exp = nf_ct_expect_alloc(ct);
	__be16 dst = htons(port);

	if (exp)
		nf_ct_expect_init(exp, class, AF_INET, src ? &saddr : NULL,
				  &daddr, IPPROTO_UDP, NULL, &dst);
	return exp;
}

/* Expect and let go of it. */
int exp_add(struct nf_conn *ct, unsigned int class, u32 src, u16 port, unsigned int flags)
{
	struct nf_conntrack_expect *exp = exp_new(ct, class, src, port);
	int err;

	if (!exp)
		return -ENOMEM;
	err = nf_ct_expect_related(exp, flags);
	nf_ct_expect_put(exp);
	return err;
}

static bool count_one(struct nf_conntrack_expect *exp, void *data)
{
	if (!nf_ct_exp_is_expired(exp))
		++*(unsigned int *)data;
	return false;
}

unsigned int exp_count(void)
{
	unsigned int n = 0;

	nf_ct_expect_iterate_net(&init_net, count_one, &n, 0, 0);
	return n;
}

bool exp_found_in(u32 src, u16 port, u16 zone_id)
{
	struct nf_conntrack_tuple tuple = {
		.src.l3num	= NFPROTO_IPV4,
		.src.u3.ip	= htonl(src),
		.dst.u3.ip	= htonl(SERVER),
		.src.u.udp.port	= htons(1234),
		.dst.u.udp.port	= htons(port),
		.dst.protonum	= IPPROTO_UDP,
	};
	struct nf_conntrack_expect *exp;
	struct nf_conntrack_zone zone;

	nf_ct_zone_init(&zone, zone_id, NF_CT_DEFAULT_ZONE_DIR, 0);
	exp = nf_ct_expect_find_get(&init_net, &zone, &tuple);
	if (exp)
		nf_ct_expect_put(exp);
	return exp;
}

static unsigned int accept_hook(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return 0;
}

/* A UDP packet to @port of SERVER comes in; with its entry. */
struct sk_buff *packet_in(u32 src, u16 sport, u16 port)
{
	struct nf_hook_state state = {
		.hook	= NF_INET_PRE_ROUTING,
		.pf	= NFPROTO_IPV4,
		.net	= &init_net,
		.in	= init_net.loopback_dev,
		.okfn	= (void *)accept_hook,
	};
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct udphdr *udp;
	struct iphdr *ip;

	if (!skb)
		return NULL;
	skb_reserve(skb, 64);
	skb_reset_network_header(skb);
	ip = skb_put_zero(skb, sizeof(*ip));
	skb_set_transport_header(skb, sizeof(*ip));
	udp = skb_put_zero(skb, sizeof(*udp) + 4);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->tot_len = htons(skb->len);
	ip->saddr = htonl(src);
	ip->daddr = htonl(SERVER);
	ip_send_check(ip);
	udp->source = htons(sport);
	udp->dest = htons(port);
	udp->len = htons(sizeof(*udp) + 4);
	skb->protocol = htons(ETH_P_IP);
	skb->dev = init_net.loopback_dev;
	skb->ip_summed = CHECKSUM_UNNECESSARY;

	rcu_read_lock();
	local_bh_disable();
	nf_conntrack_in(skb, &state);
	local_bh_enable();
	rcu_read_unlock();
	return skb;
}

static int __init expect_kernel_init(void)
{
	int err;

	report = kvzalloc(REPORT_SIZE, GFP_KERNEL);
	if (!report)
		return -ENOMEM;

	helper_fill(&test_helper, "ct_test", 40);
	err = nf_conntrack_helper_register(&test_helper);
	if (err) {
		kvfree(report);
		return err;
	}

	if (max) {
		case_max(max);
	} else {
		cases_of_expectations(strict);
		cases_of_helpers();
	}
	file = debugfs_create_file("expect_kernel", 0444, NULL, NULL, &report_fops);
	return 0;
}

static void __exit expect_kernel_exit(void)
{
	debugfs_remove(file);
	nf_conntrack_helper_unregister(&test_helper);
	kvfree(report);
}

module_init(expect_kernel_init);
module_exit(expect_kernel_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Checks of expectations and helpers by the exported interface");
