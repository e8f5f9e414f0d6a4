/*
 * scan.c - the families, the imports that belong to them, and the sentence of each finding.
 *
 * A module that is imported says once per file what it is for; a call says it at its place. The
 * calls stand in scan_calls.c, what only the text shows in scan_text.c.
 */
#include "package/scan.h"

#include <string.h>

#include "package/pyread.h"
#include "package/scan_calls.h"
#include "package/settings_rules.h"

static const struct {
    const char *name, *rule, *touches, *remedy;
} families[SCAN_FAMILIES] = {
    [SCAN_NETWORK] = {"network", "code.network", "reaches the network",
                      "Say in the README which hosts the plugin talks to"},
    [SCAN_PROCESS] = {"process", "code.process", "starts or ends other processes",
                      "Do the work in Python where that is possible"},
    [SCAN_FILES] = {"files", "code.files", "reads or changes files",
                    "Keep to a folder that the settings name"},
    [SCAN_DYNAMIC] = {"dynamic", "code.dynamic", "runs code or loads objects made at run time",
                      "Write the code out, and read data as JSON"},
    [SCAN_OBFUSCATION] = {"obfuscation", "code.obfuscation", "hides what it does",
                          "Put data into a file of its own and write code as code"},
    [SCAN_SECRET] = {"secret", "code.secret", "holds a secret",
                     "Take it out, revoke it, and declare a sensitive setting instead"},
};

struct import_row {
    const char *module; /* with everything below it */
    enum scan_family family;
};

// clang-format off
static const struct import_row import_rows[] = {
    {"aiohttp", SCAN_NETWORK},      {"asyncssh", SCAN_NETWORK},     {"boto3", SCAN_NETWORK},
    {"botocore", SCAN_NETWORK},     {"ftplib", SCAN_NETWORK},       {"grpc", SCAN_NETWORK},
    {"http.client", SCAN_NETWORK},  {"http.server", SCAN_NETWORK},  {"httpx", SCAN_NETWORK},
    {"imaplib", SCAN_NETWORK},      {"nntplib", SCAN_NETWORK},      {"paramiko", SCAN_NETWORK},
    {"poplib", SCAN_NETWORK},       {"psycopg", SCAN_NETWORK},      {"psycopg2", SCAN_NETWORK},
    {"pycurl", SCAN_NETWORK},       {"pymongo", SCAN_NETWORK},      {"pymysql", SCAN_NETWORK},
    {"redis", SCAN_NETWORK},        {"requests", SCAN_NETWORK},     {"smtplib", SCAN_NETWORK},
    {"socket", SCAN_NETWORK},       {"socketserver", SCAN_NETWORK}, {"ssl", SCAN_NETWORK},
    {"telnetlib", SCAN_NETWORK},    {"urllib.request", SCAN_NETWORK}, {"urllib3", SCAN_NETWORK},
    {"websocket", SCAN_NETWORK},    {"websockets", SCAN_NETWORK},   {"xmlrpc", SCAN_NETWORK},
    {"multiprocessing", SCAN_PROCESS}, {"pexpect", SCAN_PROCESS},   {"psutil", SCAN_PROCESS},
    {"pty", SCAN_PROCESS},          {"sh", SCAN_PROCESS},           {"subprocess", SCAN_PROCESS},
    {"fileinput", SCAN_FILES},      {"shutil", SCAN_FILES},         {"tempfile", SCAN_FILES},
    {"cPickle", SCAN_DYNAMIC},      {"cffi", SCAN_DYNAMIC},         {"cloudpickle", SCAN_DYNAMIC},
    {"code", SCAN_DYNAMIC},         {"codeop", SCAN_DYNAMIC},       {"ctypes", SCAN_DYNAMIC},
    {"dill", SCAN_DYNAMIC},         {"imp", SCAN_DYNAMIC},          {"marshal", SCAN_DYNAMIC},
    {"pickle", SCAN_DYNAMIC},       {"runpy", SCAN_DYNAMIC},        {"shelve", SCAN_DYNAMIC},
};
// clang-format on

const char *scan_family_name(enum scan_family family)
{
    return family < SCAN_FAMILIES ? families[family].name : "";
}

bool scan_families(struct slice list, unsigned *bits, struct slice *bad)
{
    struct slice name;
    *bits = 0;
    while (slice_split(&list, ',', &name)) {
        size_t i = 0;
        name = slice_trim(name);
        if (name.n == 0 || slice_is(name, "off"))
            continue;
        while (i < SCAN_FAMILIES && !slice_is(name, families[i].name))
            i++;
        if (i == SCAN_FAMILIES) {
            *bad = name;
            return false;
        }
        *bits |= 1u << i;
    }
    return true;
}

static void say(struct findings *found, enum scan_family family, struct py_at at, const char *verb,
                struct slice what)
{
    what = findings_clip(what, 80);
    findings_at(&found[family], families[family].rule, NULL, at, families[family].remedy,
                "%s %.*s, which %s", verb, SLICE_ARGS(what), families[family].touches);
}

/* ---- imports ----------------------------------------------------------------------------------- */

static bool is_below(struct slice module, const char *name)
{
    size_t n = strlen(name);
    return slice_starts(module, name) && (module.n == n || module.p[n] == '.');
}

static bool came_before(const struct py_scan *scan, size_t at)
{
    const struct py_import *mine = &scan->imports[at];
    while (at-- > 0 && strcmp(scan->imports[at].at.file, mine->at.file) == 0)
        if (slice_eq(scan->imports[at].module, mine->module))
            return true;
    return false;
}

static void scan_imports(const struct py_scan *scan, struct findings found[SCAN_FAMILIES])
{
    for (size_t i = 0; i < scan->import_count; i++) {
        const struct py_import *im = &scan->imports[i];
        if (im->level > 0 || im->in_package)
            continue;
        for (size_t k = 0; k < sizeof import_rows / sizeof *import_rows; k++)
            if (is_below(im->module, import_rows[k].module)) {
                if (!came_before(scan, i))
                    say(found, import_rows[k].family, im->at, "The file imports", im->module);
                break;
            }
    }
}

/* ---- calls ------------------------------------------------------------------------------------- */

/* eval(base64.b64decode(...)): the code is there, and nobody is meant to read it. */
static bool is_decoded(const struct py_call *call)
{
    static const char *const words[] = {"b64decode", "b32decode", "b85decode",  "a85decode",
                                        "unhexlify", "fromhex",   "decompress", "rot13",
                                        "rot_13",    "marshal"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(call->text.p, call->text.n, words[i], strlen(words[i])))
            return true;
    return false;
}

static bool runs_code(struct slice name)
{
    return slice_ends(name, "eval") || slice_ends(name, "exec") || slice_ends(name, "compile") ||
           slice_ends(name, "__import__");
}

static void scan_calls(const struct py_scan *scan, struct findings found[SCAN_FAMILIES])
{
    for (size_t i = 0; i < scan->call_count; i++) {
        const struct py_call *call = &scan->calls[i];
        enum scan_family family;
        if (!scan_call_family(call->name, &family))
            continue;
        if (family == SCAN_DYNAMIC && runs_code(call->name) && is_decoded(call))
            say(found, SCAN_OBFUSCATION, call->at, "The file runs decoded text with", call->name);
        say(found, family, call->at, "The file calls", call->name);
    }
}

void scan_code(const struct py_scan *scan, struct findings found[SCAN_FAMILIES])
{
    scan_imports(scan, found);
    scan_calls(scan, found);
    for (size_t i = 0; i < scan->source_count; i++)
        scan_text(scan->sources[i].file, scan->sources[i].text, found);
}
