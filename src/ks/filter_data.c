/* SPDX-License-Identifier: MIT */
/* FilterData: what applications may read of a filter's pins without opening the filter, a value in
 * the key of its device interface. AVStream writes it for a filter factory, from a descriptor; for
 * filters without kernel pins (tuners, crossbars) the driver lists pins that only a graph knows.
 * KsFilterFactoryUpdateCacheData; KsRegisterFilterWithNoKSPins.
 * UNDOC: the value's bytes. Only DirectShow reads them. A pin is a struct filter_data_pin, its
 * mediums, its category. Not here: the Medium cache, which nobody but DirectShow reads either. */
#include <string.h>

#include "base/base.h"
#include "ks/factory.h"
#include "ks/room.h"

struct filter_data_pin {
    ULONG is_output;
    ULONG medium_count;
    ULONG has_category;
};

struct filter_data {
    uint8_t *bytes;
    ULONG size_bytes;
};

static ULONG pin_bytes(ULONG medium_count, const GUID *category)
{
    return (ULONG)(sizeof(struct filter_data_pin) + medium_count * sizeof(KSPIN_MEDIUM) +
                   (category != NULL ? sizeof *category : 0));
}

static void put(struct filter_data *data, const void *from, size_t size_bytes)
{
    if (size_bytes != 0)
        memcpy(data->bytes + data->size_bytes, from, size_bytes);
    data->size_bytes += (ULONG)size_bytes;
}

static void put_pin(struct filter_data *data, bool is_output, const KSPIN_MEDIUM *mediums,
                    ULONG medium_count, const GUID *category)
{
    const struct filter_data_pin pin = {.is_output = is_output, .medium_count = medium_count,
                                        .has_category = category != NULL};

    put(data, &pin, sizeof pin);
    put(data, mediums, medium_count * sizeof *mediums);
    if (category != NULL)
        put(data, category, sizeof *category);
}

static NTSTATUS store(PUNICODE_STRING link, const struct filter_data *data)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(u"FilterData");
    HANDLE key;
    NTSTATUS status = IoOpenDeviceInterfaceRegistryKey(link, KEY_WRITE, &key);

    if (!NT_SUCCESS(status))
        return status;
    status = ZwSetValueKey(key, &name, 0, REG_BINARY, data->bytes, data->size_bytes);
    ZwClose(key);
    return status;
}

/* ---- Of a factory ---------------------------------------------------------------------------- */

static const KSPIN_DESCRIPTOR *pin_at(const KSFILTER_DESCRIPTOR *descriptor, ULONG index)
{
    const uint8_t *pins = (const uint8_t *)descriptor->PinDescriptors;

    return &((const KSPIN_DESCRIPTOR_EX *)(pins + index * descriptor->PinDescriptorSize))
                ->PinDescriptor;
}

static NTSTATUS describe(const KSFILTER_DESCRIPTOR *descriptor, struct filter_data *data)
{
    ULONG size = 0;

    for (ULONG i = 0; i < descriptor->PinDescriptorsCount; i++)
        size += pin_bytes(pin_at(descriptor, i)->MediumsCount, pin_at(descriptor, i)->Category);
    data->bytes = ks_allocate(size + 1);
    if (data->bytes == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < descriptor->PinDescriptorsCount; i++) {
        const KSPIN_DESCRIPTOR *pin = pin_at(descriptor, i);

        put_pin(data, pin->DataFlow == KSPIN_DATAFLOW_OUT, pin->Mediums, pin->MediumsCount,
                pin->Category);
    }
    return STATUS_SUCCESS;
}

/* The factory's interface of that category; its own descriptor tells which is which. */
static PUNICODE_STRING interface_of(const struct ks_factory *factory, const GUID *category)
{
    const KSFILTER_DESCRIPTOR *own = factory->public.FilterDescriptor;

    for (ULONG i = 0; i < factory->interface_count; i++) {
        if (memcmp(&own->Categories[i], category, sizeof *category) == 0)
            return &factory->interfaces[i];
    }
    return NULL;
}

NTSTATUS NTAPI KsFilterFactoryUpdateCacheData(PKSFILTERFACTORY FilterFactory,
                                              const KSFILTER_DESCRIPTOR *FilterDescriptor)
{
    struct ks_factory *factory = ks_factory_of(FilterFactory);
    const KSFILTER_DESCRIPTOR *descriptor =
        FilterDescriptor != NULL ? FilterDescriptor : factory->public.FilterDescriptor;
    struct filter_data data = {0};
    bool found = false;
    NTSTATUS status = describe(descriptor, &data);

    for (ULONG i = 0; i < descriptor->CategoriesCount && NT_SUCCESS(status); i++) {
        PUNICODE_STRING link = interface_of(factory, &descriptor->Categories[i]);

        if (link == NULL)
            continue;
        found = true;
        status = store(link, &data);
    }
    ks_free(data.bytes);
    return NT_SUCCESS(status) && !found ? STATUS_INVALID_PARAMETER : status;
}

/* ---- Of a filter without kernel pins --------------------------------------------------------- */

NTSTATUS NTAPI KsRegisterFilterWithNoKSPins(PDEVICE_OBJECT DeviceObject,
                                            const GUID *InterfaceClassGUID, ULONG PinCount,
                                            BOOL *PinDirection, KSPIN_MEDIUM *MediumList,
                                            GUID *CategoryList)
{
    struct filter_data data = {0};
    UNICODE_STRING link;
    NTSTATUS status;

    data.bytes = ks_allocate(PinCount * pin_bytes(1, CategoryList) + 1);
    if (data.bytes == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < PinCount; i++)
        put_pin(&data, PinDirection[i], &MediumList[i], 1,
                CategoryList != NULL ? &CategoryList[i] : NULL);
    status = IoRegisterDeviceInterface(DeviceObject, InterfaceClassGUID, NULL, &link);
    if (NT_SUCCESS(status)) {
        status = store(&link, &data);
        RtlFreeUnicodeString(&link);
    }
    ks_free(data.bytes);
    return status;
}
