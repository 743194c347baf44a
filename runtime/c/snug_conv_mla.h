/* Convolution with a channel in each 16-bit lane: MLA.8h (VMLA.I16) by element. */
#ifndef SNUG_CONV_MLA_H
#define SNUG_CONV_MLA_H

#include "snug_conv.h"

/* weights[channel/16][k][16]; the last block of a group is filled with zeros. */
#define SNUG_MLA_BLOCK 16

#if SNUG_NEON

#if defined(__aarch64__)
#define SNUG_MLA_PIXELS 8
#define SNUG_MLA_EACH(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7)
#define SNUG_MLA_LANE(acc, w, x, j) vmlaq_laneq_s16(acc, w, x, j)
#else /* sixteen registers hold four pixels */
#define SNUG_MLA_PIXELS 4
#define SNUG_MLA_EACH(M) M(0) M(1) M(2) M(3)
#define SNUG_MLA_LANE(acc, w, x, j) \
    vmlaq_lane_s16(acc, w, (j) < 4 ? vget_low_s16(x) : vget_high_s16(x), (j) & 3)
#endif

/* Sixteen sums of one pixel, modulo 2^16, to n channels of y. */
static inline void snug_mla_store(const snug_conv *g, int16x8_t a, int16x8_t b, int32_t c, int32_t n, int8_t *y)
{
    int32_t i;
    if (n == SNUG_MLA_BLOCK) {
        if (g->q.preload) {
            a = vaddq_s16(a, vld1q_s16(g->q.preload + c));
            b = vaddq_s16(b, vld1q_s16(g->q.preload + c + 8));
        }
        vst1_s8(y + c, snug_narrow8(&g->q, snug_requantize4(&g->q, vmovl_s16(vget_low_s16(a)), c),
                                    snug_requantize4(&g->q, vmovl_s16(vget_high_s16(a)), c + 4)));
        vst1_s8(y + c + 8, snug_narrow8(&g->q, snug_requantize4(&g->q, vmovl_s16(vget_low_s16(b)), c + 8),
                                        snug_requantize4(&g->q, vmovl_s16(vget_high_s16(b)), c + 12)));
    } else {
        int16_t lanes[SNUG_MLA_BLOCK];
        vst1q_s16(lanes, a);
        vst1q_s16(lanes + 8, b);
        for (i = 0; i < n; i++) {
            uint32_t sum = (uint32_t)lanes[i] + (g->q.preload ? (uint32_t)g->q.preload[c + i] : 0u);
            y[c + i] = snug_requantize(&g->q, snug_wrap16(sum), c + i);
        }
    }
}

