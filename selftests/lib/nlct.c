/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client of libnetfilter_conntrack, for what conntrack(8) can't say.
 *
 * nlct OPERATION [KEY=VALUE...]
 *	create, update, delete, get: of the entry that the keys describe
 *	zero: get, and have its counters begin again
 *	dump, dump-zero, flush: of what the filter keys describe
 *	flush-family: all of l3
 * nlct fill COUNT
 *	Makes as many UDP entries, many in a message: from 10.128.0.0 on, one an
 *	address, to 10.1.1.1, port 1024 to 53.
 *
 * Keys: l3 (4 or 6), proto, src, dst, sport, dport, type, code, id and the same of
 * the reply tuple with an r before it; zone, ozone, rzone, mark, status, timeout,
 * state, helper; fmark, fstatus (VALUE/MASK) and fl3 are filters. Entries are shown
 * as conntrack(8) shows them; an error by its name.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

static const struct {
	const char *key;
	int attr, bits;
} keys[] = {
	{ "proto", ATTR_L4PROTO, 8 }, { "rproto", ATTR_REPL_L4PROTO, 8 },
	{ "sport", ATTR_PORT_SRC, -16 }, { "dport", ATTR_PORT_DST, -16 },
	{ "rsport", ATTR_REPL_PORT_SRC, -16 }, { "rdport", ATTR_REPL_PORT_DST, -16 },
	{ "type", ATTR_ICMP_TYPE, 8 }, { "code", ATTR_ICMP_CODE, 8 },
	{ "id", ATTR_ICMP_ID, -16 }, { "zone", ATTR_ZONE, 16 },
	{ "ozone", ATTR_ORIG_ZONE, 16 }, { "rzone", ATTR_REPL_ZONE, 16 },
	{ "mark", ATTR_MARK, 32 }, { "status", ATTR_STATUS, 32 },
	{ "timeout", ATTR_TIMEOUT, 32 }, { "state", ATTR_TCP_STATE, 8 },
};

static struct nf_conntrack *ct;
static struct nfct_filter_dump *filter;
static struct nfct_filter_dump_mark fmark, fstatus;
static int by_mark, by_status;
static uint8_t family = AF_INET;

static __attribute__((noreturn)) void die(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(2);
}

static int failed(int err)
{
	puts(strerrorname_np(err));
	return 1;
}

static void set_number(int i, unsigned long n)
{
	switch (keys[i].bits) {
	case 8: nfct_set_attr_u8(ct, keys[i].attr, n); break;
	case 16: nfct_set_attr_u16(ct, keys[i].attr, n); break;
	case -16: nfct_set_attr_u16(ct, keys[i].attr, htons(n)); break;
	default: nfct_set_attr_u32(ct, keys[i].attr, n);
	}
}

static void set_address(int reply, int source, const char *text)
{
	int v6 = family == AF_INET6, attr;
	struct in6_addr addr;

	if (inet_pton(family, text, &addr) != 1)
		die("no address");
	if (!reply)
		attr = v6 ? (source ? ATTR_IPV6_SRC : ATTR_IPV6_DST) :
			    (source ? ATTR_IPV4_SRC : ATTR_IPV4_DST);
	else
		attr = v6 ? (source ? ATTR_REPL_IPV6_SRC : ATTR_REPL_IPV6_DST) :
			    (source ? ATTR_REPL_IPV4_SRC : ATTR_REPL_IPV4_DST);
	nfct_set_attr(ct, attr, &addr);
	nfct_set_attr_u8(ct, reply ? ATTR_REPL_L3PROTO : ATTR_L3PROTO, family);
}

