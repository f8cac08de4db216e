/* Many needles, found in squeezed text in one pass.
 *
 * The text is looked at every 4 bytes, 7 bytes at a time. A needle of 10 bytes or more has, wherever it begins, at least
 * one such gram that lies whole in it: four are stored, one for each alignment, the rarest that the first bytes offer, so
 * that what many needles share ("postgres://app:") is no gram of any. A small Bloom filter answers for nearly all grams of
 * the text; what passes is looked up and then compared whole.
 */
#include "native.h"

#define GRAM 7
#define STRIDE 4
#define SHORTEST (GRAM + STRIDE - 1)
#define TRIES 12       /* places per alignment among which the rarest gram is chosen */
#define CHAIN 64       /* slots that are counted to tell how rare a gram is */
#define FIRST 1024     /* slots of a new table */
#define EMPTY UINT32_MAX

typedef struct {
    uint64_t gram;
    uint32_t needle; /* EMPTY: no slot */
    uint32_t at;     /* where in the needle the gram stands */
} slot;

typedef struct {
    size_t offset;
    uint32_t length;
    uint32_t tag;
} needle;

typedef struct {
    PyObject_HEAD
    slot *slots;
    size_t mask, used;
    uint64_t *bloom;
    size_t bloom_mask;
    needle *needles;
    size_t count, room;
    uint8_t *arena;
    size_t filled, arena_size;
} table;

static inline uint64_t gram_at(const uint8_t *bytes) {
    uint64_t gram;
    memcpy(&gram, bytes, 8);
    return gram & UINT64_C(0x00FFFFFFFFFFFFFF);
}

static inline uint64_t mixed(uint64_t gram) {
    gram *= UINT64_C(0x9E3779B97F4A7C15);
    return gram ^ gram >> 29;
}

/* Three bits of one word. */
static inline uint64_t bloom_bits(uint64_t hash) {
    return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) | UINT64_C(1) << (hash >> 12 & 63);
}

static inline size_t bloom_word(const table *self, uint64_t hash) { return (size_t)(hash >> 40) & self->bloom_mask; }
static inline size_t slot_of(const table *self, uint64_t hash) { return (size_t)(hash >> 18) & self->mask; }

static int allocate(table *self, size_t slots) {
    slot *fresh = PyMem_RawMalloc(slots * sizeof(slot));
    size_t words = slots / 8;
    uint64_t *bloom = PyMem_RawCalloc(words, sizeof(uint64_t));
    if (!fresh || !bloom) {
        PyMem_RawFree(fresh);
        PyMem_RawFree(bloom);
        PyErr_NoMemory();
        return -1;
    }
    for (size_t at = 0; at < slots; at++) fresh[at].needle = EMPTY;
    slot *old = self->slots;
    size_t old_slots = old ? self->mask + 1 : 0;
    PyMem_RawFree(self->bloom);
    self->slots = fresh;
    self->mask = slots - 1;
    self->bloom = bloom;
    self->bloom_mask = words - 1;
    for (size_t at = 0; at < old_slots; at++) {
        if (old[at].needle == EMPTY) continue;
        uint64_t hash = mixed(old[at].gram);
        size_t place = slot_of(self, hash);
        while (fresh[place].needle != EMPTY) place = (place + 1) & self->mask;
        fresh[place] = old[at];
        bloom[bloom_word(self, hash)] |= bloom_bits(hash);
    }
    PyMem_RawFree(old);
    return 0;
}

static void put(table *self, uint64_t gram, uint32_t which, uint32_t at) {
    uint64_t hash = mixed(gram);
    size_t place = slot_of(self, hash);
    while (self->slots[place].needle != EMPTY) place = (place + 1) & self->mask;
    self->slots[place] = (slot){gram, which, at};
    self->bloom[bloom_word(self, hash)] |= bloom_bits(hash);
    self->used++;
}

static unsigned commonness(const table *self, uint64_t gram) {
    uint64_t hash = mixed(gram), bits = bloom_bits(hash);
    if ((self->bloom[bloom_word(self, hash)] & bits) != bits) return 0;
    unsigned seen = 0, steps = 0;
    for (size_t place = slot_of(self, hash); self->slots[place].needle != EMPTY && steps < CHAIN; steps++) {
        seen += self->slots[place].gram == gram;
        place = (place + 1) & self->mask;
    }
    return seen;
}

static void anchor(table *self, const uint8_t *bytes, uint32_t length, uint32_t which) {
    for (uint32_t shift = 0; shift < STRIDE; shift++) {
        uint32_t best = shift;
        unsigned least = UINT32_MAX;
        for (uint32_t at = shift, tries = 0; at + GRAM <= length && tries < TRIES && least; at += STRIDE, tries++) {
            unsigned common = commonness(self, gram_at(bytes + at));
            if (common < least) least = common, best = at;
        }
        put(self, gram_at(bytes + best), which, best);
    }
}

