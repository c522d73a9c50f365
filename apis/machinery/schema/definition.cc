#include "apis/machinery/schema/definition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "apis/machinery/base/check.h"
#include "apis/machinery/meta/names.h"
#include "apis/machinery/meta/object.h"
#include "apis/machinery/schema/compile.h"
#include "apis/machinery/schema/keywords.h"
#include "apis/machinery/schema/reader.h"
#include "apis/machinery/schema/structural.h"
#include "apis/machinery/schema/version_parts.h"

namespace gantry::schema {
namespace {

constexpr char kApprovalAnnotation[] = "api-approved.kubernetes.io";

std::string ValidateDns1035(const std::string& text) {
  static const RE2 re("[a-z]([-a-z0-9]*[a-z0-9])?");
  if (text.size() <= 63 && RE2::FullMatch(text, re)) return "";
  return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
         "an "
         "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
         "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
}

std::string Lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

class Parser {
 public:
  Parser(const Json& crd, Origin origin) : crd_(crd), origin_(origin) {}

  Result<std::shared_ptr<const Definition>> Run() {
    name_ = GetString(GetObject(crd_, "metadata"), "name");
    const Json* spec = Find(crd_, "spec");
    if (!spec || !spec->is_object()) {
      errors_.push_back(Required("spec", ""));
      return Fault();
    }
    Reader reader(*spec, "spec", &errors_);
    d_->builtin = origin_ == Origin::kBuiltin;
    Group(reader);
    Names(reader);
    Scope(reader);
    if (reader.Boolean("preserveUnknownFields"))
      errors_.push_back(Invalid("spec.preserveUnknownFields", true, "must be false"));
    d_->webhook = ParseConversion(reader);
    Versions(reader);
    if (origin_ == Origin::kBuiltin) Extensions(reader);
    if (!errors_.empty()) return Fault();
    return std::shared_ptr<const Definition>(d_);
  }

 private:
  Error Fault() const {
    return InvalidObject({"apiextensions.k8s.io", "CustomResourceDefinition"}, name_, errors_);
  }

  // `Invalid` unless `why` is empty.
  void Expect(const std::string& field, const Json& value, std::string why) {
    if (!why.empty()) errors_.push_back(Invalid(field, value, std::move(why)));
  }

  void Group(const Reader& spec) {
    d_->group = spec.Text("group");
    if (origin_ == Origin::kBuiltin) return;
    if (d_->group.empty()) {
      errors_.push_back(Required("spec.group", ""));
      return;
    }
    Expect("spec.group", d_->group, ValidateDnsSubdomain(d_->group));
    if (d_->group.find('.') == std::string::npos)
      errors_.push_back(
          Invalid("spec.group", d_->group, "should be a domain with at least one dot"));
    const auto ends = [this](std::string_view suffix) {
      return d_->group.size() >= suffix.size() &&
             d_->group.compare(d_->group.size() - suffix.size(), suffix.size(), suffix) == 0;
    };
    const bool is_protected = d_->group == "k8s.io" || d_->group == "kubernetes.io" ||
                              ends(".k8s.io") || ends(".kubernetes.io");
    if (is_protected &&
        GetString(GetObject(GetObject(crd_, "metadata"), "annotations"), kApprovalAnnotation)
            .empty())
      errors_.push_back(
          Required("metadata.annotations[api-approved.kubernetes.io]",
                   fmt::format("protected groups must have approval annotation \"{}\", see "
                               "https://github.com/kubernetes/enhancements/pull/1111",
                               kApprovalAnnotation)));
  }

  void Names(const Reader& spec) {
    const Json* object = spec.Object("names");
    if (!object) {
      errors_.push_back(Required("spec.names.plural", ""));
      errors_.push_back(Required("spec.names.kind", ""));
      return;
    }
    const Reader names(*object, "spec.names", &errors_);
    d_->plural = names.RequiredText("plural");
    d_->kind = names.RequiredText("kind");
    d_->singular = names.Text("singular");
    if (d_->singular.empty()) d_->singular = Lower(d_->kind);
    d_->list_kind = names.Text("listKind");
    if (d_->list_kind.empty()) d_->list_kind = d_->kind + "List";
    d_->short_names = names.Texts("shortNames");
    d_->categories = names.Texts("categories");
    const auto mixed_case = [this](const std::string& field, const std::string& text) {
      const std::string why = ValidateDns1035(Lower(text));
      if (!why.empty())
        Expect(field, text, "may have mixed case, but should otherwise match: " + why);
    };
    if (!d_->plural.empty()) Expect("spec.names.plural", d_->plural, ValidateDns1035(d_->plural));
    if (!d_->kind.empty()) {
      mixed_case("spec.names.kind", d_->kind);
      Expect("spec.names.singular", d_->singular, ValidateDns1035(d_->singular));
      mixed_case("spec.names.listKind", d_->list_kind);
      if (d_->kind == d_->list_kind)
        errors_.push_back(
            Invalid("spec.names.listKind", d_->list_kind, "kind and listKind may not be the same"));
    }
    for (size_t i = 0; i < d_->short_names.size(); ++i)
      Expect(fmt::format("spec.names.shortNames[{}]", i), d_->short_names[i],
             ValidateDns1035(d_->short_names[i]));
    for (size_t i = 0; i < d_->categories.size(); ++i)
      Expect(fmt::format("spec.names.categories[{}]", i), d_->categories[i],
             ValidateDns1035(d_->categories[i]));
    if (name_ != d_->group_resource().ToString())
      errors_.push_back(
          Invalid("metadata.name", name_, "must be spec.names.plural+\".\"+spec.group"));
  }

