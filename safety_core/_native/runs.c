/* Long runs of the characters that tokens and encodings are made of, and which of them deserve a closer look. */
#include "native.h"

#define SHORTEST 16
#define SOME 2  /* characters of a kind from which it is not there by accident */
#define WHOLE 10 /* letters and digits in a row: identifiers are put together from shorter words */
#define ALONE 24 /* length from which a token may be a secret without a name before it */
#define WIDTH 64 /* characters before a run in which that name may stand */
#define MANY 8  /* one character in so many is a digit: chance has more, identifiers fewer */
#define MIXED 1 /* letters and digits as chance has them */
#define CODED 2 /* what it decodes to may be text, or packed */

static inline int inside(uint8_t byte) { return is_alnum(byte) || byte == '+' || byte == '/' || byte == '_' || byte == '-'; }

/* One bit per byte: is it inside of a run. */
typedef uint64_t (*classify)(const uint8_t *bytes);

static uint64_t classify_plain(const uint8_t *bytes) {
    uint64_t mask = 0;
    for (int bit = 0; bit < 64; bit++) mask |= (uint64_t)inside(bytes[bit]) << bit;
    return mask;
}

#if SAFETY_X86
__attribute__((target("ssse3"))) static uint64_t classify_ssse3(const uint8_t *bytes) {
    /* bit 0: 2x, 1: 3x, 2: 4x and 6x, 3: 5x and 7x, 4: 5F */
    const __m128i low = _mm_setr_epi8(10, 14, 14, 14, 14, 14, 14, 14, 14, 14, 12, 5, 4, 5, 4, 21);
    const __m128i high = _mm_setr_epi8(0, 0, 1, 2, 4, 24, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i half = _mm_set1_epi8(15), zero = _mm_setzero_si128();
    uint64_t mask = 0;
    for (int part = 0; part < 4; part++) {
        __m128i block = _mm_loadu_si128((const __m128i *)(bytes + 16 * part));
        __m128i found = _mm_and_si128(_mm_shuffle_epi8(low, _mm_and_si128(block, half)),
                                      _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(block, 4), half)));
        uint64_t none = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(found, zero));
        mask |= (~none & 0xFFFF) << (16 * part);
    }
    return mask;
}
#endif

static classify chosen(void) {
#if SAFETY_X86
    if (simd_level) return classify_ssse3;
#endif
    return classify_plain;
}

/* Where a run of at least SHORTEST may begin at or behind `at`, or `size`. */
typedef struct {
    const uint8_t *flat;
    size_t size;
    size_t block; /* number of the block that `now` is about */
    uint64_t now, next;
    classify mask;
} scan;

static uint64_t block_mask(const scan *self, size_t block) {
    size_t at = block * 64;
    if (at >= self->size) return 0;
    if (at + 64 <= self->size) return self->mask(self->flat + at);
    uint8_t last[64] = {0};
    memcpy(last, self->flat + at, self->size - at);
    return self->mask(last);
}

static uint64_t starts(uint64_t now, uint64_t next) { /* bits at which SHORTEST bits in a row begin */
    unsigned __int128 bits = (unsigned __int128)next << 64 | now;
    bits &= bits >> 1;
    bits &= bits >> 2;
    bits &= bits >> 4;
    bits &= bits >> 8;
    return (uint64_t)bits;
}

static size_t next_start(scan *self, size_t at) {
    size_t blocks = (self->size + 63) / 64;
    for (size_t block = at / 64; block < blocks; block++) {
        if (block != self->block) {
            self->now = block == self->block + 1 ? self->next : block_mask(self, block);
            self->next = block_mask(self, block + 1);
            self->block = block;
        }
        uint64_t found = starts(self->now, self->next);
        if (block == at / 64) found &= ~UINT64_C(0) << (at % 64);
        if (found) return block * 64 + (size_t)__builtin_ctzll(found);
    }
    return self->size;
}

typedef struct {
    size_t digit, upper, lower, plus;
    int hex, upper32, lower32;
} counts;

/* Of a byte: one in the field of its kind (16 bits each: digit, upper, lower, plus), and what it may be part of. */
#define DIGIT (UINT64_C(1))
#define UPPER (UINT64_C(1) << 16)
#define LOWER (UINT64_C(1) << 32)
#define PLUS (UINT64_C(1) << 48)
#define AS_HEX 1
#define AS_UPPER32 2
#define AS_LOWER32 4
#define AS_RUN 8
#define FLUSH 60000 /* bytes after which a field could overflow */

static uint64_t kind_of[256];
static uint8_t part_of[256], six_of[256], five_of[256];

