#include "kubectl-plugin/print/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "kubectl-plugin/print/table.h"
#include "kubectl-plugin/three_way.h"

namespace gantry::kubectl {
namespace {

constexpr size_t kColumn = 14;

std::string ScalarText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "<none>";
  return value.is_structured() ? "<none>" : DumpJson(value);
}

// `label:` and its value; a value of several lines goes below, indented.
void Line(std::string* out, int indent, const std::string& label, const std::string& value) {
  out->append(indent, ' ');
  *out += label + ":";
  if (value.find('\n') == std::string::npos) {
    const size_t used = label.size() + 1;
    out->append(used < kColumn ? kColumn - used : 2, ' ');
    *out += value + "\n";
    return;
  }
  *out += '\n';
  std::stringstream lines(value);
  for (std::string line; std::getline(lines, line);) {
    out->append(indent + 2, ' ');
    *out += line + "\n";
  }
}

void Value(std::string* out, int indent, const std::string& label, const Json& value);

void Members(std::string* out, int indent, const Json& map, bool labels) {
  for (const auto& item : map.items()) {
    Value(out, indent, labels ? LabelOf(item.key()) : item.key(), item.value());
  }
}

void Value(std::string* out, int indent, const std::string& label, const Json& value) {
  if (!value.is_structured() || value.empty()) {
    Line(out, indent, label, ScalarText(value));
    return;
  }
  out->append(indent, ' ');
  *out += label + ":\n";
  if (value.is_object()) {
    Members(out, indent + 2, value, true);
    return;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i].is_object()) {
      if (i > 0) *out += '\n';
      Members(out, indent + 2, value[i], true);
    } else {
      out->append(indent + 2, ' ');
      *out += (value[i].is_array() ? DumpJson(value[i]) : ScalarText(value[i])) + "\n";
    }
  }
}

// Labels or annotations, one below the other.
void Map(std::string* out, const std::string& label,
         const std::map<std::string, std::string>& map) {
  std::string text;
  for (const auto& [key, value] : map) {
    if (key == kLastApplied) continue;
    const std::string line = label == "Labels" ? key + "=" + value : key + ": " + value;
    const std::string head = text.empty() ? label + ":" : "";
    text += head + std::string(kColumn - head.size(), ' ') + line + "\n";
  }
  *out += text.empty() ? fmt::format("{:<14}<none>\n", label + ":") : text;
}

std::string Age(const Json& event, const char* field, WallTime now) {
  auto at = ParseTime(GetString(event, field));
  if (!at.ok()) at = ParseTime(GetString(event, "eventTime"));
  return at.ok() ? HumanAge(Between(*at, now)) : "<unknown>";
}

std::string EventsText(const std::vector<Object>& events, WallTime now) {
  if (events.empty()) return fmt::format("{:<14}<none>\n", "Events:");
  std::stringstream out;
  out << "Events:\n";
  std::stringstream table;
  ColumnWriter columns(table);
  columns.Row({"Type", "Reason", "Age", "From", "Message"});
  columns.Row({"----", "------", "----", "----", "-------"});
  for (const Object& event : events) {
    const Json& e = event.json();
    const int64_t count = GetInt(e, "count", 1);
    std::string age = Age(e, "lastTimestamp", now);
    if (count > 1) age += fmt::format(" (x{} over {})", count, Age(e, "firstTimestamp", now));
    std::string from = GetString(GetObject(e, "source"), "component");
    if (from.empty()) from = GetString(e, "reportingComponent");
    std::string message = GetString(e, "message");
    std::replace(message.begin(), message.end(), '\n', ' ');
    columns.Row({GetString(e, "type"), GetString(e, "reason"), age, from, message});
  }
  columns.Flush();
  for (std::string line; std::getline(table, line);) out << "  " << line << "\n";
  return out.str();
}

}  // namespace

std::string LabelOf(const std::string& key) {
  if (key.empty() ||
      !std::all_of(key.begin(), key.end(), [](unsigned char c) { return isalnum(c); })) {
    return key;
  }
  std::string out;
  for (size_t i = 0; i < key.size(); ++i) {
    const auto c = static_cast<unsigned char>(key[i]);
    // A word begins at a capital after a small letter, or before one: `hostIP`, `IPAddress`.
    const bool after_small = i > 0 && (islower(key[i - 1]) || isdigit(key[i - 1]));
    const bool before_small = i > 0 && i + 1 < key.size() && islower(key[i + 1]);
    if (isupper(c) && (after_small || before_small)) out += ' ';
    out += i == 0 ? static_cast<char>(toupper(c)) : key[i];
  }
  return out;
}

std::string DescribeObject(const Object& object, const std::vector<Object>& events, WallTime now) {
  std::string out;
  Line(&out, 0, "Name", std::string(object.name()));
  if (!object.ns().empty()) Line(&out, 0, "Namespace", std::string(object.ns()));
  Map(&out, "Labels", object.labels());
  Map(&out, "Annotations", object.annotations());
  Line(&out, 0, "API Version", std::string(object.api_version()));
  Line(&out, 0, "Kind", std::string(object.kind()));
  Json metadata = object.meta();
  for (const char* shown : {"name", "namespace", "labels", "annotations", "managedFields"}) {
    metadata.erase(shown);
  }
  Value(&out, 0, "Metadata", metadata);
  for (const auto& item : object.json().items()) {
    if (item.key() == "apiVersion" || item.key() == "kind" || item.key() == "metadata") continue;
    const bool secret =
        object.kind() == "Secret" && (item.key() == "data" || item.key() == "stringData");
    if (!secret || !item.value().is_object()) {
      Value(&out, 0, LabelOf(item.key()), item.value());
      continue;
    }
    out += LabelOf(item.key()) + ":\n";
    for (const auto& entry : item.value().items()) {
      const size_t size = ScalarText(entry.value()).size();
      Line(&out, 2, entry.key(), fmt::format("{} bytes as base64", size));
    }
  }
  return out + EventsText(events, now);
}

}  // namespace gantry::kubectl
