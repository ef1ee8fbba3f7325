// SPDX-License-Identifier: GPL-2.0
/*
 * Looks up known entries on one CPU while another inserts and deletes others,
 * and counts the known ones that were not found. The script that loads this
 * resizes the table and reads /proc/net/nf_conntrack meanwhile.
 *
 * Uses nothing but what nf_conntrack exports, so it runs on either module.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

static unsigned int known = 2000;
module_param(known, uint, 0444);
MODULE_PARM_DESC(known, "Entries that stay");

static unsigned int others = 20000;
module_param(others, uint, 0444);
MODULE_PARM_DESC(others, "Entries that come and go at a time");

static unsigned int lookups;
module_param(lookups, uint, 0444);
MODULE_PARM_DESC(lookups, "Lookups of known entries so far");

static unsigned int missed;
module_param(missed, uint, 0444);
MODULE_PARM_DESC(missed, "Known entries that were not found");

static unsigned int churned;
module_param(churned, uint, 0444);
MODULE_PARM_DESC(churned, "Other entries inserted and deleted so far");

static unsigned int failed;
module_param(failed, uint, 0444);
MODULE_PARM_DESC(failed, "Entries that could not be inserted");

static struct nf_conn **other;
static struct task_struct *looker, *churner;

static void tuple_of(struct nf_conntrack_tuple *tuple, u8 class, unsigned int i)
{
	memset(tuple, 0, sizeof(*tuple));
	tuple->src.l3num = NFPROTO_IPV4;
	tuple->src.u3.ip = htonl(0x0a000000 | class << 16 | (i >> 8 & 0xffff));
	tuple->dst.u3.ip = htonl(0x0b000001);
	tuple->src.u.udp.port = htons(1024 + (i & 0xff));
	tuple->dst.u.udp.port = htons(53);
	tuple->dst.protonum = IPPROTO_UDP;
}

static struct nf_conn *insert(u8 class, unsigned int i)
{
	struct nf_conntrack_tuple orig, reply;
	struct nf_conn *ct;

	tuple_of(&orig, class, i);
	if (!nf_ct_invert_tuple(&reply, &orig))
		return NULL;

	ct = nf_conntrack_alloc(&init_net, &nf_ct_zone_dflt, &orig, &reply,
				GFP_KERNEL);
	if (IS_ERR(ct))
		return NULL;

	/* The known ones are assured, so that nothing evicts them. */
	ct->status |= IPS_SEEN_REPLY | IPS_ASSURED;
	__nf_ct_set_timeout(ct, 3600 * HZ);
	if (nf_conntrack_hash_check_insert(ct)) {
		nf_conntrack_free(ct);
		return NULL;
	}
	return ct;
}

static void forget(struct nf_conn *ct)
{
	nf_ct_delete(ct, 0, 0);
	nf_ct_put(ct);
}

static bool find(u8 class, unsigned int i)
{
	struct nf_conntrack_tuple orig, reply;
	struct nf_conntrack_tuple_hash *h;

	tuple_of(&orig, class, i);
	nf_ct_invert_tuple(&reply, &orig);
	h = nf_conntrack_find_get(&init_net, &nf_ct_zone_dflt,
				  i & 1 ? &orig : &reply);
	if (h)
		nf_ct_put(nf_ct_tuplehash_to_ctrack(h));
	return h;
}

static int look(void *data)
{
	unsigned int i = 0;

	while (!kthread_should_stop()) {
		if (!find(1, i))
			missed++;
		lookups++;
		i = (i + 1) % known;
		if (!i)
			cond_resched();
	}
	return 0;
}

static int churn(void *data)
{
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < others && !kthread_should_stop(); i++) {
			other[i] = insert(2, i);
			failed += !other[i];
			cond_resched();
		}
		while (i-- > 0) {
			if (other[i])
				forget(other[i]);
			other[i] = NULL;
			churned++;
			cond_resched();
		}
	}
	return 0;
}

static int kill_ours(struct nf_conn *ct, void *data)
{
	u32 ip = ntohl(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->src.u3.ip);

	return ip >> 16 == 0x0a01 || ip >> 16 == 0x0a02;
}

static void clean(void)
{
	struct nf_ct_iter_data iter = { .net = &init_net };

	nf_ct_iterate_cleanup_net(kill_ours, &iter);
	kvfree(other);
}

static int __init ct_stress_init(void)
{
	struct nf_conn *ct;
	unsigned int i;

	other = kvcalloc(others, sizeof(*other), GFP_KERNEL);
	if (!other)
		return -ENOMEM;

	for (i = 0; i < known; i++) {
		ct = insert(1, i);
		if (!ct) {
			clean();
			return -ENOMEM;
		}
		nf_ct_put(ct);
	}

	looker = kthread_run(look, NULL, "ct_stress_look");
	if (IS_ERR(looker)) {
		clean();
		return PTR_ERR(looker);
	}
	churner = kthread_run(churn, NULL, "ct_stress_churn");
	if (IS_ERR(churner)) {
		kthread_stop(looker);
		clean();
		return PTR_ERR(churner);
	}
	return 0;
}

static void __exit ct_stress_exit(void)
{
	kthread_stop(churner);
	kthread_stop(looker);
	clean();
}

module_init(ct_stress_init);
module_exit(ct_stress_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Stress of the connection tracking table");
