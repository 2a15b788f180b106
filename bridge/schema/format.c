#include "schema/format.h"

#include "base/nearest.h"
#include "schema/address.h"
#include "schema/mailbox.h"
#include "schema/pointer.h"
#include "schema/timestamp.h"
#include "schema/uri.h"

/* Hexadecimal digits in groups of 8, 4, 4, 4 and 12. */
static bool is_uuid(struct slice text)
{
    size_t i;

    if (text.len != 36)
        return false;
    for (i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? c != '-'
                 : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                     (c >= 'A' && c <= 'F')))
            return false;
    }
    return true;
}

static const struct format formats[] = {
    {"date-time",     timestamp_is_date_time, "date and time (RFC 3339)"},
    {"date",          timestamp_is_date,      "date (RFC 3339)"         },
    {"time",          timestamp_is_time,      "time (RFC 3339)"         },
    {"uri",           uri_is_absolute,        "URI (RFC 3986)"          },
    {"uri-reference", uri_is_reference,       "URI reference (RFC 3986)"},
    {"ipv4",          address_is_ipv4,        "IPv4 address"            },
    {"ipv6",          address_is_ipv6,        "IPv6 address"            },
    {"email",         mailbox_is_valid,       "email address (RFC 5321)"},
    {"uuid",          is_uuid,                "UUID (RFC 4122)"         },
    {"json-pointer",  pointer_is_valid,       "JSON Pointer (RFC 6901)" },
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
