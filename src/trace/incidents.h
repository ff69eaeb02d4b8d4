/* SPDX-License-Identifier: MIT */
/* Numbers of the incidents, for the rooms that parse, play and report them. Nothing else lives
 * here. */
#ifndef WEIR_TRACE_INCIDENTS_H
#define WEIR_TRACE_INCIDENTS_H

enum trace_incident {
#define INCIDENT(name, text) INCIDENT_##name,
#include "trace/incidents.tbl.h"
#undef INCIDENT
    INCIDENT_COUNT
};

#endif
