/* Escapes, tags and invisible characters undone: twin.py has the same as regular expressions, and says what they are.
 *
 * What comes back is only the neighbourhood of what was undone: the rest has been scanned as it stood.
 */
#include "native.h"

#define NEAR 96      /* characters kept on both sides of an escape */
#define FAR 4096     /* further characters, up to the next white space */
#define TAG 80       /* characters of a tag */
#define COMMENT 400  /* characters of a comment */
#define COLUMN 20    /* characters of the last column of a dump, and the two spaces before it */
#define SHORT 16     /* characters of an escape, other than a tag, that waits until a backspace in it is undone */

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

static uint8_t byte_at(const work *self, size_t at) { return at < self->size ? self->flat[at] : BOUNDARY; }
static int hex_at(const work *self, size_t at) { return at < self->size ? hex_digit(self->flat[at]) : -1; }

static int pair_at(const work *self, size_t at) { /* two hex digits, or -1 */
    int high = hex_at(self, at), low = hex_at(self, at + 1);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static int put_code(work *self, uint32_t code) {
    if (!code || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return FOUND; /* comes to nothing */
    int flat = fold_code(code);
    if (flat < 0) return FAILED;
    self->made[self->filled++] = (uint8_t)flat;
    return FOUND;
}

/* Bytes from 0x80 that were written one by one: UTF-8, or else one byte that is no letter. */
static int put_utf8(work *self, const uint8_t *bytes, size_t size) {
    PyObject *text = PyUnicode_DecodeUTF8((const char *)bytes, (Py_ssize_t)size, NULL);
    if (!text) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) return FAILED;
        PyErr_Clear();
        self->made[self->filled++] = OTHER;
        return FOUND;
    }
    int state = FOUND;
    for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(text) && state == FOUND; at++)
        state = put_code(self, PyUnicode_READ_CHAR(text, at));
    Py_DECREF(text);
    return state;
}

/* From `at`, hexadecimal bytes from 0x80 on, each behind what `lead` steps over; the outcome goes where the edit ends. */
typedef int (*lead)(const work *self, size_t *at);

static int high_run(work *self, size_t *at, lead next, size_t least) {
    size_t place = *at, count = 0, room = 0;
    uint8_t *bytes = NULL;
    for (;;) {
        size_t behind = place;
        int value;
        if (count && !next(self, &behind)) break;
        if ((value = pair_at(self, behind)) < 0x80) break;
        if (count == room) {
            uint8_t *grown = PyMem_Realloc(bytes, room = room ? room * 2 : 64);
            if (!grown) {
                PyMem_Free(bytes);
                return PyErr_NoMemory(), FAILED;
            }
            bytes = grown;
        }
        bytes[count++] = (uint8_t)value;
        place = behind + 2;
    }
    int state = NONE;
    if (count >= least) {
        state = put_utf8(self, bytes, count);
        *at = place;
    }
    PyMem_Free(bytes);
    return state;
}

static size_t backslashes(const work *self, size_t at) {
    size_t start = at;
    while (byte_at(self, at) == '\\') at++;
    return at - start;
}

static int lead_slash_x(const work *self, size_t *at) {
    size_t run = backslashes(self, *at);
    if (!run || byte_at(self, *at + run) != 'x') return 0;
    *at += run + 1;
    return 1;
}

static int lead_equals(const work *self, size_t *at) {
    if (byte_at(self, *at) != '=') return 0;
    for (size_t index = 1; index < 3; index++) /* quoted-printable writes upper case */
        if (byte_at(self, *at + index) >= 'a') return 0;
    (*at)++;
    return 1;
}

/* `%` and any number of `25` of which the last may belong to the byte itself; `high` says which kind is wanted. */
static int percent(const work *self, size_t *at, int high) {
    if (byte_at(self, *at) != '%') return 0;
    size_t place = *at + 1, first = place;
    while (byte_at(self, place) == '2' && byte_at(self, place + 1) == '5') place += 2;
    for (;; place -= 2) {
        int value = pair_at(self, place);
        if (value >= 0 && (value >= 0x80) == high) {
            *at = place;
            return 1;
        }
        if (place == first) return 0;
    }
}

