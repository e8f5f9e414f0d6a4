/*
 * tables.c - the list of all route tables: everything a client can ask for.
 *
 * A table that is not in this list does not exist for the router, for `larder routes`, for the
 * metrics and for the tests that compare all of them.
 */
#include "api/api.h"

// clang-format off
const struct route_table *const api_tables[] = {
    &pages_api_table,
    &auth_api_table,
    &me_api_table,
    &org_api_table,
    &plugin_api_table,
    &contents_api_table,
    &admin_api_table,
    &appliance_api_table,
    &examples_api_table,
    &role_api_table,
    &keys_api_table,
    &audit_api_table,
    &jobs_api_table,
    &report_api_table,
    &health_api_table,
    &directory_api_table, &events_api_table,
    &v1_api_table,
    &pending_api_table,
    &replication_api_table,
    &backup_api_table,
    &ops_api_table,
};
// clang-format on
const size_t api_table_count = sizeof api_tables / sizeof api_tables[0];
