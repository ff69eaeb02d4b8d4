/* SPDX-License-Identifier: MIT */
/* The bus drivers below a function driver of ours, with a real HAL and a card that does nothing. */
#include <stdio.h>

#include "io/nt_test.h"

#include "hal/hal.h"
#include "hal/testbed.h"
#include "inbox/inbox.h"
#include "pnp/pnp.h"
#include "wdk/guids.h"

struct bus_world {
    struct nt nt;
    struct hal *hal;
    struct pnp *pnp;
    struct inbox *inbox;
    struct test_card card;
    struct hal_slot *slot;
    PDEVICE_OBJECT pdo;
};

static struct bus_world bus;
static PDEVICE_OBJECT fdo, lower;
static bool line_only;
static unsigned memories, ports, lines, messages;

/* ---- A function driver that looks at what it gets -------------------------------------------- */

static void count_resources(PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *d, *r;
    ULONG i;

    d = translated->List[0].PartialResourceList.PartialDescriptors;
    r = raw->List[0].PartialResourceList.PartialDescriptors;

    memories = ports = lines = messages = 0;
    assert_int_equal(raw->List[0].PartialResourceList.Count,
                     translated->List[0].PartialResourceList.Count);
    for (i = 0; i < translated->List[0].PartialResourceList.Count; i++) {
        assert_int_equal(d[i].Type, r[i].Type);
        memories += d[i].Type == CmResourceTypeMemory;
        ports += d[i].Type == CmResourceTypePort;
        if (d[i].Type == CmResourceTypeInterrupt && (d[i].Flags & CM_RESOURCE_INTERRUPT_MESSAGE))
            messages += r[i].u.MessageInterrupt.Raw.MessageCount;
        else
            lines += d[i].Type == CmResourceTypeInterrupt;
    }
}

/* Takes the messages out of the list by turning each into nothing. */
static void drop_messages(PIO_RESOURCE_REQUIREMENTS_LIST list)
{
    PIO_RESOURCE_DESCRIPTOR d = list->List[0].Descriptors;
    ULONG i;

    for (i = 0; i < list->List[0].Count; i++) {
        if (d[i].Flags & CM_RESOURCE_INTERRUPT_MESSAGE && d[i].Type == CmResourceTypeInterrupt)
            d[i].Type = CmResourceTypeNull;
    }
}

static NTSTATUS pass(PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IofCallDriver(lower, irp);
}

static NTSTATUS NTAPI fdo_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status;

    (void)device;
    switch (location->MinorFunction) {
    case IRP_MN_START_DEVICE:
        assert_true(IoForwardIrpSynchronously(lower, irp));
        if (location->Parameters.StartDevice.AllocatedResources != NULL)
            count_resources(location->Parameters.StartDevice.AllocatedResources,
                            location->Parameters.StartDevice.AllocatedResourcesTranslated);
        return nt_complete(irp, irp->IoStatus.Status, 0);
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        if (line_only)
            drop_messages((PIO_RESOURCE_REQUIREMENTS_LIST)irp->IoStatus.Information);
        return nt_complete(irp, line_only ? STATUS_SUCCESS : irp->IoStatus.Status,
                           irp->IoStatus.Information);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass(irp);
    case IRP_MN_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = pass(irp);
        IoDetachDevice(lower);
        IoDeleteDevice(fdo);
        return status;
    default:
        return pass(irp);
    }
}

static NTSTATUS NTAPI fdo_power(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return pass(irp);
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    fdo = nt_device(driver, NULL);
    lower = IoAttachDeviceToDeviceStack(fdo, pdo);
    return STATUS_SUCCESS;
}

/* ---- Worlds ---------------------------------------------------------------------------------- */

static bool with_msix;

/* Three messages, whose table is in BAR 5. */
static void use_msix(struct hw_device *device)
{
    static const struct config_identity identity = {.vendor = 0x1234, .device = 0x5678};

    device->messages = 3;
    device->msix_bar = 6;
    device->bar[5] = (struct hw_bar){.kind = HW_BAR_MEMORY32, .size_bytes = 0x1000};
    config_init(device, &identity);
}

