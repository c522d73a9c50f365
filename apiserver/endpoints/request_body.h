#pragma once

#include <string>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

struct DecodedBody {
  Json value;
  std::vector<std::string> duplicates;  // keys that were repeated: `spec.a`
  // The same as texts for people: `duplicate field "spec.a"`.
  std::vector<std::string> Complaints() const;
};

// Members and elements of a body: each takes many times its bytes once it is read.
inline constexpr size_t kMaxBodyValues = 100'000;

// The body as one document: JSON, YAML or protobuf, by Content-Type (JSON when absent).
// kTooLarge beyond kMaxBodyValues, kUnsupportedMediaType for others and for custom resources in
// protobuf, kBadRequest when it does not parse.
Result<DecodedBody> DecodeBody(const Request& request);
// The same for a text of a known media type.
Result<DecodedBody> DecodeText(const std::string& text, const std::string& media_type);

}  // namespace gantry::apiserver
