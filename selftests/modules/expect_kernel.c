// SPDX-License-Identifier: GPL-2.0
/*
 * Expectations by the exported interface: masks, classes and their limits,
 * clashes and refreshes, permanent and inactive ones, masters and helpers that
 * go. Loading it makes all the checks, in the initial namespace, with entries
 * and packets of its own making; /sys/kernel/debug/expect_kernel has a line for
 * each, "ok WHAT" or "not ok WHAT # line N: CONDITION".
 *
 * Uses nothing but what nf_conntrack exports, so it runs on either module.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netfilter_ipv4.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <linux/version.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_zones.h>

static unsigned int max;
module_param(max, uint, 0444);
MODULE_PARM_DESC(max, "Only fill the table up to nf_conntrack_expect_max, which is this");

static bool strict;
module_param(strict, bool, 0444);
MODULE_PARM_DESC(strict, "A dying master expects nothing any more; not so in every nf_conntrack");

#define CLIENT	0x0a630001	/* 10.99.0.1 */
#define SERVER	0x0a630002
#define OTHER	0x0a630003

#define CLASS_MAX_A	2
#define CLASS_MAX_B	3
#define TIMEOUT_A	300
#define TIMEOUT_B	2

static char *report;
static size_t report_len;
#define REPORT_SIZE	(64 << 10)

static struct dentry *file;
static unsigned int line_bad;
static const char *why_bad;

/* --- reporting --------------------------------------------------------- */

/* A case is a function that returns early at the first condition not met. */
#define want(cond)				\
	do {					\
		if (!(cond)) {			\
			line_bad = __LINE__;	\
			why_bad = #cond;	\
			goto out;		\
		}				\
	} while (0)

static void say(const char *what)
{
	if (line_bad)
		report_len += scnprintf(report + report_len,
					REPORT_SIZE - report_len,
					"not ok %s # line %u: %s\n", what,
					line_bad, why_bad);
	else
		report_len += scnprintf(report + report_len,
					REPORT_SIZE - report_len, "ok %s\n",
					what);
	line_bad = 0;
}

static int report_show(struct seq_file *s, void *v)
{
	seq_write(s, report, report_len);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(report);

/* --- the helper, masters, packets -------------------------------------- */

static unsigned int helped, destroyed, expected;
static const struct nf_conn *destroyed_ct;

static int help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
		enum ip_conntrack_info ctinfo)
{
	helped++;
	return NF_ACCEPT;
}

static void destroy(struct nf_conn *ct)
{
	destroyed++;
	destroyed_ct = ct;
}

static const struct nf_conntrack_expect_policy policy[] = {
	{ .max_expected = CLASS_MAX_A, .timeout = TIMEOUT_A, .name = "one" },
	{ .max_expected = CLASS_MAX_B, .timeout = TIMEOUT_B, .name = "two" },
	{ .max_expected = 255, .timeout = TIMEOUT_A, .name = "many" },
};

static struct nf_conntrack_helper helper;

static void helper_fill(struct nf_conntrack_helper *h, const char *name, u16 port)
{
	memset(h, 0, sizeof(*h));
	nf_ct_helper_init(h, NFPROTO_IPV4, IPPROTO_UDP, name, port, port, 0,
			  policy, ARRAY_SIZE(policy) - 1, help, NULL,
			  THIS_MODULE);
	h->destroy = destroy;
}

static struct nf_conn *master_new(u16 port, struct nf_conntrack_helper *h,
				  u16 zone_id, bool insert)
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

static void master_kill(struct nf_conn *ct)
{
	if (!ct)
		return;
	nf_ct_delete(ct, 0, 0);
	nf_ct_put(ct);
}

/* An expectation of @ct to @port of SERVER, from @src if that is not 0. */
static struct nf_conntrack_expect *exp_new(struct nf_conn *ct, unsigned int class,
					   u32 src, u16 port)
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
static int expect(struct nf_conn *ct, unsigned int class, u32 src, u16 port,
		  unsigned int flags)
{
	struct nf_conntrack_expect *exp = exp_new(ct, class, src, port);
	int err;

	if (!exp)
		return -ENOMEM;
	err = nf_ct_expect_related(exp, flags);
	nf_ct_expect_put(exp);
	return err;
}

