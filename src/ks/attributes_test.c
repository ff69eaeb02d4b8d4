/* SPDX-License-Identifier: MIT */
/* Attributes behind data ranges and formats: which are required, and what SetDataFormat is told. */
#include "ks/ks_world.h"

static const GUID wanted = {0x9191, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID unwanted = {0xa1a1, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

static KSATTRIBUTE range_attribute;
static PKSATTRIBUTE attributes_of_range[] = {&range_attribute};
static KSATTRIBUTE_LIST range_list = {1, attributes_of_range};
static KSDATARANGE range_with;
static PKSDATARANGE ranges[2];

static struct {
    unsigned calls;
    const KSMULTIPLE_ITEM *old;
    const KSATTRIBUTE_LIST *range;
    GUID given; /* the pin's first attribute, or GUID_NULL */
} told;

static NTSTATUS NTAPI notes_format(PKSPIN pin, PKSDATAFORMAT old, PKSMULTIPLE_ITEM old_attributes,
                                   const KSDATARANGE *range, const KSATTRIBUTE_LIST *attributes)
{
    (void)old;
    assert_ptr_equal(range, &range_with);
    told.calls++;
    told.old = old_attributes;
    told.range = attributes;
    told.given = pin->AttributeList != NULL
                     ? ((const KSATTRIBUTE *)(const void *)(pin->AttributeList + 1))->Attribute
                     : GUID_NULL;
    return STATUS_SUCCESS;
}

static const KSPIN_DISPATCH dispatch = {
    .Create = world_pin_create, .Close = world_pin_close, .SetDataFormat = notes_format};
static KSPIN_DESCRIPTOR_EX pin_type;

static const struct world_config *attributes_config(ULONG attribute_flags)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pins = &pin_type, .pin_count = 1};

    range_attribute = (KSATTRIBUTE){sizeof range_attribute, attribute_flags, wanted};
    ranges[0] = &range_with;
    ranges[1] = (PKSDATARANGE)(void *)&range_list;
    pin_type = (KSPIN_DESCRIPTOR_EX){
        .Dispatch = &dispatch,
        .PinDescriptor = {.DataRangesCount = 2,
                          .DataRanges = ranges,
                          .DataFlow = KSPIN_DATAFLOW_OUT,
                          .Communication = KSPIN_COMMUNICATION_SINK},
        .InstancesPossible = 1};
    memset(&told, 0, sizeof told);
    return &config;
}

/* A format with one attribute behind it, or none. */
struct attributed {
    KSDATAFORMAT format;
    KSMULTIPLE_ITEM head;
    KSATTRIBUTE attribute;
};

static ULONG make_format(struct attributed *made, const GUID *attribute)
{
    memset(made, 0, sizeof *made);
    made->format = world_range;
    if (attribute == NULL)
        return sizeof made->format;
    made->format.Flags = KSDATAFORMAT_ATTRIBUTES;
    made->head = (KSMULTIPLE_ITEM){sizeof made->head + sizeof made->attribute, 1};
    made->attribute = (KSATTRIBUTE){sizeof made->attribute, 0, *attribute};
    return sizeof *made;
}

static NTSTATUS open_with(const GUID *attribute, PFILE_OBJECT *out)
{
    static const WCHAR class[] = KSSTRING_Pin u"\\";
    struct world_connection connection = world_default_connection();
    struct attributed format;
    ULONG bytes = make_format(&format, attribute);
    union {
        WCHAR text[256];
        UCHAR bytes[512];
    } buffer;
    UNICODE_STRING name = {.Buffer = buffer.text};

    memcpy(buffer.bytes, class, sizeof class - sizeof(WCHAR));
    name.Length = sizeof class - sizeof(WCHAR);
    memcpy(buffer.bytes + name.Length, &connection.connect, sizeof connection.connect);
    name.Length += sizeof connection.connect;
    memcpy(buffer.bytes + name.Length, &format, bytes);
    name.Length += (USHORT)bytes;
    name.MaximumLength = name.Length;
    return io_file_open(world->io, world->filter_file, &name, FILE_READ_DATA, out);
}

static void begin_ranges(void)
{
    range_with = world_range;
    range_with.Flags = KSDATARANGE_ATTRIBUTES;
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void required(void)
{
    PFILE_OBJECT file;

    begin_ranges();
    assert_int_equal(open_with(NULL, &file), STATUS_NO_MATCH);
    assert_int_equal(open_with(&unwanted, &file), STATUS_NO_MATCH);
    assert_int_equal(told.calls, 0);
    assert_int_equal(open_with(&wanted, &file), STATUS_SUCCESS);
    assert_int_equal(told.calls, 1);
    assert_ptr_equal(told.range, &range_list);
    assert_true(IsEqualGUID(&told.given, &wanted));
    io_file_close(file);
    world_end();
}

static void a_required_attribute_must_be_among_those_of_the_format(void **state)
{
    (void)state;
    world_live(attributes_config(KSATTRIBUTE_REQUIRED), required);
}

static void optional(void)
{
    PFILE_OBJECT file;

    begin_ranges();
    assert_int_equal(open_with(NULL, &file), STATUS_SUCCESS);
    assert_ptr_equal(told.range, &range_list);
    assert_true(IsEqualGUID(&told.given, &GUID_NULL));
    io_file_close(file);
    world_end();
}

static void another_attribute_may_be_missing(void **state)
{
    (void)state;
    world_live(attributes_config(0), optional);
}

/* ---- Changing -------------------------------------------------------------------------------- */

static void changes(void)
{
    KSPROPERTY request = {
        {{KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET}}};
    struct attributed format;
    const KSMULTIPLE_ITEM *first;
    PFILE_OBJECT file;
    ULONG bytes;

    begin_ranges();
    assert_int_equal(open_with(&wanted, &file), STATUS_SUCCESS);
    assert_null(told.old);
    first = world->pin->AttributeList;
    bytes = make_format(&format, &unwanted);
    assert_int_equal(world_property(file, &request, sizeof request, &format, bytes, NULL),
                     STATUS_SUCCESS);
    assert_ptr_equal(told.old, first);
    assert_true(IsEqualGUID(&told.given, &unwanted));
    bytes = make_format(&format, NULL);
    assert_int_equal(world_property(file, &request, sizeof request, &format, bytes, NULL),
                     STATUS_SUCCESS);
    assert_null(world->pin->AttributeList);
    format.format.Flags = KSDATAFORMAT_ATTRIBUTES; /* and nothing behind it */
    assert_int_equal(world_property(file, &request, sizeof request, &format, bytes, NULL),
                     STATUS_INVALID_BUFFER_SIZE);
    io_file_close(file);
    world_end();
}

static void a_new_format_brings_its_attributes_and_the_driver_sees_the_old_ones(void **state)
{
    (void)state;
    world_live(attributes_config(0), changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_required_attribute_must_be_among_those_of_the_format),
        cmocka_unit_test(another_attribute_may_be_missing),
        cmocka_unit_test(a_new_format_brings_its_attributes_and_the_driver_sees_the_old_ones),
    };

    return cmocka_run_group_tests_name("attributes", tests, NULL, NULL);
}
