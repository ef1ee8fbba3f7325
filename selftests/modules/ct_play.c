// SPDX-License-Identifier: GPL-2.0
/*
 * Plays packets through a namespace's netfilter hooks, and records after each
 * what the connection tracker made of it. selftests/compare plays the same on
 * two trackers and compares the records.
 *
 * What is written to /proc/ct_play are steps (struct play_step, each with its
 * data); what is then read from the same open file are records (struct
 * play_record), one for each packet. It all happens in the namespace of who
 * opened the file, which must have a device `play0` with routes by it.
 *
 * Time is not waited for: a step of the kind WAIT makes all entries older. So
 * nothing depends on how long a step took, as long as that is well below the
 * tenths of a second that the caller keeps away from each timeout.
 *
 * Uses nothing but what the kernel's headers say, so it runs on either module.
 */
#include <linux/crc32.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_tuple.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "packet_hooks.h"

#include "ct_play_ports.h"

enum play_kind {
	PLAY_START,	/* a sequence begins: forget all entries and settings */
	PLAY_PACKET,	/* data is the packet from its network header on */
	PLAY_SET,	/* data is the name of a setting, @arg the value */
	PLAY_WAIT,	/* @arg milliseconds pass */
	PLAY_DELETE,	/* delete the entry that was made as @arg-th */
};

/* The hooks that a packet passes. */
enum play_path {
	PLAY_FORWARD,
	PLAY_INPUT,
	PLAY_OUTPUT,
};

#define PLAY_CHECKSUM	0x01	/* the checksum is to be verified */
#define PLAY_PAGED	0x02	/* what is behind the network header is in a page */
#define PLAY_DROP	0x04	/* lost between the hooks: never confirmed */
#define PLAY_CHOSEN	0x08	/* sent to the port that NAT has chosen, if it has */

/**
 * struct play_step - what is done next
 * @kind: enum play_kind
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6, of a packet
 * @path: enum play_path, of a packet
 * @flags: PLAY_*, of a packet
 * @len: bytes of data that follow, padded to a multiple of four
 * @arg: see enum play_kind
 * @mark: set on the packet's entry between the hooks, if not 0
 */
struct play_step {
	u8	kind;
	u8	family;
	u8	path;
	u8	flags;
	u32	len;
	u32	arg;
	u32	mark;
};

#define PLAY_EVENTS	6

/* Values of play_record.verdict_* */
enum play_verdict {
	PLAY_VERDICT_DROP,
	PLAY_VERDICT_ACCEPT,
	PLAY_VERDICT_STOLEN,	/* a fragment that waits for others */
	PLAY_VERDICT_NONE,	/* did not come so far */
};

struct play_event {
	u32	mask;
	u32	flow;	/* CRC of the original tuple */
};

struct play_tuple {
	__be32	src[4];
	__be32	dst[4];
	__be16	sport;
	__be16	dport;
	u16	l3num;
	u8	protonum;
	u8	dir;
};

/**
 * struct play_record - what became of a packet; selftests/compare/record.py has
 *	the names
 * @step: number of the step in its sequence
 * @verdict_in: enum play_verdict at the first hook
 * @verdict_out: at the last
 * @ctinfo: enum ip_conntrack_info, 0xff: the packet has no entry
 * @found: an entry is described below: 1 that of the packet, 2 that of its flow
 * @expires: milliseconds
 * @inside: what the tracker keeps for itself; shown, never compared
 * Others are as the kernel's headers name them.
 */
struct play_record {
	u32			step;
	u8			verdict_in;
	u8			verdict_out;
	u8			ctinfo;
	u8			found;
	u32			expires;
	u32			status;
	u32			mark;
	u32			state;
	u32			proto[4];
	struct play_tuple	tuple[IP_CT_DIR_MAX];
	u32			packets[IP_CT_DIR_MAX];
	u32			bytes[IP_CT_DIR_MAX];
	u32			count;
	u32			stat_invalid;
	u32			stat_insert_failed;
	u32			stat_clash_resolve;
	u32			stat_drop;
	u32			stat_early_drop;
	u32			stat_error;
	u32			crc;	/* of the packet as it left */
	u32			n_events;
	struct play_event	event[PLAY_EVENTS];
	u32			inside[12];
};

