#include "apis/client/client.h"

#include <fmt/format.h>

#include "apis/client/metrics.h"
#include "apis/client/watch_line.h"
#include "apis/machinery/meta/status.h"

namespace gantry::client {
namespace {

constexpr int kPageSize = 500;

class QueryString {
 public:
  void Add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text_ += text_.empty() ? '?' : '&';
    text_ += name;
    text_ += '=';
    text_ += PercentEncode(value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

QueryString ListQuery(const ListOptions& options) {
  QueryString q;
  q.Add("labelSelector", options.label_selector);
  q.Add("fieldSelector", options.field_selector);
  if (options.limit > 0) q.Add("limit", std::to_string(options.limit));
  q.Add("continue", options.continue_token);
  q.Add("resourceVersion", options.resource_version);
  return q;
}

QueryString WriteQuery(const WriteOptions& options, const std::string& default_manager) {
  QueryString q;
  q.Add("fieldManager", options.field_manager.empty() ? default_manager : options.field_manager);
  q.Add("fieldValidation", options.field_validation);
  if (options.dry_run) q.Add("dryRun", "All");
  if (options.force) q.Add("force", "true");
  return q;
}

const char* PatchContentType(PatchType type) {
  switch (type) {
    case PatchType::kJson: return "application/json-patch+json";
    case PatchType::kMerge: return "application/merge-patch+json";
    case PatchType::kStrategic: return "application/strategic-merge-patch+json";
    case PatchType::kApply: return "application/apply-patch+yaml";
  }
  return "";
}

// The text of `Warning: 299 - "text"`; empty for another form.
std::string WarningText(const std::string& header) {
  const size_t from = header.find('"');
  if (header.compare(0, 3, "299") != 0 || from == std::string::npos) return "";
  std::string text;
  for (size_t i = from + 1; i < header.size() && header[i] != '"'; ++i) {
    if (header[i] == '\\' && i + 1 < header.size()) ++i;
    text += header[i];
  }
  return text;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) ==
                  std::tolower(static_cast<unsigned char>(y));
         });
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto b = static_cast<unsigned char>(c);
    const bool alnum = (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
    if (alnum || b == '-' || b == '.' || b == '_' || b == '~') {
      out += c;
    } else {
      out += '%';
      out += kHex[b >> 4];
      out += kHex[b & 15];
    }
  }
  return out;
}

std::string ResourcePath(const Resource& r, std::string_view ns, std::string_view name,
                         std::string_view subresource) {
  std::string path = r.group.empty() ? "/api/" : "/apis/" + PercentEncode(r.group) + "/";
  path += PercentEncode(r.version);
  if (r.namespaced && !ns.empty()) path += "/namespaces/" + PercentEncode(ns);
  path += "/" + PercentEncode(r.plural);
  if (!name.empty()) path += "/" + PercentEncode(name);
  if (!subresource.empty()) {
    path += '/';
    path += subresource;
  }
  return path;
}

Result<Json> Client::Send(const Context& ctx, HttpRequest request) const {
  request.headers.emplace_back("Accept", "application/json");
  request.headers.emplace_back("User-Agent", field_manager_);
  const MonoTime begin = Clock::Real()->Mono();
  Result<HttpResponse> answered = transport_->Do(ctx, request);
  CountRequest(transport_->host(), request.method, answered.ok() ? answered->status : 0,
               Clock::Real()->Mono() - begin);
  GANTRY_TRY_SET(const HttpResponse response, std::move(answered));
  if (warning_sink_) {
    for (const auto& [name, value] : response.headers) {
      if (!EqualsIgnoringCase(name, "Warning")) continue;
      if (const std::string text = WarningText(value); !text.empty()) warning_sink_(text);
    }
  }
  if (response.status >= 300) return ErrorFromStatus(response.status, response.body);
  Result<Json> json = ParseJson(response.body);
  if (!json.ok()) return Error(Code::kInternal, "the server's answer is not JSON");
  return json;
}

Result<Object> Client::Write(const Context& ctx, std::string method, std::string target,
                             const Object& o, const WriteOptions& options) const {
  HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target) + WriteQuery(options, field_manager_).text();
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = DumpJson(o.json());
  GANTRY_TRY_SET(Json json, Send(ctx, std::move(request)));
  if (!json.is_object()) return Error(Code::kInternal, "the server's answer is not an object");
  return Object(std::move(json));
}

Result<Object> Client::Get(const Context& ctx, const Resource& r, const ObjectKey& key) const {
  GANTRY_TRY_SET(Json json, GetRaw(ctx, ResourcePath(r, key.ns, key.name, "")));
  if (!json.is_object()) return Error(Code::kInternal, "the server's answer is not an object");
  return Object(std::move(json));
}

Result<Json> Client::GetRaw(const Context& ctx, const std::string& target) const {
  HttpRequest request;
  request.method = "GET";
  request.target = target;
  return Send(ctx, std::move(request));
}

