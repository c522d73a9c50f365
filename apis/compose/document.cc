#include "apis/compose/document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apis/compose/extends.h"
#include "apis/compose/interpolate.h"
#include "apis/compose/keys.h"
#include "apis/compose/labels.h"
#include "apis/compose/profiles.h"
#include "apis/machinery/yaml/yaml.h"

namespace gantry::compose {
namespace {

// The bound of what substitution may make of a document.
constexpr size_t kMaxTextBytes = 4 << 20;

bool IsExtension(std::string_view key) { return key.substr(0, 2) == "x-"; }

// Substitutes the variables of a document, in place.
class Substitution {
 public:
  Substitution(const Input& input, std::map<std::string, size_t>* secrets, Diagnostics* diag)
      : variables_(&input.parameters, &input.secret_parameters),
        input_(input),
        secrets_(secrets),
        diag_(diag) {}

  void Values(Json* json, const std::string& place) {
    if (json->is_object()) {
      for (auto& [key, value] : json->items()) Values(&value, Join(place, key));
    } else if (json->is_array()) {
      for (size_t i = 0; i < json->size(); ++i) Values(&(*json)[i], Join(place, i));
    } else if (json->is_string()) {
      Text(json, place, /*secrets=*/false);
    }
  }

  void Service(Json* service, const std::string& place) {
    if (!service->is_object()) return Values(service, place);
    for (auto& [key, value] : service->items()) {
      if (IsExtension(key)) continue;
      const std::string at = Join(place, key);
      if (key == "environment" && value.is_structured()) {
        Environment(&value, at);
      } else {
        Values(&value, at);
      }
    }
  }

  // Reports what is missing and what is superfluous.
  void Finish() {
    std::vector<std::string> names, places;
    for (const auto& m : variables_.missing()) {
      if (!m.message.empty()) {
        diag_->MissingParameter(fmt::format("{}: {}", m.name, m.message), {m.place});
        continue;
      }
      names.push_back(m.name);
      places.push_back(m.place);
    }
    if (!names.empty()) {
      diag_->MissingParameter(
          fmt::format("{} {} used by the template and {} no value", fmt::join(names, ", "),
                      names.size() == 1 ? "is" : "are", names.size() == 1 ? "has" : "have"),
          places);
    }
    // A Secret is often shared, so that nobody expects all of it to be used.
    for (const auto& [name, value] : input_.parameters) WarnIfUnused(name);
  }

 private:
  // The members are where secrets may stand; not what is nested in them, which is a fault anyway.
  void Environment(Json* json, const std::string& place) {
    const auto member = [this](Json* value, const std::string& at) {
      if (value->is_string()) Text(value, at, /*secrets=*/true);
      else Values(value, at);
    };
    if (json->is_object()) {
      for (auto& [key, value] : json->items()) member(&value, Join(place, key));
    } else {
      for (size_t i = 0; i < json->size(); ++i) member(&(*json)[i], Join(place, i));
    }
    TakeByName(json, place);
  }

  void Text(Json* json, const std::string& place, bool secrets) {
    std::string& text = json->get_ref<std::string&>();
    if (text.find('$') == std::string::npos || full_) return;
    auto expansion = variables_.Expand(text, place);
    if (!expansion.ok()) return diag_->Invalid(place, text, expansion.error().message);
    if (expansion->secret() && !secrets) {
      return diag_->Forbidden(
          place,
          fmt::format("the parameter {} comes from a Secret, and its value may stand only in "
                      "values of `environment`",
                      expansion->secret_name));
    }
    if (expansion->secret()) secrets_->emplace(place, expansion->first_secret);
    bytes_ += expansion->text.size();
    if (bytes_ > kMaxTextBytes) {
      full_ = true;
      diag_->Invalid(place, "...",
                     fmt::format("the template grows beyond {} bytes when its "
                                 "variables are substituted",
                                 kMaxTextBytes));
      return;
    }
    text = std::move(expansion->text);
  }

  // A variable of `environment` without a value takes that of the parameter of its name.
  void TakeByName(Json* environment, const std::string& place) {
    if (environment->is_object()) {
      for (auto& [key, value] : environment->items()) {
        if (!value.is_null()) continue;
        if (const std::string* given = Given(key)) {
          value = *given;
          if (IsSecret(key)) secrets_->emplace(Join(place, key), 0);
        }
      }
    } else if (environment->is_array()) {
      for (size_t i = 0; i < environment->size(); ++i) {
        Json& item = (*environment)[i];
        if (!item.is_string()) continue;
        const std::string name = item.get<std::string>();
        if (name.find('=') != std::string::npos || secrets_->count(Join(place, i)) > 0) continue;
        if (const std::string* given = Given(name)) {
          item = name + "=" + *given;
          if (IsSecret(name)) secrets_->emplace(Join(place, i), name.size() + 1);
        }
      }
    }
  }

