// SPDX-License-Identifier: GPL-2.0
/*
 * Requests by chance to all that nfnetlink has of the tracker: entries,
 * expectations, timeout policies, helpers in user space. Messages follow a grammar
 * of attributes, few addresses and names, so that what was made is met again; then
 * some are damaged: lengths, types, nesting, order, the end.
 *
 *	netlink [seed=N] [from=N] [count=N] [ms=N] [show=1]
 *
 * Message number N follows from the seed and N alone. Runs in the namespace it is
 * started in. A second socket hears events, and is slow to read them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cthelper.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netlink.h>

#include "chance.h"

#define ROOM	8192
#define NETFILTER_FAMILIES	12

static uint8_t msg[ROOM];
static size_t len;
static int damage;	/* one attribute in so many; 0: none */
static bool v6;

/* --- a grammar ------------------------------------------------------------ */

enum kind {
	U8, BE16, BE32, BE64, ADDR4, ADDR6, PORT, PROTO, ICMP_TYPE, STATUS, TIMEOUT,
	HELPER, POLICY, LABELS, FLAGS, ZONE, FN, BYTES, NEST
};

struct rule {
	uint16_t type;
	uint8_t kind;
	uint8_t often;		/* in 16 times, that it is there */
	const struct rule *nested;
};

#define END	{ 0, 0, 0, NULL }

static const struct rule ip[] = {
	{ CTA_IP_V4_SRC, ADDR4, 15, NULL }, { CTA_IP_V4_DST, ADDR4, 15, NULL },
	{ CTA_IP_V6_SRC, ADDR6, 15, NULL }, { CTA_IP_V6_DST, ADDR6, 15, NULL }, END
};

static const struct rule proto[] = {
	{ CTA_PROTO_NUM, PROTO, 16, NULL }, { CTA_PROTO_SRC_PORT, PORT, 15, NULL },
	{ CTA_PROTO_DST_PORT, PORT, 15, NULL }, { CTA_PROTO_ICMP_ID, PORT, 4, NULL },
	{ CTA_PROTO_ICMP_TYPE, ICMP_TYPE, 4, NULL }, { CTA_PROTO_ICMP_CODE, U8, 4, NULL },
	{ CTA_PROTO_ICMPV6_ID, PORT, 4, NULL }, { CTA_PROTO_ICMPV6_TYPE, ICMP_TYPE, 4, NULL },
	{ CTA_PROTO_ICMPV6_CODE, U8, 4, NULL }, END
};

static const struct rule tuple[] = {
	{ CTA_TUPLE_IP, NEST, 16, ip }, { CTA_TUPLE_PROTO, NEST, 16, proto },
	{ CTA_TUPLE_ZONE, ZONE, 1, NULL }, END
};

static const struct rule tcp_info[] = {
	{ CTA_PROTOINFO_TCP_STATE, U8, 12, NULL },
	{ CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, U8, 8, NULL },
	{ CTA_PROTOINFO_TCP_WSCALE_REPLY, U8, 8, NULL },
	{ CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, BE16, 8, NULL },
	{ CTA_PROTOINFO_TCP_FLAGS_REPLY, BE16, 8, NULL }, END
};

static const struct rule dccp_info[] = {
	{ CTA_PROTOINFO_DCCP_STATE, U8, 14, NULL }, { CTA_PROTOINFO_DCCP_ROLE, U8, 14, NULL },
	{ CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ, BE64, 8, NULL }, END
};

static const struct rule sctp_info[] = {
	{ CTA_PROTOINFO_SCTP_STATE, U8, 14, NULL },
	{ CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, BE32, 14, NULL },
	{ CTA_PROTOINFO_SCTP_VTAG_REPLY, BE32, 14, NULL }, END
};

static const struct rule info[] = {
	{ CTA_PROTOINFO_TCP, NEST, 8, tcp_info }, { CTA_PROTOINFO_DCCP, NEST, 6, dccp_info },
	{ CTA_PROTOINFO_SCTP, NEST, 6, sctp_info }, END
};

static const struct rule help[] = {
	{ CTA_HELP_NAME, HELPER, 15, NULL }, { CTA_HELP_INFO, BYTES, 3, NULL }, END
};

static const struct rule nat_proto[] = {
	{ CTA_PROTONAT_PORT_MIN, PORT, 12, NULL }, { CTA_PROTONAT_PORT_MAX, PORT, 12, NULL }, END
};

