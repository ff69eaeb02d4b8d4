/* SPDX-License-Identifier: MIT */
/*  --files-out: what drivers wrote, from the child's copy of the drive to a folder of the user's.
 * The child puts it into memory that both share once the machine has stopped; the parent, which
 * believes nothing it finds there, makes files of it. A child that died has put nothing. Not a
 * door. */
#ifndef WEIR_CLI_FILES_OUT_H
#define WEIR_CLI_FILES_OUT_H

#include "machine/machine.h"

struct files_out {
    const char *folder; /* NULL: nobody asked */
    uint8_t *memory; /* shared */
};

/* Before the child is made; the folder is made, or is there and empty. 0 or an exit code. */
int files_out_open(struct files_out *out, const char *folder);
void files_out_collect(const struct files_out *out, struct machine *machine); /* in the child */
int files_out_write(const struct files_out *out); /* in the parent. 0 or an exit code */
void files_out_close(struct files_out *out);

#endif
