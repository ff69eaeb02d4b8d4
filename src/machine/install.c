/* SPDX-License-Identifier: MIT */
/* Installing the device: what its INF, the user's registry file and --param say, in that order, the
 * later over the earlier. Changes outside of the device's own keys are made before its driver is
 * loaded; the others when pnp has made the keys, before AddDevice, once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "machine/internal.h"

/* ---- Choosing the model ---------------------------------------------------------------------- */

static struct setup_target target_of(void)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof version};

    weir_assert(NT_SUCCESS(RtlGetVersion(&version)));
    return (struct setup_target){version.dwMajorVersion, version.dwMinorVersion,
                                 version.dwBuildNumber};
}

/* The first ID of the INF that is, or is not, a PCI device's. */
static const char *first_id(const struct setup_inf *inf, bool pci)
{
    struct setup_target target = target_of();
    const char *id;

    for (unsigned i = 0; (id = setup_inf_id(inf, &target, i)) != NULL; i++) {
        if ((strncasecmp(id, "PCI\\", 4) == 0) == pci)
            return id;
    }
    return NULL;
}

static bool hex_after(const char *id, const char *word, unsigned digits, uint32_t *out)
{
    const char *at = strcasestr(id, word);
    char copy[9];

    if (at == NULL)
        return false;
    snprintf(copy, digits + 1, "%s", at + strlen(word));
    *out = (uint32_t)strtoul(copy, NULL, 16);
    return true;
}

bool machine_install_identity(const struct machine *machine, char *out, size_t size)
{
    const char *id = machine->config.inf != NULL ? first_id(machine->config.inf, true) : NULL;
    uint32_t vendor, device, subsystem, revision, class_code;
    int length;

    if (id == NULL || !hex_after(id, "VEN_", 4, &vendor) || !hex_after(id, "DEV_", 4, &device))
        return false;
    length = snprintf(out, size, "vendor=0x%04x,device=0x%04x", vendor, device);
    if (hex_after(id, "SUBSYS_", 8, &subsystem))
        length += snprintf(out + length, size - (size_t)length,
                           ",subvendor=0x%04x,subdevice=0x%04x", subsystem & 0xFFFF,
                           subsystem >> 16);
    if (hex_after(id, "REV_", 2, &revision))
        length += snprintf(out + length, size - (size_t)length, ",revision=0x%02x", revision);
    if (hex_after(id, "CC_", 6, &class_code))
        snprintf(out + length, size - (size_t)length, ",class=0x%06x", class_code);
    return true;
}

static bool find_ids(struct machine *machine, struct inbox_ids *out, struct machine_error *error)
{
    if (machine->slot != NULL) {
        inbox_pci_ids(machine->slot, out);
        return true;
    }
    memset(out, 0, sizeof *out);
    machine->hardware_id = first_id(machine->config.inf, false);
    if (machine->hardware_id == NULL)
        return machine_fail(error, MACHINE_CARD, STATUS_SUCCESS,
                            "--inf %s: it is for PCI devices only, and --card none is none; name a "
                            "card, --card raw for one whose registers are plain memory",
                            machine->config.inf_name);
    snprintf(out->hardware, sizeof out->hardware - 1, "%s", machine->hardware_id);
    return true;
}

/* Texts of the PnP manager's are of bytes. */
static const char *keep_text(char to[128], const char *utf8)
{
    const uint8_t *from = (const uint8_t *)utf8;
    size_t used = 0;

    if (utf8 == NULL)
        return NULL;
    for (; *from != 0 && used < 127; from++) {
        if (*from < 0x80) {
            to[used++] = (char)*from;
        } else if (*from >= 0xC0) {
            bool is_latin = *from <= 0xC3 && from[1] != 0;

            to[used++] = is_latin ? (char)((*from & 3) << 6 | (from[1] & 0x3F)) : '?';
        }
    }
    to[used] = 0;
    return to;
}

