#include "tests/fuzz/check.h"

// The library's own way to build documents reads the same, what parses prints as a text that parses
// to the same, and looking for repeated keys changes nothing but the list of them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using gantry::fuzz::Require;
  const std::string_view text = gantry::fuzz::AsText(data, size);
  std::vector<std::string> duplicates;
  const auto value = gantry::ParseJson(text);
  const auto looked = gantry::ParseJson(text, &duplicates);
  Require(value.ok() == looked.ok(), "both ways of parsing accept the same");
  const auto theirs = gantry::Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.ok()) {
    Require(!value.error().message.empty(), "a refusal says why");
    Require(theirs.is_discarded() || value.error().message.starts_with("nested deeper than"),
            "JSON is refused for its depth alone", value.error().message);
    return 0;
  }
  Require(*value == theirs, "the library reads the same");
  Require(*value == *looked, "both ways of parsing read the same");
  const std::string printed = gantry::DumpJson(*value);
  const auto again = gantry::ParseJson(printed, &(duplicates = {}));
  Require(again.ok(), "what was printed parses", printed);
  Require(*again == *value, "what was printed means the same", printed);
  Require(duplicates.empty(), "what was printed repeats no keys", printed);
  Require(gantry::DumpJson(*again) == printed, "printing is stable", printed);
  return 0;
}
