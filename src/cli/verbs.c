/*
 * verbs.c - the table of verbs, in the order of the help.
 */
#include "cli/verbs.h"

#include <string.h>

const struct command *const verbs[] = {&command_serve,
                                       &command_setup_link,
                                       &command_admin_create,
                                       &command_admin_passwd,
                                       &command_admin_list,
                                       &command_token_create,
                                       &command_token_list,
                                       &command_token_revoke,
                                       &command_audit_verify,
                                       &command_backup,
                                       &command_backup_s3,
                                       &command_restore,
                                       &command_verify,
                                       &command_upload,
                                       &command_list,
                                       &command_show,
                                       &command_versions,
                                       &command_download,
                                       &command_reload,
                                       &command_health,
                                       &command_enable,
                                       &command_disable,
                                       &command_sync,
                                       &command_import_bucket,
                                       &command_lint,
                                       &command_config,
                                       &command_routes,
                                       &command_openapi,
                                       &command_version,
                                       &command_help,
                                       NULL};

const struct command *verbs_find(const char *name)
{
    for (size_t i = 0; verbs[i]; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

bool verbs_is_group(const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; verbs[i]; i++)
        if (strncmp(verbs[i]->name, word, n) == 0 && verbs[i]->name[n] == ' ')
            return true;
    return false;
}