static void run(uint64_t seed, void (*body)(struct nt *nt))
{
    struct hal_config config = {0};
    struct ke *ke;

    memset(&bus, 0, sizeof bus);
    line_only = false;
    nt_open(&bus.nt, seed, 1);
    ke = bus.nt.world.ke;
    assert_int_equal(pnp_create(ke, &bus.pnp), 0);
    assert_int_equal(hal_create(ke, bus.nt.mm, &config, &bus.hal), 0);
    assert_int_equal(inbox_create(ke, bus.hal, bus.pnp, &bus.inbox), 0);
    test_card_init(&bus.card, bus.nt.world.sim);
    if (with_msix)
        use_msix(&bus.card.device);
    assert_int_equal(hal_attach(bus.hal, &bus.card.device, &bus.slot), 0);
    bus.nt.test = body;
    world_run(&bus.nt.world, nt_body);
    inbox_destroy(bus.inbox);
    hal_destroy(bus.hal);
    pnp_destroy(bus.pnp);
    nt_close(&bus.nt);
    assert_int_equal(bus.nt.world.bug_check, 0);
    assert_int_equal(bus.nt.world.events[TRACE_finding], 0);
    assert_int_equal(bus.nt.world.stopped, KE_STOP_DONE);
}

static void add_to(struct nt *nt, PDEVICE_OBJECT pdo)
{
    nt->driver = nt_driver(nt, "card");
    nt->driver->DriverExtension->AddDevice = add_device;
    nt_dispatch(nt->driver, IRP_MJ_PNP, fdo_pnp);
    nt_dispatch(nt->driver, IRP_MJ_POWER, fdo_power);
    bus.pdo = pdo;
    assert_int_equal(pnp_add_device(bus.pnp, nt->driver, pdo), STATUS_SUCCESS);
}

static void add_card(struct nt *nt)
{
    PDEVICE_OBJECT pdo;

    assert_int_equal(inbox_pci_pdo(bus.inbox, bus.slot, &pdo), STATUS_SUCCESS);
    add_to(nt, pdo);
}

/* ---- The tests ------------------------------------------------------------------------------- */

static void a_pci_device_says_who_and_where_it_is(struct nt *nt)
{
    struct io_node *node;
    ULONG address, needed;

    add_card(nt);
    node = io_node_of(bus.pdo);
    assert_non_null(strstr(node->instance_path, "PCI\\VEN_1234&DEV_5678&SUBSYS_"));
    assert_int_equal(node->legacy_bus, PCIBus);
    assert_true(IsEqualGUID(&node->bus_type, &GUID_BUS_TYPE_PCI));
    assert_int_equal(node->capabilities.DeviceState[PowerSystemSleeping3], PowerDeviceD3);
    assert_string_not_equal(node->description, "");
    assert_int_equal(IoGetDeviceProperty(bus.pdo, DevicePropertyAddress, 4, &address, &needed),
                     STATUS_SUCCESS);
    assert_int_equal(address, hal_slot_number(bus.slot));
    assert_true(bus.pdo->Flags & DO_BUS_ENUMERATED_DEVICE);
}

static void it_gets_its_ranges_and_all_its_messages(struct nt *nt)
{
    add_card(nt);
    assert_int_equal(pnp_start(bus.pnp, bus.pdo), STATUS_SUCCESS);
    assert_int_equal(memories, 2);
    assert_int_equal(ports, 1);
    assert_int_equal(messages, 4);
    assert_int_equal(lines, 0);
}

static void a_driver_that_wants_no_messages_gets_the_line(struct nt *nt)
{
    add_card(nt);
    line_only = true;
    assert_int_equal(pnp_start(bus.pnp, bus.pdo), STATUS_SUCCESS);
    assert_int_equal(messages, 0);
    assert_int_equal(lines, 1);
}

/* What an INF puts into the hardware key; UINT32_MAX: nothing. */
static ULONG supported, limit;

static NTSTATUS opt(void *ctx, PDEVICE_OBJECT pdo)
{
    static const char key[] = "\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\%s\\"
                              "Device Parameters\\Interrupt Management\\"
                              "MessageSignaledInterruptProperties";
    struct nt *nt = ctx;
    char path[400];

    snprintf(path, sizeof path, key, io_node_of(pdo)->instance_path);
    if (supported != UINT32_MAX)
        assert_int_equal(cm_set_number(nt->cm, path, "MSISupported", supported), 0);
    if (limit != UINT32_MAX)
        assert_int_equal(cm_set_number(nt->cm, path, "MessageNumberLimit", limit), 0);
    return STATUS_SUCCESS;
}

static void start_with(struct nt *nt, ULONG opted, ULONG most)
{
    static struct pnp_setup setup;

    setup = (struct pnp_setup){.decides_messages = true, .install = opt, .ctx = nt};
    supported = opted;
    limit = most;
    pnp_set_setup(bus.pnp, &setup);
    add_card(nt);
    assert_int_equal(pnp_start(bus.pnp, bus.pdo), STATUS_SUCCESS);
}

