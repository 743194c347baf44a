/* Dot products of rows of bytes in A64 assembly: what a fully connected layer is
   made of. */
#ifndef SNUG_DOT64_H
#define SNUG_DOT64_H

#include "snug_tile64.h"

#if SNUG_TILE64

/* Sixteen products of each of four channels: inputs in X, weights in A to D. A
   channel has two sums, s0 and v4 and so on, so that none is needed again before
   seven others were added to. */
#define SNUG_DOT_STEP(X, A, B, C, D)                                                                  \
    "smlal %[s0].8h, v" #A ".8b, v" #X ".8b\n\tsmlal %[s1].8h, v" #B ".8b, v" #X ".8b\n\t"            \
    "smlal %[s2].8h, v" #C ".8b, v" #X ".8b\n\tsmlal %[s3].8h, v" #D ".8b, v" #X ".8b\n\t"            \
    "smlal2 v4.8h, v" #A ".16b, v" #X ".16b\n\tsmlal2 v5.8h, v" #B ".16b, v" #X ".16b\n\t"            \
    "smlal2 v6.8h, v" #C ".16b, v" #X ".16b\n\tsmlal2 v7.8h, v" #D ".16b, v" #X ".16b\n\t"

SNUG_LONG_TEXT_BEGIN
/* The sums s of four channels go on by 64 * n products of x with the rows w, which
   are moved past them. An instruction loads 64 weights, where compilers load 16. */
static inline void snug_dot_lines(const int8_t *w[4], int16x8_t s[4], const int8_t *x, int32_t n)
{
    __asm__ volatile(
        "movi v4.8h, #0\n\tmovi v5.8h, #0\n\tmovi v6.8h, #0\n\tmovi v7.8h, #0\n\t"
        "1:\n\t"
        "ld1 {v8.16b-v11.16b}, [%[x]], #64\n\t"
        "ld1 {v12.16b-v15.16b}, [%[w0]], #64\n\tld1 {v16.16b-v19.16b}, [%[w1]], #64\n\t"
        "ld1 {v20.16b-v23.16b}, [%[w2]], #64\n\tld1 {v24.16b-v27.16b}, [%[w3]], #64\n\t"
        SNUG_DOT_STEP(8, 12, 16, 20, 24) SNUG_DOT_STEP(9, 13, 17, 21, 25)
        "subs %w[n], %w[n], #1\n\t"
        SNUG_DOT_STEP(10, 14, 18, 22, 26) SNUG_DOT_STEP(11, 15, 19, 23, 27)
        "b.gt 1b\n\t"
        "add %[s0].8h, %[s0].8h, v4.8h\n\tadd %[s1].8h, %[s1].8h, v5.8h\n\t"
        "add %[s2].8h, %[s2].8h, v6.8h\n\tadd %[s3].8h, %[s3].8h, v7.8h\n\t"
        : [x] "+r"(x), [n] "+r"(n), [w0] "+r"(w[0]), [w1] "+r"(w[1]), [w2] "+r"(w[2]), [w3] "+r"(w[3]),
          [s0] "+w"(s[0]), [s1] "+w"(s[1]), [s2] "+w"(s[2]), [s3] "+w"(s[3])
        :
        : "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",
          "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "cc", "memory");
}
SNUG_LONG_TEXT_END

#endif
#endif
