/* SPDX-License-Identifier: MIT */
/* Statements of the documentation about IoGetDmaAdapter and the bus driver's part in it, one test
 * each; docs/dma-statements.tsv says which. */
#include "ks/ks_world.h"

enum { MIB = 1 << 20, PAGE = 4096 };

/* ---- Getting the adapter --------------------------------------------------------------------- */

static DEVICE_DESCRIPTION description_of(INTERFACE_TYPE bus)
{
    return (DEVICE_DESCRIPTION){.Version = DEVICE_DESCRIPTION_VERSION2,
                                .Master = TRUE,
                                .ScatterGather = TRUE,
                                .InterfaceType = bus,
                                .MaximumLength = 0x10000};
}

static void put(PDMA_ADAPTER adapter)
{
    KE_CALL(adapter->DmaOperations->PutDmaAdapter, KE_ARG(adapter));
}

static bool bus_has_complained(void)
{
    return world_findings(VERIFY_bus_outside) != 0 || world_findings(VERIFY_bus_direction) != 0 ||
           world_findings(VERIFY_bus_after_release) != 0 ||
           world_findings(VERIFY_bus_past_end) != 0 || world_findings(VERIFY_bus_truncated) != 0 ||
           world_findings(VERIFY_bus_above_width) != 0;
}

static bool is_of_the_card(PDMA_ADAPTER adapter, uint64_t *highest)
{
    PHYSICAL_ADDRESS la;
    uint32_t word = 0x1234;
    PVOID va = (PVOID)KE_CALL(adapter->DmaOperations->AllocateCommonBuffer, KE_ARG(adapter), PAGE,
                              KE_ARG(&la), TRUE);
    bool reached;

    assert_non_null(va);
    assert_int_equal(hw_dma_write(world->card, (uint64_t)la.QuadPart, &word, sizeof word), 0);
    reached = !bus_has_complained();
    *highest = (uint64_t)la.QuadPart;
    KE_CALL(adapter->DmaOperations->FreeCommonBuffer, KE_ARG(adapter), PAGE, (uint64_t)la.QuadPart,
            KE_ARG(va), TRUE);
    return reached;
}

static void get_for_the_pdo(void)
{
    DEVICE_DESCRIPTION description = description_of(PCIBus);
    PDMA_ADAPTER adapter;
    ULONG registers;
    uint64_t la;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    adapter = IoGetDmaAdapter(world->pdo, &description, &registers);
    assert_non_null(adapter);
    assert_true(is_of_the_card(adapter, &la));
    put(adapter);
    world_unload();
}

static const struct world_config adapters_only = {
    .windows = KE_WINDOWS_10, .ram_bytes = UINT64_C(8) << 30, .no_adapter = true};

static void an_adapter_is_for_the_device_of_its_pdo(void **state)
{
    (void)state;
    world_live(&adapters_only, get_for_the_pdo);
}

static void get_without_pdo(void)
{
    DEVICE_DESCRIPTION description = description_of(PCIBus);
    ULONG registers = 77;

    world_load();
    assert_null(IoGetDmaAdapter(NULL, &description, &registers));
    assert_int_equal(registers, 77);
    world_unload();
}

static void without_a_pdo_there_is_no_adapter(void **state)
{
    (void)state;
    world_live(&adapters_only, get_without_pdo);
}

/* World_load has called AddDevice: the device is added and not yet started. */
static void get_before_start(void)
{
    DEVICE_DESCRIPTION description = description_of(PCIBus);
    ULONG registers = 0;
    PDMA_ADAPTER adapter;

    world_load();
    adapter = IoGetDmaAdapter(world->device->PhysicalDeviceObject, &description, &registers);
    assert_non_null(adapter);
    assert_int_equal(registers, 17);
    put(adapter);
    world_unload();
}

static void an_adapter_in_add_device_is_as_good_as_one_at_start(void **state)
{
    (void)state;
    world_live(&adapters_only, get_before_start);
}

static void get_on_undefined_bus(void)
{
    DEVICE_DESCRIPTION undefined = description_of(InterfaceTypeUndefined);
    DEVICE_DESCRIPTION isa = description_of(Isa);
    PDMA_ADAPTER adapter;
    ULONG registers;
    uint64_t la;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    adapter = IoGetDmaAdapter(world->pdo, &undefined, &registers);
    assert_true(is_of_the_card(adapter, &la));
    assert_true(la >= 16 * MIB); /* 32 bits, as scatter/gather on PCI is taken to have */
    put(adapter);
    adapter = IoGetDmaAdapter(world->pdo, &isa, &registers);
    assert_true(is_of_the_card(adapter, &la));
    assert_true(la < 16 * MIB);
    put(adapter);
    world_unload();
}

static void an_undefined_bus_is_the_one_the_pdo_names(void **state)
{
    (void)state;
    world_live(&adapters_only, get_on_undefined_bus);
}

