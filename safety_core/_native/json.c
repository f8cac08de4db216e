/* A JSON text as it reads: well-formed, no key twice, and with its escapes undone, in flat bytes.
 *
 * Checks what RFC 8259 asks and what this project asks beyond it. Where it is not sure, it says so, and the caller asks
 * Python's parser: what is accepted here is accepted there, never the other way round.
 */
#include "native.h"

#define DEEPEST 60       /* of 64 that are allowed: the last few are left to Python */
#define LONGEST_NUMBER 200 /* so that no number reaches infinity or Python's own limit on digits */

typedef struct {
    uint64_t hash; /* 0: no key */
    uint32_t object;
    const uint8_t *key;
    size_t length;
} entry;

typedef struct {
    const uint8_t *at, *end;
    uint8_t *out;
    int strict;
    entry *keys;
    size_t mask, used;
    uint8_t *decoded; /* keys that were written with escapes, as UTF-8 */
    size_t filled, decoded_size;
    uint32_t objects;
    uint8_t *view;   /* where `out` began */
    uint32_t *trail; /* escapes as unescaped() tells them, in characters; only where they are asked for */
    size_t marks, room, longer;
    int trailing;
} reader;

enum { FINE = 0, UNSURE = 1, FAILED = -1 }; /* FAILED: an exception is set */

static int is_space(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

static void skip(reader *self) {
    while (self->at < self->end && is_space(*self->at)) *self->out++ = *self->at++;
}

/* One character of UTF-8 (RFC 3629) from 0x80 on; half surrogates only where the text is not strict. */
static int character(reader *self, uint32_t *code) {
    const uint8_t *at = self->at;
    size_t left = (size_t)(self->end - at);
    uint32_t lead = at[0];
    size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < size) return UNSURE;
    uint32_t value = lead & (0xFFu >> (size + 1));
    for (size_t index = 1; index < size; index++) {
        if ((at[index] & 0xC0) != 0x80) return UNSURE;
        value = value << 6 | (at[index] & 0x3F);
    }
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[size] || value > 0x10FFFF) return UNSURE;
    if (value >= 0xD800 && value < 0xE000 && self->strict) return UNSURE;
    self->at += size;
    *code = value;
    return FINE;
}

static int four_digits(const uint8_t *at, const uint8_t *end, uint32_t *code) {
    if (end - at < 4) return UNSURE;
    *code = 0;
    for (int index = 0; index < 4; index++) {
        int digit = hex_digit(at[index]);
        if (digit < 0) return UNSURE;
        *code = *code << 4 | (uint32_t)digit;
    }
    return FINE;
}

/* One escape; `at` is behind the backslash. */
static int escape(reader *self, uint32_t *code) {
    if (self->at == self->end) return UNSURE;
    uint8_t kind = *self->at++;
    switch (kind) {
    case '"': case '\\': case '/': *code = kind; return FINE;
    case 'b': *code = '\b'; return FINE;
    case 'f': *code = '\f'; return FINE;
    case 'n': *code = '\n'; return FINE;
    case 'r': *code = '\r'; return FINE;
    case 't': *code = '\t'; return FINE;
    case 'u': break;
    default: return UNSURE;
    }
    if (four_digits(self->at, self->end, code) != FINE) return UNSURE;
    self->at += 4;
    if (*code < 0xD800 || *code >= 0xE000) return FINE;
    uint32_t low;
    if (*code < 0xDC00 && self->end - self->at >= 6 && self->at[0] == '\\' && self->at[1] == 'u' &&
        four_digits(self->at + 2, self->end, &low) == FINE && low >= 0xDC00 && low < 0xE000) {
        self->at += 6;
        *code = 0x10000 + ((*code - 0xD800) << 10 | (low - 0xDC00));
        return FINE;
    }
    return self->strict ? UNSURE : FINE;
}

/* Note that an escape of so many characters came to the one that stands at `out` now. */
static int note(reader *self, size_t length) {
    if (self->marks == self->room) {
        size_t room = self->room ? self->room * 2 : 64;
        uint32_t *grown = PyMem_Realloc(self->trail, room * 4 * sizeof(uint32_t));
        if (!grown) return PyErr_NoMemory(), FAILED;
        self->trail = grown;
        self->room = room;
    }
    uint32_t *four = self->trail + 4 * self->marks++;
    size_t place = (size_t)(self->out - self->view);
    four[0] = (uint32_t)place;
    four[1] = (uint32_t)(place + 1);
    four[2] = (uint32_t)(place + self->longer);
    four[3] = (uint32_t)(place + self->longer + length);
    self->longer += length - 1;
    return FINE;
}

