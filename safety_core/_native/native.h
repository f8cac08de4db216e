/* What the parts of the extension share. Everything works on *flat* bytes: one byte per character (see fold.py). */
#ifndef SAFETY_NATIVE_H
#define SAFETY_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define INVISIBLE 0x00 /* a format character: neither shown nor a separator */
#define OTHER 0x01     /* a symbol or anything else that is no letter or digit */
#define BOUNDARY 0xFF  /* stands for a placeholder or a gap; nothing matches across it */

#if defined(__x86_64__) && defined(__GNUC__)
#define SAFETY_X86 1
#include <immintrin.h>
#else
#define SAFETY_X86 0
#endif

/* 0: plain C, 1: SSSE3, 2: AVX-512 with VBMI2. Set once when the module is loaded; tests lower it. */
extern int simd_level;

/* One byte per code point, by pages of 256 that Python fills when they are first met. */
extern const uint8_t *fold_page(uint32_t page); /* NULL with an exception set */
extern int fold_code(uint32_t code);            /* the byte, or -1 with an exception set */
extern PyObject *set_fold(PyObject *module, PyObject *callable);
extern PyObject *flatten(PyObject *module, PyObject *text);

extern PyObject *squeeze(PyObject *module, PyObject *flat);
extern PyObject *json_view(PyObject *module, PyObject *args);
extern PyObject *json_trail(PyObject *module, PyObject *raw);
extern PyObject *positions(PyObject *module, PyObject *flat);
extern PyObject *contains(PyObject *module, PyObject *args);
extern PyObject *set_usual(PyObject *module, PyObject *table);
extern PyObject *usual_share(PyObject *module, PyObject *token);
extern PyObject *word_letters(PyObject *module, PyObject *token);
extern int is_hinted(const uint8_t *text, size_t size); /* a word of names that promise a secret stands in it */
extern PyObject *hinted(PyObject *module, PyObject *token);
extern PyObject *entropy(PyObject *module, PyObject *token);
extern PyObject *unescaped(PyObject *module, PyObject *flat);
extern PyObject *runs(PyObject *module, PyObject *args);
extern PyTypeObject GramTableType;

/* The bytes of a bytes object, or NULL with TypeError. There is always one more zero byte behind them. */
static inline const uint8_t *flat_bytes(PyObject *object, Py_ssize_t *size) {
    if (!PyBytes_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "bytes are wanted");
        return NULL;
    }
    *size = PyBytes_GET_SIZE(object);
    return (const uint8_t *)PyBytes_AS_STRING(object);
}

static inline int hex_digit(uint8_t byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static inline int is_alnum(uint8_t byte) {
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

#endif
