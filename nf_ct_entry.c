// SPDX-License-Identifier: GPL-2.0
/*
 * The life of an entry: allocated, referred to, refreshed, deleted, freed.
 *
 * An entry is one object of a type-stable slab: struct nf_conn, for most
 * protocols without the end of its last member, which TCP, SCTP and DCCP alone need;
 * and, in half of the slabs, room behind it for the extensions that are likely to
 * be asked for (nf_ct_extend.c).
 *
 * References: one for whoever allocated it (then the packet that carries it),
 * one for the index, one for each entry whose master it is, one for each
 * consumer that says so. The last one frees.
 */
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/prefetch.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_act_ct.h>
#include <net/netfilter/nf_conntrack_synproxy.h>
#include <net/netfilter/nf_nat.h>
#endif

#include "nf_ct.h"
#include "compat/compat.h"

#define ENTRY_ALIGN	32	/* the index keeps bits below an address */

#define EXTENDED_MAX	16	/* see nf_ct_entry_learn() */

/* Room for NAT, accounting and events together. */
#define EXT_ROOM	ALIGN(sizeof(struct nf_ct_ext) + \
			      ALIGN(sizeof(struct nf_conn_nat), 8) + \
			      sizeof(struct nf_conn_acct) + \
			      sizeof(struct nf_conntrack_ecache), 8)

/* By nf_ct_proto_large(), then by whether there is room for extensions. */
static struct kmem_cache *caches[2][2] __read_mostly;
static siphash_aligned_key_t id_key __read_mostly;

/* --- allocate and free ------------------------------------------------- */

static void set_room(struct nf_conn *ct, size_t room)
{
#ifdef CONFIG_64BIT
	nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->room = room;
#endif
}

/**
 * nf_ct_entry_room - room for extensions in the entry's own object
 * @ct: entry or template
 *
 * Return: bytes behind @ct.
 */
size_t nf_ct_entry_room(struct nf_conn *ct)
{
#ifdef CONFIG_64BIT
	return nf_ct_link(ct, IP_CT_DIR_ORIGINAL)->room;
#else
	return nf_ct_is_template(ct) ? 0 : EXT_ROOM;
#endif
}

/* A lookup may just be reading the hash of what this memory was. */
static void clear_link(struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	struct nf_ct_link *link = nf_ct_link(ct, dir);

	WRITE_ONCE(link->hash, 0);
	WRITE_ONCE(link->peer, 0);
}

static struct kmem_cache *cache_of(u8 protonum, bool roomy)
{
	return caches[nf_ct_proto_large(protonum)][roomy];
}

/* Will an entry of this namespace get extensions? Some settings say so. Whether
 * rules translate, or give helpers and timeouts, is known from the entries before.
 */
static bool wants_room(const struct net *net)
{
	return net->ct.sysctl_acct || net->ct.sysctl_tstamp ||
	       rcu_access_pointer(net->ct.nf_conntrack_event_cb) ||
	       nf_ct_labels_used(net) || !IS_ENABLED(CONFIG_64BIT) ||
	       READ_ONCE(nf_ct_pernet_priv(net)->extended) > EXTENDED_MAX / 2;
}

/**
 * nf_ct_entry_learn - an entry is confirmed: has it extensions?
 * @ct: entry
 *
 * So that the next ones have room for them, or don't. A count that goes up and
 * down between bounds; two CPUs may lose a step.
 *
 * Context: any but hard interrupt.
 */
void nf_ct_entry_learn(const struct nf_conn *ct)
{
	struct nf_ct_pernet *pernet = nf_ct_pernet_priv(nf_ct_net(ct));
	u8 extended = READ_ONCE(pernet->extended);

	if (ct->ext && extended < EXTENDED_MAX)
		WRITE_ONCE(pernet->extended, extended + 1);
	else if (!ct->ext && extended)
		WRITE_ONCE(pernet->extended, extended - 1);
}

/* Count the new entry; when the table is full, another has to go for it. */
static bool admit(struct net *net)
{
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);
	unsigned int max = READ_ONCE(nf_conntrack_max);

	if (likely(atomic_inc_return(&cnet->count) <= max || !max))
		return true;
	if (nf_ct_pressure_evict(net))
		return true;

	atomic_dec(&cnet->count);
	net_warn_ratelimited("nf_conntrack: table full, dropping packet\n");
	return false;
}

