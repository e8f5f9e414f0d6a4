/*
 * backup_s3.c - `larder backup s3`: a backup into the bucket, a list of those there, one back.
 *
 * A backup holds password hashes, and a bucket is often read by more people than a data folder; so
 * it is sealed with a key that stays here, unless somebody says otherwise. Without that key nobody
 * opens it again, the operator included: it belongs where the other keys are kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/bucket_backup.h"
#include "cli/local.h"
#include "cli/object_store.h"
#include "cli/settings.h"
#include "cli/verbs.h"
#include "net/fetch.h"
#include "store/kv_store.h"

struct node {
    const char *id;
};

static enum err read_node(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct node *n = arg;
    return kv_get(ctx, conn, "node_id", &n->id);
}

/* The key, or false where the stream is not to be sealed; a failure of usage where neither. */
static enum err read_key(struct cli *cli, unsigned char key[SEAL_KEY], bool *sealed)
{
    const char *text = config_text(cli->config, "backup-s3-key");
    *sealed = !cli_has(cli, "unsealed") &&
              !(config_bool(cli->config, "backup-s3-unsealed") && !text);
    if (!*sealed)
        return OK;
    if (text == NULL)
        return cli_usage(cli, "A backup holds password hashes, so it is sealed: make a key with "
                              "--new-key FILE and name it by --backup-s3-key-file FILE, or say "
                              "--unsealed");
    if (!bucket_backup_key(text, key))
        return cli_usage(cli, "backup-s3-key must be 64 hexadecimal digits, as --new-key FILE "
                              "writes them");
    return OK;
}

static enum err new_key(struct cli *cli, const char *file)
{
    unsigned char key[SEAL_KEY];
    char hex[2 * SEAL_KEY + 1];
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return ctx_fail(cli->ctx, errno == EEXIST ? ERR_EXISTS : ERR_IO, "%s cannot be made: %s",
                        file, strerror(errno));
    crypto_random(key, sizeof key);
    crypto_hex(key, sizeof key, hex);
    hex[2 * SEAL_KEY] = '\n';
    bool good = write(fd, hex, sizeof hex) == (ssize_t)sizeof hex && fsync(fd) == 0;
    int why = errno;
    (void)close(fd);
    crypto_wipe(hex, sizeof hex);
    crypto_wipe(key, sizeof key);
    if (!good)
        return ctx_fail_errno(cli->ctx, why, file);
    (void)fprintf(cli->out,
                  "%s holds a new key. Keep a copy elsewhere: without it no backup that "
                  "it sealed can be opened\n",
                  file);
    return OK;
}

static void put_backup(struct jw *j, const struct bucket_backup *b)
{
    jw_put_str(j, "node", b->node);
    jw_put_str(j, "backup", b->stamp);
    jw_put_time(j, "created_at", b->created_at);
    jw_put_int(j, "files", b->files);
    jw_put_int(j, "bytes", b->bytes);
    jw_put_int(j, "parts", (int64_t)b->parts);
    jw_put_bool(j, "sealed", b->sealed);
}

static enum err report(struct cli *cli, const struct bucket_backup *b, int removed, struct s3 *s3)
{
    if (cli->json) {
        struct buf out;
        struct jw j;
        cli_json(cli, &out, &j);
        jw_object(&j);
        put_backup(&j, b);
        jw_put_int(&j, "removed", removed);
        jw_end(&j);
        return cli_json_done(cli, &out, &j);
    }
    (void)fprintf(cli->out, "Backed up %lld files, %lld bytes, to %sbackup/%s/%s%s\n",
                  (long long)b->files, (long long)b->bytes, s3_name(s3), b->node, b->stamp,
                  b->sealed ? ", sealed" : ", not sealed");
    if (removed)
        (void)fprintf(cli->out, "Deleted %d older ones\n", removed);
    return OK;
}

static enum err put(struct cli *cli)
{
    struct local local;
    struct node node = {NULL};
    struct bucket_backup made;
    struct s3 *s3 = NULL;
    unsigned char key[SEAL_KEY];
    bool sealed = true;
    int removed = 0;
    enum err err = local_open(cli, &local);
    if (err == OK)
        err = read_key(cli, key, &sealed);
    if (err == OK)
        err = object_store_need(cli, &s3);
    if (err == OK)
        err = store_read(cli->ctx, local.store, read_node, &node);
    if (err == OK && node.id == NULL)
        err = ctx_fail_cause(cli->ctx, ERR_CORRUPT, "the database has no node_id");
    const struct bucket_backup_options options = {
        .s3 = s3,
        .data = local.data,
        .node = node.id,
        .key = sealed ? key : NULL,
        .with_key = cli_has(cli, "with-key"),
        .keep = err == OK ? (int)config_int(cli->config, "backup-s3-keep") : 1};
    if (err == OK)
        err = bucket_backup_put(cli->ctx, &options, &made, &removed);
    if (err == OK)
        err = report(cli, &made, removed, s3);
    crypto_wipe(key, sizeof key);
    s3_close(s3);
    local_close(&local);
    return err;
}

