/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a piece of an FTP control connection says about data connections. A
 * pure function over bytes: it builds in user space, too.
 */
#ifndef _NF_CT_FTP_PARSE_H
#define _NF_CT_FTP_PARSE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
#endif

/* In the order of enum nf_ct_ftp_type. */
enum nf_ct_ftp_kind {
	NF_CT_FTP_KIND_PORT,	/* RFC 959 4.1.2 */
	NF_CT_FTP_KIND_PASV,
	NF_CT_FTP_KIND_EPRT,	/* RFC 2428 2 */
	NF_CT_FTP_KIND_EPSV,	/* RFC 2428 3 */
};

enum nf_ct_ftp_result {
	NF_CT_FTP_NOTHING,	/* no data connection is announced */
	NF_CT_FTP_FOUND,
	NF_CT_FTP_PARTIAL,	/* it may be: the end is missing */
};

/**
 * struct nf_ct_ftp_match - an announced data connection
 * @kind:	by which command or reply
 * @family:	4 or 6, the version of IP of @addr; 0 if no address is named
 * @addr:	address, in network order; the first four bytes for IPv4
 * @port:	port, 1 to 65535, in host order
 * @line:	where the line starts
 * @offset:	where the text starts that stands for address and port
 * @len:	length of that text, delimiters of EPRT and EPSV included
 */
struct nf_ct_ftp_match {
	enum nf_ct_ftp_kind	kind;
	u8			family;
	u8			addr[16];
	u16			port;
	u32			line;
	u32			offset;
	u32			len;
};

enum nf_ct_ftp_result nf_ct_ftp_parse(const u8 *data, u32 len, bool reply,
				      bool line_start,
				      struct nf_ct_ftp_match *match);
const char *nf_ct_ftp_keyword(enum nf_ct_ftp_kind kind);

#endif /* _NF_CT_FTP_PARSE_H */
