// SPDX-License-Identifier: GPL-2.0
/*
 * Cases of expectations: what fits, clashes, limits, timeouts, masters that go.
 */
#include <linux/delay.h>
#include <linux/skbuff.h>

#include "expect_kernel.h"

static int exp_add_flags(struct nf_conn *ct, u16 port, unsigned int flags)
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

/* The relation of such a packet; it leaves, and its entry goes again. */
static int packet_relation(u32 src, u16 sport, u16 port)
{
	struct sk_buff *skb = packet_in(src, sport, port);
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

static void case_init(void)
{
	struct nf_conn *ct = master_new(1, &test_helper, 0, true);
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
	report_case("alloc and init fill in what is expected");
}

static void case_masks(void)
{
	struct nf_conn *ct = master_new(2, &test_helper, 0, true);

	want(ct);
	want(!exp_add(ct, 2, CLIENT, 5001, 0));
	want(!exp_add(ct, 2, 0, 5002, 0));
	want(exp_found(CLIENT, 5001) && !exp_found(OTHER, 5001));
	want(exp_found(CLIENT, 5002) && exp_found(OTHER, 5002));
	want(!exp_found(CLIENT, 5003));
	want(!exp_found_in(CLIENT, 5001, 1));
	want(packet_relation(OTHER, 1, 5001) == IP_CT_NEW);
	want(exp_found(CLIENT, 5001));
	want(packet_relation(CLIENT, 1, 5001) == IP_CT_RELATED);
	want(!exp_found(CLIENT, 5001));
	want(packet_relation(CLIENT, 1, 5001) == IP_CT_NEW);
	want(packet_relation(OTHER, 2, 5002) == IP_CT_RELATED);
	want(packet_relation(OTHER, 2, 5002) == IP_CT_NEW);
	want(exp_count() == 0);
out:
	master_kill(ct);
	report_case("masks: what fits is related, once; what does not is new");
}

static void case_port_mask(void)
{
	struct nf_conn *ct = master_new(2, &test_helper, 0, true);
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
	want(packet_relation(CLIENT, 778, 5004) == IP_CT_NEW);
	want(packet_relation(0x0a630101, 777, 5004) == IP_CT_NEW);
	want(packet_relation(0x0a6300fe, 777, 5004) == IP_CT_RELATED);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	report_case("masks: a source port and a network");
}

static void case_zone(void)
{
	struct nf_conn *ct = master_new(2, &test_helper, 5, true);

	want(ct);
	want(!exp_add(ct, 0, 0, 5005, 0));
	want(!exp_found_in(CLIENT, 5005, 0) && !exp_found_in(CLIENT, 5005, 6));
	want(exp_found_in(CLIENT, 5005, 5));
	want(packet_relation(CLIENT, 1, 5005) == IP_CT_NEW);
out:
	master_kill(ct);
	report_case("an expectation is in the zone of its master");
}

static unsigned int expected;

static void note_expected(struct nf_conn *new, struct nf_conntrack_expect *exp)
{
	expected++;
	if (new->master != exp->master || nf_ct_is_confirmed(new) ||
	    !test_bit(IPS_EXPECTED_BIT, &new->status))
		expected += 100;
}

static void case_child(void)
{
	struct nf_conn *ct = master_new(3, &test_helper, 0, true), *child;
	struct nf_conntrack_expect *exp = NULL;
	enum ip_conntrack_info ctinfo;
	struct nf_conn_help *ext;
	struct sk_buff *skb = NULL;

	want(ct);
	exp = exp_new(ct, 0, 0, 5006);
	want(exp);
	exp->expectfn = note_expected;
	rcu_assign_pointer(exp->assign_helper, &test_helper);
	want(!nf_ct_expect_related(exp, 0));
	expected = 0;
	skb = packet_in(CLIENT, 9, 5006);
	want(skb);
	want(expected == 1);
	child = nf_ct_get(skb, &ctinfo);
	want(child && ctinfo == IP_CT_RELATED);
	want(child->master == ct);
	want(test_bit(IPS_EXPECTED_BIT, &child->status));
	want(child->mark == 0x77);
	ext = nfct_help(child);
	want(ext && rcu_access_pointer(ext->helper) == &test_helper);
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
	report_case("the child has its master, mark and helper; expectfn is called once");
}

static void case_permanent(void)
{
	struct nf_conn *ct = master_new(4, &test_helper, 0, true);

	want(ct);
	want(!exp_add_flags(ct, 5007, NF_CT_EXPECT_PERMANENT));
	want(packet_relation(CLIENT, 1, 5007) == IP_CT_RELATED);
	want(packet_relation(CLIENT, 2, 5007) == IP_CT_RELATED);
	want(packet_relation(OTHER, 3, 5007) == IP_CT_RELATED);
	want(exp_count() == 1);
out:
	master_kill(ct);
	report_case("a permanent one stays");
}

static void case_inactive(void)
{
	struct nf_conn *ct = master_new(4, &test_helper, 0, true);

	want(ct);
	want(!exp_add_flags(ct, 5008, NF_CT_EXPECT_INACTIVE));
	want(exp_found(CLIENT, 5008));
	want(packet_relation(CLIENT, 1, 5008) == IP_CT_NEW);
	want(exp_count() == 1);
	want(exp_add(ct, 0, CLIENT, 5008, 0) == -EBUSY);
out:
	master_kill(ct);
	report_case("an inactive one is not met, but in the way of others");
}

static void case_userspace(void)
{
	struct nf_conn *ct = master_new(4, &test_helper, 0, true);

	want(ct);
	want(!exp_add_flags(ct, 5009, NF_CT_EXPECT_USERSPACE));
	want(packet_relation(CLIENT, 1, 5009) == IP_CT_RELATED);
	want(exp_count() == 0);
out:
	master_kill(ct);
	report_case("one from user space is met like any other");
}

static void case_clash(void)
{
	struct nf_conn *ct = master_new(5, &test_helper, 0, true);
	struct nf_conn *ct2 = master_new(6, &test_helper, 0, true);

	want(ct && ct2);
	want(!exp_add(ct, 2, 0, 5010, 0));
	/* Wider, narrower, of another master: somebody else's. */
	want(exp_add(ct, 2, CLIENT, 5010, 0) == -EBUSY);
	want(exp_add(ct2, 2, 0, 5010, 0) == -EBUSY);
	want(exp_add(ct2, 2, CLIENT, 5010, 0) == -EBUSY);
	want(exp_count() == 1);
	/* Narrow ones from different sources do not meet. */
	want(!exp_add(ct, 2, CLIENT, 5011, 0));
	want(!exp_add(ct, 2, OTHER, 5011, 0));
	want(exp_add(ct, 2, 0, 5011, 0) == -EBUSY);
	want(exp_count() == 3);
out:
	master_kill(ct);
	master_kill(ct2);
	report_case("what could be taken for another is refused with EBUSY");
}

static void case_already(void)
{
	struct nf_conn *ct = master_new(5, &test_helper, 0, true);
	struct nf_conn *ct2 = master_new(6, &test_helper, 0, true);

	want(ct && ct2);
	want(!exp_add(ct, 2, 0, 5012, 0));
	want(exp_add(ct, 0, 0, 5012, 0) == -EALREADY);
	want(exp_add(ct2, 2, 0, 5012, NF_CT_EXP_F_SKIP_MASTER) == -EALREADY);
	want(exp_add(ct2, 0, 0, 5012, NF_CT_EXP_F_SKIP_MASTER) == -EALREADY);
	want(exp_add(ct2, 2, CLIENT, 5012, NF_CT_EXP_F_SKIP_MASTER) == -EBUSY);
	want(!exp_add(ct, 2, 0, 5012, NF_CT_EXP_F_SKIP_MASTER));
	want(exp_count() == 1);
out:
	master_kill(ct);
	master_kill(ct2);
	report_case("the same in another class or of another master: EALREADY");
}

static void case_refresh(void)
{
	struct nf_conn *ct = master_new(7, &test_helper, 0, true);
	struct nf_conntrack_expect *old = NULL, *new = NULL;
	struct nf_conn_help *ext;

	want(ct);
	old = exp_new(ct, 0, 0, 5013);
	new = exp_new(ct, 0, 0, 5013);
	want(old && new);
	want(!nf_ct_expect_related(old, 0));
	want(!nf_ct_expect_related(new, 0));
	want(exp_count() == 1);
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
	report_case("the same again takes the place of the first");
}

static void case_limits(void)
{
	struct nf_conn *ct = master_new(8, &test_helper, 0, true);
	struct nf_conn_help *ext;
	u16 i;

	want(ct);
	ext = nfct_help(ct);
	for (i = 0; i < CLASS_MAX_B; i++)
		want(!exp_add(ct, 1, 0, 5200 + i, 0));
	for (i = 0; i < CLASS_MAX_A; i++)
		want(!exp_add(ct, 0, 0, 5100 + i, 0));
	want(ext->expecting[0] == CLASS_MAX_A && ext->expecting[1] == CLASS_MAX_B);
	/* The oldest of the class goes, and no other. */
	want(!exp_add(ct, 0, 0, 5150, 0));
	want(!exp_found(CLIENT, 5100) && exp_found(CLIENT, 5101) && exp_found(CLIENT, 5150));
	want(!exp_add(ct, 0, 0, 5151, 0));
	want(!exp_found(CLIENT, 5101) && exp_found(CLIENT, 5150) && exp_found(CLIENT, 5151));
	want(exp_found(CLIENT, 5200) && exp_found(CLIENT, 5201) && exp_found(CLIENT, 5202));
	want(!exp_add(ct, 1, 0, 5250, 0));
	want(!exp_found(CLIENT, 5200) && exp_found(CLIENT, 5201) && exp_found(CLIENT, 5250));
	want(exp_found(CLIENT, 5150) && exp_found(CLIENT, 5151));
	want(ext->expecting[0] == CLASS_MAX_A && ext->expecting[1] == CLASS_MAX_B);
	/* What is met makes room. */
	want(packet_relation(CLIENT, 1, 5150) == IP_CT_RELATED);
	want(ext->expecting[0] == CLASS_MAX_A - 1);
	want(!exp_add(ct, 0, 0, 5152, 0));
	want(exp_found(CLIENT, 5151) && exp_found(CLIENT, 5152));
	want(exp_count() == CLASS_MAX_A + CLASS_MAX_B);
	/* A refresh takes no room. */
	want(!exp_add(ct, 0, 0, 5151, 0));
	want(exp_found(CLIENT, 5151) && exp_found(CLIENT, 5152));
out:
	master_kill(ct);
	report_case("each class has its limit; the oldest of a full class goes");
}

static void case_most(void)
{
	struct nf_conn *ct = master_new(8, &test_helper, 0, true);
	struct nf_conn_help *ext;
	u16 i;

	want(ct);
	ext = nfct_help(ct);
	for (i = 0; i < 300; i++)
		want(!exp_add(ct, 2, 0, 6000 + i, 0));
	want(ext->expecting[2] == 255);
	want(exp_count() == 255);
	want(!exp_found(CLIENT, 6000) && !exp_found(CLIENT, 6044));
	want(exp_found(CLIENT, 6045) && exp_found(CLIENT, 6299));
out:
	master_kill(ct);
	report_case("255 of a class at most");
}

static int left(const struct nf_conntrack_expect *exp)
{
	return (s32)(exp->timeout - (u32)jiffies) / HZ;
}

static void case_timeouts(void)
{
	struct nf_conn *ct = master_new(9, &test_helper, 0, true);
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
	want(exp_found(CLIENT, 5014) && exp_found(CLIENT, 5015));
	for (i = 0; i < 100 && !nf_ct_exp_is_expired(exp); i++)
		msleep(50);
	want(nf_ct_exp_is_expired(exp));
	want(!exp_found(CLIENT, 5015) && exp_found(CLIENT, 5014));
	want(packet_relation(CLIENT, 1, 5015) == IP_CT_NEW);
	want(exp_count() == 1);
	/* It is in nobody's way, and takes no room. */
	want(!exp_add(ct, 0, CLIENT, 5015, 0));
	want(!exp_add(ct, 1, CLIENT, 5016, 0));
	ext = nfct_help(ct);
	want(ext->expecting[1] == 1);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	report_case("each class has its timeout; what has expired is not found");
}

static void case_unexpect(void)
{
	struct nf_conn *ct = master_new(9, &test_helper, 0, true);
	struct nf_conntrack_expect *exp = NULL;

	want(ct);
	exp = exp_new(ct, 0, 0, 5017);
	want(exp && !nf_ct_expect_related(exp, 0));
	nf_ct_unexpect_related(exp);
	want(!exp_found(CLIENT, 5017) && exp_count() == 0);
	want(packet_relation(CLIENT, 1, 5017) == IP_CT_NEW);
	want(!exp_add(ct, 0, CLIENT, 5017, 0));
	want(exp_count() == 1);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	report_case("what is taken back is not expected");
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
static void case_pair(void)
{
	struct nf_conn *ct = master_new(9, &test_helper, 0, true);
	struct nf_conn *ct2 = master_new(10, &test_helper, 0, true);
	struct nf_conntrack_expect *pair[2] = {};
	struct nf_conn_help *ext;

	want(ct && ct2);
	want(!exp_add(ct2, 0, 0, 5031, 0));
	pair[0] = exp_new(ct, 2, 0, 5030);
	pair[1] = exp_new(ct, 2, 0, 5031);
	want(pair[0] && pair[1]);
	want(nf_ct_expect_related_pair(pair, 0) == -EBUSY);
	ext = nfct_help(ct);
	want(ext->expecting[2] == 0 && !exp_found(CLIENT, 5030) && exp_count() == 1);
	pair[0]->tuple.dst.u.udp.port = htons(5032);
	pair[1]->tuple.dst.u.udp.port = htons(5033);
	want(!nf_ct_expect_related_pair(pair, 0));
	want(ext->expecting[2] == 2 && exp_found(CLIENT, 5032) && exp_found(CLIENT, 5033));
	want(left(pair[0]) <= TIMEOUT_A && left(pair[1]) <= TIMEOUT_A);
	want(refcount_read(&pair[0]->use) == 2 && refcount_read(&pair[1]->use) == 2);
out:
	if (pair[0])
		nf_ct_expect_put(pair[0]);
	if (pair[1])
		nf_ct_expect_put(pair[1]);
	master_kill(ct);
	master_kill(ct2);
	report_case("two are expected, or neither");
}
#endif

static void case_master_dies(bool strict)
{
	struct nf_conn *ct = master_new(11, &test_helper, 0, true);
	struct nf_conn *ct2 = master_new(12, &test_helper, 0, true);

	want(ct && ct2);
	want(!exp_add(ct, 0, 0, 5040, 0) && !exp_add(ct, 1, 0, 5041, 0));
	want(!exp_add_flags(ct, 5042, NF_CT_EXPECT_PERMANENT));
	want(!exp_add(ct2, 0, 0, 5043, 0));
	want(exp_count() == 4);
	want(nf_ct_delete(ct, 0, 0));
	want(exp_count() == 1 && exp_found(CLIENT, 5043));
	want(packet_relation(CLIENT, 1, 5042) == IP_CT_NEW);
	if (strict) {
		want(exp_add(ct, 0, 0, 5040, 0) == -ESHUTDOWN);
		want(exp_count() == 1);
	}
out:
	master_kill(ct);
	master_kill(ct2);
	report_case("a master that dies takes along what is expected of it");
}

static void case_remove(void)
{
	struct nf_conn *ct = master_new(11, &test_helper, 0, true);

	want(ct);
	want(!exp_add(ct, 0, 0, 5044, 0) && !exp_add(ct, 1, 0, 5045, 0));
	nf_ct_remove_expectations(ct);
	want(exp_count() == 0);
	want(!exp_add(ct, 0, 0, 5044, 0));
out:
	master_kill(ct);
	report_case("nf_ct_remove_expectations() empties, no more");
}

static void case_unconfirmed(void)
{
	struct nf_conn *ct = master_new(13, &test_helper, 0, false);

	want(ct);
	want(!exp_add(ct, 0, 0, 5046, 0));
	want(exp_found(CLIENT, 5046));
	want(packet_relation(CLIENT, 1, 5046) == IP_CT_NEW);
	want(exp_found(CLIENT, 5046));
	nf_ct_put(ct);
	ct = NULL;
	want(exp_count() == 0);
out:
	if (ct)
		nf_ct_put(ct);
	report_case("a master that is not confirmed has no children");
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
	struct nf_conn *ct = master_new(14, &test_helper, 0, true);
	struct nf_conn_help *ext;
	u16 i;

	want(ct);
	for (i = 0; i < 100; i++)
		want(!exp_add(ct, 2, 0, 5300 + i, 0));
	ext = nfct_help(ct);
	nf_ct_expect_iterate_net(&init_net, odd, NULL, 0, 0);
	want(exp_count() == 50 && ext->expecting[2] == 50);
	want(exp_found(CLIENT, 5300) && !exp_found(CLIENT, 5301));
	nf_ct_expect_iterate_destroy(any, NULL);
	want(exp_count() == 0 && ext->expecting[2] == 0);
out:
	master_kill(ct);
	report_case("iterate_net and iterate_destroy unlink what fits");
}

/* The sysctl nf_conntrack_expect_max is @max now. */
void case_max(unsigned int max)
{
	struct nf_conn *ct = master_new(18, &test_helper, 0, true);
	u16 i;

	want(ct);
	for (i = 0; i < max; i++)
		want(!exp_add(ct, 2, 0, 5400 + i, 0));
	want(exp_add(ct, 2, 0, 5399, 0) == -EMFILE);
	want(exp_count() == max);
	/* A refresh needs no room; neither does what evicts. */
	want(!exp_add(ct, 2, 0, 5400, 0));
	want(exp_count() == max);
	want(packet_relation(CLIENT, 1, 5400) == IP_CT_RELATED);
	want(!exp_add(ct, 2, 0, 5399, 0));
out:
	master_kill(ct);
	report_case("nf_conntrack_expect_max is the limit of all");
}

void cases_of_expectations(bool strict)
{
	case_init();
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
	case_master_dies(strict);
	case_remove();
	case_unconfirmed();
	case_iterate();
}
