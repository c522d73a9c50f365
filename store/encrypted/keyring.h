#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/encrypted/sealing_key.h"

namespace gantry::store {

// Which keys seal what. Immutable once it is in use; thread-safe then.
class Keyring {
 public:
  // Values of store keys that begin with `prefix` are sealed by `key` from now on; null: they are
  // stored as they are. Of several rules that fit the first one holds; what none fits is stored as
  // it is.
  void AddRule(std::string prefix, std::shared_ptr<const SealingKey> key);
  // Opens what it sealed. Keys of rules do so anyway.
  void AddKey(std::shared_ptr<const SealingKey> key);

  // Null: values of this store key are not sealed.
  const SealingKey* KeyFor(std::string_view store_key) const;
  // The prefixes of the rules, without those that lie within another.
  std::vector<std::string> Prefixes() const;
  const std::vector<std::shared_ptr<const SealingKey>>& keys() const { return keys_; }
  // The key with a fingerprint; null: it is not here.
  const SealingKey* Find(std::string_view fingerprint) const;
  // Whether a stored value is not as it would be written now; sets *by to who sealed it, if
  // anybody.
  bool IsStale(std::string_view store_key, std::string_view stored,
               std::optional<SealedBy>* by) const;

  Result<std::string> Seal(std::string_view store_key, std::string value, Random* random) const;
  // kDataLoss, naming the key that is needed, when there is none for the value or it does not open.
  Result<std::string> Open(std::string_view store_key, std::string stored) const;
  // The error of a value whose key is not here.
  Error Missing(const SealedBy& by, std::string_view what) const;

 private:
  struct Rule {
    std::string prefix;
    std::shared_ptr<const SealingKey> key;
  };
  std::vector<Rule> rules_;
  std::vector<std::shared_ptr<const SealingKey>> keys_;
};

}  // namespace gantry::store
