/* SPDX-License-Identifier: MIT */
/* For tests of filter-centric processing: ks_world.h with a filter of an input and an output pin
 * type, whose flags and counts a test says, and pins open by number. The filter's Process is the
 * test's. */
#ifndef WEIR_KS_FILTER_WORLD_H
#define WEIR_KS_FILTER_WORLD_H

#include "ks/ks_world.h"

enum { IN, OUT, TYPES, OPEN_MAX = 4 };

struct filter_world {
    ULONG in_flags, out_flags; /* KSPIN_FLAG_* */
    ULONG out_necessary; /* 0: 1 */
    bool optional; /* no instance of either is necessary */
    const KSPIN_DISPATCH *out_dispatch; /* NULL: one without a Process */
    ULONG filter_flags;
    PFNKSFILTERPROCESS process;
    bool no_adapter;
};

static struct {
    PFILE_OBJECT files[OPEN_MAX]; /* by order of opening */
    PKSPIN pins[OPEN_MAX];
    unsigned count;
} opened;

static inline void filter_pin(KSPIN_DESCRIPTOR_EX *pin, bool input, ULONG flags, ULONG necessary)
{
    *pin = (KSPIN_DESCRIPTOR_EX){
        .Dispatch = &world_plain_pin_dispatch,
        .PinDescriptor = {.DataRangesCount = 1,
                          .DataRanges = world_ranges,
                          .DataFlow = input ? KSPIN_DATAFLOW_IN : KSPIN_DATAFLOW_OUT,
                          .Communication = KSPIN_COMMUNICATION_BOTH},
        .Flags = flags,
        .InstancesPossible = OPEN_MAX,
        .InstancesNecessary = necessary,
    };
}

/* Valid until the next call. */
static inline const struct world_config *filter_config(const struct filter_world *wanted)
{
    static KSPIN_DESCRIPTOR_EX pins[TYPES];
    static struct world_config config;
    ULONG out_necessary = wanted->out_necessary != 0 ? wanted->out_necessary : 1;

    filter_pin(&pins[IN], true, wanted->in_flags, wanted->optional ? 0 : 1);
    filter_pin(&pins[OUT], false, wanted->out_flags, wanted->optional ? 0 : out_necessary);
    if (wanted->out_dispatch != NULL)
        pins[OUT].Dispatch = wanted->out_dispatch;
    config = (struct world_config){.windows = KE_WINDOWS_10,
                                   .filter_processes = true,
                                   .filter_flags = wanted->filter_flags,
                                   .filter_process = wanted->process,
                                   .no_adapter = wanted->no_adapter,
                                   .pins = pins,
                                   .pin_count = TYPES};
    return &config;
}

/* ---- Pins by number -------------------------------------------------------------------------- */

static inline unsigned pin_open(ULONG type)
{
    struct world_connection connection = world_default_connection();
    ACCESS_MASK access = type == IN ? FILE_WRITE_DATA : FILE_READ_DATA;

    assert_in_range(opened.count, 0, OPEN_MAX - 1);
    connection.connect.PinId = type;
    assert_int_equal(world_try_pin_for(world->filter_file, &connection, access,
                                       &opened.files[opened.count]),
                     STATUS_SUCCESS);
    opened.pins[opened.count] = world->pin;
    return opened.count++;
}

static inline void pin_close(unsigned pin)
{
    io_file_close(opened.files[pin]);
    opened.files[pin] = NULL;
}

static inline void pin_state(unsigned pin, KSSTATE state)
{
    assert_int_equal(world_state_of(opened.files[pin], state), STATUS_SUCCESS);
}

static inline struct world_request *pin_send(unsigned pin, ULONG frame_bytes, ULONG options)
{
    struct world_request *request =
        world_send(opened.files[pin], opened.pins[pin]->DataFlow == KSPIN_DATAFLOW_IN, options,
                       1, frame_bytes, 0);

    assert_int_equal(request->sent, STATUS_PENDING);
    return request;
}

static inline struct world_request *pin_queue(unsigned pin, ULONG frame_bytes)
{
    return pin_send(pin, frame_bytes, 0);
}

/* ---- The frame around a test ----------------------------------------------------------------- */

static inline void filter_begin(void)
{
    memset(&opened, 0, sizeof opened);
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
}

/* One input pin, number 0, and one output pin, number 1, both in state. */
static inline void filter_begin_in(KSSTATE state)
{
    filter_begin();
    pin_open(IN);
    pin_open(OUT);
    pin_state(0, state);
    pin_state(1, state);
}

static inline void filter_end(void)
{
    for (unsigned i = 0; i < opened.count; i++) {
        if (opened.files[i] != NULL)
            pin_close(i);
    }
    world_end();
}

/* ---- What Process does ----------------------------------------------------------------------- */

/* Copies what both frames have room for. */
static inline NTSTATUS NTAPI filter_copies(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    PKSPROCESSPIN in = index[IN].Pins[0];
    PKSPROCESSPIN out = index[OUT].Pins[0];
    ULONG bytes =
        in->BytesAvailable < out->BytesAvailable ? in->BytesAvailable : out->BytesAvailable;

    (void)filter;
    memcpy(out->Data, in->Data, bytes);
    in->BytesUsed = bytes;
    out->BytesUsed = bytes;
    return STATUS_SUCCESS;
}

static KSPROCESSPIN shown[TYPES];
static ULONG counts[TYPES];

/* Remembers what it is shown and takes nothing. */
static inline NTSTATUS NTAPI notes(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    for (unsigned type = 0; type < TYPES; type++) {
        counts[type] = index[type].Count;
        if (counts[type] != 0)
            shown[type] = *index[type].Pins[0];
    }
    if (shown[OUT].StreamPointer != NULL)
        shown[OUT].StreamPointer->StreamHeader->TypeSpecificFlags = 77;
    return STATUS_PENDING;
}

#endif
