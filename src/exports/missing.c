/* SPDX-License-Identifier: MIT */
/* Imports that weir lacks.
 *
 * Windows would not load such a driver at all. Here it loads, since many a function is imported and
 * never called; a call stops the run with the function's name, the caller and the arguments. Where
 * the user has said what the function is to give back (--stub), the call gives that back and is
 * told to the report, so that no such run is taken for one of the driver on Windows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "exports/internal.h"

enum { MISSING_MAX = 1024 };

/* ---- Calls ----------------------------------------------------------------------------------- */

static const struct thunk_info *called_thunk(struct exports *exports,
                                             const struct sim_boundary **boundary)
{
    *boundary = sim_boundary_newest(sim_fiber_current());
    return &exports->thunks[(*boundary)->target];
}

static void WEIR_MS_ABI stop_at_call(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    struct exports *exports = exports_of(ke_current());
    const struct sim_boundary *boundary;
    const struct thunk_info *info = called_thunk(exports, &boundary);
    const char *name = exports->missing[info->import].name;

    TRACE(exports->trace, missing_call, info->import, ke_caller_of(boundary), a0, a1, a2, a3);
    trace_text(exports->trace, name, strlen(name));
    sim_stop(exports->sim, KE_STOP_MISSING_CALL);
    abort();
}

static uint64_t WEIR_MS_ABI answer_call(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    struct exports *exports = exports_of(ke_current());
    const struct sim_boundary *boundary;
    const struct thunk_info *info = called_thunk(exports, &boundary);
    const struct exports_stub *stub = exports->missing[info->import].stub;

    TRACE(exports->trace, stub_called, (uint64_t)(stub - exports->stubs), ke_caller_of(boundary),
          a0, a1, a2, a3);
    return stub->value;
}

/* ---- Stubs ----------------------------------------------------------------------------------- */

/* The function's part of "MODULE!FUNCTION" or of "FUNCTION". */
static const char *function_of(const char *name)
{
    const char *mark = strchr(name, '!');

    return mark != NULL ? mark + 1 : name;
}

static bool is_for(const struct exports_stub *stub, const char *module, const char *name)
{
    const char *function = function_of(stub->name);
    size_t length = function > stub->name ? (size_t)(function - stub->name) - 1 : 0;

    if (strcmp(function, name) != 0)
        return false;
    return length == 0 ||
           (strlen(module) == length && strncasecmp(module, stub->name, length) == 0);
}

static const struct exports_stub *find_stub(const struct exports *exports, const char *module,
                                            const char *name)
{
    for (size_t i = 0; i < exports->stub_count; i++) {
        if (is_for(&exports->stubs[i], module, name))
            return &exports->stubs[i];
    }
    return NULL;
}

const struct exports_row *exports_stub_hides(const char *name)
{
    const struct exports_stub stub = {.name = name};
    const struct exports_row *row;

    for (unsigned i = 0; (row = exports_at(i)) != NULL; i++) {
        if (row->state == EXPORTS_STUB || strcmp(row->name, function_of(name)) != 0)
            continue;
        if (is_for(&stub, row->module, row->name) ||
            (exports_is_kernel(row->module) &&
             (is_for(&stub, "ntoskrnl.exe", row->name) || is_for(&stub, "hal.dll", row->name))) ||
            (exports_same_names(row->module, "cng.sys") && is_for(&stub, "cng.sys", row->name)))
            return row;
    }
    return NULL;
}

void exports_set_stubs(struct exports *exports, const struct exports_stub *stubs, size_t count)
{
    weir_assert(exports->missing_count == 0);
    exports->stubs = stubs;
    exports->stub_count = count;
    for (size_t i = 0; i < count; i++) {
        TRACE(exports->trace, stub_given, i, stubs[i].value);
        trace_text(exports->trace, stubs[i].name, strlen(stubs[i].name));
    }
}

/* ---- Binding --------------------------------------------------------------------------------- */

static int bind(struct exports *exports, const char *module, const char *name,
                struct missing_import *import)
{
    struct thunk_info info = {.id = EXPORTS_SLOT_ID, .import = exports->missing_count,
                              .irql_from = 0, .irql_to = 15};
    int result;

    import->stub = find_stub(exports, module, name);
    result = import->stub != NULL
                 ? exports_bind_thunk(exports, (const void *)answer_call, 0, &info, &import->va)
                 : exports_bind_thunk(exports, (const void *)stop_at_call, 0, &info, &import->va);
    if (result == 0 && import->stub != NULL)
        TRACE(exports->trace, stub_bound, (uint64_t)(import->stub - exports->stubs), info.import);
    return result;
}

int exports_bind_missing(struct exports *exports, const char *module, const char *name,
                         uint64_t *out_va)
{
    struct missing_import *import = &exports->missing[exports->missing_count];
    int result;

    if (exports->missing_count == MISSING_MAX)
        return -ENOSPC;
    if (asprintf(&import->name, "%s!%s", module, name) < 0)
        return -ENOMEM;
    result = bind(exports, module, name, import);
    if (result != 0) {
        free(import->name);
        return result;
    }
    exports->missing_count++;
    *out_va = import->va;
    return 0;
}

const char *exports_missing_name(struct exports *exports, uint64_t import_id)
{
    return import_id < exports->missing_count ? exports->missing[import_id].name : "?";
}

/* ---- Life ------------------------------------------------------------------------------------ */

int exports_missing_init(struct exports *exports)
{
    exports->missing = calloc(MISSING_MAX, sizeof *exports->missing);
    return exports->missing != NULL ? 0 : -ENOMEM;
}

void exports_missing_fini(struct exports *exports)
{
    for (unsigned i = 0; i < exports->missing_count; i++)
        free(exports->missing[i].name);
    free(exports->missing);
}
