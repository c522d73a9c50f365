#include "apiserver/openapi/openapi.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/base/check.h"
#include "apis/machinery/base/encoding.h"
#include "apiserver/openapi/common_schemas.h"
#include "apiserver/openapi/kind_schemas.h"
#include "apiserver/openapi/paths.h"
#include "apiserver/openapi/pieces.h"
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

// The members of an object, without the braces.
std::string MembersOf(const Json& object) {
  std::string text = DumpJson(object);
  return text.substr(1, text.size() - 2);
}

Members JsonMembers(const ServedKind& kind, Dialect dialect) {
  Json schemas = Json::object();
  AddKindSchemas(*kind.definition, *kind.version, dialect, &schemas);
  return {KindPaths(*kind.definition, *kind.version, dialect), MembersOf(schemas)};
}

DocumentForm MakeV3Form() {
  DocumentForm form;
  form.make = [](const ServedKind& kind) { return JsonMembers(kind, Dialect::kV3); };
  form.common.schemas = MembersOf(CommonSchemas(Dialect::kV3));
  form.separator = ",";
  form.before_paths = [](size_t) {
    return "{\"openapi\":\"3.0.0\",\"info\":" + DumpJson(Info()) + ",\"paths\":{";
  };
  form.before_schemas = [](size_t) { return std::string("},\"components\":{\"schemas\":{"); };
  form.end =
      "},\"securitySchemes\":{\"BearerToken\":{\"in\":\"header\",\"name\":\"authorization\","
      "\"type\":\"apiKey\"}}}}";
  return form;
}

const DocumentForm& V3Form() {
  static const auto* const form = new DocumentForm(MakeV3Form());
  return *form;
}

DocumentForm MakeV2JsonForm() {
  DocumentForm form;
  form.make = [](const ServedKind& kind) { return JsonMembers(kind, Dialect::kV2); };
  form.common.schemas = MembersOf(CommonSchemas(Dialect::kV2));
  form.separator = ",";
  form.before_paths = [](size_t) {
    return "{\"swagger\":\"2.0\",\"info\":" + DumpJson(Info()) + ",\"paths\":{";
  };
  form.before_schemas = [](size_t) { return std::string("},\"definitions\":{"); };
  form.end = "}}";
  return form;
}

const DocumentForm& V2JsonForm() {
  static const auto* const form = new DocumentForm(MakeV2JsonForm());
  return *form;
}

DocumentForm MakeV2ProtobufForm() {
  DocumentForm form;
  form.make = [](const ServedKind& kind) -> Members {
    Json schemas = Json::object();
    AddKindSchemas(*kind.definition, *kind.version, Dialect::kV2, &schemas);
    const Result<Json> paths =
        ParseJson("{" + KindPaths(*kind.definition, *kind.version, Dialect::kV2) + "}");
    GANTRY_CHECK(paths.ok());
    return {EncodeV2Paths(*paths), EncodeV2Definitions(schemas)};
  };
  form.common.schemas = EncodeV2Definitions(CommonSchemas(Dialect::kV2));
  form.before_paths = [](size_t size) {
    return EncodeV2Head({{"swagger", "2.0"}, {"info", Info()}}) + V2PathsHeader(size);
  };
  form.before_schemas = V2DefinitionsHeader;
  return form;
}

const DocumentForm& V2ProtobufForm() {
  static const auto* const form = new DocumentForm(MakeV2ProtobufForm());
  return *form;
}

// Of all that documents take from a definition.
std::string FingerprintOf(const schema::Definition& d) {
  std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n", d.group, d.kind, d.list_kind, d.plural,
                  d.namespaced, d.strategy.virtual_only, d.strategy.namespace_lifecycle);
  for (const std::string& name : d.connect_subresources) text += name + "\n";
  for (const schema::Version& v : d.versions) {
    if (!v.served) continue;
    text += fmt::format("{}\n{}\n{}\n", v.name, v.status_subresource, v.scale.has_value());
    text += DumpJson(v.schema->openapi());
  }
  return StableHash(text);
}

