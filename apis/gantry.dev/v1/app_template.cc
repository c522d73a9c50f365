#include "apis/gantry.dev/v1/app_template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apis/gantry.dev/v1/resources.h"

namespace gantry::v1 {
namespace {

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view WithoutSign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

bool IsNumber(std::string_view text) {
  text = WithoutSign(text);
  const size_t dot = text.find('.');
  if (dot == text.npos) return AllDigits(text);
  return AllDigits(text.substr(0, dot)) && AllDigits(text.substr(dot + 1));
}

TemplateParameter ParameterFrom(const Json& json) {
  TemplateParameter out;
  out.name = GetString(json, "name");
  out.type = GetString(json, "type");
  if (out.type.empty()) out.type = "String";
  out.description = GetString(json, "description");
  if (json.contains("default")) out.default_value = GetString(json, "default");
  out.options = GetStrings(json, "options");
  return out;
}

}  // namespace

std::string TemplateParameter::Fault(std::string_view value) const {
  if (!options.empty() && std::find(options.begin(), options.end(), value) == options.end())
    return fmt::format("must be one of {}", fmt::join(options, ", "));
  if (type == "Integer" && !AllDigits(WithoutSign(value))) return "must be a whole number";
  if (type == "Number" && !IsNumber(value)) return "must be a number, such as 1.5";
  if (type == "Boolean" && value != "true" && value != "false") return "must be true or false";
  return "";
}

TemplateSpec TemplateSpec::From(const Object& object) {
  const Json& spec = object.spec();
  TemplateSpec out;
  out.description = GetString(spec, "description");
  out.keywords = GetStrings(spec, "keywords");
  for (const Json& json : GetArray(spec, "versions")) {
    TemplateVersion version;
    version.version = GetString(json, "version");
    version.notes = GetString(json, "notes");
    version.compose = GetString(json, "compose");
    for (const Json& parameter : GetArray(json, "parameters"))
      version.parameters.push_back(ParameterFrom(parameter));
    out.versions.push_back(std::move(version));
  }
  return out;
}

const TemplateVersion* TemplateSpec::Find(std::string_view version) const {
  if (version.empty()) return versions.empty() ? nullptr : &versions.back();
  for (const TemplateVersion& v : versions) {
    if (v.version == version) return &v;
  }
  return nullptr;
}

bool IsSample(const Object& object) {
  return object.ns() == kSystemNamespace && object.label(kLabelSample) == "true";
}

}  // namespace gantry::v1
