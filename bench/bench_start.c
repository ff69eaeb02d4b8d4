/* SPDX-License-Identifier: MIT */
/* bench_start: from exec to the first whole frame (goal P19).
 *
 * usage: bench_start WEIR DRIVER.sys EMPTY [ROUNDS]
 *
 * Each round spawns, in turn, a static program that does nothing and `weir run` for one frame
 * without outputs, and takes the time from spawn to the end of the process. The whole life is in
 * the figure: exec, machine, DriverEntry, start, first frame, stop, removal, unload, exit. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <fcntl.h>

#include "bench.h"

extern char **environ;

static double spawn_ms(char *const argv[])
{
    posix_spawn_file_actions_t actions;
    uint64_t start_ns = bench_now_ns();
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench_start: %s failed\n", argv[0]);
        exit(1);
    }
    posix_spawn_file_actions_destroy(&actions);
    return (double)(bench_now_ns() - start_ns) / 1e6;
}

int main(int argc, char **argv)
{
    static struct bench_series empty_ms, weir_ms, ratio;
    unsigned rounds = bench_rounds(argc > 4 ? argv[4] : NULL);

    if (argc < 4) {
        fprintf(stderr, "usage: bench_start WEIR DRIVER.sys EMPTY [ROUNDS]\n");
        return 2;
    }
    for (unsigned i = 0; i < rounds; i++) {
        char *empty[] = {argv[3], NULL};
        char *weir[] = {argv[1],  "run",       argv[2],    "--card",  "grabber64",
                        "--size", "1920x1080", "--format", "yuy2",    "--fps",
                        "60",     "--frames",  "1",        "--quiet", NULL};
        double a, b;

        if (i % 2 == 0) {
            a = spawn_ms(empty);
            b = spawn_ms(weir);
        } else {
            b = spawn_ms(weir);
            a = spawn_ms(empty);
        }
        bench_add(&empty_ms, a);
        bench_add(&weir_ms, b);
        bench_add(&ratio, b / a);
    }
    bench_begin("start");
    bench_figure("empty static program", "ms", &empty_ms);
    bench_figure("weir run, one frame, whole life", "ms", &weir_ms);
    bench_figure("ratio", "times the empty program", &ratio);
    bench_end();
    return 0;
}
