#pragma once

#include "apiserver/openapi/dialect.h"

namespace gantry::apiserver::openapi {

// Adds the definitions of a kind in one of its versions, the object and its list, to `schemas`.
// In the v2 dialect validation that it cannot say is left out, and what accepts unknown fields is
// published without fields, because clients would refuse them otherwise.
void AddKindSchemas(const schema::Definition& definition, const schema::Version& version,
                    Dialect dialect, Json* schemas);

}  // namespace gantry::apiserver::openapi
