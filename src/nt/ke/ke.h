/* SPDX-License-Identifier: MIT */
/* The kernel's kernel: IRQL, CPUs, threads, waits, DPCs, timers, interrupts, spin locks, traps, bug
 * checks. Windows functions (KeSetTimerEx, KeWaitForSingleObject ...) are declared in wdk/wdm.h and
 * implemented here under their own names; this door holds what the other rooms need beside them.
 * All functions run on the machine's one host thread; "current" means the fiber that runs. Order:
 * ke_create, ke_set_*_ops, threads and interrupts, then sim_run; ke_destroy last. */
#ifndef WEIR_NT_KE_H
#define WEIR_NT_KE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/sim.h"
#include "trace/trace.h"
#include "wdk/wdm.h"

struct ke;
struct pe_image;

/* The machine's kernel; valid on any fiber of a machine, and the only ambient pointer there is. */
struct ke *ke_current(void);
struct sim *ke_sim(struct ke *ke);
struct trace *ke_trace(struct ke *ke);
/* One state pointer per room above (mm, io, pnp, hal, ks ...), so that Windows calls find
 * theirs. */
enum ke_room {
    KE_ROOM_MM, KE_ROOM_EX, KE_ROOM_OB, KE_ROOM_SE, KE_ROOM_CM, KE_ROOM_PS, KE_ROOM_IO, KE_ROOM_PNP,
    KE_ROOM_PO, KE_ROOM_HAL, KE_ROOM_INBOX, KE_ROOM_KS, KE_ROOM_EXPORTS, KE_ROOM_MACHINE,
    KE_ROOM_RTL, KE_ROOM_COUNT
};
void ke_set_room(struct ke *ke, enum ke_room room, void *state);
void *ke_room(struct ke *ke, enum ke_room room);

/* Windows version the machine plays. */
enum ke_windows {
    KE_WINDOWS_XP, KE_WINDOWS_WS2003, KE_WINDOWS_WS2003SP1, KE_WINDOWS_VISTA, KE_WINDOWS_7,
    KE_WINDOWS_8, KE_WINDOWS_81, KE_WINDOWS_10_1803, KE_WINDOWS_10, KE_WINDOWS_11
};
/* What every way of asking for the version answers. */
struct ke_windows_version {
    ULONG major, minor, build;
    USHORT service_pack;
    ULONG ntddi;
    bool server;
};
struct ke_windows_version ke_windows_version_of(enum ke_windows windows);
struct ke_config {
    struct sim *sim; /* borrowed */
    enum ke_windows windows;
    uint64_t ram_pages; /* shown in shared user data */
};
int ke_create(const struct ke_config *config, struct ke **out); /* with KPCRs and idle threads */
void ke_destroy(struct ke *ke);
enum ke_windows ke_windows(struct ke *ke);

/* ---- Calls out: a function pointer that a driver may have given us --------------------------- */
/* Calls fn wherever it lives: guest code through the gate, a thunk of ours directly, our own
 * function directly. All arguments are 64-bit integers; the result is rax, so cast it to the
 * declared width. Checks that IRQL is unchanged on return (a finding if not) for calls into guest
 * code. */
uint64_t ke_call_args(const void *fn, unsigned count, const uint64_t *args);
#define KE_CALL(fn, ...)                                                                           \
    ke_call_args((const void *)(fn),                                                               \
                 (unsigned)(sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)),                 \
                 (const uint64_t[]){__VA_ARGS__})
#define KE_ARG(x) ((uint64_t)(uintptr_t)(x))

/* The seeded address at which drivers see this ms_abi function of ours; same answer every time. Use
 * it for every function pointer that is stored where a driver can read it (driver objects, vtables,
 * operation tables). stack_args: 8-byte arguments beyond the fourth. */
void *ke_thunk(const void *host_fn, const char *name, unsigned stack_args);
struct ke_handout {
    const void *host_fn;
    const char *name; /* as traces show it */
    unsigned stack_args;
    uint32_t call_id; /* by which a record names its calls; 0: none */
    bool nothing; /* it returns nothing, and the driver finds 0 */
};
void *ke_thunk_handout(const struct ke_handout *slot);
struct ke_thunk_ops {
    uint64_t (*bind)(void *ctx, const struct ke_handout *slot);
    /* A function like memcpy, which may be left in the middle when it faults; optional. */
    bool (*holds_nothing)(void *ctx, uint32_t thunk);
};
void ke_set_thunk_ops(struct ke *ke, const struct ke_thunk_ops *ops, void *ctx);
/* Whose call is this: the guest return address of the newest import, 0 when none (our own call). */
uint64_t ke_caller_va(void);
uint64_t ke_caller_of(const struct sim_boundary *boundary);