static void without_the_opt_in_of_its_inf_it_gets_the_line(struct nt *nt)
{
    start_with(nt, UINT32_MAX, UINT32_MAX);
    assert_int_equal(messages, 0);
    assert_int_equal(lines, 1);
}

static void an_inf_may_say_no(struct nt *nt)
{
    start_with(nt, 0, 4);
    assert_int_equal(messages, 0);
    assert_int_equal(lines, 1);
}

static void messages_are_limited_to_a_power_of_two(struct nt *nt)
{
    start_with(nt, 1, 3);
    assert_int_equal(messages, 2);
    assert_int_equal(lines, 0);
}

static uint32_t table_entry(unsigned n, unsigned dword)
{
    return (uint32_t)hw_bar_read(&bus.card.device, 5, n * 16 + dword * 4, 4);
}

static void messages_of_msix_have_a_descriptor_and_a_vector_each(struct nt *nt)
{
    const CM_PARTIAL_RESOURCE_LIST *list;
    unsigned seen = 0;

    add_card(nt);
    assert_int_equal(pnp_start(bus.pnp, bus.pdo), STATUS_SUCCESS);
    assert_int_equal(messages, 3);
    assert_int_equal(memories, 3);
    assert_int_equal(lines, 0);
    list = &io_node_of(bus.pdo)->translated->List[0].PartialResourceList;
    for (ULONG i = 0; i < list->Count; i++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &list->PartialDescriptors[0] + i;

        if (d->Type != CmResourceTypeInterrupt)
            continue;
        assert_int_equal(table_entry(seen, 0), 0xFEE00000);
        assert_int_equal(table_entry(seen, 2), d->u.MessageInterrupt.Translated.Vector);
        assert_int_equal(table_entry(seen, 3), 0); /* not masked */
        seen++;
    }
    assert_int_equal(seen, 3);
    assert_int_equal(hw_messages_on(&bus.card.device), 3);
    assert_int_equal(pnp_stop(bus.pnp, bus.pdo), STATUS_SUCCESS);
    assert_int_equal(hw_messages_on(&bus.card.device), 0);
}

static void msix_is_limited_to_any_number(struct nt *nt)
{
    start_with(nt, 1, 2);
    assert_int_equal(messages, 2);
    assert_int_equal(table_entry(1, 3), 0);
    assert_int_equal(table_entry(2, 3), 1); /* what was not given stays masked */
    assert_int_equal(pnp_remove(bus.pnp, bus.pdo), STATUS_SUCCESS);
}

static USHORT command_of(void)
{
    USHORT command = 0;

    assert_int_equal(hal_slot_read_config(bus.slot, &command, 4, 2), 2);
    return command;
}

static void decoding_follows_start_and_stop(struct nt *nt)
{
    add_card(nt);
    assert_int_equal(command_of() & PCI_ENABLE_MEMORY_SPACE, 0);
    assert_int_equal(pnp_start(bus.pnp, bus.pdo), STATUS_SUCCESS);
    assert_int_equal(command_of() & 7, 7);
    assert_int_equal(pnp_stop(bus.pnp, bus.pdo), STATUS_SUCCESS);
    assert_int_equal(command_of() & PCI_ENABLE_BUS_MASTER, 0);
    assert_int_equal(pnp_start(bus.pnp, bus.pdo), STATUS_SUCCESS);
    assert_int_equal(command_of() & 7, 7);
    assert_int_equal(pnp_remove(bus.pnp, bus.pdo), STATUS_SUCCESS);
    assert_int_equal(command_of() & 7, 0);
}

static void the_bus_interface_reads_config_space(struct nt *nt)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_PNP,
                                  .MinorFunction = IRP_MN_QUERY_INTERFACE};
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};
    BUS_INTERFACE_STANDARD standard = {0};
    ULONG ids = 0;

    add_card(nt);
    location.Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    location.Parameters.QueryInterface.Size = sizeof standard;
    location.Parameters.QueryInterface.Version = 1;
    location.Parameters.QueryInterface.Interface = (PINTERFACE)&standard;
    assert_int_equal(io_send(bus.pdo, &location, &iosb), STATUS_SUCCESS);
    assert_int_equal(standard.Size, sizeof standard);
    assert_int_equal(KE_CALL(standard.GetBusData, KE_ARG(standard.Context), PCI_WHICHSPACE_CONFIG,
                             KE_ARG(&ids), 0, 4),
                     4);
    assert_int_equal(ids, 0x56781234);
    KE_CALL(standard.InterfaceDereference, KE_ARG(standard.Context));
    location.Parameters.QueryInterface.InterfaceType = &GUID_BUS_TYPE_PCI; /* no interface */
    iosb = (IO_STATUS_BLOCK){.Status = STATUS_NOT_SUPPORTED};
    assert_int_equal(io_send(bus.pdo, &location, &iosb), STATUS_NOT_SUPPORTED);
}

