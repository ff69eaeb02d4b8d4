/* SPDX-License-Identifier: MIT */
/* Pins and topology of drivers that keep descriptors of their own and answer with KS's handlers. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static const GUID major = {0x73646976, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};
static const GUID other = {0x32595559, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};

static KSDATARANGE range = {{.FormatSize = sizeof(KSDATARANGE)}};
static const PKSDATARANGE ranges[] = {&range};
static const KSPIN_DESCRIPTOR descriptors[] = {
    {.DataRangesCount = 1,
     .DataRanges = ranges,
     .DataFlow = KSPIN_DATAFLOW_OUT,
     .Communication = KSPIN_COMMUNICATION_SINK,
     .Category = &major,
     .Name = &other},
    {.DataFlow = KSPIN_DATAFLOW_IN, .Communication = KSPIN_COMMUNICATION_NONE},
};

static const GUID types[] = {{1, 2, 3, {4}}, {5, 6, 7, {8}}};
static const GUID names[] = {{9, 2, 3, {4}}, {10, 6, 7, {8}}};
static const KSTOPOLOGY_CONNECTION connections[] = {{KSFILTER_NODE, 0, 0, 1}, {0, 0, 1, 1}};
static KSTOPOLOGY topology = {
    .CategoriesCount = 1,
    .Categories = &major,
    .TopologyNodesCount = 2,
    .TopologyNodes = types,
    .TopologyConnectionsCount = 2,
    .TopologyConnections = connections,
    .TopologyNodesNames = names,
};

static unsigned asked;

static NTSTATUS NTAPI intersect(PIRP irp, PKSP_PIN pin, PKSDATARANGE wanted, PVOID data)
{
    ULONG room = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;

    assert_int_equal(pin->PinId, 0);
    asked++;
    if (wanted->SampleSize == 1)
        return STATUS_NO_MATCH; /* one that matches by its GUIDs, but not otherwise */
    irp->IoStatus.Information = sizeof(KSDATAFORMAT);
    if (room == 0)
        return STATUS_BUFFER_OVERFLOW;
    if (room < sizeof(KSDATAFORMAT))
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(data, wanted, sizeof(KSDATAFORMAT));
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI pin_handler(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    if (request->Id == KSPROPERTY_PIN_DATAINTERSECTION)
        return KsPinDataIntersection(irp, (PKSP_PIN)(PVOID)request, data, ARRAY_LEN(descriptors),
                                     descriptors, intersect);
    return KsPinPropertyHandler(irp, (PKSPROPERTY)(PVOID)request, data, ARRAY_LEN(descriptors),
                                descriptors);
}

static NTSTATUS NTAPI topology_handler(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    return KsTopologyPropertyHandler(irp, (PKSPROPERTY)(PVOID)request, data, &topology);
}

#define ITEM(id, handler) {.PropertyId = (id), .GetPropertyHandler = (handler)}

static const KSPROPERTY_ITEM pin_items[] = {
    ITEM(KSPROPERTY_PIN_CTYPES, pin_handler),
    ITEM(KSPROPERTY_PIN_DATAFLOW, pin_handler),
    ITEM(KSPROPERTY_PIN_DATARANGES, pin_handler),
    ITEM(KSPROPERTY_PIN_DATAINTERSECTION, pin_handler),
    ITEM(KSPROPERTY_PIN_INTERFACES, pin_handler),
    ITEM(KSPROPERTY_PIN_MEDIUMS, pin_handler),
    ITEM(KSPROPERTY_PIN_COMMUNICATION, pin_handler),
    ITEM(KSPROPERTY_PIN_CATEGORY, pin_handler),
    ITEM(KSPROPERTY_PIN_NAME, pin_handler),
    ITEM(KSPROPERTY_PIN_CINSTANCES, pin_handler),
};
static const KSPROPERTY_ITEM topology_items[] = {
    ITEM(KSPROPERTY_TOPOLOGY_CATEGORIES, topology_handler),
    ITEM(KSPROPERTY_TOPOLOGY_NODES, topology_handler),
    ITEM(KSPROPERTY_TOPOLOGY_CONNECTIONS, topology_handler),
    ITEM(KSPROPERTY_TOPOLOGY_NAME, topology_handler),
    ITEM(99, topology_handler),
};
static const KSPROPERTY_SET sets[] = {
    {&KSPROPSETID_Pin, ARRAY_LEN(pin_items), pin_items, 0, NULL},
    {&KSPROPSETID_Topology, ARRAY_LEN(topology_items), topology_items, 0, NULL},
};

