#include "apis/machinery/managedfields/apply.h"

#include "apis/machinery/managedfields/structure.h"
#include "tests/fuzz/generator.h"

namespace {

using gantry::DumpJson;
using gantry::Json;
using gantry::fuzz::Require;
using gantry::managedfields::Applied;
using gantry::managedfields::ApplyRequest;
using gantry::managedfields::Entry;
using gantry::managedfields::ManagedFields;

const gantry::schema::Node& Root() { return gantry::fuzz::SampleSchema().root(); }

Entry Writer(std::string manager) {
  Entry out;
  out.manager = std::move(manager);
  out.api_version = "example.com/v1";
  out.time = gantry::WallTime(std::chrono::seconds(1700000000));
  return out;
}

void CheckForms(const ManagedFields& managed) {
  const auto decoded = ManagedFields::Decode(managed.Encode());
  Require(decoded.ok() && decoded->ToJson() == managed.ToJson(), "the binary form is read back");
  const Json json = managed.ToJson();
  const auto read = ManagedFields::FromJson(json);
  Require(read.ok(), "the JSON form is read back", DumpJson(json),
          read.ok() ? "" : read.error().message);
  Require(read->ToJson() == json, "the JSON form says the same", DumpJson(json));
  const auto text = gantry::ParseJson(managed.ToJsonText());
  Require(text.ok() && *text == json, "text and JSON are the same", managed.ToJsonText());
}

// One object and its writers.
class World {
 public:
  // By apply. What it promises is checked where the object is one that validation lets pass.
  void Apply(const std::string& manager, const Json& config, bool force) {
    const ApplyRequest request{config, Writer(manager), force, nullptr};
    const auto applied = gantry::managedfields::Apply(Root(), live(), managed_, request);
    if (!applied.ok()) {
      const bool fault = applied.code() == gantry::Code::kBadRequest;
      const bool conflict = applied.code() == gantry::Code::kConflict && !force;
      Require(fault || conflict, "apply refuses faults and conflicts", applied.error().message);
      Require(!conflict || !applied.error().details->causes.empty(), "a conflict has causes");
      return;
    }
    CheckForms(applied->managed);
    if (IsValid(config) && (!exists_ || IsValid(object_))) CheckAgain(*applied, manager, config);
    Take(*applied);
  }

  void Update(const std::string& manager, Json object) {
    ManagedFields managed = managed_;
    managed.TrackUpdate(Root(), live(), object, Writer(manager));
    CheckForms(managed);
    ManagedFields same = managed;
    same.TrackUpdate(Root(), &object, object, Writer("nobody"));
    Require(same.ToJson() == managed.ToJson(), "a write that changes nothing leaves no trace");
    Take({std::move(object), std::move(managed)});
  }

 private:
  const Json* live() const { return exists_ ? &object_ : nullptr; }

  // By the schema, which also wants items of sets and maps to differ, and without nulls: an update
  // drops them, so that no stored object has any.
  static bool IsValid(const Json& object) {
    return !HasNull(object) && gantry::managedfields::FindFaults(Root(), object).empty() &&
           gantry::fuzz::SampleSchema().Validate(object).empty();
  }
  static bool HasNull(const Json& value) {
    if (!value.is_structured()) return value.is_null();
    return std::any_of(value.begin(), value.end(), HasNull);
  }

  void CheckAgain(const Applied& applied, const std::string& manager, const Json& config) {
    const auto before = live() ? DumpJson(*live()) : "none";
    for (const std::string& who : {manager, std::string("another")}) {
      const ApplyRequest request{config, Writer(who), false, nullptr};
      const auto again =
          gantry::managedfields::Apply(Root(), &applied.object, applied.managed, request);
      const std::string story = before + "\n" + DumpJson(config) + "\n" + DumpJson(applied.object) +
                                "\n" + applied.managed.ToJsonText();
      Require(again.ok(), "what was applied is in nobody's way", story,
              again.ok() ? "" : again.error().message);
      if (who == "another" && manager == "another") continue;
      if (who == manager) {
        Require(again->managed.SameButTimes(applied.managed), "applying twice owns the same", story,
                again->managed.ToJsonText());
      }
      Require(who == "another" || again->object == applied.object, "applying twice changes nothing",
              story, DumpJson(again->object));
    }
  }

  void Take(Applied applied) {
    exists_ = true;
    object_ = std::move(applied.object);
    managed_ = std::move(applied.managed);
  }

  bool exists_ = false;
  Json object_;
  ManagedFields managed_;
};

constexpr const char* kManagers[] = {"one", "two", "another", "kubectl"};

}  // namespace

// Lines of JSON, configurations that two managers apply in turn; anything else is bytes to make a
// history of. What a client sends as managedFields is the first line as well.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = gantry::fuzz::AsText(data, size);
  World world;
  if (text.starts_with('{') || text.starts_with('[')) {
    size_t turn = 0;
    for (const std::string_view line : gantry::fuzz::SplitLines(text)) {
      const auto json = gantry::ParseJson(line);
      if (!json.ok()) continue;
      if (json->is_object()) world.Apply(kManagers[turn++ % 2], *json, false);
      if (const auto managed = ManagedFields::FromJson(*json); managed.ok()) CheckForms(*managed);
    }
    return 0;
  }
  (void)ManagedFields::Decode(text).ok();
  gantry::fuzz::Generator make(text);
  for (int i = 0; i < 6 && !make.done(); ++i) {
    const uint8_t byte = make.Byte();
    Json object = make.Fitting(Root());
    if (!object.is_object()) continue;
    if (byte % 4 == 3) world.Update(kManagers[byte / 8 % 4], std::move(object));
    else world.Apply(kManagers[byte / 8 % 4], object, byte % 4 == 2);
  }
  return 0;
}
