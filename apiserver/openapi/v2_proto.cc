#include "apiserver/openapi/v2_proto.h"

#include "apis/machinery/meta/object.h"
#include "apiserver/openapi/openapi_v2.pb.h"

namespace gantry::apiserver::openapi {
namespace {

namespace v2 = gantry::openapi::v2;

// JSON is YAML, in its flow style.
void ToAny(const Json& value, v2::Any* out) { out->set_yaml(DumpJson(value)); }

template <typename Message>
void AddExtensions(const Json& from, Message* to) {
  for (const auto& [name, value] : from.items()) {
    if (name.rfind("x-", 0) != 0) continue;
    v2::NamedAny* const extension = to->add_vendor_extension();
    extension->set_name(name);
    ToAny(value, extension->mutable_value());
  }
}

template <typename Strings>
void AddStrings(const Json& from, const char* key, Strings* to) {
  for (std::string& text : GetStrings(from, key)) *to->Add() = std::move(text);
}

void ToSchema(const Json& from, v2::Schema* to) {
  to->set_ref(GetString(from, "$ref"));
  to->set_format(GetString(from, "format"));
  to->set_title(GetString(from, "title"));
  to->set_description(GetString(from, "description"));
  to->set_pattern(GetString(from, "pattern"));
  to->set_multiple_of(GetDouble(from, "multipleOf"));
  to->set_maximum(GetDouble(from, "maximum"));
  to->set_exclusive_maximum(GetBool(from, "exclusiveMaximum"));
  to->set_minimum(GetDouble(from, "minimum"));
  to->set_exclusive_minimum(GetBool(from, "exclusiveMinimum"));
  to->set_max_length(GetInt(from, "maxLength"));
  to->set_min_length(GetInt(from, "minLength"));
  to->set_max_items(GetInt(from, "maxItems"));
  to->set_min_items(GetInt(from, "minItems"));
  to->set_unique_items(GetBool(from, "uniqueItems"));
  to->set_max_properties(GetInt(from, "maxProperties"));
  to->set_min_properties(GetInt(from, "minProperties"));
  AddStrings(from, "required", to->mutable_required());
  if (const auto it = from.find("default"); it != from.end())
    ToAny(*it, to->mutable_default_value());
  for (const Json& value : GetArray(from, "enum")) ToAny(value, to->add_enum_values());
  if (const std::string type = GetString(from, "type"); !type.empty())
    to->mutable_type()->add_value(type);
  if (const auto it = from.find("items"); it != from.end())
    ToSchema(*it, to->mutable_items()->add_schema());
  if (const auto it = from.find("additionalProperties"); it != from.end()) {
    if (it->is_boolean()) {
      to->mutable_additional_properties()->set_boolean(it->get<bool>());
    } else {
      ToSchema(*it, to->mutable_additional_properties()->mutable_schema());
    }
  }
  for (const Json& sub : GetArray(from, "allOf")) ToSchema(sub, to->add_all_of());
  if (const auto it = from.find("properties"); it != from.end()) {
    for (const auto& [name, sub] : it->items()) {
      v2::NamedSchema* const property = to->mutable_properties()->add_additional_properties();
      property->set_name(name);
      ToSchema(sub, property->mutable_value());
    }
  }
  AddExtensions(from, to);
}

void ToParameter(const Json& from, v2::Parameter* to) {
  const std::string in = GetString(from, "in");
  const auto common = [&from, &in](auto* p) {
    p->set_name(GetString(from, "name"));
    p->set_in(in);
    p->set_description(GetString(from, "description"));
    p->set_required(GetBool(from, "required"));
  };
  if (in == "body") {
    v2::BodyParameter* const body = to->mutable_body_parameter();
    common(body);
    ToSchema(GetObject(from, "schema"), body->mutable_schema());
    return;
  }
  const auto plain = [&from, &common](auto* p) {
    common(p);
    p->set_type(GetString(from, "type"));
    p->set_unique_items(GetBool(from, "uniqueItems"));
  };
  if (in == "path") {
    plain(to->mutable_non_body_parameter()->mutable_path_parameter());
  } else {
    plain(to->mutable_non_body_parameter()->mutable_query_parameter());
  }
}

void ToOperation(const Json& from, v2::Operation* to) {
  AddStrings(from, "tags", to->mutable_tags());
  to->set_description(GetString(from, "description"));
  to->set_operation_id(GetString(from, "operationId"));
  AddStrings(from, "produces", to->mutable_produces());
  AddStrings(from, "consumes", to->mutable_consumes());
  AddStrings(from, "schemes", to->mutable_schemes());
  for (const Json& p : GetArray(from, "parameters"))
    ToParameter(p, to->add_parameters()->mutable_parameter());
  for (const auto& [code, response] : GetObject(from, "responses").items()) {
    v2::NamedResponseValue* const named = to->mutable_responses()->add_response_code();
    named->set_name(code);
    v2::Response* const out = named->mutable_value()->mutable_response();
    out->set_description(GetString(response, "description"));
    if (const auto it = response.find("schema"); it != response.end())
      ToSchema(*it, out->mutable_schema()->mutable_schema());
  }
  AddExtensions(from, to);
}

void ToPathItem(const Json& from, v2::PathItem* to) {
  for (const Json& p : GetArray(from, "parameters"))
    ToParameter(p, to->add_parameters()->mutable_parameter());
  for (const auto& [method, operation] : from.items()) {
    if (method == "get") ToOperation(operation, to->mutable_get());
    if (method == "put") ToOperation(operation, to->mutable_put());
    if (method == "post") ToOperation(operation, to->mutable_post());
    if (method == "delete") ToOperation(operation, to->mutable_delete_());
    if (method == "patch") ToOperation(operation, to->mutable_patch());
  }
}

// The key of a field that holds a message, and the message's size.
std::string FieldHeader(int field, size_t size) {
  std::string out;
  const auto append_varint = [&out](uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
  };
  append_varint(static_cast<uint64_t>(field) << 3 | 2);
  append_varint(size);
  return out;
}

}  // namespace

std::string EncodeV2Paths(const Json& paths) {
  v2::Paths out;
  for (const auto& [name, item] : paths.items()) {
    v2::NamedPathItem* const path = out.add_path();
    path->set_name(name);
    ToPathItem(item, path->mutable_value());
  }
  return out.SerializeAsString();
}

std::string EncodeV2Definitions(const Json& definitions) {
  v2::Definitions out;
  for (const auto& [name, schema] : definitions.items()) {
    v2::NamedSchema* const definition = out.add_additional_properties();
    definition->set_name(name);
    ToSchema(schema, definition->mutable_value());
  }
  return out.SerializeAsString();
}

std::string EncodeV2Head(const Json& document) {
  v2::Document out;
  out.set_swagger(GetString(document, "swagger"));
  const Json& info = GetObject(document, "info");
  out.mutable_info()->set_title(GetString(info, "title"));
  out.mutable_info()->set_version(GetString(info, "version"));
  out.mutable_info()->set_description(GetString(info, "description"));
  return out.SerializeAsString();
}

std::string V2PathsHeader(size_t size) {
  return FieldHeader(v2::Document::kPathsFieldNumber, size);
}

std::string V2DefinitionsHeader(size_t size) {
  return FieldHeader(v2::Document::kDefinitionsFieldNumber, size);
}

}  // namespace gantry::apiserver::openapi
