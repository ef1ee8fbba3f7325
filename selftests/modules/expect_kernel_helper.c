// SPDX-License-Identifier: GPL-2.0
/*
 * Cases of helpers: whose an expectation is, and helpers that come and go.
 */
#include <linux/skbuff.h>

#include "expect_kernel.h"

/* Whose helper it is: known before it is linked. */
static void case_helper(void)
{
	struct nf_conn *ct = master_new(1, &test_helper, 0, true);
	struct nf_conntrack_expect *exp = NULL;

	want(ct);
	exp = exp_new(ct, 1, CLIENT, 5000);
	want(exp);
	want(rcu_access_pointer(exp->helper) == &test_helper);
	want(!nf_ct_expect_related(exp, 0));
	want(rcu_access_pointer(exp->helper) == &test_helper);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	report_case("an expectation has its master's helper");
}

static void case_no_help(void)
{
	struct sk_buff *skb = packet_in(CLIENT, 3, 5047);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = NULL;

	want(skb);
	ct = nf_ct_get(skb, &ctinfo);
	want(ct && !nfct_help(ct));
	want(exp_add(ct, 0, 0, 5048, 0) == -ESHUTDOWN);
out:
	kfree_skb(skb);
	report_case("nothing is expected of a connection without helper extension");
}

/* The connection goes; the helper hears of it then, not when the last who knows
 * the entry has let go of it.
 */
static void case_destroy(void)
{
	struct nf_conn *ct = master_new(15, &test_helper, 0, true);

	want(ct);
	test_destroyed = 0;
	test_destroyed_ct = NULL;
	want(nf_ct_delete(ct, 0, 0));
	want(test_destroyed == 1 && test_destroyed_ct == ct);
	nf_ct_put(ct);
	ct = NULL;
	want(test_destroyed == 1);
out:
	master_kill(ct);
	report_case("a helper hears of the end of a connection when it ends, once");
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
	report_case("helpers that could be taken for another are refused");
}

static void case_names(void)
{
	struct nf_conntrack_helper *h = kzalloc(sizeof(*h), GFP_KERNEL);

	want(h);
	nf_ct_helper_init(h, NFPROTO_IPV4, IPPROTO_UDP, "ct_n", 21, 2121, 3,
			  test_policy, 0, test_help, NULL, THIS_MODULE);
	want(!strcmp(h->name, "ct_n-3"));
	want(!strcmp(h->nat_mod_name, "ip_nat_ct_n"));
	want(h->tuple.src.u.udp.port == htons(2121));
	want(!nf_conntrack_helper_register(h));
	rcu_read_lock();
	if (__nf_conntrack_helper_find("ct_n-3", NFPROTO_IPV4, IPPROTO_UDP) != h ||
	    __nf_conntrack_helper_find("ct_n-3", NFPROTO_IPV6, IPPROTO_UDP) ||
	    __nf_conntrack_helper_find("ct_n-3", NFPROTO_IPV4, IPPROTO_TCP) ||
	    __nf_conntrack_helper_find("ct_n", NFPROTO_IPV4, IPPROTO_UDP))
		report_bad(__func__, __LINE__, "found by name, family and protocol");
	rcu_read_unlock();
	nf_conntrack_helper_unregister(h);
out:
	kfree(h);
	report_case("a helper is found by name, family and protocol");
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
	ct2 = master_new(17, &test_helper, 0, true);
	if (ct && ct2) {
		exp_add(ct, 0, 0, 5050, 0);
		exp_add(ct2, 0, 0, 5051, 0);
		/* Of another's connection, but with the helper for the child. */
		exp = exp_new(ct2, 0, 0, 5052);
		if (exp) {
			rcu_assign_pointer(exp->helper, h);
			nf_ct_expect_related(exp, 0);
		}
	}
	test_destroyed = 0;
	nf_conntrack_helper_unregister(h);
	want(ct && ct2 && exp);
	ext = nfct_help(ct);
	ext2 = nfct_help(ct2);
	want(!rcu_access_pointer(ext->helper));
	want(rcu_access_pointer(ext2->helper) == &test_helper);
	want(!nf_ct_is_dying(ct));
	want(!test_destroyed);
	want(!exp_found(CLIENT, 5050) && exp_found(CLIENT, 5051) && !exp_found(CLIENT, 5052));
	/* Its connections go their way without. */
	want(nf_ct_delete(ct, 0, 0));
	want(!test_destroyed);
out:
	if (exp)
		nf_ct_expect_put(exp);
	master_kill(ct);
	master_kill(ct2);
	kfree(h);
	report_case("a helper that goes is taken from connections and expectations");
}

void cases_of_helpers(void)
{
	case_helper();
	case_no_help();
	case_destroy();
	case_register();
	case_names();
	case_unregister();
}