Result<List> Client::ListPage(const Context& ctx, const Resource& r, std::string_view ns,
                              const ListOptions& options) const {
  GANTRY_TRY_SET(Json json, GetRaw(ctx, ResourcePath(r, ns, "", "") + ListQuery(options).text()));
  List list;
  const Json& meta = GetObject(json, "metadata");
  list.resource_version = GetString(meta, "resourceVersion");
  list.continue_token = GetString(meta, "continue");
  const auto items = json.find("items");
  if (items == json.end() || !items->is_array()) return list;
  list.items.reserve(items->size());
  for (Json& item : *items) {
    if (!item.is_object()) continue;
    Object o(std::move(item));
    if (o.kind().empty()) o.set_gvk(r.gvk());
    list.items.push_back(std::move(o));
  }
  return list;
}

Result<List> Client::ListAll(const Context& ctx, const Resource& r, std::string_view ns,
                             ListOptions options) const {
  if (options.limit == 0) options.limit = kPageSize;
  List all;
  while (true) {
    GANTRY_TRY_SET(List page, ListPage(ctx, r, ns, options));
    all.resource_version = std::move(page.resource_version);
    std::move(page.items.begin(), page.items.end(), std::back_inserter(all.items));
    if (page.continue_token.empty()) return all;
    options.continue_token = std::move(page.continue_token);
    options.resource_version.clear();  // the token stands for the revision
  }
}

Result<std::unique_ptr<Watcher>> Client::Watch(const Context& ctx, const Resource& r,
                                               std::string_view ns,
                                               const ListOptions& options) const {
  QueryString q = ListQuery(options);
  q.Add("watch", "true");
  q.Add("allowWatchBookmarks", "true");
  HttpRequest request;
  request.method = "GET";
  request.target = ResourcePath(r, ns, "", "") + q.text();
  request.headers.emplace_back("Accept", "application/json");
  request.headers.emplace_back("User-Agent", field_manager_);
  const MonoTime begin = Clock::Real()->Mono();
  Result<StreamResponse> answered = transport_->Stream(ctx, request);
  CountRequest(transport_->host(), request.method, answered.ok() ? answered->status : 0,
               Clock::Real()->Mono() - begin);
  GANTRY_TRY_SET(StreamResponse response, std::move(answered));
  if (response.status >= 300) return ErrorFromStatus(response.status, response.error_body);
  return std::make_unique<Watcher>(std::move(response.stream));
}

Result<Object> Client::Create(const Context& ctx, const Resource& r, const Object& object,
                              const WriteOptions& options) const {
  return Write(ctx, "POST", ResourcePath(r, object.ns(), "", ""), object, options);
}

Result<Object> Client::Update(const Context& ctx, const Resource& r, const Object& object,
                              const WriteOptions& options) const {
  return Write(ctx, "PUT", ResourcePath(r, object.ns(), object.name(), ""), object, options);
}

Result<Object> Client::UpdateStatus(const Context& ctx, const Resource& r, const Object& object,
                                    const WriteOptions& options) const {
  return Write(ctx, "PUT", ResourcePath(r, object.ns(), object.name(), "status"), object, options);
}

Result<Object> Client::Patch(const Context& ctx, const Resource& r, const ObjectKey& key,
                             PatchType type, const Json& patch, std::string_view subresource,
                             const WriteOptions& options) const {
  HttpRequest request;
  request.method = "PATCH";
  request.target =
      ResourcePath(r, key.ns, key.name, subresource) + WriteQuery(options, field_manager_).text();
  request.headers.emplace_back("Content-Type", PatchContentType(type));
  request.body = DumpJson(patch);
  GANTRY_TRY_SET(Json json, Send(ctx, std::move(request)));
  if (!json.is_object()) return Error(Code::kInternal, "the server's answer is not an object");
  return Object(std::move(json));
}

Result<Object> Client::Delete(const Context& ctx, const Resource& r, const ObjectKey& key,
                              const DeleteOptions& options) const {
  Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  switch (options.propagation) {
    case Propagation::kDefault: break;
    case Propagation::kForeground: body["propagationPolicy"] = "Foreground"; break;
    case Propagation::kBackground: body["propagationPolicy"] = "Background"; break;
    case Propagation::kOrphan: body["propagationPolicy"] = "Orphan"; break;
  }
  if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
  if (!options.resource_version.empty()) {
    body["preconditions"]["resourceVersion"] = options.resource_version;
  }
  if (options.dry_run) body["dryRun"] = Json::array({"All"});
  HttpRequest request;
  request.method = "DELETE";
  request.target = ResourcePath(r, key.ns, key.name, "");
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = DumpJson(body);
  GANTRY_TRY_SET(Json json, Send(ctx, std::move(request)));
  if (!json.is_object()) return Error(Code::kInternal, "the server's answer is not an object");
  return Object(std::move(json));
}

Result<WatchEvent> Watcher::Next() {
  while (true) {
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      const std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (line.empty()) continue;
      return ParseWatchLine(line);
    }
    GANTRY_TRY_SET(const std::string more, stream_->Read());
    if (more.empty()) return Error(Code::kUnavailable, "the watch ended");
    buffer_ += more;
  }
}

}  // namespace gantry::client