/* ---- IRQL ------------------------------------------------------------------------------------ */
KIRQL ke_irql(void);
KIRQL ke_irql_raise(KIRQL to); /* returns the old one */
void ke_irql_lower(KIRQL to); /* delivers what became possible: interrupts, DPCs, thread switch */
/* A yield point (imports do this in their thunk already). */
void ke_yield(void);

/* ---- Threads --------------------------------------------------------------------------------- */
typedef void ke_thread_fn(void *ctx);
struct ke_thread; /* ours; the first bytes of its public part are a KTHREAD a driver may wait on */
/* A thread that runs our own code (boot, client, worker). It ends when fn returns. */
int ke_thread_start(struct ke *ke, const char *name, ke_thread_fn *fn, void *ctx,
                    struct ke_thread **out);
struct ke_thread_config {
    const char *name;
    ke_thread_fn *fn;
    void *ctx;
    KPRIORITY priority; /* 0: the default, 8 */
    bool held; /* does not run before ke_thread_release */
};
/* Gives the caller a reference; *out is set before the thread can run. -EAGAIN: too many
 * threads. */
int ke_thread_create(struct ke *ke, const struct ke_thread_config *config, struct ke_thread **out);
void ke_thread_release(struct ke_thread *thread);
_Noreturn void ke_thread_exit(NTSTATUS status); /* the current one; its object becomes signalled */
void ke_thread_ref(struct ke_thread *thread);
void ke_thread_unref(struct ke_thread *thread);
struct ke_thread *ke_thread_current(void);
PKTHREAD ke_thread_object(struct ke_thread *thread);
struct ke_thread *ke_thread_of(struct ke *ke, PKTHREAD object); /* NULL: no thread's */
uint64_t ke_thread_id(struct ke_thread *thread);
const char *ke_thread_name(struct ke_thread *thread);
NTSTATUS ke_thread_exit_status(struct ke_thread *thread); /* STATUS_PENDING while it lives */
/* Waits for its end and gives the reference back; PASSIVE_LEVEL. */
void ke_thread_join(struct ke_thread *thread);

/* A timer that is set, a DPC that is queued, in this memory: whoever frees it asks (bug check
 * 0xC7). */
bool ke_timer_in(struct ke *ke, uint64_t va, uint64_t size_bytes, uint64_t *out_va);
bool ke_dpc_in(struct ke *ke, uint64_t va, uint64_t size_bytes, uint64_t *out_va);

/* ---- Interrupts: hardware side (hal) and software side (io) ---------------------------------- */
/* A vector is a number hal hands out. Line vectors are level triggered and may be shared; message
 * vectors are edges. Asserting is callable from events. */
typedef uint64_t ke_isr_fn(void *ctx, uint32_t message); /* host function; nonzero = claimed */
struct ke_interrupt; /* one connection */
struct ke_interrupt_config {
    uint32_t vector;
    KIRQL irql; /* of the vector */
    KIRQL synchronize_irql; /* at which the routine runs, >= irql */
    bool level_triggered;
    bool shared;
    const void *routine; /* PKSERVICE_ROUTINE or PKMESSAGE_SERVICE_ROUTINE, driver's or ours */
    bool message_routine;
    void *context;
    uint32_t message;
    PKSPIN_LOCK spin_lock; /* NULL: the connection's own */
    void *kinterrupt; /* the PKINTERRUPT that the routine gets as its first argument */
};
NTSTATUS ke_interrupt_connect(const struct ke_interrupt_config *config, struct ke_interrupt **out);
void ke_interrupt_disconnect(struct ke_interrupt *interrupt); /* waits until no routine runs */
/* Its routine is called, or not; up to DISPATCH_LEVEL. Active after connecting. */
void ke_interrupt_set_active(struct ke_interrupt *interrupt, bool active);
BOOLEAN ke_interrupt_synchronize(struct ke_interrupt *interrupt, PKSYNCHRONIZE_ROUTINE routine,
                                 void *context);
