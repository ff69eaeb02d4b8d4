/* SPDX-License-Identifier: MIT */
/* Objects below a filter or a pin, from the side that asks for them and from the side that checks
 * what was asked: pins, clocks, nodes. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static const GUID major = {0x73646976, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};
static const GUID sub = {0x32595559, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};

static KSDATARANGE range = {{.FormatSize = sizeof(KSDATARANGE)}};
static const PKSDATARANGE ranges[] = {&range};
static const KSPIN_DESCRIPTOR descriptors[] = {
    {.DataRangesCount = 1, .DataRanges = ranges, .DataFlow = KSPIN_DATAFLOW_OUT,
     .Communication = KSPIN_COMMUNICATION_SINK},
    {.DataRangesCount = 1, .DataRanges = ranges, .DataFlow = KSPIN_DATAFLOW_OUT,
     .Communication = KSPIN_COMMUNICATION_SOURCE},
};
static GUID node_types[2];
static KSTOPOLOGY topology = {.TopologyNodesCount = 2, .TopologyNodes = node_types};

struct connection {
    KSPIN_CONNECT connect;
    KSDATAFORMAT format;
    KSMULTIPLE_ITEM attributes;
};

static struct connection seen;
static KSNODE_CREATE seen_node;
static ACCESS_MASK seen_access;

static NTSTATUS check_pin(PIRP irp)
{
    PKSPIN_CONNECT connect = NULL;
    PKSPIN_CONNECT again = NULL;
    NTSTATUS status =
        KsValidateConnectRequest(irp, ARRAY_LEN(descriptors), descriptors, &connect);

    if (!NT_SUCCESS(status)) {
        assert_null(connect);
        return status;
    }
    assert_int_equal((ULONG_PTR)connect % 8, 0);
    memcpy(&seen, connect, sizeof *connect + ((PKSDATAFORMAT)(PVOID)(connect + 1))->FormatSize);
    assert_int_equal(KsValidateConnectRequest(irp, ARRAY_LEN(descriptors), descriptors, &again),
                     STATUS_SUCCESS);
    assert_ptr_equal(again, connect);
    return status;
}

static NTSTATUS check_clock(PIRP irp)
{
    PKSCLOCK_CREATE create;

    return KsValidateClockCreateRequest(irp, &create);
}

static NTSTATUS check_node(PIRP irp)
{
    PKSNODE_CREATE create;
    NTSTATUS status = KsValidateTopologyNodeCreateRequest(irp, &topology, &create);

    if (NT_SUCCESS(status))
        seen_node = *create;
    return status;
}

static NTSTATUS create_checked(PDEVICE_OBJECT device, PIRP irp, NTSTATUS (*check)(PIRP irp))
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = check(irp);

    seen_access = stack->Parameters.Create.SecurityContext->DesiredAccess;
    return NT_SUCCESS(status) ? legacy_create(device, irp) : legacy_finish(irp, status);
}

static NTSTATUS NTAPI create_pin(PDEVICE_OBJECT device, PIRP irp)
{
    return create_checked(device, irp, check_pin);
}

static NTSTATUS NTAPI create_clock(PDEVICE_OBJECT device, PIRP irp)
{
    return create_checked(device, irp, check_clock);
}

static NTSTATUS NTAPI create_node(PDEVICE_OBJECT device, PIRP irp)
{
    return create_checked(device, irp, check_node);
}

static PFILE_OBJECT file;
static HANDLE parent;

static void begin(void)
{
    range.MajorFormat = major;
    range.SubFormat = sub;
    range.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    legacy.child_count = 3;
    legacy.children[0] = legacy_item((PWSTR)(ULONG_PTR)KSSTRING_Pin, 0);
    legacy.children[0].Create = create_pin;
    legacy.children[1] = legacy_item((PWSTR)(ULONG_PTR)KSSTRING_Clock, 0);
    legacy.children[1].Create = create_clock;
    legacy.children[2] = legacy_item((PWSTR)(ULONG_PTR)KSSTRING_TopologyNode, 0);
    legacy.children[2].Create = create_node;
    legacy_begin();
    file = legacy_open();
    assert_int_equal(io_file_handle(file, &parent), STATUS_SUCCESS);
}

static void end(void)
{
    assert_int_equal(ZwClose(parent), STATUS_SUCCESS);
    io_file_close(file);
    legacy_end();
}

/* ---- Pins ------------------------------------------------------------------------------------ */

static struct connection a_connection(void)
{
    struct connection connection = {
        .connect = {.Interface = {{{KSINTERFACESETID_Standard, KSINTERFACE_STANDARD_STREAMING, 0}}},
                    .Medium = {{{KSMEDIUMSETID_Standard, KSMEDIUM_TYPE_ANYINSTANCE, 0}}},
                    .Priority = {KSPRIORITY_NORMAL, 1}},
        .format = range};

    return connection;
}

static NTSTATUS try_pin(const struct connection *connection)
{
    HANDLE handle = NULL;
    NTSTATUS status =
        KsCreatePin(parent, (PKSPIN_CONNECT)(ULONG_PTR)&connection->connect, GENERIC_READ, &handle);

    if (NT_SUCCESS(status))
        assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    else
        assert_null(handle);
    return status;
}

