/* SPDX-License-Identifier: MIT */
/* Host time and the GS base.
 *
 * clock_gettime of the C library reads the time stamp counter through the vDSO, and that faults
 * once prctl(PR_SET_TSC) makes the counter trap: so the system call itself is made. The gs
 * segment is free for guests because x86-64 Linux uses fs for threads. */
#include "host/host.h"

#include <asm/prctl.h>
#include <errno.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    syscall(SYS_clock_gettime, clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t host_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t host_thread_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

int host_tsc_trap(bool trap)
{
    return prctl(PR_SET_TSC, trap ? PR_TSC_SIGSEGV : PR_TSC_ENABLE) == 0 ? 0 : -errno;
}

enum { HWCAP2_FSGSBASE_BIT = 2 }; /* Linux, Documentation/arch/x86/x86_64/fsgs.rst */

void host_set_gs_base(uint64_t va)
{
    static int has_wrgsbase = -1; /* a fact about the CPU, the same for every machine */
    if (weir_unlikely(has_wrgsbase < 0))
        has_wrgsbase = (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT) != 0;
    if (has_wrgsbase)
        __asm__ volatile("wrgsbase %0" : : "r"(va) : "memory");
    else
        syscall(SYS_arch_prctl, ARCH_SET_GS, va);
}
