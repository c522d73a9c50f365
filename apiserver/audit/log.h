#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/result.h"

namespace gantry::apiserver {

struct AuditLogOptions {
  std::string path;                // of the current file; rotated ones lie beside it
  uint64_t max_bytes = 100 << 20;  // of a file, before the next one is begun
  int max_files = 10;              // rotated ones that are kept; 0: all
  int max_days = 30;               // that rotated ones are kept; 0: for ever
  size_t queue_bytes = 8 << 20;    // lines that wait for the disk, before they are dropped
};

// A file of lines that a thread of its own writes, so that no request waits for the disk. What does
// not fit the queue, or what the disk refuses, is dropped, counted (apiserver_audit_error_total)
// and logged. A line is in the file whole or not at all, also when the disk was full. Rotated files
// are called `audit-2026-11-21T11-34-00.123.log` after the time at which they ended.
// Thread-safe.
class AuditLog {
 public:
  // Makes the directory (mode 0700) and the file (0600), or appends to it. kUnavailable with the
  // path and the system's reason.
  static Result<std::unique_ptr<AuditLog>> Open(const AuditLogOptions& options, Clock* clock);
  // Writes what waits.
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Never blocks on the disk. `line` ends with its newline.
  void Write(std::string line);
  // Waits until what was written so far is in the file, or dropped.
  void Flush();
  // The files from the oldest to the current one.
  std::vector<std::string> Files() const;

 private:
  AuditLog(const AuditLogOptions& options, Clock* clock);

  Status OpenFile();
  void Run();
  void WriteLines(const std::vector<std::string>& lines);
  Status Append(const std::string& line);
  Status Rotate();
  void RemoveOld() const;

  const AuditLogOptions options_;
  Clock* const clock_;
  int fd_ = -1;         // used by the thread
  uint64_t bytes_ = 0;  // in the current file
  bool failing_ = false;

  Mutex mu_;
  CondVar wake_;
  CondVar written_;
  std::vector<std::string> queue_ GUARDED_BY(mu_);
  size_t queued_bytes_ GUARDED_BY(mu_) = 0;
  uint64_t given_ GUARDED_BY(mu_) = 0;  // lines that were queued, ever
  uint64_t done_ GUARDED_BY(mu_) = 0;   // of these: written or dropped
  // Since the last line about it in the server's own log.
  uint64_t dropped_ GUARDED_BY(mu_) = 0;
  MonoTime next_complaint_ GUARDED_BY(mu_){};
  bool stopping_ GUARDED_BY(mu_) = false;

  std::thread thread_;  // last: it uses the rest
};

// Declares the metrics of the audit log.
void DeclareAuditMetrics();

}  // namespace gantry::apiserver
