/* SPDX-License-Identifier: MIT */
/* A device's life, state by state ("State Transitions for PnP Devices"):
 *   announced - there is a PDO, and nothing above it
 *   added     - AddDevice has built the stack; nothing is assigned
 *   started   - resources are assigned, files may be opened
 *   stopped   - resources are taken away to be given anew; requests are held by the driver
 *   surprised - the hardware is gone; requests fail until the last file is closed
 * Removal leads back to announced: the PDO stays its bus's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ex/ex.h"
#include "pnp/state.h"
#include "trace/rules.h"

static const uint64_t pnp_magic = 0x77656972706e7000u;
enum { ADD_DEVICE = 0xFF }; /* in events, where a request has its minor code */

/* ---- The manager ----------------------------------------------------------------------------- */

static void query_state(void *ctx)
{
    struct pnp_device *device = ctx;
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_PNP_DEVICE_STATE};
    ULONG_PTR state = 0;

    (void)pnp_send(device->pnp, device->pdo, &location, &state);
}

static void query_relations(void *ctx)
{
    struct pnp_device *device = ctx;
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS};
    ULONG_PTR answer = 0;
    PDEVICE_RELATIONS relations;
    ULONG i;

    location.Parameters.QueryDeviceRelations.Type = BusRelations;
    if (!NT_SUCCESS(pnp_send(device->pnp, device->pdo, &location, &answer)) || answer == 0)
        return;
    /* Children are not enumerated further; each was referenced for us. */
    relations = (PDEVICE_RELATIONS)answer;
    for (i = 0; i < relations->Count; i++)
        ObfDereferenceObject(relations->Objects[i]);
    ExFreePool(relations);
}

static void defer(struct pnp *pnp, PDEVICE_OBJECT pdo, ex_work_fn *fn)
{
    struct pnp_device *device = pnp_device_of(pnp, pdo);

    if (device != NULL && device->state == PNP_STARTED)
        weir_assert(ex_defer(ex_of(pnp->ke), fn, device) == 0);
}

static void invalidate_state(void *ctx, PDEVICE_OBJECT pdo)
{
    defer(ctx, pdo, query_state);
}

static void invalidate_relations(void *ctx, PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type)
{
    if (type == BusRelations)
        defer(ctx, pdo, query_relations);
}

static void remove_now(void *ctx);

static void last_file_closed(void *ctx, PDEVICE_OBJECT pdo)
{
    struct pnp *pnp = ctx;
    struct pnp_device *device = pnp_device_of(pnp, pdo);

    if (device != NULL && device->state == PNP_SURPRISED)
        weir_assert(ex_defer(ex_of(pnp->ke), remove_now, device) == 0);
}

int pnp_create(struct ke *ke, struct pnp **out)
{
    static const struct io_pnp_ops ops = {invalidate_state, invalidate_relations,
                                          last_file_closed};
    struct pnp *pnp = calloc(1, sizeof *pnp);

    if (pnp == NULL)
        return -ENOMEM;
    pnp->magic = pnp_magic;
    pnp->ke = ke;
    pnp->io = io_of(ke);
    list_init(&pnp->devices);
    io_set_pnp_ops(pnp->io, &ops, pnp);
    ke_set_room(ke, KE_ROOM_PNP, pnp);
    *out = pnp;
    return 0;
}

/* Nodes that are left go with io. */
void pnp_destroy(struct pnp *pnp)
{
    struct list_node *node;

    if (pnp == NULL)
        return;
    weir_assert(pnp->magic == pnp_magic);
    io_set_pnp_ops(pnp->io, NULL, NULL);
    while ((node = list_pop_head(&pnp->devices)) != NULL)
        free(list_entry(node, struct pnp_device, link));
    ke_set_room(pnp->ke, KE_ROOM_PNP, NULL);
    pnp->magic = 0;
    free(pnp);
}

void pnp_set_setup(struct pnp *pnp, const struct pnp_setup *setup)
{
    pnp->setup = setup;
}

struct pnp_device *pnp_device_of(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_device *device;

    list_for_each_entry(device, &pnp->devices, link) {
        if (device->pdo == pdo)
            return device;
    }
    return NULL;
}

