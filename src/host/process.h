/* SPDX-License-Identifier: MIT */
/* Processes, waiting between them, the user's interrupts, the terminal.
 * A child shares with its parent whatever memory was mapped shared before (host_map of a memfd). It
 * dies with its parent. Results are 0 or -errno. Not here: what the two say to each other. */
#ifndef WEIR_HOST_PROCESS_H
#define WEIR_HOST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* ---- Children -------------------------------------------------------------------------------- */
typedef int host_process_fn(void *ctx); /* the result is the exit status, 0 .. 255 */

struct host_exit {
    bool signalled;
    int status; /* when not signalled */
    int signal; /* when signalled */
};

/* Forks. Output buffers of the C library are flushed first. */
int host_process_start(host_process_fn *run, void *ctx, int *out_pid);
/* Waits for the end of a child and frees its number. -ETIMEDOUT when it still runs; timeout_ns 0
 * only looks, UINT64_MAX waits for ever. -EINTR when an interrupt was noticed (see below). */
int host_process_wait(int pid, uint64_t timeout_ns, struct host_exit *out);
int host_process_kill(int pid); /* at once, not to be caught */
/* In a child, at any time: ends with no clean-up whatever. */
_Noreturn void host_process_leave(int status);
const char *host_signal_name(int signal); /* "SIGSEGV" */

/* How many CPUs this process may use, at least 1. */
unsigned host_cpu_count(void);

/* ---- Waiting on a word of shared memory ------------------------------------------------------ */
/* Returns 0 when woken or when the word is no longer as expected, -ETIMEDOUT, or -EINTR. */
int host_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns);
void host_futex_wake(uint32_t *word); /* everybody who waits on it */
void host_sleep_ns(uint64_t duration_ns);

/* ---- Interrupts: SIGINT, SIGTERM, SIGHUP ----------------------------------------------------- */
/* They are counted instead of ending the process. SIGPIPE becomes -EPIPE at the write. */
void host_interrupts_count(void);
unsigned host_interrupts_seen(void);
/* For a child: the terminal's Ctrl-C is its parent's business. */
void host_interrupts_ignore(void);

/* ---- Terminal -------------------------------------------------------------------------------- */
bool host_is_terminal(int fd);
unsigned host_terminal_columns(int fd); /* 80 when unknown */

#endif
