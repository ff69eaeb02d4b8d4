/* SPDX-License-Identifier: MIT */
/* KSPROPSETID_Pin answers for pin types; what only a pin can answer (its state, format, allocator
 * framing, its driver's own properties) needs one. It is opened as an application would: with the
 * format that the data intersection gives for one of the pin's own ranges, the first that works.
 * KSPROPSETID_Pin; KSPROPERTY_PIN_DATAINTERSECTION; KSALLOCATOR_FRAMING_EX. */
#include "client/inspect_pin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/inspect_format.h"
#include "client/inspect_json.h"
#include "client/inspect_sets.h"
#include "wdk/guids.h"

/* ---- Answers of one size --------------------------------------------------------------------- */

static bool get(struct client_session *session, ULONG pin_id, ULONG id, void *out, uint32_t size)
{
    uint32_t bytes = size;

    return NT_SUCCESS(client_pin_property(session, pin_id, id, out, &bytes)) && bytes == size;
}

static const char *flow_name(ULONG flow)
{
    return flow == KSPIN_DATAFLOW_IN ? "in" : flow == KSPIN_DATAFLOW_OUT ? "out" : NULL;
}

static const char *communication_name(ULONG communication)
{
    static const char *const names[] = {"none", "sink", "source", "both", "bridge"};

    return communication < ARRAY_LEN(names) ? names[communication] : NULL;
}

static void put_count(json_t *object, const char *key, ULONG count)
{
    if (count == KSINSTANCE_INDETERMINATE)
        json_object_set_new(object, key, json_null());
    else
        inspect_put_int(object, key, count);
}

