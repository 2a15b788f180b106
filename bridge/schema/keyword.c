#include "schema/keyword.h"

#include "base/nearest.h"
#include "schema/compile_apply.h"
#include "schema/compile_assert.h"

#include <string.h>

const struct keyword keywords[] = {
    {"$schema",               HOLDS_DATA,        compile_dialect           },
    {"type",                  HOLDS_DATA,        compile_type              },
    {"const",                 HOLDS_DATA,        compile_const             },
    {"enum",                  HOLDS_DATA,        compile_enum              },
    {"minimum",               HOLDS_DATA,        compile_minimum           },
    {"maximum",               HOLDS_DATA,        compile_maximum           },
    {"exclusiveMinimum",      HOLDS_DATA,        compile_exclusive_minimum },
    {"exclusiveMaximum",      HOLDS_DATA,        compile_exclusive_maximum },
    {"multipleOf",            HOLDS_DATA,        compile_multiple_of       },
    {"minLength",             HOLDS_DATA,        compile_min_length        },
    {"maxLength",             HOLDS_DATA,        compile_max_length        },
    {"minItems",              HOLDS_DATA,        compile_min_items         },
    {"maxItems",              HOLDS_DATA,        compile_max_items         },
    {"minProperties",         HOLDS_DATA,        compile_min_properties    },
    {"maxProperties",         HOLDS_DATA,        compile_max_properties    },
    {"required",              HOLDS_DATA,        compile_required          },
    {"dependentRequired",     HOLDS_DATA,        compile_dependent_required},
    {"properties",            HOLDS_SCHEMA_MAP,  compile_properties        },
    {"format",                HOLDS_DATA,        compile_format            },
    {"pattern",               HOLDS_DATA,        compile_pattern           },
    {"patternProperties",     HOLDS_SCHEMA_MAP,  compile_pattern_properties},
    {"additionalProperties",  HOLDS_SCHEMA,      compile_additional        },
    {"propertyNames",         HOLDS_SCHEMA,      compile_property_names    },
    {"prefixItems",           HOLDS_SCHEMA_LIST, compile_prefix_items      },
    {"items",                 HOLDS_SCHEMA,      compile_items             },
    {"contains",              HOLDS_SCHEMA,      compile_contains          },
    {"minContains",           HOLDS_DATA,        compile_count_only        },
    {"maxContains",           HOLDS_DATA,        compile_count_only        },
    {"uniqueItems",           HOLDS_DATA,        compile_unique_items      },
    {"$ref",                  HOLDS_DATA,        compile_ref               },
    {"allOf",                 HOLDS_SCHEMA_LIST, compile_all_of            },
    {"not",                   HOLDS_SCHEMA,      compile_not               },
    {"anyOf",                 HOLDS_SCHEMA_LIST, compile_any_of            },
    {"oneOf",                 HOLDS_SCHEMA_LIST, compile_one_of            },
    {"if",                    HOLDS_SCHEMA,      compile_if                },
    {"then",                  HOLDS_SCHEMA,      NULL                      },
    {"else",                  HOLDS_SCHEMA,      NULL                      },
    {"dependentSchemas",      HOLDS_SCHEMA_MAP,  compile_dependent_schemas },

    /* names and places for schemas; read before compilation, by the index */
    {"$id",                   HOLDS_DATA,        NULL                      },
    {"$anchor",               HOLDS_DATA,        NULL                      },
    {"$defs",                 HOLDS_SCHEMA_MAP,  NULL                      },

    /* for people and tools */
    {"$comment",              HOLDS_DATA,        compile_text_only         },
    {"title",                 HOLDS_DATA,        compile_text_only         },
    {"description",           HOLDS_DATA,        compile_text_only         },
    {"default",               HOLDS_DATA,        NULL                      },
    {"examples",              HOLDS_DATA,        compile_array_only        },
    {"deprecated",            HOLDS_DATA,        compile_boolean_only      },
    {"readOnly",              HOLDS_DATA,        compile_boolean_only      },
    {"writeOnly",             HOLDS_DATA,        compile_boolean_only      },
    {"contentEncoding",       HOLDS_DATA,        compile_text_only         },
    {"contentMediaType",      HOLDS_DATA,        compile_text_only         },
    {"contentSchema",         HOLDS_SCHEMA,      NULL                      },

    {"$vocabulary",           HOLDS_NOTHING_YET, NULL                      },
    {"$dynamicRef",           HOLDS_NOTHING_YET, NULL                      },
    {"$dynamicAnchor",        HOLDS_NOTHING_YET, NULL                      },
    {"unevaluatedItems",      HOLDS_NOTHING_YET, NULL                      },
    {"unevaluatedProperties", HOLDS_NOTHING_YET, NULL                      },
    {NULL,                    HOLDS_DATA,        NULL                      }
};

/* What older drafts called it. */
static const struct {
    const char *old;
    const char *now;
} renamed[] = {
    {"id",               "$id"              },
    {"definitions",      "$defs"            },
    {"dependencies",     "dependentRequired"},
    {"additionalItems",  "items"            },
    {"divisibleBy",      "multipleOf"       },
    {"extends",          "allOf"            },
    {"disallow",         "not"              },
    {"$recursiveRef",    "$dynamicRef"      },
    {"$recursiveAnchor", "$dynamicAnchor"   },
};

const struct keyword *keyword_find(const char *name)
{
    const struct keyword *keyword;

    for (keyword = keywords; keyword->name != NULL; keyword++) {
        if (strcmp(keyword->name, name) == 0)
            return keyword;
    }
    return NULL;
}

bool keyword_is_extension(const char *name)
{
    return strncmp(name, "x-", 2) == 0;
}

const char *keyword_meant(const char *name)
{
    const struct keyword *keyword;
    struct nearest nearest;
    size_t i;

    for (i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
        if (strcmp(renamed[i].old, name) == 0)
            return renamed[i].now;
    }
    nearest_init(&nearest, name);
    for (keyword = keywords; keyword->name != NULL; keyword++)
        nearest_offer(&nearest, keyword->name);
    return nearest.best;
}
