#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apis/machinery/base/json.h"

// The stored form of an object: a small binary header, the managedFields section, then the JSON
// document without resourceVersion (known only at commit) and without managedFields. Everything
// that lists, selectors and a start need is in the header, so they never parse JSON.
//
//   'G' | format | flags | storage version | epoch (8, LE) | uid | generation | labels | fields |
//   splice offset | managedFields | JSON
//
// Strings are varint length + bytes, maps are varint count + (key, value)...
namespace gantry::apiserver {

// Constant pairs of strings inside an encoded header; cheap to copy, valid as long as its bytes.
class PairsView {
 public:
  PairsView() = default;
  PairsView(std::string_view encoded, size_t count) : encoded_(encoded), count_(count) {}
  // False when `key` is absent.
  bool Find(std::string_view key, std::string_view* value) const;
  std::vector<std::pair<std::string_view, std::string_view>> All() const;
  size_t size() const { return count_; }

 private:
  std::string_view encoded_;
  size_t count_ = 0;
};

// A decoded header; views into the bytes that it was decoded from.
struct RecordHeader {
  bool deleting = false;     // metadata.deletionTimestamp is set
  std::string_view version;  // the API version that the JSON is in
  uint64_t epoch = 0;        // fingerprint of the schema that the JSON was made with
  std::string_view uid;
  int64_t generation = 0;
  PairsView labels;
  PairsView fields;          // selectable fields of the kind that have a value
  size_t splice = 0;         // offset in the JSON, just behind `"metadata":{`
  std::string_view managed;  // managedfields::ManagedFields::Encode()
  size_t size = 0;           // bytes up to the JSON
};

// What the header says that the document does not.
struct RecordInput {
  std::string version;
  uint64_t epoch = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string managed;
};

// `object` is a complete object; its resourceVersion and managedFields are left out.
// REQUIRES: metadata is an object with a name.
std::string EncodeRecord(const Json& object, const RecordInput& input);

// kDataLoss when `value` is not a record of a known format.
Result<RecordHeader> DecodeHeader(std::string_view value);

// Only the API version that the JSON of a record is in, without looking further. REQUIRES: `value`
// begins with a header that decodes.
std::string_view RecordVersion(std::string_view value);

// Appends the JSON with `"resourceVersion":"<revision>"` and, unless empty, `managed_json` (an
// array) put in. Revision 0 (an object that was not stored: a dry run) is left out.
void AppendWire(std::string_view json, size_t splice, int64_t revision,
                std::string_view managed_json, std::string* out);

// Parses the JSON part of a record and sets resourceVersion; no managedFields.
Result<Json> DecodeObject(std::string_view json, int64_t revision);

}  // namespace gantry::apiserver
