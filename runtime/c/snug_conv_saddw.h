/* Convolution with a channel in each 16-bit lane whose sums are flushed into 32
   bits: MLA.8h by element and SADDW (VMLA.I16, VADDW.S16). Narrow and wide sums of a
   tile fill the registers together, so that a flush touches no memory. */
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

#elif SNUG_NEON && defined(__ARMEL__) && defined(__GNUC__)

/* Three pixels by eight channels: narrow sums in q5 to q7, wide ones from q8 in pairs,
   inputs in q0 to q2, the weights of two products in q3 and q4, of the next two in q14
   and q15. */
#define SNUG_S_INPUTS(STEP)                                                                                     \
    "vld1.8 {d0}, [%[s0]]" STEP "\n\tvld1.8 {d2}, [%[s1]]" STEP "\n\tvld1.8 {d4}, [%[s2]]" STEP "\n\t"
#define SNUG_S_WIDENS "vmovl.s8 q0, d0\n\tvmovl.s8 q1, d2\n\tvmovl.s8 q2, d4\n\t"
#define SNUG_S_WEIGHTS(FIRST, LAST) "vld1.16 {d" #FIRST "-d" #LAST "}, [%[w]]!\n\t"
/* Weights W times element E of the inputs' halves A, B and C. */
#define SNUG_S_PRODUCT(W, A, B, C, E)                                                                            \
    "vmla.i16 q5, q" #W ", d" #A "[" #E "]\n\tvmla.i16 q6, q" #W ", d" #B "[" #E "]\n\t"                         \
    "vmla.i16 q7, q" #W ", d" #C "[" #E "]\n\t"
#define SNUG_S_LOW(W, E) SNUG_S_PRODUCT(W, 0, 2, 4, E)
#define SNUG_S_HIGH(W, E) SNUG_S_PRODUCT(W, 1, 3, 5, E)
#define SNUG_S_LAST "subs %[k], %[k], #1\n\tbeq 4f\n\t" SNUG_S_WEIGHTS(6, 7)

typedef struct {
    int16_t start[8]; /* of narrow sums */
    int32_t sums[3][8];
} snug_saddw_three;

