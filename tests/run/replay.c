/*
 * replay.c - runs a fuzz target over files instead of under the fuzzer.
 *
 *   fuzz_base_json FILE...
 *
 * So every seed, and every input that once broke something, is part of the ordinary test run with
 * any compiler. It judges nothing: a target that finds something wrong aborts by itself.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEED_BYTES_MAX = 16 << 20 };

/* An exact allocation for each input, so that a read past its end is seen by the sanitizer. */
static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        return -1;
    long size = ftell(f);
    if (size < 0 || size > SEED_BYTES_MAX || fseek(f, 0, SEEK_SET) != 0) {
        fclose(f);
        return -1;
    }
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    size_t got = data == NULL ? 0 : fread(data, 1, (size_t)size, f);
    fclose(f);
    if (data == NULL || got != (size_t)size) {
        free(data);
        return -1;
    }
    LLVMFuzzerTestOneInput(data, got);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i]) != 0) {
            fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 1;
        }
    }
    printf("%d files replayed\n", argc - 1);
    return 0;
}