#define PLAY_MAX	(32 << 20)
#define PLAY_FLOWS	256

/**
 * struct play - one open file
 * @lock: one write or read at a time
 * @net: namespace, that of @hooks
 * @hooks: where packets go through
 * @defaults: settings at the start of a sequence
 * @sequences: that have begun; makes fragments of each their own
 * @step: number of the step in its sequence
 * @flow: original tuples of the entries that the sequence made
 * @flows: number of these
 * @record: what is to be read
 * @n_record: number of these
 * @room: records that fit into @record
 * @ports: that NAT has chosen in the sequence
 * @packet: a packet whose ports are being replaced
 */
struct play {
	struct mutex			lock;
	struct net			*net;
	struct packet_hooks		hooks;
	struct netns_ct			defaults;
	u32				sequences;
	u32				step;
	struct nf_conntrack_tuple	flow[PLAY_FLOWS];
	unsigned int			flows;
	struct play_record		*record;
	size_t				n_record;
	size_t				room;
	struct ports			ports;
	u8				packet[2 * PAGE_SIZE] __aligned(4);
};

/* One file is open at a time; events have no other way to find it. */
static DEFINE_MUTEX(play_mutex);
static struct play *playing;
static struct task_struct *player;	/* while a packet is in the hooks */
static struct play_record *player_record;

/* --- settings ---------------------------------------------------------- */

#define U8_SETTING(_name, _field)				\
	{ _name, offsetof(struct netns_ct, _field), 1 }
#define SECONDS(_name, _field)					\
	{ _name, offsetof(struct netns_ct, nf_ct_proto._field), 4 }

static const struct {
	const char	*name;
	size_t		offset;
	unsigned int	size;
} settings[] = {
	U8_SETTING("acct", sysctl_acct),
	U8_SETTING("events", sysctl_events),
	U8_SETTING("checksum", sysctl_checksum),
	U8_SETTING("tcp_loose", nf_ct_proto.tcp.tcp_loose),
	U8_SETTING("tcp_be_liberal", nf_ct_proto.tcp.tcp_be_liberal),
	U8_SETTING("tcp_max_retrans", nf_ct_proto.tcp.tcp_max_retrans),
	U8_SETTING("tcp_ignore_invalid_rst", nf_ct_proto.tcp.tcp_ignore_invalid_rst),
	U8_SETTING("dccp_loose", nf_ct_proto.dccp.dccp_loose),
	SECONDS("tcp_timeout_syn_sent", tcp.timeouts[TCP_CONNTRACK_SYN_SENT]),
	SECONDS("tcp_timeout_syn_recv", tcp.timeouts[TCP_CONNTRACK_SYN_RECV]),
	SECONDS("tcp_timeout_established", tcp.timeouts[TCP_CONNTRACK_ESTABLISHED]),
	SECONDS("tcp_timeout_fin_wait", tcp.timeouts[TCP_CONNTRACK_FIN_WAIT]),
	SECONDS("tcp_timeout_close_wait", tcp.timeouts[TCP_CONNTRACK_CLOSE_WAIT]),
	SECONDS("tcp_timeout_last_ack", tcp.timeouts[TCP_CONNTRACK_LAST_ACK]),
	SECONDS("tcp_timeout_time_wait", tcp.timeouts[TCP_CONNTRACK_TIME_WAIT]),
	SECONDS("tcp_timeout_close", tcp.timeouts[TCP_CONNTRACK_CLOSE]),
	SECONDS("tcp_timeout_max_retrans", tcp.timeouts[TCP_CONNTRACK_RETRANS]),
	SECONDS("tcp_timeout_unacknowledged", tcp.timeouts[TCP_CONNTRACK_UNACK]),
	SECONDS("udp_timeout", udp.timeouts[UDP_CT_UNREPLIED]),
	SECONDS("udp_timeout_stream", udp.timeouts[UDP_CT_REPLIED]),
	SECONDS("icmp_timeout", icmp.timeout),
	SECONDS("icmpv6_timeout", icmpv6.timeout),
	SECONDS("generic_timeout", generic.timeout),
	SECONDS("gre_timeout", gre.timeouts[GRE_CT_UNREPLIED]),
	SECONDS("gre_timeout_stream", gre.timeouts[GRE_CT_REPLIED]),
	SECONDS("sctp_timeout_closed", sctp.timeouts[SCTP_CONNTRACK_CLOSED]),
	SECONDS("sctp_timeout_established", sctp.timeouts[SCTP_CONNTRACK_ESTABLISHED]),
	SECONDS("sctp_timeout_heartbeat_sent", sctp.timeouts[SCTP_CONNTRACK_HEARTBEAT_SENT]),
	SECONDS("dccp_timeout_request", dccp.dccp_timeout[CT_DCCP_REQUEST]),
	SECONDS("dccp_timeout_open", dccp.dccp_timeout[CT_DCCP_OPEN]),
	SECONDS("dccp_timeout_timewait", dccp.dccp_timeout[CT_DCCP_TIMEWAIT]),
};

