/* SPDX-License-Identifier: MIT */
/* The PnP manager: a device's life as a sequence of IRPs.
 *
 * Windows enumerates a PDO (who are you, what can you do), loads the function driver and calls its AddDevice, hands out
 * resources with START_DEVICE, and asks again what the stack can do. Stopping for a rebalance is QUERY_STOP and STOP,
 * then START with resources that may differ; removal is QUERY_REMOVE and REMOVE, or SURPRISE_REMOVAL and, once the
 * last handle is closed, REMOVE. A failed first START is followed by REMOVE alone. Plug and Play Minor IRPs; State
 * Transitions for PnP Devices.
 *
 * Not here: arbitration between devices (there is one), resource requirements lists (the bus says what it gives),
 * device trees. */
#include "pnp/pnp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { NODES_MAX = 16, PNP_TAG = 'ipnP' };
/* The Media class; the device's software key is its first instance. */
static const char media_class[] = "{4d36e96c-e325-11ce-bfc1-08002be10318}";
static const uint64_t pnp_magic = 0x706e706d616e6167u;

struct pnp_node {
    PDEVICE_OBJECT pdo;
    struct io_node *io; /* what io knows of the PDO; owns the resource lists */
    const struct pnp_bus_ops *bus;
    void *bus_ctx;
    bool added, started;
};

struct pnp {
    uint64_t magic;
    struct ke *ke;
    struct pnp_node nodes[NODES_MAX];
    unsigned node_count;
};

int pnp_create(struct ke *ke, struct pnp **out)
{
    struct pnp *pnp = calloc(1, sizeof *pnp);

    if (pnp == NULL)
        return -ENOMEM;
    pnp->magic = pnp_magic;
    pnp->ke = ke;
    ke_set_room(ke, KE_ROOM_PNP, pnp);
    *out = pnp;
    return 0;
}

void pnp_destroy(struct pnp *pnp)
{
    if (pnp == NULL)
        return;
    weir_assert(pnp->magic == pnp_magic);
    for (unsigned i = 0; i < pnp->node_count; i++)
        io_node_destroy(pnp->nodes[i].io);
    pnp->magic = 0;
    free(pnp);
}

static struct pnp_node *node_of(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    for (unsigned i = 0; i < pnp->node_count; i++) {
        if (pnp->nodes[i].pdo == pdo)
            return &pnp->nodes[i];
    }
    return NULL;
}

NTSTATUS pnp_announce(struct pnp *pnp, PDEVICE_OBJECT pdo, const struct pnp_bus_ops *ops, void *ctx)
{
    struct io_node *io;
    NTSTATUS status;

    if (pnp->node_count == NODES_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = io_node_create(io_of(pnp->ke), pdo, &io);
    if (!NT_SUCCESS(status))
        return status;
    pnp->nodes[pnp->node_count++] =
        (struct pnp_node){.pdo = pdo, .io = io, .bus = ops, .bus_ctx = ctx};
    return STATUS_SUCCESS;
}

/* ---- Requests ------------------------------------------------------------------------------------------------ */

static NTSTATUS send(PDEVICE_OBJECT pdo, const IO_STACK_LOCATION *stack, ULONG_PTR *information)
{
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};
    NTSTATUS status = io_send(pdo, stack, &iosb);

    TRACE(ke_trace(ke_current()), pnp, stack->MinorFunction, status, stack->MajorFunction);
    if (information != NULL)
        *information = iosb.Information;
    return status;
}

static NTSTATUS send_minor(PDEVICE_OBJECT pdo, UCHAR minor)
{
    IO_STACK_LOCATION stack = {.MajorFunction = IRP_MJ_PNP, .MinorFunction = minor};

    return send(pdo, &stack, NULL);
}

/* Copies a list of strings ("a", "b", "") as ASCII, two zeros at its end; one string for a list that is none. */
static void copy_ids(const WCHAR *from, bool list, char *to, size_t size)
{
    size_t used = 0;

    memset(to, 0, size);
    for (; used + 2 < size; used++) {
        if (from[used] == 0 && (!list || from[used + 1] == 0))
            break;
        to[used] = (char)from[used];
    }
}

static void query_id(PDEVICE_OBJECT pdo, BUS_QUERY_ID_TYPE type, bool list, char *to, size_t size)
{
    IO_STACK_LOCATION stack = {.MajorFunction = IRP_MJ_PNP, .MinorFunction = IRP_MN_QUERY_ID,
                               .Parameters.QueryId.IdType = type};
    ULONG_PTR text = 0;

    if (!NT_SUCCESS(send(pdo, &stack, &text)) || text == 0)
        return;
    copy_ids((const WCHAR *)text, list, to, size);
    ExFreePool((PVOID)text);
}

