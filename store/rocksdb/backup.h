#pragma once

#include <string>

#include "store/store.h"

namespace gantry::store {

// Copies the store in `dir`, which no process has open, to the new directory `backup`. kNotFound
// when there is no store, else as OpenRocksDbStore and Store::Backup.
Status BackupStore(const std::string& dir, const std::string& backup);

// At least so far apart are the revisions before and after a restore.
inline constexpr Revision kRestoreBump = 1'000'000'000;

struct RestoreOptions {
  // The restored store also continues above this. Restoring one backup twice hands out the same
  // revisions twice, unless the second time names the highest one that was seen since; the present
  // time in microseconds always does, as no store makes a million writes a second.
  Revision above = 0;
};

// Makes the store directory `target`, which must not exist, from the backup directory `backup`,
// which stays as it is. The new store continues kRestoreBump above the backup's last revision, with
// the horizon there: whatever was read or watched before expires. Returns the revision at which it
// continues. A crash in between leaves no `target`.
Result<Revision> RestoreBackup(const std::string& backup, const std::string& target,
                               const RestoreOptions& options = {});

}  // namespace gantry::store
