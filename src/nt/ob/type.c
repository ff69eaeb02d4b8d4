/* SPDX-License-Identifier: MIT */
/* Object types. To a driver a type is an opaque address that it got from a data export and hands
 * back, so a type needs a distinct address and no memory: ours lie in the last page of the system
 * window, which is never mapped. They are the same in every machine. */
#include "ob/state.h"
#include "sim/sim.h"

enum { TYPE_STRIDE = 0x100 };
#define TYPES_BASE (SIM_SYSTEM_WINDOW_END - 0x1000)
#define TYPE_ADDRESS(type) ((POBJECT_TYPE)(TYPES_BASE + (type) * (uint64_t)TYPE_STRIDE))

/* The constants are pointers to slots, as the imports of a driver are. */
#define SLOT(name, type)                                                                           \
    static POBJECT_TYPE const name##_slot = TYPE_ADDRESS(type);                                    \
    POBJECT_TYPE *const name = (POBJECT_TYPE *)&name##_slot

SLOT(CmKeyObjectType, OB_TYPE_KEY);
SLOT(ExEventObjectType, OB_TYPE_EVENT);
SLOT(ExSemaphoreObjectType, OB_TYPE_SEMAPHORE);
SLOT(IoDeviceObjectType, OB_TYPE_DEVICE);
SLOT(IoDriverObjectType, OB_TYPE_DRIVER);
SLOT(IoFileObjectType, OB_TYPE_FILE);
SLOT(PsProcessType, OB_TYPE_PROCESS);
SLOT(PsThreadType, OB_TYPE_THREAD);

POBJECT_TYPE ob_type_public(enum ob_type type)
{
    return TYPE_ADDRESS(type);
}

bool ob_type_matches(const struct ob_object *object, POBJECT_TYPE type)
{
    return type == NULL || type == TYPE_ADDRESS(object->type);
}
