#pragma once

#include "apis/machinery/managedfields/field_set.h"
#include "apis/machinery/schema/schema.h"

namespace gantry::managedfields {

// What a write did to an object.
struct Comparison {
  // Fields, items, and maps and lists that appeared, with all that is in them, and leaves whose
  // value changed.
  FieldSetPtr changed;
  // Fields and items that vanished; all that was in them went along.
  FieldSetPtr removed;
};

// Compares two states of an object (null: there was none) by its schema. A leaf is a scalar, a
// null, an atomic map or list, or an empty one; what the schema does not know is taken as maps of
// fields with atomic lists. apiVersion, kind, and what the system keeps in metadata are left out.
Comparison Compare(const schema::Node& root, const Json* before, const Json& after);

// Every field of an object, as if it had just appeared.
FieldSetPtr AllFields(const schema::Node& root, const Json& object);

}  // namespace gantry::managedfields
