/* SPDX-License-Identifier: MIT */
/* mingw-w64's libksguid.a lacks IID_IKsDeviceFunctions and many others, and has some with wrong
 * bytes, so the driver defines the identifiers it uses. */
#ifndef GRABBER_GUIDS_H
#define GRABBER_GUIDS_H

#include "windows.h"

extern const GUID GrabberReferenceGuid; /* names the filter in the INF and in its path */
extern const GUID GrabberSubtypeYuy2, GrabberSubtypeUyvy, GrabberSubtypeNv12;
extern const GUID GrabberSubtypeRgb24, GrabberSubtypeRgb32;

#endif
