// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_ftp_parse.c: the texts that user space tests it with, too.
 */
#include <kunit/test.h>

#include "../parser/ftp_cases.h"

static void verdict(void *who, bool good, const char *what,
		    const struct text *in)
{
	struct kunit *test = who;

	KUNIT_EXPECT_TRUE_MSG(test, good, "%s: %*pE", what,
			      min(in->len, 60), in->text);
}

static void announcements(struct kunit *test)
{
	check_found(test);
}

static void nothing_and_beginnings(struct kunit *test)
{
	check_others(test);
}

static void where_numbers_start(struct kunit *test)
{
	check_open_lines(test);
}

static void long_line(struct kunit *test)
{
	check_long_line(test);
}

/* NAT writes a line anew with it. */
static void keywords(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, nf_ct_ftp_keyword(PORT), "PORT ");
	KUNIT_EXPECT_STREQ(test, nf_ct_ftp_keyword(PASV), "227 ");
	KUNIT_EXPECT_STREQ(test, nf_ct_ftp_keyword(EPRT), "EPRT ");
	KUNIT_EXPECT_STREQ(test, nf_ct_ftp_keyword(EPSV), "229 ");
}

static struct kunit_case cases[] = {
	KUNIT_CASE(announcements),
	KUNIT_CASE(nothing_and_beginnings),
	KUNIT_CASE(where_numbers_start),
	KUNIT_CASE(long_line),
	KUNIT_CASE(keywords),
	{}
};

static struct kunit_suite suite = {
	.name = "nf_ct_ftp_parse",
	.test_cases = cases,
};

kunit_test_suites(&suite);
