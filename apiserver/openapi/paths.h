#pragma once

#include "apiserver/openapi/dialect.h"

namespace gantry::apiserver::openapi {

// Adds the URLs of a kind in one of its versions with every operation that it answers to `paths`.
void AddKindPaths(const schema::Definition& definition, const schema::Version& version,
                  Dialect dialect, Json* paths);

}  // namespace gantry::apiserver::openapi
