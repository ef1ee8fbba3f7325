/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an FTP command or reply says of a data connection (RFC 959, RFC 2428).
 * A pure function over bytes: it knows neither packets nor entries, so that it
 * can be tested and fuzzed in user space.
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
#endif

/* Which side speaks. */
enum nf_ct_ftp_side {
	NF_CT_FTP_CLIENT,
	NF_CT_FTP_SERVER,
};

/* What was found. */
enum nf_ct_ftp_found {
	NF_CT_FTP_NOTHING,	/* nothing about a data connection */
	NF_CT_FTP_PARTIAL,	/* the packet ends within it */
	NF_CT_FTP_ADDRESS,	/* an address and a port */
	NF_CT_FTP_PORT_ONLY,	/* a port, at the server's address: 229 */
};

/* The kind of command or reply; the values of enum nf_ct_ftp_type. */
enum nf_ct_ftp_kind {
	NF_CT_FTP_KIND_PORT,
	NF_CT_FTP_KIND_PASV,
	NF_CT_FTP_KIND_EPRT,
	NF_CT_FTP_KIND_EPSV,
};

/**
 * struct nf_ct_ftp_data - a data connection that was agreed upon
 * @kind:	how
 * @family:	4 or 6; 0 for NF_CT_FTP_PORT_ONLY
 * @addr:	address, in network order
 * @port:	port, in host order, not 0
 * @off:	where the address and port stand in the payload
 * @len:	how long they are
 */
struct nf_ct_ftp_data {
	enum nf_ct_ftp_kind	kind;
	u8			family;
	u8			addr[16];
	u16			port;
	unsigned int		off;
	unsigned int		len;
};

enum nf_ct_ftp_found nf_ct_ftp_parse(const u8 *payload, unsigned int len,
				     enum nf_ct_ftp_side side, bool ipv6,
				     struct nf_ct_ftp_data *data);

#endif /* _NF_CT_FTP_PARSE_H */
