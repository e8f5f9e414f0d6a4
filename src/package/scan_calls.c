/*
 * scan_calls.c - the table of such calls, by the last part of their name.
 *
 * Made for people who read a report, not as a wall: who wants to hide a call can. What a call really
 * does is not known here either; open() may read or write.
 */
#include "package/scan_calls.h"

#include <string.h>

struct row {
    const char *last;
    const char *home; /* the module; "" = Python's own names, "*" = a method of anything */
    enum scan_family family;
};

// clang-format off
static const struct row rows[] = { /* sorted by last, byte by byte */
    {"CodeType", "types", SCAN_DYNAMIC},
    {"FunctionType", "types", SCAN_DYNAMIC},
    {"ProcessPoolExecutor", "concurrent.futures", SCAN_PROCESS},
    {"__import__", "", SCAN_DYNAMIC},
    {"__import__", "builtins", SCAN_DYNAMIC},
    {"__import__", "importlib", SCAN_DYNAMIC},
    {"_exit", "os", SCAN_PROCESS},
    {"abort", "os", SCAN_PROCESS},
    {"chmod", "os", SCAN_FILES},
    {"chown", "os", SCAN_FILES},
    {"compile", "", SCAN_DYNAMIC},
    {"compile", "builtins", SCAN_DYNAMIC},
    {"create_subprocess_exec", "asyncio", SCAN_PROCESS},
    {"create_subprocess_shell", "asyncio", SCAN_PROCESS},
    {"eval", "", SCAN_DYNAMIC},
    {"eval", "builtins", SCAN_DYNAMIC},
    {"exec", "", SCAN_DYNAMIC},
    {"exec", "builtins", SCAN_DYNAMIC},
    {"execl", "os", SCAN_PROCESS},
    {"execle", "os", SCAN_PROCESS},
    {"execlp", "os", SCAN_PROCESS},
    {"execlpe", "os", SCAN_PROCESS},
    {"execv", "os", SCAN_PROCESS},
    {"execve", "os", SCAN_PROCESS},
    {"execvp", "os", SCAN_PROCESS},
    {"execvpe", "os", SCAN_PROCESS},
    {"fork", "os", SCAN_PROCESS},
    {"forkpty", "os", SCAN_PROCESS},
    {"full_load", "yaml", SCAN_DYNAMIC},
    {"import_module", "importlib", SCAN_DYNAMIC},
    {"kill", "os", SCAN_PROCESS},
    {"killpg", "os", SCAN_PROCESS},
    {"link", "os", SCAN_FILES},
    {"load", "joblib", SCAN_DYNAMIC},
    {"load", "torch", SCAN_DYNAMIC},
    {"makedirs", "os", SCAN_FILES},
    {"mkdir", "os", SCAN_FILES},
    {"module_from_spec", "importlib.util", SCAN_DYNAMIC},
    {"open", "", SCAN_FILES},
    {"open", "codecs", SCAN_FILES},
    {"open", "io", SCAN_FILES},
    {"open", "os", SCAN_FILES},
    {"open_connection", "asyncio", SCAN_NETWORK},
    {"open_unix_connection", "asyncio", SCAN_NETWORK},
    {"popen", "os", SCAN_PROCESS},
    {"posix_spawn", "os", SCAN_PROCESS},
    {"posix_spawnp", "os", SCAN_PROCESS},
    {"read_pickle", "pandas", SCAN_DYNAMIC},
    {"reload", "importlib", SCAN_DYNAMIC},
    {"remove", "os", SCAN_FILES},
    {"removedirs", "os", SCAN_FILES},
    {"rename", "os", SCAN_FILES},
    {"renames", "os", SCAN_FILES},
    {"replace", "os", SCAN_FILES},
    {"rmdir", "os", SCAN_FILES},
    {"setprofile", "sys", SCAN_DYNAMIC},
    {"settrace", "sys", SCAN_DYNAMIC},
    {"spawnl", "os", SCAN_PROCESS},
    {"spawnle", "os", SCAN_PROCESS},
    {"spawnlp", "os", SCAN_PROCESS},
    {"spawnlpe", "os", SCAN_PROCESS},
    {"spawnv", "os", SCAN_PROCESS},
    {"spawnve", "os", SCAN_PROCESS},
    {"spawnvp", "os", SCAN_PROCESS},
    {"spawnvpe", "os", SCAN_PROCESS},
    {"spec_from_file_location", "importlib.util", SCAN_DYNAMIC},
    {"start_server", "asyncio", SCAN_NETWORK},
    {"startfile", "os", SCAN_PROCESS},
    {"symlink", "os", SCAN_FILES},
    {"system", "os", SCAN_PROCESS},
    {"truncate", "os", SCAN_FILES},
    {"unlink", "os", SCAN_FILES},
    {"unsafe_load", "yaml", SCAN_DYNAMIC},
    {"urlopen", "urllib.request", SCAN_NETWORK},
    {"urlretrieve", "urllib.request", SCAN_NETWORK},
    {"write_bytes", "*", SCAN_FILES},
    {"write_text", "*", SCAN_FILES},
};
// clang-format on

static int compare(struct slice name, const char *other)
{
    size_t n = strlen(other);
    int c = memcmp(name.p, other, name.n < n ? name.n : n);
    return c ? c : (name.n > n) - (name.n < n);
}

/* The first row with this last name; the number of rows where there is none. */
static size_t find(struct slice last)
{
    size_t low = 0, high = sizeof rows / sizeof *rows;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare(last, rows[mid].last) > 0)
            low = mid + 1;
        else
            high = mid;
    }
    bool found = low < sizeof rows / sizeof *rows && compare(last, rows[low].last) == 0;
    return found ? low : sizeof rows / sizeof *rows;
}

bool scan_call_is_wanted(struct slice last)
{
    return last.n > 0 && find(last) < sizeof rows / sizeof *rows;
}

bool scan_call_family(struct slice name, enum scan_family *out)
{
    size_t dot = name.n;
    while (dot > 0 && name.p[dot - 1] != '.')
        dot--;
    struct slice last = slice_sub(name, dot, name.n);
    struct slice home = slice_sub(name, 0, dot ? dot - 1 : 0);
    bool of_object = dot == 1; /* ".write_text" */
    size_t i = last.n ? find(last) : sizeof rows / sizeof *rows;
    for (; i < sizeof rows / sizeof *rows && compare(last, rows[i].last) == 0; i++) {
        bool is_method = strcmp(rows[i].home, "*") == 0;
        if (is_method || (!of_object && slice_is(home, rows[i].home))) {
            *out = rows[i].family;
            return true;
        }
    }
    return false;
}
