/*
 * seccomp.h - the filter of system calls that a sandboxed program lives under.
 *
 * The table in seccomp.c says what is refused and why. It is the second wall: without capabilities
 * most of these calls fail anyway, but each is a door to the kernel that no plugin has business with.
 */
#ifndef LARDER_SANDBOX_SECCOMP_H
#define LARDER_SANDBOX_SECCOMP_H

#include "base/ctx.h"

/* The program as `bwrap --seccomp` wants it, in the arena; empty on a machine we have no table for. */
enum err seccomp_program(struct ctx *ctx, struct slice *out) MUST_USE;

#endif
