/* SPDX-License-Identifier: MIT */
/* Power requests: a driver's word that the system must not go to sleep for want of a user.
 *
 * The object counts the requests of each type. Drivers may only use PowerRequestSystemRequired
 * (POWER_REQUEST_TYPE, Remarks). A machine of weir's never goes to sleep by itself, and a sleep
 * that the user asks for ends requests, so the count changes nothing that a driver could see.
 * UNDOC: clearing what was not set is STATUS_UNSUCCESSFUL. */
#include "po/po.h"

#include "base/base.h"

enum { REQUEST_TAG = 'qRoP' };

struct po_power_request {
    PDEVICE_OBJECT device;
    ULONG system_required;
};

NTSTATUS NTAPI PoCreatePowerRequest(PVOID *PowerRequest, PDEVICE_OBJECT DeviceObject,
                                    PCOUNTED_REASON_CONTEXT Context)
{
    struct po_power_request *request;

    (void)Context;
    *PowerRequest = NULL;
    if (DeviceObject == NULL)
        return STATUS_INVALID_PARAMETER;
    request = ExAllocatePoolWithTag(NonPagedPool, sizeof *request, REQUEST_TAG);
    if (request == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *request = (struct po_power_request){.device = DeviceObject};
    *PowerRequest = request;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PoSetPowerRequest(PVOID PowerRequest, POWER_REQUEST_TYPE Type)
{
    struct po_power_request *request = PowerRequest;

    if (Type != PowerRequestSystemRequired)
        return STATUS_NOT_SUPPORTED;
    request->system_required++;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PoClearPowerRequest(PVOID PowerRequest, POWER_REQUEST_TYPE Type)
{
    struct po_power_request *request = PowerRequest;

    if (Type != PowerRequestSystemRequired)
        return STATUS_NOT_SUPPORTED;
    if (request->system_required == 0)
        return STATUS_UNSUCCESSFUL;
    request->system_required--;
    return STATUS_SUCCESS;
}

void NTAPI PoDeletePowerRequest(PVOID PowerRequest)
{
    ExFreePoolWithTag(PowerRequest, REQUEST_TAG);
}
