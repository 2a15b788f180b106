#include "schema/keyword.h"

#include "base/nearest.h"
#include "schema/compile_apply.h"
#include "schema/compile_assert.h"
#include "schema/compile_members.h"
#include "schema/compile_ref.h"
#include "schema/dialect.h"

#include <string.h>

const struct keyword keywords[] = {
    {"$schema",               VOCABULARY_CORE,        HOLDS_DATA,        NULL                },
    {"type",                  VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_type        },
    {"const",                 VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_const       },
    {"enum",                  VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_enum        },
    {"minimum",               VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_minimum     },
    {"maximum",               VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_maximum     },
    {"exclusiveMinimum",      VOCABULARY_VALIDATION,  HOLDS_DATA,
     compile_exclusive_minimum                                                               },
    {"exclusiveMaximum",      VOCABULARY_VALIDATION,  HOLDS_DATA,
     compile_exclusive_maximum                                                               },
    {"multipleOf",            VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_multiple_of },
    {"minLength",             VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_min_length  },
    {"maxLength",             VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_max_length  },
    {"minItems",              VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_min_items   },
    {"maxItems",              VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_max_items   },
    {"minProperties",         VOCABULARY_VALIDATION,  HOLDS_DATA,
     compile_min_properties                                                                  },
    {"maxProperties",         VOCABULARY_VALIDATION,  HOLDS_DATA,
     compile_max_properties                                                                  },
    {"dependentRequired",     VOCABULARY_VALIDATION,  HOLDS_DATA,
     compile_dependent_required                                                              },
    {"required",              VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_members     },
    {"properties",            VOCABULARY_APPLICATOR,  HOLDS_SCHEMA_MAP,  compile_members     },
    {"patternProperties",     VOCABULARY_APPLICATOR,  HOLDS_SCHEMA_MAP,
     compile_members                                                                         },
    {"additionalProperties",  VOCABULARY_APPLICATOR,  HOLDS_SCHEMA,
     compile_members                                                                         },
    {"format",                VOCABULARY_FORMAT,      HOLDS_DATA,        compile_format      },
    {"pattern",               VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_pattern     },
    {"propertyNames",         VOCABULARY_APPLICATOR,  HOLDS_SCHEMA,
     compile_property_names                                                                  },
    {"prefixItems",           VOCABULARY_APPLICATOR,  HOLDS_SCHEMA_LIST,
     compile_prefix_items                                                                    },
    {"items",                 VOCABULARY_APPLICATOR,  HOLDS_SCHEMA,      compile_items       },
    {"contains",              VOCABULARY_APPLICATOR,  HOLDS_SCHEMA,      compile_contains    },
    {"minContains",           VOCABULARY_VALIDATION,  HOLDS_DATA,        NULL                },
    {"maxContains",           VOCABULARY_VALIDATION,  HOLDS_DATA,        NULL                },
    {"uniqueItems",           VOCABULARY_VALIDATION,  HOLDS_DATA,        compile_unique_items},
    {"$ref",                  VOCABULARY_CORE,        HOLDS_DATA,        compile_ref         },
    {"$dynamicRef",           VOCABULARY_CORE,        HOLDS_DATA,        compile_dynamic_ref },
    {"allOf",                 VOCABULARY_APPLICATOR,  HOLDS_SCHEMA_LIST, compile_all_of      },
    {"not",                   VOCABULARY_APPLICATOR,  HOLDS_SCHEMA,      compile_not         },
    {"anyOf",                 VOCABULARY_APPLICATOR,  HOLDS_SCHEMA_LIST, compile_any_of      },
    {"oneOf",                 VOCABULARY_APPLICATOR,  HOLDS_SCHEMA_LIST, compile_one_of      },
    {"if",                    VOCABULARY_APPLICATOR,  HOLDS_SCHEMA,      compile_if          },
    {"then",                  VOCABULARY_APPLICATOR,  HOLDS_SCHEMA,      NULL                },
    {"else",                  VOCABULARY_APPLICATOR,  HOLDS_SCHEMA,      NULL                },
    {"dependentSchemas",      VOCABULARY_APPLICATOR,  HOLDS_SCHEMA_MAP,
     compile_dependent_schemas                                                               },
    {"unevaluatedItems",      VOCABULARY_UNEVALUATED, HOLDS_SCHEMA,
     compile_unevaluated_items                                                               },
    {"unevaluatedProperties", VOCABULARY_UNEVALUATED, HOLDS_SCHEMA,
     compile_unevaluated_properties                                                          },

    /* names and places for schemas; read before compilation, by the index */
    {"$id",                   VOCABULARY_CORE,        HOLDS_DATA,        NULL                },
    {"$anchor",               VOCABULARY_CORE,        HOLDS_DATA,        NULL                },
    {"$dynamicAnchor",        VOCABULARY_CORE,        HOLDS_DATA,        NULL                },
    {"$vocabulary",           VOCABULARY_CORE,        HOLDS_DATA,        NULL                },
    {"$defs",                 VOCABULARY_CORE,        HOLDS_SCHEMA_MAP,  NULL                },

    /* for people and tools */
    {"$comment",              VOCABULARY_CORE,        HOLDS_DATA,        NULL                },
    {"title",                 VOCABULARY_META_DATA,   HOLDS_DATA,        NULL                },
    {"description",           VOCABULARY_META_DATA,   HOLDS_DATA,        NULL                },
    {"default",               VOCABULARY_META_DATA,   HOLDS_DATA,        NULL                },
    {"examples",              VOCABULARY_META_DATA,   HOLDS_DATA,        NULL                },
    {"deprecated",            VOCABULARY_META_DATA,   HOLDS_DATA,        NULL                },
    {"readOnly",              VOCABULARY_META_DATA,   HOLDS_DATA,        NULL                },
    {"writeOnly",             VOCABULARY_META_DATA,   HOLDS_DATA,        NULL                },
    {"contentEncoding",       VOCABULARY_CONTENT,     HOLDS_DATA,        NULL                },
    {"contentMediaType",      VOCABULARY_CONTENT,     HOLDS_DATA,        NULL                },
    {"contentSchema",         VOCABULARY_CONTENT,     HOLDS_SCHEMA,      NULL                },
    {NULL,                    0,                      HOLDS_DATA,        NULL                }
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
