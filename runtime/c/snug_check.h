/* Checks of a layer against plain 64-bit sums, on inputs built from its weights.
   Only the known-answer test includes this file. */
#ifndef SNUG_CHECK_H
#define SNUG_CHECK_H

#include <stdio.h>
#include <string.h>

#include "snug_conv.h"
#include "snug_depthwise.h"

/* Orders of weights; see the kernels. */
enum { SNUG_ROWS, SNUG_ROWS8, SNUG_LANES16, SNUG_QUADS8, SNUG_TAPS };

/* One layer as the checks see it. Product k of channel c reads x[at(c, k)]. */
typedef struct {
    const char *name;
    const snug_conv *conv;  /* one of conv and dw is null */
    const snug_depthwise *dw;
    void (*run_conv)(const snug_conv *, const int8_t *, int8_t *, void *);
    void (*run_dw)(const snug_depthwise *, const int8_t *, int8_t *);
    int packing;
    int32_t shared;  /* of a conv whose kernel may share what neighbours read: how many are run; else 0 */
    int32_t lanes;   /* partial sums of a dot product that flush together */
    int32_t lo, hi;  /* levels of the input */
    const int8_t *tops; /* the greatest levels of its channels, null: hi */
    int32_t cin;     /* its channels in one group */
    int8_t *x, *y;   /* a patch, outputs */
    void *scratch;   /* of the kernel */
    int32_t size;    /* of x */
} snug_layer;

/* Calls of kernels with the same columns: nine pixels fill every tile and leave
   a rest, and all nine read the same patch. Where a kernel may share what neighbours
   read, more of them are as far apart as the layer's; depthwise layers run at most
   four rows, of as many outputs as a block has. */
#define SNUG_CHECK_PIXELS 9
#define SNUG_CHECK_DW_ROWS 4

static inline int32_t snug_check_dw_rows(const snug_depthwise *g)
{
    return g->h < SNUG_CHECK_DW_ROWS ? g->h : SNUG_CHECK_DW_ROWS;
}

static inline int32_t snug_check_dw_cols(const snug_depthwise *g)
{
    const int32_t block = snug_dw3_sevens(g->h, g->w) ? 7 : 4;
    return g->w < block ? g->w : block;
}

/* Pixels that a check computes. */
static inline int32_t snug_check_pixels(const snug_layer *l)
{
    if (l->conv) {
        return l->shared ? l->shared : SNUG_CHECK_PIXELS;
    }
    return snug_check_dw_rows(l->dw) * snug_check_dw_cols(l->dw);
}

static inline int32_t snug_check_channels(const snug_layer *l)
{
    return l->conv ? l->conv->groups * l->conv->c : l->dw->c;
}

static inline int32_t snug_check_pieces(const snug_layer *l)
{
    return l->conv ? l->conv->pieces : l->dw->taps;
}

static inline const snug_piece *snug_check_piece(const snug_layer *l, int32_t i)
{
    return l->conv ? &l->conv->piece[i] : &l->dw->tap[i];
}

static inline int32_t snug_check_len(const snug_layer *l, int32_t i)
{
    return l->conv ? snug_check_piece(l, i)->len : 1;
}

/* Weight of product j of piece i, for channel c. */
static inline int32_t snug_check_weight(const snug_layer *l, int32_t c, int32_t i, int32_t j)
{
    int32_t k = 0, p;
    if (l->dw) {
        return l->dw->weights[i * l->dw->c + c];
    }
    for (p = 0; p < i; p++) {
        const int32_t len = l->conv->piece[p].len;
        k += l->packing == SNUG_ROWS8 ? (len + 7) / 8 * 8 : l->packing == SNUG_QUADS8 ? (len + 3) / 4 * 4 : len;
    }
    k += j;
    if (l->packing == SNUG_LANES16) {
        const int32_t group = c / l->conv->c, at = c % l->conv->c;
        const int32_t blocks = (l->conv->c + 15) / 16;
        return l->conv->weights[((group * blocks + at / 16) * l->conv->k + k) * 16 + at % 16];
    }
    if (l->packing == SNUG_QUADS8) {
        const int32_t group = c / l->conv->c, at = c % l->conv->c;
        const int32_t blocks = (l->conv->c + 7) / 8;
        return l->conv->weights[(group * blocks + at / 8) * 8 * l->conv->k + k / 4 * 32 + at % 8 * 4 + k % 4];
    }
    return l->conv->weights[c * l->conv->k + k];
}

