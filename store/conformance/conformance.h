#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

// The contract of store.h as tests, the same for every backend. A backend's test file says
//
//   const bool registered = store::RegisterConformance({"memory", ...});
//
// and gets one gtest `StoreConformance/<backend>.<sentence>` for each sentence of the contract.
namespace gantry::store {

struct ConformanceBackend {
  std::string name;
  // A new, empty store. Called once a test.
  std::function<Result<std::unique_ptr<Store>>()> open_new;
  // Opens again what open_new made last, which is closed by then. Null when the backend forgets.
  std::function<Result<std::unique_ptr<Store>>()> reopen;
  // A path for a backup that does not exist yet, and how to open one. Null when there is no backup.
  std::function<std::string()> new_backup_path;
  std::function<Result<std::unique_ptr<Store>>(const std::string&)> open_backup;
};

// Registers the suite with gtest; true, so that a global may hold the call.
bool RegisterConformance(const ConformanceBackend& backend);

// What the parts of the suite see of one test.
class ConformanceTest {
 public:
  explicit ConformanceTest(const ConformanceBackend* b) : backend(b) {}
  Store* operator->() const { return store.get(); }

  const ConformanceBackend* const backend;
  std::unique_ptr<Store> store;
};

struct ConformanceCase {
  std::string name;
  std::function<void(ConformanceTest&)> run;
  // What the backend must offer for the sentence to mean anything.
  enum class Needs { kNothing, kReopen, kBackup } needs = Needs::kNothing;
};
using ConformanceCases = std::vector<ConformanceCase>;

// The parts, one file each.
ConformanceCases WriteCases();
ConformanceCases ReadCases();
ConformanceCases WatchCases();
ConformanceCases CompactCases();
ConformanceCases DurabilityCases();

}  // namespace gantry::store
