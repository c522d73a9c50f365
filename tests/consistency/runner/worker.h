#pragma once

#include <map>
#include <random>
#include <string>

#include "tests/consistency/checker/log.h"
#include "tests/consistency/runner/api.h"
#include "tests/consistency/runner/shared.h"

namespace gantry::consistency {

// A client that does one operation after the other, at random, on a few objects that all clients
// share. One thread.
class Worker {
 public:
  Worker(Shared* shared, int client, uint32_t seed)
      : shared_(*shared), client_(client), api_(shared->server), random_(seed) {}

  // Until all operations of the run are begun.
  void Run();
  // The last write in a namespace; its revision.
  Revision Fence(const std::string& scope);

 private:
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  bool Chance(uint32_t percent) { return Below(100) < percent; }
  Operation Begin(Verb verb, const std::string& key);
  // Takes the answer over and writes the operation down.
  void End(Operation op, const Api::Answer& answer);
  void Learn(const Item& item);

  void Create(const std::string& key);
  void Update(const std::string& key);
  void Patch(const std::string& key);
  void Delete(const std::string& key);
  void Get(const std::string& key);
  void List();
  void Pages();

  std::string NewValue();
  std::string RandomKey();
  std::string RandomScope();
  Revision RecentRevision();
  // What this client believes of an object; null: nothing.
  const Item* Known(const std::string& key) const;

  Shared& shared_;
  const int client_;
  Api api_;
  std::minstd_rand random_;
  std::map<std::string, Item> known_;
};

}  // namespace gantry::consistency
