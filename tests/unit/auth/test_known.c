/*
 * test_known.c - kept answers: under which credential, org and generation they are found, and that
 * many threads never see half of one.
 */
#include "auth/known.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"

struct piece {
    struct arena arena;
    struct ctx ctx;
    int64_t wall;
    struct clock clock;
};

static int64_t time_of(void *arg)
{
    return *(int64_t *)arg;
}

static void piece_init(struct piece *p)
{
    p->wall = 1790000000000;
    p->clock = (struct clock){time_of, time_of, &p->wall};
    arena_init(&p->arena, 8 << 20);
    ctx_init(&p->ctx, &p->arena, &p->clock, NULL, "test");
}

static const struct access answer = {.valid = true,
                                     .user_id = "u-1",
                                     .username = "ann",
                                     .session_id = "s-1",
                                     .expires_at = 7,
                                     .standing = STANDING_MEMBER};

static void an_answer_is_found_under_what_it_was_for(void **state)
{
    (void)state;
    struct piece p;
    struct known *k = known_new();
    const unsigned char mine[SHA256_BYTES] = {1}, other[SHA256_BYTES] = {1, 0, 1};
    struct access a;
    piece_init(&p);
    assert_false(known_find(k, &p.ctx, 5, mine, NULL, &a));
    known_keep(k, &p.ctx, 5, mine, "org-1", &answer);
    assert_true(known_find(k, &p.ctx, 5, mine, "org-1", &a));
    assert_string_equal(a.user_id, "u-1");
    assert_string_equal(a.username, "ann");
    assert_string_equal(a.session_id, "s-1");
    assert_null(a.key_id);
    assert_null(a.key_org_id);
    assert_int_equal(a.expires_at, 7);
    assert_int_equal(a.standing, STANDING_MEMBER);
    assert_false(known_find(k, &p.ctx, 6, mine, "org-1", &a));
    assert_false(known_find(k, &p.ctx, 4, mine, "org-1", &a));
    assert_false(known_find(k, &p.ctx, 5, mine, "org-2", &a));
    assert_false(known_find(k, &p.ctx, 5, mine, NULL, &a));
    assert_false(known_find(k, &p.ctx, 5, other, "org-1", &a));
    p.ctx.now += 59999;
    assert_true(known_find(k, &p.ctx, 5, mine, "org-1", &a));
    p.ctx.now += 1;
    assert_false(known_find(k, &p.ctx, 5, mine, "org-1", &a));
    p.ctx.now -= 60001; /* the clock went back: rather read again */
    assert_false(known_find(k, &p.ctx, 5, mine, "org-1", &a));
    known_free(k);
    arena_free(&p.arena);
}

static void what_does_not_fit_is_not_kept(void **state)
{
    (void)state;
    struct piece p;
    struct known *k = known_new();
    const unsigned char mine[SHA256_BYTES] = {9};
    char longer[100];
    struct access a, long_name = answer;
    piece_init(&p);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    known_keep(k, &p.ctx, 1, mine, longer, &answer);
    assert_false(known_find(k, &p.ctx, 1, mine, longer, &a));
    longer[36] = '\0'; /* nor is it found under its beginning */
    assert_false(known_find(k, &p.ctx, 1, mine, longer, &a));
    longer[36] = 'x';
    long_name.username = longer;
    known_keep(k, &p.ctx, 1, mine, NULL, &long_name);
    assert_false(known_find(k, &p.ctx, 1, mine, NULL, &a));
    known_free(k);
    arena_free(&p.arena);
}

static void many_orgs_of_one_credential_make_room(void **state)
{
    (void)state;
    struct piece p;
    struct known *k = known_new();
    const unsigned char mine[SHA256_BYTES] = {3};
    struct access a;
    int found = 0;
    piece_init(&p);
    for (int i = 0; i < 100; i++) {
        const char *org = str_printf(&p.arena, "org-%d", i);
        known_keep(k, &p.ctx, 1, mine, org, &answer);
        assert_true(known_find(k, &p.ctx, 1, mine, org, &a)); /* the newest is always there */
    }
    for (int i = 0; i < 100; i++)
        found += known_find(k, &p.ctx, 1, mine, str_printf(&p.arena, "org-%d", i), &a);
    assert_true(found >= 1 && found <= 4);
    known_free(k);
    arena_free(&p.arena);
}

enum { THREADS = 4, ROUNDS = 4000, CREDENTIALS = 5 };

struct worker {
    pthread_t thread;
    struct known *known;
    int seed, torn, found;
};

/* Every answer carries its generation and its credential in its texts. */
static void *keep_and_find(void *arg)
{
    struct worker *w = arg;
    struct piece p;
    piece_init(&p);
    for (int i = 0; i < ROUNDS; i++) {
        unsigned char credential[SHA256_BYTES] = {0};
        char user[16], name[16];
        struct access a, mine = answer;
        uint64_t generation = (uint64_t)(i / 500);
        int which = (i * 7 + w->seed) % CREDENTIALS;
        credential[2] = (unsigned char)which; /* all in one set, so that they fight for room */
        (void)snprintf(user, sizeof user, "u-%d", which);
        (void)snprintf(name, sizeof name, "g-%d", (int)generation);
        mine.user_id = user;
        mine.username = name;
        if (known_find(w->known, &p.ctx, generation, credential, NULL, &a)) {
            w->found++;
            w->torn += strcmp(a.user_id, user) != 0 || strcmp(a.username, name) != 0;
        }
        known_keep(w->known, &p.ctx, generation, credential, NULL, &mine);
        /* at once again, so that something is found even where the threads never overlap */
        if (known_find(w->known, &p.ctx, generation, credential, NULL, &a)) {
            w->found++;
            w->torn += strcmp(a.user_id, user) != 0 || strcmp(a.username, name) != 0;
        }
        if (i % 100 == 0)
            arena_reset(&p.arena);
    }
    arena_free(&p.arena);
    return NULL;
}

static void threads_never_see_half_an_answer(void **state)
{
    (void)state;
    struct known *k = known_new();
    struct worker w[THREADS];
    int found = 0;
    for (int i = 0; i < THREADS; i++) {
        w[i] = (struct worker){.known = k, .seed = i * 13};
        assert_int_equal(pthread_create(&w[i].thread, NULL, keep_and_find, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(w[i].thread, NULL), 0);
        assert_int_equal(w[i].torn, 0);
        found += w[i].found;
    }
    assert_true(found > 0);
    known_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_found_under_what_it_was_for),
        cmocka_unit_test(what_does_not_fit_is_not_kept),
        cmocka_unit_test(many_orgs_of_one_credential_make_room),
        cmocka_unit_test(threads_never_see_half_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
