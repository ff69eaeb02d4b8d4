/* SPDX-License-Identifier: MIT */
/* The drivers loaded before the one under test, in the order given. One that exports DllInitialize
 * is an export driver: that routine runs, its DriverEntry never does, and DllUnload runs when all
 * who import from it are gone. Any other is a driver like any, started by DriverEntry and without a
 * device of its own. What either leaves behind is found. "Creating Export Drivers". */
#include <stdio.h>

#include "machine/internal.h"

static NTSTATUS initialize(struct machine_other *other)
{
    uint64_t routine = exports_driver_function(other->image, "DllInitialize");

    if (routine == 0)
        return io_driver_initialize(other->driver);
    other->is_library = true;
    return (NTSTATUS)KE_CALL(routine, KE_ARG(io_driver_registry_path(other->driver)));
}

static bool create(struct machine *machine, const struct machine_image *file,
                   struct machine_other *other, struct machine_error *error)
{
    struct exports_error refusal = {0};
    char service[64];

    if (exports_load(machine->exports, file->name, file->bytes, file->size_bytes, &other->image,
                     &refusal) != 0)
        return machine_fail(error,
                            refusal.kind == EXPORTS_NO_MEMORY ? MACHINE_HOST : MACHINE_IMAGE,
                            STATUS_SUCCESS, "--load %s: %s", file->name, refusal.text);
    machine_service_name(file->name, service, sizeof service);
    if (array_reserve(&machine->others, machine->others.count + 1) == 0 &&
        NT_SUCCESS(io_driver_create(machine->io, service, other->image->base_va,
                                    other->image->size_bytes, other->image->entry_va,
                                    &other->driver)))
        return true;
    exports_unload(machine->exports, other->image);
    return machine_fail(error, MACHINE_HOST, STATUS_INSUFFICIENT_RESOURCES,
                        "no memory for the driver object of %s", file->name);
}

static bool load(struct machine *machine, const struct machine_image *file,
                 struct machine_error *error)
{
    struct machine_other other = {0};
    NTSTATUS status;

    if (!create(machine, file, &other, error))
        return false;
    status = initialize(&other);
    if (!NT_SUCCESS(status)) {
        if (other.is_library)
            io_driver_end(other.driver);
        exports_unload(machine->exports, other.image);
        return machine_fail(error, MACHINE_DRIVER, status,
                            "--load %s: %s failed with status 0x%08x", file->name,
                            other.is_library ? "DllInitialize" : "DriverEntry", (unsigned)status);
    }
    exports_discard_init(machine->exports, other.image);
    array_push(&machine->others, other);
    return true;
}

bool machine_load_others(struct machine *machine, struct machine_error *error)
{
    for (size_t i = 0; i < machine->config.other_count; i++) {
        if (!load(machine, &machine->config.others[i], error)) {
            machine_unload_others(machine);
            return false;
        }
    }
    return true;
}

static void unload(struct machine *machine, const struct machine_other *other)
{
    uint64_t routine = exports_driver_function(other->image, "DllUnload");

    if (!other->is_library) {
        io_driver_unload(other->driver);
    } else {
        if (routine != 0)
            KE_CALL(routine, 0);
        io_driver_end(other->driver);
    }
    exports_unload(machine->exports, other->image);
}

void machine_unload_others(struct machine *machine)
{
    while (machine->others.count != 0) {
        struct machine_other other = array_pop(&machine->others);

        unload(machine, &other);
    }
}
