#include <tiny.h>

static union {
    int8_t bytes[TINY_ARENA_SIZE];
    int64_t align[2];
} arena;
static int8_t in[TINY_IN_SIZE], out[TINY_OUT_SIZE];

int main(void)
{
    return tiny_run(in, out, arena.bytes);
}