static void tell_installed(struct machine *machine)
{
    const struct setup_install *install = &machine->install;
    struct text text;
    char **note;

    text_init(&text);
    text_printf(&text, "%s: %s for %s, section %s, service %s", machine->config.inf_name,
                install->description != NULL ? install->description : "a device", install->id,
                install->section, machine->service);
    trace_note(machine->config.trace, TRACE_NOTE_INSTALLED, text_get(&text));
    text_fini(&text);
    array_for_each(note, &install->notes)
        trace_note(machine->config.trace, TRACE_NOTE_NOT_FOLLOWED, *note);
}

static void check_service(struct machine *machine)
{
    const struct setup_install *install = &machine->install;
    const struct setup_service *service;
    char text[300];

    if (install->service < 0) {
        trace_note(machine->config.trace, TRACE_NOTE_NOT_FOLLOWED,
                     "it adds no service for the device (AddService with flag 2); the service is "
                     "named after the driver's file");
        return;
    }
    service = &install->services.items[install->service];
    if (service->binary == NULL || strcasecmp(service->binary, machine->config.driver_name) == 0)
        return;
    snprintf(text, sizeof text, "its service %s runs %s, and the driver given is %s", service->name,
             service->binary, machine->config.driver_name);
    trace_note(machine->config.trace, TRACE_NOTE_NOT_FOLLOWED, text);
}

static bool choose_model(struct machine *machine, struct machine_error *error)
{
    struct setup_install *install = &machine->install;
    struct setup_target target = target_of();
    struct setup_error refusal;
    struct inbox_ids ids;
    int result;

    if (!find_ids(machine, &ids, error))
        return false;
    result = setup_inf_install(machine->config.inf, &target, ids.hardware, ids.compatible, install,
                               &refusal);
    if (result == -ENOMEM)
        return machine_fail(error, MACHINE_HOST, STATUS_SUCCESS, "no memory for an INF");
    if (result != 0 && refusal.line != 0)
        return machine_fail(error, MACHINE_CARD, STATUS_SUCCESS, "--inf %s: line %u: %s",
                            machine->config.inf_name, refusal.line, refusal.text);
    if (result != 0)
        return machine_fail(error, MACHINE_CARD, STATUS_SUCCESS, "--inf %s: %s",
                            machine->config.inf_name, refusal.text);
    if (install->service >= 0)
        snprintf(machine->service, sizeof machine->service, "%s",
                 install->services.items[install->service].name);
    machine->setup.description = keep_text(machine->setup_texts[0], install->description);
    machine->setup.manufacturer = keep_text(machine->setup_texts[1], install->manufacturer);
    machine->setup.class_name = keep_text(machine->setup_texts[2], install->class_name);
    machine->setup.class_guid = keep_text(machine->setup_texts[3], install->class_guid);
    machine->setup.decides_messages = true;
    return true;
}

/* ---- --param --------------------------------------------------------------------------------- */

static int add_parameter(struct setup_changes *changes, const struct machine_parameter *parameter,
                         struct setup_change model, const char *key)
{
    uint32_t number;

    if (num_parse_u32(parameter->value, &number) != 0) {
        model.type = REG_SZ;
        return setup_changes_add_string(changes, &model, key, parameter->name, parameter->value);
    }
    model.type = REG_DWORD;
    return setup_changes_add(changes, &model, key, parameter->name, &number, sizeof number);
}

/* Drivers look in either of two keys, so a parameter is in both. */
static int add_parameters(struct machine *machine)
{
    const struct setup_change service = {.root = SETUP_SERVICE, .verb = SETUP_SET};
    const struct setup_change software = {.root = SETUP_SOFTWARE, .verb = SETUP_SET};
    struct setup_change key = {.root = SETUP_SERVICE, .verb = SETUP_MAKE_KEY};
    struct setup_changes *changes = &machine->parameters;
    int result = setup_changes_add(changes, &key, "Parameters", "", NULL, 0);

    for (size_t i = 0; i < machine->config.parameter_count && result == 0; i++) {
        const struct machine_parameter *parameter = &machine->config.parameters[i];

        result = add_parameter(changes, parameter, service, "Parameters");
        if (result == 0)
            result = add_parameter(changes, parameter, software, "");
    }
    return result;
}

