// SPDX-License-Identifier: GPL-2.0
/*
 * What listeners hear: events are collected in an entry while its packet is on
 * the way, and delivered when it leaves.
 *
 * A listener may be reliable: if it can't take an event now, that event comes
 * with the entry's next one; if it was the last one (destroy), the entry is kept
 * on a list, outside the index, and a worker tries again.
 *
 * Locks: nf_ct_event_mutex for registration, process context; ct->lock for what
 * was missed; ecache.dying_lock for the list, BH disabled.
 */
#include <linux/vmalloc.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#ifndef __GENKSYMS__
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/rculist_nulls.h>
#endif

#include "nf_ct.h"

#define RETRY_SOON	(HZ / 10)	/* after a failure */
#define RETRY_BATCH	32		/* entries tried with BH enabled between */
#define DYING_MIN	65536u		/* see nf_ct_event_keep_dying() */

static DEFINE_MUTEX(nf_ct_event_mutex);

/* --- the listener ------------------------------------------------------ */

/**
 * nf_conntrack_register_notifier - somebody wants to hear events
 * @net: namespace
 * @nb: what to call; one for each namespace
 *
 * Context: process, may sleep.
 */
void nf_conntrack_register_notifier(struct net *net,
				    const struct nf_ct_event_notifier *nb)
{
	struct nf_ct_event_notifier *old;

	mutex_lock(&nf_ct_event_mutex);
	old = rcu_dereference_protected(net->ct.nf_conntrack_event_cb,
					lockdep_is_held(&nf_ct_event_mutex));
	WARN_ON_ONCE(old);
	rcu_assign_pointer(net->ct.nf_conntrack_event_cb,
			   (struct nf_ct_event_notifier *)nb);
	mutex_unlock(&nf_ct_event_mutex);
}
EXPORT_SYMBOL_GPL(nf_conntrack_register_notifier);

/**
 * nf_conntrack_unregister_notifier - nobody wants to hear events any more
 * @net: namespace
 *
 * The notifier may still be running; its module waits for a grace period.
 *
 * Context: process, may sleep.
 */
void nf_conntrack_unregister_notifier(struct net *net)
{
	mutex_lock(&nf_ct_event_mutex);
	RCU_INIT_POINTER(net->ct.nf_conntrack_event_cb, NULL);
	mutex_unlock(&nf_ct_event_mutex);
}
EXPORT_SYMBOL_GPL(nf_conntrack_unregister_notifier);

/* --- delivery ---------------------------------------------------------- */

/* What the listener could not take before. Who takes it, tells it. */
static unsigned int missed_take(struct nf_conn *ct,
				struct nf_conntrack_ecache *e)
{
	unsigned int missed;

	if (likely(!READ_ONCE(e->missed)))
		return 0;

	spin_lock_bh(&ct->lock);
	missed = e->missed;
	e->missed = 0;
	spin_unlock_bh(&ct->lock);
	return missed;
}

/* Tell the listener; remember what it could not take. RCU. */
static int deliver(struct nf_conn *ct, struct nf_conntrack_ecache *e,
		   unsigned int events, u32 portid, int report)
{
	struct nf_ct_event item = {
		.ct	= ct,
		.portid	= e->portid ?: portid,
		.report	= report,
	};
	const struct nf_ct_event_notifier *notifier;
	int err;

	notifier = rcu_dereference(nf_ct_net(ct)->ct.nf_conntrack_event_cb);
	if (!notifier)
		return 0;

	events |= missed_take(ct, e);
	if (!(events & e->ctmask))
		return 0;

	err = notifier->ct_event(events, &item);
	if (likely(err >= 0))
		return 0;

	spin_lock_bh(&ct->lock);
	e->missed |= events;
	spin_unlock_bh(&ct->lock);
	return err;
}

/**
 * nf_ct_deliver_cached_events - a packet leaves: tell what has happened
 * @ct: its entry
 *
 * Context: softirq or process, RCU read side.
 */
