/* SPDX-License-Identifier: MIT */
/* What ksecdd.sys and cng.sys export of the Cryptography API: Next Generation; either has each (from Windows 7 on the
 * first forwards to the second). The columns are those of ntoskrnl.tbl.h. */
EXPORT(BCryptCloseAlgorithmProvider,               2,       PASSIVE,  DISPATCH, VISTA,      CNG,         FULL)
EXPORT(BCryptCreateHash,                           7,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptDecrypt,                              10,      UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptDestroyHash,                          1,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptDestroyKey,                           1,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptEncrypt,                              10,      UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptFinishHash,                           4,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptGenRandom,                            4,       PASSIVE,  DISPATCH, VISTA,      CNG,         FULL)
EXPORT(BCryptGenerateSymmetricKey,                 7,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptGetProperty,                          6,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptHashData,                             4,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptImportKeyPair,                        7,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptOpenAlgorithmProvider,                4,       PASSIVE,  PASSIVE,  VISTA,      CNG,         PARTIAL)
EXPORT(BCryptSetProperty,                          5,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
EXPORT(BCryptVerifySignature,                      7,       UNDOC,    UNDOC,    VISTA,      CNG,         STUB)