static enum err list(struct cli *cli, struct s3 *s3)
{
    struct bucket_backup *all;
    struct buf b;
    struct jw j;
    size_t count;
    enum err err = bucket_backup_list(cli->ctx, s3, &all, &count);
    if (err != OK)
        return err;
    if (!cli->json) {
        for (size_t i = 0; i < count; i++)
            (void)fprintf(cli->out, "%s/%s  %8lld files  %14lld bytes%s\n", all[i].node,
                          all[i].stamp, (long long)all[i].files, (long long)all[i].bytes,
                          all[i].sealed ? "  sealed" : "");
        return OK;
    }
    cli_json(cli, &b, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++) {
        jw_object(&j);
        put_backup(&j, &all[i]);
        jw_end(&j);
    }
    jw_end(&j);
    return cli_json_done(cli, &b, &j);
}

/* "NODE/BACKUP", or where nothing is said the newest, if the bucket has backups of one node only. */
static enum err choose(struct cli *cli, struct s3 *s3, const char **node, const char **stamp)
{
    struct slice rest = slice_of(cli_value(cli, "backup")), part;
    struct bucket_backup *all;
    size_t count;
    if (rest.p && slice_split(&rest, '/', &part) && crypto_is_uuid(part)) {
        *node = slice_dup(cli->ctx->arena, part);
        *stamp = slice_dup(cli->ctx->arena, rest);
        return *node && *stamp ? OK : ctx_no_memory(cli->ctx);
    }
    if (rest.p)
        return cli_usage(cli, "--backup wants NODE/BACKUP, as --list prints it");
    enum err err = bucket_backup_list(cli->ctx, s3, &all, &count);
    if (err != OK)
        return err;
    if (count == 0)
        return ctx_fail(cli->ctx, ERR_NOT_FOUND, "There is no backup in the bucket");
    if (strcmp(all[0].node, all[count - 1].node) != 0)
        return cli_usage(cli, "The bucket has backups of several nodes; choose one of --list by "
                              "--backup NODE/BACKUP");
    *node = all[count - 1].node;
    *stamp = all[count - 1].stamp;
    return OK;
}

static enum err fetch(struct cli *cli, struct s3 *s3, const char *file)
{
    struct ctx *ctx = cli->ctx;
    unsigned char key[SEAL_KEY];
    const char *text = config_text(cli->config, "backup-s3-key"), *node = "", *stamp = "";
    bool keyed = text && !cli_has(cli, "unsealed");
    const char *temp = str_printf(ctx->arena, "%s.%ld.tmp", file, (long)getpid());
    if (keyed && !bucket_backup_key(text, key))
        return cli_usage(cli, "backup-s3-key must be 64 hexadecimal digits");
    if (access(file, F_OK) == 0)
        return ctx_fail(ctx, ERR_EXISTS, "%s is there already", file);
    enum err err = temp ? choose(cli, s3, &node, &stamp) : ctx_no_memory(ctx);
    if (err != OK)
        return err;
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return ctx_fail(ctx, ERR_IO, "%s cannot be made: %s", temp, strerror(errno));
    err = bucket_backup_fetch(ctx, s3, node, stamp, keyed ? key : NULL, fd);
    crypto_wipe(key, sizeof key);
    if (err == OK && fsync(fd) != 0)
        err = ctx_fail_errno(ctx, errno, temp);
    (void)close(fd);
    if (err == OK && rename(temp, file) != 0)
        err = ctx_fail_errno(ctx, errno, file);
    if (err != OK)
        (void)unlink(temp);
    else
        (void)fprintf(cli->out, "%s holds the backup %s/%s; `larder restore %s` puts it in place\n",
                      file, node, stamp, file);
    return err;
}

static enum err exec(struct cli *cli)
{
    const char *key_file = cli_value(cli, "new-key"), *file = cli_value(cli, "fetch");
    struct s3 *s3 = NULL;
    if (key_file)
        return new_key(cli, key_file);
    enum err err = fetch_open();
    if (err != OK)
        return ctx_fail_cause(cli->ctx, err, "libcurl refuses to start");
    if (!file && !cli_has(cli, "list")) {
        err = put(cli);
    } else {
        err = settings_load(cli);
        if (err == OK)
            err = object_store_need(cli, &s3);
        if (err == OK)
            err = file ? fetch(cli, s3, file) : list(cli, s3);
        s3_close(s3);
    }
    fetch_close();
    return err;
}

static const struct cli_flag flags[] = {
    {"list", NULL, "print the backups in the bucket instead"},
    {"fetch", "FILE",
     "bring one back into FILE instead, opened: a tar that `larder restore` takes"},
    {"backup", "NODE/BACKUP", "which one to fetch; without it the newest"},
    {"new-key", "FILE", "make a key that seals backups, in a file of mode 0600"},
    {"unsealed", NULL, "do without the key"},
    {"with-key", NULL, "include the key that signs access tokens"},
    {NULL, NULL, NULL}};

const struct command command_backup_s3 = {
    .name = "backup s3",
    .words = "",
    .summary = "Write a sealed backup to the object store, also while a server runs",
    .help =
        "The bucket and its keys are those of the settings that begin with s3-. Nothing passes\n"
        "over the disk on the way. Older backups of this node than the newest backup-s3-keep\n"
        "are deleted afterwards. With backup-s3-every a running server does it by itself.",
    .flags = flags,
    .max_words = 0,
    .exec = exec,
};
