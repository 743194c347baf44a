/* Convolution with a channel in each 16-bit lane whose sums are flushed into 32
   bits: MLA.8h by element and SADDW. Narrow and wide sums of a tile fill the
   registers together, so that a flush touches no memory. */
#ifndef SNUG_CONV_SADDW_H
#define SNUG_CONV_SADDW_H

#include "snug_conv_mla.h"
#include "snug_tile64.h"

/* Weights are those of snug_conv_s8_a16_mla, and scratch with room for one product
   more, which may be loaded and is not used. The last segment ends
   with the window, whether its piece says so or not. */

#if SNUG_TILE64

/* Four pixels by sixteen channels: narrow sums in v16 to v23, wide ones of pixel 0
   in v24 to v27, of 1 in v28 to v31, of 2 in v8 to v11, of 3 in v12 to v15; inputs
   in v0 to v3, the weights of two products in v4 to v7. */
#define SNUG_S_NARROW(V) "movi v" #V ".8h, #0\n\t"
#define SNUG_S_CLEAR(V) "movi v" #V ".4s, #0\n\t"
#define SNUG_S_FLUSH(A, B, S, T, U, V)                    \
    "saddw v" #S ".4s, v" #S ".4s, v" #A ".4h\n\t"        \
    "saddw2 v" #T ".4s, v" #T ".4s, v" #A ".8h\n\t"       \
    "saddw v" #U ".4s, v" #U ".4s, v" #B ".4h\n\t"        \
    "saddw2 v" #V ".4s, v" #V ".4s, v" #B ".8h\n\t"
#define SNUG_S_LOAD(X, STEP) "ldr d" #X ", [%[s" #X "]]" STEP "\n\t"
#define SNUG_S_LOADS(STEP) SNUG_S_LOAD(0, STEP) SNUG_S_LOAD(1, STEP) SNUG_S_LOAD(2, STEP) SNUG_S_LOAD(3, STEP)
#define SNUG_S_WIDEN(X) "sshll v" #X ".8h, v" #X ".8b, #0\n\t"
#define SNUG_S_WIDENS SNUG_S_WIDEN(0) SNUG_S_WIDEN(1) SNUG_S_WIDEN(2) SNUG_S_WIDEN(3)
/* Weights of product J from w, two products ahead of where it is used. */
#define SNUG_S_WEIGHTS(L, H, J) "ldp q" #L ", q" #H ", [%[w], #32 * " #J "]\n\t"
#define SNUG_S_PRODUCT(L, H, J) SNUG_T_ROWS4(mla, L, H, J, 0, 1, 2, 3)
#define SNUG_S_LAST "subs %w[k], %w[k], #1\n\tb.eq 4f\n\t"

/* sums[4][16] of the pixels whose windows begin at x[0]..., from narrow sums that
   start at start[16]. */