/* Copy characters that stand for themselves, up to the first that does not. */
static void copy_plain(reader *self) {
#if SAFETY_X86 /* SSE2 is part of the architecture */
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), first = _mm_set1_epi8(0x20);
    while (self->end - self->at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)self->at);
        __m128i odd = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, slash)),
                                   _mm_cmpgt_epi8(first, bytes)); /* signed: below 0x20, and from 0x80 */
        unsigned mask = (unsigned)_mm_movemask_epi8(odd);
        _mm_storeu_si128((__m128i *)self->out, bytes);
        unsigned plain = mask ? (unsigned)__builtin_ctz(mask) : 16;
        self->at += plain;
        self->out += plain;
        if (mask) return;
    }
#endif
    while (self->at < self->end && *self->at >= 0x20 && *self->at < 0x80 && *self->at != '"' && *self->at != '\\')
        *self->out++ = *self->at++;
}

/* A string; `at` is at its quote. `escapes` tells whether it has any. */
static int string(reader *self, int *escapes) {
    *escapes = 0;
    *self->out++ = *self->at++;
    for (;;) {
        copy_plain(self);
        if (self->at == self->end) return UNSURE;
        uint8_t byte = *self->at;
        uint32_t code;
        if (byte == '"') {
            *self->out++ = *self->at++;
            return FINE;
        }
        if (byte == '\\') {
            const uint8_t *start = self->at++;
            *escapes = 1;
            if (escape(self, &code) != FINE) return UNSURE;
            if (self->trailing && note(self, (size_t)(self->at - start)) != FINE) return FAILED;
        } else if (byte < 0x20 || character(self, &code) != FINE) {
            return UNSURE;
        }
        int flat = fold_code(code);
        if (flat < 0) return FAILED;
        *self->out++ = (uint8_t)flat;
    }
}

static size_t as_utf8(uint32_t code, uint8_t *out) {
    if (code < 0x80) return out[0] = (uint8_t)code, 1;
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t index = size - 1; index; index--, code >>= 6) out[index] = (uint8_t)(0x80 | (code & 0x3F));
    out[0] = (uint8_t)((0xF00 >> size & 0xFF) | code);
    return size;
}

/* Write the key in [at, end), which has escapes, as UTF-8; the escapes have been checked. */
static const uint8_t *without_escapes(reader *self, const uint8_t *at, const uint8_t *end, size_t *length) {
    uint8_t *start = self->decoded + self->filled, *out = start;
    reader inner = *self;
    inner.at = at;
    inner.end = end;
    while (inner.at < end) {
        if (*inner.at != '\\') {
            *out++ = *inner.at++;
            continue;
        }
        uint32_t code = 0;
        inner.at++;
        (void)escape(&inner, &code);
        out += as_utf8(code, out);
    }
    *length = (size_t)(out - start);
    self->filled += *length;
    return start;
}

static int grow_keys(reader *self) {
    size_t slots = self->keys ? (self->mask + 1) * 2 : 64;
    entry *fresh = PyMem_Calloc(slots, sizeof(entry));
    if (!fresh) return PyErr_NoMemory(), FAILED;
    for (size_t at = 0; self->keys && at <= self->mask; at++) {
        if (!self->keys[at].hash) continue;
        size_t place = self->keys[at].hash & (slots - 1);
        while (fresh[place].hash) place = (place + 1) & (slots - 1);
        fresh[place] = self->keys[at];
    }
    PyMem_Free(self->keys);
    self->keys = fresh;
    self->mask = slots - 1;
    return FINE;
}

/* Remember a key of an object; UNSURE when it has it already. Python's keyed hash keeps collisions from being made. */
static int remember(reader *self, uint32_t object, const uint8_t *key, size_t length) {
    if ((!self->keys || self->used * 2 > self->mask) && grow_keys(self) != FINE) return FAILED;
    uint64_t hash = (uint64_t)PyHash_GetFuncDef()->hash(key, (Py_ssize_t)length);
    hash = (hash ^ object * UINT64_C(0x9E3779B97F4A7C15)) | UINT64_C(1) << 63;
    size_t place = hash & self->mask;
    for (; self->keys[place].hash; place = (place + 1) & self->mask) {
        const entry *other = &self->keys[place];
        if (other->hash == hash && other->object == object && other->length == length && !memcmp(other->key, key, length))
            return UNSURE;
    }
    self->keys[place] = (entry){hash, object, key, length};
    self->used++;
    return FINE;
}

static int key(reader *self, uint32_t object) {
    if (self->at == self->end || *self->at != '"') return UNSURE;
    const uint8_t *start = self->at + 1;
    int escapes, state = string(self, &escapes);
    if (state != FINE) return state;
    size_t length = (size_t)(self->at - 1 - start);
    if (escapes) start = without_escapes(self, start, start + length, &length);
    if ((state = remember(self, object, start, length)) != FINE) return state;
    skip(self);
    if (self->at == self->end || *self->at != ':') return UNSURE;
    *self->out++ = *self->at++;
    skip(self);
    return FINE;
}

static int digits(reader *self) {
    const uint8_t *start = self->at;
    while (self->at < self->end && *self->at >= '0' && *self->at <= '9') *self->out++ = *self->at++;
    return self->at > start ? FINE : UNSURE;
}

