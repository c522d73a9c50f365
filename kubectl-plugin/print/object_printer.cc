#include "kubectl-plugin/print/object_printer.h"

#include <fmt/format.h>

#include <ostream>

#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

void DropManagedFields(Json* document) {
  if (auto metadata = document->find("metadata");
      metadata != document->end() && metadata->is_object()) {
    metadata->erase("managedFields");
  }
  if (auto items = document->find("items"); items != document->end() && items->is_array()) {
    for (Json& item : *items) {
      if (item.is_object()) DropManagedFields(&item);
    }
  }
}

}  // namespace

Result<std::optional<ObjectPrinter>> ObjectPrinter::ForFormat(const std::string& format) {
  if (format.empty() || format == "wide") return std::optional<ObjectPrinter>();
  ObjectPrinter printer;
  printer.format_ = format;
  const size_t equals = format.find('=');
  if (format.substr(0, equals) == "jsonpath") {
    if (equals == std::string::npos)
      return LocalError("template format specified but no template given");
    GANTRY_TRY_SET(printer.template_, JsonPathTemplate::Parse(format.substr(equals + 1)));
    printer.format_ = "jsonpath";
  } else if (format != "name" && format != "yaml" && format != "json") {
    return LocalError(
        fmt::format("unable to match a printer suitable for the output format \"{}\", "
                    "allowed formats are: json,jsonpath,name,wide,yaml",
                    format));
  }
  return std::optional<ObjectPrinter>(std::move(printer));
}

void ObjectPrinter::Print(const ServedResource* type, const Json& document, std::ostream& out) {
  if (format_ == "name") {
    const Json& metadata = GetObject(document, "metadata");
    out << (type ? type->ObjectName(GetString(metadata, "name")) : GetString(metadata, "name"))
        << '\n';
    return;
  }
  Json copy = document;
  if (!show_managed_fields_) DropManagedFields(&copy);
  if (format_ == "jsonpath") {
    out << template_->Render(copy);
  } else if (format_ == "json") {
    out << copy.dump(4, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    if (std::exchange(printed_, true)) out << "---\n";
    out << yaml::ToYaml(copy);
  }
}

Json ListDocument(const std::vector<Json>& items) {
  return {{"apiVersion", "v1"},
          {"kind", "List"},
          {"metadata", {{"resourceVersion", ""}}},
          {"items", items.empty() ? Json::array() : Json(items)}};
}

}  // namespace gantry::kubectl
