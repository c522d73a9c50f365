#include "tests/bench/micro/samples.h"

#include "apis/machinery/base/check.h"
#include "schemas/embedded.h"

namespace gantry::bench {

Json SampleConfigMap() {
  Json data = Json::object();
  for (int i = 0; i < 10; ++i) data["key-" + std::to_string(i)] = std::string(120, 'x');
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata",
           {{"name", "load-1"},
            {"namespace", "default"},
            {"uid", "7e3f9f0e-6ad1-4f6c-9d0e-0c0c5b1f2a11"},
            {"creationTimestamp", "2026-11-21T11:00:00Z"},
            {"labels", {{"app", "load"}, {"round", "1"}}}}},
          {"data", data}};
}

std::string SampleApplicationYaml() {
  return R"(apiVersion: gantry.dev/v1
kind: Application
metadata:
  name: shop
  namespace: default
  labels: {team: sales, tier: "1"}
spec:
  version: "1.0"
  parameters:
    WEB_VERSION: "1.0"
    REPLICAS: "3"
  compose: |
    services:
      web:
        image: example/web:${WEB_VERSION}
        ports: ["80"]
        environment: {MESSAGE: "hello from ${WEB_VERSION}"}
        labels: {gantry.scale: "${REPLICAS}", gantry.depends: db}
      db:
        image: example/db:1.0
        volumes: ["data:/data"]
        healthcheck: {test: ["CMD", "check"], interval: 1s, retries: 5}
      cache:
        image: example/cache:1.0
    volumes:
      data: {}
)";
}

std::shared_ptr<const schema::Definition> BuiltinKind(const std::string& plural) {
  for (const schemas::Manifest& manifest : schemas::Embedded()) {
    const Json crd = *ParseJson(manifest.json);
    if (crd["spec"]["names"]["plural"] != plural) continue;
    return *schema::ParseDefinition(crd, schema::Origin::kBuiltin);
  }
  GANTRY_CHECK(false);
  return nullptr;
}

}  // namespace gantry::bench