static void put_instances(struct client_session *session, ULONG pin_id, json_t *pin)
{
    json_t *object = json_object();
    KSPIN_CINSTANCES counts;
    ULONG necessary;

    if (get(session, pin_id, KSPROPERTY_PIN_CINSTANCES, &counts, sizeof counts)) {
        put_count(object, "possible", counts.PossibleCount);
        inspect_put_int(object, "current", counts.CurrentCount);
    }
    if (get(session, pin_id, KSPROPERTY_PIN_GLOBALCINSTANCES, &counts, sizeof counts)) {
        put_count(object, "global_possible", counts.PossibleCount);
        inspect_put_int(object, "global_current", counts.CurrentCount);
    }
    if (get(session, pin_id, KSPROPERTY_PIN_NECESSARYINSTANCES, &necessary, sizeof necessary))
        inspect_put_int(object, "necessary", necessary);
    json_object_set_new(pin, "instances", object);
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static NTSTATUS get_list(struct client_session *session, ULONG pin_id, ULONG id, void **list,
                         uint32_t *bytes)
{
    KSP_PIN request = {.Property = {.Set = KSPROPSETID_Pin, .Id = id,
                                    .Flags = KSPROPERTY_TYPE_GET},
                       .PinId = pin_id};

    return client_property_sized(session, session->filter, &request, sizeof request, list, bytes);
}

/* What the standard sets call their numbers; NULL for other sets. */
static const char *identifier_name(const KSIDENTIFIER *each)
{
    static const char *const interfaces[] = {"streaming", "looped streaming", "control"};

    if (memcmp(&each->Set, &KSINTERFACESETID_Standard, sizeof(GUID)) == 0)
        return each->Id < ARRAY_LEN(interfaces) ? interfaces[each->Id] : NULL;
    if (memcmp(&each->Set, &KSMEDIUMSETID_Standard, sizeof(GUID)) == 0)
        return each->Id == KSMEDIUM_STANDARD_DEVIO ? "any instance" : NULL;
    return NULL;
}

json_t *inspect_identifiers(const void *list, size_t bytes, const char *kind, json_t *problems)
{
    json_t *array = json_array();
    const uint8_t *at = (const uint8_t *)list + sizeof(KSMULTIPLE_ITEM);
    KSMULTIPLE_ITEM head = {0};

    if (bytes >= sizeof head)
        memcpy(&head, list, sizeof head);
    for (ULONG i = 0; i < head.Count; i++, at += sizeof(KSIDENTIFIER)) {
        json_t *object;
        KSIDENTIFIER each;

        if ((size_t)((const uint8_t *)list + bytes - at) < sizeof each) {
            inspect_problem(problems, "a list says it has %" PRIu32 " items, and %" PRIu32
                            " came", head.Count, i);
            break;
        }
        memcpy(&each, at, sizeof each);
        object = json_object();
        json_object_set_new(object, "set", inspect_guid(&each.Set, kind));
        inspect_put_int(object, "id", each.Id);
        inspect_put_int(object, "flags", each.Flags);
        inspect_put_text(object, "name", identifier_name(&each));
        json_array_append_new(array, object);
    }
    return array;
}

static void put_identifiers(struct client_session *session, ULONG pin_id, ULONG id,
                            const char *kind, const char *key, json_t *pin, json_t *problems)
{
    uint32_t bytes = 0;
    void *list = NULL;

    if (NT_SUCCESS(get_list(session, pin_id, id, &list, &bytes)))
        json_object_set_new(pin, key, inspect_identifiers(list, bytes, kind, problems));
    else
        json_object_set_new(pin, key, json_array());
    free(list);
}

/* *list is the raw answer, for opening the pin; the caller frees it. */
static void put_ranges(struct client_session *session, ULONG pin_id, ULONG id, const char *key,
                       json_t *pin, json_t *problems, void **list, uint32_t *bytes)
{
    NTSTATUS status = get_list(session, pin_id, id, list, bytes);

    if (NT_SUCCESS(status))
        json_object_set_new(pin, key, inspect_ranges(*list, *bytes, problems));
    else
        json_object_set_new(pin, key, json_array());
    if (!NT_SUCCESS(status) && id == KSPROPERTY_PIN_DATARANGES)
        inspect_problem(problems, "the data ranges cannot be read (status 0x%08x)",
                        (unsigned)status);
}

static void put_physical_connection(struct client_session *session, ULONG pin_id, json_t *pin)
{
    size_t link_at = offsetof(KSPIN_PHYSICALCONNECTION, SymbolicLinkName);
    json_t *object = json_null();
    uint32_t bytes = 0;
    void *answer = NULL;

    if (NT_SUCCESS(get_list(session, pin_id, KSPROPERTY_PIN_PHYSICALCONNECTION, &answer, &bytes)) &&
        bytes >= link_at) {
        KSPIN_PHYSICALCONNECTION head = {0};

        memcpy(&head, answer, link_at);
        object = json_object();
        inspect_put_int(object, "pin", head.Pin);
        json_object_set_new(object, "link", inspect_wide((const uint8_t *)answer + link_at,
                                                         bytes - link_at));
    }
    json_object_set_new(pin, "physical_connection", object);
    free(answer);
}

/* The registry's name, or what stands in for it: the GUID, which may be a known one. */
static void put_name(struct client_session *session, ULONG pin_id, json_t *pin)
{
    json_t *json = json_null();
    uint32_t bytes = 0;
    void *name = NULL;

    if (NT_SUCCESS(get_list(session, pin_id, KSPROPERTY_PIN_NAME, &name, &bytes)))
        json = inspect_wide(name, bytes);
    json_object_set_new(pin, "name", json);
    inspect_put_text(pin, "name_constant",
                     json_is_string(json)
                         ? inspect_spelt_guid_name(json_string_value(json), INSPECT_PIN) : NULL);
    free(name);
}

/* ---- Framing --------------------------------------------------------------------------------- */

static json_t *framing_flags(ULONG flags)
{
    static const struct {
        ULONG flag;
        const char *name;
    } rows[] = {
        {KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER, "in place"},
        {KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY, "system memory"},
        {KSALLOCATOR_REQUIREMENTF_FRAME_INTEGRITY, "frame integrity"},
        {KSALLOCATOR_REQUIREMENTF_MUST_ALLOCATE, "must allocate"},
        {KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY, "preferences only"},
        {KSALLOCATOR_FLAG_PARTIAL_READ_SUPPORT, "partial reads"},
        {KSALLOCATOR_FLAG_DEVICE_SPECIFIC, "device specific"},
        {KSALLOCATOR_FLAG_CAN_ALLOCATE, "can allocate"},
        {KSALLOCATOR_FLAG_INSIST_ON_FRAMESIZE_RATIO, "insists on frame size ratio"},
        {KSALLOCATOR_FLAG_NO_FRAME_INTEGRITY, "no frame integrity"},
        {KSALLOCATOR_FLAG_MULTIPLE_OUTPUT, "multiple output"},
        {KSALLOCATOR_FLAG_CYCLE, "cycle"},
        {KSALLOCATOR_FLAG_ALLOCATOR_EXISTS, "allocator exists"},
        {KSALLOCATOR_FLAG_INDEPENDENT_RANGES, "independent ranges"},
        {KSALLOCATOR_FLAG_ATTENTION_STEPPING, "stepping"},
        {KSALLOCATOR_FLAG_ENABLE_CACHED_MDL, "cached MDL"},
        {KSALLOCATOR_FLAG_2D_BUFFER_REQUIRED, "2D buffer required"},
    };
    json_t *array = json_array();

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if ((flags & rows[i].flag) != 0)
            json_array_append_new(array, json_string(rows[i].name));
    }
    return array;
}