static const struct rule nat[] = {
	{ CTA_NAT_V4_MINIP, ADDR4, 12, NULL }, { CTA_NAT_V4_MAXIP, ADDR4, 8, NULL },
	{ CTA_NAT_V6_MINIP, ADDR6, 12, NULL }, { CTA_NAT_V6_MAXIP, ADDR6, 8, NULL },
	{ CTA_NAT_PROTO, NEST, 8, nat_proto }, END
};

static const struct rule counters[] = {
	{ CTA_COUNTERS_PACKETS, BE64, 12, NULL }, { CTA_COUNTERS_BYTES, BE64, 12, NULL }, END
};

static const struct rule seqadj[] = {
	{ CTA_SEQADJ_CORRECTION_POS, BE32, 14, NULL }, { CTA_SEQADJ_OFFSET_BEFORE, BE32, 14, NULL },
	{ CTA_SEQADJ_OFFSET_AFTER, BE32, 14, NULL }, END
};

static const struct rule synproxy[] = {
	{ CTA_SYNPROXY_ISN, BE32, 14, NULL }, { CTA_SYNPROXY_ITS, BE32, 14, NULL },
	{ CTA_SYNPROXY_TSOFF, BE32, 14, NULL }, END
};

static const struct rule filter[] = {
	{ CTA_FILTER_ORIG_FLAGS, FLAGS, 14, NULL }, { CTA_FILTER_REPLY_FLAGS, FLAGS, 14, NULL }, END
};

static const struct rule secctx[] = { { CTA_SECCTX_NAME, BYTES, 12, NULL }, END };
static const struct rule stamp[] = { { CTA_TIMESTAMP_START, BE64, 12, NULL }, END };

static const struct rule entry_new[] = {
	{ CTA_TUPLE_ORIG, NEST, 15, tuple }, { CTA_TUPLE_REPLY, NEST, 12, tuple },
	{ CTA_TIMEOUT, TIMEOUT, 14, NULL }, { CTA_STATUS, STATUS, 5, NULL },
	{ CTA_PROTOINFO, NEST, 5, info }, { CTA_HELP, NEST, 3, help },
	{ CTA_NAT_SRC, NEST, 2, nat }, { CTA_NAT_DST, NEST, 2, nat },
	{ CTA_MARK, BE32, 4, NULL }, { CTA_MARK_MASK, BE32, 2, NULL },
	{ CTA_COUNTERS_ORIG, NEST, 1, counters }, { CTA_COUNTERS_REPLY, NEST, 1, counters },
	{ CTA_USE, BE32, 1, NULL }, { CTA_ID, BE32, 1, NULL },
	{ CTA_TUPLE_MASTER, NEST, 2, tuple }, { CTA_SEQ_ADJ_ORIG, NEST, 2, seqadj },
	{ CTA_SEQ_ADJ_REPLY, NEST, 2, seqadj }, { CTA_SECMARK, BE32, 1, NULL },
	{ CTA_ZONE, ZONE, 2, NULL }, { CTA_SECCTX, NEST, 1, secctx },
	{ CTA_TIMESTAMP, NEST, 1, stamp }, { CTA_LABELS, LABELS, 3, NULL },
	{ CTA_LABELS_MASK, LABELS, 2, NULL }, { CTA_SYNPROXY, NEST, 2, synproxy },
	{ CTA_STATUS_MASK, STATUS, 1, NULL }, END
};

static const struct rule entry_get[] = {
	{ CTA_TUPLE_ORIG, NEST, 10, tuple }, { CTA_TUPLE_REPLY, NEST, 5, tuple },
	{ CTA_ZONE, ZONE, 2, NULL }, { CTA_ID, BE32, 1, NULL },
	{ CTA_MARK, BE32, 3, NULL }, { CTA_MARK_MASK, BE32, 3, NULL },
	{ CTA_STATUS, STATUS, 3, NULL }, { CTA_STATUS_MASK, STATUS, 3, NULL },
	{ CTA_FILTER, NEST, 4, filter }, END
};

static const struct rule none[] = { { CTA_MARK, BE32, 2, NULL }, END };

static const struct rule expect_nat[] = {
	{ CTA_EXPECT_NAT_DIR, BE32, 15, NULL }, { CTA_EXPECT_NAT_TUPLE, NEST, 15, tuple }, END
};

