// SPDX-License-Identifier: GPL-2.0
/*
 * What OpenWrt's kernel adds to /proc/net/nf_conntrack: it can be written to. An
 * address deletes the entries that have it in any tuple, anything else deletes
 * all of the namespace. Its firewall does so when an interface goes down.
 *
 * Built with NF_CT_OPENWRT=y alone. Takes no locks.
 */
#include <linux/inet.h>
#include <linux/seq_file.h>

#include "nf_ct.h"

/* An address and its family, or NFPROTO_UNSPEC for all. */
struct whom {
	u16			family;
	union nf_inet_addr	addr;
};

static bool has_address(const struct nf_conntrack_tuple *tuple,
			const struct whom *whom)
{
	return nf_inet_addr_cmp(&tuple->src.u3, &whom->addr) ||
	       nf_inet_addr_cmp(&tuple->dst.u3, &whom->addr);
}

static int concerned(struct nf_conn *ct, void *data)
{
	const struct whom *whom = data;

	if (whom->family == NFPROTO_UNSPEC)
		return 1;
	return nf_ct_l3num(ct) == whom->family &&
	       (has_address(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), whom) ||
		has_address(nf_ct_tuple(ct, IP_CT_DIR_REPLY), whom));
}

/**
 * nf_ct_openwrt_write - /proc/net/nf_conntrack is written
 * @file: the list
 * @buf: text, with a NUL behind it
 * @size: bytes of text
 *
 * Context: process, may sleep.
 *
 * Return: @size
 */
int nf_ct_openwrt_write(struct file *file, char *buf, size_t size)
{
	struct whom whom = { .family = NFPROTO_UNSPEC };
	struct nf_ct_iter_data iter = {
		.net = seq_file_net(file->private_data),
		.data = &whom,
	};
	const char *text = strim(buf);

	if (in4_pton(text, -1, (u8 *)&whom.addr.ip, -1, NULL))
		whom.family = NFPROTO_IPV4;
	else if (in6_pton(text, -1, (u8 *)&whom.addr.ip6, -1, NULL))
		whom.family = NFPROTO_IPV6;

	nf_ct_iterate_cleanup_net(concerned, &iter);
	return size;
}
