/* Winograd convolution in the ring of integers modulo 2^16.

   A convolution is a bilinear map: transform a patch of the input, multiply
   point by point with transformed weights, sum over input channels, transform
   back. Every step is ring arithmetic, so transforms and products may wrap: only
   the result has to fit. Denominators of the transform of weights are a power
   of two times units of the ring; what is computed is y * 2^SHIFT for the true
   sum y, and y is read back exactly when it fits 16 - SHIFT bits, which the
   certificate of the layer proves. */
#ifndef SNUG_RING_H
#define SNUG_RING_H

#include <stddef.h>

#include "snug_conv.h"
#include "snug_lanes.h"
#include "snug_ring_product.h"
#include "snug_ring_vector.h"

typedef struct {
    int32_t h, w;            /* output pixels, each at least the outputs of a tile */
    int32_t x_row, x_col;    /* input elements from one input row, column to the next */
    int32_t y_row, y_col;
    int32_t groups, cin, c;  /* groups of channels that have nothing in common; channels of the input, of the output of one */
    int32_t kernel;          /* rows and columns of the window */
    int32_t phase;           /* above 1: a stride that the form does not have. phase*phase pixels become one of
                                as many times the channels, over which the window moves by one */
    int32_t split;           /* parts of the input channels that are summed, and proven, on their own */
    int32_t tiles;           /* that are transformed together: scratch holds them */
    const int8_t *weights;   /* [channel][row][column][input channel] */
    const int16_t *offset;   /* [split + 1][channel], or null: zeros. Row s is added to the sum of part s, so that it
                                fits, the last to the total, so that q.preload has been added in all;
                                with one part it is zero */
    snug_requant q;
} snug_ring;

/* Transforms of one axis: taps to points, inputs to points, points to outputs. */
enum { SNUG_RING_MAX_POINTS = 9, SNUG_RING_MAX_TAPS = 5, SNUG_RING_MAX_OUT = 4 };

/* Input channels of a group as they are transformed: whole vectors. */
static inline int32_t snug_ring_cin(const snug_ring *g)
{
    return (g->phase * g->phase * g->cin + 7) / 8 * 8;
}

/* The weight of output channel c that tap r, s of the form multiplies channel i by. */
static inline int32_t snug_ring_weight(const snug_ring *g, int32_t c, int32_t r, int32_t s, int32_t i)
{
    const int32_t pixel = i / g->cin, row = r * g->phase + pixel / g->phase, col = s * g->phase + pixel % g->phase;
    if (row >= g->kernel || col >= g->kernel || pixel >= g->phase * g->phase) {
        return 0;
    }
    return g->weights[((c * g->kernel + row) * g->kernel + col) * g->cin + i % g->cin];
}

/* Writes the transformed weights, [group][channel/16][point][input channel][16], from
   the taps-to-points matrix of one axis. Runs once, when an arena is made. */
static inline void snug_ring_prepare(const snug_ring *g, int32_t points, int32_t taps, const uint16_t *matrix, void *prepared)
{
    uint16_t *const u = prepared;
    const int32_t cin = snug_ring_cin(g), blocks = (g->c + SNUG_LANES - 1) / SNUG_LANES;
    int32_t block, i, lane, a, b, r, s;
    for (block = 0; block < g->groups * blocks; block++) {
        for (i = 0; i < cin; i++) {
            for (lane = 0; lane < SNUG_LANES; lane++) {
                const int32_t c = block % blocks * SNUG_LANES + lane;
                uint32_t half[SNUG_RING_MAX_POINTS][SNUG_RING_MAX_TAPS] = {{0}}; /* rows transformed */
                for (s = 0; s < taps; s++) {
                    for (r = 0; r < taps && c < g->c; r++) {
                        const uint32_t w = (uint32_t)snug_ring_weight(g, block / blocks * g->c + c, r, s, i);
                        for (a = 0; a < points; a++) {
                            half[a][s] += w * matrix[a * taps + r];
                        }
                    }
                }
                for (a = 0; a < points; a++) {
                    for (b = 0; b < points; b++) {
                        uint32_t v = 0u;
                        for (s = 0; s < taps; s++) {
                            v += half[a][s] * matrix[b * taps + s];
                        }
                        u[(((block * points + a) * points + b) * cin + i) * SNUG_LANES + lane] = (uint16_t)(v & 0xffffu);
                    }
                }
            }
        }
    }
}