static void set(const char *key, const char *value)
{
	struct nfct_filter_dump_mark mark = { .mask = ~0U };
	int reply = key[0] == 'r';
	size_t i;
	char *end;

	if (!strcmp(key, "l3")) {
		family = atoi(value) == 6 ? AF_INET6 : AF_INET;
		return;
	}
	if (!strcmp(key, "helper")) {
		nfct_set_attr(ct, ATTR_HELPER_NAME, value);
		return;
	}
	if (!strcmp(key + reply, "src") || !strcmp(key + reply, "dst")) {
		set_address(reply, key[reply] == 's', value);
		return;
	}
	if (!strcmp(key, "fl3")) {
		nfct_filter_dump_set_attr_u8(filter, NFCT_FILTER_DUMP_L3NUM,
					     atoi(value) == 6 ? AF_INET6 : AF_INET);
		return;
	}
	if (!strcmp(key, "fmark") || !strcmp(key, "fstatus")) {
		mark.val = strtoul(value, &end, 0);
		if (*end == '/')
			mark.mask = strtoul(end + 1, NULL, 0);
		if (key[1] == 'm') {
			by_mark = 1;
			fmark = mark;
			nfct_filter_dump_set_attr(filter, NFCT_FILTER_DUMP_MARK, &mark);
		} else {
			by_status = 1;
			fstatus = mark;
			nfct_filter_dump_set_attr(filter, NFCT_FILTER_DUMP_STATUS, &mark);
		}
		return;
	}
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(key, keys[i].key)) {
			set_number(i, strtoul(value, NULL, 0));
			return;
		}
	}
	die("no such key");
}

static int show(enum nf_conntrack_msg_type type, struct nf_conntrack *entry, void *data)
{
	char buf[4096];

	(void)type;
	(void)data;
	nfct_snprintf(buf, sizeof(buf), entry, NFCT_T_UNKNOWN, NFCT_O_DEFAULT,
		      NFCT_OF_SHOW_LAYER3 | NFCT_OF_ID);
	puts(buf);
	return NFCT_CB_CONTINUE;
}

static int query(enum nf_conntrack_query what, const void *arg)
{
	struct nfct_handle *h = nfct_open(CONNTRACK, 0);

	if (!h)
		return failed(errno);
	nfct_callback_register(h, NFCT_T_ALL, show, NULL);
	if (nfct_query(h, what, arg) < 0)
		return failed(errno);
	nfct_close(h);
	return 0;
}

static struct mnl_socket *opened(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("no netlink");
	return nl;
}

static struct nlmsghdr *message(void *buf, int type, int flags, int family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfh;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = 1;
	nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = family;
	nfh->version = NFNETLINK_V0;
	return nlh;
}

static int received(const struct nlmsghdr *nlh, void *data)
{
	struct nf_conntrack *entry = nfct_new();

	(void)data;
	nfct_nlmsg_parse(nlh, entry);
	show(0, entry, NULL);
	nfct_destroy(entry);
	return MNL_CB_OK;
}

static void put_tuple(struct nlmsghdr *nlh, int attr, uint32_t src, uint32_t dst,
		      uint16_t sport, uint16_t dport, int zone)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, attr), *part;

	part = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put_u32(nlh, CTA_IP_V4_SRC, src);
	mnl_attr_put_u32(nlh, CTA_IP_V4_DST, dst);
	mnl_attr_nest_end(nlh, part);
	part = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, sport);
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, dport);
	mnl_attr_nest_end(nlh, part);
	if (zone)
		mnl_attr_put_u16(nlh, CTA_TUPLE_ZONE, htons(zone));
	mnl_attr_nest_end(nlh, tuple);
}

/* The library builds no message that has the reply tuple alone. */
static void put_entry(struct nlmsghdr *nlh)
{
	if (nfct_attr_is_set(ct, ATTR_ORIG_L3PROTO))
		nfct_nlmsg_build(nlh, ct);
	else
		put_tuple(nlh, CTA_TUPLE_REPLY, nfct_get_attr_u32(ct, ATTR_REPL_IPV4_SRC),
			  nfct_get_attr_u32(ct, ATTR_REPL_IPV4_DST),
			  nfct_get_attr_u16(ct, ATTR_REPL_PORT_SRC),
			  nfct_get_attr_u16(ct, ATTR_REPL_PORT_DST),
			  nfct_get_attr_u16(ct, ATTR_REPL_ZONE));
}

