// SPDX-License-Identifier: GPL-2.0
/*
 * What a piece of an FTP control connection says about data connections.
 *
 * Plain bytes in, plain values out: no packet, no lock, no allocation. Nothing
 * is read outside the bytes given, and every number has a bound before it is
 * used.
 */
#include "nf_ct_ftp_parse.h"

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

/* A line that is longer says nothing to us: none of ours needs as much. */
#define LINE_MAX_LEN	512

/**
 * struct text - what is left of a line
 * @p:		next byte
 * @end:	behind the last one
 * @open:	the line has no end yet: more may follow @end
 */
struct text {
	const u8	*p;
	const u8	*end;
	bool		open;
};

static enum nf_ct_ftp_result ran_out(const struct text *t)
{
	return t->open ? NF_CT_FTP_PARTIAL : NF_CT_FTP_NOTHING;
}

static bool is_digit(u8 c)
{
	return c >= '0' && c <= '9';
}

static u8 lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* A decimal number of at most @digits digits, at most @max, that something
 * other than a digit ends.
 */
static enum nf_ct_ftp_result number(struct text *t, unsigned int digits,
				    u32 max, u32 *value)
{
	unsigned int n;

	*value = 0;
	for (n = 0; t->p < t->end && is_digit(*t->p); n++) {
		if (n == digits)
			return NF_CT_FTP_NOTHING;
		*value = *value * 10 + (*t->p++ - '0');
	}
	if (*value > max)
		return NF_CT_FTP_NOTHING;
	if (t->p == t->end && t->open)
		return NF_CT_FTP_PARTIAL;
	return n ? NF_CT_FTP_FOUND : NF_CT_FTP_NOTHING;
}

static enum nf_ct_ftp_result byte(struct text *t, u8 want)
{
	if (t->p == t->end)
		return ran_out(t);
	return *t->p++ == want ? NF_CT_FTP_FOUND : NF_CT_FTP_NOTHING;
}

/* A command is over: nothing may follow but the end of its line. */
static enum nf_ct_ftp_result end_of_line(const struct text *t)
{
	if (t->p == t->end)
		return t->open ? NF_CT_FTP_PARTIAL : NF_CT_FTP_FOUND;
	return *t->p == '\r' ? NF_CT_FTP_FOUND : NF_CT_FTP_NOTHING;
}

/* h1,h2,h3,h4,p1,p2 (RFC 959 4.1.2, host-port) */
static enum nf_ct_ftp_result host_port(struct text *t,
				       struct nf_ct_ftp_match *m)
{
	enum nf_ct_ftp_result r;
	u32 v[6];
	int i;

	for (i = 0; i < 6; i++) {
		if (i) {
			r = byte(t, ',');
			if (r != NF_CT_FTP_FOUND)
				return r;
		}
		r = number(t, 3, 255, &v[i]);
		if (r != NF_CT_FTP_FOUND)
			return r;
	}
	for (i = 0; i < 4; i++)
		m->addr[i] = v[i];
	m->family = 4;
	m->port = v[4] << 8 | v[5];
	return m->port ? NF_CT_FTP_FOUND : NF_CT_FTP_NOTHING;
}

static enum nf_ct_ftp_result ipv4(struct text *t, u8 *addr)
{
	enum nf_ct_ftp_result r;
	u32 v;
	int i;

	for (i = 0; i < 4; i++) {
		if (i) {
			r = byte(t, '.');
			if (r != NF_CT_FTP_FOUND)
				return r;
		}
		r = number(t, 3, 255, &v);
		if (r != NF_CT_FTP_FOUND)
			return r;
		addr[i] = v;
	}
	return NF_CT_FTP_FOUND;
}

