/* SPDX-License-Identifier: MIT */
/* What KsStudio shows, as one JSON document (docs/inspect.md is the schema): each device interface,
 * the filters behind them, and what each filter says of itself, its pins and its nodes. Interfaces
 * of one device with the same reference string lead to the same filter. Everything is asked for as
 * an application would; what the driver answers is taken as it is.
 * After each step that the driver may not survive, what is known so far is handed on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/inspect_json.h"
#include "client/inspect_pin.h"
#include "client/inspect_sets.h"
#include "client/internal.h"
#include "wdk/guids.h"

enum { ARRIVAL_MS = 5000, SETTLE_MS = 100, INTERFACES_MAX = 256, PINS_MAX = 256, NODES_MAX = 256 };

struct inspection {
    struct client_session session; /* its filter and pin are open while they are asked */
    const struct client_inspection *request;
    json_t *document;
    json_t *filters;
};

/* ---- What is known so far -------------------------------------------------------------------- */

static bool hand_on(struct inspection *inspection)
{
    char *text = json_dumps(inspection->document, JSON_COMPACT);
    bool wanted = text != NULL &&
                  inspection->request->document(inspection->request->ctx, text, strlen(text)) == 0;

    if (text == NULL)
        client_fail(&inspection->session, CLIENT_HOST, STATUS_SUCCESS, "no memory");
    free(text);
    return wanted;
}

/* ---- Device interfaces ----------------------------------------------------------------------- */

static void pass_time(unsigned milliseconds)
{
    LARGE_INTEGER interval = {.QuadPart = -10000 * (LONGLONG)milliseconds};

    KeDelayExecutionThread(UserMode, FALSE, &interval);
}

/* Interfaces are enabled from a worker thread after the start. */
static bool wait_for_interfaces(struct inspection *inspection)
{
    const UNICODE_STRING *link;
    GUID class_guid;

    for (unsigned i = 0; i < ARRIVAL_MS; i++) {
        if (NT_SUCCESS(io_interface_of_any_class(inspection->session.io, 0, &class_guid, &link))) {
            pass_time(SETTLE_MS);
            return true;
        }
        pass_time(1);
    }
    return client_fail(&inspection->session, CLIENT_NO_PIN, STATUS_SUCCESS,
                       "the driver enables no device interface, so there is nothing to open");
}

/* \??\<device>#{class}, and \<reference> for one of several: where the class begins, or where the
 * link ends. A device's own part may hold GUIDs, too. */
static const char *class_in(const char *link, const GUID *class_guid)
{
    const char *at = link;
    char spelt[40];

    inspect_guid_spell(class_guid, spelt);
    while ((at = strcasestr(at, spelt)) != NULL) {
        char behind = at[strlen(spelt)];

        if (at > link && at[-1] == '#' && (behind == 0 || behind == '\\'))
            return at;
        at++;
    }
    return link + strlen(link);
}

static const char *reference_in(const char *class_at)
{
    const char *end = strchr(class_at, '}');

    return end != NULL && end[1] == '\\' ? end + 2 : "";
}

/* The filter that device and reference lead to, made when this is the first link there. */
static size_t filter_of_link(struct inspection *inspection, const char *link,
                             const GUID *class_guid)
{
    const char *class_at = class_in(link, class_guid);
    size_t count = json_array_size(inspection->filters);
    json_t *device = json_stringn(link, (size_t)(class_at - link));
    json_t *filter;

    for (size_t i = 0; i < count; i++) {
        filter = json_array_get(inspection->filters, i);
        if (json_equal(json_object_get(filter, "device"), device) &&
            strcmp(json_string_value(json_object_get(filter, "reference")),
                   reference_in(class_at)) == 0) {
            json_decref(device);
            return i;
        }
    }
    filter = json_object();
    inspect_put_int(filter, "index", (int64_t)count);
    json_object_set_new(filter, "device", device);
    inspect_put_text(filter, "reference", reference_in(class_at));
    inspect_put_text(filter, "link", link);
    json_array_append_new(inspection->filters, filter);
    return count;
}

static void list_interfaces(struct inspection *inspection)
{
    json_t *interfaces = json_array();
    const UNICODE_STRING *link;
    GUID class_guid;

    for (unsigned i = 0; i < INTERFACES_MAX &&
                         NT_SUCCESS(io_interface_of_any_class(inspection->session.io, i,
                                                              &class_guid, &link)); i++) {
        json_t *object = json_object();
        json_t *name = inspect_wide(link->Buffer, link->Length);

        json_object_set_new(object, "class", inspect_guid(&class_guid, INSPECT_CATEGORY));
        json_object_set_new(object, "link", name);
        inspect_put_int(object, "filter",
                        (int64_t)filter_of_link(inspection, json_string_value(name), &class_guid));
        json_array_append_new(interfaces, object);
    }
    json_object_set_new(inspection->document, "interfaces", interfaces);
    json_object_set(inspection->document, "filters", inspection->filters);
}

/* ---- A filter's own lists -------------------------------------------------------------------- */

