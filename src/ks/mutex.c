/* SPDX-License-Identifier: MIT */
/* Three mutexes guard an AVStream driver's objects; a thread takes them in the order device, filter
 * control, processing, and none of them twice. The runtime holds them around most callbacks, which
 * is where drivers fall into the trap. Mutexes in AVStream; Device Mutex; Filter Control Mutex.
 * KsAcquireDevice also keeps the thread from being suspended by entering a critical region.
 * Our reading: a finding first, then the wait, which for a recursive acquisition never ends. */
#include "ks/mutex.h"

#include "ks/device.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/room.h"

void ks_mutex_init(struct ks_mutex *mutex, enum ks_mutex_level level)
{
    mutex->level = level;
    mutex->owner = NULL;
    KeInitializeEvent(&mutex->free, SynchronizationEvent, TRUE);
    mutex->next_held = NULL;
}

bool ks_mutex_is_mine(const struct ks_mutex *mutex)
{
    return mutex->owner == KeGetCurrentThread();
}

void ks_mutex_check_order(const struct ks_mutex *mutex)
{
    for (struct ks_mutex *held = ks_room()->held_mutexes; held != NULL; held = held->next_held) {
        if (held->owner == KeGetCurrentThread() && held->level >= mutex->level &&
            (held == mutex || held->level > mutex->level))
            KE_FINDING(ke_current(), VERIFY_mutex_order, held->level, mutex->level);
    }
}

void ks_mutex_note_acquired(struct ks_mutex *mutex)
{
    struct ks_mutex **link = &ks_room()->held_mutexes;

    mutex->owner = KeGetCurrentThread();
    while (*link != NULL)
        link = &(*link)->next_held;
    *link = mutex;
}

void ks_mutex_note_released(struct ks_mutex *mutex)
{
    struct ks_mutex **link = &ks_room()->held_mutexes;

    mutex->owner = NULL;
    while (*link != mutex)
        link = &(*link)->next_held;
    *link = mutex->next_held;
    mutex->next_held = NULL;
}

void ks_mutex_acquire(struct ks_mutex *mutex)
{
    ks_mutex_check_order(mutex);
    KeWaitForSingleObject(&mutex->free, Executive, KernelMode, FALSE, NULL);
    ks_mutex_note_acquired(mutex);
}

void ks_mutex_release(struct ks_mutex *mutex)
{
    if (!ks_mutex_is_mine(mutex)) {
        KE_FINDING(ke_current(), VERIFY_mutex_order, mutex->level, mutex->level);
        return;
    }
    ks_mutex_note_released(mutex);
    KeSetEvent(&mutex->free, IO_NO_INCREMENT, FALSE);
}

void NTAPI KsAcquireDevice(PKSDEVICE Device)
{
    KeEnterCriticalRegion();
    ks_mutex_acquire(&ks_device_of(Device)->mutex);
}

void NTAPI KsReleaseDevice(PKSDEVICE Device)
{
    ks_mutex_release(&ks_device_of(Device)->mutex);
    KeLeaveCriticalRegion();
}

static struct ks_mutex *control_mutex(PVOID Object)
{
    struct ks_object *object = ks_object_of(Object);

    if (object->type == KsObjectTypePin)
        return &ks_pin_of(Object)->filter->control;
    return &ks_filter_of(Object)->control;
}

void NTAPI KsAcquireControl(PVOID Object)
{
    ks_mutex_acquire(control_mutex(Object));
}

void NTAPI KsReleaseControl(PVOID Object)
{
    ks_mutex_release(control_mutex(Object));
}

void NTAPI KsFilterAcquireProcessingMutex(PKSFILTER Filter)
{
    ks_processor_acquire(&ks_filter_of(Filter)->processor);
}

void NTAPI KsFilterReleaseProcessingMutex(PKSFILTER Filter)
{
    ks_processor_release(&ks_filter_of(Filter)->processor);
}

void NTAPI KsPinAcquireProcessingMutex(PKSPIN Pin)
{
    ks_processor_acquire(&ks_pin_of(Pin)->processor);
}

void NTAPI KsPinReleaseProcessingMutex(PKSPIN Pin)
{
    ks_processor_release(&ks_pin_of(Pin)->processor);
}