/* All of a new entry is written soon: ask for its lines at once. */
static void fetch(struct nf_conn *ct)
{
	size_t at;

	for (at = SMP_CACHE_BYTES; at < sizeof(*ct); at += SMP_CACHE_BYTES)
		prefetchw((void *)ct + at);
}

/**
 * nf_conntrack_alloc - a new entry
 * @net: namespace
 * @zone: zone; copied
 * @orig: tuple of the original direction; copied
 * @repl: tuple of the reply direction; copied
 * @gfp: how to allocate
 *
 * The entry counts against nf_conntrack_max from now on. The caller has the
 * one reference to it.
 *
 * Context: any but hard interrupt, as @gfp allows.
 *
 * Return: the entry or ERR_PTR(-ENOMEM), also when the table is full and no
 * entry can be evicted.
 */
struct nf_conn *nf_conntrack_alloc(struct net *net,
				   const struct nf_conntrack_zone *zone,
				   const struct nf_conntrack_tuple *orig,
				   const struct nf_conntrack_tuple *repl,
				   gfp_t gfp)
{
	const size_t cleared = offsetof(struct nf_conn, __nfct_init_offset);
	bool roomy = wants_room(net);
	struct nf_conn *ct;

	if (!admit(net))
		return ERR_PTR(-ENOMEM);

	ct = kmem_cache_alloc(cache_of(orig->dst.protonum, roomy), gfp);
	if (!ct) {
		atomic_dec(&nf_ct_pernet(net)->count);
		return ERR_PTR(-ENOMEM);
	}

	fetch(ct);
	/* A reader may still be looking at what this memory was; it is turned
	 * away by ->status until the entry is confirmed.
	 */
	ct->status = 0;
	spin_lock_init(&ct->lock);
	ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple = *orig;
	ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.dst.dir = IP_CT_DIR_ORIGINAL;
	ct->tuplehash[IP_CT_DIR_REPLY].tuple = *repl;
	ct->tuplehash[IP_CT_DIR_REPLY].tuple.dst.dir = IP_CT_DIR_REPLY;
	clear_link(ct, IP_CT_DIR_ORIGINAL);
	clear_link(ct, IP_CT_DIR_REPLY);
	set_room(ct, roomy ? EXT_ROOM : 0);
	write_pnet(&ct->ct_net, net);
	ct->timeout = 0;
	memset((void *)ct + cleared, 0, nf_ct_entry_size(ct) - cleared);
	nf_ct_zone_add(ct, zone);

	/* Readers that get a reference now see all of the above. */
	smp_wmb();
	refcount_set(&ct->ct_general.use, 1);
	return ct;
}
EXPORT_SYMBOL_GPL(nf_conntrack_alloc);

static void forget_nat(struct nf_conn *ct)
{
	const struct nf_nat_hook *hook;

	if (!(ct->status & IPS_SRC_NAT_DONE))
		return;

	rcu_read_lock();
	hook = rcu_dereference(nf_nat_hook);
	if (hook)
		hook->remove_nat_bysrc(ct);
	rcu_read_unlock();
}

static void entry_free(struct nf_conn *ct)
{
	struct net *net = nf_ct_net(ct);
	struct kmem_cache *cache = cache_of(nf_ct_protonum(ct),
					    nf_ct_entry_room(ct));

	forget_nat(ct);
	nf_ct_helper_destroy(ct);
	nf_ct_ext_settle(ct);
	rcu_read_lock();
	nf_ct_timeout_put(ct);
	rcu_read_unlock();
	nf_ct_ext_free(ct);

	kmem_cache_free(cache, ct);
	/* Who waits for 0 takes the namespace apart: all of the above first. */
	smp_mb__before_atomic();
	atomic_dec(&nf_ct_pernet(net)->count);
}

/**
 * nf_conntrack_free - give up an entry that was never inserted
 * @ct: entry whose one reference the caller has, as nf_conntrack_alloc() gave it
 *
 * A reader that still takes the memory for what it was may hold another for a
 * moment, so it is the last of the two who frees.
 *
 * Context: any but hard interrupt.
 */
void nf_conntrack_free(struct nf_conn *ct)
{
	nf_ct_put(ct);
}
EXPORT_SYMBOL_GPL(nf_conntrack_free);

/**
 * nf_ct_destroy - the last reference to an entry is gone
 * @nfct: entry or template
 *
 * Context: any but hard interrupt.
 */
