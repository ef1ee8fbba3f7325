// SPDX-License-Identifier: GPL-2.0
/*
 * Packets by chance through a namespace's netfilter hooks: see selftests/fuzz.
 *
 * What is written to /proc/ct_fuzz says what is to be done, and is done before the
 * write returns, in the namespace of who opened the file, which must have a
 * device `fuzz0` with routes by it:
 *
 *	seed=N		what the packets follow from (1)
 *	from=N		number of the first (0)
 *	count=N		packets (no end)
 *	ms=N		milliseconds (10000)
 *	topic=N		enum fuzz_topic of all flows, or -1 (-1)
 *	show=1		packets go to the kernel's log
 *
 * What is then read from the same open file are the counts. When the kernel
 * panics, the seed and the number of the packet are in its log: that packet, and
 * those before it that it needs, come again with `from`.
 *
 * Besides what the kernel says when it is built to look, a packet's clone must not
 * change, whatever is done to the packet.
 *
 * Uses nothing but what the kernel's headers say, so it runs on either module.
 */
#include <linux/crc32.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/panic_notifier.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ct_fuzz.h"
#include "packet_hooks.h"

#define FUZZ_HELD	4

/**
 * struct fuzz_item - a packet on its way
 * @skb: the packet
 * @clone: of it, or NULL
 * @crc: of the clone
 * @path: enum fuzz_path
 * @v6: IPv6, not IPv4
 * @hook: how many hooks are behind it
 */
struct fuzz_item {
	struct sk_buff	*skb;
	struct sk_buff	*clone;
	u32		crc;
	u8		path;
	bool		v6;
	u8		hook;
};

/**
 * struct fuzz_run - one open file
 * @list: among those that run
 * @lock: one write or read at a time
 * @hooks: where packets go through
 * @maker: makes them
 * @packet: the one at hand
 * @held: packets that wait between two hooks for another to overtake them
 * @show: packets go to the log
 * @packets: that were made
 * @accepted: passed all hooks
 * @dropped: by a hook
 * @stolen: by a hook; fragments
 * @changed: clones that were changed
 * @ms: milliseconds that took
 */
struct fuzz_run {
	struct list_head	list;
	struct mutex		lock;	/* of all below */
	struct packet_hooks	hooks;
	struct fuzz_maker	maker;
	struct fuzz_packet	packet;
	struct fuzz_item	held[FUZZ_HELD];
	bool			show;
	u64			packets;
	u64			accepted;
	u64			dropped;
	u64			stolen;
	u64			changed;
	u64			ms;
};

static LIST_HEAD(running);
static DEFINE_SPINLOCK(running_lock);

/* --- a packet's way -------------------------------------------------------- */

static const u8 ways[FUZZ_PATHS][4] = {
	[FUZZ_FORWARD]	= { NF_INET_PRE_ROUTING, NF_INET_FORWARD, NF_INET_POST_ROUTING,
			    NF_INET_NUMHOOKS },
	[FUZZ_INPUT]	= { NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN, NF_INET_NUMHOOKS },
	[FUZZ_OUTPUT]	= { NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING, NF_INET_NUMHOOKS },
};

static int okfn(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	kfree_skb(skb);
	return 0;
}

static u32 crc_of(const struct sk_buff *skb)
{
	u32 crc = 0;
	u8 bytes[64];
	unsigned int i, n;

	for (i = 0; i < skb->len; i += n) {
		n = min_t(unsigned int, sizeof(bytes), skb->len - i);
		if (skb_copy_bits(skb, i, bytes, n))
			break;
		crc = crc32(crc, bytes, n);
	}
	return crc;
}

static void end_item(struct fuzz_run *run, struct fuzz_item *item)
{
	if (item->skb)
		kfree_skb(item->skb);
	if (item->clone) {
		if (crc_of(item->clone) != item->crc) {
			pr_err("ct_fuzz: a clone was changed: seed %llu, packet %llu or just before\n",
			       run->maker.seed, run->maker.number - 1);
			run->changed++;
		}
		kfree_skb(item->clone);
	}
	memset(item, 0, sizeof(*item));
}

