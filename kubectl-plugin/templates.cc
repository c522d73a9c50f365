#include "kubectl-plugin/templates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <istream>
#include <ostream>

#include "apis/gantry.dev/v1/resources.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/terminal.h"

namespace gantry::kubectl {
namespace {

std::string Describe(const v1::TemplateParameter& parameter) {
  std::string text = parameter.name;
  if (!parameter.description.empty()) text += ": " + parameter.description;
  if (!parameter.options.empty())
    text += fmt::format(" (one of {})", fmt::join(parameter.options, ", "));
  else if (parameter.type != "String") text += fmt::format(" ({})", parameter.type);
  return text;
}

// Asks until the answer fits; an error at the end of the input.
Result<std::string> Ask(Session& session, const v1::TemplateParameter& parameter) {
  Io& io = session.io();
  while (true) {
    io.err << Describe(parameter) << ": " << std::flush;
    std::string line;
    bool got;
    {
      const auto hidden = parameter.secret() ? HiddenInput::Enter() : nullptr;
      got = static_cast<bool>(std::getline(io.in, line));
    }
    if (parameter.secret()) io.err << std::endl;
    if (!got) return LocalError(fmt::format("{} was not given", parameter.name));
    const std::string fault = line.empty() ? "must be given" : parameter.Fault(line);
    if (fault.empty()) return line;
    io.err << parameter.name << " " << fault << std::endl;
  }
}

}  // namespace

Result<Object> FindTemplate(Session& session, const std::string& name) {
  GANTRY_TRY_SET(const client::Client* const client, session.client());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  Result<Object> own = client->Get(session.ctx(), v1::kTemplates, {ns, name});
  if (own.ok() || own.code() != Code::kNotFound) return own;
  Result<Object> sample = client->Get(session.ctx(), v1::kTemplates, {v1::kSystemNamespace, name});
  if (sample.ok() || sample.code() != Code::kNotFound) return sample;
  return LocalError(fmt::format(
      "there is no template \"{}\" in namespace {}, nor does one come with Gantry; `kubectl gantry "
      "template list` shows those there are",
      name, ns));
}

Result<std::vector<Object>> AllTemplates(Session& session) {
  GANTRY_TRY_SET(const client::Client* const client, session.client());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY_SET(client::List own, client->ListAll(session.ctx(), v1::kTemplates, ns, {}));
  if (ns == v1::kSystemNamespace) return std::move(own.items);
  client::ListOptions samples;
  samples.label_selector = std::string(v1::kLabelSample) + "=true";
  GANTRY_TRY_SET(client::List given,
                 client->ListAll(session.ctx(), v1::kTemplates, v1::kSystemNamespace, samples));
  for (Object& sample : given.items) own.items.push_back(std::move(sample));
  return std::move(own.items);
}

Result<const v1::TemplateVersion*> VersionOf(const v1::TemplateSpec& spec, const std::string& name,
                                             const std::string& version) {
  if (const v1::TemplateVersion* const found = spec.Find(version)) return found;
  std::vector<std::string> all;
  for (const v1::TemplateVersion& v : spec.versions) all.push_back(v.version);
  return LocalError(fmt::format("template \"{}\" has no version \"{}\"; it has {}", name, version,
                                fmt::join(all, ", ")));
}

Result<std::map<std::string, std::string>> ParsePairs(const std::string& flag,
                                                      const std::vector<std::string>& pairs) {
  std::map<std::string, std::string> out;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return LocalError(fmt::format("{} \"{}\": write KEY=VALUE", flag, pair));
    out[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return out;
}

Result<std::map<std::string, std::string>> FillParameters(
    Session& session, const v1::TemplateVersion& version,
    std::map<std::string, std::string> given) {
  std::vector<std::string> faults, names;
  std::vector<const v1::TemplateParameter*> missing;
  for (const v1::TemplateParameter& parameter : version.parameters) {
    names.push_back(parameter.name);
    const auto value = given.find(parameter.name);
    if (value == given.end()) {
      if (!parameter.default_value) missing.push_back(&parameter);
      continue;
    }
    if (const std::string fault = parameter.Fault(value->second); !fault.empty())
      faults.push_back(fmt::format("{} {}", parameter.name, fault));
  }
  for (const auto& [name, value] : given) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      faults.push_back(fmt::format("{} is no parameter of the template; there are {}", name,
                                   fmt::join(names, ", ")));
  }
  const bool may_ask = session.io().in_tty && faults.empty();
  for (const v1::TemplateParameter* const parameter : missing) {
    if (may_ask) {
      GANTRY_TRY_SET(given[parameter->name], Ask(session, *parameter));
    } else {
      faults.push_back(fmt::format("{} has no value: {}", parameter->name, Describe(*parameter)));
    }
  }
  if (faults.empty()) return given;
  return LocalError(
      fmt::format("give parameters with --param NAME=VALUE:\n  {}", fmt::join(faults, "\n  ")));
}

}  // namespace gantry::kubectl
