/* SPDX-License-Identifier: MIT */
/* What the files of pnp share. */
#ifndef WEIR_NT_PNP_STATE_H
#define WEIR_NT_PNP_STATE_H

#include "base/base.h"
#include "pnp/pnp.h"

enum pnp_state {
    PNP_ANNOUNCED, PNP_ADDED, PNP_STARTED, PNP_STOPPED, PNP_SURPRISED,
    PNP_REMOVING /* REMOVE_DEVICE is on its way, on some thread */
};

struct pnp_device {
    struct list_node link;
    struct pnp *pnp;
    struct io_node *node;
    PDEVICE_OBJECT pdo;
    const struct pnp_bus_ops *bus;
    void *bus_ctx;
    enum pnp_state state;
    bool installed; /* setup had its turn */
};

struct pnp {
    uint64_t magic;
    struct ke *ke;
    struct io *io;
    struct list_node devices;
    unsigned next_class_number;
    const struct pnp_setup *setup; /* NULL: nothing is known */
};

struct pnp_device *pnp_device_of(struct pnp *pnp, PDEVICE_OBJECT pdo);

/* Sends a PnP request, preset as documented, and emits the event. location: minor code and
 * parameters; *information goes in and comes out, NULL is fine. */
NTSTATUS pnp_send(struct pnp *pnp, PDEVICE_OBJECT pdo, IO_STACK_LOCATION *location,
                  ULONG_PTR *information);
NTSTATUS pnp_send_minor(struct pnp *pnp, PDEVICE_OBJECT pdo, UCHAR minor);
/* The same for a request that may not be failed: a finding when it is. */
void pnp_send_firm(struct pnp *pnp, PDEVICE_OBJECT pdo, UCHAR minor);

/* enumerate.c: asks a new PDO what it is, writes its keys. service is its driver's name. */
NTSTATUS pnp_enumerate(struct pnp_device *device, const char *service);
NTSTATUS pnp_query_capabilities(struct pnp *pnp, struct io_node *node);

#endif
