// SPDX-License-Identifier: GPL-2.0
/*
 * What is said above the transport: for the helpers' protocols from templates,
 * with addresses and ports of the flows that there are, and with damage.
 */
#include <linux/kernel.h>

#include "ct_fuzz.h"

/* In a template: %a an address in words, %A with commas, %N as a number, %b its
 * bytes; %p, %P, %q the same of a port; %d a number, %s a word, %l a port of 4
 * bytes, %j junk.
 */
struct template {
	u8		topic;
	s8		dir;
	u16		len;
	const char	*text;
};

#define CLIENT	0
#define SERVER	1
#define BOTH	(-1)
#define T(_topic, _dir, _text)	{ _topic, _dir, sizeof(_text) - 1, _text }

#define SDP	"v=0\r\no=- 1 %d IN IP4 %a\r\ns=-\r\nc=IN IP4 %a\r\nt=0 0\r\n" \
		"m=audio %p RTP/AVP 0\r\nm=video %p RTP/AVP 31\r\nc=IN IP4 %a\r\n"
#define SIP	"Via: SIP/2.0/UDP %a:5060;branch=z9hG4bK%d;received=%a;rport=%p\r\n" \
		"From: <sip:%s@%a>;tag=1\r\nTo: <sip:%s@%a:%p>\r\n" \
		"Call-ID: call%p\r\nContact: <sip:%s@%a:%p>;expires=%d\r\n"
#define SIP_SDP	"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" SDP
#define SIPS(_topic)								\
	T(_topic, BOTH, "INVITE sip:%s@%a SIP/2.0\r\n" SIP "CSeq: 1 INVITE\r\n" SIP_SDP), \
	T(_topic, CLIENT, "REGISTER sip:%a SIP/2.0\r\n" SIP				\
	  "CSeq: %d REGISTER\r\nExpires: %d\r\nContent-Length: 0\r\n\r\n"),		\
	T(_topic, BOTH, "SIP/2.0 200 OK\r\n" SIP "CSeq: 1 INVITE\r\n" SIP_SDP),	\
	T(_topic, SERVER, "SIP/2.0 200 OK\r\n" SIP					\
	  "CSeq: %d REGISTER\r\nExpires: %d\r\nContent-Length: 0\r\n\r\n"),		\
	T(_topic, BOTH, "SIP/2.0 183 x\r\n" SIP "CSeq: 1 INVITE\r\n" SIP_SDP),	\
	T(_topic, BOTH, "ACK sip:%s@%a SIP/2.0\r\nv: SIP/2.0/UDP %a\r\nm: <sip:%a:%p>\r\n" \
	  "i: c\r\nCSeq: 1 ACK\r\nl: %d\r\n\r\n" SDP),				\
	T(_topic, BOTH, "UPDATE sip:%a SIP/2.0\r\n" SIP "CSeq: 2 UPDATE\r\n" SIP_SDP), \
	T(_topic, BOTH, "BYE sip:%s@%a SIP/2.0\r\n" SIP "CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n")

/* Of version 1, up to its variables. */
#define TRAP1	"\x30\x2e\2\1\0\4\6public\xa4\x21\6\4\x2b\6\1\4\x40\4%b\2\1\3\2\1\0\x43\1\0"

