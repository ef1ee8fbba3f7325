/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nf_ct: what the rooms of the tracker know of each other.
 *
 * The kernel's own headers under include/net/netfilter/ are the face that
 * consumers see; this header is the inside. Nothing here is exported, but in the
 * symbol namespace NF_CT, for our own nf_conntrack_netlink.
 *
 * genksyms does not see this header: a symbol's CRC follows from the kernel
 * headers that a file includes *before* it (Documentation/abi.rst).
 *
 * Lock order, outer to inner:
 *
 *   1. nf_ct_hook_mutex            hooks of a namespace, process context
 *   2. nf_ct_table.resize_mutex    one resizer a table, process context
 *   3. nf_conntrack_expect_lock    all expectations, BH disabled
 *      ecache.dying_lock           entries whose last event waits, BH disabled
 *   4. ct->lock                    protocol state of one entry, BH disabled
 *   5. the bit lock of a line      BH disabled; several at once only in
 *                                  ascending order of their place in the
 *                                  hash space (see nf_ct_table.h)
 *   6. nf_ct_shard.lock            one list of evictable entries, BH disabled
 *
 * No other of these is taken within a lock that is not named here.
 */
#ifndef _NF_CT_H
#define _NF_CT_H

#ifndef __GENKSYMS__

#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_extend.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_conntrack_timestamp.h>
#include <net/netfilter/nf_conntrack_zones.h>

/* Stock modules have no version: by it DKMS knows that ours are others. */
#define NF_CT_VERSION	"0.1"

#include "compat/compat.h"

struct nf_ct_array;

/**
 * struct nf_ct_table - the index of one network namespace
 * @cur:	array that lookups start in; RCU, replaced under @resize_mutex
 * @key:	key of the hash, drawn when something is hashed first; immutable from then
 * @keyed:	@key has been drawn; set after it
 * @net:	the namespace; immutable
 * @slots:	slots that are taken in the index; on a cache line of its own,
 *		since each insert writes it and each lookup reads the above
 * @resize_mutex: held by whoever replaces @cur
 * @resize_work: grows the index; queued by the insert that crosses the load
 */
struct nf_ct_table {
	struct nf_ct_array __rcu *cur;
	hsiphash_key_t		key;
	bool			keyed;
	struct net		*net;
	atomic_t		slots ____cacheline_aligned_in_smp;
	struct mutex		resize_mutex;
	struct work_struct	resize_work;
} ____cacheline_aligned_in_smp;

#define NF_CT_SHARDS	16	/* lists of evictable entries a namespace */

/* Which list of its shard an entry is on, in the order of eviction. */
enum nf_ct_class {
	NF_CT_CLASS_FRESH,	/* not assured */
	NF_CT_CLASS_CLOSING,	/* assured, but the connection is over */
	NF_CT_CLASSES,
	NF_CT_CLASS_NONE = NF_CT_CLASSES,
};

/**
 * struct nf_ct_shard - entries that may go when the table is full
 * @lock:	guards both lists and the links of the entries on them
 * @head:	first (oldest) entry of each class
 * @tail:	last (newest) entry of each class
 * @n:		entries of each class; read without the lock to choose a shard
 */
struct nf_ct_shard {
	spinlock_t	lock;
	struct nf_conn	*head[NF_CT_CLASSES];
	struct nf_conn	*tail[NF_CT_CLASSES];
	unsigned int	n[NF_CT_CLASSES];
} ____cacheline_aligned_in_smp;

/**
 * struct nf_ct_pernet - what a network namespace has of the tracker
 * @base:	the part that the kernel's headers know; must come first
 * @table:	the index
 * @expiry_work: the sweep; runs while the index holds entries
 * @shard:	evictable entries, sharded by hash
 * @extended:	how many of the last entries had extensions, up to a bound
 * @auto_helper: helpers are assigned by port; nf_conntrack_helper
 * @skip_filter: established flows pass by the filter table;
 *		nf_ct_skip_mutex
 * @dying:	entries on @base.ecache.dying_list; its lock
 * @legacy:	what legacy=1 shows
 *
 * Reached by nf_ct_pernet_priv(). Lives as long as the namespace.
 */
