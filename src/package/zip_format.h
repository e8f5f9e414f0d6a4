/*
 * zip_format.h - the records of an archive as APPNOTE.TXT lays them out: marks, sizes, little endian.
 *
 * Shared by the reader (zip_layout.c) and the writer (zip_write.c); nothing else needs it.
 */
#ifndef LARDER_PACKAGE_ZIP_FORMAT_H
#define LARDER_PACKAGE_ZIP_FORMAT_H

#include <stdint.h>

#include "base/str.h"

enum {
    ZIP_LOCAL_MARK = 0x04034b50,
    ZIP_CENTRAL_MARK = 0x02014b50,
    ZIP_END_MARK = 0x06054b50,
    ZIP_END64_MARK = 0x06064b50,
    ZIP_LOCATOR_MARK = 0x07064b50,
    ZIP_DESCRIPTOR_MARK = 0x08074b50,

    ZIP_LOCAL_SIZE = 30, /* each without its name, extra fields and comment */
    ZIP_CENTRAL_SIZE = 46,
    ZIP_END_SIZE = 22,
    ZIP_END64_SIZE = 56,
    ZIP_LOCATOR_SIZE = 20,

    ZIP_STORED = 0,
    ZIP_DEFLATED = 8,

    ZIP_FLAG_ENCRYPTED = 0x0001,
    ZIP_FLAG_LEVEL = 0x0006, /* how hard deflate tried; means nothing to a reader */
    ZIP_FLAG_DESCRIPTOR = 0x0008,
    ZIP_FLAG_UTF8 = 0x0800,

    ZIP_EXTRA_ZIP64 = 0x0001,
    ZIP_EXTRA_UNICODE_PATH = 0x7075
};

#define ZIP_FULL16 0xFFFFu     /* "the true value stands in the ZIP64 field" */
#define ZIP_FULL32 0xFFFFFFFFu /* the same */

static inline uint16_t zip_u16(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t zip_u32(const char *p)
{
    return (uint32_t)zip_u16(p) | (uint32_t)zip_u16(p + 2) << 16;
}

static inline uint64_t zip_u64(const char *p)
{
    return (uint64_t)zip_u32(p) | (uint64_t)zip_u32(p + 4) << 32;
}

#endif
