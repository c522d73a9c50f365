#include "apis/machinery/yaml/yaml.h"
#include "tests/fuzz/check.h"

namespace {

using gantry::Json;
using gantry::fuzz::Require;

void CheckPrinted(const Json& value) {
  const std::string printed = gantry::yaml::ToYaml(value);
  Require(printed.ends_with('\n'), "YAML ends with a newline", printed);
  const auto again = gantry::yaml::ParseYaml(printed);
  Require(again.ok(), "what was printed parses", printed, again.ok() ? "" : again.error().message);
  const bool same =
      value.is_null() ? again->empty() : again->size() == 1 && (*again)[0].value == value;
  Require(same, "what was printed means the same", printed, gantry::DumpJson(value));
  Require(value.is_null() || (*again)[0].duplicates.empty(), "what was printed repeats no keys",
          printed);
}

// JSON is read as such; behind the mark of a document, as YAML.
void CheckFlow(const Json& value) {
  const std::string text = "--- " + gantry::DumpJson(value);
  const auto documents = gantry::yaml::ParseYaml(text);
  if (!documents.ok()) return;
  const bool same = value.is_null() ? documents->empty()
                                    : documents->size() == 1 && (*documents)[0].value == value;
  Require(same, "JSON is YAML that means the same", text);
}

}  // namespace

// Every value that YAML or JSON can say, printed as YAML or as JSON, is read back as itself.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = gantry::fuzz::AsText(data, size);
  if (const auto documents = gantry::yaml::ParseYaml(text); documents.ok()) {
    for (const auto& document : *documents) {
      for (const auto& key : document.duplicates)
        Require(key.at.line > 0 && key.at.column > 0, "a repeated key has a place");
      CheckPrinted(document.value);
    }
  } else {
    Require(documents.error().message.starts_with("yaml: "), "a refusal names its source");
  }
  // JSON says strings that YAML cannot say unquoted.
  if (const auto json = gantry::ParseJson(text, nullptr, gantry::yaml::kMaxDepth); json.ok()) {
    CheckPrinted(*json);
    CheckFlow(*json);
  }
  return 0;
}
