#include <algorithm>
#include <vector>

#include "apis/machinery/meta/selector.h"
#include "apiserver/filters/filters.h"

namespace gantry::apiserver {
namespace {

std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty()) parts.push_back(part);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

// Kubernetes takes everything but these two words for true, also nothing.
bool AsksForWatch(const Query& query) {
  if (!query.Has("watch")) return false;
  const std::string value = LowerCase(query.Get("watch"));
  return value != "false" && value != "0";
}

std::string VerbOf(std::string_view method, const RequestInfo& info, const Query& query) {
  const bool named = !info.name.empty();
  if (method == "GET" || method == "HEAD") {
    if (named) return "get";
    return AsksForWatch(query) ? "watch" : "list";
  }
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return named ? "delete" : "deletecollection";
  return LowerCase(method);
}

// Whoever lists or watches one object by its name asks for that object: authorisation may allow it
// by name.
std::string SelectedName(const Query& query) {
  const std::string text = query.Get("fieldSelector");
  if (text.empty()) return "";
  const Result<FieldSelector> selector = FieldSelector::Parse(text);
  const std::string* const name = selector.ok() ? selector->RequiredName() : nullptr;
  if (name == nullptr || *name == "." || *name == ".." ||
      name->find_first_of("/%") != std::string::npos) {
    return "";
  }
  return *name;
}

}  // namespace

RequestInfo ParseRequestInfo(std::string_view method, std::string_view path, const Query& query) {
  RequestInfo info;
  info.verb = LowerCase(method);
  const std::vector<std::string_view> parts = Segments(path);
  size_t at = 0;
  if (parts.size() > 2 && parts[0] == "api") {
    info.version = parts[1];
    at = 2;
  } else if (parts.size() > 3 && parts[0] == "apis") {
    info.group = parts[1];
    info.version = parts[2];
    at = 3;
  } else {
    return info;
  }
  info.is_resource = true;
  // `watch/...` before what is watched: how clients asked before there was `?watch=1`.
  const bool watches = parts[at] == "watch" && parts.size() > at + 1;
  if (watches) ++at;
  // `namespaces/x` and `namespaces/x/status` address the namespace itself, `namespaces/x/pods` what
  // is in it.
  if (parts[at] == "namespaces" && parts.size() > at + 2 && parts[at + 2] != "status" &&
      parts[at + 2] != "finalize") {
    info.ns = parts[at + 1];
    at += 2;
  }
  info.resource = parts[at];
  if (parts.size() > at + 1) info.name = parts[at + 1];
  if (parts.size() > at + 2) info.subresource = parts[at + 2];
  info.verb = watches ? "watch" : VerbOf(method, info, query);
  if (info.name.empty() && info.verb != "create") info.name = SelectedName(query);
  return info;
}

bool IsLongRunning(const RequestInfo& info) {
  return info.verb == "watch" || info.subresource == "log" || info.subresource == "exec" ||
         info.subresource == "attach";
}

bool IsHealthPath(std::string_view path) {
  for (const std::string_view root : {"/healthz", "/livez", "/readyz"}) {
    if (path == root || (path.starts_with(root) && path[root.size()] == '/')) return true;
  }
  return false;
}

bool IsAboutServer(std::string_view path) {
  return IsHealthPath(path) || path == "/metrics" || path.starts_with("/debug/");
}

Handler WithRequestInfo(Handler next) {
  return [next = std::move(next)](Request& request) {
    request.info = ParseRequestInfo(request.method, request.path, request.query);
    return next(request);
  };
}

}  // namespace gantry::apiserver
