/* SPDX-License-Identifier: MIT */
/* The filter as clients see it:
 *
 *   render pin  -> volume -> mute -> DAC -> speaker
 *   line in     -> ADC -> volume -> mute -> capture pin
 *
 * Speaker and line in are bridge pins: nobody opens them, they say what is at the end of the wire.
 *
 * Flags of the streaming pins: the engine's DPC does the work (DISPATCH_LEVEL_PROCESSING), nothing
 * else starts it (DO_NOT_INITIATE_PROCESSING), and only in RUN (PROCESS_IN_RUN_STATE_ONLY, which is
 * in RENDERER with the end of stream event). Either pin shows the device's clock. */
#include "audio.h"

/* ---- Pins ------------------------------------------------------------------------------------ */

static const DECLARE_SIMPLE_FRAMING_EX(Framing, STATIC_KSMEMORY_TYPE_KERNEL_NONPAGED,
                                       KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY |
                                           KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY,
                                       8, 0, WAVE_RATE_MIN / 100 * 2, WAVE_RATE_MAX / 100 * 8);

static const KSDATARANGE AnalogRange = {
    .FormatSize = sizeof(AnalogRange),
    .MajorFormat = {STATIC_KSDATAFORMAT_TYPE_AUDIO},
    .SubFormat = {STATIC_KSDATAFORMAT_SUBTYPE_ANALOG},
    .Specifier = {STATIC_KSDATAFORMAT_SPECIFIER_NONE},
};

static const PKSDATARANGE AnalogRanges[] = {(PKSDATARANGE)&AnalogRange};

static const GUID Audio = {STATIC_KSCATEGORY_AUDIO};
static const GUID Speaker = {STATIC_KSNODETYPE_SPEAKER};
static const GUID LineIn = {STATIC_KSNODETYPE_LINE_CONNECTOR};

#define STREAMING_PIN(Flow, PinFlags)                                                   \
    {                                                                                   \
        .Dispatch = &AudioPinDispatch, .AutomationTable = &AudioPinAutomation,            \
        .PinDescriptor =                                                                \
            {                                                                           \
                .DataRangesCount = WAVE_RANGES,                                         \
                .DataRanges = WaveDataRanges,                                           \
                .DataFlow = (Flow),                                                     \
                .Communication = KSPIN_COMMUNICATION_SINK,                              \
                .Category = &Audio,                                                     \
            },                                                                          \
        .Flags = (PinFlags) | KSPIN_FLAG_DISPATCH_LEVEL_PROCESSING |                    \
                 KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING | KSPIN_FLAG_IMPLEMENT_CLOCK,    \
        .InstancesPossible = 1, .AllocatorFraming = &Framing,                           \
        .IntersectHandler = WaveIntersect,                                              \
    }

#define BRIDGE_PIN(Flow, Kind)                                                          \
    {                                                                                   \
        .PinDescriptor =                                                                \
            {                                                                           \
                .DataRangesCount = ARRAYSIZE(AnalogRanges),                             \
                .DataRanges = AnalogRanges,                                             \
                .DataFlow = (Flow),                                                     \
                .Communication = KSPIN_COMMUNICATION_BRIDGE,                            \
                .Category = (Kind),                                                     \
            },                                                                          \
    }

static const KSPIN_DESCRIPTOR_EX Pins[AUDIO_PINS] = {
    [AUDIO_PIN_RENDER] = STREAMING_PIN(KSPIN_DATAFLOW_IN, KSPIN_FLAG_RENDERER),
    [AUDIO_PIN_SPEAKER] = BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &Speaker),
    [AUDIO_PIN_LINE] = BRIDGE_PIN(KSPIN_DATAFLOW_IN, &LineIn),
    [AUDIO_PIN_CAPTURE] = STREAMING_PIN(KSPIN_DATAFLOW_OUT, KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY),
};

/* ---- Nodes ----------------------------------------------------------------------------------- */

static const GUID Volume = {STATIC_KSNODETYPE_VOLUME};
static const GUID Mute = {STATIC_KSNODETYPE_MUTE};
static const GUID Dac = {STATIC_KSNODETYPE_DAC};
static const GUID Adc = {STATIC_KSNODETYPE_ADC};

static const KSNODE_DESCRIPTOR Nodes[AUDIO_NODES] = {
    [AUDIO_NODE_RENDER_VOLUME] = {&LevelVolumeAutomation, &Volume, NULL},
    [AUDIO_NODE_RENDER_MUTE] = {&LevelMuteAutomation, &Mute, NULL},
    [AUDIO_NODE_DAC] = {NULL, &Dac, NULL},
    [AUDIO_NODE_ADC] = {NULL, &Adc, NULL},
    [AUDIO_NODE_CAPTURE_VOLUME] = {&LevelVolumeAutomation, &Volume, NULL},
    [AUDIO_NODE_CAPTURE_MUTE] = {&LevelMuteAutomation, &Mute, NULL},
};

enum { TO = KSNODEPIN_STANDARD_IN, FROM = KSNODEPIN_STANDARD_OUT };

static const KSTOPOLOGY_CONNECTION Connections[] = {
    {KSFILTER_NODE, AUDIO_PIN_RENDER, AUDIO_NODE_RENDER_VOLUME, TO},
    {AUDIO_NODE_RENDER_VOLUME, FROM, AUDIO_NODE_RENDER_MUTE, TO},
    {AUDIO_NODE_RENDER_MUTE, FROM, AUDIO_NODE_DAC, TO},
    {AUDIO_NODE_DAC, FROM, KSFILTER_NODE, AUDIO_PIN_SPEAKER},
    {KSFILTER_NODE, AUDIO_PIN_LINE, AUDIO_NODE_ADC, TO},
    {AUDIO_NODE_ADC, FROM, AUDIO_NODE_CAPTURE_VOLUME, TO},
    {AUDIO_NODE_CAPTURE_VOLUME, FROM, AUDIO_NODE_CAPTURE_MUTE, TO},
    {AUDIO_NODE_CAPTURE_MUTE, FROM, KSFILTER_NODE, AUDIO_PIN_CAPTURE},
};

/* ---- The filter ------------------------------------------------------------------------------ */

static const GUID Categories[] = {
    {STATIC_KSCATEGORY_AUDIO}, {STATIC_KSCATEGORY_RENDER}, {STATIC_KSCATEGORY_CAPTURE}};

const KSFILTER_DESCRIPTOR AudioFilter = {
    .Version = KSFILTER_DESCRIPTOR_VERSION,
    .ReferenceGuid = &AudioReference,
    .PinDescriptorsCount = ARRAYSIZE(Pins),
    .PinDescriptorSize = sizeof(Pins[0]),
    .PinDescriptors = Pins,
    .CategoriesCount = ARRAYSIZE(Categories),
    .Categories = Categories,
    .NodeDescriptorsCount = ARRAYSIZE(Nodes),
    .NodeDescriptorSize = sizeof(Nodes[0]),
    .NodeDescriptors = Nodes,
    .ConnectionsCount = ARRAYSIZE(Connections),
    .Connections = Connections,
};
