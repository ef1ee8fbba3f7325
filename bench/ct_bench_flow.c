// SPDX-License-Identifier: GPL-2.0
/*
 * Packets of made-up flows, and their way through connection tracking.
 *
 * A flow is a number: addresses, ports and sequence numbers follow from it, so
 * that nothing needs to be remembered of a flow that would cost the benchmark
 * far accesses of its own. One buffer serves for all packets.
 */
#include <linux/icmp.h>
#include <linux/module.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_nat.h>

#include "ct_bench.h"

#define CLIENTS		0x0a000000	/* 10.0.0.0/8 */
#define TRANSLATED	0x0b000000	/* 11.0.0.0/8 */
#define SERVERS		0xc6120000	/* 198.18.0.0/16 */
#define ISN_ORIG	1000
#define ISN_REPLY	5000

#define CPUS		2

static struct sk_buff *packets[CPUS][2];	/* two a CPU, for clashes */
static u32 window;

/* BH disabled: nobody else uses them on this CPU. */
static struct sk_buff **my_packets(void)
{
	return packets[smp_processor_id() % CPUS];
}

static u32 client(u32 flow)
{
	return CLIENTS | flow >> 5;
}

static u32 translated(u32 flow)
{
	return TRANSLATED | flow >> 5;
}

static __be16 client_port(u32 flow)
{
	return htons(1024 + (flow & 31) * 1009);
}

static u32 server(u32 flow)
{
	return SERVERS | (flow & 255);
}

static bool is_reply(enum bench_step step)
{
	return step == STEP_ANSWER || step == STEP_REPLY ||
	       step == STEP_FIN_REPLY;
}

static void v6_address(struct in6_addr *addr, u32 v4)
{
	ipv6_addr_set(addr, htonl(0xfd000000), 0, htonl(0x1), htonl(v4));
}

static void put_tcp(struct tcphdr *th, enum bench_step step)
{
	bool reply = is_reply(step);
	u32 seq = reply ? ISN_REPLY + 1 : ISN_ORIG + 1;
	u32 ack = reply ? ISN_ORIG + 1 : ISN_REPLY + 1;

	memset((void *)th + 4, 0, sizeof(*th) - 4);
	th->doff = sizeof(*th) / 4;
	/* Never twice the same, so that nothing looks like sent again. */
	th->window = htons(50000 + (window++ & 4095));
	th->ack = 1;

	switch (step) {
	case STEP_FIRST:
		seq = ISN_ORIG;
		ack = 0;
		th->syn = 1;
		th->ack = 0;
		break;
	case STEP_ANSWER:
		seq = ISN_REPLY;
		th->syn = 1;
		break;
	case STEP_FIN_ORIG:
		th->fin = 1;
		break;
	case STEP_FIN_REPLY:
		ack++;
		th->fin = 1;
		break;
	case STEP_LAST:
		seq++;
		ack++;
		break;
	case STEP_FLAGS:
		th->syn = 1;
		th->rst = 1;
		break;
	case STEP_OUTSIDE:
		seq += 100000000;
		break;
	default:
		break;
	}
	th->seq = htonl(seq);
	th->ack_seq = htonl(ack);
}

/* The transport header. Its length. */
static unsigned int put_l4(void *at, const struct bench_kind *kind, u32 flow,
			   enum bench_step step)
{
	__be16 *port = at;
	__be16 to = htons(kind->proto == IPPROTO_TCP ? 443 : 53);

	port[0] = is_reply(step) ? to : client_port(flow);
	port[1] = is_reply(step) ? client_port(flow) : to;
	if (kind->proto == IPPROTO_UDP) {
		struct udphdr *uh = at;

		uh->len = htons(sizeof(*uh) + 8);
		uh->check = 0;
		return sizeof(*uh) + 8;
	}
	put_tcp(at, step);
	return sizeof(struct tcphdr);
}

static unsigned int put_v4(void *at, const struct bench_kind *kind, u32 flow,
			   enum bench_step step)
{
	struct iphdr *iph = at;
	unsigned int len;

