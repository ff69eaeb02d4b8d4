/* SPDX-License-Identifier: MIT */
/* `weir cards`: the built-in cards and their parameters, from the models' own descriptions. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "hw/hw.h"
#include "weir/device.h"

static void show(const struct weir_device_model *model)
{
    printf("%s\n  %s\n  PCI %04x:%04x, %s, %u-bit addresses, ", model->name, model->summary,
           model->pci.vendor, model->pci.device, model->pci.pcie ? "PCI Express" : "PCI",
           model->dma_address_bits);
    if (model->messages > 0)
        printf("MSI with %u vectors%s\n", model->messages, model->has_line ? " or INTA#" : "");
    else
        printf("%s\n", model->has_line ? "INTA#" : "no interrupts");
    for (const struct weir_parameter *p = model->parameters; p != NULL && p->name != NULL; p++) {
        printf("    %s=%s", p->name, p->value);
        if (p->choices != NULL)
            printf(" (%s)", p->choices);
        printf("\n        %s\n", p->help);
    }
}

int cli_cards(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("usage: weir cards\n\nLists the built-in cards with their parameters, for "
               "--card NAME,key=value,...\n");
        return CLI_CLEAN;
    }
    if (argc > 1)
        return cli_fail(CLI_USAGE, "weir cards takes no arguments");
    for (unsigned i = 0; hw_model_at(i) != NULL; i++)
        show(hw_model_at(i));
    printf("none\n  no card: a root-enumerated device, for software-only drivers\n"
           "path/to/card.so\n  your own model; see docs/writing-a-card.md\n");
    return CLI_CLEAN;
}
