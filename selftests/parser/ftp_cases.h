/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Texts for the FTP parser, what they announce, and how that is checked. In user
 * space ftp_parse.c gives them to it, in the kernel unit/ftp_parse_test.c. Each
 * text lies in a block of memory of exactly its length, so that the sanitizers
 * see every byte read beyond.
 *
 * Each text that announces something is then cut at every place: what is left of
 * its line must be known to be the beginning of something, and not be taken for
 * something else, or a line that comes in pieces would be missed or misread.
 *
 * Who includes this defines verdict(), which every check ends in.
 */
#ifndef FTP_CASES_H
#define FTP_CASES_H

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#define exact_alloc(len)	kmalloc(len, GFP_KERNEL)
#define exact_free(block)	kfree(block)
#else
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define exact_alloc(len)	malloc((len) ?: 1)
#define exact_free(block)	free(block)
#endif

#include "nf_ct_ftp_parse.h"

#define FOUND	NF_CT_FTP_FOUND
#define PARTIAL	NF_CT_FTP_PARTIAL
#define NOTHING	NF_CT_FTP_NOTHING

#define NO_MEMORY ((enum nf_ct_ftp_result)-1)	/* right for no text */

#define PORT	NF_CT_FTP_KIND_PORT
#define PASV	NF_CT_FTP_KIND_PASV
#define EPRT	NF_CT_FTP_KIND_EPRT
#define EPSV	NF_CT_FTP_KIND_EPSV

/* Texts with a NUL say how long they are. */
struct text {
	const char	*text;
	int		len;
};
#define T(s)	{ s, sizeof(s) - 1 }

/* @who is whatever the check was given; @what says in a word what was expected. */
static void verdict(void *who, bool good, const char *what,
		    const struct text *in);

static const struct found {
	struct text		in;
	enum nf_ct_ftp_kind	kind;
	const char		*addr;		/* in hexadecimal */
	unsigned int		port;
	const char		*numbers;	/* what offset and len select */
} found[] = {
	{ T("PORT 1,2,3,4,5,6\r\n"), PORT, "01020304", 1286, "1,2,3,4,5,6" },
	{ T("port 255,255,255,255,255,255\r\n"), PORT, "ffffffff", 65535,
	  "255,255,255,255,255,255" },
	{ T("PoRt   010,0,0,001,0,1\r"), PORT, "0a000001", 1, "010,0,0,001,0,1" },
	{ T("PORT 1,2,3,4,5,6\n"), PORT, "01020304", 1286, "1,2,3,4,5,6" },
	{ T("NOOP\r\nTYPE I\r\nPORT 1,2,3,4,0,21\r\nRETR x\r\n"), PORT, "01020304",
	  21, "1,2,3,4,0,21" },
	{ T("\r\n\nPORT 1,2,3,4,5,6\r\n"), PORT, "01020304", 1286, "1,2,3,4,5,6" },
	{ T("PORT 1,2,3\r\nPORT 1,2,3,4,5,6\r\n"), PORT, "01020304", 1286,
	  "1,2,3,4,5,6" },
	{ T("\0\xff\r\nPORT 1,2,3,4,5,6\r\n"), PORT, "01020304", 1286,
	  "1,2,3,4,5,6" },

	{ T("EPRT |1|132.235.1.2|6275|\r\n"), EPRT, "84eb0102", 6275,
	  "|1|132.235.1.2|6275|" },
	{ T("eprt !1!1.2.3.4!1!\r\n"), EPRT, "01020304", 1, "!1!1.2.3.4!1!" },
	{ T("EPRT |1|1.2.3.4|00021|\r\n"), EPRT, "01020304", 21,
	  "|1|1.2.3.4|00021|" },
	{ T("EPRT |2|1080::8:800:200C:417A|5282|\r\n"), EPRT,
	  "108000000000000000080800200c417a", 5282,
	  "|2|1080::8:800:200C:417A|5282|" },
	{ T("EPRT |2|::|65535|\r\n"), EPRT, "00000000000000000000000000000000",
	  65535, "|2|::|65535|" },
	{ T("EPRT |2|::1|2|\r\n"), EPRT, "00000000000000000000000000000001", 2,
	  "|2|::1|2|" },
	{ T("EPRT |2|1::|2|\r\n"), EPRT, "00010000000000000000000000000000", 2,
	  "|2|1::|2|" },
	{ T("EPRT |2|1:2:3:4:5:6:7:8|2|\r\n"), EPRT,
	  "00010002000300040005000600070008", 2, "|2|1:2:3:4:5:6:7:8|2|" },
	{ T("EPRT |2|1:2:3:4:5:6:7::|2|\r\n"), EPRT,
	  "00010002000300040005000600070000", 2, "|2|1:2:3:4:5:6:7::|2|" },
	{ T("EPRT |2|::ffff:1.2.3.4|2|\r\n"), EPRT,
	  "00000000000000000000ffff01020304", 2, "|2|::ffff:1.2.3.4|2|" },
	{ T("EPRT |2|1:2:3:4:5:6:255.254.253.252|2|\r\n"), EPRT,
	  "000100020003000400050006fffefdfc", 2,
	  "|2|1:2:3:4:5:6:255.254.253.252|2|" },

	{ T("227 Entering Passive Mode (1,2,3,4,5,6).\r\n"), PASV, "01020304",
	  1286, "1,2,3,4,5,6" },
	{ T("227 Entering Passive Mode (1,2,3,4,5,6)\n"), PASV, "01020304", 1286,
	  "1,2,3,4,5,6" },
	{ T("227 =1,2,3,4,5,6\r\n"), PASV, "01020304", 1286, "1,2,3,4,5,6" },
	{ T("227 1,2,3,4,5,6\r\n"), PASV, "01020304", 1286, "1,2,3,4,5,6" },
	{ T("227 Passive mode 2, in 3: 1,2,3,4,5,6\r\n"), PASV, "01020304", 1286,
	  "1,2,3,4,5,6" },
	{ T("227 [1,2,3,4,5,6], your turn, 7\r\n"), PASV, "01020304", 1286,
	  "1,2,3,4,5,6" },
	{ T("220-x\r\n220 y\r\n227 (1,2,3,4,5,6)\r\n"), PASV, "01020304", 1286,
	  "1,2,3,4,5,6" },
	{ T("227 \0 (1,2,3,4,5,6)\r\n"), PASV, "01020304", 1286, "1,2,3,4,5,6" },

	{ T("229 Entering Extended Passive Mode (|||6446|)\r\n"), EPSV, "", 6446,
	  "|||6446|" },
	{ T("229 (!!!65535!)\n"), EPSV, "", 65535, "!!!65535!" },
	{ T("229 (see below) (a) (|||1|)\r\n"), EPSV, "", 1, "|||1|" },
};

