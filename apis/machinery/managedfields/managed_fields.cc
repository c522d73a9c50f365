#include "apis/machinery/managedfields/managed_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "apis/machinery/base/json_text.h"
#include "apis/machinery/managedfields/compare.h"
#include "apis/machinery/managedfields/field_set.h"
#include "apis/machinery/managedfields/versions.h"
#include "apis/machinery/managedfields/wire.h"
#include "apis/machinery/meta/object.h"

namespace gantry::managedfields {
namespace {

constexpr char kAncient[] = "ancient-changes";
constexpr char kFieldsType[] = "FieldsV1";
constexpr int kMaxUpdaters = 10;
constexpr size_t kMaxManager = 128;
// What a WallTime can say.
constexpr int64_t kMaxSeconds =
    std::chrono::duration_cast<std::chrono::seconds>(WallTime::duration::max()).count();

int64_t Seconds(WallTime t) {
  return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}

WallTime FromSeconds(int64_t s) { return WallTime(std::chrono::seconds(s)); }

// Signed numbers with small magnitudes first, so that few bytes do for them.
uint64_t ZigZag(int64_t v) {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}
int64_t UnZigZag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

bool SameWriter(const Entry& a, const Entry& b) {
  return a.manager == b.manager && a.operation == b.operation && a.subresource == b.subresource &&
         // An applier stays itself when it moves to another version.
         (a.operation == kApply || a.api_version == b.api_version);
}

auto SortKey(const Entry& e) {
  return std::tuple<std::string_view, int64_t, std::string_view, std::string_view,
                    std::string_view>(e.operation, Seconds(e.time), e.manager, e.api_version,
                                      e.subresource);
}

Error BadEntry(size_t index, std::string_view what) {
  return Error(Code::kBadRequest, fmt::format("metadata.managedFields[{}]{}", index, what));
}

Result<Entry> EntryFromJson(const Json& json, size_t index) {
  if (!json.is_object()) return BadEntry(index, ": must be an object");
  Entry e;
  for (const auto& [key, value] : json.items()) {
    std::string* text = key == "manager"       ? &e.manager
                        : key == "operation"   ? &e.operation
                        : key == "apiVersion"  ? &e.api_version
                        : key == "subresource" ? &e.subresource
                                               : nullptr;
    if (text == nullptr) continue;
    if (!value.is_string()) return BadEntry(index, fmt::format(".{}: must be a string", key));
    *text = value.get<std::string>();
  }
  if (e.operation != kUpdate && e.operation != kApply)
    return BadEntry(index, ".operation: must be Apply or Update");
  if (e.api_version.empty()) return BadEntry(index, ".apiVersion: must not be empty");
  if (e.manager.size() > kMaxManager)
    return BadEntry(index, fmt::format(".manager: must have at most {} bytes", kMaxManager));
  if (GetString(json, "fieldsType") != kFieldsType)
    return BadEntry(index, ".fieldsType: must be FieldsV1");
  if (const Json& time = GetAny(json, "time"); !time.is_null()) {
    const auto parsed = ParseTime(time.is_string() ? time.get<std::string>() : "");
    if (!parsed.ok())
      return BadEntry(index, ".time: must be an RFC 3339 time between the years 1678 and 2261");
    e.time = FromSeconds(Seconds(*parsed));
  }
  if (const Json& fields = GetAny(json, "fieldsV1"); !fields.is_null()) {
    auto set = FieldsFromJson(fields);
    if (!set.ok()) return BadEntry(index, "." + set.error().message);
    e.fields = *std::move(set);
  }
  return e;
}

// What a write did, as each version of the kind sees it.
class Comparisons {
 public:
  Comparisons(const Comparison* own, std::string own_version, const Json* before, const Json& after,
              const Versions* versions)
      : own_(own),
        own_version_(std::move(own_version)),
        before_(before),
        after_(after),
        versions_(versions) {}

