/* SPDX-License-Identifier: MIT */
/* What the two bus drivers share. Not a door. */
#ifndef WEIR_INBOX_INTERNAL_H
#define WEIR_INBOX_INTERNAL_H

#include "inbox/inbox.h"
#include "io/io.h"

enum { INBOX_TAG = 'xobI' };

struct inbox_device { /* one per PDO, found by its address */
    uint64_t magic;
    struct inbox *inbox;
    PDEVICE_OBJECT pdo;
    struct hal_slot *slot; /* NULL: root enumerated */
    char device_id[80]; /* PCI\VEN_xxxx&DEV_xxxx&SUBSYS_xxxxxxxx&REV_xx */
    char instance_id[32];
    struct inbox_ids ids;
    char description[64]; /* empty: none */
    char location[64];
    ULONG interface_references;
};

struct inbox {
    uint64_t magic;
    struct ke *ke;
    struct hal *hal;
    struct pnp *pnp;
    PDRIVER_OBJECT driver;
    struct inbox_volume *volume; /* NULL: none is mounted */
    struct inbox_device *devices[8];
    unsigned device_count;
};

struct inbox_device *inbox_device_of(PDEVICE_OBJECT pdo);
/* Ends an IRP of the PDO's. */
NTSTATUS inbox_complete(PIRP irp, NTSTATUS status);

void inbox_volume_destroy(struct inbox *inbox); /* volume.c */
/* pci_interface.c: BUS_INTERFACE_STANDARD for the PDO. */
NTSTATUS inbox_query_interface(struct inbox_device *device, PIO_STACK_LOCATION stack);
/* resources.c: IRP_MN_QUERY_RESOURCES and IRP_MN_QUERY_RESOURCE_REQUIREMENTS. */
NTSTATUS inbox_query_resources(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS inbox_query_requirements(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack);
/* pdo_pnp.c */
NTSTATUS NTAPI inbox_dispatch_pnp(PDEVICE_OBJECT pdo, PIRP irp);
NTSTATUS NTAPI inbox_dispatch_power(PDEVICE_OBJECT pdo, PIRP irp);

#endif