static int expect_flags(struct nf_conn *ct, u16 port, unsigned int flags)
{
	struct nf_conntrack_expect *exp = exp_new(ct, 0, 0, port);
	int err;

	if (!exp)
		return -ENOMEM;
	exp->flags |= flags;
	err = nf_ct_expect_related(exp, 0);
	nf_ct_expect_put(exp);
	return err;
}

static bool count_one(struct nf_conntrack_expect *exp, void *data)
{
	if (!nf_ct_exp_is_expired(exp))
		++*(unsigned int *)data;
	return false;
}

static unsigned int count(void)
{
	unsigned int n = 0;

	nf_ct_expect_iterate_net(&init_net, count_one, &n, 0, 0);
	return n;
}

static bool found_in(u32 src, u16 port, u16 zone_id)
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

static bool found(u32 src, u16 port)
{
	return found_in(src, port, 0);
}

static unsigned int accept_hook(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return 0;
}

/* A UDP packet to @port of SERVER comes in; with its entry. */
static struct sk_buff *packet(u32 src, u16 sport, u16 port)
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

/* The relation of such a packet; it leaves, and its entry goes again. */
static int relation(u32 src, u16 sport, u16 port)
{
	struct sk_buff *skb = packet(src, sport, port);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	int ret = -1;

	if (!skb)
		return -ENOMEM;
	ct = nf_ct_get(skb, &ctinfo);
	if (ct)
		ret = ctinfo;
	kfree_skb(skb);
	return ret;
}

/* --- cases ------------------------------------------------------------- */

static void case_init(void)
{
	struct nf_conn *ct = master_new(1, &helper, 0, true);
	struct nf_conntrack_expect *exp = NULL;

	want(ct);
	exp = nf_ct_expect_alloc(ct);
	want(exp);
	want(exp->master == ct);
	nf_ct_expect_put(exp);
	exp = exp_new(ct, 1, CLIENT, 5000);
	want(exp);
	want(read_pnet(&exp->net) == &init_net);
	want(exp->class == 1 && exp->flags == 0 && !exp->expectfn);
	want(exp->tuple.src.u3.ip == htonl(CLIENT));
	want(exp->mask.src.u3.ip == htonl(0xffffffff));
	want(!exp->mask.src.u3.ip6[1] && !exp->mask.src.u3.ip6[3]);
	want(!exp->mask.src.u.all && !exp->tuple.src.u.all);
	want(exp->tuple.dst.u3.ip == htonl(SERVER));
	want(exp->tuple.dst.u.udp.port == htons(5000));
	want(exp->tuple.dst.protonum == IPPROTO_UDP);
	want(exp->tuple.src.l3num == AF_INET);
	want(!rcu_access_pointer(exp->assign_helper));
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	say("alloc and init fill in what is expected");
}

/* Whose helper it is: known before it is linked. */
static void case_helper(void)
{
	struct nf_conn *ct = master_new(1, &helper, 0, true);
	struct nf_conntrack_expect *exp = NULL;

	want(ct);
	exp = exp_new(ct, 1, CLIENT, 5000);
	want(exp);
	want(rcu_access_pointer(exp->helper) == &helper);
	want(!nf_ct_expect_related(exp, 0));
	want(rcu_access_pointer(exp->helper) == &helper);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	say("an expectation has its master's helper");
}

static void case_masks(void)
{
	struct nf_conn *ct = master_new(2, &helper, 0, true);

	want(ct);
	want(!expect(ct, 2, CLIENT, 5001, 0));
	want(!expect(ct, 2, 0, 5002, 0));
	want(found(CLIENT, 5001) && !found(OTHER, 5001));
	want(found(CLIENT, 5002) && found(OTHER, 5002));
	want(!found(CLIENT, 5003));
	want(!found_in(CLIENT, 5001, 1));
	want(relation(OTHER, 1, 5001) == IP_CT_NEW);
	want(found(CLIENT, 5001));
	want(relation(CLIENT, 1, 5001) == IP_CT_RELATED);
	want(!found(CLIENT, 5001));
	want(relation(CLIENT, 1, 5001) == IP_CT_NEW);
	want(relation(OTHER, 2, 5002) == IP_CT_RELATED);
	want(relation(OTHER, 2, 5002) == IP_CT_NEW);
	want(count() == 0);
out:
	master_kill(ct);
	say("masks: what fits is related, once; what does not is new");
}

