/* SPDX-License-Identifier: MIT */
/* What can happen to a device and its application while it streams (--at), one row each.
 *
 * INCIDENT(name, text)
 *   name    INCIDENT_<name>, and the word on the command line, in the summary and in JSON
 *   text    one line of --help
 */
INCIDENT(pause,     "the application goes to PAUSE for a while, then to RUN again")
INCIDENT(stop,      "the application goes to STOP for a while, then to RUN again")
INCIDENT(reopen,    "the application closes the pin and opens it again")
INCIDENT(power,     "the system sleeps (S3, D3) and wakes")
INCIDENT(rebalance, "QUERY_STOP, STOP, START: resources are assigned anew")
INCIDENT(disable,   "the application closes; device removed in order, driver unloaded; and all of it again")
INCIDENT(surprise,  "the device is gone while handles are open; the run ends there")
