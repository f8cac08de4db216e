/* Does a token look like words or like chance: trigrams and entropy, as words.py tells them. */
#include "native.h"

#include <math.h>

#define TRIGRAMS (26 * 26 * 26)
static uint8_t usual[TRIGRAMS / 8];

PyObject *set_usual(PyObject *module, PyObject *table) {
    (void)module;
    Py_ssize_t size;
    const uint8_t *bits = flat_bytes(table, &size);
    if (!bits) return NULL;
    if (size != (Py_ssize_t)sizeof(usual)) {
        PyErr_SetString(PyExc_ValueError, "one bit for each trigram of letters is wanted");
        return NULL;
    }
    memcpy(usual, bits, sizeof(usual));
    Py_RETURN_NONE;
}

static double share(const uint8_t *text, size_t size) {
    size_t seen = 0, known = 0, length = 0;
    unsigned index = 0;
    for (size_t at = 0; at < size; at++) {
        uint8_t byte = text[at];
        unsigned letter = (unsigned)(byte >= 'A' && byte <= 'Z' ? byte - 'A' : byte - 'a');
        if (letter > 25) {
            length = 0;
            continue;
        }
        index = (index % (26 * 26)) * 26 + letter;
        if (++length < 3) continue;
        known += usual[index >> 3] >> (index & 7) & 1;
        seen++;
    }
    return seen ? (double)known / (double)seen : 0.0;
}

PyObject *usual_share(PyObject *module, PyObject *token) {
    (void)module;
    Py_ssize_t size;
    const uint8_t *text = flat_bytes(token, &size);
    return text ? PyFloat_FromDouble(share(text, (size_t)size)) : NULL;
}

static int is_lower(uint8_t byte) { return byte >= 'a' && byte <= 'z'; }
static int is_upper(uint8_t byte) { return byte >= 'A' && byte <= 'Z'; }

PyObject *word_letters(PyObject *module, PyObject *token) {
    (void)module;
    Py_ssize_t length;
    const uint8_t *text = flat_bytes(token, &length);
    if (!text) return NULL;
    size_t size = (size_t)length, letters = 0;
    for (size_t at = 0; at < size;) { /* [A-Z]?[a-z]+ or else [A-Z]+ */
        size_t end = at;
        if (is_lower(text[at]) || (is_upper(text[at]) && at + 1 < size && is_lower(text[at + 1]))) {
            for (end = at + 1; end < size && is_lower(text[end]); end++) {
            }
        } else {
            while (end < size && is_upper(text[end])) end++;
        }
        if (end - at > 3 && share(text + at, end - at) >= 0.5) letters += end - at;
        at = end > at ? end : at + 1;
    }
    return PyLong_FromSize_t(letters);
}

PyObject *entropy(PyObject *module, PyObject *token) {
    (void)module;
    Py_ssize_t size;
    const uint8_t *text = flat_bytes(token, &size);
    if (!text) return NULL;
    size_t count[256] = {0};
    uint8_t order[256];
    size_t kinds = 0;
    for (Py_ssize_t at = 0; at < size; at++)
        if (!count[text[at]]++) order[kinds++] = text[at];
    double bits = 0.0; /* in the order in which they first stand, so that the sum is the same to the last bit */
    for (size_t kind = 0; kind < kinds; kind++) {
        double part = (double)count[order[kind]] / (double)size;
        bits += part * log2(part);
    }
    return PyFloat_FromDouble(size ? -bits : 0.0);
}

/* Words of names that promise a secret, by their first letter; words.py has the same. */
static const char *const hints[26][3] = {
    ['a' - 'a'] = {"api", "auth", "access"}, ['b' - 'a'] = {"bearer"},         ['c' - 'a'] = {"cred"},  ['j' - 'a'] = {"jwt"},
    ['k' - 'a'] = {"key"},                   ['l' - 'a'] = {"licen"},          ['n' - 'a'] = {"nonce"}, ['o' - 'a'] = {"otp"},
    ['p' - 'a'] = {"pass", "pwd", "private"}, ['s' - 'a'] = {"secret", "salt"}, ['t' - 'a'] = {"token"}, ['w' - 'a'] = {"webhook"},
};

static int begins(const uint8_t *text, size_t size, const char *word) {
    size_t at = 0;
    for (; word[at]; at++)
        if (at == size || (text[at] | 0x20) != (uint8_t)word[at]) return 0;
    return 1;
}

int is_hinted(const uint8_t *text, size_t size) {
    for (size_t at = 0; at < size; at++) {
        unsigned letter = (unsigned)((text[at] | 0x20) - 'a');
        if (letter > 25) continue;
        for (size_t index = 0; index < 3 && hints[letter][index]; index++)
            if (begins(text + at, size - at, hints[letter][index])) return 1;
    }
    return 0;
}

PyObject *hinted(PyObject *module, PyObject *token) {
    (void)module;
    Py_ssize_t size;
    const uint8_t *text = flat_bytes(token, &size);
    return text ? PyBool_FromLong(is_hinted(text, (size_t)size)) : NULL;
}
