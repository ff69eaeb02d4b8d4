/* SPDX-License-Identifier: MIT */
/* Two processes exist. The system's runs workers and drivers' threads; the application's is current
 * while one of its calls is being carried out, on the application's own thread. A process body is a
 * dispatcher header with room behind it: drivers only ever hold and compare its address.
 * Identifiers are multiples of four, and 4 is the system's. */
#include "ps/ps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "ob/ob.h"
#include "ps/state.h"
#include "rtl/rtl.h"

static const uint64_t ps_magic = 0x7765697270730000u;
enum { PROCESS_TAG = 0x636F7250 /* 'Proc' */, PROCESS_BYTES = 0x400 };

static const uint64_t process_ids[PS_PROCESSES] = {[PS_SYSTEM] = 4, [PS_CLIENT] = 1000};

static void process_delete(void *body, void *state)
{
    (void)state;
    ExFreePoolWithTag(body, PROCESS_TAG);
}

static int create_process(struct ps *ps, enum ps_process which)
{
    PKTHREAD body = ExAllocatePoolWithTag(NonPagedPool, PROCESS_BYTES, PROCESS_TAG);

    if (body == NULL)
        return -ENOMEM;
    memset(body, 0, PROCESS_BYTES);
    body->Header.Type = KOBJECT_PROCESS;
    InitializeListHead(&body->Header.WaitListHead);
    if (!NT_SUCCESS(ob_object_create(ob_of(ps->ke), OB_TYPE_PROCESS, body, ps, process_delete,
                                     NULL))) {
        ExFreePoolWithTag(body, PROCESS_TAG);
        return -ENOMEM;
    }
    ps->processes[which] = (PEPROCESS)body;
    return 0;
}

int ps_create(struct ke *ke, struct ps **out)
{
    struct ps *ps = calloc(1, sizeof *ps);
    int error = 0;
    int i;

    if (ps == NULL)
        return -ENOMEM;
    ps->magic = ps_magic;
    ps->ke = ke;
    ke_set_room(ke, KE_ROOM_PS, ps);
    for (i = 0; i < PS_PROCESSES && error == 0; i++)
        error = create_process(ps, (enum ps_process)i);
    if (error != 0) {
        ps_destroy(ps);
        return error;
    }
    ps_threads_init(ps);
    *out = ps;
    return 0;
}

/* The bodies lie in pool, which goes with mm. */
void ps_destroy(struct ps *ps)
{
    if (ps == NULL)
        return;
    weir_assert(ps->magic == ps_magic);
    ob_set_adopt(ob_of(ps->ke), NULL, NULL);
    map_fini(&ps->attached);
    ke_set_room(ps->ke, KE_ROOM_PS, NULL);
    ps->magic = 0;
    free(ps);
}

struct ps *ps_of(struct ke *ke)
{
    return ke_room(ke, KE_ROOM_PS);
}

PEPROCESS ps_system_process(struct ps *ps)
{
    return ps->processes[PS_SYSTEM];
}

PEPROCESS ps_client_process(struct ps *ps)
{
    return ps->processes[PS_CLIENT];
}

PEPROCESS NTAPI IoGetCurrentProcess(void)
{
    struct ps *ps = ps_of(ke_current());
    PEPROCESS attached = ps_attached(ps);

    if (attached != NULL)
        return attached;
    return ps->processes[ExGetPreviousMode() == UserMode ? PS_CLIENT : PS_SYSTEM];
}

HANDLE NTAPI PsGetProcessId(PEPROCESS process)
{
    struct ps *ps = ps_of(ke_current());
    int i;

    for (i = 0; i < PS_PROCESSES; i++) {
        if (ps->processes[i] == process)
            return (HANDLE)process_ids[i];
    }
    return NULL;
}

HANDLE NTAPI PsGetCurrentProcessId(void)
{
    return PsGetProcessId(IoGetCurrentProcess());
}

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE id, PEPROCESS *process)
{
    struct ps *ps = ps_of(ke_current());
    int i;

    for (i = 0; i < PS_PROCESSES; i++) {
        if (process_ids[i] == KE_ARG(id)) {
            *process = ps->processes[i];
            ObfReferenceObject(*process);
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INVALID_PARAMETER;
}

/* The string and its characters are one block of pool, the caller's to free.
 * UNDOC: the application's name; that the system's process, which no image made, has none. */
NTSTATUS NTAPI SeLocateProcessImageName(PEPROCESS Process, PUNICODE_STRING *pImageFileName)
{
    static const WCHAR application[] = u"\\Device\\HarddiskVolume1\\weir\\application.exe";
    struct ps *ps = ps_of(ke_current());
    PUNICODE_STRING name;

    if (Process != ps->processes[PS_CLIENT])
        return STATUS_NOT_FOUND;
    name = ExAllocatePoolWithTag(PagedPool, sizeof *name + sizeof application, PROCESS_TAG);
    if (name == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    name->Buffer = (PWCH)(name + 1);
    memcpy(name->Buffer, application, sizeof application);
    name->MaximumLength = sizeof application;
    name->Length = sizeof application - sizeof application[0];
    *pImageFileName = name;
    return STATUS_SUCCESS;
}

/* TRUE would mean a checked build. The string may be NULL, or not initialised by the caller. */
BOOLEAN NTAPI PsGetVersion(PULONG major, PULONG minor, PULONG build, PUNICODE_STRING service_pack)
{
    struct ke_windows_version version = ke_windows_version_of(ke_windows(ke_current()));

    if (major != NULL)
        *major = version.major;
    if (minor != NULL)
        *minor = version.minor;
    if (build != NULL)
        *build = version.build;
    if (service_pack != NULL)
        *service_pack = (UNICODE_STRING){0};
    return FALSE;
}
