#include "apis/machinery/schema/json_path.h"

#include <set>

#include "tests/fuzz/check.h"

namespace {

using gantry::Json;
using gantry::fuzz::Require;
using gantry::schema::JsonPath;

const Json& Sample() {
  static const Json document = *gantry::ParseJson(R"({
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "x", "": "empty"}},
    "spec": {"replicas": 3, "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 443.5}],
             "matrix": [[1, 2], [3, [4]], []], "null": null},
    "status": {"conditions": [{"type": "Ready", "status": "True", "n": {"x": 1}}, "text", 7]}})");
  return document;
}

void Collect(const Json& value, std::set<const Json*>* out) {
  out->insert(&value);
  if (!value.is_structured()) return;
  for (const Json& member : value) Collect(member, out);
}

}  // namespace

// Matches are parts of the document, none twice, and braces around a path change nothing.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const parts = [] {
    auto* all = new std::set<const Json*>;
    Collect(Sample(), all);
    return all;
  }();
  const std::string text(gantry::fuzz::AsText(data, size));
  const auto path = JsonPath::Parse(text);
  if (!path.ok()) return 0;
  const std::vector<const Json*> found = path->Find(Sample());
  for (const Json* match : found) Require(parts->count(match) == 1, "a match is in the document");
  const std::set<const Json*> once(found.begin(), found.end());
  Require(once.size() == found.size(), "nothing matches twice", text);
  (void)path->FindText(Sample());
  Require(path->Find(Json(7)).size() <= 1, "a scalar has no members");
  Require(path->text() == text, "a path remembers its text");
  if (text[0] != '{') {
    const auto braced = JsonPath::Parse("{" + text + "}");
    Require(braced.ok(), "a path may stand in braces", text);
    Require(braced->Find(Sample()) == found, "a path in braces finds the same", text);
  }
  return 0;
}
