/*
 * xml.h - the small part of XML in which object stores answer, read strictly.
 *
 * Elements, attributes (skipped), text and the five named entities with the numbered ones. Anything
 * else ends the reading: a document type, processing instructions but the first line, comments,
 * CDATA. So there is nothing to expand and nothing to fetch. The bytes come from a stranger: depth,
 * names and the whole have ceilings, and everything is UTF-8 or refused.
 */
#ifndef LARDER_NET_XML_H
#define LARDER_NET_XML_H

#include "base/arena.h"
#include "base/str.h"

enum { XML_DEPTH = 16, XML_NAME = 64 };

enum xml_kind {
    XML_OPEN,  /* name: the element's, without its prefix */
    XML_CLOSE, /* name: the same again */
    XML_TEXT,  /* text: unescaped, in the arena; whole, never in pieces, never only white space
                  between elements */
    XML_END,   /* the root element is closed and nothing follows */
    XML_WRONG  /* not XML as read here, or no memory; stays so */
};

struct xml {
    struct arena *arena;
    struct slice rest;
    struct slice open[XML_DEPTH]; /* full names of the elements that are open */
    size_t depth;
    bool begun, wrong;
    bool closing; /* an empty element still owes its XML_CLOSE */
    bool leaf;    /* nothing has come since the last XML_OPEN */
    struct slice name, text;
};

void xml_start(struct xml *x, struct arena *arena, struct slice document);
enum xml_kind xml_next(struct xml *x);

#endif