static void make_tables(void) {
    for (int byte = 0; byte < 256; byte++) {
        int digit = byte >= '0' && byte <= '9', upper = byte >= 'A' && byte <= 'Z', lower = byte >= 'a' && byte <= 'z';
        int digit32 = byte >= '2' && byte <= '7';
        kind_of[byte] = digit ? DIGIT : upper ? UPPER : lower ? LOWER : byte == '+' ? PLUS : 0;
        part_of[byte] = (uint8_t)((hex_digit((uint8_t)byte) >= 0 ? AS_HEX : 0) | (upper || digit32 ? AS_UPPER32 : 0) |
                                  (lower || digit32 ? AS_LOWER32 : 0) | (inside((uint8_t)byte) ? AS_RUN : 0));
        six_of[byte] = (uint8_t)(upper ? byte - 'A' : lower ? byte - 'a' + 26 : digit ? byte - '0' + 52 : byte == '+' || byte == '-' ? 62 : 63);
        five_of[byte] = (uint8_t)(digit32 ? byte - '2' + 26 : (byte | 0x20) - 'a');
    }
}

static counts count(const uint8_t *run, size_t length) {
    counts seen = {0};
    unsigned parts = AS_HEX | AS_UPPER32 | AS_LOWER32;
    for (size_t at = 0; at < length;) {
        uint64_t sum = 0;
        for (size_t end = length - at > FLUSH ? at + FLUSH : length; at < end; at++) {
            sum += kind_of[run[at]];
            parts &= part_of[run[at]];
        }
        seen.digit += sum & 0xFFFF;
        seen.upper += sum >> 16 & 0xFFFF;
        seen.lower += sum >> 32 & 0xFFFF;
        seen.plus += sum >> 48;
    }
    seen.hex = parts & AS_HEX;
    seen.upper32 = parts & AS_UPPER32;
    seen.lower32 = parts & AS_LOWER32;
    return seen;
}

/* Whether decoded bytes may be text, packed text or wide text, as coded.py tells it. -1: an exception is set. */
static int utf8_text(const uint8_t *raw, size_t size) {
    PyObject *text = PyUnicode_DecodeUTF8((const char *)raw, (Py_ssize_t)size, "ignore");
    Py_ssize_t kept = 0;
    if (!text || !PyUnicode_AsUTF8AndSize(text, &kept)) {
        Py_XDECREF(text);
        return -1;
    }
    Py_DECREF(text);
    return (size - (size_t)kept) * 10 <= size;
}

/* How many bytes from 0x80 cannot be UTF-8: neither a lead before a continuation, nor a continuation behind one of them.
 * Never more than the decoder leaves out. */
static size_t hopeless(const uint8_t *raw, size_t size) {
    size_t count = 0;
    for (size_t at = 0; at < size; at++) {
        if (raw[at] < 0x80) continue;
        int lead = raw[at] >= 0xC2 && raw[at] <= 0xF4 && at + 1 < size && (raw[at + 1] & 0xC0) == 0x80;
        int rest = raw[at] < 0xC0 && at && raw[at - 1] >= 0x80;
        count += !lead && !rest;
    }
    return count;
}