void nf_ct_destroy(struct nf_conntrack *nfct)
{
	struct nf_conn *master, *ct = nf_ct_to_nf_conn(nfct);

	WARN_ON(refcount_read(&nfct->use));

	if (unlikely(nf_ct_is_template(ct))) {
		nf_ct_tmpl_free(ct);
		return;
	}

	/* Masters have masters, as many as a client of netlink likes: a loop. */
	do {
		/* Nothing may be expected of a connection that never was
		 * confirmed and so was never deleted either.
		 */
		nf_ct_remove_expectations(ct);
		master = ct->master;
		entry_free(ct);
		ct = master;
	} while (ct && refcount_dec_and_test(&ct->ct_general.use));
}
EXPORT_SYMBOL(nf_ct_destroy);

/**
 * nf_ct_tmpl_alloc - a template, by which rules tell what an entry shall get
 * @net: namespace
 * @zone: zone for the entries made from it
 * @flags: how to allocate
 *
 * Context: as @flags allow.
 *
 * Return: the template, with one reference, or NULL.
 */
struct nf_conn *nf_ct_tmpl_alloc(struct net *net,
				 const struct nf_conntrack_zone *zone,
				 gfp_t flags)
{
	struct nf_conn *tmpl;

	/* skb->_nfct keeps three bits below the address, and kmalloc gives
	 * fewer on some machines only: powers of two are aligned to their size.
	 */
	tmpl = kzalloc(roundup_pow_of_two(sizeof(*tmpl)), flags);
	if (!tmpl)
		return NULL;

	tmpl->status = IPS_TEMPLATE;
	write_pnet(&tmpl->ct_net, net);
	nf_ct_zone_add(tmpl, zone);
	refcount_set(&tmpl->ct_general.use, 1);
	return tmpl;
}
EXPORT_SYMBOL_GPL(nf_ct_tmpl_alloc);

/**
 * nf_ct_tmpl_free - free a template that nobody refers to
 * @tmpl: template
 *
 * Context: any but hard interrupt.
 */
void nf_ct_tmpl_free(struct nf_conn *tmpl)
{
	kfree(tmpl->ext);
	kfree(tmpl);
}
EXPORT_SYMBOL_GPL(nf_ct_tmpl_free);

/**
 * nf_ct_get_id - a number that names an entry for its life
 * @ct: entry
 *
 * Keyed, so that it tells nothing about addresses in the kernel. The reply
 * tuple is left out, since NAT changes it.
 *
 * Return: the id.
 */
u32 nf_ct_get_id(const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *tuple =
		nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	u64 what;

	net_get_random_once(&id_key, sizeof(id_key));
	what = siphash(tuple, offsetof(struct nf_conntrack_tuple, dst.dir),
		       &id_key);
	return siphash_4u64((unsigned long)ct, (unsigned long)ct->master,
			    (unsigned long)nf_ct_net(ct), what, &id_key);
}
EXPORT_SYMBOL_GPL(nf_ct_get_id);

#ifdef NF_CT_ALTER_REPLY
/**
 * nf_conntrack_alter_reply - NAT has decided what replies will look like
 * @ct: entry that is not confirmed
 * @newreply: tuple of the reply direction; copied
 */
void nf_conntrack_alter_reply(struct nf_conn *ct,
			      const struct nf_conntrack_tuple *newreply)
{
	if (WARN_ON(nf_ct_is_confirmed(ct)))
		return;
	ct->tuplehash[IP_CT_DIR_REPLY].tuple = *newreply;
}
EXPORT_SYMBOL_GPL(nf_conntrack_alter_reply);
#endif

/* --- account and refresh ----------------------------------------------- */

/**
 * nf_ct_acct_add - count packets and bytes
 * @ct: entry
 * @dir: direction
 * @packets: packets to add
 * @bytes: bytes to add
 *
 * Does nothing for an entry without accounting.
 *
 * Context: any but hard interrupt.
 */
void nf_ct_acct_add(struct nf_conn *ct, u32 dir, unsigned int packets,
		    unsigned int bytes)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(ct);

	if (acct) {
		atomic64_add(packets, &acct->counter[dir].packets);
		atomic64_add(bytes, &acct->counter[dir].bytes);
	}
}
EXPORT_SYMBOL_GPL(nf_ct_acct_add);