KIRQL ke_interrupt_acquire(struct ke_interrupt *interrupt);
void ke_interrupt_release(struct ke_interrupt *interrupt, KIRQL old);
void ke_vector_set_level(struct ke *ke, uint32_t vector, bool asserted); /* line */
void ke_vector_pulse(struct ke *ke, uint32_t vector); /* message */

/* ---- Traps: memory and ports behind ke's back ------------------------------------------------ */
enum ke_access { KE_ACCESS_READ = 0, KE_ACCESS_WRITE = 1, KE_ACCESS_EXECUTE = 8 };
enum ke_fault {
    KE_FAULT_RETRY, /* the page is there now: run the instruction again */
    KE_FAULT_IO, /* device memory: emulate the instruction with io_read and io_write */
    KE_FAULT_USER, /* a bad user address: an access violation a driver may catch */
    KE_FAULT_BAD /* nothing there: bug check */
};
struct ke_memory_ops {
    enum ke_fault (*resolve)(void *ctx, uint64_t va, enum ke_access access);
    uint64_t (*io_read)(void *ctx, uint64_t va, unsigned size_bytes);
    void (*io_write)(void *ctx, uint64_t va, unsigned size_bytes, uint64_t value);
    uint64_t (*port_read)(void *ctx, uint16_t port, unsigned size_bytes);
    void (*port_write)(void *ctx, uint16_t port, unsigned size_bytes, uint64_t value);
};
void ke_set_memory_ops(struct ke *ke, const struct ke_memory_ops *ops, void *ctx);
/* Takes over the faults of the calling thread, which is the one that calls sim_run: after
 * ke_create, before a driver runs. Without it nothing traps, and a fault ends the process. */
struct ke_trap_config {
    bool watchdog; /* driver code that never calls is forced to yield: not reproducible */
    bool trap_tsc; /* rdtsc counts virtual time */
};
int ke_traps_install(struct ke *ke, const struct ke_trap_config *config);
void ke_traps_remove(struct ke *ke);

/* ---- Exceptions ------------------------------------------------------------------------------ */
/* Raises, not continuable, where the driver called us: its handlers are asked, and the function of
 * ours that raises does not go on, so it must hold nothing. Nobody handles it: bug check. */
_Noreturn void ke_raise_exception(NTSTATUS status, unsigned count, const uint64_t *information);

/* ---- Modules: images that unwinding and reports know ----------------------------------------- */
/* Borrowed until removed. */
struct ke_module {
    const char *name; /* "grabber.sys" */
    uint64_t base_va;
    uint64_t size_bytes;
    const struct pe_image *image;
    /* The image as it was mapped at load, size_bytes long, in our own memory: INIT is gone from the
     * driver's after DriverEntry. For pe_view_init. */
    const uint8_t *copy;
};
void ke_module_add(struct ke *ke, const struct ke_module *module);
void ke_module_remove(struct ke *ke, uint64_t base_va);
const struct ke_module *ke_module_of(struct ke *ke, uint64_t va); /* NULL: in none */

/* ---- The end --------------------------------------------------------------------------------- */
/* Bug check: emits code, parameters, registers, call stack, then stops the simulation. rip_va 0
 * means the newest import's caller. Never returns. */
_Noreturn void ke_bug_check(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4);
/* The same for what hardware reports: whatever code happens to run has no part in it. */
_Noreturn void ke_bug_check_by_hardware(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3,
                                        uint64_t p4);
enum ke_stop {
    KE_STOP_DONE = 0,
    KE_STOP_BUG_CHECK = 1,
    KE_STOP_STALL = 2,
    KE_STOP_MISSING_CALL = 3,
    KE_STOP_INTERRUPTED = 4,
    KE_STOP_ENDLESS = 5 /* the driver goes round and round */
};

/* A finding: the driver is wrong. rule is an index into verify's trace/rules.h; a
 * plain number in the event. The consequence is the caller's business. */
#define KE_FINDING(ke, rule, ...) TRACE(ke_trace(ke), finding, rule, ke_caller_va(), ##__VA_ARGS__)

#endif