static int hex(u8 c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One group of an IPv6 address: one to four hex digits. */
static bool group(struct text *t, u8 *to)
{
	u32 v = 0;
	int n;

	for (n = 0; n < 4 && t->p < t->end && hex(*t->p) >= 0; n++)
		v = v << 4 | hex(*t->p++);
	to[0] = v >> 8;
	to[1] = v;
	return n;
}

/* RFC 4291 2.2, within the bytes of @t: all of them, or it is none. */
static bool ipv6(struct text *t, u8 *addr)
{
	int n = 0, gap = -1;	/* bytes so far; where "::" stands */
	u8 tail[16];

	if (t->end - t->p >= 2 && t->p[0] == ':' && t->p[1] == ':') {
		t->p += 2;
		gap = 0;
	}
	while (t->p < t->end) {
		struct text dotted = *t;

		if (n <= 12 && ipv4(&dotted, addr + n) == NF_CT_FTP_FOUND &&
		    dotted.p == t->end) {
			n += 4;
			t->p = t->end;
			break;
		}
		if (n == 16 || !group(t, addr + n))
			return false;
		n += 2;
		if (t->p == t->end)
			break;
		if (*t->p++ != ':' || t->p == t->end)
			return false;
		if (*t->p != ':')
			continue;
		if (gap >= 0)
			return false;
		gap = n;
		t->p++;
	}
	if (gap < 0)
		return n == 16;
	if (n == 16)
		return false;

	memcpy(tail, addr + gap, n - gap);
	memset(addr + gap, 0, 16 - n);
	memcpy(addr + gap + 16 - n, tail, n - gap);
	return true;
}

/* A delimiter is printable (RFC 2428 2), and tells numbers apart. */
static enum nf_ct_ftp_result delimiter(struct text *t, u8 *d)
{
	if (t->p == t->end)
		return ran_out(t);
	*d = *t->p++;
	return *d >= 33 && *d <= 126 && !is_digit(*d) ? NF_CT_FTP_FOUND :
							NF_CT_FTP_NOTHING;
}

/* The address, up to the delimiter. */
static enum nf_ct_ftp_result address(struct text *t, u8 d,
				     struct nf_ct_ftp_match *m)
{
	const u8 *end = memchr(t->p, d, t->end - t->p);
	struct text addr = { .p = t->p, .end = end };

	if (!end)
		return ran_out(t);
	t->p = end;

	if (m->family == 6)
		return ipv6(&addr, m->addr) ? NF_CT_FTP_FOUND :
					      NF_CT_FTP_NOTHING;
	if (ipv4(&addr, m->addr) != NF_CT_FTP_FOUND || addr.p != end)
		return NF_CT_FTP_NOTHING;
	return NF_CT_FTP_FOUND;
}

static enum nf_ct_ftp_result port_between(struct text *t, u8 d,
					  struct nf_ct_ftp_match *m)
{
	enum nf_ct_ftp_result r;
	u32 v;

	r = byte(t, d);
	if (r == NF_CT_FTP_FOUND)
		r = number(t, 5, 65535, &v);
	if (r == NF_CT_FTP_FOUND)
		r = byte(t, d);
	if (r != NF_CT_FTP_FOUND)
		return r;
	m->port = v;
	return v ? NF_CT_FTP_FOUND : NF_CT_FTP_NOTHING;
}

static void past_spaces(struct text *t)
{
	while (t->p < t->end && *t->p == ' ')
		t->p++;
}

static enum nf_ct_ftp_result parse_port(struct text *t,
					struct nf_ct_ftp_match *m,
					const u8 **start)
{
	enum nf_ct_ftp_result r;

	past_spaces(t);
	*start = t->p;
	r = host_port(t, m);
	return r == NF_CT_FTP_FOUND ? end_of_line(t) : r;
}

/* EPRT<space><d><net-prt><d><net-addr><d><tcp-port><d> */
static enum nf_ct_ftp_result parse_eprt(struct text *t,
					struct nf_ct_ftp_match *m,
					const u8 **start)
{
	enum nf_ct_ftp_result r;
	u32 af;
	u8 d;

	past_spaces(t);
	*start = t->p;
	r = delimiter(t, &d);
	if (r == NF_CT_FTP_FOUND)
		r = number(t, 1, 2, &af);
	if (r != NF_CT_FTP_FOUND)
		return r;
	if (!af)
		return NF_CT_FTP_NOTHING;

	m->family = af == 1 ? 4 : 6;
	r = byte(t, d);
	if (r == NF_CT_FTP_FOUND)
		r = address(t, d, m);
	if (r == NF_CT_FTP_FOUND)
		r = port_between(t, d, m);
	return r;
}

/* Servers vary in the words (RFC 1123 4.1.2.6): six numbers with commas, from
 * the first digit on, wherever they stand.
 */
static enum nf_ct_ftp_result parse_pasv(struct text *t,
					struct nf_ct_ftp_match *m,
					const u8 **start)
{
	enum nf_ct_ftp_result r;
	u8 last = ' ';

	for (; t->p < t->end; last = *t->p++) {
		struct text here = *t;

		if (!is_digit(*t->p) || is_digit(last) || last == ',')
			continue;
		*start = t->p;
		r = host_port(&here, m);
		if (r == NF_CT_FTP_FOUND && here.p < here.end &&
		    *here.p == ',')
			continue;	/* a seventh number */
		if (r != NF_CT_FTP_NOTHING) {
			t->p = here.p;
			return r;
		}
	}
	*start = t->end;
	return ran_out(t);
}

/* (<d><d><d><tcp-port><d>), behind any words */
static enum nf_ct_ftp_result parse_epsv(struct text *t,
					struct nf_ct_ftp_match *m,
					const u8 **start)
{
	enum nf_ct_ftp_result r;
	u8 d;

	m->family = 0;
	for (; t->p < t->end; t->p++) {
		struct text here = *t;

		if (*here.p++ != '(')
			continue;
		*start = here.p;
		r = delimiter(&here, &d);
		if (r == NF_CT_FTP_FOUND)
			r = byte(&here, d);
		if (r == NF_CT_FTP_FOUND)
			r = port_between(&here, d, m);
		if (r != NF_CT_FTP_NOTHING) {
			t->p = here.p;
			return r;
		}
	}
	*start = t->end;
	return ran_out(t);
}

static const struct {
	const char		*keyword;
	bool			reply;
	enum nf_ct_ftp_result	(*parse)(struct text *t,
					 struct nf_ct_ftp_match *m,
					 const u8 **start);
} kinds[] = {
	[NF_CT_FTP_KIND_PORT] = { "PORT ", false, parse_port },
	[NF_CT_FTP_KIND_PASV] = { "227 ", true, parse_pasv },
	[NF_CT_FTP_KIND_EPRT] = { "EPRT ", false, parse_eprt },
	[NF_CT_FTP_KIND_EPSV] = { "229 ", true, parse_epsv },
};

#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

/**
 * nf_ct_ftp_keyword - what a line of this kind starts with
 * @kind: kind
 *
 * Return: keyword in capitals, with the space behind it.
 */
const char *nf_ct_ftp_keyword(enum nf_ct_ftp_kind kind)
{
	return kinds[kind].keyword;
}

/* Take the keyword off the text. */
static enum nf_ct_ftp_result keyword(struct text *t, const char *word)
{
	for (; *word; word++, t->p++) {
		if (t->p == t->end)
			return ran_out(t);
		if (lower(*t->p) != lower(*word))
			return NF_CT_FTP_NOTHING;
	}
	return NF_CT_FTP_FOUND;
}

static enum nf_ct_ftp_result parse_line(const struct text *line, bool reply,
					struct nf_ct_ftp_match *m,
					const u8 **start)
{
	enum nf_ct_ftp_result r;
	unsigned int i;

	if (line->p == line->end || line->end - line->p > LINE_MAX_LEN)
		return NF_CT_FTP_NOTHING;

	for (i = 0; i < KINDS; i++) {
		struct text t = *line;

		if (kinds[i].reply != reply)
			continue;
		r = keyword(&t, kinds[i].keyword);
		if (r == NF_CT_FTP_NOTHING)
			continue;

		memset(m, 0, sizeof(*m));
		m->kind = i;
		*start = line->end;
		if (r == NF_CT_FTP_PARTIAL)
			return r;
		r = kinds[i].parse(&t, m, start);
		if (r == NF_CT_FTP_FOUND)
			m->len = t.p - *start;
		return r;
	}
	return NF_CT_FTP_NOTHING;
}

/**
 * nf_ct_ftp_parse - look for the first line that announces a data connection
 * @data: payload of a segment
 * @len: its length
 * @reply: from the server, else from the client
 * @line_start: @data is known to start a line; else what counts begins behind
 *	the first end of a line
 * @match: what was found; of a partial match its kind, its line, and where the
 *	numbers start, which is the end of @data if none has come yet
 *
 * A line that is complete but says nothing sensible announces nothing. One that
 * breaks off where it might still announce something is partial, unless it is
 * longer than any such line.
 *
 * Return: whether it was found.
 */
enum nf_ct_ftp_result nf_ct_ftp_parse(const u8 *data, u32 len, bool reply,
				      bool line_start,
				      struct nf_ct_ftp_match *match)
{
	const u8 *p = data, *end = data + len, *start = data, *nl;
	enum nf_ct_ftp_result r = NF_CT_FTP_NOTHING;

	for (; p < end && r == NF_CT_FTP_NOTHING; line_start = true) {
		nl = memchr(p, '\n', end - p);
		if (line_start) {
			struct text line = {
				.p = p, .end = nl ?: end, .open = !nl,
			};

			r = parse_line(&line, reply, match, &start);
			match->line = p - data;
			match->offset = start - data;
		}
		p = nl ? nl + 1 : end;
	}
	return r;
}
