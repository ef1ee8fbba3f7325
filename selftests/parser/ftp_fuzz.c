// SPDX-License-Identifier: GPL-2.0
/*
 * The FTP parser under libFuzzer. The first byte of an input chooses the side
 * and whether a line starts, the second where the text is cut; the rest is the
 * text. Beside what the sanitizers see, each answer must make sense.
 */
#include <stdlib.h>
#include <string.h>

#include "nf_ct_ftp_parse.h"

#define REPLY		1
#define LINE_START	2

/* A line that is longer is not looked at, whatever its beginning says. */
#define LONG		512

static void must(bool so)
{
	if (!so)
		abort();
}

static enum nf_ct_ftp_result parse(const u8 *text, size_t len, u8 flags,
				   struct nf_ct_ftp_match *m)
{
	u8 *exact = malloc(len ?: 1);
	enum nf_ct_ftp_result result;

	must(exact);
	memcpy(exact, text, len);
	memset(m, 0, sizeof(*m));
	result = nf_ct_ftp_parse(exact, len, flags & REPLY, flags & LINE_START,
				 m);
	free(exact);
	return result;
}

static void plausible(const u8 *text, size_t len, u8 flags,
		      enum nf_ct_ftp_result result,
		      const struct nf_ct_ftp_match *m)
{
	bool reply = m->kind == NF_CT_FTP_KIND_PASV ||
		     m->kind == NF_CT_FTP_KIND_EPSV;
	size_t word = strlen(nf_ct_ftp_keyword(m->kind));

	if (result == NF_CT_FTP_NOTHING)
		return;
	must(reply == !!(flags & REPLY));
	must(m->line < len && m->line <= m->offset && m->offset <= len);
	must(m->line ? text[m->line - 1] == '\n' : flags & LINE_START);
	if (result == NF_CT_FTP_PARTIAL) {
		must(!memchr(text + m->line, '\n', len - m->line));
		return;
	}
	must(m->offset >= m->line + word && m->len && m->port);
	must(m->len <= len - m->offset);
	must(!memchr(text + m->line, '\n', m->offset + m->len - m->line));
	must(m->family == (m->kind == NF_CT_FTP_KIND_EPSV ? 0 :
			   m->kind == NF_CT_FTP_KIND_EPRT && m->family == 6 ? 6 :
			   4));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	enum nf_ct_ftp_result result, cut_result;
	struct nf_ct_ftp_match m, cut_m;
	const u8 *text = data + 2;
	size_t len, cut;

	if (size < 2)
		return 0;
	len = size - 2;

	result = parse(text, len, data[0], &m);
	plausible(text, len, data[0], result, &m);

	/* What a part of the text says, the whole says, too; and of what the
	 * whole says, a part is a beginning.
	 */
	cut = len ? data[1] % (len + 1) : 0;
	cut_result = parse(text, cut, data[0], &cut_m);
	plausible(text, cut, data[0], cut_result, &cut_m);
	if (len > LONG)
		return 0;
	if (cut_result == NF_CT_FTP_FOUND)
		must(result == NF_CT_FTP_FOUND && !memcmp(&m, &cut_m, sizeof(m)));
	else if (result == NF_CT_FTP_FOUND && cut > m.line)
		must(cut_result == NF_CT_FTP_PARTIAL && cut_m.line == m.line);
	return 0;
}
