#pragma once

#include "apis/machinery/managedfields/field_set.h"
#include "apis/machinery/schema/schema.h"

// The annotation in which kubectl's client-side apply keeps what it applied. Pure.
namespace gantry::managedfields {

// The fields in the annotation that still have the value in it; none when there is no annotation or
// it does not decode.
FieldSetPtr LastAppliedFields(const schema::Node& root, const Json& live);

// Makes the annotation say what was applied, if `object` has it; removes it when it would be too
// long.
void UpdateLastApplied(const Json& config, Json* object);

}  // namespace gantry::managedfields
