// SPDX-License-Identifier: GPL-2.0
/*
 * The far ends of the tests' connections, in C because a test has hundreds of
 * them and the test machine is slow to start anything bigger.
 *
 * net serve PORT...
 *	Answers UDP datagrams and TCP connections, IPv4 and IPv6, on each port
 *	with a line of its own, "from ADDRESS PORT to ADDRESS PORT", then with
 *	what came, as it came.
 * net ask [OPTION...] udp|tcp ADDRESS PORT
 *	Sends, and prints the server's line. Fails if no answer comes in time, or
 *	another than what was sent. -f ADDRESS and -p PORT are its own end, -c
 *	how often it asks, -s how many bytes, -w how many milliseconds it waits;
 *	-h FILE keeps the connection while FILE exists, then asks once more.
 * net flood ADDRESS PORT FIRST-PORT COUNT
 *	Sends a datagram from each of COUNT ports, again and again if COUNT is
 *	0, and waits for no answer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX_SOCKETS	512
#define MAX_SIZE	65536

static char data[MAX_SIZE], got[MAX_SIZE + 256];

static __attribute__((noreturn)) void die(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(1);
}

static __attribute__((noreturn)) void fail(void)
{
	die(errno == EAGAIN || errno == EINPROGRESS ? "no answer in time" : strerror(errno));
}

static const char *plain(const struct in6_addr *addr, char *buf)
{
	inet_ntop(AF_INET6, addr, buf, INET6_ADDRSTRLEN);
	return IN6_IS_ADDR_V4MAPPED(addr) ? buf + strlen("::ffff:") : buf;
}

static int line(char *buf, size_t size, const struct sockaddr_in6 *peer,
		const struct in6_addr *own, int port)
{
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	return snprintf(buf, size, "from %s %d to %s %d\n", plain(&peer->sin6_addr, a),
			ntohs(peer->sin6_port), plain(own, b), port);
}

static int bound(int type, int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int s = socket(AF_INET6, type, 0), on = 1, off = 0;

	setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (type == SOCK_STREAM)
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	else
		setsockopt(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	if (s < 0 || bind(s, (void *)&any, sizeof(any)) ||
	    (type == SOCK_STREAM && listen(s, 128)))
		fail();
	return s;
}

/* Answers leave from the address that was asked, whatever the route says. */
static void answer_udp(int s, int port)
{
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))], head[128];
	struct sockaddr_in6 peer;
	struct iovec iov[2] = { { got, MAX_SIZE } };
	struct msghdr msg = {
		.msg_name = &peer, .msg_namelen = sizeof(peer),
		.msg_iov = iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(s, &msg, 0);
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	struct in6_pktinfo *info;

	if (n < 0 || !cmsg)
		return;
	info = (void *)CMSG_DATA(cmsg);
	info->ipi6_ifindex = 0;
	iov[0].iov_base = head;
	iov[0].iov_len = line(head, sizeof(head), &peer, &info->ipi6_addr, port);
	iov[1].iov_base = got;
	iov[1].iov_len = n;
	msg.msg_iovlen = 2;
	sendmsg(s, &msg, 0);
}

static int welcome(int listener)
{
	struct sockaddr_in6 peer, own;
	socklen_t len = sizeof(peer);
	char head[128];
	int s = accept(listener, (void *)&peer, &len), n;

	if (s < 0)
		return s;
	len = sizeof(own);
	getsockname(s, (void *)&own, &len);
	n = line(head, sizeof(head), &peer, &own.sin6_addr, ntohs(own.sin6_port));
	send(s, head, n, MSG_NOSIGNAL);
	return s;
}

/* False when the connection is over. */
static int echo(int s)
{
	ssize_t n = recv(s, got, MAX_SIZE, 0), sent, done = 0;

	while (n > done) {
		sent = send(s, got + done, n - done, MSG_NOSIGNAL);
		if (sent <= 0)
			return 0;
		done += sent;
	}
	return n > 0;
}

static int serve(int argc, char **argv)
{
	struct pollfd fds[MAX_SOCKETS];
	int port[MAX_SOCKETS], n = 0, fixed, i, s;

	for (i = 1; i < argc; i++) {
		port[n] = atoi(argv[i]);
		fds[n] = (struct pollfd){ bound(SOCK_DGRAM, port[n]), POLLIN, 0 };
		port[n + 1] = port[n];
		fds[n + 1] = (struct pollfd){ bound(SOCK_STREAM, port[n]), POLLIN, 0 };
		n += 2;
	}
	fixed = n;
	while (poll(fds, n, -1) > 0) {
		for (i = n - 1; i >= 0; i--) {
			if (!fds[i].revents)
				continue;
			if (i >= fixed) {
				if (!echo(fds[i].fd)) {
					close(fds[i].fd);
					fds[i] = fds[--n];
				}
			} else if (i % 2 == 0) {
				answer_udp(fds[i].fd, port[i]);
			} else if (n < MAX_SOCKETS) {
				s = welcome(fds[i].fd);
				if (s >= 0)
					fds[n++] = (struct pollfd){ s, POLLIN, 0 };
			}
		}
	}
	return 1;
}

