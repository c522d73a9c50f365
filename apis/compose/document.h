#pragma once

#include <map>
#include <string>

#include "apis/compose/compose.h"
#include "apis/compose/diagnostics.h"

namespace gantry::compose {

// A Compose document, parsed and with its variables substituted.
struct Document {
  // Version 1: services stand at the top level, and named volumes need no declaration.
  bool v1 = false;
  Json services = Json::object();
  std::string services_place = "services";  // empty for version 1
  Json volumes = Json::object();
  Json networks = Json::object();
  bool batch = false;                           // its services run to their end, once
  std::map<std::string, std::string> inactive;  // services left out, and their profiles
  // Texts that hold the value of a secret parameter, by place; the offset of its first byte.
  std::map<std::string, size_t> secrets;
};

// Reads `input.text`. What is wrong with the text, its variables and its top level goes to `diag`;
// the result is of use only without errors there.
Document ReadDocument(const Input& input, Diagnostics* diag);

}  // namespace gantry::compose