static const struct rule expect_new[] = {
	{ CTA_EXPECT_MASTER, NEST, 15, tuple }, { CTA_EXPECT_TUPLE, NEST, 15, tuple },
	{ CTA_EXPECT_MASK, NEST, 15, tuple }, { CTA_EXPECT_TIMEOUT, TIMEOUT, 14, NULL },
	{ CTA_EXPECT_HELP_NAME, HELPER, 5, NULL }, { CTA_EXPECT_ZONE, ZONE, 1, NULL },
	{ CTA_EXPECT_FLAGS, BE32, 6, NULL }, { CTA_EXPECT_CLASS, BE32, 4, NULL },
	{ CTA_EXPECT_NAT, NEST, 3, expect_nat }, { CTA_EXPECT_FN, FN, 2, NULL },
	{ CTA_EXPECT_ID, BE32, 1, NULL }, END
};

static const struct rule expect_get[] = {
	{ CTA_EXPECT_MASTER, NEST, 5, tuple }, { CTA_EXPECT_TUPLE, NEST, 10, tuple },
	{ CTA_EXPECT_HELP_NAME, HELPER, 2, NULL }, { CTA_EXPECT_ZONE, ZONE, 1, NULL },
	{ CTA_EXPECT_ID, BE32, 1, NULL }, END
};

/* The protocols' own numbers: 1 to 12 are those that there are. */
static const struct rule timeouts[] = {
	{ 1, TIMEOUT, 6, NULL }, { 2, TIMEOUT, 6, NULL }, { 3, TIMEOUT, 6, NULL },
	{ 4, TIMEOUT, 6, NULL }, { 5, TIMEOUT, 3, NULL }, { 6, TIMEOUT, 3, NULL },
	{ 7, TIMEOUT, 3, NULL }, { 8, TIMEOUT, 3, NULL }, { 9, TIMEOUT, 3, NULL },
	{ 10, TIMEOUT, 3, NULL }, { 11, TIMEOUT, 3, NULL }, { 12, TIMEOUT, 1, NULL }, END
};

static const struct rule policy[] = {
	{ CTA_TIMEOUT_NAME, POLICY, 15, NULL }, { CTA_TIMEOUT_L3PROTO, BE16, 14, NULL },
	{ CTA_TIMEOUT_L4PROTO, PROTO, 15, NULL }, { CTA_TIMEOUT_DATA, NEST, 14, timeouts }, END
};

static const struct rule helper_tuple[] = {
	{ NFCTH_TUPLE_L3PROTONUM, BE16, 16, NULL }, { NFCTH_TUPLE_L4PROTONUM, PROTO, 16, NULL }, END
};

static const struct rule helper_policy[] = {
	{ NFCTH_POLICY_NAME, POLICY, 15, NULL }, { NFCTH_POLICY_EXPECT_MAX, BE32, 15, NULL },
	{ NFCTH_POLICY_EXPECT_TIMEOUT, BE32, 15, NULL }, END
};

static const struct rule helper_policies[] = {
	{ NFCTH_POLICY_SET_NUM, BE32, 16, NULL }, { NFCTH_POLICY_SET1, NEST, 15, helper_policy },
	{ NFCTH_POLICY_SET2, NEST, 3, helper_policy }, END
};

static const struct rule helper[] = {
	{ NFCTH_NAME, POLICY, 15, NULL }, { NFCTH_TUPLE, NEST, 15, helper_tuple },
	{ NFCTH_QUEUE_NUM, BE32, 14, NULL }, { NFCTH_POLICY, NEST, 14, helper_policies },
	{ NFCTH_PRIV_DATA_LEN, BE32, 14, NULL }, { NFCTH_STATUS, BE32, 8, NULL }, END
};

#define CT	NFNL_SUBSYS_CTNETLINK
#define EXP	NFNL_SUBSYS_CTNETLINK_EXP
#define TMO	NFNL_SUBSYS_CTNETLINK_TIMEOUT
#define HLP	NFNL_SUBSYS_CTHELPER
#define CREATE	(NLM_F_CREATE | NLM_F_EXCL)

