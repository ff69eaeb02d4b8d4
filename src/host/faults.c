/* SPDX-License-Identifier: MIT */
/* Faults: synchronous signals of this thread, and a tick of its CPU time, handed to one
 * function.
 *
 * Everything is blocked while the function runs. A fault inside it therefore ends the process at
 * once, by the kernel's rule for a synchronous signal that is blocked: never a loop. Each fault
 * is copied to a plain record and back, so nobody else needs to know what a ucontext is. */
#include "host/host.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/base.h"

enum { SIGNAL_STACK_BYTES = 128 * 1024 };

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};

/* Signals are the process's, so this cannot hang off a machine. */
static struct {
    host_fault_fn *handler;
    void *ctx;
    void *stack;
    timer_t timer;
    bool has_timer;
    struct sigaction old[ARRAY_LEN(fault_signals)];
    struct sigaction old_tick;
    stack_t old_stack;
} faults;

/* ucontext's order of the general registers, by hardware encoding. */
static const int greg_of_gpr[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                    REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                    REG_R12, REG_R13, REG_R14, REG_R15};

static int tick_signal(void)
{
    return SIGRTMIN;
}

static void fault_load(struct host_fault *fault, int signal, const siginfo_t *info,
                       const greg_t *gregs)
{
    for (unsigned i = 0; i < 16; i++)
        fault->gpr[i] = (uint64_t)gregs[greg_of_gpr[i]];
    fault->rip = (uint64_t)gregs[REG_RIP];
    fault->rflags = (uint64_t)gregs[REG_EFL];
    fault->signal = signal == tick_signal() ? 0 : signal;
    fault->code = info->si_code;
    fault->address = (uint64_t)(signal == SIGSYS ? info->si_call_addr : info->si_addr);
    if (fault->signal == 0)
        fault->address = 0;
    fault->trap_number = (uint64_t)gregs[REG_TRAPNO];
    fault->error_code = (uint64_t)gregs[REG_ERR];
}

static void fault_store(const struct host_fault *fault, greg_t *gregs)
{
    for (unsigned i = 0; i < 16; i++)
        gregs[greg_of_gpr[i]] = (greg_t)fault->gpr[i];
    gregs[REG_RIP] = (greg_t)fault->rip;
    gregs[REG_EFL] = (greg_t)fault->rflags;
}

/* The instruction runs again under the default action, or the signal is sent again when it was not
 * an instruction that raised it. */
static void default_action(int signal, const siginfo_t *info)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signal, &action, NULL);
    if (info->si_code <= 0 || signal == SIGTRAP || signal == SIGSYS)
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    ucontext_t *user = context;
    struct host_fault fault;
    fault_load(&fault, signal, info, user->uc_mcontext.gregs);
    if (faults.handler(faults.ctx, &fault))
        fault_store(&fault, user->uc_mcontext.gregs);
    else if (signal != tick_signal())
        default_action(signal, info);
    errno = saved_errno;
}

static int signal_stack_enter(void)
{
    size_t guarded = SIGNAL_STACK_BYTES + HOST_PAGE_SIZE;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK;
    faults.stack = mmap(NULL, guarded, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (faults.stack == MAP_FAILED)
        return -errno;
    mprotect(faults.stack, HOST_PAGE_SIZE, PROT_NONE);
    stack_t stack = {.ss_sp = (char *)faults.stack + HOST_PAGE_SIZE, .ss_size = SIGNAL_STACK_BYTES};
    if (sigaltstack(&stack, &faults.old_stack) != 0) {
        int error = errno;
        munmap(faults.stack, guarded);
        return -error;
    }
    return 0;
}

static int tick_start(uint64_t tick_ns)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = tick_signal()};
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &faults.timer) != 0)
        return -errno;
    faults.has_timer = true;
    struct timespec period = {.tv_sec = (time_t)(tick_ns / 1000000000u),
                              .tv_nsec = (long)(tick_ns % 1000000000u)};
    struct itimerspec spec = {.it_interval = period, .it_value = period};
    return timer_settime(faults.timer, 0, &spec, NULL) == 0 ? 0 : -errno;
}

int host_faults_install(host_fault_fn *handler, void *ctx, uint64_t tick_ns)
{
    if (faults.handler)
        return -EBUSY;
    int error = signal_stack_enter();
    if (error)
        return error;
    faults.handler = handler;
    faults.ctx = ctx;
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigfillset(&action.sa_mask);
    for (unsigned i = 0; i < ARRAY_LEN(fault_signals); i++)
        sigaction(fault_signals[i], &action, &faults.old[i]);
    sigaction(tick_signal(), &action, &faults.old_tick);
    error = tick_ns ? tick_start(tick_ns) : 0;
    if (error)
        host_faults_remove();
    return error;
}

void host_faults_remove(void)
{
    if (!faults.handler)
        return;
    if (faults.has_timer)
        timer_delete(faults.timer);
    for (unsigned i = 0; i < ARRAY_LEN(fault_signals); i++)
        sigaction(fault_signals[i], &faults.old[i], NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN}; /* drops a tick that is pending */
    sigaction(tick_signal(), &ignore, NULL);
    sigaction(tick_signal(), &faults.old_tick, NULL);
    sigaltstack(&faults.old_stack, NULL);
    munmap(faults.stack, SIGNAL_STACK_BYTES + HOST_PAGE_SIZE);
    memset(&faults, 0, sizeof(faults));
}
