/*
 * zip_rules.c - the table of rules.
 *
 * Most archives that break a rule of structure were damaged on the way or made by a tool with a
 * habit; a few were made to look different to two readers. The remedy serves the honest majority.
 */
#include "package/zip_rules.h"

#define REPACK "Make the archive anew, for example with `zip -r` or `larder upload DIR`."
#define RENAME "Rename the member and make the archive anew."
#define SMALLER "Leave out what a worker does not need, such as data sets, or load it at run time."

/* clang-format off */
static const struct {
    const char *id;     /* "zip.overlap" */
    const char *remedy; /* what the author can do */
} rules[ZIP_RULE_COUNT] = {
    [ZIP_FINE]            = {"zip.fine", ""},
    [ZIP_MAGIC]           = {"zip.magic", "Send a ZIP archive with at least one file."},
    [ZIP_END_RECORD]      = {"zip.end_record", REPACK},
    [ZIP_DISKS]           = {"zip.disks", "Make one archive that is not split into parts."},
    [ZIP_ZIP64]           = {"zip.zip64", REPACK},
    [ZIP_DIRECTORY]       = {"zip.directory", REPACK},
    [ZIP_MEMBERS]         = {"zip.members", SMALLER},
    [ZIP_UNPACKED]        = {"zip.unpacked", SMALLER},
    [ZIP_RECORD]          = {"zip.record", REPACK},
    [ZIP_MISMATCH]        = {"zip.mismatch", REPACK},
    [ZIP_OVERLAP]         = {"zip.overlap", REPACK},
    [ZIP_GAP]             = {"zip.gap", REPACK},
    [ZIP_DESCRIPTOR]      = {"zip.descriptor", REPACK},
    [ZIP_EXTRA]           = {"zip.extra", "Make the archive anew without extra fields (`zip -X`)."},
    [ZIP_UNICODE_PATH]    = {"zip.unicode_path", "Make the archive anew without extra fields (`zip -X`)."},
    [ZIP_VERSION]         = {"zip.version", "Make the archive with plain deflate (`zip -r`)."},
    [ZIP_METHOD]          = {"zip.method", "Make the archive with plain deflate (`zip -r`)."},
    [ZIP_ENCRYPTED]       = {"zip.encrypted", "Make the archive without a password."},
    [ZIP_FLAGS]           = {"zip.flags", "Make the archive with plain deflate (`zip -r`)."},
    [ZIP_STORED_SIZE]     = {"zip.stored_size", REPACK},
    [ZIP_MEMBER_SIZE]     = {"zip.member_size", SMALLER},
    [ZIP_RATIO]           = {"zip.ratio", SMALLER},
    [ZIP_LINK]            = {"zip.link", "Put the file itself into the archive (`zip -r` follows links)."},
    [ZIP_FILE_TYPE]       = {"zip.file_type", "Put only files and folders into the archive."},
    [ZIP_FOLDER_DATA]     = {"zip.folder_data", REPACK},
    [ZIP_NAME_EMPTY]      = {"zip.name_empty", RENAME},
    [ZIP_NAME_LENGTH]     = {"zip.name_length", RENAME},
    [ZIP_NAME_DEPTH]      = {"zip.name_depth", "Put the files into fewer folders."},
    [ZIP_NAME_ENCODING]   = {"zip.name_encoding", "Use plain ASCII names, or a tool that marks names as UTF-8 (`larder upload DIR` does)."},
    [ZIP_NAME_CONTROL]    = {"zip.name_control", RENAME},
    [ZIP_NAME_BACKSLASH]  = {"zip.name_backslash", "Use a tool that writes '/' between folders."},
    [ZIP_NAME_COLON]      = {"zip.name_colon", RENAME},
    [ZIP_NAME_ABSOLUTE]   = {"zip.name_absolute", "Make the archive from inside the folder, with relative names."},
    [ZIP_NAME_SEGMENT]    = {"zip.name_segment", "Make the archive from inside the folder, with relative names."},
    [ZIP_DUPLICATE]       = {"zip.duplicate", "Keep one member of this name."},
    [ZIP_COLLISION]       = {"zip.collision", "Rename one of the two: they are one file where letter case or spelling does not count."},
    [ZIP_FILE_AND_FOLDER] = {"zip.file_and_folder", "Rename the file or the folder."},
    [ZIP_DEFLATE]         = {"zip.deflate", REPACK},
    [ZIP_SIZE]            = {"zip.size", REPACK},
    [ZIP_CRC]             = {"zip.crc", REPACK},
};
/* clang-format on */

void zip_broken(struct findings *f, enum zip_rule rule, struct slice member, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    findings_vsay(f, rules[rule].id, rules[rule].remedy, member, fmt, args);
    va_end(args);
}
