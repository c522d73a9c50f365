#pragma once

#include <vector>

#include "apiserver/endpoints/form.h"

namespace gantry::apiserver {

// The body of a list, written from a snapshot piece by piece: no more than one piece is in memory.
class ListStream : public BodyStream {
 public:
  // Every entry of `tree` that `filter` wants.
  ListStream(std::shared_ptr<const Form> form, std::string metadata, const Tree& tree,
             EntryFilter filter);
  // These entries.
  ListStream(std::shared_ptr<const Form> form, std::string metadata, std::vector<EntryPtr> page);

  State Pull(std::string* out, size_t max) override;
  // Never pending.
  void OnReady(std::function<void()> wake) override;

 private:
  // Null at the end.
  EntryPtr Next();

  const std::shared_ptr<const Form> form_;
  std::string metadata_;
  EntryFilter filter_;
  Tree::Iterator iterator_;
  std::vector<EntryPtr> page_;
  size_t next_ = 0;
  bool started_ = false;
  bool first_ = true;
};

}  // namespace gantry::apiserver
