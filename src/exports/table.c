/* SPDX-License-Identifier: MIT */
/* The rows of all modules as one array, and look-ups by name.
 *
 * Windows finds an import by module and name. Functions moved between ntoskrnl.exe and hal.dll over
 * the releases (since Windows 10 2004 hal.dll merely forwards), and drivers built for one release
 * load on the others, so a name asked of either of the two is looked for in both. So with
 * ksecdd.sys and cng.sys. */
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "exports/internal.h"
#include "exports/symbols.h"
#include "hal/hal.h"

#define PASSIVE 0
#define APC 1
#define DISPATCH 2
#define DIRQL 12
#define HIGH 15
#define UNDOC 0xff

enum { SINCE_ANY = KE_WINDOWS_XP };
#define WIN2K KE_WINDOWS_XP
#define WINXP KE_WINDOWS_XP
#define WS03 KE_WINDOWS_WS2003
#define WS03SP1 KE_WINDOWS_WS2003SP1
#define VISTA KE_WINDOWS_VISTA
#define WIN7 KE_WINDOWS_7
#define WIN8 KE_WINDOWS_8
#define WIN81 KE_WINDOWS_81
#define WIN10 KE_WINDOWS_10
#define WIN10_1803 KE_WINDOWS_10_1803
#define WIN11 KE_WINDOWS_11

#define VARARGS EXPORTS_VARARGS
#define FROM_(x) ((x) == UNDOC ? 0 : (x))
#define TO_(x) ((x) == UNDOC ? HIGH : (x))

#define FUNCTION_FULL(symbol) ((const void *)(symbol))
#define FUNCTION_PARTIAL(symbol) ((const void *)(symbol))
#define FUNCTION_STUB(symbol) NULL
#define FUNCTION_DATA(symbol) NULL
#define NOTHING_FULL(symbol) weir_returns_nothing(symbol)
#define NOTHING_PARTIAL(symbol) weir_returns_nothing(symbol)
#define NOTHING_STUB(symbol) false
#define NOTHING_DATA(symbol) false

#define ROW_(module, name, symbol, args, from, to, since, class, state)                            \
    {module, #name, FUNCTION_##state(symbol), args, FROM_(from), TO_(to), since, #class,           \
     EXPORTS_##state, NOTHING_##state(symbol)},

static const struct exports_row rows[] = {
#define EXPORT(name, args, from, to, since, class, state)                                          \
    ROW_("ntoskrnl.exe", name, name, args, from, to, since, class, state)
#define EXPORT_AS(name, symbol, args, from, to, since, class, state)                               \
    ROW_("ntoskrnl.exe", name, symbol, args, from, to, since, class, state)
#include "exports/ntoskrnl.tbl.h"
#undef EXPORT
#undef EXPORT_AS
#define EXPORT(name, args, from, to, since, class, state)                                          \
    ROW_("hal.dll", name, name, args, from, to, since, class, state)
#define EXPORT_AS(name, symbol, args, from, to, since, class, state)                               \
    ROW_("hal.dll", name, symbol, args, from, to, since, class, state)
#include "exports/hal.tbl.h"
#undef EXPORT
#undef EXPORT_AS
#define EXPORT(name, args, from, to, since, class, state)                                          \
    ROW_("ks.sys", name, name, args, from, to, since, class, state)
#define EXPORT_AS(name, symbol, args, from, to, since, class, state)                               \
    ROW_("ks.sys", name, symbol, args, from, to, since, class, state)
#include "exports/ks.tbl.h"
#undef EXPORT
#undef EXPORT_AS
#define EXPORT(name, args, from, to, since, class, state)                                          \
    ROW_("ksecdd.sys", name, name, args, from, to, since, class, state)
#include "exports/ksecdd.tbl.h"
#undef EXPORT
};

enum { ROWS = sizeof rows / sizeof rows[0] };

bool exports_is_kernel(const char *module)
{
    return strcasecmp(module, "ntoskrnl.exe") == 0 || strcasecmp(module, "hal.dll") == 0;
}

static bool is_cryptography(const char *module)
{
    return strcasecmp(module, "ksecdd.sys") == 0 || strcasecmp(module, "cng.sys") == 0;
}

bool exports_knows_module(const char *module)
{
    return exports_is_kernel(module) || is_cryptography(module) ||
           strcasecmp(module, "ks.sys") == 0;
}

bool exports_same_names(const char *one, const char *other)
{
    return strcasecmp(one, other) == 0 || (exports_is_kernel(one) && exports_is_kernel(other)) ||
           (is_cryptography(one) && is_cryptography(other));
}

const struct exports_row *exports_find(const char *module, const char *name)
{
    for (unsigned i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) != 0)
            continue;
        if (exports_same_names(rows[i].module, module))
            return &rows[i];
    }
    return NULL;
}

