/* SPDX-License-Identifier: MIT */
/* bench_stream: simulated frames against real time (goals P14 to P16).
 *
 * usage: bench_stream DRIVER.sys [ROUNDS [PART-OF-A-NAME]]
 *
 * One round is one machine in a child process (stream.h): grabber.sys streams 1080p60 from a card.
 * Payload none is the control path (IRP, lock, mapping, card, interrupt, DPC, completion); stamps
 * writes and checks a stamp in each page; full draws every pixel and checks every byte, and
 * full-unchecked draws only. "times real time" is 1/60 s divided by the time of a frame. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "stream.h"

static const struct stream_variant variants[] = {
    {"control path YUY2 grabber64", "grabber64", "payload=none", "YUY2", WEIR_PATTERN_EMPTY, false,
     1200, MM_SCATTERED},
    {"control path RGB32 grabber64", "grabber64", "payload=none", "RGB4", WEIR_PATTERN_EMPTY, false,
     1200, MM_SCATTERED},
    {"stamps YUY2 grabber64", "grabber64", "payload=stamps", "YUY2", WEIR_PATTERN_STAMPS, true,
     600, MM_SCATTERED},
    {"stamps RGB32 grabber64", "grabber64", "payload=stamps", "RGB4", WEIR_PATTERN_STAMPS, true,
     600, MM_SCATTERED},
    {"full YUY2 grabber64", "grabber64", "payload=full", "YUY2", WEIR_PATTERN_FULL, true, 60,
     MM_SCATTERED},
    {"full-unchecked YUY2 grabber64", "grabber64", "payload=full", "YUY2", WEIR_PATTERN_FULL, false,
     60, MM_SCATTERED},
    {"full-unchecked RGB32 grabber64", "grabber64", "payload=full", "RGB4", WEIR_PATTERN_FULL,
     false, 60, MM_SCATTERED},
    {"stamps YUY2 grabber32", "grabber32", "payload=stamps", "YUY2", WEIR_PATTERN_STAMPS, true,
     300, MM_SCATTERED},
    {"full YUY2 grabber32 (bounced)", "grabber32", "payload=full", "YUY2", WEIR_PATTERN_FULL, true,
     60, MM_SCATTERED},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

struct figures {
    struct bench_series frame_us, ratio;
    unsigned dropped; /* rounds */
};

static void add(struct figures *figures, double ns)
{
    if (ns == 0) {
        figures->dropped++;
        return;
    }
    bench_add(&figures->frame_us, ns / 1e3);
    bench_add(&figures->ratio, 1e9 / 60 / ns);
}

int main(int argc, char **argv)
{
    static struct figures figures[VARIANTS];
    unsigned rounds = bench_rounds(argc > 2 ? argv[2] : NULL);
    const char *part = argc > 3 ? argv[3] : "";
    struct stream_driver driver;

    if (argc < 2 || !stream_driver_read(&driver, argv[1])) {
        fprintf(stderr, "usage: bench_stream DRIVER.sys [ROUNDS [PART-OF-A-NAME]]\n");
        return 2;
    }
    bench_pin(0);
    for (unsigned i = 0; i < rounds; i++) {
        for (unsigned k = 0; k < VARIANTS; k++) {
            unsigned v = i % 2 == 0 ? k : VARIANTS - 1 - k;

            if (strstr(variants[v].name, part) != NULL)
                add(&figures[v], stream_frame_ns(&driver, &variants[v]));
        }
    }
    bench_begin("stream");
    for (unsigned v = 0; v < VARIANTS; v++) {
        if (strstr(variants[v].name, part) == NULL)
            continue;
        bench_figure(variants[v].name, "us per frame", &figures[v].frame_us);
        bench_figure(variants[v].name, "times real time", &figures[v].ratio);
        bench_value(variants[v].name, "rounds dropped", figures[v].dropped);
    }
    bench_end();
    stream_driver_free(&driver);
    return 0;
}
