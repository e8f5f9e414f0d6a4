/*
 * test_sandbox.c - the sandbox for real: what goes in, what comes out, and each way to end.
 *
 * What a hostile program tries against it stands in tests/fault/test_sandbox.py.
 */
#include "sandbox/sandbox.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
    struct arena arena;
    struct ctx ctx;
    struct sandbox *sandbox;
    struct sandbox_run run;
    struct sandbox_result result;
    const char *argv[6];
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    arena_init(&b->arena, 64 << 20);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
    assert_int_equal(sandbox_open(&b->ctx, &(struct sandbox_options){0}, &b->sandbox), OK);
    const char *reason = sandbox_reason(b->sandbox);
    if (reason)
        fail_msg("%s", reason); /* a machine that runs these tests must be able to */
    b->argv[0] = sandbox_python(b->sandbox);
    b->argv[1] = "-I";
    b->argv[2] = "-c";
    b->run = (struct sandbox_run){.argv = b->argv,
                                  .limits = {.memory_bytes = 256 << 20,
                                             .file_bytes = 4 << 20,
                                             .cpu_seconds = 20,
                                             .wall_ms = 120000,
                                             .processes = 16,
                                             .files = 64,
                                             .output_max = 64 << 10}};
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    sandbox_close(b->sandbox);
    arena_free(&b->arena);
    free(b);
    return 0;
}

static void run(struct bench *b, const char *code)
{
    b->argv[3] = code;
    assert_int_equal(sandbox_run(&b->ctx, b->sandbox, &b->run, &b->result), OK);
}

/* Runs and wants this on stdout. */
static void says(struct bench *b, const char *code, const char *out)
{
    run(b, code);
    if (b->result.end != SANDBOX_EXITED || b->result.status != 0)
        fail_msg("end %d status %d: %.*s", b->result.end, b->result.status,
                 SLICE_ARGS(b->result.err));
    if (!slice_is(b->result.out, out))
        fail_msg("'%.*s' instead of '%s'", SLICE_ARGS(b->result.out), out);
}

static void test_input_and_output(void **state)
{
    struct bench *b = *state;
    b->run.input = SLICE("hello");
    says(b, "import sys; print(sys.stdin.read().upper(), end='')", "HELLO");
    run(b, "import sys; print('no', file=sys.stderr); sys.exit(3)");
    assert_int_equal(b->result.end, SANDBOX_EXITED);
    assert_int_equal(b->result.status, 3);
    assert_true(slice_is(b->result.err, "no\n"));
    assert_int_equal(b->result.out.n, 0);
}

static void note_piece(void *arg, struct slice piece)
{
    buf_slice(arg, piece);
}

static void test_output_as_it_comes(void **state)
{
    struct bench *b = *state;
    struct buf seen;
    buf_init(&seen, &b->arena, 4096);
    b->run.output = note_piece;
    b->run.arg = &seen;
    says(b, "print('one'); print('two')", "one\ntwo\n");
    assert_true(slice_is(buf_view(&seen), "one\ntwo\n"));
}

static void test_files_and_variables(void **state)
{
    struct bench *b = *state;
    static const char *const env[] = {"COLOUR=blue=ish", NULL};
    const struct sandbox_file file = {"/run/given.txt", SLICE("content")};
    b->run.env = env;
    b->run.files = &file;
    b->run.file_count = 1;
    says(b,
         "import os; print(open('/run/given.txt').read(), os.environ['COLOUR'], "
         "sorted(os.environ))",
         "content blue=ish ['COLOUR', 'HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR']\n");
}

static void test_mounts(void **state)
{
    struct bench *b = *state;
    char folder[] = "/tmp/larder-sandbox-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = str_printf(&b->arena, "%s/made", folder);
    const struct sandbox_mount mounts[] = {{folder, "/w", true}, {"/usr/bin", "/r", false}};
    b->run.mounts = mounts;
    b->run.mount_count = 2;
    says(b,
         "import os\n"
         "open('/w/made', 'w').write('x' * 10)\n"
         "try: open('/r/made', 'w')\n"
         "except OSError as e: print(e.strerror, os.path.exists('/r/env'))\n",
         "Read-only file system True\n");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 10);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_who_and_where(void **state)
{
    struct bench *b = *state;
    says(
        b,
        "import os\n"
        "status = open('/proc/self/status').read()\n"
        "caps = [l.split()[1] for l in status.split('\\n') if l.startswith(('CapEff', 'CapPrm', "
        "'CapBnd', 'CapAmb'))]\n"
        "print(os.getuid() == 0, os.getgroups() in ([], [os.getgid()]), {int(c, 16) for c in caps} "
        "- {0}, 'NoNewPrivs:\\t1' in status, 'Seccomp:\\t2' in status, "
        "sorted(os.listdir('/proc/self/fd')), "
        "os.getcwd())\n",
        "False True set() True True ['0', '1', '2', '3'] /tmp\n");
}

