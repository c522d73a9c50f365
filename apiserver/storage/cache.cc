#include "apiserver/storage/cache.h"

#include <algorithm>

namespace gantry::apiserver {
namespace {

// The first event after `revision`.
template <typename Ring>
auto FirstAfter(const Ring& ring, store::Revision revision) {
  return std::partition_point(ring.begin(), ring.end(),
                              [&](const auto& e) { return e->entry->revision() <= revision; });
}

}  // namespace

store::Revision ResourceCache::VisibleLocked() const {
  // Below start_ nothing is known: a batch that is being applied may have pushed it out.
  return std::max(applied_->load(), start_);
}

size_t ResourceCache::PublishedLocked(store::Revision visible) const {
  if (last_event_ <= visible) return ring_.size();
  return static_cast<size_t>(FirstAfter(ring_, visible) - ring_.begin());
}

const Tree& ResourceCache::TreeLocked(size_t published) const {
  if (published == ring_.size()) return tree_;
  return published == 0 ? start_tree_ : ring_[published - 1]->tree;
}

Snapshot ResourceCache::Current() const {
  MutexLock lock(&mu_);
  const store::Revision visible = VisibleLocked();
  return {TreeLocked(PublishedLocked(visible)), visible};
}

std::optional<Tree> ResourceCache::At(store::Revision revision) const {
  MutexLock lock(&mu_);
  if (revision < start_ || revision > VisibleLocked()) return std::nullopt;
  const auto after = FirstAfter(ring_, revision);
  return after == ring_.begin() ? start_tree_ : (*std::prev(after))->tree;
}

ResourceCache::Attached ResourceCache::Attach() const {
  MutexLock lock(&mu_);
  const store::Revision visible = VisibleLocked();
  const size_t published = PublishedLocked(visible);
  return {{TreeLocked(published), visible}, first_ + published, incarnation_};
}

Result<ResourceCache::Attached> ResourceCache::AttachAfter(store::Revision revision) const {
  MutexLock lock(&mu_);
  if (revision < start_) {
    return Error(Code::kExpired,
                 fmt::format("too old resource version: {} ({})", revision, start_));
  }
  const auto after = static_cast<Cursor>(FirstAfter(ring_, revision) - ring_.begin());
  return Attached{{Tree(), revision}, first_ + after, incarnation_};
}

ResourceCache::Read ResourceCache::ReadFrom(Cursor cursor, uint64_t incarnation, size_t max) const {
  Read read;
  MutexLock lock(&mu_);
  if (incarnation != incarnation_) {
    read.state = Read::State::kClosed;
  } else if (cursor < first_) {
    read.state = Read::State::kFellOff;
  } else {
    const store::Revision visible = VisibleLocked();
    const size_t from = cursor - first_;
    const size_t to = std::max(from, std::min(PublishedLocked(visible), from + max));
    read.events.assign(ring_.begin() + static_cast<long>(from),
                       ring_.begin() + static_cast<long>(to));
    read.revision = visible;
  }
  return read;
}

void ResourceCache::Wait(Cursor cursor, uint64_t incarnation, const std::string& prefix,
                         std::shared_ptr<ReadySignal> signal) {
  {
    MutexLock lock(&mu_);
    if (incarnation == incarnation_ && cursor >= first_ + PublishedLocked(VisibleLocked())) {
      const ReadySignal* const id = signal.get();
      waiters_[id] = {cursor, prefix, std::move(signal)};
      return;
    }
  }
  signal->Fire();
}

void ResourceCache::Forget(const ReadySignal* signal) {
  MutexLock lock(&mu_);
  waiters_.erase(signal);
}

ResourceCache::Backlog ResourceCache::Behind(Cursor cursor, uint64_t incarnation) const {
  Backlog backlog;
  MutexLock lock(&mu_);
  if (incarnation != incarnation_) return backlog;
  const size_t end = PublishedLocked(VisibleLocked());
  const size_t from = cursor < first_ ? 0 : std::min<size_t>(cursor - first_, end);
  backlog.events = end - from;
  for (size_t i = from; i < end; ++i) backlog.bytes += ring_[i]->entry->bytes();
  return backlog;
}

ResourceCache::Window ResourceCache::Look() const {
  MutexLock lock(&mu_);
  return {start_, last_event_, ring_.size(), ring_bytes_, tree_.size(), waiters_.size()};
}

Tree ResourceCache::Newest() const {
  MutexLock lock(&mu_);
  return tree_;
}

void ResourceCache::Load(const std::vector<EntryPtr>& sorted, store::Revision revision) {
  Tree tree = Tree::FromSorted(sorted);
  MutexLock lock(&mu_);
  tree_ = tree;
  start_tree_ = std::move(tree);
  start_ = last_event_ = revision;
}

void ResourceCache::ApplyPut(EntryPtr entry) {
  MutexLock lock(&mu_);
  EntryPtr previous = tree_.Find(entry->key());
  tree_ = tree_.With(entry);
  AppendLocked({CacheEvent::Type::kPut, std::move(entry), std::move(previous), tree_});
}

void ResourceCache::ApplyDelete(std::string_view key, EntryPtr last) {
  MutexLock lock(&mu_);
  EntryPtr previous = tree_.Find(key);
  tree_ = tree_.Without(key);
  AppendLocked({CacheEvent::Type::kDelete, std::move(last), std::move(previous), tree_});
}

void ResourceCache::AppendLocked(CacheEvent event) {
  last_event_ = event.entry->revision();
  changed_.push_back(event.entry->key());
  ring_bytes_ += event.entry->bytes();
  ring_.push_back(std::make_shared<const CacheEvent>(std::move(event)));
  while (ring_.size() > limits_.events || (ring_bytes_ > limits_.bytes && ring_.size() > 1)) {
    const CacheEvent& oldest = *ring_.front();
    ring_bytes_ -= oldest.entry->bytes();
    start_ = oldest.entry->revision();
    start_tree_ = oldest.tree;
    ring_.pop_front();
    ++first_;
  }
}

void ResourceCache::Notify() {
  std::vector<std::shared_ptr<ReadySignal>> due;
  {
    MutexLock lock(&mu_);
    // A reader that none of many events concerned must still move on before they are dropped.
    const Cursor lagging = ring_.size() < 64 ? first_ : first_ + ring_.size() / 2;
    for (auto it = waiters_.begin(); it != waiters_.end();) {
      const std::string& prefix = it->second.prefix;
      const bool concerned =
          closed_ || it->second.cursor < lagging ||
          std::any_of(changed_.begin(), changed_.end(), [&](const std::string& key) {
            return key.compare(0, prefix.size(), prefix) == 0;
          });
      if (concerned) {
        due.push_back(std::move(it->second.signal));
        it = waiters_.erase(it);
      } else {
        ++it;
      }
    }
    changed_.clear();
    closed_ = false;
  }
  for (const auto& signal : due) signal->Fire();
}

void ResourceCache::Rebuild(const std::vector<EntryPtr>& sorted) {
  Tree tree = Tree::FromSorted(sorted);
  MutexLock lock(&mu_);
  tree_ = tree;
  start_tree_ = std::move(tree);
  start_ = std::max(applied_->load(), last_event_);
  first_ += ring_.size() + 1;  // no old cursor stays valid
  ring_.clear();
  ring_bytes_ = 0;
  CloseWatchesLocked();
}

void ResourceCache::CloseWatches() {
  MutexLock lock(&mu_);
  CloseWatchesLocked();
}

void ResourceCache::CloseWatchesLocked() {
  ++incarnation_;
  closed_ = true;
}

}  // namespace gantry::apiserver
