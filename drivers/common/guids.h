/* SPDX-License-Identifier: MIT */
/* mingw-w64's libksguid.a lacks IID_IKsDeviceFunctions and many others, and has some with wrong
 * bytes, so the driver defines the identifiers it uses. */
#ifndef DRIVERS_GUIDS_H
#define DRIVERS_GUIDS_H

#include "windows.h"

extern const GUID VideoSubtypeYuy2, VideoSubtypeUyvy, VideoSubtypeNv12;
extern const GUID VideoSubtypeRgb24, VideoSubtypeRgb32;

#endif
