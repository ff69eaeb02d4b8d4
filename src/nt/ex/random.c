/* SPDX-License-Identifier: MIT */
/* Random numbers for drivers: the part of the Cryptography API: Next Generation that serves them
 * ("BCryptGenRandom"). They come from the seed, so they are the same in each run and good for
 * nothing but running drivers. A handle is an address in pool that is known here; the system's own
 * generator needs none, from Windows 7 on. At DISPATCH_LEVEL a handle must have been opened for it
 * (BCRYPT_PROV_DISPATCH). Not here: hashes, ciphers, keys, signatures; those who ask for such a
 * provider hear that there is none. */
#include <string.h>

#include "ex/state.h"
#include "rtl/rtl.h"
#include "wdk/bcrypt.h"

enum { HANDLE_TAG = 0x20676E52 /* 'Rng ' */ };

struct provider { /* in pool; drivers see its address only */
    ULONG tag;
    ULONG flags;
};

static struct provider *provider_of(struct ex *ex, BCRYPT_ALG_HANDLE handle)
{
    return map_get(&ex->random_providers, (uint64_t)(uintptr_t)handle);
}

static bool is_random_algorithm(PCWSTR name)
{
    static const WCHAR *const names[] = {BCRYPT_RNG_ALGORITHM, BCRYPT_RNG_FIPS186_DSA_ALGORITHM};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (nt_wcscmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* UNDOC: what is wrong with the call comes before what is not there. */
NTSTATUS NTAPI BCryptOpenAlgorithmProvider(BCRYPT_ALG_HANDLE *handle, PCWSTR algorithm,
                                           PCWSTR implementation, ULONG flags)
{
    struct ex *ex = ex_of(ke_current());
    struct provider *provider;

    if (handle == NULL || algorithm == NULL ||
        (flags & ~(ULONG)(BCRYPT_PROV_DISPATCH | BCRYPT_ALG_HANDLE_HMAC_FLAG)))
        return STATUS_INVALID_PARAMETER;
    if (!is_random_algorithm(algorithm) ||
        (implementation != NULL && nt_wcscmp(implementation, MS_PRIMITIVE_PROVIDER) != 0))
        return STATUS_NOT_FOUND;
    if (flags & BCRYPT_ALG_HANDLE_HMAC_FLAG)
        return STATUS_INVALID_PARAMETER; /* no hash */
    provider = ExAllocatePoolWithTag(NonPagedPool, sizeof *provider, HANDLE_TAG);
    if (provider == NULL)
        return STATUS_NO_MEMORY;
    *provider = (struct provider){HANDLE_TAG, flags};
    if (map_set(&ex->random_providers, (uint64_t)(uintptr_t)provider, provider) != 0) {
        ExFreePoolWithTag(provider, HANDLE_TAG);
        return STATUS_NO_MEMORY;
    }
    *handle = provider;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI BCryptCloseAlgorithmProvider(BCRYPT_ALG_HANDLE handle, ULONG flags)
{
    struct ex *ex = ex_of(ke_current());
    struct provider *provider = provider_of(ex, handle);

    if (provider == NULL)
        return STATUS_INVALID_HANDLE;
    if (flags != 0)
        return STATUS_INVALID_PARAMETER;
    map_remove(&ex->random_providers, (uint64_t)(uintptr_t)handle);
    ExFreePoolWithTag(provider, HANDLE_TAG);
    return STATUS_SUCCESS;
}

static NTSTATUS check_generator(struct ex *ex, BCRYPT_ALG_HANDLE handle, ULONG flags)
{
    bool is_high = KeGetCurrentIrql() > PASSIVE_LEVEL;
    const struct provider *provider;

    if (flags & ~(ULONG)(BCRYPT_RNG_USE_ENTROPY_IN_BUFFER | BCRYPT_USE_SYSTEM_PREFERRED_RNG))
        return STATUS_INVALID_PARAMETER;
    if (flags & BCRYPT_USE_SYSTEM_PREFERRED_RNG)
        return handle != NULL || is_high || ke_windows(ex->ke) < KE_WINDOWS_7
                   ? STATUS_INVALID_PARAMETER
                   : STATUS_SUCCESS;
    provider = provider_of(ex, handle);
    if (provider == NULL)
        return STATUS_INVALID_HANDLE;
    return is_high && !(provider->flags & BCRYPT_PROV_DISPATCH) ? STATUS_INVALID_PARAMETER
                                                                : STATUS_SUCCESS;
}

NTSTATUS NTAPI BCryptGenRandom(BCRYPT_ALG_HANDLE handle, PUCHAR buffer, ULONG bytes, ULONG flags)
{
    struct ex *ex = ex_of(ke_current());
    NTSTATUS status = check_generator(ex, handle, flags);

    if (!NT_SUCCESS(status))
        return status;
    if (buffer == NULL && bytes != 0)
        return STATUS_INVALID_PARAMETER;
    while (bytes > 0) {
        uint64_t word = sim_rng_u64(&ex->random);
        ULONG count = bytes < sizeof word ? bytes : (ULONG)sizeof word;

        memcpy(buffer, &word, count);
        buffer += count;
        bytes -= count;
    }
    return STATUS_SUCCESS;
}
