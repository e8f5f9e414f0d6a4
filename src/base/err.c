/*
 * err.c - the one table behind `enum err`.
 *
 * A row is everything the edges need to know of a failure. Nothing here decides; to see who
 * renders a row, look at `http/reply.c` for HTTP and `cli/` for the command line.
 */
#include "base/err.h"

#include <stddef.h>

// clang-format off
static const struct err_info table[ERR_COUNT] = {
    [OK]                 = {200, EXIT_DONE,      "ok",             "",        ""},
    [ERR_INVALID]        = {400, EXIT_FAILED,    "invalid",        "SY-0400", "The request is not valid"},
    [ERR_UNKNOWN_CALLER] = {401, EXIT_DENIED,    "unauthenticated","AU-0001", "Authentication required"},
    [ERR_FORBIDDEN]      = {403, EXIT_DENIED,    "forbidden",      "AZ-0001", "You may not do this"},
    [ERR_NOT_FOUND]      = {404, EXIT_NOT_FOUND, "not_found",      "RE-0001", "Not found"},
    [ERR_METHOD]         = {405, EXIT_FAILED,    "method",         "SY-0405", "This path does not answer this method"},
    [ERR_TIMEOUT]        = {408, EXIT_FAILED,    "timeout",        "SY-0408", "The request took too long to arrive"},
    [ERR_EXISTS]         = {409, EXIT_CONFLICT,  "exists",         "RE-0002", "It exists already"},
    [ERR_CONFLICT]       = {409, EXIT_CONFLICT,  "conflict",       "RE-0003", "The change does not fit the present state"},
    [ERR_LENGTH]         = {411, EXIT_FAILED,    "length",         "SY-0411", "A request with a body must carry Content-Length"},
    [ERR_PRECONDITION]   = {412, EXIT_CONFLICT,  "precondition",   "SY-0412", "The precondition does not hold"},
    [ERR_TOO_LARGE]      = {413, EXIT_FAILED,    "too_large",      "SY-0413", "The request body is too large"},
    [ERR_URI]            = {414, EXIT_FAILED,    "uri",            "SY-0414", "The request address is too long"},
    [ERR_MEDIA]          = {415, EXIT_FAILED,    "media",          "SY-0415", "This route does not read a body of this Content-Type"},
    [ERR_RANGE]          = {416, EXIT_FAILED,    "range",          "SY-0416", "The range lies outside the content"},
    [ERR_EXPECTATION]    = {417, EXIT_FAILED,    "expectation",    "SY-0417", "The only expectation this server meets is 100-continue"},
    [ERR_MISDIRECTED]    = {421, EXIT_FAILED,    "misdirected",    "SY-0421", "This server does not answer for that host"},
    [ERR_UNPROCESSABLE]  = {422, EXIT_FAILED,    "unprocessable",  "VA-9001", "A field is missing or has the wrong type"},
    [ERR_THROTTLED]      = {429, EXIT_DENIED,    "throttled",      "RL-0001", "Too many tries"},
    [ERR_HEADERS]        = {431, EXIT_FAILED,    "headers",        "SY-0431", "The request header is too large"},
    [ERR_INTERNAL]       = {500, EXIT_FAILED,    "internal",       "SY-9000", "Something went wrong on our side"},
    [ERR_CORRUPT]        = {500, EXIT_FAILED,    "corrupt",        "SY-9001", "Stored bytes are damaged"},
    [ERR_IO]             = {500, EXIT_FAILED,    "io",             "SY-9002", "Reading or writing failed on our side"},
    [ERR_NO_MEMORY]      = {503, EXIT_FAILED,    "no_memory",      "SY-0503", "The server is short of memory"},
    [ERR_BUSY]           = {503, EXIT_FAILED,    "busy",           "SY-0503", "The server is busy"},
    [ERR_NO_SPACE]       = {507, EXIT_FAILED,    "no_space",       "SY-0507", "The disk is full; nothing was stored"},
};
// clang-format on

const struct err_info *err_info(enum err err)
{
    if ((int)err < 0 || err >= ERR_COUNT || table[err].name == NULL)
        return &table[ERR_INTERNAL];
    return &table[err];
}