/* The input element of product j of piece i, for channel c. */
static inline int8_t *snug_check_at(const snug_layer *l, int32_t c, int32_t i, int32_t j)
{
    const int32_t at = snug_check_piece(l, i)->at + j;
    return l->x + (l->conv ? at + c / l->conv->c * l->conv->x_group : at + c);
}

/* The greatest level of that element. */
static inline int32_t snug_check_top(const snug_layer *l, int32_t c, int32_t i, int32_t j)
{
    int32_t k = j, p;
    if (!l->tops) {
        return l->hi;
    }
    if (l->dw) {
        return l->tops[c];
    }
    for (p = 0; p < i; p++) {
        k += l->conv->piece[p].len;
    }
    return l->tops[c / l->conv->c * l->cin + k % l->cin];
}

/* How far behind the first pixel's input that of pixel p begins. */
static inline int32_t snug_check_pixel(const snug_layer *l, int32_t p)
{
    if (l->conv) {
        return l->shared ? p * l->conv->x_col : 0;
    }
    return p / snug_check_dw_cols(l->dw) * l->dw->x_row + p % snug_check_dw_cols(l->dw) * l->dw->x_col;
}

static inline int64_t snug_check_sum(const snug_layer *l, int32_t c, int32_t p)
{
    const int32_t at = snug_check_pixel(l, p);
    int64_t sum = 0;
    int32_t i, j;
    for (i = 0; i < snug_check_pieces(l); i++) {
        for (j = 0; j < snug_check_len(l, i); j++) {
            sum += (int64_t)snug_check_weight(l, c, i, j) * snug_check_at(l, c, i, j)[at];
        }
    }
    return sum;
}

static inline int8_t snug_check_expect(const snug_layer *l, int32_t c, int64_t sum)
{
    const snug_requant *q = l->conv ? &l->conv->q : &l->dw->q;
    return snug_requantize(q, (int32_t)(sum + (q->preload ? q->preload[c] : 0)), c);
}

/* Channels that a kernel computes together; a check runs one such block. */
#define SNUG_CHECK_BLOCK 16

/* Runs the block of channels that c is in, on the patch in l->x. y gets its
   pixels, *first its first channel; returns the channels of the block. */
static inline int32_t snug_check_block(const snug_layer *l, int32_t c, int32_t *first)
{
    const int32_t group = c / l->conv->c, at = c % l->conv->c / SNUG_CHECK_BLOCK * SNUG_CHECK_BLOCK;
    const int32_t n = l->conv->c - at < SNUG_CHECK_BLOCK ? l->conv->c - at : SNUG_CHECK_BLOCK;
    const int32_t c0 = group * l->conv->c + at;
    snug_conv g = *l->conv;
    if (l->packing == SNUG_LANES16) {
        g.weights += (group * ((l->conv->c + 15) / 16) + at / 16) * 16 * g.k;
    } else if (l->packing == SNUG_QUADS8) {
        g.weights += (group * ((l->conv->c + 7) / 8) + at / 8) * 8 * g.k;
    } else {
        g.weights += c0 * g.k;
    }
    g.h = 1, g.w = snug_check_pixels(l), g.x_col = l->shared ? g.x_col : 0, g.y_col = n, g.groups = 1, g.c = n;
    g.q.bias += c0, g.q.shift += c0;
    g.q.mul = g.q.mul ? g.q.mul + c0 : NULL;
    g.q.preload = g.q.preload ? g.q.preload + c0 : NULL;
    g.q.tops = g.q.tops ? g.q.tops + c0 : NULL;
    l->run_conv(&g, l->x + group * g.x_group, l->y, l->scratch);
    *first = c0;
    return n;
}

