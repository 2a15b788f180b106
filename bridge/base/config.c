/*
 * config.c - the origins of settings, and which one wins
 *
 * Each origin overwrites what a lower one stored: defaults, file,
 * environment, command line, in this order. Sources are declared by the file
 * and by the command line; the environment, whose names cannot tell a dash
 * from an underscore, only sets what is declared, so the command line is
 * looked through for names of sources before.
 *
 * The file is read by inih. As it is packaged it tells neither line numbers
 * nor sections without keys, cuts long lines in two, and takes an indented
 * line for more of the line above. So it gets its lines from read_line(),
 * which counts them, sees each section begin, refuses what is too long, and
 * drops the indentation.
 */
#include "base/config.h"
#include "base/config_parts.h"
#include "base/digest.h"

#include <ctype.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_LEN = 8 * KIB };

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"
#define DEFAULT_SOURCE "aurix"

/* The file while it is read. */
struct reading {
    struct loading *ld;
    struct place place;
    const char *rest;             /* what was not read yet; terminated */
    const char *section;          /* the table's word; NULL: none yet */
    struct config_source *source; /* in [source NAME] */
    unsigned *seen;               /* a row's line, 0: not yet */
    struct fault *why;
    bool failed;
};

static int bad_line(struct reading *rd, const char *expected)
{
    char at[PLACE_TEXT_MAX];

    /* the line is not shown: it may be a secret */
    return fault_set(rd->why, FAULT_CONFIG, "cannot read %s: expected %s",
                     place_text(&rd->place, at), expected);
}

/* [source NAME] */
static int begin_source(struct reading *rd, const char *name, size_t len)
{
    for (size_t i = 0; i < settings_count; i++)
        if (strcmp(settings[i].section, "source") == 0)
            rd->seen[i] = 0; /* another source, its own keys */
    rd->section = "source";
    return source_add(rd->ld, name, len, &rd->place, &rd->source, rd->why);
}

/* A line "[section]"; `text` is behind the bracket. */
static int begin_section(struct reading *rd, const char *text, size_t len)
{
    const char *close = memchr(text, ']', len);
    char name[64];

    if (close == NULL)
        return bad_line(rd, "[section], the ']' is missing");
    len = (size_t)(close - text);
    if (len >= 6 && memcmp(text, "source", 6) == 0 &&
        (len == 6 || isblank((unsigned char)text[6]))) {
        for (text += 6; isblank((unsigned char)*text);)
            text++;
        while (close > text && isblank((unsigned char)close[-1]))
            close--;
        if (close == text)
            return bad_line(rd, "[source NAME]");
        return begin_source(rd, text, (size_t)(close - text));
    }
    snprintf(name, sizeof(name), "%.*s", (int)len, text);
    for (size_t i = 0; i < settings_count; i++) {
        if (strcmp(settings[i].section, name) == 0) {
            rd->section = settings[i].section;
            return 0;
        }
    }
    return setting_section_unknown(name, &rd->place, rd->why);
}

/* inih's source of lines. NULL: the end, or rd->failed. */
static char *read_line(char *line, int size, void *stream)
{
    struct reading *rd = stream;
    const char *start = rd->rest;
    const char *end;
    size_t len;

    if (*start == '\0' || rd->failed)
        return NULL;
    rd->place.line++;
    end = strchrnul(start, '\n');
    rd->rest = *end == '\0' ? end : end + 1;
    if (rd->place.line == 1 &&
        strncmp(start, BYTE_ORDER_MARK, sizeof(BYTE_ORDER_MARK) - 1) == 0)
        start += sizeof(BYTE_ORDER_MARK) - 1;
    while (start < end && isspace((unsigned char)*start))
        start++;
    len = (size_t)(end - start);
    if (len + 2 >= (size_t)size) {
        bad_line(rd, "a shorter line");
        rd->failed = true;
        return NULL;
    }
    if (*start == '[' && begin_section(rd, start + 1, len - 1) == -1) {
        rd->failed = true;
        return NULL;
    }
    memcpy(line, start, len);
    line[len] = '\n';
    line[len + 1] = '\0';
    return line;
}

/* A row's second line in one section is a mistake; secrets alone add up. */
static int mark_seen(struct reading *rd, const struct setting *setting,
                     const char *label)
{
    unsigned *seen = &rd->seen[setting - settings];
    char at[PLACE_TEXT_MAX];

    if (setting->type == SETTING_SECRET)
        return 0;
    if (*seen != 0)
        return fault_set(rd->why, FAULT_CONFIG,
                         "%s.%s is given for the second time in %s, first in "
                         "line %u",
                         label, setting->key, place_text(&rd->place, at),
                         *seen);
    *seen = rd->place.line;
    return 0;
}

