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

std::string TagOf(const std::string& group, const std::string& version) {
  std::string out = group.empty() ? "core" : group;
  for (char& c : out)
    if (c == '.') c = '_';
  return out + "_" + version;
}

std::string Quoted(const std::string& text) { return DumpJson(text); }

std::string StringList(const std::vector<std::string>& list) { return DumpJson(list); }

std::string MakeParameterText(Dialect dialect, const std::string& name, const std::string& in) {
  const Parameter& p = Parameters().at(name);
  Json out = {{"name", name}, {"in", in}, {"description", p.description}};
  if (in == "path") out["required"] = true;
  if (dialect == Dialect::kV2) {
    out["type"] = p.type;
    out["uniqueItems"] = true;
  } else {
    out["schema"] = {{"type", p.type}, {"uniqueItems", true}};
  }
  return DumpJson(out);
}

// Parameters are most of a document: their texts are made once.
const std::string& ParameterText(Dialect dialect, const std::string& name, const std::string& in) {
  using Texts = std::map<std::pair<std::string, std::string>, std::string>;
  static const auto make = [](Dialect d) {
    auto* const texts = new Texts;
    for (const auto& [key, parameter] : Parameters()) {
      for (const char* where : {"path", "query"})
        (*texts)[{key, where}] = MakeParameterText(d, key, where);
    }
    return texts;
  };
  static const Texts* const v2 = make(Dialect::kV2);
  static const Texts* const v3 = make(Dialect::kV3);
  return (dialect == Dialect::kV2 ? v2 : v3)->at({name, in});
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
  Builder(const schema::Definition& d, const schema::Version& v, Dialect dialect)
      : d_(d),
        v_(v),
        dialect_(dialect),
        gvk_{d.group, v.name, d.kind},
        camel_(CamelGroupVersion(d.group, v.name)),
        tag_(TagOf(d.group, v.name)) {}

  std::string Build() {
    AddAll();
    Finish();
    return std::move(text_);
  }

 private:
  void AddAll() {
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
    if (!d_.strategy.namespace_lifecycle) Add(collection, "Collection", DeleteCollection());
    if (d_.namespaced) Add(root + "/" + d_.plural, "ForAllNamespaces", List(list));
    const std::string item = collection + "/{name}";
    for (const Operation& op : ReadAndWrite(kind, gvk_)) Add(item, "", op);
    Add(item, "", Delete());
    if (v_.status_subresource)
      for (const Operation& op : ReadAndWrite(kind, gvk_)) Add(item + "/status", "Status", op);
    if (d_.strategy.namespace_lifecycle) Add(item + "/finalize", "Finalize", Replace(kind, gvk_));
    if (d_.strategy.certificate_request)
      for (const Operation& op : ReadAndWrite(kind, gvk_)) Add(item + "/approval", "Approval", op);
    const GroupVersionKind scale{"autoscaling", "v1", "Scale"};
    if (v_.scale)
      for (const Operation& op : ReadAndWrite(DefinitionName(scale), scale))
        Add(item + "/scale", "Scale", op);
    for (const std::string& name : d_.connect_subresources) Connect(item, name);
  }

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
  static Operation Replace(const std::string& kind, const GroupVersionKind& gvk) {
    Operation op{"put", "put", "replace", "replace the " + gvk.kind, kWriteParameters, kind, kind};
    op.codes = {200, 201};
    op.gvk = gvk;
    return op;
  }
  std::vector<Operation> ReadAndWrite(const std::string& kind, const GroupVersionKind& gvk) const {
    Operation get{"get", "get", "read", "read the " + gvk.kind, {}, "", kind};
    Operation patch{
        "patch",          "patch",           "patch", "change a part of the " + gvk.kind,
        kPatchParameters, MetaName("Patch"), kind};
    patch.consumes = ServedPatchTypes();
    patch.codes = {200, 201};
    std::vector<Operation> out = {get, Replace(kind, gvk), patch};
    for (Operation& op : out) op.gvk = gvk;
    return out;
  }
  void Connect(const std::string& item, const std::string& name) {
    for (const std::string& verb : discovery::SubresourceVerbs(name)) {
      const bool get = verb == "get";
      Operation op{get ? "get" : "post",
                   "connect",
                   get ? "connectGet" : "connectPost",
                   name == "token" ? "create a token of the " + d_.kind
                                   : fmt::format("connect to {} of the {}", name, d_.kind),
                   {},
                   "",
                   ""};
      op.gvk = gvk_;
      Add(item + "/" + name, Capitalized(name), op);
    }
  }

  // Operations of one path follow each other.
  void Add(const std::string& path, const std::string& suffix, const Operation& op) {
    if (path != path_) {
      Finish();
      path_ = path;
      text_ += text_.empty() ? "" : ",";
      text_ += Quoted(path) + ":{";
      std::string parameters;
      for (const char* name : {"name", "namespace"}) {
        if (path.find(fmt::format("{{{}}}", name)) == std::string::npos) continue;
        parameters += (parameters.empty() ? "" : ",") + ParameterText(dialect_, name, "path");
      }
      if (!parameters.empty()) text_ += "\"parameters\":[" + parameters + "],";
    } else {
      text_ += ",";
    }
    text_ += "\"" + op.method + "\":";
    AppendOperation(path, suffix, op);
  }

  void Finish() {
    if (!path_.empty()) text_ += "}";
    path_.clear();
  }

  void AppendOperation(const std::string& path, const std::string& suffix, const Operation& op) {
    const bool v2 = dialect_ == Dialect::kV2;
    const bool namespaced = path.find("{namespace}") != std::string::npos;
    std::string& out = text_;
    out += "{";
    if (v2) out += "\"consumes\":" + StringList(op.consumes) + ",";
    out += "\"description\":" + Quoted(op.description);
    out +=
        ",\"operationId\":" + Quoted(fmt::format("{}{}{}{}{}", op.id_verb, camel_,
                                                 namespaced ? "Namespaced" : "", d_.kind, suffix));
    out += ",\"parameters\":[";
    for (const std::string& name : op.query) out += ParameterText(dialect_, name, "query") + ",";
    out += ParameterText(dialect_, "pretty", "query");
    const char* const required = op.method != "delete" ? "true" : "false";
    if (v2 && !op.body.empty()) {
      out += fmt::format(R"(,{{"in":"body","name":"body","required":{},"schema":{}}})", required,
                         RefText(op.body));
    }
    out += "]";
    if (v2) out += R"(,"produces":["application/json"])";
    if (!v2 && !op.body.empty()) {
      out += ",\"requestBody\":{\"content\":{";
      const char* separator = "";
      for (const std::string& type : op.consumes) {
        out += separator + Quoted(type) + ":{\"schema\":" + RefText(op.body) + "}";
        separator = ",";
      }
      out += fmt::format("}},\"required\":{}}}", required);
    }
    out += ",\"responses\":{";
    for (const int code : op.codes) out += fmt::format("\"{}\":{},", code, ResponseText(code, op));
    out += R"("401":{"description":"Unauthorized"}})";
    if (v2) out += R"(,"schemes":["https"])";
    out += ",\"tags\":[" + Quoted(tag_) + "]";
    out += ",\"x-kubernetes-action\":" + Quoted(op.action);
    out += ",\"x-kubernetes-group-version-kind\":" + DumpJson(GvkJson(op.gvk)) + "}";
  }

  std::string RefText(const std::string& name) const {
    return "{\"$ref\":" + Quoted(RefPrefix(dialect_) + name) + "}";
  }

  std::string ResponseText(int code, const Operation& op) const {
    const char* const text = code == 200 ? "OK" : code == 201 ? "Created" : "Accepted";
    const std::string schema = op.answer.empty() ? R"({"type":"string"})" : RefText(op.answer);
    if (dialect_ == Dialect::kV2)
      return fmt::format(R"({{"description":"{}","schema":{}}})", text, schema);
    return fmt::format(R"({{"content":{{"application/json":{{"schema":{}}}}},"description":"{}"}})",
                       schema, text);
  }

  const schema::Definition& d_;
  const schema::Version& v_;
  const Dialect dialect_;
  const GroupVersionKind gvk_;
  const std::string camel_;
  const std::string tag_;
  std::string text_;
  std::string path_;  // whose object is open; empty: none
};

}  // namespace

std::string KindPaths(const schema::Definition& definition, const schema::Version& version,
                      Dialect dialect) {
  return Builder(definition, version, dialect).Build();
}

}  // namespace gantry::apiserver::openapi
