// SPDX-License-Identifier: GPL-2.0
/*
 * Packets from end to end: they come in batches, as a device's poll hands them
 * to the stack, by the device bench0, and go through IP and connection tracking.
 * There they end, or are forwarded by the routes that there are.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/seq_file.h>
#include <net/ip.h>

#include "ct_bench.h"

#define BATCH_MAX	256
#define HEADROOM	128

static unsigned int end_here(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;

	if (!nf_ct_get(skb, &ctinfo))
		(*(unsigned int *)priv)++;
	return NF_DROP;
}

/* Packets that came to the end without an entry. */
static unsigned int untracked;

static const struct nf_hook_ops end_ops[] = {
	{
		.hook		= end_here,
		.priv		= &untracked,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP_PRI_CONNTRACK + 1,
	},
	{
		.hook		= end_here,
		.priv		= &untracked,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP6_PRI_CONNTRACK + 1,
	},
};

static struct sk_buff *make(struct net_device *dev, const struct bench_kind *kind,
			    u32 flow, enum bench_step step)
{
	struct sk_buff *skb = alloc_skb(HEADROOM + 256, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, HEADROOM);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->dev = dev;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	bench_fill(skb, kind, flow, step);
	if (!kind->v6)
		ip_send_check(ip_hdr(skb));
	return skb;
}

/* One batch of packets of random flows; ns that the stack had it. */
static u64 run_batch(struct net_device *dev, const struct bench_kind *kind,
		     u32 flows, unsigned int size)
{
	struct sk_buff *skb;
	LIST_HEAD(batch);
	u64 start;

	while (size--) {
		u32 r = bench_random(2 * flows);

		skb = make(dev, kind, r >> 1, r & 1 ? STEP_ORIG : STEP_REPLY);
		if (skb)
			list_add_tail(&skb->list, &batch);
	}
	local_bh_disable();
	start = bench_ns();
	netif_receive_skb_list(&batch);
	start = bench_ns() - start;
	local_bh_enable();
	return start;
}

/**
 * bench_batch - packets of random flows come in batches
 * @out: tenths of a ns a packet; packets without an entry
 * @kind: kind of flows
 * @flows: that there are
 * @packets: how many
 * @what: d if they end behind connection tracking, f if they are forwarded
 * @size: packets of a batch
 *
 * Context: process.
 *
 * Return: 0, -EINVAL, -ENODEV without bench0, or the error of registering hooks.
 */
int bench_batch(struct seq_file *out, const struct bench_kind *kind, u32 flows,
		u32 packets, char what, unsigned int size)
{
	const u8 family = kind->v6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	struct net_device *dev;
	u64 ns, start;
	u32 done = 0;
	int err;

	if (!size || size > BATCH_MAX || !packets)
		return -EINVAL;
	dev = dev_get_by_name(&init_net, "bench0");
	if (!dev)
		return -ENODEV;
	err = nf_ct_netns_get(&init_net, family);
	if (err)
		goto out_dev;
	if (what == 'd')
		err = nf_register_net_hooks(&init_net, end_ops, ARRAY_SIZE(end_ops));
	if (err)
		goto out_ct;

	untracked = 0;
	start = bench_ns();
	ns = 0;
	while (done < packets) {
		ns += run_batch(dev, kind, flows, size);
		done += size;
		cond_resched();
	}
	seq_printf(out, "batch %llu\nbatch_made %llu\ninvalid %u\n",
		   div_u64(ns * 10, done),
		   div_u64((bench_ns() - start - ns) * 10, done), untracked);

	if (what == 'd')
		nf_unregister_net_hooks(&init_net, end_ops, ARRAY_SIZE(end_ops));
out_ct:
	nf_ct_netns_put(&init_net, family);
out_dev:
	dev_put(dev);
	return err;
}
