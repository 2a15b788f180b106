/*
 * print_configuration.c - writes docs/configuration.md to standard output
 */
#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    struct buf text = BUF_INIT(1 * MIB);
    struct fault why = FAULT_INIT;
    int rc = EXIT_FAILURE;

    if (config_markdown(&text, &why) == -1)
        fprintf(stderr, "print_configuration: %s\n", why.text);
    else if (fwrite(text.data, 1, text.len, stdout) == text.len &&
             fflush(stdout) == 0)
        rc = EXIT_SUCCESS;
    buf_release(&text);
    return rc;
}