/* Copies a patch of in by in pixels, each of phase*phase of the input, so that it
   lies as the transform reads it. What no tap multiplies is not read. */
static inline void snug_ring_gather(const snug_ring *g, int32_t in, int32_t out, const int8_t *x, int8_t *patch)
{
    const int32_t cin = snug_ring_cin(g), limit = (out - 1) * g->phase + g->kernel;
    int32_t i, j, row, col;
    for (i = 0; i < in; i++) {
        for (row = 0; row < g->phase && i * g->phase + row < limit; row++) {
            const int8_t *xp = x + (i * g->phase + row) * g->x_row;
            int8_t *pp = patch + i * in * cin + row * g->phase * g->cin;
            for (j = 0; j < limit; j += g->phase, xp += g->phase * g->x_col, pp += cin) {
                const int32_t cols = limit - j < g->phase ? limit - j : g->phase;
                if (g->x_col == g->cin) {
                    snug_ring_copy(pp, xp, cols * g->cin);
                    continue;
                }
                for (col = 0; col < cols; col++) {
                    snug_ring_copy(pp + col * g->cin, xp + col * g->x_col, g->cin);
                }
            }
        }
    }
}

/* Where tile t of a row of n tiles begins: the last one is moved back inside. */
static inline int32_t snug_ring_begin(int32_t t, int32_t out, int32_t size)
{
    return t * out < size - out ? t * out : size - out;
}

/* What the sums of sixteen channels are requantized with. */
typedef struct {
#if SNUG_NEON
    snug_channels8 table[2];
    int32_t fast; /* a full block, requantized in 16 bits */
#endif
    int32_t c, n; /* the first channel, how many there are */
} snug_ring_channels;

static inline snug_ring_channels snug_ring_load(const snug_ring *g, int32_t c, int32_t n)
{
    snug_ring_channels t;
#if SNUG_NEON
    snug_lanes_tables(&g->q, c, n, &t.table[0], &t.table[1]);
    t.fast = n == SNUG_LANES && snug_is_fast(&g->q);
#else
    (void)g;
#endif
    t.c = c, t.n = n;
    return t;
}

/* Row s of the offsets of sixteen channels, times 2^shift. */
static inline void snug_ring_offset(const snug_ring *g, const snug_ring_channels *t, int32_t s, int32_t shift, int16_t *offset)
{
    int32_t i;
#if SNUG_NEON
    if (g->offset && t->n == SNUG_LANES) {
        const int16_t *const row = g->offset + s * g->groups * g->c + t->c;
        const int16x8_t left = vdupq_n_s16((int16_t)shift);
        vst1q_s16(offset, vshlq_s16(vld1q_s16(row), left));
        vst1q_s16(offset + 8, vshlq_s16(vld1q_s16(row + 8), left));
        return;
    }
#endif
    for (i = 0; i < SNUG_LANES; i++) {
        const int32_t o = g->offset && i < t->n ? g->offset[s * g->groups * g->c + t->c + i] : 0;
        offset[i] = (int16_t)snug_wrap16((uint32_t)o << shift);
    }
}

/* The sums of SNUG_RING_STEP channels over a part of the input channels: the first
   ones of a tile, or more of them. */
SNUG_EACH_FORM void snug_ring_add(const snug_ring_v *v, int32_t more, int32_t pixels, int32_t shift, int16_t *sums)
{
    int32_t p;
    SNUG_UNROLL16
    for (p = 0; p < pixels; p++, sums += SNUG_LANES) {
#if SNUG_NEON
        const int16x8_t y = shift ? vshlq_s16(v[p], vdupq_n_s16((int16_t)-shift)) : v[p];
        vst1q_s16(sums, more ? vaddq_s16(vld1q_s16(sums), y) : y);
#else
        const uint32_t y = (uint32_t)(snug_wrap16(v[p]) >> shift);
        *sums = (int16_t)snug_wrap16(more ? (uint32_t)*sums + y : y);
#endif
    }
}