static NTSTATUS answer(PIRP irp)
{
    return KsPropertyHandler(irp, ARRAY_LEN(sets), sets);
}

static PFILE_OBJECT file;

static void begin(void)
{
    range.MajorFormat = major;
    range.SubFormat = GUID_NULL;
    range.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    legacy.control = answer;
    legacy_begin();
    file = legacy_open();
}

static void end(void)
{
    io_file_close(file);
    legacy_end();
}

/* ---- Pins ------------------------------------------------------------------------------------ */

static NTSTATUS ask_pin(ULONG id, ULONG pin, void *data, ULONG bytes)
{
    KSP_PIN request = {{{{KSPROPSETID_Pin, id, KSPROPERTY_TYPE_GET}}}, pin, {0}};

    return legacy_request(file, IOCTL_KS_PROPERTY, &request, sizeof request, data, bytes, NULL);
}

static void pin_body(void)
{
    KSPROPERTY bare = {{{KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW, KSPROPERTY_TYPE_GET}}};
    struct {
        KSMULTIPLE_ITEM head;
        KSDATARANGE range;
    } list;
    WCHAR text[64];
    ULONG value;
    GUID guid;

    begin();
    assert_int_equal(ask_pin(KSPROPERTY_PIN_CTYPES, 0, &value, sizeof value), STATUS_SUCCESS);
    assert_int_equal(value, 2);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_DATAFLOW, 1, &value, sizeof value), STATUS_SUCCESS);
    assert_int_equal(value, KSPIN_DATAFLOW_IN);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_COMMUNICATION, 0, &value, sizeof value),
                     STATUS_SUCCESS);
    assert_int_equal(value, KSPIN_COMMUNICATION_SINK);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_DATARANGES, 0, &list, sizeof list), STATUS_SUCCESS);
    assert_int_equal(list.head.Count, 1);
    assert_memory_equal(&list.range.MajorFormat, &major, sizeof major);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_INTERFACES, 0, &value, sizeof value), STATUS_SUCCESS);
    assert_int_equal(value, sizeof(KSMULTIPLE_ITEM) + sizeof(KSPIN_INTERFACE)); /* the default */
    assert_int_equal(ask_pin(KSPROPERTY_PIN_MEDIUMS, 0, &value, sizeof value), STATUS_SUCCESS);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_CATEGORY, 0, &guid, sizeof guid), STATUS_SUCCESS);
    assert_memory_equal(&guid, &major, sizeof guid);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_NAME, 0, text, sizeof text), STATUS_SUCCESS);
    assert_int_equal(text[1], u'3'); /* of the name's GUID */
    assert_int_equal(ask_pin(KSPROPERTY_PIN_DATAFLOW, 2, &value, sizeof value),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_DATAFLOW, 0, &value, 2), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_CATEGORY, 1, &guid, sizeof guid), STATUS_NOT_FOUND);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_NAME, 1, text, sizeof text), STATUS_NOT_FOUND);
    assert_int_equal(ask_pin(KSPROPERTY_PIN_CINSTANCES, 0, &guid, sizeof guid),
                     STATUS_NOT_FOUND); /* nothing a descriptor says */
    assert_int_equal(legacy_request(file, IOCTL_KS_PROPERTY, &bare, sizeof bare, &value,
                                    sizeof value, NULL), STATUS_INVALID_BUFFER_SIZE);
    end();
}

static void pins_are_answered_from_their_descriptors(void **state)
{
    (void)state;
    world_live(&plain, pin_body);
}

struct question {
    KSP_PIN pin;
    KSMULTIPLE_ITEM head;
    KSDATARANGE range[2];
};

static NTSTATUS intersection(const struct question *question, ULONG request_bytes, void *data,
                             ULONG bytes, ULONG_PTR *information)
{
    return legacy_request(file, IOCTL_KS_PROPERTY, question, request_bytes, data, bytes,
                          information);
}

