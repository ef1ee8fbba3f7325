// SPDX-License-Identifier: GPL-2.0
/*
 * Reads an FTP control connection's lines for data connections: PORT and EPRT of
 * the client, 227 and 229 of the server. Pure; takes no lock.
 *
 * A payload begins at the start of a line. All of its lines are looked at. A
 * line counts only as a whole, with its end: an attacker who can put text into
 * the middle of a line, or have it cut, gains nothing.
 */
#include "nf_ct_ftp_parse.h"

#define PORT_MAX	65535
#define DIGITS_PORT	5	/* of a port; more is no port */

/* A place in the payload, and where it ends. */
struct cursor {
	const u8	*at;
	const u8	*end;
};

static bool is_digit(u8 c)
{
	return c >= '0' && c <= '9';
}

static u8 to_upper(u8 c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static unsigned int left(const struct cursor *c)
{
	return c->end - c->at;
}

/* The characters of @word, in any letter case. */
static bool take_word(struct cursor *c, const char *word)
{
	const u8 *at = c->at;

	for (; *word; word++, at++) {
		if (at == c->end || to_upper(*at) != (u8)*word)
			return false;
	}
	c->at = at;
	return true;
}

/* A decimal number of up to @digits digits, not over @max. */
static bool take_number(struct cursor *c, unsigned int digits,
			unsigned int max, unsigned int *value)
{
	unsigned int n = 0;

	*value = 0;
	while (c->at < c->end && is_digit(*c->at)) {
		if (n++ == digits)
			return false;
		*value = *value * 10 + *c->at++ - '0';
	}
	return n && *value <= max;
}

static bool take_char(struct cursor *c, u8 want)
{
	if (c->at == c->end || *c->at != want)
		return false;
	c->at++;
	return true;
}

/* h1,h2,h3,h4,p1,p2 of RFC 959 5.3.2. */
static bool take_host_port(struct cursor *c, struct nf_ct_ftp_data *data)
{
	unsigned int i, value[6];

	for (i = 0; i < 6; i++) {
		if ((i && !take_char(c, ',')) ||
		    !take_number(c, 3, 255, &value[i]))
			return false;
	}
	/* Not a seventh one, nor a digit more. */
	if (c->at < c->end && (*c->at == ',' || is_digit(*c->at)))
		return false;

	data->family = 4;
	for (i = 0; i < 4; i++)
		data->addr[i] = value[i];
	data->port = value[4] << 8 | value[5];
	return data->port;
}

static bool take_ipv4(struct cursor *c, u8 *addr)
{
	unsigned int i, value;

	for (i = 0; i < 4; i++) {
		if ((i && !take_char(c, '.')) ||
		    !take_number(c, 3, 255, &value))
			return false;
		addr[i] = value;
	}
	return true;
}

static int hex_value(u8 c)
{
	c = to_upper(c);
	if (is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One group of an IPv6 address. */
static bool take_group(struct cursor *c, u8 *addr)
{
	unsigned int n, value = 0;

	for (n = 0; c->at < c->end && hex_value(*c->at) >= 0; n++, c->at++) {
		if (n == 4)
			return false;
		value = value << 4 | hex_value(*c->at);
	}
	addr[0] = value >> 8;
	addr[1] = value;
	return n;
}

/* The text form of RFC 4291 2.2, without an IPv4 tail. */
static bool take_ipv6(struct cursor *c, u8 *addr)
{
	int i, gap = -1, n = 0;

	for (i = 0; i < 16; i++)
		addr[i] = 0;

	if (left(c) >= 2 && c->at[0] == ':' && c->at[1] == ':') {
		c->at += 2;
		gap = 0;
	}
	while (n < 8 && c->at < c->end && hex_value(*c->at) >= 0) {
		if (!take_group(c, addr + 2 * n))
			return false;
		n++;
		if (n == 8 || !take_char(c, ':'))
			break;
		if (c->at < c->end && *c->at == ':') {
			if (gap >= 0)
				return false;
			gap = n;
			c->at++;
		} else if (c->at == c->end || hex_value(*c->at) < 0) {
			return false;	/* a single colon at the end */
		}
	}
	if (gap < 0)
		return n == 8;
	if (n == 8)
		return false;

	/* Move what stands behind the gap to the end. */
	for (i = 0; i < 2 * (n - gap); i++) {
		addr[15 - i] = addr[2 * n - 1 - i];
		if (2 * n - 1 - i < 16 - 2 * (n - gap))
			addr[2 * n - 1 - i] = 0;
	}
	return true;
}

static bool is_delimiter(u8 c)
{
	/* RFC 2428 2: any of ASCII 33 to 126; a digit would be no use. */
	return c >= 33 && c <= 126 && !is_digit(c);
}

/* |1|132.235.1.2|6275| or |2|1080::8:800:200C:417A|5282| of RFC 2428 2. */
static bool take_extended(struct cursor *c, struct nf_ct_ftp_data *data)
{
	unsigned int family, port;
	u8 delimiter;

	if (c->at == c->end || !is_delimiter(*c->at))
		return false;
	delimiter = *c->at++;

	if (!take_number(c, 1, 2, &family) || !family || !take_char(c, delimiter))
		return false;
	data->family = family == 1 ? 4 : 6;
	if (family == 1 ? !take_ipv4(c, data->addr) : !take_ipv6(c, data->addr))
		return false;
	if (!take_char(c, delimiter) ||
	    !take_number(c, DIGITS_PORT, PORT_MAX, &port) ||
	    !take_char(c, delimiter))
		return false;
	data->port = port;
	return port;
}

/* |||6446| of RFC 2428 3. */
static bool take_port_only(struct cursor *c, struct nf_ct_ftp_data *data)
{
	unsigned int i, port;
	u8 delimiter;

	if (c->at == c->end || !is_delimiter(*c->at))
		return false;
	delimiter = *c->at;
	for (i = 0; i < 3; i++)
		if (!take_char(c, delimiter))
			return false;
	if (!take_number(c, DIGITS_PORT, PORT_MAX, &port) ||
	    !take_char(c, delimiter))
		return false;
	data->family = 0;
	data->port = port;
	return port;
}

/* What is left of a line is blank. */
static bool at_end(const struct cursor *c)
{
	const u8 *at;

	for (at = c->at; at < c->end; at++) {
		if (*at != ' ' && *at != '\t')
			return false;
	}
	return true;
}

/* A line of the client's. */
static bool parse_command(struct cursor *c, bool ipv6, const u8 *payload,
			  struct nf_ct_ftp_data *data)
{
	const u8 *from;
	bool found;

	if (take_word(c, "PORT ")) {
		data->kind = NF_CT_FTP_KIND_PORT;
	} else if (take_word(c, "EPRT ")) {
		data->kind = NF_CT_FTP_KIND_EPRT;
	} else {
		return false;
	}
	while (c->at < c->end && *c->at == ' ')
		c->at++;

	from = c->at;
	found = data->kind == NF_CT_FTP_KIND_PORT ? take_host_port(c, data) :
						    take_extended(c, data);
	if (!found || !at_end(c) || (data->family == 6) != ipv6)
		return false;

	data->off = from - payload;
	data->len = c->at - from;
	return true;
}

/* The numbers of a 227 stand wherever the server likes (RFC 1123 4.1.2.6). */
static bool search_host_port(struct cursor *c, const u8 *payload,
			     struct nf_ct_ftp_data *data)
{
	while (c->at < c->end) {
		struct cursor try = *c;

		if (!is_digit(*c->at)) {
			c->at++;
			continue;
		}
		if (take_host_port(&try, data)) {
			data->off = c->at - payload;
			data->len = try.at - c->at;
			return true;
		}
		while (c->at < c->end && is_digit(*c->at))
			c->at++;
	}
	return false;
}

/* A line of the server's. */
static bool parse_reply(struct cursor *c, bool ipv6, const u8 *payload,
			struct nf_ct_ftp_data *data)
{
	const u8 *from;

	if (!ipv6 && take_word(c, "227 ")) {
		data->kind = NF_CT_FTP_KIND_PASV;
		return search_host_port(c, payload, data);
	}
	if (!take_word(c, "229 "))
		return false;

	data->kind = NF_CT_FTP_KIND_EPSV;
	while (c->at < c->end && *c->at != '(')
		c->at++;
	if (!take_char(c, '('))
		return false;
	from = c->at;
	if (!take_port_only(c, data) || !take_char(c, ')'))
		return false;
	data->off = from - payload;
	data->len = c->at - 1 - from;
	return true;
}

/* May a line that is not complete become one of those above? */
static bool may_become(const struct cursor *line, enum nf_ct_ftp_side side)
{
	static const char * const words[][2] = {
		[NF_CT_FTP_CLIENT] = { "PORT ", "EPRT " },
		[NF_CT_FTP_SERVER] = { "227 ", "229 " },
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct cursor c = *line;

		if (take_word(&c, words[side][i]))
			return true;
	}
	return false;
}

/**
 * nf_ct_ftp_parse - find the next data connection that is agreed upon
 * @payload: bytes that begin a line
 * @len: how many
 * @side: who speaks
 * @ipv6: the control connection is IPv6, else IPv4; the data is to be, too
 * @data: filled in for NF_CT_FTP_ADDRESS and NF_CT_FTP_PORT_ONLY
 *
 * Return: what was found first.
 */
enum nf_ct_ftp_found nf_ct_ftp_parse(const u8 *payload, unsigned int len,
				     enum nf_ct_ftp_side side, bool ipv6,
				     struct nf_ct_ftp_data *data)
{
	const u8 *end = payload + len, *start = payload, *eol;

	while (start < end) {
		struct cursor line = { .at = start };

		for (eol = start; eol < end && *eol != '\n'; eol++)
			;
		line.end = eol;
		if (eol == end)
			return may_become(&line, side) ? NF_CT_FTP_PARTIAL :
							 NF_CT_FTP_NOTHING;

		if (line.end > start && line.end[-1] == '\r')
			line.end--;
		if (side == NF_CT_FTP_CLIENT ?
		    parse_command(&line, ipv6, payload, data) :
		    parse_reply(&line, ipv6, payload, data))
			return data->family ? NF_CT_FTP_ADDRESS :
					      NF_CT_FTP_PORT_ONLY;
		start = eol + 1;
	}
	return NF_CT_FTP_NOTHING;
}
