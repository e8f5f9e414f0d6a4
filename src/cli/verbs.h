/*
 * verbs.h - the verbs: the record of each, and the table of all.
 */
#ifndef LARDER_CLI_VERBS_H
#define LARDER_CLI_VERBS_H

#include "cli/command.h"

extern const struct command command_admin_create;
extern const struct command command_admin_list;
extern const struct command command_admin_passwd;
extern const struct command command_audit_verify;
extern const struct command command_backup;
extern const struct command command_backup_s3;
extern const struct command command_config;
extern const struct command command_disable;
extern const struct command command_download;
extern const struct command command_enable;
extern const struct command command_health;
extern const struct command command_help;
extern const struct command command_import_bucket;
extern const struct command command_lint;
extern const struct command command_list;
extern const struct command command_openapi;
extern const struct command command_reload;
extern const struct command command_restore;
extern const struct command command_routes;
extern const struct command command_serve;
extern const struct command command_setup_link;
extern const struct command command_show;
extern const struct command command_sync;
extern const struct command command_token_create;
extern const struct command command_token_list;
extern const struct command command_token_revoke;
extern const struct command command_upload;
extern const struct command command_verify;
extern const struct command command_version;
extern const struct command command_versions;

extern const struct command *const verbs[]; /* in the order of the help, ends in NULL */

/* The verb of that name ("admin create"), or NULL. */
const struct command *verbs_find(const char *name);
/* Is there a verb whose name begins with this word and a blank? */
bool verbs_is_group(const char *word);

#endif