static void case_port_mask(void)
{
	struct nf_conn *ct = master_new(2, &helper, 0, true);
	union nf_inet_addr daddr = { .ip = htonl(SERVER) };
	__be16 src = htons(777), dst = htons(5004);
	struct nf_conntrack_expect *exp = NULL;

	want(ct);
	exp = nf_ct_expect_alloc(ct);
	want(exp);
	nf_ct_expect_init(exp, 0, AF_INET, NULL, &daddr, IPPROTO_UDP, &src, &dst);
	exp->tuple.src.u3.ip = htonl(CLIENT);
	exp->mask.src.u3.ip = htonl(0xffffff00);
	want(!nf_ct_expect_related(exp, 0));
	want(relation(CLIENT, 778, 5004) == IP_CT_NEW);
	want(relation(0x0a630101, 777, 5004) == IP_CT_NEW);
	want(relation(0x0a6300fe, 777, 5004) == IP_CT_RELATED);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	say("masks: a source port and a network");
}

static void case_zone(void)
{
	struct nf_conn *ct = master_new(2, &helper, 5, true);

	want(ct);
	want(!expect(ct, 0, 0, 5005, 0));
	want(!found_in(CLIENT, 5005, 0) && !found_in(CLIENT, 5005, 6));
	want(found_in(CLIENT, 5005, 5));
	want(relation(CLIENT, 1, 5005) == IP_CT_NEW);
out:
	master_kill(ct);
	say("an expectation is in the zone of its master");
}

static void note_expected(struct nf_conn *new, struct nf_conntrack_expect *exp)
{
	expected++;
	if (new->master != exp->master || nf_ct_is_confirmed(new) ||
	    !test_bit(IPS_EXPECTED_BIT, &new->status))
		expected += 100;
}

static void case_child(void)
{
	struct nf_conn *ct = master_new(3, &helper, 0, true), *child;
	struct nf_conntrack_expect *exp = NULL;
	enum ip_conntrack_info ctinfo;
	struct nf_conn_help *ext;
	struct sk_buff *skb = NULL;

	want(ct);
	exp = exp_new(ct, 0, 0, 5006);
	want(exp);
	exp->expectfn = note_expected;
	rcu_assign_pointer(exp->assign_helper, &helper);
	want(!nf_ct_expect_related(exp, 0));
	expected = 0;
	skb = packet(CLIENT, 9, 5006);
	want(skb);
	want(expected == 1);
	child = nf_ct_get(skb, &ctinfo);
	want(child && ctinfo == IP_CT_RELATED);
	want(child->master == ct);
	want(test_bit(IPS_EXPECTED_BIT, &child->status));
	want(child->mark == 0x77);
	ext = nfct_help(child);
	want(ext && rcu_access_pointer(ext->helper) == &helper);
	want(test_bit(IPS_HELPER_BIT, &child->status));
	/* One here, one of the child. */
	want(refcount_read(&ct->ct_general.use) == 3);
	kfree_skb(skb);
	skb = NULL;
	want(refcount_read(&ct->ct_general.use) == 2);
out:
	kfree_skb(skb);
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	say("the child has its master, mark and helper; expectfn is called once");
}

static void case_permanent(void)
{
	struct nf_conn *ct = master_new(4, &helper, 0, true);

	want(ct);
	want(!expect_flags(ct, 5007, NF_CT_EXPECT_PERMANENT));
	want(relation(CLIENT, 1, 5007) == IP_CT_RELATED);
	want(relation(CLIENT, 2, 5007) == IP_CT_RELATED);
	want(relation(OTHER, 3, 5007) == IP_CT_RELATED);
	want(count() == 1);
out:
	master_kill(ct);
	say("a permanent one stays");
}

