/* Winograd convolution in the ring of integers modulo 2^16.

   A 3x3 convolution is a bilinear map: transform a patch of the input, multiply
   point by point with transformed weights, sum over input channels, transform
   back. Every step is ring arithmetic, so transforms and products may wrap: only
   the result has to fit. Denominators of the transform of weights are a power
   of two times units of the ring; what is computed is y * 2^SHIFT for the true
   sum y, and y is read back exactly when it fits 16 - SHIFT bits, which the
   certificate of the layer proves. */
#ifndef SNUG_RING_H
#define SNUG_RING_H

#include "snug_conv.h"
#include "snug_lanes.h"

typedef struct {
    int32_t h, w;            /* output pixels, each at least the outputs of a tile */
    int32_t x_row, x_col;    /* input elements from one input row, column to the next */
    int32_t y_row, y_col;
    int32_t cin, c;          /* channels of the input, of the output */
    int32_t split;           /* groups of input channels that are summed, and proven, on their own */
    int32_t tiles;           /* that are transformed together: scratch holds them */
    const int8_t *weights;   /* [channel][row][column][input channel] */
    const int16_t *offset;   /* [split + 1][channel], or null: zeros. Row s is added to the sum of group s, so that it
                                fits, the last to the total, so that q.preload has been added in all;
                                with one group it is zero */
    snug_requant q;
} snug_ring;

/* Transforms of one axis: taps to points, inputs to points, points to outputs. */
enum { SNUG_RING_MAX_POINTS = 9, SNUG_RING_MAX_OUT = 4 };

/* Tiles of one product of matrices. */
#if SNUG_NEON && defined(__aarch64__)
#define SNUG_RING_TILES 8
#else
#define SNUG_RING_TILES 4
#endif

/* Input channels as they are laid out: whole vectors. */
static inline int32_t snug_ring_cin(const snug_ring *g)
{
    return (g->cin + 7) / 8 * 8;
}

/* Writes the transformed weights, [channel/16][point][input channel][16], from
   the taps-to-points matrix of one axis. Runs once, when an arena is made. */
static inline void snug_ring_prepare(const snug_ring *g, const int32_t points, const uint16_t (*matrix)[3], void *prepared)
{
    uint16_t *const u = prepared;
    const int32_t cin = snug_ring_cin(g), blocks = (g->c + SNUG_LANES - 1) / SNUG_LANES;
    int32_t block, i, lane, a, b, r, s;
    for (block = 0; block < blocks; block++) {
        for (i = 0; i < cin; i++) {
            for (lane = 0; lane < SNUG_LANES; lane++) {
                const int32_t c = block * SNUG_LANES + lane;
                uint32_t half[SNUG_RING_MAX_POINTS][3]; /* rows transformed */
                for (a = 0; a < points; a++) {
                    for (s = 0; s < 3; s++) {
                        half[a][s] = 0u;
                        for (r = 0; r < 3 && c < g->c && i < g->cin; r++) {
                            half[a][s] += (uint32_t)g->weights[((c * 3 + r) * 3 + s) * g->cin + i] * matrix[a][r];
                        }
                    }
                }
                for (a = 0; a < points; a++) {
                    for (b = 0; b < points; b++) {
                        const uint32_t v = half[a][0] * matrix[b][0] + half[a][1] * matrix[b][1] + half[a][2] * matrix[b][2];
                        u[(((block * points + a) * points + b) * cin + i) * SNUG_LANES + lane] = (uint16_t)(v & 0xffffu);
                    }
                }
            }
        }
    }
}

/* Transforms are written once, on vectors of eight channels or, in portable C,
   on one: SNUG_RING_STEP of them. */