/* Pixels that begin at x[0..], sixteen channels from c of which n are stored. */
static inline void snug_mla_tile(const snug_conv *g, const int8_t *const x[SNUG_MLA_PIXELS],
                                 int8_t *const y[SNUG_MLA_PIXELS], const int8_t *w, int32_t c, int32_t n, int32_t pixels)
{
    int32_t i, k;
#define SNUG_DECLARE(p) int16x8_t a##p = vdupq_n_s16(0), b##p = vdupq_n_s16(0);
    SNUG_MLA_EACH(SNUG_DECLARE)
#undef SNUG_DECLARE
    for (i = 0; i < g->pieces; i++) {
        const int32_t at = g->piece[i].at, len = g->piece[i].len;
        for (k = 0; k + 8 <= len; k += 8) {
#define SNUG_LOAD(p) const int16x8_t x##p = vmovl_s8(vld1_s8(x[p] + at + k));
            SNUG_MLA_EACH(SNUG_LOAD)
#undef SNUG_LOAD
#define SNUG_PIXEL(p, j)                        \
    a##p = SNUG_MLA_LANE(a##p, wl, x##p, j);    \
    b##p = SNUG_MLA_LANE(b##p, wh, x##p, j);
#define SNUG_P0(p) SNUG_PIXEL(p, 0)
#define SNUG_P1(p) SNUG_PIXEL(p, 1)
#define SNUG_P2(p) SNUG_PIXEL(p, 2)
#define SNUG_P3(p) SNUG_PIXEL(p, 3)
#define SNUG_P4(p) SNUG_PIXEL(p, 4)
#define SNUG_P5(p) SNUG_PIXEL(p, 5)
#define SNUG_P6(p) SNUG_PIXEL(p, 6)
#define SNUG_P7(p) SNUG_PIXEL(p, 7)
#define SNUG_STEP(j)                                              \
    {                                                             \
        const int8x16_t w8 = vld1q_s8(w + SNUG_MLA_BLOCK * j);    \
        const int16x8_t wl = vmovl_s8(vget_low_s8(w8));           \
        const int16x8_t wh = vmovl_s8(vget_high_s8(w8));          \
        SNUG_MLA_EACH(SNUG_P##j)                                  \
    }
            SNUG_STEP(0) SNUG_STEP(1) SNUG_STEP(2) SNUG_STEP(3)
            SNUG_STEP(4) SNUG_STEP(5) SNUG_STEP(6) SNUG_STEP(7)
#undef SNUG_STEP
#undef SNUG_P0
#undef SNUG_P1
#undef SNUG_P2
#undef SNUG_P3
#undef SNUG_P4
#undef SNUG_P5
#undef SNUG_P6
#undef SNUG_P7
#undef SNUG_PIXEL
            w += 8 * SNUG_MLA_BLOCK;
        }
        for (; k < len; k++) {
            const int8x16_t w8 = vld1q_s8(w);
            const int16x8_t wl = vmovl_s8(vget_low_s8(w8));
            const int16x8_t wh = vmovl_s8(vget_high_s8(w8));
#define SNUG_TAIL(p)                                 \
    a##p = vmlaq_n_s16(a##p, wl, x[p][at + k]);      \
    b##p = vmlaq_n_s16(b##p, wh, x[p][at + k]);
            SNUG_MLA_EACH(SNUG_TAIL)
#undef SNUG_TAIL
            w += SNUG_MLA_BLOCK;
        }
    }
#define SNUG_STORE(p)                                   \
    if (p < pixels) {                                   \
        snug_mla_store(g, a##p, b##p, c, n, y[p]);      \
    }
    SNUG_MLA_EACH(SNUG_STORE)
#undef SNUG_STORE
}

/* One pixel: a fully connected layer, or what is left of a row. */
static inline void snug_mla_pixel(const snug_conv *g, const int8_t *x, int8_t *y, const int8_t *w, int32_t c, int32_t n)
{
    int32_t i, k;
    int16x8_t a = vdupq_n_s16(0), b = vdupq_n_s16(0);
    for (i = 0; i < g->pieces; i++) {
        const int8_t *xi = x + g->piece[i].at;
        const int32_t len = g->piece[i].len;
        for (k = 0; k < len; k++) {
            const int8x16_t w8 = vld1q_s8(w);
            a = vmlaq_n_s16(a, vmovl_s8(vget_low_s8(w8)), xi[k]);
            b = vmlaq_n_s16(b, vmovl_s8(vget_high_s8(w8)), xi[k]);
            w += SNUG_MLA_BLOCK;
        }
    }
    snug_mla_store(g, a, b, c, n, y);
}

static inline void snug_conv_s8_a16_mla(const snug_conv *g, const int8_t *x, int8_t *y)
{
    const int32_t pixels = g->h * g->w;
    const int8_t *w = g->weights;
    int32_t group, c, p, i;
    for (group = 0; group < g->groups; group++) {
        for (c = 0; c < g->c; c += SNUG_MLA_BLOCK, w += SNUG_MLA_BLOCK * g->k) {
            const int32_t n = g->c - c < SNUG_MLA_BLOCK ? g->c - c : SNUG_MLA_BLOCK;
            int32_t row = 0, col = 0;
            for (p = 0; p < pixels; p += SNUG_MLA_PIXELS) {
                const int8_t *xs[SNUG_MLA_PIXELS];
                int8_t *ys[SNUG_MLA_PIXELS];
                const int32_t left = pixels - p < SNUG_MLA_PIXELS ? pixels - p : SNUG_MLA_PIXELS;
                for (i = 0; i < SNUG_MLA_PIXELS; i++) {
                    xs[i] = x + group * g->x_group + row * g->x_row + col * g->x_col;
                    ys[i] = y + row * g->y_row + col * g->y_col;
                    if (i + 1 < left && ++col == g->w) { /* past the last pixel, repeat it */
                        col = 0;
                        row++;
                    }
                }
                if (++col == g->w) {
                    col = 0;
                    row++;
                }
                if (left <= 2) {
                    for (i = 0; i < left; i++) {
                        snug_mla_pixel(g, xs[i], ys[i], w, group * g->c + c, n);
                    }
                } else {
                    snug_mla_tile(g, xs, ys, w, group * g->c + c, n, left);
                }
            }
        }
    }
}

#else /* the same sums, one at a time */

static inline void snug_conv_s8_a16_mla(const snug_conv *g, const int8_t *x, int8_t *y)
{
    int32_t group, row, col, c, i, k;
    const int32_t blocks = (g->c + SNUG_MLA_BLOCK - 1) / SNUG_MLA_BLOCK;
    for (group = 0; group < g->groups; group++) {
        for (row = 0; row < g->h; row++) {
            for (col = 0; col < g->w; col++) {
                const int8_t *xp = x + group * g->x_group + row * g->x_row + col * g->x_col;
                int8_t *yp = y + row * g->y_row + col * g->y_col + group * g->c;
                for (c = 0; c < g->c; c++) {
                    const int8_t *w = g->weights +
                        ((group * blocks + c / SNUG_MLA_BLOCK) * g->k) * SNUG_MLA_BLOCK + c % SNUG_MLA_BLOCK;
                    const int32_t channel = group * g->c + c;
                    uint32_t acc = g->q.preload ? (uint32_t)g->q.preload[channel] : 0u;
                    for (i = 0; i < g->pieces; i++) {
                        const int8_t *xi = xp + g->piece[i].at;
                        const int32_t len = g->piece[i].len;
                        for (k = 0; k < len; k++, w += SNUG_MLA_BLOCK) {
                            acc += (uint32_t)(xi[k] * *w);
                        }
                    }
                    yp[c] = snug_requantize(&g->q, snug_wrap16(acc), channel);
                }
            }
        }
    }
}

#endif
#endif