static NTSTATUS get_list(struct client_session *session, const GUID *set, ULONG id, void **list,
                         uint32_t *bytes)
{
    KSPROPERTY request = {.Set = *set, .Id = id, .Flags = KSPROPERTY_TYPE_GET};

    *list = NULL;
    *bytes = 0;
    return client_property_sized(session, session->filter, &request, sizeof request, list, bytes);
}

/* Items of a KSMULTIPLE_ITEM that are really there. */
static ULONG items_in(const void *list, uint32_t bytes, size_t item_bytes)
{
    KSMULTIPLE_ITEM head = {0};
    size_t room;

    if (bytes < sizeof head)
        return 0;
    memcpy(&head, list, sizeof head);
    room = (bytes - sizeof head) / item_bytes;
    return head.Count < room ? head.Count : (ULONG)room;
}

static const uint8_t *item_at(const void *list, ULONG index, size_t item_bytes)
{
    return (const uint8_t *)list + sizeof(KSMULTIPLE_ITEM) + index * item_bytes;
}

static void put_categories(struct client_session *session, json_t *filter)
{
    json_t *array = json_array();
    uint32_t bytes;
    void *list;

    json_object_set_new(filter, "categories", array);
    if (!NT_SUCCESS(get_list(session, &KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CATEGORIES, &list,
                             &bytes)))
        return;
    for (ULONG i = 0; i < items_in(list, bytes, sizeof(GUID)); i++) {
        GUID guid;

        memcpy(&guid, item_at(list, i, sizeof guid), sizeof guid);
        json_array_append_new(array, inspect_guid(&guid, INSPECT_CATEGORY));
    }
    free(list);
}

static void put_component(struct client_session *session, json_t *filter)
{
    KSPROPERTY request = {.Set = KSPROPSETID_General, .Id = KSPROPERTY_GENERAL_COMPONENTID,
                          .Flags = KSPROPERTY_TYPE_GET};
    json_t *object = json_null();
    KSCOMPONENTID id = {0};
    uint32_t bytes = sizeof id;

    if (NT_SUCCESS(client_property(session, session->filter, &request, sizeof request, &id,
                                   &bytes)) &&
        bytes == sizeof id) {
        object = json_object();
        json_object_set_new(object, "manufacturer", inspect_guid(&id.Manufacturer, ""));
        json_object_set_new(object, "product", inspect_guid(&id.Product, ""));
        json_object_set_new(object, "component", inspect_guid(&id.Component, ""));
        json_object_set_new(object, "name", inspect_guid(&id.Name, ""));
        inspect_put_int(object, "version", id.Version);
        inspect_put_int(object, "revision", id.Revision);
    }
    json_object_set_new(filter, "component", object);
}

static void put_node_number(json_t *object, const char *key, ULONG node)
{
    if (node == KSFILTER_NODE)
        json_object_set_new(object, key, json_null());
    else
        inspect_put_int(object, key, node);
}

