// SPDX-License-Identifier: GPL-2.0
/*
 * FTP: expects the data connections that a control connection agrees upon.
 *
 * Only what begins a line counts (RFC 959 4.1.3): the sequence numbers behind
 * the last line ends of each side are remembered, and a packet is read only if
 * it begins at one of them. ct->lock guards them.
 */
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <linux/netfilter/nf_conntrack_ftp.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/slab.h>
#endif

#include "nf_ct.h"
#include "nf_ct_ftp_parse.h"

#define MAX_PORTS	8
#define MAX_PAYLOAD	65536

static unsigned short ports[MAX_PORTS];
static unsigned int ports_c;
module_param_array(ports, ushort, &ports_c, 0400);

static bool loose;
module_param(loose, bool, 0600);

unsigned int (*nf_nat_ftp_hook)(struct sk_buff *skb,
				enum ip_conntrack_info ctinfo,
				enum nf_ct_ftp_type type,
				unsigned int protoff,
				unsigned int matchoff,
				unsigned int matchlen,
				struct nf_conntrack_expect *exp) __read_mostly;
EXPORT_SYMBOL_GPL(nf_nat_ftp_hook);

static struct nf_conntrack_helper helpers[2 * MAX_PORTS] __read_mostly;

static const struct nf_conntrack_expect_policy policy = {
	.max_expected	= 1,
	.timeout	= 5 * 60,
};

/* --- lines ------------------------------------------------------------- */

static bool known(const struct nf_ct_ftp_master *info, int dir, u32 seq)
{
	unsigned int i;

	for (i = 0; i < info->seq_aft_nl_num[dir]; i++) {
		if (info->seq_aft_nl[dir][i] == seq)
			return true;
	}
	return false;
}

/* A line ends before @seq. Two are kept: packets may come again. */
static void remember(struct nf_ct_ftp_master *info, int dir, u32 seq)
{
	u32 *kept = info->seq_aft_nl[dir];

	if (known(info, dir, seq))
		return;
	if (info->seq_aft_nl_num[dir] < NUM_SEQ_TO_REMEMBER)
		kept[info->seq_aft_nl_num[dir]++] = seq;
	else if (before(kept[0], kept[1]))
		kept[0] = seq;
	else
		kept[1] = seq;
}

/* Does the packet begin a line? Takes note of where the next one begins. */
static bool begins_line(struct nf_conn *ct, int dir, u32 seq, u32 end,
			bool ends_line)
{
	struct nf_ct_ftp_master *info = nfct_help_data(ct);
	bool begins;

	spin_lock_bh(&ct->lock);
	/* An entry from another machine, which knew. */
	if (info->flags[dir] & NF_CT_FTP_SEQ_PICKUP) {
		info->flags[dir] &= ~NF_CT_FTP_SEQ_PICKUP;
		remember(info, dir, seq);
	}
	begins = known(info, dir, seq);
	if (ends_line)
		remember(info, dir, end);
	spin_unlock_bh(&ct->lock);
	return begins;
}

/* --- expect ------------------------------------------------------------ */

/* Is it the speaker's own address? Sets where the data connection will go. */
static bool may_expect(const struct nf_conn *ct, int dir,
		       const struct nf_ct_ftp_data *data,
		       union nf_inet_addr *daddr)
{
	const union nf_inet_addr *self = &nf_ct_tuple(ct, dir)->src.u3;
	size_t size = data->family == 4 ? 4 : 16;

	/* As the other side knows the speaker. */
	*daddr = nf_ct_tuple(ct, !dir)->dst.u3;
	if (!data->family || !memcmp(self, data->addr, size))
		return true;

	/* A third host: only if that is wanted, and no service of its own. */
	if (!loose || data->port < 1024)
		return false;
	memset(daddr, 0, sizeof(*daddr));
	memcpy(daddr, data->addr, size);
	return true;
}

static int expect(struct sk_buff *skb, struct nf_conn *ct,
		  enum ip_conntrack_info ctinfo, unsigned int protoff,
		  const struct nf_ct_ftp_data *data)
{
	int dir = CTINFO2DIR(ctinfo);
	__be16 port = htons(data->port);
	struct nf_conntrack_expect *exp;
	typeof(nf_nat_ftp_hook) nat;
	union nf_inet_addr daddr;
	int verdict = NF_ACCEPT;

	if (!may_expect(ct, dir, data, &daddr))
		return NF_ACCEPT;

	exp = nf_ct_expect_alloc(ct);
	if (!exp) {
		nf_ct_helper_log(skb, ct, "cannot alloc expectation");
		return NF_DROP;
	}
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, nf_ct_l3num(ct),
			  &nf_ct_tuple(ct, !dir)->src.u3, &daddr,
			  IPPROTO_TCP, NULL, &port);

	/* The NAT half rewrites the packet, and expects by itself. */
	nat = rcu_dereference(nf_nat_ftp_hook);
	if (nat && (ct->status & IPS_NAT_MASK)) {
		verdict = nat(skb, ctinfo, (enum nf_ct_ftp_type)data->kind,
			      protoff, data->off, data->len, exp);
	} else if (nf_ct_expect_related(exp, 0)) {
		nf_ct_helper_log(skb, ct, "cannot add expectation");
		verdict = NF_DROP;
	}
	nf_ct_expect_put(exp);
	return verdict;
}

