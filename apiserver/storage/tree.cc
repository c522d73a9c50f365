#include "apiserver/storage/tree.h"

#include <algorithm>

namespace gantry::apiserver {
namespace {

using Node = Tree::Node;
using NodePtr = Tree::NodePtr;

int Height(const NodePtr& n) { return n ? n->height : 0; }
uint32_t Size(const NodePtr& n) { return n ? n->size : 0; }

NodePtr Join(NodePtr left, EntryPtr entry, NodePtr right) {
  auto n = std::make_shared<Node>();
  n->height = static_cast<uint8_t>(1 + std::max(Height(left), Height(right)));
  n->size = 1 + Size(left) + Size(right);
  n->left = std::move(left);
  n->right = std::move(right);
  n->entry = std::move(entry);
  return n;
}

// Join of two AVL trees whose heights differ by at most two.
NodePtr Balance(const NodePtr& left, const EntryPtr& entry, const NodePtr& right) {
  if (Height(left) > Height(right) + 1) {
    if (Height(left->left) >= Height(left->right)) {
      return Join(left->left, left->entry, Join(left->right, entry, right));
    }
    const NodePtr& mid = left->right;
    return Join(Join(left->left, left->entry, mid->left), mid->entry,
                Join(mid->right, entry, right));
  }
  if (Height(right) > Height(left) + 1) {
    if (Height(right->right) >= Height(right->left)) {
      return Join(Join(left, entry, right->left), right->entry, right->right);
    }
    const NodePtr& mid = right->left;
    return Join(Join(left, entry, mid->left), mid->entry,
                Join(mid->right, right->entry, right->right));
  }
  return Join(left, entry, right);
}

NodePtr Insert(const NodePtr& n, const EntryPtr& entry) {
  if (!n) return Join(nullptr, entry, nullptr);
  const int order = entry->key().compare(n->entry->key());
  if (order == 0) return Join(n->left, entry, n->right);
  if (order < 0) return Balance(Insert(n->left, entry), n->entry, n->right);
  return Balance(n->left, n->entry, Insert(n->right, entry));
}

NodePtr RemoveFirst(const NodePtr& n, EntryPtr* first) {
  if (!n->left) {
    *first = n->entry;
    return n->right;
  }
  return Balance(RemoveFirst(n->left, first), n->entry, n->right);
}

NodePtr Erase(const NodePtr& n, std::string_view key) {
  if (!n) return nullptr;
  const int order = key.compare(n->entry->key());
  if (order < 0) return Balance(Erase(n->left, key), n->entry, n->right);
  if (order > 0) return Balance(n->left, n->entry, Erase(n->right, key));
  if (!n->left) return n->right;
  if (!n->right) return n->left;
  EntryPtr next;
  NodePtr right = RemoveFirst(n->right, &next);
  return Balance(n->left, next, right);
}

NodePtr Build(const std::vector<EntryPtr>& entries, size_t from, size_t to) {
  if (from == to) return nullptr;
  const size_t mid = from + (to - from) / 2;
  return Join(Build(entries, from, mid), entries[mid], Build(entries, mid + 1, to));
}

}  // namespace

Tree Tree::FromSorted(const std::vector<EntryPtr>& entries) {
  return Tree(Build(entries, 0, entries.size()));
}

EntryPtr Tree::Find(std::string_view key) const {
  const Node* n = root_.get();
  while (n != nullptr) {
    const int order = key.compare(n->entry->key());
    if (order == 0) return n->entry;
    n = order < 0 ? n->left.get() : n->right.get();
  }
  return nullptr;
}

Tree Tree::With(EntryPtr entry) const { return Tree(Insert(root_, entry)); }

Tree Tree::Without(std::string_view key) const {
  if (!Find(key)) return *this;
  return Tree(Erase(root_, key));
}

size_t Tree::Rank(std::string_view key) const {
  size_t rank = 0;
  const Node* n = root_.get();
  while (n != nullptr) {
    if (key.compare(n->entry->key()) <= 0) {
      n = n->left.get();
    } else {
      rank += Size(n->left) + 1;
      n = n->right.get();
    }
  }
  return rank;
}

Tree::Iterator::Iterator(const Tree& tree, std::string_view from) : root_(tree.root_) {
  const Node* n = root_.get();
  while (n != nullptr) {
    if (from.compare(n->entry->key()) <= 0) {
      stack_.push_back(n);
      n = n->left.get();
    } else {
      n = n->right.get();
    }
  }
}

void Tree::Iterator::Descend(const Node* n) {
  for (; n != nullptr; n = n->left.get()) stack_.push_back(n);
}

void Tree::Iterator::Next() {
  const Node* n = stack_.back();
  stack_.pop_back();
  Descend(n->right.get());
}

}  // namespace gantry::apiserver
