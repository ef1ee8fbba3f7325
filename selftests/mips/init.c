// SPDX-License-Identifier: GPL-2.0
/*
 * First and only program of a machine without any other (scripts/check-mips): loads
 * the modules that /modules/order names, makes one flow of each kind over the
 * loopback device, and says what the tracker shows of them, in the file and by
 * netlink. Who started the machine judges that.
 *
 * Output goes to the second serial line. Each part begins with a line "# name",
 * and the last line is "# end".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static FILE *out;

/* leave: the machine ends; without "# end" if something went wrong. */
static __attribute__((noreturn)) void leave(const char *what)
{
	if (what)
		fprintf(out, "failed: %s: %s\n", what, strerror(errno));
	else
		fprintf(out, "# end\n");
	fflush(out);
	sync();
	/* What is on its way through the serial line. */
	tcdrain(fileno(out));
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static int try(int result, const char *what)
{
	if (result < 0)
		leave(what);
	return result;
}

static void load_modules(void)
{
	char line[256], path[sizeof(line) + 16];
	FILE *order = fopen("/modules/order", "r");

	if (!order)
		leave("/modules/order");
	while (fgets(line, sizeof(line), order)) {
		char *params = strchr(line, ' ');

		line[strcspn(line, "\n")] = 0;
		if (params)
			*params++ = 0;
		snprintf(path, sizeof(path), "/modules/%s", line);
		try(syscall(SYS_finit_module, try(open(path, O_RDONLY), path),
			    params ?: "", 0), path);
	}
	fclose(order);
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	try(ioctl(try(socket(AF_INET, SOCK_DGRAM, 0), "socket"), SIOCSIFFLAGS, &ifr),
	    "lo up");
}

static void show(const char *path)
{
	char buf[512];
	FILE *file = fopen(path, "r");

	fprintf(out, "# %s\n", path);
	if (!file)
		leave(path);
	while (fgets(buf, sizeof(buf), file))
		fputs(buf, out);
	fclose(file);
}

static struct sockaddr_in v4(int port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return sin;
}

static struct sockaddr_in6 v6(int port)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	return sin6;
}

static int bound(int family, int type, int port)
{
	struct sockaddr_in sin = v4(port);
	struct sockaddr_in6 sin6 = v6(port);
	int one = 1, sock = try(socket(family, type, 0), "socket");

	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET)
		try(bind(sock, (void *)&sin, sizeof(sin)), "bind");
	else
		try(bind(sock, (void *)&sin6, sizeof(sin6)), "bind");
	return sock;
}

static void connect_to(int sock, int family, int port)
{
	struct sockaddr_in sin = v4(port);
	struct sockaddr_in6 sin6 = v6(port);

	if (family == AF_INET)
		try(connect(sock, (void *)&sin, sizeof(sin)), "connect");
	else
		try(connect(sock, (void *)&sin6, sizeof(sin6)), "connect");
}

/* One that stays, or that is closed by both. 100,000 bytes go through. */
static void tcp(int family, int from, int to, int closed)
{
	int server = bound(family, SOCK_STREAM, to);
	int client = bound(family, SOCK_STREAM, from), peer, sent, n;
	static char buf[1000];

	try(listen(server, 1), "listen");
	connect_to(client, family, to);
	peer = try(accept(server, NULL, NULL), "accept");
	for (sent = 0; sent < 100; sent++) {
		try(write(client, buf, sizeof(buf)), "write");
		for (n = 0; n < (int)sizeof(buf);)
			n += try(read(peer, buf, sizeof(buf)), "read");
	}
	try(write(peer, buf, 1), "write");
	try(read(client, buf, 1), "read");
	if (closed) {
		close(client);
		try(read(peer, buf, 1), "read");
		close(peer);
	}
}

static void udp(int family, int from, int to, int answered)
{
	int server = bound(family, SOCK_DGRAM, to);
	int client = bound(family, SOCK_DGRAM, from);
	char buf[4];

	connect_to(client, family, to);
	try(write(client, "ask", 3), "write");
	try(read(server, buf, sizeof(buf)), "read");
	if (answered) {
		connect_to(server, family, from);
		try(write(server, "yes", 3), "write");
		try(read(client, buf, sizeof(buf)), "read");
	}
}

