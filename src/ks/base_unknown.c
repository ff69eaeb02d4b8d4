/* SPDX-License-Identifier: MIT */
/* CBaseUnknown, what kernel COM gives C++ drivers to derive from: two tables of virtual functions,
 * a count, and the outer unknown, which is the object itself unless it is aggregated. Derived
 * constructors call ours first and then put their own tables over ours; those name our methods
 * where the class has none of its own. The last release deletes the object by its virtual
 * destructor, so by the derived class's operator delete. kcom.h, as mingw-w64 has it; the layout is
 * that of Microsoft's x64 compilers.
 * UNDOC: an object begins with no reference, as in the base classes of DirectShow and of WDM audio:
 * its maker asks it for an interface, or deletes it.
 * UNDOC: the Indirected methods go to the outer unknown.
 * Left out: the count of a class that KoCreateInstance made; an object of our own tables that is
 * deleted was allocated with ExAllocatePool. */
#include "base/fatal.h"
#include "ks/room.h"

enum { DELETING_DESTRUCTOR = 3 }; /* in the first table */

static NTSTATUS ask(PUNKNOWN unknown, REFIID id, PVOID *out)
{
    return (NTSTATUS)KE_CALL(unknown->lpVtbl->QueryInterface, KE_ARG(unknown), KE_ARG(id),
                             KE_ARG(out));
}

/* ---- The count ------------------------------------------------------------------------------- */

ULONG NTAPI ks_CBaseUnknown_NonDelegatedAddRef(PCBASEUNKNOWN This)
{
    return (ULONG)InterlockedIncrement(&This->m_RefCount);
}

ULONG NTAPI ks_CBaseUnknown_NonDelegatedRelease(PCBASEUNKNOWN This)
{
    ULONG left = (ULONG)InterlockedDecrement(&This->m_RefCount);

    if (left != 0)
        return left;
    if (This->m_UsingClassId)
        weir_not_implemented("releasing the last object of a kernel COM class");
    KE_CALL(This->NonDelegated[DELETING_DESTRUCTOR], KE_ARG(This), TRUE);
    return 0;
}

NTSTATUS NTAPI ks_CBaseUnknown_NonDelegatedQueryInterface(PCBASEUNKNOWN This, REFIID InterfaceId,
                                                          PVOID *Interface)
{
    PUNKNOWN unknown = (PUNKNOWN)(PVOID)This; /* the same three slots */

    if (!IsEqualGUID(InterfaceId, &IID_IUnknown)) {
        *Interface = NULL;
        return STATUS_NOINTERFACE;
    }
    *Interface = This;
    KE_CALL(unknown->lpVtbl->AddRef, KE_ARG(unknown)); /* the derived class's, if it has one */
    return STATUS_SUCCESS;
}

/* ---- The second base ------------------------------------------------------------------------- */

static PUNKNOWN outer_of(PVOID indirected)
{
    return CONTAINING_RECORD(indirected, CBASEUNKNOWN, Indirected)->m_UnknownOuter;
}

NTSTATUS NTAPI ks_CBaseUnknown_IndirectedQueryInterface(PVOID Indirected, REFIID InterfaceId,
                                                        PVOID *Interface)
{
    return ask(outer_of(Indirected), InterfaceId, Interface);
}

ULONG NTAPI ks_CBaseUnknown_IndirectedAddRef(PVOID Indirected)
{
    PUNKNOWN outer = outer_of(Indirected);

    return (ULONG)KE_CALL(outer->lpVtbl->AddRef, KE_ARG(outer));
}

ULONG NTAPI ks_CBaseUnknown_IndirectedRelease(PVOID Indirected)
{
    PUNKNOWN outer = outer_of(Indirected);

    return (ULONG)KE_CALL(outer->lpVtbl->Release, KE_ARG(outer));
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static PVOID NTAPI delete_object(PCBASEUNKNOWN This, ULONG Flags)
{
    ks_CBaseUnknown_destroy(This);
    if ((Flags & 1) != 0)
        ExFreePool(This);
    return This;
}

#define SLOT(function) ((PVOID)ke_thunk((const void *)(function), #function, 0))

static PVOID *fill(PVOID *table)
{
    if (table == NULL)
        return NULL;
    table[0] = SLOT(ks_CBaseUnknown_NonDelegatedQueryInterface);
    table[1] = SLOT(ks_CBaseUnknown_NonDelegatedAddRef);
    table[2] = SLOT(ks_CBaseUnknown_NonDelegatedRelease);
    table[DELETING_DESTRUCTOR] = SLOT(delete_object);
    table[4] = SLOT(ks_CBaseUnknown_IndirectedQueryInterface);
    table[5] = SLOT(ks_CBaseUnknown_IndirectedAddRef);
    table[6] = SLOT(ks_CBaseUnknown_IndirectedRelease);
    return table;
}

/* Both tables, one behind the other; a constructor cannot fail, so without memory the machine ends
 * as at any first touch of what is not there. */
static const PVOID *tables(void)
{
    struct ks *room = ks_room();

    if (room->vtables[KS_VTABLE_BASE_UNKNOWN] == NULL)
        room->vtables[KS_VTABLE_BASE_UNKNOWN] = fill(ks_allocate(7 * sizeof(PVOID)));
    if (room->vtables[KS_VTABLE_BASE_UNKNOWN] == NULL)
        ks_not_an_object(NULL);
    return (const PVOID *)room->vtables[KS_VTABLE_BASE_UNKNOWN];
}

/* ---- Making and ending ----------------------------------------------------------------------- */

PVOID NTAPI ks_CBaseUnknown(PCBASEUNKNOWN This, PUNKNOWN UnknownOuter)
{
    const PVOID *both = tables();

    This->NonDelegated = both;
    This->Indirected = both + DELETING_DESTRUCTOR + 1;
    This->m_RefCount = 0;
    This->m_UsingClassId = FALSE;
    This->m_UnknownOuter = UnknownOuter != NULL ? UnknownOuter : (PUNKNOWN)(PVOID)This;
    return This;
}

PVOID NTAPI ks_CBaseUnknown_class(PCBASEUNKNOWN This, REFCLSID ClassId, PUNKNOWN UnknownOuter)
{
    ks_CBaseUnknown(This, UnknownOuter);
    This->m_ClassId = *ClassId;
    This->m_UsingClassId = TRUE;
    return This;
}

void NTAPI ks_CBaseUnknown_default(PCBASEUNKNOWN This)
{
    ks_CBaseUnknown(This, NULL);
}

/* A destructor puts its own class's tables back, since the derived part is gone. */
void NTAPI ks_CBaseUnknown_destroy(PCBASEUNKNOWN This)
{
    const PVOID *both = tables();

    This->NonDelegated = both;
    This->Indirected = both + DELETING_DESTRUCTOR + 1;
}
