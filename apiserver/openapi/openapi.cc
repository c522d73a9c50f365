#include "apiserver/openapi/openapi.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/base/encoding.h"
#include "apiserver/openapi/common_schemas.h"
#include "apiserver/openapi/kind_schemas.h"
#include "apiserver/openapi/paths.h"
#include "apiserver/openapi/v2_proto.h"

namespace gantry::apiserver::openapi {
namespace {

constexpr char kJson[] = "application/json";
constexpr char kV2Root[] = "/openapi/v2";
constexpr char kV3Root[] = "/openapi/v3";
// Both spellings that clients ask for. Answers always use the second: Go's parser of media types
// refuses the other for its `@`.
constexpr char kV2ProtobufAsked[] = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
constexpr char kV2Protobuf[] = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

std::shared_ptr<const Document> MakeDocument(std::string body) {
  auto document = std::make_shared<Document>();
  document->hash = StableHash(body);
  document->body = std::move(body);
  return document;
}

Json Info() {
  return {{"title", "Gantry"},
          {"version", "v1"},
          {"description", "A Kubernetes-style control plane for Docker hosts."}};
}

std::string PathOf(const GroupVersion& gv) {
  return gv.group.empty() ? "api/" + gv.version : "apis/" + gv.ToString();
}

// The position of a media type in an Accept header; npos when it is not there.
size_t Position(std::string_view accept, std::string_view type) {
  for (size_t at = 0; (at = accept.find(type, at)) != std::string_view::npos; ++at) {
    const size_t end = at + type.size();
    const bool starts = at == 0 || accept[at - 1] == ',' || accept[at - 1] == ' ';
    if (starts &&
        (end == accept.size() || accept[end] == ',' || accept[end] == ';' || accept[end] == ' '))
      return at;
  }
  return std::string_view::npos;
}

// The one of `served` that stands first in the header; the last of `served` when any type will do.
Result<std::string> Negotiate(std::string_view accept, const std::vector<std::string>& served) {
  if (accept.empty()) return served.back();
  size_t best = Position(accept, "*/*");
  const std::string* chosen = best == std::string_view::npos ? nullptr : &served.back();
  for (const std::string& type : served) {
    const size_t at = Position(accept, type);
    if (at >= best) continue;
    best = at;
    chosen = &type;
  }
  if (chosen) return *chosen;
  std::string all;
  for (const std::string& type : served) all += (all.empty() ? "" : ", ") + type;
  return Error(Code::kNotAcceptable, "only the following media types are accepted: " + all);
}

}  // namespace

const std::vector<std::string>& ServedPatchTypes() {
  static const auto* const types =
      new std::vector<std::string>{"application/apply-patch+yaml", "application/json-patch+json",
                                   "application/merge-patch+json"};
  return *types;
}

Spec::Spec(Definitions definitions, const Spec* previous) : definitions_(std::move(definitions)) {
  versions_[{"", "v1"}];  // clients expect the core group's document, whatever is in it
  for (const auto& d : definitions_)
    for (const schema::Version& v : d->versions)
      if (v.served) versions_[{d->group, v.name}].push_back(d);
  for (auto& [gv, serving] : versions_) std::sort(serving.begin(), serving.end());
  if (!previous) return;
  MutexLock lock(&previous->mu_);
  for (const auto& [gv, document] : previous->v3_) {
    const auto now = versions_.find(gv);
    const auto before = previous->versions_.find(gv);
    if (now != versions_.end() && now->second == before->second) v3_[gv] = document;
  }
}

std::shared_ptr<const Document> Spec::V3Locked(const GroupVersion& gv) const {
  const auto serving = versions_.find(gv);
  if (serving == versions_.end()) return nullptr;
  std::shared_ptr<const Document>& slot = v3_[gv];
  if (slot) return slot;
  Json paths = Json::object();
  Json schemas = CommonSchemas(Dialect::kV3);
  for (const auto& d : serving->second) {
    const schema::Version& v = *d->FindVersion(gv.version);
    AddKindSchemas(*d, v, Dialect::kV3, &schemas);
    AddKindPaths(*d, v, Dialect::kV3, &paths);
  }
  const Json document = {
      {"openapi", "3.0.0"},
      {"info", Info()},
      {"paths", std::move(paths)},
      {"components",
       {{"schemas", std::move(schemas)},
        {"securitySchemes",
         {{"BearerToken", {{"type", "apiKey"}, {"in", "header"}, {"name", "authorization"}}}}}}}};
  slot = MakeDocument(DumpJson(document));
  return slot;
}

std::shared_ptr<const Document> Spec::V2JsonLocked() const {
  if (v2_json_) return v2_json_;
  Json paths = Json::object();
  Json schemas = CommonSchemas(Dialect::kV2);
  for (const auto& d : definitions_) {
    for (const schema::Version& v : d->versions) {
      if (!v.served) continue;
      AddKindSchemas(*d, v, Dialect::kV2, &schemas);
      AddKindPaths(*d, v, Dialect::kV2, &paths);
    }
  }
  const Json document = {{"swagger", "2.0"},
                         {"info", Info()},
                         {"paths", std::move(paths)},
                         {"definitions", std::move(schemas)}};
  v2_json_ = MakeDocument(DumpJson(document));
  return v2_json_;
}

std::shared_ptr<const Document> Spec::V3(const GroupVersion& gv) const {
  MutexLock lock(&mu_);
  return V3Locked(gv);
}

std::shared_ptr<const Document> Spec::Index() const {
  MutexLock lock(&mu_);
  if (index_) return index_;
  Json paths = Json::object();
  for (const auto& entry : versions_) {
    const std::string path = PathOf(entry.first);
    paths[path] = {{"serverRelativeURL",
                    fmt::format("{}/{}?hash={}", kV3Root, path, V3Locked(entry.first)->hash)}};
  }
  index_ = MakeDocument(DumpJson({{"paths", std::move(paths)}}));
  return index_;
}

std::shared_ptr<const Document> Spec::V2Json() const {
  MutexLock lock(&mu_);
  return V2JsonLocked();
}

std::shared_ptr<const Document> Spec::V2Protobuf() const {
  MutexLock lock(&mu_);
  if (!v2_protobuf_) v2_protobuf_ = MakeDocument(EncodeV2(*ParseJson(V2JsonLocked()->body)));
  return v2_protobuf_;
}

Result<Answer> Spec::Serve(std::string_view path, std::string_view accept,
                           std::string_view if_none_match, std::string_view hash) const {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  Answer answer;
  if (path == kV2Root) {
    GANTRY_TRY_SET(answer.content_type, Negotiate(accept, {kV2ProtobufAsked, kV2Protobuf, kJson}));
    if (answer.content_type == kV2ProtobufAsked) answer.content_type = kV2Protobuf;
    answer.document = answer.content_type == kJson ? V2Json() : V2Protobuf();
  } else {
    GANTRY_TRY_SET(answer.content_type, Negotiate(accept, {kJson}));
    if (path == kV3Root) {
      answer.document = Index();
    } else {
      for (const auto& entry : versions_)
        if (path == fmt::format("{}/{}", kV3Root, PathOf(entry.first)))
          answer.document = V3(entry.first);
    }
  }
  if (!answer.document)
    return Error(Code::kNotFound, fmt::format("no OpenAPI document at {}", path));
  answer.etag = "\"" + answer.document->hash + "\"";
  answer.immutable = hash == answer.document->hash;
  if (if_none_match.find(answer.etag) != std::string_view::npos) {
    answer.status = 304;
    answer.document.reset();
  }
  return answer;
}

}  // namespace gantry::apiserver::openapi
