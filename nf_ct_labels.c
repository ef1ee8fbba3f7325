// SPDX-License-Identifier: GPL-2.0
/*
 * Labels: 128 bits of an entry that rules and user space set.
 *
 * A namespace's entries have labels while somebody there uses them. Words are
 * changed with cmpxchg, so no lock is needed.
 */
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_labels.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#endif

#include "compat/compat.h"
#include "nf_ct.h"

/* Change the bits of @mask to those of @bits. True if that was a change. */
static bool replace_word(u32 *word, u32 mask, u32 bits)
{
	u32 old = READ_ONCE(*word), new;

	do {
		new = (old & ~mask) | (bits & mask);
		if (new == old)
			return false;
	} while (!try_cmpxchg(word, &old, new));
	return true;
}

/**
 * nf_connlabels_replace - change an entry's labels
 * @ct: entry
 * @data: new bits
 * @mask: bits that are to change
 * @words32: 32-bit words in @data and @mask; labels beyond are cleared
 *
 * Context: any but hard interrupt.
 *
 * Return: 0, -ENOSPC if the entry has no labels.
 */
int nf_connlabels_replace(struct nf_conn *ct, const u32 *data,
			  const u32 *mask, unsigned int words32)
{
	const unsigned int size = NF_CT_LABELS_MAX_SIZE / sizeof(u32);
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	bool changed = false;
	unsigned int i;
	u32 *word;

	if (!labels)
		return -ENOSPC;

	word = (u32 *)labels->bits;
	words32 = min(words32, size);
	for (i = 0; i < words32; i++)
		changed |= replace_word(&word[i], mask[i], data[i]);
	for (; i < size; i++)
		changed |= replace_word(&word[i], U32_MAX, 0);

	if (changed)
		nf_conntrack_event_cache(IPCT_LABEL, ct);
	return 0;
}
EXPORT_SYMBOL_GPL(nf_connlabels_replace);

/**
 * nf_connlabels_get - somebody uses labels in a namespace
 * @net: namespace
 * @bits: highest bit that is used
 *
 * Context: process.
 *
 * Return: 0, -ERANGE if there is no such bit.
 */
int nf_connlabels_get(struct net *net, unsigned int bits)
{
	if (bits >= NF_CT_LABELS_MAX_SIZE * BITS_PER_BYTE)
		return -ERANGE;

	BUILD_BUG_ON(NF_CT_LABELS_MAX_SIZE % sizeof(long));
	nf_ct_labels_use(net, 1);
	return 0;
}
EXPORT_SYMBOL_GPL(nf_connlabels_get);

/**
 * nf_connlabels_put - a user from nf_connlabels_get() needs them no longer
 * @net: namespace
 */
void nf_connlabels_put(struct net *net)
{
	nf_ct_labels_use(net, -1);
}
EXPORT_SYMBOL_GPL(nf_connlabels_put);
