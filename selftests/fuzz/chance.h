/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs of this directory share: numbers that follow from a seed, the
 * command line (KEY=NUMBER: seed, from, count, ms, show), and the last line, which
 * lib.sh reads.
 */
#ifndef CHANCE_H
#define CHANCE_H

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT_OF(_array) (sizeof(_array) / sizeof((_array)[0]))

static struct {
	uint64_t seed, from, count, ms, show;
} opt = { .seed = 1, .count = UINT64_MAX, .ms = 10000 };

static uint64_t chance;		/* state of the numbers (splitmix64) */
static volatile sig_atomic_t stopped;
static uint64_t started_ms;

static inline uint64_t next(void)
{
	uint64_t z = chance += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Less than @n, which is not 0. */
static inline uint32_t below(uint32_t n)
{
	return (next() >> 32) * n >> 32;
}

/* Once in @n times. */
static inline bool once(uint32_t n)
{
	return !below(n);
}

#define pick(_array) ((_array)[below(COUNT_OF(_array))])

static inline uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static inline void begin(int argc, char **argv)
{
	static const struct {
		const char *key;
		uint64_t *value;
	} keys[] = {
		{ "seed=", &opt.seed }, { "from=", &opt.from }, { "count=", &opt.count },
		{ "ms=", &opt.ms }, { "show=", &opt.show },
	};
	struct sigaction act = { .sa_handler = stop };
	size_t k;
	int i;

	for (i = 1; i < argc; i++) {
		for (k = 0; k < COUNT_OF(keys); k++)
			if (!strncmp(argv[i], keys[k].key, strlen(keys[k].key)))
				break;
		if (k == COUNT_OF(keys)) {
			fprintf(stderr, "%s: no such option: %s\n", argv[0], argv[i]);
			exit(2);
		}
		*keys[k].value = strtoull(strchr(argv[i], '=') + 1, NULL, 0);
	}
	/* A call that waits ends then, too. */
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	started_ms = now_ms();
}

/* Number @n may be done; what it is follows from the seed and @n. */
static inline bool may(uint64_t n)
{
	if (stopped || n - opt.from >= opt.count || now_ms() - started_ms >= opt.ms)
		return false;
	chance = opt.seed * 0xd1342543de82ef95ULL + n;
	next();
	return true;
}

static inline void end(uint64_t n, const char *more)
{
	printf("executions=%" PRIu64 " ms=%" PRIu64 " %s\n", n - opt.from,
	       now_ms() - started_ms, more);
}

#endif /* CHANCE_H */
