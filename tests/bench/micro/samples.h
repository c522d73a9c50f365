#pragma once

#include <memory>
#include <string>

#include "apis/machinery/base/json.h"
#include "apis/machinery/schema/definition.h"

// What the micro-benchmarks work on.
namespace gantry::bench {

// A ConfigMap of about 1.5 KB, as the load generator writes them, stored once.
Json SampleConfigMap();
// An Application with a Compose document of three services, as YAML.
std::string SampleApplicationYaml();
// A kind of our own, by its plural.
std::shared_ptr<const schema::Definition> BuiltinKind(const std::string& plural);

}  // namespace gantry::bench