	len = sizeof(*iph) + put_l4(iph + 1, kind, flow, step);
	memset(iph, 0, sizeof(*iph));
	iph->version = 4;
	iph->ihl = 5;
	iph->ttl = 64;
	iph->protocol = kind->proto;
	iph->tot_len = htons(len);
	if (is_reply(step)) {
		iph->saddr = htonl(server(flow));
		iph->daddr = htonl(kind->nat ? translated(flow) : client(flow));
	} else {
		iph->saddr = htonl(client(flow));
		iph->daddr = htonl(server(flow));
	}
	return len;
}

static unsigned int put_v6(void *at, const struct bench_kind *kind, u32 flow,
			   enum bench_step step)
{
	struct ipv6hdr *ip6h = at;
	unsigned int len = put_l4(ip6h + 1, kind, flow, step);

	memset(ip6h, 0, sizeof(*ip6h));
	ip6h->version = 6;
	ip6h->hop_limit = 64;
	ip6h->nexthdr = kind->proto;
	ip6h->payload_len = htons(len);
	v6_address(&ip6h->saddr, is_reply(step) ? server(flow) : client(flow));
	v6_address(&ip6h->daddr, is_reply(step) ? client(flow) : server(flow));
	return len + sizeof(*ip6h);
}

/* The server can't be reached, a router says. */
static unsigned int put_error(void *at, const struct bench_kind *kind, u32 flow)
{
	struct iphdr *iph = at;
	struct icmphdr *icmph = (struct icmphdr *)(iph + 1);
	unsigned int len;

	len = put_v4(icmph + 1, kind, flow, STEP_ORIG);
	memset(at, 0, sizeof(*iph) + sizeof(*icmph));
	len += sizeof(*iph) + sizeof(*icmph);
	iph->version = 4;
	iph->ihl = 5;
	iph->ttl = 64;
	iph->protocol = IPPROTO_ICMP;
	iph->tot_len = htons(len);
	iph->saddr = htonl(SERVERS | 0xffff);
	iph->daddr = htonl(client(flow));
	icmph->type = ICMP_DEST_UNREACH;
	icmph->code = ICMP_HOST_UNREACH;
	return len;
}

/**
 * bench_fill - make a packet of a flow
 * @skb: linear, empty, with room for its headers
 * @kind: kind of the flow
 * @flow: its number
 * @step: what the packet is
 *
 * Context: any.
 */
void bench_fill(struct sk_buff *skb, const struct bench_kind *kind, u32 flow,
		enum bench_step step)
{
	unsigned int len;

	if (step == STEP_ERROR)
		len = put_error(skb->data, kind, flow);
	else if (kind->v6)
		len = put_v6(skb->data, kind, flow, step);
	else
		len = put_v4(skb->data, kind, flow, step);

	skb->len = len;
	skb_set_tail_pointer(skb, len);
	skb->protocol = kind->v6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
}

static void translate(const struct bench_kind *kind, u32 flow,
		      struct sk_buff *skb)
{
	struct nf_nat_range2 range = {
		.flags		= NF_NAT_RANGE_MAP_IPS,
		.min_addr.ip	= htonl(translated(flow)),
		.max_addr.ip	= htonl(translated(flow)),
	};
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (ct && nf_ct_nat_ext_add(ct))
		nf_nat_setup_info(ct, &range, NF_NAT_MANIP_SRC);
}

static struct net *net_of(const struct bench_kind *kind)
{
	return kind->net ?: &init_net;
}

static unsigned int enter(const struct bench_kind *kind, struct sk_buff *skb)
{
	struct net *net = net_of(kind);
	struct nf_hook_state state = {
		.hook	= NF_INET_PRE_ROUTING,
		.pf	= kind->v6 ? NFPROTO_IPV6 : NFPROTO_IPV4,
		.in	= net->loopback_dev,
		.net	= net,
	};

	return nf_conntrack_in(skb, &state);
}

