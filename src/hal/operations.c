/* SPDX-License-Identifier: MIT */
/* The tables drivers call through, and what every call through them passes first. A table is as
 * long as the version of the description asks and the Windows played has it; Size tells how long.
 * Tables lie in pool, as all a driver sees, and hold thunks. The rows (operations.tbl.h) say what
 * is where. DMA_OPERATIONS, IoGetDmaAdapter; wdm.h.
 *
 * Each function begins with operations_enter: no adapter (bug check 0xE6, 19), an adapter that was
 * given back (18), the wrong IRQL (13). The last is a finding and goes on: on a PC such a call
 * works too, until it races. */
#include "hal/operations.h"

#include <string.h>

#include "hal/adapter.h"

enum { TAG = 0x4F616D44 /* "DmaO" */, REGISTER_ARGS = 4 };

#define PASSIVE PASSIVE_LEVEL
#define DISPATCH DISPATCH_LEVEL
#define UNDOC UINT8_MAX
#define FROM_(x) ((x) == UNDOC ? PASSIVE_LEVEL : (x))
#define TO_(x) ((x) == UNDOC ? HIGH_LEVEL : (x))

#define WIN2K KE_WINDOWS_XP
#define WINXP KE_WINDOWS_XP
#define WIN8 KE_WINDOWS_8
#define WIN10_1507 KE_WINDOWS_10_1803 /* the earliest Windows 10 that is played */
#define WIN10_1803 KE_WINDOWS_10_1803
#define WIN10_1903 KE_WINDOWS_10
#define WIN11 KE_WINDOWS_11

enum { NOTHING, VALUE };
enum { V1 = 1, V2, V3 };

struct operation {
    const char *name;
    const void *function;
    uint8_t result;
    uint8_t args;
    uint8_t irql_from, irql_to;
    uint8_t table;
    enum ke_windows since;
};

static const struct operation operations[HAL_OPERATIONS] = {
#define OPERATION(name, symbol, result, args, from, to, table, since, state)                       \
    {"DMA_OPERATIONS." #name, (const void *)(symbol), result, args, FROM_(from), TO_(to), table,   \
     since},
#include "hal/operations.tbl.h"
#undef OPERATION
};

/* Each function has the type of its slot. */
WEIR_UNUSED static const DMA_OPERATIONS types = {
#define OPERATION(name, symbol, result, args, from, to, table, since, state) .name = symbol,
#include "hal/operations.tbl.h"
#undef OPERATION
};

/* Each row stands where the structure has the member. */
#define OPERATION(name, symbol, result, args, from, to, table, since, state)                       \
    _Static_assert(offsetof(DMA_OPERATIONS, name) == (HAL_OP_##name + 1) * sizeof(void *), #name);
#include "hal/operations.tbl.h"
#undef OPERATION
_Static_assert(sizeof(DMA_OPERATIONS) == (HAL_OPERATIONS + 1) * sizeof(void *), "a row a slot");

const char *hal_operation_name(unsigned index)
{
    return index < HAL_OPERATIONS ? operations[index].name : "?";
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static unsigned table_version(ULONG description_version)
{
    return description_version < DEVICE_DESCRIPTION_VERSION2 ? V1 : description_version;
}

static unsigned slots_of(unsigned version, enum ke_windows windows)
{
    unsigned count = 0;

    while (count < HAL_OPERATIONS && operations[count].table <= version &&
           operations[count].since <= windows)
        count++;
    return count;
}

static PDMA_OPERATIONS make_table(unsigned slot_count)
{
    ULONG size_bytes = (ULONG)((slot_count + 1) * sizeof(void *));
    PDMA_OPERATIONS table = ExAllocatePoolWithTag(NonPagedPool, size_bytes, TAG);
    void **slots = (void **)table;

    if (table == NULL)
        return NULL;
    memset(table, 0, size_bytes);
    table->Size = size_bytes;
    for (unsigned i = 0; i < slot_count; i++) {
        const struct operation *row = &operations[i];
        struct ke_handout slot = {.host_fn = row->function,
                                  .name = row->name,
                                  .call_id = HAL_OPERATION_ID + i,
                                  .nothing = row->result == NOTHING};

        if (row->args > REGISTER_ARGS)
            slot.stack_args = row->args - REGISTER_ARGS;
        slots[i + 1] = ke_thunk_handout(&slot);
    }
    return table;
}

bool operations_has(struct hal *hal, ULONG description_version)
{
    return description_version <= DEVICE_DESCRIPTION_VERSION2 ||
           (description_version == DEVICE_DESCRIPTION_VERSION3 &&
            ke_windows(hal->ke) >= KE_WINDOWS_8);
}

PDMA_OPERATIONS operations_table(struct hal *hal, ULONG description_version)
{
    unsigned version = table_version(description_version);
    PDMA_OPERATIONS *table = &hal->tables[version - V1];

    if (*table == NULL)
        *table = make_table(slots_of(version, ke_windows(hal->ke)));
    return *table;
}

/* ---- Entering -------------------------------------------------------------------------------- */

struct hal_adapter *operations_enter(PDMA_ADAPTER object, enum hal_operation operation)
{
    const struct operation *row = &operations[operation];
    struct hal_adapter *adapter = adapter_of(object);
    KIRQL irql = ke_irql();

    if (weir_unlikely(irql < row->irql_from || irql > row->irql_to))
        KE_FINDING(hal_here()->ke, VERIFY_call_irql, HAL_OPERATION_ID + (unsigned)operation, irql,
                   row->irql_to);
    return adapter;
}
