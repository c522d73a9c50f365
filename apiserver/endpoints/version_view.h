#pragma once

#include <memory>
#include <vector>

#include "apiserver/endpoints/endpoints.h"
#include "apiserver/endpoints/options.h"
#include "apiserver/storage/watch_stream.h"

// Reads of kinds that a webhook converts.
namespace gantry::apiserver {

// Goes on on a thread that may wait for webhooks.
Task<bool> AllowBlocking(const Endpoints& e);

// Entries of a tree in key order, in the version of a request. For a kind with a converter, Next
// blocks now and then: many are converted at once.
class EntrySource {
 public:
  // From the first key >= `start` on, as long as keys have the prefix of `filter`.
  EntrySource(const Endpoints& e, const Target& target, const Tree& tree, const std::string& start,
              const ListRequest& list);
  // The next one, whether the selectors want it or not; null at the end.
  Result<EntryPtr> Next();

 private:
  Status Fill();

  const Target& target_;
  const EntryFilter& filter_;
  const ManagedRenderer* const render_;
  const size_t chunk_;
  Tree::Iterator it_;
  std::vector<EntryPtr> shown_;
  size_t next_ = 0;
};

// How a watch shows entries; null when they are shown as they are.
std::shared_ptr<const EntryView> MakeEntryView(const Endpoints& e, const Target& target);

}  // namespace gantry::apiserver