void nf_ct_deliver_cached_events(struct nf_conn *ct)
{
	struct nf_conntrack_ecache *e = nf_ct_ecache_find(ct);
	unsigned long events;

	if (!e || !READ_ONCE(e->cache))
		return;
	if (!nf_ct_is_confirmed(ct) || nf_ct_is_dying(ct))
		return;

	events = xchg(&e->cache, 0);
	deliver(ct, e, events, 0, 0);
}
EXPORT_SYMBOL_GPL(nf_ct_deliver_cached_events);

/* Who destroyed an entry is told when the event goes out at last; and when
 * one goes out, there may be room for those that wait.
 */
static void destroy_told(struct nf_conn *ct, struct nf_conntrack_ecache *e,
			 u32 portid, int err)
{
	struct net *net = nf_ct_net(ct);

	if (err < 0) {
		if (!e->portid)
			e->portid = portid;
	} else if (nf_conntrack_ecache_dwork_pending(net)) {
		nf_conntrack_ecache_work(net, NFCT_ECACHE_DESTROY_SENT);
	}
}

/**
 * nf_conntrack_eventmask_report - tell events at once
 * @eventmask: BIT()s of enum ip_conntrack_events
 * @ct: entry
 * @portid: netlink port that caused them, or 0
 * @report: that port wants to hear of it
 *
 * Context: any but hard interrupt.
 *
 * Return: 0, or the listener's error if it must not miss them.
 */