static int lead_percent(const work *self, size_t *at) { return percent(self, at, 1); }

/* Each of these looks at `*at`, behind the character that called it, and moves it to the end of what goes. */

static int braced(work *self, size_t *at) {
    uint32_t code = 0;
    size_t place = *at + 2, first = place;
    for (; place - first < 6 && hex_at(self, place) >= 0; place++) code = code << 4 | (uint32_t)hex_at(self, place);
    if (place == first || byte_at(self, place) != '}') return NONE;
    *at = place + 1;
    return put_code(self, code);
}

static int unicode(work *self, size_t *at) {
    if (byte_at(self, *at + 1) == '{') return braced(self, at);
    int high = pair_at(self, *at + 1), low = pair_at(self, *at + 3);
    if (high < 0 || low < 0) return NONE;
    *at += 5;
    return put_code(self, (uint32_t)(high << 8 | low));
}

static int digits_at(const work *self, size_t at, size_t count, uint32_t *code) {
    *code = 0;
    for (size_t index = 0; index < count; index++) {
        int digit = hex_at(self, at + index);
        if (digit < 0) return 0;
        *code = *code << 4 | (uint32_t)digit;
    }
    return 1;
}

static int long_unicode(work *self, size_t *at) { /* U and eight digits, or 00 and four as CSS has it */
    uint32_t code;
    int css = byte_at(self, *at) == '0';
    if (css ? byte_at(self, *at + 1) != '0' || !digits_at(self, *at, 6, &code) : !digits_at(self, *at + 1, 8, &code)) return NONE;
    *at += css ? 6 : 9;
    return put_code(self, code);
}

static int control(work *self, size_t *at) {
    uint8_t byte = byte_at(self, *at);
    if (byte == BOUNDARY || !byte || !strchr("abefnrtv0\"'/", byte)) return NONE;
    (*at)++;
    const char *plain = byte == 'n' ? "\n" : byte == 'r' ? "\r" : byte == 't' ? "\t" : NULL;
    return plain ? put_code(self, (uint8_t)*plain) : strchr("\"'/", byte) ? put_code(self, byte) : FOUND;
}

static int backslash(work *self, size_t *at) {
    size_t run = backslashes(self, *at), behind = *at + run;
    uint8_t byte = byte_at(self, behind);
    int state = NONE;
    if (byte == 'u') state = unicode(self, &behind);
    if (byte == 'U' || byte == '0') state = long_unicode(self, &behind);
    if (byte == 'x') {
        int value = pair_at(self, ++behind);
        if (value >= 0x80) state = high_run(self, &behind, lead_slash_x, 1);
        else if (value >= 0) behind += 2, state = put_code(self, (uint32_t)value);
    }
    if (state == NONE && (byte == '0' || byte == '1')) {
        int second = byte_at(self, behind + 1) - '0', third = byte_at(self, behind + 2) - '0';
        if (second >= 0 && second < 8 && third >= 0 && third < 8) {
            behind += 3;
            state = put_code(self, (uint32_t)((byte - '0') << 6 | second << 3 | third));
        }
    }
    if (state == NONE) {
        behind = *at + run;
        state = control(self, &behind);
    }
    if (state == NONE && run > 1) state = put_code(self, '\\'), behind = *at + run;
    if (state == FOUND) *at = behind;
    return state;
}

static int percents(work *self, size_t *at) {
    size_t behind = *at;
    int state = NONE;
    uint32_t code;
    if (byte_at(self, behind + 1) == 'u' && digits_at(self, behind + 2, 4, &code)) { /* as IIS and JavaScript had it */
        *at += 6;
        return put_code(self, code);
    }
    if (percent(self, &behind, 1)) {
        state = high_run(self, &behind, lead_percent, 1);
    } else if (percent(self, &behind, 0)) {
        state = put_code(self, (uint32_t)pair_at(self, behind));
        behind += 2;
    }
    if (state == FOUND) *at = behind;
    return state;
}