static const struct {
	uint8_t subsys, type, weight;
	uint16_t flags;
	const struct rule *rules;
} requests[] = {
	{ CT, IPCTNL_MSG_CT_NEW, 12, CREATE, entry_new },
	{ CT, IPCTNL_MSG_CT_NEW, 8, 0, entry_new },
	{ CT, IPCTNL_MSG_CT_NEW, 2, NLM_F_CREATE, entry_new },
	{ CT, IPCTNL_MSG_CT_GET, 4, 0, entry_get },
	{ CT, IPCTNL_MSG_CT_GET, 1, NLM_F_DUMP, entry_get },
	{ CT, IPCTNL_MSG_CT_DELETE, 5, 0, entry_get },
	{ CT, IPCTNL_MSG_CT_GET_CTRZERO, 2, 0, entry_get },
	{ CT, IPCTNL_MSG_CT_GET_CTRZERO, 1, NLM_F_DUMP, entry_get },
	{ CT, IPCTNL_MSG_CT_GET_STATS_CPU, 1, NLM_F_DUMP, none },
	{ CT, IPCTNL_MSG_CT_GET_STATS, 1, 0, none },
	{ CT, IPCTNL_MSG_CT_GET_DYING, 1, NLM_F_DUMP, none },
	{ CT, IPCTNL_MSG_CT_GET_UNCONFIRMED, 1, NLM_F_DUMP, none },
	{ EXP, IPCTNL_MSG_EXP_NEW, 8, CREATE, expect_new },
	{ EXP, IPCTNL_MSG_EXP_NEW, 2, 0, expect_new },
	{ EXP, IPCTNL_MSG_EXP_GET, 3, 0, expect_get },
	{ EXP, IPCTNL_MSG_EXP_GET, 2, NLM_F_DUMP, expect_get },
	{ EXP, IPCTNL_MSG_EXP_DELETE, 3, 0, expect_get },
	{ EXP, IPCTNL_MSG_EXP_GET_STATS_CPU, 1, NLM_F_DUMP, none },
	{ TMO, IPCTNL_MSG_TIMEOUT_NEW, 4, CREATE, policy },
	{ TMO, IPCTNL_MSG_TIMEOUT_NEW, 2, 0, policy },
	{ TMO, IPCTNL_MSG_TIMEOUT_GET, 2, 0, policy },
	{ TMO, IPCTNL_MSG_TIMEOUT_GET, 1, NLM_F_DUMP, policy },
	{ TMO, IPCTNL_MSG_TIMEOUT_DELETE, 2, 0, policy },
	{ TMO, IPCTNL_MSG_TIMEOUT_DEFAULT_SET, 3, 0, policy },
	{ TMO, IPCTNL_MSG_TIMEOUT_DEFAULT_GET, 2, 0, policy },
	{ HLP, NFNL_MSG_CTHELPER_NEW, 3, CREATE, helper },
	{ HLP, NFNL_MSG_CTHELPER_NEW, 1, 0, helper },
	{ HLP, NFNL_MSG_CTHELPER_GET, 1, NLM_F_DUMP, helper },
	{ HLP, NFNL_MSG_CTHELPER_DEL, 2, 0, helper },
};

/* --- values ------------------------------------------------------------------ */

static void put(const void *data, size_t size)
{
	if (size > ROOM - len)
		size = ROOM - len;
	memcpy(msg + len, data, size);
	len += size;
}

static void put_be(uint64_t value, int size)
{
	uint8_t byte;

	while (size--) {
		byte = value >> 8 * size;
		put(&byte, 1);
	}
}

static void put_bytes(size_t size)
{
	while (size--)
		put_be(next(), 1);
}

static uint64_t number(void)
{
	static const uint64_t odd[] = {
		0, 1, 2, 3, 7, 8, 15, 16, 127, 128, 255, 256, 0x7fffffff, 0x80000000, 0xffffffff,
	};

	return once(4) ? next() : once(2) ? pick(odd) : below(16);
}

static void put_name(const char *const *names, size_t n)
{
	char name[64];
	size_t size;

	snprintf(name, sizeof(name), "%s", names[below(n)]);
	size = strlen(name) + 1;
	if (once(24)) {
		size = 1 + below(sizeof(name) - 1);
		memset(name, 'x', size);
	}
	put(name, size - once(24));
}

