#pragma once

#include <functional>
#include <map>
#include <string>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/mutex.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// /debug/gantry: what the server is busy with, as JSON, or as HTML for whoever accepts that. Parts
// of the program add their sections. Thread-safe.
//
// The page is for those whom authorisation lets read it. Sections are bounded, show no objects, and
// of a URL only what LoggableUri leaves.
class DebugPage {
 public:
  static constexpr size_t kDefaultLimit = 50;
  static constexpr size_t kMaxLimit = 1000;

  // Makes a section: objects of scalars, and arrays of such objects, of at most `limit` rows each.
  using Section = std::function<Json(size_t limit)>;
  // Adds a section, or replaces it; null removes it, and waits for a page that is being made.
  void Set(const std::string& name, Section section);

  // `limit` in the query: the rows of a table. 400 when it is no number within the bounds.
  Response Answer(const Request& request) const;

 private:
  mutable Mutex mu_;  // held while sections are made
  std::map<std::string, Section> sections_ GUARDED_BY(mu_);
};

// The document as a page that needs nothing else; every text in it is escaped.
std::string RenderDebugHtml(const Json& document);

}  // namespace gantry::apiserver