static void test_closed_descriptors(void **state)
{
    struct bench *b = *state;
    int leak[2];
    assert_int_equal(pipe(leak), 0); /* without O_CLOEXEC, as a library might */
    assert_int_equal(setenv("LARDER_TEST_SECRET", "s3cret", 1), 0);
    says(b,
         "import os, glob\n"
         "def read(path):\n"
         "    try: return open(path, 'rb').read()\n"
         "    except PermissionError: return b''\n"
         "found = [p for p in glob.glob('/proc/*/environ') if b's3cret' in read(p)]\n"
         "print(len(os.listdir('/proc/self/fd')), found)\n",
         "4 []\n");
    assert_int_equal(unsetenv("LARDER_TEST_SECRET"), 0);
    (void)close(leak[0]);
    (void)close(leak[1]);
}

static void test_wall_clock(void **state)
{
    struct bench *b = *state;
    b->run.limits.wall_ms = 300;
    run(b, "import time\nprint('begun', flush=True)\nwhile True: time.sleep(60)");
    assert_int_equal(b->result.end, SANDBOX_TIMED_OUT);
    assert_true(b->result.wall_ms >= 300);
}

static void test_cpu(void **state)
{
    struct bench *b = *state;
    b->run.limits.cpu_seconds = 1;
    run(b, "while True: pass");
    assert_int_equal(b->result.end, SANDBOX_SIGNALED);
    assert_true(b->result.status == SIGXCPU || b->result.status == SIGKILL);
}

static void test_memory_of_one(void **state)
{
    struct bench *b = *state;
    run(b, "x = bytearray(1 << 30)");
    assert_int_equal(b->result.end, SANDBOX_EXITED);
    assert_int_equal(b->result.status, 1);
    assert_non_null(memmem(b->result.err.p, b->result.err.n, "MemoryError", 11));
}

static void test_memory_of_all(void **state)
{
    struct bench *b = *state;
    run(b, "import os, time\n"
           "for i in range(8):\n"
           "    if os.fork() == 0: break\n"
           "x = bytearray(b'x') * (100 << 20)\n"
           "time.sleep(60)");
    assert_int_equal(b->result.end, SANDBOX_MEMORY);
}

static void test_processes(void **state)
{
    struct bench *b = *state;
    b->run.limits.processes = 5;
    says(b,
         "import os, time\n"
         "made = 0\n"
         "try:\n"
         "    for i in range(100):\n"
         "        if os.fork() == 0: time.sleep(60)\n"
         "        made += 1\n"
         "except BlockingIOError: print(made)\n",
         "4\n");
}

static void test_output_ceiling(void **state)
{
    struct bench *b = *state;
    b->run.limits.output_max = 1000;
    run(b, "while True: print('flood')");
    assert_int_equal(b->result.end, SANDBOX_OUTPUT);
    assert_int_equal(b->result.out.n, 1000);
    assert_memory_equal(b->result.out.p, "flood\nflood\n", 12);
}

static void test_background_dies(void **state)
{
    struct bench *b = *state;
    int64_t begun = clock_mono_us();
    run(b, "import os, time\n"
           "if os.fork() == 0:\n"
           "    os.setsid()\n"
           "    time.sleep(600)\n");
    assert_int_equal(b->result.end, SANDBOX_EXITED);
    assert_true(clock_mono_us() - begun < 60000000); /* not what its child wanted to wait */
}

static void *cancel_soon(void *arg)
{
    _Atomic bool *cancel = arg;
    usleep(200000);
    atomic_store(cancel, true);
    return NULL;
}

static void test_cancel(void **state)
{
    struct bench *b = *state;
    _Atomic bool cancel = false;
    pthread_t thread;
    b->run.cancel = &cancel;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
    run(b, "import time; time.sleep(600)");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(b->result.end, SANDBOX_CANCELLED);
}