/* The sums of one tile, moved by the last offset, to t->n channels of y. */
SNUG_EACH_FORM void snug_ring_finish(const snug_ring *g, const snug_ring_channels *t, const int16_t *sums, const int16_t *last,
                                     int32_t out, int8_t *y)
{
    const snug_requant q = g->q;
    int32_t row, col;
#if !SNUG_NEON
    int32_t i;
#endif
    for (row = 0; row < out; row++) {
        for (col = 0; col < out; col++, sums += SNUG_LANES) {
            int8_t *const yp = y + row * g->y_row + col * g->y_col;
#if SNUG_NEON
            snug_lanes_store(&q, &t->table[0], &t->table[1], vaddq_s16(vld1q_s16(sums), vld1q_s16(last)),
                             vaddq_s16(vld1q_s16(sums + 8), vld1q_s16(last + 8)), t->c, t->n, yp);
#else
            for (i = 0; i < t->n; i++) {
                yp[i] = snug_requantize(&q, snug_wrap16((uint32_t)sums[i] + (uint32_t)last[i]), t->c + i);
            }
#endif
        }
    }
}

/* A form of the transform: its sizes, and its two transforms of a tile. Input
   takes all channels of a patch at x to v[cin/8][point][TILES][8], output STEP
   channels of m[point][TILES][16] to y, where it adds offset to every sum. */
typedef struct {
    int32_t taps, in, points, out, stride, shift;
    void (*input)(const int8_t *x, ptrdiff_t x_row, ptrdiff_t x_col, int32_t cin, int16_t *v);
    void (*output)(const int16_t *m, snug_ring_v offset, snug_ring_v *y);
} snug_ring_form;

#if SNUG_NEON
/* What snug_ring_add and snug_ring_finish do, for the last part of the input
   channels and a fast requantizer. sums: null when it is the only part. */
SNUG_EACH_FORM void snug_ring_give(const snug_ring *g, const snug_channels8 *t, const int16x8_t *v, const int16_t *sums,
                                   int16x8_t last, int32_t half, int32_t out, int32_t shift, int8_t *y)
{
    const snug_narrow8 table = t->narrow;
    const int16x8_t right = vdupq_n_s16((int16_t)-shift);
    const int8x8_t lo = vdup_n_s8((int8_t)g->q.lo), hi = t->wide.top;
    const int32_t y_row = g->y_row, y_col = g->y_col;
    int32_t row, col;
    SNUG_UNROLL
    for (row = 0; row < out; row++, y += y_row) {
        int8_t *yp = y;
        SNUG_UNROLL
        for (col = 0; col < out; col++, yp += y_col) {
            int16x8_t sum = shift ? vshlq_s16(v[row * out + col], right) : v[row * out + col];
            if (sums != NULL) {
                sum = vaddq_s16(vaddq_s16(sum, last), vld1q_s16(sums + SNUG_LANES * (row * out + col)));
            }
            vst1_s8(yp, vmin_s8(vmax_s8(vqmovn_s16(snug_fast8(sum, &table, half)), lo), hi));
        }
    }
}
#endif

/* Sixteen output channels of some tiles whose requantizer is fast. */
#if SNUG_NEON
SNUG_EACH_FORM void snug_ring_whole(const snug_ring *g, const snug_ring_form *f, const snug_ring_channels *ch, const int16_t *m,
                                    const int16_t *offset, int32_t half, int32_t tiles, const int32_t *at, int8_t *y)
{
    int32_t i, p;
    for (i = 0; i < SNUG_LANES; i += 8) {
        for (p = 0; p < tiles; p++) {
            int16x8_t sum[SNUG_RING_MAX_OUT * SNUG_RING_MAX_OUT];
            f->output(m + p * SNUG_LANES + i, vld1q_s16(offset + i), sum);
            snug_ring_give(g, &ch->table[i / 8], sum, 0, vdupq_n_s16(0), half, f->out, f->shift, y + at[p] + i);
        }
    }
}
#endif

