#include "apiserver/storage/entry.h"

#include <array>

#include "apis/machinery/base/mutex.h"

namespace gantry::apiserver {
namespace {

// A mutex each would cost more than it saves: entries are many and rarely contended.
Mutex* MutexFor(const void* entry) {
  static std::array<Mutex, 64>* const stripes = new std::array<Mutex, 64>;
  return &(*stripes)[(reinterpret_cast<uintptr_t>(entry) >> 6) % stripes->size()];
}

}  // namespace

Entry::Entry(std::string key, std::string header, std::string json, size_t splice,
             store::Revision revision, const ManagedRenderer* render)
    : key_(std::move(key)),
      header_(std::move(header)),
      revision_(revision),
      render_(render),
      splice_(static_cast<uint32_t>(splice)),
      json_size_(static_cast<uint32_t>(json.size())),
      body_(std::make_shared<const std::string>(std::move(json))) {}

Result<EntryPtr> Entry::Make(std::string relative_key, std::string_view record,
                             store::Revision revision, const ManagedRenderer* render) {
  GANTRY_TRY_SET(const RecordHeader header, DecodeHeader(record));
  const std::string_view json = record.substr(header.size);
  if (header.splice == 0 || header.splice >= json.size()) {
    return Error(Code::kDataLoss, "the stored value of '" + relative_key + "' is cut short");
  }
  return EntryPtr(new Entry(std::move(relative_key), std::string(record.substr(0, header.size)),
                            std::string(json), header.splice, revision, render));
}

RecordHeader Entry::header() const { return *DecodeHeader(header_); }

std::shared_ptr<const std::string> Entry::Wire() const {
  std::shared_ptr<const std::string> body;
  {
    MutexLock lock(MutexFor(this));
    if (is_wire_) return body_;
    body = body_;
  }
  const std::string managed = Managed();
  std::string made;
  made.reserve(body->size() + managed.size() + 64);
  apiserver::AppendWire(*body, splice_, revision_, managed, &made);
  auto wire = std::make_shared<const std::string>(std::move(made));
  MutexLock lock(MutexFor(this));
  if (!is_wire_) {
    body_ = std::move(wire);
    is_wire_ = true;
  }
  return body_;
}

void Entry::AppendWire(std::string* out) const {
  std::shared_ptr<const std::string> body;
  bool is_wire = false;
  {
    MutexLock lock(MutexFor(this));
    body = body_;
    is_wire = is_wire_;
  }
  if (is_wire) {
    out->append(*body);
  } else {
    apiserver::AppendWire(*body, splice_, revision_, Managed(), out);
  }
}

std::string Entry::Managed() const {
  return render_ != nullptr ? (*render_)(header().managed) : std::string();
}

std::string Entry::StoredJson() const {
  std::shared_ptr<const std::string> body;
  bool is_wire = false;
  {
    MutexLock lock(MutexFor(this));
    body = body_;
    is_wire = is_wire_;
  }
  if (!is_wire) return *body;
  const size_t inserted = body->size() - json_size_;
  std::string json = body->substr(0, splice_);
  json.append(*body, splice_ + inserted);
  return json;
}

Result<Json> Entry::Decode() const { return DecodeObject(StoredJson(), revision_); }

std::string Entry::Record() const { return header_ + StoredJson(); }

EntryPtr Entry::At(store::Revision revision) const {
  return EntryPtr(new Entry(key_, header_, StoredJson(), splice_, revision, render_));
}

}  // namespace gantry::apiserver