const struct exports_row *exports_at(unsigned index)
{
    return index < ROWS ? &rows[index] : NULL;
}

const char *exports_call_name(uint64_t id)
{
    if (id >= HAL_OPERATION_ID && id < HAL_OPERATION_ID + UINT16_MAX)
        return hal_operation_name((unsigned)(id - HAL_OPERATION_ID));
    return id < ROWS ? rows[id].name : "?";
}

bool exports_has(const struct exports_row *row, enum ke_windows windows)
{
    return row->since <= (windows < KE_WINDOWS_WS2003SP1 ? KE_WINDOWS_WS2003SP1 : windows);
}

/* Functions without a result whose types do not say so: a parameter is narrower than int. */
static const char *const narrow[] = {
    "ExInitializeNPagedLookasideList", "ExInitializePagedLookasideList", "HalFreeCommonBuffer",
    "IoInitializeIrp", "IoReleaseCancelSpinLock", "IoSetStartIoAttributes", "IoStartNextPacket",
    "IoStartNextPacketByKey", "IofCompleteRequest", "KeInitializeEvent", "KeInitializeMutant",
    "KeLowerIrql", "KeReleaseInterruptSpinLock", "KeReleaseSpinLock", "KeReleaseSpinLockForDpc",
    "KeSetTargetProcessorDpc", "KfReleaseSpinLock", "KsFilterAttemptProcessing",
    "KsPinAttemptProcessing", "KsStreamPointerAdvanceOffsetsAndUnlock", "KsStreamPointerUnlock",
    "MmProbeAndLockPages",
};

bool exports_returns_nothing(const struct exports_row *row)
{
    for (unsigned i = 0; i < ARRAY_LEN(narrow); i++) {
        if (strcmp(row->name, narrow[i]) == 0)
            return true;
    }
    return row->nothing;
}

static const struct {
    const char *name, *lacks;
} partials[] = {
#define PARTIAL(name, lacks) {#name, lacks},
#include "exports/partial.tbl.h"
#undef PARTIAL
};

const char *exports_lacks(const struct exports_row *row)
{
    for (unsigned i = 0; row->state == EXPORTS_PARTIAL && i < ARRAY_LEN(partials); i++) {
        if (strcmp(partials[i].name, row->name) == 0)
            return partials[i].lacks;
    }
    return NULL;
}

struct windows_row {
    const char *name, *label;
};
static const struct windows_row windows_rows[] = {
    [KE_WINDOWS_XP] = {"xp", "Windows XP (what-if)"},
    [KE_WINDOWS_WS2003] = {"ws2003", "Windows Server 2003 (what-if)"},
    [KE_WINDOWS_WS2003SP1] = {"ws2003sp1", "Windows Server 2003 SP1 and XP x64"},
    [KE_WINDOWS_VISTA] = {"vista", "Windows Vista"},
    [KE_WINDOWS_7] = {"win7", "Windows 7"},
    [KE_WINDOWS_8] = {"win8", "Windows 8"},
    [KE_WINDOWS_81] = {"win8.1", "Windows 8.1"},
    [KE_WINDOWS_10_1803] = {"win10-1803", "Windows 10 1803"},
    [KE_WINDOWS_10] = {"win10", "Windows 10"},
    [KE_WINDOWS_11] = {"win11", "Windows 11"},
};
enum { WINDOWS_ROWS = sizeof windows_rows / sizeof windows_rows[0] };

const char *exports_windows_name(enum ke_windows windows)
{
    return windows_rows[windows].name;
}

const char *exports_windows_label(enum ke_windows windows)
{
    return windows_rows[windows].label;
}

/* A profile stands for a time in which functions came; the pages name the first release of it. */
const char *exports_first_label(const struct exports_row *row)
{
    switch (row->since) {
    case KE_WINDOWS_10_1803: return "Windows 10";
    case KE_WINDOWS_10: return "Windows 10 2004";
    default: return exports_windows_label(row->since);
    }
}

bool exports_windows_parse(const char *text, enum ke_windows *out)
{
    for (unsigned i = 0; i < WINDOWS_ROWS; i++) {
        if (strcmp(text, windows_rows[i].name) == 0) {
            *out = (enum ke_windows)i;
            return true;
        }
    }
    return false;
}
