/* SPDX-License-Identifier: MIT */
/* The fence around a machine that runs a stranger's driver.
 *
 * Two fences of different kinds. Seccomp names what this process may still ask of Linux: memory,
 * time, reading and writing what is already open, and to end. Trying to start a program, to open a
 * file or to reach the network kills the process, because nothing of ours does that here; the
 * rest is refused with EPERM. Syscall user dispatch then tells our system calls from the driver's
 * by the address of the instruction: weir and its libraries lie above 0x500000000000, what a driver
 * can jump to in machine memory below. (Linux, Documentation/admin-guide/syscall-user-dispatch.rst)
 *
 * Neither holds a driver that sets out to attack weir; that needs another process boundary. */
#include "host/host.h"

#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/base.h"
#include "host/sanitize.h"

#define OURS_BASE 0x500000000000ul
#define OURS_SIZE 0x2ffffffffffful

static const int allowed[] = {
    SCMP_SYS(read),          SCMP_SYS(write),         SCMP_SYS(writev),
    SCMP_SYS(pread64),       SCMP_SYS(pwrite64),      SCMP_SYS(lseek),
    SCMP_SYS(close),         SCMP_SYS(fstat),         SCMP_SYS(mmap),
    SCMP_SYS(munmap),        SCMP_SYS(mprotect),      SCMP_SYS(mremap),
    SCMP_SYS(madvise),       SCMP_SYS(fallocate),     SCMP_SYS(brk),
    SCMP_SYS(futex),         SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),  SCMP_SYS(sigaltstack),   SCMP_SYS(exit),
    SCMP_SYS(exit_group),    SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),     SCMP_SYS(sched_yield),   SCMP_SYS(getpid),
    SCMP_SYS(gettid),        SCMP_SYS(timer_create),  SCMP_SYS(timer_settime),
    SCMP_SYS(timer_gettime), SCMP_SYS(timer_delete),  SCMP_SYS(restart_syscall),
    SCMP_SYS(getrandom),     SCMP_SYS(poll),          SCMP_SYS(ppoll),
};

static const int deadly[] = {
    SCMP_SYS(execve),   SCMP_SYS(execveat), SCMP_SYS(fork),    SCMP_SYS(vfork),
    SCMP_SYS(clone),    SCMP_SYS(clone3),   SCMP_SYS(open),    SCMP_SYS(openat),
    SCMP_SYS(openat2),  SCMP_SYS(creat),    SCMP_SYS(socket),  SCMP_SYS(socketpair),
    SCMP_SYS(connect),  SCMP_SYS(bind),     SCMP_SYS(ptrace),  SCMP_SYS(process_vm_readv),
    SCMP_SYS(mount),    SCMP_SYS(unlink),   SCMP_SYS(rename),  SCMP_SYS(process_vm_writev),
    SCMP_SYS(unlinkat), SCMP_SYS(renameat), SCMP_SYS(chmod),   SCMP_SYS(renameat2),
};

/* Under a sanitizer the end of the process reads /proc and starts a symbolizer: errors, not
 * death. */
static int refuse_deadly(scmp_filter_ctx filter)
{
    uint32_t action = host_under_sanitizer() ? SCMP_ACT_ERRNO(EACCES) : SCMP_ACT_KILL_PROCESS;
    for (unsigned i = 0; i < ARRAY_LEN(deadly); i++) {
        int error = seccomp_rule_add(filter, action, deadly[i], 0);
        if (error)
            return error;
    }
    return 0;
}

static int allow_listed(scmp_filter_ctx filter)
{
    for (unsigned i = 0; i < ARRAY_LEN(allowed); i++) {
        int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
        if (error)
            return error;
    }
    return 0;
}

static int allow_with_first(scmp_filter_ctx filter, int call, uint64_t first)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, first));
}

/* Signals to this process only (abort), and the few settings of the CPU that are the machine's. */
static int allow_narrow(scmp_filter_ctx filter)
{
    int error = allow_with_first(filter, SCMP_SYS(tgkill), (uint64_t)getpid());
    if (!error)
        error = allow_with_first(filter, SCMP_SYS(arch_prctl), ARCH_SET_GS);
    if (!error)
        error = allow_with_first(filter, SCMP_SYS(arch_prctl), ARCH_GET_GS);
    if (!error)
        error = allow_with_first(filter, SCMP_SYS(prctl), PR_SET_TSC);
    if (!error) /* the C library's fstat */
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                                 SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
    return error;
}

static int filter_load(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return -ENOMEM;
    int error = refuse_deadly(filter);
    if (!error)
        error = allow_listed(filter);
    if (!error)
        error = allow_narrow(filter);
    if (!error)
        error = seccomp_load(filter);
    seccomp_release(filter);
    return error;
}

/* The range is that of the callers which are let through whatever the selector says. */
static int dispatch_enter(unsigned char *selector)
{
    if ((uint64_t)&host_sandbox_enter < OURS_BASE)
        return -ENOSYS; /* linked at a low address: our own calls would be caught */
    if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, OURS_BASE, OURS_SIZE, selector))
        return -ENOSYS;
    return 0;
}

int host_sandbox_enter(unsigned char *selector)
{
    int dispatched = dispatch_enter(selector);
    int error = filter_load();
    return error ? error : dispatched;
}
