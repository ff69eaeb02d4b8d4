/* SPDX-License-Identifier: MIT */
/* Device interfaces: names under which applications find a device by what it can do. Registering
 * makes the name, \??\<instance path with # for \>#{class guid}, and a reference string behind a
 * backslash that tells several of one class apart. Enabling makes it a link to the PDO, one link
 * for all reference strings of a class; disabling the last one takes it away ("Registering a Device
 * Interface Class"). An interface enabled before its device has started appears when it has. */
#include "io/state.h"

#include <stdlib.h>
#include <string.h>

#include "cm/cm.h"
#include "io/property_data.h"
#include "rtl/rtl.h"

struct io_interface {
    struct list_node link; /* in order of registration */
    GUID class_guid;
    PDEVICE_OBJECT pdo; /* NULL once it is gone: the name stays registered, as in the registry */
    UNICODE_STRING name; /* whole, host memory */
    UNICODE_STRING object_name; /* without the reference string; shares name's buffer */
    struct list_node properties;
    bool enabled; /* asked for */
    bool visible; /* enabled, and the device has started */
};

/* ---- Names ----------------------------------------------------------------------------------- */

static size_t spell(const struct io_node *node, const GUID *guid, const UNICODE_STRING *reference,
                    WCHAR *out, size_t *object_chars)
{
    char guid_text[RTL_GUID_CHARS + 1];
    size_t count = 0;
    const char *at;
    size_t i;

    rtl_guid_spell(guid, guid_text);
    for (at = "\\??\\"; *at != 0; at++)
        out[count++] = (unsigned char)*at;
    for (at = node->instance_path; *at != 0; at++)
        out[count++] = (WCHAR)(*at == '\\' ? '#' : (unsigned char)*at);
    out[count++] = '#';
    for (at = guid_text; *at != 0; at++)
        out[count++] = (WCHAR)nt_tolower((unsigned char)*at);
    *object_chars = count;
    if (reference != NULL && reference->Length != 0) {
        out[count++] = '\\';
        for (i = 0; i < reference->Length / sizeof(WCHAR); i++)
            out[count++] = reference->Buffer[i];
    }
    return count;
}