static void case_inactive(void)
{
	struct nf_conn *ct = master_new(4, &helper, 0, true);

	want(ct);
	want(!expect_flags(ct, 5008, NF_CT_EXPECT_INACTIVE));
	want(found(CLIENT, 5008));
	want(relation(CLIENT, 1, 5008) == IP_CT_NEW);
	want(count() == 1);
	want(expect(ct, 0, CLIENT, 5008, 0) == -EBUSY);
out:
	master_kill(ct);
	say("an inactive one is not met, but in the way of others");
}

static void case_userspace(void)
{
	struct nf_conn *ct = master_new(4, &helper, 0, true);

	want(ct);
	want(!expect_flags(ct, 5009, NF_CT_EXPECT_USERSPACE));
	want(relation(CLIENT, 1, 5009) == IP_CT_RELATED);
	want(count() == 0);
out:
	master_kill(ct);
	say("one from user space is met like any other");
}

static void case_clash(void)
{
	struct nf_conn *ct = master_new(5, &helper, 0, true);
	struct nf_conn *ct2 = master_new(6, &helper, 0, true);

	want(ct && ct2);
	want(!expect(ct, 2, 0, 5010, 0));
	/* Wider, narrower, of another master: somebody else's. */
	want(expect(ct, 2, CLIENT, 5010, 0) == -EBUSY);
	want(expect(ct2, 2, 0, 5010, 0) == -EBUSY);
	want(expect(ct2, 2, CLIENT, 5010, 0) == -EBUSY);
	want(count() == 1);
	/* Narrow ones from different sources do not meet. */
	want(!expect(ct, 2, CLIENT, 5011, 0));
	want(!expect(ct, 2, OTHER, 5011, 0));
	want(expect(ct, 2, 0, 5011, 0) == -EBUSY);
	want(count() == 3);
out:
	master_kill(ct);
	master_kill(ct2);
	say("what could be taken for another is refused with EBUSY");
}

static void case_already(void)
{
	struct nf_conn *ct = master_new(5, &helper, 0, true);
	struct nf_conn *ct2 = master_new(6, &helper, 0, true);

	want(ct && ct2);
	want(!expect(ct, 2, 0, 5012, 0));
	want(expect(ct, 0, 0, 5012, 0) == -EALREADY);
	want(expect(ct2, 2, 0, 5012, NF_CT_EXP_F_SKIP_MASTER) == -EALREADY);
	want(expect(ct2, 0, 0, 5012, NF_CT_EXP_F_SKIP_MASTER) == -EALREADY);
	want(expect(ct2, 2, CLIENT, 5012, NF_CT_EXP_F_SKIP_MASTER) == -EBUSY);
	want(!expect(ct, 2, 0, 5012, NF_CT_EXP_F_SKIP_MASTER));
	want(count() == 1);
out:
	master_kill(ct);
	master_kill(ct2);
	say("the same in another class or of another master: EALREADY");
}

static void case_refresh(void)
{
	struct nf_conn *ct = master_new(7, &helper, 0, true);
	struct nf_conntrack_expect *old = NULL, *new = NULL;
	struct nf_conn_help *ext;

	want(ct);
	old = exp_new(ct, 0, 0, 5013);
	new = exp_new(ct, 0, 0, 5013);
	want(old && new);
	want(!nf_ct_expect_related(old, 0));
	want(!nf_ct_expect_related(new, 0));
	want(count() == 1);
	want(refcount_read(&old->use) == 1);
	want(refcount_read(&new->use) == 2);
	ext = nfct_help(ct);
	want(ext->expecting[0] == 1);
out:
	if (old)
		nf_ct_expect_put(old);
	if (new)
		nf_ct_expect_put(new);
	master_kill(ct);
	say("the same again takes the place of the first");
}

