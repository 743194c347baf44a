/* Convolution whose window is one stretch of the input, 1x1 above all: MLA.8h by
   element, four pixels by thirty-two channels. */
#ifndef SNUG_CONV_POINT_H
#define SNUG_CONV_POINT_H

#include <stddef.h>

#include "snug_conv_mla.h"

/* One piece, one group; weights are those of snug_conv_s8_a16_mla. scratch holds the
   tables of at most thirty-two channels and their weights, widened and filled up
   with zeros to steps of eight products: a step may read past a window. */

#if SNUG_NEON && defined(__aarch64__)

/* What a block of channels takes from its tables. The start stands once a pixel, for
   loads fill registers faster than copies of a register. */
typedef struct {
    int16x8_t start[16];
    snug_ends ends;
    int8x16_t more; /* top of ends for channels from the seventeenth */
    snug_channels8 t[4];
} snug_point_block;

/* The empty statement keeps the additions to w apart, so that loads make them. */
#define SNUG_POINT_FOUR(v)                 \
    const int16x8x4_t v = vld1q_s16_x4(w); \
    w += 32;                               \
    __asm__ volatile("" : "+r"(w));
#define SNUG_POINT_BYTES(p) const int8x16_t r##p = vld1q_s8(i##p + k);
#define SNUG_POINT_LOW(p) const int16x8_t x##p = snug_kept(vmovl_s8(vget_low_s8(r##p)));
#define SNUG_POINT_HIGH(p) const int16x8_t x##p = snug_kept(vmovl_high_s8(r##p));
#define SNUG_POINT_LOAD(p) const int16x8_t x##p = snug_widen8(i##p + k);

/* Where pixel p is read and written: in a row, or as the walk says. */
#define SNUG_POINT_DECLARE(p) \
    const int8_t *i##p;       \
    int8_t *o##p;
#define SNUG_POINT_ROW(p) i##p = walk.x + p * x_col, o##p = walk.y + p * y_col;
#define SNUG_POINT_WALK(p) i##p = xs[p], o##p = ys[p];
#define SNUG_POINT_OUT(p) ys[p] = o##p;

