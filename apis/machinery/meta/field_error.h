#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/gvk.h"

// Field-level validation errors, in the words and reasons of Kubernetes' field.Error.
namespace gantry {

struct FieldError {
  enum class Type {
    kInvalid,
    kRequired,
    kForbidden,
    kNotSupported,
    kDuplicate,
    kTypeInvalid,
    kTooLong,
    kTooMany,
    kNotFound,
    kInternal
  };
  Type type;
  std::string field;   // `spec.ports[0].containerPort`
  std::string value;   // the bad value as JSON (strings quoted); empty for kRequired and kForbidden
  std::string detail;  // what is allowed, lower case, no full stop
  // Where inside the field, when the field is a document of its own; printed after the field:
  // `spec.compose: services.web.scale: Invalid value: -3: must be at least 0`.
  std::string place = {};

  // `spec.replicas: Invalid value: -3: must be between 0 and 1000`
  std::string ToString() const;
  // The cause reason: FieldValueInvalid, FieldValueRequired ...
  std::string_view Reason() const;
};

using FieldErrors = std::vector<FieldError>;

FieldError Invalid(std::string field, const Json& value, std::string detail);
FieldError Required(std::string field, std::string detail);
FieldError Forbidden(std::string field, std::string detail);
FieldError NotSupported(std::string field, const Json& value,
                        const std::vector<std::string>& allowed);
FieldError Duplicate(std::string field, const Json& value);
FieldError TypeInvalid(std::string field, const Json& value, std::string detail);
FieldError TooLong(std::string field, size_t limit);
FieldError TooMany(std::string field, size_t actual, size_t limit);

// kInvalid: `Application.gantry.dev "shop" is invalid: spec.x: ...`, or `...: [a, b]` for several;
// details name the kind and carry one cause per error. Values of Secrets and of kinds with tokens
// are not shown. REQUIRES: `errors` is not empty.
Error InvalidObject(const GroupKind& kind, std::string_view name, const FieldErrors& errors);

}  // namespace gantry