static void get_interface(BUS_INTERFACE_STANDARD *standard)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_PNP,
                                  .MinorFunction = IRP_MN_QUERY_INTERFACE};
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};

    location.Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    location.Parameters.QueryInterface.Size = sizeof *standard;
    location.Parameters.QueryInterface.Version = 1;
    location.Parameters.QueryInterface.Interface = (PINTERFACE)standard;
    assert_int_equal(io_send(bus.pdo, &location, &iosb), STATUS_SUCCESS);
    location.Parameters.QueryInterface.Size = sizeof *standard - 1;
    iosb = (IO_STATUS_BLOCK){.Status = STATUS_NOT_SUPPORTED};
    assert_int_equal(io_send(bus.pdo, &location, &iosb), STATUS_INVALID_PARAMETER);
}

static ULONG get_data(const BUS_INTERFACE_STANDARD *standard, ULONG type, void *to, ULONG offset,
                      ULONG length)
{
    return (ULONG)KE_CALL(standard->GetBusData, KE_ARG(standard->Context), type, KE_ARG(to), offset,
                          length);
}

/* As drivers look for them: from the pointer at 0x34 on. */
static void capabilities_are_found_through_the_bus_interface(struct nt *nt)
{
    static const UCHAR wanted[] = {PCI_CAPABILITY_ID_POWER_MANAGEMENT, PCI_CAPABILITY_ID_MSI,
                                   PCI_CAPABILITY_ID_PCI_EXPRESS};
    BUS_INTERFACE_STANDARD standard = {0};
    USHORT status = 0, control = 0;
    UCHAR at = 0, header[2];

    add_card(nt);
    get_interface(&standard);
    assert_int_equal(get_data(&standard, PCI_WHICHSPACE_CONFIG, &status, 6, 2), 2);
    assert_true(status & PCI_STATUS_CAPABILITIES_LIST);
    assert_int_equal(get_data(&standard, PCI_WHICHSPACE_CONFIG, &at, 0x34, 1), 1);
    for (size_t i = 0; i < sizeof wanted; i++) {
        assert_int_equal(get_data(&standard, PCI_WHICHSPACE_CONFIG, header, at, 2), 2);
        assert_int_equal(header[0], wanted[i]);
        if (header[0] == PCI_CAPABILITY_ID_MSI)
            assert_int_equal(get_data(&standard, PCI_WHICHSPACE_CONFIG, &control, at + 2u, 2), 2);
        at = header[1];
    }
    assert_int_equal(at, 0);
    assert_int_equal(control >> 1 & 7, 2); /* four messages */
    KE_CALL(standard.InterfaceDereference, KE_ARG(standard.Context));
}

static void the_bus_interface_reaches_config_space_alone(struct nt *nt)
{
    BUS_INTERFACE_STANDARD standard = {0};
    PHYSICAL_ADDRESS from = {.QuadPart = 0xE0001000}, to = {0};
    UCHAR bytes[8] = {0}, line = 0x0B, seen = 0;
    USHORT vendor = 0xFFFF;
    ULONG space = 0;

    add_card(nt);
    get_interface(&standard);
    KE_CALL(standard.InterfaceReference, KE_ARG(standard.Context));
    assert_int_equal(get_data(&standard, PCI_WHICHSPACE_ROM, bytes, 0, 4), 0);
    assert_int_equal(get_data(&standard, PCI_WHICHSPACE_CONFIG, bytes, 0x10000, 4), 0);
    assert_int_equal(KE_CALL(standard.SetBusData, KE_ARG(standard.Context), PCI_WHICHSPACE_CONFIG,
                             KE_ARG(&line), 0x3C, 1),
                     1);
    assert_int_equal(get_data(&standard, PCI_WHICHSPACE_CONFIG, &seen, 0x3C, 1), 1);
    assert_int_equal(seen, line);
    assert_int_equal(KE_CALL(standard.SetBusData, KE_ARG(standard.Context), PCI_WHICHSPACE_ROM,
                             KE_ARG(&line), 0x3C, 1),
                     0);
    (void)KE_CALL(standard.SetBusData, KE_ARG(standard.Context), PCI_WHICHSPACE_CONFIG,
                  KE_ARG(&vendor), 0, 2);
    assert_int_equal(get_data(&standard, PCI_WHICHSPACE_CONFIG, &vendor, 0, 2), 2);
    assert_int_equal(vendor, 0x1234); /* who made it is not written */
    assert_true(KE_CALL(standard.TranslateBusAddress, KE_ARG(standard.Context), from.QuadPart, 4096,
                        KE_ARG(&space), KE_ARG(&to)));
    assert_int_equal(to.QuadPart, from.QuadPart);
    KE_CALL(standard.InterfaceDereference, KE_ARG(standard.Context));
    KE_CALL(standard.InterfaceDereference, KE_ARG(standard.Context));
}

