/* SPDX-License-Identifier: MIT */
/* A request with KSPROPERTY_TYPE_SETSUPPORT and GUID_NULL lists the sets of an object; what does
 * not answer that is asked for every set weir knows. Nobody lists the ids in a set: they are tried
 * one by one with BASICSUPPORT, which an object refuses for ids that it has not got. KSIDENTIFIER;
 * KS Properties; KS Methods; KS Events.
 * UNDOC: how far ids go. The documented sets end below 64, so 0 to 63 are tried. */
#include "client/inspect_sets.h"

#include <stdlib.h>
#include <string.h>

#include "client/inspect_json.h"
#include "client/inspect_value.h"
#include "wdk/guids.h"

enum { IDS_TRIED = 64, SETS_MAX = 64, EXTRA_BYTES_MAX = 64, DESCRIPTION_BYTES_MAX = 16384 };

/* ---- What is known by name ------------------------------------------------------------------- */

enum shape { SHAPE_PLAIN, SHAPE_CHANNEL, SHAPE_CONTROL, SHAPE_COUNTS, SHAPE_NUMBER, SHAPE_ASIDE };

struct known {
    const GUID *set;
    ULONG id;
    const char *name;
    enum shape shape;
    enum inspect_type type;
};

#define PROPERTY(set, id, shape, type)
#define METHOD(set, id)
#define EVENT(set, id)

static const struct known known_properties[] = {
#undef PROPERTY
#define PROPERTY(set, id, shape, type) {&set, id, #id, SHAPE_##shape, INSPECT_##type},
#include "client/inspect_property.tbl.h"
#undef PROPERTY
#define PROPERTY(set, id, shape, type)
};

static const struct known known_methods[] = {
#undef METHOD
#define METHOD(set, id) {&set, id, #id, SHAPE_ASIDE, INSPECT_BYTES},
#include "client/inspect_property.tbl.h"
#undef METHOD
#define METHOD(set, id)
};

static const struct known known_events[] = {
#undef EVENT
#define EVENT(set, id) {&set, id, #id, SHAPE_ASIDE, INSPECT_BYTES},
#include "client/inspect_property.tbl.h"
#undef EVENT
};

/* What the three have in common but for their words. The verbs have the same values, too. */
struct kind {
    ULONG code;
    const char *guid_kind;
    const struct known *known;
    unsigned known_count;
};

static const struct kind properties = {IOCTL_KS_PROPERTY, INSPECT_PROPERTY_SET, known_properties,
                                       ARRAY_LEN(known_properties)};
static const struct kind methods = {IOCTL_KS_METHOD, INSPECT_METHOD_SET, known_methods,
                                    ARRAY_LEN(known_methods)};
static const struct kind events = {IOCTL_KS_ENABLE_EVENT, INSPECT_EVENT_SET, known_events,
                                   ARRAY_LEN(known_events)};

_Static_assert((int)KSPROPERTY_TYPE_SETSUPPORT == (int)KSMETHOD_TYPE_SETSUPPORT, "verbs");
_Static_assert((int)KSPROPERTY_TYPE_SETSUPPORT == (int)KSEVENT_TYPE_SETSUPPORT, "verbs");
_Static_assert((int)KSPROPERTY_TYPE_BASICSUPPORT == (int)KSMETHOD_TYPE_BASICSUPPORT, "verbs");
_Static_assert((int)KSPROPERTY_TYPE_BASICSUPPORT == (int)KSEVENT_TYPE_BASICSUPPORT, "verbs");