/* One hook. Returns whether there is another. */
static bool pass_hook(struct fuzz_run *run, struct fuzz_item *item)
{
	u8 hooknum = ways[item->path][item->hook++];
	int ret;

	if (!skb_dst(item->skb))
		packet_hooks_route(&run->hooks, item->skb);
	ret = packet_hooks_pass(&run->hooks, item->v6 ? NFPROTO_IPV6 : NFPROTO_IPV4, hooknum,
				item->skb, okfn);
	if (ret != 1) {
		item->skb = NULL;
		if (ret)
			run->dropped++;
		else
			run->stolen++;
		return false;
	}
	return ways[item->path][item->hook] != NF_INET_NUMHOOKS;
}

/* All hooks from where it is. */
static void pass_rest(struct fuzz_run *run, struct fuzz_item *item)
{
	while (pass_hook(run, item))
		;
	if (item->skb)
		run->accepted++;
}

static void pass(struct fuzz_run *run, struct fuzz_rng *rng, struct fuzz_item *item)
{
	struct fuzz_item *held = &fuzz_pick(rng, run->held);

	if (pass_hook(run, item)) {
		/* Lost before it is confirmed. */
		if (fuzz_once(rng, 32)) {
			end_item(run, item);
			return;
		}
		if (fuzz_once(rng, 12)) {
			swap(*held, *item);
			if (!item->skb)
				return;
		}
		pass_rest(run, item);
		/* What is sent to oneself comes in with its entry. */
		if (item->skb && item->path == FUZZ_OUTPUT && fuzz_once(rng, 6)) {
			item->path = FUZZ_INPUT;
			item->hook = 0;
			pass_rest(run, item);
		}
	}
	end_item(run, item);
}

static void show(struct fuzz_run *run, const struct fuzz_item *item)
{
	static const char * const paths[] = { "forward", "input", "output" };

	pr_notice("ct_fuzz: packet %llu, %s, %u bytes, %u linear%s\n", run->maker.number - 1,
		  paths[item->path], item->skb->len, skb_headlen(item->skb),
		  item->clone ? ", cloned" : "");
	print_hex_dump(KERN_NOTICE, "ct_fuzz: ", DUMP_PREFIX_OFFSET, 16, 1, run->packet.buf.data,
		       run->packet.buf.len, true);
}

static void one(struct fuzz_run *run)
{
	struct fuzz_rng rng = { .state = run->maker.seed ^ run->maker.number << 20 };
	struct fuzz_item item = {};

	fuzz_make(&run->maker, &run->packet);
	run->packets++;
	item.v6 = run->packet.v6;
	item.path = run->packet.path;
	item.skb = fuzz_skb(&rng, &run->hooks, &run->packet);
	if (!item.skb)
		return;
	if (fuzz_once(&rng, 4)) {
		item.crc = crc_of(item.skb);
		item.clone = skb_clone(item.skb, GFP_ATOMIC);
	}
	if (run->show)
		show(run, &item);
	/* As in the softirq that would bring it. */
	local_bh_disable();
	rcu_read_lock();
	pass(run, &rng, &item);
	rcu_read_unlock();
	local_bh_enable();
}

static void go(struct fuzz_run *run, u64 from, u64 count, u64 ms)
{
	ktime_t start = ktime_get();
	unsigned int i;

	run->packets = 0;
	run->accepted = 0;
	run->dropped = 0;
	run->stolen = 0;
	run->changed = 0;
	run->maker.number = from - from % FUZZ_EPISODE;
	while (run->maker.number < from)
		fuzz_make(&run->maker, &run->packet);

	spin_lock(&running_lock);
	list_add(&run->list, &running);
	spin_unlock(&running_lock);
	do {
		if (run->packets >= count || signal_pending(current))
			break;
		one(run);
		cond_resched();
	} while (run->packets % FUZZ_EPISODE || ktime_ms_delta(ktime_get(), start) < ms);
	spin_lock(&running_lock);
	list_del(&run->list);
	spin_unlock(&running_lock);

	local_bh_disable();
	for (i = 0; i < FUZZ_HELD; i++)
		end_item(run, &run->held[i]);
	local_bh_enable();
	run->ms = ktime_ms_delta(ktime_get(), start);
}