/* Setup, with an h245Address. */
#define H225(_len)									\
	"\3\0\0\x2f\x08\2\x12\x34\5\x7e\0" _len "\5\0\x40\6\0\x08\x91\x4a\0\2\0%b%q"	\
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static const struct template templates[] = {
	T(FUZZ_FTP, CLIENT, "PORT %A,%P\r\n"),
	T(FUZZ_FTP, CLIENT, "EPRT |1|%a|%p|\r\n"),
	T(FUZZ_FTP, CLIENT, "EPRT |2|%a|%p|\r\n"),
	T(FUZZ_FTP, CLIENT, "PASV\r\n"),
	T(FUZZ_FTP, CLIENT, "USER %s\r\nPORT %A,%P\r\n"),
	T(FUZZ_FTP, SERVER, "227 Entering Passive Mode (%A,%P).\r\n"),
	T(FUZZ_FTP, SERVER, "229 Extended Passive Mode (|||%p|)\r\n"),
	T(FUZZ_FTP, SERVER, "229 (|1|%a|%p|)\r\n"),
	T(FUZZ_FTP, SERVER, "200 %s\r\n"),
	T(FUZZ_IRC, BOTH, "PRIVMSG %s :\1DCC CHAT chat %N %p\1\r\n"),
	T(FUZZ_IRC, BOTH, "NOTICE %s :\1DCC SEND %s %N %p %d\1\n"),
	T(FUZZ_IRC, BOTH, "PRIVMSG %s :\1DCC RESUME %s %p %d\1\1DCC ACCEPT x %N %p\1\r\n"),
	T(FUZZ_SANE, CLIENT, "\0\0\0\7\0\0\0%q"),
	T(FUZZ_SANE, CLIENT, "\0\0\0\7\0\0\0\0"),
	T(FUZZ_SANE, SERVER, "\0\0\0\0%l\x12\x34\0\0\0\0\0\0"),
	T(FUZZ_H323, BOTH, H225("\x27%d")),
	T(FUZZ_H323, BOTH, H225("\x26")),
	T(FUZZ_H323, BOTH, "\3\0\0\x16\3\0\0\0\6\0\x0a\4\0\1\0%b%q"),
	T(FUZZ_H323, BOTH, "\3\0\0\x40\x08\2\x12\x34\7\x7e\0\x36\5%j"),
	T(FUZZ_RAS, BOTH, "\x00\x00%j"),
	T(FUZZ_RAS, BOTH, "\x0e\x80\0\0\6\0\x08\x91\x4a\0\2\1\0%b%q\1\0%b%q%j"),
	T(FUZZ_RAS, BOTH, "\x12\xc0\0\0\6\0\x08\x91\x4a\0\2\1\0%b%q%j"),
	T(FUZZ_RAS, BOTH, "\x26%j"),
	T(FUZZ_RAS, BOTH, "\x2a\0\0\0\0\0\0\0%b%q%j"),
	T(FUZZ_TFTP, CLIENT, "\0\1%s\0octet\0"),
	T(FUZZ_TFTP, CLIENT, "\0\2%s\0netascii\0blksize\0%d\0"),
	T(FUZZ_TFTP, BOTH, "\0\3\0\1%j"),
	T(FUZZ_AMANDA, CLIENT, "Amanda 2.5 REQ HANDLE 000-0001 SEQ %d\nSERVICE sendbackup\n"),
	T(FUZZ_AMANDA, SERVER, "Amanda 2.5 REP HANDLE 000-0001 SEQ %d\n"
	  "CONNECT DATA %p MESG %p INDEX %p\nOPTIONS features=%d;\n\n"),
	T(FUZZ_AMANDA, SERVER, "x CONNECT DATA %d STATE %p  x\n"),
	T(FUZZ_SNMP, BOTH, "\x30\x31\2\1\1\4\6public\xa7\x24\2\1\x10\2\1\0\2\1\0"
	  "\x30\x19\x30\x0f\6\7\x2b\6\1\2\1\4\1\x40\4%b"),
	T(FUZZ_SNMP, BOTH, TRAP1
	  "\x30\x0d\x30\x0b\6\3\x2b\6\1\x40\4%b"),
	T(FUZZ_SNMP, BOTH, "\x30\x82%q\2\1\0\4\x82%q%j"),
	T(FUZZ_NETBIOS, BOTH, "%j"),
	SIPS(FUZZ_SIP),
	SIPS(FUZZ_SIP_TCP),
};

static const u16 named_ports[] = { 2000, 2001, 2002, 2003, 2000, 2002, 1001, 80, 0, 65535 };

/* One of the addresses of the flow, or of any. */
static u32 some_address(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
			u8 addr[16])
{
	struct fuzz_flow other = *flow;

	if (fuzz_once(rng, 8)) {
		other.client = 1 + fuzz_below(rng, 4);
		other.server = 1 + fuzz_below(rng, 4);
	}
	if (fuzz_once(rng, 16))
		other.v6 = !other.v6;
	return fuzz_address(&other, dir, fuzz_once(rng, 8), addr);
}

static void put_address(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
			char form, struct fuzz_buf *buf)
{
	u8 addr[16];
	char text[48];
	u32 len = some_address(rng, flow, dir, addr);

	switch (form) {
	case 'b':
		put_data(buf, addr, len);
		return;
	case 'N':
		snprintf(text, sizeof(text), "%u",
			 addr[0] << 24 | addr[1] << 16 | addr[2] << 8 | addr[3]);
		break;
	case 'A':
		snprintf(text, sizeof(text), "%u,%u,%u,%u", addr[0], addr[1], addr[2], addr[3]);
		break;
	default:
		snprintf(text, sizeof(text), len == 4 ? "%pI4" : "%pI6c", addr);
	}
	put_data(buf, text, strlen(text));
}

static void put_port(struct fuzz_rng *rng, char form, struct fuzz_buf *buf)
{
	u32 port = fuzz_once(rng, 12) ? fuzz_next(rng) : fuzz_pick(rng, named_ports);
	char text[24];

	if (form == 'q') {
		put_u16(buf, port);
		return;
	}
	if (form == 'P')
		snprintf(text, sizeof(text), "%u,%u", port >> 8, port & 0xff);
	else
		snprintf(text, sizeof(text), "%u", port);
	put_data(buf, text, strlen(text));
}

static void put_number(struct fuzz_rng *rng, struct fuzz_buf *buf)
{
	static const char * const odd[] = {
		"0", "-1", "65536", "4294967295", "4294967296", "99999999999999999999", "007", "",
	};
	char text[24];

	snprintf(text, sizeof(text), "%u", fuzz_below(rng, 300));
	if (fuzz_once(rng, 4))
		strscpy(text, fuzz_pick(rng, odd), sizeof(text));
	put_data(buf, text, strlen(text));
}

