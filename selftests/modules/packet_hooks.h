/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the modules share that hand packets of their own to a namespace's
 * netfilter hooks: the device and the routes, and an skb as the stack would have
 * it there.
 */
#ifndef PACKET_HOOKS_H
#define PACKET_HOOKS_H

#include <linux/err.h>
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>

/**
 * struct packet_hooks - where packets go through
 * @net: namespace
 * @dev: the device of all packets
 * @dst4: route of all IPv4 packets
 * @dst6: of all IPv6 packets
 */
struct packet_hooks {
	struct net		*net;
	struct net_device	*dev;
	struct dst_entry	*dst4;
	struct dst_entry	*dst6;
};

static inline struct dst_entry *packet_hooks_route4(struct packet_hooks *hooks)
{
	struct flowi4 fl4 = {
		.daddr = htonl(0xc0000201), .flowi4_oif = hooks->dev->ifindex,
	};
	struct rtable *rt = ip_route_output_key(hooks->net, &fl4);

	return IS_ERR(rt) ? ERR_CAST(rt) : &rt->dst;
}

static inline struct dst_entry *packet_hooks_route6(struct packet_hooks *hooks)
{
	struct flowi6 fl6 = { .flowi6_oif = hooks->dev->ifindex };
	struct dst_entry *dst;
	int err;

	fl6.daddr.s6_addr32[0] = htonl(0xfd000000);
	fl6.daddr.s6_addr32[3] = htonl(1);
	dst = ip6_route_output(hooks->net, NULL, &fl6);
	err = dst->error;
	if (err) {
		dst_release(dst);
		return ERR_PTR(err);
	}
	return dst;
}

/* The device must have routes for both families. The tracker is on from now on. */
static inline int packet_hooks_get(struct packet_hooks *hooks, struct net *net,
				   const char *device)
{
	int err;

	hooks->net = get_net(net);
	err = -ENODEV;
	hooks->dev = dev_get_by_name(net, device);
	if (!hooks->dev)
		goto err_net;
	hooks->dst4 = packet_hooks_route4(hooks);
	if (IS_ERR(hooks->dst4)) {
		err = PTR_ERR(hooks->dst4);
		goto err_dev;
	}
	hooks->dst6 = packet_hooks_route6(hooks);
	if (IS_ERR(hooks->dst6)) {
		err = PTR_ERR(hooks->dst6);
		goto err_dst4;
	}
	err = nf_ct_netns_get(net, NFPROTO_INET);
	if (err)
		goto err_dst6;
	return 0;

err_dst6:
	dst_release(hooks->dst6);
err_dst4:
	dst_release(hooks->dst4);
err_dev:
	dev_put(hooks->dev);
err_net:
	put_net(hooks->net);
	return err;
}

static inline void packet_hooks_put(struct packet_hooks *hooks)
{
	nf_ct_netns_put(hooks->net, NFPROTO_INET);
	dst_release(hooks->dst6);
	dst_release(hooks->dst4);
	dev_put(hooks->dev);
	put_net(hooks->net);
}

/* As routing would have it. */
static inline void packet_hooks_route(const struct packet_hooks *hooks,
				      struct sk_buff *skb)
{
	skb_dst_set(skb, dst_clone(skb->protocol == htons(ETH_P_IP) ? hooks->dst4 :
								      hooks->dst6));
}

/* The data of @skb begins with its network header of @header bytes, if it has
 * as many.
 */
static inline void packet_hooks_prepare(const struct packet_hooks *hooks, u8 family,
					struct sk_buff *skb, unsigned int header)
{
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, min(header, skb_headlen(skb)));
	skb->dev = hooks->dev;
	skb->pkt_type = PACKET_HOST;
	skb->protocol = htons(family == NFPROTO_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	packet_hooks_route(hooks, skb);
	memset(skb->cb, 0, sizeof(skb->cb));
	if (family == NFPROTO_IPV6) {
		IP6CB(skb)->iif = hooks->dev->ifindex;
		IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
	}
}

/* Returns what nf_hook() does: 1, 0 or an error. */
static inline int packet_hooks_pass(const struct packet_hooks *hooks, u8 family,
				    unsigned int hooknum, struct sk_buff *skb,
				    int (*okfn)(struct net *net, struct sock *sk,
						struct sk_buff *skb))
{
	struct net_device *in = hooks->dev, *out = hooks->dev;

	if (hooknum == NF_INET_PRE_ROUTING || hooknum == NF_INET_LOCAL_IN)
		out = NULL;
	else if (hooknum != NF_INET_FORWARD)
		in = NULL;
	return nf_hook(family, hooknum, hooks->net, NULL, skb, in, out, okfn);
}

#endif /* PACKET_HOOKS_H */