static const struct known *find_known(const struct kind *kind, const GUID *set, ULONG id)
{
    for (unsigned i = 0; i < kind->known_count; i++) {
        if (kind->known[i].id == id && memcmp(kind->known[i].set, set, sizeof *set) == 0)
            return &kind->known[i];
    }
    return NULL;
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* Bytes of a request behind its head, and where in an answer that repeats them the value begins. */
static uint32_t extra_bytes(enum shape shape)
{
    switch (shape) {
    case SHAPE_CHANNEL: return 8; /* Channel, Reserved */
    case SHAPE_CONTROL: return sizeof(KSPROPERTY_VIDEOPROCAMP_S) - sizeof(KSPROPERTY);
    case SHAPE_COUNTS: return sizeof(KSPROPERTY_DROPPEDFRAMES_CURRENT_S) - sizeof(KSPROPERTY);
    case SHAPE_NUMBER: return sizeof(KSPROPERTY_VIDEODECODER_S) - sizeof(KSPROPERTY);
    case SHAPE_PLAIN:
    case SHAPE_ASIDE: break;
    }
    return 0;
}

static bool repeats_request(enum shape shape)
{
    return shape == SHAPE_CONTROL || shape == SHAPE_COUNTS || shape == SHAPE_NUMBER;
}

struct asker {
    struct client_session *session;
    const struct inspect_target *target;
    const struct kind *kind;
};

struct request {
    union {
        KSPROPERTY property;
        KSP_NODE node;
        uint8_t bytes[sizeof(KSP_NODE) + EXTRA_BYTES_MAX];
    };
    uint32_t size;
};

static uint32_t head_bytes(const struct asker *asker)
{
    return asker->target->is_node ? sizeof(KSP_NODE) : sizeof(KSPROPERTY);
}

static struct request make_request(const struct asker *asker, const GUID *set, ULONG id,
                                   ULONG verb, uint32_t extra)
{
    struct request request = {.size = head_bytes(asker) + extra};

    request.property.Set = *set;
    request.property.Id = id;
    request.property.Flags = verb;
    if (asker->target->is_node) {
        request.property.Flags |= KSPROPERTY_TYPE_TOPOLOGY;
        request.node.NodeId = asker->target->node_id;
    }
    return request;
}

static NTSTATUS send(const struct asker *asker, const struct request *request, void *out,
                     uint32_t *out_bytes)
{
    uint32_t room = *out_bytes;
    NTSTATUS status = client_control(asker->session, asker->target->file, asker->kind->code,
                                     request->bytes, request->size, out, out_bytes);

    if (out != NULL && *out_bytes > room)
        *out_bytes = room;
    return status;
}

static NTSTATUS send_sized(const struct asker *asker, const struct request *request, void **out,
                           uint32_t *out_bytes)
{
    return client_control_sized(asker->session, asker->target->file, asker->kind->code,
                                request->bytes, request->size, out, out_bytes);
}

/* ---- Sets ------------------------------------------------------------------------------------ */

struct sets {
    GUID guid[SETS_MAX];
    unsigned count;
};

/* Two tables may name one set. */
static void add_set(struct sets *sets, const GUID *guid)
{
    for (unsigned i = 0; i < sets->count; i++) {
        if (memcmp(&sets->guid[i], guid, sizeof *guid) == 0)
            return;
    }
    if (sets->count < SETS_MAX)
        sets->guid[sets->count++] = *guid;
}

static void probe_known_sets(const struct asker *asker, struct sets *sets)
{
    for (unsigned i = 0; i < asker->kind->known_count; i++) {
        const GUID *set = asker->kind->known[i].set;
        struct request request;
        uint32_t bytes = 0;

        if (i > 0 && memcmp(set, asker->kind->known[i - 1].set, sizeof *set) == 0)
            continue;
        request = make_request(asker, set, 0, KSPROPERTY_TYPE_SETSUPPORT, 0);
        if (NT_SUCCESS(send(asker, &request, NULL, &bytes)))
            add_set(sets, set);
    }
}

static void find_sets(const struct asker *asker, struct sets *sets)
{
    struct request request = make_request(asker, &GUID_NULL, 0, KSPROPERTY_TYPE_SETSUPPORT, 0);
    uint32_t bytes = 0;
    void *list = NULL;
    NTSTATUS status = send_sized(asker, &request, &list, &bytes);

    if (!NT_SUCCESS(status)) {
        probe_known_sets(asker, sets);
        return;
    }
    for (uint32_t at = 0; at + sizeof(GUID) <= bytes; at += sizeof(GUID)) {
        GUID guid;

        memcpy(&guid, (const uint8_t *)list + at, sizeof guid);
        add_set(sets, &guid);
    }
    free(list);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static NTSTATUS read_fixed(const struct asker *asker, const struct request *request,
                           enum shape shape, enum inspect_type type, json_t *item)
{
    uint32_t offset = repeats_request(shape) ? head_bytes(asker) : 0;
    uint8_t value[sizeof(KSP_NODE) + EXTRA_BYTES_MAX] = {0};
    uint32_t bytes = repeats_request(shape) ? request->size : (uint32_t)inspect_type_bytes(type);
    NTSTATUS status = send(asker, request, value, &bytes);

    if (NT_SUCCESS(status))
        json_object_set_new(item, "value", inspect_value(type, value + offset,
                                                         bytes > offset ? bytes - offset : 0));
    return status;
}

static NTSTATUS read_sized(const struct asker *asker, const struct request *request,
                           enum inspect_type type, json_t *item)
{
    uint32_t bytes = 0;
    void *value = NULL;
    NTSTATUS status = send_sized(asker, request, &value, &bytes);

    if (!NT_SUCCESS(status))
        return status;
    json_object_set_new(item, "value", inspect_value(type, value, bytes));
    free(value);
    return status;
}

static void read_value(const struct asker *asker, const GUID *set, ULONG id, enum shape shape,
                       enum inspect_type type, json_t *item)
{
    struct request request = make_request(asker, set, id, KSPROPERTY_TYPE_GET, extra_bytes(shape));
    NTSTATUS status = inspect_type_bytes(type) != 0
                          ? read_fixed(asker, &request, shape, type, item)
                          : read_sized(asker, &request, type, item);

    if (!NT_SUCCESS(status))
        inspect_put_status(item, "value_status", status);
}

/* ---- One property ---------------------------------------------------------------------------- */

/* A ULONG with access flags. An object that wants a longer request than its head gets one. */
static NTSTATUS basic_support(const struct asker *asker, const GUID *set, ULONG id, uint32_t *extra,
                              ULONG *flags)
{
    struct request request = make_request(asker, set, id, KSPROPERTY_TYPE_BASICSUPPORT, *extra);
    bool has_answer = asker->kind != &events;
    uint32_t bytes = has_answer ? sizeof *flags : 0;
    NTSTATUS status = send(asker, &request, has_answer ? flags : NULL, &bytes);

    if (status != STATUS_INVALID_BUFFER_SIZE || *extra == EXTRA_BYTES_MAX)
        return status;
    *extra = EXTRA_BYTES_MAX;
    request = make_request(asker, set, id, KSPROPERTY_TYPE_BASICSUPPORT, *extra);
    bytes = has_answer ? sizeof *flags : 0;
    return send(asker, &request, has_answer ? flags : NULL, &bytes);
}

static enum inspect_type describe(const struct asker *asker, const GUID *set, ULONG id,
                                  uint32_t extra, enum inspect_type type, json_t *item)
{
    struct request request = make_request(asker, set, id, KSPROPERTY_TYPE_BASICSUPPORT, extra);
    KSPROPERTY_DESCRIPTION head = {0};
    uint32_t bytes = sizeof head, whole;
    uint8_t *description;

    if (!NT_SUCCESS(send(asker, &request, &head, &bytes)) || bytes < sizeof head)
        return inspect_description(item, type, NULL, 0);
    whole = head.DescriptionSize;
    if (whole <= sizeof head || whole > DESCRIPTION_BYTES_MAX)
        return inspect_description(item, type, &head, sizeof head);
    description = calloc(1, whole);
    if (description == NULL || !NT_SUCCESS(send(asker, &request, description, &whole)))
        whole = 0;
    type = whole >= sizeof head ? inspect_description(item, type, description, whole)
                                : inspect_description(item, type, &head, sizeof head);
    free(description);
    return type;
}

/* Ids that change with this one. KSPROPERTY_TYPE_RELATIONS. */
static void put_relations(const struct asker *asker, const GUID *set, ULONG id, json_t *item)
{
    struct request request = make_request(asker, set, id, KSPROPERTY_TYPE_RELATIONS, 0);
    json_t *relations = json_array();
    uint32_t bytes = 0;
    void *list = NULL;

    json_object_set_new(item, "relations", relations);
    if (!NT_SUCCESS(send_sized(asker, &request, &list, &bytes)))
        return;
    for (size_t at = sizeof(KSMULTIPLE_ITEM); at + sizeof(KSPROPERTY) <= bytes;
         at += sizeof(KSPROPERTY)) {
        json_t *relation = json_object();
        KSPROPERTY property;

        memcpy(&property, (const uint8_t *)list + at, sizeof property);
        json_object_set_new(relation, "set", inspect_guid(&property.Set, INSPECT_PROPERTY_SET));
        inspect_put_int(relation, "id", property.Id);
        json_array_append_new(relations, relation);
    }
    free(list);
}

/* Who finds fault with the size of a request knows the property. */
static bool is_about_size(NTSTATUS status)
{
    return status == STATUS_INVALID_BUFFER_SIZE || status == STATUS_BUFFER_TOO_SMALL ||
           status == STATUS_BUFFER_OVERFLOW;
}

static json_t *property_item(const struct asker *asker, const GUID *set, ULONG id)
{
    const struct known *known = find_known(asker->kind, set, id);
    enum shape shape = known != NULL ? known->shape : SHAPE_PLAIN;
    enum inspect_type type = known != NULL ? known->type : INSPECT_BYTES;
    uint32_t extra = extra_bytes(shape);
    ULONG access = 0;
    NTSTATUS status = basic_support(asker, set, id, &extra, &access);
    json_t *item;

    if (!NT_SUCCESS(status) && !is_about_size(status))
        return NULL;
    item = json_object();
    inspect_put_int(item, "id", id);
    inspect_put_text(item, "name", known != NULL ? known->name : NULL);
    inspect_put_bool(item, "get", (access & KSPROPERTY_TYPE_GET) != 0);
    inspect_put_bool(item, "set", (access & KSPROPERTY_TYPE_SET) != 0);
    if (!NT_SUCCESS(status))
        inspect_put_status(item, "support_status", status);
    type = describe(asker, set, id, extra, type, item);
    put_relations(asker, set, id, item);
    json_object_set_new(item, "value", json_null());
    if (asker->target->read_values && shape != SHAPE_ASIDE && (access & KSPROPERTY_TYPE_GET) != 0)
        read_value(asker, set, id, shape, type, item);
    return item;
}

/* ---- Methods and events ---------------------------------------------------------------------- */

static json_t *plain_item(const struct asker *asker, const GUID *set, ULONG id)
{
    const struct known *known = find_known(asker->kind, set, id);
    uint32_t extra = 0;
    ULONG flags = 0;
    json_t *item;

    if (!NT_SUCCESS(basic_support(asker, set, id, &extra, &flags)))
        return NULL;
    item = json_object();
    inspect_put_int(item, "id", id);
    inspect_put_text(item, "name", known != NULL ? known->name : NULL);
    if (asker->kind == &methods)
        inspect_put_int(item, "flags", flags);
    return item;
}

/* ---- All ------------------------------------------------------------------------------------- */

static json_t *set_json(const struct asker *asker, const GUID *guid)
{
    json_t *set = json_object();
    json_t *items = json_array();

    json_object_set_new(set, "set", inspect_guid(guid, asker->kind->guid_kind));
    for (ULONG id = 0; id < IDS_TRIED; id++) {
        json_t *item = asker->kind == &properties ? property_item(asker, guid, id)
                                                  : plain_item(asker, guid, id);

        if (item != NULL)
            json_array_append_new(items, item);
    }
    json_object_set_new(set, "items", items);
    return set;
}

static json_t *all_sets(const struct asker *asker)
{
    json_t *array = json_array();
    struct sets sets = {.count = 0};

    find_sets(asker, &sets);
    for (unsigned i = 0; i < sets.count; i++)
        json_array_append_new(array, set_json(asker, &sets.guid[i]));
    return array;
}

void inspect_sets(struct client_session *session, const struct inspect_target *target,
                  json_t *object)
{
    struct asker asker = {.session = session, .target = target};

    asker.kind = &properties;
    json_object_set_new(object, "properties", all_sets(&asker));
    asker.kind = &methods;
    json_object_set_new(object, "methods", all_sets(&asker));
    asker.kind = &events;
    json_object_set_new(object, "events", all_sets(&asker));
}
