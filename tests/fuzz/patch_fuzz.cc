#include <algorithm>

#include "apiserver/endpoints/json_patch.h"
#include "apiserver/endpoints/strategic_merge.h"
#include "tests/fuzz/generator.h"

namespace {

using gantry::Json;
using gantry::fuzz::Require;

constexpr size_t kMostLevels = 512;

size_t LevelsOf(const Json& value) {
  if (!value.is_structured()) return 0;
  size_t below = 0;
  for (const Json& member : value) below = std::max(below, LevelsOf(member));
  return below + 1;
}

// Whether it applies where the library's patch does not: nothing passes for null, and what moves to
// where it is stays.
bool IsOurs(const Json& operation) {
  return (operation["op"] == "test" && operation["value"].is_null()) ||
         (operation["op"] == "move" && operation["from"] == operation["path"]);
}

void CheckJsonPatch(const Json& current, const Json& patch) {
  if (!gantry::apiserver::CheckJsonPatch(patch).ok()) return;
  const auto patched = gantry::apiserver::ApplyJsonPatch(patch, current);
  if (!patched.ok()) return;
  Require(LevelsOf(*patched) <= kMostLevels, "a patched document is one that can be read");
  const auto again = gantry::ParseJson(gantry::DumpJson(*patched));
  Require(again.ok() && *again == *patched, "a patched document prints");
  if (std::any_of(patch.begin(), patch.end(), IsOurs)) return;
  try {
    Require(current.patch(patch) == *patched, "the library patches the same",
            gantry::DumpJson(current), gantry::DumpJson(patch));
  } catch (const Json::exception& e) {
    Require(false, "what applies, the library applies, too", gantry::DumpJson(current),
            gantry::DumpJson(patch), e.what());
  }
}

// Every difference can be said as a patch.
void CheckDifference(const Json& from, const Json& to) {
  const Json patch = Json::diff(from, to);
  Require(gantry::apiserver::CheckJsonPatch(patch).ok(), "a difference is a patch");
  const auto patched = gantry::apiserver::ApplyJsonPatch(patch, from);
  Require(patched.ok(), "a difference applies", gantry::DumpJson(from), gantry::DumpJson(patch),
          patched.ok() ? "" : patched.error().message);
  Require(*patched == to, "a difference leads from one document to the other",
          gantry::DumpJson(from), gantry::DumpJson(patch));
}

// As RFC 7396 words it.
Json Merged(Json target, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Json::object();
  for (const auto& [name, value] : patch.items()) {
    if (value.is_null()) target.erase(name);
    else target[name] = Merged(target.contains(name) ? target[name] : Json(), value);
  }
  return target;
}

void CheckMergePatch(const Json& current, const Json& patch) {
  if (!current.is_object() || !patch.is_object()) return;
  Json once = current;
  once.merge_patch(patch);
  Require(once == Merged(current, patch), "a merge patch is that of the RFC",
          gantry::DumpJson(current), gantry::DumpJson(patch));
  Json twice = once;
  twice.merge_patch(patch);
  Require(once == twice, "a merge patch applies once", gantry::DumpJson(current),
          gantry::DumpJson(patch));
  for (const auto& [key, value] : patch.items())
    Require(once.contains(key) == !value.is_null(), "null removes", key);
}

// Whether nothing in it is special: directives, or nulls, which in the key of an item mean another
// item each time.
bool IsPlain(const Json& patch) {
  if (patch.is_null()) return false;
  if (!patch.is_structured()) return true;
  for (const auto& [key, member] : patch.items()) {
    if ((patch.is_object() && key.starts_with('$')) || !IsPlain(member)) return false;
  }
  return true;
}

// Whether it has neither directives nor lists, so that it is a merge patch.
bool IsMerge(const Json& patch) {
  if (patch.is_array()) return false;
  if (!patch.is_object()) return true;
  for (const auto& [key, member] : patch.items()) {
    if (key.starts_with('$') || !IsMerge(member)) return false;
  }
  return true;
}

void CheckStrategicMerge(const Json& current, const Json& patch) {
  if (!current.is_object() || !patch.is_object()) return;
  const auto& root = gantry::fuzz::SampleSchema().root();
  const auto once = gantry::apiserver::StrategicMerge(root, current, patch);
  if (!once.ok()) return;
  Require(once->is_object(), "an object stays an object");
  Require(!IsMerge(patch) || *once == Merged(current, patch), "without lists, it is a merge patch",
          gantry::DumpJson(current), gantry::DumpJson(patch), gantry::DumpJson(*once));
  if (!IsPlain(patch)) return;
  const auto twice = gantry::apiserver::StrategicMerge(root, *once, patch);
  Require(twice.ok() && *twice == *once, "a plain strategic merge applies once",
          gantry::DumpJson(current), gantry::DumpJson(patch), gantry::DumpJson(*once));
}

void CheckAll(const Json& current, const Json& patch) {
  CheckJsonPatch(current, patch);
  CheckDifference(current, patch);
  CheckMergePatch(current, patch);
  CheckStrategicMerge(current, patch);
}

Json MakeOperations(gantry::fuzz::Generator* make) {
  constexpr const char* kOps[] = {"add", "remove", "replace", "move", "copy", "test", "odd"};
  constexpr const char* kSteps[] = {"/a", "/b", "/c", "/spec", "/x~1y", "/~0", "/", "/0", "/-"};
  const auto pointer = [&] {
    std::string out;
    for (int i = make->Byte() % 4; i > 0; --i) out += kSteps[make->Byte() % std::size(kSteps)];
    return out;
  };
  Json out = Json::array();
  while (!make->done() && out.size() < 50) {
    out.push_back({{"op", kOps[make->Byte() % std::size(kOps)]},
                   {"path", pointer()},
                   {"from", pointer()},
                   {"value", make->Any(2)}});
  }
  return out;
}

}  // namespace

// Two lines of JSON, a document and a patch; anything else is bytes to make both of.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = gantry::fuzz::AsText(data, size);
  if (text.starts_with('{')) {
    const auto lines = gantry::fuzz::SplitLines(text);
    if (lines.size() < 2) return 0;
    const auto current = gantry::ParseJson(lines[0]);
    const auto patch = gantry::ParseJson(lines[1]);
    if (current.ok() && patch.ok()) CheckAll(*current, *patch);
    return 0;
  }
  gantry::fuzz::Generator make(text);
  const auto& root = gantry::fuzz::SampleSchema().root();
  if (make.Byte() % 2 == 0) {
    const Json current = make.Any();
    CheckAll(current, make.Any());
    CheckJsonPatch(current, MakeOperations(&make));
  } else {
    const Json current = make.Fitting(root);
    CheckAll(current, make.Fitting(root, /*directives=*/true));
  }
  return 0;
}
