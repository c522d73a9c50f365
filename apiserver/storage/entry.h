#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apis/machinery/base/result.h"
#include "apiserver/storage/record.h"
#include "store/store.h"

namespace gantry::apiserver {

class Entry;
using EntryPtr = std::shared_ptr<const Entry>;

// Renders the managedFields section of a record as a JSON array; empty: leave the field out.
using ManagedRenderer = std::function<std::string(std::string_view managed)>;

// One object at one revision, as caches hold it: the record's header and the document, whose wire
// form (resourceVersion and managedFields put in) is made at first use and then replaces the stored
// one. Immutable to its users; thread-safe.
class Entry {
 public:
  // Splits a stored record. `render` must outlive the entry. kDataLoss when it does not decode.
  static Result<EntryPtr> Make(std::string relative_key, std::string_view record,
                               store::Revision revision, const ManagedRenderer* render);

  const std::string& key() const { return key_; }  // relative: `default/web`
  store::Revision revision() const { return revision_; }
  // Decoded anew at each call, in a few dozen nanoseconds; views into this entry.
  RecordHeader header() const;
  // The API version that the document is in.
  std::string_view version() const { return RecordVersion(header_); }
  // The document as clients get it, made once and kept: for what is read again and again.
  std::shared_ptr<const std::string> Wire() const;
  // Appends the same and keeps nothing: for lists, which read everything once.
  void AppendWire(std::string* out) const;
  // The document with resourceVersion and without managedFields. kDataLoss when it does not parse.
  Result<Json> Decode() const;
  // The record as it was stored.
  std::string Record() const;
  // The same object with another revision: what a DELETED event carries.
  EntryPtr At(store::Revision revision) const;
  size_t bytes() const { return header_.size() + json_size_ + key_.size() + 96; }

 private:
  Entry(std::string key, std::string header, std::string json, size_t splice,
        store::Revision revision, const ManagedRenderer* render);
  std::string StoredJson() const;
  // managedFields as a JSON array; empty: left out.
  std::string Managed() const;

  // Constant after construction.
  const std::string key_;
  const std::string header_;  // the record up to the JSON
  const store::Revision revision_;
  const ManagedRenderer* const render_;
  const uint32_t splice_;
  const uint32_t json_size_;
  // Protected by a mutex that many entries share.
  mutable bool is_wire_ = false;
  mutable std::shared_ptr<const std::string> body_;
};

}  // namespace gantry::apiserver