static int set(struct play *play, const char *name, size_t len, u32 value)
{
	unsigned int i;
	void *field;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strlen(settings[i].name) != len ||
		    memcmp(settings[i].name, name, len))
			continue;
		field = (void *)&play->net->ct + settings[i].offset;
		if (settings[i].size == 1)
			WRITE_ONCE(*(u8 *)field, value);
		else
			WRITE_ONCE(*(unsigned int *)field, value * HZ);
		return 0;
	}
	return -ENOENT;
}

static void reset_settings(struct play *play)
{
	struct netns_ct *ct = &play->net->ct;

	ct->nf_ct_proto = play->defaults.nf_ct_proto;
	ct->sysctl_checksum = 1;
	ct->sysctl_acct = 1;
	ct->sysctl_events = 1;
}

/* --- entries ----------------------------------------------------------- */

static struct nf_conn *find(struct play *play,
			    const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_tuple_hash *h;

	h = nf_conntrack_find_get(play->net, &nf_ct_zone_dflt, tuple);
	return h ? nf_ct_tuplehash_to_ctrack(h) : NULL;
}

static void remember(struct play *play, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *tuple = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	unsigned int i;

	for (i = 0; i < play->flows; i++)
		if (nf_ct_tuple_equal(&play->flow[i], tuple))
			return;
	if (play->flows < PLAY_FLOWS)
		play->flow[play->flows++] = *tuple;
}

static void delete(struct play *play, unsigned int i)
{
	struct nf_conn *ct = i < play->flows ? find(play, &play->flow[i]) : NULL;

	if (ct) {
		nf_ct_delete(ct, 0, 0);
		nf_ct_put(ct);
	}
}

static void forget_all(struct play *play)
{
	unsigned int i;

	for (i = 0; i < play->flows; i++)
		delete(play, i);
	play->flows = 0;
}

static void grow_older(struct play *play, u32 ms)
{
	struct nf_conn *ct;
	unsigned int i;

	for (i = 0; i < play->flows; i++) {
		ct = find(play, &play->flow[i]);
		if (!ct)
			continue;
		WRITE_ONCE(ct->timeout,
			   READ_ONCE(ct->timeout) - (u32)msecs_to_jiffies(ms));
		/* When it may become a stream. */
		if (nf_ct_protonum(ct) == IPPROTO_UDP ||
		    nf_ct_protonum(ct) == IPPROTO_UDPLITE)
			ct->proto.udp.stream_ts -= msecs_to_jiffies(ms);
		nf_ct_put(ct);
	}
}

/* A look-up removes what has expired. When else it goes is the tracker's
 * business and not compared.
 */
static void reap(struct play *play)
{
	struct nf_conn *ct;
	unsigned int i;

	for (i = 0; i < play->flows; i++) {
		ct = find(play, &play->flow[i]);
		if (ct)
			nf_ct_put(ct);
	}
}

/* --- records ----------------------------------------------------------- */

