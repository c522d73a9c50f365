#include "apiserver/storage/record.h"

#include "apis/machinery/base/json_text.h"
#include "apis/machinery/meta/object.h"

namespace gantry::apiserver {
namespace {

constexpr char kMagic = 'G';
constexpr char kFormat = 1;
constexpr uint8_t kDeleting = 1;

void PutVarint(std::string* out, uint64_t v) {
  while (v >= 0x80) {
    out->push_back(static_cast<char>(v | 0x80));
    v >>= 7;
  }
  out->push_back(static_cast<char>(v));
}

void PutString(std::string* out, std::string_view s) {
  PutVarint(out, s.size());
  out->append(s);
}

// Reads from the front of a view; after a failure everything reads as zero or empty.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  uint8_t Byte() {
    if (in_.empty()) return Fail();
    const auto b = static_cast<uint8_t>(in_[0]);
    in_.remove_prefix(1);
    return b;
  }
  uint64_t Varint() {
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t b = Byte();
      v |= static_cast<uint64_t>(b & 0x7f) << shift;
      if ((b & 0x80) == 0) return v;
    }
    return Fail();
  }
  uint64_t Fixed64() {
    uint64_t v = 0;
    for (int i = 0; i < 8; ++i) v |= static_cast<uint64_t>(Byte()) << (8 * i);
    return v;
  }
  std::string_view String() {
    const uint64_t n = Varint();
    if (n > in_.size()) {
      Fail();
      return {};
    }
    const std::string_view s = in_.substr(0, n);
    in_.remove_prefix(n);
    return s;
  }
  PairsView Pairs() {
    const uint64_t count = Varint();
    const std::string_view begin = in_;
    for (uint64_t i = 0; i < count && ok_; ++i) {
      String();
      String();
    }
    if (!ok_) return {};
    return {begin.substr(0, begin.size() - in_.size()), count};
  }
  bool ok() const { return ok_; }
  size_t left() const { return in_.size(); }

 private:
  uint8_t Fail() {
    ok_ = false;
    in_ = {};
    return 0;
  }
  std::string_view in_;
  bool ok_ = true;
};

void AppendMember(std::string* out, const std::string& key, const Json& value) {
  if (out->back() != '{') out->push_back(',');
  AppendJsonString(key, out);
  out->push_back(':');
  AppendJson(value, out);
}

// The document in Kubernetes' usual order; *splice is the offset behind `"metadata":{`.
std::string DumpDocument(const Json& object, size_t* splice) {
  std::string out = "{";
  for (const char* first : {"apiVersion", "kind"}) {
    if (const auto it = object.find(first); it != object.end()) AppendMember(&out, first, *it);
  }
  out += out.size() > 1 ? ",\"metadata\":{" : "\"metadata\":{";
  *splice = out.size();
  for (const auto& [key, value] : object.at("metadata").items()) {
    if (key != "resourceVersion" && key != "managedFields") AppendMember(&out, key, value);
  }
  out.push_back('}');
  for (const auto& [key, value] : object.items()) {
    if (key != "apiVersion" && key != "kind" && key != "metadata") AppendMember(&out, key, value);
  }
  out.push_back('}');
  return out;
}

}  // namespace

bool PairsView::Find(std::string_view key, std::string_view* value) const {
  Reader in(encoded_);
  for (size_t i = 0; i < count_; ++i) {
    const std::string_view k = in.String();
    const std::string_view v = in.String();
    if (k != key) continue;
    *value = v;
    return true;
  }
  return false;
}

std::vector<std::pair<std::string_view, std::string_view>> PairsView::All() const {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  Reader in(encoded_);
  for (size_t i = 0; i < count_; ++i) {
    const std::string_view k = in.String();
    all.emplace_back(k, in.String());
  }
  return all;
}

std::string EncodeRecord(const Json& object, const RecordInput& input) {
  const Json& meta = object.at("metadata");
  size_t splice = 0;
  const std::string json = DumpDocument(object, &splice);

  std::string out;
  out.reserve(json.size() + input.managed.size() + 256);
  out.push_back(kMagic);
  out.push_back(kFormat);
  out.push_back(static_cast<char>(GetAny(meta, "deletionTimestamp").is_null() ? 0 : kDeleting));
  PutString(&out, input.version);
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(input.epoch >> (8 * i)));
  PutString(&out, GetString(meta, "uid"));
  PutVarint(&out, static_cast<uint64_t>(GetInt(meta, "generation")));
  const std::map<std::string, std::string> labels = GetStringMap(meta, "labels");
  PutVarint(&out, labels.size());
  for (const auto& [k, v] : labels) {
    PutString(&out, k);
    PutString(&out, v);
  }
  PutVarint(&out, input.fields.size());
  for (const auto& [k, v] : input.fields) {
    PutString(&out, k);
    PutString(&out, v);
  }
  PutVarint(&out, splice);
  PutString(&out, input.managed);
  out += json;
  return out;
}

Result<RecordHeader> DecodeHeader(std::string_view value) {
  Reader in(value);
  const auto magic = static_cast<char>(in.Byte());
  const auto format = static_cast<char>(in.Byte());
  if (magic != kMagic || format != kFormat) {
    return Error(Code::kDataLoss, "the stored value is not a record of a known format");
  }
  RecordHeader h;
  h.deleting = (in.Byte() & kDeleting) != 0;
  h.version = in.String();
  h.epoch = in.Fixed64();
  h.uid = in.String();
  h.generation = static_cast<int64_t>(in.Varint());
  h.labels = in.Pairs();
  h.fields = in.Pairs();
  h.splice = in.Varint();
  h.managed = in.String();
  if (!in.ok()) {
    return Error(Code::kDataLoss, "the header of the stored value is broken");
  }
  h.size = value.size() - in.left();
  return h;
}

std::string_view RecordVersion(std::string_view value) {
  Reader in(value.substr(3));
  return in.String();
}

void AppendWire(std::string_view json, size_t splice, int64_t revision,
                std::string_view managed_json, std::string* out) {
  out->append(json.substr(0, splice));
  if (!managed_json.empty()) {
    *out += "\"managedFields\":";
    *out += managed_json;
    out->push_back(',');
  }
  if (revision != 0) {
    *out += "\"resourceVersion\":\"";
    *out += std::to_string(revision);
    *out += "\",";
  }
  if (json[splice] == '}' && out->back() == ',') out->pop_back();
  out->append(json.substr(splice));
}

Result<Json> DecodeObject(std::string_view json, int64_t revision) {
  GANTRY_TRY_SET(Json object, ParseJson(json));
  if (revision != 0) object["metadata"]["resourceVersion"] = std::to_string(revision);
  return object;
}

}  // namespace gantry::apiserver
