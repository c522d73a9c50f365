#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/context.h"
#include "apis/machinery/base/mutex.h"
#include "store/encrypted/keyring.h"
#include "store/store.h"

namespace gantry::store {

// A store whose values are sealed by the keys of a keyring before another store gets them. Keys and
// revisions are as they are there. Values that were written before, by an older key or by none, are
// read, and sealed anew by Reseal or when they are written next.
class EncryptedStore : public Store {
 public:
  // Reads all values under the keyring's prefixes. kDataLoss when one of them needs a key that is
  // not there, naming it and how many values it sealed, or when a key does not open what it sealed.
  static Result<std::unique_ptr<EncryptedStore>> Open(std::unique_ptr<Store> inner, Keyring keyring,
                                                      Random* random);

  void Write(WriteOp op, std::function<void(Result<Revision>)> done) override;
  Result<GetResult> Get(std::string_view key, Revision at) override;
  Result<ListResult> List(std::string_view prefix, const ListOptions& options) override;
  Result<std::unique_ptr<WatchHandle>> Watch(std::string_view prefix, Revision after,
                                             EventSink sink) override;
  Status Compact(Revision horizon) override { return inner_->Compact(horizon); }
  Status Purge() override { return inner_->Purge(); }
  Status Backup(const std::string& path) override { return inner_->Backup(path); }
  Revision current_revision() const override { return inner_->current_revision(); }
  Revision horizon() const override { return inner_->horizon(); }
  size_t queued() const override { return inner_->queued(); }
  Status Health() const override { return inner_->Health(); }

  const Keyring& keyring() const { return keyring_; }
  // How many live values are not as they would be written now, by who sealed them; values that
  // nobody did are under an empty name and fingerprint. Sealed values outside of the rules are
  // known once they were listed.
  struct Stale {
    SealedBy by;
    size_t values = 0;
  };
  std::vector<Stale> stale() const;
  // Writes the stale values anew, each only if it is still the one that was read, so that it may be
  // cut short and repeated at any time. The newest version of every value is then as it should be;
  // older ones are until they are compacted. Blocks; an error when it could not go on.
  Status Reseal(const Context& ctx);

 private:
  EncryptedStore(std::unique_ptr<Store> inner, Keyring keyring, Random* random);
  Status Survey();
  Status ResealSome(const std::vector<std::string>& keys);
  void NoteIfStale(const Record& record);
  void NoLongerStale(const std::string& key);

  const Keyring keyring_;
  Random* const random_;

  // What is written is not stale.
  std::atomic<size_t> stale_count_{0};
  mutable Mutex mu_;
  std::map<std::string, SealedBy> stale_ GUARDED_BY(mu_);

  const std::unique_ptr<Store> inner_;  // goes first: it may still acknowledge writes
};

}  // namespace gantry::store