static void put_filter(struct nlmsghdr *nlh)
{
	if (by_mark) {
		mnl_attr_put_u32(nlh, CTA_MARK, htonl(fmark.val));
		mnl_attr_put_u32(nlh, CTA_MARK_MASK, htonl(fmark.mask));
	}
	if (by_status) {
		mnl_attr_put_u32(nlh, CTA_STATUS, htonl(fstatus.val));
		mnl_attr_put_u32(nlh, CTA_STATUS_MASK, htonl(fstatus.mask));
	}
}

/* Sends what @put writes, and shows what comes. */
static int request(int type, void (*put)(struct nlmsghdr *nlh))
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct mnl_socket *nl = opened();
	struct nlmsghdr *nlh = message(buf, type, NLM_F_ACK, family);
	int n = 1;

	put(nlh);
	mnl_socket_sendto(nl, nlh, nlh->nlmsg_len);
	while (n > 0) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n > 0)
			n = mnl_cb_run(buf, n, 1, 0, received, NULL);
	}
	return n < 0 ? failed(errno) : 0;
}

/* Only errors are answered, but for the last message of each batch. */
static int fill(unsigned int count)
{
	static char buf[65536], answer[65536];
	struct mnl_socket *nl = opened();
	const uint32_t first = 10U << 24 | 128 << 16, to = 10U << 24 | 1 << 16 | 1 << 8 | 1;
	struct nlmsghdr *nlh, *reply;
	unsigned int i, n = 0;
	size_t len = 0;
	int got;

	for (i = 0; i < count; i++) {
		n++;
		nlh = message(buf + len, IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL, AF_INET);
		put_tuple(nlh, CTA_TUPLE_ORIG, htonl(first + i), htonl(to), htons(1024), htons(53), 0);
		put_tuple(nlh, CTA_TUPLE_REPLY, htonl(to), htonl(first + i), htons(53), htons(1024), 0);
		mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(30000));
		len += nlh->nlmsg_len;
		if (n < 100 && i + 1 < count)
			continue;
		nlh->nlmsg_flags |= NLM_F_ACK;
		if (mnl_socket_sendto(nl, buf, len) < 0)
			return failed(errno);
		got = mnl_socket_recvfrom(nl, answer, sizeof(answer));
		if (got < 0)
			return failed(errno);
		reply = (void *)answer;
		if (reply->nlmsg_type != NLMSG_ERROR)
			return failed(EPROTO);
		got = *(int *)mnl_nlmsg_get_payload(reply);
		if (got)
			return failed(-got);
		n = 0;
		len = 0;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char *value;
	int i;

	if (!strcmp(what, "fill") && argc == 3)
		return fill(atoi(argv[2]));
	ct = nfct_new();
	filter = nfct_filter_dump_create();
	if (!ct || !filter)
		return failed(ENOMEM);
	for (i = 2; i < argc; i++) {
		value = strchr(argv[i], '=');
		if (!value)
			die("KEY=VALUE");
		*value = '\0';
		set(argv[i], value + 1);
	}
	if (!strcmp(what, "create")) {
		if (!nfct_attr_is_set(ct, ATTR_REPL_L4PROTO))
			nfct_setobjopt(ct, NFCT_SOPT_SETUP_REPLY);
		return query(NFCT_Q_CREATE, ct);
	}
	if (!strcmp(what, "update"))
		return query(NFCT_Q_UPDATE, ct);
	if (!strcmp(what, "delete"))
		return request(IPCTNL_MSG_CT_DELETE, put_entry);
	if (!strcmp(what, "get"))
		return request(IPCTNL_MSG_CT_GET, put_entry);
	if (!strcmp(what, "zero"))
		return request(IPCTNL_MSG_CT_GET_CTRZERO, put_entry);
	if (!strcmp(what, "dump"))
		return query(NFCT_Q_DUMP_FILTER, filter);
	if (!strcmp(what, "dump-zero"))
		return query(NFCT_Q_DUMP_FILTER_RESET, filter);
	if (!strcmp(what, "flush-family"))
		return query(NFCT_Q_FLUSH_FILTER, &(uint32_t){ family });
	if (!strcmp(what, "flush"))
		return request(IPCTNL_MSG_CT_DELETE, put_filter);
	return 2;
}
