/* SPDX-License-Identifier: MIT */
/* Each AVStream object is a COM object; KsGetOuterUnknown gives its IUnknown, from which a driver
 * asks for IKsControl, on devices for IKsDeviceFunctions, or for what it aggregated itself. The
 * tables lie in memory that drivers can read, and their slots are thunks. KsGetOuterUnknown;
 * KsRegisterAggregatedClientUnknown; IKsDeviceFunctions; Supporting DMA in 64-Bit AVStream Drivers.
 * IKsDeviceFunctions exists from Server 2003 SP1 on; before, QueryInterface refuses and drivers
 * fall back to KsDeviceRegisterAdapterObject.
 * UNDOC: whether KsGetOuterUnknown adds a reference. The documentation's own example never releases
 * it, so it does not: one reference is the object's own, and who releases that has counted wrong.
 * UNDOC: how QueryInterface refuses. With STATUS_NOINTERFACE, which the pages of the functions that
 * query for others name, and NULL for the interface, as everywhere in COM. Left out: IKsControl on
 * devices and factories, which have no file to talk to. */
#include "ks/unknown.h"

#include "ks/device.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/room.h"

static bool is_iid(REFIID id, const GUID *wanted)
{
    return IsEqualGUID(id, wanted);
}

static bool has_device_functions(const struct ks_object *object)
{
    return object->type == KsObjectTypeDevice && ke_windows(ke_current()) >= KE_WINDOWS_WS2003SP1;
}

/* ---- IUnknown -------------------------------------------------------------------------------- */

static ULONG NTAPI add_ref(struct ks_face *This)
{
    return (ULONG)InterlockedIncrement(&This->object->unknown.references);
}

/* Nothing is freed by it: the object lives as long as what it stands for. */
static ULONG NTAPI release(struct ks_face *This)
{
    struct ks_object *object = This->object;

    if (object->unknown.references > 1)
        return (ULONG)InterlockedDecrement(&object->unknown.references);
    KE_FINDING(ke_current(), VERIFY_interface_released, object->type, object->id);
    return 0;
}

static NTSTATUS ask_client(struct ks_object *object, REFIID id, PVOID *interface)
{
    IUnknown *client = object->unknown.client;

    *interface = NULL;
    if (client == NULL)
        return STATUS_NOINTERFACE;
    return (NTSTATUS)KE_CALL(client->lpVtbl->QueryInterface, KE_ARG(client), KE_ARG(id),
                             KE_ARG(interface));
}

static NTSTATUS NTAPI query_interface(struct ks_face *This, REFIID InterfaceId, PVOID *Interface)
{
    struct ks_object *object = This->object;
    struct ks_face *face = NULL;

    if (is_iid(InterfaceId, &IID_IUnknown))
        face = &object->unknown.unknown;
    else if (is_iid(InterfaceId, &IID_IKsControl))
        face = &object->unknown.control;
    else if (is_iid(InterfaceId, &IID_IKsDeviceFunctions) && has_device_functions(object))
        face = &object->unknown.device_functions;
    if (face == NULL)
        return ask_client(object, InterfaceId, Interface);
    add_ref(face);
    *Interface = face;
    return STATUS_SUCCESS;
}

/* ---- IKsControl ------------------------------------------------------------------------------ */

static NTSTATUS control(struct ks_face *face, ULONG code, PVOID request, ULONG request_bytes,
                        PVOID data, ULONG data_bytes, ULONG *returned)
{
    struct ks_object *object = face->object;
    PFILE_OBJECT file = NULL;

    if (object->type == KsObjectTypePin)
        file = ks_pin_of(object->public)->file_object;
    else if (object->type == KsObjectTypeFilter)
        file = ks_filter_of(object->public)->file_object;
    if (file == NULL)
        return STATUS_NOT_IMPLEMENTED;
    return KsSynchronousIoControlDevice(file, KernelMode, code, request, request_bytes, data,
                                        data_bytes, returned);
}

static NTSTATUS NTAPI ks_property(struct ks_face *This, PKSPROPERTY Property, ULONG PropertyLength,
                                  PVOID Data, ULONG DataLength, ULONG *BytesReturned)
{
    return control(This, IOCTL_KS_PROPERTY, Property, PropertyLength, Data, DataLength,
                   BytesReturned);
}

static NTSTATUS NTAPI ks_method(struct ks_face *This, PKSMETHOD Method, ULONG MethodLength,
                                PVOID Data, ULONG DataLength, ULONG *BytesReturned)
{
    return control(This, IOCTL_KS_METHOD, Method, MethodLength, Data, DataLength, BytesReturned);
}

