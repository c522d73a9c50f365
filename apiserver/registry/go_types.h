#pragma once

#include <string>

#include "apis/machinery/base/json.h"
#include "apis/machinery/schema/definition.h"

// kube-apiserver decodes its own kinds into Go structs before it looks at anything else. Clients
// know its answers to what does not fit.
namespace gantry::apiserver {

// Whether kube-apiserver has a Go type for the kind: it is one of Kubernetes' own.
bool HasGoType(const schema::Definition& definition);

// What Go's decoder says of the first value that has another type than its schema wants, `json:
// cannot unmarshal number into Go struct field ConfigMap.data of type string`; empty when all fit.
// Null fits everywhere, and metadata is not looked at. Structs below spec and status, which have no
// name in a schema, are called after their field.
std::string GoTypeError(const std::string& kind, const Json& openapi, const Json& object);

}  // namespace gantry::apiserver
