/*
 * support_fault.h - system calls that fail when a test says so, and a note of those that were made.
 *
 * The test program defines write, fsync, renameat and their like itself, so the room under test calls
 * these without knowing it. They pass everything on to the kernel but for the call to be failed.
 */
#ifndef LARDER_TEST_SUPPORT_FAULT_H
#define LARDER_TEST_SUPPORT_FAULT_H

#include <stdbool.h>

#include "base/err.h"

enum call {
    CALL_OPENAT,
    CALL_WRITE,
    CALL_FSYNC,
    CALL_RENAME,
    CALL_MKDIRAT,
    CALL_PREAD,
    CALL_KINDS
};

struct failing { /* a row of a test: this call fails so, and this must come out */
    enum call call;
    int error;
    enum err err;
};

/* The at-th call of this kind from now on (1 = the next) fails with this errno; 0 = a short write.
 * Sticky: all later ones too. */
void fault_set(enum call call, int at, int error, bool sticky);
void fault_clear(void);
bool fault_happened(void);

/* A letter per call since the last fault_log_start: o w f r m p; f of a folder is 'F'. */
void fault_log_start(void);
const char *fault_log(void);

/* Memory: the at-th malloc or calloc fails; only where no sanitizer owns the heap. */
bool fault_can_fail_memory(void);
void fault_set_memory(int at);

/* A folder of this test alone, and its end. */
void folder_make(char path[64]);
void folder_remove(const char *path);
int count_names(const char *path); /* in the folder, without . and .. */
int count_open_files(void);

void file_touch(const char *path);            /* makes an empty file */
void file_spoil(const char *path, long at);   /* one byte becomes another */
void file_age(const char *path, int seconds); /* last changed that long ago */

#endif
