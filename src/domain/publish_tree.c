/*
 * publish_tree.c - a package member by member onto the disk.
 *
 * Members are inflated through a window and counted and checked again on the way (package/zip.h);
 * what a tree may be called and how it moves is blob/tree.c's.
 */
#include "domain/publish_tree.h"

#include "domain/domain.h"
#include "package/zip.h"

bool publish_is_reserved(struct slice name)
{
    return slice_is(name, TREE_MARKER) || slice_starts(name, TREE_MARKER "/");
}

struct unpacking {
    const struct zip *zip;
    struct tree *tree;
    bool skip; /* the present member is a folder or ignored */
};

static enum err begin_member(struct ctx *ctx, void *arg, const struct zip_member *member)
{
    struct unpacking *u = arg;
    struct slice name = zip_name_below_root(u->zip, member);
    u->skip = member->is_folder || member->is_ignored;
    if (publish_is_reserved(name)) /* refused at uploads; this one was stored before that rule */
        return ctx_fail(ctx, ERR_INVALID, "The name '%s' is reserved", TREE_MARKER);
    return u->skip ? OK : tree_file(ctx, u->tree, name);
}

static enum err member_piece(struct ctx *ctx, void *arg, struct slice bytes)
{
    struct unpacking *u = arg;
    return u->skip ? OK : tree_write(ctx, u->tree, bytes);
}

static enum err end_member(struct ctx *ctx, void *arg, const struct zip_member *member)
{
    struct unpacking *u = arg;
    (void)member;
    return u->skip ? OK : tree_file_end(ctx, u->tree);
}

enum err publish_stage(struct ctx *ctx, struct trees *root, const struct zip *zip,
                       struct tree **out)
{
    struct unpacking u = {.zip = zip};
    const struct zip_visitor visitor = {&u, begin_member, member_piece, end_member};
    enum err err = tree_begin(ctx, root, &u.tree);
    if (err != OK)
        return err;
    if ((err = zip_walk(ctx, zip, &visitor)) != OK)
        tree_abandon(ctx, u.tree);
    *out = u.tree;
    return err;
}

struct trees *publish_root(const struct domain *d, const char *org_id)
{
    return org_id ? d->tenant_trees : d->system_trees;
}

struct tree_place publish_place(const char *org_id, const char *pid, const char *version)
{
    if (org_id)
        return (struct tree_place){{org_id, pid, version}};
    return (struct tree_place){{pid, version, NULL}};
}

enum err publish_tree(struct ctx *ctx, struct domain *d, const char *org_id, const char *pid,
                      const char *version, const char *sha256, struct slice bytes)
{
    struct tree_place place = publish_place(org_id, pid, version);
    struct tree *tree;
    struct zip *zip;
    enum err err = zip_open(ctx, bytes, &zip_limits_cadence, &zip);
    if (err == OK)
        err = publish_stage(ctx, publish_root(d, org_id), zip, &tree);
    return err == OK ? tree_publish(ctx, tree, &place, sha256) : err;
}
