/*
 * seccomp.c - the table of refused system calls, and the program made of it.
 *
 * A refused call gives an error instead of killing: a plugin that tries one sees "not permitted" and
 * its report can say where. Everything not named here is allowed, since Python and its extension
 * modules use too much of the kernel for a list of the good ones to stay true. The program looks at
 * the machine first (another one's numbers mean other calls), then at the number, then, for four
 * calls, at an argument.
 */
#include "sandbox/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#else
#define MACHINE 0
#endif

enum { X32_BIT = 0x40000000, PROGRAM_MAX = 512 };

/* Calls that newer kernels have and older headers do not name; the numbers are the same everywhere. */
enum {
    CALL_PIDFD_GETFD = 438,
    CALL_PROCESS_MADVISE = 440,
    CALL_MOUNT_SETATTR = 442,
    CALL_MEMFD_SECRET = 447
};

// clang-format off
static const int refused[] = {
    /* other processes: their memory, descriptors, registers */
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, CALL_PIDFD_GETFD,
    CALL_PROCESS_MADVISE,
    /* namespaces and the tree of mounts */
    SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_tree,
    SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, CALL_MOUNT_SETATTR,
    SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_fanotify_init, SYS_quotactl,
    /* programs for the kernel, and ways in that had more than their share of holes */
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter,
    SYS_io_uring_register, SYS_personality, SYS_lookup_dcookie, SYS_remap_file_pages,
    /* keys of the kernel, which no namespace divides */
    SYS_keyctl, SYS_add_key, SYS_request_key,
    /* memory that belongs to no process, so that no limit counts it */
    SYS_memfd_create, CALL_MEMFD_SECRET, SYS_shmget, SYS_shmat, SYS_msgget, SYS_semget, SYS_mq_open,
    SYS_mbind, SYS_set_mempolicy, SYS_migrate_pages, SYS_move_pages,
    /* the machine as a whole */
    SYS_kexec_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_reboot, SYS_swapon,
    SYS_swapoff, SYS_acct, SYS_syslog, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex,
    SYS_clock_adjtime, SYS_sethostname, SYS_setdomainname, SYS_vhangup,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef __x86_64__
    SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib, SYS_ustat, SYS_sysfs, SYS_create_module,
#endif
};
// clang-format on

/* Each of these makes a namespace; a thread or a fork needs none of them. */
static const unsigned namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

struct program {
    struct sock_filter step[PROGRAM_MAX];
    size_t n;
};

static void add(struct program *p, struct sock_filter step)
{
    if (p->n < PROGRAM_MAX)
        p->step[p->n] = step;
    p->n++;
}

static void load(struct program *p, size_t offset)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void refuse(struct program *p, int errnum)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
                                        SECCOMP_RET_ERRNO | ((unsigned)errnum & SECCOMP_RET_DATA)));
}

static void allow(struct program *p)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

/* Goes on with the next step where the accumulator is `value`, and past `skip` steps else. */
static void only_if(struct program *p, unsigned value, unsigned char skip)
{
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
}

/* The low half of an argument: both machines of ours keep it first. */
static size_t argument(int i)
{
    return offsetof(struct seccomp_data, args) + (size_t)i * sizeof(uint64_t);
}

static void check_machine(struct program *p)
{
    load(p, offsetof(struct seccomp_data, arch));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0));
    add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    load(p, offsetof(struct seccomp_data, nr));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
    add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
}

/* clone with a namespace, and clone3 altogether: its flags stand in memory, where no filter looks,
 * and the C library falls back to clone when it is told that there is none. */
static void check_clone(struct program *p)
{
    only_if(p, SYS_clone3, 1);
    refuse(p, ENOSYS);
    only_if(p, SYS_clone, 4);
    load(p, argument(0));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, namespaces, 0, 1));
    refuse(p, EPERM);
    allow(p);
}

/* Sockets of the families a program means when it says "network"; no raw links, no netlink. */
static void check_socket(struct program *p)
{
    only_if(p, SYS_socket, 7);
    load(p, argument(0));
    only_if(p, AF_UNIX, 1);
    allow(p);
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1));
    allow(p);
    refuse(p, EAFNOSUPPORT);
}

/* Typing into a terminal that somebody else reads. */
static void check_ioctl(struct program *p)
{
    only_if(p, SYS_ioctl, 6);
    load(p, argument(1));
    only_if(p, TIOCSTI, 1);
    refuse(p, EPERM);
    only_if(p, TIOCLINUX, 1);
    refuse(p, EPERM);
    allow(p);
}

enum err seccomp_program(struct ctx *ctx, struct slice *out)
{
    *out = SLICE_NONE;
    if (MACHINE == 0)
        return OK;
    struct program *p = arena_alloc(ctx->arena, sizeof *p);
    if (p == NULL)
        return ctx_no_memory(ctx);
    check_machine(p);
    load(p, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        only_if(p, (unsigned)refused[i], 1);
        refuse(p, EPERM);
    }
    check_clone(p);
    load(p, offsetof(struct seccomp_data, nr));
    check_socket(p);
    load(p, offsetof(struct seccomp_data, nr));
    check_ioctl(p);
    allow(p);
    if (p->n > PROGRAM_MAX)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "the filter of system calls is too long");
    *out = (struct slice){(const char *)p->step, p->n * sizeof *p->step};
    return OK;
}