bool machine_install_choose(struct machine *machine, struct machine_error *error)
{
    machine_service_name(machine->config.driver_name, machine->service, sizeof machine->service);
    if (add_parameters(machine) != 0)
        return machine_fail(error, MACHINE_HOST, STATUS_SUCCESS, "no memory for the registry");
    if (machine->config.inf != NULL && !choose_model(machine, error))
        return false;
    machine->setup.install = machine_install_device;
    machine->setup.ctx = machine;
    pnp_set_setup(machine->pnp, &machine->setup);
    return true;
}

/* ---- Making the changes ---------------------------------------------------------------------- */

static NTSTATUS open_path(struct machine *machine, const char *path, HANDLE *out)
{
    WCHAR wide[200];
    UNICODE_STRING name;

    nt__snwprintf(wide, ARRAY_LEN(wide), u"%S", path);
    wide[ARRAY_LEN(wide) - 1] = 0;
    RtlInitUnicodeString(&name, wide);
    return cm_open(machine->cm, &name, true, KEY_ALL_ACCESS, out);
}

/* index: of a service in the INF; a registry file knows only the one under test. */
static NTSTATUS open_service(struct machine *machine, const struct setup_changes *from,
                             unsigned index, HANDLE *out)
{
    const char *name = machine->service;
    char path[160];

    if (from == &machine->install.changes) {
        if (index >= machine->install.services.count)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        name = machine->install.services.items[index].name;
    }
    snprintf(path, sizeof path, CM_SERVICES "\\%s", name);
    return open_path(machine, path, out);
}

static NTSTATUS open_interface(struct machine *machine, unsigned index, HANDLE *out)
{
    const struct setup_interface *interface = &machine->install.interfaces.items[index];
    UNICODE_STRING guid_text, reference, name;
    WCHAR wide[40];
    NTSTATUS status;
    GUID guid;

    nt__snwprintf(wide, ARRAY_LEN(wide), u"%S", interface->class_guid);
    RtlInitUnicodeString(&guid_text, wide);
    status = RtlGUIDFromString(&guid_text, &guid);
    if (!NT_SUCCESS(status))
        return status;
    RtlInitUnicodeString(&reference, (const WCHAR *)interface->reference);
    status = IoRegisterDeviceInterface(machine->pdo, &guid, &reference, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = IoOpenDeviceInterfaceRegistryKey(&name, KEY_ALL_ACCESS, out);
    RtlFreeUnicodeString(&name);
    return status;
}

static NTSTATUS open_root(struct machine *machine, const struct setup_changes *from,
                          const struct setup_change *change, HANDLE *out)
{
    switch (change->root) {
    case SETUP_MACHINE: return open_path(machine, "\\Registry\\Machine", out);
    case SETUP_USERS: return open_path(machine, "\\Registry\\User", out);
    case SETUP_SERVICE: return open_service(machine, from, change->index, out);
    case SETUP_SOFTWARE:
        return IoOpenDeviceRegistryKey(machine->pdo, PLUGPLAY_REGKEY_DRIVER, KEY_ALL_ACCESS, out);
    case SETUP_HARDWARE:
        return IoOpenDeviceRegistryKey(machine->pdo, PLUGPLAY_REGKEY_DEVICE, KEY_ALL_ACCESS, out);
    case SETUP_INTERFACE: return open_interface(machine, change->index, out);
    }
    return STATUS_INVALID_PARAMETER;
}

/* Below Enum or Control\Class: those keys are there once the device is. */
static bool is_devices(const struct setup_change *change)
{
    static const WCHAR *const places[] = {u"System\\CurrentControlSet\\Enum\\",
                                          u"System\\CurrentControlSet\\Control\\Class\\",
                                          u"System\\ControlSet001\\Enum\\",
                                          u"System\\ControlSet001\\Control\\Class\\"};
    const WCHAR *key = (const WCHAR *)change->key;

    if (change->root != SETUP_MACHINE)
        return change->root != SETUP_USERS && change->root != SETUP_SERVICE;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (nt__wcsnicmp(key, places[i], nt_wcslen(places[i])) == 0)
            return true;
    }
    return false;
}

