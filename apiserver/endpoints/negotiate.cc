#include "apiserver/endpoints/negotiate.h"

#include <algorithm>
#include <map>
#include <optional>

namespace gantry::apiserver {
namespace {

std::string_view Trim(std::string_view s) {
  const size_t from = s.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(" \t") - from + 1);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(Trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

struct MediaRange {
  std::string type;
  std::map<std::string, std::string> parameters;
  double quality = 1;
};

MediaRange ParseRange(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, ';');
  MediaRange range;
  range.type = Lower(parts[0]);
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    if (equals == std::string_view::npos) continue;
    std::string value(Trim(parts[i].substr(equals + 1)));
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    range.parameters[Lower(parts[i].substr(0, equals))] = std::move(value);
  }
  if (const auto q = range.parameters.find("q"); q != range.parameters.end()) {
    const double quality = std::strtod(q->second.c_str(), nullptr);
    range.quality = quality > 0 ? quality : 0;  // nor "nan", which has no order
  }
  return range;
}

std::string Parameter(const MediaRange& range, const char* name, const char* fallback) {
  const auto it = range.parameters.find(name);
  return it == range.parameters.end() ? fallback : it->second;
}

std::optional<Negotiated> FormOf(const MediaRange& range) {
  const std::string as = Parameter(range, "as", "");
  if (as.empty()) {
    if (range.type == "application/yaml") return Negotiated{FormKind::kYaml, ""};
    const bool json =
        range.type == "application/json" || range.type == "application/*" || range.type == "*/*";
    return json ? std::optional(Negotiated{}) : std::nullopt;
  }
  const std::string version = Parameter(range, "v", "v1");
  const bool known = range.type == "application/json" &&
                     Parameter(range, "g", "meta.k8s.io") == "meta.k8s.io" &&
                     (version == "v1" || version == "v1beta1");
  if (!known) return std::nullopt;
  if (as == "Table") return Negotiated{FormKind::kTable, version};
  if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") {
    return Negotiated{FormKind::kPartial, version};
  }
  return std::nullopt;
}

}  // namespace

std::string MediaType(std::string_view content_type) {
  return Lower(Trim(content_type.substr(0, content_type.find(';'))));
}

Result<Negotiated> NegotiateForm(std::string_view accept) {
  if (Trim(accept).empty()) return Negotiated{};
  std::vector<MediaRange> ranges;
  for (const std::string_view part : Split(accept, ',')) ranges.push_back(ParseRange(part));
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const MediaRange& a, const MediaRange& b) { return a.quality > b.quality; });
  for (const MediaRange& range : ranges) {
    if (range.quality <= 0) continue;
    if (const std::optional<Negotiated> form = FormOf(range)) return *form;
  }
  for (MediaRange& range : ranges) {
    if (range.type != "application/vnd.kubernetes.protobuf") continue;
    range.type = "application/json";
    if (const std::optional<Negotiated> form = FormOf(range)) return *form;
  }
  return Error(Code::kNotAcceptable,
               "only the following media types are accepted: application/json, application/yaml");
}

}  // namespace gantry::apiserver
