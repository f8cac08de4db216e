/* One escape, tag or invisible character: what it stands for. escapes.py has the same as a regular expression. */
#include "escape.h"

#define TAG 80       /* characters of a tag */
#define COMMENT 400  /* characters of a comment */
#define COLUMN 20    /* characters of the last column of a dump, and the two spaces before it */

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

int escape_at(work *self, size_t *start, size_t *end) {
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
