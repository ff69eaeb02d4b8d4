/* SPDX-License-Identifier: MIT */
/* A filter that processes for its pins may change data where they lie, if the framing of its input
 * and of its output pin says so (KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER) and the output pin
 * feeds another pin. Then both are in one pipe, the process pins are each other's
 * InPlaceCounterpart, and one stream pointer has both offsets. KSPROCESSPIN; AVStream Pipes and
 * Circuits; KSALLOCATOR_FRAMING.
 *
 * UNDOC: who decides. On Windows the graph manager; here two pins are coupled that are free, in
 * STOP and joined by the filter's topology. Pins with mappings, splitters and pins that inject are
 * not. */
#include "ks/in_place.h"

#include "ks/filter.h"
#include "ks/pin.h"

static bool modifies_in_place(const struct ks_pin *pin)
{
    const KSALLOCATOR_FRAMING_EX *framing = pin->public.Descriptor->AllocatorFraming;

    return framing != NULL && framing->CountItems != 0 &&
           (framing->FramingItem[0].Flags & KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER) != 0;
}

static bool is_free(const struct ks_pin *pin)
{
    ULONG excluded = KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_SPLITTER;
    bool feeds = pin->pipe.peer != NULL && pin->pipe.file != NULL;

    return pin->public.ClientState == KSSTATE_STOP && pin->standard_transport &&
           pin->processor.filter != NULL && pin->pipe.in_place == NULL &&
           pin->pipe.frame_return == NULL && (pin->public.Descriptor->Flags & excluded) == 0 &&
           modifies_in_place(pin) && (pin->public.DataFlow == KSPIN_DATAFLOW_IN || feeds);
}

/* Without connections of its own a filter joins every pin to every other by one node. */
static bool is_joined(const KSFILTER_DESCRIPTOR *filter, ULONG in, ULONG out)
{
    if (filter->ConnectionsCount == 0)
        return true;
    for (ULONG i = 0; i < filter->ConnectionsCount; i++) {
        const KSTOPOLOGY_CONNECTION *from = &filter->Connections[i];

        if (from->FromNode != KSFILTER_NODE || from->FromNodePin != in)
            continue;
        if (from->ToNode == KSFILTER_NODE && from->ToNodePin == out)
            return true;
        for (ULONG e = 0; e < filter->ConnectionsCount; e++) {
            const KSTOPOLOGY_CONNECTION *to = &filter->Connections[e];

            if (to->FromNode == from->ToNode && to->ToNode == KSFILTER_NODE &&
                to->ToNodePin == out)
                return true;
        }
    }
    return false;
}

static bool fit(const struct ks_pin *one, const struct ks_pin *other)
{
    bool input = one->public.DataFlow == KSPIN_DATAFLOW_IN;

    return one->public.DataFlow != other->public.DataFlow && is_free(other) &&
           is_joined(one->filter->public.Descriptor, input ? one->public.Id : other->public.Id,
                     input ? other->public.Id : one->public.Id);
}

struct ks_pin *ks_in_place_couple(struct ks_pin *pin)
{
    PLIST_ENTRY head = &pin->filter->object.children;

    if (pin->pipe.in_place != NULL || !is_free(pin))
        return pin->pipe.in_place;
    ks_mutex_acquire(&pin->filter->control);
    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink) {
        struct ks_pin *other =
            ks_pin_of(CONTAINING_RECORD(link, struct ks_object, sibling)->public);

        if (!fit(pin, other))
            continue;
        pin->pipe.in_place = other;
        other->pipe.in_place = pin;
        break;
    }
    ks_mutex_release(&pin->filter->control);
    return pin->pipe.in_place;
}

void ks_in_place_uncouple(struct ks_pin *pin)
{
    if (pin->pipe.in_place == NULL)
        return;
    pin->pipe.in_place->pipe.in_place = NULL;
    pin->pipe.in_place = NULL;
}