/* The products of some tiles by sixteen output channels, and what follows from
   them. at: where the outputs of each tile lie. */
SNUG_EACH_FORM void snug_ring_tiles(const snug_ring *g, const snug_ring_form *f, const snug_ring_channels *ch, const int16_t *v,
                                    const int16_t *u, int32_t tiles, const int32_t *at, int16_t *m, int8_t *y)
{
    const int32_t cin = snug_ring_cin(g), part = cin / g->split, points = f->points * f->points, pixels = f->out * f->out;
    int16_t *const sums = m + points * SNUG_RING_TILES * SNUG_LANES;
    int16_t offset[SNUG_LANES], last[SNUG_LANES];
    int32_t s, p, i;
    snug_ring_offset(g, ch, g->split, 0, last);
    for (s = 0; s < g->split; s++) {
        snug_ring_product(v + s * part * points * SNUG_RING_TILES, u + s * part * SNUG_LANES, points, cin, part, tiles, m);
        snug_ring_offset(g, ch, s, f->shift, offset);
#if SNUG_NEON
        if (ch->fast && g->split == 1) {
            if (g->q.half != 0) {
                snug_ring_whole(g, f, ch, m, offset, 1, tiles, at, y);
            } else {
                snug_ring_whole(g, f, ch, m, offset, 0, tiles, at, y);
            }
            return;
        }
#endif
        for (i = 0; i < SNUG_LANES; i += SNUG_RING_STEP) {
            const snug_ring_v o = snug_ring_load16(offset + i);
            for (p = 0; p < tiles; p++) {
                int16_t *const sp = sums + p * pixels * SNUG_LANES + i;
                snug_ring_v sum[SNUG_RING_MAX_OUT * SNUG_RING_MAX_OUT];
                f->output(m + p * SNUG_LANES + i, o, sum);
#if SNUG_NEON
                if (ch->fast && s == g->split - 1) {
                    snug_ring_give(g, &ch->table[i / 8], sum, sp, vld1q_s16(last + i), g->q.half, f->out, f->shift, y + at[p] + i);
                    continue;
                }
#endif
                if (s > 0) {
                    snug_ring_add(sum, 1, pixels, f->shift, sp);
                } else {
                    snug_ring_add(sum, 0, pixels, f->shift, sp);
                }
            }
        }
    }
#if SNUG_NEON
    if (ch->fast != 0) {
        return;
    }
#endif
    for (p = 0; p < tiles; p++) {
        snug_ring_finish(g, ch, sums + p * pixels * SNUG_LANES, last, f->out, y + at[p]);
    }
}

/* Output channels [from, from + count) of a group, whose transformed weights are
   u. scratch: v[tiles/TILES][cin/8][point][TILES][8], m[point][TILES][16], sums[TILES][out*out][16], a patch. */
