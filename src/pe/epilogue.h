/* SPDX-License-Identifier: MIT */
/* Recognises an epilogue by its instructions, as x64 unwinding demands: unwind data describe
 * prologues only. Pure; reads code bytes of the view within the function's bounds. */
#ifndef WEIR_PE_EPILOGUE_H
#define WEIR_PE_EPILOGUE_H

#include "pe/unwind_info.h"

enum { EPILOGUE_MAX_POPS = 16 };

/* What is left to execute: rsp from the frame register or by addition, pops, return. */
struct epilogue {
    bool    from_frame;
    int32_t stack_bytes; /* added to the frame register or to rsp */
    uint8_t pops[EPILOGUE_MAX_POPS];
    uint8_t pop_count;
    uint16_t return_bytes; /* removed by ret n */
};

/* true when the instruction at rva is one of an epilogue of function. */
bool epilogue_find(const struct pe_image_view *view, const struct pe_function *function,
                   const struct unwind_info *info, uint32_t rva, struct epilogue *out);

#endif
