/* SPDX-License-Identifier: MIT */
/* bench_scale: how the cost of locking a frame grows with its size and with the frames outstanding.
 *
 * usage: bench_scale [ROUNDS [DIR]]        DIR: pictures go there, as SVG and PNG
 *
 * A step is MmProbeAndLockPages, GetScatterGatherList, PutScatterGatherList, MmUnlockPages, with
 * data from the device; for a card of 64 bits, the same behind an IOMMU, and for a card of 32 bits
 * with every page above 4 GB, which once has low memory enough for all frames and once for 8, so
 * that the others wait for their turn (while frames are outstanding only). Buffers come from a ring
 * of 128 MB (of 256 MB for frames outstanding), so none is in the cache when its turn comes.
 * "Outstanding": so many lists are held all the time, the oldest is put, the next frame locked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "report/plot.h"
#include "world.h"

enum {
    SIZES = 11, /* 64 KB to 64 MB */
    SIZE_LOWEST_SHIFT = 16,
    RING_BYTES = 128 << 20,
    COUNTS = 11, /* 1 to 1024 */
    COUNT_MAX = 1024,
    HELD_FRAME_BYTES = 256 << 10,
    PAGES_A_SAMPLE = 1 << 11, /* or one frame */
    BUFFERS_MAX = RING_BYTES >> SIZE_LOWEST_SHIFT
};

struct variant {
    const char *name;
    unsigned address_bits;
    enum mm_policy policy;
    enum hal_iommu iommu;
    uint32_t low_megabytes;
};
static const struct variant variants[] = {
    {"64-bit card", 64, MM_SCATTERED, HAL_IOMMU_OFF, 64},
    {"64-bit card, remapped", 64, MM_SCATTERED, HAL_IOMMU_REMAP, 64},
    {"32-bit card, every page bounced", 32, MM_HIGH, HAL_IOMMU_OFF, 512},
    {"32-bit card, low memory for 8", 32, MM_HIGH, HAL_IOMMU_OFF, 2},
};
enum { VARIANTS = sizeof variants / sizeof variants[0], ROOMY_VARIANTS = VARIANTS - 1 };

struct scale {
    struct world world;
    struct world_adapter adapter;
    struct world_buffer buffers[BUFFERS_MAX];
    PSCATTER_GATHER_LIST lists[BUFFERS_MAX];
    unsigned buffer_count;
    unsigned outstanding; /* between samples */
    unsigned oldest;
    unsigned steps;
};

static void begin(struct scale *scale, unsigned at)
{
    MmProbeAndLockPages(scale->buffers[at].mdl, UserMode, IoWriteAccess);
    world_request(&scale->adapter, &scale->buffers[at], false, &scale->lists[at]);
}

static void end(struct scale *scale, unsigned at)
{
    world_put(&scale->adapter, scale->lists[at], false);
    MmUnlockPages(scale->buffers[at].mdl);
}

static void scale_create(struct scale *scale, const struct variant *variant, unsigned buffers,
                         ULONG frame_bytes)
{
    struct mm_config memory = {.ram_bytes = UINT64_C(8) << 30,
                               .policy = variant->policy,
                               .low_memory_bytes = (uint64_t)variant->low_megabytes << 20};
    struct hal_config config = {.iommu = variant->iommu, .map_registers_cap = 1 << 20};

    memset(scale, 0, sizeof *scale);
    world_create(&scale->world, &memory, &config);
    world_adapter(&scale->world, variant->address_bits, frame_bytes, &scale->adapter);
    scale->buffer_count = buffers;
    for (unsigned i = 0; i < buffers; i++)
        world_buffer(&scale->world, frame_bytes, &scale->buffers[i]);
    scale->steps = PAGES_A_SAMPLE / (frame_bytes / MM_PAGE_SIZE);
    scale->steps = scale->steps != 0 ? scale->steps : 1;
    for (unsigned i = 0; i < buffers; i++) { /* what is touched once is touched now */
        begin(scale, i);
        end(scale, i);
    }
}

static double run_steps(void *ctx)
{
    struct scale *scale = ctx;
    uint64_t start_ns = bench_now_ns();

    for (unsigned i = 0; i < scale->steps; i++) {
        unsigned next = (scale->oldest + scale->outstanding) % scale->buffer_count;

        if (scale->outstanding != 0)
            end(scale, scale->oldest);
        begin(scale, next);
        if (scale->outstanding == 0)
            end(scale, next);
        scale->oldest = (scale->oldest + 1) % scale->buffer_count;
    }
    return (double)(bench_now_ns() - start_ns);
}

/* ---- Figures --------------------------------------------------------------------------------- */

struct line {
    struct plot_point points[SIZES > COUNTS ? SIZES : COUNTS];
    size_t count; /* of points that were measured at all */
};

static void take(struct line *line, double x, const char *name, unsigned rounds,
                 struct scale *scale)
{
    struct bench_series series;

    bench_solo(&series, rounds, &(struct bench_side){run_steps, scale});
    for (unsigned i = 0; i < series.count; i++)
        series.value[i] /= 1e3 * scale->steps;
    bench_figure(name, "us per frame", &series);
    if (series.count != 0)
        line->points[line->count++] = (struct plot_point){
            x, bench_median(&series), bench_rank(&series, 0.25), bench_rank(&series, 0.75)};
}