static const struct other {
	struct text		in;
	bool			reply;
	enum nf_ct_ftp_result	result;
} others[] = {
	/* Bounds of numbers. */
	{ T("PORT 256,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,256,6\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,5,256\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,5,999\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,0,0\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,5,0006\r\n"), false, NOTHING },
	{ T("PORT 18446744073709551617,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,5,18446744073709551617\r\n"), false, NOTHING },
	{ T("PORT -1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("PORT +1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("PORT 0x1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.256|5|\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.4|65536|\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.4|0|\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.4|000021|\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.4|18446744073709551637|\r\n"), false, NOTHING },
	{ T("EPRT |0|1.2.3.4|5|\r\n"), false, NOTHING },
	{ T("EPRT |3|1.2.3.4|5|\r\n"), false, NOTHING },
	{ T("EPRT |01|1.2.3.4|5|\r\n"), false, NOTHING },
	{ T("EPRT |18446744073709551617|1.2.3.4|5|\r\n"), false, NOTHING },
	{ T("227 (256,2,3,4,5,6)\r\n"), true, NOTHING },
	{ T("227 (1,2,3,4,256,6)\r\n"), true, NOTHING },
	{ T("227 (1,2,3,4,0,0)\r\n"), true, NOTHING },
	{ T("229 (|||65536|)\r\n"), true, NOTHING },
	{ T("229 (|||0|)\r\n"), true, NOTHING },
	{ T("229 (|||18446744073709551637|)\r\n"), true, NOTHING },

	/* Delimiters missing, doubled, wrong. */
	{ T("PORT 1,2,3,4,5\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,5,6,7\r\n"), false, NOTHING },
	{ T("PORT 1,,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("PORT ,1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,5,\r\n"), false, NOTHING },
	{ T("PORT 1 ,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("PORT 1.2.3.4.5.6\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,5,6 \r\n"), false, NOTHING },
	{ T("PORT\r\n"), false, NOTHING },
	{ T("PORT \r\n"), false, NOTHING },
	{ T("PORT\t1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.4|5\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.4||5|\r\n"), false, NOTHING },
	{ T("EPRT ||1|1.2.3.4|5|\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.4!5|\r\n"), false, NOTHING },
	{ T("EPRT 1|1.2.3.4|5|\r\n"), false, NOTHING },
	{ T("EPRT 111.2.3.4151\r\n"), false, NOTHING },
	{ T("EPRT \x01" "1\x01" "1.2.3.4\x01" "5\x01\r\n"), false, NOTHING },
	{ T("EPRT \xff" "1\xff" "1.2.3.4\xff" "5\xff\r\n"), false, NOTHING },
	{ T("EPRT .1.1.2.3.4.5.\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3|5|\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.4.5|5|\r\n"), false, NOTHING },
	{ T("EPRT |1|1.2.3.4 |5|\r\n"), false, NOTHING },
	{ T("EPRT |1||5|\r\n"), false, NOTHING },
	{ T("EPRT |1|::1|5|\r\n"), false, NOTHING },
	{ T("227 1,2,3,4,5\r\n"), true, NOTHING },
	{ T("227 1,2,3,4,5,6,7\r\n"), true, NOTHING },
	{ T("227 1,,2,3,4,5,6\r\n"), true, NOTHING },
	{ T("227\r\n"), true, NOTHING },
	{ T("227 \r\n"), true, NOTHING },
	{ T("227-(1,2,3,4,5,6)\r\n"), true, NOTHING },
	{ T("2270 (1,2,3,4,5,6)\r\n"), true, NOTHING },
	{ T(" 227 (1,2,3,4,5,6)\r\n"), true, NOTHING },
	{ T("229 |||5|\r\n"), true, NOTHING },
	{ T("229 (|||5)\r\n"), true, NOTHING },
	{ T("229 (||5|)\r\n"), true, NOTHING },
	{ T("229 (||||5|)\r\n"), true, NOTHING },
	{ T("229 (|1|1.2.3.4|5|)\r\n"), true, NOTHING },
	{ T("229 (5555)\r\n"), true, NOTHING },
	{ T("229 ()\r\n"), true, NOTHING },

	/* Addresses of IPv6. */
	{ T("EPRT |2|1.2.3.4|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|:|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|:::|5|\r\n"), false, NOTHING },
	{ T("EPRT |2||5|\r\n"), false, NOTHING },
	{ T("EPRT |2|1|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|1:|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|:1|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|1::2::3|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|12345::|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|1:2:3:4:5:6:7|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|1:2:3:4:5:6:7:8:9|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|1:2:3:4:5:6:7:8::|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|0:1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1:2:3:4:5:6:7:8:9:a:b:c|5|\r\n"),
	  false, NOTHING },
	{ T("EPRT |2|::1.2.3.256|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|::1.2.3.4:1|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|1:2:3:4:5:6:7:1.2.3.4|5|\r\n"), false, NOTHING },
	{ T("EPRT |2|fe80::1%eth0|5|\r\n"), false, NOTHING },

	/* The wrong side, or not at the start of a line. */
	{ T("PORT 1,2,3,4,5,6\r\n"), true, NOTHING },
	{ T("EPRT |1|1.2.3.4|5|\r\n"), true, NOTHING },
	{ T("227 (1,2,3,4,5,6)\r\n"), false, NOTHING },
	{ T("229 (|||5|)\r\n"), false, NOTHING },
	{ T("xPORT 1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("x PORT 1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("x\rPORT 1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("x\0PORT 1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("\xff\xf4\xff\xf2PORT 1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("PO\xff\xf1RT 1,2,3,4,5,6\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,5,\0006\r\n"), false, NOTHING },
	{ T("PORT 1,2,3,4,5,6\0\r\n"), false, NOTHING },
	{ T("550 PORT 1,2,3,4,5,6\r\n"), true, NOTHING },

	/* Beginnings. */
	{ T("P"), false, PARTIAL },
	{ T("e"), false, PARTIAL },
	{ T("PORT"), false, PARTIAL },
	{ T("PORT "), false, PARTIAL },
	{ T("PORT 1,2,3,4,5,6"), false, PARTIAL },
	{ T("NOOP\r\nPORT 1"), false, PARTIAL },
	{ T("EPRT |1|1.2.3.4|5"), false, PARTIAL },
	{ T("2"), true, PARTIAL },
	{ T("227 Entering"), true, PARTIAL },
	{ T("227 (1,2,3,4,5,6,7"), true, PARTIAL },
	{ T("229 (|||5"), true, PARTIAL },
	{ T("PASS"), false, NOTHING },
	{ T("PORT 1,2,3,x"), false, NOTHING },
	{ T("PORT 256"), false, NOTHING },
	{ T("EPRT |3"), false, NOTHING },
	{ T("228 "), true, NOTHING },
	{ T(""), false, NOTHING },
	{ T(""), true, NOTHING },
};

/* Beginnings: from where on something may have to be changed. */
static const struct {
	struct text	in;
	bool		reply;
	unsigned int	numbers;
} open_lines[] = {
	{ T("POR"), false, 3 },
	{ T("PORT "), false, 5 },
	{ T("PORT  1"), false, 6 },
	{ T("NOOP\r\nPORT 1,2"), false, 11 },
	{ T("EPRT |"), false, 5 },
	{ T("227 Entering Passive"), true, 20 },
	{ T("227 Mode 2 ("), true, 12 },
	{ T("227 Mode 2"), true, 9 },
	{ T("227 Mode 2 (1,"), true, 12 },
	{ T("229 (a) ("), true, 9 },
	{ T("229 (a) (|"), true, 9 },
};

static enum nf_ct_ftp_result parse(const char *text, int len, bool reply,
				   bool line_start, struct nf_ct_ftp_match *m)
{
	unsigned char *exact = exact_alloc(len);
	enum nf_ct_ftp_result result;

	if (!exact)
		return NO_MEMORY;
	memcpy(exact, text, len);
	memset(m, 0xee, sizeof(*m));
	result = nf_ct_ftp_parse(exact, len, reply, line_start, m);
	exact_free(exact);
	return result;
}

static bool is_reply(enum nf_ct_ftp_kind kind)
{
	return kind == PASV || kind == EPSV;
}

static bool right(const struct found *f, const struct nf_ct_ftp_match *m)
{
	int i, len = strlen(f->addr) / 2;
	char addr[33] = "";

	for (i = 0; i < len; i++)
		sprintf(addr + 2 * i, "%02x", m->addr[i]);
	return m->kind == f->kind && m->port == f->port &&
	       m->family == (len == 16 ? 6 : len) && !strcmp(addr, f->addr) &&
	       m->len == strlen(f->numbers) &&
	       m->offset + m->len <= (unsigned int)f->in.len &&
	       !memcmp(f->in.text + m->offset, f->numbers, m->len);
}

/* Cut where it may be, it is the beginning of its line, or all that counts. */
static bool cut_right(const struct found *f, const struct nf_ct_ftp_match *whole)
{
	struct nf_ct_ftp_match m;
	int len;

	for (len = whole->line + 1; len < f->in.len; len++) {
		switch (parse(f->in.text, len, is_reply(f->kind), true, &m)) {
		case FOUND:
			if (!right(f, &m))
				return false;
			break;
		case PARTIAL:
			if (m.kind != f->kind && len - whole->line > 2)
				return false;
			if (m.line != whole->line || m.offset > (unsigned int)len)
				return false;
			/* No number may slip through before it is whole. */
			if ((unsigned int)len > whole->offset &&
			    m.offset > whole->offset)
				return false;
			break;
		default:
			return false;
		}
	}
	return true;
}

#define COUNT(table)	(sizeof(table) / sizeof((table)[0]))

static void check_found(void *who)
{
	struct nf_ct_ftp_match m;
	unsigned int i, line;

	for (i = 0; i < COUNT(found); i++) {
		const struct found *f = &found[i];
		bool good;

		good = parse(f->in.text, f->in.len, is_reply(f->kind), true,
			     &m) == FOUND && right(f, &m);
		verdict(who, good, "found", &f->in);
		verdict(who, good && cut_right(f, &m), "cut anywhere", &f->in);

		/* Of unknown origin, only what follows the end of a line counts. */
		line = m.line;
		good = parse(f->in.text, f->in.len, is_reply(f->kind), false,
			     &m) == (line ? FOUND : NOTHING);
		verdict(who, good, "in the middle", &f->in);
	}
}

static void check_others(void *who)
{
	struct nf_ct_ftp_match m;
	unsigned int i;

	for (i = 0; i < COUNT(others); i++) {
		const struct other *o = &others[i];

		verdict(who, parse(o->in.text, o->in.len, o->reply, true, &m) ==
			o->result,
			o->result == PARTIAL ? "a beginning" : "nothing", &o->in);
	}
}

static void check_open_lines(void *who)
{
	struct nf_ct_ftp_match m;
	unsigned int i;

	for (i = 0; i < COUNT(open_lines); i++) {
		const struct text *in = &open_lines[i].in;

		verdict(who, parse(in->text, in->len, open_lines[i].reply, true,
				   &m) == PARTIAL &&
			m.offset == open_lines[i].numbers,
			"where numbers start", in);
	}
}

static void check_long_line(void *who)
{
	static char text[65536 + 40];
	const struct text name = T("a line of 64 kB, and what comes behind it");
	struct nf_ct_ftp_match m;

	memset(text, '1', sizeof(text));
	memcpy(text, "PORT ", 5);
	verdict(who, parse(text, 65536, false, true, &m) == NOTHING, "nothing",
		&name);
	strcpy(text + 65536, "\r\nPORT 1,2,3,4,5,6\r\n");
	verdict(who, parse(text, 65536 + 20, false, true, &m) == FOUND &&
		m.line == 65538, "found", &name);
}

#endif /* FTP_CASES_H */
