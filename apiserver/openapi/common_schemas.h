#pragma once

#include "apiserver/openapi/dialect.h"

namespace gantry::apiserver::openapi {

// The definitions that every kind refers to, by name: ObjectMeta, ListMeta, Status, DeleteOptions,
// Patch, Scale and their parts.
Json CommonSchemas(Dialect dialect);

// Descriptions of fields that all kinds have.
extern const char* const kApiVersionDescription;
extern const char* const kKindDescription;
extern const char* const kMetadataDescription;
extern const char* const kListMetadataDescription;

}  // namespace gantry::apiserver::openapi
