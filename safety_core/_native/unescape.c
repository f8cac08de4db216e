/* Escapes, tags and invisible characters of a text undone; escapes.py and neighbourhood.py are the same in Python.
 *
 * What comes back is only the neighbourhood of what was undone: the rest has been scanned as it stood.
 */
#include "escape.h"

#define NEAR 96      /* characters kept on both sides of an escape */
#define FAR 4096     /* further characters, up to the next white space */
#define SHORT 16     /* characters of an escape, other than a tag, that waits until a backspace in it is undone */

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
        if (self->flat[place] != '<') state = escape_at(self, &first, &last);
    }
    return state;
}

static int collect(work *self) {
    for (size_t at = 0; (at = next_call(self, at)) < self->size;) {
        size_t start = at, end = at, from = self->filled, filled;
        int state = escape_at(self, &start, &end), wait = NONE;
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