SNUG_EACH_FORM void snug_ring_block(const snug_ring *g, const snug_ring_form *f, const int8_t *x, int8_t *y, int32_t from,
                                   int32_t count, void *scratch, const int16_t *u)
{
    const int32_t cin = snug_ring_cin(g), points = f->points * f->points, out = f->out;
    const int32_t across = (g->w + out - 1) / out, all = (g->h + out - 1) / out * across;
    int16_t *const v = scratch, *const m = v + g->tiles * points * cin;
    int8_t *const patch = (int8_t *)(m + points * SNUG_RING_TILES * SNUG_LANES + SNUG_RING_TILES * out * out * SNUG_LANES);
    int32_t first, t, p, c;
    if (g->phase > 1) { /* not all of it is written again */
        (void)memset(patch, 0, (size_t)(f->in * f->in * cin));
    }
    for (first = 0; first < all; first += g->tiles) {
        const int32_t tiles = all - first < g->tiles ? all - first : g->tiles;
        for (t = 0; t < tiles; t++) {
            const int32_t row = snug_ring_begin((first + t) / across, out, g->h) * f->stride * g->phase;
            const int32_t col = snug_ring_begin((first + t) % across, out, g->w) * f->stride * g->phase;
            const int8_t *from_x = x + row * g->x_row + col * g->x_col;
            ptrdiff_t x_row = g->x_row, x_col = g->x_col;
            if (g->phase > 1) {
                snug_ring_gather(g, f->in, out, from_x, patch);
                from_x = patch, x_row = f->in * cin, x_col = cin;
            }
            f->input(from_x, x_row, x_col, cin, v + t / SNUG_RING_TILES * SNUG_RING_TILES * points * cin + t % SNUG_RING_TILES * 8);
        }
        for (c = 0; c < count; c += SNUG_LANES) {
            const snug_ring_channels ch = snug_ring_load(g, from + c, count - c < SNUG_LANES ? count - c : SNUG_LANES);
            for (t = 0; t < tiles; t += SNUG_RING_TILES) {
                int32_t at[SNUG_RING_TILES];
                const int32_t some = tiles - t < SNUG_RING_TILES ? tiles - t : SNUG_RING_TILES;
                for (p = 0; p < some; p++) {
                    at[p] = snug_ring_begin((first + t + p) / across, out, g->h) * g->y_row +
                            snug_ring_begin((first + t + p) % across, out, g->w) * g->y_col;
                }
                snug_ring_tiles(g, f, &ch, v + t * points * cin, u + c * points * cin, some, at, m, y + ch.c);
            }
        }
    }
}

#if SNUG_NEON && !defined(__aarch64__)
/* Sixteen registers do not hold a patch: each pass takes one column or row at a
   time and leaves it in memory. A compiler that knew where a pointer came from
   would unroll the passes and spill. */
#define SNUG_RING_TRANSFORMS(NAME, IN, POINTS, OUT, PART, ONES)                                                         \
    static inline void NAME##_input(const int8_t *x, ptrdiff_t x_row, ptrdiff_t x_col, int32_t cin, int16_t *v)         \
    {                                                                                                                   \
        const snug_ring_k k = snug_ring_factors();                                                                      \
        int16_t half[IN][POINTS][8];                                                                                    \
        for (; cin > 0; cin -= 8, x += 8) {                                                                             \
            const int8_t *from = x;                                                                                     \
            int16_t *h = half[0][0];                                                                                    \
            snug_ring_e e[IN];                                                                                          \
            snug_ring_v d[IN], o[POINTS];                                                                               \
            int32_t i, j;                                                                                               \
            for (j = 0; j < IN; j++, from += x_col) {                                                                   \
                const int8_t *p = from;                                                                                 \
                SNUG_UNROLL                                                                                             \
                for (i = 0; i < IN; i++, p += x_row) {                                                                  \
                    SNUG_HIDE(p)                                                                                        \
                    e[i] = snug_ring_load8(p);                                                                          \
                }                                                                                                       \
                NAME##_first(e, o, k);                                                                                  \
                SNUG_UNROLL                                                                                             \
                for (i = 0; i < POINTS; i++, h += 8) {                                                                  \
                    SNUG_HIDE(h)                                                                                        \
                    snug_ring_store(h, o[i]);                                                                           \
                }                                                                                                       \
            }                                                                                                           \
            for (i = 0; i < POINTS; i++) {                                                                              \
                const int16_t *p = half[0][i];                                                                          \
                SNUG_UNROLL                                                                                             \
                for (j = 0; j < IN; j++, p += 8 * POINTS) {                                                             \
                    SNUG_HIDE(p)                                                                                        \
                    d[j] = snug_ring_load16(p);                                                                         \
                }                                                                                                       \
                NAME##_in(d, o, k);                                                                                     \
                SNUG_UNROLL                                                                                             \
                for (j = 0; j < POINTS; j++, v += SNUG_RING_TILES * 8) {                                                \
                    SNUG_HIDE(v)                                                                                        \
                    snug_ring_store(v, o[j]);                                                                           \
                }                                                                                                       \
            }                                                                                                           \
        }                                                                                                               \
    }                                                                                                                   \
    static inline void NAME##_output(const int16_t *m, snug_ring_v offset, snug_ring_v *y)                              \
    {                                                                                                                   \
        const snug_ring_k k = snug_ring_factors();                                                                      \
        int16_t half[POINTS][OUT][8], *h = half[0][0];                                                                  \
        snug_ring_v d[POINTS], o[OUT];                                                                                  \
        int32_t i, j;                                                                                                   \
        for (j = 0; j < POINTS; j++, m += SNUG_RING_TILES * SNUG_LANES) {                                               \
            const int16_t *p = m;                                                                                       \
            const snug_ring_v moved = (ONES) >> j & 1 ? offset : vdupq_n_s16(0);                                        \
            SNUG_UNROLL                                                                                                 \
            for (i = 0; i < POINTS; i++, p += POINTS * SNUG_RING_TILES * SNUG_LANES) {                                  \
                SNUG_HIDE(p)                                                                                            \
                d[i] = snug_ring_load16(p);                                                                             \
                if (((ONES) >> i & 1) != 0) {                                                                           \
                    d[i] = SNUG_ADD(d[i], moved);                                                                       \
                }                                                                                                       \
            }                                                                                                           \
            NAME##_out(d, o, k);                                                                                        \
            SNUG_UNROLL                                                                                                 \
            for (i = 0; i < OUT; i++, h += 8) {                                                                         \
                SNUG_HIDE(h)                                                                                            \
                snug_ring_store(h, o[i]);                                                                               \
            }                                                                                                           \
        }                                                                                                               \
        for (i = 0; i < OUT; i++, y += OUT) {                                                                           \
            const int16_t *p = half[0][i];                                                                              \
            SNUG_HIDE(y)                                                                                                \
            SNUG_UNROLL                                                                                                 \
            for (j = 0; j < POINTS; j++, p += 8 * OUT) {                                                                \
                SNUG_HIDE(p)                                                                                            \
                d[j] = snug_ring_load16(p);                                                                             \
            }                                                                                                           \
            NAME##_out(d, y, k);                                                                                        \
        }                                                                                                               \
    }