static NTSTATUS query_bus(PDEVICE_OBJECT pdo, BUS_INTERFACE_STANDARD *bus)
{
    static GUID type;
    static IO_STATUS_BLOCK result;
    PIO_STACK_LOCATION stack;
    KEVENT done;
    PIRP irp;

    type = GUID_BUS_INTERFACE_STANDARD;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, pdo, NULL, 0, NULL, &done, &result);
    assert_non_null(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MinorFunction = IRP_MN_QUERY_INTERFACE;
    stack->Parameters.QueryInterface.InterfaceType = &type;
    stack->Parameters.QueryInterface.Size = sizeof *bus;
    stack->Parameters.QueryInterface.Version = 1;
    stack->Parameters.QueryInterface.Interface = (PINTERFACE)bus;
    return IoCallDriver(pdo, irp);
}

static void get_by_bus_interface(void)
{
    DEVICE_DESCRIPTION description = description_of(PCIBus);
    static BUS_INTERFACE_STANDARD bus;
    PDMA_ADAPTER adapter;
    ULONG registers = 0;
    uint64_t la;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(query_bus(world->pdo, &bus), STATUS_SUCCESS);
    adapter = (PDMA_ADAPTER)KE_CALL(bus.GetDmaAdapter, KE_ARG(bus.Context), KE_ARG(&description),
                                    KE_ARG(&registers));
    assert_non_null(adapter);
    assert_int_equal(registers, 17);
    assert_true(is_of_the_card(adapter, &la));
    put(adapter);
    description.Version = DEVICE_DESCRIPTION_VERSION3; /* without a width */
    assert_null((PDMA_ADAPTER)KE_CALL(bus.GetDmaAdapter, KE_ARG(bus.Context), KE_ARG(&description),
                                      KE_ARG(&registers)));
    KE_CALL(bus.InterfaceDereference, KE_ARG(bus.Context));
    world_unload();
}

static void the_bus_interface_gives_the_adapters_of_iogetdmaadapter(void **state)
{
    (void)state;
    world_live(&adapters_only, get_by_bus_interface);
}

/* The bus driver gets the whole of the newer structure, and an undefined bus is filled in. */
static void get_version_3(void)
{
    DEVICE_DESCRIPTION description = description_of(InterfaceTypeUndefined);
    DMA_ADAPTER_INFO info = {.Version = DMA_ADAPTER_INFO_VERSION1};
    PDMA_ADAPTER adapter;
    ULONG registers = 0;
    uint64_t la;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    assert_null(IoGetDmaAdapter(world->pdo, &description, &registers));
    description.DmaAddressWidth = 36;
    adapter = IoGetDmaAdapter(world->pdo, &description, &registers);
    assert_non_null(adapter);
    assert_int_equal(registers, 17);
    assert_int_equal(adapter->DmaOperations->Size, DMA_OPERATIONS_SIZE_WIN10_1903);
    assert_int_equal((NTSTATUS)KE_CALL(adapter->DmaOperations->GetDmaAdapterInfo, KE_ARG(adapter),
                                       KE_ARG(&info)),
                     STATUS_SUCCESS);
    assert_int_equal(info.V1.DmaAddressWidth, 36);
    assert_true(is_of_the_card(adapter, &la));
    put(adapter);
    world_unload();
}

static void a_description_of_version_3_reaches_the_bus_driver(void **state)
{
    (void)state;
    world_live(&adapters_only, get_version_3);
}

/* The root enumerator answers for devices without a bus of their own. */
static void get_without_bus_interface(void)
{
    DEVICE_DESCRIPTION description = description_of(InterfaceTypeUndefined);
    static BUS_INTERFACE_STANDARD bus;
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT pdo;
    ULONG registers = 0;
    PVOID va;
    PHYSICAL_ADDRESS la;

    assert_int_equal(inbox_root_pdo(world->inbox, "soft", NULL, &pdo), STATUS_SUCCESS);
    assert_false(NT_SUCCESS(query_bus(pdo, &bus)));
    description.Dma64BitAddresses = TRUE;
    adapter = IoGetDmaAdapter(pdo, &description, &registers);
    assert_non_null(adapter);
    assert_int_equal(registers, 17);
    va = (PVOID)KE_CALL(adapter->DmaOperations->AllocateCommonBuffer, KE_ARG(adapter), PAGE,
                        KE_ARG(&la), TRUE);
    assert_non_null(va);
    KE_CALL(adapter->DmaOperations->FreeCommonBuffer, KE_ARG(adapter), PAGE, (uint64_t)la.QuadPart,
            KE_ARG(va), TRUE);
    put(adapter);
}

static void a_bus_driver_without_the_interface_leaves_it_to_the_system(void **state)
{
    (void)state;
    world_live(&adapters_only, get_without_bus_interface);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_adapter_is_for_the_device_of_its_pdo),
        cmocka_unit_test(without_a_pdo_there_is_no_adapter),
        cmocka_unit_test(an_adapter_in_add_device_is_as_good_as_one_at_start),
        cmocka_unit_test(an_undefined_bus_is_the_one_the_pdo_names),
        cmocka_unit_test(the_bus_interface_gives_the_adapters_of_iogetdmaadapter),
        cmocka_unit_test(a_description_of_version_3_reaches_the_bus_driver),
        cmocka_unit_test(a_bus_driver_without_the_interface_leaves_it_to_the_system),
    };

    return cmocka_run_group_tests_name("adapter statements", tests, NULL, NULL);
}
