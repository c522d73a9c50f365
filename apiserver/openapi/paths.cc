#include "apiserver/openapi/paths.h"

#include <fmt/format.h>

#include <map>

#include "apiserver/discovery/discovery.h"
#include "apiserver/openapi/openapi.h"

namespace gantry::apiserver::openapi {
namespace {

struct Parameter {
  const char* type;
  const char* description;
};

const std::map<std::string, Parameter>& Parameters() {
  static const auto* const table = new std::map<std::string, Parameter>{
      {"allowWatchBookmarks", {"boolean", "Asks a watch for events of type BOOKMARK."}},
      {"continue", {"string", "The token of the previous page."}},
      {"dryRun", {"string", "All: answer as if it happened, but change nothing."}},
      {"fieldManager", {"string", "Who writes; recorded in metadata.managedFields."}},
      {"fieldSelector", {"string", "Restricts the answer by the values of fields."}},
      {"fieldValidation",
       {"string", "What happens to unknown and repeated fields: Ignore, Warn or Strict."}},
      {"force", {"boolean", "Takes over fields that others manage."}},
      {"gracePeriodSeconds", {"integer", "Seconds that the object has to end; 0 is at once."}},
      {"labelSelector", {"string", "Restricts the answer by labels."}},
      {"limit", {"integer", "The most items of a page."}},
      {"name", {"string", "Name of the object."}},
      {"namespace", {"string", "Name of the namespace."}},
      {"pretty", {"string", "true: the answer is indented."}},
      {"propagationPolicy",
       {"string", "What happens to dependents: Orphan, Background or Foreground."}},
      {"resourceVersion", {"string", "The version to read at, or to watch from."}},
      {"resourceVersionMatch", {"string", "How resourceVersion is meant: NotOlderThan or Exact."}},
      {"sendInitialEvents", {"boolean", "Begins a watch with the objects that there are."}},
      {"timeoutSeconds", {"integer", "Ends a list or watch after this time."}},
      {"watch", {"boolean", "Follows changes instead of listing."}}};
  return *table;
}

const std::vector<std::string> kListParameters = {"allowWatchBookmarks",
                                                  "continue",
                                                  "fieldSelector",
                                                  "labelSelector",
                                                  "limit",
                                                  "resourceVersion",
                                                  "resourceVersionMatch",
                                                  "sendInitialEvents",
                                                  "timeoutSeconds",
                                                  "watch"};
const std::vector<std::string> kWriteParameters = {"dryRun", "fieldManager", "fieldValidation"};
const std::vector<std::string> kPatchParameters = {"dryRun", "fieldManager", "fieldValidation",
                                                   "force"};
const std::vector<std::string> kDeleteParameters = {"dryRun", "gracePeriodSeconds",
                                                    "propagationPolicy"};

std::string Capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// gantry.dev, v1 -> GantryDevV1
std::string CamelGroupVersion(const std::string& group, const std::string& version) {
  std::string out;
  const std::string text = group.empty() ? "core" : group;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find_first_of(".-", start), text.size());
    out += Capitalized(text.substr(start, end - start));
    start = end + 1;
  }
  return out + Capitalized(version);
}

// One operation, before it is written in a dialect.
struct Operation {
  std::string method;   // get put post patch delete
  std::string action;   // x-kubernetes-action
  std::string id_verb;  // start of operationId
  std::string description;
  std::vector<std::string> query;
  std::string body;    // definition; empty: none
  std::string answer;  // definition; empty: text
  std::vector<std::string> consumes = {"application/json"};
  std::vector<int> codes = {200};
  GroupVersionKind gvk = {};
};

class Builder {
 public:
  Builder(const schema::Definition& d, const schema::Version& v, Dialect dialect, Json* paths)
      : d_(d), v_(v), dialect_(dialect), paths_(*paths), gvk_{d.group, v.name, d.kind} {}

  void Build() {
    const std::string root =
        d_.group.empty() ? "/api/" + v_.name : fmt::format("/apis/{}/{}", d_.group, v_.name);
    const std::string collection =
        root + (d_.namespaced ? "/namespaces/{namespace}/" : "/") + d_.plural;
    const std::string kind = DefinitionName(gvk_);
    const std::string list = DefinitionName({d_.group, v_.name, d_.list_kind});
    if (d_.strategy.virtual_only) {
      Add(collection, "", Create(kind));
      return;
    }
    Add(collection, "", List(list));
    Add(collection, "", Create(kind));
    Add(collection, "Collection", DeleteCollection());
    if (d_.namespaced) Add(root + "/" + d_.plural, "ForAllNamespaces", List(list));
    const std::string item = collection + "/{name}";
    for (const Operation& op : ReadAndWrite(kind, gvk_)) Add(item, "", op);
    Add(item, "", Delete());
    if (v_.status_subresource)
      for (const Operation& op : ReadAndWrite(kind, gvk_)) Add(item + "/status", "Status", op);
    const GroupVersionKind scale{"autoscaling", "v1", "Scale"};
    if (v_.scale)
      for (const Operation& op : ReadAndWrite(DefinitionName(scale), scale))
        Add(item + "/scale", "Scale", op);
    for (const std::string& name : d_.connect_subresources) Connect(item, name);
  }