  void Scope(const Reader& spec) {
    const std::string scope = spec.RequiredText("scope");
    d_->namespaced = scope != "Cluster";
    if (!scope.empty() && scope != "Cluster" && scope != "Namespaced")
      errors_.push_back(NotSupported("spec.scope", scope, {"Cluster", "Namespaced"}));
  }

  void Versions(const Reader& spec) {
    const Json* list = spec.Array("versions");
    if (!list || list->empty()) {
      errors_.push_back(Required("spec.versions", "must have at least one version"));
      return;
    }
    std::set<std::string> names;
    int stored = 0;
    bool unique = true;
    for (size_t i = 0; i < list->size(); ++i) {
      const std::string path = fmt::format("spec.versions[{}]", i);
      if (!(*list)[i].is_object()) {
        errors_.push_back(TypeInvalid(path, (*list)[i], "must be an object"));
        continue;
      }
      const Reader reader((*list)[i], path, &errors_);
      Version v = ParseVersion(reader);
      unique &= names.insert(v.name).second;
      stored += v.storage;
      d_->versions.push_back(std::move(v));
    }
    Json all = Json::array();
    for (const Version& v : d_->versions) all.push_back(v.name);
    if (!unique)
      errors_.push_back(Invalid("spec.versions", all, "must contain unique version names"));
    if (stored != 1)
      errors_.push_back(
          Invalid("spec.versions", all, "must have exactly one version marked as storage version"));
  }

  Version ParseVersion(const Reader& reader) {
    Version v;
    v.name = reader.RequiredText("name");
    if (!v.name.empty()) Expect(reader.At("name"), v.name, ValidateDns1035(v.name));
    v.served = reader.RequiredBoolean("served");
    v.storage = reader.RequiredBoolean("storage");
    v.deprecated = reader.Boolean("deprecated");
    v.deprecation_warning = reader.Text("deprecationWarning");
    if (!v.deprecation_warning.empty() && !v.deprecated)
      errors_.push_back(Invalid(reader.At("deprecationWarning"), v.deprecation_warning,
                                "can only be set for deprecated versions"));
    if (v.deprecation_warning.size() > 256)
      errors_.push_back(TooLong(reader.At("deprecationWarning"), 256));
    VersionSchema(reader, &v);
    ParseSubresources(reader, &v);
    ParseColumns(reader, origin_, &v);
    ParseSelectableFields(reader, origin_, &v);
    return v;
  }

  void VersionSchema(const Reader& reader, Version* v) {
    const Json* holder = reader.Object("schema");
    const std::string path = reader.At("schema") + ".openAPIV3Schema";
    const Json* openapi = holder ? Find(*holder, "openAPIV3Schema") : nullptr;
    if (!openapi) {
      if (origin_ == Origin::kUser) errors_.push_back(Required(path, "schemas are required"));
      v->schema = Schema::Any();
      return;
    }
    v->schema = CompileSchema(*openapi, path, &errors_);
    if (!v->schema) {
      v->schema = Schema::Any();  // other faults are still looked for
      return;
    }
    std::vector<std::string> rules;
    FindUnevaluatedRules(*openapi, path, &rules);
    for (const std::string& at : rules) {
      d_->ignored_rules.push_back(at + ".x-kubernetes-validations");
      d_->warnings.push_back(d_->ignored_rules.back() + ": accepted, but not evaluated");
    }
    FindUnknownFormats(*openapi, path, &d_->warnings);
  }

  void Extensions(const Reader& spec) {
    d_->connect_subresources = spec.Texts("x-gantry-subresources");
    const Json* object = spec.Object("x-gantry-strategy");
    if (!object) return;
    StrategyOptions& s = d_->strategy;
    const std::map<std::string, bool*, std::less<>> known = {
        {"noGeneration", &s.no_generation},
        {"writeOnlyStringData", &s.write_only_string_data},
        {"immutableField", &s.immutable_field},
        {"namespaceLifecycle", &s.namespace_lifecycle},
        {"crdLifecycle", &s.crd_lifecycle},
        {"virtualOnly", &s.virtual_only},
        {"composeTemplate", &s.compose_template},
        {"certificateRequest", &s.certificate_request},
        {"resourceQuota", &s.resource_quota},
        {"role", &s.role},
        {"roleBinding", &s.role_binding}};
    const Reader reader(*object, "spec.x-gantry-strategy", &errors_);
    for (const auto& [key, value] : object->items()) {
      const auto it = known.find(key);
      if (it != known.end()) {
        *it->second = reader.Boolean(key);
      } else {
        std::vector<std::string> names;
        for (const auto& [name, flag] : known) names.push_back(name);
        errors_.push_back(NotSupported(reader.path(), key, names));
      }
    }
  }

  const Json& crd_;
  const Origin origin_;
  std::string name_;
  FieldErrors errors_;
  const std::shared_ptr<Definition> d_ = std::make_shared<Definition>();
};

}  // namespace

const Version* Definition::FindVersion(std::string_view name) const {
  const Version* const v = FindAnyVersion(name);
  return v != nullptr && v->served ? v : nullptr;
}

const Version* Definition::FindAnyVersion(std::string_view name) const {
  for (const Version& v : versions)
    if (v.name == name) return &v;
  return nullptr;
}

const Version& Definition::StorageVersion() const {
  const auto it =
      std::find_if(versions.begin(), versions.end(), [](const Version& v) { return v.storage; });
  GANTRY_CHECK(it != versions.end());
  return *it;
}

Result<std::shared_ptr<const Definition>> ParseDefinition(const Json& crd, Origin origin) {
  return Parser(crd, origin).Run();
}

}  // namespace gantry::schema