struct nf_ct_pernet {
	struct nf_conntrack_net	base;
	struct nf_ct_table	table;
	struct delayed_work	expiry_work;
	struct nf_ct_shard	shard[NF_CT_SHARDS];
	u8			extended;
	u8			auto_helper;
	u8			skip_filter;
	unsigned int		dying;
#ifdef CONFIG_SYSCTL
	struct ctl_table_header	*legacy;
#endif
};

static inline struct nf_ct_pernet *nf_ct_pernet_priv(const struct net *net)
{
	return container_of(nf_ct_pernet(net), struct nf_ct_pernet, base);
}

/**
 * struct nf_ct_link - our use of the space of a tuplehash's hnnode
 * @hash:	hash of this direction's tuple and zone; written before the
 *		entry is inserted, immutable while it is in the index; before, that
 *		of the original direction if it is known, else 0
 * @room:	bytes for extensions behind the entry in its slab object; only in
 *		the original direction. 32-bit kernels have no room for it, and
 *		one size of object
 * @peer:	neighbour on the list of the shard, tagged with the class; the
 *		next entry in the original direction's link, the previous one
 *		in the reply's. Known to nf_ct_pressure.c alone; shard lock
 */
struct nf_ct_link {
	u32		hash;
#ifdef CONFIG_64BIT
	u32		room;
#endif
	unsigned long	peer;
};

static_assert(sizeof(struct nf_ct_link) <= sizeof(struct hlist_nulls_node));

static inline struct nf_ct_link *nf_ct_link(struct nf_conn *ct,
					    enum ip_conntrack_dir dir)
{
	return (struct nf_ct_link *)&ct->tuplehash[dir].hnnode;
}

/* nf_ct_main.c */
extern unsigned int nf_conntrack_net_id;

/* nf_ct_table.c: the index. Nobody else knows its layout. */

/**
 * struct nf_ct_pos - a place between two entries of the index
 * @hash:	hash of the last entry that was seen
 * @id:		its address, which orders entries of equal hash
 * @end:	nothing comes after this place
 *
 * All zero is the place before the first entry. A place stays good while
 * entries come and go and while the index is resized.
 */
struct nf_ct_pos {
	u32		hash;
	unsigned long	id;
	bool		end;
};

int nf_ct_table_init_net(struct net *net);
void nf_ct_table_exit_net(struct net *net);
void nf_ct_table_init(void);
void nf_ct_table_ready(bool is);

u32 nf_ct_tuple_hash(const hsiphash_key_t *key,
		     const struct nf_conntrack_tuple *tuple, u16 zone_id);
u32 nf_ct_table_hash(const struct net *net,
		     const struct nf_conntrack_tuple *tuple, u16 zone_id);
struct nf_conntrack_tuple_hash *
nf_ct_table_find(struct net *net, const struct nf_conntrack_zone *zone,
		 const struct nf_conntrack_tuple *tuple, u32 *hash);
struct nf_conntrack_tuple_hash *
nf_ct_table_find_hash(struct net *net, const struct nf_conntrack_zone *zone,
		      const struct nf_conntrack_tuple *tuple, u32 hash);
void nf_ct_table_fetch_line(const struct net *net, u32 hash);
void nf_ct_table_fetch_entry(const struct net *net, u32 hash);
void nf_ct_table_hint(struct nf_conn *ct, u32 hash);
int nf_ct_table_insert(struct nf_conn *ct, struct nf_conn **clash);
int nf_ct_table_insert_reply(struct nf_conn *ct);
void nf_ct_table_remove(struct nf_conn *ct);
void nf_ct_table_due(struct nf_conn *ct);
unsigned int nf_ct_table_walk(struct net *net, struct nf_ct_pos *pos,
			      struct nf_conn **batch, unsigned int max);