/* Names of characters that stand in secrets (HTML, section "named character references"). */
static const struct {
    const char *name;
    uint8_t byte;
} entities[] = {
    {"Hat", '^'},    {"NewLine", '\n'}, {"Tab", '\t'},  {"amp", '&'},   {"apos", '\''}, {"ast", '*'},    {"bsol", '\\'},
    {"colon", ':'},  {"comma", ','},    {"commat", '@'}, {"dollar", '$'}, {"equals", '='}, {"excl", '!'},  {"grave", '`'},
    {"gt", '>'},     {"lbrace", '{'},   {"lbrack", '['}, {"lcub", '{'},  {"lowbar", '_'}, {"lpar", '('},   {"lsqb", '['},
    {"lt", '<'},     {"midast", '*'},   {"nbsp", ' '},   {"num", '#'},   {"percnt", '%'}, {"period", '.'}, {"plus", '+'},
    {"quest", '?'},  {"quot", '"'},     {"rbrace", '}'}, {"rbrack", ']'}, {"rcub", '}'},  {"rpar", ')'},   {"rsqb", ']'},
    {"semi", ';'},   {"sol", '/'},      {"verbar", '|'}, {"vert", '|'},
};

static int entity(work *self, size_t *at) {
    size_t place = *at + 1, first;
    uint32_t code = 0;
    if (byte_at(self, place) == '#') {
        int base = (byte_at(self, ++place) | 0x20) == 'x' ? 16 : 10;
        if (base == 16) place++;
        size_t most = base == 16 ? 6 : 7;
        for (first = place; place - first < most; place++) {
            int digit = hex_at(self, place);
            if (digit < 0 || digit >= base) break;
            code = code * (uint32_t)base + (uint32_t)digit;
        }
        if (place == first || byte_at(self, place) != ';') return NONE;
        *at = place + 1;
        return put_code(self, code);
    }
    for (first = place; place - first < 8 && is_alnum(byte_at(self, place)); place++) {
    }
    if (byte_at(self, place) != ';') return NONE;
    for (size_t index = 0; index < sizeof(entities) / sizeof(*entities); index++) {
        const char *name = entities[index].name;
        if (strlen(name) == place - first && !memcmp(name, self->flat + first, place - first)) {
            *at = place + 1;
            return put_code(self, entities[index].byte);
        }
    }
    return NONE;
}

static int upper_pair(const work *self, size_t at) { /* two upper-case hex digits behind an equals sign, or -1 */
    return byte_at(self, at) != '=' || byte_at(self, at + 1) >= 'a' || byte_at(self, at + 2) >= 'a' ? -1 : pair_at(self, at + 1);
}

static int equals(work *self, size_t *at) {
    int value = upper_pair(self, *at);
    if (value < 0) return NONE;
    if (value >= 0x80) {
        size_t behind = *at + 1;
        int state = high_run(self, &behind, lead_equals, 2);
        if (state == FOUND) *at = behind;
        return state;
    }
    if (upper_pair(self, *at + 3) < 0 && (*at < 3 || upper_pair(self, *at - 3) < 0)) return NONE;
    *at += 3;
    return put_code(self, (uint32_t)value);
}

