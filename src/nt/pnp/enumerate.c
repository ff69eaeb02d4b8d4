/* SPDX-License-Identifier: MIT */
/* What a PDO is: its identifiers, capabilities, texts, bus and resource requirements, asked for in
 * the order in which the PnP manager asks for a device that a bus has just reported, and written to
 * the registry where drivers look them up ("Adding a PnP Device to a Running System"). Between the
 * two setup has its turn: what a device needs may depend on what its INF put into its keys. */
#include <string.h>

#include "cm/cm.h"
#include "pnp/state.h"
#include "rtl/rtl.h"

#define ENUM_KEY "\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\"
#define CLASS_KEY "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"
#define MESSAGES_KEY "Interrupt Management\\MessageSignaledInterruptProperties"

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

static int write_enum_key(struct cm *cm, const char *path, const struct io_node *node)
{
    const struct {
        const char *name, *text;
    } values[] = {{"DeviceDesc", node->description}, {"Mfg", node->manufacturer},
                  {"Service", node->service},        {"Class", node->class_name},
                  {"ClassGUID", node->class_text},   {"Driver", node->driver_key}};
    int error = 0;

    for (size_t i = 0; i < ARRAY_LEN(values) && error == 0; i++) {
        if (values[i].text[0] != 0)
            error = cm_set_string(cm, path, values[i].name, values[i].text);
    }
    return error;
}

/* A device has messages when its INF opts in; where there is none, it does. */
static int write_keys(struct pnp *pnp, const struct io_node *node)
{
    struct cm *cm = cm_of(pnp->ke);
    char path[400];
    int error;

    nt__snprintf(path, sizeof path, ENUM_KEY "%s", node->instance_path);
    error = write_enum_key(cm, path, node);
    nt__snprintf(path, sizeof path, ENUM_KEY "%s\\Device Parameters", node->instance_path);
    if (error == 0)
        error = cm_make_key(cm, path);
    nt__snprintf(path, sizeof path, ENUM_KEY "%s\\Device Parameters\\" MESSAGES_KEY,
                 node->instance_path);
    if (error == 0 && (pnp->setup == NULL || !pnp->setup->decides_messages))
        error = cm_set_number(cm, path, "MSISupported", 1);
    nt__snprintf(path, sizeof path, CLASS_KEY "%s", node->driver_key);
    return error == 0 ? cm_make_key(cm, path) : error;
}

static void set_text(char *to, size_t room, const char *known, const char *otherwise)
{
    nt__snprintf(to, room, "%s", known != NULL ? known : otherwise);
}

static void set_class_guid(struct io_node *node)
{
    WCHAR wide[sizeof node->class_text];
    UNICODE_STRING string;

    for (size_t i = 0; i < ARRAY_LEN(wide); i++)
        wide[i] = (unsigned char)node->class_text[i];
    RtlInitUnicodeString(&string, wide);
    weir_assert(NT_SUCCESS(RtlGUIDFromString(&string, &node->class_guid)));
}

static void describe(struct pnp *pnp, struct io_node *node)
{
    static const struct pnp_setup nothing;
    const struct pnp_setup *setup = pnp->setup != NULL ? pnp->setup : &nothing;

    if (setup->description != NULL)
        set_text(node->description, sizeof node->description, setup->description, NULL);
    set_text(node->manufacturer, sizeof node->manufacturer, setup->manufacturer, "weir");
    set_text(node->class_name, sizeof node->class_name, setup->class_name, PNP_CLASS_NAME);
    set_text(node->class_text, sizeof node->class_text, setup->class_guid, PNP_CLASS);
    set_class_guid(node);
    if (node->driver_key[0] == 0) /* a device keeps its number */
        nt__snprintf(node->driver_key, sizeof node->driver_key, "%s\\%04u", node->class_text,
                     pnp->next_class_number++);
}

static NTSTATUS install(struct pnp_device *device)
{
    const struct pnp_setup *setup = device->pnp->setup;
    NTSTATUS status;

    if (write_keys(device->pnp, device->node) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (device->installed || setup == NULL || setup->install == NULL)
        return STATUS_SUCCESS;
    status = setup->install(setup->ctx, device->pdo);
    device->installed = NT_SUCCESS(status);
    return status;
}

NTSTATUS pnp_enumerate(struct pnp_device *device, const char *service)
{
    struct pnp *pnp = device->pnp;
    struct io_node *node = device->node;
    NTSTATUS status;

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
    nt__snprintf(node->service, sizeof node->service, "%s", service);
    describe(pnp, node);
    status = install(device);
    if (NT_SUCCESS(status))
        query_resources(pnp, node);
    return status;
}
