#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/schema/definition.h"

namespace gantry::apiserver::table {

// Which parts of an object the columns of a version read, so that the rest of a document need not
// be parsed for a row. Immutable.
class CellParts {
 public:
  explicit CellParts(const schema::Version& version);
  // The object with these parts alone; enough for Cells. `text` is an object as DumpJson writes it;
  // what does not parse is left out.
  Json Of(std::string_view text) const;

 private:
  bool all_ = false;                   // some column could read anything
  std::vector<std::string> members_;   // of the object
  std::vector<std::string> metadata_;  // of its metadata
};

}  // namespace gantry::apiserver::table
