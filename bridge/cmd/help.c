/*
 * help.c - what --help says, made from the tables
 */
#include "cmd/help.h"

#include "cmd/options.h"

#include <ctype.h>
#include <string.h>

enum {
    HELP_WIDTH = 79,
    HELP_INDENT = 24, /* where the sentence about an option begins */
    HELP_TEXT_MAX = 256 * 1024
};

void help_program(FILE *out, const struct cmd_spec *const *specs)
{
    fputs("Usage: aurix-bridge COMMAND [OPTION]...\n"
          "\n"
          "Receives Aurix's signed webhooks, checks them, and puts them into "
          "Kafka.\n"
          "\n"
          "Commands:\n",
          out);
    for (; *specs != NULL; specs++)
        fprintf(out, "  %-10s %s\n", (*specs)->name, (*specs)->summary);
    fputs("\n"
          "'aurix-bridge COMMAND --help' tells a command's options and "
          "settings,\n"
          "'aurix-bridge --version' the versions of this program and of its "
          "libraries.\n",
          out);
}

/* How many columns a text takes; all of ours are one column a character. */
static int width_of(const char *text, size_t len)
{
    int width = 0;

    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            width++;
    return width;
}

/* Writes words from column `at` on, in lines that begin at `indent`. */
static void write_wrapped(FILE *out, const char *text, int at, int indent)
{
    bool first = true;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        int width = width_of(text, len);

        if (!first && at + 1 + width > HELP_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
        fprintf(out, "%s%.*s", first ? "" : " ", (int)len, text);
        at += width + (first ? 0 : 1);
        first = false;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void write_option(FILE *out, const struct cmd_option *option)
{
    int at = fprintf(out, "  --%s%s%s", option->name,
                     option->argument != NULL ? " " : "",
                     option->argument != NULL ? option->argument : "");

    if (at >= HELP_INDENT) {
        fputc('\n', out);
        at = 0;
    }
    fprintf(out, "%*s", HELP_INDENT - at, "");
    write_wrapped(out, option->help, HELP_INDENT, HELP_INDENT);
}

int help_command(FILE *out, const struct cmd_spec *spec, struct fault *why)
{
    struct buf settings = BUF_INIT(HELP_TEXT_MAX);
    const struct cmd_option *option;
    int rc = -1;

    if (config_help(&settings, spec->settings, why) == -1)
        goto done;

    fprintf(out, "Usage: aurix-bridge %s [OPTION]...%s%s\n\n", spec->name,
            spec->operands[0] != '\0' ? " " : "", spec->operands);
    /* In the list it is half a line, here a sentence. */
    fprintf(out, "%c%s.\n", toupper((unsigned char)spec->summary[0]),
            spec->summary + 1);
    if (spec->details != NULL)
        fprintf(out, "\n%s\n", spec->details);

    fputs("\nOptions:\n", out);
    for (option = spec->options; option != NULL && option->name; option++)
        write_option(out, option);
    for (option = options_common; option->name != NULL; option++)
        write_option(out, option);

    if (settings.len > 0) {
        fputc('\n', out);
        fwrite(settings.data, 1, settings.len, out);
    }
    rc = 0;

done:
    buf_release(&settings);
    return rc;
}