/**
 * bench_send - a packet of a flow comes and leaves
 * @kind: kind of the flow
 * @flow: its number
 * @step: what the packet is
 *
 * Context: BH disabled, RCU read side.
 *
 * Return: the packet's relation to its entry (enum ip_conntrack_info), -ENOENT
 * if it got none (INVALID), -EPERM if it was dropped.
 */
int bench_send(const struct bench_kind *kind, u32 flow, enum bench_step step)
{
	struct sk_buff *skb = my_packets()[0];
	enum ip_conntrack_info ctinfo;
	int ret = -EPERM;

	bench_fill(skb, kind, flow, step);
	if (enter(kind, skb) != NF_ACCEPT)
		goto out;
	if (kind->nat && step == STEP_FIRST)
		translate(kind, flow, skb);
	if (nf_conntrack_confirm(skb) != NF_ACCEPT)
		goto out;
	ret = nf_ct_get(skb, &ctinfo) ? ctinfo : -ENOENT;
out:
	nf_reset_ct(skb);
	return ret;
}

/**
 * bench_clash - two first packets of a flow come before either leaves
 * @kind: kind of the flow
 * @flow: its number
 *
 * Context: BH disabled, RCU read side.
 */
void bench_clash(const struct bench_kind *kind, u32 flow)
{
	struct sk_buff **packet = my_packets();
	unsigned int i;

	for (i = 0; i < 2; i++) {
		bench_fill(packet[i], kind, flow, STEP_FIRST);
		enter(kind, packet[i]);
	}
	for (i = 0; i < 2; i++) {
		nf_conntrack_confirm(packet[i]);
		nf_reset_ct(packet[i]);
	}
}

static struct nf_conn *find(const struct bench_kind *kind, u32 flow)
{
	struct nf_conntrack_tuple tuple = {};
	struct nf_conntrack_tuple_hash *h;

	tuple.src.l3num = NFPROTO_IPV4;
	tuple.dst.protonum = kind->proto;
	tuple.src.u3.ip = htonl(client(flow));
	tuple.dst.u3.ip = htonl(server(flow));
	tuple.src.u.all = client_port(flow);
	tuple.dst.u.all = htons(kind->proto == IPPROTO_TCP ? 443 : 53);
	h = nf_conntrack_find_get(net_of(kind), &nf_ct_zone_dflt, &tuple);
	return h ? nf_ct_tuplehash_to_ctrack(h) : NULL;
}

/**
 * bench_lookup - look a flow up without a packet
 * @kind: kind of the flow, IPv4
 * @flow: its number
 *
 * Context: any.
 *
 * Return: true if it was found.
 */
bool bench_lookup(const struct bench_kind *kind, u32 flow)
{
	struct nf_conn *ct = find(kind, flow);

	if (ct)
		nf_ct_put(ct);
	return ct;
}

/**
 * bench_forget - delete a flow
 * @kind: kind of the flow, IPv4
 * @flow: its number
 *
 * Context: any but hard interrupt.
 */
void bench_forget(const struct bench_kind *kind, u32 flow)
{
	struct nf_conn *ct = find(kind, flow);

	if (ct) {
		nf_ct_delete(ct, 0, 0);
		nf_ct_put(ct);
	}
}

/**
 * bench_flow_exit - free the buffers
 */
void bench_flow_exit(void)
{
	unsigned int i;

	for (i = 0; i < CPUS * 2; i++)
		kfree_skb(packets[i / 2][i % 2]);
}

/**
 * bench_flow_init - buffers for packets
 *
 * Return: 0 or -ENOMEM.
 */
int bench_flow_init(void)
{
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < CPUS * 2; i++) {
		skb = alloc_skb(512, GFP_KERNEL);
		packets[i / 2][i % 2] = skb;
		if (!skb) {
			bench_flow_exit();
			return -ENOMEM;
		}
		skb_reserve(skb, 64);
		skb_reset_network_header(skb);
		skb->dev = init_net.loopback_dev;
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	}
	return 0;
}
