/* Between escape.c, which reads one escape, and unescape.c, which undoes those of a text. */
#ifndef SAFETY_ESCAPE_H
#define SAFETY_ESCAPE_H

#include "native.h"

typedef struct {
    uint32_t start, end; /* of what goes */
    uint32_t from, size; /* of what comes, in `made` */
} edit;

typedef struct {
    const uint8_t *flat;
    size_t size;
    edit *edits;
    size_t count, room;
    uint8_t *made; /* never more than the escapes themselves: one byte stands for at least two */
    size_t filled;
    size_t done; /* end of the last edit */
} work;

enum { NONE = 0, FOUND = 1, FAILED = -1 };

static inline int is_blank(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/* Look whether something is to be undone at `*start`, which equals `*end`: both move to where it begins and ends. What it
 * comes to is appended to `made`. */
extern int escape_at(work *self, size_t *start, size_t *end);

#endif
