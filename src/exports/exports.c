/* SPDX-License-Identifier: MIT */
/* Thunks: how a driver's call finds our function, and what each call passes through.
 *
 * A row that some driver binds (or that is handed out as a slot of a table) gets one thunk, shared
 * by all. On the way in the caller's IRQL is held against the row, the call is recorded when a
 * record is wanted, and the scheduler gets its yield point. Our own calls (ks calling KeSetTimerEx)
 * do not come this way, so they are never charged to the driver. */
#include "exports/exports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "exports/internal.h"
#include "exports/symbols.h"
#include "trace/rules.h"

enum { THUNK_SLOTS = 4096, STACK_ARGS_VARARGS = 28, REGISTER_ARGS = 4 };
static const uint64_t exports_magic = 0x6578706f72747321u;

struct exports *exports_of(struct ke *ke)
{
    struct exports *exports = ke_room(ke, KE_ROOM_EXPORTS);

    weir_assert(exports != NULL);
    weir_assert(exports->magic == exports_magic);
    return exports;
}

static unsigned stack_args_of(const struct exports_row *row)
{
    if (row->args == EXPORTS_VARARGS)
        return STACK_ARGS_VARARGS;
    return row->args > REGISTER_ARGS ? row->args - REGISTER_ARGS : 0;
}

/* ---- Passing through ------------------------------------------------------------------------- */

static void check_irql(struct exports *exports, const struct thunk_info *info,
                       const struct sim_boundary *boundary)
{
    KIRQL irql = ke_irql();
    uint64_t caller_va;

    if (weir_likely(irql >= info->irql_from && irql <= info->irql_to))
        return;
    caller_va = ke_caller_of(boundary);
    TRACE(exports->trace, call_wrong_irql, info->id, caller_va, info->irql_from, info->irql_to);
    TRACE(exports->trace, finding, VERIFY_call_irql, caller_va, info->id, irql, info->irql_to);
}

static void thunk_enter(void *ctx, uint32_t thunk, const uint64_t args[4],
                        struct sim_boundary *boundary)
{
    struct exports *exports = ctx;
    const struct thunk_info *info = &exports->thunks[thunk];

    check_irql(exports, info, boundary);
    TRACE_CLASSED(exports->trace, call, import_call, info->id, ke_caller_of(boundary), args[0],
                  args[1], args[2], args[3]);
    ke_yield();
}

/* What a function without a result leaves in rax is chance, and a driver that returns it would
 * behave differently from run to run. */
static uint64_t thunk_leave(void *ctx, uint32_t thunk, uint64_t result)
{
    const struct exports *exports = ctx;

    return exports->thunks[thunk].nothing ? 0 : result;
}

/* ---- Binding --------------------------------------------------------------------------------- */

int exports_bind_thunk(struct exports *exports, const void *function, unsigned stack_args,
                       const struct thunk_info *info, uint64_t *out_va)
{
    uint32_t thunk;
    int result = sim_thunk_bind(exports->sim, function, stack_args, &thunk);

    if (result != 0)
        return result;
    weir_assert(thunk < THUNK_SLOTS);
    exports->thunks[thunk] = *info;
    *out_va = sim_thunk_va(exports->sim, thunk);
    return 0;
}

static unsigned row_index(const struct exports_row *row)
{
    return (unsigned)(row - exports_at(0));
}

int exports_bind_row(struct exports *exports, const struct exports_row *row, uint64_t *out_va)
{
    unsigned index = row_index(row);
    struct thunk_info info = {.id = index, .irql_from = row->irql_from, .irql_to = row->irql_to,
                              .nothing = exports_returns_nothing(row)};
    int result;

    if (exports->row_va[index] == 0) {
        if (row->state == EXPORTS_DATA)
            return exports_bind_data(exports, row, out_va);
        result = exports_bind_code(exports, row, &exports->row_va[index]);
        if (result == -ENOENT)
            result = exports_bind_thunk(exports, row->function, stack_args_of(row), &info,
                                        &exports->row_va[index]);
        if (result != 0)
            return result;
    }
    *out_va = exports->row_va[index];
    return 0;
}

