// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes by chance to all files that the tracker has: its sysctls, the
 * parameters of its module, /proc/net/nf_conntrack and its like. Sizes are odd,
 * positions too, what is written is a number, or not, or nearly.
 *
 *	files [seed=N] [from=N] [count=N] [ms=N] [show=1]
 *
 * Operation number N follows from the seed and N, but for where an open file
 * stands. Runs in the namespace it is started in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>
#include <unistd.h>

#include "chance.h"

#define OPEN	8
#define LARGE	(1 << 17)

static const char *const places[] = {
	"/proc/sys/net/netfilter/nf_conntrack_*", "/proc/sys/net/nf_conntrack_max",
	"/sys/module/nf_conntrack/parameters/*", "/sys/module/nf_conntrack_ftp/parameters/*",
	"/proc/net/nf_conntrack", "/proc/net/nf_conntrack_expect",
	"/proc/net/stat/nf_conntrack",
};

static glob_t files;
static struct {
	int fd;
	size_t file;
} open_files[OPEN];
static uint64_t reads, writes, refused;

static bool is_list(size_t file)
{
	return strstr(files.gl_pathv[file], "/proc/net/");
}

static bool is_size(size_t file)
{
	const char *name = files.gl_pathv[file];

	return strstr(name, "buckets") || strstr(name, "hashsize");
}

/* A large table takes memory for as long as it is there: seldom. */
static uint64_t size(void)
{
	static const uint64_t odd[] = {
		0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, UINT64_MAX,
	};

	return once(8) ? pick(odd) : once(8) ? below(1 << 20) : below(5000);
}

static uint64_t value(void)
{
	static const uint64_t odd[] = {
		0, 1, 2, 3, 7, 255, 256, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, UINT64_MAX,
	};

	return once(4) ? pick(odd) : once(4) ? next() : once(2) ? below(2) : below(1000);
}

/* What is written to @file. */
static size_t text(size_t file, char *to, size_t room)
{
	uint64_t n = is_size(file) ? size() : value();
	size_t len, i;

	switch (below(12)) {
	case 0:
		len = below(room);
		memset(to, once(2) ? '9' : ' ', len);
		return len;
	case 1:
		len = below(40);
		for (i = 0; i < len; i++)
			to[i] = next();
		return len;
	case 2:
		return snprintf(to, room, "-%" PRIu64 "\n", n);
	case 3:
		return snprintf(to, room, "  %" PRIu64 " %u\n", n, below(9));
	case 4:
		return snprintf(to, room, "0x%" PRIx64, n);
	case 5:
		return snprintf(to, room, "%" PRIu64 "x\n", n);
	}
	return snprintf(to, room, "%" PRIu64 "\n", n);
}

static void again(int i)
{
	const char *name;

	if (open_files[i].fd >= 0)
		close(open_files[i].fd);
	/* The lists as often as all else. */
	do {
		open_files[i].file = below(files.gl_pathc);
	} while (once(2) && !is_list(open_files[i].file));
	name = files.gl_pathv[open_files[i].file];
	open_files[i].fd = open(name, O_RDWR | O_CLOEXEC);
	if (open_files[i].fd < 0)
		open_files[i].fd = open(name, O_RDONLY | O_CLOEXEC);
}

static void operate(uint64_t n)
{
	static char buf[LARGE];
	int i = below(OPEN), fd;
	ssize_t ret = 0;
	size_t len = once(4) ? below(LARGE) : once(2) ? below(4096) : below(40);
	off_t at = once(4) ? (off_t)next() : (off_t)below(20000);

	if (open_files[i].fd < 0 || once(10))
		again(i);
	fd = open_files[i].fd;
	if (fd < 0) {
		refused++;
		return;
	}
	if (opt.show) {
		printf("%" PRIu64 ": %s\n", n, files.gl_pathv[open_files[i].file]);
		fflush(stdout);
	}
	switch (below(8)) {
	case 0:
		ret = lseek(fd, at, below(3));
		break;
	case 1:
		ret = pread(fd, buf, len, at);
		reads++;
		break;
	case 2:
	case 3:
		if (is_list(open_files[i].file) && !once(8))
			break;
		len = text(open_files[i].file, buf, once(8) ? 5000 : 100);
		ret = once(4) ? pwrite(fd, buf, len, once(2) ? 0 : at) : write(fd, buf, len);
		writes++;
		break;
	default:
		ret = read(fd, buf, len);
		reads++;
		/* To where it ends, a piece at a time. */
		if (once(20))
			while (ret > 0 && !stopped)
				ret = read(fd, buf, 1 + below(8192));
	}
	if (ret < 0)
		refused++;
}

int main(int argc, char **argv)
{
	char more[100];
	uint64_t n;
	size_t i;

	begin(argc, argv);
	for (i = 0; i < COUNT_OF(places); i++)
		glob(places[i], i ? GLOB_APPEND : 0, NULL, &files);
	if (!files.gl_pathc) {
		fprintf(stderr, "there are no files of nf_conntrack\n");
		return 2;
	}
	for (i = 0; i < OPEN; i++)
		open_files[i].fd = -1;
	for (n = opt.from; may(n); n++)
		operate(n);
	snprintf(more, sizeof(more), "reads=%" PRIu64 " writes=%" PRIu64 " refused=%" PRIu64 " next=%" PRIu64,
		 reads, writes, refused, n);
	end(n, more);
	return 0;
}
