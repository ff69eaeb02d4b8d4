/* SPDX-License-Identifier: MIT */
/* A device: what AVStream keeps for one functional device object. The driver sees the KSDEVICE.
 * Made by KsCreateDevice or KsInitializeDevice, ended by REMOVE_DEVICE or KsTerminateDevice. The
 * device extension's first word leads to the KS device header, the header to the device.
 * PASSIVE_LEVEL. Not here: PnP and power requests (pnp.c, power.c), filter factories (factory.h).
 */
#ifndef WEIR_KS_DEVICE_H
#define WEIR_KS_DEVICE_H

#include <stdbool.h>

#include "ks/dma.h"
#include "ks/header.h"
#include "ks/mutex.h"
#include "ks/object.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

enum ks_device_state {
    KS_DEVICE_STOPPED,
    KS_DEVICE_STARTING, /* Start has succeeded, PostStart has not run: creates wait */
    KS_DEVICE_STARTED,
    KS_DEVICE_FAILED, /* PostStart failed: creates fail */
    KS_DEVICE_GONE /* removed, perhaps by surprise */
};

struct ks_device {
    KSDEVICE public; /* first */
    uint64_t magic;
    struct ks_object object;
    struct ks_bag_shelf shelf;
    struct ks_mutex mutex;
    struct ks_dma dma;
    struct ks_device_header *header;
    enum ks_device_state state;
    KEVENT settled; /* signalled except while STARTING */
    PIO_WORKITEM post_start_item;
    PIO_WORKITEM power_item;
    PIRP power_irp; /* waits for the worker: at most one a device, as power IRPs come one by one */
    BUS_INTERFACE_STANDARD bus; /* asked for at the first KsDeviceGetBusData */
};

struct ks_device *ks_device_of(PKSDEVICE device);
/* NULL when the device object is none of ours. */
struct ks_device *ks_device_of_object(PDEVICE_OBJECT object);

/* The driver's callback table; an empty one when it has none. */
const KSDEVICE_DISPATCH *ks_device_dispatch(const struct ks_device *device);
bool ks_device_has_query_interface(const struct ks_device *device);

void ks_device_set_state(struct ks_device *device, enum ks_device_state state);
/* A callback that must not return STATUS_PENDING has returned. */
NTSTATUS ks_check_status(NTSTATUS status);

/* Sends the IRP down and waits until the lower drivers are done with it; it is then ours again. */
NTSTATUS ks_forward_and_wait(PDEVICE_OBJECT next, PIRP irp);
NTSTATUS ks_forward(PDEVICE_OBJECT next, PIRP irp);
NTSTATUS ks_complete(PIRP irp, NTSTATUS status);

/* Dispatch routines of a driver object; see driver.c. */
NTSTATUS NTAPI ks_dispatch_create(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI ks_dispatch_cleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI ks_dispatch_close(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI ks_dispatch_control(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI ks_dispatch_pnp(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI ks_dispatch_power(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI ks_dispatch_system_control(PDEVICE_OBJECT DeviceObject, PIRP Irp);

#endif
