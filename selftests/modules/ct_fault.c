// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on purpose, one for each of the kernel's checkers, to see each fire: a
 * checker that can't fire checks nothing. Not for a machine that is needed
 * afterwards.
 *
 * The name of a fault, written to the parameter `fault`, commits it. Whether it
 * was noticed stands in the kernel's log (selftests/debug/checkers.sh).
 */
#include <linux/debugobjects.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/ref_tracker.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#define SIZE	64

/* What the compiler can't see through. */
static unsigned int size = SIZE;
static char *hidden;

/* Not instrumented, so KASAN leaves it to the checkers behind it. */
static noinline void __no_sanitize_address write_raw(char *at, char value)
{
	WRITE_ONCE(*at, value);
}

static noinline char read_byte(const char *at)
{
	return READ_ONCE(*at);
}

/* --- memory ------------------------------------------------------------ */

static void use_after_free(void)
{
	char *data = kmalloc(SIZE, GFP_KERNEL);

	if (!data)
		return;
	kfree(data);
	read_byte(data);
}

static void out_of_bounds(void)
{
	char *data = kmalloc(SIZE, GFP_KERNEL);

	if (!data)
		return;
	read_byte(data + size);
	kfree(data);
}

/* KASAN holds back what is freed, until its cache goes: only then is it looked at. */
static void redzone(void)
{
	struct kmem_cache *cache = kmem_cache_create("ct_fault", SIZE, 0, 0, NULL);
	char *data;

	if (!cache)
		return;
	data = kmem_cache_alloc(cache, GFP_KERNEL);
	if (data) {
		write_raw(data + size, 0x11);
		kmem_cache_free(cache, data);
	}
	kmem_cache_destroy(cache);
}

static void poison(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL);
	struct page *again[64];
	unsigned int i;

	if (!page)
		return;
	free_page(page);
	write_raw((char *)page + 100, 0x11);
	/* It is looked at when it is handed out again. */
	for (i = 0; i < ARRAY_SIZE(again); i++)
		again[i] = alloc_page(GFP_KERNEL);
	while (i--)
		if (again[i])
			__free_page(again[i]);
}

/* Several: the address of one may still lie about in a stack or a register. */
static void leak(void)
{
	int i;

	for (i = 0; i < 16; i++)
		WRITE_ONCE(hidden, kmalloc(SIZE, GFP_KERNEL));
	WRITE_ONCE(hidden, NULL);
}

static void bounds(void)
{
	static int sink;
	int array[4] = { 1, 2, 3, 4 };

	/* UBSAN sees the index, KASAN would see the stack. */
	WRITE_ONCE(sink, array[size / 16 - 1]);
	WRITE_ONCE(sink, array[(size / 8) & 0x7fffffff]);
}

static void shift(void)
{
	static int sink;

	WRITE_ONCE(sink, 1 << size);
}

/* --- lists, counts ------------------------------------------------------ */

static void list(void)
{
	LIST_HEAD(head);
	struct list_head entry;

	list_add(&entry, &head);
	entry.next = &entry;
	list_del(&entry);
}

static void refcount(void)
{
	refcount_t count = REFCOUNT_INIT(1);

	refcount_dec(&count);
	refcount_inc(&count);
}

static void tracker(void)
{
#ifdef CONFIG_REF_TRACKER
	struct ref_tracker *reference = NULL;
	struct ref_tracker_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);

	if (!dir)
		return;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	ref_tracker_dir_init(dir, 16, "ct_fault");
#else
	ref_tracker_dir_init(dir, 16);
#endif
	ref_tracker_alloc(dir, &reference, GFP_KERNEL);
	ref_tracker_dir_exit(dir);
	kfree(dir);
#endif
}

/* --- locks, contexts ----------------------------------------------------- */

static void deadlock(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);
	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static void rcu(void)
{
	static int __rcu *pointer;

	WRITE_ONCE(hidden, (char *)rcu_dereference(pointer));
}

static void sleeping(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

/* --- timers, work, callbacks --------------------------------------------- */

static void on_timer(struct timer_list *timer)
{
}

static void timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, on_timer, 0);
	mod_timer(timer, jiffies + HZ / 10);
	/* debugobjects ends the timer before the memory goes. */
	kfree(timer);
}

static void on_work(struct work_struct *work)
{
}

static void work(void)
{
	struct delayed_work *work = kzalloc(sizeof(*work), GFP_KERNEL);

	if (!work)
		return;
	INIT_DELAYED_WORK(work, on_work);
	schedule_delayed_work(work, HZ / 10);
	kfree(work);
}

static void on_rcu(struct rcu_head *head)
{
}

static void callback(void)
{
	static struct rcu_head head;

	rcu_read_lock();
	call_rcu(&head, on_rcu);
	call_rcu(&head, on_rcu);
	rcu_read_unlock();
	rcu_barrier();
}

/* --- allocations that fail ------------------------------------------------ */

/* Says whether it was made to fail; who writes has to arrange for that. */
static void failslab(void)
{
	void *data = kmalloc(SIZE, GFP_KERNEL);

	pr_info("ct_fault: the allocation %s\n", data ? "went well" : "failed as asked");
	kfree(data);
}

static void failpage(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	pr_info("ct_fault: the page %s\n", page ? "came" : "was refused as asked");
	free_page(page);
}

/* --- races ---------------------------------------------------------------- */

static int raced;

static int racer(void *unused)
{
	unsigned int i;

	for (i = 0; i < 20000000 && !kthread_should_stop(); i++) {
		raced++;
		barrier();
		if (!(i & 0xfff))
			cond_resched();
	}
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static void race(void)
{
	struct task_struct *other = kthread_run(racer, NULL, "ct_fault");
	unsigned int i;

	if (IS_ERR(other))
		return;
	for (i = 0; i < 20000000; i++) {
		raced++;
		barrier();
		if (!(i & 0xfff))
			cond_resched();
	}
	kthread_stop(other);
}

static const struct {
	const char	*name;
	void		(*commit)(void);
} faults[] = {
	{ "use_after_free", use_after_free },
	{ "out_of_bounds", out_of_bounds },
	{ "redzone", redzone },
	{ "poison", poison },
	{ "leak", leak },
	{ "bounds", bounds },
	{ "shift", shift },
	{ "list", list },
	{ "refcount", refcount },
	{ "tracker", tracker },
	{ "deadlock", deadlock },
	{ "rcu", rcu },
	{ "sleeping", sleeping },
	{ "timer", timer },
	{ "work", work },
	{ "callback", callback },
	{ "failslab", failslab },
	{ "failpage", failpage },
	{ "race", race },
};

static int set_fault(const char *value, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!sysfs_streq(value, faults[i].name))
			continue;
		faults[i].commit();
		return 0;
	}
	return -EINVAL;
}

static int get_fault(char *buffer, const struct kernel_param *param)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		len += scnprintf(buffer + len, PAGE_SIZE - len, "%s\n", faults[i].name);
	return len;
}

static const struct kernel_param_ops fault_ops = {
	.set	= set_fault,
	.get	= get_fault,
};
module_param_cb(fault, &fault_ops, NULL, 0600);
MODULE_PARM_DESC(fault, "Fault to commit; reading it lists them");

static int __init ct_fault_init(void)
{
	return 0;
}
module_init(ct_fault_init);

static void __exit ct_fault_exit(void)
{
}
module_exit(ct_fault_exit);

MODULE_DESCRIPTION("Faults on purpose, to see the kernel's checkers fire");
MODULE_LICENSE("GPL");
