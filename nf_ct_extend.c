// SPDX-License-Identifier: GPL-2.0
/*
 * Extensions: what not every entry has, from accounting to helpers.
 *
 * They lie behind the entry in its own object as far as there is room, else all
 * of them in an allocation of their own, as do those of a template.
 *
 * They are added only while the entry is not confirmed, and so belongs to one
 * packet: nobody else reads ->ext while it is moved. Afterwards they stay until
 * the entry is freed.
 */
#include <linux/vmalloc.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_act_ct.h>
#include <net/netfilter/nf_conntrack_synproxy.h>
#include <net/netfilter/nf_nat.h>
#endif

#include "compat/compat.h"
#include "nf_ct.h"

#define EXT_STEP	64	/* extensions that moved out grow by this */

static const u8 ext_size[NF_CT_EXT_NUM] = {
	[NF_CT_EXT_HELPER] = sizeof(struct nf_conn_help),
#if IS_ENABLED(CONFIG_NF_NAT)
	[NF_CT_EXT_NAT] = sizeof(struct nf_conn_nat),
#endif
	[NF_CT_EXT_SEQADJ] = sizeof(struct nf_conn_seqadj),
	[NF_CT_EXT_ACCT] = sizeof(struct nf_conn_acct),
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	[NF_CT_EXT_ECACHE] = sizeof(struct nf_conntrack_ecache),
#endif
#ifdef CONFIG_NF_CONNTRACK_TIMESTAMP
	[NF_CT_EXT_TSTAMP] = sizeof(struct nf_conn_tstamp),
#endif
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	[NF_CT_EXT_TIMEOUT] = sizeof(struct nf_conn_timeout),
#endif
#ifdef CONFIG_NF_CONNTRACK_LABELS
	[NF_CT_EXT_LABELS] = sizeof(struct nf_conn_labels),
#endif
#if IS_ENABLED(CONFIG_NETFILTER_SYNPROXY)
	[NF_CT_EXT_SYNPROXY] = sizeof(struct nf_conn_synproxy),
#endif
#if IS_ENABLED(CONFIG_NET_ACT_CT)
	[NF_CT_EXT_ACT_CT] = sizeof(struct nf_conn_act_ct_ext),
#endif
};

/* Offsets and length are bytes, so all of them together must fit. */
static_assert(sizeof(struct nf_ct_ext) + ALIGN(sizeof(struct nf_conn_help), 8) +
	      ALIGN(sizeof(struct nf_conn_nat), 8) +
	      ALIGN(sizeof(struct nf_conn_seqadj), 8) +
	      ALIGN(sizeof(struct nf_conn_acct), 8) +
	      ALIGN(sizeof(struct nf_conntrack_ecache), 8) +
	      ALIGN(sizeof(struct nf_conn_tstamp), 8) +
	      ALIGN(sizeof(struct nf_conn_timeout), 8) +
	      ALIGN(sizeof(struct nf_conn_labels), 8) +
	      ALIGN(sizeof(struct nf_conn_synproxy), 8) +
	      ALIGN(sizeof(struct nf_conn_act_ct_ext), 8) <= U8_MAX);

static struct nf_ct_ext *own_ext(struct nf_conn *ct)
{
	return (struct nf_ct_ext *)((void *)ct + nf_ct_entry_size(ct));
}

/**
 * nf_ct_ext_free - free what does not lie in the entry's own object
 * @ct: entry that nobody refers to, or template
 */
void nf_ct_ext_free(struct nf_conn *ct)
{
	if (ct->ext != own_ext(ct))
		kfree(ct->ext);
	ct->ext = NULL;
}

/* Something may be expected of the connection already, if a helper in user space
 * has had its first packet: the list's head moves, too.
 */
static void move(struct nf_conn *ct, struct nf_ct_ext *ext)
{
	struct nf_ct_ext *old = ct->ext;
	struct nf_conn_help *help;

	spin_lock_bh(&nf_conntrack_expect_lock);
	memcpy(ext, old, old->len);
	if (__nf_ct_ext_exist(ext, NF_CT_EXT_HELPER)) {
		help = (void *)ext + ext->offset[NF_CT_EXT_HELPER];
		if (help->expectations.first)
			help->expectations.first->pprev = &help->expectations.first;
	}
	ct->ext = ext;
	spin_unlock_bh(&nf_conntrack_expect_lock);

	if (old != own_ext(ct))
		kfree(old);
}

