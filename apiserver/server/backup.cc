#include "apiserver/server/backup.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "apis/machinery/archive/archive.h"
#include "apis/machinery/base/log.h"
#include "apiserver/endpoints/body_pipe.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {

namespace fs = std::filesystem;

BackupEndpoint::BackupEndpoint(store::Store* store, std::string scratch)
    : store_(store), scratch_(std::move(scratch)) {
  Clear();
}

void BackupEndpoint::Clear() {
  if (scratch_.empty()) return;
  std::error_code error;
  fs::remove_all(scratch_, error);
  if (error) LOG_WARN("backup is left over", {"path", scratch_}, {"error", error.message()});
}

Status BackupEndpoint::CopyStore() {
  if (scratch_.empty()) return Error(Code::kMethodNotAllowed, "this server makes no backups");
  std::error_code error;
  fs::create_directories(scratch_, error);
  if (error) return Error(Code::kUnavailable, scratch_ + ": " + error.message());
  return store_->Backup(scratch_ + "/copy");
}

Task<Response> BackupEndpoint::Answer(Request&) {
  if (busy_.exchange(true)) {
    co_return ErrorResponse(Error(Code::kTooManyRequests, "another backup is being made"));
  }
  const auto pipe = std::make_shared<BodyPipe>();
  Callback<Status> copy([this, pipe](std::function<void(Status)> done) {
    pool_.Post([this, pipe, done = std::move(done)] {
      const Status copied = CopyStore();
      done(copied);
      if (copied.ok()) {
        const Status packed =
            archive::Pack(scratch_ + "/copy", [&](std::string_view b) { return pipe->Write(b); });
        // An archive that is not complete says so by its end.
        if (!packed.ok()) LOG_WARN("backup was not sent", {"error", packed.error()});
        pipe->End();
      }
      Clear();
      busy_ = false;
    });
  });
  const Status copied = co_await copy;
  if (!copied.ok()) co_return ErrorResponse(copied.error());
  Response response;
  response.content_type = "application/x-tar";
  response.headers.Set("Content-Disposition", "attachment; filename=\"gantry-backup.tar\"");
  response.long_running = true;
  response.stream = std::make_unique<PipeStream>(pipe);
  co_return response;
}

}  // namespace gantry::apiserver
