/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that differs between the kernels nf_ct builds on: 6.1 and 6.12, and
 * 6.18 as OpenWrt has it. The rest of the code reads as if there were one.
 */
#ifndef _NF_CT_COMPAT_H
#define _NF_CT_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "nf_ct needs Linux 6.1 or later"
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* ctl_table became const where it is handed out. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define nf_ct_ctl_table const struct ctl_table
#else
#define nf_ct_ctl_table struct ctl_table
#endif

/* Extensions carried the generation that they were made in, until 6.4. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define NF_CT_EXT_GENID
#endif

/*
 * What __nf_ct_refresh_acct() is given beyond entry and ctinfo, and how to set
 * a timeout without a packet.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define NF_CT_REFRESH_ARGS	u32 extra_jiffies, unsigned int len
#define NF_CT_REFRESH_BYTES	len
#define nf_ct_refresh_to(ct, jiffies)	nf_ct_refresh(ct, jiffies)
#else
#define NF_CT_REFRESH_ARGS	const struct sk_buff *skb, u32 extra_jiffies, \
				bool do_acct
#define NF_CT_REFRESH_BYTES	(do_acct ? skb->len : 0)
#define nf_ct_refresh_to(ct, jiffies)	nf_ct_refresh(ct, NULL, jiffies)
#endif

/* The count of users of labels became atomic. */
#ifndef CONFIG_NF_CONNTRACK_LABELS
#define nf_ct_labels_used(net)	false
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define nf_ct_labels_used(net)	(atomic_read(&(net)->ct.labels_used) > 0)
#define nf_ct_labels_use(net, n) atomic_add(n, &(net)->ct.labels_used)
#else
#define nf_ct_labels_used(net)	(READ_ONCE((net)->ct.labels_used) > 0)
/* Not atomic in the header, but made so: any 32-bit word will do. */
#define nf_ct_labels_use(net, n) \
	atomic_add(n, (atomic_t *)&(net)->ct.labels_used)
#endif

/* nf_confirm() became a netfilter hook. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define NF_CT_CONFIRM_ARGS	void *priv, struct sk_buff *skb, \
				const struct nf_hook_state *state
#else
#define NF_CT_CONFIRM_ARGS	struct sk_buff *skb, unsigned int protoff, \
				struct nf_conn *ct, enum ip_conntrack_info ctinfo
#endif

/* The sysctl that has lightweight tunnels call netfilter hooks moved away. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0) && defined(CONFIG_LWTUNNEL)
#define NF_CT_LWTUNNEL
#endif

/* Inline in the header since. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define NF_CT_ALTER_REPLY
#endif

/* Two expectations in one step, for RTP and RTCP. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define NF_CT_EXPECT_PAIR
#endif

/* Tables are registered with their length. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define nf_ct_register_sysctl(net, path, table, n) \
	register_net_sysctl_sz(net, path, table, n)
#else
#define nf_ct_register_sysctl(net, path, table, n) \
	register_net_sysctl(net, path, table)
#endif

/* Namespace of the symbols that nf_conntrack_netlink alone may use. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define NF_CT_NS	"NF_CT"
#else
#define NF_CT_NS	NF_CT
#endif

/* The text of a security mark, and its length, became one struct. */
#if defined(CONFIG_NF_CONNTRACK_SECMARK) && !defined(__GENKSYMS__)
#include <linux/security.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
#define nf_ct_secctx		lsm_context
#define nf_ct_secctx_get(secid, ctx)	security_secid_to_secctx(secid, ctx)
#define nf_ct_secctx_put(ctx)	security_release_secctx(ctx)
#else
struct nf_ct_secctx {
	char	*context;
	u32	len;
};

#define nf_ct_secctx_get(secid, ctx) \
	security_secid_to_secctx(secid, &(ctx)->context, &(ctx)->len)
#define nf_ct_secctx_put(ctx) \
	security_release_secctx((ctx)->context, (ctx)->len)
#endif
#endif

/* User-Mode Linux's headers name registers by two letters, as our tables do states. */
#ifdef CONFIG_UML
#undef ES
#undef SS
#endif

/* Multicast router solicitation, RFC 4286; has got its name since. */
#ifndef ICMPV6_MRDISC_SOL
#define ICMPV6_MRDISC_SOL	152
#endif

/* A DCCP packet without all of its header was dropped, and is INVALID now. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define NF_CT_DCCP_CUT_OFF	(-NF_DROP)
#else
#define NF_CT_DCCP_CUT_OFF	(-NF_ACCEPT)
#endif

/* Exported by the kernel, but in no header that is installed. */
struct net;
void nf_queue_nf_hook_drop(struct net *net);

#endif /* _NF_CT_COMPAT_H */
