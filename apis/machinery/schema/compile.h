#pragma once

#include <memory>
#include <string>

#include "apis/machinery/schema/schema.h"

namespace gantry::schema {

// Schema::Compile for callers that collect faults of a larger document: null, with at least one
// error appended, when the schema is wrong.
std::shared_ptr<const Schema> CompileSchema(const Json& openapi, const std::string& path,
                                            FieldErrors* errors);

}  // namespace gantry::schema