static socklen_t address(struct sockaddr_storage *ss, const char *addr, int port)
{
	struct sockaddr_in6 *in6 = (void *)ss;
	struct sockaddr_in *in = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (strchr(addr, ':')) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		if (inet_pton(AF_INET6, addr, &in6->sin6_addr) != 1)
			die("no address");
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	if (inet_pton(AF_INET, addr, &in->sin_addr) != 1)
		die("no address");
	return sizeof(*in);
}

static void receive_all(int s, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = recv(s, got + done, size - done, 0);
		if (n < 0)
			fail();
		if (!n)
			die("the connection was closed");
		done += n;
	}
}

static void exchange(int s, int tcp, size_t size, char *head)
{
	ssize_t n = size;
	char *body = got;

	if (send(s, data, size, MSG_NOSIGNAL) != (ssize_t)size)
		fail();
	if (tcp) {
		receive_all(s, size);
	} else {
		n = recv(s, got, sizeof(got), 0);
		if (n < 0)
			fail();
		body = memchr(got, '\n', n);
		if (!body)
			die("the answer has no line");
		body++;
		n -= body - got;
		snprintf(head, 128, "%.*s", (int)(body - got), got);
	}
	if (n != (ssize_t)size || memcmp(body, data, size))
		die("the answer is not what was sent");
}

static int ask(int argc, char **argv)
{
	const char *from = NULL, *hold = NULL;
	int opt, sport = 0, count = 1, size = 17, wait = 8000, tcp, s, on = 1, i;
	struct sockaddr_storage ss;
	char head[128] = "";
	struct timeval tv;
	socklen_t len;

	while ((opt = getopt(argc, argv, "f:p:c:s:w:h:")) != -1) {
		switch (opt) {
		case 'f': from = optarg; break;
		case 'p': sport = atoi(optarg); break;
		case 'c': count = atoi(optarg); break;
		case 's': size = atoi(optarg); break;
		case 'w': wait = atoi(optarg); break;
		case 'h': hold = optarg; break;
		default: return 2;
		}
	}
	if (argc - optind != 3 || size < 1 || size > MAX_SIZE)
		return 2;
	for (i = 0; i < size; i++)
		data[i] = 'a' + i % 26;
	argv += optind;
	tcp = !strcmp(argv[0], "tcp");
	len = address(&ss, argv[1], atoi(argv[2]));
	s = socket(ss.ss_family, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	tv = (struct timeval){ wait / 1000, wait % 1000 * 1000 };
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (from || sport) {
		struct sockaddr_storage own;
		socklen_t own_len;

		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (!from)
			from = ss.ss_family == AF_INET6 ? "::" : "0.0.0.0";
		own_len = address(&own, from, sport);
		if (bind(s, (void *)&own, own_len))
			fail();
	}
	if (connect(s, (void *)&ss, len))
		fail();
	if (tcp) {
		for (i = 0; i < 126 && !strchr(head, '\n'); i++) {
			receive_all(s, 1);
			head[i] = got[0];
		}
	}
	for (i = 0; i < count; i++)
		exchange(s, tcp, size, head);
	fputs(head, stdout);
	fflush(stdout);
	if (hold) {
		while (!access(hold, F_OK))
			usleep(20000);
		exchange(s, tcp, size, head);
	}
	return 0;
}

static int flood(int argc, char **argv)
{
	struct sockaddr_storage ss, own;
	int first, count, i, s;
	socklen_t len;

	if (argc != 5)
		return 2;
	len = address(&ss, argv[1], atoi(argv[2]));
	first = atoi(argv[3]);
	count = atoi(argv[4]);
	for (i = 0; !count || i < count; i = (i + 1) % (65536 - first)) {
		s = socket(ss.ss_family, SOCK_DGRAM, 0);
		address(&own, ss.ss_family == AF_INET6 ? "::" : "0.0.0.0", first + i);
		/* Where there is no way, it tries again, but not too fast. */
		if (bind(s, (void *)&own, len) || sendto(s, "x", 1, 0, (void *)&ss, len) < 0)
			usleep(10000);
		close(s);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "serve"))
		return serve(argc - 1, argv + 1);
	if (argc > 2 && !strcmp(argv[1], "ask"))
		return ask(argc - 1, argv + 1);
	if (argc > 2 && !strcmp(argv[1], "flood"))
		return flood(argc - 1, argv + 1);
	return 2;
}
