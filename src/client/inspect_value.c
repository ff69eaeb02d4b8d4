/* SPDX-License-Identifier: MIT */
/* A property's description is followed by lists of members: ranges, ranges with steps, or single
 * values; a list with KSPROPERTY_MEMBER_FLAG_DEFAULT holds the default. KSPROPERTY_DESCRIPTION;
 * KSPROPERTY_MEMBERSHEADER; KSPROPERTY_STEPPING_LONG. Types are the VARENUM numbers of OLE.
 * The page says that MembersSize is the size of one element; drivers also put the size of the whole
 * list there, and ranges with steps into a list of plain ranges. Both are understood: where count
 * times size does not fit into what came, the size is taken for the whole list's. */
#include "client/inspect_value.h"

#include <string.h>

#include "client/inspect_format.h"
#include "client/inspect_json.h"
#include "wdk/guids.h"
#include "wdk/ksmedia.h"

enum { HEX_BYTES_MAX = 256, MEMBERS_MAX = 256 };

static const struct {
    const char *name;
    size_t bytes;
} types[] = {
    [INSPECT_BYTES] = {NULL, 0},
    [INSPECT_SIGNED] = {"signed 32-bit", 4},
    [INSPECT_UNSIGNED] = {"unsigned 32-bit", 4},
    [INSPECT_BOOLEAN] = {"boolean", 4},
    [INSPECT_SIGNED64] = {"signed 64-bit", 8},
    [INSPECT_UNSIGNED64] = {"unsigned 64-bit", 8},
    [INSPECT_UNSIGNED_PAIR] = {"two unsigned 32-bit", 8},
    [INSPECT_SIGNED64_PAIR] = {"two signed 64-bit", 16},
    [INSPECT_DECIBELS] = {"1/65536 dB", 4},
    [INSPECT_IDENTIFIER] = {"GUID", 16},
    [INSPECT_STRING] = {"string", 0},
    [INSPECT_STATE] = {"KSSTATE", 4},
    [INSPECT_FORMAT] = {"KSDATAFORMAT", 0},
    [INSPECT_CONTROL] = {"control", 12},
    [INSPECT_DROPPED] = {"dropped frames", 20},
};

const char *inspect_type_name(enum inspect_type type)
{
    return types[type].name;
}

