#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "tests/consistency/checker/check.h"
#include "tests/consistency/runner/run.h"

// The short form: a real server is killed under load, and what the clients saw is checked; then the
// same history with one thing changed must be found wrong. CONSISTENCY_SEED repeats a run; a
// history that does not pass is kept.
namespace gantry::consistency {
namespace {

using Type = WatchEvent::Type;

uint32_t Seed() {
  const char* const text = std::getenv("CONSISTENCY_SEED");
  return text != nullptr ? static_cast<uint32_t>(std::atoi(text)) : 20;
}

class ConsistencyTest : public testing::Test {
 protected:
  ConsistencyTest() {
    std::string name =
        (std::filesystem::temp_directory_path() / "gantry-consistency-XXXXXX").string();
    dir_ = mkdtemp(name.data());
  }
  ~ConsistencyTest() override {
    if (HasFailure()) return;
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }

  // Runs, and returns a history in which nothing is wrong.
  History RunAndCheck(size_t operations, size_t kills, int power_loss_percent) {
    RunOptions options;
    options.seed = Seed();
    options.operations = operations;
    options.kills = kills;
    options.power_loss_percent = power_loss_percent;
    options.work_dir = dir_ + "/run";
    options.command = {CONSISTENCY_SERVER, "DATA"};
    if (power_loss_percent > 0) options.command.push_back("SIDE");
    const Result<RunResult> result = consistency::Run(options);
    if (!result.ok()) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    EXPECT_GE(result->operations, operations);
    EXPECT_EQ(result->refused, 0u);
    EXPECT_EQ(result->kills, kills);
    EXPECT_EQ(result->power_losses > 0, power_loss_percent > 0);
    std::ifstream in(result->history);
    Result<History> history = ReadHistory(in);
    if (!history.ok()) {
      ADD_FAILURE() << history.error().message;
      return {};
    }
    const Report report = Check(*history);
    EXPECT_TRUE(report.ok()) << "seed " << Seed() << ", history " << result->history << "\n"
                             << report.Text();
    return *std::move(history);
  }

  std::string dir_;
};

// Lets a watch and an operation that fit be changed, at random.
class Spoiler {
 public:
  Spoiler(History* history, uint32_t seed) : history_(*history), random_(seed) {}

  Operation* Find(const std::function<bool(const Operation& op)>& fits) {
    return FindIn(&history_.operations, fits);
  }
  Watch* FindWatch(const std::function<bool(const Watch& watch)>& fits) {
    return FindIn(&history_.watches, fits);
  }

 private:
  template <typename T, typename F>
  T* FindIn(std::vector<T>* all, const F& fits) {
    const size_t begin = random_() % all->size();
    for (size_t i = 0; i < all->size(); ++i) {
      T* const one = &(*all)[(begin + i) % all->size()];
      if (fits(*one)) return one;
    }
    return nullptr;
  }