SNUG_LONG_TEXT_BEGIN
SNUG_APART void snug_saddw_tile(const snug_conv *g, const int8_t *const x[4], const int16_t *w, const int16_t *start,
                                int32_t *sums)
{
    const snug_piece *piece = g->piece;
    const int8_t *s0, *s1, *s2, *s3;
    ptrdiff_t at;
    int32_t pieces = g->pieces, k;
    __asm__ volatile(
        "ldp q16, q17, [%[start]]\n\tldp q18, q19, [%[start]]\n\tldp q20, q21, [%[start]]\n\tldp q22, q23, [%[start]]\n\t"
        SNUG_S_CLEAR(24) SNUG_S_CLEAR(25) SNUG_S_CLEAR(26) SNUG_S_CLEAR(27) SNUG_S_CLEAR(28) SNUG_S_CLEAR(29)
        SNUG_S_CLEAR(30) SNUG_S_CLEAR(31) SNUG_S_CLEAR(8) SNUG_S_CLEAR(9) SNUG_S_CLEAR(10) SNUG_S_CLEAR(11)
        SNUG_S_CLEAR(12) SNUG_S_CLEAR(13) SNUG_S_CLEAR(14) SNUG_S_CLEAR(15)
        /* a piece */
        "1:\n\tldrsw %[at], [%[piece]], #8\n\tldrh %w[k], [%[piece], #-4]\n\t"
        "add %[s0], %[x0], %[at]\n\tadd %[s1], %[x1], %[at]\n\tadd %[s2], %[x2], %[at]\n\tadd %[s3], %[x3], %[at]\n\t"
        "subs %w[k], %w[k], #8\n\tb.lt 3f\n"
        /* eight products */
        "2:\n\t" SNUG_S_LOADS(", #8") SNUG_S_WEIGHTS(4, 5, 0) SNUG_S_WEIGHTS(6, 7, 1) SNUG_S_WIDENS
        SNUG_S_PRODUCT(4, 5, 0) SNUG_S_WEIGHTS(4, 5, 2) SNUG_S_PRODUCT(6, 7, 1) SNUG_S_WEIGHTS(6, 7, 3)
        SNUG_S_PRODUCT(4, 5, 2) SNUG_S_WEIGHTS(4, 5, 4) SNUG_S_PRODUCT(6, 7, 3) SNUG_S_WEIGHTS(6, 7, 5)
        SNUG_S_PRODUCT(4, 5, 4) SNUG_S_WEIGHTS(4, 5, 6) SNUG_S_PRODUCT(6, 7, 5) SNUG_S_WEIGHTS(6, 7, 7)
        SNUG_S_PRODUCT(4, 5, 6) SNUG_S_PRODUCT(6, 7, 7)
        "add %[w], %[w], #256\n\tsubs %w[k], %w[k], #8\n\tb.ge 2b\n"
        /* one to seven; vectors reach past the piece and the weights, only elements of theirs are used */
        "3:\n\tadds %w[k], %w[k], #8\n\tb.eq 5f\n\t" SNUG_S_LOADS("") SNUG_S_WEIGHTS(4, 5, 0) SNUG_S_WEIGHTS(6, 7, 1)
        "add %[at], %[w], %x[k], lsl #5\n\t" SNUG_S_WIDENS
        SNUG_S_PRODUCT(4, 5, 0) SNUG_S_LAST SNUG_S_WEIGHTS(4, 5, 2) SNUG_S_PRODUCT(6, 7, 1) SNUG_S_LAST
        SNUG_S_WEIGHTS(6, 7, 3) SNUG_S_PRODUCT(4, 5, 2) SNUG_S_LAST SNUG_S_WEIGHTS(4, 5, 4) SNUG_S_PRODUCT(6, 7, 3) SNUG_S_LAST
        SNUG_S_WEIGHTS(6, 7, 5) SNUG_S_PRODUCT(4, 5, 4) SNUG_S_LAST SNUG_S_WEIGHTS(4, 5, 6) SNUG_S_PRODUCT(6, 7, 5) SNUG_S_LAST
        SNUG_S_PRODUCT(4, 5, 6)
        "4:\n\tmov %[w], %[at]\n"
        /* the end of a segment */
        "5:\n\tldrh %w[k], [%[piece], #-2]\n\tsubs %w[pieces], %w[pieces], #1\n\tcinc %w[k], %w[k], eq\n\t"
        "cbz %w[k], 1b\n\t"
        SNUG_S_FLUSH(16, 17, 24, 25, 26, 27) SNUG_S_FLUSH(18, 19, 28, 29, 30, 31)
        SNUG_S_FLUSH(20, 21, 8, 9, 10, 11) SNUG_S_FLUSH(22, 23, 12, 13, 14, 15)
        SNUG_S_NARROW(16) SNUG_S_NARROW(17) SNUG_S_NARROW(18) SNUG_S_NARROW(19)
        SNUG_S_NARROW(20) SNUG_S_NARROW(21) SNUG_S_NARROW(22) SNUG_S_NARROW(23)
        "cbnz %w[pieces], 1b\n\t"
        "stp q24, q25, [%[sums]]\n\tstp q26, q27, [%[sums], #32]\n\tstp q28, q29, [%[sums], #64]\n\t"
        "stp q30, q31, [%[sums], #96]\n\tstp q8, q9, [%[sums], #128]\n\tstp q10, q11, [%[sums], #160]\n\t"
        "stp q12, q13, [%[sums], #192]\n\tstp q14, q15, [%[sums], #224]\n\t"
        : [piece] "+r"(piece), [pieces] "+r"(pieces), [w] "+r"(w), [k] "=&r"(k), [at] "=&r"(at), [s0] "=&r"(s0),
          [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3)
        : [x0] "r"(x[0]), [x1] "r"(x[1]), [x2] "r"(x[2]), [x3] "r"(x[3]), [start] "r"(start), [sums] "r"(sums)
        : SNUG_T_CLOBBERS);
}
SNUG_LONG_TEXT_END

