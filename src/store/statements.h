/*
 * statements.h - the table of every statement of the house, file by file.
 *
 * A test prepares each one against schema.sql and reads its plan.
 */
#ifndef LARDER_STORE_STATEMENTS_H
#define LARDER_STORE_STATEMENTS_H

#include "store/db.h"

extern const struct sql_list access_store_sql;
extern const struct sql_list audit_store_sql;
extern const struct sql_list commit_sql;
extern const struct sql_list conn_sql;
extern const struct sql_list directory_store_sql;
extern const struct sql_list health_store_sql;
extern const struct sql_list idempotency_store_sql;
extern const struct sql_list job_store_sql;
extern const struct sql_list key_store_sql;
extern const struct sql_list kv_store_sql;
extern const struct sql_list legacy_store_sql;
extern const struct sql_list member_store_sql;
extern const struct sql_list migrate_sql;
extern const struct sql_list org_store_sql;
extern const struct sql_list outbox_store_sql;
extern const struct sql_list pending_store_sql;
extern const struct sql_list plugin_store_sql;
extern const struct sql_list replica_rows_sql;
extern const struct sql_list replica_store_sql;
extern const struct sql_list role_store_sql;
extern const struct sql_list session_store_sql;
extern const struct sql_list storage_store_sql;
extern const struct sql_list attention_store_sql;
extern const struct sql_list download_store_sql;
extern const struct sql_list snapshot_check_sql;
extern const struct sql_list snapshot_figures_sql;
extern const struct sql_list snapshot_sql;
extern const struct sql_list store_sql;
extern const struct sql_list user_store_sql;
extern const struct sql_list validation_store_sql;

extern const struct sql_list *const store_statements[];
extern const size_t store_statement_files;

#endif