/* Size, Version and the two "don't know" numbers are the asker's duty. IRP_MN_QUERY_CAPABILITIES. */
static void query_capabilities(struct pnp_node *node)
{
    IO_STACK_LOCATION stack = {.MajorFunction = IRP_MJ_PNP,
                               .MinorFunction = IRP_MN_QUERY_CAPABILITIES};
    PDEVICE_CAPABILITIES capabilities =
        ExAllocatePoolWithTag(NonPagedPool, sizeof *capabilities, PNP_TAG);

    if (capabilities == NULL)
        return;
    memset(capabilities, 0, sizeof *capabilities);
    capabilities->Size = sizeof *capabilities;
    capabilities->Version = 1;
    capabilities->Address = UINT32_MAX;
    capabilities->UINumber = UINT32_MAX;
    stack.Parameters.DeviceCapabilities.Capabilities = capabilities;
    if (NT_SUCCESS(send(node->pdo, &stack, NULL)))
        node->io->capabilities = *capabilities;
    ExFreePoolWithTag(capabilities, PNP_TAG);
}

static void query_bus(struct pnp_node *node)
{
    IO_STACK_LOCATION stack = {.MajorFunction = IRP_MJ_PNP,
                               .MinorFunction = IRP_MN_QUERY_BUS_INFORMATION};
    ULONG_PTR answer = 0;

    node->io->legacy_bus = InterfaceTypeUndefined;
    if (!NT_SUCCESS(send(node->pdo, &stack, &answer)) || answer == 0)
        return;
    node->io->bus_type = ((PPNP_BUS_INFORMATION)answer)->BusTypeGuid;
    node->io->legacy_bus = ((PPNP_BUS_INFORMATION)answer)->LegacyBusType;
    node->io->bus_number = ((PPNP_BUS_INFORMATION)answer)->BusNumber;
    ExFreePool((PVOID)answer);
}

static void enumerate(struct pnp_node *node)
{
    struct io_node *io = node->io;

    query_id(node->pdo, BusQueryDeviceID, false, io->device_id, sizeof io->device_id);
    query_id(node->pdo, BusQueryInstanceID, false, io->instance_id, sizeof io->instance_id);
    query_id(node->pdo, BusQueryHardwareIDs, true, io->hardware_ids, sizeof io->hardware_ids);
    snprintf(io->instance_path, sizeof io->instance_path, "%s\\%s", io->device_id, io->instance_id);
    query_capabilities(node);
    query_bus(node);
}

/* ---- Adding and starting ---------------------------------------------------------------------------------------- */