/* t->sums of the pixels whose windows begin at x[0], x[1] and x[2]. */
SNUG_LONG_TEXT_BEGIN
SNUG_APART void snug_saddw_tile(const snug_conv *g, const int8_t *const x[3], const int16_t *w, snug_saddw_three *t)
{
    const snug_piece *piece = g->piece;
    const int8_t *s0, *s1, *s2;
    int32_t pieces = g->pieces, k, at;
    __asm__ volatile(
        "vld1.16 {d10-d11}, [%[t]]!\n\tvmov q6, q5\n\tvmov q7, q5\n\tvmov.i32 q8, #0\n\tvmov.i32 q9, #0\n\t"
        "vmov.i32 q10, #0\n\tvmov.i32 q11, #0\n\tvmov.i32 q12, #0\n\tvmov.i32 q13, #0\n"
        /* a piece */
        "1:\n\tldr %[at], [%[piece]], #8\n\tldrh %[k], [%[piece], #-4]\n\tldr %[s0], [%[x]]\n\tldr %[s1], [%[x], #4]\n\t"
        "ldr %[s2], [%[x], #8]\n\tadd %[s0], %[s0], %[at]\n\tadd %[s1], %[s1], %[at]\n\tadd %[s2], %[s2], %[at]\n\t"
        "subs %[k], %[k], #8\n\tblt 3f\n"
        /* eight products */
        "2:\n\t" SNUG_S_INPUTS("!") SNUG_S_WEIGHTS(6, 9) SNUG_S_WEIGHTS(28, 31) SNUG_S_WIDENS
        SNUG_S_LOW(3, 0) SNUG_S_LOW(4, 1) SNUG_S_WEIGHTS(6, 9) SNUG_S_LOW(14, 2) SNUG_S_LOW(15, 3) SNUG_S_WEIGHTS(28, 31)
        SNUG_S_HIGH(3, 0) SNUG_S_HIGH(4, 1) SNUG_S_HIGH(14, 2) SNUG_S_HIGH(15, 3)
        "subs %[k], %[k], #8\n\tbge 2b\n"
        /* one to seven; the vectors reach past the piece, only its elements are used */
        "3:\n\tadds %[k], %[k], #8\n\tbeq 4f\n\t" SNUG_S_INPUTS("") SNUG_S_WEIGHTS(6, 7) SNUG_S_WIDENS
        SNUG_S_LOW(3, 0) SNUG_S_LAST SNUG_S_LOW(3, 1) SNUG_S_LAST SNUG_S_LOW(3, 2) SNUG_S_LAST SNUG_S_LOW(3, 3)
        SNUG_S_LAST SNUG_S_HIGH(3, 0) SNUG_S_LAST SNUG_S_HIGH(3, 1) SNUG_S_LAST SNUG_S_HIGH(3, 2)
        /* the end of a segment */
        "4:\n\tldrh %[at], [%[piece], #-2]\n\tsubs %[pieces], %[pieces], #1\n\tbeq 5f\n\tcmp %[at], #0\n\tbeq 1b\n"
        "5:\n\tvaddw.s16 q8, q8, d10\n\tvaddw.s16 q9, q9, d11\n\tvaddw.s16 q10, q10, d12\n\tvaddw.s16 q11, q11, d13\n\t"
        "vaddw.s16 q12, q12, d14\n\tvaddw.s16 q13, q13, d15\n\tvmov.i16 q5, #0\n\tvmov.i16 q6, #0\n\tvmov.i16 q7, #0\n\t"
        "cmp %[pieces], #0\n\tbne 1b\n\t"
        "vst1.32 {d16-d19}, [%[t]]!\n\tvst1.32 {d20-d23}, [%[t]]!\n\tvst1.32 {d24-d27}, [%[t]]\n\t"
        : [piece] "+r"(piece), [pieces] "+r"(pieces), [w] "+r"(w), [t] "+r"(t), [k] "=&r"(k), [at] "=&r"(at), [s0] "=&r"(s0),
          [s1] "=&r"(s1), [s2] "=&r"(s2)
        : [x] "r"(x)
        : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11", "q12", "q13", "q14", "q15", "cc", "memory");
}
SNUG_LONG_TEXT_END

/* Widens k products of eight of sixteen channels. */
static inline void snug_saddw_widen(const int8_t *w, int32_t k, int16_t *wide)
{
    int32_t i;
    for (i = 0; i < k; i++) {
        vst1q_s16(wide + 8 * i, vmovl_s8(vld1_s8(w + SNUG_LANES * i)));
    }
}

static inline void snug_conv_s8_a16_saddw(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    const snug_requant q = g->q;
    const int16x8_t zero = vdupq_n_s16((int16_t)q.zero);
    const int8x8_t lo = vdup_n_s8((int8_t)q.lo);
    const int8_t *w = g->weights;
    int16_t *const wide = scratch;
    int32_t group, block, half, left, i;
    for (group = 0; group < g->groups; group++) {
        for (block = 0; block < g->c; block += SNUG_LANES, w += SNUG_LANES * g->k) {
            for (half = 0; half < SNUG_LANES && block + half < g->c; half += 8) {
                const int32_t c = group * g->c + block + half, more = g->c - block - half, n = more < 8 ? more : 8;
                snug_walk p = {x + group * g->x_group, y + c, 0, g->w, g->x_col, g->y_col, 0, 0};
                int16x8_t start, none;
                snug_saddw_three t;
                snug_channels8 ta, tb;
                p.x_skip = g->x_row - g->w * g->x_col, p.y_skip = g->y_row - g->w * g->y_col;
                snug_saddw_widen(w + half, g->k, wide);
                snug_lanes_tables(&q, c, n, &ta, &tb);
                snug_lanes_start(&q, c, n, &start, &none);
                vst1q_s16(t.start, start);
                for (left = g->h * g->w; left > 0; left -= 3) {
                    const int8_t *xs[3];
                    int8_t *ys[3];
                    snug_walk_tile(&p, left, 3, xs, ys);
                    snug_saddw_tile(g, xs, wide, &t);
                    for (i = 0; i < 3; i++) {
                        const int32x4_t a = vld1q_s32(t.sums[i]), b = vld1q_s32(t.sums[i] + 4);
                        if (n == 8 && snug_is_plain(&q)) {
                            vst1_s8(ys[i], vmin_s8(vmax_s8(vqmovn_s16(snug_plain8(&ta.wide, a, b, zero)), lo), ta.wide.top));
                        } else {
                            snug_wide_store(&q, &ta.wide, a, b, c, n, ys[i]);
                        }
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