static int number(reader *self) {
    const uint8_t *start = self->at;
    if (*self->at == '-') *self->out++ = *self->at++;
    if (self->at < self->end && *self->at == '0') *self->out++ = *self->at++;
    else if (digits(self) != FINE) return UNSURE;
    if (self->at < self->end && *self->at == '.') {
        *self->out++ = *self->at++;
        if (digits(self) != FINE) return UNSURE;
    }
    if (self->at < self->end && (*self->at | 0x20) == 'e') {
        *self->out++ = *self->at++;
        if (self->at < self->end && (*self->at == '+' || *self->at == '-')) *self->out++ = *self->at++;
        const uint8_t *exponent = self->at;
        if (digits(self) != FINE || self->at - exponent > 2) return UNSURE;
    }
    return self->at - start <= LONGEST_NUMBER ? FINE : UNSURE;
}

static int word(reader *self, const char *text, size_t length) {
    if ((size_t)(self->end - self->at) < length || memcmp(self->at, text, length)) return UNSURE;
    memcpy(self->out, text, length);
    self->at += length;
    self->out += length;
    return FINE;
}

static int scalar(reader *self) {
    int escapes;
    switch (*self->at) {
    case '"': return string(self, &escapes);
    case 't': return word(self, "true", 4);
    case 'f': return word(self, "false", 5);
    case 'n': return word(self, "null", 4);
    default: return number(self);
    }
}

/* A document, without recursion. `open[depth]` is the number of the object that is open there, 0 for an array. */
static int document(reader *self) {
    uint32_t open[DEEPEST];
    int depth = 0, state;
    skip(self);
    for (;;) {
        if (self->at == self->end) return UNSURE;
        uint8_t byte = *self->at;
        if (byte == '{' || byte == '[') {
            if (depth == DEEPEST) return UNSURE;
            open[depth++] = byte == '{' ? ++self->objects : 0;
            *self->out++ = *self->at++;
            skip(self);
            if (self->at == self->end) return UNSURE;
            if (*self->at != (byte == '{' ? '}' : ']')) {
                if (byte == '{' && (state = key(self, open[depth - 1])) != FINE) return state;
                continue;
            }
        } else if ((state = scalar(self)) != FINE) {
            return state;
        }
        for (;;) { /* behind a value, or at the bracket that closes an empty one */
            skip(self);
            if (!depth) return self->at == self->end ? FINE : UNSURE;
            if (self->at == self->end) return UNSURE;
            byte = *self->at;
            *self->out++ = *self->at++;
            if (byte == ',') break;
            if (byte != (open[depth - 1] ? '}' : ']')) return UNSURE;
            depth--;
        }
        skip(self);
        if (open[depth - 1] && (state = key(self, open[depth - 1])) != FINE) return state;
    }
}

/* Read `raw` to its end; `view` is where it goes to, as long as the text: what is written never gets ahead of what is
 * read, so no vector store goes beyond the end either. */
static int read_all(reader *self, const Py_buffer *raw, uint8_t *view) {
    self->at = raw->buf;
    self->end = self->at + raw->len;
    self->out = self->view = view;
    /* escapes only shrink, so all keys together fit in as much as the text takes */
    self->decoded = PyMem_Malloc((size_t)raw->len + 4);
    int state = self->decoded ? document(self) : (PyErr_NoMemory(), FAILED);
    PyMem_Free(self->decoded);
    PyMem_Free(self->keys);
    return state;
}

PyObject *json_view(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer raw;
    reader self = {0};
    if (!PyArg_ParseTuple(args, "y*p", &raw, &self.strict)) return NULL;
    PyObject *view = PyBytes_FromStringAndSize(NULL, raw.len);
    int state = view ? read_all(&self, &raw, (uint8_t *)PyBytes_AS_STRING(view)) : FAILED;
    PyBuffer_Release(&raw);
    if (state == FINE) {
        _PyBytes_Resize(&view, self.out - self.view);
        return view;
    }
    Py_XDECREF(view);
    if (state == FAILED) return NULL;
    Py_RETURN_NONE;
}

PyObject *json_trail(PyObject *module, PyObject *text) {
    (void)module;
    Py_buffer raw;
    reader self = {.trailing = 1};
    if (PyObject_GetBuffer(text, &raw, PyBUF_SIMPLE) < 0) return NULL;
    uint8_t *view = PyMem_Malloc((size_t)raw.len);
    int state = view ? read_all(&self, &raw, view) : (PyErr_NoMemory(), FAILED);
    PyObject *trail = NULL;
    if (state == FINE)
        trail = PyBytes_FromStringAndSize((const char *)self.trail, (Py_ssize_t)(self.marks * 4 * sizeof(uint32_t)));
    else if (state == UNSURE)
        trail = Py_NewRef(Py_None);
    PyMem_Free(self.trail);
    PyMem_Free(view);
    PyBuffer_Release(&raw);
    return trail;
}