static void device_power_reaches_the_card(struct nt *nt)
{
    add_card(nt);
    assert_int_equal(pnp_start(bus.pnp, bus.pdo), STATUS_SUCCESS);
    assert_int_equal(pnp_power(bus.pnp, bus.pdo, PowerSystemSleeping3), STATUS_SUCCESS);
    assert_int_equal(bus.card.device.d_state, 3);
    assert_int_equal(pnp_power(bus.pnp, bus.pdo, PowerSystemWorking), STATUS_SUCCESS);
    assert_int_equal(bus.card.device.d_state, 0);
}

static void a_root_device_has_no_resources(struct nt *nt)
{
    PDEVICE_OBJECT pdo;

    memories = 77;
    assert_int_equal(inbox_root_pdo(bus.inbox, "soft", NULL, &pdo), STATUS_SUCCESS);
    add_to(nt, pdo);
    assert_int_equal(pnp_start(bus.pnp, pdo), STATUS_SUCCESS);
    assert_int_equal(memories, 77);
    assert_string_equal(io_node_of(pdo)->instance_path, "ROOT\\soft\\0000");
    assert_int_equal(pnp_remove(bus.pnp, pdo), STATUS_SUCCESS);
}

#define BUS_TEST(body)                                                                             \
    static void test_##body(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        run(1, body);                                                                              \
        run(2, body);                                                                              \
    }
BUS_TEST(a_pci_device_says_who_and_where_it_is)
BUS_TEST(it_gets_its_ranges_and_all_its_messages)
BUS_TEST(a_driver_that_wants_no_messages_gets_the_line)
BUS_TEST(without_the_opt_in_of_its_inf_it_gets_the_line)
BUS_TEST(an_inf_may_say_no)
BUS_TEST(messages_are_limited_to_a_power_of_two)
BUS_TEST(decoding_follows_start_and_stop)
#define MSIX_TEST(body)                                                                            \
    static void test_##body(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        with_msix = true;                                                                          \
        run(1, body);                                                                              \
        run(2, body);                                                                              \
        with_msix = false;                                                                         \
    }
MSIX_TEST(messages_of_msix_have_a_descriptor_and_a_vector_each)
MSIX_TEST(msix_is_limited_to_any_number)
BUS_TEST(the_bus_interface_reads_config_space)
BUS_TEST(capabilities_are_found_through_the_bus_interface)
BUS_TEST(the_bus_interface_reaches_config_space_alone)
BUS_TEST(device_power_reaches_the_card)
BUS_TEST(a_root_device_has_no_resources)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pci_device_says_who_and_where_it_is),
        cmocka_unit_test(test_it_gets_its_ranges_and_all_its_messages),
        cmocka_unit_test(test_a_driver_that_wants_no_messages_gets_the_line),
        cmocka_unit_test(test_without_the_opt_in_of_its_inf_it_gets_the_line),
        cmocka_unit_test(test_an_inf_may_say_no),
        cmocka_unit_test(test_messages_are_limited_to_a_power_of_two),
        cmocka_unit_test(test_messages_of_msix_have_a_descriptor_and_a_vector_each),
        cmocka_unit_test(test_msix_is_limited_to_any_number),
        cmocka_unit_test(test_decoding_follows_start_and_stop),
        cmocka_unit_test(test_the_bus_interface_reads_config_space),
        cmocka_unit_test(test_capabilities_are_found_through_the_bus_interface),
        cmocka_unit_test(test_the_bus_interface_reaches_config_space_alone),
        cmocka_unit_test(test_device_power_reaches_the_card),
        cmocka_unit_test(test_a_root_device_has_no_resources),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
