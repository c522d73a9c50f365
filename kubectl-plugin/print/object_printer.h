#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "apis/machinery/meta/object.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/print/template.h"

namespace gantry::kubectl {

// The machine-readable forms of `-o`: name, yaml, json, jsonpath=TEMPLATE.
class ObjectPrinter {
 public:
  // Null for the forms of a table: empty and `wide`. A local error that lists what is allowed.
  static Result<std::optional<ObjectPrinter>> ForFormat(const std::string& format);

  // managedFields are left out unless told.
  void set_show_managed_fields(bool show) { show_managed_fields_ = show; }
  bool is_name() const { return format_ == "name"; }
  // One object, or a list document.
  void Print(const ServedResource* type, const Json& document, std::ostream& out);

 private:
  std::string format_;
  std::optional<JsonPathTemplate> template_;
  bool show_managed_fields_ = false;
  bool printed_ = false;  // YAML documents after the first one are set apart
};

// A v1 List of objects.
Json ListDocument(const std::vector<Json>& items);

}  // namespace gantry::kubectl