int nf_conntrack_eventmask_report(unsigned int eventmask, struct nf_conn *ct,
				  u32 portid, int report)
{
	struct nf_conntrack_ecache *e;
	int err = 0;

	rcu_read_lock();
	e = nf_ct_ecache_find(ct);
	/* What has been told to be gone does not come back by its last change. */
	if (e && nf_ct_is_confirmed(ct) &&
	    (eventmask & BIT(IPCT_DESTROY) || !nf_ct_is_dying(ct))) {
		err = deliver(ct, e, eventmask, portid, report);
		if (eventmask & BIT(IPCT_DESTROY))
			destroy_told(ct, e, portid, err);
	}
	rcu_read_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(nf_conntrack_eventmask_report);

/**
 * nf_ct_expect_event_report - tell an event of an expectation
 * @event: what has happened
 * @exp: expectation
 * @portid: netlink port that caused it, or 0
 * @report: that port wants to hear of it
 *
 * Context: any but hard interrupt; nf_conntrack_expect_lock may be held.
 */
void nf_ct_expect_event_report(enum ip_conntrack_expect_events event,
			       struct nf_conntrack_expect *exp,
			       u32 portid, int report)
{
	struct nf_exp_event item = {
		.exp	= exp,
		.portid	= portid,
		.report	= report,
	};
	const struct nf_ct_event_notifier *notifier;
	const struct nf_conntrack_ecache *e;

	rcu_read_lock();
	notifier = rcu_dereference(nf_ct_exp_net(exp)->ct.nf_conntrack_event_cb);
	e = nf_ct_ecache_find(exp->master);
	if (notifier && e && (e->expmask & BIT(event)))
		notifier->exp_event(BIT(event), &item);
	rcu_read_unlock();
}

/**
 * nf_ct_ecache_ext_add - give an entry an event cache, if it is to have one
 * @ct: entry that is not confirmed, or a template
 * @ctmask: events that a rule wants; 0 for what the namespace is set to
 * @expmask: events of expectations that a rule wants
 * @gfp: how to allocate
 *
 * nf_conntrack_events: 0 for nobody unless a rule says so, 1 for all, 2 for all
 * while somebody listens, and then for nobody at all while nobody does.
 *
 * Context: the owner of the entry.
 *
 * Return: false only if memory is short.
 */
bool nf_ct_ecache_ext_add(struct nf_conn *ct, u16 ctmask, u16 expmask,
			  gfp_t gfp)
{
	struct net *net = nf_ct_net(ct);
	struct nf_conntrack_ecache *e;

	switch (READ_ONCE(net->ct.sysctl_events)) {
	case 0:
		if (!ctmask && !expmask)
			return true;
		break;
	case 2:
		/* A rule's template is for flows to come, when somebody may listen. */
		if (!nf_ct_is_template(ct) &&
		    !READ_ONCE(nf_ctnetlink_has_listener))
			return true;
		break;
	}

	if (!ctmask && !expmask) {
		ctmask = U16_MAX;
		expmask = U16_MAX;
	}

	e = nf_ct_ext_add(ct, NF_CT_EXT_ECACHE, gfp);
	if (!e)
		return false;
	e->ctmask = ctmask;
	e->expmask = expmask;
	return true;
}
EXPORT_SYMBOL_GPL(nf_ct_ecache_ext_add);

/* --- destroy events that wait ------------------------------------------ */

static struct nf_conntrack_net_ecache *ecache_of(const struct net *net)
{
	return &nf_ct_pernet(net)->ecache;
}

/**
 * nf_conn_pernet_ecache - the entries of a namespace whose last event waits
 * @net: namespace
 *
 * Return: list and lock.
 */
struct nf_conntrack_net_ecache *nf_conn_pernet_ecache(const struct net *net)
{
	return ecache_of(net);
}
EXPORT_SYMBOL_GPL(nf_conn_pernet_ecache);

/**
 * nf_ct_event_keep_dying - an entry's destroy event could not be delivered
 * @ct: deleted entry, out of the index, whose reference passes to the list
 *
 * While it waits it does not count as tracked: a listener that does not keep up
 * can't fill the table. Nor may it fill the memory: as many wait as the table may
 * have, and DYING_MIN in any case; beyond that the event is lost.
 *
 * Context: any but hard interrupt.
 */
void nf_ct_event_keep_dying(struct nf_conn *ct)
{
	struct net *net = nf_ct_net(ct);
	struct nf_conntrack_net_ecache *ecache = ecache_of(net);
	struct nf_ct_pernet *pernet = nf_ct_pernet_priv(net);

	spin_lock_bh(&ecache->dying_lock);
	if (pernet->dying >= max(READ_ONCE(nf_conntrack_max), DYING_MIN)) {
		spin_unlock_bh(&ecache->dying_lock);
		nf_ct_put(ct);
		return;
	}
	pernet->dying++;
	/* Whoever takes it from the list counts it again. */
	atomic_dec(&pernet->base.count);
	hlist_nulls_add_head_rcu(&ct->tuplehash[IP_CT_DIR_REPLY].hnnode,
				 &ecache->dying_list);
	net->ct.ecache_dwork_pending = true;
	spin_unlock_bh(&ecache->dying_lock);

	nf_conntrack_ecache_work(net, NFCT_ECACHE_DESTROY_FAIL);
}

/* Try the entries of the list again. False: the listener is full again. */
static bool retry(struct net *net, bool last)
{
	struct nf_conntrack_net_ecache *ecache = ecache_of(net);
	struct nf_conn *sent[RETRY_BATCH];
	struct nf_conntrack_tuple_hash *h;
	struct hlist_nulls_node *n, *next;
	unsigned int i, count;
	bool full = false;

	do {
		count = 0;
		spin_lock_bh(&ecache->dying_lock);
		for (n = ecache->dying_list.first; !is_a_nulls(n); n = next) {
			struct nf_conn *ct;

			next = n->next;
			h = hlist_nulls_entry(n, struct nf_conntrack_tuple_hash,
					      hnnode);
			ct = nf_ct_tuplehash_to_ctrack(h);
			if (!last && nf_conntrack_event(IPCT_DESTROY, ct) < 0) {
				full = true;
				break;
			}
			hlist_nulls_del_init_rcu(n);
			nf_ct_pernet_priv(net)->dying--;
			/* Freeing it counts down. */
			atomic_inc(&nf_ct_pernet(net)->count);
			sent[count++] = ct;
			if (count == RETRY_BATCH)
				break;
		}
		if (hlist_nulls_empty(&ecache->dying_list))
			net->ct.ecache_dwork_pending = false;
		spin_unlock_bh(&ecache->dying_lock);

		for (i = 0; i < count; i++)
			nf_ct_put(sent[i]);
		cond_resched();
	} while (count && !full);

	return !full;
}

/**
 * nf_ct_event_dying - entries whose destroy event waits to be delivered
 * @net: namespace
 * @last: entry to go on behind, or NULL to begin; if it has left the list, the
 *	list is gone through from its begin again
 * @batch: entries, each with a reference that the caller puts
 * @max: size of @batch
 *
 * Context: any but hard interrupt.
 *
 * Return: number of entries in @batch; 0 at the end.
 */
unsigned int nf_ct_event_dying(struct net *net, struct nf_conn *last,
			       struct nf_conn **batch, unsigned int max)
{
	struct nf_conntrack_net_ecache *ecache = ecache_of(net);
	struct nf_conntrack_tuple_hash *h;
	struct hlist_nulls_node *n;
	unsigned int count = 0;

	spin_lock_bh(&ecache->dying_lock);
	n = ecache->dying_list.first;
	if (last) {
		h = &last->tuplehash[IP_CT_DIR_REPLY];
		if (!hlist_nulls_unhashed(&h->hnnode))
			n = h->hnnode.next;
	}
	for (; !is_a_nulls(n) && count < max; n = n->next) {
		h = hlist_nulls_entry(n, struct nf_conntrack_tuple_hash, hnnode);
		batch[count] = nf_ct_tuplehash_to_ctrack(h);
		refcount_inc(&batch[count]->ct_general.use);
		count++;
	}
	spin_unlock_bh(&ecache->dying_lock);
	return count;
}
EXPORT_SYMBOL_NS_GPL(nf_ct_event_dying, NF_CT_NS);

static void retry_work(struct work_struct *work)
{
	struct nf_conntrack_net_ecache *ecache =
		container_of(to_delayed_work(work),
			     struct nf_conntrack_net_ecache, dwork);
	struct nf_conntrack_net *cnet = container_of(ecache,
						     struct nf_conntrack_net,
						     ecache);
	struct nf_ct_pernet *pernet = container_of(cnet, struct nf_ct_pernet,
						   base);

	if (!retry(pernet->table.net, false))
		schedule_delayed_work(&ecache->dwork, RETRY_SOON);
}

/**
 * nf_conntrack_ecache_work - a destroy event failed, or one went out again
 * @net: namespace
 * @state: which of the two: there is room again, so try the others at once
 *
 * Context: any.
 */
void nf_conntrack_ecache_work(struct net *net, enum nf_ct_ecache_state state)
{
	struct delayed_work *dwork = &ecache_of(net)->dwork;

	if (state == NFCT_ECACHE_DESTROY_FAIL)
		schedule_delayed_work(dwork, RETRY_SOON);
	else if (state == NFCT_ECACHE_DESTROY_SENT)
		mod_delayed_work(system_wq, dwork, 0);
}

/**
 * nf_conntrack_ecache_pernet_init - defaults of a new namespace
 * @net: namespace
 */
void nf_conntrack_ecache_pernet_init(struct net *net)
{
	struct nf_conntrack_net_ecache *ecache = ecache_of(net);

	net->ct.sysctl_events = 2;
	INIT_DELAYED_WORK(&ecache->dwork, retry_work);
	INIT_HLIST_NULLS_HEAD(&ecache->dying_list, 0);
	spin_lock_init(&ecache->dying_lock);
}

/**
 * nf_conntrack_ecache_pernet_fini - let go of the entries that wait
 * @net: namespace, where nobody listens any more
 *
 * Context: process, may sleep.
 */
void nf_conntrack_ecache_pernet_fini(struct net *net)
{
	cancel_delayed_work_sync(&ecache_of(net)->dwork);
	retry(net, true);
}