/* Runs the kernel on the patch in l->x and compares channels [from, to). */
static inline int32_t snug_check_run(const snug_layer *l, int32_t from, int32_t to, const char *what)
{
    const int32_t pixels = snug_check_pixels(l);
    int32_t c, p, first = 0, n;
    if (l->conv) {
        n = snug_check_block(l, from, &first);
    } else {
        snug_depthwise g = *l->dw;
        g.h = snug_check_dw_rows(l->dw), g.w = snug_check_dw_cols(l->dw), g.y_col = n = g.c, g.y_row = g.w * n;
        l->run_dw(&g, l->x, l->y);
    }
    for (c = from; c < to; c++) {
        for (p = 0; p < pixels; p++) {
            const int64_t sum = snug_check_sum(l, c, p);
            const int8_t want = snug_check_expect(l, c, sum);
            const int8_t got = l->y[p * n + c - first];
            if (got != want) {
                printf("%s: channel %d, %s: sum %ld gives %d, the kernel gives %d\n", l->name, (int)c, what, (long)sum,
                       (int)want, (int)got);
                return 1;
            }
        }
    }
    return 0;
}

/* Puts channel c of pixel p at the greatest sum, or the least. */
static inline void snug_check_extreme(const snug_layer *l, int32_t c, int32_t p, int sign)
{
    const int32_t at = snug_check_pixel(l, p);
    int32_t i, j;
    for (i = 0; i < snug_check_pieces(l); i++) {
        for (j = 0; j < snug_check_len(l, i); j++) {
            const int positive = snug_check_weight(l, c, i, j) > 0;
            snug_check_at(l, c, i, j)[at] = (int8_t)(positive != sign ? snug_check_top(l, c, i, j) : l->lo);
        }
    }
}

/* The two inputs that attain the ends of the window of every channel; those of
   a depthwise layer do not meet, so all its channels are run at once, for each pixel
   of a block in turn. Of pixels of a conv that share what they read, each channel
   takes the next. */
static inline int64_t snug_check_extremes(const snug_layer *l, int32_t *failed)
{
    const int32_t channels = snug_check_channels(l);
    const int32_t step = l->dw ? channels : 1, pixels = l->dw ? snug_check_pixels(l) : 1;
    int32_t c, i, p;
    int sign;
    for (c = 0; c < channels; c += step) {
        const int32_t first = l->conv && l->shared ? c % l->shared : 0;
        for (p = first; p < first + pixels; p++) {
            for (sign = 0; sign < 2; sign++) {
                (void)memset(l->x, 0, (size_t)l->size);
                for (i = c; i < c + step; i++) {
                    snug_check_extreme(l, i, p, sign);
                }
                if (snug_check_run(l, c, c + step, sign ? "least sum" : "greatest sum")) {
                    (*failed)++;
                    return 0;
                }
            }
        }
    }
    return 2 * (int64_t)channels * pixels;
}

/* The sum, inside the window, in the middle of those that are not clamped: a sum
   that is wrong by 2^16 then shows in the output. */
static inline int64_t snug_check_middle(const snug_layer *l, int32_t c)
{
    const snug_requant *q = l->conv ? &l->conv->q : &l->dw->q;
    const int32_t half = q->lo + ((q->tops ? q->tops[c] : q->hi) - q->lo) / 2;
    int64_t lo = 0, hi = 1;
    int32_t i, j;
    for (i = 0; i < snug_check_pieces(l); i++) {
        for (j = 0; j < snug_check_len(l, i); j++) {
            const int64_t w = snug_check_weight(l, c, i, j);
            const int64_t top = snug_check_top(l, c, i, j);
            lo += w * (w > 0 ? l->lo : top);
            hi += w * (w > 0 ? top : l->lo);
        }
    }
    while (hi - lo > 1) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (snug_check_expect(l, c, mid) > half) {
            hi = mid;
        } else {
            lo = mid;
        }
    }
    return lo;
}

