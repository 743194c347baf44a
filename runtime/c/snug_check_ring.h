/* Checks of a layer in a ring form against plain 64-bit sums of the weights that
   were not transformed. Only the known-answer test includes this file. */
#ifndef SNUG_CHECK_RING_H
#define SNUG_CHECK_RING_H

#include <stdio.h>
#include <string.h>

#include "snug_ring.h"

/* A layer in a ring form: one tile is run on a patch of its own. */
typedef struct {
    const char *name;
    const snug_ring *ring;
    const snug_ring_form *form;
    int32_t lo, hi; /* levels of the input */
    const int8_t *tops; /* the greatest levels of its channels, null: hi */
    int8_t *x, *y;  /* a patch, outputs */
    void *scratch;
    const void *prepared;
    int32_t size; /* of x */
} snug_ring_layer;

/* The rows and columns of input that a tile reads. */
static inline int32_t snug_check_ring_side(const snug_ring_layer *l)
{
    return (l->form->out - 1) * l->form->stride * l->ring->phase + l->ring->kernel;
}

/* The 64-bit sum of channel c at one output of the tile, from the weights that
   were not transformed. */
static inline int64_t snug_check_ring_sum(const snug_ring_layer *l, int32_t c, const int8_t *x)
{
    const int32_t cin = l->ring->cin, kernel = l->ring->kernel, side = snug_check_ring_side(l);
    int64_t sum = 0;
    int32_t r, s, i;
    for (r = 0; r < kernel; r++) {
        for (s = 0; s < kernel; s++) {
            for (i = 0; i < cin; i++) {
                sum += (int64_t)l->ring->weights[((c * kernel + r) * kernel + s) * cin + i] * x[(r * side + s) * cin + i];
            }
        }
    }
    return sum;
}

/* Runs the block of channels that c is in, and compares channel c of all outputs. */
static inline int32_t snug_check_ring_run(const snug_ring_layer *l, int32_t c)
{
    snug_ring g = *l->ring;
    const int32_t group = c / g.c, first = c % g.c / SNUG_LANES * SNUG_LANES, out = l->form->out, side = snug_check_ring_side(l);
    const int32_t n = g.c - first < SNUG_LANES ? g.c - first : SNUG_LANES, channels = g.groups * g.c;
    const int32_t before = group * ((g.c + SNUG_LANES - 1) / SNUG_LANES * SNUG_LANES) + first;
    const int16_t *u = l->prepared;
    int32_t row, col;
    g.h = out, g.w = out, g.x_row = side * g.cin, g.x_col = g.cin, g.y_row = out * channels, g.y_col = channels;
    u += before * l->form->points * l->form->points * snug_ring_cin(&g);
    snug_ring_block(&g, l->form, l->x, l->y, group * g.c + first, n, l->scratch, u);
    for (row = 0; row < out; row++) {
        for (col = 0; col < out; col++) {
            const int8_t *x = l->x + (row * side + col) * l->form->stride * g.phase * g.cin;
            const int64_t sum = snug_check_ring_sum(l, c, x) + (g.q.preload ? g.q.preload[c] : 0);
            const int8_t want = snug_requantize(&g.q, (int32_t)sum, c), got = l->y[(row * out + col) * channels + c];
            if (got != want) {
                printf("%s: channel %d, output %d, %d: sum %ld gives %d, the kernel gives %d\n", l->name, (int)c, (int)row,
                       (int)col, (long)sum, (int)want, (int)got);
                return 1;
            }
        }
    }
    return 0;
}

/* For every channel the two windows that attain its ends, each at another output
   of the tile; the outputs around it see parts of that window. */
static inline int64_t snug_check_ring(const snug_ring_layer *l, int32_t *layers, int32_t *failed)
{
    const int32_t cin = l->ring->cin, kernel = l->ring->kernel, side = snug_check_ring_side(l), out = l->form->out;
    const int32_t channels = l->ring->groups * l->ring->c;
    int32_t c, sign, r, s, i;
    (*layers)++;
    for (c = 0; c < channels; c++) {
        for (sign = 0; sign < 2; sign++) {
            const int32_t at = (2 * c + sign) % (out * out);
            int8_t *x = l->x + (at / out * side + at % out) * l->form->stride * l->ring->phase * cin;
            (void)memset(l->x, 0, (size_t)l->size);
            for (r = 0; r < kernel; r++) {
                for (s = 0; s < kernel; s++) {
                    for (i = 0; i < cin; i++) {
                        const int positive = l->ring->weights[((c * kernel + r) * kernel + s) * cin + i] > 0;
                        const int32_t top = l->tops ? l->tops[c / l->ring->c * cin + i] : l->hi;
                        x[(r * side + s) * cin + i] = (int8_t)(positive != sign ? top : l->lo);
                    }
                }
            }
            if (snug_check_ring_run(l, c)) {
                (*failed)++;
                return 0;
            }
        }
    }
    return 2 * (int64_t)channels;
}

#endif