static int may_be_text(const uint8_t *raw, size_t size) {
    if (size >= 2 && raw[0] == 0x1F && raw[1] == 0x8B) return 1;
    if (size >= 2 && raw[0] == 'x' && (raw[1] == 0x01 || raw[1] == 0x5E || raw[1] == 0x9C || raw[1] == 0xDA)) return 1;
    size_t odd = 0, zeros[2] = {0}, high = 0;
    for (size_t at = 0; at < size; at++) {
        uint8_t byte = raw[at];
        odd += (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n') || byte == 0x7F;
        zeros[at & 1] += !byte;
        high += byte >= 0x80;
    }
    if (size >= 8 && (zeros[0] * 4 > size || zeros[1] * 4 > size)) return 1;
    if (size < 6 || odd * 10 > size) return 0;
    if (high && hopeless(raw, size) * 10 > size) return 0;
    return high ? utf8_text(raw, size) : 1;
}

/* Each decodes a run into `raw` and tells what may_be_text tells of it. */
static int hex_text(const uint8_t *run, size_t length, uint8_t *raw) {
    for (size_t at = 0; at + 2 <= length; at += 2) raw[at / 2] = (uint8_t)(hex_digit(run[at]) << 4 | hex_digit(run[at + 1]));
    return may_be_text(raw, length / 2);
}

static int bits_text(const uint8_t *run, size_t length, int width, uint8_t *raw) {
    const uint8_t *bits = width == 6 ? six_of : five_of;
    uint32_t pending = 0;
    int have = 0;
    size_t size = 0;
    for (size_t at = 0; at < length; at++) {
        pending = pending << width | bits[run[at]];
        have += width;
        if (have >= 8) raw[size++] = (uint8_t)(pending >> (have -= 8));
    }
    return may_be_text(raw, size);
}

/* 1 or 0, or -1 with an exception set. */
static int is_coded(const uint8_t *run, size_t length, const counts *seen) {
    if (!seen->digit && !seen->plus && !(seen->upper && seen->lower)) return 0; /* see is_interesting */
    uint8_t small[256], *raw = length <= sizeof(small) ? small : PyMem_Malloc(length);
    if (!raw) return PyErr_NoMemory(), -1;
    size_t left = length % 8; /* 1, 3 and 6 characters over are no base32 */
    int coded = 0;
    if (seen->hex && length % 2 == 0) coded = hex_text(run, length, raw);
    if (!coded && (seen->upper32 || seen->lower32) && left != 1 && left != 3 && left != 6) coded = bits_text(run, length, 5, raw);
    if (!coded) coded = bits_text(run, length, 6, raw);
    if (raw != small) PyMem_Free(raw);
    return coded;
}

static int is_mixed(size_t length, const counts *seen) {
    if (seen->digit >= SOME && seen->upper >= SOME && seen->lower >= SOME) return 1;
    return seen->digit > SOME && seen->digit * MANY >= length && seen->upper + seen->lower > 0;
}

static int has_whole(const uint8_t *run, size_t length) {
    size_t row = 0;
    for (size_t at = 0; at < length && row < WHOLE; at++) row = is_alnum(run[at]) ? row + 1 : 0;
    return row == WHOLE;
}

/* Whether the run at [at, end) may be chance: what is cheap to tell is asked first. */
static int may_be_chance(const uint8_t *flat, size_t at, size_t end, const counts *seen) {
    size_t length = end - at, before = at < WIDTH ? at : WIDTH;
    if (!is_mixed(length, seen) || !has_whole(flat + at, length)) return 0;
    return (length >= ALONE && !seen->hex) || is_hinted(flat + at - before, before + length);
}

/* Whether a run, of at least SHORTEST, is more than words and paths of one case without a digit. */
static int is_interesting(const uint8_t *run, size_t length) {
#if SAFETY_X86
    __m128i digit = _mm_setzero_si128(), upper = digit, lower = digit;
    for (size_t at = 0; at < length; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(run + (at + 16 <= length ? at : length - 16)));
        digit = _mm_or_si128(digit, _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('/')), _mm_cmpgt_epi8(_mm_set1_epi8('9' + 1), bytes)));
        digit = _mm_or_si128(digit, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('+')));
        upper = _mm_or_si128(upper, _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1)), _mm_cmpgt_epi8(_mm_set1_epi8('Z' + 1), bytes)));
        lower = _mm_or_si128(lower, _mm_cmpgt_epi8(bytes, _mm_set1_epi8('a' - 1)));
    }
    return _mm_movemask_epi8(digit) || (_mm_movemask_epi8(upper) && _mm_movemask_epi8(lower));
#else
    (void)run;
    (void)length;
    return 1; /* is_coded and is_mixed say the same, later */
#endif
}

static int append(PyObject *found, size_t start, size_t end, int kind) {
    PyObject *run = Py_BuildValue("nni", (Py_ssize_t)start, (Py_ssize_t)end, kind);
    int failed = run ? PyList_Append(found, run) : -1;
    Py_XDECREF(run);
    return failed;
}

static int look(PyObject *found, const uint8_t *flat, size_t at, size_t end, size_t least, size_t most) {
    counts seen = count(flat + at, end - at);
    int coded = is_coded(flat + at, end - at, &seen);
    int mixed = end - at >= least && end - at <= most && may_be_chance(flat, at, end, &seen);
    int kind = (mixed ? MIXED : 0) | (coded ? CODED : 0);
    if (coded < 0) return -1;
    return kind ? append(found, at, end, kind) : 0;
}

PyObject *runs(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *flat;
    Py_ssize_t size, least, most;
    if (!PyArg_ParseTuple(args, "Snn", &flat, &least, &most)) return NULL;
    const uint8_t *bytes = flat_bytes(flat, &size);
    PyObject *found = bytes ? PyList_New(0) : NULL;
    if (!found) return NULL;
    if (!part_of['A']) make_tables();
    scan self = {.flat = bytes, .size = (size_t)size, .block = SIZE_MAX - 1, .mask = chosen()};
    for (size_t at = 0; (at = next_start(&self, at)) < self.size;) {
        size_t end = at + SHORTEST;
        while (end < self.size && part_of[bytes[end]] & AS_RUN) end++;
        if (is_interesting(bytes + at, end - at) && look(found, bytes, at, end, (size_t)least, (size_t)most) < 0) {
            Py_DECREF(found);
            return NULL;
        }
        at = end;
    }
    return found;
}
