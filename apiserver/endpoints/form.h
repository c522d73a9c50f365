#pragma once

#include <memory>

#include "apiserver/endpoints/negotiate.h"
#include "apiserver/registry/kind.h"
#include "apiserver/storage/watch_stream.h"

namespace gantry::apiserver {

// One way to show the objects of a kind: alone, in a list, in a watch. Immutable.
class Form : public ObjectFormat {
 public:
  virtual std::string content_type(bool list) const = 0;
  // `metadata`: {"resourceVersion":"7"} ...
  virtual void AppendListHead(const std::string& metadata, std::string* out) const = 0;
  // `first`: no item was appended before. Keeps nothing.
  virtual void AppendItem(const Entry& entry, bool first, std::string* out) const = 0;
  virtual void AppendListTail(std::string* out) const = 0;
};

// The form of a kind for a request; JSON for kYaml (the answer is converted as a whole). `query`
// has what a Table depends on: kBadRequest for an unknown includeObject.
Result<std::shared_ptr<const Form>> MakeForm(const Negotiated& negotiated, const Target& target,
                                             const Query& query, const Clock* clock);

}  // namespace gantry::apiserver