/* At every moment of its making, and none is left over: their pipe would be open. */
static void test_ended_early(void **state)
{
    struct bench *b = *state;
    for (int ms = 0; ms < 30; ms += 2) {
        b->run.limits.wall_ms = ms;
        int64_t begun = clock_mono_us();
        run(b, "import time; time.sleep(600)");
        assert_int_equal(b->result.end, SANDBOX_TIMED_OUT);
        assert_true(clock_mono_us() - begun < 60000000);
    }
    _Atomic bool cancel = true;
    b->run.cancel = &cancel;
    run(b, "pass");
    assert_int_equal(b->result.end, SANDBOX_CANCELLED);
    assert_int_equal(b->result.wall_ms, 0);
}

static void test_refused_calls(void **state)
{
    struct bench *b = *state;
    says(b,
         "import ctypes, errno, os\n"
         "c = ctypes.CDLL(None, use_errno=True)\n"
         "def told(*args):\n"
         "    ctypes.set_errno(0)\n"
         "    return errno.errorcode.get(ctypes.get_errno()) if c.syscall(*args) < 0 else 'OK'\n"
         "machine = os.uname().machine == 'x86_64'\n"
         "ptrace, mount, unshare, bpf, clone = (101, 165, 272, 321, 56) if machine else (117, 40, "
         "97, 280, 220)\n"
         "print(told(ptrace, 0, 0, 0, 0), told(mount, b'a', b'/tmp', b'tmpfs', 0, 0), "
         "told(unshare, 0x10000000), told(bpf, 0, 0, 0), told(clone, 0x10000011, 0, 0, 0, 0), "
         "told(435, 0, 0), told(425, 1, 0))\n",
         "EPERM EPERM EPERM EPERM EPERM ENOSYS EPERM\n");
}

static void test_nothing_to_mount(void **state)
{
    struct bench *b = *state;
    const struct sandbox_mount mount = {"/nonexistent/larder", "/plugin", false};
    b->run.mounts = &mount;
    b->run.mount_count = 1;
    b->argv[3] = "pass";
    assert_int_equal(sandbox_run(&b->ctx, b->sandbox, &b->run, &b->result), ERR_IO);
    assert_non_null(strstr(b->ctx.fault.cause, "/nonexistent/larder"));
}

static void test_reasons(void **state)
{
    struct bench *b = *state;
    struct sandbox *other;
    const struct sandbox_options no_bwrap = {.bwrap = "/nonexistent/bwrap"};
    const struct sandbox_options no_python = {.python = "/nonexistent/python"};
    const struct sandbox_options bad_python = {.python = "/usr/bin/env"};
    const struct sandbox_options bad_bwrap = {.bwrap = "/bin/false"};
    const struct sandbox_options folder = {.bwrap = "/usr"};
    assert_non_null(sandbox_reason(NULL));
    assert_null(sandbox_missing(b->sandbox));
    assert_int_equal(sandbox_open(&b->ctx, &no_bwrap, &other), OK);
    assert_string_equal(sandbox_reason(other),
                        "bwrap names /nonexistent/bwrap, which cannot be run");
    b->argv[3] = "pass";
    assert_int_equal(sandbox_run(&b->ctx, other, &b->run, &b->result), ERR_BUSY);
    assert_string_equal(ctx_sentence(&b->ctx),
                        "bwrap names /nonexistent/bwrap, which cannot be run");
    sandbox_close(other);
    assert_int_equal(sandbox_open(&b->ctx, &no_python, &other), OK);
    assert_string_equal(sandbox_missing(other),
                        "python names /nonexistent/python, which cannot be run");
    assert_string_equal(sandbox_reason(other), sandbox_missing(other));
    sandbox_close(other);
    assert_int_equal(sandbox_open(&b->ctx, &folder, &other), OK);
    assert_string_equal(sandbox_missing(other), "bwrap names /usr, which cannot be run");
    sandbox_close(other);
    assert_int_equal(sandbox_open(&b->ctx, &bad_python, &other), OK);
    assert_non_null(strstr(sandbox_reason(other), "Python at /usr/bin/env does not run"));
    sandbox_close(other);
    assert_int_equal(sandbox_open(&b->ctx, &bad_bwrap, &other), OK);
    assert_non_null(strstr(sandbox_reason(other), "refuses to make a sandbox"));
    sandbox_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_input_and_output, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_output_as_it_comes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_and_variables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mounts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_and_where, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_descriptors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wall_clock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cpu, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_of_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_of_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_processes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_output_ceiling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_background_dies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ended_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_to_mount, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reasons, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
