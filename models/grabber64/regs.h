/* SPDX-License-Identifier: MIT */
/* grabber64: registers, descriptors and completions, as docs/cards/grabber64.md describes them.
 * Shared by the model and by drivers; nothing but numbers and layouts. */
#ifndef GRABBER64_REGS_H
#define GRABBER64_REGS_H

#include <stdint.h>

enum {
    G64_PCI_VENDOR = 0x5eed,
    G64_PCI_DEVICE = 0x6400,
    G64_BAR = 0,
    G64_BAR_BYTES = 65536,
    G64_CHANNELS = 2,
    G64_MESSAGES = 4,
};

/* Global registers, offsets in BAR 0. 32 bits but for CLOCK. */
enum {
    G64_ID = 0x0000,
    G64_CONTROL = 0x0004,
    G64_STATUS = 0x0008,
    G64_INT_STATUS = 0x000c,
    G64_INT_ENABLE = 0x0010,
    G64_CLOCK = 0x0018, /* 64 bits: nanoseconds since power-on */
};

#define G64_ID_VALUE 0x64475701u

enum { G64_CONTROL_RESET = 1 << 0 };
enum { G64_STATUS_RESETTING = 1 << 0 };

/* Causes; each has the message of its number. */
enum {
    G64_INT_DONE0 = 1 << 0, /* channel 0 wrote a completion */
    G64_INT_DONE1 = 1 << 1,
    G64_INT_ERROR = 1 << 2, /* a channel halted */
    G64_INT_STOPPED = 1 << 3, /* a channel stopped, or finished its reset */
    G64_INT_ALL = 0xf,
};

/* Channel registers: channel c begins at G64_CHANNEL(c). */
#define G64_CHANNEL(c) (0x1000u * ((c) + 1u))
enum {
    G64_CH_CONTROL = 0x00,
    G64_CH_STATUS = 0x04,
    G64_CH_FORMAT = 0x08,
    G64_CH_SIZE = 0x0c,
    G64_CH_PERIOD = 0x10,
    G64_CH_FRAME = 0x14,
    G64_CH_RING = 0x18, /* 64 bits */
    G64_CH_RING_ENTRIES = 0x20,
    G64_CH_TAIL = 0x24,
    G64_CH_HEAD = 0x28,
    G64_CH_DROPPED = 0x2c,
    G64_CH_DONE = 0x30, /* 64 bits */
    G64_CH_DONE_ENTRIES = 0x38,
    G64_CH_DONE_HEAD = 0x3c,
    G64_CH_ERROR = 0x40,
    G64_CH_ERROR_ADDRESS = 0x48, /* 64 bits */
    G64_CH_BYTES = 0x50,
};

enum {
    G64_CH_CONTROL_ENABLE = 1 << 0,
    G64_CH_CONTROL_RESET = 1 << 1,
};

enum {
    G64_CH_STATUS_ENABLED = 1 << 0, /* ENABLE was set and the stop is not complete */
    G64_CH_STATUS_BUSY = 1 << 1, /* writing a frame */
    G64_CH_STATUS_STARVED = 1 << 2, /* a frame waits for descriptors */
    G64_CH_STATUS_HALTED = 1 << 3, /* by an error; the channel must be reset */
    G64_CH_STATUS_RESETTING = 1 << 4,
};

enum {
    G64_FORMAT_YUY2 = 0,
    G64_FORMAT_UYVY = 1,
    G64_FORMAT_RGB24 = 2,
    G64_FORMAT_RGB32 = 3,
    G64_FORMAT_NV12 = 4,
    G64_FORMAT_CODE = 0xff,
    G64_FORMAT_BOTTOM_UP = 1 << 8,
};

enum {
    G64_SIZE_MIN = 64,
    G64_SIZE_MAX = 8192,
    G64_PERIOD_MIN_NS = 1000000,
    G64_PERIOD_MAX_NS = 1000000000,
    G64_RING_MIN = 16, /* entries; powers of two */
    G64_RING_MAX = 65536,
    G64_DONE_MIN = 4,
    G64_DONE_MAX = 4096,
    G64_PIECE_MAX = 1048576, /* bytes per descriptor */
};

enum {
    G64_ERROR_NONE = 0,
    G64_ERROR_LENGTH = 1, /* zero, or more than 1 MB */
    G64_ERROR_FLAGS = 2, /* reserved bits set */
    G64_ERROR_ABORT = 3, /* completer abort or unsupported request */
    G64_ERROR_SETUP = 4, /* a register out of range at ENABLE, an index out of range later */
    G64_ERROR_OVERRUN = 5, /* only in completions: the frame memory overran */
};

struct g64_descriptor {
    uint64_t address;
    uint32_t length;
    uint32_t flags;
};
#define G64_LAST 0x00000001u /* last piece of its frame */
#define G64_FLAGS_RESERVED 0x0000fffeu
#define G64_COOKIE_SHIFT 16 /* of the last piece: comes back in the completion */

struct g64_completion {
    uint64_t time_ns; /* G64_CLOCK at the start of the frame */
    uint32_t frame;
    uint32_t bytes;
    uint32_t cookie;
    uint32_t status;
    uint64_t reserved;
};
enum {
    G64_DONE_PHASE = 1 << 0, /* 1 in the first pass through the ring, 0 in the second, ... */
    G64_DONE_BROKEN = 1 << 1, /* the frame is not whole */
    G64_DONE_SHORT = 1 << 2, /* the descriptors were too small for the frame */
    G64_DONE_ERROR_SHIFT = 8, /* G64_ERROR_* of a broken frame */
};

enum {
    G64_SYNC_NS = 1000000, /* ENABLE to the start of the first frame */
    G64_STOP_NS = 500000, /* ENABLE cleared to STOPPED, at most */
    G64_RESET_NS = 50000,
};

#endif
