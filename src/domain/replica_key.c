/*
 * replica_key.c - names in the bucket.
 *
 * Plain letters only, so that no server and no proxy has anything to escape: what people chose (pids
 * and versions) is written in base32, and their real names stand inside the files.
 */
#include <stdio.h>
#include <string.h>

#include "domain/replica_record.h"

enum { NUMBER = 20 /* digits: sorted as text they are sorted as numbers */ };

/* Lower case, no padding: what ends as a segment of a key. */
static char *base32(struct arena *arena, struct slice bytes)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    char *out = arena_alloc(arena, (bytes.n * 8 + 4) / 5 + 1);
    size_t n = 0;
    uint32_t held = 0;
    unsigned bits = 0;
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < bytes.n; i++) {
        held = held << 8 | (unsigned char)bytes.p[i];
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            out[n++] = alphabet[held >> bits & 31];
        }
        held &= (1u << bits) - 1;
    }
    if (bits > 0)
        out[n++] = alphabet[held << (5 - bits) & 31];
    out[n] = '\0';
    return out;
}

static char *hex(struct arena *arena, struct slice bytes)
{
    char *out = arena_alloc(arena, 2 * bytes.n + 1);
    if (out)
        crypto_hex((const unsigned char *)bytes.p, bytes.n, out);
    return out;
}

static bool unbase32(struct slice text, char *out, size_t *n)
{
    uint32_t held = 0;
    unsigned bits = 0;
    *n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        uint32_t v = c >= 'a' && c <= 'z' ? (uint32_t)(c - 'a') : (uint32_t)(c - '2' + 26);
        if (!((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7')))
            return false;
        held = held << 5 | v;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out[(*n)++] = (char)(held >> bits);
        }
        held &= (1u << bits) - 1;
    }
    return *n > 0;
}

const char *replica_entity_of(struct arena *arena, struct slice key)
{
    struct slice rest = key, part[5];
    size_t n = 0, pid_n, order_n;
    while (n < 5 && slice_split(&rest, '/', &part[n]))
        n++;
    if (n < 4 || rest.n > 0 || !slice_is(part[0], "versions") || key.n > 1024)
        return NULL;
    struct slice version = part[3];
    if (n == 4 && !slice_ends(version, ".json"))
        return NULL;
    if (n == 4)
        version.n -= 5;
    char *pid = arena_alloc(arena, part[2].n + 1), *order = arena_alloc(arena, version.n + 1);
    if (pid == NULL || order == NULL || !unbase32(part[2], pid, &pid_n) ||
        !unbase32(version, order, &order_n))
        return NULL;
    bool org = slice_starts(part[1], "org-");
    if (!org && !slice_is(part[1], "system"))
        return NULL;
    struct slice scope = org ? slice_sub(part[1], 4, part[1].n) : part[1];
    const char *key_hex = hex(arena, (struct slice){order, order_n});
    return key_hex
               ? str_printf(arena, "v/%.*s/%.*s/%s", SLICE_ARGS(scope), (int)pid_n, pid, key_hex)
               : NULL;
}

const char *change_entity(struct arena *arena, const struct change *c)
{
    if (c->org.id)
        return str_printf(arena, "o/%s", c->org.id);
    const struct plugin *p = &c->plugin;
    const char *key = hex(arena, p->order_key);
    return key ? str_printf(arena, "v/%s/%s/%s", p->org_id ? p->org_id : "system", p->pid, key)
               : NULL;
}

const char *replica_node_key(struct arena *arena, const char *node)
{
    return str_printf(arena, REPLICA_NODES "%s.json", node);
}

const char *replica_log_key(struct arena *arena, int64_t seq)
{
    return str_printf(arena, REPLICA_LOG "%0*lld.json", NUMBER, (long long)seq);
}

const char *replica_snapshot_key(struct arena *arena, int64_t seq)
{
    return str_printf(arena, REPLICA_SNAPSHOTS "%0*lld.json.gz", NUMBER, (long long)seq);
}

const char *replica_blob_key(struct arena *arena, const char *sha256)
{
    return str_printf(arena, REPLICA_BLOBS "%.2s/%.2s/%s.zip", sha256, sha256 + 2, sha256);
}

const char *replica_version_key(struct arena *arena, const struct change *c, const char *op_id)
{
    const struct plugin *p = &c->plugin;
    const char *pid = base32(arena, slice_of(p->pid)), *version = base32(arena, p->order_key);
    if (pid == NULL || version == NULL)
        return NULL;
    const char *scope = p->org_id ? "org-" : "system", *org = p->org_id ? p->org_id : "";
    if (p->generation == PLUGIN_V1)
        return str_printf(arena, REPLICA_VERSIONS "%s%s/%s/%s/%s.json", scope, org, pid, version,
                          op_id);
    return str_printf(arena, REPLICA_VERSIONS "%s%s/%s/%s.json", scope, org, pid, version);
}

int64_t replica_number_of(struct slice key, const char *prefix, const char *suffix)
{
    uint64_t n;
    size_t from = strlen(prefix), tail = strlen(suffix);
    if (!slice_starts(key, prefix) || !slice_ends(key, suffix) || key.n != from + NUMBER + tail)
        return -1;
    if (!slice_to_u64(slice_sub(key, from, from + NUMBER), &n) || n > INT64_MAX)
        return -1;
    return (int64_t)n;
}
