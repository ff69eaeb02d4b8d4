/* SPDX-License-Identifier: MIT */
/* A pin: one opened pin file object. The driver sees the KSPIN, our part follows it.
 * Made and destroyed by its file's create and close (pin.c); state, format and callbacks are
 * changed under the filter's control mutex. Not here: its queue (queue.h), its files (file.h). */
#ifndef WEIR_KS_PIN_H
#define WEIR_KS_PIN_H

#include <stdbool.h>

#include "ks/clock.h"
#include "ks/file.h"
#include "ks/filter_process.h"
#include "ks/object.h"
#include "ks/pipe.h"
#include "ks/process.h"
#include "ks/splitter.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_dma;
struct ks_filter;
struct ks_queue;

struct ks_pin {
    KSPIN public; /* first */
    uint64_t magic;
    struct ks_object object;
    struct ks_file file; /* FsContext of the pin's file object */
    struct ks_filter *filter;
    struct ks_queue *queue; /* from STOP->ACQUIRE to ACQUIRE->STOP */
    struct ks_queue *spare_queue; /* the same in between, until the pin goes */
    struct ks_processor processor;
    struct ks_process_pin process;
    struct ks_split split;
    struct ks_pipe_end pipe;
    struct ks_pin_clock clock;
    PFILE_OBJECT file_object; /* not referenced: the pin dies with it */
    bool standard_transport;
    bool adapter_missed; /* the finding is told once */
    PFNKSPINPOWER sleep, wake;
    PFNKSPINHANDSHAKE handshake;
    PFNKSPINIRPCOMPLETION irp_completion;
};

struct ks_pin *ks_pin_of(PKSPIN pin);
struct ks_dma *ks_pin_dma(struct ks_pin *pin);
/* The lowest state in which Process is called. */
KSSTATE ks_pin_minimum_state(const struct ks_pin *pin);

/* IRP_MJ_CREATE of a pin under filter, with its binary parameters. May return STATUS_PENDING. */
NTSTATUS ks_pin_create(struct ks_filter *filter, PIRP irp, const void *parameters, ULONG bytes);
NTSTATUS ks_pin_close(struct ks_pin *pin, PIRP irp);
void ks_pin_cleanup(struct ks_pin *pin);
/* What is left to do when a pending create or close is completed by the driver. */
void ks_pin_create_finished(struct ks_pin *pin, NTSTATUS status);
void ks_pin_close_finished(struct ks_pin *pin);

#endif
