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
    int8_t *x, *y;  /* a patch, outputs */
    void *scratch;
    const void *prepared;
    int32_t size; /* of x */
} snug_ring_layer;

/* The 64-bit sum of channel c at one output of the tile, from the weights that
   were not transformed. */
static inline int64_t snug_check_ring_sum(const snug_ring_layer *l, int32_t c, const int8_t *x)
{
    const int32_t cin = l->ring->cin;
    int64_t sum = 0;
    int32_t r, s, i;
    for (r = 0; r < 3; r++) {
        for (s = 0; s < 3; s++) {
            for (i = 0; i < cin; i++) {
                sum += (int64_t)l->ring->weights[((c * 3 + r) * 3 + s) * cin + i] * x[(r * l->form->in + s) * cin + i];
            }
        }
    }
    return sum;
}

/* Runs the block of channels that c is in, and compares channel c of all outputs. */
static inline int32_t snug_check_ring_run(const snug_ring_layer *l, int32_t c)
{
    const int32_t first = c / SNUG_LANES * SNUG_LANES, out = l->form->out, cin = l->ring->cin;
    const int32_t n = l->ring->c - first < SNUG_LANES ? l->ring->c - first : SNUG_LANES;
    const int16_t *u = l->prepared;
    snug_ring g = *l->ring;
    int32_t row, col;
    g.h = g.w = out, g.x_row = l->form->in * cin, g.x_col = cin, g.y_row = out * g.c, g.y_col = g.c;
    u += first * l->form->points * l->form->points * snug_ring_cin(&g);
    snug_ring_block(&g, l->form, l->x, l->y, first, n, l->scratch, u);
    for (row = 0; row < out; row++) {
        for (col = 0; col < out; col++) {
            const int8_t *x = l->x + (row * l->form->in + col) * l->form->stride * cin;
            const int64_t sum = snug_check_ring_sum(l, c, x) + (g.q.preload ? g.q.preload[c] : 0);
            const int8_t want = snug_requantize(&g.q, (int32_t)sum, c), got = l->y[(row * out + col) * g.c + c];
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
    const int32_t cin = l->ring->cin, outputs = l->form->out * l->form->out;
    int32_t c, sign, r, s, i;
    (*layers)++;
    for (c = 0; c < l->ring->c; c++) {
        for (sign = 0; sign < 2; sign++) {
            const int32_t at = (2 * c + sign) % outputs;
            int8_t *x = l->x + (at / l->form->out * l->form->in + at % l->form->out) * l->form->stride * cin;
            memset(l->x, 0, (size_t)l->size);
            for (r = 0; r < 3; r++) {
                for (s = 0; s < 3; s++) {
                    for (i = 0; i < cin; i++) {
                        const int positive = l->ring->weights[((c * 3 + r) * 3 + s) * cin + i] > 0;
                        x[(r * l->form->in + s) * cin + i] = (int8_t)(positive != sign ? l->hi : l->lo);
                    }
                }
            }
            if (snug_check_ring_run(l, c)) {
                (*failed)++;
                return 0;
            }
        }
    }
    return 2 * (int64_t)l->ring->c;
}

#endif