void nf_ct_table_place(struct nf_conn *ct, struct nf_ct_pos *pos);
unsigned int nf_ct_table_expired(struct net *net, struct nf_ct_pos *pos,
				 struct nf_conn **batch, unsigned int max);
int nf_ct_table_resize(struct net *net, unsigned int buckets);

/* nf_ct_ahead.c */
#ifdef CONFIG_NETFILTER_INGRESS
DECLARE_STATIC_KEY_FALSE(nf_ct_ahead_key);

int nf_ct_ahead_init(void);
void nf_ct_ahead_exit(void);
bool nf_ct_ahead_hash(const struct sk_buff *skb, const struct net *net, u32 *hash);

static inline bool nf_ct_ahead(void)
{
	return static_branch_unlikely(&nf_ct_ahead_key);
}
#else
static inline int nf_ct_ahead_init(void)
{
	return 0;
}

static inline void nf_ct_ahead_exit(void)
{
}

static inline bool nf_ct_ahead_hash(const struct sk_buff *skb,
				    const struct net *net, u32 *hash)
{
	return false;
}

static inline bool nf_ct_ahead(void)
{
	return false;
}
#endif

/* nf_ct_expiry.c */
void nf_ct_expiry_init_net(struct net *net);
void nf_ct_expiry_exit_net(struct net *net);
void nf_ct_expiry_kick(struct net *net);

/* nf_ct_proto_gre.c */
#ifdef CONFIG_NF_CT_PROTO_GRE
void nf_ct_gre_exit_net(struct net *net);
#else
static inline void nf_ct_gre_exit_net(struct net *net)
{
}
#endif

/* nf_ct_pressure.c */
void nf_ct_pressure_init_net(struct net *net);
void nf_ct_pressure_add(struct nf_conn *ct);
void nf_ct_pressure_del(struct nf_conn *ct);
void nf_ct_pressure_closing(struct nf_conn *ct);
bool nf_ct_pressure_evict(struct net *net);

/* nf_ct_entry.c */

/* Has an entry expired? What the flow table has does not. */
static inline bool nf_ct_is_over(const struct nf_conn *ct)
{
	return nf_ct_is_expired(ct) &&
	       !test_bit(IPS_OFFLOAD_BIT, &ct->status);
}

/* Has the protocol a state that takes all of union nf_conntrack_proto? */
static inline bool nf_ct_proto_large(u8 protonum)
{
	return protonum == IPPROTO_TCP || protonum == IPPROTO_SCTP ||
	       protonum == IPPROTO_DCCP;
}

/* Bytes of an entry, and of one whose protocol has not: 8 bytes do for that.
 * Counters of 64 bits lie behind, also on 32-bit kernels.
 */
#define NF_CT_LARGE	ALIGN(sizeof(struct nf_conn), 8)
#define NF_CT_SMALL	ALIGN(offsetof(struct nf_conn, proto) + 8, 8)

static_assert(sizeof_field(struct nf_conn, proto.udp) <= 8);
#ifdef CONFIG_NF_CT_PROTO_GRE
static_assert(sizeof_field(struct nf_conn, proto.gre) <= 8);
#endif

/* Bytes of an entry without the room for extensions behind it. */
static inline size_t nf_ct_entry_size(const struct nf_conn *ct)
{
	return nf_ct_proto_large(nf_ct_protonum(ct)) ? NF_CT_LARGE : NF_CT_SMALL;
}

int nf_ct_entry_init(void);
void nf_ct_entry_exit(void);
void nf_ct_assure(struct nf_conn *ct);
bool nf_ct_assure_quietly(struct nf_conn *ct);
size_t nf_ct_entry_room(struct nf_conn *ct);
void nf_ct_entry_learn(const struct nf_conn *ct);

/* nf_ct_extend.c */
void nf_ct_ext_free(struct nf_conn *ct);