NTSTATUS pnp_add_device(struct pnp *pnp, PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    struct pnp_node *node = node_of(pnp, pdo);
    NTSTATUS status;

    weir_assert(node != NULL);
    if (driver->DriverExtension->AddDevice == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    enumerate(node);
    snprintf(node->io->service, sizeof node->io->service, "%s", io_driver_name(driver));
    snprintf(node->io->driver_key, sizeof node->io->driver_key, "%s\\0000", media_class);
    status = (NTSTATUS)KE_CALL(driver->DriverExtension->AddDevice, KE_ARG(driver), KE_ARG(pdo));
    TRACE(ke_trace(pnp->ke), pnp, 0xff, status);
    node->added = NT_SUCCESS(status);
    return status;
}

static void free_resources(struct pnp_node *node)
{
    if (node->io->raw != NULL)
        ExFreePool(node->io->raw);
    if (node->io->translated != NULL)
        ExFreePool(node->io->translated);
    node->io->raw = NULL;
    node->io->translated = NULL;
}

static void forget_start(struct pnp_node *node)
{
    node->added = false;
    node->started = false;
    io_node_set_started(node->io, false);
    free_resources(node);
}

static NTSTATUS send_start(struct pnp_node *node)
{
    IO_STACK_LOCATION stack = {.MajorFunction = IRP_MJ_PNP, .MinorFunction = IRP_MN_START_DEVICE};
    NTSTATUS status = STATUS_SUCCESS;

    free_resources(node);
    if (node->bus != NULL)
        status = node->bus->resources(node->bus_ctx, node->pdo, &node->io->raw,
                                      &node->io->translated);
    if (!NT_SUCCESS(status))
        return status;
    stack.Parameters.StartDevice.AllocatedResources = node->io->raw;
    stack.Parameters.StartDevice.AllocatedResourcesTranslated = node->io->translated;
    return send(node->pdo, &stack, NULL);
}

static void query_relations(PDEVICE_OBJECT pdo)
{
    IO_STACK_LOCATION stack = {.MajorFunction = IRP_MJ_PNP,
                               .MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS,
                               .Parameters.QueryDeviceRelations.Type = BusRelations};
    ULONG_PTR answer = 0;

    if (NT_SUCCESS(send(pdo, &stack, &answer)) && answer != 0) {
        PDEVICE_RELATIONS relations = (PDEVICE_RELATIONS)answer;

        for (ULONG i = 0; i < relations->Count; i++)
            ObDereferenceObject(relations->Objects[i]);
        ExFreePool(relations);
    }
}

NTSTATUS pnp_start(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_node *node = node_of(pnp, pdo);
    bool again = node->started;
    NTSTATUS status = send_start(node);

    if (NT_SUCCESS(status)) {
        node->started = true;
        io_node_set_started(node->io, true);
        query_capabilities(node);
        send_minor(pdo, IRP_MN_QUERY_PNP_DEVICE_STATE);
        query_relations(pdo);
        return status;
    }
    /* A device that fails after a rebalance is gone by surprise first. */
    if (again)
        send_minor(pdo, IRP_MN_SURPRISE_REMOVAL);
    send_minor(pdo, IRP_MN_REMOVE_DEVICE);
    forget_start(node);
    return status;
}

/* ---- Stopping and removing ------------------------------------------------------------------------------------------ */

NTSTATUS pnp_stop(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    NTSTATUS status = send_minor(pdo, IRP_MN_QUERY_STOP_DEVICE);

    weir_assert(node_of(pnp, pdo) != NULL);
    if (!NT_SUCCESS(status)) {
        send_minor(pdo, IRP_MN_CANCEL_STOP_DEVICE);
        return status;
    }
    return send_minor(pdo, IRP_MN_STOP_DEVICE);
}

static NTSTATUS finish_remove(struct pnp_node *node)
{
    NTSTATUS status = send_minor(node->pdo, IRP_MN_REMOVE_DEVICE);

    forget_start(node);
    return status;
}

NTSTATUS pnp_remove(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_node *node = node_of(pnp, pdo);
    NTSTATUS status;

    if (!node->added)
        return STATUS_SUCCESS;
    status = send_minor(pdo, IRP_MN_QUERY_REMOVE_DEVICE);
    if (!NT_SUCCESS(status)) {
        send_minor(pdo, IRP_MN_CANCEL_REMOVE_DEVICE);
        return status;
    }
    return finish_remove(node);
}

NTSTATUS pnp_surprise_remove(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_node *node = node_of(pnp, pdo);

    weir_assert(node != NULL);
    node->io->removed = true;
    io_node_disable_interfaces(node->io);
    return send_minor(pdo, IRP_MN_SURPRISE_REMOVAL);
}

NTSTATUS pnp_remove_after_surprise(struct pnp *pnp, PDEVICE_OBJECT pdo)
{
    struct pnp_node *node = node_of(pnp, pdo);

    return node != NULL && node->added ? finish_remove(node) : STATUS_SUCCESS;
}

/* ---- Power --------------------------------------------------------------------------------------------------------- */

static NTSTATUS send_power(PDEVICE_OBJECT pdo, UCHAR minor, POWER_STATE_TYPE type, POWER_STATE state,
                           POWER_ACTION action)
{
    IO_STACK_LOCATION stack = {.MajorFunction = IRP_MJ_POWER, .MinorFunction = minor};

    stack.Parameters.Power.Type = type;
    stack.Parameters.Power.State = state;
    stack.Parameters.Power.ShutdownType = action;
    return send(pdo, &stack, NULL);
}

/* Asks before it tells on the way down; on the way up nobody is asked. The function driver is the policy owner
 * and turns the system request into its device request itself. Handling System Power Requests. */
NTSTATUS pnp_power(struct pnp *pnp, PDEVICE_OBJECT pdo, SYSTEM_POWER_STATE system)
{
    POWER_STATE state = {.SystemState = system};
    POWER_ACTION action = system == PowerSystemWorking ? PowerActionNone : PowerActionSleep;
    NTSTATUS status;

    weir_assert(node_of(pnp, pdo) != NULL);
    if (system != PowerSystemWorking) {
        status = send_power(pdo, IRP_MN_QUERY_POWER, SystemPowerState, state, action);
        if (!NT_SUCCESS(status) && status != STATUS_NOT_SUPPORTED)
            return status;
    }
    status = send_power(pdo, IRP_MN_SET_POWER, SystemPowerState, state, action);
    TRACE(ke_trace(pnp->ke), power, system, status);
    return status;
}