/* ke_thunk's other half: functions handed out through tables rather than by name. A function that
 * has a row keeps that row's thunk, so a driver that compares the two sees one address. */
static uint64_t bind_host_function(void *ctx, const struct ke_handout *slot)
{
    struct exports *exports = ctx;
    struct thunk_info info = {.id = slot->call_id != 0 ? slot->call_id : EXPORTS_SLOT_ID,
                              .irql_from = 0, .irql_to = 15, .nothing = slot->nothing,
                              .name = slot->name};
    uint64_t va;
    int result;

    for (unsigned i = 0; exports_at(i) != NULL; i++) {
        if (exports_at(i)->function == slot->host_fn) {
            result = exports_bind_row(exports, exports_at(i), &va);
            weir_assert(result == 0);
            return va;
        }
    }
    result = exports_bind_thunk(exports, slot->host_fn, slot->stack_args, &info, &va);
    weir_assert(result == 0);
    return va;
}

/* The C run-time library keeps no state: a fault in it is the caller's own. */
static bool holds_nothing(void *ctx, uint32_t thunk)
{
    const struct exports *exports = ctx;
    uint32_t id = exports->thunks[thunk].id;

    return id != EXPORTS_SLOT_ID && exports_at(id) != NULL &&
           strcmp(exports_at(id)->class, "CRT") == 0;
}

/* ---- MmGetSystemRoutineAddress --------------------------------------------------------------- */
/* Finds only what ntoskrnl or hal of this Windows version exports; NULL otherwise, which drivers
 * use as a version test. MmGetSystemRoutineAddress, Return value. */
PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    struct ke *ke = ke_current();
    const struct exports_row *row;
    char name[128];
    unsigned length = SystemRoutineName->Length / 2u;
    uint64_t va;

    if (length >= sizeof name)
        return NULL;
    for (unsigned i = 0; i < length; i++)
        name[i] = (char)SystemRoutineName->Buffer[i];
    name[length] = 0;
    row = exports_find("ntoskrnl.exe", name);
    if (row == NULL || !exports_has(row, ke_windows(ke)) || row->state == EXPORTS_STUB)
        return NULL;
    return exports_bind_row(exports_of(ke), row, &va) == 0 ? (PVOID)(uintptr_t)va : NULL;
}

/* ---- Life ------------------------------------------------------------------------------------ */

int exports_create(struct ke *ke, struct exports **out)
{
    static const struct ke_thunk_ops thunk_ops = {.bind = bind_host_function,
                                                  .holds_nothing = holds_nothing};
    struct exports *exports = calloc(1, sizeof *exports);
    unsigned count = 0;

    if (exports == NULL)
        return -ENOMEM;
    while (exports_at(count) != NULL)
        count++;
    exports->row_va = calloc(count, sizeof *exports->row_va);
    exports->thunks = calloc(THUNK_SLOTS, sizeof *exports->thunks);
    if (exports->row_va == NULL || exports->thunks == NULL || exports_missing_init(exports) != 0) {
        exports_destroy(exports);
        return -ENOMEM;
    }
    exports->magic = exports_magic;
    exports->ke = ke;
    exports->sim = ke_sim(ke);
    exports->trace = ke_trace(ke);
    ke_set_room(ke, KE_ROOM_EXPORTS, exports);
    ke_set_thunk_ops(ke, &thunk_ops, exports);
    sim_thunks_set_hooks(exports->sim, thunk_enter, thunk_leave, exports);
    *out = exports;
    return 0;
}

void exports_destroy(struct exports *exports)
{
    if (exports == NULL)
        return;
    exports_missing_fini(exports);
    free(exports->thunks);
    free(exports->row_va);
    array_fini(&exports->drivers);
    exports->magic = 0;
    free(exports);
}
