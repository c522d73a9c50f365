#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "store/encrypted/keyring.h"
#include "store/store.h"

// Tools for a store directory that no process has open. They change nothing in it.
namespace gantry::store {

struct CheckReport {
  size_t live_keys = 0;
  size_t versions = 0;  // data records, deletions included
  size_t log_entries = 0;
  // Of a compaction that was cut short; harmless, the next one removes it.
  size_t leftovers = 0;
  size_t sealed = 0;  // data records whose value is sealed
  Revision horizon = 0;
  Revision last = 0;    // the newest revision
  size_t problems = 0;  // 0: the store is sound
};

// Checks that every log entry has its data record and every data record its reason to be there,
// that revisions have no gap above the horizon, that each entry names the version before it, and
// all checksums; with `keys`, unless that is null, also that every sealed value opens. Prints each
// problem and a summary, one a line. An error only when the directory cannot be opened or read at
// all.
Result<CheckReport> CheckStore(const std::string& dir, std::ostream& out,
                               const Keyring* keys = nullptr);

// Prints the newest version of each live key with `prefix`, one JSON document a line: key,
// revision, size, and the value as text with bytes that are not printable escaped. A sealed value
// is opened with `keys`; without them (null), only who sealed it is shown.
Status DumpStore(const std::string& dir, std::string_view prefix, std::ostream& out,
                 const Keyring* keys = nullptr);

}  // namespace gantry::store
