/* SPDX-License-Identifier: MIT */
/* CBaseUnknown as a derived class of C++ uses it: with tables of its own over ours, with and
 * without an outer unknown. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10, .no_adapter = true};
static const GUID mine = {0x90, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

struct derived {
    CBASEUNKNOWN base; /* first */
    ULONG own;
};

static unsigned deleted, added;

static PVOID NTAPI derived_delete(struct derived *this, ULONG flags)
{
    deleted++;
    ks_CBaseUnknown_destroy(&this->base);
    if (flags & 1)
        ExFreePoolWithTag(this, 'tseT');
    return this;
}

static ULONG NTAPI derived_add_ref(PCBASEUNKNOWN this)
{
    added++;
    return ks_CBaseUnknown_NonDelegatedAddRef(this);
}

static NTSTATUS NTAPI derived_query(PCBASEUNKNOWN this, REFIID id, PVOID *out)
{
    if (!IsEqualGUID(id, &mine))
        return ks_CBaseUnknown_NonDelegatedQueryInterface(this, id, out);
    *out = this;
    derived_add_ref(this);
    return STATUS_SUCCESS;
}

/* As the compiler lays them out. */
static PVOID derived_table[4], derived_indirected[3];

static struct derived *make(PUNKNOWN outer)
{
    struct derived *object = ExAllocatePoolWithTag(NonPagedPool, sizeof *object, 'tseT');

    memset(object, 0x5a, sizeof *object);
    assert_ptr_equal(ks_CBaseUnknown(&object->base, outer), object);
    derived_table[0] = (PVOID)derived_query;
    derived_table[1] = (PVOID)derived_add_ref;
    derived_table[2] = (PVOID)ks_CBaseUnknown_NonDelegatedRelease;
    derived_table[3] = (PVOID)derived_delete;
    derived_indirected[0] = (PVOID)ks_CBaseUnknown_IndirectedQueryInterface;
    derived_indirected[1] = (PVOID)ks_CBaseUnknown_IndirectedAddRef;
    derived_indirected[2] = (PVOID)ks_CBaseUnknown_IndirectedRelease;
    object->base.NonDelegated = derived_table;
    object->base.Indirected = derived_indirected;
    return object;
}

static void derived_body(void)
{
    struct derived *object;
    PVOID interface = NULL;

    world_begin();
    deleted = added = 0;
    object = make(NULL);
    assert_int_equal(object->base.m_RefCount, 0);
    assert_int_equal(derived_query(&object->base, &mine, &interface), STATUS_SUCCESS);
    assert_ptr_equal(interface, object);
    assert_int_equal(ks_CBaseUnknown_NonDelegatedQueryInterface(&object->base, &IID_IUnknown,
                                                                &interface), STATUS_SUCCESS);
    assert_ptr_equal(interface, object);
    assert_int_equal(added, 2); /* by the derived class's own routine */
    assert_int_equal(ks_CBaseUnknown_NonDelegatedQueryInterface(&object->base, &mine, &interface),
                     STATUS_NOINTERFACE);
    assert_null(interface);
    assert_int_equal(ks_CBaseUnknown_IndirectedAddRef(&object->base.Indirected), 3);
    assert_int_equal(ks_CBaseUnknown_IndirectedQueryInterface(&object->base.Indirected, &mine,
                                                              &interface), STATUS_SUCCESS);
    assert_int_equal(ks_CBaseUnknown_IndirectedQueryInterface(&object->base.Indirected,
                                                              &world_major, &interface),
                     STATUS_NOINTERFACE);
    assert_int_equal(ks_CBaseUnknown_IndirectedRelease(&object->base.Indirected), 3);
    assert_int_equal(ks_CBaseUnknown_NonDelegatedRelease(&object->base), 2);
    assert_int_equal(ks_CBaseUnknown_NonDelegatedRelease(&object->base), 1);
    assert_int_equal(deleted, 0);
    assert_int_equal(ks_CBaseUnknown_NonDelegatedRelease(&object->base), 0);
    assert_int_equal(deleted, 1);
    world_end();
}

static void a_derived_object_is_deleted_with_its_last_reference(void **state)
{
    (void)state;
    world_live(&plain, derived_body);
}

static void aggregated_body(void)
{
    struct derived *object;
    PUNKNOWN outer;
    PVOID interface = NULL;

    world_begin();
    deleted = added = 0;
    outer = KsGetOuterUnknown(world->filter);
    object = make(outer);
    assert_ptr_equal(object->base.m_UnknownOuter, outer);
    assert_int_equal(ks_CBaseUnknown_IndirectedQueryInterface(&object->base.Indirected,
                                                              &IID_IKsControl, &interface),
                     STATUS_SUCCESS); /* the outer one's */
    assert_int_equal(added, 0);
    assert_int_equal(ks_CBaseUnknown_IndirectedRelease(&object->base.Indirected), 1);
    ks_CBaseUnknown_NonDelegatedAddRef(&object->base);
    assert_int_equal(ks_CBaseUnknown_NonDelegatedRelease(&object->base), 0);
    assert_int_equal(deleted, 1);
    world_end();
}

static void an_aggregated_object_hands_on_to_its_outer_unknown(void **state)
{
    (void)state;
    world_live(&plain, aggregated_body);
}

/* Without a derived class: the tables are the runtime's. */
static void plain_body(void)
{
    PCBASEUNKNOWN object;
    PUNKNOWN unknown;
    PVOID interface;

    world_begin();
    object = ExAllocatePoolWithTag(NonPagedPool, sizeof *object, 'tseT');
    ks_CBaseUnknown_default(object);
    unknown = (PUNKNOWN)(PVOID)object;
    assert_ptr_equal(object->m_UnknownOuter, unknown);
    assert_int_equal(KE_CALL(unknown->lpVtbl->QueryInterface, KE_ARG(unknown),
                             KE_ARG(&IID_IUnknown), KE_ARG(&interface)), STATUS_SUCCESS);
    assert_int_equal(KE_CALL(unknown->lpVtbl->Release, KE_ARG(unknown)), 0); /* and freed */
    object = ExAllocatePoolWithTag(NonPagedPool, sizeof *object, 'tseT');
    ks_CBaseUnknown_class(object, &mine, NULL);
    assert_true(object->m_UsingClassId);
    assert_memory_equal(&object->m_ClassId, &mine, sizeof mine);
    ks_CBaseUnknown_destroy(object);
    ExFreePoolWithTag(object, 'tseT');
    world_end();
}

static void an_object_of_no_derived_class_has_the_runtimes_tables(void **state)
{
    (void)state;
    world_live(&plain, plain_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_derived_object_is_deleted_with_its_last_reference),
        cmocka_unit_test(an_aggregated_object_hands_on_to_its_outer_unknown),
        cmocka_unit_test(an_object_of_no_derived_class_has_the_runtimes_tables),
    };

    return cmocka_run_group_tests_name("base_unknown", tests, NULL, NULL);
}
