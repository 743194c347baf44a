/* The MLA kernel where windows of neighbouring pixels overlap: a column of inputs is
   loaded and widened once for all of a tile. */
#ifndef SNUG_MLA_COLUMNS_H
#define SNUG_MLA_COLUMNS_H

#include "snug_conv.h"
#include "snug_lanes.h"
#include "snug_tile64.h"

#if SNUG_TILE64
/* Windows of three columns that begin one column after each other, or two: the
   eight pixels of a tile share ten columns, or nine and eight between them. Products
   of the column with weights T: */
#define SNUG_T_TAP(T, ...)                                                                                        \
    "ld1 {v10.8h, v11.8h, v12.8h, v13.8h}, [%[" T "]], #64\n\tld1 {v14.8h, v15.8h}, [%[" T "]], #32\n\t"          \
    SNUG_T_ROWS8(mla, 10, 11, 0, __VA_ARGS__) SNUG_T_ROWS8(mla, 12, 13, 1, __VA_ARGS__)                           \
    "ld1 {v10.8h, v11.8h, v12.8h, v13.8h}, [%[" T "]], #64\n\t" SNUG_T_ROWS8(mla, 14, 15, 2, __VA_ARGS__)         \
    "ld1 {v14.8h, v15.8h}, [%[" T "]], #32\n\t"                                                                   \
    SNUG_T_ROWS8(mla, 10, 11, 3, __VA_ARGS__) SNUG_T_ROWS8(mla, 12, 13, 4, __VA_ARGS__)                           \
    "ld1 {v10.8h, v11.8h, v12.8h, v13.8h}, [%[" T "]], #64\n\t" SNUG_T_ROWS8(mla, 14, 15, 5, __VA_ARGS__)         \
    SNUG_T_ROWS8(mla, 10, 11, 6, __VA_ARGS__) SNUG_T_ROWS8(mla, 12, 13, 7, __VA_ARGS__)
#define SNUG_T_LOAD(X) "ld1 {v" #X ".8b}, [%[xk]], %[col]\n\t"
#define SNUG_T_WIDE(X) "sshll v" #X ".8h, v" #X ".8b, #0\n\t"
#define SNUG_T_COLUMNS8                                                                                              \
    SNUG_T_LOAD(0) SNUG_T_LOAD(1) SNUG_T_LOAD(2) SNUG_T_LOAD(3) SNUG_T_LOAD(4) SNUG_T_LOAD(5) SNUG_T_LOAD(6)         \
    SNUG_T_LOAD(7) SNUG_T_WIDE(0) SNUG_T_WIDE(1) SNUG_T_WIDE(2) SNUG_T_WIDE(3) SNUG_T_WIDE(4) SNUG_T_WIDE(5)         \
    SNUG_T_WIDE(6) SNUG_T_WIDE(7)
#define SNUG_T_BACK "sub %[xk], %[xk], %[back]\n\t"
#define SNUG_T_STRIDE1                                                                                               \
    SNUG_T_COLUMNS8 SNUG_T_LOAD(8) SNUG_T_LOAD(9) SNUG_T_WIDE(8) SNUG_T_WIDE(9) SNUG_T_BACK                          \
    SNUG_T_TAP("w0", 0, 1, 2, 3, 4, 5, 6, 7) SNUG_T_TAP("w1", 1, 2, 3, 4, 5, 6, 7, 8)                                \
    SNUG_T_TAP("w2", 2, 3, 4, 5, 6, 7, 8, 9)
#define SNUG_T_STRIDE2                                                                                               \
    SNUG_T_COLUMNS8 SNUG_T_LOAD(8) SNUG_T_WIDE(8) "sub %[xk], %[xk], %[odd]\n\t"                                     \
    SNUG_T_TAP("w0", 0, 1, 2, 3, 4, 5, 6, 7) SNUG_T_TAP("w2", 1, 2, 3, 4, 5, 6, 7, 8)                                \
    SNUG_T_COLUMNS8 SNUG_T_BACK SNUG_T_TAP("w1", 0, 1, 2, 3, 4, 5, 6, 7)
#define SNUG_T_START(A, B) "mov v" #A ".16b, v16.16b\n\tmov v" #B ".16b, v17.16b\n\t"

/* sums[8][16] of the pixels from x on. BACK: from behind the last column that is
   loaded to the first. */
