/*
 * support_source.c - packages without an archive.
 */
#include "support_source.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void bench_start(struct bench *b)
{
    memset(b, 0, sizeof *b);
    arena_init(&b->arena, (size_t)256 << 20);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
}

void bench_end(struct bench *b)
{
    arena_free(&b->arena);
}

void package_add(struct text_package *p, const char *name, const char *text, size_t size)
{
    if (p->count < FILES_MAX)
        p->files[p->count++] = (struct text_file){name, text, size ? size : strlen(text)};
}

static struct slice name_of(void *arg, size_t i)
{
    return slice_of(((struct text_package *)arg)->files[i].name);
}

static uint64_t size_of(void *arg, size_t i)
{
    return ((struct text_package *)arg)->files[i].size;
}

static enum err read_text(struct ctx *ctx, void *arg, size_t i, uint64_t max, struct slice *out)
{
    const struct text_file *f = &((struct text_package *)arg)->files[i];
    if (f->size > max)
        return ctx_fail(ctx, ERR_TOO_LARGE, "too large");
    *out = (struct slice){f->text, f->size};
    return OK;
}

struct package_source *package_source_of(struct text_package *p)
{
    p->source = (struct package_source){p, p->count, name_of, size_of, read_text};
    return &p->source;
}

static void add_file(struct text_package *p, struct arena *arena, const char *path,
                     const char *name)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (f == NULL || stat(path, &st) != 0)
        abort();
    char *text = arena_alloc(arena, (size_t)st.st_size + 1);
    size_t n = fread(text, 1, (size_t)st.st_size, f);
    (void)fclose(f);
    package_add(p, str_printf(arena, "%s", name), text, n);
}

void package_add_folder(struct text_package *p, struct arena *arena, const char *folder,
                        const char *prefix)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    struct stat st;
    if (dir == NULL)
        abort();
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "__pycache__") == 0)
            continue;
        const char *path = str_printf(arena, "%s/%s", folder, entry->d_name);
        const char *name = str_printf(arena, "%s%s", prefix, entry->d_name);
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            package_add_folder(p, arena, path, str_printf(arena, "%s/", name));
        else
            add_file(p, arena, path, name);
    }
    (void)closedir(dir);
}

void inspect(struct bench *b, struct text_package *p)
{
    ctx_forgive(&b->ctx);
    b->err = inspect_package(&b->ctx, package_source_of(p), &b->found);
}

const struct fault_item *finding(const struct findings *f, const char *rule)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->items[i].rule, rule) == 0)
            return &f->items[i];
    return NULL;
}

static void show(const char *kind, const struct findings *f)
{
    for (size_t i = 0; i < f->count; i++)
        (void)fprintf(stderr, "  %s %s [%s] %s:%d:%d %s\n", kind, f->items[i].rule,
                      f->items[i].field ? f->items[i].field : "-",
                      f->items[i].file ? f->items[i].file : "-", f->items[i].line,
                      f->items[i].column, f->items[i].sentence);
}

void show_findings(const struct inspection *found)
{
    show("error", &found->errors);
    show("warning", &found->warnings);
}
