/*
 * test_notify.c - datagrams to a manager, by path and by abstract name, and silence without one.
 */
#include "cli/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int manager(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    memcpy(at.sun_path, name, n);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
        0);
    return fd;
}

static void the_manager_hears(void **state)
{
    (void)state;
    char name[64], env0[96], got[64];
    (void)snprintf(name, sizeof name, "@larder-test-%ld", (long)getpid());
    (void)snprintf(env0, sizeof env0, "NOTIFY_SOCKET=%s", name);
    char *env[] = {env0, NULL};
    int fd = manager(name);
    notify_send(env, "READY=1");
    assert_int_equal(recv(fd, got, sizeof got, 0), 7);
    assert_memory_equal(got, "READY=1", 7);
    (void)close(fd);
    (void)snprintf(name, sizeof name, "/tmp/larder-notify-%ld", (long)getpid());
    (void)snprintf(env0, sizeof env0, "NOTIFY_SOCKET=%s", name);
    fd = manager(name);
    notify_send(env, "STOPPING=1");
    assert_int_equal(recv(fd, got, sizeof got, 0), 10);
    (void)close(fd);
    (void)unlink(name);
    notify_send(env, "READY=1"); /* nobody there any more: no failure, no wait */
}

static void odd_sockets_are_left_alone(void **state)
{
    (void)state;
    char text[200] = "NOTIFY_SOCKET=/";
    memset(text + 15, 'x', sizeof text - 16);
    char *too_long[] = {text, NULL}, *relative[] = {(char[]){"NOTIFY_SOCKET=run/x"}, NULL},
         *empty[] = {(char[]){"NOTIFY_SOCKET="}, NULL};
    notify_send(too_long, "READY=1");
    notify_send(relative, "READY=1");
    notify_send(empty, "READY=1");
    notify_send(NULL, "READY=1");
}

static void the_watchdog_is_fed_twice_per_period(void **state)
{
    (void)state;
    char mine[64];
    (void)snprintf(mine, sizeof mine, "WATCHDOG_PID=%ld", (long)getpid());
    char *plain[] = {(char[]){"WATCHDOG_USEC=30000000"}, NULL};
    char *own[] = {(char[]){"WATCHDOG_USEC=30000000"}, mine, NULL};
    char *other[] = {(char[]){"WATCHDOG_USEC=30000000"}, (char[]){"WATCHDOG_PID=1"}, NULL};
    char *bad[] = {(char[]){"WATCHDOG_USEC=often"}, NULL};
    char *tiny[] = {(char[]){"WATCHDOG_USEC=10"}, NULL};
    assert_int_equal(notify_watchdog_ms(plain), 15000);
    assert_int_equal(notify_watchdog_ms(own), 15000);
    assert_int_equal(notify_watchdog_ms(other), 0);
    assert_int_equal(notify_watchdog_ms(bad), 0);
    assert_int_equal(notify_watchdog_ms(tiny), 1);
    assert_int_equal(notify_watchdog_ms(NULL), 0);
}

static void only_our_own_sockets_are_taken(void **state)
{
    (void)state;
    char mine[64];
    int fds[NOTIFY_SOCKETS];
    (void)snprintf(mine, sizeof mine, "LISTEN_PID=%ld", (long)getpid());
    char *own[] = {mine, (char[]){"LISTEN_FDS=2"}, NULL}, *none[] = {NULL},
         *other[] = {(char[]){"LISTEN_PID=1"}, (char[]){"LISTEN_FDS=2"}, NULL},
         *nobody[] = {(char[]){"LISTEN_FDS=2"}, NULL},
         *many[] = {mine, (char[]){"LISTEN_FDS=9"}, NULL};
    assert_int_equal(notify_sockets(own, fds), 2);
    assert_int_equal(fds[0], 3);
    assert_int_equal(fds[1], 4);
    assert_int_equal(notify_sockets(none, fds), 0);
    assert_int_equal(notify_sockets(other, fds), 0);
    assert_int_equal(notify_sockets(nobody, fds), 0);
    assert_int_equal(notify_sockets(many, fds), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manager_hears),
        cmocka_unit_test(odd_sockets_are_left_alone),
        cmocka_unit_test(only_our_own_sockets_are_taken),
        cmocka_unit_test(the_watchdog_is_fed_twice_per_period),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
