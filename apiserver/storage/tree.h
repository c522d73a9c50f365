#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "apiserver/storage/entry.h"

// A persistent (copy-on-write) balanced tree of entries, ordered by key. A Tree is a snapshot: a
// copy costs one reference count, an update makes a new tree that shares all but O(log n) nodes.
// Thread-safe as any immutable value.
namespace gantry::apiserver {

class Tree {
 public:
  struct Node {
    std::shared_ptr<const Node> left, right;
    EntryPtr entry;
    uint32_t size = 1;
    uint8_t height = 1;
  };
  using NodePtr = std::shared_ptr<const Node>;

  Tree() = default;
  // `entries` must be ordered by key, without repetition.
  static Tree FromSorted(const std::vector<EntryPtr>& entries);

  // Null when absent.
  EntryPtr Find(std::string_view key) const;
  // The tree with `entry` in the place of its key.
  Tree With(EntryPtr entry) const;
  Tree Without(std::string_view key) const;

  size_t size() const { return root_ ? root_->size : 0; }
  // How many keys are less than `key`.
  size_t Rank(std::string_view key) const;

  // Walks the entries of one tree in key order; keeps the tree alive.
  class Iterator {
   public:
    Iterator() = default;
    // Starts at the first key >= `from`.
    Iterator(const Tree& tree, std::string_view from);
    bool Valid() const { return !stack_.empty(); }
    const EntryPtr& entry() const { return stack_.back()->entry; }
    void Next();

   private:
    void Descend(const Node* n);
    NodePtr root_;
    std::vector<const Node*> stack_;
  };

 private:
  explicit Tree(NodePtr root) : root_(std::move(root)) {}
  NodePtr root_;
};

}  // namespace gantry::apiserver
