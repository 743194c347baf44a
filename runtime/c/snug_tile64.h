/* Tiles of products in A64 assembly: sixteen channels of eight or four rows in
   registers. Compilers are a tenth slower or more: they copy registers or spill them. */
#ifndef SNUG_TILE64_H
#define SNUG_TILE64_H

#include <stddef.h>

#include "snug_requant.h"

/* A function that takes all registers. */
#if defined(__GNUC__)
#define SNUG_APART static __attribute__((noinline, unused))
#else
#define SNUG_APART static inline
#endif

/* Around functions whose text is longer than C99 asks of a compiler. */
#define SNUG_LONG_TEXT_BEGIN _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverlength-strings\"")
#define SNUG_LONG_TEXT_END _Pragma("GCC diagnostic pop")

#if SNUG_NEON && defined(__AARCH64EL__) && defined(__GNUC__)
#define SNUG_TILE64 1

/* Sums are in v16 and v17 of row 0, v18 and v19 of row 1..., weights in pairs of v10 to v15.
   One product of a row: its sums, element J of its inputs X times weights L and H. */
#define SNUG_T_ROW(OP, A, B, L, H, X, J)                        \
    #OP " v" #A ".8h, v" #L ".8h, v" #X ".h[" #J "]\n\t"        \
    #OP " v" #B ".8h, v" #H ".8h, v" #X ".h[" #J "]\n\t"
#define SNUG_T_ROWS4(OP, L, H, J, X0, X1, X2, X3)                             \
    SNUG_T_ROW(OP, 16, 17, L, H, X0, J) SNUG_T_ROW(OP, 18, 19, L, H, X1, J)   \
    SNUG_T_ROW(OP, 20, 21, L, H, X2, J) SNUG_T_ROW(OP, 22, 23, L, H, X3, J)
#define SNUG_T_ROWS8(OP, L, H, J, X0, X1, X2, X3, X4, X5, X6, X7)              \
    SNUG_T_ROWS4(OP, L, H, J, X0, X1, X2, X3)                                 \
    SNUG_T_ROW(OP, 24, 25, L, H, X4, J) SNUG_T_ROW(OP, 26, 27, L, H, X5, J)   \
    SNUG_T_ROW(OP, 28, 29, L, H, X6, J) SNUG_T_ROW(OP, 30, 31, L, H, X7, J)

/* Every register that a tile may use, and all memory. */
#define SNUG_T_CLOBBERS                                                                                                       \
    "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", \
        "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory"
#else
#define SNUG_TILE64 0
#endif

#endif
