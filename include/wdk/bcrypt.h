/* SPDX-License-Identifier: MIT */
/* Random numbers of the Cryptography API: Next Generation, as ksecdd.sys and cng.sys export them to
 * drivers (bcrypt.h). */
#ifndef WEIR_WDK_BCRYPT_H
#define WEIR_WDK_BCRYPT_H

#include "wdk/wdm_base.h"

typedef PVOID BCRYPT_HANDLE;
typedef PVOID BCRYPT_ALG_HANDLE;

#define BCRYPT_RNG_ALGORITHM             u"RNG"
#define BCRYPT_RNG_FIPS186_DSA_ALGORITHM u"FIPS186DSARNG"
#define MS_PRIMITIVE_PROVIDER            u"Microsoft Primitive Provider"
#define BCRYPT_PROV_DISPATCH             0x00000001
#define BCRYPT_ALG_HANDLE_HMAC_FLAG      0x00000008
#define BCRYPT_RNG_USE_ENTROPY_IN_BUFFER 0x00000001
#define BCRYPT_USE_SYSTEM_PREFERRED_RNG  0x00000002

NTSTATUS NTAPI BCryptOpenAlgorithmProvider(BCRYPT_ALG_HANDLE *Algorithm, PCWSTR AlgId,
    PCWSTR Implementation, ULONG Flags);
NTSTATUS NTAPI BCryptCloseAlgorithmProvider(BCRYPT_ALG_HANDLE Algorithm, ULONG Flags);
NTSTATUS NTAPI BCryptGenRandom(BCRYPT_ALG_HANDLE Algorithm, PUCHAR Buffer, ULONG Bytes,
    ULONG Flags);

#endif
