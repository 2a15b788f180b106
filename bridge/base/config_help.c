/*
 * config_help.c - the table of settings, for people
 *
 * --help for a terminal, docs/configuration.md for everything else. Both are
 * made from the rows; only what no row can tell is prose, in
 * config_prose.c.
 */
#include "base/config_parts.h"
#include "base/config_prose.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 78, INDENT = 6 };

/* "100 to 60000 ms"; short, where setting_expected() is a sentence's part */
static void values_text(const struct setting *setting, char *out, size_t size)
{
    static const char *const words[] = {
        [SETTING_TEXT] = "text",       [SETTING_PATH] = "URL path",
        [SETTING_TOPIC] = "topic",     [SETTING_GROUP] = "group",
        [SETTING_WORD] = NULL,         [SETTING_CHOICE] = NULL,
        [SETTING_INT] = NULL,          [SETTING_BOOL] = "true or false",
        [SETTING_SECRET] = "a secret", [SETTING_LISTED] = "text",
    };
    char expected[SETTING_EXPECTED_MAX];

    if (setting->type == SETTING_INT && setting->choices == NULL)
        snprintf(out, size, "%lld to %lld%s%s", (long long)setting->min,
                 (long long)setting->max, setting->unit == NULL ? "" : " ",
                 setting->unit == NULL ? "" : setting->unit);
    else if (words[setting->type] == NULL)
        snprintf(out, size, "%s", setting_expected(setting, expected));
    else
        snprintf(out, size, "%s", words[setting->type]);
}

/* One paragraph, indented and wrapped; its code marks become quotes. */
static int add_wrapped(struct buf *out, const char *text, struct fault *why)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        const char *gap = " ";

        if (column == 0 || column + 1 + len > WIDTH) {
            if (buf_addf(out, why, "%s%*s", column == 0 ? "" : "\n", INDENT,
                         "") == -1)
                return -1;
            column = INDENT;
            gap = "";
        }
        if (buf_addf(out, why, "%s", gap) == -1)
            return -1;
        column += strlen(gap) + len;
        for (size_t i = 0; i < len; i++)
            if (buf_add(out, text[i] == '`' ? "'" : text + i, 1, why) == -1)
                return -1;
        text += len + (text[len] == ' ');
    }
    return buf_add_text(out, "\n", why);
}

static int help_row(struct buf *out, const struct setting *setting,
                    struct fault *why)
{
    bool of_source = strcmp(setting->section, "source") == 0;
    char values[SETTING_EXPECTED_MAX];
    const char *value = setting->fallback == NULL ? "" : setting->fallback;

    values_text(setting, values, sizeof(values));
    if (strcmp(setting->section, "routes") == 0)
        snprintf(values, sizeof(values), "topic");
    if (buf_addf(out, why, "  %s%s.%s=%s  (%s)\n", setting->section,
                 of_source ? ".NAME" : "", setting->key, value, values) == -1)
        return -1;
    return add_wrapped(out, setting->help, why);
}

int config_help(struct buf *out, enum config_command command, struct fault *why)
{
    size_t rows = 0;

    for (size_t i = 0; i < settings_count; i++) {
        if ((settings[i].commands & (unsigned)command) == 0)
            continue;
        if (rows++ == 0 && buf_add_text(out, prose_help_head, why) == -1)
            return -1;
        if (help_row(out, &settings[i], why) == -1)
            return -1;
    }
    return rows == 0 ? 0 : buf_add_text(out, prose_help_foot, why);
}

/* Text in a cell of a table: a bar would end it. */
static int add_cell(struct buf *out, const char *text, struct fault *why)
{
    for (; *text != '\0'; text++)
        if (buf_addf(out, why, "%s%c", *text == '|' ? "\\" : "", *text) == -1)
            return -1;
    return 0;
}

static int table_row(struct buf *out, const struct setting *setting,
                     struct fault *why)
{
    char values[SETTING_EXPECTED_MAX];
    const char *mark = setting->fallback == NULL ? "" : "`";

    values_text(setting, values, sizeof(values));
    if (strcmp(setting->section, "routes") == 0)
        snprintf(values, sizeof(values), "topic");
    if (buf_addf(out, why, "| `%s` | %s%s%s | ", setting->key, mark,
                 setting->fallback == NULL ? "" : setting->fallback,
                 mark) == -1)
        return -1;
    if (add_cell(out, values, why) == -1 ||
        buf_add_text(out, " | ", why) == -1 ||
        add_cell(out, setting->help, why) == -1)
        return -1;
    return buf_add_text(out, " |\n", why);
}

static const struct prose_section *prose_of(const char *section)
{
    for (size_t i = 0; i < prose_sections_count; i++)
        if (strcmp(prose_sections[i].section, section) == 0)
            return &prose_sections[i];
    return NULL;
}

static int section_head(struct buf *out, const char *section, struct fault *why)
{
    const struct prose_section *prose = prose_of(section);
    bool of_source = strcmp(section, "source") == 0;

    if (buf_addf(out, why, "\n### [%s%s]\n\n", section,
                 of_source ? " NAME" : "") == -1)
        return -1;
    if (prose != NULL && buf_addf(out, why, "%s\n\n", prose->text) == -1)
        return -1;
    return buf_add_text(out,
                        "| setting | default | value | meaning |\n"
                        "|---|---|---|---|\n",
                        why);
}

static int tables(struct buf *out, struct fault *why)
{
    const char *section = "";

    for (size_t i = 0; i < settings_count; i++) {
        if (strcmp(settings[i].section, section) != 0) {
            section = settings[i].section;
            if (section_head(out, section, why) == -1)
                return -1;
        }
        if (table_row(out, &settings[i], why) == -1)
            return -1;
    }
    return 0;
}

static int promise_row(struct buf *out, const struct promise *promise,
                       struct fault *why)
{
    const char *sections = promise->sections;
    const char *only = promise->only;

    if (buf_addf(out, why, "| `%s` | ", promise->key) == -1)
        return -1;
    while (*sections != '\0') {
        int len = (int)strcspn(sections, "|");

        if (buf_addf(out, why, "`[%.*s]` ", len, sections) == -1)
            return -1;
        sections += len + (sections[len] == '|');
    }
    if (only == NULL)
        return buf_addf(out, why, "| none | %s |\n", promise->because);
    return buf_addf(out, why, "| `%.*s` | otherwise %s |\n",
                    (int)strcspn(only, "|"), only, promise->because);
}

int config_markdown(struct buf *out, struct fault *why)
{
    if (buf_add_text(out, prose_head, why) == -1 || tables(out, why) == -1 ||
        buf_add_text(out, prose_promises, why) == -1)
        return -1;
    for (size_t i = 0; i < promises_count; i++)
        if (promise_row(out, &promises[i], why) == -1)
            return -1;
    return 0;
}