/* Make ->ext hold @len bytes; what is in it is kept. */
static struct nf_ct_ext *ext_reserve(struct nf_conn *ct, size_t len, gfp_t gfp)
{
	struct nf_ct_ext *old = ct->ext, *ext;
	size_t have;

	if (!old && len <= nf_ct_entry_room(ct)) {
		ext = own_ext(ct);
	} else {
		have = !old ? 0 : old == own_ext(ct) ? nf_ct_entry_room(ct) :
		       ALIGN(old->len, EXT_STEP);
		if (len <= have)
			return old;
		ext = kmalloc(ALIGN(len, EXT_STEP), gfp);
		if (!ext)
			return NULL;
	}

	if (old) {
		move(ct, ext);
		return ext;
	}

	memset(ext, 0, sizeof(*ext));
	ext->len = sizeof(*ext);
#ifdef NF_CT_EXT_GENID
	/* A template has references to all that it points to. */
	ext->gen_id = nf_ct_is_template(ct) ? 0 :
					      atomic_read(&nf_conntrack_ext_genid);
#endif
	ct->ext = ext;
	return ext;
}

/**
 * nf_ct_ext_add - add an extension to an entry
 * @ct: entry that is not confirmed, or a template
 * @id: extension
 * @gfp: how to allocate if it does not fit
 *
 * Pointers to extensions of @ct that were looked up before are no longer good.
 *
 * Context: the owner of the unconfirmed entry.
 *
 * Return: the zeroed extension; NULL without memory, or if it is there already.
 */
void *nf_ct_ext_add(struct nf_conn *ct, enum nf_ct_ext_id id, gfp_t gfp)
{
	struct nf_ct_ext *ext;
	size_t offset;

	/* Others may be reading ->ext. */
	if (WARN_ON_ONCE(nf_ct_is_confirmed(ct)))
		return NULL;
	if (nf_ct_ext_exist(ct, id))
		return NULL;

	offset = ALIGN(ct->ext ? ct->ext->len : sizeof(struct nf_ct_ext), 8);
	ext = ext_reserve(ct, offset + ext_size[id], gfp);
	if (!ext)
		return NULL;

	ext->offset[id] = offset;
	ext->len = offset + ext_size[id];
	return memset((void *)ext + offset, 0, ext_size[id]);
}
EXPORT_SYMBOL(nf_ct_ext_add);

#ifdef NF_CT_EXT_GENID
/* This kernel's way to keep the extensions of unconfirmed entries from being
 * used once what they point to has gone: they carry the generation they were
 * made in, and confirmed entries 0.
 */
atomic_t nf_conntrack_ext_genid __read_mostly = ATOMIC_INIT(1);

void nf_ct_ext_bump_genid(void)
{
	/* 0 is for confirmed entries. */
	if (!atomic_inc_return(&nf_conntrack_ext_genid))
		atomic_inc(&nf_conntrack_ext_genid);
}

/**
 * __nf_ct_ext_find - find an extension of an entry that is not confirmed
 * @ext: extensions
 * @id: which
 *
 * Return: the extension, or NULL if it is not there or out of date.
 */
void *__nf_ct_ext_find(const struct nf_ct_ext *ext, u8 id)
{
	if (!__nf_ct_ext_exist(ext, id))
		return NULL;
	if (ext->gen_id && ext->gen_id != atomic_read(&nf_conntrack_ext_genid))
		return NULL;
	return (void *)ext + ext->offset[id];
}
EXPORT_SYMBOL(__nf_ct_ext_find);
#endif

/**
 * nf_ct_ext_settle - what an entry's extensions point to is there
 * @ct: entry that is about to be freed, whose helper was told; or one that is made
 *	and confirmed within one RCU read side, which all that goes waits for
 */
void nf_ct_ext_settle(struct nf_conn *ct)
{
#ifdef NF_CT_EXT_GENID
	if (ct->ext)
		ct->ext->gen_id = 0;
#endif
}
EXPORT_SYMBOL_NS_GPL(nf_ct_ext_settle, NF_CT_NS);

/**
 * nf_ct_ext_confirm - an entry is about to be confirmed with its extensions
 * @ct: entry
 *
 * Return: false if they point to what has gone; then it can't be confirmed.
 */
bool nf_ct_ext_confirm(struct nf_conn *ct)
{
#ifdef NF_CT_EXT_GENID
	struct nf_ct_ext *ext = ct->ext;

	if (ext && ext->gen_id) {
		if (ext->gen_id != atomic_read(&nf_conntrack_ext_genid))
			return false;
		ext->gen_id = 0;
	}
#endif
	return true;
}
