/* SPDX-License-Identifier: MIT */
/* From a request to the object it is for, what a filter can be given while it is open, what a
 * driver aggregates, and events that its own handlers add. */
#include "ks/ks_world.h"

static const GUID set_guid = {0x92, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

/* ---- Whose request it is --------------------------------------------------------------------- */

static KSOBJECTTYPE seen_type;
static ULONG seen_node;
static PKSPIN seen_pin;
static PKSFILTER seen_filter;

static NTSTATUS NTAPI look(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    (void)request, (void)data;
    seen_type = KsGetObjectTypeFromIrp(irp);
    seen_node = KsGetNodeIdFromIrp(irp);
    seen_pin = KsGetPinFromIrp(irp);
    seen_filter = KsGetFilterFromIrp(irp);
    return STATUS_SUCCESS;
}

static PKSEVENT_ENTRY newest;

static NTSTATUS NTAPI add_to_object(PIRP irp, PKSEVENTDATA data, PKSEVENT_ENTRY entry)
{
    world_note("AddEvent");
    newest = entry;
    return KsDefaultAddEventHandler(irp, data, entry);
}

static NTSTATUS NTAPI add_to_pin(PIRP irp, PKSEVENTDATA data, PKSEVENT_ENTRY entry)
{
    (void)data;
    newest = entry;
    KsAddEvent(KsGetPinFromIrp(irp), entry);
    return STATUS_SUCCESS;
}

static const KSPROPERTY_ITEM items[] = {
    {.PropertyId = 0, .SetPropertyHandler = look, .MinProperty = sizeof(KSPROPERTY)},
};
static const KSPROPERTY_SET sets[] = {
    {&set_guid, 1, items, 0, NULL},
};
static const KSEVENT_ITEM events[] = {
    {.EventId = 0, .DataInput = sizeof(KSEVENTDATA), .AddHandler = add_to_object},
    {.EventId = 1, .DataInput = sizeof(KSEVENTDATA), .AddHandler = add_to_pin},
};
static const KSEVENT_SET event_sets[] = {
    {&set_guid, ARRAY_LEN(events), events},
};
static const KSAUTOMATION_TABLE table = {
    .PropertySetsCount = 1,
    .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
    .PropertySets = sets,
    .EventSetsCount = 1,
    .EventItemSize = sizeof(KSEVENT_ITEM),
    .EventSets = event_sets,
};
static const KSNODE_DESCRIPTOR nodes[] = {
    {.AutomationTable = &table},
    {.AutomationTable = &table},
};
static const struct world_config with_tables = {
    .windows = KE_WINDOWS_10,
    .no_adapter = true,
    .pin_table = &table,
    .nodes = nodes,
    .node_count = ARRAY_LEN(nodes),
};

static NTSTATUS ask(PFILE_OBJECT file, ULONG flags, ULONG node)
{
    KSP_NODE request = {{{{set_guid, 0, KSPROPERTY_TYPE_SET | flags}}}, node, 0};

    return world_property(file, &request, flags != 0 ? sizeof request : sizeof request.Property,
                          NULL, 0, NULL);
}

static void look_body(void)
{
    KSPROPERTY short_request = {{{set_guid, 0, KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_TOPOLOGY}}};
    UNICODE_STRING name = {.Buffer = (PWCH)(ULONG_PTR)u"" KSSTRING_TopologyNode u"\\\x0\x0\x1\x0"};
    PFILE_OBJECT node;

    world_begin();
    assert_int_equal(ask(world->pin_file, 0, 0), STATUS_SUCCESS);
    assert_int_equal(seen_type, KsObjectTypePin);
    assert_int_equal(seen_node, KSFILTER_NODE);
    assert_ptr_equal(seen_pin, world->pin);
    assert_ptr_equal(seen_filter, world->filter);
    assert_int_equal(ask(world->filter_file, KSPROPERTY_TYPE_TOPOLOGY, 1), STATUS_SUCCESS);
    assert_int_equal(seen_type, KsObjectTypeFilter);
    assert_int_equal(seen_node, 1);
    assert_null(seen_pin);
    assert_int_equal(ask(world->filter_file, KSPROPERTY_TYPE_TOPOLOGY, 2),
                     STATUS_INVALID_PARAMETER);
    /* Too short to name a node: it is the filter's own, which has no such set. */
    assert_int_equal(world_property(world->filter_file, &short_request, sizeof short_request, NULL,
                                    0, NULL), STATUS_PROPSET_NOT_FOUND);
    name.Length = (USHORT)(sizeof KSSTRING_TopologyNode + 4 * sizeof(WCHAR));
    assert_int_equal(io_file_open(world->io, world->filter_file, &name, FILE_READ_DATA, &node),
                     STATUS_SUCCESS);
    assert_int_equal(ask(node, 0, 0), STATUS_SUCCESS);
    assert_int_equal(seen_node, 1);
    assert_int_equal(seen_type, KsObjectTypeFilter);
    io_file_close(node);
    world_end();
}

static void a_request_leads_to_its_object_and_node(void **state)
{
    (void)state;
    world_live(&with_tables, look_body);
}

/* ---- A filter that grows --------------------------------------------------------------------- */

static NTSTATUS list(ULONG id, void *out, ULONG bytes)
{
    KSPROPERTY request = {{{KSPROPSETID_Topology, id, KSPROPERTY_TYPE_GET}}};

    return world_property(world->filter_file, &request, sizeof request, out, bytes, NULL);
}

static void grow_body(void)
{
    static const KSTOPOLOGY_CONNECTION first = {0, 1, KSFILTER_NODE, 0};
    static const KSTOPOLOGY_CONNECTION more[] = {{KSFILTER_NODE, 0, 2, 0}, {2, 1, 1, 0}};
    KSNODE_DESCRIPTOR node = {.AutomationTable = &table, .Type = &set_guid};
    struct {
        KSMULTIPLE_ITEM head;
        KSTOPOLOGY_CONNECTION connection[3];
    } connections;
    struct {
        KSMULTIPLE_ITEM head;
        GUID type[3];
    } types;
    PFILE_OBJECT other;
    ULONG id = 99;

    world_begin();
    KsAcquireControl(world->filter);
    assert_int_equal(KsFilterCreateNode(world->filter, &node, &id), STATUS_SUCCESS);
    assert_int_equal(id, 2);
    assert_int_equal(KsFilterAddTopologyConnections(world->filter, 1, &first), STATUS_SUCCESS);
    assert_int_equal(KsFilterAddTopologyConnections(world->filter, 2, more), STATUS_SUCCESS);
    KsReleaseControl(world->filter);
    assert_int_equal(list(KSPROPERTY_TOPOLOGY_NODES, &types, sizeof types), STATUS_SUCCESS);
    assert_int_equal(types.head.Count, 3);
    assert_memory_equal(&types.type[2], &set_guid, sizeof set_guid);
    assert_int_equal(list(KSPROPERTY_TOPOLOGY_CONNECTIONS, &connections, sizeof connections),
                     STATUS_SUCCESS);
    assert_int_equal(connections.head.Count, 3);
    assert_memory_equal(&connections.connection[0], &first, sizeof first);
    assert_memory_equal(&connections.connection[2], &more[1], sizeof more[1]);
    assert_int_equal(ask(world->filter_file, KSPROPERTY_TYPE_TOPOLOGY, 2), STATUS_SUCCESS);
    assert_int_equal(seen_node, 2);
    other = world->filter_file;
    world->filter_file = world_another_filter(); /* of the same factory: as it was */
    assert_int_equal(list(KSPROPERTY_TOPOLOGY_NODES, &types, sizeof types), STATUS_SUCCESS);
    assert_int_equal(types.head.Count, 2);
    world_close_filter();
    world->filter_file = other;
    world_end();
}

static void one_filter_may_be_given_nodes_and_connections(void **state)
{
    (void)state;
    world_live(&with_tables, grow_body);
}

/* ---- Aggregation ----------------------------------------------------------------------------- */

static const GUID mine = {0x91, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

struct client {
    const IUnknownVtbl *lpVtbl; /* first */
    LONG references;
};

static NTSTATUS NTAPI client_query(IUnknown *this, REFIID id, PVOID *out)
{
    if (!IsEqualGUID(id, &mine))
        return STATUS_NOINTERFACE;
    ((struct client *)this)->references++;
    *out = this;
    return STATUS_SUCCESS;
}

static ULONG NTAPI client_add_ref(IUnknown *this)
{
    return (ULONG) ++((struct client *)this)->references;
}

static ULONG NTAPI client_release(IUnknown *this)
{
    return (ULONG) --((struct client *)this)->references;
}

static const IUnknownVtbl client_table = {client_query, client_add_ref, client_release};

static NTSTATUS query(PVOID object, REFIID id, PVOID *out)
{
    PUNKNOWN unknown = KsGetOuterUnknown(object);

    *out = NULL;
    return (NTSTATUS)KE_CALL(unknown->lpVtbl->QueryInterface, KE_ARG(unknown), KE_ARG(id),
                             KE_ARG(out));
}

static void aggregate_body(void)
{
    static struct client first, second;
    PVOID interface;

    first = second = (struct client){&client_table, 0};
    world_begin();
    assert_int_equal(query(world->filter, &mine, &interface), STATUS_NOINTERFACE);
    assert_null(interface);
    assert_ptr_equal(KsRegisterAggregatedClientUnknown(world->filter, (PUNKNOWN)(PVOID)&first),
                     KsGetOuterUnknown(world->filter));
    assert_int_equal(first.references, 1);
    assert_int_equal(query(world->filter, &mine, &interface), STATUS_SUCCESS);
    assert_ptr_equal(interface, &first);
    assert_int_equal(first.references, 2);
    assert_int_equal(query(world->filter, &set_guid, &interface), STATUS_NOINTERFACE);
    KsRegisterAggregatedClientUnknown(world->filter, (PUNKNOWN)(PVOID)&second);
    assert_int_equal(first.references, 1); /* released, but for what was queried */
    assert_int_equal(second.references, 1);
    world_close_pin();
    world_close_filter();
    assert_int_equal(second.references, 0);
    world_end();
}

static void an_object_answers_for_what_is_aggregated_on_it(void **state)
{
    (void)state;
    world_live(&with_tables, aggregate_body);
}

/* ---- Events that handlers add ---------------------------------------------------------------- */

static NTSTATUS enable(PFILE_OBJECT file, ULONG id, HANDLE handle, uint64_t va)
{
    KSEVENT request = {{{set_guid, id, KSEVENT_TYPE_ENABLE}}};
    KSEVENTDATA data = {.NotificationType = KSEVENTF_EVENT_HANDLE,
                        .EventHandle = {.Event = handle}};
    ULONG_PTR bytes;

    assert_true(mm_copy_to_va(world->mm, va, &data, sizeof data));
    assert_true(mm_copy_to_va(world->mm, va + 64, &request, sizeof request));
    return io_file_control_wait(file, IOCTL_KS_ENABLE_EVENT, va + 64, sizeof request, va,
                                sizeof data, &bytes);
}

static bool told(HANDLE handle)
{
    LARGE_INTEGER now = {0};
    NTSTATUS status = ZwWaitForSingleObject(handle, FALSE, &now);

    ZwClearEvent(handle);
    return status == STATUS_SUCCESS;
}

static void events_body(void)
{
    HANDLE handle;
    uint64_t va;
    KIRQL irql;

    world_begin();
    assert_int_equal(mm_user_allocate(world->mm, 128, 0, &va), 0);
    assert_int_equal(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    for (ULONG id = 0; id < 2; id++) {
        assert_int_equal(enable(world->pin_file, id, handle, va), STATUS_SUCCESS);
        KsGenerateEvents(world->pin, NULL, 1 - id, 0, NULL, NULL, NULL);
        assert_false(told(handle));
        KsGenerateEvents(world->pin, &set_guid, id, 0, NULL, NULL, NULL);
        assert_true(told(handle));
        KeRaiseIrql(DISPATCH_LEVEL + 1, &irql); /* told from a DPC */
        assert_int_equal(KsGenerateEvent(newest), STATUS_SUCCESS);
        KeLowerIrql(irql);
        sleep_ms(1);
        assert_true(told(handle));
        assert_int_equal(io_file_control_wait(world->pin_file, IOCTL_KS_DISABLE_EVENT, 0, 0, 0, 0,
                                              &(ULONG_PTR){0}), STATUS_SUCCESS);
        KsGenerateEvents(world->pin, &set_guid, id, 0, NULL, NULL, NULL);
        assert_false(told(handle));
    }
    world_expect_log("AddEvent ");
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    mm_user_free(world->mm, va);
    world_end();
}

static void a_handler_adds_events_where_generating_finds_them(void **state)
{
    (void)state;
    world_live(&with_tables, events_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_leads_to_its_object_and_node),
        cmocka_unit_test(one_filter_may_be_given_nodes_and_connections),
        cmocka_unit_test(an_object_answers_for_what_is_aggregated_on_it),
        cmocka_unit_test(a_handler_adds_events_where_generating_finds_them),
    };

    return cmocka_run_group_tests_name("irp_object", tests, NULL, NULL);
}