static void ping(unsigned int id)
{
	struct icmphdr icmp = {
		.type = ICMP_ECHO,
		.un.echo.id = htons(id),
		.un.echo.sequence = htons(1),
	};
	struct sockaddr_in sin = v4(0);
	int sock = try(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), "raw socket");

	icmp.checksum = ~htons((ICMP_ECHO << 8) + id + 1);
	try(sendto(sock, &icmp, sizeof(icmp), 0, (void *)&sin, sizeof(sin)), "ping");
}

/* A port that nobody has: an ICMP error comes, and belongs to the flow. */
static void refused(int from, int to)
{
	int client = bound(AF_INET, SOCK_DGRAM, from);
	char buf[4];

	connect_to(client, AF_INET, to);
	try(write(client, "ask", 3), "write");
	if (read(client, buf, sizeof(buf)) >= 0 || errno != ECONNREFUSED)
		leave("no ICMP error");
}

static const struct nlattr *find(const void *from, int len, int type)
{
	const struct nlattr *attr = from;

	while (len >= (int)sizeof(*attr) && attr->nla_len >= sizeof(*attr) &&
	       attr->nla_len <= len) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		len -= NLA_ALIGN(attr->nla_len);
		attr = (const void *)((const char *)attr + NLA_ALIGN(attr->nla_len));
	}
	return NULL;
}

static const struct nlattr *within(const struct nlattr *attr, int type)
{
	return attr ? find(attr + 1, attr->nla_len - sizeof(*attr), type) : NULL;
}

/* Numbers are in the network's order. */
static unsigned int number(const struct nlattr *attr)
{
	unsigned short s;
	unsigned int n;

	if (!attr)
		return 0;
	switch (attr->nla_len - sizeof(*attr)) {
	case 1:
		return *(const unsigned char *)(attr + 1);
	case 2:
		memcpy(&s, attr + 1, 2);
		return ntohs(s);
	default:
		memcpy(&n, attr + 1, 4);
		return ntohl(n);
	}
}

/* What the netlink module says, a line an entry: family, protocol, ports or 0,
 * status, seconds.
 */
static void dump(void)
{
	struct {
		struct nlmsghdr nlh;
		struct nfgenmsg nfg;
	} request = {
		.nlh = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
	};
	static char buf[65536];
	int sock = try(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), "netlink");
	int len;

	fprintf(out, "# netlink\n");
	try(send(sock, &request, sizeof(request), 0), "send");
	for (;;) {
		struct nlmsghdr *nlh = (void *)buf;

		len = try(recv(sock, buf, sizeof(buf), 0), "recv");
		for (; NLMSG_OK(nlh, (unsigned int)len); nlh = NLMSG_NEXT(nlh, len)) {
			const struct nfgenmsg *nfg = NLMSG_DATA(nlh);
			int size = nlh->nlmsg_len - NLMSG_SPACE(sizeof(*nfg));
			const struct nlattr *tuple, *proto;

			if (nlh->nlmsg_type == NLMSG_DONE)
				return;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				leave("netlink says no");
			tuple = find(nfg + 1, size, CTA_TUPLE_ORIG);
			proto = within(tuple, CTA_TUPLE_PROTO);
			fprintf(out, "%u %u %u %u 0x%x %u\n", nfg->nfgen_family,
				number(within(proto, CTA_PROTO_NUM)),
				number(within(proto, CTA_PROTO_SRC_PORT)),
				number(within(proto, CTA_PROTO_DST_PORT)),
				number(find(nfg + 1, size, CTA_STATUS)),
				number(find(nfg + 1, size, CTA_TIMEOUT)));
		}
	}
}

int main(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	out = fopen("/dev/ttyS1", "w");
	if (!out)
		out = stdout;

	loopback_up();
	load_modules();
	show("/proc/modules");
	tcp(AF_INET, 40001, 5001, 0);
	tcp(AF_INET, 40002, 5002, 1);
	tcp(AF_INET6, 40003, 5003, 0);
	udp(AF_INET, 40004, 5004, 0);
	udp(AF_INET, 40005, 5005, 1);
	udp(AF_INET6, 40006, 5006, 1);
	ping(0x1234);
	refused(40007, 5007);
	show("/proc/net/nf_conntrack");
	show("/proc/net/stat/nf_conntrack");
	dump();
	leave(NULL);
}
