/* Flat bytes -> their letters and digits in lower case. Bytes from 0x80 are other letters and stay as they are.
 *
 * Vectors are stored whole: what is kept never reaches as far as what was read, so no store goes beyond the end.
 */
#include "native.h"

static inline int kept(uint8_t byte) { return byte >= 0x80 || is_alnum(byte); }

static size_t squeeze_plain(const uint8_t *in, size_t size, uint8_t *out) {
    size_t length = 0;
    for (size_t at = 0; at < size; at++) {
        uint8_t byte = in[at];
        out[length] = byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
        length += (size_t)kept(byte);
    }
    return length;
}

#if SAFETY_X86
/* For each mask of eight bytes, the order that brings those which are kept to the front. */
static uint8_t order[256][8];

static void make_order(void) {
    for (int mask = 0; mask < 256; mask++) {
        int length = 0;
        for (int bit = 0; bit < 8; bit++)
            if (mask >> bit & 1) order[mask][length++] = (uint8_t)bit;
        while (length < 8) order[mask][length++] = 0x80;
    }
}

__attribute__((target("ssse3,popcnt"))) static size_t squeeze_ssse3(const uint8_t *in, size_t size, uint8_t *out) {
    if (!order[1][1]) make_order();
    const __m128i bit5 = _mm_set1_epi8(0x20);
    size_t length = 0, at = 0;
    for (; at + 16 <= size; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(in + at));
        __m128i low = _mm_or_si128(bytes, bit5);
        /* signed comparisons: bytes from 0x80 are negative */
        __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(low, _mm_set1_epi8('a' - 1)), _mm_cmpgt_epi8(_mm_set1_epi8('z' + 1), low));
        __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('0' - 1)), _mm_cmpgt_epi8(_mm_set1_epi8('9' + 1), bytes));
        __m128i high = _mm_cmpgt_epi8(_mm_setzero_si128(), bytes);
        letter = _mm_andnot_si128(high, letter);
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letter, digit), high));
        __m128i folded = _mm_or_si128(bytes, _mm_and_si128(letter, bit5));
        unsigned first = mask & 0xFF, second = mask >> 8;
        __m128i head = _mm_shuffle_epi8(folded, _mm_loadl_epi64((const __m128i *)order[first]));
        _mm_storel_epi64((__m128i *)(out + length), head);
        length += (size_t)__builtin_popcount(first);
        __m128i tail = _mm_shuffle_epi8(_mm_srli_si128(folded, 8), _mm_loadl_epi64((const __m128i *)order[second]));
        _mm_storel_epi64((__m128i *)(out + length), tail);
        length += (size_t)__builtin_popcount(second);
    }
    return length + squeeze_plain(in + at, size - at, out + length);
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt"))) static size_t
squeeze_avx512(const uint8_t *in, size_t size, uint8_t *out) {
    size_t length = 0, at = 0;
    const __m512i bit5 = _mm512_set1_epi8(0x20);
    for (; at + 64 <= size; at += 64) {
        __m512i bytes = _mm512_loadu_si512(in + at);
        __m512i low = _mm512_or_si512(bytes, bit5);
        __mmask64 high = _mm512_movepi8_mask(bytes);
        __mmask64 letter = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(low, _mm512_set1_epi8('a')), _mm512_set1_epi8(26)) & ~high;
        __mmask64 digit = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8('0')), _mm512_set1_epi8(10));
        __mmask64 keep = high | letter | digit;
        __m512i folded = _mm512_mask_mov_epi8(bytes, letter, low);
        _mm512_storeu_si512(out + length, _mm512_maskz_compress_epi8(keep, folded));
        length += (size_t)__builtin_popcountll(keep);
    }
    return length + squeeze_plain(in + at, size - at, out + length);
}
#endif

static size_t squeeze_into(const uint8_t *in, size_t size, uint8_t *out) {
#if SAFETY_X86
    if (simd_level >= 2) return squeeze_avx512(in, size, out);
    if (simd_level == 1) return squeeze_ssse3(in, size, out);
#endif
    return squeeze_plain(in, size, out);
}

PyObject *squeeze(PyObject *module, PyObject *flat) {
    (void)module;
    Py_ssize_t size;
    const uint8_t *in = flat_bytes(flat, &size);
    if (!in) return NULL;
    PyObject *short_bytes = PyBytes_FromStringAndSize(NULL, size);
    if (!short_bytes) return NULL;
    size_t length = squeeze_into(in, (size_t)size, (uint8_t *)PyBytes_AS_STRING(short_bytes));
    _PyBytes_Resize(&short_bytes, (Py_ssize_t)length); /* sets NULL and an exception when it fails */
    return short_bytes;
}

PyObject *positions(PyObject *module, PyObject *flat) {
    (void)module;
    Py_ssize_t size;
    const uint8_t *in = flat_bytes(flat, &size);
    if (!in) return NULL;
    if (size > INT32_MAX) return PyErr_SetString(PyExc_OverflowError, "more than 2 GiB at once"), NULL;
    PyObject *found = PyBytes_FromStringAndSize(NULL, (size + 1) * (Py_ssize_t)sizeof(uint32_t));
    if (!found) return NULL;
    uint32_t *out = (uint32_t *)(void *)PyBytes_AS_STRING(found);
    size_t length = 0;
    for (Py_ssize_t at = 0; at < size; at++) {
        out[length] = (uint32_t)at;
        length += (size_t)kept(in[at]);
    }
    _PyBytes_Resize(&found, (Py_ssize_t)(length * sizeof(uint32_t)));
    return found;
}

/* Whether `needle` stands in `flat`: looked for by its first and its last byte at once. */
static int stands_in(const uint8_t *flat, size_t size, const uint8_t *needle, size_t length) {
    if (!length || length > size) return !length;
    size_t at = 0, last = size - length; /* the last place at which it may begin */
#if SAFETY_X86
    const __m128i head = _mm_set1_epi8((char)needle[0]), tail = _mm_set1_epi8((char)needle[length - 1]);
    for (; at + 16 <= last + 1; at += 16) {
        __m128i firsts = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(flat + at)), head);
        __m128i lasts = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(flat + at + length - 1)), tail);
        for (unsigned both = (unsigned)_mm_movemask_epi8(_mm_and_si128(firsts, lasts)); both; both &= both - 1)
            if (!memcmp(flat + at + __builtin_ctz(both), needle, length)) return 1;
    }
#endif
    for (; at <= last; at++)
        if (!memcmp(flat + at, needle, length)) return 1;
    return 0;
}

PyObject *contains(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *flat, *needle;
    if (!PyArg_ParseTuple(args, "SS", &flat, &needle)) return NULL;
    Py_ssize_t size, length;
    const uint8_t *text = flat_bytes(flat, &size), *wanted = flat_bytes(needle, &length);
    return PyBool_FromLong(stands_in(text, (size_t)size, wanted, (size_t)length));
}
