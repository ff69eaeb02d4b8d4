/* SPDX-License-Identifier: MIT */
/* What the files of this room share. Not a door. */
#ifndef WEIR_EXPORTS_INTERNAL_H
#define WEIR_EXPORTS_INTERNAL_H

#include "base/base.h"
#include "exports/exports.h"

/* A thunk's id: a row's index, the call id of what was handed out in a table, or this where it has
 * none. */
#define EXPORTS_SLOT_ID UINT32_MAX

struct thunk_info {
    uint32_t id;
    uint32_t import; /* of a missing import: its index */
    uint8_t irql_from;
    uint8_t irql_to;
    bool nothing; /* it returns nothing, and the driver finds 0 */
    const char *name; /* of a slot */
};

struct missing_import {
    char *name; /* "ntoskrnl.exe!KeFoo" */
    uint64_t va;
    const struct exports_stub *stub; /* NULL: a call stops the run */
};

struct exports {
    uint64_t magic;
    struct ke *ke;
    struct sim *sim;
    struct trace *trace;
    struct thunk_info *thunks; /* by thunk number */
    uint64_t *row_va; /* by row; 0 = not bound yet */
    struct missing_import *missing;
    uint32_t missing_count;
    const struct exports_stub *stubs;
    size_t stub_count;
    uint64_t data_va; /* the page of exported variables; 0 = not made yet */
    ARRAY(struct exports_driver *) drivers; /* loaded, oldest first; borrowed */
};

int exports_bind_row(struct exports *exports, const struct exports_row *row, uint64_t *out_va);
int exports_bind_data(struct exports *exports, const struct exports_row *row, uint64_t *out_va);
/* code.c. -ENOENT: the row's function is not code of the driver's world, but one of ours. */
int exports_bind_code(struct exports *exports, const struct exports_row *row, uint64_t *out_va);
void exports_chkstk(void);
bool exports_is_kernel(const char *module); /* ntoskrnl or hal: one name space */
/* Whether what is asked of one is looked for in the other. */
bool exports_same_names(const char *one, const char *other);

/* missing.c. An import that no row and no driver has, bound to a stop or to the user's stub. */
int exports_bind_missing(struct exports *exports, const char *module, const char *name,
                         uint64_t *out_va);
int exports_bind_thunk(struct exports *exports, const void *function, unsigned stack_args,
                       const struct thunk_info *info, uint64_t *out_va);
struct exports *exports_of(struct ke *ke);
int exports_missing_init(struct exports *exports);
void exports_missing_fini(struct exports *exports);

/* drivers.c: -ENOENT when no loaded driver exports it. */
int exports_drivers_add(struct exports *exports, struct exports_driver *driver);
void exports_drivers_remove(struct exports *exports, const struct exports_driver *driver);
int exports_drivers_find(struct exports *exports, const char *module, const char *name,
                         uint32_t ordinal, uint64_t *out_va);

#endif