static int is_word(uint8_t byte) { return byte == '_' || is_alnum(byte); }
static int is_blank(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

static int u_plus(work *self, size_t *at) { /* at the U */
    uint32_t code = 0;
    size_t place = *at + 2, first = place;
    for (; place - first < 6 && hex_at(self, place) >= 0; place++) code = code << 4 | (uint32_t)hex_at(self, place);
    if (place - first < 4 || is_word(byte_at(self, place))) return NONE;
    if (byte_at(self, place) == ' ' || byte_at(self, place) == ',') place++;
    *at = place;
    return put_code(self, code);
}

static int zero_x(work *self, size_t *at) { /* at the 0 */
    int value = pair_at(self, *at + 2);
    if (value < 0x20 || value > 0x7F || is_word(byte_at(self, *at + 4)) || (*at && is_word(self->flat[*at - 1]))) return NONE;
    size_t place = *at + 4;
    for (int left = 3; left && (byte_at(self, place) == ',' || byte_at(self, place) == ';' || is_blank(byte_at(self, place))); left--)
        place++;
    *at = place;
    return put_code(self, (uint32_t)value);
}

static int tag(work *self, size_t *at) {
    size_t place = *at + 1;
    if (byte_at(self, place) == '!' && byte_at(self, place + 1) == '-' && byte_at(self, place + 2) == '-') {
        size_t first = place + 3;
        for (place = first; place - first <= COMMENT && place < self->size; place++) {
            if (self->flat[place] == '-' && byte_at(self, place + 1) == '-' && byte_at(self, place + 2) == '>') {
                *at = place + 3;
                return FOUND;
            }
            if (self->flat[place] == BOUNDARY) return NONE;
        }
        return NONE;
    }
    if (byte_at(self, place) == '/') place++;
    uint8_t letter = byte_at(self, place) | 0x20;
    if (letter < 'a' || letter > 'z') return NONE;
    size_t first = ++place;
    for (; place - first <= TAG && place < self->size; place++) {
        uint8_t byte = self->flat[place];
        if (byte == '>') {
            *at = place + 1;
            return FOUND;
        }
        if (byte == '<' || byte == BOUNDARY) return NONE;
    }
    return NONE;
}

/* chr(65), CHAR(65), ChrW(65): at the bracket. */
static int call(work *self, size_t *start, size_t *end) {
    static const char *const names[] = {"rhc", "rahc", "wrhc"}; /* from their ends */
    size_t place = *start + 1, first = place, named = 0;
    uint32_t code = 0;
    for (; place - first < 7 && byte_at(self, place) >= '0' && byte_at(self, place) <= '9'; place++)
        code = code * 10 + (uint32_t)(self->flat[place] - '0');
    if (place == first || byte_at(self, place) != ')') return NONE;
    for (size_t index = 0; index < 3 && !named; index++) {
        size_t length = strlen(names[index]), same = 0;
        while (same < length && *start > same && (self->flat[*start - same - 1] | 0x20) == (uint8_t)names[index][same]) same++;
        if (same == length) named = length;
    }
    if (!named) return NONE;
    *start -= named;
    *end = place + 1;
    return put_code(self, code);
}

/* What a terminal takes for a colour or the like (ECMA-48, control sequences). */
static int colour(work *self, size_t *at) {
    size_t place = *at + 1, first = place + 1;
    if (byte_at(self, place) != '[') return NONE;
    for (place = first; place - first < 20 && byte_at(self, place) >= '0' && byte_at(self, place) <= '?'; place++) {
    }
    if (byte_at(self, place) < '@' || byte_at(self, place) > '~') return NONE;
    *at = place + 1;
    return FOUND;
}

/* Between two lines of a hexadecimal dump: the column of characters, the line's end, the address. At the line's end. */
static int dump_line(work *self, size_t *start, size_t *end) {
    size_t place = *start + 1, first = place;
    for (; place - first < 8 && hex_at(self, place) >= 0; place++)
        if (place - first < 3 && self->flat[place] != '0') return NONE;
    if (place - first < 7) return NONE;
    if (byte_at(self, place) == ':') place++;
    first = place;
    while (place - first < 2 && byte_at(self, place) == ' ') place++;
    if (place == first) return NONE;
    size_t column = *start > self->done + COLUMN ? *start - COLUMN : self->done;
    for (size_t at = *start; at > column; at--)
        if (self->flat[at - 1] == '\n') column = at;
    while (column < *start && !(self->flat[column] == ' ' && self->flat[column + 1] == ' ')) column++;
    *start = column;
    *end = place;
    return FOUND;
}

/* A character and the backspace behind it. At the backspace. */
static int erased(const work *self, size_t *start, size_t *end) {
    if (!*start || self->flat[*start - 1] == '\b' || self->flat[*start - 1] == BOUNDARY) return NONE;
    *end = (*start)-- + 1;
    return FOUND;
}

/* Which bytes may begin an escape, or stand in one: \ % & = < NUL BS x + and ESC, by the low and the high half of
 * the byte (a bit stands for a high half); a bracket before a digit and a line's end before a zero, since text is full of both. */
static const uint8_t low_half[16] = {1, 0, 0, 0, 0, 2, 2, 0, 17, 0, 0, 34, 12, 4, 0, 0};
static const uint8_t high_half[16] = {1, 32, 2, 4, 0, 8, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0};

static inline int calls(const uint8_t *at) { /* one more byte can be read, see flat_bytes */
    return (low_half[*at & 15] & high_half[*at >> 4]) || (*at == '(' && at[1] >= '0' && at[1] <= '9') || (*at == '\n' && at[1] == '0');
}

#if SAFETY_X86
__attribute__((target("ssse3"))) static size_t skip_calm_ssse3(const uint8_t *flat, size_t at, size_t size) {
    const __m128i low = _mm_loadu_si128((const __m128i *)low_half), high = _mm_loadu_si128((const __m128i *)high_half);
    const __m128i half = _mm_set1_epi8(15);
    for (; at + 16 <= size; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(flat + at)), next = _mm_loadu_si128((const __m128i *)(flat + at + 1));
        __m128i found = _mm_and_si128(_mm_shuffle_epi8(low, _mm_and_si128(bytes, half)),
                                      _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(bytes, 4), half)));
        __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(next, _mm_set1_epi8('0' - 1)), _mm_cmpgt_epi8(_mm_set1_epi8('9' + 1), next));
        __m128i bracket = _mm_and_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('(')), digit);
        __m128i line = _mm_and_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(next, _mm_set1_epi8('0')));
        found = _mm_or_si128(found, _mm_or_si128(bracket, line));
        unsigned none = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(found, _mm_setzero_si128()));
        if (none != 0xFFFF) return at + (size_t)__builtin_ctz(~none);
    }
    return at;
}
#endif