static void refresh(struct nf_conn *ct, u32 extra_jiffies)
{
	u32 old;

	if (test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status))
		return;

	if (!nf_ct_is_confirmed(ct)) {
		ct->timeout = extra_jiffies;
		return;
	}

	extra_jiffies += nfct_time_stamp;
	old = READ_ONCE(ct->timeout);
	/* Don't dirty the line more than once a jiffy. */
	if (old == extra_jiffies)
		return;
	WRITE_ONCE(ct->timeout, extra_jiffies);
	if ((s32)(extra_jiffies - old) < 0)
		nf_ct_table_due(ct);
}

/*
 * Set an entry's timeout, and count a packet.
 *
 * Beyond the entry and the packet's relation to it, the arguments are jiffies
 * from now until it expires and, as the kernel has it, the packet or its length
 * (include/net/netfilter/nf_conntrack.h). A fixed timeout stays as it is.
 *
 * Context: softirq or process.
 */
void __nf_ct_refresh_acct(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			  NF_CT_REFRESH_ARGS)
{
	unsigned int bytes = NF_CT_REFRESH_BYTES;

	refresh(ct, extra_jiffies);
	if (bytes)
		nf_ct_acct_update(ct, CTINFO2DIR(ctinfo), bytes);
}
EXPORT_SYMBOL_GPL(__nf_ct_refresh_acct);

/**
 * __nf_ct_change_timeout - set an entry's timeout
 * @ct: entry
 * @timeout: jiffies from now
 *
 * Context: any but hard interrupt.
 *
 * Return: 0, -EPERM if the timeout is fixed, -ETIME if the entry has expired.
 */
int __nf_ct_change_timeout(struct nf_conn *ct, u64 timeout)
{
	if (test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status))
		return -EPERM;

	__nf_ct_set_timeout(ct, timeout);
	if (nf_ct_is_confirmed(ct))
		nf_ct_table_due(ct);
	if (test_bit(IPS_DYING_BIT, &ct->status))
		return -ETIME;
	return 0;
}
EXPORT_SYMBOL_GPL(__nf_ct_change_timeout);

/* --- status ------------------------------------------------------------ */

/**
 * __nf_ct_change_status - set and clear status bits on behalf of user space
 * @ct: entry
 * @on: bits to set
 * @off: bits to clear
 *
 * Bits that only the kernel may change (IPS_UNCHANGEABLE_MASK) are left alone.
 *
 * Context: any but hard interrupt.
 */
void __nf_ct_change_status(struct nf_conn *ct, unsigned long on,
			   unsigned long off)
{
	unsigned long bit;

	on &= ~(unsigned long)IPS_UNCHANGEABLE_MASK;
	off &= ~(unsigned long)IPS_UNCHANGEABLE_MASK;
	for (bit = 0; bit < __IPS_MAX_BIT; bit++) {
		if (off & BIT(bit))
			clear_bit(bit, &ct->status);
		/* An assured entry is not to be evicted, unless it is closing:
		 * of that, the packets know.
		 */
		if (on & BIT(bit) && !test_and_set_bit(bit, &ct->status) &&
		    bit == IPS_ASSURED_BIT)
			nf_ct_pressure_del(ct);
	}
}
EXPORT_SYMBOL_GPL(__nf_ct_change_status);

/**
 * nf_ct_change_status_common - set status bits on behalf of user space
 * @ct: entry
 * @status: the status that is wanted, all of it
 *
 * Context: any but hard interrupt.
 *
 * Return: 0, or -EBUSY for a change that can't be: of a bit that never changes
 * (expected, confirmed, dying), or clearing one that is never cleared.
 */
int nf_ct_change_status_common(struct nf_conn *ct, unsigned int status)
{
	const unsigned long fixed = IPS_EXPECTED | IPS_CONFIRMED | IPS_DYING;
	const unsigned long sticky = IPS_SEEN_REPLY | IPS_ASSURED;
	unsigned long now = ct->status;

	if ((now ^ status) & fixed)
		return -EBUSY;
	if (now & ~status & sticky)
		return -EBUSY;

	__nf_ct_change_status(ct, status, 0);
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_change_status_common);

/**
 * nf_ct_assure_quietly - an entry stands for a real connection
 * @ct: entry
 *
 * Sets IPS_ASSURED, once: from now on the entry is not evicted when the table
 * is full. For a protocol that has no event for it.
 *
 * Context: any but hard interrupt.
 *
 * Return: whether it was not set before.
 */
bool nf_ct_assure_quietly(struct nf_conn *ct)
{
	if (test_bit(IPS_ASSURED_BIT, &ct->status) ||
	    test_and_set_bit(IPS_ASSURED_BIT, &ct->status))
		return false;

	nf_ct_pressure_del(ct);
	return true;
}

