#pragma once

#include <cstdint>
#include <istream>
#include <limits>
#include <string>
#include <vector>

#include "apis/machinery/base/result.h"

// What several clients did with one resource of an API server, and what they were told. It is kept
// on disk as JSON lines, so that a failed run can be checked again and read; README.md of this
// directory's parent shows the form.
//
// Every write carries a value that no other write carries. A create and an update set `value` to it
// and leave `patch` empty; a patch sets `patch` and leaves `value` alone, so that a write which
// overwrote another one unseen leaves a trace. The resource is empty when the history begins.
namespace gantry::consistency {

using Revision = int64_t;
using Nanoseconds = int64_t;
inline constexpr Nanoseconds kNever = std::numeric_limits<Nanoseconds>::max();

// An object as a client saw it. In an event of a deletion: its last state, at the revision of the
// deletion.
struct Item {
  std::string key;  // namespace/name
  Revision revision = 0;
  std::string uid;
  std::string value;
  std::string patch;

  bool operator==(const Item&) const = default;
};

enum class Verb { kCreate, kUpdate, kPatch, kDelete, kGet, kList, kPages };

enum class Outcome {
  kOk,
  kNotFound,
  kExists,    // a create found the key taken
  kConflict,  // the precondition did not hold
  kRefused,   // not carried out, for a reason that says nothing of the object
  kExpired,   // 410
  kFuture,    // the revision that was asked for is said to be in the future
  kUnknown,   // no answer, or one that leaves open what happened
};

// Which state a read asks for.
enum class Reading {
  kNewest,    // what is there when it is asked
  kAny,       // whatever the server has at hand: resourceVersion=0
  kNotOlder,  // than the revision `at`
  kExact,     // the state at the revision `at`
};

// One page of a list.
struct Page {
  Revision revision = 0;
  size_t items = 0;
  int64_t remaining = -1;  // what the server said; -1: nothing
};

struct Operation {
  int client = 0;  // who; the operations of one client do not overlap
  Verb verb = Verb::kGet;
  std::string key;  // of lists: the namespace; empty: all
  Nanoseconds begin = 0;
  Nanoseconds end = kNever;  // when the answer was there
  Outcome outcome = Outcome::kUnknown;
  std::string write;       // kCreate, kUpdate, kPatch: what it carries
  Revision expect = 0;     // precondition of a write; 0: none
  std::string expect_uid;  // kDelete; empty: none
  Reading reading = Reading::kNewest;
  Revision at = 0;
  Revision revision = 0;    // kOk of a list: of the list
  std::string uid;          // kOk of kDelete: whom it deleted
  std::vector<Item> items;  // kOk: the object, or those of the list
  std::vector<Page> pages;  // kPages: how they came
  size_t line = 0;          // in the file, from 1; 0: it has none
};

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kInitialEnd };
  Type type = Type::kAdded;
  Nanoseconds time = 0;  // when it was received
  Item item;             // of bookmarks only the revision
};

// One watch, from its request to its end. A client that goes on afterwards makes another one.
struct Watch {
  enum class From {
    kRevision,  // events after `at`
    kAny,       // the objects that are there, then events; at whatever revision the server has
    kStream,    // the same at the newest revision, with a mark between the two (a streaming list)
  };
  int client = 0;
  std::string scope;  // namespace; empty: all
  From from = From::kRevision;
  Revision at = 0;
  Nanoseconds begin = 0;
  Nanoseconds end = kNever;
  Outcome outcome = Outcome::kOk;  // kExpired, kFuture: so it was refused, or so it ended
  // The client waited long enough for everything up to here; 0: it made no such point.
  Revision complete_to = 0;
  std::vector<WatchEvent> events;
  size_t line = 0;
};

struct History {
  std::vector<Operation> operations;
  std::vector<Watch> watches;
  // When the server was killed: it was known to be dead then. Ascending.
  std::vector<Nanoseconds> deaths;
};

// One line each, without its end. Events and ends name their watch by a number.
std::string OperationLine(const Operation& operation);
std::string WatchLine(int64_t number, const Watch& watch);
std::string EventLine(int64_t number, const WatchEvent& event);
std::string WatchEndLine(int64_t number, const Watch& watch);
std::string DeathLine(Nanoseconds time);

// kBadRequest with the line that does not read.
Result<History> ReadHistory(std::istream& in);

}  // namespace gantry::consistency