#if SNUG_NEON
#define SNUG_RING_STEP 8
typedef int16x8_t snug_ring_v;
typedef int16x8_t snug_ring_k;
#define SNUG_ADD(a, b) vaddq_s16(a, b)
#define SNUG_SUB(a, b) vsubq_s16(a, b)
#define SNUG_TWICE(a) vshlq_n_s16(a, 1)
/* a + FACTOR * b, a - FACTOR * b, by the element of k that holds the factor. */
#if defined(__aarch64__)
#define SNUG_ADDK(a, b, k, i) vmlaq_laneq_s16(a, b, k, i)
#define SNUG_SUBK(a, b, k, i) vmlsq_laneq_s16(a, b, k, i)
#else
#define SNUG_ADDK(a, b, k, i) vmlaq_lane_s16(a, b, (i) < 4 ? vget_low_s16(k) : vget_high_s16(k), (i) & 3)
#define SNUG_SUBK(a, b, k, i) vmlsq_lane_s16(a, b, (i) < 4 ? vget_low_s16(k) : vget_high_s16(k), (i) & 3)
#endif
static inline snug_ring_v snug_ring_load8(const int8_t *x) { return snug_widen8(x); }
static inline snug_ring_v snug_ring_load16(const int16_t *x) { return vld1q_s16(x); }
static inline void snug_ring_store(int16_t *y, snug_ring_v v) { vst1q_s16(y, v); }
/* The factors. A compiler that knew them would replace one multiply-add by a
   shift and an add. */
static inline snug_ring_k snug_ring_factors(void)
{
    static const int16_t factors[8] = {2, 5, 3, 7, 4, 8, 0, 0};
    int16x8_t k = vld1q_s16(factors);
#if defined(__GNUC__)
    __asm__("" : "+w"(k));
#endif
    return k;
}
#else
#define SNUG_RING_STEP 1
typedef uint32_t snug_ring_v;
typedef const uint32_t *snug_ring_k;
#define SNUG_ADD(a, b) ((a) + (b))
#define SNUG_SUB(a, b) ((a) - (b))
#define SNUG_TWICE(a) (2u * (a))
#define SNUG_ADDK(a, b, k, i) ((a) + (k)[i] * (b))
#define SNUG_SUBK(a, b, k, i) ((a) - (k)[i] * (b))
static inline snug_ring_v snug_ring_load8(const int8_t *x) { return (uint32_t)*x; }
static inline snug_ring_v snug_ring_load16(const int16_t *x) { return (uint32_t)*x; }
static inline void snug_ring_store(int16_t *y, snug_ring_v v) { *y = (int16_t)snug_wrap16(v); }
static inline snug_ring_k snug_ring_factors(void)
{
    static const uint32_t factors[8] = {2, 5, 3, 7, 4, 8, 0, 0};
    return factors;
}
#endif

/* m[tile][16] = sum over k of v[tile][k] * u[k][16], for tiles rows of v that
   lie v_row apart. */
#if SNUG_NEON
#define SNUG_DECLARE(p) int16x8_t a##p = vdupq_n_s16(0), b##p = a##p;
#define SNUG_POINT(p) const int16_t *s##p = v + (p) * v_row;
#define SNUG_LOAD(p)                     \
    const int16x8_t x##p = vld1q_s16(s##p); \
    s##p += 8;