static void put_tuple(const struct play *play, struct play_tuple *to,
		      const struct nf_conntrack_tuple *from)
{
	memcpy(to->src, from->src.u3.all, sizeof(to->src));
	memcpy(to->dst, from->dst.u3.all, sizeof(to->dst));
	ports_of_tuple(&play->ports, from, &to->sport, &to->dport);
	to->l3num = from->src.l3num;
	to->protonum = from->dst.protonum;
	to->dir = from->dst.dir;
}

static u32 flow_id(const struct play *play, const struct nf_conn *ct)
{
	struct play_tuple tuple;

	put_tuple(play, &tuple, nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL));
	return crc32(0, (u8 *)&tuple, sizeof(tuple));
}

static void put_tcp(struct play_record *rec, const struct ip_ct_tcp *tcp)
{
	int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		rec->inside[4 * dir] = tcp->seen[dir].td_end;
		rec->inside[4 * dir + 1] = tcp->seen[dir].td_maxend;
		rec->inside[4 * dir + 2] = tcp->seen[dir].td_maxwin;
		rec->inside[4 * dir + 3] = tcp->seen[dir].td_maxack;
	}
	rec->inside[8] = tcp->retrans << 24 | tcp->last_dir << 16 |
			 tcp->last_index << 8 | tcp->last_flags;
	rec->inside[9] = tcp->last_end;
	rec->inside[10] = tcp->last_ack;
	rec->inside[11] = tcp->last_win;
}

/* What netlink shows of the protocol. */
static void put_proto(struct play_record *rec, const struct nf_conn *ct)
{
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;

	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		rec->state = tcp->state;
		rec->proto[0] = tcp->seen[0].flags;
		rec->proto[1] = tcp->seen[1].flags;
		rec->proto[2] = tcp->seen[0].td_scale;
		rec->proto[3] = tcp->seen[1].td_scale;
		put_tcp(rec, tcp);
		break;
	case IPPROTO_SCTP:
		rec->state = ct->proto.sctp.state;
		rec->proto[0] = ntohl(ct->proto.sctp.vtag[0]);
		rec->proto[1] = ntohl(ct->proto.sctp.vtag[1]);
		break;
	case IPPROTO_DCCP:
		rec->state = ct->proto.dccp.state;
		rec->proto[0] = ct->proto.dccp.role[0];
		rec->proto[1] = ct->proto.dccp.role[1];
		rec->proto[2] = lower_32_bits(ct->proto.dccp.handshake_seq);
		rec->proto[3] = upper_32_bits(ct->proto.dccp.handshake_seq);
		break;
	}
}

static void put_entry(const struct play *play, struct play_record *rec,
		      const struct nf_conn *ct)
{
	const struct nf_conn_acct *acct = nf_conn_acct_find(ct);
	u32 timeout = READ_ONCE(ct->timeout);
	int dir;

	rec->status = READ_ONCE(ct->status);
	rec->mark = READ_ONCE(ct->mark);
	put_proto(rec, ct);
	if (nf_ct_is_confirmed(ct))
		timeout -= nfct_time_stamp;
	if (!nf_ct_is_dying(ct))
		rec->expires = jiffies_to_msecs(timeout);
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		put_tuple(play, &rec->tuple[dir], nf_ct_tuple(ct, dir));
		if (!acct)
			continue;
		rec->packets[dir] = atomic64_read(&acct->counter[dir].packets);
		rec->bytes[dir] = atomic64_read(&acct->counter[dir].bytes);
	}
}

/* Adds the namespace's counters, or takes them away. */
static void add_stats(struct play_record *rec, const struct net *net, int sign)
{
	const struct ip_conntrack_stat *stat;
	int cpu;

	for_each_possible_cpu(cpu) {
		stat = per_cpu_ptr(net->ct.stat, cpu);
		rec->stat_invalid += sign * stat->invalid;
		rec->stat_insert_failed += sign * stat->insert_failed;
		rec->stat_clash_resolve += sign * stat->clash_resolve;
		rec->stat_drop += sign * stat->drop;
		rec->stat_early_drop += sign * stat->early_drop;
		rec->stat_error += sign * stat->error;
	}
}