static json_t *framing_item(const KS_FRAMING_ITEM *item)
{
    json_t *object = json_object();

    json_object_set_new(object, "memory", inspect_guid(&item->MemoryType, INSPECT_MEMORY));
    json_object_set_new(object, "bus", inspect_guid(&item->BusType, ""));
    inspect_put_int(object, "frames", item->Frames);
    inspect_put_int(object, "frame_bytes_min", item->FramingRange.Range.MinFrameSize);
    inspect_put_int(object, "frame_bytes_max", item->FramingRange.Range.MaxFrameSize);
    inspect_put_int(object, "frame_bytes_step", item->FramingRange.Range.Stepping);
    inspect_put_int(object, "physical_bytes_min", item->PhysicalRange.MinFrameSize);
    inspect_put_int(object, "physical_bytes_max", item->PhysicalRange.MaxFrameSize);
    inspect_put_int(object, "alignment_bytes", (int64_t)item->FileAlignment + 1);
    inspect_put_int(object, "flags", item->Flags);
    json_object_set_new(object, "words", framing_flags(item->Flags));
    return object;
}

json_t *inspect_framing(const void *framing, size_t bytes)
{
    size_t at = offsetof(KSALLOCATOR_FRAMING_EX, FramingItem);
    json_t *object, *items;
    ULONG count;

    if (bytes < at)
        return json_null();
    memcpy(&count, framing, sizeof count);
    object = json_object();
    items = json_array();
    inspect_put_int(object, "count", count);
    for (ULONG i = 0; i < count && bytes - at >= sizeof(KS_FRAMING_ITEM); i++) {
        KS_FRAMING_ITEM item;

        memcpy(&item, (const uint8_t *)framing + at, sizeof item);
        json_array_append_new(items, framing_item(&item));
        at += sizeof item;
    }
    json_object_set_new(object, "items", items);
    return object;
}

static void put_framing(struct client_session *session, json_t *instance)
{
    KSPROPERTY request = {.Set = KSPROPSETID_Connection,
                          .Id = KSPROPERTY_CONNECTION_ALLOCATORFRAMING_EX,
                          .Flags = KSPROPERTY_TYPE_GET};
    uint32_t bytes = 0;
    void *framing = NULL;

    if (NT_SUCCESS(client_property_sized(session, session->pin, &request, sizeof request, &framing,
                                         &bytes)))
        json_object_set_new(instance, "framing", inspect_framing(framing, bytes));
    else
        json_object_set_new(instance, "framing", json_null());
    free(framing);
}

/* ---- An open pin ----------------------------------------------------------------------------- */

/* The format the driver gives for one of its ranges, into session->data_format. */
static NTSTATUS intersect(struct client_session *session, ULONG pin_id, const uint8_t *range,
                          ULONG range_bytes)
{
    uint8_t request[sizeof(KSP_PIN) + sizeof(KSMULTIPLE_ITEM) + CLIENT_FORMAT_BYTES_MAX]
        WEIR_ALIGNED(8) = {0};
    KSP_PIN pin = {.Property = {.Set = KSPROPSETID_Pin, .Id = KSPROPERTY_PIN_DATAINTERSECTION,
                                .Flags = KSPROPERTY_TYPE_GET},
                   .PinId = pin_id};
    KSMULTIPLE_ITEM item = {.Size = (ULONG)sizeof item + range_bytes, .Count = 1};
    uint32_t bytes = 0;
    void *format = NULL;
    json_t *decoded;
    NTSTATUS status;

    if (range_bytes > CLIENT_FORMAT_BYTES_MAX)
        return STATUS_INVALID_BUFFER_SIZE;
    memcpy(request, &pin, sizeof pin);
    memcpy(request + sizeof pin, &item, sizeof item);
    memcpy(request + sizeof pin + sizeof item, range, range_bytes);
    status = client_property_sized(session, session->filter, request,
                                   (uint32_t)sizeof pin + item.Size, &format, &bytes);
    if (!NT_SUCCESS(status))
        return status;
    decoded = inspect_format(format, bytes);
    if (decoded == NULL || bytes > sizeof session->data_format)
        status = STATUS_INVALID_BUFFER_SIZE;
    else
        memcpy(session->data_format, format, bytes);
    json_decref(decoded);
    free(format);
    return status;
}

