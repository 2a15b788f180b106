#include "schema/keyword.h"

#include "base/nearest.h"
#include "schema/compile_apply.h"
#include "schema/compile_assert.h"
#include "schema/compile_members.h"
#include "schema/compile_ref.h"
#include "schema/dialect.h"

#include <string.h>

enum {
    CORE = VOCABULARY_CORE,
    APPLICATOR = VOCABULARY_APPLICATOR,
    REST = VOCABULARY_UNEVALUATED,
    VALIDATION = VOCABULARY_VALIDATION,
    META_DATA = VOCABULARY_META_DATA,
    FORMAT = VOCABULARY_FORMAT,
    CONTENT = VOCABULARY_CONTENT
};

const struct keyword keywords[] = {
    {"$schema",               CORE,       HOLDS_DATA,   NULL                     },
    {"type",                  VALIDATION, HOLDS_DATA,   compile_type             },
    {"const",                 VALIDATION, HOLDS_DATA,   compile_const            },
    {"enum",                  VALIDATION, HOLDS_DATA,   compile_enum             },
    {"minimum",               VALIDATION, HOLDS_DATA,   compile_minimum          },
    {"maximum",               VALIDATION, HOLDS_DATA,   compile_maximum          },
    {"exclusiveMinimum",      VALIDATION, HOLDS_DATA,   compile_exclusive_minimum},
    {"exclusiveMaximum",      VALIDATION, HOLDS_DATA,   compile_exclusive_maximum},
    {"multipleOf",            VALIDATION, HOLDS_DATA,   compile_multiple_of      },
    {"minLength",             VALIDATION, HOLDS_DATA,   compile_min_length       },
    {"maxLength",             VALIDATION, HOLDS_DATA,   compile_max_length       },
    {"minItems",              VALIDATION, HOLDS_DATA,   compile_min_items        },
    {"maxItems",              VALIDATION, HOLDS_DATA,   compile_max_items        },
    {"minProperties",         VALIDATION, HOLDS_DATA,   compile_min_properties   },
    {"maxProperties",         VALIDATION, HOLDS_DATA,   compile_max_properties   },
    {"dependentRequired",     VALIDATION, HOLDS_DATA,   compile_dependencies     },
    {"required",              VALIDATION, HOLDS_DATA,   compile_members          },
    {"properties",            APPLICATOR, HOLDS_MAP,    compile_members          },
    {"patternProperties",     APPLICATOR, HOLDS_MAP,    compile_members          },
    {"additionalProperties",  APPLICATOR, HOLDS_SCHEMA, compile_members          },
    {"format",                FORMAT,     HOLDS_DATA,   compile_format           },
    {"pattern",               VALIDATION, HOLDS_DATA,   compile_pattern          },
    {"propertyNames",         APPLICATOR, HOLDS_SCHEMA, compile_property_names   },
    {"prefixItems",           APPLICATOR, HOLDS_LIST,   compile_prefix_items     },
    {"items",                 APPLICATOR, HOLDS_SCHEMA, compile_items            },
    {"contains",              APPLICATOR, HOLDS_SCHEMA, compile_contains         },
    {"minContains",           VALIDATION, HOLDS_DATA,   NULL                     },
    {"maxContains",           VALIDATION, HOLDS_DATA,   NULL                     },
    {"uniqueItems",           VALIDATION, HOLDS_DATA,   compile_unique_items     },
    {"$ref",                  CORE,       HOLDS_DATA,   compile_ref              },
    {"$dynamicRef",           CORE,       HOLDS_DATA,   compile_dynamic_ref      },
    {"allOf",                 APPLICATOR, HOLDS_LIST,   compile_all_of           },
    {"not",                   APPLICATOR, HOLDS_SCHEMA, compile_not              },
    {"anyOf",                 APPLICATOR, HOLDS_LIST,   compile_any_of           },
    {"oneOf",                 APPLICATOR, HOLDS_LIST,   compile_one_of           },
    {"if",                    APPLICATOR, HOLDS_SCHEMA, compile_if               },
    {"then",                  APPLICATOR, HOLDS_SCHEMA, NULL                     },
    {"else",                  APPLICATOR, HOLDS_SCHEMA, NULL                     },
    {"dependentSchemas",      APPLICATOR, HOLDS_MAP,    compile_dependencies     },
    {"unevaluatedItems",      REST,       HOLDS_SCHEMA, compile_other_items      },
    {"unevaluatedProperties", REST,       HOLDS_SCHEMA, compile_other_members    },

    /* what the draft's metaschema keeps of older ones */
    {"definitions",           APPLICATOR, HOLDS_MAP,    NULL                     },
    {"dependencies",          APPLICATOR, HOLDS_EITHER, compile_dependencies     },

    /* names and places for schemas; read before compilation, by the index */
    {"$id",                   CORE,       HOLDS_DATA,   NULL                     },
    {"$anchor",               CORE,       HOLDS_DATA,   NULL                     },
    {"$dynamicAnchor",        CORE,       HOLDS_DATA,   NULL                     },
    {"$vocabulary",           CORE,       HOLDS_DATA,   NULL                     },
    {"$defs",                 CORE,       HOLDS_MAP,    NULL                     },

    /* for people and tools */
    {"$comment",              CORE,       HOLDS_DATA,   NULL                     },
    {"title",                 META_DATA,  HOLDS_DATA,   NULL                     },
    {"description",           META_DATA,  HOLDS_DATA,   NULL                     },
    {"default",               META_DATA,  HOLDS_DATA,   NULL                     },
    {"examples",              META_DATA,  HOLDS_DATA,   NULL                     },
    {"deprecated",            META_DATA,  HOLDS_DATA,   NULL                     },
    {"readOnly",              META_DATA,  HOLDS_DATA,   NULL                     },
    {"writeOnly",             META_DATA,  HOLDS_DATA,   NULL                     },
    {"contentEncoding",       CONTENT,    HOLDS_DATA,   NULL                     },
    {"contentMediaType",      CONTENT,    HOLDS_DATA,   NULL                     },
    {"contentSchema",         CONTENT,    HOLDS_SCHEMA, NULL                     },
    {NULL,                    0,          HOLDS_DATA,   NULL                     }
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

const char *keyword_successor(const char *name)
{
    for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
        if (strcmp(renamed[i].old, name) == 0)
            return renamed[i].now;
    return NULL;
}

const char *keyword_meant(const char *name)
{
    const char *successor = keyword_successor(name);
    const struct keyword *keyword;
    struct nearest nearest;

    if (successor != NULL)
        return successor;
    nearest_init(&nearest, name);
    for (keyword = keywords; keyword->name != NULL; keyword++)
        nearest_offer(&nearest, keyword->name);
    return nearest.best;
}
