#pragma once

#include "apis/machinery/schema/schema.h"
#include "tests/fuzz/check.h"

namespace gantry::fuzz {

// The schema that patches and configurations are merged by: every kind of list and map.
const schema::Schema& SampleSchema();

// Makes documents out of bytes: any bytes are a document, and close ones make close documents. Keys
// and values are few, so that documents meet.
class Generator {
 public:
  explicit Generator(std::string_view bytes) : bytes_(bytes) {}

  bool done() const { return bytes_.empty(); }
  // 0 when there are none left.
  uint8_t Byte();
  // Any document of up to `levels` levels.
  Json Any(int levels = 3);
  // A document that mostly fits the schema. With `directives`, as a strategic merge patch.
  Json Fitting(const schema::Node& node, bool directives = false);

 private:
  Json Map(const schema::Node& node, bool directives);
  Json List(const schema::Node& node, bool directives);
  void Direct(Json* map);
  std::string Key();
  Json Scalar();

  std::string_view bytes_;
};

}  // namespace gantry::fuzz