static void intersection_body(void)
{
    struct question question = {
        .pin = {{{{KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, KSPROPERTY_TYPE_GET}}},
                0,
                {0}}};
    KSDATAFORMAT format;
    ULONG_PTR bytes;

    begin();
    asked = 0;
    question.head = (KSMULTIPLE_ITEM){
        .Size = sizeof question.head + sizeof question.range, .Count = 2};
    question.range[0] = question.range[1] = range;
    question.range[0].SampleSize = 1;
    question.range[1].SubFormat = other;
    assert_int_equal(intersection(&question, sizeof question, &format, sizeof format, &bytes),
                     STATUS_SUCCESS);
    assert_int_equal(asked, 2);
    assert_memory_equal(&format.SubFormat, &other, sizeof other);
    assert_int_equal(intersection(&question, sizeof question, NULL, 0, &bytes),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(bytes, sizeof format);
    assert_int_equal(intersection(&question, sizeof question, &format, 8, NULL),
                     STATUS_BUFFER_TOO_SMALL);
    question.range[1].MajorFormat = other; /* no range of the pin's: it is not asked about */
    asked = 0;
    assert_int_equal(intersection(&question, sizeof question, &format, sizeof format, NULL),
                     STATUS_NO_MATCH);
    assert_int_equal(asked, 1);
    question.range[0].FormatSize = 8;
    assert_int_equal(intersection(&question, sizeof question, &format, sizeof format, NULL),
                     STATUS_INVALID_PARAMETER);
    question.head.Size++;
    assert_int_equal(intersection(&question, sizeof question, &format, sizeof format, NULL),
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(intersection(&question, sizeof question.pin, &format, sizeof format, NULL),
                     STATUS_INVALID_BUFFER_SIZE);
    question.head.Size--;
    question.pin.PinId = 2;
    assert_int_equal(intersection(&question, sizeof question, &format, sizeof format, NULL),
                     STATUS_INVALID_PARAMETER);
    end();
}

static void a_handler_is_asked_about_each_range_that_fits(void **state)
{
    (void)state;
    world_live(&plain, intersection_body);
}

/* ---- Topology -------------------------------------------------------------------------------- */

static NTSTATUS ask_topology(ULONG id, ULONG node, ULONG request_bytes, void *data, ULONG bytes)
{
    KSP_NODE request = {{{{KSPROPSETID_Topology, id, KSPROPERTY_TYPE_GET}}}, node, 0};

    return legacy_request(file, IOCTL_KS_PROPERTY, &request, request_bytes, data, bytes, NULL);
}

static void topology_body(void)
{
    struct {
        KSMULTIPLE_ITEM head;
        GUID type[2];
    } nodes;
    struct {
        KSMULTIPLE_ITEM head;
        KSTOPOLOGY_CONNECTION connection[2];
    } lines;
    WCHAR text[64];

    begin();
    assert_int_equal(ask_topology(KSPROPERTY_TOPOLOGY_CATEGORIES, 0, 24, &nodes, 24),
                     STATUS_SUCCESS);
    assert_int_equal(nodes.head.Count, 1);
    assert_int_equal(ask_topology(KSPROPERTY_TOPOLOGY_NODES, 0, 24, &nodes, sizeof nodes),
                     STATUS_SUCCESS);
    assert_memory_equal(&nodes.type[1], &types[1], sizeof types[1]);
    assert_int_equal(ask_topology(KSPROPERTY_TOPOLOGY_NODES, 0, 24, &nodes, sizeof nodes - 1),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ask_topology(KSPROPERTY_TOPOLOGY_CONNECTIONS, 0, 24, &lines, sizeof lines),
                     STATUS_SUCCESS);
    assert_memory_equal(&lines.connection[1], &connections[1], sizeof connections[1]);
    assert_int_equal(ask_topology(KSPROPERTY_TOPOLOGY_NAME, 1, 32, text, sizeof text),
                     STATUS_SUCCESS);
    assert_int_equal(text[8], u'A'); /* 0000000A of the node's name */
    topology.TopologyNodesNames = NULL;
    assert_int_equal(ask_topology(KSPROPERTY_TOPOLOGY_NAME, 1, 32, text, sizeof text),
                     STATUS_SUCCESS);
    assert_int_equal(text[8], u'5'); /* of its type */
    topology.TopologyNodesNames = names;
    assert_int_equal(ask_topology(KSPROPERTY_TOPOLOGY_NAME, 2, 32, text, sizeof text),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ask_topology(KSPROPERTY_TOPOLOGY_NAME, 0, 24, text, sizeof text),
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(ask_topology(99, 0, 24, text, sizeof text), STATUS_NOT_FOUND);
    end();
}

static void topology_is_answered_from_its_structure(void **state)
{
    (void)state;
    world_live(&plain, topology_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_are_answered_from_their_descriptors),
        cmocka_unit_test(a_handler_is_asked_about_each_range_that_fits),
        cmocka_unit_test(topology_is_answered_from_its_structure),
    };

    return cmocka_run_group_tests_name("static_properties", tests, NULL, NULL);
}
