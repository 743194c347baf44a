/* The pixels of a layer, a tile at a time. */
#ifndef SNUG_WALK_H
#define SNUG_WALK_H

#include "snug_requant.h"

#if SNUG_NEON

/* Walks the pixels of a layer in rows. */
typedef struct {
    const int8_t *x;
    int8_t *y;
    int32_t col, w, x_col, y_col, x_skip, y_skip; /* skip: from behind a row's last pixel to the next row */
} snug_walk;

static inline void snug_walk_take(snug_walk *p, int32_t n, const int8_t **x, int8_t **y)
{
    const int8_t *xi = p->x;
    int8_t *yi = p->y;
    int32_t i;
    if (p->w - p->col > n) { /* all in one row, and not its end */
        SNUG_UNROLL
        for (i = 0; i < n; i++) {
            x[i] = xi, y[i] = yi;
            xi += p->x_col, yi += p->y_col;
        }
        p->col += n;
    } else {
        for (i = 0; i < n; i++) {
            x[i] = xi, y[i] = yi;
            xi += p->x_col, yi += p->y_col;
            if (++p->col == p->w) {
                p->col = 0;
                xi += p->x_skip, yi += p->y_skip;
            }
        }
    }
    p->x = xi, p->y = yi;
}

/* A tile of n pixels, of which left are there: the others repeat the first. */
static inline void snug_walk_tile(snug_walk *p, int32_t left, int32_t n, const int8_t **x, int8_t **y)
{
    int32_t i;
    if (left >= n) {
        snug_walk_take(p, n, x, y);
        return;
    }
    for (i = 0; i < n; i++) {
        if (i < left) {
            snug_walk_take(p, 1, x + i, y + i);
        } else {
            x[i] = x[0], y[i] = y[0];
        }
    }
}

#endif
#endif
