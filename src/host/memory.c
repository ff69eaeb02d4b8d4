/* SPDX-License-Identifier: MIT */
/* Memory: sparse files without a name, mappings at fixed places, reservations.
 *
 * A reservation is an inaccessible private mapping with MAP_NORESERVE: it costs no memory and no
 * commit charge, and it keeps the kernel from placing anything else there. What is mapped later
 * replaces a part of it, host_decommit turns that part back. */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "host/sanitize.h"

/* Pulls sanitize.c into every program that has memory of ours. */
static host_sanitizer_options_fn *const options_anchor WEIR_USED = &__asan_default_options;

static int protection_flags(unsigned protection)
{
    int flags = PROT_NONE;
    if (protection & HOST_READ)
        flags |= PROT_READ;
    if (protection & HOST_WRITE)
        flags |= PROT_WRITE;
    if (protection & HOST_EXECUTE)
        flags |= PROT_EXEC;
    return flags;
}

int host_memfd_create(const char *name, uint64_t size_bytes, int *out_fd)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size_bytes) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    *out_fd = fd;
    return 0;
}

void host_fd_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int map(void *where, int extra_flags, int fd, uint64_t offset, uint64_t size_bytes,
               unsigned protection, void **out)
{
    int flags = extra_flags | (fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS);
    void *base = mmap(where, size_bytes, protection_flags(protection), flags, fd, (off_t)offset);
    if (base == MAP_FAILED)
        return -errno;
    *out = base;
    return 0;
}

int host_map(int fd, uint64_t offset, uint64_t size_bytes, unsigned protection, void **out)
{
    return map(NULL, MAP_NORESERVE, fd, offset, size_bytes, protection, out);
}

int host_map_at(uint64_t va, int fd, uint64_t offset, uint64_t size_bytes, unsigned protection)
{
    void *base;
    return map((void *)va, MAP_FIXED | MAP_NORESERVE, fd, offset, size_bytes, protection, &base);
}

int host_reserve_at(uint64_t va, uint64_t size_bytes)
{
    void *base = NULL;
    int error = map((void *)va, MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0, size_bytes, HOST_NONE,
                    &base);
    if (error)
        return error;
    if (base != (void *)va) { /* a kernel that takes the address for a hint */
        munmap(base, size_bytes);
        return -EEXIST;
    }
    return 0;
}

int host_decommit(uint64_t va, uint64_t size_bytes)
{
    return host_map_at(va, -1, 0, size_bytes, HOST_NONE);
}

int host_protect(uint64_t va, uint64_t size_bytes, unsigned protection)
{
    return mprotect((void *)va, size_bytes, protection_flags(protection)) == 0 ? 0 : -errno;
}

void host_populate(uint64_t va, uint64_t size_bytes)
{
    (void)madvise((void *)va, size_bytes, MADV_POPULATE_WRITE);
}

int host_unmap(void *base, uint64_t size_bytes)
{
    return munmap(base, size_bytes) == 0 ? 0 : -errno;
}

int host_punch(int fd, uint64_t offset, uint64_t size_bytes)
{
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    return fallocate(fd, mode, (off_t)offset, (off_t)size_bytes) == 0 ? 0 : -errno;
}