static void put_value(enum kind kind)
{
	static const char *const helpers[] = {
		"ftp", "sip", "tftp", "irc", "amanda", "RAS", "Q.931", "H.245", "pptp", "snmp",
		"sane", "netbios-ns", "nobody", "", "one", "two", "ftp-20000",
	};
	static const char *const policies[] = { "one", "two", "three", "" };
	static const char *const fns[] = { "nat-follow-master", "sip", "Q.931", "T.120", "x" };
	static const uint8_t protos[] = { 6, 6, 6, 17, 17, 1, 58, 132, 33, 47, 136, 200 };
	static const uint8_t types[] = { 8, 0, 13, 14, 128, 129, 3, 255 };
	static const uint16_t ports[] = { 1000, 1001, 1002, 1003, 80, 21, 2000, 2001, 5060 };
	uint8_t addr[16] = { 0xfd };

	switch (kind) {
	case U8:
		put_be(once(2) ? below(12) : number(), 1);
		break;
	case BE16:
		put_be(once(4) ? number() : once(2) ? AF_INET : AF_INET6, 2);
		break;
	case BE64:
		put_be(number(), 8);
		break;
	case ADDR4:
		put_be(once(16) ? next() : 0x0a000001 + ((1 + below(2)) << 16) + below(4), 4);
		break;
	case ADDR6:
		addr[1] = 1 + below(2);
		addr[15] = 1 + below(4);
		put(addr, 16);
		break;
	case PORT:
		put_be(once(12) ? next() : pick(ports), 2);
		break;
	case PROTO:
		put_be(once(16) ? next() : pick(protos), 1);
		break;
	case ICMP_TYPE:
		put_be(once(16) ? next() : pick(types), 1);
		break;
	case STATUS:
		put_be(once(2) ? 0xe : next(), 4);
		break;
	case TIMEOUT:
		put_be(once(8) ? number() : below(20), 4);
		break;
	case HELPER:
		put_name(helpers, COUNT_OF(helpers));
		break;
	case POLICY:
		put_name(policies, COUNT_OF(policies));
		break;
	case FN:
		put_name(fns, COUNT_OF(fns));
		break;
	case LABELS:
		put_bytes(once(4) ? below(40) : 16);
		break;
	case FLAGS: {
		uint32_t flags = once(8) ? next() : next() & 0x1ff;

		put(&flags, 4);
		break;
	}
	case ZONE:
		put_be(once(4) ? next() : below(4), 2);
		break;
	case BYTES:
		put_bytes(below(40));
		break;
	default:
		put_be(number(), 4);
	}
}

/* --- messages ------------------------------------------------------------------ */

static void put_rules(const struct rule *rule, int depth);

static void put_attr(const struct rule *rule, int depth)
{
	struct nlattr head = { 0 };
	const size_t at = len;
	bool bad = damage && once(damage);
	int how = below(8);

	if (ROOM - len < 64)
		return;
	head.nla_type = rule->type;
	put(&head, sizeof(head));
	if (rule->kind == NEST && !(bad && how == 0)) {
		head.nla_type |= NLA_F_NESTED;
		put_rules(bad && how == 1 ? entry_new : rule->nested, depth + 1);
	} else if (bad && how <= 1) {
		put_bytes(below(24));
	} else {
		put_value(rule->kind);
	}
	head.nla_len = len - at;
	if (bad) {
		switch (how) {
		case 2:
			head.nla_len = number();
			break;
		case 3:
			head.nla_len += below(9) - 4;
			break;
		case 4:
			head.nla_type = once(2) ? below(40) : next();
			break;
		case 5:
			head.nla_type ^= NLA_F_NESTED;
			break;
		case 6:
			if (len > at + 5)
				head.nla_len = 4 + below(len - at - 4);
			len = at + head.nla_len;
			break;
		}
	}
	memcpy(msg + at, &head, sizeof(head));
	while (len & 3)
		put("", 1);
}

static void put_rules(const struct rule *rule, int depth)
{
	const struct rule *r;

	if (depth > 12)
		return;
	for (r = rule; r->often; r++) {
		/* Of the other family only by mistake. */
		if ((r->kind == ADDR4 && v6) || (r->kind == ADDR6 && !v6))
			if (!once(40))
				continue;
		if (below(16) < r->often)
			put_attr(r, depth);
		if (damage && once(4 * damage))
			put_attr(r, depth);
	}
}

static void damage_bytes(size_t from)
{
	int n;

	for (n = 1 + below(3); n; n--)
		msg[from + below(len - from)] = next();
}