/**
 * nf_ct_assure - an entry stands for a real connection, and listeners are told
 * @ct: entry
 *
 * Context: any but hard interrupt.
 */
void nf_ct_assure(struct nf_conn *ct)
{
	if (nf_ct_assure_quietly(ct))
		nf_conntrack_event_cache(IPCT_ASSURED, ct);
}

/* --- delete ------------------------------------------------------------ */

static void stamp_stop(struct nf_conn *ct)
{
	struct nf_conn_tstamp *tstamp = nf_conn_tstamp_find(ct);

	if (tstamp) {
		s64 late = (s32)(nfct_time_stamp - READ_ONCE(ct->timeout));
		u64 stop = tstamp->stop ?: ktime_get_real_ns();

		/* It ended when it expired, not when it was reaped. */
		if (late > 0)
			stop -= jiffies_to_nsecs(late);
		WRITE_ONCE(tstamp->stop, stop);
	}
}

/**
 * nf_ct_delete - delete an entry
 * @ct: entry to which the caller has a reference, which it keeps
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants the event, too
 *
 * What is expected of the connection goes with it. The destroy event is sent;
 * if a listener that must not miss one can't take it now, the entry is kept
 * for a later try, outside the index.
 *
 * Context: any but hard interrupt.
 *
 * Return: true if the caller is who deleted it, false if it was dying already.
 */
bool nf_ct_delete(struct nf_conn *ct, u32 portid, int report)
{
	if (test_and_set_bit(IPS_DYING_BIT, &ct->status))
		return false;

	/* An unconfirmed entry stays with its packet, which is dropped at
	 * confirmation.
	 */
	if (!nf_ct_is_confirmed(ct))
		return true;

	stamp_stop(ct);
	nf_ct_helper_destroy(ct);
	nf_ct_pressure_del(ct);
	nf_ct_table_remove(ct);
	nf_ct_remove_expectations(ct);

	/* The index's reference is ours now; it passes to the list. */
	if (nf_conntrack_event_report(IPCT_DESTROY, ct, portid, report) < 0)
		nf_ct_event_keep_dying(ct);
	else
		nf_ct_put(ct);
	return true;
}
EXPORT_SYMBOL_GPL(nf_ct_delete);

/**
 * nf_ct_kill_acct - count a packet, then delete its entry
 * @ct: entry
 * @ctinfo: the packet's relation to it
 * @skb: packet
 *
 * Context: softirq or process.
 *
 * Return: as nf_ct_delete().
 */
bool nf_ct_kill_acct(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
		     const struct sk_buff *skb)
{
	nf_ct_acct_update(ct, CTINFO2DIR(ctinfo), skb->len);
	return nf_ct_delete(ct, 0, 0);
}
EXPORT_SYMBOL_GPL(nf_ct_kill_acct);

/* --- init -------------------------------------------------------------- */

/**
 * nf_ct_entry_init - the slabs
 *
 * Context: module init.
 *
 * Return: 0 or -ENOMEM.
 */
int __init nf_ct_entry_init(void)
{
	static const struct {
		const char	*name;
		unsigned int	size;
	} slabs[2][2] = {
		{ { "nf_conntrack_small",	NF_CT_SMALL },
		  { "nf_conntrack_small_ext",	NF_CT_SMALL + EXT_ROOM } },
		{ { "nf_conntrack",		NF_CT_LARGE },
		  { "nf_conntrack_ext",		NF_CT_LARGE + EXT_ROOM } },
	};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		caches[i / 2][i % 2] =
			kmem_cache_create(slabs[i / 2][i % 2].name,
					  slabs[i / 2][i % 2].size, ENTRY_ALIGN,
					  SLAB_TYPESAFE_BY_RCU, NULL);
		if (!caches[i / 2][i % 2])
			goto fail;
	}
	return 0;
fail:
	while (i-- > 0)
		kmem_cache_destroy(caches[i / 2][i % 2]);
	return -ENOMEM;
}

/**
 * nf_ct_entry_exit - destroy the slabs
 *
 * Context: module exit, when no entry is left.
 */
void nf_ct_entry_exit(void)
{
	unsigned int i;

	/* Entries are type-stable under RCU, and freed by callbacks. */
	rcu_barrier();
	for (i = 0; i < 4; i++)
		kmem_cache_destroy(caches[i / 2][i % 2]);
}