static void case_limits(void)
{
	struct nf_conn *ct = master_new(8, &helper, 0, true);
	struct nf_conn_help *ext;
	u16 i;

	want(ct);
	ext = nfct_help(ct);
	for (i = 0; i < CLASS_MAX_B; i++)
		want(!expect(ct, 1, 0, 5200 + i, 0));
	for (i = 0; i < CLASS_MAX_A; i++)
		want(!expect(ct, 0, 0, 5100 + i, 0));
	want(ext->expecting[0] == CLASS_MAX_A && ext->expecting[1] == CLASS_MAX_B);
	/* The oldest of the class goes, and no other. */
	want(!expect(ct, 0, 0, 5150, 0));
	want(!found(CLIENT, 5100) && found(CLIENT, 5101) && found(CLIENT, 5150));
	want(!expect(ct, 0, 0, 5151, 0));
	want(!found(CLIENT, 5101) && found(CLIENT, 5150) && found(CLIENT, 5151));
	want(found(CLIENT, 5200) && found(CLIENT, 5201) && found(CLIENT, 5202));
	want(!expect(ct, 1, 0, 5250, 0));
	want(!found(CLIENT, 5200) && found(CLIENT, 5201) && found(CLIENT, 5250));
	want(found(CLIENT, 5150) && found(CLIENT, 5151));
	want(ext->expecting[0] == CLASS_MAX_A && ext->expecting[1] == CLASS_MAX_B);
	/* What is met makes room. */
	want(relation(CLIENT, 1, 5150) == IP_CT_RELATED);
	want(ext->expecting[0] == CLASS_MAX_A - 1);
	want(!expect(ct, 0, 0, 5152, 0));
	want(found(CLIENT, 5151) && found(CLIENT, 5152));
	want(count() == CLASS_MAX_A + CLASS_MAX_B);
	/* A refresh takes no room. */
	want(!expect(ct, 0, 0, 5151, 0));
	want(found(CLIENT, 5151) && found(CLIENT, 5152));
out:
	master_kill(ct);
	say("each class has its limit; the oldest of a full class goes");
}

static void case_most(void)
{
	struct nf_conn *ct = master_new(8, &helper, 0, true);
	struct nf_conn_help *ext;
	u16 i;

	want(ct);
	ext = nfct_help(ct);
	for (i = 0; i < 300; i++)
		want(!expect(ct, 2, 0, 6000 + i, 0));
	want(ext->expecting[2] == 255);
	want(count() == 255);
	want(!found(CLIENT, 6000) && !found(CLIENT, 6044));
	want(found(CLIENT, 6045) && found(CLIENT, 6299));
out:
	master_kill(ct);
	say("255 of a class at most");
}

static int left(const struct nf_conntrack_expect *exp)
{
	return (s32)(exp->timeout - (u32)jiffies) / HZ;
}

static void case_timeouts(void)
{
	struct nf_conn *ct = master_new(9, &helper, 0, true);
	struct nf_conntrack_expect *exp = NULL;
	struct nf_conn_help *ext;
	int i;

	want(ct);
	exp = exp_new(ct, 0, 0, 5014);
	want(exp && !nf_ct_expect_related(exp, 0));
	want(left(exp) >= TIMEOUT_A - 2 && left(exp) <= TIMEOUT_A);
	nf_ct_expect_put(exp);
	exp = exp_new(ct, 1, 0, 5015);
	want(exp && !nf_ct_expect_related(exp, 0));
	want(left(exp) <= TIMEOUT_B);
	want(found(CLIENT, 5014) && found(CLIENT, 5015));
	for (i = 0; i < 100 && !nf_ct_exp_is_expired(exp); i++)
		msleep(50);
	want(nf_ct_exp_is_expired(exp));
	want(!found(CLIENT, 5015) && found(CLIENT, 5014));
	want(relation(CLIENT, 1, 5015) == IP_CT_NEW);
	want(count() == 1);
	/* It is in nobody's way, and takes no room. */
	want(!expect(ct, 0, CLIENT, 5015, 0));
	want(!expect(ct, 1, CLIENT, 5016, 0));
	ext = nfct_help(ct);
	want(ext->expecting[1] == 1);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	say("each class has its timeout; what has expired is not found");
}