static NTSTATUS make_some(struct machine *machine, const struct setup_changes *changes,
                          bool devices)
{
    const struct setup_change *change;
    NTSTATUS status = STATUS_SUCCESS;

    if (changes == NULL)
        return STATUS_SUCCESS;
    array_for_each(change, &changes->list) {
        HANDLE root;

        if (is_devices(change) != devices)
            continue;
        status = open_root(machine, changes, change, &root);
        if (!NT_SUCCESS(status))
            break;
        status = machine_make_change(root, change);
        ZwClose(root);
        if (!NT_SUCCESS(status))
            break;
    }
    return status;
}

static NTSTATUS make_changes(struct machine *machine, bool devices)
{
    const struct setup_changes *sources[] = {&machine->install.changes, machine->config.registry,
                                             &machine->parameters};
    NTSTATUS status = STATUS_SUCCESS;

    for (size_t i = 0; i < ARRAY_LEN(sources) && NT_SUCCESS(status); i++)
        status = make_some(machine, sources[i], devices);
    return status;
}

NTSTATUS machine_install_service(struct machine *machine)
{
    if (machine->config.inf != NULL) {
        tell_installed(machine);
        check_service(machine);
    }
    return make_changes(machine, false);
}

/* Interfaces are registered whether or not the INF has values for them. */
NTSTATUS machine_install_device(void *ctx, PDEVICE_OBJECT pdo)
{
    struct machine *machine = ctx;
    NTSTATUS status = STATUS_SUCCESS;

    weir_assert(pdo == machine->pdo);
    for (unsigned i = 0; i < machine->install.interfaces.count && NT_SUCCESS(status); i++) {
        HANDLE key;

        status = open_interface(machine, i, &key);
        if (NT_SUCCESS(status))
            ZwClose(key);
    }
    return NT_SUCCESS(status) ? make_changes(machine, true) : status;
}

/* ---- Afterwards ------------------------------------------------------------------------------ */

static bool is_in_inf(const struct machine *machine, const UNICODE_STRING *reference)
{
    const struct setup_interface *interface;

    array_for_each(interface, &machine->install.interfaces) {
        UNICODE_STRING known;

        RtlInitUnicodeString(&known, (const WCHAR *)interface->reference);
        if (rtl_equal(&known, reference))
            return true;
    }
    return false;
}

/* Behind the class GUID of \??\...#{class}\reference; empty: there is none. */
static UNICODE_STRING reference_of(const UNICODE_STRING *link)
{
    UNICODE_STRING out = {0};
    size_t at = link->Length / sizeof(WCHAR);

    while (at > 4 && link->Buffer[at - 1] != '\\')
        at--;
    if (at > 4)
        out = (UNICODE_STRING){(USHORT)(link->Length - at * sizeof(WCHAR)),
                               (USHORT)(link->Length - at * sizeof(WCHAR)), link->Buffer + at};
    return out;
}

static void tell_reference(struct machine *machine, const UNICODE_STRING *reference)
{
    struct text text;

    text_init(&text);
    text_string(&text, "reference string ");
    for (size_t i = 0; i < reference->Length / sizeof(WCHAR) && i < 100; i++)
        text_char(&text, reference->Buffer[i] < 0x7F ? (char)reference->Buffer[i] : '?');
    text_string(&text, " of the driver's interfaces: no AddInterface has it");
    trace_note(machine->config.trace, TRACE_NOTE_NO_INTERFACE, text_get(&text));
    text_fini(&text);
}

/* A filter's reference string must be one of the INF's (KSFILTER_DESCRIPTOR, ReferenceGuid); not
 * every class that it is in need be. INFs without any AddInterface are for devices whose interfaces
 * somebody else installs. Not right after the start: AVStream enables interfaces a little later. */
void machine_install_compare(struct machine *machine)
{
    const UNICODE_STRING *link;
    GUID class_guid;

    if (machine->install.interfaces.count == 0 || machine->compared)
        return;
    machine->compared = true;
    for (unsigned i = 0;
         NT_SUCCESS(io_interface_of_any_class(machine->io, i, &class_guid, &link)); i++) {
        UNICODE_STRING reference = reference_of(link);

        if (reference.Length != 0 && !is_in_inf(machine, &reference))
            tell_reference(machine, &reference);
    }
}
