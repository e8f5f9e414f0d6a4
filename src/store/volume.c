/*
 * volume.c - network file systems by the number that statfs gives them.
 */
#include "store/volume.h"

#include <errno.h>
#include <string.h>
#include <sys/vfs.h>

static const struct {
    unsigned long magic;
    const char *name;
} network[] = {
    {0x6969, "NFS"},      {0x517B, "SMB"},      {0xFF534D42, "CIFS"},   {0xFE534D42, "SMB2"},
    {0x01021997, "9P"},   {0x00C36400, "Ceph"}, {0x0BD00BD0, "Lustre"}, {0x5346414F, "AFS"},
    {0x73757245, "Coda"}, {0x01161970, "GFS2"}, {0x7461636F, "OCFS2"},  {0x47504653, "GPFS"},
};

const char *volume_network_name(unsigned long magic)
{
    for (size_t i = 0; i < sizeof network / sizeof *network; i++) {
        if (network[i].magic == magic)
            return network[i].name;
    }
    return NULL;
}

enum err volume_check(struct ctx *ctx, const char *path)
{
    struct statfs fs;
    const char *slash = strrchr(path, '/');
    const char *folder = slash == NULL ? "."
                         : slash == path
                             ? "/"
                             : slice_dup(ctx->arena, (struct slice){path, (size_t)(slash - path)});
    if (folder == NULL)
        return ctx_no_memory(ctx);
    if (statfs(folder, &fs) != 0)
        return ctx_fail_errno(ctx, errno, folder);
    /* the kernel's field is signed on some machines */
    const char *name = volume_network_name((unsigned long)fs.f_type & 0xFFFFFFFFUL);
    if (name == NULL)
        return OK;
    return ctx_fail(
        ctx, ERR_CONFLICT,
        "%s is on a network file system (%s), where the database "
        "would be damaged; use a local folder, or set allow-network-fs if you know that "
        "only one machine ever opens it",
        folder, name);
}
