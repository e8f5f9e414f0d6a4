/*
 * statements.c - one row per file that holds statements.
 */
#include "store/statements.h"

const struct sql_list *const store_statements[] = {
    &access_store_sql,
    &audit_store_sql,
    &commit_sql,
    &conn_sql,
    &directory_store_sql,
    &health_store_sql,
    &idempotency_store_sql,
    &job_store_sql,
    &key_store_sql,
    &kv_store_sql,
    &legacy_store_sql,
    &member_store_sql,
    &migrate_sql,
    &org_store_sql,
    &outbox_store_sql,
    &pending_store_sql,
    &plugin_store_sql,
    &replica_rows_sql,
    &replica_store_sql,
    &role_store_sql,
    &session_store_sql,
    &storage_store_sql,
    &attention_store_sql,
    &download_store_sql,
    &snapshot_check_sql,
    &snapshot_figures_sql,
    &snapshot_sql,
    &store_sql,
    &user_store_sql,
    &validation_store_sql,
};

const size_t store_statement_files = sizeof store_statements / sizeof *store_statements;
