// SPDX-License-Identifier: GPL-2.0
/*
 * getsockopt(SO_ORIGINAL_DST): where a connection was headed before it was
 * redirected to this machine. Transparent proxies ask for it.
 *
 * Runs in process context. Takes the socket's lock to read its addresses.
 */
#include <linux/in.h>
#include <linux/module.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "nf_ct.h"
#include "nf_ct_proto.h"

/* What the socket sends has the tuple of the reply. */
static int original_dst(struct sock *sk, struct nf_conntrack_tuple *sent,
			struct nf_conntrack_tuple *orig)
{
	struct nf_conntrack_tuple_hash *found;
	struct nf_conn *ct;

	if (sent->dst.protonum != IPPROTO_TCP &&
	    sent->dst.protonum != IPPROTO_SCTP)
		return -ENOPROTOOPT;

	found = nf_conntrack_find_get(sock_net(sk), &nf_ct_zone_dflt, sent);
	if (!found)
		return -ENOENT;

	ct = nf_ct_tuplehash_to_ctrack(found);
	*orig = *nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	nf_ct_put(ct);
	return 0;
}

static int ipv4_get(struct sock *sk, int optval, void __user *user, int *len)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct nf_conntrack_tuple sent = { .src.l3num = NFPROTO_IPV4 };
	struct nf_conntrack_tuple orig;
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int err;

	lock_sock(sk);
	sent.src.u3.ip = inet->inet_rcv_saddr;
	sent.src.u.all = inet->inet_sport;
	sent.dst.u3.ip = inet->inet_daddr;
	sent.dst.u.all = inet->inet_dport;
	sent.dst.protonum = sk->sk_protocol;
	release_sock(sk);

	if (*len < 0 || (unsigned int)*len < sizeof(sin))
		return -EINVAL;

	err = original_dst(sk, &sent, &orig);
	if (err)
		return err;

	sin.sin_port = orig.dst.u.all;
	sin.sin_addr.s_addr = orig.dst.u3.ip;
	return copy_to_user(user, &sin, sizeof(sin)) ? -EFAULT : 0;
}

static struct nf_sockopt_ops ipv4_sockopt = {
	.pf		= PF_INET,
	.get_optmin	= SO_ORIGINAL_DST,
	.get_optmax	= SO_ORIGINAL_DST + 1,
	.get		= ipv4_get,
	.owner		= THIS_MODULE,
};

#if IS_ENABLED(CONFIG_IPV6)
static int ipv6_get(struct sock *sk, int optval, void __user *user, int *len)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct nf_conntrack_tuple sent = { .src.l3num = NFPROTO_IPV6 };
	struct nf_conntrack_tuple orig;
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	int bound, err;

	lock_sock(sk);
	sent.src.u3.in6 = sk->sk_v6_rcv_saddr;
	sent.src.u.all = inet->inet_sport;
	sent.dst.u3.in6 = sk->sk_v6_daddr;
	sent.dst.u.all = inet->inet_dport;
	sent.dst.protonum = sk->sk_protocol;
	bound = sk->sk_bound_dev_if;
	sin6.sin6_flowinfo = inet6_sk(sk)->flow_label & IPV6_FLOWINFO_MASK;
	release_sock(sk);

	if (*len < 0 || (unsigned int)*len < sizeof(sin6))
		return -EINVAL;

	err = original_dst(sk, &sent, &orig);
	if (err)
		return err;

	sin6.sin6_port = orig.dst.u.all;
	sin6.sin6_addr = orig.dst.u3.in6;
	sin6.sin6_scope_id = ipv6_iface_scope_id(&sin6.sin6_addr, bound);
	return copy_to_user(user, &sin6, sizeof(sin6)) ? -EFAULT : 0;
}

static struct nf_sockopt_ops ipv6_sockopt = {
	.pf		= NFPROTO_IPV6,
	.get_optmin	= IP6T_SO_ORIGINAL_DST,
	.get_optmax	= IP6T_SO_ORIGINAL_DST + 1,
	.get		= ipv6_get,
	.owner		= THIS_MODULE,
};
#endif

/**
 * nf_ct_sockopt_init - answer SO_ORIGINAL_DST
 *
 * Context: process.
 *
 * Return: 0, or -errno.
 */
int nf_ct_sockopt_init(void)
{
	int err = nf_register_sockopt(&ipv4_sockopt);

#if IS_ENABLED(CONFIG_IPV6)
	if (err)
		return err;

	err = nf_register_sockopt(&ipv6_sockopt);
	if (err)
		nf_unregister_sockopt(&ipv4_sockopt);
#endif
	return err;
}

/**
 * nf_ct_sockopt_exit - stop to answer; waits for calls under way
 *
 * Context: process.
 */
void nf_ct_sockopt_exit(void)
{
#if IS_ENABLED(CONFIG_IPV6)
	nf_unregister_sockopt(&ipv6_sockopt);
#endif
	nf_unregister_sockopt(&ipv4_sockopt);
}
