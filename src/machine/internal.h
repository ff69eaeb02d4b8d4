/* SPDX-License-Identifier: MIT */
/* What the files of this room share. Not a door. */
#ifndef WEIR_MACHINE_INTERNAL_H
#define WEIR_MACHINE_INTERNAL_H

#include "base/base.h"
#include "cm/cm.h"
#include "ex/ex.h"
#include "inbox/inbox.h"
#include "io/io.h"
#include "ks/ks.h"
#include "machine/machine.h"
#include "ob/ob.h"
#include "pnp/pnp.h"
#include "po/po.h"
#include "ps/ps.h"
#include "rtl/rtl.h"

struct machine_other {
    struct exports_driver *image;
    PDRIVER_OBJECT driver;
    bool is_library; /* it has DllInitialize; DriverEntry is not called */
};

struct machine {
    uint64_t magic;
    struct machine_config config;
    struct sim *sim;
    struct ke *ke;
    struct exports *exports;
    struct mm *mm;
    struct rtl *rtl;
    struct ex *ex;
    struct ob *ob;
    struct cm *cm;
    struct ps *ps;
    struct io *io;
    struct pnp *pnp;
    struct po *po;
    struct hal *hal;
    struct inbox *inbox;
    struct ks *ks;
    struct hw_device *card; /* NULL without one */
    struct hal_slot *slot;
    /* What setup knows of the device. */
    struct setup_install install; /* zeroed without an INF */
    struct setup_changes parameters; /* --param, made last */
    struct pnp_setup setup;
    char setup_texts[4][128]; /* what it points to */
    bool compared; /* its interfaces with the driver's */
    const char *hardware_id; /* of a device without hardware; NULL: its usual one */
    char service[64]; /* of the driver under test */
    /* The driver under test. */
    struct exports_driver *image;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;
    ARRAY(struct machine_other) others; /* loaded, in order */
    /* The caller's function and its thread. */
    machine_main_fn *main;
    void *main_ctx;
};

/* install.c */
bool machine_install_choose(struct machine *machine, struct machine_error *error);
/* The changes that are not the device's: before its driver is loaded. */
NTSTATUS machine_install_service(struct machine *machine);
NTSTATUS machine_install_device(void *ctx, PDEVICE_OBJECT pdo); /* the others */
void machine_install_compare(struct machine *machine); /* the driver's interfaces and the INF's */
/* "vendor=0x1234,device=0x5678" for a card that has no identity yet; false: the INF names no PCI
 * device. */
bool machine_install_identity(const struct machine *machine, char *out, size_t size);
/* install_change.c: on a thread of the machine. */
NTSTATUS machine_make_change(HANDLE root, const struct setup_change *change);

/* others.c: the drivers that come before the one under test. */
bool machine_load_others(struct machine *machine, struct machine_error *error);
void machine_unload_others(struct machine *machine);
void machine_card_gone(void *ctx, struct hw_device *device); /* life.c */

/* "grabber" of "grabber.sys". */
void machine_service_name(const char *file_name, char *name, size_t size);

bool machine_fail(struct machine_error *error, enum machine_failure kind, NTSTATUS status,
                  const char *format, ...) WEIR_PRINTF(4, 5);

#endif