static NTSTATUS make_name(const struct io_node *node, const GUID *guid,
                          const UNICODE_STRING *reference, struct io_interface *interface)
{
    size_t room = strlen(node->instance_path) + RTL_GUID_CHARS + 8 +
                  (reference != NULL ? reference->Length / sizeof(WCHAR) : 0);
    WCHAR *text = malloc((room + 1) * sizeof *text);
    size_t object_chars;
    size_t count;

    if (text == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    count = spell(node, guid, reference, text, &object_chars);
    text[count] = 0;
    interface->name = (UNICODE_STRING){(USHORT)(count * sizeof(WCHAR)),
                                       (USHORT)((count + 1) * sizeof(WCHAR)), text};
    interface->object_name = interface->name;
    interface->object_name.Length = (USHORT)(object_chars * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

static struct io_interface *find(struct io *io, const UNICODE_STRING *name)
{
    struct io_interface *interface;

    list_for_each_entry(interface, &io->interfaces, link) {
        if (rtl_equal(&interface->name, name))
            return interface;
    }
    return NULL;
}

/* What follows the object's name: a backslash and the reference string, or nothing. */
static UNICODE_STRING reference_of(const struct io_interface *interface)
{
    USHORT lead = interface->object_name.Length;

    return (UNICODE_STRING){(USHORT)(interface->name.Length - lead),
                            (USHORT)(interface->name.Length - lead),
                            interface->name.Buffer + lead / sizeof(WCHAR)};
}

static void interface_free(struct io_interface *interface)
{
    list_remove(&interface->link);
    io_properties_fini(&interface->properties);
    free(interface->name.Buffer);
    free(interface);
}

void io_interfaces_fini(struct io *io)
{
    struct list_node *node;

    while ((node = list_first(&io->interfaces)) != NULL)
        interface_free(list_entry(node, struct io_interface, link));
}

/* ---- Visibility ------------------------------------------------------------------------------ */

static unsigned users_of_link(struct io *io, const UNICODE_STRING *object_name)
{
    struct io_interface *interface;
    unsigned count = 0;

    list_for_each_entry(interface, &io->interfaces, link)
        count += interface->visible && rtl_equal(&interface->object_name, object_name);
    return count;
}

static NTSTATUS show(struct io *io, struct io_interface *interface)
{
    const UNICODE_STRING *target = ob_name_of(io->ob, interface->pdo);
    NTSTATUS status = STATUS_SUCCESS;

    if (interface->visible)
        return STATUS_SUCCESS;
    if (target == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (users_of_link(io, &interface->object_name) == 0)
        status = ob_link_insert(io->ob, &interface->object_name, target);
    if (NT_SUCCESS(status)) {
        interface->visible = true;
        io_notify_interface(io, &interface->class_guid, &interface->name, true);
    }
    return status;
}

static void hide(struct io *io, struct io_interface *interface)
{
    if (!interface->visible)
        return;
    interface->visible = false;
    if (users_of_link(io, &interface->object_name) == 0)
        (void)ob_name_remove(io->ob, &interface->object_name);
    io_notify_interface(io, &interface->class_guid, &interface->name, false);
}

void io_node_set_started(struct io_node *node, bool started)
{
    struct io *io = io_of(ke_current());
    struct io_interface *interface;

    node->started = started;
    list_for_each_entry(interface, &io->interfaces, link) {
        if (interface->pdo == node->pdo && started && interface->enabled)
            (void)show(io, interface);
    }
}

void io_node_disable_interfaces(struct io_node *node)
{
    struct io *io = io_of(ke_current());
    struct io_interface *interface;

    list_for_each_entry(interface, &io->interfaces, link) {
        if (interface->pdo != node->pdo)
            continue;
        hide(io, interface);
        interface->enabled = false;
        interface->pdo = NULL;
    }
}

/* ---- For drivers ----------------------------------------------------------------------------- */

/* "must not contain any path separator characters". */
static bool has_separator(const UNICODE_STRING *reference)
{
    for (unsigned i = 0; reference != NULL && i < reference->Length / sizeof(WCHAR); i++) {
        if (reference->Buffer[i] == '\\' || reference->Buffer[i] == '/')
            return true;
    }
    return false;
}

NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT pdo, const GUID *guid,
                                         PUNICODE_STRING reference, PUNICODE_STRING name)
{
    struct io *io = io_of(ke_current());
    struct io_node *node = io_node_of(pdo);
    struct io_interface *interface;
    struct io_interface *existing;
    NTSTATUS status;

    if (node == NULL || has_separator(reference))
        return STATUS_INVALID_DEVICE_REQUEST;
    interface = calloc(1, sizeof *interface);
    if (interface == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    interface->class_guid = *guid;
    interface->pdo = pdo;
    list_init(&interface->link);
    list_init(&interface->properties);
    status = make_name(node, guid, reference, interface);
    if (NT_SUCCESS(status)) {
        existing = find(io, &interface->name);
        status = rtl_string_create(interface->name.Buffer, interface->name.Length / sizeof(WCHAR),
                                   IO_TAG_LIST, name);
        if (NT_SUCCESS(status) && existing == NULL) {
            list_insert_tail(&io->interfaces, &interface->link);
            return STATUS_SUCCESS;
        }
        if (NT_SUCCESS(status))
            existing->pdo = pdo;
    }
    interface_free(interface);
    return status;
}

NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING name, BOOLEAN enable)
{
    struct io *io = io_of(ke_current());
    struct io_interface *interface = find(io, name);
    struct io_node *node;

    if (interface == NULL || interface->pdo == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (enable && interface->enabled)
        return STATUS_OBJECT_NAME_EXISTS;
    if (!enable && !interface->enabled)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    interface->enabled = enable;
    if (!enable) {
        hide(io, interface);
        return STATUS_SUCCESS;
    }
    node = io_node_of(interface->pdo);
    return node != NULL && node->started ? show(io, interface) : STATUS_SUCCESS;
}

static bool is_listed(const struct io_interface *interface, const GUID *guid, PDEVICE_OBJECT pdo,
                      ULONG flags)
{
    if (!IsEqualGUID(&interface->class_guid, guid) || (pdo != NULL && interface->pdo != pdo))
        return false;
    return interface->visible || (flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE);
}

/* Names one after the other, each terminated, and an empty one at the end. */
NTSTATUS NTAPI IoGetDeviceInterfaces(const GUID *guid, PDEVICE_OBJECT pdo, ULONG flags,
                                     PWSTR *out)
{
    struct io *io = io_of(ke_current());
    struct io_interface *interface;
    size_t chars = 1;
    WCHAR *at;

    list_for_each_entry(interface, &io->interfaces, link) {
        if (is_listed(interface, guid, pdo, flags))
            chars += interface->name.Length / sizeof(WCHAR) + 1;
    }
    *out = at = ExAllocatePoolWithTag(PagedPool, chars * sizeof(WCHAR), IO_TAG_LIST);
    if (at == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    list_for_each_entry(interface, &io->interfaces, link) {
        if (!is_listed(interface, guid, pdo, flags))
            continue;
        memcpy(at, interface->name.Buffer, interface->name.Length + sizeof(WCHAR));
        at += interface->name.Length / sizeof(WCHAR) + 1;
    }
    *at = 0;
    return STATUS_SUCCESS;
}

NTSTATUS io_interface_at(struct io *io, const GUID *class_guid, unsigned index,
                         const UNICODE_STRING **out_link)
{
    struct io_interface *interface;

    list_for_each_entry(interface, &io->interfaces, link) {
        if (!is_listed(interface, class_guid, NULL, 0) || index-- != 0)
            continue;
        *out_link = &interface->name;
        return STATUS_SUCCESS;
    }
    return STATUS_NO_MORE_ENTRIES;
}

NTSTATUS io_interface_of_any_class(struct io *io, unsigned index, GUID *out_class,
                                   const UNICODE_STRING **out_link)
{
    struct io_interface *interface;

    list_for_each_entry(interface, &io->interfaces, link) {
        if (!interface->visible || index-- != 0)
            continue;
        *out_class = interface->class_guid;
        *out_link = &interface->name;
        return STATUS_SUCCESS;
    }
    return STATUS_NO_MORE_ENTRIES;
}

/* The interface of another class that the same device exposes under the same reference string. */
NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING name, const GUID *guid,
                                         PUNICODE_STRING alias)
{
    struct io *io = io_of(ke_current());
    struct io_interface *interface = find(io, name);
    struct io_interface *other;
    UNICODE_STRING tail, other_tail;

    if (interface == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    tail = reference_of(interface);
    list_for_each_entry(other, &io->interfaces, link) {
        other_tail = reference_of(other);
        if (other->pdo == interface->pdo && IsEqualGUID(&other->class_guid, guid) &&
            rtl_equal(&tail, &other_tail))
            return rtl_string_create(other->name.Buffer, other->name.Length / sizeof(WCHAR),
                                     IO_TAG_LIST, alias);
    }
    return STATUS_OBJECT_PATH_NOT_FOUND;
}

NTSTATUS NTAPI IoSetDeviceInterfacePropertyData(PUNICODE_STRING name, const DEVPROPKEY *key,
                                                LCID locale, ULONG flags, DEVPROPTYPE type,
                                                ULONG size_bytes, PVOID data)
{
    struct io_interface *interface = find(io_of(ke_current()), name);

    (void)flags;
    if (interface == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return io_property_set(&interface->properties, key, locale, type, size_bytes, data);
}

NTSTATUS NTAPI IoGetDeviceInterfacePropertyData(PUNICODE_STRING name, const DEVPROPKEY *key,
                                                LCID locale, ULONG flags, ULONG room, PVOID data,
                                                PULONG needed, DEVPROPTYPE *type)
{
    struct io_interface *interface = find(io_of(ke_current()), name);

    if (interface == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (flags != 0)
        return STATUS_INVALID_PARAMETER;
    return io_property_get(&interface->properties, key, locale, room, data, needed, type);
}

/* Each interface keeps values under Control\DeviceClasses\{class}\<name with # for \>. */
NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING name, ACCESS_MASK access,
                                                PHANDLE key)
{
    static const char root[] =
        "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses\\";
    struct io *io = io_of(ke_current());
    struct io_interface *interface = find(io, name);
    char guid_text[RTL_GUID_CHARS + 1];
    UNICODE_STRING path;
    NTSTATUS status;
    size_t i, room;
    WCHAR *text;
    int lead;

    if (interface == NULL)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    rtl_guid_spell(&interface->class_guid, guid_text);
    room = sizeof root + RTL_GUID_CHARS + name->Length / sizeof(WCHAR) + 32;
    text = malloc(room * sizeof *text);
    if (text == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    lead = nt__snwprintf(text, room, u"%S%S\\", root, guid_text);
    for (i = 0; i < name->Length / sizeof(WCHAR); i++)
        text[lead + (int)i] = name->Buffer[i] == '\\' ? '#' : name->Buffer[i];
    nt_wcscpy(text + lead + i, u"\\Device Parameters");
    RtlInitUnicodeString(&path, text);
    status = cm_open(cm_of(io->ke), &path, true, access, key);
    free(text);
    return status;
}
