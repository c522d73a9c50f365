#include "store/encrypted/keyring.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gantry::store {

void Keyring::AddRule(std::string prefix, std::shared_ptr<const SealingKey> key) {
  if (key) AddKey(key);
  rules_.push_back({std::move(prefix), std::move(key)});
}

void Keyring::AddKey(std::shared_ptr<const SealingKey> key) {
  if (Find(key->id().fingerprint) == nullptr) keys_.push_back(std::move(key));
}

const SealingKey* Keyring::Find(std::string_view fingerprint) const {
  for (const auto& key : keys_) {
    if (key->id().fingerprint == fingerprint) return key.get();
  }
  return nullptr;
}

const SealingKey* Keyring::KeyFor(std::string_view store_key) const {
  for (const Rule& rule : rules_) {
    if (store_key.starts_with(rule.prefix)) return rule.key.get();
  }
  return nullptr;
}

std::vector<std::string> Keyring::Prefixes() const {
  std::vector<std::string> all;
  for (const Rule& rule : rules_) all.push_back(rule.prefix);
  std::sort(all.begin(), all.end());  // a prefix comes right before what lies within it
  std::vector<std::string> out;
  for (std::string& prefix : all) {
    if (out.empty() || !prefix.starts_with(out.back())) out.push_back(std::move(prefix));
  }
  return out;
}

bool Keyring::IsStale(std::string_view store_key, std::string_view stored,
                      std::optional<SealedBy>* by) const {
  by->reset();
  if (HasSealHeader(stored)) {
    auto header = ReadSealHeader(stored);
    if (header.ok()) *by = *std::move(header);
  }
  const SealingKey* const key = KeyFor(store_key);
  if (key == nullptr || !*by) return (key != nullptr) != by->has_value();
  return key->id().fingerprint != (*by)->fingerprint;
}

Result<std::string> Keyring::Seal(std::string_view store_key, std::string value,
                                  Random* random) const {
  const SealingKey* const key = KeyFor(store_key);
  if (key != nullptr) return key->Seal(store_key, value, random);
  return HasSealHeader(value) ? WrapPlain(value) : std::move(value);
}

Result<std::string> Keyring::Open(std::string_view store_key, std::string stored) const {
  if (!HasSealHeader(stored)) return stored;
  auto by = ReadSealHeader(stored);
  const std::string what = fmt::format("the value of \"{}\"", store_key);
  if (!by.ok()) return by.error().Wrap(what);
  if (!*by) return std::string(UnwrapPlain(stored));
  if (const SealingKey* const key = Find((*by)->fingerprint)) return key->Open(store_key, stored);
  return Missing(**by, what + " is");
}

Error Keyring::Missing(const SealedBy& by, std::string_view what) const {
  std::vector<std::string> here;
  for (const auto& key : keys_) here.push_back(DescribeKey(key->id()));
  return Error(
      Code::kDataLoss,
      fmt::format(
          "{} sealed by {}, which is needed and not there; there {}", what, DescribeKey(by),
          here.empty() ? std::string("is none") : fmt::format("are: {}", fmt::join(here, ", "))));
}

}  // namespace gantry::store
