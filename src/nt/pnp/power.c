/* SPDX-License-Identifier: MIT */
/* Sleep and wake of one device. The system asks (QUERY_POWER), then tells (SET_POWER) the top of
 * the stack about the system's new state; the policy owner, usually the function driver, answers by
 * requesting a device power IRP and completes the system's when that is done. Where the device has
 * not changed its state by then, nobody owns its policy, and the IRP is sent from here ("Handling
 * System Power State Requests"). A refused query is followed by SET_POWER for the state that
 * stays. */
#include "pnp/state.h"
#include "trace/rules.h"

static NTSTATUS send_power(struct pnp *pnp, PDEVICE_OBJECT pdo, UCHAR minor, POWER_STATE_TYPE type,
                           POWER_STATE state, SYSTEM_POWER_STATE system)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_POWER, .MinorFunction = minor};
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};
    NTSTATUS status;

    location.Parameters.Power.Type = type;
    location.Parameters.Power.State = state;
    location.Parameters.Power.ShutdownType =
        system == PowerSystemWorking ? PowerActionNone : PowerActionSleep;
    status = io_send(pdo, &location, &iosb);
    TRACE(ke_trace(pnp->ke), power,
          (minor == IRP_MN_QUERY_POWER ? 0x10000u : 0) | (uint32_t)type << 8 |
              (uint32_t)state.SystemState,
          (uint32_t)status);
    return status;
}

static NTSTATUS send_system(struct pnp *pnp, PDEVICE_OBJECT pdo, UCHAR minor,
                            SYSTEM_POWER_STATE system)
{
    return send_power(pnp, pdo, minor, SystemPowerState, (POWER_STATE){.SystemState = system},
                      system);
}

/* What the device's capabilities say about the system state; D3 where they say nothing. */
static DEVICE_POWER_STATE device_state_for(const struct io_node *node, SYSTEM_POWER_STATE system)
{
    DEVICE_POWER_STATE state = node->capabilities.DeviceState[system];

    if (system == PowerSystemWorking)
        return PowerDeviceD0;
    return state == PowerDeviceUnspecified ? PowerDeviceD3 : state;
}

NTSTATUS pnp_power(struct pnp *pnp, PDEVICE_OBJECT pdo, SYSTEM_POWER_STATE system)
{
    struct pnp_device *device = pnp_device_of(pnp, pdo);
    DEVICE_POWER_STATE device_state;
    NTSTATUS status;

    if (device == NULL || device->state != PNP_STARTED)
        return STATUS_INVALID_DEVICE_REQUEST;
    device_state = device_state_for(device->node, system);
    if (system != PowerSystemWorking) {
        status = send_system(pnp, pdo, IRP_MN_QUERY_POWER, system);
        if (!NT_SUCCESS(status) && status != STATUS_NOT_SUPPORTED) {
            (void)send_system(pnp, pdo, IRP_MN_SET_POWER, PowerSystemWorking);
            return status;
        }
    }
    status = send_system(pnp, pdo, IRP_MN_SET_POWER, system);
    if (!NT_SUCCESS(status) && status != STATUS_NOT_SUPPORTED)
        return status;
    if (device->node->power == device_state)
        return STATUS_SUCCESS;
    status = send_power(pnp, pdo, IRP_MN_SET_POWER, DevicePowerState,
                        (POWER_STATE){.DeviceState = device_state}, system);
    if (NT_SUCCESS(status))
        device->node->power = device_state;
    return status;
}
