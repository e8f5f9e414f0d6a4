/*
 * admin.c - `larder admin create | passwd | list`: people who may do everything.
 *
 * Passwords come from a prompt, a pipe or a file, never from the command line, which other users of
 * the machine can read.
 */
#include "cli/local.h"
#include "cli/prompt.h"
#include "cli/verbs.h"
#include "domain/users.h"

static const struct cli_flag create_flags[] = {
    {"email", "ADDRESS", "address of the new administrator"},
    {"password-file", "FILE", "read the password from a file, - is standard input"},
    {NULL, NULL, NULL}};

static const struct cli_flag passwd_flags[] = {
    {"password-file", "FILE", "read the password from a file, - is standard input"},
    {NULL, NULL, NULL}};

static void put_user(struct jw *j, const struct user *user)
{
    jw_object(j);
    jw_put_str(j, "id", user->id);
    jw_put_str(j, "username", user->username);
    jw_put_str(j, "email", user->email);
    jw_put_bool(j, "is_sys_admin", user->is_sys_admin);
    jw_put_time(j, "created_at", user->created_at);
    jw_end(j);
}

static enum err show(struct cli *cli, const struct user *user, const char *what)
{
    struct buf b;
    struct jw j;
    if (!cli->json) {
        (void)fprintf(cli->out, "%s %s\n", what, user->username);
        return OK;
    }
    cli_json(cli, &b, &j);
    put_user(&j, user);
    return cli_json_done(cli, &b, &j);
}

static enum err create(struct cli *cli)
{
    struct local local;
    struct user user;
    struct user_new what = {.username = slice_of(cli->word[0]),
                            .email = slice_of(cli_value(cli, "email")),
                            .is_sys_admin = true};
    enum err err = local_open(cli, &local);
    if (err == OK)
        err = prompt_new_password(cli, &what.password);
    if (err == OK)
        err = users_create(cli->ctx, &local.domain, &local.actor, &what, &user);
    local_close(&local);
    return err == OK ? show(cli, &user, "Made the administrator") : err;
}

static enum err passwd(struct cli *cli)
{
    struct local local;
    struct user user;
    bool found = false;
    struct user_change change = {.password = SLICE_NONE};
    enum err err = local_open(cli, &local);
    if (err == OK)
        err = users_find_username(cli->ctx, &local.domain, slice_of(cli->word[0]), &user, &found);
    if (err == OK && !found)
        err = ctx_fail(cli->ctx, ERR_NOT_FOUND, "There is no user '%s'", cli->word[0]);
    if (err == OK)
        err = prompt_new_password(cli, &change.password);
    if (err == OK)
        err = users_change(cli->ctx, &local.domain, &local.actor, user.id, &change, &user);
    local_close(&local);
    return err == OK ? show(cli, &user, "Changed the password and ended all sessions of") : err;
}

static void print_page(struct cli *cli, struct jw *j, const struct user *users, size_t count)
{
    char when[CLOCK_TEXT];
    for (size_t i = 0; i < count; i++) {
        if (cli->json)
            put_user(j, &users[i]);
        else
            (void)fprintf(cli->out, "%-24s %-32s %s\n", users[i].username,
                          users[i].email ? users[i].email : "-",
                          clock_format(users[i].created_at, when));
    }
}

static enum err list_all(struct cli *cli, struct domain *domain, struct jw *j)
{
    struct user_query query = {.limit = USERS_PAGE_MAX, .sys_admins_only = true};
    bool more = true;
    while (more) {
        struct user *users;
        size_t count;
        enum err err = users_list(cli->ctx, domain, &query, &users, &count, &more);
        if (err != OK)
            return err;
        print_page(cli, j, users, count);
        more = more && count > 0;
        if (more)
            query.after_id = users[count - 1].id;
    }
    return OK;
}

static enum err list(struct cli *cli)
{
    struct local local;
    struct buf b;
    struct jw j;
    cli_json(cli, &b, &j);
    jw_array(&j);
    enum err err = local_open(cli, &local);
    if (err == OK)
        err = list_all(cli, &local.domain, &j);
    local_close(&local);
    jw_end(&j);
    return err == OK && cli->json ? cli_json_done(cli, &b, &j) : err;
}

const struct command command_admin_create = {
    .name = "admin create",
    .words = "NAME",
    .summary = "Make an administrator",
    .help = "The password is asked for, or read from a pipe or a file; at least 12 characters.",
    .flags = create_flags,
    .min_words = 1,
    .max_words = 1,
    .exec = create,
};

const struct command command_admin_passwd = {
    .name = "admin passwd",
    .words = "NAME",
    .summary = "Give a user a new password and end all of the user's sessions",
    .help = "The password is asked for, or read from a pipe or a file; at least 12 characters.",
    .flags = passwd_flags,
    .min_words = 1,
    .max_words = 1,
    .exec = passwd,
};

const struct command command_admin_list = {
    .name = "admin list",
    .words = "",
    .summary = "List the administrators",
    .exec = list,
};
