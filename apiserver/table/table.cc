#include "apiserver/table/table.h"

#include <fmt/format.h>

#include "apis/machinery/meta/object.h"

namespace gantry::apiserver::table {
namespace {

using schema::PrinterColumn;

Json DateCell(const Json& value, WallTime now) {
  if (!value.is_string()) return nullptr;
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) return "<unknown>";
  const Result<WallTime> time = ParseTime(text);
  if (time.ok()) return HumanAge(Between(*time, now));
  return IsTime(text) ? "<unknown>" : "<invalid>";
}

// `Approved,Issued`: what kubectl shows of a CertificateSigningRequest.
std::string RequestState(const Json& status) {
  bool denied = false, approved = false, failed = false;
  for (const Json& condition : GetArray(status, "conditions")) {
    const std::string type = GetString(condition, "type");
    denied = denied || type == "Denied";
    approved = approved || type == "Approved";
    failed = failed || type == "Failed";
  }
  std::string text = denied ? "Denied" : approved ? "Approved" : "Pending";
  if (failed) text += ",Failed";
  if (!GetString(status, "certificate").empty()) text += ",Issued";
  return text;
}

// `count/services.gantry.dev: 1/5, requests.cpu: 1/4`, of a ResourceQuota's status.
std::string QuotaState(const Json& status, bool limits) {
  std::string text;
  const auto amount = [](const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "0" : value.dump();
  };
  for (const auto& [name, hard] : GetObject(status, "hard").items()) {
    if (name.starts_with("limits.") != limits) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{}: {}/{}", name, amount(GetAny(GetObject(status, "used"), name.c_str())),
                        amount(hard));
  }
  return text;
}

Json Cell(const PrinterColumn& column, const Json& object, WallTime now) {
  const std::vector<const Json*> found = column.path.Find(object);
  if (column.form == PrinterColumn::Form::kCertificateRequest) {
    return RequestState(found.empty() ? Json() : *found.front());
  }
  if (column.form == PrinterColumn::Form::kQuotaRequests ||
      column.form == PrinterColumn::Form::kQuotaLimits) {
    return QuotaState(found.empty() ? Json() : *found.front(),
                      column.form == PrinterColumn::Form::kQuotaLimits);
  }
  if (column.form == PrinterColumn::Form::kDuration) {
    if (found.empty() || !found.front()->is_number_integer()) return "<none>";
    return HumanAge(std::chrono::seconds(found.front()->get<int64_t>()));
  }
  if (found.empty() || found.front()->is_null()) return nullptr;
  // Texts of several matches are joined; other types have one value.
  if (column.type == "string") return column.path.FindText(object);
  const Json& value = *found.front();
  if (column.type == "date") return DateCell(value, now);
  if (column.type == "integer" && value.is_number()) return value.get<int64_t>();
  if (column.type == "number" && value.is_number()) return value;
  if (column.type == "boolean" && value.is_boolean()) return value;
  return nullptr;
}

}  // namespace

Result<IncludeObject> ParseIncludeObject(std::string_view text) {
  if (text.empty() || text == "Metadata") return IncludeObject::kMetadata;
  if (text == "None") return IncludeObject::kNone;
  if (text == "Object") return IncludeObject::kObject;
  return Error(Code::kBadRequest,
               fmt::format("includeObject must be None, Metadata or Object, not \"{}\"", text));
}

Json ColumnDefinitions(const schema::Version& version) {
  Json out = Json::array();
  out.push_back({{"name", "Name"},
                 {"type", "string"},
                 {"format", "name"},
                 {"description", "The object's name, unique among its kind in its namespace."},
                 {"priority", 0}});
  for (const PrinterColumn& c : version.columns)
    out.push_back({{"name", c.name},
                   {"type", c.type},
                   {"format", c.format},
                   {"description", c.description},
                   {"priority", c.priority}});
  return out;
}

Json Cells(const schema::Version& version, const Json& object, WallTime now) {
  Json cells = Json::array();
  cells.push_back(GetString(GetObject(object, "metadata"), "name"));
  for (const PrinterColumn& c : version.columns) cells.push_back(Cell(c, object, now));
  return cells;
}

Json Row(const schema::Version& version, const Json& object, IncludeObject include, WallTime now,
         std::string_view api_version) {
  Json out = {{"cells", Cells(version, object, now)}};
  switch (include) {
    case IncludeObject::kNone: out["object"] = nullptr; break;
    case IncludeObject::kMetadata:
      out["object"] = PartialObjectMetadata(object, api_version);
      break;
    case IncludeObject::kObject: out["object"] = object; break;
  }
  return out;
}

Json Table(const schema::Version& version, const std::vector<const Json*>& objects, Json list_meta,
           IncludeObject include, WallTime now, std::string_view api_version, bool with_columns) {
  Json rows = Json::array();
  for (const Json* object : objects)
    rows.push_back(Row(version, *object, include, now, api_version));
  return {{"kind", "Table"},
          {"apiVersion", api_version},
          {"metadata", std::move(list_meta)},
          {"columnDefinitions", with_columns ? ColumnDefinitions(version) : Json::array()},
          {"rows", std::move(rows)}};
}

Json PartialObjectMetadata(const Json& object, std::string_view api_version) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", api_version},
          {"metadata", GetObject(object, "metadata")}};
}

Json PartialObjectMetadataList(const std::vector<const Json*>& objects, Json list_meta,
                               std::string_view api_version) {
  Json items = Json::array();
  for (const Json* object : objects) items.push_back(PartialObjectMetadata(*object, api_version));
  return {{"kind", "PartialObjectMetadataList"},
          {"apiVersion", api_version},
          {"metadata", std::move(list_meta)},
          {"items", std::move(items)}};
}

}  // namespace gantry::apiserver::table
