#pragma once

#include <string>

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/field_error.h"

namespace gantry::schema {

// Every fault of `schema` as a structural schema (`openAPIV3Schema` at `path`), in kube-apiserver's
// words. Defaults are not looked at: they need the compiled schema.
FieldErrors CheckStructural(const Json& schema, const std::string& path);

// Paths under which `x-kubernetes-validations` stands: rules that are accepted, not evaluated.
void FindUnevaluatedRules(const Json& schema, const std::string& path,
                          std::vector<std::string>* out);

// `<path>.format: unknown format "x"` for each format that is accepted and means nothing.
void FindUnknownFormats(const Json& schema, const std::string& path, std::vector<std::string>* out);

}  // namespace gantry::schema