#else
#define SNUG_RING_TRANSFORMS(NAME, IN, POINTS, OUT, PART, ONES)                                                         \
    SNUG_EACH_FORM void NAME##_input(const int8_t *x, ptrdiff_t x_row, ptrdiff_t x_col, int32_t cin, int16_t *v)        \
    {                                                                                                                   \
        snug_ring_k k = snug_ring_factors();                                                                            \
        ptrdiff_t row[IN];                                                                                              \
        int32_t c, a, i, j;                                                                                             \
        SNUG_UNROLL                                                                                                     \
        for (i = 0; i < IN; i++) {                                                                                      \
            row[i] = i * x_row;                                                                                         \
            SNUG_OPAQUE(row[i])                                                                                         \
        }                                                                                                               \
        for (c = 0; c < cin; c += SNUG_RING_STEP, x += SNUG_RING_STEP) {                                                \
            SNUG_UNROLL                                                                                                 \
            for (a = 0; a < POINTS; a += PART) {                                                                        \
                const int8_t *xj = x;                                                                                   \
                snug_ring_e d[IN];                                                                                      \
                snug_ring_v half[PART][IN], o[POINTS];                                                                  \
                SNUG_RING_FRESH(k)                                                                                      \
                SNUG_UNROLL                                                                                             \
                for (j = 0; j < IN; j++, xj += x_col) {                                                                 \
                    SNUG_OPAQUE(xj)                                                                                     \
                    SNUG_UNROLL                                                                                         \
                    for (i = 0; i < IN; i++) {                                                                          \
                        d[i] = snug_ring_load8(xj + row[i]);                                                            \
                    }                                                                                                   \
                    NAME##_first(d, o, k);                                                                              \
                    SNUG_UNROLL                                                                                         \
                    for (i = 0; i < PART; i++) {                                                                        \
                        half[i][j] = o[a + i];                                                                          \
                    }                                                                                                   \
                }                                                                                                       \
                SNUG_UNROLL                                                                                             \
                for (i = 0; i < PART; i++) {                                                                            \
                    NAME##_in(half[i], o, k);                                                                           \
                    SNUG_UNROLL                                                                                         \
                    for (j = 0; j < POINTS; j++) {                                                                      \
                        snug_ring_store(v + (POINTS * (a + i) + j) * SNUG_RING_TILES * 8, o[j]);                        \
                    }                                                                                                   \
                }                                                                                                       \
            }                                                                                                           \
            v += SNUG_RING_STEP == 8 || c % 8 == 7 ? (POINTS * POINTS * SNUG_RING_TILES - 1) * 8 + SNUG_RING_STEP : 1;  \
        }                                                                                                               \
    }                                                                                                                   \
    SNUG_EACH_FORM void NAME##_output(const int16_t *m, snug_ring_v offset, snug_ring_v *y)                             \
    {                                                                                                                   \
        snug_ring_k k = snug_ring_factors();                                                                            \
        snug_ring_v half[OUT][POINTS], d[POINTS], o[OUT];                                                               \
        int32_t i, j;                                                                                                   \
        SNUG_UNROLL                                                                                                     \
        for (j = 0; j < POINTS; j++) {                                                                                  \
            SNUG_RING_FRESH(k)                                                                                          \
            SNUG_UNROLL                                                                                                 \
            for (i = 0; i < POINTS; i++) {                                                                              \
                d[i] = snug_ring_load16(m + (POINTS * i + j) * SNUG_RING_TILES * SNUG_LANES);                           \
                if (((ONES) >> i & (ONES) >> j & 1) != 0) {                                                             \
                    d[i] = SNUG_ADD(d[i], offset);                                                                      \
                }                                                                                                       \
            }                                                                                                           \
            NAME##_out(d, o, k);                                                                                        \
            SNUG_UNROLL                                                                                                 \
            for (i = 0; i < OUT; i++) {                                                                                 \
                half[i][j] = o[i];                                                                                      \
            }                                                                                                           \
        }                                                                                                               \
        SNUG_UNROLL                                                                                                     \
        for (i = 0; i < OUT; i++) {                                                                                     \
            SNUG_RING_FRESH(k)                                                                                          \
            NAME##_out(half[i], y + OUT * i, k);                                                                        \
        }                                                                                                               \
    }
