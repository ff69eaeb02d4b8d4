/* SPDX-License-Identifier: MIT */
/* The drivers Windows itself ships, as far as a machine with one card needs them: the PCI bus
 * driver, which makes a PDO for a slot of hal's and answers for it, the root enumerator, which
 * makes a PDO without hardware, and a file system in memory. On a thread of ours at PASSIVE_LEVEL.
 * Like any driver they call the Windows API; pnp learns of a PDO through pnp_announce. */
#ifndef WEIR_INBOX_INBOX_H
#define WEIR_INBOX_INBOX_H

#include "hal/hal.h"
#include "pnp/pnp.h"

struct inbox;
int inbox_create(struct ke *ke, struct hal *hal, struct pnp *pnp, struct inbox **out);
void inbox_destroy(struct inbox *inbox);

/* What the device in the slot is called: best first, each ends in zero, the list in two. */
struct inbox_ids {
    char hardware[320];
    char compatible[160];
};
void inbox_pci_ids(struct hal_slot *slot, struct inbox_ids *out);

/* A PDO for the device in the slot. */
NTSTATUS inbox_pci_pdo(struct inbox *inbox, struct hal_slot *slot, PDEVICE_OBJECT *out);
/* A PDO without resources. name becomes its device id, ROOT\name, and its hardware id where
 * hardware_id is NULL. */
NTSTATUS inbox_root_pdo(struct inbox *inbox, const char *name, const char *hardware_id,
                        PDEVICE_OBJECT *out);

/* ---- Files ----------------------------------------------------------------------------------- */

/* What the volume holds at first; borrowed while it is mounted, and copied. */
struct inbox_file {
    const char *path; /* UTF-8, parts separated by '/', relative to the root */
    bool is_folder;
    const void *bytes;
    size_t size_bytes;
};
/* A volume with these files, folders before what is in them, as \??\C: and \Device\HarddiskVolume1;
 * \SystemRoot is its folder Windows. Once. *bad: the file that cannot be, whose name is none on
 * Windows (STATUS_OBJECT_NAME_INVALID) or is another's there (STATUS_OBJECT_NAME_COLLISION); count
 * when none. */
NTSTATUS inbox_volume_mount(struct inbox *inbox, const struct inbox_file *files, size_t count,
                            size_t *bad);
/* Each file that a driver made, wrote or renamed, in the order of names, folder by folder; path as
 * in struct inbox_file. On any stack, also when the machine has stopped. Ends with what changed
 * returns when that is not 0; -ENOMEM. */
typedef int inbox_changed_fn(void *ctx, const char *path, const void *bytes, uint64_t size_bytes);
int inbox_volume_changed(struct inbox *inbox, inbox_changed_fn *changed, void *ctx);

#endif
