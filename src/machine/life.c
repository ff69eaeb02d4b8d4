/* SPDX-License-Identifier: MIT */
/* The driver's life on this machine, one step a function. On a thread of the machine at
 * PASSIVE_LEVEL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/internal.h"

void machine_service_name(const char *file_name, char *name, size_t size)
{
    char *dot;

    snprintf(name, size, "%s", file_name);
    dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = 0;
}

static bool load_image(struct machine *machine, struct machine_error *error)
{
    struct exports_error refusal = {0};

    if (exports_load(machine->exports, machine->config.driver_name, machine->config.driver_bytes,
                     machine->config.driver_size_bytes, &machine->image, &refusal) == 0)
        return true;
    return machine_fail(error,
                        refusal.kind == EXPORTS_NO_MEMORY ? MACHINE_HOST : MACHINE_IMAGE,
                        STATUS_SUCCESS, "%s", refusal.text);
}

static bool mount_files(struct machine *machine, struct machine_error *error)
{
    const struct machine_config *config = &machine->config;
    struct inbox_file *files;
    size_t bad = 0;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (!config->has_files)
        return true;
    files = calloc(config->file_count + 1, sizeof *files);
    for (size_t i = 0; files != NULL && i < config->file_count; i++)
        files[i] = (struct inbox_file){config->files[i].path, config->files[i].is_folder,
                                       config->files[i].bytes, config->files[i].size_bytes};
    if (files != NULL)
        status = inbox_volume_mount(machine->inbox, files, config->file_count, &bad);
    free(files);
    if (status == STATUS_OBJECT_NAME_COLLISION)
        return machine_fail(error, MACHINE_CARD, status,
                            "--files: %s: another file has that name; case makes no difference on "
                            "Windows", config->files[bad].path);
    if (status == STATUS_OBJECT_NAME_INVALID)
        return machine_fail(error, MACHINE_CARD, status, "--files: %s: is no name on Windows",
                            config->files[bad].path);
    return NT_SUCCESS(status) ||
           machine_fail(error, MACHINE_HOST, status, "no memory for the files");
}

static bool enter_driver(struct machine *machine, struct machine_error *error)
{
    NTSTATUS status;

    if (!load_image(machine, error))
        return false;
    status = io_driver_create(machine->io, machine->service, machine->image->base_va,
                              machine->image->size_bytes, machine->image->entry_va,
                              &machine->driver);
    if (!NT_SUCCESS(status))
        return machine_fail(error, MACHINE_HOST, status, "no memory for the driver object");
    status = io_driver_initialize(machine->driver);
    if (!NT_SUCCESS(status)) {
        machine_fail(error, MACHINE_DRIVER, status, "DriverEntry failed with status 0x%08x",
                     (unsigned)status);
        exports_unload(machine->exports, machine->image);
        machine->image = NULL;
        return false;
    }
    exports_discard_init(machine->exports, machine->image);
    return true;
}

bool machine_load_driver(struct machine *machine, struct machine_error *error)
{
    NTSTATUS status;

    machine_progress(machine);
    if (!mount_files(machine, error))
        return false;
    status = machine_install_service(machine);
    if (!NT_SUCCESS(status))
        return machine_fail(error, MACHINE_HOST, status, "no memory for the registry");
    if (machine->config.before_guest != NULL)
        machine->config.before_guest(machine->config.before_guest_ctx);
    if (!machine_load_others(machine, error))
        return false;
    if (enter_driver(machine, error))
        return true;
    machine_unload_others(machine);
    return false;
}

static void leave_driver(struct machine *machine)
{
    if (machine->image == NULL)
        return;
    io_driver_unload(machine->driver);
    exports_unload(machine->exports, machine->image);
    machine->driver = NULL;
    machine->image = NULL;
}

/* Without devices a driver is unloaded ("Unload Routine Environment"), and loaded for the next. */
bool machine_reload_driver(struct machine *machine, struct machine_error *error)
{
    machine_progress(machine);
    leave_driver(machine);
    return enter_driver(machine, error);
}

static NTSTATUS make_pdo(struct machine *machine)
{
    if (machine->pdo != NULL)
        return STATUS_SUCCESS;
    if (machine->slot != NULL)
        return inbox_pci_pdo(machine->inbox, machine->slot, &machine->pdo);
    return inbox_root_pdo(machine->inbox, machine->service, machine->hardware_id, &machine->pdo);
}

bool machine_start_device(struct machine *machine, struct machine_error *error)
{
    NTSTATUS status = make_pdo(machine);

    machine_progress(machine);
    if (!NT_SUCCESS(status))
        return machine_fail(error, MACHINE_HOST, status, "no memory for the device object");
    status = pnp_add_device(machine->pnp, machine->driver, machine->pdo);
    if (!NT_SUCCESS(status))
        return machine_fail(error, MACHINE_DRIVER, status, "AddDevice failed with status 0x%08x",
                            (unsigned)status);
    return machine_restart_device(machine, error);
}

bool machine_restart_device(struct machine *machine, struct machine_error *error)
{
    NTSTATUS status;

    machine_progress(machine);
    status = pnp_start(machine->pnp, machine->pdo);
    if (NT_SUCCESS(status))
        return true;
    return machine_fail(error, MACHINE_DRIVER, status,
                        "the driver refused to start the device on this card, status 0x%08x",
                        (unsigned)status);
}

bool machine_stop_device(struct machine *machine, struct machine_error *error)
{
    NTSTATUS status;

    machine_progress(machine);
    status = pnp_stop(machine->pnp, machine->pdo);
    if (NT_SUCCESS(status))
        return true;
    return machine_fail(error, MACHINE_DRIVER, status,
                        "the driver refused to stop the device, status 0x%08x", (unsigned)status);
}

bool machine_power(struct machine *machine, bool asleep, struct machine_error *error)
{
    NTSTATUS status;

    machine_progress(machine);
    status = pnp_power(machine->pnp, machine->pdo,
                       asleep ? PowerSystemSleeping3 : PowerSystemWorking);
    if (NT_SUCCESS(status))
        return true;
    return machine_fail(error, MACHINE_DRIVER, status, "the driver refused to %s, status 0x%08x",
                        asleep ? "sleep" : "wake", (unsigned)status);
}

bool machine_remove_device(struct machine *machine, struct machine_error *error)
{
    NTSTATUS status;

    machine_progress(machine);
    machine_install_compare(machine);
    status = pnp_remove(machine->pnp, machine->pdo);
    if (NT_SUCCESS(status))
        return true;
    return machine_fail(error, MACHINE_DRIVER, status,
                        "the driver refused to be removed, status 0x%08x", (unsigned)status);
}

static void announce_removal(void *ctx)
{
    struct machine *machine = ctx;

    if (machine->pdo != NULL)
        pnp_surprise_remove(machine->pnp, machine->pdo);
}

/* The card left its slot by itself, perhaps inside an event: the PnP manager hears of it on a
 * system worker. */
void machine_card_gone(void *ctx, struct hw_device *device)
{
    struct machine *machine = ctx;

    (void)device;
    if (ex_defer(machine->ex, announce_removal, machine) != 0)
        weir_assert(!"no memory to tell of a removal");
}

void machine_surprise_remove(struct machine *machine)
{
    if (machine->card != NULL) {
        machine->card->on_removed = NULL; /* told here, at once */
        hw_remove(machine->card);
    }
    announce_removal(machine);
}

void machine_unload_driver(struct machine *machine)
{
    machine_progress(machine);
    pnp_remove_after_surprise(machine->pnp, machine->pdo);
    leave_driver(machine);
    machine_unload_others(machine);
}
