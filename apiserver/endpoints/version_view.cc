#include "apiserver/endpoints/version_view.h"

#include "apiserver/registry/codec.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kMaxChunk = 500;

class WebhookView : public EntryView {
 public:
  WebhookView(const Endpoints& e, const Target& target)
      : pool_(e.webhooks), render_(e.registry->deps().render), target_(target) {}

  bool Fits(const Entry& entry) const override { return !NeedsWebhook(target_, entry); }

  void Show(std::vector<EntryPtr> entries, Done done) const override {
    pool_->Post([target = target_, render = render_, entries = std::move(entries),
                 done = std::move(done)] { done(ShowEntries(target, entries, render)); });
  }

 private:
  ThreadPool* const pool_;
  const ManagedRenderer* const render_;
  const Target target_;
};

}  // namespace

Task<bool> AllowBlocking(const Endpoints& e) {
  Callback<bool> hop([&e](std::function<void(bool)> done) {
    e.webhooks->Post([done = std::move(done)] { done(true); });
  });
  co_return co_await hop;
}

EntrySource::EntrySource(const Endpoints& e, const Target& target, const Tree& tree,
                         const std::string& start, const ListRequest& list)
    : target_(target),
      filter_(list.filter),
      render_(e.registry->deps().render),
      chunk_(list.limit > 0 && !filter_.has_selector() ? std::min(list.limit, kMaxChunk) + 1
                                                       : kMaxChunk),
      it_(tree, start) {}

Result<EntryPtr> EntrySource::Next() {
  if (!target_.kind->converter) {
    if (!it_.Valid() || !filter_.MatchesKey(it_.entry()->key())) return EntryPtr();
    EntryPtr entry = it_.entry();
    it_.Next();
    return entry;
  }
  if (next_ == shown_.size()) GANTRY_TRY(Fill());
  return next_ == shown_.size() ? EntryPtr() : std::move(shown_[next_++]);
}

Status EntrySource::Fill() {
  std::vector<EntryPtr> entries;
  for (; it_.Valid() && entries.size() < chunk_; it_.Next()) {
    if (!filter_.MatchesKey(it_.entry()->key())) break;
    entries.push_back(it_.entry());
  }
  GANTRY_TRY_SET(shown_, ShowEntries(target_, std::move(entries), render_));
  next_ = 0;
  return OkStatus();
}

std::shared_ptr<const EntryView> MakeEntryView(const Endpoints& e, const Target& target) {
  if (!target.kind->converter) return nullptr;
  return std::make_shared<WebhookView>(e, target);
}

}  // namespace gantry::apiserver
