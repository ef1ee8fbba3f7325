// SPDX-License-Identifier: GPL-2.0
/*
 * Looking ahead, with the module parameter lookahead=1: packets come in batches
 * (a device's poll, lists of GRO), and a hook at the device sees all of a batch
 * before the first of them gets to connection tracking. It asks the memory for
 * the line of the index that a packet will need, and some packets later, when
 * the line is there, for the entry that stands in it. So the far accesses of
 * several packets go on at once, where a packet alone has to wait for one after
 * the other.
 *
 * All of it is a guess that may be wrong and costs nothing but time: packets may
 * end before they get to connection tracking, and zones are given to them later.
 * What is remembered is hashes; what is read is the index, under RCU. A packet's
 * hash is kept until it gets to connection tracking on the same CPU. Another
 * packet at the same address may be taken for it: what is looked up by such a
 * hash is compared as always, and if nothing is found, looked up again.
 *
 * Locks: RTNL for the list of devices. Packets: softirq, RCU.
 */
#include <linux/hash.h>
#include <linux/if_ether.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter_netdev.h>
#include <linux/percpu.h>

#include "nf_ct.h"
#include "nf_ct_table.h"

#define DISTANCE	4	/* packets between a line and its entry; 2^n */
#define MEMORY_BITS	8	/* packets whose hashes are kept */
#define MANY		16384	/* slots that are not near anyway */
#define LOOK_AGAIN	64	/* packets until the number is read again; 2^n */

static bool lookahead __read_mostly;
module_param(lookahead, bool, 0400);
MODULE_PARM_DESC(lookahead, "Prefetch for packets that come in batches");

DEFINE_STATIC_KEY_FALSE(nf_ct_ahead_key);

/**
 * struct seen - what a CPU has seen of a batch
 * @net:	namespace of the last packet; only compared with one that lives
 * @packets:	that came by
 * @worth:	the namespace has so many entries that they are far
 * @n:		hashes in @hash so far
 * @done:	of which the entries have been asked for
 * @hash:	of the last packets
 * @memory:	packets and their hashes; the packet may be gone
 */
struct seen {
	const struct net	*net;
	unsigned int		packets;
	bool			worth;
	unsigned int		n;
	unsigned int		done;
	u32			hash[DISTANCE];
	struct {
		const struct sk_buff	*skb;
		u32			hash;
	} memory[1 << MEMORY_BITS];
};

/* Made when it is wanted: of static per-CPU data all modules together have 8 kB. */
static struct seen __percpu *seen;

/* A device that packets come by. */
struct port {
	struct list_head	list;
	struct nf_hook_ops	ops;
	struct rcu_head		rcu;
};

static LIST_HEAD(ports);	/* RTNL */

/* --- packets ----------------------------------------------------------- */

static bool has_ports(u8 protonum)
{
	switch (protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	}
	return false;
}

/* The tuple, if it stands in the linear part. The packet has been checked by
 * nobody yet.
 */
static bool tuple_of(const struct sk_buff *skb, struct net *net,
		     struct nf_conntrack_tuple *tuple)
{
	unsigned int nhoff = skb_network_offset(skb);
	u8 l3num, protonum = 0;
	int dataoff;

	switch (skb->protocol) {
	case htons(ETH_P_IP):
		l3num = NFPROTO_IPV4;
		break;
	case htons(ETH_P_IPV6):
		l3num = NFPROTO_IPV6;
		break;
	default:
		return false;
	}

	dataoff = nf_ct_l4_offset(skb, nhoff, l3num, &protonum);
	if (dataoff <= 0 || !has_ports(protonum) ||
	    skb_headlen(skb) < dataoff + 2 * sizeof(__be16))
		return false;
	return nf_ct_skb_to_tuple(skb, nhoff, dataoff, l3num, protonum, net,
				  tuple);
}

/* Packets whose entries have not been asked for. */
static int pending(const struct seen *s)
{
	return s->n - s->done;
}

static void fetch_entry(struct seen *s, const struct net *net)
{
	nf_ct_table_fetch_entry(net, s->hash[s->done++ % DISTANCE]);
}

/* Is it worth while for packets of this namespace? */
static bool worth(struct seen *s, const struct net *net)
{
	if (s->net != net) {
		s->net = net;
		s->done = s->n;
		s->packets = 0;
	}
	if (!(s->packets++ % LOOK_AGAIN))
		s->worth = atomic_read(&nf_ct_pernet_priv(net)->table.slots) > MANY;
	return s->worth;
}