#endif

/* The two transforms of a form, its description, and its KERNEL, from what it
   does on one axis: NAME##_taps, NAME##_first on elements and NAME##_in on vectors,
   NAME##_out. Columns first, then rows, of PART points at a time, so that registers
   hold what is between. Bit p of ONES: NAME##_out takes the sum of
   these points, each 1, to outputs of 1. */
#define SNUG_RING_FORM(NAME, KERNEL, TAPS, IN, POINTS, OUT, STRIDE, SHIFT, PART, ONES)                                            \
    SNUG_RING_TRANSFORMS(NAME, IN, POINTS, OUT, PART, ONES)                                                             \
    static const snug_ring_form NAME = {TAPS, IN, POINTS, OUT, STRIDE, SHIFT, NAME##_input, NAME##_output};            \
    static inline void NAME##_prepare(const snug_ring *g, void *prepared)                                              \
    {                                                                                                                  \
        snug_ring_prepare(g, POINTS, TAPS, NAME##_taps[0], prepared);                                                  \
    }                                                                                                                  \
    static inline void KERNEL(const snug_ring *g, const int8_t *x, int8_t *y, void *scratch, const void *prepared)     \
    {                                                                                                                  \
        const int16_t *u = prepared;                                                                                   \
        const int32_t size = (POINTS) * (POINTS) * snug_ring_cin(g) * ((g->c + SNUG_LANES - 1) / SNUG_LANES * SNUG_LANES);\
        int32_t i;                                                                                                     \
        for (i = 0; i < g->groups; i++, u += size) {                                                                   \
            snug_ring_block(g, &NAME, x + i * g->cin, y, i * g->c, g->c, scratch, u);                                  \
        }                                                                                                              \
    }

#endif