/* How the line's last point compares with the one at x, and how it would if the cost were linear
 * in x (flat: 1). */
static void take_growth(const struct line *line, double x, bool linear, const char *what,
                        const struct variant *variant)
{
    char name[128];

    snprintf(name, sizeof name, "%s, %s", what, variant->name);
    for (size_t i = 0; i < line->count; i++) {
        const struct plot_point *last = &line->points[line->count - 1];

        if (line->points[i].x == x)
            bench_value(name, linear ? "times linear" : "times",
                        last->y / line->points[i].y / (linear ? last->x / x : 1));
    }
}

static void scale_sizes(struct line *line, const struct variant *variant, unsigned rounds)
{
    static struct scale scale;

    for (unsigned i = 0; i < SIZES; i++) {
        ULONG size = 1u << (SIZE_LOWEST_SHIFT + i);
        char name[128];

        scale_create(&scale, variant, RING_BYTES / size, size);
        snprintf(name, sizeof name, "frame of %lu KB, %s", (unsigned long)size >> 10,
                 variant->name);
        take(line, size, name, rounds, &scale);
        world_destroy(&scale.world);
    }
    take_growth(line, 1 << 20, true, "from 1 MB to 64 MB", variant);
}

static void scale_outstanding(struct line *line, const struct variant *variant, unsigned rounds)
{
    static struct scale scale;

    scale_create(&scale, variant, COUNT_MAX, HELD_FRAME_BYTES);
    for (unsigned i = 0; i < COUNTS; i++) {
        char name[128];

        while (scale.outstanding < 1u << i) {
            begin(&scale, (scale.oldest + scale.outstanding) % scale.buffer_count);
            scale.outstanding++;
        }
        snprintf(name, sizeof name, "%u outstanding, %s", 1u << i, variant->name);
        take(line, 1u << i, name, rounds, &scale);
    }
    for (; scale.outstanding != 0; scale.outstanding--) {
        end(&scale, scale.oldest);
        scale.oldest = (scale.oldest + 1) % scale.buffer_count;
    }
    take_growth(line, 1, false, "from 1 to 1024 outstanding", variant);
    world_destroy(&scale.world);
}

/* ---- Pictures -------------------------------------------------------------------------------- */

static int write_bytes(void *ctx, const void *bytes, size_t count)
{
    return fwrite(bytes, 1, count, ctx) == count ? 0 : -1;
}

static void draw(const char *dir, const char *name, const struct plot *plot)
{
    static const struct {
        const char *ending;
        enum plot_kind kind;
    } kinds[] = {{"svg", PLOT_SVG}, {"png", PLOT_PNG}};

    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        char path[4096];
        FILE *file;
        bool good;

        snprintf(path, sizeof path, "%s/%s.%s", dir, name, kinds[i].ending);
        file = fopen(path, "wb");
        good = file != NULL && plot_render(plot, kinds[i].kind, write_bytes, file) == 0;
        if (file == NULL || fclose(file) != 0 || !good) {
            fprintf(stderr, "bench_scale: cannot write %s\n", path);
            exit(1);
        }
    }
}

static void add_lines(struct plot *plot, const struct line *lines, unsigned count)
{
    plot->series_count = count;
    for (unsigned i = 0; i < count; i++)
        plot->series[i] = (struct plot_series){.name = variants[i].name,
                                               .points = lines[i].points,
                                               .count = lines[i].count,
                                               .band = true};
}

static const char note[] =
    "Median and middle half of the samples. Buffers are not in the cache when their turn comes.";

static void draw_sizes(const char *dir, const struct line *lines)
{
    struct plot plot = {
        .title = "Locking a frame costs in proportion to its pages",
        .subtitle = "lock, scatter/gather list, put, unlock; data from the device",
        .notes = {note},
        .x = {"size of the frame", PLOT_LOG2, PLOT_BYTES, 0, 0},
        .y = {"microseconds a frame", PLOT_LOG10, PLOT_NUMBER, 0, 0},
    };

    add_lines(&plot, lines, ROOMY_VARIANTS);
    draw(dir, "scale-frame-size", &plot);
}

static void draw_outstanding(const char *dir, const struct line *lines)
{
    struct plot plot = {
        .title = "What a frame lock costs while others are outstanding",
        .subtitle = "frames of 256 KB: put the oldest, unlock, lock the next, list",
        .notes = {note},
        .x = {"frames outstanding", PLOT_LOG2, PLOT_NUMBER, 0, 0},
        .y = {"microseconds a frame", PLOT_LOG10, PLOT_NUMBER, 0.1, 100},
    };

    add_lines(&plot, lines, VARIANTS);
    draw(dir, "scale-outstanding", &plot);
}

int main(int argc, char **argv)
{
    static struct line sizes[VARIANTS], counts[VARIANTS];
    unsigned rounds = bench_rounds(argc > 1 ? argv[1] : NULL);

    bench_pin(0);
    bench_begin("scale");
    for (unsigned i = 0; i < ROOMY_VARIANTS; i++)
        scale_sizes(&sizes[i], &variants[i], rounds);
    for (unsigned i = 0; i < VARIANTS; i++)
        scale_outstanding(&counts[i], &variants[i], rounds);
    bench_end();
    if (argc > 2) {
        draw_sizes(argv[2], sizes);
        draw_outstanding(argv[2], counts);
    }
    return 0;
}
