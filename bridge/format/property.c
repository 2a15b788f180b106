#include "format/property.h"

/* ECMA-262, table "Value aliases and canonical values for General_Category". */
static const struct {
    const char *shorter;
    const char *longer;
} categories[] = {
    {"L",  "Letter"               },
    {"LC", "Cased_Letter"         },
    {"Lu", "Uppercase_Letter"     },
    {"Ll", "Lowercase_Letter"     },
    {"Lt", "Titlecase_Letter"     },
    {"Lm", "Modifier_Letter"      },
    {"Lo", "Other_Letter"         },
    {"M",  "Mark"                 },
    {"M",  "Combining_Mark"       },
    {"Mn", "Nonspacing_Mark"      },
    {"Mc", "Spacing_Mark"         },
    {"Me", "Enclosing_Mark"       },
    {"N",  "Number"               },
    {"Nd", "Decimal_Number"       },
    {"Nd", "digit"                },
    {"Nl", "Letter_Number"        },
    {"No", "Other_Number"         },
    {"P",  "Punctuation"          },
    {"P",  "punct"                },
    {"Pc", "Connector_Punctuation"},
    {"Pd", "Dash_Punctuation"     },
    {"Ps", "Open_Punctuation"     },
    {"Pe", "Close_Punctuation"    },
    {"Pi", "Initial_Punctuation"  },
    {"Pf", "Final_Punctuation"    },
    {"Po", "Other_Punctuation"    },
    {"S",  "Symbol"               },
    {"Sm", "Math_Symbol"          },
    {"Sc", "Currency_Symbol"      },
    {"Sk", "Modifier_Symbol"      },
    {"So", "Other_Symbol"         },
    {"Z",  "Separator"            },
    {"Zs", "Space_Separator"      },
    {"Zl", "Line_Separator"       },
    {"Zp", "Paragraph_Separator"  },
    {"C",  "Other"                },
    {"Cc", "Control"              },
    {"Cc", "cntrl"                },
    {"Cf", "Format"               },
    {"Cs", "Surrogate"            },
    {"Co", "Private_Use"          },
    {"Cn", "Unassigned"           },
};

static struct slice category(struct slice name)
{
    size_t i;

    for (i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
        if (slice_is(name, categories[i].longer) ||
            slice_is(name, categories[i].shorter))
            return slice_is(name, "LC") || slice_is(name, "Cased_Letter")
                       ? slice_of("L&")
                       : slice_of(categories[i].shorter);
    }
    return SLICE_ABSENT;
}

/* Letters, digits and '_', beginning with a capital as all such names do. */
static bool is_name(struct slice text)
{
    size_t i;

    if (text.len == 0 || text.data[0] < 'A' || text.data[0] > 'Z')
        return false;
    for (i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

struct slice property_for_pcre2(struct slice name)
{
    static const char *const scripts[] = {
        "Script=", "sc=", "Script_Extensions=", "scx="};
    const char *equals = memchr(name.data, '=', name.len);
    struct slice value, found;
    size_t i;

    if (equals == NULL) {
        found = category(name);
        return found.data != NULL || !is_name(name) ? found : name;
    }
    value.data = equals + 1;
    value.len = name.len - (size_t)(value.data - name.data);
    name.len -= value.len;
    if (slice_is(name, "General_Category=") || slice_is(name, "gc="))
        return category(value);
    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        if (slice_is(name, scripts[i]) && is_name(value))
            return (struct slice){name.data, name.len + value.len};
    }
    return SLICE_ABSENT;
}