  bool IsSecret(const std::string& name) const { return input_.parameters.count(name) == 0; }

  const std::string* Given(const std::string& name) {
    for (const auto* values : {&input_.parameters, &input_.secret_parameters}) {
      const auto it = values->find(name);
      if (it == values->end()) continue;
      variables_.MarkUsed(name);
      return &it->second;
    }
    return nullptr;
  }

  void WarnIfUnused(const std::string& name) {
    if (variables_.used().count(name) == 0)
      diag_->WarnOfParameter(name, "is not used by the template");
  }

  Interpolator variables_;
  const Input& input_;
  std::map<std::string, size_t>* secrets_;
  Diagnostics* diag_;
  size_t bytes_ = 0;
  bool full_ = false;
};

// The one YAML document of the text; null after a fault.
Json ParseText(const std::string& text, Diagnostics* diag) {
  auto documents = yaml::ParseYaml(text);
  if (!documents.ok()) {
    diag->Malformed(documents.error().message);
    return Json();
  }
  if (documents->empty()) {
    diag->Required("services", "the template is empty");
    return Json();
  }
  if (documents->size() > 1) {
    diag->Malformed("a template is one YAML document", (*documents)[1].start);
    return Json();
  }
  yaml::YamlDocument& document = documents->front();
  for (const yaml::DuplicateKey& key : document.duplicates) {
    diag->Duplicate(key.path, key.path, key.at);
  }
  if (!document.value.is_object()) {
    diag->Malformed("a template is a map with the key `services`", document.start);
    return Json();
  }
  diag->sources()->SetText(&text, std::move(document.positions));
  return std::move(document.value);
}

// Version 1 has neither `version` nor any of the sections that came with version 2.
bool IsVersion1(const Json& root) {
  if (root.contains("version") && !root.at("version").is_object()) return false;
  bool found = false;
  for (const auto& [key, value] : root.items()) {
    if (IsExtension(key)) continue;
    if (FindKey(Scope::kTop, key) != nullptr && key != "version") return false;
    if (!value.is_object()) continue;
    for (const auto& [name, unused] : value.items())
      found = found || FindKey(Scope::kService, name) != nullptr;
  }
  return found;
}

void ReadTopLevel(Json root, Document* document, Diagnostics* diag) {
  for (auto& [key, value] : root.items()) {
    if (IsExtension(key)) continue;
    if (key == "labels") {
      document->batch = CheckTopLevelLabels({value, key}, diag);
    } else if (!CheckKey(Scope::kTop, "", key, value, diag)) {
      continue;
    } else if (key == "services" || key == "volumes" || key == "networks") {
      if (value.is_null()) continue;
      if (!value.is_object()) {
        diag->Invalid(key, value, "must be a map of names");
        continue;
      }
      Json& section = key == "services"  ? document->services
                      : key == "volumes" ? document->volumes
                                         : document->networks;
      section = std::move(value);
    }
  }
  for (Json* section : {&document->services, &document->volumes, &document->networks}) {
    for (auto it = section->begin(); it != section->end();) {
      it = IsExtension(it.key()) ? section->erase(it) : std::next(it);
    }
  }
  if (document->services.empty())
    diag->Required("services", "a template needs at least one service");
}

void LeaveOutInactive(const Input& input, Document* document, Diagnostics* diag) {
  document->inactive =
      TakeInactive(&document->services, document->services_place, input.profiles, diag);
  if (document->services.empty() && !document->inactive.empty()) {
    diag->Invalid("services", "...",
                  "no service is active: all have profiles, and spec.profiles names none of them");
  }
}

}  // namespace

Document ReadDocument(const Input& input, Diagnostics* diag) {
  Document document;
  Json root = ParseText(input.text, diag);
  if (root.is_null()) return document;
  document.v1 = IsVersion1(root);
  if (document.v1) document.services_place.clear();
  if (document.v1) ResolveExtends(&root, "", diag);
  else if (const auto it = root.find("services"); it != root.end() && it->is_object())
    ResolveExtends(&*it, "services", diag);
  Substitution substitution(input, &document.secrets, diag);
  for (auto& [key, value] : root.items()) {
    if (IsExtension(key)) continue;
    if (document.v1) {
      substitution.Service(&value, key);
    } else if (key == "services" && value.is_object()) {
      for (auto& [name, service] : value.items()) substitution.Service(&service, Join(key, name));
    } else {
      substitution.Values(&value, key);
    }
  }
  substitution.Finish();
  if (!document.v1) {
    ReadTopLevel(std::move(root), &document, diag);
    LeaveOutInactive(input, &document, diag);
    return document;
  }
  for (auto& [key, value] : root.items()) {
    if (!IsExtension(key)) document.services[key] = std::move(value);
  }
  LeaveOutInactive(input, &document, diag);
  return document;
}

}  // namespace gantry::compose