 private:
  Operation List(const std::string& list) const {
    Operation op{"get",           "list", "list", "list objects of kind " + d_.kind,
                 kListParameters, "",     list};
    op.gvk = gvk_;
    return op;
  }
  Operation Create(const std::string& kind) const {
    Operation op{"post", "post", "create", "create a " + d_.kind, kWriteParameters, kind, kind};
    op.codes = {200, 201, 202};
    op.gvk = gvk_;
    return op;
  }
  Operation DeleteCollection() const {
    Operation op{"delete",          "deletecollection",
                 "delete",          "delete a collection of " + d_.kind,
                 kDeleteParameters, MetaName("DeleteOptions"),
                 MetaName("Status")};
    for (const char* more : {"continue", "fieldSelector", "labelSelector", "limit",
                             "resourceVersion", "resourceVersionMatch", "timeoutSeconds"})
      op.query.push_back(more);
    op.gvk = gvk_;
    return op;
  }
  Operation Delete() const {
    Operation op{"delete",          "delete",
                 "delete",          "delete a " + d_.kind,
                 kDeleteParameters, MetaName("DeleteOptions"),
                 MetaName("Status")};
    op.codes = {200, 202};
    op.gvk = gvk_;
    return op;
  }
  std::vector<Operation> ReadAndWrite(const std::string& kind, const GroupVersionKind& gvk) const {
    Operation get{"get", "get", "read", "read the " + gvk.kind, {}, "", kind};
    Operation put{"put", "put", "replace", "replace the " + gvk.kind, kWriteParameters, kind, kind};
    put.codes = {200, 201};
    Operation patch{
        "patch",          "patch",           "patch", "change a part of the " + gvk.kind,
        kPatchParameters, MetaName("Patch"), kind};
    patch.consumes = ServedPatchTypes();
    patch.codes = {200, 201};
    std::vector<Operation> out = {get, put, patch};
    for (Operation& op : out) op.gvk = gvk;
    return out;
  }
  void Connect(const std::string& item, const std::string& name) {
    for (const std::string& verb : discovery::SubresourceVerbs(name)) {
      const bool get = verb == "get";
      Operation op{get ? "get" : "post",
                   "connect",
                   get ? "connectGet" : "connectPost",
                   fmt::format("connect to {} of the {}", name, d_.kind),
                   {},
                   "",
                   ""};
      op.gvk = gvk_;
      Add(item + "/" + name, Capitalized(name), op);
    }
  }

  void Add(const std::string& path, const std::string& suffix, const Operation& op) {
    Json& item = paths_[path];
    if (!item.contains("parameters")) {
      Json parameters = Json::array();
      for (const char* name : {"name", "namespace"})
        if (path.find(fmt::format("{{{}}}", name)) != std::string::npos)
          parameters.push_back(ParameterJson(name, "path"));
      if (!parameters.empty()) item["parameters"] = std::move(parameters);
    }
    Json out = {{"description", op.description},
                {"operationId",
                 fmt::format("{}{}{}{}{}", op.id_verb, CamelGroupVersion(d_.group, v_.name),
                             path.find("{namespace}") != std::string::npos ? "Namespaced" : "",
                             d_.kind, suffix)},
                {"tags", {TagOf()}},
                {"x-kubernetes-action", op.action},
                {"x-kubernetes-group-version-kind", GvkJson(op.gvk)}};
    Json parameters = Json::array();
    for (const std::string& name : op.query) parameters.push_back(ParameterJson(name, "query"));
    parameters.push_back(ParameterJson("pretty", "query"));
    if (dialect_ == Dialect::kV2) {
      if (!op.body.empty())
        parameters.push_back({{"name", "body"},
                              {"in", "body"},
                              {"required", op.method != "delete"},
                              {"schema", Ref(dialect_, op.body)}});
      out["consumes"] = op.consumes;
      out["produces"] = Json::array({"application/json"});
      out["schemes"] = Json::array({"https"});
    } else if (!op.body.empty()) {
      Json content = Json::object();
      for (const std::string& type : op.consumes)
        content[type] = {{"schema", Ref(dialect_, op.body)}};
      out["requestBody"] = {{"content", std::move(content)}, {"required", op.method != "delete"}};
    }
    out["parameters"] = std::move(parameters);
    for (const int code : op.codes) out["responses"][std::to_string(code)] = ResponseJson(code, op);
    out["responses"]["401"] = {{"description", "Unauthorized"}};
    item[op.method] = std::move(out);
  }

  std::string TagOf() const {
    std::string out = d_.group.empty() ? "core" : d_.group;
    for (char& c : out)
      if (c == '.') c = '_';
    return out + "_" + v_.name;
  }

  Json ParameterJson(const std::string& name, const std::string& in) const {
    const Parameter& p = Parameters().at(name);
    Json out = {{"name", name}, {"in", in}, {"description", p.description}};
    if (in == "path") out["required"] = true;
    if (dialect_ == Dialect::kV2) {
      out["type"] = p.type;
      out["uniqueItems"] = true;
    } else {
      out["schema"] = {{"type", p.type}, {"uniqueItems", true}};
    }
    return out;
  }

  Json ResponseJson(int code, const Operation& op) const {
    const char* const text = code == 200 ? "OK" : code == 201 ? "Created" : "Accepted";
    Json schema = op.answer.empty() ? Json{{"type", "string"}} : Ref(dialect_, op.answer);
    if (dialect_ == Dialect::kV2) return {{"description", text}, {"schema", std::move(schema)}};
    return {{"description", text},
            {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
  }

  const schema::Definition& d_;
  const schema::Version& v_;
  const Dialect dialect_;
  Json& paths_;
  const GroupVersionKind gvk_;
};

}  // namespace

void AddKindPaths(const schema::Definition& definition, const schema::Version& version,
                  Dialect dialect, Json* paths) {
  Builder(definition, version, dialect, paths).Build();
}

}  // namespace gantry::apiserver::openapi