static int make_room(table *self, size_t more_bytes) {
    if ((self->used + STRIDE) * 8 > (self->mask + 1) * 5 && allocate(self, (self->mask + 1) * 2) < 0) return -1;
    if (self->count == self->room) {
        size_t room = self->room ? self->room * 2 : 256;
        needle *grown = PyMem_RawRealloc(self->needles, room * sizeof(needle));
        if (!grown) return PyErr_NoMemory(), -1;
        self->needles = grown;
        self->room = room;
    }
    if (self->filled + more_bytes + 8 > self->arena_size) { /* a gram is read 8 bytes at a time */
        size_t size = (self->filled + more_bytes + 8) * 2;
        uint8_t *grown = PyMem_RawRealloc(self->arena, size);
        if (!grown) return PyErr_NoMemory(), -1;
        memset(grown + self->arena_size, 0, size - self->arena_size);
        self->arena = grown;
        self->arena_size = size;
    }
    return 0;
}

static PyObject *table_add(table *self, PyObject *args) {
    Py_buffer view;
    Py_ssize_t tag;
    if (!PyArg_ParseTuple(args, "y*n", &view, &tag)) return NULL;
    PyObject *done = NULL;
    size_t length = (size_t)view.len;
    if (length < SHORTEST || length > UINT32_MAX / 2) {
        PyErr_Format(PyExc_ValueError, "a needle has at least %d bytes", SHORTEST);
    } else if (tag < 0 || tag > UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "a tag is an unsigned 32-bit number");
    } else if (self->count >= EMPTY - 1) {
        PyErr_SetString(PyExc_OverflowError, "a table holds fewer than 2^32 needles");
    } else if (make_room(self, length) == 0) {
        uint8_t *kept = self->arena + self->filled;
        memcpy(kept, view.buf, length);
        self->needles[self->count] = (needle){self->filled, (uint32_t)length, (uint32_t)tag};
        self->filled += length;
        anchor(self, kept, (uint32_t)length, (uint32_t)self->count);
        self->count++;
        done = Py_NewRef(Py_None);
    }
    PyBuffer_Release(&view);
    return done;
}

/* Make sure that so many needles more can be added without moving what is there. */
static PyObject *table_reserve(table *self, PyObject *more) {
    size_t needles = PyLong_AsSize_t(more);
    if (PyErr_Occurred()) return NULL;
    size_t slots = self->mask + 1;
    while ((self->used + needles * STRIDE) * 8 > slots * 5) slots *= 2;
    if (slots != self->mask + 1 && allocate(self, slots) < 0) return NULL;
    Py_RETURN_NONE;
}

static int report(const table *self, const slot *found, const uint8_t *text, size_t size, size_t at, PyObject *hits) {
    const needle *which = &self->needles[found->needle];
    if (found->at > at) return 0;
    size_t start = at - found->at;
    if (which->length > size - start || memcmp(self->arena + which->offset, text + start, which->length)) return 0;
    PyObject *hit = Py_BuildValue("Inn", which->tag, (Py_ssize_t)start, (Py_ssize_t)(start + which->length));
    if (!hit) return -1;
    int failed = PyList_Append(hits, hit);
    Py_DECREF(hit);
    return failed;
}

static PyObject *table_find(table *self, PyObject *squeezed) {
    Py_ssize_t length;
    const uint8_t *text = flat_bytes(squeezed, &length);
    if (!text) return NULL;
    size_t size = (size_t)length;
    PyObject *hits = PyList_New(0);
    if (!hits || !self->count) return hits;
    for (size_t at = 0; at + GRAM <= size; at += STRIDE) { /* bytes objects end in one more zero: 8 can be read */
        uint64_t gram = gram_at(text + at), hash = mixed(gram), bits = bloom_bits(hash);
        if ((self->bloom[bloom_word(self, hash)] & bits) != bits) continue;
        for (size_t place = slot_of(self, hash); self->slots[place].needle != EMPTY; place = (place + 1) & self->mask) {
            if (self->slots[place].gram != gram) continue;
            if (report(self, &self->slots[place], text, size, at, hits) < 0) {
                Py_DECREF(hits);
                return NULL;
            }
        }
    }
    return hits;
}

static PyObject *table_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)args;
    (void)kwargs;
    table *self = (table *)type->tp_alloc(type, 0);
    if (self && allocate(self, FIRST) < 0) Py_CLEAR(self);
    return (PyObject *)self;
}

static void table_dealloc(table *self) {
    if (self->arena) memset(self->arena, 0, self->arena_size); /* needles give secrets away */
    PyMem_RawFree(self->slots);
    PyMem_RawFree(self->bloom);
    PyMem_RawFree(self->needles);
    PyMem_RawFree(self->arena);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static Py_ssize_t table_length(table *self) { return (Py_ssize_t)self->count; }

static PyMethodDef methods[] = {
    {"add", (PyCFunction)table_add, METH_VARARGS, "add(needle: bytes, tag: int): from now on, find reports it."},
    {"reserve", (PyCFunction)table_reserve, METH_O, "reserve(count: int): that many needles more move nothing."},
    {"find", (PyCFunction)table_find, METH_O, "find(squeezed: bytes) -> list[(tag, start, end)]: every occurrence."},
    {NULL, NULL, 0, NULL},
};

static PySequenceMethods as_sequence = {.sq_length = (lenfunc)table_length};

PyTypeObject GramTableType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "safety_core._native._c.GramTable",
    .tp_basicsize = sizeof(table),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Needles of 10 bytes or more, found in squeezed text in one pass.",
    .tp_new = table_new,
    .tp_dealloc = (destructor)table_dealloc,
    .tp_methods = methods,
    .tp_as_sequence = &as_sequence,
};
