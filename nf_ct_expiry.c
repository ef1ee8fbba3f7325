// SPDX-License-Identifier: GPL-2.0
/*
 * Who is due, and when: a sweep of each namespace, several times a second while
 * it has entries, deletes what has expired.
 *
 * The index knows where something is due without looking at the entries
 * (nf_ct_table_expired()), so a sweep costs what expires, not what lives.
 */
#include "nf_ct.h"

#define SWEEP_INTERVAL	(HZ / 4)
#define SWEEP_BATCH	64

/* Delete what has expired in this namespace. */
static void sweep(struct net *net)
{
	struct nf_conn *batch[SWEEP_BATCH];
	struct nf_ct_pos pos = {};
	unsigned int i, n;

	while (!pos.end) {
		n = nf_ct_table_expired(net, &pos, batch, SWEEP_BATCH);
		for (i = 0; i < n; i++) {
			/* A packet may have come in the meantime. */
			if (nf_ct_is_expired(batch[i]))
				nf_ct_delete(batch[i], 0, 0);
			else
				nf_ct_table_due(batch[i]);
			nf_ct_put(batch[i]);
		}
		cond_resched();
	}
}

static void expiry_work(struct work_struct *work)
{
	struct nf_ct_pernet *pernet = container_of(to_delayed_work(work),
						   struct nf_ct_pernet,
						   expiry_work);

	sweep(pernet->table.net);

	/* The insert that finds the index empty starts us again. */
	if (atomic_read(&pernet->table.slots))
		queue_delayed_work(system_power_efficient_wq,
				   &pernet->expiry_work, SWEEP_INTERVAL);
}

/**
 * nf_ct_expiry_kick - a namespace has got its first entry
 * @net: namespace
 *
 * Context: any.
 */
void nf_ct_expiry_kick(struct net *net)
{
	queue_delayed_work(system_power_efficient_wq,
			   &nf_ct_pernet_priv(net)->expiry_work, SWEEP_INTERVAL);
}

/**
 * nf_ct_expiry_init_net - prepare the sweep of a new namespace
 * @net: namespace
 */
void nf_ct_expiry_init_net(struct net *net)
{
	INIT_DELAYED_WORK(&nf_ct_pernet_priv(net)->expiry_work, expiry_work);
}

/**
 * nf_ct_expiry_exit_net - end the sweep of a namespace
 * @net: namespace, to which no packet comes any more
 *
 * Context: process, may sleep.
 */
void nf_ct_expiry_exit_net(struct net *net)
{
	cancel_delayed_work_sync(&nf_ct_pernet_priv(net)->expiry_work);
}
