#include "apiserver/endpoints/list_stream.h"

namespace gantry::apiserver {

ListStream::ListStream(std::shared_ptr<const Form> form, std::string metadata, const Tree& tree,
                       EntryFilter filter)
    : form_(std::move(form)),
      metadata_(std::move(metadata)),
      filter_(std::move(filter)),
      iterator_(tree, filter_.prefix) {}

ListStream::ListStream(std::shared_ptr<const Form> form, std::string metadata,
                       std::vector<EntryPtr> page)
    : form_(std::move(form)), metadata_(std::move(metadata)), page_(std::move(page)) {}

EntryPtr ListStream::Next() {
  if (next_ < page_.size()) return std::move(page_[next_++]);
  for (; iterator_.Valid(); iterator_.Next()) {
    EntryPtr entry = iterator_.entry();
    if (!filter_.MatchesKey(entry->key())) return nullptr;
    if (!filter_.Matches(*entry)) continue;
    iterator_.Next();
    return entry;
  }
  return nullptr;
}

BodyStream::State ListStream::Pull(std::string* out, size_t max) {
  const size_t limit = out->size() + max;
  if (!started_) {
    started_ = true;
    form_->AppendListHead(metadata_, out);
  }
  while (out->size() < limit) {
    const EntryPtr entry = Next();
    if (!entry) {
      form_->AppendListTail(out);
      return State::kEnd;
    }
    form_->AppendItem(*entry, first_, out);
    first_ = false;
  }
  return State::kMore;
}

void ListStream::OnReady(std::function<void()> wake) {
  if (wake) wake();
}

}  // namespace gantry::apiserver