static int set_once(struct reading *rd, const char *key, const char *value)
{
    const struct setting *setting = setting_find(rd->section, key);
    bool of_source = strcmp(rd->section, "source") == 0;
    char label[64];

    snprintf(label, sizeof(label), "%s%s%s", rd->section, of_source ? "." : "",
             of_source ? rd->source->name : "");
    if (setting != NULL && mark_seen(rd, setting, label) == -1)
        return -1;
    if (of_source)
        return source_set(rd->ld, rd->source, key, value, &rd->place, rd->why);
    if (setting == NULL)
        return setting_unknown(rd->section, label, key, &rd->place, rd->why);
    return setting_store(setting, rd->ld->config, label, value, &rd->place,
                         rd->why);
}

/* One key = value of the file; 0 stops inih. */
static int take_pair(void *user, const char *section, const char *key,
                     const char *value)
{
    struct reading *rd = user;
    struct config_pairs *pairs;
    int rc;

    (void)section; /* cut by inih; ours is whole */
    if (rd->section == NULL) {
        rc = bad_line(rd, "a [section] before the first setting");
    } else {
        pairs = pairs_of_section(rd->ld->config, rd->section);
        if (pairs == NULL)
            rc = set_once(rd, key, value);
        else if (pairs == &rd->ld->config->routes)
            rc = route_add(pairs, key, value, &rd->place, rd->why);
        else
            rc = kafka_set(pairs, rd->section, key, value, &rd->place, rd->why);
    }
    rd->failed = rc == -1;
    return !rd->failed;
}

static int parse_file(struct reading *rd)
{
    ini_allow_multiline = false;
    /* a ';' in a password must not cut it: comments have their own line */
    ini_allow_inline_comments = false;
    ini_stop_on_first_error = true;
    ini_use_stack = true; /* the heap is not wiped */
    ini_max_line = LINE_MAX_LEN;
    if (ini_parse_stream(read_line, rd, take_pair, rd) != 0 && !rd->failed)
        return bad_line(rd, "key = value, [section] or a comment");
    return rd->failed ? -1 : 0;
}

static int apply_file(struct loading *ld, const char *path, struct fault *why)
{
    struct buf text = BUF_INIT(LIMIT_CONFIG_FILE);
    struct reading rd = {
        .ld = ld, .place = {PLACE_FILE, path, 0},
             .why = why
    };
    int rc = -1;

    if (path == NULL)
        return 0;
    rd.seen = calloc(settings_count, sizeof(*rd.seen));
    if (rd.seen == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot read '%s'", path);
        goto done;
    }
    if (buf_add_file(&text, path, why) == -1)
        goto done;
    if (memchr(text.data, '\0', text.len) != NULL) {
        fault_set(why, FAULT_CONFIG, "cannot read '%s': it is not text", path);
        goto done;
    }
    rd.rest = text.data;
    rc = parse_file(&rd);

done:
    secret_release(&text); /* it may have some in it */
    free(rd.seen);
    return rc;
}

/* --set section.key=value, taken apart. */
struct set {
    char section[64];
    char key[256];
    const char *value;
};

/* The first dot ends the section; the first '=' behind it the key. */
static int set_split(struct set *set, const char *text, size_t number,
                     struct fault *why)
{
    const char *equals = strchr(text, '=');
    const char *dot =
        equals == NULL ? NULL : memchr(text, '.', (size_t)(equals - text));

    /* not shown: who forgets the '=' may have typed a secret */
    if (dot == NULL || dot == text || dot + 1 == equals ||
        (size_t)(dot - text) >= sizeof(set->section) ||
        (size_t)(equals - dot - 1) >= sizeof(set->key))
        return fault_set(why, FAULT_CONFIG,
                         "cannot read --set number %zu: expected "
                         "section.key=value",
                         number);
    snprintf(set->section, sizeof(set->section), "%.*s", (int)(dot - text),
             text);
    snprintf(set->key, sizeof(set->key), "%.*s", (int)(equals - dot - 1),
             dot + 1);
    set->value = equals + 1;
    return 0;
}

static const struct place command_line = {PLACE_SET, NULL, 0};

/* Length of NAME in the key "NAME.key" of a source; 0 if there is none. */
static size_t source_name_len(const char *key)
{
    const char *dot = strchr(key, '.');

    return dot == NULL || dot[1] == '\0' ? 0 : (size_t)(dot - key);
}

static int declare_sources(struct loading *ld, const char *const *sets,
                           struct fault *why)
{
    struct config_source *source;