static unsigned int look(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	struct seen *s = this_cpu_ptr(seen);
	struct nf_conntrack_tuple tuple;
	unsigned int i;
	u32 hash;

	if (!worth(s, state->net) || !tuple_of(skb, state->net, &tuple))
		return NF_ACCEPT;

	hash = nf_ct_table_hash(state->net, &tuple, NF_CT_DEFAULT_ZONE_ID);
	nf_ct_table_fetch_line(state->net, hash);
	if (pending(s) >= DISTANCE)
		fetch_entry(s, state->net);
	s->hash[s->n++ % DISTANCE] = hash;

	i = hash_ptr(skb, MEMORY_BITS);
	s->memory[i].skb = skb;
	s->memory[i].hash = hash;
	return NF_ACCEPT;
}

/**
 * nf_ct_ahead_hash - a packet is about to be tracked: has it been seen before?
 * @skb: packet
 * @net: its namespace
 * @hash: set to what is most likely the hash of its tuple in the default zone
 *
 * With the first packet of a batch, the batch has been seen: asks for the
 * entries that are left.
 *
 * Context: any but hard interrupt, RCU read side.
 *
 * Return: true if @hash has been set.
 */
bool nf_ct_ahead_hash(const struct sk_buff *skb, const struct net *net, u32 *hash)
{
	unsigned int i = hash_ptr(skb, MEMORY_BITS);
	struct seen *s;

	/* A packet may come from a queue, and with it a process. */
	if (!in_softirq())
		return false;
	s = this_cpu_ptr(seen);
	if (s->net != net)
		return false;
	while (pending(s) > 0)
		fetch_entry(s, net);
	if (s->memory[i].skb != skb)
		return false;
	s->memory[i].skb = NULL;
	*hash = s->memory[i].hash;
	return true;
}

/* --- devices ----------------------------------------------------------- */

static void port_add(struct net_device *dev)
{
	struct port *port;
	int err = -ENOMEM;

	/* By loopback, packets come one at a time. */
	if (dev->flags & IFF_LOOPBACK)
		return;

	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (port) {
		port->ops.hook = look;
		port->ops.dev = dev;
		port->ops.pf = NFPROTO_NETDEV;
		port->ops.hooknum = NF_NETDEV_INGRESS;
		/* Not for packets that flow tables take. */
		port->ops.priority = INT_MAX;
		err = nf_register_net_hook(dev_net(dev), &port->ops);
	}
	if (err) {
		netdev_warn(dev, "nf_conntrack does not look ahead here: error %d\n", err);
		kfree(port);
		return;
	}
	list_add_tail(&port->list, &ports);
}

static void port_del(struct net_device *dev)
{
	struct port *port;

	list_for_each_entry(port, &ports, list) {
		if (port->ops.dev != dev)
			continue;
		list_del(&port->list);
		nf_unregister_net_hook(dev_net(dev), &port->ops);
		/* Dumps of hooks read it under RCU. */
		kfree_rcu(port, rcu);
		return;
	}
}

static int device_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	if (event == NETDEV_REGISTER)
		port_add(dev);
	else if (event == NETDEV_UNREGISTER)
		port_del(dev);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call	= device_event,
};

/**
 * nf_ct_ahead_init - look ahead at all devices, if the parameter says so
 *
 * Context: module init, when namespaces have an index.
 *
 * Return: 0, -ENOMEM or the error of registration.
 */
int __init nf_ct_ahead_init(void)
{
	int err;

	if (!lookahead)
		return 0;
	seen = alloc_percpu(struct seen);
	if (!seen)
		return -ENOMEM;
	err = register_netdevice_notifier(&device_notifier);
	if (err) {
		/* Devices had it for a moment. */
		synchronize_net();
		free_percpu(seen);
		return err;
	}
	static_branch_enable(&nf_ct_ahead_key);
	return 0;
}

/**
 * nf_ct_ahead_exit - no more
 *
 * Context: module exit, before namespaces lose their index.
 */
void nf_ct_ahead_exit(void)
{
	if (!lookahead)
		return;
	static_branch_disable(&nf_ct_ahead_key);
	/* All devices are unregistered on the way. */
	unregister_netdevice_notifier(&device_notifier);
	synchronize_net();
	free_percpu(seen);
}
