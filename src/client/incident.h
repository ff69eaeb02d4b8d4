/* SPDX-License-Identifier: MIT */
/* What happens to the device and its application while it streams, and when. A schedule is given
 * once; each of its incidents happens once, between two frames, on the client's thread. Shared by
 * the sessions of a run: what happens, happens to all of them. Not a door. */
#ifndef WEIR_CLIENT_INCIDENT_H
#define WEIR_CLIENT_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "client/client.h"

struct client;
struct client_session;
struct oracle_judgement;

struct client_schedule {
    const struct client_incident *incidents; /* borrowed */
    unsigned count;
    uint64_t happened; /* a bit for each */
    bool gone; /* the device was removed by surprise: whatever fails now was to be expected */
    unsigned current; /* index of the one that happens now */
    unsigned last; /* index of the newest after which numbers may begin anew */
};

void client_schedule_init(struct client_schedule *schedule, const struct client_request *request);
/* Frames delivered so far, time since RUN. The first named of those that are due; UINT_MAX:
 * none. */
unsigned client_schedule_due(const struct client_schedule *schedule, uint64_t frames,
                             uint64_t elapsed_ns);
/* Until the next one that comes by time; UINT64_MAX when there is none. */
uint64_t client_schedule_wait_ns(const struct client_schedule *schedule, uint64_t elapsed_ns);

bool client_incident_due(const struct client *client);
uint64_t client_incident_wait_ns(const struct client *client); /* UINT64_MAX: none by time */
/* Lets what is due happen. False: the run cannot go on, and the result says why. */
bool client_incidents(struct client *client);
/* A frame of the session was judged. After an incident numbers may begin anew, and what was missed
 * is the incident's: taken out of the judgement. True: this is the first frame since. */
bool client_incident_frame(struct client_session *session, struct oracle_judgement *judgement);
/* The driver took one whose end nobody sees; that is told of the first pin only. */
void client_incident_taken(struct client_session *session);

#endif