// Changes with what this program makes of definitions: clients keep documents for ever.
const std::string& GeneratorHash() {
  static const auto* const hash = [] {
    const Result<Json> sample = ParseJson(R"({
      "metadata": {"name": "samples.example.com"},
      "spec": {"group": "example.com", "scope": "Namespaced",
        "names": {"plural": "samples", "singular": "sample", "kind": "Sample", "listKind": "SampleList"},
        "versions": [{"name": "v1", "served": true, "storage": true,
          "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}},
          "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
              "n": {"type": "integer", "nullable": true, "default": 1, "minimum": 0},
              "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
              "list": {"type": "array", "items": {"type": "string", "enum": ["a"]}}}},
            "status": {"type": "object", "properties": {"n": {"type": "integer"}}}}}}}]}})");
    GANTRY_CHECK(sample.ok());
    const auto definition = schema::ParseDefinition(*sample);
    GANTRY_CHECK(definition.ok());
    const ServedKind kind{*definition, &(*definition)->versions.front()};
    std::string all;
    for (const DocumentForm* form : {&V3Form(), &V2JsonForm(), &V2ProtobufForm()}) {
      all += Assemble({kind}, *form, nullptr, "")->body;
    }
    return new std::string(StableHash(all));
  }();
  return *hash;
}

}  // namespace

const std::vector<std::string>& ServedPatchTypes() {
  static const auto* const types =
      new std::vector<std::string>{"application/apply-patch+yaml", "application/json-patch+json",
                                   "application/merge-patch+json"};
  return *types;
}

Spec::Spec(const Definitions& definitions, const Spec* previous) {
  versions_[{"", "v1"}];  // clients expect the core group's document, whatever is in it
  for (const auto& d : definitions) {
    for (const schema::Version& v : d->versions) {
      if (!v.served) continue;
      versions_[{d->group, v.name}].push_back({d, &v});
      all_.push_back({d, &v});
    }
    std::string& fingerprint = fingerprints_[d];
    if (previous != nullptr) {
      const auto known = previous->fingerprints_.find(d);
      if (known != previous->fingerprints_.end()) fingerprint = known->second;
    }
    if (fingerprint.empty()) fingerprint = FingerprintOf(*d);
  }
  for (const auto& [gv, kinds] : versions_) hashes_[gv] = HashOf(kinds, "v3");
  if (previous == nullptr) return;
  MutexLock lock(&previous->mu_);
  for (const auto& [gv, document] : previous->v3_) {
    const auto now = versions_.find(gv);
    if (now == versions_.end()) continue;
    (now->second == previous->versions_.at(gv) ? v3_ : old_v3_)[gv] = document;
  }
  for (const auto& [gv, document] : previous->old_v3_) {
    if (versions_.contains(gv) && !v3_.contains(gv)) old_v3_.insert({gv, document});
  }
  for (const Form form : {kAsJson, kAsProtobuf}) {
    old_v2_[form] = previous->v2_[form] ? previous->v2_[form] : previous->old_v2_[form];
  }
}

Spec::~Spec() = default;

std::string Spec::HashOf(const std::vector<ServedKind>& kinds, const char* form) const {
  std::string text = form;
  text += GeneratorHash();
  for (const ServedKind& kind : kinds) {
    text += fingerprints_.at(kind.definition);
    text += kind.version->name;
  }
  return StableHash(text);
}

std::shared_ptr<const Document> Spec::V3(const GroupVersion& gv) const {
  const auto kinds = versions_.find(gv);
  if (kinds == versions_.end()) return nullptr;
  MutexLock lock(&mu_);
  std::shared_ptr<const PiecedDocument>& slot = v3_[gv];
  if (!slot) {
    const auto old = old_v3_.find(gv);
    slot = Assemble(kinds->second, V3Form(), old == old_v3_.end() ? nullptr : old->second.get(),
                    hashes_.at(gv));
    old_v3_.erase(gv);
  }
  return slot;
}

std::shared_ptr<const Document> Spec::Index() const {
  MutexLock lock(&mu_);
  if (index_) return index_;
  Json paths = Json::object();
  for (const auto& [gv, hash] : hashes_) {
    const std::string path = PathOf(gv);
    paths[path] = {{"serverRelativeURL", fmt::format("{}/{}?hash={}", kV3Root, path, hash)}};
  }
  auto document = std::make_shared<Document>();
  document->body = DumpJson({{"paths", std::move(paths)}});
  document->hash = StableHash(document->body);
  index_ = std::move(document);
  return index_;
}

std::shared_ptr<const Document> Spec::V2(Form form) const {
  MutexLock lock(&mu_);
  std::shared_ptr<const PiecedDocument>& slot = v2_[form];
  if (!slot) {
    slot = Assemble(all_, form == kAsJson ? V2JsonForm() : V2ProtobufForm(), old_v2_[form].get(),
                    HashOf(all_, form == kAsJson ? "v2" : "v2-protobuf"));
    old_v2_[form] = nullptr;
  }
  return slot;
}

std::shared_ptr<const Document> Spec::V2Json() const { return V2(kAsJson); }

std::shared_ptr<const Document> Spec::V2Protobuf() const { return V2(kAsProtobuf); }

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
