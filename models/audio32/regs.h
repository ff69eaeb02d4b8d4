/* SPDX-License-Identifier: MIT */
/* audio32, as docs/cards/audio32.md describes it. All registers are 32 bits wide. */
#ifndef AUDIO32_REGS_H
#define AUDIO32_REGS_H

#define A32_ID_VALUE 0x32415701u

enum {
    A32_PCI_VENDOR = 0x5eed,
    A32_PCI_DEVICE = 0x3203,
    A32_BAR_BYTES = 4096,

    A32_ID = 0x00,
    A32_CONTROL = 0x04,
    A32_CAUSE = 0x08,

    A32_OUT = 0, /* streams */
    A32_IN = 1,
    A32_STREAMS = 2,
    A32_STREAM = 0x40, /* of stream n: A32_STREAM + n * A32_STREAM_STRIDE + one of these */
    A32_STREAM_STRIDE = 0x20,
    A32_BASE = 0x00,
    A32_BYTES = 0x04,
    A32_PERIOD = 0x08,
    A32_FORMAT = 0x0c,
    A32_RATE = 0x10,
    A32_RUN = 0x14,
    A32_POSITION = 0x18,
    A32_PERIODS = 0x1c,

    /* CONTROL */
    A32_RESET = 1 << 0,
    A32_INTERRUPTS = 1 << 1,

    /* CAUSE: of stream n, shifted left by n */
    A32_CAUSE_PERIOD = 1 << 0,
    A32_CAUSE_ERROR = 1 << 8,

    A32_RING_BYTES_MAX = 1 << 16,
    A32_RATE_MIN = 8000,
    A32_RATE_MAX = 192000,
};

/* FORMAT: channels in bits 7:0, bits a sample in 15:8. */
#define A32_FORMAT_OF(channels, bits) ((channels) | (bits) << 8)

#endif