#define SNUG_MLA_COLUMNS(NAME, STRIDE, COLUMNS, BACK)                                                                 \
    SNUG_APART void NAME(const snug_conv *g, const int8_t *x, const int16_t *w, const int16_t *start, int16_t *sums)  \
    {                                                                                                                 \
        const ptrdiff_t col = g->x_col, cin = col / STRIDE, odd = 9 * col - cin, back = (BACK) * cin - 8;             \
        const ptrdiff_t next = 2 * cin * SNUG_LANES * 2;                                                              \
        const int16_t *w0 = w, *w1 = w + cin * SNUG_LANES, *w2 = w1 + cin * SNUG_LANES;                               \
        const snug_piece *piece = g->piece;                                                                           \
        const int8_t *xk;                                                                                             \
        int32_t pieces = g->pieces, k;                                                                                \
        __asm__ volatile(                                                                                             \
            "ldp q16, q17, [%[start]]\n\t" SNUG_T_START(18, 19) SNUG_T_START(20, 21) SNUG_T_START(22, 23)             \
                SNUG_T_START(24, 25) SNUG_T_START(26, 27) SNUG_T_START(28, 29) SNUG_T_START(30, 31)                   \
            "1:\n\tldrsw %[xk], [%[piece]], #8\n\tadd %[xk], %[xk], %[x]\n\tmov %w[k], %w[cin]\n"                     \
            "2:\n\t" COLUMNS "subs %w[k], %w[k], #8\n\tb.ne 2b\n\t"                                                   \
            "add %[w0], %[w0], %[next]\n\tadd %[w1], %[w1], %[next]\n\tadd %[w2], %[w2], %[next]\n\t"                 \
            "subs %w[pieces], %w[pieces], #1\n\tb.ne 1b\n\t"                                                          \
            "stp q16, q17, [%[sums]]\n\tstp q18, q19, [%[sums], #32]\n\tstp q20, q21, [%[sums], #64]\n\t"             \
            "stp q22, q23, [%[sums], #96]\n\tstp q24, q25, [%[sums], #128]\n\tstp q26, q27, [%[sums], #160]\n\t"      \
            "stp q28, q29, [%[sums], #192]\n\tstp q30, q31, [%[sums], #224]\n\t"                                      \
            : [piece] "+r"(piece), [pieces] "+r"(pieces), [w0] "+r"(w0), [w1] "+r"(w1), [w2] "+r"(w2), [k] "=&r"(k),  \
              [xk] "=&r"(xk)                                                                                          \
            : [x] "r"(x), [col] "r"(col), [cin] "r"(cin), [odd] "r"(odd), [back] "r"(back), [next] "r"(next),         \
              [start] "r"(start), [sums] "r"(sums)                                                                    \
            : SNUG_T_CLOBBERS);                                                                                       \
    }
SNUG_LONG_TEXT_BEGIN
SNUG_MLA_COLUMNS(snug_mla_columns1, 1, SNUG_T_STRIDE1, 10)
SNUG_MLA_COLUMNS(snug_mla_columns2, 2, SNUG_T_STRIDE2, 17)
SNUG_LONG_TEXT_END
#undef SNUG_MLA_COLUMNS

/* The stride of a layer of such windows whose rows are filled well by eights, or zero. */
static inline int32_t snug_mla_shares(const snug_conv *g)
{
    const int32_t cin = g->piece[0].len / 3, stride = g->x_col == cin ? 1 : 2;
    int32_t i;
    if (cin % 8 != 0 || g->x_col != stride * cin || g->w < 8 || (g->w + 7) / 8 * 15 > 2 * g->w || !snug_is_fast(&g->q)) {
        return 0;
    }
    for (i = 0; i < g->pieces; i++) {
        if (g->piece[i].len != 3 * cin) {
            return 0;
        }
    }
    return stride;
}

/* Sixteen channels of such a layer from c. The last eight pixels of a row are moved back inside. */
static inline void snug_mla_rows(const snug_conv *g, int32_t stride, const int8_t *x, int8_t *y, const int16_t *w, int32_t c)
{
    const snug_requant q = g->q;
    const ptrdiff_t y_col = g->y_col;
    const int8x16_t lo = vdupq_n_s8((int8_t)q.lo), hi = snug_top16(&q, c, SNUG_LANES);
    int16_t sums[8 * SNUG_LANES], start[SNUG_LANES];
    int16x8_t start_a, start_b;
    snug_channels8 ta, tb;
    int32_t row, col, i;
    snug_lanes_tables(&q, c, SNUG_LANES, &ta, &tb);
    snug_lanes_start(&q, c, SNUG_LANES, &start_a, &start_b);
    vst1q_s16(start, start_a);
    vst1q_s16(start + 8, start_b);
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col += 8) {
            const int32_t at = col < g->w - 8 ? col : g->w - 8;
            int8_t *yp = y + row * g->y_row + at * y_col;
            if (stride == 1) {
                snug_mla_columns1(g, x + row * g->x_row + at * g->x_col, w, start, sums);
            } else {
                snug_mla_columns2(g, x + row * g->x_row + at * g->x_col, w, start, sums);
            }
            SNUG_UNROLL
            for (i = 0; i < 8; i++, yp += y_col) {
                const int16x8_t a = vld1q_s16(sums + SNUG_LANES * i), b = vld1q_s16(sums + SNUG_LANES * i + 8);
                vst1q_s8(yp, q.half ? snug_lanes_fast(a, b, &ta.narrow, &tb.narrow, lo, hi, 1)
                                    : snug_lanes_fast(a, b, &ta.narrow, &tb.narrow, lo, hi, 0));
            }
        }
    }
}
#endif

#endif
