#include "apis/machinery/schema/version_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "apis/machinery/schema/keywords.h"

namespace gantry::schema {
namespace {

constexpr size_t kMaxSelectableFields = 8;

const std::vector<std::string> kColumnTypes = {"boolean", "date", "integer", "number", "string"};
const std::vector<std::string> kColumnFormats = {"byte",  "date",  "date-time", "double",
                                                 "float", "int32", "int64",     "password"};

bool Contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// `.spec.replicas`: plain fields only, below one of `roots`.
void CheckScalePath(const std::string& path, const std::string& at,
                    const std::vector<std::string>& roots, FieldErrors* errors) {
  const auto below = [&path](const std::string& root) { return path.rfind(root + ".", 0) == 0; };
  const bool plain = path.find_first_of("[]{}*?() ") == std::string::npos &&
                     path.find("..") == std::string::npos && path.back() != '.';
  if (!plain || std::none_of(roots.begin(), roots.end(), below))
    errors->push_back(
        Invalid(at, path, fmt::format("should be a json path under {}", fmt::join(roots, " or "))));
}

// The node that plain fields lead to; null when the schema does not specify it.
const Node* FollowFields(const Node& root, const std::string& path) {
  const Node* n = &root;
  size_t at = 0;
  while (n && at < path.size()) {
    if (path[at] == '.') ++at;
    const size_t end = std::min(path.find('.', at), path.size());
    const auto it = n->properties.find(std::string_view(path).substr(at, end - at));
    n = it == n->properties.end() ? n->additional.get() : it->second.get();
    at = end;
  }
  return n;
}

bool IsSelectable(const Node& n) {
  return n.type == Node::Type::kString || n.type == Node::Type::kBoolean ||
         n.type == Node::Type::kInteger;
}

PrinterColumn AgeColumn() {
  PrinterColumn age;
  age.name = "Age";
  age.type = "date";
  age.description = "When the object was created, as the server saw it. In UTC.";
  age.path = *JsonPath::Parse(".metadata.creationTimestamp");
  return age;
}

PrinterColumn::Form FormOf(const Reader& column) {
  const std::string name = column.Text("x-gantry-form");
  if (name.empty()) return PrinterColumn::Form::kPlain;
  if (name == "duration") return PrinterColumn::Form::kDuration;
  if (name == "certificateRequest") return PrinterColumn::Form::kCertificateRequest;
  if (name == "quotaRequests") return PrinterColumn::Form::kQuotaRequests;
  if (name == "quotaLimits") return PrinterColumn::Form::kQuotaLimits;
  column.errors()->push_back(
      NotSupported(column.At("x-gantry-form"), name,
                   {"duration", "certificateRequest", "quotaRequests", "quotaLimits"}));
  return PrinterColumn::Form::kPlain;
}

}  // namespace

void ParseSubresources(const Reader& version, Version* out) {
  const Json* object = version.Object("subresources");
  if (!object) return;
  const Reader subresources(*object, version.At("subresources"), version.errors());
  out->status_subresource = subresources.Object("status") != nullptr;
  const Json* scale_object = subresources.Object("scale");
  if (!scale_object) return;
  const Reader reader(*scale_object, subresources.At("scale"), version.errors());
  ScaleSubresource scale;
  scale.spec_replicas_path = reader.RequiredText("specReplicasPath");
  scale.status_replicas_path = reader.RequiredText("statusReplicasPath");
  scale.label_selector_path = reader.Text("labelSelectorPath");
  if (!scale.spec_replicas_path.empty())
    CheckScalePath(scale.spec_replicas_path, reader.At("specReplicasPath"), {".spec"},
                   version.errors());
  if (!scale.status_replicas_path.empty())
    CheckScalePath(scale.status_replicas_path, reader.At("statusReplicasPath"), {".status"},
                   version.errors());
  if (!scale.label_selector_path.empty())
    CheckScalePath(scale.label_selector_path, reader.At("labelSelectorPath"), {".spec", ".status"},
                   version.errors());
  out->scale = std::move(scale);
}

void ParseColumns(const Reader& version, Origin origin, Version* out) {
  const Json* list = version.Array("additionalPrinterColumns");
  if (!list || list->empty()) {
    out->columns.push_back(AgeColumn());
    return;
  }
  for (size_t i = 0; i < list->size(); ++i) {
    const Reader reader((*list)[i],
                        fmt::format("{}[{}]", version.At("additionalPrinterColumns"), i),
                        version.errors());
    PrinterColumn c;
    c.name = reader.RequiredText("name");
    c.type = reader.RequiredText("type");
    c.format = reader.Text("format");
    c.description = reader.Text("description");
    c.priority = reader.Number("priority");
    if (origin == Origin::kBuiltin) c.form = FormOf(reader);
    if (!c.type.empty() && !Contains(kColumnTypes, c.type))
      version.errors()->push_back(NotSupported(reader.At("type"), c.type, kColumnTypes));
    if (!c.format.empty() && !Contains(kColumnFormats, c.format))
      version.errors()->push_back(NotSupported(reader.At("format"), c.format, kColumnFormats));
    const std::string text = reader.RequiredText("jsonPath");
    if (!text.empty()) {
      Result<JsonPath> path = JsonPath::Parse(text);
      if (path.ok()) {
        c.path = *std::move(path);
      } else {
        version.errors()->push_back(Invalid(reader.At("jsonPath"), text, path.error().message));
      }
    }
    out->columns.push_back(std::move(c));
  }
}

void ParseSelectableFields(const Reader& version, Origin origin, Version* out) {
  const Json* list = version.Array("selectableFields");
  if (!list) return;
  FieldErrors* const errors = version.errors();
  const std::string at = version.At("selectableFields");
  if (origin == Origin::kUser && list->size() > kMaxSelectableFields)
    errors->push_back(TooMany(at, list->size(), kMaxSelectableFields));
  std::set<std::string> seen;
  for (size_t i = 0; i < list->size(); ++i) {
    const Reader reader((*list)[i], fmt::format("{}[{}]", at, i), errors);
    const std::string text = reader.RequiredText("jsonPath");
    if (text.empty()) continue;
    const std::string field = reader.At("jsonPath");
    Result<JsonPath> path = JsonPath::Parse(text);
    const bool plain = path.ok() && text.front() == '.' && text.find('[') == std::string::npos;
    if (!plain) {
      errors->push_back(Invalid(
          field, text, path.ok() ? "must be a simple json path of fields" : path.error().message));
      continue;
    }
    if (!seen.insert(text).second) {
      errors->push_back(Duplicate(field, text));
      continue;
    }
    if (text.rfind(".metadata", 0) == 0) {
      errors->push_back(Invalid(field, text, "must not point to fields in metadata"));
      continue;
    }
    // Kubernetes' own kinds have selectors that are not fields of their schema (Event's `source`).
    const Node* node = FollowFields(out->schema->root(), text);
    if (origin == Origin::kUser && (!node || !IsSelectable(*node))) {
      errors->push_back(
          Invalid(field, text, "must point to a field of type string, boolean or integer"));
      continue;
    }
    out->selectable_fields.push_back(*std::move(path));
  }
}

}  // namespace gantry::schema