static void pin_body(void)
{
    struct connection connection;

    begin();
    connection = a_connection();
    connection.connect.Priority.PrioritySubClass = 77;
    assert_int_equal(try_pin(&connection), STATUS_SUCCESS);
    assert_int_equal(seen.connect.Priority.PrioritySubClass, 77);
    assert_memory_equal(&seen.format.MajorFormat, &major, sizeof major);
    assert_int_equal(seen_access, GENERIC_READ);
    connection = a_connection();
    connection.connect.PinId = 2;
    assert_int_equal(try_pin(&connection), STATUS_INVALID_PARAMETER);
    connection.connect.PinId = 1; /* which connects to others only */
    assert_int_equal(try_pin(&connection), STATUS_INVALID_PARAMETER);
    connection = a_connection();
    connection.connect.Interface.Id = KSINTERFACE_STANDARD_CONTROL;
    assert_int_equal(try_pin(&connection), STATUS_NO_MATCH);
    connection = a_connection();
    connection.connect.Medium.Id = 99;
    connection.connect.Medium.Set = major;
    assert_int_equal(try_pin(&connection), STATUS_NO_MATCH);
    connection = a_connection();
    connection.format.SubFormat = major;
    assert_int_equal(try_pin(&connection), STATUS_NO_MATCH);
    range.SubFormat = GUID_NULL; /* now any will do */
    assert_int_equal(try_pin(&connection), STATUS_SUCCESS);
    connection.format.FormatSize = sizeof(KSDATAFORMAT) - 1;
    assert_int_equal(try_pin(&connection), STATUS_INVALID_PARAMETER);
    connection = a_connection();
    connection.format.Flags = KSDATAFORMAT_ATTRIBUTES;
    connection.attributes = (KSMULTIPLE_ITEM){.Size = sizeof(KSMULTIPLE_ITEM)};
    assert_int_equal(try_pin(&connection), STATUS_SUCCESS);
    connection.attributes.Size = 4; /* no list */
    assert_int_equal(try_pin(&connection), STATUS_INVALID_BUFFER_SIZE);
    end();
}

static void a_pin_is_opened_as_its_descriptor_allows(void **state)
{
    (void)state;
    world_live(&plain, pin_body);
}

static NTSTATUS open_raw(PCWSTR text, USHORT bytes)
{
    UNICODE_STRING name = {bytes, bytes, (PWCH)(ULONG_PTR)text};
    PFILE_OBJECT child;
    NTSTATUS status = legacy_try_open(file, &name, &child);

    if (NT_SUCCESS(status))
        io_file_close(child);
    return status;
}

static void short_body(void)
{
    static const WCHAR pin[] = KSSTRING_Pin u"\\\x1\x0\x0";
    static const WCHAR clock[] = KSSTRING_Clock;
    static const WCHAR node[] = KSSTRING_TopologyNode u"\\\x0\x0";

    begin();
    assert_int_equal(open_raw(pin, sizeof pin), STATUS_INVALID_PARAMETER);
    assert_int_equal(open_raw(clock, sizeof clock - 2), STATUS_INVALID_PARAMETER); /* no more */
    assert_int_equal(open_raw(node, sizeof node - 2), STATUS_INVALID_PARAMETER);
    end();
}

static void a_name_without_its_structure_is_refused(void **state)
{
    (void)state;
    world_live(&plain, short_body);
}

/* ---- Clocks and nodes ------------------------------------------------------------------------ */

static void others_body(void)
{
    KSCLOCK_CREATE clock = {0};
    KSNODE_CREATE node = {.Node = 1};
    HANDLE handle;

    begin();
    assert_int_equal(KsCreateClock(parent, &clock, &handle), STATUS_SUCCESS);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    clock.CreateFlags = 1;
    assert_int_equal(KsCreateClock(parent, &clock, &handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(KsCreateTopologyNode(parent, &node, GENERIC_WRITE, &handle), STATUS_SUCCESS);
    assert_int_equal(seen_node.Node, 1);
    assert_int_equal(seen_access, GENERIC_WRITE);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    node.Node = 2;
    assert_int_equal(KsCreateTopologyNode(parent, &node, GENERIC_READ, &handle),
                     STATUS_INVALID_PARAMETER);
    node = (KSNODE_CREATE){.CreateFlags = 1};
    assert_int_equal(KsCreateTopologyNode(parent, &node, GENERIC_READ, &handle),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(KsCreateTopologyNode((HANDLE)(ULONG_PTR)0x7770, &node, GENERIC_READ, &handle),
                     STATUS_INVALID_HANDLE);
    end();
}

static void clocks_and_nodes_are_opened_without_flags(void **state)
{
    (void)state;
    world_live(&plain, others_body);
}

/* The same calls on AVStream's own objects. */
static void avstream_body(void)
{
    static const struct world_connection zero;
    struct world_connection connection = zero;
    KSCLOCK_CREATE clock = {0};
    KSALLOCATOR_FRAMING framing = {
        .OptionsFlags = KSALLOCATOR_OPTIONF_SYSTEM_MEMORY, .Frames = 1, .FrameSize = 16};
    HANDLE filter, pin, child;

    world_begin();
    world_close_pin();
    connection = world_default_connection();
    assert_int_equal(io_file_handle(world->filter_file, &filter), STATUS_SUCCESS);
    assert_int_equal(KsCreatePin(filter, &connection.connect, GENERIC_READ, &pin), STATUS_SUCCESS);
    assert_int_equal(KsCreatePin(filter, &connection.connect, GENERIC_READ, &child),
                     STATUS_INVALID_DEVICE_REQUEST); /* there is one instance */
    assert_int_equal(KsCreateClock(pin, &clock, &child), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(KsCreateAllocator(pin, &framing, &child), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwClose(pin), STATUS_SUCCESS);
    assert_int_equal(ZwClose(filter), STATUS_SUCCESS);
    world_end();
}

static void a_kernel_client_opens_what_avstream_has(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .no_adapter = true};

    (void)state;
    world_live(&config, avstream_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_is_opened_as_its_descriptor_allows),
        cmocka_unit_test(a_name_without_its_structure_is_refused),
        cmocka_unit_test(clocks_and_nodes_are_opened_without_flags),
        cmocka_unit_test(a_kernel_client_opens_what_avstream_has),
    };

    return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}
