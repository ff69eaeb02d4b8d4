/* SPDX-License-Identifier: MIT */
/* Power settings that drivers watch, and the activity they announce.
 *
 * Whoever registers for a setting is told its value at once and then each time it changes. The
 * machine is a desktop PC: on mains, its display on, its user present, and nothing of that changes
 * (UNDOC: which settings it has). The routine of a setting it does not have is kept and never
 * called. PoRegisterPowerSettingCallback, Remarks.
 *
 * The system is never idle, so what PoRegisterSystemState and PoSetSystemState announce changes
 * nothing; handles are kept so that a wrong one is told from a right one. */
#include <stdlib.h>

#include "base/base.h"
#include "po/po.h"
#include "po/state.h"

struct po_setting {
    GUID guid;
    ULONG value;
};
static const struct po_setting settings[] = {
    /* GUID_ACDC_POWER_SOURCE: 0, mains */
    {{0x5d3e9a59, 0xe9d5, 0x4b00, {0xa6, 0xbd, 0xff, 0x34, 0xff, 0x51, 0x65, 0x48}}, 0},
    /* GUID_MONITOR_POWER_ON: 1, on */
    {{0x02731015, 0x4510, 0x4526, {0x99, 0xe6, 0xe5, 0xa1, 0x7e, 0xbd, 0x1a, 0xea}}, 1},
    /* GUID_CONSOLE_DISPLAY_STATE: 1, on */
    {{0x6fe69556, 0x704a, 0x47a0, {0x8f, 0x24, 0xc2, 0x8d, 0x93, 0x6f, 0xda, 0x47}}, 1},
    /* GUID_GLOBAL_USER_PRESENCE: 0, present */
    {{0x786e8a1d, 0xb427, 0x4344, {0x92, 0x07, 0x09, 0xe7, 0x0b, 0xdc, 0xbe, 0xa9}}, 0},
    /* GUID_BATTERY_PERCENTAGE_REMAINING: 100 where there is none */
    {{0xa7ad8041, 0xb45a, 0x4cae, {0x87, 0xa3, 0xee, 0xcb, 0xb4, 0x68, 0xa9, 0xe1}}, 100},
};

enum { SETTING_TAG = 0x74655350 };

static const struct po_setting *find_setting(const GUID *guid)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (IsEqualGUID(&settings[i].guid, guid))
            return &settings[i];
    }
    return NULL;
}

/* The value lies in pool while the routine looks at it, and so does its GUID. */
static void tell(PPOWER_SETTING_CALLBACK callback, const struct po_setting *setting, PVOID context)
{
    struct po_setting *copy = ExAllocatePoolWithTag(NonPagedPool, sizeof *copy, SETTING_TAG);

    weir_assert(copy != NULL);
    *copy = *setting;
    KE_CALL(callback, KE_ARG(&copy->guid), KE_ARG(&copy->value), sizeof copy->value,
            KE_ARG(context));
    ExFreePoolWithTag(copy, SETTING_TAG);
}

/* A handle is a number that map_set can keep and no driver can follow. */
static PVOID new_handle(struct po *po, uintptr_t kind)
{
    PVOID handle = (PVOID)(uintptr_t)(++po->handles * 16 + 0x1000);

    return map_set(&po->registered, KE_ARG(handle), (void *)kind) == 0 ? handle : NULL;
}

static bool drop_handle(struct po *po, PVOID handle, uintptr_t kind)
{
    if ((uintptr_t)map_get(&po->registered, KE_ARG(handle)) != kind)
        return false;
    map_remove(&po->registered, KE_ARG(handle));
    return true;
}

NTSTATUS NTAPI PoRegisterPowerSettingCallback(PDEVICE_OBJECT device, LPCGUID guid,
                                              PPOWER_SETTING_CALLBACK callback, PVOID context,
                                              PVOID *handle)
{
    const struct po_setting *setting;
    PVOID made;

    (void)device;
    if (guid == NULL || callback == NULL)
        return STATUS_INVALID_PARAMETER; /* UNDOC */
    made = new_handle(po_of(ke_current()), PO_HANDLE_SETTING);
    if (made == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (handle != NULL)
        *handle = made;
    setting = find_setting(guid);
    if (setting != NULL)
        tell(callback, setting, context);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PoUnregisterPowerSettingCallback(PVOID handle)
{
    return drop_handle(po_of(ke_current()), handle, PO_HANDLE_SETTING) ? STATUS_SUCCESS
                                                                       : STATUS_INVALID_PARAMETER;
}

/* A handle that was given before is changed and given back. */
PVOID NTAPI PoRegisterSystemState(PVOID handle, EXECUTION_STATE flags)
{
    struct po *po = po_of(ke_current());

    (void)flags;
    if (handle == NULL)
        return new_handle(po, PO_HANDLE_STATE);
    return (uintptr_t)map_get(&po->registered, KE_ARG(handle)) == PO_HANDLE_STATE ? handle : NULL;
}

void NTAPI PoUnregisterSystemState(PVOID handle)
{
    (void)drop_handle(po_of(ke_current()), handle, PO_HANDLE_STATE);
}

void NTAPI PoSetSystemState(EXECUTION_STATE flags)
{
    (void)flags;
}
