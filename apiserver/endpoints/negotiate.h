#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"

// Media types of requests and answers.
namespace gantry::apiserver {

enum class FormKind { kJson, kYaml, kTable, kPartial };

// What was agreed on.
struct Negotiated {
  FormKind kind = FormKind::kJson;
  std::string meta_version = "v1";  // of meta.k8s.io, for kTable and kPartial
};

// What an answer shall look like, by the Accept header. Absent means JSON; so does protobuf alone,
// which every client that asks for it can do without. kNotAcceptable otherwise.
Result<Negotiated> NegotiateForm(std::string_view accept);

// `application/json; charset=utf-8` without its parameters, in lower case.
std::string MediaType(std::string_view content_type);

}  // namespace gantry::apiserver