size_t inspect_type_bytes(enum inspect_type type)
{
    return types[type].bytes;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static json_t *hex(const uint8_t *bytes, size_t size)
{
    json_t *object = json_object();
    struct text text;

    text_init(&text);
    for (size_t i = 0; i < size && i < HEX_BYTES_MAX; i++)
        text_printf(&text, "%02x", bytes[i]);
    inspect_put_text(object, "hex", text_get(&text));
    inspect_put_int(object, "bytes", (int64_t)size);
    text_fini(&text);
    return object;
}

static int64_t signed32(const uint8_t *bytes)
{
    int32_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

static int64_t unsigned32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

static int64_t signed64(const uint8_t *bytes)
{
    int64_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

/* JSON's integers end at 63 bits. */
static int64_t unsigned64(const uint8_t *bytes)
{
    int64_t value = signed64(bytes);

    return value < 0 ? INT64_MAX : value;
}

static json_t *state_name(const uint8_t *bytes)
{
    static const char *const names[] = {"STOP", "ACQUIRE", "PAUSE", "RUN"};
    uint64_t state = (uint64_t)unsigned32(bytes);

    return state < ARRAY_LEN(names) ? json_string(names[state]) : json_integer((int64_t)state);
}

static json_t *identifier(const uint8_t *bytes)
{
    GUID guid;

    memcpy(&guid, bytes, sizeof guid);
    return inspect_guid(&guid, "");
}

static json_t *pair(int64_t a, int64_t b)
{
    json_t *array = json_array();

    json_array_append_new(array, json_integer(a));
    json_array_append_new(array, json_integer(b));
    return array;
}

static json_t *control(const uint8_t *bytes)
{
    json_t *object = json_object();

    inspect_put_int(object, "value", signed32(bytes));
    inspect_put_int(object, "flags", unsigned32(bytes + 4));
    inspect_put_int(object, "capabilities", unsigned32(bytes + 8));
    return object;
}

static json_t *dropped(const uint8_t *bytes)
{
    json_t *object = json_object();

    inspect_put_int(object, "picture_number", signed64(bytes));
    inspect_put_int(object, "drop_count", signed64(bytes + 8));
    inspect_put_int(object, "average_frame_bytes", unsigned32(bytes + 16));
    return object;
}

json_t *inspect_value(enum inspect_type type, const void *value, size_t size)
{
    const uint8_t *bytes = value;
    json_t *format;

    if (size < inspect_type_bytes(type))
        return hex(bytes, size);
    switch (type) {
    case INSPECT_SIGNED:
    case INSPECT_DECIBELS: return json_integer(signed32(bytes));
    case INSPECT_UNSIGNED: return json_integer(unsigned32(bytes));
    case INSPECT_BOOLEAN: return json_boolean(unsigned32(bytes) != 0);
    case INSPECT_SIGNED64: return json_integer(signed64(bytes));
    case INSPECT_UNSIGNED64: return json_integer(unsigned64(bytes));
    case INSPECT_UNSIGNED_PAIR: return pair(unsigned32(bytes), unsigned32(bytes + 4));
    case INSPECT_SIGNED64_PAIR: return pair(signed64(bytes), signed64(bytes + 8));
    case INSPECT_IDENTIFIER: return identifier(bytes);
    case INSPECT_STRING: return inspect_wide(bytes, size);
    case INSPECT_STATE: return state_name(bytes);
    case INSPECT_CONTROL: return control(bytes);
    case INSPECT_DROPPED: return dropped(bytes);
    case INSPECT_FORMAT:
        format = inspect_format(bytes, size);
        return format != NULL ? format : hex(bytes, size);
    case INSPECT_BYTES: break;
    }
    return hex(bytes, size);
}

/* ---- Descriptions ---------------------------------------------------------------------------- */

/* VARENUM; KSPROPTYPESETID_General. */
static enum inspect_type type_of_variant(ULONG id)
{
    enum { VT_I4 = 3, VT_BOOL = 11, VT_UI4 = 19, VT_I8 = 20, VT_UI8 = 21, VT_INT = 22, VT_UINT = 23,
           VT_LPWSTR = 31, VT_CLSID = 72 };

    switch (id) {
    case VT_I4:
    case VT_INT: return INSPECT_SIGNED;
    case VT_UI4:
    case VT_UINT: return INSPECT_UNSIGNED;
    case VT_BOOL: return INSPECT_BOOLEAN;
    case VT_I8: return INSPECT_SIGNED64;
    case VT_UI8: return INSPECT_UNSIGNED64;
    case VT_LPWSTR: return INSPECT_STRING;
    case VT_CLSID: return INSPECT_IDENTIFIER;
    default: return INSPECT_BYTES;
    }
}

/* What the members of a list are: numbers, 32-bit ones where nothing else is said. */
static enum inspect_type member_type(enum inspect_type type)
{
    switch (type) {
    case INSPECT_UNSIGNED:
    case INSPECT_BOOLEAN: return INSPECT_UNSIGNED;
    case INSPECT_SIGNED64:
    case INSPECT_UNSIGNED64: return type;
    default: return INSPECT_SIGNED;
    }
}

/* {minimum, maximum}, or the step, padding to the size of a number, minimum and maximum. */
static json_t *range(enum inspect_type type, const uint8_t *at, size_t element_bytes)
{
    size_t number = inspect_type_bytes(type);
    bool stepped = element_bytes >= (number == 4 ? sizeof(KSPROPERTY_STEPPING_LONG)
                                                 : sizeof(KSPROPERTY_STEPPING_LONGLONG));
    const uint8_t *bounds = stepped ? at + 8 : at;
    json_t *object = json_object();

    json_object_set_new(object, "min", inspect_value(type, bounds, number));
    json_object_set_new(object, "max", inspect_value(type, bounds + number, number));
    inspect_put_int(object, "step", !stepped ? 0 : number == 4 ? unsigned32(at) : unsigned64(at));
    return object;
}

struct members {
    enum inspect_type type;
    json_t *ranges, *values, *usual;
};

static void take_list(struct members *members, const KSPROPERTY_MEMBERSHEADER *head,
                      const uint8_t *at, size_t element_bytes, size_t count)
{
    size_t number = inspect_type_bytes(members->type);
    bool values = head->MembersFlags == KSPROPERTY_MEMBER_VALUES;

    if (element_bytes < (values ? number : 2 * number))
        return;
    for (size_t i = 0; i < count && i < MEMBERS_MAX; i++, at += element_bytes) {
        if (!values) {
            json_array_append_new(members->ranges, range(members->type, at, element_bytes));
        } else if ((head->Flags & KSPROPERTY_MEMBER_FLAG_DEFAULT) != 0) {
            json_decref(members->usual);
            members->usual = inspect_value(members->type, at, number);
        } else {
            json_array_append_new(members->values, inspect_value(members->type, at, number));
        }
    }
}

/* Lists up to the first that cannot be one. */
static void take_lists(struct members *members, ULONG count, const uint8_t *at, size_t left)
{
    for (ULONG i = 0; i < count && left >= sizeof(KSPROPERTY_MEMBERSHEADER); i++) {
        KSPROPERTY_MEMBERSHEADER head;
        size_t element, bytes;

        memcpy(&head, at, sizeof head);
        at += sizeof head;
        left -= sizeof head;
        element = head.MembersSize;
        bytes = (size_t)head.MembersSize * head.MembersCount;
        if (bytes > left || bytes == 0) {
            bytes = head.MembersSize;
            element = inspect_type_bytes(members->type);
            if (head.MembersFlags != KSPROPERTY_MEMBER_VALUES && head.MembersCount != 0)
                element = bytes / head.MembersCount;
        }
        if (bytes > left || element == 0 || element > bytes)
            return;
        take_list(members, &head, at, element, bytes / element);
        at += bytes;
        left -= bytes;
    }
}

enum inspect_type inspect_description(json_t *property, enum inspect_type type, const void *bytes,
                                      size_t size)
{
    struct members members = {.ranges = json_array(), .values = json_array(),
                              .usual = json_null()};
    KSPROPERTY_DESCRIPTION head = {0};

    if (size >= sizeof head)
        memcpy(&head, bytes, sizeof head);
    if (type == INSPECT_BYTES &&
        memcmp(&head.PropTypeSet.Set, &KSPROPTYPESETID_General, sizeof(GUID)) == 0)
        type = type_of_variant(head.PropTypeSet.Id);
    members.type = member_type(type);
    if (size >= sizeof head)
        take_lists(&members, head.MembersListCount, (const uint8_t *)bytes + sizeof head,
                   size - sizeof head);
    inspect_put_text(property, "type", inspect_type_name(type));
    json_object_set_new(property, "ranges", members.ranges);
    json_object_set_new(property, "values", members.values);
    json_object_set_new(property, "default", members.usual);
    return type;
}