static void put_connections(struct client_session *session, json_t *filter)
{
    json_t *array = json_array();
    uint32_t bytes;
    void *list;

    json_object_set_new(filter, "connections", array);
    if (!NT_SUCCESS(get_list(session, &KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CONNECTIONS,
                             &list, &bytes)))
        return;
    for (ULONG i = 0; i < items_in(list, bytes, sizeof(KSTOPOLOGY_CONNECTION)); i++) {
        json_t *object = json_object();
        KSTOPOLOGY_CONNECTION each;

        memcpy(&each, item_at(list, i, sizeof each), sizeof each);
        put_node_number(object, "from_node", each.FromNode);
        inspect_put_int(object, "from_pin", each.FromNodePin);
        put_node_number(object, "to_node", each.ToNode);
        inspect_put_int(object, "to_pin", each.ToNodePin);
        json_array_append_new(array, object);
    }
    free(list);
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static json_t *node_name(struct client_session *session, ULONG node_id)
{
    KSP_NODE request = {.Property = {.Set = KSPROPSETID_Topology, .Id = KSPROPERTY_TOPOLOGY_NAME,
                                     .Flags = KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY},
                        .NodeId = node_id};
    json_t *json = json_null();
    uint32_t bytes = 0;
    void *name = NULL;
    NTSTATUS status;

    status = client_property_sized(session, session->filter, &request, sizeof request, &name,
                                   &bytes);
    if (status == STATUS_NOT_FOUND || status == STATUS_PROPSET_NOT_FOUND) {
        request.Property.Flags = KSPROPERTY_TYPE_GET; /* the filter answers for its nodes */
        status = client_property_sized(session, session->filter, &request, sizeof request, &name,
                                       &bytes);
    }
    if (NT_SUCCESS(status))
        json = inspect_wide(name, bytes);
    free(name);
    return json;
}

static bool put_nodes(struct inspection *inspection, json_t *filter)
{
    struct client_session *session = &inspection->session;
    json_t *array = json_array();
    uint32_t bytes;
    void *list;

    json_object_set_new(filter, "nodes", array);
    if (!NT_SUCCESS(get_list(session, &KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NODES, &list,
                             &bytes)))
        return true;
    for (ULONG i = 0; i < items_in(list, bytes, sizeof(GUID)) && i < NODES_MAX; i++) {
        struct inspect_target target = {.file = session->filter, .is_node = true, .node_id = i,
                                        .read_values = inspection->request->read_values};
        json_t *node = json_object();
        GUID type;

        memcpy(&type, item_at(list, i, sizeof type), sizeof type);
        inspect_put_int(node, "id", i);
        json_object_set_new(node, "type", inspect_guid(&type, INSPECT_NODE));
        json_object_set_new(node, "name", node_name(session, i));
        json_array_append_new(array, node);
        inspect_sets(session, &target, node);
        if (!hand_on(inspection))
            break;
    }
    free(list);
    return session->result->kind == CLIENT_OK;
}

/* ---- One filter ------------------------------------------------------------------------------ */

static ULONG count_pins(struct client_session *session, json_t *problems)
{
    KSPROPERTY request = {.Set = KSPROPSETID_Pin, .Id = KSPROPERTY_PIN_CTYPES,
                          .Flags = KSPROPERTY_TYPE_GET};
    uint32_t bytes = sizeof(ULONG);
    ULONG count = 0;
    NTSTATUS status = client_property(session, session->filter, &request, sizeof request, &count,
                                      &bytes);

    if (!NT_SUCCESS(status)) {
        inspect_problem(problems, "the filter does not count its pins (status 0x%08x)",
                        (unsigned)status);
        return 0;
    }
    if (count > PINS_MAX)
        inspect_problem(problems, "the filter says it has %" PRIu32 " pins; %d are shown", count,
                        PINS_MAX);
    return count < PINS_MAX ? count : PINS_MAX;
}

static void ask_filter(struct inspection *inspection, json_t *filter, json_t *problems)
{
    struct client_session *session = &inspection->session;
    struct inspect_target target = {.file = session->filter,
                                    .read_values = inspection->request->read_values};
    json_t *pins = json_array();
    ULONG count;

    put_categories(session, filter);
    put_component(session, filter);
    json_object_set_new(filter, "pins", pins);
    count = count_pins(session, problems);
    for (ULONG i = 0; i < count && hand_on(inspection); i++)
        json_array_append_new(pins, inspect_pin(session, i, inspection->request->open_pins,
                                                inspection->request->read_values));
    put_connections(session, filter);
    if (hand_on(inspection) && put_nodes(inspection, filter))
        inspect_sets(session, &target, filter);
}

static void inspect_filter(struct inspection *inspection, json_t *filter)
{
    struct client_session *session = &inspection->session;
    const char *link = json_string_value(json_object_get(filter, "link"));
    json_t *problems = json_array();
    const UNICODE_STRING *name = NULL;
    GUID class_guid;
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;

    for (unsigned i = 0; NT_SUCCESS(io_interface_of_any_class(session->io, i, &class_guid, &name));
         i++) {
        json_t *each = inspect_wide(name->Buffer, name->Length);
        bool found = strcmp(json_string_value(each), link) == 0;

        json_decref(each);
        if (found) {
            status = io_file_open(session->io, NULL, name, FILE_READ_DATA | FILE_WRITE_DATA,
                                  &session->filter);
            break;
        }
    }
    inspect_put_bool(filter, "opened", NT_SUCCESS(status));
    json_object_set(filter, "problems", problems);
    if (NT_SUCCESS(status)) {
        ask_filter(inspection, filter, problems);
        io_file_close(session->filter);
        session->filter = NULL;
    } else {
        inspect_put_status(filter, "status", status);
    }
    json_decref(problems);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void inspect_all(struct inspection *inspection)
{
    struct client_session *session = &inspection->session;

    if (mm_user_allocate(session->mm, CLIENT_SCRATCH_BYTES, 0, &session->scratch_va) != 0) {
        client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES, "no memory");
        return;
    }
    if (wait_for_interfaces(inspection)) {
        list_interfaces(inspection);
        for (size_t i = 0; i < json_array_size(inspection->filters); i++) {
            inspect_filter(inspection, json_array_get(inspection->filters, i));
            if (!hand_on(inspection))
                break;
        }
        inspect_put_bool(inspection->document, "complete", session->result->kind == CLIENT_OK);
        hand_on(inspection);
    }
    mm_user_free(session->mm, session->scratch_va);
}

void client_inspect(struct machine *machine, const struct client_inspection *request,
                    struct client_result *result)
{
    struct inspection *inspection = calloc(1, sizeof *inspection);

    memset(result, 0, sizeof *result);
    json_object_seed(1); /* else it would open /dev/urandom, which the sandbox forbids */
    if (inspection == NULL) {
        result->kind = CLIENT_HOST;
        return;
    }
    inspection->session.machine = machine;
    inspection->session.mm = machine_mm(machine);
    inspection->session.io = machine_io(machine);
    inspection->session.trace = ke_trace(machine_ke(machine));
    inspection->session.result = result;
    inspection->request = request;
    inspection->document = json_object();
    inspection->filters = json_array();
    inspect_put_bool(inspection->document, "complete", false);
    inspect_all(inspection);
    json_decref(inspection->document);
    json_decref(inspection->filters);
    free(inspection);
}