static void case_unexpect(void)
{
	struct nf_conn *ct = master_new(9, &helper, 0, true);
	struct nf_conntrack_expect *exp = NULL;

	want(ct);
	exp = exp_new(ct, 0, 0, 5017);
	want(exp && !nf_ct_expect_related(exp, 0));
	nf_ct_unexpect_related(exp);
	want(!found(CLIENT, 5017) && count() == 0);
	want(relation(CLIENT, 1, 5017) == IP_CT_NEW);
	want(!expect(ct, 0, CLIENT, 5017, 0));
	want(count() == 1);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	say("what is taken back is not expected");
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
static void case_pair(void)
{
	struct nf_conn *ct = master_new(9, &helper, 0, true);
	struct nf_conn *ct2 = master_new(10, &helper, 0, true);
	struct nf_conntrack_expect *pair[2] = {};
	struct nf_conn_help *ext;

	want(ct && ct2);
	want(!expect(ct2, 0, 0, 5031, 0));
	pair[0] = exp_new(ct, 2, 0, 5030);
	pair[1] = exp_new(ct, 2, 0, 5031);
	want(pair[0] && pair[1]);
	want(nf_ct_expect_related_pair(pair, 0) == -EBUSY);
	ext = nfct_help(ct);
	want(ext->expecting[2] == 0 && !found(CLIENT, 5030) && count() == 1);
	pair[0]->tuple.dst.u.udp.port = htons(5032);
	pair[1]->tuple.dst.u.udp.port = htons(5033);
	want(!nf_ct_expect_related_pair(pair, 0));
	want(ext->expecting[2] == 2 && found(CLIENT, 5032) && found(CLIENT, 5033));
	want(left(pair[0]) <= TIMEOUT_A && left(pair[1]) <= TIMEOUT_A);
	want(refcount_read(&pair[0]->use) == 2 && refcount_read(&pair[1]->use) == 2);
out:
	if (pair[0])
		nf_ct_expect_put(pair[0]);
	if (pair[1])
		nf_ct_expect_put(pair[1]);
	master_kill(ct);
	master_kill(ct2);
	say("two are expected, or neither");
}
#endif

static void case_master_dies(void)
{
	struct nf_conn *ct = master_new(11, &helper, 0, true);
	struct nf_conn *ct2 = master_new(12, &helper, 0, true);

	want(ct && ct2);
	want(!expect(ct, 0, 0, 5040, 0) && !expect(ct, 1, 0, 5041, 0));
	want(!expect_flags(ct, 5042, NF_CT_EXPECT_PERMANENT));
	want(!expect(ct2, 0, 0, 5043, 0));
	want(count() == 4);
	want(nf_ct_delete(ct, 0, 0));
	want(count() == 1 && found(CLIENT, 5043));
	want(relation(CLIENT, 1, 5042) == IP_CT_NEW);
	if (strict) {
		want(expect(ct, 0, 0, 5040, 0) == -ESHUTDOWN);
		want(count() == 1);
	}
out:
	master_kill(ct);
	master_kill(ct2);
	say("a master that dies takes along what is expected of it");
}

static void case_remove(void)
{
	struct nf_conn *ct = master_new(11, &helper, 0, true);

	want(ct);
	want(!expect(ct, 0, 0, 5044, 0) && !expect(ct, 1, 0, 5045, 0));
	nf_ct_remove_expectations(ct);
	want(count() == 0);
	want(!expect(ct, 0, 0, 5044, 0));
out:
	master_kill(ct);
	say("nf_ct_remove_expectations() empties, no more");
}

static void case_unconfirmed(void)
{
	struct nf_conn *ct = master_new(13, &helper, 0, false);

	want(ct);
	want(!expect(ct, 0, 0, 5046, 0));
	want(found(CLIENT, 5046));
	want(relation(CLIENT, 1, 5046) == IP_CT_NEW);
	want(found(CLIENT, 5046));
	nf_ct_put(ct);
	ct = NULL;
	want(count() == 0);
out:
	if (ct)
		nf_ct_put(ct);
	say("a master that is not confirmed has no children");
}

static void case_no_help(void)
{
	struct sk_buff *skb = packet(CLIENT, 3, 5047);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = NULL;

	want(skb);
	ct = nf_ct_get(skb, &ctinfo);
	want(ct && !nfct_help(ct));
	want(expect(ct, 0, 0, 5048, 0) == -ESHUTDOWN);
out:
	kfree_skb(skb);
	say("nothing is expected of a connection without helper extension");
}

static bool odd(struct nf_conntrack_expect *exp, void *data)
{
	return ntohs(exp->tuple.dst.u.udp.port) & 1;
}

static bool any(struct nf_conntrack_expect *exp, void *data)
{
	return true;
}

static void case_iterate(void)
{
	struct nf_conn *ct = master_new(14, &helper, 0, true);
	struct nf_conn_help *ext;
	u16 i;

	want(ct);
	for (i = 0; i < 100; i++)
		want(!expect(ct, 2, 0, 5300 + i, 0));
	ext = nfct_help(ct);
	nf_ct_expect_iterate_net(&init_net, odd, NULL, 0, 0);
	want(count() == 50 && ext->expecting[2] == 50);
	want(found(CLIENT, 5300) && !found(CLIENT, 5301));
	nf_ct_expect_iterate_destroy(any, NULL);
	want(count() == 0 && ext->expecting[2] == 0);
out:
	master_kill(ct);
	say("iterate_net and iterate_destroy unlink what fits");
}

/* The connection goes; the helper hears of it then, not when the last who knows
 * the entry has let go of it.
 */
static void case_destroy(void)
{
	struct nf_conn *ct = master_new(15, &helper, 0, true);

	want(ct);
	destroyed = 0;
	destroyed_ct = NULL;
	want(nf_ct_delete(ct, 0, 0));
	want(destroyed == 1 && destroyed_ct == ct);
	nf_ct_put(ct);
	ct = NULL;
	want(destroyed == 1);
out:
	master_kill(ct);
	say("a helper hears of the end of a connection when it ends, once");
}

static void case_register(void)
{
	struct nf_conntrack_helper *h = kzalloc(sizeof(*h), GFP_KERNEL);
	struct nf_conntrack_helper *h2 = kzalloc(sizeof(*h2), GFP_KERNEL);
	struct nf_conntrack_expect_policy bad = { .max_expected = 256 };

	want(h && h2);
	/* The name of another. */
	helper_fill(h, "ct_test", 7);
	want(nf_conntrack_helper_register(h) < 0);
	/* The port of another. */
	helper_fill(h, "ct_test2", 40);
	want(nf_conntrack_helper_register(h) < 0);
	/* Helpers in user space have no port. */
	helper_fill(h, "ct_user1", 0);
	helper_fill(h2, "ct_user2", 0);
	h->flags = NF_CT_HELPER_F_USERSPACE;
	h2->flags = NF_CT_HELPER_F_USERSPACE;
	want(!nf_conntrack_helper_register(h));
	if (nf_conntrack_helper_register(h2)) {
		nf_conntrack_helper_unregister(h);
		want(!"the second can be registered");
	}
	nf_conntrack_helper_unregister(h2);
	nf_conntrack_helper_unregister(h);
	/* More than can be counted. */
	helper_fill(h, "ct_test3", 41);
	h->expect_policy = &bad;
	h->expect_class_max = 0;
	want(nf_conntrack_helper_register(h) == -EINVAL);
out:
	kfree(h);
	kfree(h2);
	say("helpers that could be taken for another are refused");
}

static void case_names(void)
{
	struct nf_conntrack_helper *h = kzalloc(sizeof(*h), GFP_KERNEL);

	want(h);
	nf_ct_helper_init(h, NFPROTO_IPV4, IPPROTO_UDP, "ct_n", 21, 2121, 3,
			  policy, 0, help, NULL, THIS_MODULE);
	want(!strcmp(h->name, "ct_n-3"));
	want(!strcmp(h->nat_mod_name, "ip_nat_ct_n"));
	want(h->tuple.src.u.udp.port == htons(2121));
	want(!nf_conntrack_helper_register(h));
	rcu_read_lock();
	if (__nf_conntrack_helper_find("ct_n-3", NFPROTO_IPV4, IPPROTO_UDP) != h ||
	    __nf_conntrack_helper_find("ct_n-3", NFPROTO_IPV6, IPPROTO_UDP) ||
	    __nf_conntrack_helper_find("ct_n-3", NFPROTO_IPV4, IPPROTO_TCP) ||
	    __nf_conntrack_helper_find("ct_n", NFPROTO_IPV4, IPPROTO_UDP)) {
		line_bad = __LINE__;
		why_bad = "found by name, family and protocol";
	}
	rcu_read_unlock();
	nf_conntrack_helper_unregister(h);
out:
	kfree(h);
	say("a helper is found by name, family and protocol");
}

/* The helper goes: connections stay, without it, and nothing is expected. */
static void case_unregister(void)
{
	struct nf_conntrack_helper *h = kzalloc(sizeof(*h), GFP_KERNEL);
	struct nf_conn *ct = NULL, *ct2 = NULL;
	struct nf_conn_help *ext, *ext2;
	struct nf_conntrack_expect *exp = NULL;

	want(h);
	helper_fill(h, "ct_gone", 42);
	want(!nf_conntrack_helper_register(h));
	ct = master_new(16, h, 0, true);
	ct2 = master_new(17, &helper, 0, true);
	if (ct && ct2) {
		expect(ct, 0, 0, 5050, 0);
		expect(ct2, 0, 0, 5051, 0);
		/* Of another's connection, but with the helper for the child. */
		exp = exp_new(ct2, 0, 0, 5052);
		if (exp) {
			rcu_assign_pointer(exp->helper, h);
			nf_ct_expect_related(exp, 0);
		}
	}
	destroyed = 0;
	nf_conntrack_helper_unregister(h);
	want(ct && ct2 && exp);
	ext = nfct_help(ct);
	ext2 = nfct_help(ct2);
	want(!rcu_access_pointer(ext->helper));
	want(rcu_access_pointer(ext2->helper) == &helper);
	want(!nf_ct_is_dying(ct));
	want(!destroyed);
	want(!found(CLIENT, 5050) && found(CLIENT, 5051) && !found(CLIENT, 5052));
	/* Its connections go their way without. */
	want(nf_ct_delete(ct, 0, 0));
	want(!destroyed);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	master_kill(ct2);
	kfree(h);
	say("a helper that goes is taken from connections and expectations");
}

/* The sysctl nf_conntrack_expect_max is @max now. */
static void case_max(void)
{
	struct nf_conn *ct = master_new(18, &helper, 0, true);
	u16 i;

	want(ct);
	for (i = 0; i < max; i++)
		want(!expect(ct, 2, 0, 5400 + i, 0));
	want(expect(ct, 2, 0, 5399, 0) == -EMFILE);
	want(count() == max);
	/* A refresh needs no room; neither does what evicts. */
	want(!expect(ct, 2, 0, 5400, 0));
	want(count() == max);
	want(relation(CLIENT, 1, 5400) == IP_CT_RELATED);
	want(!expect(ct, 2, 0, 5399, 0));
out:
	master_kill(ct);
	say("nf_conntrack_expect_max is the limit of all");
}

static int __init expect_kernel_init(void)
{
	int err;

	report = kvzalloc(REPORT_SIZE, GFP_KERNEL);
	if (!report)
		return -ENOMEM;

	helper_fill(&helper, "ct_test", 40);
	err = nf_conntrack_helper_register(&helper);
	if (err) {
		kvfree(report);
		return err;
	}

	if (max) {
		case_max();
	} else {
		case_init();
		case_helper();
		case_masks();
		case_port_mask();
		case_zone();
		case_child();
		case_permanent();
		case_inactive();
		case_userspace();
		case_clash();
		case_already();
		case_refresh();
		case_limits();
		case_most();
		case_timeouts();
		case_unexpect();
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
		case_pair();
#endif
		case_master_dies();
		case_remove();
		case_unconfirmed();
		case_no_help();
		case_iterate();
		case_destroy();
		case_register();
		case_names();
		case_unregister();
	}
	file = debugfs_create_file("expect_kernel", 0444, NULL, NULL, &report_fops);
	return 0;
}

static void __exit expect_kernel_exit(void)
{
	debugfs_remove(file);
	nf_conntrack_helper_unregister(&helper);
	kvfree(report);
}

module_init(expect_kernel_init);
module_exit(expect_kernel_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Checks of expectations by the exported interface");
