// What of Arduino the sketch calls, for the host.
#include <cstdio>
#include <cstdlib>

struct Printer {
    void begin(long) {}
    void println(const char *text)
    {
        std::puts(text);
    }
};
static Printer Serial;

static void delay(unsigned long)
{
    std::exit(0);
}

void setup();
void loop();

int main()
{
    setup();
    for (;;) {
        loop();
    }
}