static int on_event(unsigned int events, const struct nf_ct_event *item)
{
	struct play_record *rec = player_record;

	/* The tracker's own reaping runs elsewhere. */
	if (READ_ONCE(player) != current)
		return 0;

	if (rec->n_events < PLAY_EVENTS) {
		rec->event[rec->n_events].mask = events;
		rec->event[rec->n_events].flow = flow_id(playing, item->ct);
	}
	rec->n_events++;
	return 0;
}

static int on_exp_event(unsigned int events, const struct nf_exp_event *item)
{
	return 0;
}

static const struct nf_ct_event_notifier notifier = {
	.ct_event	= on_event,
	.exp_event	= on_exp_event,
};

/* --- packets ----------------------------------------------------------- */

static int okfn(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return 0;
}

static u8 hook(struct play *play, u8 family, unsigned int hooknum,
	       struct sk_buff *skb)
{
	int ret = packet_hooks_pass(&play->hooks, family, hooknum, skb, okfn);

	return ret == 1 ? PLAY_VERDICT_ACCEPT :
	       ret == 0 ? PLAY_VERDICT_STOLEN : PLAY_VERDICT_DROP;
}

/* Fragments of another sequence must not complete those of this one. */
static void salt_fragments(const struct play *play, u8 family, void *data,
			   u32 len)
{
	struct iphdr *iph = data;
	__be32 *id = data + sizeof(struct ipv6hdr) + 4;

	if (family == NFPROTO_IPV4) {
		if (iph->frag_off & htons(IP_MF | IP_OFFSET))
			iph->id = htons(ntohs(iph->id) + play->sequences);
	} else if (((struct ipv6hdr *)data)->nexthdr == NEXTHDR_FRAGMENT &&
		   len >= sizeof(struct ipv6hdr) + 8) {
		*id = htonl(ntohl(*id) + play->sequences * 16);
	}
}

static struct sk_buff *packet(struct play *play, const struct play_step *step,
			      const void *data)
{
	const unsigned int header = step->family == NFPROTO_IPV4 ?
				    sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	unsigned int linear = step->len;
	struct sk_buff *skb;
	struct page *page;

	if (step->len < header || step->len > PAGE_SIZE)
		return NULL;
	if (step->flags & PLAY_CHOSEN) {
		memcpy(play->packet, data, step->len);
		ports_rewrite(&play->ports, ports_to_chosen, play->packet,
			      step->len, NULL);
		data = play->packet;
	}
	if (step->flags & PLAY_PAGED)
		linear = step->family == NFPROTO_IPV4 ?
			 min(step->len, (u32)((const struct iphdr *)data)->ihl * 4) :
			 header;

	skb = alloc_skb(LL_MAX_HEADER + step->len + 64, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_put_data(skb, data, linear);
	if (linear < step->len) {
		page = alloc_page(GFP_KERNEL);
		if (!page) {
			kfree_skb(skb);
			return NULL;
		}
		memcpy(page_address(page), data + linear, step->len - linear);
		skb_add_rx_frag(skb, 0, page, 0, step->len - linear, PAGE_SIZE);
	}
	salt_fragments(play, step->family, skb->data, linear);

	skb->ip_summed = step->flags & PLAY_CHECKSUM ? CHECKSUM_NONE :
						       CHECKSUM_UNNECESSARY;
	packet_hooks_prepare(&play->hooks, step->family, skb, header);
	return skb;
}

/* Of the packet with the ports that NAT has chosen as they are shown. */
static u32 crc_of(struct play *play, const struct sk_buff *skb)
{
	if (skb->len > sizeof(play->packet) ||
	    skb_copy_bits(skb, 0, play->packet, skb->len))
		return 0;
	ports_rewrite(&play->ports, ports_to_shown, play->packet, skb->len, NULL);
	return crc32(0, play->packet, skb->len);
}

static const u8 hooks[][2] = {
	[PLAY_FORWARD]	= { NF_INET_PRE_ROUTING, NF_INET_POST_ROUTING },
	[PLAY_INPUT]	= { NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN },
	[PLAY_OUTPUT]	= { NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING },
};

/* From the first hook to the last. Returns the packet's entry, referenced. */
static struct nf_conn *pass(struct play *play, const struct play_step *step,
			    struct sk_buff *skb, struct play_record *rec)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	rec->verdict_in = hook(play, step->family, hooks[step->path][0], skb);
	if (rec->verdict_in != PLAY_VERDICT_ACCEPT)
		return NULL;

	ct = nf_ct_get(skb, &ctinfo);
	if (ct || ctinfo == IP_CT_UNTRACKED)
		rec->ctinfo = ctinfo;
	if (ct) {
		nf_conntrack_get(&ct->ct_general);
		if (step->mark && READ_ONCE(ct->mark) != step->mark) {
			WRITE_ONCE(ct->mark, step->mark);
			nf_conntrack_event_cache(IPCT_MARK, ct);
		}
	}

	/* Between the hooks lies routing, for what NAT has sent elsewhere. */
	if (!skb_dst(skb))
		packet_hooks_route(&play->hooks, skb);

	if (!(step->flags & PLAY_DROP)) {
		rec->verdict_out = hook(play, step->family,
					hooks[step->path][1], skb);
		if (rec->verdict_out != PLAY_VERDICT_ACCEPT)
			return ct;
		if (ct)
			ports_learn(&play->ports, ct);
		rec->crc = crc_of(play, skb);
		/* It may have gone over to another entry. */
		if (ct && skb_nfct(skb) != &ct->ct_general) {
			nf_ct_put(ct);
			ct = nf_ct_get(skb, &ctinfo);
			if (ct)
				nf_conntrack_get(&ct->ct_general);
		}
	}
	kfree_skb(skb);
	return ct;
}