/* Message number @n is what msg and len are. */
static void make(void)
{
	static const int damages[] = { 0, 0, 0, 40, 10, 3 };
	struct nlmsghdr head = { .nlmsg_seq = 1 };
	struct nfgenmsg gen = { 0 };
	unsigned int i, sum = 0;

	for (i = 0; i < COUNT_OF(requests); i++)
		sum += requests[i].weight;
	sum = below(sum);
	for (i = 0; sum >= requests[i].weight; i++)
		sum -= requests[i].weight;

	damage = pick(damages);
	v6 = once(4);
	len = 0;
	head.nlmsg_type = requests[i].subsys << 8 | requests[i].type;
	head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | requests[i].flags;
	if (damage && once(20))
		head.nlmsg_type = (requests[i].subsys + below(3)) << 8 | below(10);
	if (once(30))
		head.nlmsg_flags ^= 1 << (8 + below(4));
	gen.nfgen_family = once(30) ? below(NETFILTER_FAMILIES) : v6 ? AF_INET6 : AF_INET;
	if (requests[i].flags == NLM_F_DUMP && once(3))
		gen.nfgen_family = 0;
	gen.version = once(60) ? next() : NFNETLINK_V0;
	gen.res_id = once(60) ? next() : 0;
	put(&head, sizeof(head));
	put(&gen, sizeof(gen));
	put_rules(requests[i].rules, 0);
	/* Not all at once, mostly. */
	if (requests[i].type == IPCTNL_MSG_CT_DELETE && requests[i].subsys <= EXP &&
	    len == sizeof(head) + sizeof(gen) && !once(50))
		put_attr(&entry_get[0], 0);
	if (damage == 3 && once(2))
		damage_bytes(sizeof(head) + below(len - sizeof(head)));
	if (damage && once(16))
		len = sizeof(head) + below(len - sizeof(head) + 1);
	head.nlmsg_len = len;
	memcpy(msg, &head, sizeof(head));
}

static int open_socket(uint32_t groups, int room)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = groups };
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("netlink");
		exit(2);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

/* Until the answer or the end of a dump. Some dumps are not read to their end. */
static int answer(int *fd)
{
	static uint8_t buf[65536];
	struct nlmsghdr *nlh;
	ssize_t n, room, left;

	for (;;) {
		room = once(16) ? 100 : sizeof(buf);
		n = recv(*fd, buf, room, MSG_TRUNC);
		if (n < 0)
			return errno == EAGAIN ? -1 : errno;
		left = n < room ? n : room;
		for (nlh = (void *)buf; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left))
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return -*(int *)NLMSG_DATA(nlh);
			else if (nlh->nlmsg_type == NLMSG_DONE)
				return 0;
		/* The end may have been in what was cut off. */
		if (n > room || once(40)) {
			close(*fd);
			*fd = open_socket(0, 1 << 16);
			return 0;
		}
	}
}

static void show(uint64_t n)
{
	size_t i;

	printf("%" PRIu64 ":", n);
	for (i = 0; i < len; i++)
		printf("%s%02x", i % 4 ? "" : " ", msg[i]);
	putchar('\n');
	fflush(stdout);
}

/* Policies and helpers hold their module for as long as they are there. */
static void delete_all(int *fd)
{
	static const uint16_t types[] = {
		TMO << 8 | IPCTNL_MSG_TIMEOUT_DELETE, HLP << 8 | NFNL_MSG_CTHELPER_DEL,
	};
	struct nlmsghdr head = {
		.nlmsg_len = sizeof(head) + sizeof(struct nfgenmsg),
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	struct nfgenmsg gen = { 0 };
	size_t i;

	for (i = 0; i < COUNT_OF(types); i++) {
		head.nlmsg_type = types[i];
		len = 0;
		put(&head, sizeof(head));
		put(&gen, sizeof(gen));
		if (send(*fd, msg, len, 0) > 0)
			answer(fd);
	}
}

int main(int argc, char **argv)
{
	int fd, events, err;
	uint64_t n, done = 0, refused = 0, silent = 0;
	uint8_t buf[8192];
	char more[100];

	begin(argc, argv);
	fd = open_socket(0, 1 << 16);
	/* NEW, UPDATE, DESTROY of entries and of expectations */
	events = open_socket(0x3f, 1 << 14);
	fcntl(events, F_SETFL, O_NONBLOCK);
	for (n = opt.from; may(n); n++) {
		make();
		if (opt.show)
			show(n);
		if (send(fd, msg, len, 0) < 0) {
			refused++;
			continue;
		}
		err = answer(&fd);
		if (err == -1 && !stopped) {
			silent++;
			close(fd);
			fd = open_socket(0, 1 << 16);
		} else if (err) {
			refused++;
		} else {
			done++;
		}
		if (n % 16 == 0)
			while (recv(events, buf, sizeof(buf), 0) > 0)
				;
	}
	delete_all(&fd);
	snprintf(more, sizeof(more), "done=%" PRIu64 " refused=%" PRIu64 " silent=%" PRIu64 " next=%" PRIu64,
		 done, refused, silent, n);
	end(n, more);
	return 0;
}
