#pragma once

#include <memory>

#include "apis/machinery/base/json.h"

namespace gantry::schema {

// The JSON Schema validator (valijson) behind one call: it decides whether a document fits, and
// knows nothing of our messages. Compiled once; thread-safe.
class Judge {
 public:
  // `schema` is structural. Patterns, formats and list types are not part of the verdict, nor are
  // junctors that contain such: Rules checks them. kInternal when valijson refuses the schema.
  static Result<std::unique_ptr<const Judge>> Compile(const Json& schema);
  virtual ~Judge() = default;
  virtual bool Valid(const Json& document) const = 0;
};

}  // namespace gantry::schema