static int play_packet(struct play *play, const struct play_step *step,
		       const void *data)
{
	struct nf_conntrack_tuple tuple;
	struct play_record *rec;
	struct sk_buff *skb;
	struct nf_conn *ct;
	bool has_tuple;

	if (step->path >= ARRAY_SIZE(hooks) ||
	    (step->family != NFPROTO_IPV4 && step->family != NFPROTO_IPV6))
		return -EINVAL;
	if (play->n_record == play->room)
		return -ENOSPC;
	skb = packet(play, step, data);
	if (!skb)
		return -EINVAL;

	rec = &play->record[play->n_record++];
	memset(rec, 0, sizeof(*rec));
	rec->step = play->step;
	rec->ctinfo = 0xff;
	rec->verdict_out = PLAY_VERDICT_NONE;

	local_bh_disable();
	rcu_read_lock();
	has_tuple = nf_ct_get_tuplepr(skb, skb_network_offset(skb),
				      step->family, play->net, &tuple);
	player_record = rec;
	WRITE_ONCE(player, current);
	add_stats(rec, play->net, -1);
	ct = pass(play, step, skb, rec);
	add_stats(rec, play->net, 1);
	WRITE_ONCE(player, NULL);

	if (ct) {
		rec->found = 1;
	} else if (has_tuple) {
		ct = find(play, &tuple);
		if (ct)
			rec->found = 2;
	}
	if (ct) {
		if (nf_ct_is_confirmed(ct))
			remember(play, ct);
		put_entry(play, rec, ct);
		nf_ct_put(ct);
	}
	reap(play);
	rec->count = nf_conntrack_count(play->net);
	rcu_read_unlock();
	local_bh_enable();
	return 0;
}

static int play_step(struct play *play, const struct play_step *step,
		     const void *data)
{
	switch (step->kind) {
	case PLAY_START:
		forget_all(play);
		reset_settings(play);
		play->ports.n = 0;
		play->sequences++;
		play->step = 0;
		return 0;
	case PLAY_PACKET:
		return play_packet(play, step, data);
	case PLAY_SET:
		return set(play, data, step->len, step->arg);
	case PLAY_WAIT:
		grow_older(play, step->arg);
		return 0;
	case PLAY_DELETE:
		delete(play, step->arg);
		return 0;
	}
	return -EINVAL;
}

/* --- the file ---------------------------------------------------------- */

