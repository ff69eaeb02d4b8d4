/* SPDX-License-Identifier: MIT */
/* The PnP manager: takes a PDO of a bus through its life with one function driver. All calls on a thread of
 * ours at PASSIVE_LEVEL. */
#ifndef WEIR_NT_PNP_H
#define WEIR_NT_PNP_H

#include "io/io.h"

struct pnp;
int pnp_create(struct ke *ke, struct pnp **out);
void pnp_destroy(struct pnp *pnp);
NTSTATUS pnp_add_device(struct pnp *pnp, PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo); /* AddDevice */
NTSTATUS pnp_start(struct pnp *pnp, PDEVICE_OBJECT pdo); /* resources, START_DEVICE and what follows */
NTSTATUS pnp_stop(struct pnp *pnp, PDEVICE_OBJECT pdo); /* QUERY_STOP, STOP */
NTSTATUS pnp_remove(struct pnp *pnp, PDEVICE_OBJECT pdo); /* QUERY_REMOVE, REMOVE */
NTSTATUS pnp_surprise_remove(struct pnp *pnp, PDEVICE_OBJECT pdo);
/* Device power: sends the D-state IRPs the power policy owner would (system sleep and wake). */
NTSTATUS pnp_power(struct pnp *pnp, PDEVICE_OBJECT pdo, SYSTEM_POWER_STATE system, DEVICE_POWER_STATE device);

#endif
