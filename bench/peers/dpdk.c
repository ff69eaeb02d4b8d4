/* SPDX-License-Identifier: MIT */
/* What DPDK takes to translate a frame: memory of ours registered as external memory with a table
 * of scattered 4 KB addresses, each page asked for with rte_mem_virt2iova, neighbours put together.
 * The nearest thing DPDK has to building a scatter/gather list. Built and run by
 * tools/bench_peers.sh; no part of weir.
 *
 * usage: dpdk [ROUNDS] */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <rte_eal.h>
#include <rte_memory.h>

#include "bench.h"

enum { PAGE = 4096, FRAME_PAGES = 2025, TURNS = 16 };

struct element {
    rte_iova_t address;
    uint64_t size_bytes;
};

struct frame {
    uint8_t *va;
    struct element elements[FRAME_PAGES];
    unsigned count;
};

static void require(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "dpdk: %s failed\n", what);
    exit(1);
}

static void frame_create(struct frame *frame)
{
    static rte_iova_t table[FRAME_PAGES];

    frame->va = mmap(NULL, FRAME_PAGES * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    require(frame->va != MAP_FAILED, "mmap");
    srand(1);
    for (unsigned i = 0; i < FRAME_PAGES; i++) {
        unsigned j = (unsigned)rand() % (i + 1);

        table[i] = table[j];
        table[j] = (UINT64_C(1) << 32) + i * (uint64_t)PAGE;
    }
    require(rte_extmem_register(frame->va, FRAME_PAGES * PAGE, table, FRAME_PAGES, PAGE) == 0,
            "rte_extmem_register");
}

static double run_list(void *ctx)
{
    struct frame *frame = ctx;
    uint64_t start_ns = bench_now_ns();

    for (unsigned turn = 0; turn < TURNS; turn++) {
        rte_iova_t end = 0;

        frame->count = 0;
        for (unsigned i = 0; i < FRAME_PAGES; i++) {
            rte_iova_t address = rte_mem_virt2iova(frame->va + (size_t)i * PAGE);

            if (address == end)
                frame->elements[frame->count - 1].size_bytes += PAGE;
            else
                frame->elements[frame->count++] = (struct element){address, PAGE};
            end = address + PAGE;
        }
    }
    return (double)(bench_now_ns() - start_ns) / (TURNS * FRAME_PAGES);
}

int main(int argc, char **argv)
{
    static char *eal[] = {"dpdk",  "--no-huge",      "--no-pci", "--no-telemetry", "--no-shconf",
                          "-m",    "64",             "-l",       "0",              "--iova-mode=va",
                          "--log-level=error", NULL};
    static struct bench_series series;
    static struct frame frame;
    unsigned rounds = bench_rounds(argc > 1 ? argv[1] : NULL);

    require(rte_eal_init(sizeof eal / sizeof eal[0] - 1, eal) >= 0, "rte_eal_init");
    frame_create(&frame);
    bench_pin(0);
    bench_solo(&series, rounds, &(struct bench_side){run_list, &frame});
    bench_begin("dpdk");
    bench_figure("external memory, 2025 scattered pages", "ns per page", &series);
    bench_end();
    rte_eal_cleanup();
    return 0;
}
