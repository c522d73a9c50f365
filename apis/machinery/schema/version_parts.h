#pragma once

#include "apis/machinery/schema/definition.h"
#include "apis/machinery/schema/reader.h"

// The parts of one entry of `spec.versions`. Faults go to the reader's errors.
namespace gantry::schema {

void ParseSubresources(const Reader& version, Version* out);
// Adds `Age` when the version names no columns.
void ParseColumns(const Reader& version, Origin origin, Version* out);
// REQUIRES: `out->schema` is set.
void ParseSelectableFields(const Reader& version, Origin origin, Version* out);

}  // namespace gantry::schema