/* Attributes between the ranges are passed over; the walk ends where sizes make no sense. */
static NTSTATUS open_with_any(struct client_session *session, ULONG pin_id, const uint8_t *list,
                              uint32_t bytes)
{
    NTSTATUS status = STATUS_NO_MATCH;
    uint64_t at = sizeof(KSMULTIPLE_ITEM);

    while (at + sizeof(KSDATARANGE) <= bytes) {
        KSDATARANGE range;

        memcpy(&range, list + at, sizeof range);
        if (range.FormatSize < sizeof(KSMULTIPLE_ITEM) || range.FormatSize > bytes - at)
            break;
        if (range.FormatSize >= sizeof range) {
            status = intersect(session, pin_id, list + at, range.FormatSize);
            if (NT_SUCCESS(status) && client_open_pin(session))
                return STATUS_SUCCESS;
            if (NT_SUCCESS(status))
                status = session->result->status;
            session->result->kind = CLIENT_OK;
        }
        at = bits_align_up(at + range.FormatSize, 8);
    }
    return status;
}

static json_t *instance(struct client_session *session, const json_t *pin, ULONG pin_id,
                        const void *list, uint32_t bytes, bool read_values)
{
    const char *flow = json_string_value(json_object_get(pin, "data_flow"));
    struct inspect_target target = {.read_values = read_values};
    json_t *object = json_object();
    NTSTATUS status;

    session->pin_id = pin_id;
    session->plays = flow != NULL && strcmp(flow, "in") == 0;
    status = open_with_any(session, pin_id, list, bytes);
    inspect_put_bool(object, "opened", NT_SUCCESS(status));
    if (!NT_SUCCESS(status)) {
        inspect_put_status(object, "status", status);
        return object;
    }
    json_object_set_new(object, "format", inspect_format(session->data_format,
                                                         sizeof session->data_format));
    put_framing(session, object);
    target.file = session->pin;
    inspect_sets(session, &target, object);
    io_file_close(session->pin);
    session->pin = NULL;
    return object;
}

/* An application can be at the other end. */
static bool can_open(const json_t *pin)
{
    const char *communication = json_string_value(json_object_get(pin, "communication"));

    return communication != NULL &&
           (strcmp(communication, "sink") == 0 || strcmp(communication, "both") == 0);
}

/* ---- A pin type ------------------------------------------------------------------------------ */

static void put_words(struct client_session *session, ULONG pin_id, json_t *pin)
{
    ULONG flow = 0, communication = UINT32_MAX;
    bool has_category;
    GUID category;

    put_name(session, pin_id, pin);
    has_category = get(session, pin_id, KSPROPERTY_PIN_CATEGORY, &category, sizeof category);
    json_object_set_new(pin, "category", inspect_guid(has_category ? &category : NULL,
                                                      INSPECT_CATEGORY));
    if (!get(session, pin_id, KSPROPERTY_PIN_DATAFLOW, &flow, sizeof flow))
        flow = 0;
    inspect_put_text(pin, "data_flow", flow_name(flow));
    if (!get(session, pin_id, KSPROPERTY_PIN_COMMUNICATION, &communication, sizeof communication))
        communication = UINT32_MAX;
    inspect_put_text(pin, "communication", communication_name(communication));
}

json_t *inspect_pin(struct client_session *session, ULONG pin_id, bool open_pins, bool read_values)
{
    json_t *pin = json_object(), *problems = json_array();
    void *ranges = NULL, *constrained = NULL;
    uint32_t bytes = 0, constrained_bytes = 0;

    inspect_put_int(pin, "id", pin_id);
    put_words(session, pin_id, pin);
    put_instances(session, pin_id, pin);
    put_identifiers(session, pin_id, KSPROPERTY_PIN_INTERFACES, INSPECT_INTERFACE, "interfaces",
                    pin, problems);
    put_identifiers(session, pin_id, KSPROPERTY_PIN_MEDIUMS, INSPECT_MEDIUM, "mediums", pin,
                    problems);
    put_physical_connection(session, pin_id, pin);
    put_ranges(session, pin_id, KSPROPERTY_PIN_DATARANGES, "data_ranges", pin, problems, &ranges,
               &bytes);
    put_ranges(session, pin_id, KSPROPERTY_PIN_CONSTRAINEDDATARANGES, "constrained_data_ranges",
               pin, problems, &constrained, &constrained_bytes);
    if (open_pins && ranges != NULL && can_open(pin))
        json_object_set_new(pin, "instance",
                            instance(session, pin, pin_id, ranges, bytes, read_values));
    else
        json_object_set_new(pin, "instance", json_null());
    json_object_set_new(pin, "problems", problems);
    free(ranges);
    free(constrained);
    return pin;
}
