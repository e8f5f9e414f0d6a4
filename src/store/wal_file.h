/*
 * wal_file.h - a file system for SQLite that writes a transaction into the write-ahead log in one
 * piece.
 */
#ifndef LARDER_STORE_WAL_FILE_H
#define LARDER_STORE_WAL_FILE_H

/* The name to open a writer's connection with; NULL = the system's own, where this one cannot be. */
const char *wal_file_system(void);

#endif
