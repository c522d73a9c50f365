#include "apis/machinery/schema/judge.h"

#include <fmt/format.h>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "apis/machinery/schema/format.h"
#include "apis/machinery/schema/keywords.h"

namespace gantry::schema {
namespace {

// Our dialect (nullable, int-or-string, patterns of RE2) as plain JSON Schema draft 4. `*exact`
// becomes false when a rule had to be left out.
Json Translate(const Json& schema, bool* exact) {
  Json out = Json::object();
  const bool nullable = Flag(schema, "nullable");
  for (const char* key :
       {"enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"})
    if (const Json* v = Find(schema, key)) out[key] = *v;
  // Draft 4 wants at least one name, and the bounds that the exclusive flags belong to.
  if (const Json* required = Find(schema, "required"); required && !required->empty())
    out["required"] = *required;
  if (!out.contains("minimum")) out.erase("exclusiveMinimum");
  if (!out.contains("maximum")) out.erase("exclusiveMaximum");
  if (Find(schema, "pattern") || IsKnownFormat(GetString(schema, "format")) ||
      Flag(schema, "x-kubernetes-embedded-resource") || Find(schema, "x-kubernetes-list-type"))
    *exact = false;

  const std::string type = GetString(schema, "type");
  if (Flag(schema, "x-kubernetes-int-or-string")) {
    out["type"] = Json::array({"integer", "string"});
  } else if (!type.empty()) {
    out["type"] = type;
  }
  if (const Json* props = Find(schema, "properties")) {
    Json& into = out["properties"] = Json::object();
    for (const auto& [name, sub] : props->items()) into[name] = Translate(sub, exact);
  }
  if (const Json* additional = Find(schema, "additionalProperties"))
    if (additional->is_object()) out["additionalProperties"] = Translate(*additional, exact);
  if (const Json* items = Find(schema, "items")) out["items"] = Translate(*items, exact);
  for (const char* key : {"allOf", "anyOf", "oneOf"}) {
    const Json* list = Find(schema, key);
    if (!list || list->empty()) continue;
    bool all_exact = true;
    Json into = Json::array();
    for (const Json& sub : *list) into.push_back(Translate(sub, &all_exact));
    if (all_exact) out[key] = std::move(into);
    *exact &= all_exact;
  }
  if (const Json* negated = Find(schema, "not")) {
    bool sub_exact = true;
    Json into = Translate(*negated, &sub_exact);
    if (sub_exact) out["not"] = std::move(into);
    *exact &= sub_exact;
  }
  if (nullable) return {{"anyOf", {{{"type", "null"}}, std::move(out)}}};
  return out;
}

class ValijsonJudge : public Judge {
 public:
  bool Valid(const Json& document) const override {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    const valijson::adapters::NlohmannJsonAdapter adapter(document);
    return validator.validate(schema, adapter, nullptr);
  }

  valijson::Schema schema;
};

}  // namespace

Result<std::unique_ptr<const Judge>> Judge::Compile(const Json& schema) {
  bool exact = true;
  const Json translated = Translate(schema, &exact);
  auto judge = std::make_unique<ValijsonJudge>();
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft4);
    const valijson::adapters::NlohmannJsonAdapter adapter(translated);
    parser.populateSchema(adapter, judge->schema);
  } catch (const std::exception& e) {
    return Error(Code::kInternal, fmt::format("compile schema: {}", e.what()));
  }
  return std::unique_ptr<const Judge>(std::move(judge));
}

}  // namespace gantry::schema