/* Sixteen channels: one load brings the weights of two products. */
#define SNUG_POINT_START16(p) int16x8_t a##p = b->start[2 * p], b##p = b->start[2 * p + 1];
#define SNUG_POINT_STEP16(p)               \
    SNUG_MLA_INTO(a##p, v.val[0], x##p, J) \
    SNUG_MLA_INTO(b##p, v.val[1], x##p, J)
#define SNUG_POINT_NEXT16(p)                   \
    SNUG_MLA_INTO(a##p, v.val[2], x##p, J + 1) \
    SNUG_MLA_INTO(b##p, v.val[3], x##p, J + 1)
#define SNUG_POINT_PAIR16(j, EACH) \
    {                              \
        enum { J = j };            \
        SNUG_POINT_FOUR(v)         \
        EACH(SNUG_POINT_STEP16)    \
        EACH(SNUG_POINT_NEXT16)    \
    }
#define SNUG_POINT_GIVE16(p) vst1q_s8(o##p, snug_lanes_form(FORM, a##p, b##p, &t0, &t1, &e0));
#define SNUG_POINT_MORE16(p)
#define SNUG_POINT_KEEP16(p) sums[2 * p] = a##p, sums[2 * p + 1] = b##p;

/* Thirty-two. */
#define SNUG_POINT_START32(p)                                     \
    int16x8_t a##p = b->start[4 * p], b##p = b->start[4 * p + 1]; \
    int16x8_t c##p = b->start[4 * p + 2], d##p = b->start[4 * p + 3];
#define SNUG_POINT_STEP32(p)               \
    SNUG_MLA_INTO(a##p, v.val[0], x##p, J) \
    SNUG_MLA_INTO(b##p, v.val[1], x##p, J) \
    SNUG_MLA_INTO(c##p, v.val[2], x##p, J) \
    SNUG_MLA_INTO(d##p, v.val[3], x##p, J)
#define SNUG_POINT_ONE32(j, EACH) \
    {                             \
        enum { J = j };           \
        SNUG_POINT_FOUR(v)        \
        EACH(SNUG_POINT_STEP32)   \
    }
#define SNUG_POINT_PAIR32(j, EACH) SNUG_POINT_ONE32(j, EACH) SNUG_POINT_ONE32(j + 1, EACH)
#define SNUG_POINT_GIVE32(p) SNUG_POINT_GIVE16(p)
#define SNUG_POINT_MORE32(p) vst1q_s8(o##p + 16, snug_lanes_form(FORM, c##p, d##p, &t2, &t3, &e1));
#define SNUG_POINT_KEEP32(p) sums[4 * p] = a##p, sums[4 * p + 1] = b##p, sums[4 * p + 2] = c##p, sums[4 * p + 3] = d##p;

/* Eight products of each pixel, whose inputs WIDEN brings. */
#define SNUG_POINT_EIGHT(WIDEN, LANES, EACH)                                                            \
    {                                                                                                   \
        EACH(SNUG_POINT_##WIDEN)                                                                        \
        SNUG_POINT_PAIR##LANES(0, EACH) SNUG_POINT_PAIR##LANES(2, EACH) SNUG_POINT_PAIR##LANES(4, EACH) \
        SNUG_POINT_PAIR##LANES(6, EACH)                                                                 \
    }

/* Sums of a tile to n channels from c, where they are not a full block of a fast
   requantizer. */
static inline void snug_point_any(const snug_requant *q, const snug_point_block *b, const int16x8_t *sums,
                                  int32_t pixels, int32_t lanes, int32_t c, int32_t n, int8_t *const *y)
{
    int32_t p, i;
    for (p = 0; p < pixels; p++) {
        for (i = 0; i < lanes && i < n; i += SNUG_LANES, sums += 2) {
            const int32_t some = n - i < SNUG_LANES ? n - i : SNUG_LANES;
            snug_lanes_store(q, &b->t[i / 8], &b->t[i / 8 + 1], sums[0], sums[1], c + i, some, y[p] + i);
        }
    }
}

/* Tiles of as many pixels as there are, n channels from c of at most LANES. What a
   store needs is read from b: it would take registers from the sums. Returns the
   pixels that are left. */
#define SNUG_POINT_TILES(NAME, LANES, PIXELS, EACH)                                                       \
    SNUG_ALONE static int32_t NAME(const snug_conv *g, const snug_point_block *b, const int16_t *weights, \
                               snug_walk *at, int32_t left, int32_t c, int32_t n)                         \
    {                                                                                                     \
        const int32_t steps = g->k, form = n == LANES ? b->ends.form : SNUG_FORM_ANY;                  \
        const ptrdiff_t x_col = at->x_col, y_col = at->y_col;                                             \
        snug_walk walk = *at;                                                                             \
        for (; left >= PIXELS; left -= PIXELS) {                                                          \
            const int16_t *w = weights;                                                                   \
            int32_t k;                                                                                    \
            EACH(SNUG_POINT_DECLARE)                                                                      \
            if (walk.w - walk.col > PIXELS) {                                                             \
                EACH(SNUG_POINT_ROW)                                                                      \
                walk.x += PIXELS * x_col, walk.y += PIXELS * y_col, walk.col += PIXELS;                   \
            } else {                                                                                      \
                const int8_t *xs[PIXELS];                                                                 \
                int8_t *ys[PIXELS];                                                                       \
                snug_walk_take(&walk, PIXELS, xs, ys);                                                    \
                EACH(SNUG_POINT_WALK)                                                                     \
            }                                                                                             \
            {                                                                                             \
                EACH(SNUG_POINT_START##LANES)                                                             \
                for (k = 0; LANES == 32 && k + 16 <= steps; k += 16) { /* eight pixels lack registers */  \
                    EACH(SNUG_POINT_BYTES)                                                                \
                    SNUG_POINT_EIGHT(LOW, LANES, EACH)                                                    \
                    SNUG_POINT_EIGHT(HIGH, LANES, EACH)                                                   \
                }                                                                                         \
                for (; k < steps; k += 8) {                                                               \
                    SNUG_POINT_EIGHT(LOAD, LANES, EACH)                                                   \
                }                                                                                         \
                if (form != SNUG_FORM_ANY) {                                                              \
                    const snug_narrow8 t0 = b->t[0].narrow, t1 = b->t[1].narrow;                          \
                    const snug_narrow8 t2 = b->t[2].narrow, t3 = b->t[3].narrow;                          \
                    const snug_ends e0 = b->ends;                                                         \
                    const snug_ends e1 = {e0.lo, b->more, form};                                          \
                    SNUG_LANES_FORMS(form, EACH(SNUG_POINT_GIVE##LANES) EACH(SNUG_POINT_MORE##LANES))     \
                    (void)t2, (void)t3, (void)e1;                                                         \
                } else {                                                                                  \
                    int16x8_t sums[PIXELS * LANES / 8];                                                   \
                    int8_t *ys[PIXELS];                                                                   \
                    EACH(SNUG_POINT_KEEP##LANES) EACH(SNUG_POINT_OUT)                                     \
                    snug_point_any(&g->q, b, sums, PIXELS, LANES, c, n, ys);                              \
                }                                                                                         \
            }                                                                                             \
        }                                                                                                 \
        *at = walk;                                                                                       \
        return left;                                                                                      \
    }

SNUG_POINT_TILES(snug_point_tiles32, 32, 4, SNUG_EACH4)
SNUG_POINT_TILES(snug_point_tile32, 32, 1, SNUG_EACH1)
SNUG_POINT_TILES(snug_point_tiles16, 16, 8, SNUG_EACH8)
SNUG_POINT_TILES(snug_point_tile16, 16, 1, SNUG_EACH1)

/* Tables and weights of n channels from c. */
static inline void snug_point_load(const snug_conv *g, int32_t c, int32_t n, snug_point_block *b, int16_t *wide)
{
    const int32_t lanes = n > SNUG_LANES ? 2 * SNUG_LANES : SNUG_LANES;
    const int8_t *const w = g->weights + c * g->k;
    const int32_t step = lanes == SNUG_LANES ? 2 * SNUG_LANES : SNUG_LANES; /* two vectors at a time */
    const int32_t other = lanes == SNUG_LANES ? SNUG_LANES : SNUG_LANES * g->k;
    int32_t i;
    for (i = 0; i < lanes; i += SNUG_LANES) {
        const int32_t some = n - i < SNUG_LANES ? n - i : SNUG_LANES;
        snug_lanes_tables(&g->q, c + i, some, &b->t[i / 8], &b->t[i / 8 + 1]);
        snug_lanes_start(&g->q, c + i, some, &b->start[i / 8], &b->start[i / 8 + 1]);
    }
    for (i = 0; i + step <= SNUG_LANES * g->k; i += step) {
        const int8x16_t u = vld1q_s8(w + i), v = vld1q_s8(w + i + other);
        const int16x8x4_t both = {{vmovl_s8(vget_low_s8(u)), vmovl_high_s8(u), vmovl_s8(vget_low_s8(v)),
                                   vmovl_high_s8(v)}};
        vst1q_s16_x4(wide + i * (2 * SNUG_LANES / step), both);
    }
    if (i < SNUG_LANES * g->k) {
        snug_mla_widen(w + i, 1, wide + i);
    }
    for (i = lanes / 8; i < 16; i++) {
        b->start[i] = b->start[i - lanes / 8];
    }
    b->ends = snug_lanes_ends(&g->q, vcombine_s8(b->t[0].wide.top, b->t[n < SNUG_LANES ? 0 : 1].wide.top));
    b->more = lanes == SNUG_LANES ? b->ends.top
                                  : snug_lanes_ends(&g->q, vcombine_s8(b->t[2].wide.top, b->t[3].wide.top)).top;
    (void)memset(wide + lanes * g->k, 0, (size_t)((-g->k & 7) * lanes) * sizeof *wide);
}

static inline void snug_conv_s8_a16_point(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    snug_point_block *const b = scratch;
    int16_t *const wide = (int16_t *)(b + 1);
    int32_t c, n;
    for (c = 0; c < g->c; c += n) {
        snug_walk p = {x + g->piece->at, y + c, 0, g->w, g->x_col, g->y_col, 0, 0};
        int32_t left = g->h * g->w;
        n = g->c - c < 2 * SNUG_LANES ? g->c - c : 2 * SNUG_LANES;
        p.x_skip = g->x_row - g->w * g->x_col, p.y_skip = g->y_row - g->w * g->y_col;
        if (p.x_skip == 0 && p.y_skip == 0) {
            p.w = left; /* one long row */
        }
        snug_point_load(g, c, n, b, wide);
        if (n > SNUG_LANES) {
            left = snug_point_tiles32(g, b, wide, &p, left, c, n);
            (void)snug_point_tile32(g, b, wide, &p, left, c, n);
        } else {
            left = snug_point_tiles16(g, b, wide, &p, left, c, n);
            (void)snug_point_tile16(g, b, wide, &p, left, c, n);
        }
    }
}

#else /* the same sums, one at a time */

static inline void snug_conv_s8_a16_point(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    snug_conv_s8_a16_mla(g, x, y, scratch);
}

#endif
#endif
