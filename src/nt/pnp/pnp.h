/* SPDX-License-Identifier: MIT */
/* The PnP manager: takes a PDO of a bus through its life with one function driver. All calls on a
 * thread of ours at PASSIVE_LEVEL. Order: pnp_create after io_create; a bus announces its PDO
 * before a driver is added; pnp_destroy before io_destroy. A device's software key is
 * Control\Class\<class>\nnnn, numbered from 0000 in the order of adding; its hardware key is
 * Enum\<instance path>\Device Parameters. */
#ifndef WEIR_NT_PNP_H
#define WEIR_NT_PNP_H

#include "io/io.h"

/* MEDIA: what a device is said to be when nobody knows better. */
#define PNP_CLASS "{4D36E96C-E325-11CE-BFC1-08002BE10318}"
#define PNP_CLASS_NAME "MEDIA"

struct pnp;
int pnp_create(struct ke *ke, struct pnp **out);
void pnp_destroy(struct pnp *pnp);

/* What a bus driver, in a room above, tells of a PDO it made: the resources the device gets at
 * start, as CM lists from pool that pnp frees; NULL lists for a device without any. requirements is
 * what the bus answered to QUERY_RESOURCE_REQUIREMENTS, after the function driver's changes; NULL
 * when it answered nothing. */
struct pnp_bus_ops {
    NTSTATUS (*resources)(void *ctx, PDEVICE_OBJECT pdo,
                          const IO_RESOURCE_REQUIREMENTS_LIST *requirements, PCM_RESOURCE_LIST *raw,
                          PCM_RESOURCE_LIST *translated);
};
NTSTATUS pnp_announce(struct pnp *pnp, PDEVICE_OBJECT pdo, const struct pnp_bus_ops *ops,
                      void *ctx);

/* What setup knows of the devices that will be added; texts are of bytes that stand for U+0000 to
 * U+00FF. install is called once for each device, when its keys are there and empty, before what it
 * needs is asked for and before AddDevice; a status that is none of success fails the adding. */
struct pnp_setup {
    const char *description, *manufacturer; /* NULL: the bus's word */
    const char *class_name, *class_guid; /* NULL: MEDIA */
    bool decides_messages; /* install writes MSISupported; else every device has it */
    NTSTATUS (*install)(void *ctx, PDEVICE_OBJECT pdo);
    void *ctx;
};
void pnp_set_setup(struct pnp *pnp, const struct pnp_setup *setup); /* borrowed */

NTSTATUS pnp_add_device(struct pnp *pnp, PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo); /* AddDevice */
/* Resources, START_DEVICE and what follows. A first start that fails ends in REMOVE_DEVICE, one
 * after a stop in SURPRISE_REMOVAL and REMOVE_DEVICE. */
NTSTATUS pnp_start(struct pnp *pnp, PDEVICE_OBJECT pdo);
NTSTATUS pnp_stop(struct pnp *pnp, PDEVICE_OBJECT pdo); /* QUERY_STOP, STOP */
/* QUERY_REMOVE, REMOVE. STATUS_DEVICE_BUSY while files are open on it; nothing to do is a
 * success. */
NTSTATUS pnp_remove(struct pnp *pnp, PDEVICE_OBJECT pdo);
/* SURPRISE_REMOVAL at once; REMOVE follows by itself when the last file on the device is closed. */
NTSTATUS pnp_surprise_remove(struct pnp *pnp, PDEVICE_OBJECT pdo);
/* REMOVE now, unless the device is removed already. STATUS_DEVICE_BUSY while files are open on
 * it. */
NTSTATUS pnp_remove_after_surprise(struct pnp *pnp, PDEVICE_OBJECT pdo);
/* System sleep and wake: QUERY_POWER and SET_POWER of the system state. The function driver, as
 * policy owner, turns them into device requests; where none has changed the device's state by then,
 * that is done here. */
NTSTATUS pnp_power(struct pnp *pnp, PDEVICE_OBJECT pdo, SYSTEM_POWER_STATE system);

#endif