    for (size_t i = 0; sets != NULL && sets[i] != NULL; i++) {
        struct set set;
        size_t len;

        if (set_split(&set, sets[i], i + 1, why) == -1)
            return -1;
        len = source_name_len(set.key);
        if (strcmp(set.section, "source") != 0 || len == 0 ||
            source_find(ld->config, set.key, len) != NULL)
            continue;
        if (source_add(ld, set.key, len, &command_line, &source, why) == -1)
            return -1;
    }
    if (ld->config->source_count == 0)
        return source_add(ld, DEFAULT_SOURCE, strlen(DEFAULT_SOURCE),
                          &command_line, &source, why);
    return 0;
}

static int apply_source_set(struct loading *ld, const struct set *set,
                            struct fault *why)
{
    size_t len = source_name_len(set->key);

    if (len == 0)
        return fault_set(why, FAULT_CONFIG,
                         "bad setting 'source.%.64s' in --set: expected "
                         "source.NAME.key",
                         set->key);
    return source_set(ld, source_find(ld->config, set->key, len),
                      set->key + len + 1, set->value, &command_line, why);
}

static int apply_set(struct loading *ld, const struct set *set,
                     struct fault *why)
{
    struct config_pairs *pairs = pairs_of_section(ld->config, set->section);
    const struct setting *setting = setting_find(set->section, set->key);

    if (strcmp(set->section, "source") == 0)
        return apply_source_set(ld, set, why);
    if (pairs == &ld->config->routes)
        return route_add(&ld->set_routes, set->key, set->value, &command_line,
                         why);
    if (pairs != NULL)
        return kafka_set(pairs, set->section, set->key, set->value,
                         &command_line, why);
    if (setting != NULL)
        return setting_store(setting, ld->config, set->section, set->value,
                             &command_line, why);
    if (!setting_section_known(set->section))
        return setting_section_unknown(set->section, &command_line, why);
    return setting_unknown(set->section, set->section, set->key, &command_line,
                           why);
}

static int apply_sets(struct loading *ld, const char *const *sets,
                      struct fault *why)
{
    for (size_t i = 0; sets != NULL && sets[i] != NULL; i++) {
        struct set set;

        if (set_split(&set, sets[i], i + 1, why) == -1 ||
            apply_set(ld, &set, why) == -1)
            return -1;
    }
    return 0;
}

/* What no single setting can tell. */
static int check_together(const struct config *config, struct fault *why)
{
    if (config->topics.min_insync_replicas > config->topics.replication)
        return fault_set(why, FAULT_CONFIG,
                         "topics.min_insync_replicas is %lld, but "
                         "topics.replication %lld: nothing could be written",
                         (long long)config->topics.min_insync_replicas,
                         (long long)config->topics.replication);
    if (config->deliver.notice_ms >= config->deliver.shutdown_ms)
        return fault_set(why, FAULT_CONFIG,
                         "deliver.notice_ms is %lld, but deliver.shutdown_ms "
                         "%lld: no time would be left to finish requests",
                         (long long)config->deliver.notice_ms,
                         (long long)config->deliver.shutdown_ms);
    return 0;
}

/* Texts quote what came, and some of them are read on a terminal. */
static void hide_controls(struct fault *why)
{
    for (char *c = why == NULL ? NULL : why->text; c != NULL && *c != '\0'; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
}

int config_load(struct config *out, const struct config_origin *origin,
                struct buf *warnings, struct fault *why)
{
    struct loading ld = {.config = out};
    int rc = -1;

    memset(out, 0, sizeof(*out));
    if (settings_store_defaults(NULL, out, why) == -1)
        goto done;
    if (apply_file(&ld, origin->file, why) == -1)
        goto done;
    if (declare_sources(&ld, origin->sets, why) == -1)
        goto done;
    if (origin->environment != NULL &&
        environment_apply(&ld, origin->environment, warnings, why) == -1)
        goto done;
    if (apply_sets(&ld, origin->sets, why) == -1)
        goto done;
    if (pairs_finish(&ld, why) == -1 || sources_finish(out, why) == -1)
        goto done;
    rc = check_together(out, why);

done:
    pairs_release(&ld.set_routes);
    if (rc == -1) {
        config_release(out);
        hide_controls(why);
    }
    return rc;
}

void config_release(struct config *config)
{
    settings_release(NULL, config);
    pairs_release(&config->routes);
    pairs_release(&config->kafka);
    pairs_release(&config->producer);
    pairs_release(&config->consumer);
    for (size_t i = 0; i < config->source_count; i++)
        source_release(&config->sources[i]);
    memset(config, 0, sizeof(*config));
}
