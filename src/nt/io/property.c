/* SPDX-License-Identifier: MIT */
/* What a driver may ask about its device: the fixed properties of IoGetDeviceProperty and its two
 * registry keys. Too small a buffer gets STATUS_BUFFER_TOO_SMALL and the size; a property that the
 * device has not got, STATUS_OBJECT_NAME_NOT_FOUND. */
#include "io/state.h"

#include <stdlib.h>
#include <string.h>

#include "cm/cm.h"
#include "rtl/rtl.h"

/* ---- Fixed properties ------------------------------------------------------------------------ */

struct answer {
    const void *bytes;
    ULONG count;
    WCHAR *text; /* freed after use */
};

static NTSTATUS answer_text(const char *text, size_t count, struct answer *answer)
{
    size_t i;

    answer->text = malloc((count + 1) * sizeof(WCHAR));
    if (answer->text == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (i = 0; i < count; i++)
        answer->text[i] = (unsigned char)text[i];
    answer->bytes = answer->text;
    answer->count = (ULONG)(count * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

static NTSTATUS answer_string(const char *text, struct answer *answer)
{
    if (text[0] == 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return answer_text(text, strlen(text) + 1, answer);
}

/* "a\0b\0\0" */
static NTSTATUS answer_strings(const char *list, struct answer *answer)
{
    size_t count = 0;

    if (list[0] == 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    while (list[count] != 0)
        count += strlen(list + count) + 1;
    return answer_text(list, count + 1, answer);
}

static NTSTATUS answer_bytes(const void *bytes, size_t count, struct answer *answer)
{
    answer->bytes = bytes;
    answer->count = (ULONG)count;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_list(const CM_RESOURCE_LIST *list, struct answer *answer)
{
    if (list == NULL)
        return answer_bytes(NULL, 0, answer);
    return answer_bytes(list,
                        offsetof(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors) +
                            list->List[0].PartialResourceList.Count *
                                sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR),
                        answer);
}

static NTSTATUS answer_pdo_name(const struct io_node *node, struct answer *answer)
{
    const UNICODE_STRING *name = ob_name_of(ob_of(ke_current()), node->pdo);

    if (name == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return answer_bytes(name->Buffer, name->Length + sizeof(WCHAR), answer);
}

static NTSTATUS answer_enumerator(const struct io_node *node, struct answer *answer)
{
    const char *end = strchr(node->device_id, '\\');
    char name[64];

    if (end == NULL || (size_t)(end - node->device_id) >= sizeof name)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    memcpy(name, node->device_id, (size_t)(end - node->device_id));
    name[end - node->device_id] = 0;
    return answer_string(name, answer);
}

static NTSTATUS answer_guid_text(const GUID *guid, struct answer *answer)
{
    char text[RTL_GUID_CHARS + 1];

    rtl_guid_spell(guid, text);
    return answer_string(text, answer);
}

static NTSTATUS find_answer(const struct io_node *node, DEVICE_REGISTRY_PROPERTY property,
                            struct answer *answer)
{
    static const ULONG installed = InstallStateInstalled;
    static const ULONG removal_policy = RemovalPolicyExpectNoRemoval;

    switch (property) {
    case DevicePropertyDeviceDescription:
    case DevicePropertyFriendlyName:
        return answer_string(node->description, answer);
    case DevicePropertyHardwareID:
        return answer_strings(node->hardware_ids, answer);
    case DevicePropertyCompatibleIDs:
        return answer_strings(node->compatible_ids, answer);
    case DevicePropertyBootConfiguration:
    case DevicePropertyAllocatedResources:
        return answer_list(node->raw, answer);
    case DevicePropertyBootConfigurationTranslated:
        return answer_list(node->translated, answer);
    case DevicePropertyResourceRequirements:
        return node->requirements != NULL
                   ? answer_bytes(node->requirements, node->requirements->ListSize, answer)
                   : answer_bytes(NULL, 0, answer);
    case DevicePropertyClassName:
        return answer_string(node->class_name, answer);
    case DevicePropertyClassGuid:
        return answer_guid_text(&node->class_guid, answer);
    case DevicePropertyDriverKeyName:
        return answer_string(node->driver_key, answer);
    case DevicePropertyManufacturer:
        return answer_string(node->manufacturer, answer);
    case DevicePropertyLocationInformation:
        return answer_string(node->location, answer);
    case DevicePropertyPhysicalDeviceObjectName:
        return answer_pdo_name(node, answer);
    case DevicePropertyBusTypeGuid:
        return answer_bytes(&node->bus_type, sizeof node->bus_type, answer);
    case DevicePropertyLegacyBusType:
        return answer_bytes(&node->legacy_bus, sizeof node->legacy_bus, answer);
    case DevicePropertyBusNumber:
        return answer_bytes(&node->bus_number, sizeof node->bus_number, answer);
    case DevicePropertyEnumeratorName:
        return answer_enumerator(node, answer);
    case DevicePropertyAddress:
        return answer_bytes(&node->capabilities.Address, sizeof(ULONG), answer);
    case DevicePropertyUINumber:
        return answer_bytes(&node->capabilities.UINumber, sizeof(ULONG), answer);
    case DevicePropertyInstallState:
        return answer_bytes(&installed, sizeof installed, answer);
    case DevicePropertyRemovalPolicy:
        return answer_bytes(&removal_policy, sizeof removal_policy, answer);
    default:
        return STATUS_INVALID_PARAMETER_2;
    }
}

NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property,
                                   ULONG room, PVOID buffer, PULONG needed)
{
    struct io_node *node = io_node_of(pdo);
    struct answer answer = {0};
    NTSTATUS status;

    *needed = 0;
    if (node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    status = find_answer(node, property, &answer);
    if (NT_SUCCESS(status)) {
        *needed = answer.count;
        if (answer.count > room)
            status = STATUS_BUFFER_TOO_SMALL;
        else if (answer.count != 0)
            memcpy(buffer, answer.bytes, answer.count);
    }
    free(answer.text);
    return status;
}

/* ---- Registry keys --------------------------------------------------------------------------- */

/* The hardware key belongs to the instance, the software key to its driver. */
NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT pdo, ULONG type, ACCESS_MASK access,
                                       PHANDLE key)
{
    static const char control_set[] = "\\Registry\\Machine\\System\\CurrentControlSet";
    struct io_node *node = io_node_of(pdo);
    UNICODE_STRING path;
    WCHAR text[400];
    int count;

    if (node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    switch (type & 3) {
    case PLUGPLAY_REGKEY_DEVICE:
        count = nt__snwprintf(text, ARRAY_LEN(text) - 1, u"%S\\Enum\\%S\\Device Parameters",
                              control_set, node->instance_path);
        break;
    case PLUGPLAY_REGKEY_DRIVER:
        if (node->driver_key[0] == 0)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        count = nt__snwprintf(text, ARRAY_LEN(text) - 1, u"%S\\Control\\Class\\%S", control_set,
                              node->driver_key);
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    if (count < 0)
        return STATUS_NAME_TOO_LONG;
    text[count] = 0;
    RtlInitUnicodeString(&path, text);
    return cm_open(cm_of(ke_current()), &path, true, access, key);
}
