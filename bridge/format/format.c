#include "format/format.h"

#include "base/nearest.h"
#include "format/address.h"
#include "format/ascii.h"
#include "format/hostname.h"
#include "format/mailbox.h"
#include "format/pointer.h"
#include "format/regex.h"
#include "format/template.h"
#include "format/timestamp.h"
#include "format/uri.h"

/* Hexadecimal digits in groups of 8, 4, 4, 4 and 12. */
static bool is_uuid(struct slice text)
{
    size_t i;

    if (text.len != 36)
        return false;
    for (i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? c != '-' : ascii_hex(c) == -1)
            return false;
    }
    return true;
}

/* In the order of the specification. */
static const struct format formats[] = {
    {"date-time",             "date and time (RFC 3339)",                   timestamp_is_date_time, NULL             },
    {"date",                  "date (RFC 3339)",                            timestamp_is_date,      NULL             },
    {"time",                  "time (RFC 3339)",                            timestamp_is_time,      NULL             },
    {"duration",              "duration (RFC 3339, appendix A)",            timestamp_is_duration,
     NULL                                                                                                            },
    {"email",                 "email address (RFC 5321)",                   mailbox_is_valid,       NULL             },
    {"idn-email",             "internationalized email address (RFC 6531)", NULL,
     mailbox_is_international                                                                                        },
    {"hostname",              "host name (RFC 1123)",                       NULL,                   hostname_is_valid},
    {"idn-hostname",          "internationalized host name (RFC 5890)",     NULL,
     hostname_is_international                                                                                       },
    {"ipv4",                  "IPv4 address",                               address_is_ipv4,        NULL             },
    {"ipv6",                  "IPv6 address",                               address_is_ipv6,        NULL             },
    {"uri",                   "URI (RFC 3986)",                             uri_is_absolute,        NULL             },
    {"uri-reference",         "URI reference (RFC 3986)",                   uri_is_reference,       NULL             },
    {"iri",                   "IRI (RFC 3987)",                             uri_is_iri,             NULL             },
    {"iri-reference",         "IRI reference (RFC 3987)",                   uri_is_iri_reference,   NULL             },
    {"uuid",                  "UUID (RFC 4122)",                            is_uuid,                NULL             },
    {"uri-template",          "URI template (RFC 6570)",                    template_is_valid,      NULL             },
    {"json-pointer",          "JSON Pointer (RFC 6901)",                    pointer_is_valid,       NULL             },
    {"relative-json-pointer", "relative JSON Pointer",                      pointer_is_relative,
     NULL                                                                                                            },
    {"regex",                 "regular expression (ECMA-262)",              NULL,                   regex_compiles   },
};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

const struct format *format_find(struct slice name)
{
    size_t i;

    for (i = 0; i < FORMATS; i++) {
        if (slice_is(name, formats[i].name))
            return &formats[i];
    }
    return NULL;
}

const char *format_meant(const char *name)
{
    struct nearest nearest;
    size_t i;

    nearest_init(&nearest, name);
    for (i = 0; i < FORMATS; i++)
        nearest_offer(&nearest, formats[i].name);
    return nearest.best;
}

bool format_holds(const struct format *format, struct slice text,
                  bool *exhausted)
{
    return format->holds != NULL ? format->holds(text)
                                 : format->tries(text, exhausted);
}
