#include "apis/compose/compose.h"

#include "apis/machinery/meta/names.h"
#include "apis/machinery/schema/definition.h"
#include "schemas/embedded.h"
#include "tests/fuzz/check.h"

namespace {

using gantry::DumpJson;
using gantry::FieldError;
using gantry::Json;
using gantry::compose::Convert;
using gantry::compose::Input;
using gantry::compose::Output;
using gantry::compose::Service;
using gantry::compose::Volume;
using gantry::fuzz::Require;

constexpr char kSecret[] = "hunter2~secret";

const gantry::schema::Schema& ServiceSchema() {
  static const auto* const schema = [] {
    for (const auto& manifest : gantry::schemas::Embedded()) {
      if (manifest.path != "gantry.dev/service.yaml") continue;
      const auto definition = gantry::schema::ParseDefinition(*gantry::ParseJson(manifest.json),
                                                              gantry::schema::Origin::kBuiltin);
      Require(definition.ok(), "the schema of services compiles");
      return new std::shared_ptr<const gantry::schema::Schema>(
          (*definition)->StorageVersion().schema);
    }
    std::abort();
  }();
  return **schema;
}

Json Render(const Output& output) {
  Json json = Json::object();
  for (const Service& s : output.services)
    json["services"].push_back({s.compose_name, s.name, s.replicas_declared, s.spec.ToJson()});
  for (const Volume& v : output.volumes)
    json["volumes"].push_back({v.compose_name, v.name, v.spec.cluster, v.spec.driver});
  json["warnings"] = output.warnings;
  for (const FieldError& e : output.errors) json["errors"].push_back(e.ToString());
  return json;
}

void CheckService(const Service& service) {
  Require(gantry::ValidateDnsLabel(service.name).empty(), "a service's name is a DNS label",
          service.name);
  Json object = {{"apiVersion", "gantry.dev/v1"},
                 {"kind", "Service"},
                 {"metadata", {{"name", service.name}}},
                 {"spec", service.spec.ToJson()}};
  const std::string made = DumpJson(object);
  std::vector<std::string> dropped;
  ServiceSchema().Prune(&object, &dropped);
  Require(dropped.empty(), "the server knows every field of a service", made);
  for (const FieldError& e : ServiceSchema().Validate(object))
    Require(false, "the server accepts a service that was made", e.ToString(), made);
  Require(gantry::v1::ServiceSpec::From(gantry::Object(object)).ToJson() == object["spec"],
          "a typed view keeps a service as it is", made);
}

}  // namespace

// A document becomes objects that the server accepts, or errors; the same each time, and without
// the values of secrets.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input;
  input.application = "shop";
  input.text = gantry::fuzz::AsText(data, size);
  input.parameters = {{"P", "15"}, {"EMPTY", ""}};
  input.secret_parameters = {{"S", kSecret}};
  const Output output = Convert(input);
  const Json rendered = Render(output);
  Require(rendered == Render(Convert(input)), "converting is deterministic");
  // A document that spells the secret out is none of ours.
  const std::string all = DumpJson(rendered);
  if (input.text.find("hunter2") == std::string::npos)
    Require(all.find(kSecret) == std::string::npos, "secrets stand nowhere else", all);
  if (!output.errors.empty()) {
    Require(output.services.empty() && output.volumes.empty() && output.secrets.empty(),
            "faults leave no objects");
    return 0;
  }
  for (const Service& service : output.services) CheckService(service);
  for (const Volume& volume : output.volumes) {
    Require(gantry::ValidateDnsLabel(volume.name).empty(), "a volume's name is a DNS label",
            volume.name);
  }
  return 0;
}
