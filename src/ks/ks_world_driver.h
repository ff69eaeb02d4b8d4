/* SPDX-License-Identifier: MIT */
/* The driver of ks_world.h: one device, one filter, one pin. Its callbacks leave a word in the log
 * and do what the config says. Included by ks_world.h, after the world it works on. */
#ifndef WEIR_KS_KS_WORLD_DRIVER_H
#define WEIR_KS_KS_WORLD_DRIVER_H

static const GUID world_major = {0x73646976, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};
static const GUID world_sub = {0x32595559, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};
static const GUID world_reference = {0x1234, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

static NTSTATUS NTAPI world_add(PKSDEVICE Device)
{
    world_note("Add");
    world->device = Device;
    return STATUS_SUCCESS;
}

static inline void world_register_new(PKSDEVICE device, PDEVICE_DESCRIPTION description,
                                      ULONG registers)
{
    PUNKNOWN unknown = KsDeviceGetOuterUnknown(device);
    PIKSDEVICEFUNCTIONS functions;
    ULONG stride = world->config->stride_bytes != 0 ? world->config->stride_bytes
                                                    : (ULONG)sizeof(KSMAPPING);

    world->registration = (NTSTATUS)KE_CALL(unknown->lpVtbl->QueryInterface, KE_ARG(unknown),
                                            KE_ARG(&IID_IKsDeviceFunctions), KE_ARG(&functions));
    if (!NT_SUCCESS(world->registration))
        return;
    world->registration = (NTSTATUS)KE_CALL(
        functions->lpVtbl->RegisterAdapterObjectEx, KE_ARG(functions), KE_ARG(world->adapter),
        KE_ARG(description), registers, world->config->limit_bytes, stride);
    KE_CALL(functions->lpVtbl->Release, KE_ARG(functions));
}

static inline void world_register_adapter(PKSDEVICE device)
{
    const struct world_config *config = world->config;
    DEVICE_DESCRIPTION description = {.Version = config->description_version,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma32BitAddresses = config->address32,
                                      .Dma64BitAddresses = !config->address32,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = MAXULONG};
    ULONG registers;

    world->adapter = IoGetDmaAdapter(device->PhysicalDeviceObject, &description, &registers);
    assert_non_null(world->adapter);
    if (config->old_registration)
        KsDeviceRegisterAdapterObject(device, world->adapter, config->limit_bytes,
                                      config->stride_bytes != 0 ? config->stride_bytes
                                                                : (ULONG)sizeof(KSMAPPING));
    else
        world_register_new(
            device, &description,
            config->map_registers_told != 0 ? config->map_registers_told : registers);
}

static NTSTATUS NTAPI world_start(PKSDEVICE Device, PIRP Irp, PCM_RESOURCE_LIST Translated,
                                  PCM_RESOURCE_LIST Untranslated)
{
    (void)Irp;
    (void)Translated;
    (void)Untranslated;
    world_note("Start");
    if (!world->config->no_adapter)
        world_register_adapter(Device);
    return world->config->start != NULL ? world->config->start(Device) : STATUS_SUCCESS;
}

static NTSTATUS NTAPI world_post_start(PKSDEVICE Device)
{
    (void)Device;
    world_note("PostStart");
    return STATUS_SUCCESS;
}

static inline void world_put_adapter(void)
{
    if (world->adapter != NULL)
        KE_CALL(world->adapter->DmaOperations->PutDmaAdapter, KE_ARG(world->adapter));
    world->adapter = NULL;
}

static void NTAPI world_stop(PKSDEVICE Device, PIRP Irp)
{
    (void)Irp;
    world_note("Stop");
    if (world->config->stop != NULL)
        world->config->stop(Device);
    world_put_adapter();
}

static void NTAPI world_remove(PKSDEVICE Device, PIRP Irp)
{
    (void)Device;
    (void)Irp;
    world_note("Remove");
    world_put_adapter();
}

static void NTAPI world_surprise(PKSDEVICE Device, PIRP Irp)
{
    (void)Device;
    (void)Irp;
    world_note("SurpriseRemoval");
}

static NTSTATUS NTAPI world_query_power(PKSDEVICE Device, PIRP Irp, DEVICE_POWER_STATE DeviceTo,
                                        DEVICE_POWER_STATE DeviceFrom, SYSTEM_POWER_STATE SystemTo,
                                        SYSTEM_POWER_STATE SystemFrom, POWER_ACTION Action)
{
    (void)Device;
    (void)Irp;
    (void)DeviceFrom;
    (void)SystemTo;
    (void)SystemFrom;
    (void)Action;
    return world->config->query_power != NULL ? world->config->query_power(DeviceTo)
                                              : STATUS_SUCCESS;
}

static void NTAPI world_set_power(PKSDEVICE Device, PIRP Irp, DEVICE_POWER_STATE To,
                                  DEVICE_POWER_STATE From)
{
    (void)Device;
    (void)Irp;
    (void)From;
    world_note(To == PowerDeviceD0 ? "D0" : "D3");
}

static NTSTATUS NTAPI world_filter_create(PKSFILTER Filter, PIRP Irp)
{
    (void)Irp;
    world_note("FilterCreate");
    world->filter = Filter;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI world_filter_close(PKSFILTER Filter, PIRP Irp)
{
    (void)Filter;
    (void)Irp;
    world_note("FilterClose");
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI world_pin_create(PKSPIN Pin, PIRP Irp)
{
    world_note("Create");
    world->pin = Pin;
    return world->config->create != NULL ? world->config->create(Pin, Irp) : STATUS_SUCCESS;
}

static NTSTATUS NTAPI world_pin_close(PKSPIN Pin, PIRP Irp)
{
    (void)Pin;
    (void)Irp;
    world_note("Close");
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI world_process(PKSPIN Pin)
{
    world->process_calls++;
    return world->config->process != NULL ? world->config->process(Pin) : STATUS_PENDING;
}

static NTSTATUS NTAPI world_filter_process(PKSFILTER Filter, PKSPROCESSPIN_INDEXENTRY Index)
{
    world->process_calls++;
    return world->config->filter_process != NULL ? world->config->filter_process(Filter, Index)
                                                 : STATUS_PENDING;
}

static NTSTATUS NTAPI world_filter_reset(PKSFILTER Filter)
{
    if (Filter == world->filter)
        world->filter_resets++;
    return STATUS_SUCCESS;
}

static void NTAPI world_reset(PKSPIN Pin)
{
    world_note("Reset");
    if (world->config->reset != NULL)
        world->config->reset(Pin);
}

static NTSTATUS NTAPI world_set_format(PKSPIN Pin, PKSDATAFORMAT Old,
                                       PKSMULTIPLE_ITEM OldAttributes, const KSDATARANGE *Range,
                                       const KSATTRIBUTE_LIST *AttributeRange)
{
    (void)OldAttributes;
    (void)Range;
    (void)AttributeRange;
    world_note("SetDataFormat");
    return world->config->set_format != NULL ? world->config->set_format(Pin, Old) : STATUS_SUCCESS;
}

static NTSTATUS NTAPI world_set_state(PKSPIN Pin, KSSTATE To, KSSTATE From)
{
    static const char *const names[] = {"STOP", "ACQUIRE", "PAUSE", "RUN"};

    world_note(names[To]);
    assert_int_equal(Pin->ClientState, To);
    return world->config->set_state != NULL ? world->config->set_state(Pin, To, From)
                                            : STATUS_SUCCESS;
}

static const KSDEVICE_DISPATCH world_device_dispatch = {
    .Add = world_add,
    .Start = world_start,
    .PostStart = world_post_start,
    .Stop = world_stop,
    .Remove = world_remove,
    .SurpriseRemoval = world_surprise,
    .QueryPower = world_query_power,
    .SetPower = world_set_power,
};

static const KSFILTER_DISPATCH world_filter_dispatch = {.Create = world_filter_create,
                                                        .Close = world_filter_close};
static const KSFILTER_DISPATCH world_processing_filter_dispatch = {
    .Create = world_filter_create,
    .Close = world_filter_close,
    .Process = world_filter_process,
    .Reset = world_filter_reset};

static KSPIN_DISPATCH world_pin_dispatch = {
    .Create = world_pin_create,
    .Close = world_pin_close,
    .Process = world_process,
    .Reset = world_reset,
    .SetDataFormat = world_set_format,
    .SetDeviceState = world_set_state,
};
static const KSPIN_DISPATCH world_plain_pin_dispatch = {
    .Create = world_pin_create, .Close = world_pin_close, .SetDeviceState = world_set_state};

static KSDATARANGE world_range = {{.FormatSize = sizeof(KSDATARANGE), .SampleSize = WORLD_FRAME}};
static const PKSDATARANGE world_ranges[] = {&world_range};

static KSPIN_DESCRIPTOR_EX world_pin_descriptor;
static KSFILTER_DESCRIPTOR world_filter_descriptor;
static const KSFILTER_DESCRIPTOR *const world_filter_descriptors[] = {&world_filter_descriptor};
static KSDEVICE_DESCRIPTOR world_device_descriptor;

static inline void world_describe(const struct world_config *config)
{
    world_range.MajorFormat = world_major;
    world_range.SubFormat = world_sub;
    world_range.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    world_pin_dispatch.Clock = config->clock;
    world_pin_descriptor = (KSPIN_DESCRIPTOR_EX){
        .Dispatch = config->filter_processes || config->no_process ? &world_plain_pin_dispatch
                                                                   : &world_pin_dispatch,
        .AutomationTable = config->pin_table,
        .PinDescriptor = {.DataRangesCount = 1,
                          .DataRanges = world_ranges,
                          .DataFlow = config->input ? KSPIN_DATAFLOW_IN : KSPIN_DATAFLOW_OUT,
                          .Communication = KSPIN_COMMUNICATION_BOTH,
                          .Category = &KSCATEGORY_CAPTURE},
        .Flags = config->pin_flags,
        .InstancesPossible = config->instances != 0 ? config->instances : 1,
        .InstancesNecessary = 1,
        .AllocatorFraming = config->framing,
        .IntersectHandler = config->intersect,
    };
    world_filter_descriptor = (KSFILTER_DESCRIPTOR){
        .Dispatch = config->filter_processes ? &world_processing_filter_dispatch
                                             : &world_filter_dispatch,
        .Version = KSFILTER_DESCRIPTOR_VERSION,
        .Flags = config->filter_flags,
        .ReferenceGuid = &world_reference,
        .PinDescriptorsCount = config->pins != NULL ? config->pin_count : 1,
        .PinDescriptorSize = sizeof(KSPIN_DESCRIPTOR_EX),
        .PinDescriptors = config->pins != NULL ? config->pins : &world_pin_descriptor,
        .CategoriesCount = 1,
        .Categories = &KSCATEGORY_CAPTURE,
        .NodeDescriptorsCount = config->node_count,
        .NodeDescriptorSize = sizeof(KSNODE_DESCRIPTOR),
        .NodeDescriptors = config->nodes,
    };
    world_device_descriptor = (KSDEVICE_DESCRIPTOR){.Dispatch = &world_device_dispatch,
                                                    .FilterDescriptorsCount = 1,
                                                    .FilterDescriptors = world_filter_descriptors,
                                                    .Version = config->device_version,
                                                    .Flags = config->device_flags};
}

static NTSTATUS NTAPI world_driver_entry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status = KsInitializeDriver(DriverObject, RegistryPath, &world_device_descriptor);

    if (NT_SUCCESS(status) && world->config->entered != NULL)
        world->config->entered(DriverObject);
    return status;
}

#endif
