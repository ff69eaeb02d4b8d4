/* SPDX-License-Identifier: MIT */
/* The PnP manager: takes a PDO of a bus through its life with one function driver. All calls on a thread of
 * ours at PASSIVE_LEVEL. */
#ifndef WEIR_NT_PNP_H
#define WEIR_NT_PNP_H

#include "io/io.h"

struct pnp;
int pnp_create(struct ke *ke, struct pnp **out);
void pnp_destroy(struct pnp *pnp);

/* What a bus driver, in a room above, tells of a PDO it made: the resources the device gets at start, as CM lists from
 * pool that pnp frees; NULL lists for a device without any. */
struct pnp_bus_ops {
    NTSTATUS (*resources)(void *ctx, PDEVICE_OBJECT pdo, PCM_RESOURCE_LIST *raw, PCM_RESOURCE_LIST *translated);
};
NTSTATUS pnp_announce(struct pnp *pnp, PDEVICE_OBJECT pdo, const struct pnp_bus_ops *ops, void *ctx);

NTSTATUS pnp_add_device(struct pnp *pnp, PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo); /* AddDevice */
NTSTATUS pnp_start(struct pnp *pnp, PDEVICE_OBJECT pdo); /* resources, START_DEVICE and what follows */
NTSTATUS pnp_stop(struct pnp *pnp, PDEVICE_OBJECT pdo); /* QUERY_STOP, STOP */
NTSTATUS pnp_remove(struct pnp *pnp, PDEVICE_OBJECT pdo); /* QUERY_REMOVE, REMOVE */
NTSTATUS pnp_surprise_remove(struct pnp *pnp, PDEVICE_OBJECT pdo); /* SURPRISE_REMOVAL */
NTSTATUS pnp_remove_after_surprise(struct pnp *pnp, PDEVICE_OBJECT pdo); /* REMOVE, once handles are closed */
/* System sleep and wake: QUERY_POWER and SET_POWER of the system state; the function driver, as policy owner, sends
 * its device request from there. */
NTSTATUS pnp_power(struct pnp *pnp, PDEVICE_OBJECT pdo, SYSTEM_POWER_STATE system);

#endif