static size_t next_call(const work *self, size_t at) {
#if SAFETY_X86
    if (simd_level) at = skip_calm_ssse3(self->flat, at, self->size);
#endif
    while (at < self->size && !calls(self->flat + at)) at++;
    return at;
}

static int at_call(work *self, size_t *start, size_t *end) {
    switch (self->flat[*start]) {
    case '\\': return backslash(self, end);
    case '%': return percents(self, end);
    case '&': return entity(self, end);
    case '=': return equals(self, end);
    case '<': return tag(self, end);
    case INVISIBLE: return (*end)++, FOUND;
    case '\b': return erased(self, start, end);
    case '(': return call(self, start, end);
    case 0x1B: return colour(self, end);
    case '\n': return dump_line(self, start, end);
    case 'x':
        if (!*start || self->flat[*start - 1] != '0') return NONE;
        *end = --*start;
        return zero_x(self, end);
    default: /* + */
        if (!*start || self->flat[*start - 1] != 'U') return NONE;
        *end = --*start;
        return u_plus(self, end);
    }
}

static int add(work *self, size_t start, size_t end, size_t from) {
    if (self->count == self->room) {
        size_t room = self->room ? self->room * 2 : 64;
        edit *grown = PyMem_Realloc(self->edits, room * sizeof(edit));
        if (!grown) return PyErr_NoMemory(), FAILED;
        self->edits = grown;
        self->room = room;
    }
    self->edits[self->count++] = (edit){(uint32_t)start, (uint32_t)end, (uint32_t)from, (uint32_t)(self->filled - from)};
    return FOUND;
}

/* Whether an escape must wait for the next pass: a backspace reaches into it, or it is a tag with an escape in it, which
 * would go unseen. */
static int waits(work *self, size_t at, size_t start, size_t end) {
    int is_tag = self->flat[at] == '<', state = NONE;
    if (self->flat[at] == '\b') return NONE;
    if ((is_tag || end - start <= SHORT) && memchr(self->flat + start, '\b', end - start + 1)) return FOUND; /* see flat_bytes */
    for (size_t place = at + 1; is_tag && state == NONE && (place = next_call(self, place)) < end; place++) {
        size_t first = place, last = place;
        if (self->flat[place] != '<') state = at_call(self, &first, &last);
    }
    return state;
}

static int collect(work *self) {
    for (size_t at = 0; (at = next_call(self, at)) < self->size;) {
        size_t start = at, end = at, from = self->filled, filled;
        int state = at_call(self, &start, &end), wait = NONE;
        filled = self->filled;
        if (state == FOUND && start >= self->done) wait = waits(self, at, start, end);
        if (state == FAILED || wait == FAILED) return FAILED;
        self->filled = filled;
        if (wait == FOUND) state = NONE;
        if (state == FOUND && start >= self->done) {
            if (add(self, start, end, from) == FAILED) return FAILED;
            at = self->done = end;
        } else {
            self->filled = from;
            at++;
        }
    }
    return FOUND;
}