/* Others stand still by then. User-Mode Linux ends with the second notifier. */
static int on_panic(struct notifier_block *nb, unsigned long event, void *data)
{
	struct fuzz_run *run;

	list_for_each_entry(run, &running, list)
		pr_emerg("ct_fuzz: at seed %llu, packet %llu\n", run->maker.seed,
			 run->maker.number - 1);
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = {
	.notifier_call	= on_panic,
	.priority	= INT_MAX,
};

/* --- the file ----------------------------------------------------------------- */

static int fuzz_open(struct inode *inode, struct file *file)
{
	struct fuzz_run *run = kvzalloc(sizeof(*run), GFP_KERNEL);
	int err;

	if (!run)
		return -ENOMEM;
	mutex_init(&run->lock);
	err = packet_hooks_get(&run->hooks, current->nsproxy->net_ns, "fuzz0");
	if (err) {
		kvfree(run);
		return err;
	}
	file->private_data = run;
	return 0;
}

static int fuzz_release(struct inode *inode, struct file *file)
{
	struct fuzz_run *run = file->private_data;

	packet_hooks_put(&run->hooks);
	kvfree(run);
	return 0;
}

static ssize_t fuzz_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct fuzz_run *run = file->private_data;
	u64 from = 0, count = U64_MAX, ms = 10000;
	unsigned int show = 0;
	char text[128], *at = text, *word;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	text[len] = '\0';

	mutex_lock(&run->lock);
	run->maker.seed = 1;
	run->maker.topic = -1;
	while ((word = strsep(&at, "\n "))) {
		if (!*word || sscanf(word, "seed=%llu", &run->maker.seed) == 1 ||
		    sscanf(word, "from=%llu", &from) == 1 ||
		    sscanf(word, "count=%llu", &count) == 1 ||
		    sscanf(word, "ms=%llu", &ms) == 1 ||
		    sscanf(word, "topic=%d", &run->maker.topic) == 1 ||
		    sscanf(word, "show=%u", &show) == 1)
			continue;
		mutex_unlock(&run->lock);
		return -EINVAL;
	}
	if (run->maker.topic >= FUZZ_TOPICS) {
		mutex_unlock(&run->lock);
		return -EINVAL;
	}
	run->show = show;
	go(run, from, count, ms);
	/* What is read begins with the counts. */
	file->f_pos = 0;
	*pos = 0;
	mutex_unlock(&run->lock);
	return len;
}

static ssize_t fuzz_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct fuzz_run *run = file->private_data;
	char text[200];
	size_t size;

	mutex_lock(&run->lock);
	size = scnprintf(text, sizeof(text),
			 "executions=%llu ms=%llu accepted=%llu dropped=%llu stolen=%llu changed=%llu next=%llu\n",
			 run->packets, run->ms, run->accepted, run->dropped, run->stolen,
			 run->changed, run->maker.number);
	mutex_unlock(&run->lock);
	return simple_read_from_buffer(buf, len, pos, text, size);
}

static const struct proc_ops fuzz_ops = {
	.proc_open	= fuzz_open,
	.proc_release	= fuzz_release,
	.proc_write	= fuzz_write,
	.proc_read	= fuzz_read,
	.proc_lseek	= default_llseek,
};

static int __init ct_fuzz_init(void)
{
	if (!proc_create("ct_fuzz", 0600, NULL, &fuzz_ops))
		return -ENOMEM;
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;
}

static void __exit ct_fuzz_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	remove_proc_entry("ct_fuzz", NULL);
}

module_init(ct_fuzz_init);
module_exit(ct_fuzz_exit);
MODULE_DESCRIPTION("Packets by chance through the netfilter hooks");
MODULE_LICENSE("GPL");