/* Segment [first, last) of pieces overflows in lane of channel c when the step
   after it is added: puts the segment and the step at that extreme, and the
   other products where they bring the whole sum to the middle. */
static inline void snug_check_late(const snug_layer *l, int32_t c, int32_t lane, int sign, int32_t first, int32_t last)
{
    int64_t need = snug_check_middle(l, c);
    int32_t i, j, pass;
    (void)memset(l->x, 0, (size_t)l->size);
    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < snug_check_pieces(l); i++) {
            for (j = 0; j < snug_check_len(l, i); j++) {
                const int32_t w = snug_check_weight(l, c, i, j);
                const int late = ((i >= first && i < last) || (i == last && j < l->lanes)) && j % l->lanes == lane;
                const int64_t top = snug_check_top(l, c, i, j);
                int64_t v = (w > 0) != sign ? top : l->lo;
                if (late != (pass == 0) || w == 0) {
                    continue;
                }
                if (!late) {
                    v = need / w;
                    v = v < l->lo ? l->lo : v > top ? top : v;
                }
                *snug_check_at(l, c, i, j) = (int8_t)v;
                need -= v * w;
            }
        }
    }
}

/* For every flush, the input that overflows a kernel that flushes one step
   later: there is one for some channel and lane, else the segment would be
   longer. */
static inline int64_t snug_check_flushes(const snug_layer *l, int32_t *failed)
{
    const int32_t channels = snug_check_channels(l), pieces = snug_check_pieces(l);
    int32_t first = 0, last, c, lane, sign, i, j;
    int64_t sums = 0;
    for (last = 1; last < pieces; last++) {
        int found = 0;
        if (!snug_check_piece(l, last - 1)->flush) {
            continue;
        }
        for (c = 0; c < channels && !found; c++) {
            for (lane = 0; lane < l->lanes && !found; lane++) {
                for (sign = 0; sign < 2 && !found; sign++) {
                    int64_t sum = 0;
                    for (i = first; i <= last; i++) {
                        const int32_t len = snug_check_len(l, i);
                        for (j = lane; j < (i < last || len < l->lanes ? len : l->lanes); j += l->lanes) {
                            const int32_t w = snug_check_weight(l, c, i, j);
                            sum += w * ((w > 0) != sign ? snug_check_top(l, c, i, j) : l->lo);
                        }
                    }
                    if (sum > 32767 || sum < -32768) {
                        found = 1;
                        sums++;
                        snug_check_late(l, c, lane, sign, first, last);
                        if (snug_check_run(l, c, c + 1, "flush")) {
                            (*failed)++;
                            return sums;
                        }
                    }
                }
            }
        }
        first = last;
    }
    return sums;
}

static inline int64_t snug_check_layer(const snug_layer *l, int32_t *layers, int32_t *failed)
{
    int64_t sums = snug_check_extremes(l, failed);
    (*layers)++;
    return sums + snug_check_flushes(l, failed);
}

/* Numerical Recipes' linear congruence; the high byte is used. */
static inline void snug_check_fill(uint32_t *state, int8_t *x, int32_t n)
{
    int32_t i;
    for (i = 0; i < n; i++) {
        *state = *state * 1664525u + 1013904223u;
        x[i] = (int8_t)((int32_t)(*state >> 24) - 128);
    }
}

/* FNV-1a. */
static inline uint32_t snug_check_hash(uint32_t hash, const int8_t *y, int32_t n)
{
    int32_t i;
    for (i = 0; i < n; i++) {
        hash = (hash ^ (uint8_t)y[i]) * 16777619u;
    }
    return hash;
}

#endif
