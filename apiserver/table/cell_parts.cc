#include "apiserver/table/cell_parts.h"

#include <algorithm>

#include "apis/machinery/base/json_slice.h"

namespace gantry::apiserver::table {
namespace {

// The first plain name of a path like `.spec.replicas`, which is taken off; empty when the path
// begins in another way.
std::string TakeName(std::string_view* path) {
  if (path->substr(0, 1) != ".") return {};
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const auto begin = path->begin() + 1;
  const auto end = std::find_if_not(begin, path->end(), plain);
  const std::string name(begin, end);
  const char next = end == path->end() ? '.' : *end;
  if (next != '.' && next != '[' && next != '}') return {};
  path->remove_prefix(1 + name.size());
  return name;
}

void Add(std::string name, std::vector<std::string>* names) {
  if (std::find(names->begin(), names->end(), name) == names->end()) {
    names->push_back(std::move(name));
  }
}

void AddMember(std::string_view object, const std::string& name, Json* out) {
  const std::string_view text = JsonMember(object, name);
  if (text.empty()) return;
  if (Result<Json> value = ParseJson(text); value.ok()) (*out)[name] = *std::move(value);
}

}  // namespace

CellParts::CellParts(const schema::Version& version) : metadata_({"name"}) {
  for (const schema::PrinterColumn& column : version.columns) {
    std::string_view path = column.path.text();
    if (path.substr(0, 1) == "{") path.remove_prefix(1);
    std::string name = TakeName(&path);
    if (name == "metadata") {
      name = TakeName(&path);
      all_ = all_ || name.empty();
      Add(std::move(name), &metadata_);
    } else {
      all_ = all_ || name.empty();
      Add(std::move(name), &members_);
    }
  }
}

Json CellParts::Of(std::string_view text) const {
  if (all_) {
    Result<Json> object = ParseJson(text);
    return object.ok() ? *std::move(object) : Json::object();
  }
  Json object = {{"metadata", Json::object()}};
  const std::string_view metadata = JsonMember(text, "metadata");
  for (const std::string& name : metadata_) AddMember(metadata, name, &object["metadata"]);
  for (const std::string& name : members_) AddMember(text, name, &object);
  return object;
}

}  // namespace gantry::apiserver::table