  History& history_;
  std::minstd_rand random_;
};

bool IsList(const Operation& op) {
  return op.verb == Verb::kList && op.outcome == Outcome::kOk && op.items.size() > 1;
}
bool IsLong(const Watch& watch) {
  return watch.from == Watch::From::kRevision && watch.events.size() > 10 &&
         std::all_of(watch.events.begin(), watch.events.begin() + 10,
                     [](const WatchEvent& e) { return e.type < Type::kBookmark; });
}

struct Mutation {
  const char* name;
  Property property;
  std::function<bool(Spoiler* spoiler)> apply;  // false: there is nothing to apply it to
};

const Mutation kMutations[] = {
    {"an event that did not come", Property::kReliable,
     [](Spoiler* s) {
       Watch* const watch = s->FindWatch(IsLong);
       if (watch != nullptr) watch->events.erase(watch->events.begin() + 5);
       return watch != nullptr;
     }},
    {"the first event of a resumption that did not come", Property::kResumable,
     [](Spoiler* s) {
       Watch* const watch = s->FindWatch(IsLong);
       if (watch != nullptr) watch->events.erase(watch->events.begin());
       return watch != nullptr;
     }},
    {"two events in the wrong order", Property::kOrdered,
     [](Spoiler* s) {
       Watch* const watch = s->FindWatch(IsLong);
       if (watch != nullptr) std::swap(watch->events[4], watch->events[5]);
       return watch != nullptr;
     }},
    {"an event twice", Property::kUnique,
     [](Spoiler* s) {
       Watch* const watch = s->FindWatch(IsLong);
       if (watch != nullptr) {
         const WatchEvent again = watch->events[3];
         watch->events.insert(watch->events.begin() + 5, again);
       }
       return watch != nullptr;
     }},
    {"an event with other contents", Property::kAtomic,
     [](Spoiler* s) {
       Watch* const watch = s->FindWatch(IsLong);
       if (watch != nullptr) watch->events[5].item.value += "0";
       return watch != nullptr;
     }},
    {"a bookmark that promises too much", Property::kBookmarkable,
     [](Spoiler* s) {
       const auto has = [](const Watch& w) {
         return IsLong(w) && w.events.back().type == Type::kBookmark;
       };
       Watch* const watch = s->FindWatch(has);
       if (watch != nullptr) watch->events.erase(watch->events.end() - 2);
       return watch != nullptr;
     }},
    {"an object missing in a list", Property::kSnapshot,
     [](Spoiler* s) {
       Operation* const op = s->Find(IsList);
       if (op != nullptr) op->items.pop_back();
       return op != nullptr;
     }},
    {"a list that names another revision", Property::kSnapshot,
     [](Spoiler* s) {
       const auto is = [](const Operation& op) {
         return IsList(op) && op.reading != Reading::kExact &&
                std::any_of(op.items.begin(), op.items.end(),
                            [&op](const Item& item) { return item.revision == op.revision; });
       };
       Operation* const op = s->Find(is);
       if (op != nullptr) --op->revision;
       return op != nullptr;
     }},
    {"a get of an object that was deleted", Property::kLinearizable,
     [](Spoiler* s) {
       const Operation* made = nullptr;
       Operation* const get = s->Find([&](const Operation& op) {
         if (op.verb != Verb::kGet || op.outcome != Outcome::kNotFound) return false;
         if (op.reading != Reading::kNewest) return false;
         const Operation* const gone = s->Find([&op](const Operation& o) {
           return o.verb == Verb::kDelete && o.outcome == Outcome::kOk && o.key == op.key &&
                  o.end < op.begin;
         });
         if (gone == nullptr) return false;
         made = s->Find([gone](const Operation& o) {
           return o.verb < Verb::kDelete && !o.items.empty() && o.items[0].uid == gone->uid;
         });
         return made != nullptr;
       });
       if (get == nullptr) return false;
       get->outcome = Outcome::kOk;
       get->items = made->items;
       return true;
     }},
    {"an acknowledged write that was refused", Property::kOnce,
     [](Spoiler* s) {
       Operation* const op = s->Find(
           [](const Operation& o) { return o.verb == Verb::kUpdate && o.outcome == Outcome::kOk; });
       if (op != nullptr) op->outcome = Outcome::kConflict;
       return op != nullptr;
     }},
    {"a precondition that did not hold", Property::kSequential,
     [](Spoiler* s) {
       Operation* const op = s->Find([](const Operation& o) {
         return o.verb == Verb::kUpdate && o.outcome == Outcome::kOk && o.expect != 0;
       });
       if (op != nullptr) --op->expect;
       return op != nullptr;
     }},
    {"a value that nobody wrote", Property::kKnown,
     [](Spoiler* s) {
       Operation* const op = s->Find(
           [](const Operation& o) { return o.verb == Verb::kUpdate && o.outcome == Outcome::kOk; });
       if (op != nullptr) op->write += "0";
       return op != nullptr;
     }},
    {"an answer that goes back", Property::kMonotonic,
     [](Spoiler* s) {
       Operation* const op = s->Find([](const Operation& o) {
         return IsList(o) && o.reading == Reading::kAny && o.revision > 100;
       });
       if (op != nullptr) op->revision = 1;
       return op != nullptr;
     }},
};

TEST_F(ConsistencyTest, NothingIsLostOrSeenTwiceWhenItIsKilled) {
  const History history = RunAndCheck(4000, 8, 0);
  for (const Mutation& mutation : kMutations) {
    SCOPED_TRACE(mutation.name);
    History spoilt = history;
    Spoiler spoiler(&spoilt, Seed());
    if (history.operations.empty()) break;
    ASSERT_TRUE(mutation.apply(&spoiler)) << "the run was too poor";
    const Report report = Check(spoilt);
    EXPECT_GT(report.count(mutation.property), 0u) << report.Text().substr(0, 2000);
  }
}

TEST_F(ConsistencyTest, NothingIsLostOrSeenTwiceWhenThePowerFails) { RunAndCheck(3000, 12, 70); }

}  // namespace
}  // namespace gantry::consistency
