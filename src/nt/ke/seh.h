/* SPDX-License-Identifier: MIT */
/* Structured exceptions in driver code.
 *
 * x64 code says in .pdata and .xdata how each function's frame is undone and who handles what
 * happens in it. An exception is dispatched in two passes. The search walks the driver's frames
 * from where it was raised and asks the handler of each that has one; __C_specific_handler, which
 * every __try uses, asks the filters. A filter that says EXECUTE_HANDLER starts the unwinding
 * (RtlUnwindEx): the same walk again, up to the frame that wants it, in which __finally blocks
 * run; then the driver goes on at its __except block. "x64 exception handling"; "Structured
 * Exception Handling".
 *
 * A fiber's driver frames lie in segments between boundaries (sim.h). A segment ends where we had
 * called the driver, and there the walk ends too: an exception that leaves a callback is a bug
 * check, it does not unwind through code of ours. Three kinds of boundary let a walk pass, because
 * behind them stands this very mechanism: a handler or filter that raises is nested in the
 * exception it was called for, a __finally that raises or unwinds collides with the unwinding it
 * was called for.
 *
 * Records and contexts that handlers see lie on the driver's own stack, below the frame that
 * raised, as they do in Windows. All functions here run on the host stack of a fiber with driver
 * code on it, at any IRQL. What leaves for the driver never returns: the host frames above the
 * segment are dropped, so nobody among them may own anything. Not here: which traps are exceptions
 * (trap_dispatch.c, trap_memory.c), how a frame is undone (pe_unwind.h). */
#ifndef WEIR_NT_KE_SEH_H
#define WEIR_NT_KE_SEH_H

#include <stdbool.h>
#include <stdint.h>

#include "ke/internal.h"
#include "ke/trap.h"
#include "pe/pe_unwind.h"

/* sim_boundary.kind of what a walk passes. */
enum ke_seh_boundary {
    KE_SEH_SEARCH = 2, /* of struct ke_seh_pass: a handler runs during the search */
    KE_SEH_UNWIND = 3, /* of struct ke_seh_pass: one runs during the unwinding */
    KE_SEH_HANDLER = 4 /* __C_specific_handler calls a filter or a __finally */
};

/* Where a walk stands: a function's state, and the boundary that ends its segment. */
struct ke_seh_place {
    const struct sim_boundary *boundary;
    struct pe_context context;
};

/* What the handlers of a pass are shown, on the driver's stack. */
struct ke_seh_block {
    CONTEXT context; /* search: of the exception; unwinding: of the frame */
    CONTEXT unwound; /* search: of the frame's caller */
    DISPATCHER_CONTEXT dispatcher;
    EXCEPTION_RECORD record;
};

/* One pass over the frames. The boundary is pushed while a handler runs. */
struct ke_seh_pass {
    struct sim_boundary boundary WEIR_ALIGNED(16);
    struct ke *ke;
    const struct sim_boundary *base; /* of the segment in which it began */
    struct ke_seh_block *block;
    struct ke_seh_place at; /* the frame whose handler runs */
    uint64_t establisher; /* of that frame */
    PEXCEPTION_RECORD record;
    PVOID target_ip; /* unwinding */
};

/* seh_context.c */
void ke_seh_of_boundary(const struct sim_boundary *boundary, struct pe_context *out);
void ke_seh_of_frame(const struct ke_trap_frame *frame, struct pe_context *out);
void ke_seh_store(const struct pe_context *from, CONTEXT *to);
void ke_seh_load(const CONTEXT *from, struct pe_context *to);
/* The driver goes on with this state in the segment of that boundary. */
_Noreturn void ke_seh_resume(struct ke *ke, const struct ke_seh_place *place);
/* The driver code that called us newest; NULL: none. */
struct sim_boundary *ke_seh_newest(void);
/* Room on the driver's stack below base. The boundary, pushed, keeps calls out of it. */
void *ke_seh_room(struct sim_boundary *boundary, const struct sim_boundary *base, uint64_t kind,
                  size_t size_bytes);

/* seh_walk.c */
struct ke_seh_frame {
    uint64_t pc;
    const struct ke_module *module;
    struct pe_unwound unwound;
    struct pe_context caller; /* the state after the return */
};
/* The function the place is in; false: that cannot be told, or its frame is damaged. */
bool ke_seh_look(struct ke *ke, struct ke_seh_place *place, struct ke_seh_frame *out);
enum ke_seh_crossing {
    KE_SEH_INSIDE, /* the place is in a function */
    KE_SEH_RETURNED, /* it was moved out of a handler's segment */
    KE_SEH_NESTED, /* it was moved to where the exception *pass was raised */
    KE_SEH_COLLIDED, /* it was moved to the frame that the unwinding *pass is at */
    KE_SEH_END /* nothing of the driver's is behind it */
};
enum ke_seh_crossing ke_seh_cross(struct ke *ke, struct ke_seh_place *place,
                                  const struct ke_seh_pass **pass);
uint32_t ke_seh_call_handler(struct ke_seh_pass *pass, uint64_t kind,
                             const struct ke_seh_frame *frame, uint32_t scope_index);

/* seh_search.c: returns when a handler has the frame go on, changed perhaps. */
void ke_seh_trap(struct ke *ke, struct ke_trap_frame *frame, const struct ke_exception *exception);

/* Whether the function of ours that the driver called may be left in the middle. */
bool ke_seh_may_leave(struct ke *ke);

/* seh_unwind.c */
_Noreturn void ke_seh_unwind(struct ke *ke, PVOID target_frame, PVOID target_ip,
                             PEXCEPTION_RECORD record, PVOID result);

/* trap_entry.S: back to the code whose registers these are. */
_Noreturn void ke_trap_leave(struct ke_trap_frame *frame);

#endif