/* Extensions of unconfirmed entries are not to be used any more. */
static inline void nf_ct_ext_invalidate(void)
{
#ifdef NF_CT_EXT_GENID
	nf_ct_ext_bump_genid();
#endif
}

void nf_ct_ext_settle(struct nf_conn *ct);
bool nf_ct_ext_confirm(struct nf_conn *ct);

/* nf_ct_proto_generic.c */
int nf_ct_generic_packet(struct nf_conn *ct, struct sk_buff *skb,
			 enum ip_conntrack_info ctinfo);

/* nf_ct_core.c */
int nf_ct_l4_offset(const struct sk_buff *skb, unsigned int nhoff,
		    u8 l3num, u8 *protonum);
bool nf_ct_skb_to_tuple(const struct sk_buff *skb, unsigned int nhoff,
			unsigned int dataoff, u16 l3num, u8 protonum,
			struct net *net, struct nf_conntrack_tuple *tuple);
extern const struct nf_ct_hook nf_ct_core_hook;

/* nf_ct_expect_proc.c */
#ifdef CONFIG_NF_CONNTRACK_PROCFS
int nf_ct_expect_proc_init_net(struct net *net);
void nf_ct_expect_proc_exit_net(struct net *net);
#else
static inline int nf_ct_expect_proc_init_net(struct net *net)
{
	return 0;
}

static inline void nf_ct_expect_proc_exit_net(struct net *net)
{
}
#endif

/* nf_ct_hook.c */
int nf_ct_hook_resume(struct sk_buff *skb);
int nf_ct_hook_init_net(struct net *net);
void nf_ct_hook_exit_net(struct net *net);

/* nf_ct_legacy.c */
#ifdef CONFIG_SYSCTL
int nf_ct_legacy_init_net(struct net *net);
void nf_ct_legacy_exit_net(struct net *net);
#else
static inline int nf_ct_legacy_init_net(struct net *net)
{
	return 0;
}

static inline void nf_ct_legacy_exit_net(struct net *net)
{
}
#endif

/* nf_ct_sysctl.c */
int nf_ct_sysctl_init(void);
void nf_ct_sysctl_exit(void);
int nf_ct_sysctl_init_net(struct net *net);
void nf_ct_sysctl_exit_net(struct net *net);

/* nf_ct_openwrt.c */
int nf_ct_openwrt_write(struct file *file, char *buf, size_t size);

/* nf_ct_skip_filter.c */
int nf_ct_skip_filter_set(struct net *net, bool on);

/* nf_ct_event.c */
#ifdef CONFIG_NF_CONNTRACK_EVENTS
void nf_ct_event_keep_dying(struct nf_conn *ct);
unsigned int nf_ct_event_dying(struct net *net, struct nf_conn *last,
			       struct nf_conn **batch, unsigned int max);
#else
static inline unsigned int
nf_ct_event_dying(struct net *net, struct nf_conn *last,
		  struct nf_conn **batch, unsigned int max)
{
	return 0;
}

static inline void nf_ct_event_keep_dying(struct nf_conn *ct)
{
	nf_ct_put(ct);
}
#endif

/* nf_ct_procfs.c */
#ifdef CONFIG_NF_CONNTRACK_PROCFS
int nf_ct_procfs_init_net(struct net *net);
void nf_ct_procfs_exit_net(struct net *net);
int nf_ct_procfs_legacy_init_net(struct net *net);
void nf_ct_procfs_legacy_exit_net(struct net *net);
#else
static inline int nf_ct_procfs_legacy_init_net(struct net *net)
{
	return 0;
}

static inline void nf_ct_procfs_legacy_exit_net(struct net *net)
{
}

static inline int nf_ct_procfs_init_net(struct net *net)
{
	return 0;
}

static inline void nf_ct_procfs_exit_net(struct net *net)
{
}
#endif

#endif /* __GENKSYMS__ */
#endif /* _NF_CT_H */