/* Out it goes: each edit with its neighbourhood, gaps as one BOUNDARY. `trail` tells where what came from lies. */
typedef struct {
    uint8_t *out;
    size_t length;
    uint32_t *trail;
    size_t marks;
} result;

static void mark(result *self, size_t size, size_t start, size_t end) {
    uint32_t *four = self->trail + 4 * self->marks++;
    four[0] = (uint32_t)self->length;
    four[1] = (uint32_t)(self->length += size);
    four[2] = (uint32_t)start;
    four[3] = (uint32_t)end;
}

static void copy(result *self, const work *source, size_t start, size_t end) {
    memcpy(self->out + self->length, source->flat + start, end - start);
    self->length += end - start;
}

static void gap(result *self, size_t start, size_t end) {
    if (start == end) return;
    self->out[self->length] = BOUNDARY;
    mark(self, 1, start, end);
}

static int stops(uint8_t byte) { return byte == BOUNDARY || is_blank(byte); }

static size_t reach_back(const work *self, size_t start, size_t least) {
    if (start - least <= NEAR) return least;
    size_t at = start - NEAR, far = at - least > FAR ? at - FAR : least;
    while (at > far && !stops(self->flat[at - 1])) at--;
    return at;
}

/* `seen` is where the last search ended: edits come in order, so from here to there nothing stops. */
static size_t reach_on(const work *self, size_t end, size_t *seen) {
    if (self->size - end <= NEAR) return self->size;
    size_t at = end + NEAR, far = self->size - at > FAR ? at + FAR : self->size;
    if (at < *seen) at = *seen;
    while (at < far && !stops(self->flat[at])) at++;
    return *seen = at;
}

static void emit(const work *self, result *out) {
    size_t copied = 0, seen = 0;
    for (size_t index = 0; index < self->count;) {
        size_t from = reach_back(self, self->edits[index].start, copied), until;
        gap(out, copied, from);
        copied = from;
        do {
            const edit *one = &self->edits[index++];
            copy(out, self, copied, one->start);
            memcpy(out->out + out->length, self->made + one->from, one->size);
            mark(out, one->size, one->start, one->end);
            copied = one->end;
            until = reach_on(self, copied, &seen);
        } while (index < self->count && self->edits[index].start <= until);
        copy(out, self, copied, until);
        copied = until;
    }
    gap(out, copied, self->size);
}

PyObject *unescaped(PyObject *module, PyObject *flat) {
    (void)module;
    Py_ssize_t size;
    work self = {0};
    result out = {0};
    PyObject *text = NULL, *trail = NULL, *both = NULL;
    if (!(self.flat = flat_bytes(flat, &size))) return NULL;
    if (size > INT32_MAX) return PyErr_SetString(PyExc_OverflowError, "more than 2 GiB at once"), NULL;
    self.size = (size_t)size;
    if (!(self.made = PyMem_Malloc(self.size + 4))) return PyErr_NoMemory();
    if (collect(&self) == FAILED) goto done;
    if (!self.count) {
        both = Py_NewRef(Py_None);
        goto done;
    }
    text = PyBytes_FromStringAndSize(NULL, size + 2);
    trail = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)((2 * self.count + 1) * 4 * sizeof(uint32_t)));
    if (!text || !trail) goto done;
    out.out = (uint8_t *)PyBytes_AS_STRING(text);
    out.trail = (uint32_t *)(void *)PyBytes_AS_STRING(trail);
    emit(&self, &out);
    if (_PyBytes_Resize(&text, (Py_ssize_t)out.length) < 0) goto done;
    if (_PyBytes_Resize(&trail, (Py_ssize_t)(out.marks * 4 * sizeof(uint32_t))) < 0) goto done;
    both = PyTuple_Pack(2, text, trail);
done:
    Py_XDECREF(text);
    Py_XDECREF(trail);
    PyMem_Free(self.edits);
    PyMem_Free(self.made);
    return both;
}
