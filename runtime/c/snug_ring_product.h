/* The products of a ring form: of matrices of tiles and weights, point by point. */
#ifndef SNUG_RING_PRODUCT_H
#define SNUG_RING_PRODUCT_H

#include "snug_lanes.h"
#include "snug_tile64.h"

/* Tiles of one product of matrices. */
#if SNUG_TILE64
#define SNUG_RING_TILES 8
#else
#define SNUG_RING_TILES 4
#endif

/* m[point][tile][16] = sum over k of v[k/8][point][tile][k%8] * u[point][k][16], for
   the points of some tiles. The first product needs no sum to be added to. */
#if SNUG_TILE64
#define SNUG_T_WEIGHTS0 "ld1 {v8.8h, v9.8h, v10.8h, v11.8h}, [%[w]], #64\n\t"
#define SNUG_T_WEIGHTS1 "ld1 {v12.8h, v13.8h, v14.8h, v15.8h}, [%[w]], #64\n\t"
#define SNUG_T_PRODUCTS(OP, ROWS, ...)                                                                         \
    SNUG_T_WEIGHTS0 SNUG_T_WEIGHTS1 ROWS(OP, 8, 9, 0, __VA_ARGS__) ROWS(mla, 10, 11, 1, __VA_ARGS__)            \
    SNUG_T_WEIGHTS0 ROWS(mla, 12, 13, 2, __VA_ARGS__) ROWS(mla, 14, 15, 3, __VA_ARGS__)                         \
    SNUG_T_WEIGHTS1 ROWS(mla, 8, 9, 4, __VA_ARGS__) ROWS(mla, 10, 11, 5, __VA_ARGS__)                           \
    ROWS(mla, 12, 13, 6, __VA_ARGS__) ROWS(mla, 14, 15, 7, __VA_ARGS__)
#define SNUG_T_LOAD8 "ld1 {v0.8h, v1.8h, v2.8h, v3.8h}, [%[v]], #64\n\tld1 {v4.8h, v5.8h, v6.8h, v7.8h}, [%[v]], %[step]\n\t"
#define SNUG_T_LOAD4 "ld1 {v0.8h, v1.8h, v2.8h, v3.8h}, [%[v]], %[step]\n\t"
#define SNUG_T_STORE4                                                                  \
    "stp q16, q17, [%[m]]\n\tstp q18, q19, [%[m], #32]\n\t"                            \
    "stp q20, q21, [%[m], #64]\n\tstp q22, q23, [%[m], #96]\n\t"
#define SNUG_T_STORE8                                                                  \
    SNUG_T_STORE4 "stp q24, q25, [%[m], #128]\n\tstp q26, q27, [%[m], #160]\n\t"       \
    "stp q28, q29, [%[m], #192]\n\tstp q30, q31, [%[m], #224]\n\t"
/* READ: bytes of a vector of tiles that have been passed when the last is loaded. */
#define SNUG_RING_PRODUCT(NAME, ROWS, LOAD, STORE, READ, ...)                                                            \
    SNUG_APART void NAME(const int16_t *v, const int16_t *u, int32_t points, int32_t cin, int32_t part, int16_t *m)      \
    {                                                                                                                    \
        const ptrdiff_t step = (ptrdiff_t)points * SNUG_RING_TILES * 16 - (READ);                                        \
        int32_t p;                                                                                                       \
        for (p = 0; p < points; p++, v += SNUG_RING_TILES * 8, u += cin * SNUG_LANES, m += SNUG_RING_TILES * SNUG_LANES) { \
            const int16_t *vk = v, *w = u;                                                                               \
            int32_t k = part;                                                                                            \
            __asm__ volatile(LOAD SNUG_T_PRODUCTS(mul, ROWS, __VA_ARGS__)                                                \
                             "subs %w[k], %w[k], #8\n\tb.eq 2f\n1:\n\t" LOAD SNUG_T_PRODUCTS(mla, ROWS, __VA_ARGS__)     \
                             "subs %w[k], %w[k], #8\n\tb.ne 1b\n2:\n\t" STORE                                            \
                             : [v] "+r"(vk), [w] "+r"(w), [k] "+r"(k)                                                    \
                             : [step] "r"(step), [m] "r"(m)                                                              \
                             : SNUG_T_CLOBBERS);                                                                         \
        }                                                                                                                \
    }
SNUG_LONG_TEXT_BEGIN
SNUG_RING_PRODUCT(snug_ring_product8, SNUG_T_ROWS8, SNUG_T_LOAD8, SNUG_T_STORE8, 64, 0, 1, 2, 3, 4, 5, 6, 7)
SNUG_RING_PRODUCT(snug_ring_product4, SNUG_T_ROWS4, SNUG_T_LOAD4, SNUG_T_STORE4, 0, 0, 1, 2, 3)
SNUG_LONG_TEXT_END
#undef SNUG_RING_PRODUCT
#elif SNUG_NEON
#define SNUG_DECLARE(p) int16x8_t a##p = vdupq_n_s16(0), b##p = a##p;
#define SNUG_LOAD(p)                          \
    const int16x8_t x##p = vld1q_s16(vk);     \
    vk += 8;                                  \
    SNUG_HIDE(vk)
#define SNUG_STORE(p)                      \
    vst1q_s16(m + SNUG_LANES * (p), a##p); \
    vst1q_s16(m + SNUG_LANES * (p) + 8, b##p);
SNUG_APART void snug_ring_product4(const int16_t *v, const int16_t *u, int32_t points, int32_t cin, int32_t part, int16_t *m)
{
    int32_t p, k;
    for (p = 0; p < points; p++, v += SNUG_RING_TILES * 8, u += cin * SNUG_LANES, m += SNUG_RING_TILES * SNUG_LANES) {
        const int16_t *vk = v, *w = u;
        SNUG_EACH4(SNUG_DECLARE)
        for (k = 0; k < part; k += 8, vk += (points - 1) * SNUG_RING_TILES * 8) {
            SNUG_EACH4(SNUG_LOAD)
            SNUG_PAIR(P, 0, 1, SNUG_EACH4) SNUG_PAIR(P, 2, 3, SNUG_EACH4) SNUG_PAIR(P, 4, 5, SNUG_EACH4) SNUG_PAIR(P, 6, 7, SNUG_EACH4)
        }
        SNUG_EACH4(SNUG_STORE)
    }
}
#undef SNUG_DECLARE
#undef SNUG_LOAD
#undef SNUG_STORE
#endif

static inline void snug_ring_product(const int16_t *v, const int16_t *u, int32_t points, int32_t cin, int32_t part, int32_t tiles,
                                     int16_t *m)
{
#if SNUG_NEON
#if SNUG_TILE64
    if (tiles > 4) {
        snug_ring_product8(v, u, points, cin, part, m);
        return;
    }
#endif
    (void)tiles;
    snug_ring_product4(v, u, points, cin, part, m);
#else
    int32_t p, t, i, j;
    for (p = 0; p < points; p++) {
        for (t = 0; t < tiles; t++) {
            for (j = 0; j < SNUG_LANES; j++) {
                uint32_t sum = 0u;
                for (i = 0; i < part; i++) {
                    sum += (uint32_t)(v[((i / 8 * points + p) * SNUG_RING_TILES + t) * 8 + i % 8] * u[(p * cin + i) * SNUG_LANES + j]);
                }
                m[(p * SNUG_RING_TILES + t) * SNUG_LANES + j] = (int16_t)snug_wrap16(sum);
            }
        }
    }
#endif
}

#endif
