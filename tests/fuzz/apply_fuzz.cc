#include "apis/machinery/managedfields/apply.h"

#include <algorithm>

#include "apis/machinery/managedfields/structure.h"
#include "apis/machinery/meta/object.h"
#include "tests/fuzz/generator.h"

namespace {

using gantry::DumpJson;
using gantry::Json;
using gantry::fuzz::Require;
using gantry::managedfields::Applied;
using gantry::managedfields::ApplyRequest;
using gantry::managedfields::Entry;
using gantry::managedfields::ManagedFields;
using gantry::schema::ListType;
using gantry::schema::MapType;
using gantry::schema::Node;

const Node& Root() { return gantry::fuzz::SampleSchema().root(); }

Entry Writer(std::string manager) {
  Entry out;
  out.manager = std::move(manager);
  out.api_version = "example.com/v1";
  out.time = gantry::WallTime(std::chrono::seconds(1700000000));
  return out;
}

// Whether everything that the configuration states is in the object.
bool Holds(const Node& node, const Json& object, const Json& config) {
  if (config.is_object() && node.map_type == MapType::kGranular) {
    static const Node any;
    return object.is_object() &&
           std::all_of(config.items().begin(), config.items().end(), [&](const auto& member) {
             const auto property = node.properties.find(member.key());
             const Node& child = property != node.properties.end() ? *property->second
                                 : node.additional                 ? *node.additional
                                                                   : any;
             return object.contains(member.key()) &&
                    Holds(child, object[member.key()], member.value());
           });
  }
  if (!config.is_array() || node.list_type == ListType::kAtomic) return object == config;
  const auto holds = [&](const Json& item) {
    return std::any_of(object.begin(), object.end(),
                       [&](const Json& have) { return Holds(*node.items, have, item); });
  };
  return object.is_array() && std::all_of(config.begin(), config.end(), holds);
}

bool HasScalar(const Json& value) {
  return !value.is_structured() || std::any_of(value.begin(), value.end(), HasScalar);
}

// Without the order of lists.
Json Sorted(Json value) {
  if (!value.is_structured()) return value;
  for (Json& member : value) member = Sorted(std::move(member));
  if (value.is_array()) std::sort(value.begin(), value.end());
  return value;
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

// Without what identifies an object, which nobody owns.
Json Tracked(Json object) {
  object.erase("apiVersion");
  object.erase("kind");
  const Json metadata = gantry::GetAny(object, "metadata");
  object.erase("metadata");
  for (const char* key : {"labels", "annotations", "finalizers"}) {
    if (metadata.contains(key)) object["metadata"][key] = metadata[key];
  }
  return object;
}

// What one manager made of nothing, it takes away again; two that do not conflict may come in any
// order. Both configurations are valid.
void CheckFresh(const Json& config, const Json& other) {
  const std::string story = DumpJson(config) + "\n" + DumpJson(other);
  const auto apply = [](const Applied* live, const Json& what, const char* manager) {
    const ManagedFields none;
    return gantry::managedfields::Apply(Root(), live ? &live->object : nullptr,
                                        live ? live->managed : none,
                                        {what, Writer(manager), false, nullptr});
  };
  const auto made = apply(nullptr, config, "one");
  Require(made.ok(), "a valid configuration makes an object", story,
          made.ok() ? "" : made.error().message);
  Require(made->object == config, "the first configuration is the object", story,
          DumpJson(made->object));
  const auto emptied = apply(&*made, Json::object(), "one");
  Require(emptied.ok() && !HasScalar(Tracked(emptied->object)), "what is left out goes", story);
  const auto both = apply(&*made, other, "two");
  const auto first = apply(nullptr, other, "two");
  Require(first.ok(), "a valid configuration makes an object", story);
  const auto turned = apply(&*first, config, "one");
  Require(both.ok() == turned.ok(), "a conflict is one in either order", story);
  if (!both.ok()) return;
  Require(Sorted(Tracked(both->object)) == Sorted(Tracked(turned->object)),
          "the order of managers does not matter", story, DumpJson(both->object),
          DumpJson(turned->object));
  Require(both->managed.SameButTimes(turned->managed), "nor who owns what", story,
          both->managed.ToJsonText(), turned->managed.ToJsonText());
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
    if (IsValid(config) && (!exists_ || IsValid(object_))) {
      Require(Holds(Root(), applied->object, config), "the object has what was applied",
              DumpJson(config), DumpJson(applied->object));
      CheckAgain(*applied, manager, config);
      CheckFresh(config, last_);
      last_ = config;
    }
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
  // drops them, so that no stored object has any. What has odd metadata is refused before.
  static bool IsValid(const Json& object) {
    return !HasOddMetadata(object) && !HasNull(object) &&
           gantry::managedfields::FindFaults(Root(), object).empty() &&
           gantry::fuzz::SampleSchema().Validate(object).empty();
  }
  static bool HasOddMetadata(const Json& object) {
    const Json& metadata = gantry::GetAny(object, "metadata");
    for (const char* key : {"labels", "annotations"}) {
      const Json& map = gantry::GetAny(metadata, key);
      const bool texts = std::all_of(map.begin(), map.end(), IsText);
      if (!map.is_null() && (!map.is_object() || !texts)) return true;
    }
    for (const char* key : {"name", "generateName", "namespace", "uid", "resourceVersion"}) {
      if (gantry::GetAny(metadata, key).is_structured()) return true;
    }
    const Json& finalizers = gantry::GetAny(metadata, "finalizers");
    const Json& owners = gantry::GetAny(metadata, "ownerReferences");
    return !(metadata.is_object() || metadata.is_null()) ||
           !(finalizers.is_array() || finalizers.is_null()) ||
           !(owners.is_array() || owners.is_null()) ||
           !std::all_of(finalizers.begin(), finalizers.end(), IsText) ||
           !std::all_of(owners.begin(), owners.end(),
                        [](const Json& owner) { return IsText(gantry::GetAny(owner, "uid")); });
  }
  static bool IsText(const Json& value) { return value.is_string(); }
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
      // What nobody owns anything of looks like written before the first apply.
      if (who == manager && !applied.managed.entries().empty()) {
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
  Json last_ = Json::object();  // the last valid configuration
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
