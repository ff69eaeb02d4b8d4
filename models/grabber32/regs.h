/* SPDX-License-Identifier: MIT */
/* grabber32: registers and descriptors, as docs/cards/grabber32.md describes them. Shared by the
 * model and by drivers; nothing but numbers and layouts. */
#ifndef GRABBER32_REGS_H
#define GRABBER32_REGS_H

#include <stdint.h>

enum {
    G32_PCI_VENDOR = 0x5eed,
    G32_PCI_DEVICE = 0x3200,
    G32_BAR = 0,
    G32_BAR_BYTES = 4096,
};

/* Registers: 32 bits each, offsets in BAR 0. */
enum {
    G32_ID = 0x00,
    G32_CONTROL = 0x04,
    G32_STATUS = 0x08,
    G32_INT_STATUS = 0x0c,
    G32_INT_ENABLE = 0x10,
    G32_FORMAT = 0x14,
    G32_SIZE = 0x18,
    G32_PERIOD = 0x1c,
    G32_TABLE = 0x20,
    G32_TAIL = 0x24,
    G32_HEAD = 0x28,
    G32_RESULT = 0x2c,
    G32_FRAME = 0x30,
    G32_DROPPED = 0x34,
    G32_ERROR = 0x38,
    G32_ERROR_ADDRESS = 0x3c,
};

#define G32_ID_VALUE 0x32475701u

enum {
    G32_CONTROL_RUN = 1 << 0,
    G32_CONTROL_RESET = 1 << 1,
};

enum {
    G32_STATUS_RUNNING = 1 << 0, /* RUN was set and the stop is not complete */
    G32_STATUS_DMA = 1 << 1, /* in the middle of a frame */
    G32_STATUS_STARVED = 1 << 2, /* in the middle of a frame without a descriptor */
    G32_STATUS_RESETTING = 1 << 3,
    G32_STATUS_HALTED = 1 << 4, /* by an error; only a reset helps */
};

enum {
    G32_INT_FRAME = 1 << 0, /* a result is waiting */
    G32_INT_WATERMARK = 1 << 1, /* HEAD passed a multiple of 128 */
    G32_INT_DROPPED = 1 << 2, /* a frame found the table empty */
    G32_INT_STOPPED = 1 << 3,
    G32_INT_ERROR = 1 << 4, /* halted */
    G32_INT_ALL = 0x1f,
};

enum {
    G32_FORMAT_YUY2 = 0,
    G32_FORMAT_UYVY = 1,
    G32_FORMAT_RGB24 = 2,
    G32_FORMAT_RGB32 = 3,
    G32_FORMAT_NV12 = 4,
    G32_FORMAT_CODE = 0xff,
    G32_FORMAT_BOTTOM_UP = 1 << 8,
};

/* G32_SIZE: width in the low half, height in the high half. */
enum {
    G32_SIZE_MIN = 64,
    G32_SIZE_MAX = 4096,
    G32_PERIOD_MIN_NS = 1000000,
    G32_PERIOD_MAX_NS = 1000000000,
};

/* G32_RESULT: reading takes one entry out of the queue. */
#define G32_RESULT_VALID 0x80000000u
#define G32_RESULT_BROKEN 0x40000000u /* the frame is not whole: overrun */
#define G32_RESULT_SHORT 0x20000000u /* the descriptors were too small for the frame */
#define G32_RESULT_NUMBER 0x00ffffffu
enum { G32_RESULTS = 16 };

enum {
    G32_ERROR_NONE = 0,
    G32_ERROR_LENGTH = 1, /* zero, or more than 64 KB */
    G32_ERROR_BOUNDARY = 2, /* crosses a 64 KB line */
    G32_ERROR_ABORT = 3, /* master abort while writing a frame */
    G32_ERROR_TABLE = 4, /* table unreadable, not aligned, or TAIL too far ahead */
    G32_ERROR_SETUP = 5, /* format, size or period out of range at RUN */
};

/* The descriptor table: 256 entries in one 4 KB page. */
enum {
    G32_ENTRIES = 256,
    G32_HALF = 128,
    G32_TABLE_BYTES = 4096,
    G32_PIECE_MAX = 65536, /* bytes per descriptor */
    G32_LINE_BYTES = 65536, /* no descriptor crosses a multiple of this */
};
struct g32_descriptor {
    uint32_t address;
    uint32_t length;
    uint32_t flags;
    uint32_t reserved; /* zero */
};
enum { G32_LAST = 1 << 0 }; /* flags: last piece of its frame */

/* Times that the data sheet promises. */
enum {
    G32_SYNC_NS = 1000000, /* RUN to the first frame */
    G32_STOP_NS = 20000, /* RUN cleared to STOPPED, at most */
    G32_RESET_NS = 10000,
    G32_FIFO_BYTES = 131072,
};

#endif
