/* SPDX-License-Identifier: MIT */
/* Exports: what weir gives to drivers by name, and the loader that binds a driver to it. One table
 * per Windows module; rows are columns of fact (see ntoskrnl.tbl.h). From the rows come binding,
 * `weir imports`, version profiles, and the checks each call passes through on its way in. Loading
 * happens on a thread of ours at PASSIVE_LEVEL; look-ups anywhere. */
#ifndef WEIR_EXPORTS_H
#define WEIR_EXPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ke/ke.h"
#include "pe/pe.h"

enum exports_state {
    EXPORTS_FULL, /* does what its documentation page says */
    EXPORTS_PARTIAL, /* does the common part; exports_lacks says what is missing */
    EXPORTS_DATA, /* a variable, not a function */
    EXPORTS_STUB /* known by name only: a call stops the run */
};

struct exports_row {
    const char *module; /* "ntoskrnl.exe" */
    const char *name;
    const void *function; /* NULL for EXPORTS_STUB and EXPORTS_DATA */
    uint8_t args; /* parameters; EXPORTS_VARARGS for printf-like ones */
    uint8_t irql_from;
    uint8_t irql_to;
    enum ke_windows since;
    const char *class; /* verifier class: KE, POOL, KS_STREAM ... */
    enum exports_state state;
    bool nothing; /* it returns nothing */
};
enum { EXPORTS_VARARGS = 255 };

/* A name may be asked of the module that has it now or had it once: functions moved between
 * ntoskrnl and hal. Module names compare without case, function names with. NULL when no row has
 * it. */
const struct exports_row *exports_find(const char *module, const char *name);
const struct exports_row *exports_at(unsigned index); /* NULL after the last */
/* What a finding about a call names: the row's function, or a slot of DMA_OPERATIONS
 * (HAL_OPERATION_ID + its index). */
const char *exports_call_name(uint64_t id);
/* Of an EXPORTS_PARTIAL row: what is missing, in words; NULL for others. */
const char *exports_lacks(const struct exports_row *row);
bool exports_returns_nothing(const struct exports_row *row);
bool exports_knows_module(const char *module);
/* Whether a system of that profile exports the function. x64 Windows began with Server 2003 SP1: xp
 * and ws2003 are what-ifs with that system's exports. */
bool exports_has(const struct exports_row *row, enum ke_windows windows);
const char *exports_windows_name(enum ke_windows windows); /* "win10" */
const char *exports_windows_label(enum ke_windows windows); /* "Windows 10" */
/* The first Windows that has the function, as its page names it. */
const char *exports_first_label(const struct exports_row *row);
bool exports_windows_parse(const char *text, enum ke_windows *out);

/* ---- In a machine ---------------------------------------------------------------------------- */
struct exports;
/* Registers ke_thunk's ops and the thunk hooks. */
int exports_create(struct ke *ke, struct exports **out);
void exports_destroy(struct exports *exports);

/* --stub: what a call to a function that weir lacks gives back, so that a run goes on past it. */
struct exports_stub {
    const char *name; /* "KeFoo" for whichever module is asked, or "ntoskrnl.exe!KeFoo" */
    uint64_t value; /* what the driver finds in rax */
};
/* The function or variable of weir's that such a stub would hide; NULL: it hides none. */
const struct exports_row *exports_stub_hides(const char *name);
/* Before the first exports_load. Borrowed. */
void exports_set_stubs(struct exports *exports, const struct exports_stub *stubs, size_t count);

enum exports_failure {
    EXPORTS_LOADED,
    EXPORTS_BAD_IMAGE,
    EXPORTS_IMPORT_TOO_NEW, /* a function newer than the Windows profile */
    EXPORTS_NO_MEMORY
};
struct exports_error {
    enum exports_failure kind;
    uint64_t file_offset; /* of a bad image */
    char text[320];
};
struct exports_driver {
    char name[64]; /* "grabber.sys" */
    uint64_t base_va;
    uint64_t size_bytes;
    uint64_t entry_va;
    struct pe_image image;
    struct ke_module module;
    uint8_t *copy; /* of the mapped image, for unwinding */
    unsigned missing; /* imports bound to a stub that stops the run */
};
/* Maps, relocates and binds the image at a seeded address; it may import from drivers that are
 * loaded already. The bytes are borrowed until unload. */
int exports_load(struct exports *exports, const char *name, const void *bytes, size_t size_bytes,
                 struct exports_driver **out, struct exports_error *error);
/* The address of a function that the driver itself exports (DllInitialize); 0: it does not. */
uint64_t exports_driver_function(const struct exports_driver *driver, const char *name);
/* Whether the image exports the function; name NULL: by ordinal. */
bool exports_image_has(const struct pe_image *image, const char *name, uint32_t ordinal);
void exports_discard_init(struct exports *exports, struct exports_driver *driver);
void exports_unload(struct exports *exports, struct exports_driver *driver);
/* Names an import that was called although weir lacks it (event missing_call, argument
 * import_id). */
const char *exports_missing_name(struct exports *exports, uint64_t import_id);

#endif
