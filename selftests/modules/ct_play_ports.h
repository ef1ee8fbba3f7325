/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ports that NAT has chosen, and ids of ICMP queries.
 *
 * Where another flow has the port already, NAT takes one at random: two trackers
 * don't take the same. So the player remembers which were chosen, shows each as
 * a number that follows from the order in which they were, in tuples and in
 * packets with their checksums, and puts them into packets that are meant to be
 * sent there. Whether the choice lies where it must is all that is seen of it.
 *
 * Used by the player alone, one packet at a time: no locks.
 */
#ifndef _CT_PLAY_PORTS_H
#define _CT_PLAY_PORTS_H

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <net/checksum.h>
#include <net/netfilter/nf_conntrack.h>

#define PORTS_MAX	256
#define PORTS_SHOWN	61000	/* the first is shown as this */

/**
 * struct ports_end - one end of a flow in one protocol
 * @l3num: NFPROTO_IPV4 or NFPROTO_IPV6
 * @protonum: transport protocol
 * @port: port, or id
 * @addr: address
 */
struct ports_end {
	u16			l3num;
	u8			protonum;
	__be16			port;
	union nf_inet_addr	addr;
};

/**
 * struct ports - the ports of a sequence
 * @n: number of them
 * @chosen: the end that NAT has made
 * @wanted: port that it has been made from
 * @peer: the other end
 */
struct ports {
	unsigned int n;
	struct {
		struct ports_end	chosen;
		struct ports_end	peer;
		__be16			wanted;
	} port[PORTS_MAX];
};

/* What to write for the port of @own, in a packet to or from @peer. */
typedef __be16 (*ports_map)(const struct ports *ports, const struct ports_end *own,
			    const struct ports_end *peer);

static bool ports_is_icmp(u8 protonum)
{
	return protonum == IPPROTO_ICMP || protonum == IPPROTO_ICMPV6;
}

static bool ports_same_end(const struct ports_end *a, const struct ports_end *b)
{
	return a->l3num == b->l3num && a->protonum == b->protonum &&
	       nf_inet_addr_cmp(&a->addr, &b->addr) && a->port == b->port;
}

static __be16 ports_to_shown(const struct ports *ports, const struct ports_end *own,
			     const struct ports_end *peer)
{
	unsigned int i;

	for (i = 0; i < ports->n; i++)
		if (ports_same_end(&ports->port[i].chosen, own))
			return htons(PORTS_SHOWN + i);
	return own->port;
}

/* The latest counts: an earlier flow has ended. */
static __be16 ports_to_chosen(const struct ports *ports, const struct ports_end *own,
			      const struct ports_end *peer)
{
	struct ports_end other = *peer;
	unsigned int i;

	for (i = ports->n; i-- > 0;) {
		struct ports_end wanted = ports->port[i].chosen;

		wanted.port = ports->port[i].wanted;
		if (ports_is_icmp(own->protonum))
			other.port = ports->port[i].peer.port;
		if (ports_same_end(&wanted, own) &&
		    ports_same_end(&ports->port[i].peer, &other))
			return ports->port[i].chosen.port;
	}
	return own->port;
}

/* --- tuples ------------------------------------------------------------ */

/* iptables-extensions(8), SNAT: ports stay below 512, below 1024, or above. */
static bool ports_may_become(u16 wanted, u16 chosen, bool icmp)
{
	if (icmp)
		return true;
	if (wanted < 512)
		return chosen && chosen < 512;
	return wanted < 1024 ? chosen && chosen < 1024 : chosen >= 1024;
}

/* See whether NAT has chosen a port for the entry. */
static void ports_learn(struct ports *ports, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *orig = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	const struct nf_conntrack_tuple *reply = nf_ct_tuple(ct, IP_CT_DIR_REPLY);
	const bool icmp = ports_is_icmp(nf_ct_protonum(ct));
	struct ports_end chosen = {
		.l3num = nf_ct_l3num(ct), .protonum = nf_ct_protonum(ct),
		.addr = reply->dst.u3,
		.port = icmp ? reply->src.u.icmp.id : reply->dst.u.all,
	};
	struct ports_end peer = {
		.l3num = nf_ct_l3num(ct), .protonum = nf_ct_protonum(ct),
		.addr = reply->src.u3,
		.port = icmp ? 0 : reply->src.u.all,
	};
	__be16 wanted = orig->src.u.all;
	unsigned int i;

	if (chosen.port == wanted ||
	    !ports_may_become(ntohs(wanted), ntohs(chosen.port), icmp) ||
	    ports->n == PORTS_MAX)
		return;
	for (i = 0; i < ports->n; i++)
		if (ports_same_end(&ports->port[i].chosen, &chosen) &&
		    ports_same_end(&ports->port[i].peer, &peer))
			return;

	i = ports->n++;
	ports->port[i].chosen = chosen;
	ports->port[i].peer = peer;
	ports->port[i].wanted = wanted;
}

