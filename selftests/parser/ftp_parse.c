// SPDX-License-Identifier: GPL-2.0
/*
 * The FTP parser by itself, in user space: gives it the texts of ftp_cases.h.
 */
#include "ftp_cases.h"

static unsigned int n, failed;

static void verdict(void *who, bool good, const char *what,
		    const struct text *in)
{
	int i;

	(void)who;
	printf("%sok %u %s: ", good ? "" : "not ", ++n, what);
	for (i = 0; i < in->len && i < 60; i++) {
		unsigned char c = in->text[i];

		if (c == '\r' || c == '\n')
			printf(c == '\r' ? "\\r" : "\\n");
		else if (c < ' ' || c > '~' || c == '#')
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	putchar('\n');
	failed += !good;
}

int main(void)
{
	printf("KTAP version 1\n");
	check_found(NULL);
	check_others(NULL);
	check_open_lines(NULL);
	check_long_line(NULL);
	printf("1..%u\n", n);
	return failed ? 1 : 0;
}
