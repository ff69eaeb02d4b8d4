/* SPDX-License-Identifier: MIT */
/* The one door to Linux: memory, signals, clock, files, processes, sandbox. All results are int,
 * 0 or -errno. No policy here: who maps what where is decided above. Only host, hw/qemu and
 * hw/vfio include operating-system headers. */
#ifndef WEIR_HOST_H
#define WEIR_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Memory ---------------------------------------------------------------------------------- */
enum host_protection { HOST_NONE = 0, HOST_READ = 1, HOST_WRITE = 2, HOST_EXECUTE = 4 };
enum { HOST_PAGE_SIZE = 4096 };

int host_memfd_create(const char *name, uint64_t size_bytes, int *out_fd); /* sparse */
void host_fd_close(int fd);
/* Anywhere, shared, from the descriptor; fd -1 for anonymous private memory. */
int host_map(int fd, uint64_t offset, uint64_t size_bytes, unsigned protection, void **out);
/* Exactly there, replacing what is mapped. */
int host_map_at(uint64_t va, int fd, uint64_t offset, uint64_t size_bytes, unsigned protection);
/* Inaccessible and unbacked; fails with -EEXIST when something is there. */
int host_reserve_at(uint64_t va, uint64_t size_bytes);
/* Back to inaccessible and unbacked, still reserved. */
int host_decommit(uint64_t va, uint64_t size_bytes);
int host_protect(uint64_t va, uint64_t size_bytes, unsigned protection);
/* All of it will be written soon: its pages come in one go, where the kernel can (Linux 5.14), and
 * otherwise at the first touch. */
void host_populate(uint64_t va, uint64_t size_bytes);
int host_unmap(void *base, uint64_t size_bytes);
/* Zero pages of the descriptor again (hole punching). */
int host_punch(int fd, uint64_t offset, uint64_t size_bytes);

/* ---- Clocks (raw system calls: the vDSO does not survive PR_SET_TSC) ------------------------- */
uint64_t host_monotonic_ns(void);
uint64_t host_thread_cpu_ns(void);

/* ---- CPU state ------------------------------------------------------------------------------- */
void host_set_gs_base(uint64_t va); /* wrgsbase where the CPU has it */
/* rdtsc and rdtscp raise SIGSEGV from here on, in our own code too. */
int host_tsc_trap(bool trap);

/* ---- Faults ---------------------------------------------------------------------------------- */
/* Registers in hardware encoding order: rax rcx rdx rbx rsp rbp rsi rdi r8..r15. */
struct host_fault {
    uint64_t gpr[16];
    uint64_t rip;
    uint64_t rflags;
    int signal; /* SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, or 0 for the watchdog tick */
    int code; /* si_code */
    uint64_t address; /* si_addr */
    uint64_t trap_number; /* of the CPU */
    uint64_t error_code;
};
/* Runs on the signal stack. May change gpr, rip and rflags, which the interrupted code goes on
 * with. Returns false when the fault is not the machine's: the default action is taken. It must
 * not call anything that is not async-signal-safe. */
typedef bool host_fault_fn(void *ctx, struct host_fault *fault);
/* Once per process. The watchdog calls the function every tick_ns of this thread's CPU time (0:
 * no ticks). */
int host_faults_install(host_fault_fn *handler, void *ctx, uint64_t tick_ns);
void host_faults_remove(void);

/* ---- Sandbox --------------------------------------------------------------------------------- */
/* From here on the process may make only the few system calls a running machine needs (seccomp),
 * and a system call instruction outside [0x500000000000, end) raises SIGSYS (syscall user
 * dispatch) while *selector is 1. Irreversible; descriptors that are open stay usable. Call it
 * once, on the machine's thread. Returns -ENOSYS when the kernel has no syscall user dispatch:
 * the rest is in force then. */
int host_sandbox_enter(unsigned char *selector);

/* ---- Processes, files, terminal -------------------------------------------------------------- */
#include "host/file.h"
#include "host/process.h"

#endif
