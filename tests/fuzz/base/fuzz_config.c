/*
 * fuzz_config.c - any bytes as a configuration file, and as a single value of every type.
 *
 * The engine reads files, so the bytes are put into one that lives in memory only.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/config.h"
#include "base/config_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// clang-format off
static const struct config_row rows[] = {
    {.key = "listen",   .env = "T_LISTEN",   .type = CONFIG_STRING,   .standard = "127.0.0.1:8080"},
    {.key = "level",    .env = "T_LEVEL",    .type = CONFIG_CHOICE,   .standard = "info", .choices = "debug|info|warn"},
    {.key = "threads",  .env = "T_THREADS",  .type = CONFIG_INT,      .standard = "4", .min = 1, .max = 64},
    {.key = "migrate",  .env = "T_MIGRATE",  .type = CONFIG_BOOL,     .standard = "true"},
    {.key = "limit",    .env = "T_LIMIT",    .type = CONFIG_BYTES,    .standard = "5MiB", .min = 1, .max = INT64_MAX},
    {.key = "patience", .env = "T_PATIENCE", .type = CONFIG_DURATION, .standard = "30s", .min = 1, .max = INT64_MAX},
    {.key = "data",     .env = "T_DATA",     .type = CONFIG_PATH,     .standard = "./y"},
    {.key = "hosts",    .env = "T_HOSTS",    .type = CONFIG_LIST},
};
// clang-format on
enum { ROWS = sizeof rows / sizeof *rows };

static void read_as_file(struct ctx *ctx, const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", 0);
    char path[64];
    if (fd < 0)
        return;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size) {
        const struct config_input in = {
            .rows = rows, .row_count = ROWS, .prefix = "T_", .file = path};
        struct config *config;
        if (config_load(ctx, &in, &config) == OK) {
            for (size_t i = 0; i < ROWS; i++) {
                struct config_value value;
                config_at(config, i, &value);
            }
            config_free(config);
        }
    }
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, 16 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    struct slice text = {(const char *)data, size};
    for (size_t i = 0; i < ROWS; i++) {
        int64_t number;
        char wanted[160];
        (void)config_value_read(&rows[i], text, &number, wanted, sizeof wanted);
    }
    (void)config_guess(rows, ROWS, text);
    read_as_file(&ctx, data, size);
    arena_free(&arena);
    return 0;
}
