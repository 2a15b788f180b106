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
    {"date-time",     timestamp_is_date_time,
     "must be a date and time like 2024-01-02T12:00:00Z (RFC 3339)"                                   },
    {"date",          timestamp_is_date,      "must be a date like 2024-01-02 (RFC 3339)"             },
    {"time",          timestamp_is_time,
     "must be a time with offset like 12:00:00Z (RFC 3339)"                                           },
    {"uri",           uri_is_absolute,        "must be a URI with a scheme (RFC 3986)"                },
    {"uri-reference", uri_is_reference,
     "must be a URI or a relative reference (RFC 3986)"                                               },
    {"ipv4",          address_is_ipv4,        "must be an IPv4 address like 192.0.2.1"                },
    {"ipv6",          address_is_ipv6,        "must be an IPv6 address like 2001:db8::1"              },
    {"email",         mailbox_is_valid,       "must be an email address (RFC 5321)"                   },
    {"uuid",          is_uuid,                "must be a UUID of 32 hexadecimal digits in five groups"},
    {"json-pointer",  pointer_is_valid,       "must be a JSON Pointer (RFC 6901)"                     },
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