static int read_payload(struct sk_buff *skb, struct nf_conn *ct,
			enum ip_conntrack_info ctinfo, unsigned int protoff,
			const u8 *payload, unsigned int len)
{
	enum nf_ct_ftp_side side = CTINFO2DIR(ctinfo) == IP_CT_DIR_ORIGINAL ?
				   NF_CT_FTP_CLIENT : NF_CT_FTP_SERVER;
	struct nf_ct_ftp_data data;

	switch (nf_ct_ftp_parse(payload, len, side,
				nf_ct_l3num(ct) == NFPROTO_IPV6, &data)) {
	case NF_CT_FTP_PARTIAL:
		/* It comes again, as a whole. */
		nf_ct_helper_log(skb, ct, "partial matching of command or reply");
		return NF_DROP;
	case NF_CT_FTP_ADDRESS:
	case NF_CT_FTP_PORT_ONLY:
		return expect(skb, ct, ctinfo, protoff, &data);
	case NF_CT_FTP_NOTHING:
		break;
	}
	return NF_ACCEPT;
}

static int help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
		enum ip_conntrack_info ctinfo)
{
	unsigned int dataoff, len;
	const struct tcphdr *th;
	struct tcphdr buf;
	const u8 *payload;
	u8 last, *copy = NULL;
	int verdict = NF_ACCEPT;
	u32 seq;

	if (ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY)
		return NF_ACCEPT;

	th = skb_header_pointer(skb, protoff, sizeof(buf), &buf);
	if (!th || th->doff * 4 < sizeof(*th))
		return NF_ACCEPT;
	dataoff = protoff + th->doff * 4;
	if (dataoff >= skb->len)
		return NF_ACCEPT;
	len = skb->len - dataoff;
	if (len > MAX_PAYLOAD ||
	    skb_copy_bits(skb, skb->len - 1, &last, sizeof(last)))
		return NF_ACCEPT;

	seq = ntohl(th->seq);
	if (!begins_line(ct, CTINFO2DIR(ctinfo), seq, seq + len, last == '\n'))
		return NF_ACCEPT;

	if (skb_headlen(skb) < skb->len) {
		copy = kmalloc(len, GFP_ATOMIC);
		if (!copy)
			return NF_DROP;
	}
	payload = skb_header_pointer(skb, dataoff, len, copy);
	if (payload)
		verdict = read_payload(skb, ct, ctinfo, protoff, payload, len);
	kfree(copy);
	return verdict;
}

/* An entry that netlink makes with this helper comes from another machine. */
static int from_nlattr(struct nlattr *attr, struct nf_conn *ct)
{
	struct nf_ct_ftp_master *info = nfct_help_data(ct);

	info->flags[IP_CT_DIR_ORIGINAL] |= NF_CT_FTP_SEQ_PICKUP;
	info->flags[IP_CT_DIR_REPLY] |= NF_CT_FTP_SEQ_PICKUP;
	return 0;
}

static int __init nf_ct_ftp_init(void)
{
	unsigned int i;

	NF_CT_HELPER_BUILD_BUG_ON(sizeof(struct nf_ct_ftp_master));

	if (!ports_c)
		ports[ports_c++] = FTP_PORT;

	for (i = 0; i < ports_c; i++) {
		nf_ct_helper_init(&helpers[2 * i], AF_INET, IPPROTO_TCP, "ftp",
				  FTP_PORT, ports[i], ports[i], &policy, 0,
				  help, from_nlattr, THIS_MODULE);
		nf_ct_helper_init(&helpers[2 * i + 1], AF_INET6, IPPROTO_TCP,
				  "ftp", FTP_PORT, ports[i], ports[i], &policy,
				  0, help, from_nlattr, THIS_MODULE);
	}
	return nf_conntrack_helpers_register(helpers, 2 * ports_c);
}

static void __exit nf_ct_ftp_exit(void)
{
	nf_conntrack_helpers_unregister(helpers, 2 * ports_c);
}

module_init(nf_ct_ftp_init);
module_exit(nf_ct_ftp_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("ftp connection tracking helper");
MODULE_ALIAS("ip_conntrack_ftp");
MODULE_ALIAS_NFCT_HELPER("ftp");
