#pragma once

#include <string>

#include "apiserver/openapi/dialect.h"

namespace gantry::apiserver::openapi {

// The URLs of a kind in one of its versions with every operation that it answers: the members of
// the document's `paths`, as JSON without the braces around them.
std::string KindPaths(const schema::Definition& definition, const schema::Version& version,
                      Dialect dialect);

}  // namespace gantry::apiserver::openapi