  const Comparison& In(const std::string& version) {
    if (versions_ == nullptr || before_ == nullptr || version == own_version_) return *own_;
    const auto known = others_.find(version);
    if (known != others_.end()) return known->second;
    return others_.emplace(version, Make(version)).first->second;
  }

 private:
  Comparison Make(const std::string& version) const {
    const schema::Node* const root = versions_->Root(version);
    if (root == nullptr) return *own_;
    const Result<Json> before = versions_->Convert(*before_, version);
    if (!before.ok()) return *own_;
    const Result<Json> after = versions_->Convert(after_, version);
    return after.ok() ? Compare(*root, &*before, *after) : *own_;
  }

  const Comparison* const own_;
  const std::string own_version_;
  const Json* const before_;
  const Json& after_;
  const Versions* const versions_;
  std::map<std::string, Comparison> others_;
};

// A member of the entry, when it is not empty.
void AppendMember(const char* key, const std::string& value, std::string* out) {
  if (value.empty()) return;
  out->append(",\"").append(key).append("\":");
  AppendJsonString(value, out);
}

}  // namespace

ManagedFields::ManagedFields(std::vector<Entry> entries) : entries_(std::move(entries)) {
  Tidy();
  MergeOldest();
}

bool ManagedFields::SameButTimes(const ManagedFields& other) const {
  // The order depends on times, and writers are never there twice.
  return entries_.size() == other.entries_.size() &&
         std::all_of(entries_.begin(), entries_.end(), [&](const Entry& a) {
           return std::any_of(other.entries_.begin(), other.entries_.end(), [&](const Entry& b) {
             return SameWriter(a, b) && a.api_version == b.api_version && Equal(a.fields, b.fields);
           });
         });
}

Result<ManagedFields> ManagedFields::Decode(std::string_view bytes) {
  ManagedFields out;
  if (bytes.empty()) return out;
  uint64_t version = 0, count = 0;
  GANTRY_TRY(wire::TakeVarint(&bytes, &version));
  GANTRY_TRY(wire::TakeVarint(&bytes, &count));
  if (version != wire::kVersion || count > bytes.size()) return wire::Corrupt();
  out.entries_.resize(count);
  for (Entry& e : out.entries_) {
    uint64_t apply = 0, time = 0;
    std::string_view manager, api_version, subresource;
    GANTRY_TRY(wire::TakeVarint(&bytes, &apply));
    GANTRY_TRY(wire::TakeText(&bytes, &manager));
    GANTRY_TRY(wire::TakeText(&bytes, &api_version));
    GANTRY_TRY(wire::TakeText(&bytes, &subresource));
    GANTRY_TRY(wire::TakeVarint(&bytes, &time));
    GANTRY_TRY_SET(e.fields, DecodeFields(&bytes));
    const int64_t seconds = UnZigZag(time);
    if (apply > 1 || seconds > kMaxSeconds || seconds < -kMaxSeconds) return wire::Corrupt();
    e.operation = apply ? kApply : kUpdate;
    e.manager = manager;
    e.api_version = api_version;
    e.subresource = subresource;
    e.time = FromSeconds(seconds);
  }
  if (!bytes.empty()) return wire::Corrupt();
  return out;
}

std::string ManagedFields::Encode() const {
  std::string out;
  if (entries_.empty()) return out;
  wire::PutVarint(wire::kVersion, &out);
  wire::PutVarint(entries_.size(), &out);
  for (const Entry& e : entries_) {
    wire::PutVarint(e.operation == kApply ? 1 : 0, &out);
    wire::PutText(e.manager, &out);
    wire::PutText(e.api_version, &out);
    wire::PutText(e.subresource, &out);
    wire::PutVarint(ZigZag(Seconds(e.time)), &out);
    EncodeFields(e.fields, &out);
  }
  return out;
}

Result<ManagedFields> ManagedFields::FromJson(const Json& managed_fields) {
  ManagedFields out;
  if (managed_fields.is_null()) return out;
  if (!managed_fields.is_array())
    return Error(Code::kBadRequest, "metadata.managedFields: must be a list");
  for (size_t i = 0; i < managed_fields.size(); ++i) {
    GANTRY_TRY_SET(Entry entry, EntryFromJson(managed_fields[i], i));
    const auto same = std::find_if(out.entries_.begin(), out.entries_.end(),
                                   [&entry](const Entry& e) { return SameWriter(e, entry); });
    if (same != out.entries_.end()) return BadEntry(i, ": repeats the writer of an earlier entry");
    out.entries_.push_back(std::move(entry));
  }
  out.Tidy();
  return out;
}

Json ManagedFields::ToJson() const {
  Json out = Json::array();
  for (const Entry& e : entries_) {
    Json json = {{"manager", e.manager},
                 {"operation", e.operation},
                 {"apiVersion", e.api_version},
                 {"fieldsType", kFieldsType},
                 {"fieldsV1", FieldsToJson(e.fields)}};
    if (e.time != WallTime()) json["time"] = FormatTime(e.time);
    if (!e.subresource.empty()) json["subresource"] = e.subresource;
    out.push_back(std::move(json));
  }
  return out;
}

std::string ManagedFields::ToJsonText() const {
  std::string out = "[";
  for (const Entry& e : entries_) {
    if (out.size() > 1) out += ',';
    out += "{\"apiVersion\":";
    AppendJsonString(e.api_version, &out);
    out += ",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":";
    AppendFieldsJson(e.fields, &out);
    out += ",\"manager\":";
    AppendJsonString(e.manager, &out);
    AppendMember("operation", e.operation, &out);
    AppendMember("subresource", e.subresource, &out);
    if (e.time != WallTime()) AppendMember("time", FormatTime(e.time), &out);
    out += '}';
  }
  out += ']';
  return out;
}

void ManagedFields::TrackUpdate(const schema::Node& root, const Json* before, const Json& after,
                                Entry who, const Versions* versions) {
  const Comparison write = Compare(root, before, after);
  if (!write.changed && !write.removed) return;
  Comparisons seen(&write, who.api_version, before, after, versions);
  who.operation = kUpdate;
  who.time = FromSeconds(Seconds(who.time));
  bool known = false;
  for (Entry& e : entries_) {
    if (!SameWriter(e, who)) {
      const Comparison& theirs = seen.In(e.api_version);
      e.fields = RecursiveDifference(Difference(e.fields, theirs.changed), theirs.removed);
      continue;
    }
    known = true;
    FieldSetPtr kept = RecursiveDifference(e.fields, write.removed);
    if (write.changed || kept != e.fields) e.time = who.time;
    e.fields = Union(kept, write.changed);
  }
  if (!known && write.changed) {
    who.fields = write.changed;
    entries_.push_back(std::move(who));
  }
  Tidy();
  MergeOldest();
}

// Drops entries without fields and puts the others in order.
void ManagedFields::Tidy() {
  std::erase_if(entries_, [](const Entry& e) { return !e.fields; });
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return SortKey(a) < SortKey(b); });
}

// REQUIRES: Tidy, so that the oldest come first.
void ManagedFields::MergeOldest() {
  const auto is_update = [](const Entry& e) { return e.operation == kUpdate; };
  auto updaters = std::count_if(entries_.begin(), entries_.end(), is_update);
  if (updaters <= kMaxUpdaters) return;
  std::map<std::string, Entry*> buckets;  // by version: the bucket there is, or what becomes one
  for (Entry& e : entries_) {
    if (is_update(e) && e.manager == kAncient) buckets.emplace(e.api_version, &e);
  }
  for (Entry& e : entries_) {
    if (updaters <= kMaxUpdaters) break;
    if (!is_update(e)) continue;
    Entry* bucket = buckets.emplace(e.api_version, &e).first->second;
    if (bucket == &e) continue;
    bucket->manager = kAncient;
    bucket->subresource.clear();
    bucket->fields = Union(bucket->fields, e.fields);
    bucket->time = std::max(bucket->time, e.time);
    e.fields = nullptr;
    --updaters;
  }
  Tidy();
}

}  // namespace gantry::managedfields