NTSTATUS pnp_announce(struct pnp *pnp, PDEVICE_OBJECT pdo, const struct pnp_bus_ops *ops, void *ctx)
{
    struct pnp_device *device = calloc(1, sizeof *device);
    NTSTATUS status;

    if (device == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = io_node_create(pnp->io, pdo, &device->node);
    if (!NT_SUCCESS(status)) {
        free(device);
        return status;
    }
    device->pnp = pnp;
    device->pdo = pdo;
    device->bus = ops;
    device->bus_ctx = ctx;
    list_insert_tail(&pnp->devices, &device->link);
    return STATUS_SUCCESS;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

static void check_stack(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;

    for (device = pdo->AttachedDevice; device != NULL; device = device->AttachedDevice) {
        if (!(device->Flags & DO_DEVICE_INITIALIZING))
            continue;
        KE_FINDING(pnp->ke, VERIFY_device_initializing, KE_ARG(device));
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    }
}

NTSTATUS pnp_add_device(struct pnp *pnp, PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDRIVER_ADD_DEVICE add = driver->DriverExtension->AddDevice;
    struct pnp_device *device = pnp_device_of(pnp, pdo);
    NTSTATUS status;

    if (add == NULL || device == NULL || device->state != PNP_ANNOUNCED)
        return STATUS_INVALID_DEVICE_REQUEST;
    device->node->removed = false;
    status = pnp_enumerate(device, io_driver_name(driver));
    if (!NT_SUCCESS(status))
        return status;
    status = (NTSTATUS)KE_CALL(add, KE_ARG(driver), KE_ARG(pdo));
    TRACE(ke_trace(pnp->ke), pnp, ADD_DEVICE, (uint32_t)status);
    if (!NT_SUCCESS(status))
        return status;
    device->state = PNP_ADDED;
    check_stack(pnp, pdo);
    return STATUS_SUCCESS;
}

/* ---- Removing -------------------------------------------------------------------------------- */

static void free_resources(struct io_node *node)
{
    if (node->raw != NULL)
        ExFreePool(node->raw);
    if (node->translated != NULL)
        ExFreePool(node->translated);
    node->raw = node->translated = NULL;
}

static void send_remove(struct pnp_device *device)
{
    struct pnp *pnp = device->pnp;
    PDEVICE_OBJECT pdo = device->pdo;

    device->state = PNP_REMOVING;
    io_node_set_started(device->node, false);
    pnp_send_firm(pnp, pdo, IRP_MN_REMOVE_DEVICE);
    if (pdo->AttachedDevice != NULL)
        KE_FINDING(pnp->ke, VERIFY_remove_order, KE_ARG(pdo->AttachedDevice));
    io_node_disable_interfaces(device->node);
    free_resources(device->node);
    device->state = PNP_ANNOUNCED;
}

/* After a surprise the worker that saw the last file close may be removing the device already. */
static void wait_for_removal(struct pnp_device *device)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};

    while (device->state == PNP_REMOVING)
        KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
}

static void remove_now(void *ctx)
{
    struct pnp_device *device = ctx;

    if (device->state == PNP_SURPRISED)
        send_remove(device);
}

static void send_surprise(struct pnp_device *device)
{
    struct pnp *pnp = device->pnp;
    PDEVICE_OBJECT above = device->pdo->AttachedDevice;

    device->state = PNP_SURPRISED;
    device->node->removed = true;
    pnp_send_firm(pnp, device->pdo, IRP_MN_SURPRISE_REMOVAL);
    if (device->pdo->AttachedDevice != above)
        KE_FINDING(pnp->ke, VERIFY_surprise_order, KE_ARG(above));
}

NTSTATUS pnp_surprise_remove(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_device *device = pnp_device_of(pnp, pdo);

    if (device == NULL || device->state == PNP_SURPRISED || device->state == PNP_ANNOUNCED)
        return STATUS_NO_SUCH_DEVICE;
    send_surprise(device);
    io_node_disable_interfaces(device->node);
    if (pdo->ReferenceCount == 0)
        send_remove(device);
    return STATUS_SUCCESS;
}

NTSTATUS pnp_remove(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_device *device = pnp_device_of(pnp, pdo);
    NTSTATUS status;

    if (device == NULL)
        return STATUS_NO_SUCH_DEVICE;
    wait_for_removal(device);
    if (device->state == PNP_ANNOUNCED)
        return STATUS_SUCCESS;
    if (pdo->ReferenceCount != 0)
        return STATUS_DEVICE_BUSY;
    if (device->state == PNP_STARTED || device->state == PNP_STOPPED) {
        status = pnp_send_minor(pnp, pdo, IRP_MN_QUERY_REMOVE_DEVICE);
        if (!NT_SUCCESS(status)) {
            pnp_send_firm(pnp, pdo, IRP_MN_CANCEL_REMOVE_DEVICE);
            return status;
        }
    }
    send_remove(device);
    return STATUS_SUCCESS;
}

