/* SPDX-License-Identifier: MIT */
#include "host/process.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

/* ---- Children -------------------------------------------------------------------------------- */

/* The parent may have died before the request took effect: then nobody is left to ask. */
static void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(255);
}

int host_process_start(host_process_fn *run, void *ctx, int *out_pid)
{
    fflush(NULL);
    /* Who started us may have ignored it: then no end could be waited for. */
    signal(SIGCHLD, SIG_DFL);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        die_with_parent(parent);
        int status = run(ctx);
        fflush(NULL);
        _exit(status);
    }
    *out_pid = pid;
    return 0;
}

void host_process_leave(int status)
{
    _exit(status);
}

unsigned host_cpu_count(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) < 1)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

static struct timespec timespec_of(uint64_t duration_ns)
{
    return (struct timespec){.tv_sec = (time_t)(duration_ns / 1000000000u),
                             .tv_nsec = (long)(duration_ns % 1000000000u)};
}

/* A descriptor of the child becomes readable when it ends. */
static int wait_until_ended(int pid, uint64_t timeout_ns)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0)
        return -errno;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    struct timespec timeout = timespec_of(timeout_ns);
    int ready = ppoll(&poll_fd, 1, timeout_ns == UINT64_MAX ? NULL : &timeout, NULL);
    int error = ready < 0 ? -errno : 0;
    close(fd);
    return error ? error : ready == 0 ? -ETIMEDOUT : 0;
}

int host_process_wait(int pid, uint64_t timeout_ns, struct host_exit *out)
{
    int error = wait_until_ended(pid, timeout_ns);
    if (error)
        return error;
    int status;
    if (waitpid(pid, &status, 0) < 0)
        return -errno;
    *out = (struct host_exit){.signalled = WIFSIGNALED(status),
                              .status = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                              .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0};
    return 0;
}

int host_process_kill(int pid)
{
    return kill(pid, SIGKILL) == 0 ? 0 : -errno;
}

const char *host_signal_name(int signal)
{
    switch (signal) {
    case SIGHUP: return "SIGHUP";
    case SIGINT: return "SIGINT";
    case SIGQUIT: return "SIGQUIT";
    case SIGILL: return "SIGILL";
    case SIGTRAP: return "SIGTRAP";
    case SIGABRT: return "SIGABRT";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGKILL: return "SIGKILL";
    case SIGSEGV: return "SIGSEGV";
    case SIGPIPE: return "SIGPIPE";
    case SIGALRM: return "SIGALRM";
    case SIGTERM: return "SIGTERM";
    case SIGXCPU: return "SIGXCPU";
    case SIGXFSZ: return "SIGXFSZ";
    case SIGSYS: return "SIGSYS";
    default: return "signal";
    }
}

/* ---- Waiting on a word ----------------------------------------------------------------------- */

int host_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    struct timespec timeout = timespec_of(timeout_ns);
    long result = syscall(SYS_futex, word, FUTEX_WAIT, expected,
                          timeout_ns == UINT64_MAX ? NULL : &timeout, NULL, 0);
    return result == 0 || errno == EAGAIN ? 0 : -errno;
}

void host_futex_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void host_sleep_ns(uint64_t duration_ns)
{
    struct timespec duration = timespec_of(duration_ns);
    nanosleep(&duration, NULL);
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static const int interrupt_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* Signals are the process's, so this cannot hang off a machine. */
static volatile sig_atomic_t interrupts;

static void on_interrupt(int signal WEIR_UNUSED)
{
    interrupts = interrupts + 1;
}

static void set_action(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART: waits must notice */
    sigaction(signal, &action, NULL);
}

void host_interrupts_count(void)
{
    for (unsigned i = 0; i < ARRAY_LEN(interrupt_signals); i++)
        set_action(interrupt_signals[i], on_interrupt);
    set_action(SIGPIPE, SIG_IGN);
}

unsigned host_interrupts_seen(void)
{
    return (unsigned)interrupts;
}

void host_interrupts_ignore(void)
{
    for (unsigned i = 0; i < ARRAY_LEN(interrupt_signals); i++)
        set_action(interrupt_signals[i], SIG_IGN);
    set_action(SIGPIPE, SIG_IGN);
}

/* ---- Terminal -------------------------------------------------------------------------------- */

bool host_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

unsigned host_terminal_columns(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}