static void put_word(struct fuzz_rng *rng, struct fuzz_buf *buf)
{
	u32 n = fuzz_once(rng, 16) ? fuzz_below(rng, 200) : 1 + fuzz_below(rng, 6);

	while (n--)
		put_u8(buf, 'a' + fuzz_below(rng, 26));
}

static void put_template(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
			 const struct template *t, struct fuzz_buf *buf)
{
	u32 i;

	for (i = 0; i < t->len; i++) {
		if (t->text[i] != '%' || i + 1 == t->len) {
			put_u8(buf, t->text[i]);
			continue;
		}
		switch (t->text[++i]) {
		case 'p': case 'P': case 'q':
			put_port(rng, t->text[i], buf);
			break;
		case 'l':
			put_u16(buf, 0);
			put_port(rng, 'q', buf);
			break;
		case 'd':
			put_number(rng, buf);
			break;
		case 's':
			put_word(rng, buf);
			break;
		case 'j':
			put_junk(rng, buf, fuzz_below(rng, 80));
			break;
		default:
			put_address(rng, flow, dir, t->text[i], buf);
		}
	}
}

/* RFC 2637: control messages, with call ids of the GRE flows. */
static void put_pptp(struct fuzz_rng *rng, struct fuzz_buf *buf)
{
	static const u8 size[] = {
		0, 156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40, 24,
	};
	u32 type = fuzz_once(rng, 16) ? fuzz_next(rng) & 0xffff : 1 + fuzz_below(rng, 15);
	u32 len = type < ARRAY_SIZE(size) ? size[type] : 32, from = buf->len;

	/* Calls first: without these there is nothing else. */
	if (fuzz_once(rng, 2)) {
		type = 1 + fuzz_below(rng, 2) + 6 * fuzz_once(rng, 2);
		len = size[type];
	}
	if (fuzz_once(rng, 16))
		len = fuzz_below(rng, 240);
	put_u16(buf, fuzz_once(rng, 16) ? fuzz_next(rng) : len);
	put_u16(buf, fuzz_once(rng, 32) ? 2 : 1);
	put_u32(buf, 0x1a2b3c4d);
	put_u16(buf, type);
	put_u16(buf, 0);
	put_u16(buf, 1000 + fuzz_below(rng, 4));
	if (type == 8)
		put_u16(buf, 1000 + fuzz_below(rng, 4));
	put_u8(buf, 1);
	put_u8(buf, fuzz_once(rng, 8) ? fuzz_next(rng) : 0);
	while (buf->len - from < len && buf->len < FUZZ_ROOM)
		put_u8(buf, fuzz_once(rng, 8) ? fuzz_next(rng) : 0);
}

/**
 * fuzz_mutate() - damage the bytes from @from on: some changed, inserted, doubled,
 *	cut out, or the end cut off
 * @rng: chance
 * @buf: the bytes
 * @from: first that may change
 */
void fuzz_mutate(struct fuzz_rng *rng, struct fuzz_buf *buf, u32 from)
{
	static const u8 odd[] = { 0, 0xff, '\r', '\n', ' ', ':', '0', '9', 0x7f, 0x80, ',', '|' };
	u32 n, at, size;

	for (n = 1 + fuzz_below(rng, 4); n; n--) {
		if (buf->len <= from)
			return;
		at = from + fuzz_below(rng, buf->len - from);
		size = 1 + fuzz_below(rng, min(buf->len - at, 16U));
		switch (fuzz_below(rng, 7)) {
		case 0:
			buf->data[at] = fuzz_next(rng);
			break;
		case 1:
			buf->data[at] ^= 1 << fuzz_below(rng, 8);
			break;
		case 2:
			buf->data[at] = fuzz_pick(rng, odd);
			break;
		case 3:
			memmove(buf->data + at, buf->data + at + size, buf->len - at - size);
			buf->len -= size;
			break;
		case 4:
			size = min(size, FUZZ_ROOM - buf->len);
			memmove(buf->data + at + size, buf->data + at, buf->len - at);
			buf->len += size;
			break;
		case 5:
			memset(buf->data + at, fuzz_pick(rng, odd), size);
			break;
		case 6:
			buf->len = at;
			break;
		}
	}
}

/**
 * fuzz_text() - append a payload of the flow's topic
 * @rng: chance
 * @flow: whose
 * @dir: 0 the client's, 1 the server's
 * @buf: to append to
 */
void fuzz_text(struct fuzz_rng *rng, const struct fuzz_flow *flow, int dir,
	       struct fuzz_buf *buf)
{
	const struct template *t, *some = NULL;
	u32 from = buf->len, n = 0;

	if (flow->topic == FUZZ_PPTP) {
		put_pptp(rng, buf);
	} else {
		for (t = templates; t < templates + ARRAY_SIZE(templates); t++) {
			if (t->topic != flow->topic || (t->dir != BOTH && t->dir != dir))
				continue;
			if (fuzz_once(rng, ++n))
				some = t;
		}
		if (some)
			put_template(rng, flow, dir, some, buf);
		else
			put_junk(rng, buf, fuzz_below(rng, 80));
	}
	if (fuzz_once(rng, 3))
		fuzz_mutate(rng, buf, from);
}
