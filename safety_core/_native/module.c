/* The extension of `safety_core._native`. twin.py is the same in Python; tests hold the two to the same results. */
#include "native.h"

int simd_level;

static int best_level(void) {
#if SAFETY_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi"))
        return 2;
    if (__builtin_cpu_supports("ssse3") && __builtin_cpu_supports("popcnt")) return 1;
#endif
    return 0;
}

static PyObject *use_level(PyObject *module, PyObject *wanted) {
    (void)module;
    long level = PyLong_AsLong(wanted);
    if (level == -1 && PyErr_Occurred()) return NULL;
    int best = best_level();
    simd_level = level < 0 ? 0 : level < best ? (int)level : best;
    return PyLong_FromLong(simd_level);
}

static PyMethodDef methods[] = {
    {"set_fold", set_fold, METH_O, "set_fold(page_of): page_of(n) -> the 256 bytes that stand for code points 256 n to 256 n + 255."},
    {"flatten", flatten, METH_O, "flatten(text: str) -> bytes: one byte per character."},
    {"squeeze", squeeze, METH_O, "squeeze(flat: bytes) -> bytes: letters and digits, in lower case."},
    {"json_view", json_view, METH_VARARGS, "json_view(raw: bytes, strict: bool) -> bytes | None: flat, escapes undone; None: ask Python."},
    {"json_trail", json_trail, METH_O, "json_trail(raw: bytes) -> bytes | None: the way back from the view's characters to the text's."},
    {"positions", positions, METH_O, "positions(flat: bytes) -> bytes: for each byte of squeeze(flat), where it comes from, as uint32."},
    {"contains", contains, METH_VARARGS, "contains(flat: bytes, needle: bytes) -> bool"},
    {"unescaped", unescaped, METH_O, "unescaped(flat: bytes) -> tuple[bytes, bytes] | None: neighbourhoods of escapes, and the way back."},
    {"runs", runs, METH_VARARGS, "runs(flat: bytes, least: int, most: int) -> list[(start, end, kind)]: runs that deserve a closer look."},
    {"set_usual", set_usual, METH_O, "set_usual(table: bytes): one bit for each trigram of letters, set for the usual ones."},
    {"usual_share", usual_share, METH_O, "usual_share(token: bytes) -> float: share of usual ones among its trigrams."},
    {"word_letters", word_letters, METH_O, "word_letters(token: bytes) -> int: how many of its letters belong to words."},
    {"hinted", hinted, METH_O, "hinted(text: bytes) -> bool: a word of names that promise a secret stands in it."},
    {"entropy", entropy, METH_O, "entropy(token: bytes) -> float: bits per character."},
    {"use_level", use_level, METH_O, "use_level(n: int) -> int: use at most this level of vector instructions (0: none)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_c",
    .m_doc = "Squeeze, gram table, JSON view, escapes and runs, on flat bytes.",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__c(void) {
    simd_level = best_level();
    if (PyType_Ready(&GramTableType) < 0) return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddObjectRef(module, "GramTable", (PyObject *)&GramTableType) < 0) Py_CLEAR(module);
    return module;
}
