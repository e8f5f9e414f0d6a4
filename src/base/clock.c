/*
 * clock.c - reading the clocks and writing RFC 3339, without a calendar from libc.
 *
 * The date arithmetic counts days in 400-year eras that begin on 1 March, so that a leap day is
 * the last of its year and needs no special case.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

enum { DAY_SECONDS = 86400, ERA_DAYS = 146097 };

static int64_t read_ms(clockid_t id)
{
    struct timespec ts;
    (void)clock_gettime(id, &ts); /* cannot fail for these two clocks */
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono_us(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t system_wall(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_mono(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_MONOTONIC);
}

const struct clock clock_system = {system_wall, system_mono, NULL};

int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->arg);
}

int64_t clock_mono_ms(const struct clock *c)
{
    return c->mono_ms(c->arg);
}

struct timespec clock_deadline(int64_t ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * ERA_DAYS + doe - 719468; /* 719468 = days from 0000-03-01 to 1970-01-01 */
}

static void civil_from_days(int64_t z, int64_t *y, int *m, int *d)
{
    z += 719468;
    int64_t era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
    int64_t doe = z - era * ERA_DAYS;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = yoe + era * 400 + (*m <= 2);
}

/* Digits by hand: lists write thousands of times, and printf costs more than the rest of a row. */
static char *put_digits(char *at, int64_t v, int digits)
{
    for (int i = digits - 1; i >= 0; i--, v /= 10)
        at[i] = (char)('0' + v % 10);
    return at + digits;
}

const char *clock_format(int64_t wall_ms, char text[CLOCK_TEXT])
{
    int64_t s = wall_ms / 1000, ms = wall_ms % 1000;
    if (ms < 0) {
        ms += 1000;
        s--;
    }
    int64_t days = s / DAY_SECONDS, rest = s % DAY_SECONDS;
    if (rest < 0) {
        rest += DAY_SECONDS;
        days--;
    }
    int64_t y;
    int m, d;
    civil_from_days(days, &y, &m, &d);
    const struct {
        int64_t v;
        int digits;
        char after;
    } parts[] = {{(y % 10000 + 10000) % 10000, 4, '-'},
                 {m, 2, '-'},
                 {d, 2, 'T'},
                 {rest / 3600, 2, ':'},
                 {rest / 60 % 60, 2, ':'},
                 {rest % 60, 2, '.'},
                 {ms, 3, 'Z'}};
    char *at = text;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        at = put_digits(at, parts[i].v, parts[i].digits);
        *at++ = parts[i].after;
    }
    *at = '\0';
    return text;
}

/* Reads exactly `digits` digits at *at and moves on. */
static bool take_number(struct slice t, size_t *at, size_t digits, int64_t *out)
{
    uint64_t v;
    if (t.n - *at < digits || !slice_to_u64(slice_sub(t, *at, *at + digits), &v))
        return false;
    *at += digits;
    *out = (int64_t)v;
    return true;
}

static bool take_char(struct slice t, size_t *at, char c)
{
    if (*at >= t.n || t.p[*at] != c)
        return false;
    ++*at;
    return true;
}

static bool take_date(struct slice t, size_t *at, int64_t *days)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t y, m, d;
    if (!take_number(t, at, 4, &y) || !take_char(t, at, '-') || !take_number(t, at, 2, &m) ||
        !take_char(t, at, '-') || !take_number(t, at, 2, &d))
        return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (m < 1 || m > 12 || d < 1 || d > month_days[m - 1] + (m == 2 && leap))
        return false;
    *days = days_from_civil(y, m, d);
    return true;
}

/* ".123456": only the first three digits count; at most nine may stand there. */
static bool take_fraction(struct slice t, size_t *at, int64_t *ms)
{
    *ms = 0;
    if (!take_char(t, at, '.'))
        return true;
    size_t from = *at;
    int64_t unit = 100;
    while (*at < t.n && t.p[*at] >= '0' && t.p[*at] <= '9') {
        *ms += (t.p[*at] - '0') * unit;
        unit /= 10;
        ++*at;
    }
    return *at > from && *at - from <= 9;
}

static bool take_offset(struct slice t, size_t *at, int64_t *minutes)
{
    *minutes = 0;
    if (take_char(t, at, 'Z') || take_char(t, at, 'z'))
        return true;
    bool west = take_char(t, at, '-');
    int64_t h, m;
    if (!west && !take_char(t, at, '+'))
        return false;
    if (!take_number(t, at, 2, &h) || !take_char(t, at, ':') || !take_number(t, at, 2, &m) ||
        h > 23 || m > 59)
        return false;
    *minutes = (h * 60 + m) * (west ? -1 : 1);
    return true;
}

bool clock_parse(struct slice t, int64_t *wall_ms)
{
    size_t at = 0;
    int64_t days, h, m, s, ms, offset;
    if (t.n > 40 || !take_date(t, &at, &days))
        return false;
    if (at == t.n) {
        *wall_ms = days * DAY_SECONDS * 1000;
        return true;
    }
    if (!take_char(t, &at, 'T') && !take_char(t, &at, 't') && !take_char(t, &at, ' '))
        return false;
    if (!take_number(t, &at, 2, &h) || !take_char(t, &at, ':') || !take_number(t, &at, 2, &m) ||
        !take_char(t, &at, ':') || !take_number(t, &at, 2, &s) || h > 23 || m > 59 || s > 60)
        return false;
    if (!take_fraction(t, &at, &ms) || !take_offset(t, &at, &offset) || at != t.n)
        return false;
    *wall_ms = ((days * DAY_SECONDS) + h * 3600 + m * 60 + s - offset * 60) * 1000 + ms;
    return true;
}