static int play_open(struct inode *inode, struct file *file)
{
	struct play *play;
	int err;

	play = kvzalloc(sizeof(*play), GFP_KERNEL);
	if (!play)
		return -ENOMEM;
	mutex_init(&play->lock);
	play->net = current->nsproxy->net_ns;
	err = packet_hooks_get(&play->hooks, play->net, "play0");
	if (err)
		goto err_free;

	mutex_lock(&play_mutex);
	err = -EBUSY;
	if (playing || rcu_access_pointer(play->net->ct.nf_conntrack_event_cb)) {
		mutex_unlock(&play_mutex);
		goto err_hooks;
	}
	playing = play;
	mutex_unlock(&play_mutex);

	play->defaults = play->net->ct;
	nf_conntrack_register_notifier(play->net, &notifier);
	file->private_data = play;
	return 0;

err_hooks:
	packet_hooks_put(&play->hooks);
err_free:
	kvfree(play);
	return err;
}

static int play_release(struct inode *inode, struct file *file)
{
	struct play *play = file->private_data;

	forget_all(play);
	nf_conntrack_unregister_notifier(play->net);
	synchronize_net();
	mutex_lock(&play_mutex);
	playing = NULL;
	mutex_unlock(&play_mutex);
	packet_hooks_put(&play->hooks);
	vfree(play->record);
	kvfree(play);
	return 0;
}

static unsigned int count_packets(const void *data, size_t len)
{
	const struct play_step *step;
	unsigned int packets = 0;
	size_t i;

	for (i = 0; i + sizeof(*step) <= len; i += sizeof(*step) + ALIGN(step->len, 4)) {
		step = data + i;
		packets += step->kind == PLAY_PACKET;
	}
	return packets;
}

static int play_all(struct play *play, const void *data, size_t len)
{
	const struct play_step *step;
	size_t i = 0;
	int err;

	while (len - i >= sizeof(*step)) {
		step = data + i;
		i += sizeof(*step);
		if (step->len > PAGE_SIZE || ALIGN(step->len, 4) > len - i)
			return -EINVAL;
		err = play_step(play, step, data + i);
		if (err) {
			pr_err("ct_play: sequence %u step %u kind %u: error %d\n",
			       play->sequences, play->step, step->kind, err);
			return err;
		}
		if (step->kind != PLAY_START)
			play->step++;
		i += ALIGN(step->len, 4);
		cond_resched();
	}
	return i == len ? 0 : -EINVAL;
}

/* All steps of a write are played before it returns; the records before are
 * gone.
 */
static ssize_t play_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	struct play *play = file->private_data;
	void *data;
	int err;

	if (len > PLAY_MAX)
		return -EFBIG;
	data = vmalloc(len + sizeof(struct play_step));
	if (!data)
		return -ENOMEM;

	mutex_lock(&play->lock);
	err = -EFAULT;
	if (copy_from_user(data, buf, len))
		goto out;

	vfree(play->record);
	play->n_record = 0;
	play->room = count_packets(data, len);
	play->record = vmalloc(max_t(size_t, play->room, 1) * sizeof(*play->record));
	err = play->record ? play_all(play, data, len) : -ENOMEM;
	file->f_pos = 0;
	*pos = 0;
out:
	mutex_unlock(&play->lock);
	vfree(data);
	return err ?: len;
}

static ssize_t play_read(struct file *file, char __user *buf, size_t len,
			 loff_t *pos)
{
	struct play *play = file->private_data;
	ssize_t ret;

	mutex_lock(&play->lock);
	ret = simple_read_from_buffer(buf, len, pos, play->record,
				      play->n_record * sizeof(*play->record));
	mutex_unlock(&play->lock);
	return ret;
}

static const struct proc_ops play_ops = {
	.proc_open	= play_open,
	.proc_release	= play_release,
	.proc_write	= play_write,
	.proc_read	= play_read,
	.proc_lseek	= default_llseek,
};

static int __init ct_play_init(void)
{
	return proc_create("ct_play", 0600, NULL, &play_ops) ? 0 : -ENOMEM;
}
module_init(ct_play_init);

static void __exit ct_play_exit(void)
{
	remove_proc_entry("ct_play", NULL);
}
module_exit(ct_play_exit);

MODULE_DESCRIPTION("Plays packets through the connection tracker, for tests");
MODULE_LICENSE("GPL");