NTSTATUS pnp_remove_after_surprise(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_device *device = pnp_device_of(pnp, pdo);

    if (device == NULL)
        return STATUS_SUCCESS;
    wait_for_removal(device);
    if (device->state == PNP_ANNOUNCED)
        return STATUS_SUCCESS;
    if (pdo->ReferenceCount != 0)
        return STATUS_DEVICE_BUSY;
    send_remove(device);
    return STATUS_SUCCESS;
}

/* ---- Starting and stopping ------------------------------------------------------------------- */

/* Drivers on the way down may change what is asked for; the list in Information replaces the
 * first. */
static void filter_requirements(struct pnp *pnp, struct io_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_FILTER_RESOURCE_REQUIREMENTS};
    ULONG_PTR answer = (ULONG_PTR)node->requirements;

    location.Parameters.FilterResourceRequirements.IoResourceRequirementList = node->requirements;
    if (!NT_SUCCESS(pnp_send(pnp, node->pdo, &location, &answer)))
        return;
    if ((PVOID)answer == node->requirements)
        return;
    if (node->requirements != NULL)
        ExFreePool(node->requirements);
    node->requirements = (PIO_RESOURCE_REQUIREMENTS_LIST)answer;
}

static NTSTATUS assign_resources(struct pnp_device *device)
{
    struct io_node *node = device->node;

    free_resources(node);
    filter_requirements(device->pnp, node);
    if (device->bus == NULL || device->bus->resources == NULL)
        return STATUS_SUCCESS;
    return device->bus->resources(device->bus_ctx, node->pdo, node->requirements, &node->raw,
                                  &node->translated);
}

/* Drivers get copies of their own: they may keep or change them, and do. */
static PCM_RESOURCE_LIST copy_list(const CM_RESOURCE_LIST *list)
{
    PCM_RESOURCE_LIST copy;
    size_t bytes;

    if (list == NULL)
        return NULL;
    bytes = offsetof(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors) +
            list->List[0].PartialResourceList.Count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    copy = ExAllocatePoolWithTag(PagedPool, bytes, 0x20706E50u /* 'Pnp ' */);
    if (copy != NULL)
        memcpy(copy, list, bytes);
    return copy;
}

static NTSTATUS send_start(struct pnp *pnp, struct io_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_START_DEVICE};
    PCM_RESOURCE_LIST raw = copy_list(node->raw);
    PCM_RESOURCE_LIST translated = copy_list(node->translated);
    NTSTATUS status;

    location.Parameters.StartDevice.AllocatedResources = raw;
    location.Parameters.StartDevice.AllocatedResourcesTranslated = translated;
    status = pnp_send(pnp, node->pdo, &location, NULL);
    if (raw != NULL)
        ExFreePool(raw);
    if (translated != NULL)
        ExFreePool(translated);
    return status;
}

static NTSTATUS fail_start(struct pnp_device *device, bool first, NTSTATUS status)
{
    if (!first)
        send_surprise(device);
    send_remove(device);
    return status;
}

NTSTATUS pnp_start(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_device *device = pnp_device_of(pnp, pdo);
    bool first;
    NTSTATUS status;

    if (device == NULL || (device->state != PNP_ADDED && device->state != PNP_STOPPED))
        return STATUS_INVALID_DEVICE_REQUEST;
    first = device->state == PNP_ADDED;
    status = assign_resources(device);
    if (NT_SUCCESS(status))
        status = send_start(pnp, device->node);
    if (!NT_SUCCESS(status))
        return fail_start(device, first, status);
    device->state = PNP_STARTED;
    device->node->power = PowerDeviceD0;
    io_node_set_started(device->node, true);
    (void)pnp_query_capabilities(pnp, device->node);
    query_state(device);
    query_relations(device);
    return STATUS_SUCCESS;
}

NTSTATUS pnp_stop(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_device *device = pnp_device_of(pnp, pdo);
    NTSTATUS status;

    if (device == NULL || device->state != PNP_STARTED)
        return STATUS_INVALID_DEVICE_REQUEST;
    status = pnp_send_minor(pnp, pdo, IRP_MN_QUERY_STOP_DEVICE);
    if (!NT_SUCCESS(status)) {
        pnp_send_firm(pnp, pdo, IRP_MN_CANCEL_STOP_DEVICE);
        return status;
    }
    pnp_send_firm(pnp, pdo, IRP_MN_STOP_DEVICE);
    device->state = PNP_STOPPED;
    return STATUS_SUCCESS;
}
