#include "format/regex.h"

#include "base/buf.h"
#include "base/limits.h"
#include "format/ecma.h"
#include "format/plain.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

enum {
    JIT_STACK_START = 32 * KIB,
    HEAP_MAX_KIB = 4 * KIB, /* of a match where there is no JIT: 4 MiB */

    /*
     * Of a search, in PCRE2's units. A plain one spends about one on each
     * character. What needs more goes back and forth, and may do so up to the
     * second limit, which takes some milliseconds: so often in a document.
     */
    LIMIT_BASE = 16 * KIB,
    LIMIT_PER_BYTE = 2,
    LIMIT_HEAVY = 2 * MIB,
    HEAVY_MAX = 64
};

struct regex {
    bool is_plain;
    struct plain plain; /* then it is all that is needed */
    pcre2_code *code;
    bool jit;
};

struct regex_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    uint32_t limit; /* the one that is set */
    unsigned heavy; /* searches that needed the second limit */
};

static pcre2_code *compile(struct slice pattern, struct fault *why)
{
    const uint32_t options =
        PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
        PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *code = NULL;
    PCRE2_UCHAR text[128];
    PCRE2_SIZE at;
    int error;

    if (context == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a regular expression");
        return NULL;
    }
    pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
    code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len, options, &error,
                         &at, context);
    pcre2_compile_context_free(context);
    if (code != NULL)
        return code;
    if (error == PCRE2_ERROR_HEAP_FAILED) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a regular expression");
        return NULL;
    }
    pcre2_get_error_message(error, text, sizeof(text));
    fault_set(why, FAULT_CONFIG, "not a usable regular expression: %s",
              (const char *)text);
    return NULL;
}

static pcre2_code *translate_and_compile(struct slice pattern,
                                         struct fault *why)
{
    struct buf translated = BUF_INIT(LIMIT_PATTERN);
    pcre2_code *code = NULL;

    if (ecma_translate(&translated, pattern, why) == 0)
        code = compile(buf_slice(&translated), why);
    buf_release(&translated);
    return code;
}

int regex_new(struct regex **out, struct slice pattern, struct fault *why)
{
    struct regex *regex = calloc(1, sizeof(*regex));
    int rc = -1;

    if (regex == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a regular expression");
        goto done;
    }
    regex->code = translate_and_compile(pattern, why);
    if (regex->code == NULL)
        goto done;
    regex->is_plain = plain_parse(&regex->plain, pattern);
    /* Where the system forbids it, the interpreter does the same, slower. */
    if (!regex->is_plain)
        regex->jit = pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE) == 0;
    *out = regex;
    regex = NULL; /* handed over */
    rc = 0;

done:
    regex_free(regex);
    return rc;
}

bool regex_compiles(struct slice pattern, bool *exhausted)
{
    struct fault why = FAULT_INIT;
    pcre2_code *code = translate_and_compile(pattern, &why);

    if (code == NULL && why.kind != FAULT_CONFIG)
        *exhausted = true;
    pcre2_code_free(code);
    return code != NULL;
}

void regex_free(struct regex *regex)
{
    if (regex == NULL)
        return;
    pcre2_code_free(regex->code);
    free(regex);
}

int regex_scratch_new(struct regex_scratch **out, struct fault *why)
{
    struct regex_scratch *scratch = calloc(1, sizeof(*scratch));

    if (scratch == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a scratch");
    scratch->data = pcre2_match_data_create(1, NULL);
    scratch->context = pcre2_match_context_create(NULL);
    scratch->stack =
        pcre2_jit_stack_create(JIT_STACK_START, LIMIT_JIT_STACK, NULL);
    if (scratch->data == NULL || scratch->context == NULL) {
        regex_scratch_free(scratch);
        return fault_set(why, FAULT_NOMEM, "cannot allocate a scratch");
    }
    pcre2_set_heap_limit(scratch->context, HEAP_MAX_KIB);
    if (scratch->stack != NULL)
        pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
    *out = scratch;
    return 0;
}

void regex_scratch_free(struct regex_scratch *scratch)
{
    if (scratch == NULL)
        return;
    pcre2_jit_stack_free(scratch->stack);
    pcre2_match_context_free(scratch->context);
    pcre2_match_data_free(scratch->data);
    free(scratch);
}

void regex_scratch_reset(struct regex_scratch *scratch) { scratch->heavy = 0; }

/* As pcre2_match(). */
static int search(const struct regex *regex, struct slice text, uint32_t limit,
                  struct regex_scratch *scratch)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)text.data;

    if (limit != scratch->limit) {
        scratch->limit = limit;
        pcre2_set_match_limit(scratch->context, limit);
    }
    /* Without its own stack JIT code would take 32 KiB of the thread's. */
    if (regex->jit && scratch->stack != NULL)
        return pcre2_jit_match(regex->code, subject, text.len, 0, 0,
                               scratch->data, scratch->context);
    return pcre2_match(regex->code, subject, text.len, 0,
                       PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, scratch->data,
                       scratch->context);
}

enum regex_answer regex_search(const struct regex *regex, struct slice text,
                               struct regex_scratch *scratch)
{
    uint32_t limit = LIMIT_BASE;
    int rc;

    if (regex->is_plain)
        return plain_matches(&regex->plain, text) ? REGEX_MATCH
                                                  : REGEX_NO_MATCH;
    if (text.len > LIMIT_BASE / LIMIT_PER_BYTE)
        limit = text.len < UINT32_MAX / LIMIT_PER_BYTE
                    ? (uint32_t)text.len * LIMIT_PER_BYTE
                    : UINT32_MAX;
    rc = search(regex, text, limit, scratch);
    if (rc == PCRE2_ERROR_MATCHLIMIT && limit < LIMIT_HEAVY &&
        scratch->heavy < HEAVY_MAX) {
        scratch->heavy++;
        rc = search(regex, text, LIMIT_HEAVY, scratch);
    }
    if (rc >= 0)
        return REGEX_MATCH;
    return rc == PCRE2_ERROR_NOMATCH ? REGEX_NO_MATCH : REGEX_EXHAUSTED;
}

const char *regex_version(void)
{
    static char text[64] = "PCRE2 ";
    int len = pcre2_config(PCRE2_CONFIG_VERSION, NULL);

    /* Every writer writes the same, so it does not matter who is first. */
    if (len > 0 && (size_t)len < sizeof(text) - 6)
        pcre2_config(PCRE2_CONFIG_VERSION, text + 6);
    return text;
}