static NTSTATUS NTAPI ks_event(struct ks_face *This, PKSEVENT Event, ULONG EventLength, PVOID Data,
                               ULONG DataLength, ULONG *BytesReturned)
{
    if (Event == NULL) /* without a request it is a disable */
        return control(This, IOCTL_KS_DISABLE_EVENT, Data, DataLength, NULL, 0, BytesReturned);
    return control(This, IOCTL_KS_ENABLE_EVENT, Event, EventLength, Data, DataLength,
                   BytesReturned);
}

/* ---- IKsDeviceFunctions ---------------------------------------------------------------------- */

static NTSTATUS NTAPI register_adapter_object_ex(struct ks_face *This, PDMA_ADAPTER AdapterObject,
                                                 PDEVICE_DESCRIPTION DeviceDescription,
                                                 ULONG NumberOfMapRegisters,
                                                 ULONG MaxMappingsByteCount,
                                                 ULONG MappingTableStride)
{
    return ks_dma_register(This->object->device, AdapterObject, DeviceDescription,
                           NumberOfMapRegisters, MaxMappingsByteCount, MappingTableStride);
}

/* ---- Tables and faces ------------------------------------------------------------------------ */

struct slot {
    const void *function;
    const char *name;
    unsigned stack_args;
};

static const struct slot unknown_slots[] = {
    {(const void *)query_interface, "IUnknown::QueryInterface", 0},
    {(const void *)add_ref, "IUnknown::AddRef", 0},
    {(const void *)release, "IUnknown::Release", 0},
};

static const struct slot control_slots[] = {
    {(const void *)ks_property, "IKsControl::KsProperty", 2},
    {(const void *)ks_method, "IKsControl::KsMethod", 2},
    {(const void *)ks_event, "IKsControl::KsEvent", 2},
};

static const struct slot device_slots[] = {
    {(const void *)register_adapter_object_ex, "IKsDeviceFunctions::RegisterAdapterObjectEx", 2},
};

static void fill(PVOID *table, const struct slot *slots, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        table[i] = ke_thunk(slots[i].function, slots[i].name, slots[i].stack_args);
}

static NTSTATUS make_vtable(struct ks *room, enum ks_vtable which, const struct slot *slots,
                            ULONG count)
{
    PVOID *table = ks_allocate((ARRAY_LEN(unknown_slots) + count) * sizeof *table);

    if (table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    fill(table, unknown_slots, ARRAY_LEN(unknown_slots));
    fill(table + ARRAY_LEN(unknown_slots), slots, count);
    room->vtables[which] = table;
    return STATUS_SUCCESS;
}

NTSTATUS ks_unknown_make_vtables(struct ks *room)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (room->vtables[KS_VTABLE_UNKNOWN] == NULL)
        status = make_vtable(room, KS_VTABLE_UNKNOWN, NULL, 0);
    if (NT_SUCCESS(status) && room->vtables[KS_VTABLE_CONTROL] == NULL)
        status = make_vtable(room, KS_VTABLE_CONTROL, control_slots, ARRAY_LEN(control_slots));
    if (NT_SUCCESS(status) && room->vtables[KS_VTABLE_DEVICE_FUNCTIONS] == NULL)
        status =
            make_vtable(room, KS_VTABLE_DEVICE_FUNCTIONS, device_slots, ARRAY_LEN(device_slots));
    return status;
}

static void face_init(struct ks_face *face, enum ks_vtable which, struct ks_object *object)
{
    face->vtable = ks_room()->vtables[which];
    face->object = object;
}

void ks_unknown_init(struct ks_unknown *unknown, struct ks_object *object)
{
    face_init(&unknown->unknown, KS_VTABLE_UNKNOWN, object);
    face_init(&unknown->control, KS_VTABLE_CONTROL, object);
    face_init(&unknown->device_functions, KS_VTABLE_DEVICE_FUNCTIONS, object);
    unknown->references = 1;
    unknown->client = NULL;
}

static void release_client(struct ks_unknown *unknown)
{
    IUnknown *client = unknown->client;

    unknown->client = NULL;
    if (client != NULL)
        KE_CALL(client->lpVtbl->Release, KE_ARG(client));
}

void ks_unknown_fini(struct ks_unknown *unknown)
{
    release_client(unknown);
}

PUNKNOWN NTAPI KsGetOuterUnknown(PVOID Object)
{
    return (PUNKNOWN)(void *)&ks_object_of(Object)->unknown.unknown;
}

PUNKNOWN NTAPI KsRegisterAggregatedClientUnknown(PVOID Object, PUNKNOWN ClientUnknown)
{
    struct ks_unknown *unknown = &ks_object_of(Object)->unknown;

    KE_CALL(ClientUnknown->lpVtbl->AddRef, KE_ARG(ClientUnknown));
    release_client(unknown);
    unknown->client = ClientUnknown;
    return KsGetOuterUnknown(Object);
}
