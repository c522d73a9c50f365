#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/base/encoding.h"
#include "apiserver/discovery/discovery.h"

namespace gantry::apiserver::discovery {
namespace {

// One clause of an Accept header.
struct Clause {
  std::string type;   // application/json
  std::string group;  // the parameters g, v and as
  std::string version;
  std::string as;
  double quality = 1;
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> Split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(at, start), text.size());
    out.push_back(Trim(text.substr(start, end - start)));
    start = end + 1;
  }
  return out;
}

// The clauses, the most wanted first.
std::vector<Clause> ParseAccept(std::string_view accept) {
  std::vector<Clause> out;
  for (const std::string_view part : Split(accept, ',')) {
    if (part.empty()) continue;
    const auto fields = Split(part, ';');
    Clause clause;
    clause.type = std::string(fields.front());
    for (size_t i = 1; i < fields.size(); ++i) {
      const size_t equal = fields[i].find('=');
      if (equal == std::string_view::npos) continue;
      const std::string_view name = Trim(fields[i].substr(0, equal));
      const std::string value(Trim(fields[i].substr(equal + 1)));
      if (name == "g") clause.group = value;
      if (name == "v") clause.version = value;
      if (name == "as") clause.as = value;
      if (name == "q") clause.quality = std::atof(value.c_str());
    }
    out.push_back(std::move(clause));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Clause& a, const Clause& b) { return a.quality > b.quality; });
  return out;
}

// The form to answer in: a version of the aggregated one, or empty for the legacy one.
Result<std::string> Negotiate(std::string_view accept, bool can_aggregate) {
  const std::vector<Clause> clauses = ParseAccept(accept);
  if (clauses.empty()) return std::string();
  for (const Clause& c : clauses) {
    const bool json = c.type == "application/json" || c.type == "application/*" || c.type == "*/*";
    if (!json || c.quality == 0) continue;
    if (c.as.empty()) return std::string();
    const bool served = c.type == "application/json" && c.as == "APIGroupDiscoveryList" &&
                        c.group == "apidiscovery.k8s.io" &&
                        (c.version == "v2" || c.version == "v2beta1");
    if (can_aggregate && served) return c.version;
  }
  return Error(Code::kNotAcceptable,
               "only the following media types are accepted: application/json");
}

}  // namespace

bool MatchesEtag(std::string_view if_none_match, std::string_view etag) {
  const auto known = Split(if_none_match, ',');
  return std::find(known.begin(), known.end(), etag) != known.end();
}

Result<Answer> Serve(const Definitions& definitions, std::string_view path, std::string_view accept,
                     std::string_view if_none_match, GroupTexts* texts) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const auto parts = Split(path, '/');  // "", "apis", group, version
  const bool core = parts.size() >= 2 && parts[1] == "api";
  if (parts.size() < 2 || !parts[0].empty() || (!core && parts[1] != "apis") ||
      parts.size() > (core ? 3u : 4u))
    return Error(Code::kNotFound, fmt::format("no discovery document at {}", path));
  GANTRY_TRY_SET(const std::string aggregated, Negotiate(accept, parts.size() == 2));

  Json document;
  Answer answer;
  answer.content_type = "application/json";
  if (!aggregated.empty()) {
    answer.body = AggregatedText(definitions, core, aggregated, texts);
    answer.content_type +=
        fmt::format(";g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList", aggregated);
  } else if (parts.size() == 2) {
    document = core ? ApiVersions() : GroupList(definitions);
  } else if (core) {
    GANTRY_TRY_SET(document, ResourceList(definitions, {"", std::string(parts[2])}));
  } else if (parts.size() == 3) {
    GANTRY_TRY_SET(document, Group(definitions, parts[2]));
  } else {
    GANTRY_TRY_SET(document,
                   ResourceList(definitions, {std::string(parts[2]), std::string(parts[3])}));
  }
  if (answer.body.empty()) answer.body = DumpJson(document);
  answer.etag = "\"" + StableHash(answer.body) + "\"";
  if (MatchesEtag(if_none_match, answer.etag)) {
    answer.status = 304;
    answer.body.clear();
  }
  return answer;
}

}  // namespace gantry::apiserver::discovery