/* Sixteen channels from c of a tile, by a plain requantizer. */
static inline void snug_saddw_store(const snug_requant *q, const snug_channels8 *ta, const snug_channels8 *tb,
                                    const int32_t *sums, int32_t c, int8_t *const y[4])
{
    const snug_wide8 a = ta->wide, b = tb->wide;
    const int16x8_t zero = vdupq_n_s16((int16_t)q->zero);
    const int8x16_t lo = vdupq_n_s8((int8_t)q->lo), top = snug_top16(q, c, SNUG_LANES);
    int32_t i;
    SNUG_UNROLL
    for (i = 0; i < 4; i++, sums += SNUG_LANES) {
        const int16x8_t u = snug_plain8(&a, vld1q_s32(sums), vld1q_s32(sums + 4), zero);
        const int16x8_t v = snug_plain8(&b, vld1q_s32(sums + 8), vld1q_s32(sums + 12), zero);
        vst1q_s8(y[i], vminq_s8(vmaxq_s8(vqmovn_high_s16(vqmovn_s16(u), v), lo), top));
    }
}

static inline void snug_conv_s8_a16_saddw(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    const snug_requant q = g->q;
    const int8_t *w = g->weights;
    int16_t *const wide = scratch;
    int32_t group, block, left, i;
    for (group = 0; group < g->groups; group++) {
        for (block = 0; block < g->c; block += SNUG_LANES, w += SNUG_LANES * g->k) {
            const int32_t n = g->c - block < SNUG_LANES ? g->c - block : SNUG_LANES, c = group * g->c + block;
            snug_walk p = {x + group * g->x_group, y + c, 0, g->w, g->x_col, g->y_col, 0, 0};
            int16_t start[SNUG_LANES];
            int16x8_t start_a, start_b;
            snug_channels8 ta, tb;
            p.x_skip = g->x_row - g->w * g->x_col, p.y_skip = g->y_row - g->w * g->y_col;
            snug_mla_widen(w, g->k, wide);
            snug_lanes_tables(&q, c, n, &ta, &tb);
            snug_lanes_start(&q, c, n, &start_a, &start_b);
            vst1q_s16(start, start_a);
            vst1q_s16(start + 8, start_b);
            for (left = g->h * g->w; left > 0; left -= 4) {
                const int8_t *xs[4];
                int8_t *ys[4];
                int32_t sums[4 * SNUG_LANES];
                snug_walk_tile(&p, left, 4, xs, ys);
                snug_saddw_tile(g, xs, wide, start, sums);
                if (n == SNUG_LANES && snug_is_plain(&q)) {
                    snug_saddw_store(&q, &ta, &tb, sums, c, ys);
                    continue;
                }
                for (i = 0; i < 4; i++) {
                    const int32_t *const s = sums + SNUG_LANES * i;
                    snug_wide_store(&q, &ta.wide, vld1q_s32(s), vld1q_s32(s + 4), c, n, ys[i]);
                    if (n > 8) {
                        snug_wide_store(&q, &tb.wide, vld1q_s32(s + 8), vld1q_s32(s + 12), c + 8, n - 8, ys[i] + 8);
                    }
                }
            }
        }
    }
}

#else /* the same sums, one at a time */

static inline int32_t snug_saddw_sum(const snug_conv *g, const int8_t *x, int32_t group, int32_t c)
{
    const int32_t blocks = (g->c + SNUG_LANES - 1) / SNUG_LANES;
    const int8_t *w = g->weights + ((group * blocks + c / SNUG_LANES) * g->k) * SNUG_LANES + c % SNUG_LANES;
    uint32_t acc = g->q.preload ? (uint32_t)g->q.preload[group * g->c + c] : 0u;
    int32_t sum = 0, i, k;
    for (i = 0; i < g->pieces; i++) {
        const int8_t *xi = x + g->piece[i].at;
        const int32_t len = g->piece[i].len;
        for (k = 0; k < len; k++, w += SNUG_LANES) {
            acc += (uint32_t)(xi[k] * *w);
        }
        if (g->piece[i].flush || i + 1 == g->pieces) {
            sum += snug_wrap16(acc);
            acc = 0u;
        }
    }
    return sum;
}

static inline void snug_conv_s8_a16_saddw(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    (void)scratch;
    snug_conv_each(g, x, y, snug_saddw_sum);
}

#endif
#endif