/* The ports of a tuple, as they are shown. */
static void ports_of_tuple(const struct ports *ports, const struct nf_conntrack_tuple *t,
			   __be16 *sport, __be16 *dport)
{
	struct ports_end src = {
		.l3num = t->src.l3num, .protonum = t->dst.protonum,
		.addr = t->src.u3, .port = t->src.u.all,
	};
	struct ports_end dst = {
		.l3num = t->src.l3num, .protonum = t->dst.protonum,
		.addr = t->dst.u3, .port = t->dst.u.all,
	};

	*sport = ports_to_shown(ports, &src, &dst);
	*dport = dst.port;
	if (!ports_is_icmp(src.protonum)) {
		*dport = ports_to_shown(ports, &dst, &src);
	} else if (*sport == src.port) {
		dst.port = src.port;
		*sport = ports_to_shown(ports, &dst, &src);
	}
}

/* --- packets ----------------------------------------------------------- */

/* Writes a field, and sets the checksums right that it is part of. */
static void ports_put(__be16 *field, __be16 value, __sum16 *sum, __sum16 *outer)
{
	__be16 old = *field;
	__sum16 old_sum;

	if (old == value)
		return;
	*field = value;
	if (sum) {
		old_sum = *sum;
		csum_replace2(sum, old, value);
		/* Both are zero; which it is depends on the port. */
		if (!*sum)
			*sum = CSUM_MANGLED_0;
		if (outer)
			csum_replace2(outer, (__force __be16)old_sum,
				      (__force __be16)*sum);
	}
	if (outer) {
		csum_replace2(outer, old, value);
		if (!*outer)
			*outer = CSUM_MANGLED_0;
	}
}

/* The checksum of a transport header, NULL if it has none, or not in @room. */
static __sum16 *ports_sum(u8 protonum, u8 *l4, unsigned int room)
{
	unsigned int at;
	__sum16 *sum;

	switch (protonum) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		at = 2;
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		at = 6;
		break;
	case IPPROTO_TCP:
		at = 16;
		break;
	default:
		return NULL;
	}
	if (room < at + sizeof(*sum))
		return NULL;
	sum = (__sum16 *)(l4 + at);
	return protonum == IPPROTO_UDP && !*sum ? NULL : sum;
}

/* The addresses of a packet, and where its transport header is; 0: nowhere. */
static unsigned int ports_parse(const u8 *data, unsigned int len,
				struct ports_end *src, struct ports_end *dst)
{
	const struct iphdr *iph = (const struct iphdr *)data;
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)data;
	unsigned int at;

	memset(src, 0, sizeof(*src));
	memset(dst, 0, sizeof(*dst));
	if (len >= sizeof(*iph) && iph->version == 4) {
		if (iph->frag_off & htons(IP_OFFSET))
			return 0;
		src->l3num = NFPROTO_IPV4;
		src->protonum = iph->protocol;
		src->addr.ip = iph->saddr;
		dst->addr.ip = iph->daddr;
		at = iph->ihl * 4;
	} else if (len >= sizeof(*ip6h) && ip6h->version == 6) {
		src->l3num = NFPROTO_IPV6;
		src->protonum = ip6h->nexthdr;
		src->addr.in6 = ip6h->saddr;
		dst->addr.in6 = ip6h->daddr;
		at = sizeof(*ip6h);
	} else {
		return 0;
	}
	dst->l3num = src->l3num;
	dst->protonum = src->protonum;
	return at < len ? at : 0;
}

/* Of ICMPv6, NAT writes only into echoes. */
static bool ports_is_query(u8 protonum, u8 type)
{
	if (protonum == IPPROTO_ICMPV6)
		return type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY;
	return type == ICMP_ECHO || type == ICMP_ECHOREPLY || type >= ICMP_TIMESTAMP;
}

/* The id of a query or an answer, which is of either end. */
static void ports_of_query(const struct ports *ports, ports_map map, u8 *l4,
			   struct ports_end *src, struct ports_end *dst,
			   __sum16 *sum, __sum16 *outer)
{
	__be16 *id = (__be16 *)(l4 + 4);
	__be16 value;

	src->port = *id;
	dst->port = *id;
	value = map(ports, src, dst);
	if (value == *id)
		value = map(ports, dst, src);
	ports_put(id, value, sum, outer);
}

/* Replaces the ports of a packet, and of the one that an ICMP error quotes; of
 * the latter, @outer is the checksum around it.
 */
static void ports_rewrite(const struct ports *ports, ports_map map, u8 *data,
			  unsigned int len, __sum16 *outer)
{
	struct ports_end src, dst;
	unsigned int at, room;
	__be16 *port;
	__sum16 *sum;
	u8 *l4;

	at = ports_parse(data, len, &src, &dst);
	if (!at)
		return;
	l4 = data + at;
	room = len - at;
	sum = ports_sum(src.protonum, l4, room);

	if (ports_is_icmp(src.protonum)) {
		if (room < sizeof(struct icmphdr))
			return;
		if (ports_is_query(src.protonum, *l4))
			ports_of_query(ports, map, l4, &src, &dst, sum, outer);
		else if (!outer && (src.protonum == IPPROTO_ICMP ||
				    !(*l4 & ICMPV6_INFOMSG_MASK)))
			ports_rewrite(ports, map, l4 + sizeof(struct icmphdr),
				      room - sizeof(struct icmphdr), sum);
		return;
	}

	if (room < 2 * sizeof(*port))
		return;
	port = (__be16 *)l4;
	src.port = port[0];
	dst.port = port[1];
	ports_put(&port[0], map(ports, &src, &dst), sum, outer);
	ports_put(&port[1], map(ports, &dst, &src), sum, outer);
}

#endif /* _CT_PLAY_PORTS_H */
