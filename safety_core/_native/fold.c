/* Text -> flat bytes. */
#include "native.h"

#define PAGES 0x1100
static uint8_t *pages[PAGES];
static PyObject *page_of; /* page number -> 256 bytes */

PyObject *set_fold(PyObject *module, PyObject *callable) {
    (void)module;
    if (!PyCallable_Check(callable)) {
        PyErr_SetString(PyExc_TypeError, "a callable is wanted");
        return NULL;
    }
    Py_INCREF(callable);
    Py_XSETREF(page_of, callable);
    Py_RETURN_NONE;
}

const uint8_t *fold_page(uint32_t page) {
    if (page >= PAGES) {
        PyErr_SetString(PyExc_ValueError, "no such code point");
        return NULL;
    }
    if (pages[page]) return pages[page];
    if (!page_of) {
        PyErr_SetString(PyExc_RuntimeError, "set_fold comes first");
        return NULL;
    }
    PyObject *made = PyObject_CallFunction(page_of, "I", page);
    if (!made) return NULL;
    if (!PyBytes_Check(made) || PyBytes_GET_SIZE(made) != 256) {
        PyErr_SetString(PyExc_TypeError, "a page is 256 bytes");
        Py_DECREF(made);
        return NULL;
    }
    uint8_t *kept = PyMem_Malloc(256);
    if (!kept) {
        Py_DECREF(made);
        PyErr_NoMemory();
        return NULL;
    }
    memcpy(kept, PyBytes_AS_STRING(made), 256);
    Py_DECREF(made);
    pages[page] = kept;
    return kept;
}

int fold_code(uint32_t code) {
    if (code < 0x80) return (int)code;
    const uint8_t *page = fold_page(code >> 8);
    return page ? page[code & 0xFF] : -1;
}

PyObject *flatten(PyObject *module, PyObject *text) {
    (void)module;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "text is wanted");
        return NULL;
    }
    if (PyUnicode_READY(text) < 0) return NULL;
    Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    PyObject *flat = PyBytes_FromStringAndSize(NULL, size);
    if (!flat) return NULL;
    uint8_t *out = (uint8_t *)PyBytes_AS_STRING(flat);
    const void *data = PyUnicode_DATA(text);
    int kind = PyUnicode_KIND(text);
    if (PyUnicode_IS_ASCII(text)) {
        memcpy(out, data, (size_t)size);
        return flat;
    }
    for (Py_ssize_t at = 0; at < size; at++) {
        uint32_t code = kind == PyUnicode_1BYTE_KIND   ? ((const Py_UCS1 *)data)[at]
                        : kind == PyUnicode_2BYTE_KIND ? ((const Py_UCS2 *)data)[at]
                                                       : ((const Py_UCS4 *)data)[at];
        const uint8_t *page = pages[code >> 8];
        if (!page && !(page = fold_page(code >> 8))) {
            Py_DECREF(flat);
            return NULL;
        }
        out[at] = page[code & 0xFF];
    }
    return flat;
}
