/* SPDX-License-Identifier: MIT */
/* What a PDO is: its identifiers, capabilities, texts, bus and resource requirements, asked for in
 * the order in which the PnP manager asks for a device that a bus has just reported, and written to
 * the registry where drivers look them up ("Adding a PnP Device to a Running System"). */
#include <string.h>

#include "cm/cm.h"
#include "pnp/state.h"
#include "rtl/rtl.h"

#define ENUM_KEY "\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\"
#define CLASS_KEY "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"

/* Copies an answer of UTF-16 to ASCII and frees it. multi: up to the empty string at the end. */
static void take_text(ULONG_PTR answer, bool multi, char *out, size_t room)
{
    const WCHAR *text = (const WCHAR *)answer;
    size_t at;

    memset(out, 0, room);
    if (text == NULL)
        return;
    for (at = 0; at + 2 < room; at++) {
        if (text[at] == 0 && (!multi || text[at + 1] == 0))
            break;
        out[at] = text[at] < 0x80 ? (char)text[at] : '?';
    }
    ExFreePool((PVOID)answer);
}

static void query_id(struct pnp *pnp, struct io_node *node, BUS_QUERY_ID_TYPE type, bool multi,
                     char *out, size_t room)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_ID};
    ULONG_PTR answer = 0;

    location.Parameters.QueryId.IdType = type;
    if (NT_SUCCESS(pnp_send(pnp, node->pdo, &location, &answer)))
        take_text(answer, multi, out, room);
}

static void query_text(struct pnp *pnp, struct io_node *node, DEVICE_TEXT_TYPE type, char *out,
                       size_t room)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_DEVICE_TEXT};
    ULONG_PTR answer = 0;

    location.Parameters.QueryDeviceText.DeviceTextType = type;
    location.Parameters.QueryDeviceText.LocaleId = 0x409;
    if (NT_SUCCESS(pnp_send(pnp, node->pdo, &location, &answer)))
        take_text(answer, false, out, room);
}

/* In pool while it is on its way: drivers fill it in. */
NTSTATUS pnp_query_capabilities(struct pnp *pnp, struct io_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_CAPABILITIES};
    PDEVICE_CAPABILITIES capabilities =
        ExAllocatePoolWithTag(NonPagedPool, sizeof *capabilities, 0x20706E50u /* 'Pnp ' */);
    NTSTATUS status;

    if (capabilities == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(capabilities, 0, sizeof *capabilities);
    capabilities->Size = sizeof *capabilities;
    capabilities->Version = 1;
    capabilities->Address = (ULONG)-1;
    capabilities->UINumber = (ULONG)-1;
    location.Parameters.DeviceCapabilities.Capabilities = capabilities;
    status = pnp_send(pnp, node->pdo, &location, NULL);
    if (NT_SUCCESS(status))
        node->capabilities = *capabilities;
    ExFreePool(capabilities);
    return status;
}

static void query_bus(struct pnp *pnp, struct io_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_BUS_INFORMATION};
    PPNP_BUS_INFORMATION bus;
    ULONG_PTR answer = 0;

    node->legacy_bus = InterfaceTypeUndefined;
    node->bus_number = (ULONG)-1;
    if (!NT_SUCCESS(pnp_send(pnp, node->pdo, &location, &answer)) || answer == 0)
        return;
    bus = (PPNP_BUS_INFORMATION)answer;
    node->bus_type = bus->BusTypeGuid;
    node->legacy_bus = bus->LegacyBusType;
    node->bus_number = bus->BusNumber;
    ExFreePool(bus);
}

static void query_resources(struct pnp *pnp, struct io_node *node)
{
    ULONG_PTR answer = 0;
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_RESOURCES};

    if (NT_SUCCESS(pnp_send(pnp, node->pdo, &location, &answer)) && answer != 0)
        ExFreePool((PVOID)answer); /* what firmware set up; the arbiter decides anew */
    answer = 0;
    location = (IO_STACK_LOCATION){.MinorFunction = IRP_MN_QUERY_RESOURCE_REQUIREMENTS};
    if (node->requirements != NULL)
        ExFreePool(node->requirements); /* of the driver that was there before */
    node->requirements = NULL;
    if (NT_SUCCESS(pnp_send(pnp, node->pdo, &location, &answer)) && answer != 0)
        node->requirements = (PIO_RESOURCE_REQUIREMENTS_LIST)answer;
}

/* ---- Registry -------------------------------------------------------------------------------- */

static int write_keys(struct pnp *pnp, struct io_node *node)
{
    struct cm *cm = cm_of(pnp->ke);
    char path[300];
    char parameters[200];
    int error;

    nt__snprintf(path, sizeof path, ENUM_KEY "%s", node->instance_path);
    error = cm_set_string(cm, path, "DeviceDesc", node->description);
    if (error == 0)
        error = cm_set_string(cm, path, "Service", node->service);
    if (error == 0)
        error = cm_set_string(cm, path, "ClassGUID", PNP_CLASS);
    if (error == 0)
        error = cm_set_string(cm, path, "Driver", node->driver_key);
    nt__snprintf(path, sizeof path, ENUM_KEY "%s\\Device Parameters", node->instance_path);
    if (error == 0)
        error = cm_make_key(cm, path);
    nt__snprintf(path, sizeof path, CLASS_KEY "%s", node->driver_key);
    nt__snprintf(parameters, sizeof parameters, CM_SERVICES "\\%s\\Parameters", node->service);
    return error == 0 ? cm_link(cm, path, parameters) : error;
}

static void set_class(struct pnp *pnp, struct io_node *node)
{
    static const GUID media = {
        0x4D36E96C, 0xE325, 0x11CE, {0xBF, 0xC1, 0x08, 0x00, 0x2B, 0xE1, 0x03, 0x18}};

    node->class_guid = media;
    if (node->driver_key[0] != 0)
        return; /* a device keeps its number */
    nt__snprintf(node->driver_key, sizeof node->driver_key, PNP_CLASS "\\%04u",
                 pnp->next_class_number++);
}

NTSTATUS pnp_enumerate(struct pnp *pnp, struct io_node *node, const char *service)
{
    query_id(pnp, node, BusQueryDeviceID, false, node->device_id, sizeof node->device_id);
    query_id(pnp, node, BusQueryInstanceID, false, node->instance_id, sizeof node->instance_id);
    if (node->device_id[0] == 0 || node->instance_id[0] == 0)
        return STATUS_NO_SUCH_DEVICE;
    nt__snprintf(node->instance_path, sizeof node->instance_path, "%s\\%s", node->device_id,
                 node->instance_id);
    (void)pnp_query_capabilities(pnp, node);
    query_text(pnp, node, DeviceTextDescription, node->description, sizeof node->description);
    query_text(pnp, node, DeviceTextLocationInformation, node->location, sizeof node->location);
    query_id(pnp, node, BusQueryHardwareIDs, true, node->hardware_ids, sizeof node->hardware_ids);
    query_id(pnp, node, BusQueryCompatibleIDs, true, node->compatible_ids,
             sizeof node->compatible_ids);
    query_bus(pnp, node);
    query_resources(pnp, node);
    nt__snprintf(node->service, sizeof node->service, "%s", service);
    set_class(pnp, node);
    return write_keys(pnp, node) == 0 ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}