#define SNUG_STORE(p)                    \
    vst1q_s16(m + SNUG_LANES * (p), a##p); \
    vst1q_s16(m + SNUG_LANES * (p) + 8, b##p);
/* A function by itself on ARMv7: where it was inlined clang would move inputs from
   register to register. */
#if defined(__aarch64__)
#define SNUG_RING_APART static inline
#else
#define SNUG_RING_APART static __attribute__((noinline, unused))
#endif
#define SNUG_RING_PRODUCT(NAME, EACH)                                                                          \
    SNUG_RING_APART void NAME(const int16_t *v, int32_t v_row, const int16_t *w, int32_t k, int16_t *m)        \
    {                                                                                                          \
        EACH(SNUG_DECLARE)                                                                                     \
        EACH(SNUG_POINT)                                                                                       \
        for (; k > 0; k -= 8) {                                                                                \
            EACH(SNUG_LOAD)                                                                                    \
            SNUG_PAIR(P, 0, 1, EACH) SNUG_PAIR(P, 2, 3, EACH) SNUG_PAIR(P, 4, 5, EACH) SNUG_PAIR(P, 6, 7, EACH) \
        }                                                                                                      \
        EACH(SNUG_STORE)                                                                                       \
    }
#if defined(__aarch64__)
SNUG_RING_PRODUCT(snug_ring_product8, SNUG_EACH8)
#endif
SNUG_RING_PRODUCT(snug_ring_product4, SNUG_EACH4)
#undef SNUG_RING_PRODUCT
#undef SNUG_DECLARE
#undef SNUG_POINT
#undef SNUG_LOAD
#undef SNUG_STORE
#endif

static inline void snug_ring_product(const int16_t *v, int32_t v_row, const int16_t *u, int32_t k, int32_t tiles, int16_t *m)
{
#if SNUG_NEON
#if defined(__aarch64__)
    if (tiles > 4) {
        snug_ring_product8(v, v_row, u, k, m);
        return;
    }
#endif
    (void)tiles;
    snug_ring_product4(v, v_row, u, k, m);
#else
    int32_t t, i, j;
    for (t = 0; t < tiles; t++) {
        for (j = 0; j < SNUG_LANES; j++) {
            uint32_t sum = 0u;
            for (i = 0; i < k; i++) {
                sum += (uint32_t)(v[t * v_row + i] * u[i * SNUG_LANES + j]);
            }
            m[t * SNUG_LANES + j] = (int16_t)snug_wrap16(sum);
        }
    }
#endif
}

/* Where tile t of a row of n tiles begins: the last one is moved back inside. */
static inline int32_t snug_ring_begin(int32_t t, int32_t out, int32_t size)
{
    return t * out < size - out ? t * out : size - out;
}

/* What sums of sixteen channels are moved by and requantized with. */
typedef struct {
#if SNUG_NEON
    int16x8_t first[2], last[2]; /* offsets of group 0, times 2^shift, and of the total */
    snug_channels8 table[2];
#endif
    int32_t c, n; /* the first channel, how many there are */
} snug_ring_channels;

static inline snug_ring_channels snug_ring_load(const snug_ring *g, int32_t c, int32_t n, int32_t shift)
{
    snug_ring_channels t;
#if SNUG_NEON
    int16_t first[SNUG_LANES] = {0}, last[SNUG_LANES] = {0};
    int32_t i;
    for (i = 0; g->offset && i < n; i++) {
        first[i] = g->offset[c + i];
        last[i] = g->offset[g->split * g->c + c + i];
    }
    for (i = 0; i < 2; i++) {
        t.first[i] = vshlq_s16(vld1q_s16(first + 8 * i), vdupq_n_s16((int16_t)shift));
        t.last[i] = vld1q_s16(last + 8 * i);
    }
    snug_lanes_tables(&g->q, c, n, &t.table[0], &t.table[1]);
#else
    (void)g, (void)shift;
#endif
    t.c = c, t.n = n;
    return t;
}

/* The sums of SNUG_RING_STEP channels, the i-th from t->c on, times 2^shift, to
   the sums of a tile: group s of input channels. */
static inline void snug_ring_add(const snug_ring *g, const snug_ring_channels *t, int32_t s, int32_t i, const snug_ring_v *v,
                                 int32_t pixels, int32_t shift, int16_t *sums)
{
    int32_t p;
#if SNUG_NEON
    const int16x8_t left = vdupq_n_s16((int16_t)shift), right = vdupq_n_s16((int16_t)-shift);
    int16x8_t offset = t->first[i / 8];
    if (s > 0 && g->offset) {
        int16_t lanes[8] = {0};
        for (p = 0; p < 8 && i + p < t->n; p++) {
            lanes[p] = g->offset[s * g->c + t->c + i + p];
        }
        offset = vshlq_s16(vld1q_s16(lanes), left);
    } else if (s > 0) {
        offset = vdupq_n_s16(0);
    }
    for (p = 0; p < pixels; p++, sums += SNUG_LANES) {
        const int16x8_t y = vshlq_s16(vaddq_s16(v[p], offset), right);
        vst1q_s16(sums, s == 0 ? y : vaddq_s16(vld1q_s16(sums), y));
    }
#else
    const uint32_t offset = g->offset && i < t->n ? (uint32_t)g->offset[s * g->c + t->c + i] << shift : 0u;
    for (p = 0; p < pixels; p++, sums += SNUG_LANES) {
        const uint32_t y = (uint32_t)(snug_wrap16(v[p] + offset) >> shift);
        *sums = (int16_t)snug_wrap16(s == 0 ? y : (uint32_t)*sums + y);
    }
#endif
}

/* The sums of one tile to t->n channels of y. */
static inline void snug_ring_finish(const snug_ring *g, const snug_ring_channels *t, const int16_t *sums, int32_t out, int8_t *y)
{
    const snug_requant q = g->q;
    int32_t row, col;
#if !SNUG_NEON
    int32_t i;
#endif
    y += t->c;
    for (row = 0; row < out; row++) {
        for (col = 0; col < out; col++, sums += SNUG_LANES) {
            int8_t *const yp = y + row * g->y_row + col * g->y_col;
#if SNUG_NEON
            snug_lanes_store(&q, &t->table[0], &t->table[1], vaddq_s16(vld1q_s16(sums), t->last[0]),
                             vaddq_s16(vld1q_s16(sums + 8), t->last[1]), t->c, t->n, yp);
#else
            for (i = 0; i < t->n; i++) {
                const uint32_t last = g->offset ? (uint32_t)g->offset[g->split * g->c + t->c + i] : 0u;
                yp[i] = snug_requantize(&q, snug_wrap16((uint32_t)sums[i] + last), t->c + i);
            }
#endif
        }
    }
}

/* A form of the transform: its sizes, and its two transforms of a patch. Input
   takes all channels of a patch at x to v, the points step apart; output takes
   STEP channels of the points at m, step apart, to y. */
typedef struct {
    int32_t in, points, out, stride, shift;
    void (*input)(const int8_t *x, int32_t x_row, int32_t x_col, int32_t cin, int16_t *v, int32_t step);
    void (*output)(const int16_t *m, int32_t step, snug_ring_v *y);
} snug_ring_form;

/* The points of some tiles: m[point][tile][16], for input channels [i, i + part). */
static inline void snug_ring_points(const int16_t *v, int32_t v_step, const int16_t *u, int32_t cin, int32_t part, int32_t points,
                                    int32_t tiles, int16_t *m)
{
    int32_t p;
    for (p = 0; p < points; p++) {
        snug_ring_product(v, cin, u, part, tiles, m);
        v += v_step;
        u += cin * SNUG_LANES;
        m += SNUG_RING_TILES * SNUG_LANES;
    }
}

#if SNUG_NEON
/* Eight whole sums of a tile, times 2^shift, straight to y: what snug_ring_add
   and snug_ring_finish do when there is one group and the requantizer is fast. */
static inline void snug_ring_give(const snug_ring *g, const snug_ring_channels *t, int32_t i, const int16x8_t *v, int32_t out,
                                  int32_t shift, int8_t *y)
{
    const snug_narrow8 table = t->table[i / 8].narrow;
    const int16x8_t offset = t->first[i / 8], right = vdupq_n_s16((int16_t)-shift);
    const int8x8_t lo = vdup_n_s8((int8_t)g->q.lo), hi = vdup_n_s8((int8_t)g->q.hi);
    const int32_t half = g->q.half, y_row = g->y_row, y_col = g->y_col;
    int32_t row, col;
    y += t->c + i;
    SNUG_UNROLL
    for (row = 0; row < out; row++, y += y_row) {
        int8_t *yp = y;
        SNUG_UNROLL
        for (col = 0; col < out; col++, yp += y_col) {
            const int16x8_t sum = vshlq_s16(vaddq_s16(v[row * out + col], offset), right);
            vst1_s8(yp, vmin_s8(vmax_s8(vqmovn_s16(snug_fast8(sum, &table, half)), lo), hi));
        }
    }
}
#endif

/* Output channels [from, from + count) of a layer, whose transformed weights are
   u. scratch: v[point][tile][cin], m[point][8][16], sums[8][out*out][16]. */
static inline void snug_ring_block(const snug_ring *g, const snug_ring_form *f, const int8_t *x, int8_t *y, int32_t from,
                                   int32_t count, void *scratch, const int16_t *u)
{
    const int32_t cin = snug_ring_cin(g), part = cin / g->split, points = f->points * f->points, out = f->out;
    const int32_t across = (g->w + out - 1) / out, all = (g->h + out - 1) / out * across, pixels = out * out;
    const int32_t v_step = g->tiles * cin, m_step = SNUG_RING_TILES * SNUG_LANES;
    int16_t *const v = scratch;
    int16_t *const m = v + points * v_step;
    int16_t *const sums = m + points * m_step;
    int32_t first, t, p, c, s, i;
    for (first = 0; first < all; first += g->tiles) {
        const int32_t tiles = all - first < g->tiles ? all - first : g->tiles;
        for (t = 0; t < tiles; t++) {
            const int32_t row = snug_ring_begin((first + t) / across, out, g->h) * f->stride;
            const int32_t col = snug_ring_begin((first + t) % across, out, g->w) * f->stride;
            f->input(x + row * g->x_row + col * g->x_col, g->x_row, g->x_col, cin, v + t * cin, v_step);
        }
        for (c = 0; c < count; c += SNUG_LANES) {
            const snug_ring_channels ch = snug_ring_load(g, from + c, count - c < SNUG_LANES ? count - c : SNUG_LANES, f->shift);
            const int16_t *uc = u + c * points * cin;
            int32_t direct = 0; /* no sums are kept */
#if SNUG_NEON
            direct = g->split == 1 && ch.n == SNUG_LANES && snug_is_fast(&g->q);
#endif
            for (t = 0; t < tiles; t += SNUG_RING_TILES) {
                const int32_t some = tiles - t < SNUG_RING_TILES ? tiles - t : SNUG_RING_TILES;
                for (s = 0; s < g->split; s++) {
                    snug_ring_points(v + t * cin + s * part, v_step, uc + s * part * SNUG_LANES, cin, part, points, some, m);
                    for (p = 0; p < some; p++) {
                        for (i = 0; i < SNUG_LANES; i += SNUG_RING_STEP) {
                            snug_ring_v sum[SNUG_RING_MAX_OUT * SNUG_RING_MAX_OUT];
                            f->output(m + p * SNUG_LANES + i, m_step, sum);
#if SNUG_NEON
                            if (direct) {
                                const int32_t row = snug_ring_begin((first + t + p) / across, out, g->h);
                                const int32_t col = snug_ring_begin((first + t + p) % across, out, g->w);
                                snug_ring_give(g, &ch, i, sum, out, f->shift, y + row * g->y_row + col * g->y_col);
                                continue;
                            }
#endif
                            snug_ring_add(g, &ch, s, i, sum, pixels, f->shift, sums + p * pixels * SNUG_LANES + i);
                        }
                    }
                }
                for (p = 0; p < some && !direct; p++) {
                    const int32_t row = snug_ring_begin((first + t + p) / across, out, g->h);
                    const int32_t col = snug_ring_begin((first + t + p) % across, out, g->w);
                    snug_ring_finish(g, &ch, sums + p * pixels * SNUG_LANES, out, y + row * g->y_row + col * g->y_col);
                }
            }
        }
    }
}

#if SNUG_NEON && !defined(__aarch64__)
/* Sixteen registers do not hold a patch: each pass takes one column or row at a
   time and leaves it in memory. A compiler that knew where a pointer came from
   would unroll the passes and spill. */
#define SNUG_RING_TRANSFORMS(NAME, IN, POINTS, OUT)                                                                     \
    static inline void NAME##_input(const int8_t *x, int32_t x_row, int32_t x_col, int32_t cin, int16_t *v, int32_t step) \
    {                                                                                                                   \
        const snug_ring_k k = snug_ring_factors();                                                                      \
        int16_t half[IN][POINTS][8];                                                                                    \
        for (; cin > 0; cin -= 8, x += 8, v += 8) {                                                                     \
            const int8_t *from = x;                                                                                     \
            int16_t *h = half[0][0], *to = v;                                                                           \
            snug_ring_v d[IN], o[POINTS];                                                                               \
            int32_t i, j;                                                                                               \
            for (j = 0; j < IN; j++, from += x_col) {                                                                   \
                const int8_t *p = from;                                                                                 \
                SNUG_UNROLL                                                                                             \
                for (i = 0; i < IN; i++, p += x_row) {                                                                  \
                    SNUG_HIDE(p)                                                                                        \
                    d[i] = snug_ring_load8(p);                                                                          \
                }                                                                                                       \
                NAME##_in(d, o, k);                                                                                     \
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
                for (j = 0; j < POINTS; j++, to += step) {                                                              \
                    SNUG_HIDE(to)                                                                                       \
                    snug_ring_store(to, o[j]);                                                                          \
                }                                                                                                       \
            }                                                                                                           \
        }                                                                                                               \
    }                                                                                                                   \
    static inline void NAME##_output(const int16_t *m, int32_t step, snug_ring_v *y)                                    \
    {                                                                                                                   \
        const snug_ring_k k = snug_ring_factors();                                                                      \
        int16_t half[POINTS][OUT][8], *h = half[0][0];                                                                  \
        snug_ring_v d[POINTS], o[OUT];                                                                                  \
        int32_t i, j;                                                                                                   \
        for (j = 0; j < POINTS; j++, m += step) {                                                                       \
            const int16_t *p = m;                                                                                       \
            SNUG_UNROLL                                                                                                 \
            for (i = 0; i < POINTS; i++, p += POINTS * step) {                                                          \
                SNUG_HIDE(p)                                                                                            \
                d[i] = snug_ring_load16(p);                                                                             \
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
#define SNUG_RING_TRANSFORMS(NAME, IN, POINTS, OUT) \
    static inline void NAME##_input(const int8_t *x, int32_t x_row, int32_t x_col, int32_t cin, int16_t *v, int32_t step) \
    {                                                                                                                   \
        const snug_ring_k k = snug_ring_factors();                                                                      \
        for (; cin > 0; cin -= SNUG_RING_STEP, x += SNUG_RING_STEP, v += SNUG_RING_STEP) {                              \
            snug_ring_v half[POINTS][IN], d[IN], o[POINTS];                                                             \
            int32_t i, j;                                                                                               \
            SNUG_UNROLL                                                                                                 \
            for (j = 0; j < IN; j++) {                                                                                  \
                SNUG_UNROLL                                                                                             \
                for (i = 0; i < IN; i++) {                                                                              \
                    d[i] = snug_ring_load8(x + i * x_row + j * x_col);                                                  \
                }                                                                                                       \
                NAME##_in(d, o, k);                                                                                     \
                SNUG_UNROLL                                                                                             \
                for (i = 0; i < POINTS; i++) {                                                                          \
                    half[i][j] = o[i];                                                                                  \
                }                                                                                                       \
            }                                                                                                           \
            SNUG_UNROLL                                                                                                 \
            for (i = 0; i < POINTS; i++) {                                                                              \
                NAME##_in(half[i], o, k);                                                                               \
                SNUG_UNROLL                                                                                             \
                for (j = 0; j < POINTS; j++) {                                                                          \
                    snug_ring_store(v + (POINTS * i + j) * step, o[j]);                                                 \
                }                                                                                                       \
            }                                                                                                           \
        }                                                                                                               \
    }                                                                                                                   \
    static inline void NAME##_output(const int16_t *m, int32_t step, snug_ring_v *y)                                    \
    {                                                                                                                   \
        const snug_ring_k k = snug_ring_factors();                                                                      \
        snug_ring_v half[OUT][POINTS], d[POINTS], o[OUT];                                                               \
        int32_t i, j;                                                                                                   \
        SNUG_UNROLL                                                                                                     \
        for (j = 0; j < POINTS; j++) {                                                                                  \
            SNUG_UNROLL                                                                                                 \
            for (i = 0; i < POINTS; i++) {                                                                              \
                d[i] = snug_ring_load16(m + (POINTS * i + j) * step);                                                   \
            }                                                                                                           \
            NAME##_out(d, o, k);                                                                                        \
            SNUG_UNROLL                                                                                                 \
            for (i = 0; i < OUT; i++) {                                                                                 \
                half[i][j] = o[i];                                                                                      \
            }                                                                                                           \
        }                                                                                                               \
        SNUG_UNROLL                                                                                                     \
        for (i = 0; i < OUT; i++) {                                                                                     \
            NAME##_out(half[i], y + OUT * i, k);                                                                        \
        }                                                                                                               \
    }
#endif

/* The two transforms of a form, its description, and its KERNEL, from what it
   does on one axis: NAME##_taps, NAME##_in, NAME##_out. Columns first, then rows. */
#define SNUG_RING_FORM(NAME, KERNEL, IN, POINTS, OUT, STRIDE, SHIFT)                                                    \
    SNUG_RING_TRANSFORMS(NAME, IN, POINTS, OUT)                                                                         \
    static const snug_ring_form NAME = {IN, POINTS, OUT, STRIDE, SHIFT, NAME##_input, NAME##_output};                   \
    static inline void NAME##_prepare(const snug_ring *g, void *prepared)                                               \
    {                                                                                                                   \
        snug_ring_prepare(g, POINTS, NAME##_taps, prepared);                                                            \
    }                                                                                                                   \
    static inline void KERNEL(const snug_ring *g, const int8_t *x, int8_t *y, void *scratch, const void *prepared)      \
    {                                                                                                                   \
        snug_ring_block(g, &NAME, x, y, 0, g->c, scratch, prepared);                                                    \
    }

#endif
