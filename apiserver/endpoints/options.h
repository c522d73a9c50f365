#pragma once

#include <optional>
#include <string>

#include "apis/machinery/meta/selector.h"
#include "apiserver/http/handler.h"
#include "apiserver/registry/registry.h"

// Query parameters and DeleteOptions, checked as Kubernetes does.
namespace gantry::apiserver {

struct ListRequest {
  bool watch = false;
  EntryFilter filter;  // the prefix is the namespace
  size_t limit = 0;    // 0: no limit
  std::string continue_token;
  std::optional<store::Revision> revision;  // resourceVersion, when it is given
  std::string match;                        // resourceVersionMatch: empty, Exact, NotOlderThan
  bool bookmarks = false;
  Duration timeout{};                  // of a watch; 0: not given
  std::optional<bool> initial_events;  // sendInitialEvents, when it is given
};

// kBadRequest for what does not parse, kInvalid for what does not go together.
Result<ListRequest> ParseListRequest(const Request& request, const Target& target);

// `resourceVersion` of a get or list; kBadRequest unless it is a number.
Result<store::Revision> ParseRevision(const std::string& text);

// The scope of a write request: dryRun, fieldValidation, fieldManager.
Result<WriteScope> ParseWriteScope(Request& request, const Target& target);

// Query parameters and the body of a delete. Sets scope->dry_run when the body demands it.
Result<DeleteOptions> ParseDeleteOptions(const Request& request, WriteScope* scope);

}  // namespace gantry::apiserver
